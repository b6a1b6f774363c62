//SOURCES ../Failure.java ../History.java ../Settings.java ../sql/Name.java
//SOURCES Drizzle.java DrizzleFolder.java Flyway.java FlywayFolder.java NodePgMigrate.java
//SOURCES OtherTool.java PlainSql.java Prisma.java Supabase.java ToolTable.java

package lib.migrations;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.Failure;
import lib.History;
import lib.Settings;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** Which migration tool a repository uses, and which histories a database has. */
public final class Histories {
    /** The tools whose rules are known, so that their rows are written; sql is numbered files without a tool. */
    static final List<String> KNOWN = List.of("drizzle", "prisma", "supabase", "flyway", "node-pg-migrate", "sql");
    // Not the application's own, unless release.json says so.
    private static final Pattern ASIDE = Pattern.compile("(?:.*/)?(?:node_modules|vendor|third_party|tests?|__tests__|"
            + "spec|fixtures|examples?|samples?|docs?|target|build|dist)/.*");

    private Histories() {
    }

    /** A tool and the folder of its migrations. */
    private record Candidate(String tool, String folder) {
        @Override
        public String toString() {
            return tool + " in " + (folder.isEmpty() ? "the top folder" : folder);
        }

        String setting() {
            return "{\"migrations\": {\"tool\": \"" + tool + "\", \"folder\": \"" + folder + "\"}}";
        }
    }

    /**
     * The one history of a repository; empty when it has none.
     *
     * @param files every committed file that may be of a migration, by path
     * @param wish what release.json says, each part null where it says nothing
     */
    public static Optional<History> find(Map<String, byte[]> files, Settings.Migrations wish) {
        return find(files, wish, Clock.systemUTC());
    }

    /** The same with a clock of the caller's, by which a migration can lie in the future. */
    public static Optional<History> find(Map<String, byte[]> files, Settings.Migrations wish, Clock clock) {
        if (wish.tool() != null) {
            return Optional.of(named(files, wish, clock));
        }
        if (wish.folder() != null) {
            String folder = normal(wish.folder());
            List<Candidate> there = new ArrayList<>(all(files));
            there.removeIf(each -> !each.folder.equals(folder));
            boolean journal = files.containsKey(DrizzleFolder.in(folder, "meta/_journal.json"));
            if (journal && !there.isEmpty()) {
                // Drizzle writes into supabase/migrations when it is told to: then either may be the one that runs.
                there.add(new Candidate("drizzle", folder));
            }
            if (there.isEmpty() && !journal
                    && files.keySet().stream().noneMatch(path -> path.matches("(.*/)?drizzle\\.config\\.\\w+"))) {
                History plain = new PlainSql(files, folder);
                if (plain.local().isEmpty()) {
                    throw Failure.usage(Settings.FILE + " names the migrations folder " + wish.folder()
                            + ", and no migration is committed there", "git status --ignored " + folder + "; git add "
                            + folder);
                }
                return Optional.of(plain);
            }
            return there.isEmpty() ? Drizzle.find(files, wish.folder(), clock).map(found -> found)
                    : one(there, files, clock);
        }
        Map<String, byte[]> own = new LinkedHashMap<>(files);
        own.keySet().removeIf(path -> ASIDE.matcher(path).matches());
        List<Candidate> known = known(own);
        // Looked for with its own rules, which know more than a folder: its configuration, several of them, its lack.
        Optional<Drizzle> drizzle = Drizzle.find(files, null, clock);
        drizzle.ifPresent(found -> known.add(new Candidate("drizzle", found.folder())));
        if (known.isEmpty()) {
            OtherTool.folders(own).forEach((tool, folders) -> known.add(new Candidate(tool, top(folders))));
        }
        if (known.isEmpty()) {
            PlainSql.folders(own).forEach(folder -> known.add(new Candidate("sql", folder)));
        }
        return drizzle.isPresent() && known.size() == 1 ? drizzle.map(found -> found) : one(known, files, clock);
    }

    private static Optional<History> one(List<Candidate> candidates, Map<String, byte[]> files, Clock clock) {
        if (candidates.size() > 1) {
            throw Failure.decide("this repository has the migrations of more than one tool or application: "
                    + candidates.stream().map(Candidate::toString).collect(Collectors.joining(", ")),
                    "say which ones this release is about, in release.json: " + candidates.get(0).setting());
        }
        return candidates.stream().findFirst().map(each -> history(each, files, clock));
    }

