//SOURCES ../Decoded.java ../Failure.java ../Migration.java Astray.java DrizzleFolder.java Troubles.java

package lib.migrations;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import lib.Decoded;
import lib.Failure;
import lib.Migration;

/**
 * A folder of Flyway migrations as Flyway itself reads it, with its usual prefixes and suffix.
 *
 * @param scripts the versioned ones by version, then the repeatable ones by description
 * @param broken why a file cannot be sent as it is, by migration
 * @param troubles what the folder alone shows
 */
record FlywayFolder(String path, List<Script> scripts, Map<String, Decoded.Flaw> broken, Troubles troubles) {
    /** Files that Flyway would take for migrations, or that were meant to be. */
    static final Pattern FILE = Pattern.compile("(?:(.*)/)?([VRU])([\\d._]*)__([^/]*)\\.((?i:sql)|java|class)");
    private static final Pattern MEANT =
            Pattern.compile("(?:.*/)?(?:[VvRrUu]\\d[^/]*|[vr]__?[^/]*|R_[^/]*|\\d[\\d._]*__[^/]*)\\.sql");

    /**
     * One migration.
     *
     * @param version null for a repeatable one
     * @param script its path below the folder, as Flyway writes it down
     * @param checksum null for a class, whose text says nothing
     */
    record Script(Migration migration, Version version, String description, String script, Integer checksum) {
        boolean sql() {
            return checksum != null;
        }
    }

    /** A version as it is compared: number by number, and 1.0 is 1. */
    record Version(List<BigInteger> parts, String text) implements Comparable<Version> {
        static Version of(String text) {
            List<BigInteger> parts = new ArrayList<>();
            for (String part : text.replace('_', '.').split("\\.")) {
                parts.add(new BigInteger(part));
            }
            while (parts.size() > 1 && parts.get(parts.size() - 1).signum() == 0) {
                parts.remove(parts.size() - 1);
            }
            return new Version(List.copyOf(parts), text.replace('_', '.'));
        }

        @Override
        public int compareTo(Version other) {
            for (int i = 0; i < Math.max(parts.size(), other.parts.size()); i++) {
                int apart = part(i).compareTo(other.part(i));
                if (apart != 0) {
                    return apart;
                }
            }
            return 0;
        }

        private BigInteger part(int i) {
            return i < parts.size() ? parts.get(i) : BigInteger.ZERO;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Version version && parts.equals(version.parts);
        }

        @Override
        public int hashCode() {
            return parts.hashCode();
        }

        @Override
        public String toString() {
            return text;
        }
    }

    static FlywayFolder read(Map<String, byte[]> files, String folder) {
        Map<Version, Script> versioned = new TreeMap<>();
        Map<String, Script> repeatable = new TreeMap<>();
        Map<String, Decoded.Flaw> broken = new HashMap<>();
        Troubles troubles = new Troubles();
        String home = DrizzleFolder.in(folder, "");
        for (String path : files.keySet()) {
            if (!path.startsWith(home)) {
                continue;
            }
            Matcher file = FILE.matcher(path);
            boolean named = file.matches() && (file.group(2).equals("R") ? file.group(3).isEmpty()
                    : file.group(3).matches("\\d+([._]\\d+)*"));
            if (!named) {
                if (MEANT.matcher(path).matches()) {
                    String name = path.substring(path.lastIndexOf('/') + 1);
                    troubles.add("unknown", path.substring(home.length()), path + " is not named "
                            + (name.matches("[Rr]_.*") ? "R" : "V1") + "__description.sql:"
                            + " Flyway passes over it without a word (validateMigrationNaming is off by default)",
                            Astray.move(path, DrizzleFolder.in(DrizzleFolder.parent(path), meant(name)))
                            + "; or move it out of the folder", true);
                }
                continue;
            }
            if (file.group(2).equals("U")) {
                continue;
            }
            Script script = script(file, path, home, files.get(path), broken);
            Script other = script.version == null ? repeatable.put(script.description, script)
                    : versioned.put(script.version, script);
            if (other != null) {
                throw Failure.stop((script.version == null ? "two repeatable migrations are named "
                        + script.description : "two migrations have version " + script.version) + ": "
                        + other.migration.file() + " and " + path + ": Flyway would not start",
                        "give one of them a version of its own: git mv " + path + " …; where both are meant for"
                        + " different databases, name the folder in release.json: {\"migrations\": {\"tool\":"
                        + " \"flyway\", \"folder\": \"" + DrizzleFolder.parent(path) + "\"}}");
            }
        }
        List<Script> all = new ArrayList<>(versioned.values());
        all.addAll(repeatable.values());
        new Astray(files, folder, troubles).endings(all.stream().map(Script::migration).toList(), "Flyway");
        return new FlywayFolder(folder, List.copyOf(all), broken, troubles);
    }

