//SOURCES ../Decoded.java ../Failure.java ../Hash.java ../History.java ../Migration.java

package lib.migrations;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Decoded;
import lib.Failure;
import lib.Hash;
import lib.History;
import lib.Migration;

/**
 * A folder of Drizzle migrations as the tool itself reads it.
 *
 * @param migrations in the order in which this version of Drizzle runs them
 * @param broken why a file is not what its author sees, by migration
 * @param troubles what the folder alone shows, whatever a database has
 */
public record DrizzleFolder(String path, Style style, List<Migration> migrations, Map<String, Decoded.Flaw> broken,
        List<History.Trouble> troubles) {
    /** How Drizzle lays its migrations out: a journal of files up to 0.x, a folder for each since 1.0. */
    public enum Style { JOURNAL, FOLDERS }

    private static final int TOP = 1_000;
    private static final Pattern FROM = Pattern.compile("\"prevId\"\\s*:\\s*\"([^\"]+)\"");
    private static final Pattern NAMED = Pattern.compile("\\d{14}.*");
    // How String.localeCompare orders ASCII (CLDR root): punctuation, digits, then letters without regard to case.
    private static final String COLLATION = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz";

    /** Reads the committed files below a folder; what Drizzle itself could not start with is a STOP. */
    static DrizzleFolder read(Map<String, byte[]> files, String folder) {
        byte[] journal = files.get(in(folder, "meta/_journal.json"));
        if (journal != null) {
            return journal(files, folder, journal);
        }
        if (folders(files, folder)) {
            return folders(files, folder, subfolders(files, folder));
        }
        long found = files.keySet().stream().filter(path -> parent(path).equals(folder) && path.endsWith(".sql"))
                .count();
        throw Failure.stop(in(folder, "meta/_journal.json") + " is not committed, " + found
                + " .sql files beside it are: "
                        + "the application would not start (\"Can't find meta/_journal.json file\")",
                "git check-ignore -v " + in(folder, "meta/_journal.json") + "; git add -f " + in(folder, "meta")
                + " && git commit");
    }

    private static DrizzleFolder journal(Map<String, byte[]> files, String folder, byte[] bytes) {
        String path = in(folder, "meta/_journal.json");
        JsonNode entries = entries(path, bytes);
        List<Migration> migrations = new ArrayList<>();
        List<History.Trouble> troubles = new ArrayList<>();
        Map<String, Decoded.Flaw> broken = new HashMap<>();
        Set<String> seen = new HashSet<>();
        Map<Integer, String> numbers = new HashMap<>();
        List<String> missing = new ArrayList<>();
        for (JsonNode entry : entries) {
            String tag = entry.path("tag").asText("");
            JsonNode when = entry.path("when");
            if (tag.isEmpty() || !when.isIntegralNumber() || !when.canConvertToLong()) {
                throw Failure.stop(path + " has an entry without a tag or with no whole number as `when`: " + entry,
                        "npx drizzle-kit check; repair the entry: \"when\" is milliseconds since 1970");
            }
            if (!seen.add(tag)) {
                throw Failure.stop(path + " names " + tag + " twice: Drizzle would run that file twice",
                        "take one of the two entries out of " + path);
            }
            String other = numbers.putIfAbsent(entry.path("idx").asInt(-1), tag);
            if (other != null) {
                troubles.add(new History.Trouble("order", tag, "\"idx\" " + entry.path("idx") + " of " + tag
                        + " is also that of " + other
                        + " in " + path + " (two branches merged?)", "npx drizzle-kit check; number " + tag
                        + " anew in " + path, false));
            }
            byte[] sql = files.get(in(folder, tag + ".sql"));
            if (sql == null) {
                missing.add(in(folder, tag + ".sql"));
                continue;
            }
            migrations.add(migration(tag, in(folder, tag + ".sql"), sql, when.asLong(), broken));
        }
        if (!missing.isEmpty()) {
            throw Failure.stop(path + " names " + String.join(", ", missing)
                    + ", not committed: the application would not start "
                            + "(\"No file … found in " + folder + " folder\")",
                    "git log --oneline --diff-filter=D -- " + missing.get(0) + "; git checkout COMMIT^ -- "
                    + String.join(" ", missing));
        }
        strays(files, folder, seen, troubles);
        forks(files, folder, troubles);
        return new DrizzleFolder(folder, Style.JOURNAL, List.copyOf(migrations), broken, troubles);
    }

    private static JsonNode entries(String path, byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        try {
            // JavaScript's JSON.parse knows no comments, so neither may this.
            JsonNode journal = new ObjectMapper().readTree(text);
            if (!journal.path("entries").isArray()) {
                throw Failure.stop(path + " has no list \"entries\"", "git log -p -- " + path);
            }
            String dialect = journal.path("dialect").asText("postgresql");
            if (!dialect.matches("pg|postgres(ql)?")) {
                throw Failure.stop(path + " is of the dialect " + dialect + ": these migrations are not for"
                        + " PostgreSQL", "name the folder of those that are, in release.json: {\"migrations\":"
                        + " {\"tool\": \"drizzle\", \"folder\": \"…\"}}");
            }
            if (journal.path("version").asInt(7) > 7) {
                throw Failure.stop(path + " has version " + journal.path("version").asText()
                        + ", this tool knows up to 7",
                        "use drizzle-kit 0.31 or 1.0, or a newer version of this tool");
            }
            return journal.path("entries");
        } catch (JsonProcessingException e) {
            Decoded.Flaw flaw = Decoded.of(bytes).flaw();
            String place = e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
            String hint = text.contains("<<<<<<<")
                    ? "it holds conflict marks of git: keep both entries, with \"when\" increasing"
                    : flaw != null ? flaw.mend(path) : Decoded.marked(text)
                    ? Decoded.unmark(path) : "git log -p -- " + path;
            throw Failure.stop(path + " is not JSON: " + (flaw != null ? "it " + flaw.words() : Decoded.marked(text)
                    ? "it begins with a byte order mark" : e.getOriginalMessage() + place), hint);
        }
    }

    /**
     * Two snapshots made from one, the newest among them: what the next migration is drafted from lacks one of the two.
     * drizzle-kit generate says so and exits with 0, drizzle-kit check with 1.
     */
    private static void forks(Map<String, byte[]> files, String folder, List<History.Trouble> troubles) {
        List<String> snapshots = files.keySet().stream().filter(path -> parent(path).equals(in(folder, "meta"))
                && path.endsWith("_snapshot.json")).sorted().toList();
        Map<String, String> parents = new HashMap<>();
        for (String path : snapshots) {
            byte[] bytes = files.get(path);
            // It stands at the top, and the rest may be long.
            Matcher made = FROM.matcher(new String(bytes, 0, Math.min(TOP, bytes.length), StandardCharsets.UTF_8));
            String other = made.find() ? parents.putIfAbsent(made.group(1), path) : null;
            if (other != null && path.equals(snapshots.get(snapshots.size() - 1))) {
                troubles.add(new History.Trouble("order", path.replaceFirst(".*/", ""), path + " and " + other
                        + " were made from the same snapshot (two branches merged?): the next drizzle-kit generate"
                        + " forgets what one of them did", "npx drizzle-kit check; take the newer migration out and"
                        + " generate it again", false));
            }
        }
    }

    /** SQL that lies in the folder and that Drizzle never looks at. */
    private static void strays(Map<String, byte[]> files, String folder, Set<String> tags,
            List<History.Trouble> troubles) {
        for (String path : new TreeSet<>(files.keySet())) {
            String name = parent(path).equals(folder) && path.endsWith(".sql")
                    ? path.substring(path.lastIndexOf('/') + 1, path.length() - 4) : null;
            if (name != null && !tags.contains(name)) {
                boolean numbered = name.matches("\\d{4,}_.*");
                troubles.add(new History.Trouble("unknown", name, path
                        + " is in no entry of the journal: Drizzle never runs it",
                        "npx drizzle-kit generate --custom, and put its text there; or git rm " + path, numbered));
            }
        }
        for (String name : subfolders(files, folder)) {
            troubles.add(new History.Trouble("unknown", name, in(folder, name)
                    + " is a migration of Drizzle 1.0 beside a journal of 0.x: "
                    + "1.0 refuses the folder, 0.x never runs it", "npx drizzle-kit up (Drizzle 1.0), or git rm -r "
                    + in(folder, name), true));
        }
    }

    private static DrizzleFolder folders(Map<String, byte[]> files, String folder, Set<String> names) {
        List<Migration> migrations = new ArrayList<>();
        Map<String, Decoded.Flaw> broken = new HashMap<>();
        for (String name : names) {
            if (!NAMED.matcher(name).matches()) {
                throw Failure.stop(in(folder, name)
                        + " does not begin with 14 digits, and Drizzle 1.0 reads its time from them",
                        "git mv " + in(folder, name) + " " + in(folder, "20260131120000_" + name)
                        + " (its own time in place of this one)");
            }
            migrations.add(migration(name, in(folder, name + "/migration.sql"), files.get(in(folder, name
                    + "/migration.sql")), millis(name), broken));
        }
        migrations.sort(Comparator.comparing(Migration::id, DrizzleFolder::compareAsJavaScript));
        return new DrizzleFolder(folder, Style.FOLDERS, List.copyOf(migrations), broken, List.of());
    }

    /** Whether a folder is in the shape of 1.0; Prisma's looks the same but for its lock file. */
    static boolean folders(Map<String, byte[]> files, String folder) {
        return !files.containsKey(in(folder, "migration_lock.toml"))
                && subfolders(files, folder).stream().anyMatch(name -> NAMED.matcher(name).matches());
    }

    private static Set<String> subfolders(Map<String, byte[]> files, String folder) {
        Pattern shape = Pattern.compile(Pattern.quote(in(folder, "")) + "([^/]+)/migration\\.sql");
        Set<String> names = new TreeSet<>();
        for (String path : files.keySet()) {
            Matcher matcher = shape.matcher(path);
            if (matcher.matches()) {
                names.add(matcher.group(1));
            }
        }
        return names;
    }

    private static Migration migration(String id, String file, byte[] bytes, long time,
            Map<String, Decoded.Flaw> broken) {
        String sql = decoded(bytes);
        Decoded.Flaw flaw = Decoded.of(bytes).flaw();
        if (flaw != null) {
            broken.put(id, flaw);
        }
        return new Migration(id, file, sql, hash(sql), time);
    }

    /** The text of a file as Node reads it: what is not UTF-8 becomes U+FFFD, and a byte order mark stays. */
    static String decoded(byte[] bytes) {
        byte[] same = bytes.clone();
        for (int i = 0; i + 1 < same.length; i++) {
            // Node answers half of a surrogate pair with one U+FFFD for each byte, Java with one for all of them.
            if (same[i] == (byte) 0xED && (same[i + 1] & 0xE0) == 0xA0) {
                same[i] = (byte) 0xFF;
            }
        }
        return new String(same, StandardCharsets.UTF_8);
    }

    /** What Drizzle keeps of a migration: SHA-256 of the decoded text, as UTF-8 again (drizzle-orm/src/migrator.ts). */
    static String hash(String sql) {
        return Hash.of(sql);
    }

    /** The time in a folder's name, as Drizzle 1.0 reads it: UTC, and a 13th month is January of the next year. */
    static long millis(String name) {
        int[] part = {4, 6, 8, 10, 12, 14};
        long[] at = new long[6];
        for (int i = 0; i < 6; i++) {
            at[i] = Long.parseLong(name.substring(i == 0 ? 0 : part[i - 1], part[i]));
        }
        // Date.UTC takes a year below 100 for one of the last century.
        return LocalDate.of((int) (at[0] < 100 ? at[0] + 1900 : at[0]), 1, 1).plusMonths(at[1] - 1).plusDays(at[2] - 1)
                .atStartOfDay().plusHours(at[3]).plusMinutes(at[4]).plusSeconds(at[5]).toInstant(ZoneOffset.UTC)
                .toEpochMilli();
    }

    static int compareAsJavaScript(String left, String right) {
        for (int i = 0; i < Math.min(left.length(), right.length()); i++) {
            int apart = Integer.compare(weight(left.charAt(i)), weight(right.charAt(i)));
            if (apart != 0) {
                return apart;
            }
        }
        int longer = Integer.compare(left.length(), right.length());
        // Small letters before capitals, and only between names that are the same otherwise.
        return longer != 0 ? longer : right.compareTo(left);
    }

    private static int weight(char c) {
        int index = COLLATION.indexOf(Character.toLowerCase(c));
        return index < 0 ? COLLATION.length() + c : index;
    }

    /** The folder a path lies in, "" at the top of the repository. */
    static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash);
    }

    /** A path below a folder; "" is the top of the repository. */
    static String in(String folder, String path) {
        return folder.isEmpty() ? path : folder + "/" + path;
    }
}