    private static List<Candidate> known(Map<String, byte[]> files) {
        List<Candidate> found = new ArrayList<>();
        Prisma.folders(files).forEach(folder -> found.add(new Candidate("prisma", folder)));
        Supabase.folders(files).forEach(folder -> found.add(new Candidate("supabase", folder)));
        FlywayFolder.folders(files).keySet().forEach(folder -> found.add(new Candidate("flyway", folder)));
        NodePgMigrate.folders(files).forEach(folder -> found.add(new Candidate("node-pg-migrate", folder)));
        return found;
    }

    /** Whatever could be meant by a folder that release.json names, the surest only. */
    private static List<Candidate> all(Map<String, byte[]> files) {
        List<Candidate> all = known(files);
        Set<String> taken = all.stream().map(Candidate::folder).collect(Collectors.toSet());
        OtherTool.folders(files).forEach((tool, folders) -> folders.stream().filter(folder -> !taken.contains(folder))
                .forEach(folder -> all.add(new Candidate(tool, folder))));
        return all;
    }

    private static History named(Map<String, byte[]> files, Settings.Migrations wish, Clock clock) {
        String tool = wish.tool();
        if (!KNOWN.contains(tool) && !OtherTool.names().contains(tool)) {
            throw Failure.usage(Settings.FILE + ": migrations.tool \"" + tool + "\" is no tool that is known here",
                    "did you mean \"" + nearest(tool) + "\"? Written and read: " + String.join(", ", KNOWN)
                    + "; only read: " + String.join(", ", OtherTool.names()));
        }
        if (tool.equals("drizzle")) {
            return Drizzle.find(files, wish.folder(), clock).orElseThrow(() -> nothing(tool, null));
        }
        List<Candidate> found = new ArrayList<>();
        if (wish.folder() != null) {
            found.add(new Candidate(tool, normal(wish.folder())));
        } else if (tool.equals("sql")) {
            PlainSql.folders(files).forEach(folder -> found.add(new Candidate(tool, folder)));
        } else if (KNOWN.contains(tool)) {
            known(files).stream().filter(each -> each.tool.equals(tool)).forEach(found::add);
        } else {
            found.add(new Candidate(tool, top(OtherTool.folders(files).getOrDefault(tool, Set.of()))));
        }
        History history = one(found, files, clock).orElseThrow(() -> nothing(tool, null));
        if (history.local().isEmpty()) {
            throw nothing(tool, wish.folder());
        }
        return history;
    }

    private static Failure nothing(String tool, String folder) {
        return Failure.usage(Settings.FILE + " names the migrations of " + tool + (folder == null ? "" : " in "
                + folder) + ", and none is committed" + (folder == null ? "" : " there"),
                folder == null ? "name their folder: " + new Candidate(tool, "…").setting()
                : "git status --ignored " + folder + "; git add " + folder);
    }

    private static History history(Candidate candidate, Map<String, byte[]> files, Clock clock) {
        String folder = candidate.folder;
        return switch (candidate.tool) {
            case "prisma" -> new Prisma(files, folder, clock);
            case "supabase" -> new Supabase(files, folder, clock);
            case "flyway" -> new Flyway(files, folder);
            case "node-pg-migrate" -> new NodePgMigrate(files, folder, clock);
            case "sql" -> new PlainSql(files, folder);
            default -> OtherTool.of(candidate.tool, folder, files);
        };
    }

    /** The histories of other tools that the database has beside this one, or at all. */
    public static List<History.Trouble> beside(Connection connection, Optional<History> history, History.State state)
            throws SQLException {
        List<History.Trouble> troubles = new ArrayList<>();
        for (ToolTable.Found found : ToolTable.in(connection)) {
            boolean read = state != null && state.exists() && found.table().equals(state.table());
            boolean own = read || history.isPresent() && history.get().tool().equals(found.tool());
            if (!own) {
                troubles.add(new History.Trouble("unknown", found.tool(), "this database has "
                        + found.table().full() + " as well, the history of " + found.tool()
                        + (history.isEmpty() ? ", and this repository has no migrations of it"
                        : ", and this release is about " + history.get().tool()),
                        history.isEmpty() ? "commit its migrations, or name their folder in release.json:"
                        + " {\"migrations\": {\"tool\": \"" + found.tool() + "\", \"folder\": \"…\"}}"
                        : "nothing, when another application shares this database; DROP TABLE "
                        + found.table().full() + " when that tool was given up", false));
            }
        }
        return troubles;
    }

    private static String top(Collection<String> folders) {
        return folders.stream().min(Comparator.comparing(String::length)).orElse("");
    }

    private static String nearest(String word) {
        List<String> known = new ArrayList<>(KNOWN);
        known.addAll(OtherTool.names());
        LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
        return known.stream().min(Comparator.comparing(tool -> distance.apply(tool, word))).orElse("");
    }

    private static String normal(String folder) {
        return Path.of(".").resolve(folder).normalize().toString().replace('\\', '/');
    }
}
