//SOURCES ../Decoded.java ../History.java ../Migration.java ../Postgres.java ../sql/Name.java ../sql/Sql.java
//SOURCES Astray.java DrizzleFolder.java HistoryTable.java JavaScript.java Troubles.java

package lib.migrations;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.Decoded;
import lib.Failure;
import lib.History;
import lib.Migration;
import lib.Postgres;
import lib.sql.Name;
import lib.sql.Sql;

/** The history of the Supabase CLI: numbered files, and the whole SQL of each in supabase_migrations. */
public final class Supabase implements History {
    private static final Name USUAL = Name.of("supabase_migrations", "schema_migrations");
    private static final Pattern FOLDER = Pattern.compile("((?:.*/)?supabase/migrations)/[^/]+\\.sql");
    // supabase/cli, pkg/migration/file.go
    private static final Pattern FILE = Pattern.compile("([0-9]+)_(.*)\\.sql");

    private final String folder;
    private final Clock clock;
    private final Map<String, Migration> local = new LinkedHashMap<>();
    private final Map<String, Decoded.Flaw> broken = new LinkedHashMap<>();
    private final Troubles found = new Troubles();

    Supabase(Map<String, byte[]> files, String folder, Clock clock) {
        this.folder = folder;
        this.clock = clock;
        Map<String, byte[]> names = new TreeMap<>();
        files.forEach((path, bytes) -> {
            if (DrizzleFolder.parent(path).equals(folder) && path.endsWith(".sql")) {
                names.put(path.substring(folder.isEmpty() ? 0 : folder.length() + 1), bytes);
            }
        });
        names.forEach((name, bytes) -> {
            Matcher file = FILE.matcher(name);
            String path = DrizzleFolder.in(folder, name);
            if (!file.matches()) {
                found.add("unknown", name, path + " is not named <timestamp>_name.sql: Supabase never runs it",
                        "git mv " + path + " " + DrizzleFolder.in(folder, "20260131120000_name.sql")
                        + " (its own time), or move it out of the folder", name.matches("\\d.*"));
                return;
            }
            if (local.isEmpty() && name.equals(names.keySet().iterator().next()) && old(file)) {
                found.add("unknown", name, path + " comes first and is called init, with a time before December 2021:"
                        + " Supabase takes it for one that old versions of its CLI made, and never runs it",
                        Astray.move(path, path.replace("_init.sql", "_start.sql")) + "   # where it has to run", false);
                return;
            }
            Decoded text = Decoded.of(bytes);
            String id = name.substring(0, name.length() - 4);
            Migration other = local.get(file.group(1));
            if (other != null) {
                throw Failure.stop(other.file() + " and " + path + " have the same version " + file.group(1)
                        + ": Supabase would fail at the second one (duplicate key)",
                        "give one of them a version of its own: git mv " + path + " …");
            }
            local.put(file.group(1), new Migration(id, path, text.text(), null, number(file.group(1))));
            if (text.flaw() != null) {
                broken.put(id, text.flaw());
            }
        });
        Astray astray = new Astray(files, folder, found);
        astray.endings(local.values(), "Supabase");
        astray.below(local.values(), "Supabase");
    }

    // supabase/cli, pkg/migration/list.go
    private static boolean old(Matcher file) {
        return file.group().matches("\\d{14}_init\\.sql") && file.group(1).compareTo("20211209000000") < 0;
    }

    private static long number(String version) {
        return version.length() > 18 ? Long.MAX_VALUE : Long.parseLong(version);
    }

    static Set<String> folders(Map<String, byte[]> files) {
        Set<String> folders = new TreeSet<>();
        for (String path : files.keySet()) {
            Matcher file = FOLDER.matcher(path);
            if (file.matches() && !JavaScript.installed(path)) {
                folders.add(file.group(1));
            }
        }
        return folders;
    }

    @Override
    public String tool() {
        return "supabase";
    }

    @Override
    public String folder() {
        return folder;
    }

    @Override
    public List<Migration> local() {
        return List.copyOf(local.values());
    }

    /**
     * By the rule of supabase db push: versions compared as text; a row without a file is an error, and so is a file
     * without a row that comes before the last row (pkg/migration/apply.go).
     */
    @Override
    public State state(Connection connection) throws SQLException {
        Troubles troubles = new Troubles();
        troubles.all().addAll(found.all());
        HistoryTable table = table(connection);
        TreeSet<String> applied = new TreeSet<>();
        table.rows().forEach(row -> applied.add(row.get("version")));
        String last = applied.isEmpty() ? "" : applied.last();
        List<Migration> pending = new ArrayList<>();
        for (Map.Entry<String, Migration> each : local.entrySet()) {
            Migration migration = each.getValue();
            if (applied.contains(each.getKey())) {
                continue;
            }
            pending.add(migration);
            if (each.getKey().compareTo(last) < 0) {
                troubles.add("order", migration.id(), migration.id() + " was never applied, and comes before " + last
                        + ", which was: supabase db push refuses it (\"Found local migration files to be inserted"
                        + " before the last migration on remote database\")",
                        "give it a newer version, when no other database has it: git mv " + migration.file() + " "
                        + DrizzleFolder.in(folder, "…_" + migration.id().replaceFirst("^\\d+_", "") + ".sql")
                        + "; or run it on its own: supabase db push --include-all", true);
            }
            troubles.future(migration, clock, "once it is applied, supabase db push refuses every migration made until"
                    + " then");
        }
        for (Map<String, String> row : table.rows()) {
            compare(troubles, table, row);
        }
        troubles.broken(pending, broken);
        return new State(USUAL, table.exists(), table.columns(), local.entrySet().stream()
                .filter(each -> applied.contains(each.getKey())).map(Map.Entry::getValue).toList(), pending,
                List.copyOf(troubles.all()));
    }