    // The name that Flyway would take: the letter as a capital, the version, two underscores.
    private static String meant(String name) {
        Matcher parts = Pattern.compile("([VvRrUu]?)(\\d+(?:[._]\\d+)*)?[._ -]*(.*)\\.sql").matcher(name);
        if (!parts.matches() || parts.group(3).isEmpty()) {
            return name.startsWith("R") ? "R__….sql" : "V…__….sql";
        }
        String letter = parts.group(1).isEmpty() ? "V" : parts.group(1).toUpperCase(Locale.ROOT);
        return letter + Objects.toString(parts.group(2), "") + "__" + parts.group(3) + ".sql";
    }

    private static Script script(Matcher file, String path, String home, byte[] bytes,
                                 Map<String, Decoded.Flaw> broken) {
        String name = path.substring(home.length());
        boolean sql = file.group(5).equalsIgnoreCase("sql");
        String id = name.substring(0, name.lastIndexOf('.'));
        Decoded text = Decoded.of(bytes);
        String plain = Decoded.unmarked(text.text());
        if (sql && text.flaw() != null) {
            broken.put(id, text.flaw());
        }
        Version version = file.group(2).equals("R") ? null : Version.of(file.group(3));
        Migration migration = new Migration(id, path, sql ? plain : "", sql ? String.valueOf(checksum(plain)) : null,
                version == null ? Long.MAX_VALUE : version.parts.get(0).min(BigInteger.valueOf(Long.MAX_VALUE))
                .longValue());
        return new Script(migration, version, file.group(4).replace('_', ' ').strip(), name,
                sql ? checksum(plain) : null);
    }

    /** CRC-32 over the lines without their ends (flyway-core, ChecksumCalculator): CRLF is not an edit. */
    static int checksum(String text) {
        CRC32 crc = new CRC32();
        text.lines().forEach(line -> crc.update(line.getBytes(StandardCharsets.UTF_8)));
        return (int) crc.getValue();
    }

    /** The folders below which Flyway's files lie: db/migration where there is one, else the topmost of them. */
    static Map<String, Integer> folders(Map<String, byte[]> files) {
        Map<String, Integer> folders = new TreeMap<>(Comparator.comparing(String::length)
                .thenComparing(Comparator.naturalOrder()));
        for (String path : files.keySet()) {
            Matcher file = FILE.matcher(path);
            if (!JavaScript.installed(path) && file.matches() && file.group(2).equals("V")
                    && file.group(3).matches("\\d+([._]\\d+)*") && !file.group(5).equals("class")) {
                String folder = file.group(1) == null ? "" : file.group(1);
                Matcher usual = Pattern.compile("((?:.*/)?db/migrations?)(?:/.*)?").matcher(folder);
                folders.merge(usual.matches() ? usual.group(1) : folder, 1, Integer::sum);
            }
        }
        Map<String, Integer> tops = new LinkedHashMap<>();
        folders.forEach((folder, count) -> {
            String top = tops.keySet().stream().filter(other -> folder.startsWith(DrizzleFolder.in(other, "")))
                    .findFirst().orElse(folder);
            tops.merge(top, count, Integer::sum);
        });
        return tops;
    }
}
