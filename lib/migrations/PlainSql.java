//SOURCES ../Decoded.java ../Failure.java ../History.java ../Migration.java ../Postgres.java ../sql/Name.java
//SOURCES Astray.java DrizzleFolder.java JavaScript.java PlainTable.java Traces.java Troubles.java

package lib.migrations;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Decoded;
import lib.Failure;
import lib.History;
import lib.Migration;
import lib.sql.Name;

/** Numbered SQL files that no known tool runs, with a history table of the application's own or with none. */
public final class PlainSql implements History {
    private static final Pattern FILE = Pattern.compile("[a-zA-Z]?(\\d+)(?:[._ -].*)?\\.sql");
    private static final Pattern BACK = Pattern.compile("(?i).*([._-](down|undo|rollback|revert)|^undo.*)\\.sql");
    private static final Pattern FOLDER = Pattern.compile("(?i)(?:.*/)?[\\w-]*migrat[\\w-]*(?:/.*)?");
    private static final String START = """
            keep a history from now on, with a row for each file that this database has had:
            CREATE TABLE schema_migrations (filename text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO schema_migrations (filename) VALUES %s;
            or write the SQL of this release yourself: jbang release.java --sql FILE""";

    private final String folder;
    private final List<Migration> local = new ArrayList<>();
    private final Map<String, Decoded.Flaw> broken = new HashMap<>();
    private final Troubles found = new Troubles();
    private final Map<Name, PlainTable> tables = new HashMap<>();

    PlainSql(Map<String, byte[]> files, String folder) {
        this.folder = folder;
        for (String path : new TreeSet<>(files.keySet())) {
            String name = path.substring(path.lastIndexOf('/') + 1);
            Matcher file = FILE.matcher(name);
            if (!DrizzleFolder.parent(path).equals(folder) || !name.endsWith(".sql") || BACK.matcher(name).matches()) {
                continue;
            }
            if (!file.matches()) {
                found.add("unknown", name, path + " has no number: when it runs is not known, and it is left out",
                        "number it like the others, or move it out of " + folder, false);
                continue;
            }
            Decoded text = Decoded.of(files.get(path));
            String id = name.substring(0, name.length() - 4);
            local.add(new Migration(id, path, Decoded.unmarked(text.text()), null,
                    file.group(1).length() > 18 ? Long.MAX_VALUE : Long.parseLong(file.group(1))));
            if (text.flaw() != null) {
                broken.put(id, text.flaw());
            }
        }
        new Astray(files, folder, found).endings(local, "a release");
        local.sort(Comparator.comparingLong(Migration::time).thenComparing(Migration::id));
        for (int i = 1; i < local.size(); i++) {
            if (local.get(i).time() == local.get(i - 1).time()) {
                found.add("duplicated", local.get(i).id(), local.get(i).file() + " has the number of "
                        + local.get(i - 1).file() + " (two branches merged?): they are taken in the order of their"
                        + " names", "git mv " + local.get(i).file() + " …, while no database has it", false);
            }
        }
    }

    /** The folders of numbered SQL that are called migrations. */
    static Set<String> folders(Map<String, byte[]> files) {
        Map<String, Integer> folders = new LinkedHashMap<>();
        for (String path : files.keySet()) {
            String name = path.substring(path.lastIndexOf('/') + 1);
            String folder = DrizzleFolder.parent(path);
            if (FOLDER.matcher(folder).matches() && FILE.matcher(name).matches() && !JavaScript.installed(path)) {
                folders.merge(folder, 1, Integer::sum);
            }
        }
        return new TreeSet<>(folders.keySet());
    }

    @Override
    public String tool() {
        return "sql";
    }

    @Override
    public String folder() {
        return folder;
    }

    @Override
    public List<Migration> local() {
        return List.copyOf(local);
    }

    @Override
    public State state(Connection connection) throws SQLException {
        Troubles troubles = new Troubles();
        troubles.all().addAll(found.all());
        PlainTable table = PlainTable.find(connection, local);
        if (table != null) {
            tables.put(table.name(), table);
        }
        return table == null ? traces(connection, troubles) : table(table, troubles);
    }

