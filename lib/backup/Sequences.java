//SOURCES ../Clients.java ../Exec.java ../Run.java ../sql/Name.java

package lib.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Clients;
import lib.Exec;
import lib.Run;
import lib.sql.Name;

/**
 * Where the sequences stand in an archive. A snapshot does not hold them still, so that a second look at production
 * would see other numbers than pg_dump did; the archive itself is the only witness.
 */
final class Sequences {
    private static final Pattern ENTRY = Pattern.compile("\\d+; \\d+ \\d+ SEQUENCE SET .*");
    private static final String PART = "(\"(?:[^\"]|\"\")+\"|[^\".]+)";
    private static final Pattern NAME = Pattern.compile(PART + "\\." + PART);
    private static final Pattern SET = Pattern
            .compile("SELECT pg_catalog\\.setval\\(E?'((?:[^']|'')+)', (-?\\d+), (true|false)\\);");

    private Sequences() {
    }

    /** Reads them from an archive, given the entries of its list. */
    static SortedMap<String, String> of(Path archive, List<String> entries, Clients.Client client) throws IOException {
        SortedMap<String, String> sequences = new TreeMap<>();
        List<String> wanted = entries.stream().filter(entry -> ENTRY.matcher(entry).matches()).toList();
        if (wanted.isEmpty()) {
            return sequences;
        }
        Path list = Files.createTempFile("sequences", ".list");
        try {
            Files.write(list, wanted);
            Matcher set = SET.matcher(Exec.of(client.tool("pg_restore").toString(), "--use-list=" + list, "--file=-",
                    archive.toString()).run().orStop("the archive cannot be read", null).out());
            while (set.find()) {
                sequences.put(name(set.group(1)), set.group(2) + " " + set.group(3));
            }
        } finally {
            Run.discard(list);
        }
        return sequences;
    }

    private static String name(String literal) {
        Matcher name = NAME.matcher(literal.replace("''", "'").replace("\\\\", "\\"));
        return name.matches() ? part(name.group(1)) + "." + part(name.group(2)) : literal;
    }

    private static String part(String written) {
        return Name.quote(written.startsWith("\"")
                ? written.substring(1, written.length() - 1).replace("\"\"", "\"") : written);
    }
}