    private static HistoryTable table(Connection connection) throws SQLException {
        List<String> columns = HistoryTable.columns(connection, USUAL);
        if (columns.isEmpty()) {
            return new HistoryTable(USUAL, columns, List.of());
        }
        HistoryTable table = HistoryTable.read(connection, USUAL, columns, "version");
        if (columns.contains("statements")) {
            // Element by element: the text of an array would have to be unquoted again.
            Map<String, String> texts = new LinkedHashMap<>();
            for (List<String> row : Postgres.rows(connection, "SELECT version, array_to_string(statements, E';\n')"
                    + " FROM " + table.sql())) {
                texts.put(row.get(0), row.get(1));
            }
            table.rows().forEach(row -> row.put("sql", texts.get(row.get("version"))));
        }
        return table;
    }

    private void compare(Troubles troubles, HistoryTable table, Map<String, String> row) {
        String version = row.get("version");
        Migration migration = local.get(version);
        String place = "the row of version " + version + " in " + table.sql();
        if (migration == null) {
            boolean newest = !local.isEmpty() && local.keySet().stream().allMatch(id -> id.compareTo(version) < 0);
            troubles.stranger(version, place, folder, newest, true, "supabase db push refuses to go on (\"Remote"
                    + " migration versions not found in local migrations directory\")",
                    "bring it back (git log --diff-filter=D --oneline -- " + folder + "), or supabase migration repair"
                    + " --status reverted " + version);
            return;
        }
        String stored = row.get("sql");
        if (stored != null && !stored.isBlank() && !pure(stored).equals(pure(migration.sql()))) {
            troubles.add("edited", migration.id(), migration.id() + " was changed after it was applied: its statements"
                    + " are not those that " + place + " keeps; Supabase is silent about it", "git log -p -- "
                    + migration.file() + "; put the applied text back and make the change a new migration, or, where"
                    + " the database is as the file says now: supabase migration repair --status applied " + version,
                    true);
        }
    }

    // Line ends, comments and blanks are no edit; the CLI cuts them at other places from version to version.
    private static List<String> pure(String sql) {
        return Sql.split(sql.replace("\r\n", "\n")).stream()
                .map(piece -> Sql.withoutComments(piece.text()).replaceAll("\\s+", " ")).toList();
    }

    /** The row as supabase db push writes it: version, name and every statement with the comments before it. */
    @Override
    public List<String> rows(State state, List<Migration> migrations) {
        String table = USUAL.full();
        List<String> statements = new ArrayList<>();
        if (!state.exists()) {
            statements.add("CREATE SCHEMA IF NOT EXISTS supabase_migrations");
            statements.add("CREATE TABLE IF NOT EXISTS " + table + " (version text NOT NULL PRIMARY KEY)");
        }
        for (String column : List.of("statements text[]", "name text")) {
            if (!state.columns().contains(column.split(" ")[0])) {
                statements.add("ALTER TABLE " + table + " ADD COLUMN IF NOT EXISTS " + column);
            }
        }
        for (Migration migration : migrations) {
            String version = migration.id().replaceFirst("_.*", "");
            statements.add("INSERT INTO " + table + " (version, name, statements) VALUES (" + Postgres.literal(version)
                    + ", " + Postgres.literal(migration.id().substring(version.length() + 1)) + ", ARRAY["
                    + pieces(migration.sql()).stream().map(Postgres::literal).collect(Collectors.joining(", "))
                    + "]::text[])");
        }
        return statements;
    }

    /** A file cut behind each statement; what stands before a statement goes with it. */
    static List<String> pieces(String sql) {
        List<String> pieces = new ArrayList<>();
        int from = 0;
        for (Sql.Piece piece : Sql.split(sql)) {
            int end = piece.offset() + piece.text().length();
            pieces.add(trimmed(sql.substring(from, end)));
            from = end;
        }
        String rest = trimmed(sql.substring(from));
        if (!rest.isEmpty()) {
            pieces.add(rest);
        }
        return pieces;
    }

    private static String trimmed(String piece) {
        return piece.replaceFirst("^[\\s;]+", "").replaceFirst("[\\s;]+$", "");
    }
}
