//SOURCES ../Clients.java ../sql/Name.java Listing.java Picked.java

package lib.backup;

import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Clients;
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

    /** Reads them from an archive, given its list. */
    static SortedMap<String, String> of(Path archive, Listing listing, Clients.Client client) {
        SortedMap<String, String> sequences = new TreeMap<>();
        List<String> wanted = listing.entries(ENTRY);
        if (wanted.isEmpty()) {
            return sequences;
        }
        try (Picked picked = Picked.of(wanted)) {
            Matcher set = SET.matcher(client.call("pg_restore", picked.option(), "--file=-", archive.toString()).run()
                    .orStop("the archive cannot be read", null).out());
            while (set.find()) {
                sequences.put(name(set.group(1)), set.group(2) + " " + set.group(3));
            }
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