    /** A file is applied when the table has its name; what its runner does besides is not known here. */
    private State table(PlainTable table, Troubles troubles) {
        List<Migration> applied = local.stream().filter(table::has).toList();
        List<Migration> pending = local.stream().filter(migration -> !table.has(migration)).toList();
        long newest = applied.stream().mapToLong(Migration::time).max().orElse(Long.MIN_VALUE);
        for (Migration migration : pending) {
            if (migration.time() < newest) {
                troubles.add("order", migration.id(), migration.id() + " was never applied, and files with higher"
                        + " numbers were: whether the application's own runner would run it is not known here",
                        "see in the rehearsal that it fits, or give it a newer number: git mv " + migration.file()
                        + " …", false);
            }
        }
        for (String name : table.strangers(local)) {
            troubles.stranger(name, "the row " + name + " in " + table.sql(), folder, false, true,
                    "this database had something that this commit does not hold", "bring it back (git log"
                    + " --diff-filter=D --oneline -- " + folder + "), merge the branch it came from, or delete the"
                    + " row");
        }
        if (!pending.isEmpty() && table.unclear() != null) {
            troubles.add("read-only", pending.get(0).id(), table.sql() + " has the column " + table.unclear()
                    + ", and what belongs there only the application's runner knows: no row is written into it",
                    "write the SQL of this release yourself, rows included: jbang release.java --sql FILE", true);
        }
        troubles.broken(pending, broken);
        return new State(table.name(), true, table.columns(), applied, pending, List.copyOf(troubles.all()));
    }

    /** Without a table the catalog says it: all of what a file makes is there, nothing of it, or some. */
    private State traces(Connection connection, Troubles troubles) throws SQLException {
        List<Migration> applied = new ArrayList<>();
        List<Migration> pending = new ArrayList<>();
        List<Traces.Told> all = Traces.of(connection, local);
        String later = null;
        for (int i = all.size() - 1; i >= 0; i--) {
            Traces.Told told = all.get(i);
            Migration migration = told.migration();
            switch (told.verdict()) {
                case APPLIED -> {
                    applied.add(0, migration);
                    if (told.reason() != null) {
                        troubles.add("undecidable", migration.id(), migration.id() + ": " + told.reason() + "; it is"
                                + " taken for applied, because a later one is", "look whether its data is there",
                                false);
                    } else {
                        later = later == null ? migration.id() : later;
                    }
                }
                case PENDING -> {
                    pending.add(0, migration);
                    skipped(troubles, told, later);
                }
                case PARTIAL -> troubles.add("partial", migration.id(), migration.id() + " is there in part: "
                        + few(told.there()) + " is there, " + few(told.missing()) + " is missing", "finish it by hand,"
                        + " or undo by hand what is there: " + migration.file(), true);
                default -> troubles.add("undecidable", migration.id(), migration.id() + ": " + told.reason()
                        + ", so whether this database had it cannot be seen", (told.unreadable()
                        ? correct(told) + "; or " : "") + START.formatted(names(applied(all))), true);
            }
        }
        trailing(troubles, all, applied(all));
        troubles.broken(pending, broken);
        return new State(null, false, List.of(), applied, pending, List.copyOf(troubles.all()));
    }

    private static void skipped(Troubles troubles, Traces.Told told, String later) {
        if (later != null) {
            troubles.add("order", told.migration().id(), told.migration().id() + " was never applied ("
                    + few(told.missing()) + " is missing), and " + later + " after it was",
                    "see in the rehearsal that it fits", false);
        }
    }

    // What would be released now and could never be seen again is said before it is released.
    private static void trailing(Troubles troubles, List<Traces.Told> all, List<Migration> applied) {
        Traces.Told last = all.isEmpty() ? null : all.get(all.size() - 1);
        if (last != null && last.verdict() == Traces.Verdict.PENDING && last.reason() != null) {
            troubles.add("undecidable", last.migration().id(), last.migration().id() + " would run now, but "
                    + last.reason() + (last.unreadable() ? "" : ": nothing would tell the next release that it did"),
                    last.unreadable() ? correct(last) : START.formatted(names(applied)), true);
        }
    }

    private static String correct(Traces.Told unreadable) {
        return "correct " + unreadable.migration().file() + ", commit it, and run this again";
    }

    private static List<Migration> applied(List<Traces.Told> all) {
        return all.stream().filter(told -> told.verdict() == Traces.Verdict.APPLIED).map(Traces.Told::migration)
                .toList();
    }

    private static String names(List<Migration> applied) {
        return applied.isEmpty() ? "('…')" : String.join(", ", applied.stream()
                .map(migration -> "('" + migration.id() + ".sql')").toList());
    }

    private static String few(List<String> things) {
        return String.join(", ", things.subList(0, Math.min(5, things.size())))
                + (things.size() > 5 ? " and " + (things.size() - 5) + " more" : "");
    }

    /** A row for each file in a table that needs no more than its name; without a table there is nothing to write. */
    @Override
    public List<String> rows(State state, List<Migration> migrations) {
        if (!state.exists() || migrations.isEmpty()) {
            return List.of();
        }
        PlainTable table = tables.get(state.table());
        if (table == null || table.unclear() != null) {
            throw Failure.stop("no row is written into " + state.table().full()
                    + ": what belongs there only the application's runner knows",
                    "write the SQL of this release yourself, rows included: jbang release.java --sql FILE");
        }
        return migrations.stream().map(table::insert).toList();
    }
}
