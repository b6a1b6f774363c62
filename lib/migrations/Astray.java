//SOURCES ../Exec.java ../Migration.java DrizzleFolder.java Troubles.java

package lib.migrations;

import java.math.BigInteger;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.Exec;
import lib.Migration;

/** Files that were most likely meant for migrations, and that a tool passes over for their place or name. */
public final class Astray {
    // What editors, downloads and other habits make of .sql; a copy beside the file itself is none.
    private static final Pattern ALMOST = Pattern.compile("([A-Za-z]?\\d[^/]*?)(?:\\.sql\\.\\w+|\\.sql |"
            + "\\.(?:psql|pgsql|ddl|sq|sqll|txt\\.sql)|\\.(?!sql$)(?i:sql))");
    private static final Pattern NUMBER = Pattern.compile("[A-Za-z]?(\\d+)[._ -][^/]*\\.sql");
    private static final Pattern ASIDE = Pattern.compile("(?i)(down|undo|rollbacks?|reverts?|archived?|old|legacy"
            + "|seeds?|meta|snapshots?|scripts|tests?|fixtures|templates?|docs?|\\..*)");

    private final Map<String, byte[]> files;
    private final String home;
    private final Troubles troubles;

    /** What is told goes to the troubles of the folder. */
    Astray(Map<String, byte[]> files, String folder, Troubles troubles) {
        this.files = files;
        this.home = DrizzleFolder.in(folder, "");
        this.troubles = troubles;
    }

    /** Files beside the migrations whose ending is not quite .sql. */
    void endings(Collection<Migration> local, String tool) {
        Set<String> stems = local.stream().map(Migration::file).map(file -> file.replaceFirst("(?i)\\.sql$", ""))
                .collect(Collectors.toSet());
        Set<String> places = local.stream().map(Migration::file).map(DrizzleFolder::parent)
                .collect(Collectors.toSet());
        for (String path : new TreeSet<>(files.keySet())) {
            String folder = DrizzleFolder.parent(path);
            Matcher almost = ALMOST.matcher(path.substring(folder.isEmpty() ? 0 : folder.length() + 1));
            if (path.startsWith(home) && places.contains(folder) && almost.matches()
                    && !stems.contains(DrizzleFolder.in(folder, almost.group(1)))) {
                troubles.add("unknown", path.substring(home.length()), path + " does not end with .sql: " + tool
                        + " passes over it", move(path, DrizzleFolder.in(folder, almost.group(1) + ".sql"))
                        + "; or move it out of the folder", true);
            }
        }
    }

    /** Folders below one that its tool reads alone; newer than all that it reads, their files were meant to run. */
    void below(Collection<Migration> local, String tool) {
        BigInteger newest = local.stream().map(migration -> number(name(migration.file()))).max(BigInteger::compareTo)
                .orElse(BigInteger.ZERO);
        Map<String, List<String>> below = files.keySet().stream().filter(path -> path.startsWith(home))
                .map(path -> path.substring(home.length())).filter(path -> path.indexOf('/') > 0
                && NUMBER.matcher(name(path)).matches()).sorted()
                .collect(Collectors.groupingBy(DrizzleFolder::parent, TreeMap::new, Collectors.toList()));
        below.forEach((folder, paths) -> {
            if (List.of(folder.split("/")).stream().noneMatch(part -> ASIDE.matcher(part).matches())) {
                String last = paths.get(paths.size() - 1);
                boolean stops = number(name(last)).compareTo(newest) > 0;
                troubles.add("unknown", last, home + last + " lies in a folder of its own: " + tool
                        + " does not look there", move(home + last, home + name(last)) + "; or move " + home + folder
                        + " out of it", stops);
            }
        });
    }

    /** The command that gives a committed file another name. */
    public static String move(String from, String to) {
        return Exec.typed(List.of("git", "mv", from, to));
    }

    private static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static BigInteger number(String name) {
        Matcher number = NUMBER.matcher(name);
        return number.matches() ? new BigInteger(number.group(1)) : BigInteger.ZERO;
    }
}
