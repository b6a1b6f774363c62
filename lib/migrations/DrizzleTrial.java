//SOURCES ../Failure.java ../History.java ../Migration.java ../Postgres.java ../Target.java ../sql/Name.java
//SOURCES ../Count.java Drizzle.java DrizzleConfig.java DrizzleFolder.java DrizzleNode.java DrizzleTable.java

package lib.migrations;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lib.Count;
import lib.Failure;
import lib.History;
import lib.Migration;
import lib.Postgres;
import lib.Target;
import lib.sql.Name;

/**
 * What an installed migrator does with small migrations on a throw-away database, beside what this project says that
 * it does: which of them run, statement by statement, and which rows say so afterwards.
 */
final class DrizzleTrial implements AutoCloseable {
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMddHHmmss")
            .withZone(ZoneOffset.UTC);
    private static final String BREAKPOINT = "--> statement-breakpoint";
    private static final String FOLDER = "drizzle";
    private static final String PREFIX = "release_trial_";

    private final DrizzleNode node;
    private final DrizzleFolder.Style style;
    private final Name table;
    private final Connection connection;

    // Milliseconds in 0.x, so that a migrator which counts seconds is seen; 1.0 knows whole seconds only.
    private final Made first;
    private final Made early;
    private final Made second;
    private final Made late;

    /**
     * @param target a database that holds nothing: it is emptied
     * @param table where the history is expected
     */
    DrizzleTrial(DrizzleNode node, Target target, DrizzleFolder.Style style, Name table) throws SQLException {
        this.node = node;
        this.style = style;
        this.table = table;
        long begin = Instant.parse("2026-01-01T00:00:00Z").toEpochMilli();
        int odd = style == DrizzleFolder.Style.JOURNAL ? 123 : 0;
        first = Made.of("first", begin + odd, "é in Windows lines\r\n");
        early = Made.of("early", begin + 60_000 + odd, "older than the newest row\n");
        second = Made.of("second", begin + 120_000 + odd, "\n");
        late = Made.of("late", begin + 180_000 + odd, "newer than the newest row\n");
        connection = Postgres.write(target, "migrator");
        Postgres.execute(connection, "SET lock_timeout = '5s'");
    }

    /** The server it is tried on: {@code PostgreSQL 16}. */
    String server() throws SQLException {
        return "PostgreSQL " + connection.getMetaData().getDatabaseMajorVersion();
    }

    /** A migration made for the trial; what it makes in the database says that it ran. */
    private record Made(String tag, long time, String sql) {
        static Made of(String tag, long time, String comment) {
            return new Made(tag, time, "-- " + comment + "CREATE TABLE public." + PREFIX + tag + " (id integer);\n"
                    + BREAKPOINT + "\nINSERT INTO public." + PREFIX + tag + " VALUES (1);\n");
        }
    }

    /** Something that is not as this project believes it is. */
    private static final class Different extends Exception {
        Different(String situation, String expected, String seen) {
            super(situation + ", expected: " + expected + "; seen: " + seen);
        }
    }

    /**
     * Tries everything that a release relies on, and says what is different, or null.
     *
     * @param transactional whether all that runs at once is expected to be one transaction; null where that is the
     *     application's own business
     */
    String difference(Boolean transactional) throws SQLException {
        try {
            // To its end, or a second one would run into what the first left.
            List<Made> both = List.of(first, second);
            clear();
            look("On an empty database", both);
            look("Run once more", both);
            given(style, List.of(first, second));
            look("After the rows that a release writes", both);
            given(style, List.of(second, first));
            Made edited = new Made(first.tag, first.time, first.sql + "-- edited\n");
            look("With an older, a newer and an edited migration", List.of(edited, early, second, late));
            if (style == DrizzleFolder.Style.FOLDERS) {
                // Of another text, so that its time alone can tell which migration the row is of.
                given(DrizzleFolder.Style.JOURNAL, List.of(new Made(first.tag, first.time + 123, edited.sql)));
                look("With a table of Drizzle 0.x", both);
            }
            if (transactional != null) {
                fail(transactional);
            }
            return null;
        } catch (Different e) {
            return e.getMessage();
        } catch (SQLException e) {
            if (!"55P03".equals(e.getSQLState())) {
                throw e;
            }
            return "After a run, expected: no open transaction; seen: one that holds its locks";
        }
    }

    private void look(String situation, List<Made> migrations) throws SQLException, Different {
        Drizzle history = history(style, migrations);
        List<Migration> pending = history.state(connection).pending();
        List<List<String>> before = rows();
        DrizzleNode.Outcome outcome = node.migrate(files(style, migrations), FOLDER, table);
        List<String> tables = tables();
        List<String> ran = migrations.stream().map(Made::tag).filter(tag -> tables.remove("public." + PREFIX + tag))
                .toList();
        List<String> expected = pending.stream().map(DrizzleTrial::tag).toList();
        if (outcome.error() != null) {
            throw new Different(situation, "it runs " + all(expected), "it fails with " + outcome.error());
        }
        if (!ran.equals(expected)) {
            throw new Different(situation, "it runs " + all(expected), "it ran " + all(ran));
        }
        if (!tables.equals(List.of(table.schema() + "." + table.name()))) {
            throw new Different(situation, "its history in " + DrizzleTable.sql(table), "tables " + all(tables));
        }
        String columns = style == DrizzleFolder.Style.JOURNAL ? "id, hash, created_at"
                : "id, hash, created_at, name, applied_at";
        String seen = String.join(", ", history.state(connection).columns());
        if (!seen.equals(columns)) {
            throw new Different(situation, "a history with the columns " + columns, seen);
        }
        compare(situation, before, pending, rows());
        List<String> parts = parts(pending);
        List<String> sent = outcome.statements().stream().filter(statement -> statement.contains(PREFIX)).toList();
        if (!sent.equals(parts)) {
            throw new Different(situation, Count.of(parts.size(), "statement")
                    + " of migrations, cut at the breakpoints",
                    Count.of(sent.size(), "other"));
        }
        for (String tag : ran) {
            Postgres.execute(connection, "DROP TABLE public." + PREFIX + tag);
        }
    }

    /** What is in the history after a run: what was there, and a row for each migration that ran, in their order. */
    private void compare(String situation, List<List<String>> before, List<Migration> pending,
            List<List<String>> after) throws Different {
        List<String> expected = new ArrayList<>();
        before.forEach(row -> expected.add(words(row.get(0), row.get(1), null)));
        pending.forEach(migration -> expected.add(words(migration.hash(), String.valueOf(migration.time()),
                style == DrizzleFolder.Style.FOLDERS ? migration.id() : null)));
        List<String> seen = new ArrayList<>();
        for (List<String> row : after) {
            seen.add(words(row.get(0), row.get(1), seen.size() < before.size() ? null : row.get(2)));
        }
        for (int i = 0; i < Math.max(expected.size(), seen.size()); i++) {
            String wanted = i < expected.size() ? expected.get(i) : "no further row";
            String there = i < seen.size() ? seen.get(i) : "no such row";
            if (!wanted.equals(there)) {
                throw new Different(situation, wanted, there);
            }
        }
    }

    private static String words(String hash, String time, String name) {
        return "hash " + hash + ", created_at " + time + (name == null ? "" : ", name " + name);
    }

    private void fail(boolean transactional) throws SQLException, Different {
        clear();
        Made broken = new Made("broken", second.time, second.sql.replace("second", "broken")
                + BREAKPOINT + "\nSELECT 1 / 0;\n");
        DrizzleNode.Outcome outcome = node.migrate(files(style, List.of(first, broken)), FOLDER, table);
        List<String> left = tables().stream().filter(name -> name.startsWith("public." + PREFIX)).toList();
        String situation = "With a migration that fails";
        if (outcome.error() == null) {
            throw new Different(situation, "an error", "none");
        }
        if (transactional && !left.isEmpty()) {
            throw new Different(situation, "one transaction, of which nothing stays", all(left));
        }
    }

    /** The rows of these migrations as a release writes them, in this order, and nothing else in the database. */
    private void given(DrizzleFolder.Style style, List<Made> migrations) throws SQLException {
        clear();
        Drizzle history = history(style, migrations);
        List<Migration> inOrder = migrations.stream().map(made -> history.local().stream()
                .filter(migration -> tag(migration).equals(made.tag)).findFirst().orElseThrow()).toList();
        for (String statement : history.rows(history.state(connection), inOrder)) {
            Postgres.execute(connection, statement);
        }
    }

    private void clear() throws SQLException {
        for (List<String> schema : Postgres.rows(connection, "SELECT quote_ident(nspname) FROM pg_namespace"
                + " WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'")) {
            Postgres.execute(connection, "DROP SCHEMA " + schema.get(0) + " CASCADE");
        }
        Postgres.execute(connection, "CREATE SCHEMA public");
    }

    private List<String> tables() throws SQLException {
        return new ArrayList<>(Postgres.rows(connection, "SELECT n.nspname || '.' || c.relname FROM pg_class c"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
                + " AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1").stream()
                .map(row -> row.get(0)).toList());
    }

    private List<List<String>> rows() throws SQLException {
        if (!tables().contains(table.schema() + "." + table.name())) {
            return List.of();
        }
        boolean named = Postgres.one(connection, "SELECT 1 FROM information_schema.columns WHERE table_schema = "
                + Postgres.literal(table.schema()) + " AND table_name = " + Postgres.literal(table.name())
                + " AND column_name = 'name'") != null;
        return Postgres.rows(connection, "SELECT hash, created_at::text, " + (named ? "name" : "NULL") + " FROM "
                + DrizzleTable.sql(table) + " ORDER BY id");
    }

    private Drizzle history(DrizzleFolder.Style style, List<Made> migrations) {
        DrizzleConfig config = new DrizzleConfig(null, "", FOLDER, List.of(table), "the trial", true);
        return Drizzle.of(config, files(style, migrations), Clock.systemUTC());
    }

    /** The files that a repository with these migrations would hold. */
    private static Map<String, byte[]> files(DrizzleFolder.Style style, List<Made> migrations) {
        Map<String, byte[]> files = new TreeMap<>();
        List<String> entries = new ArrayList<>();
        for (Made made : migrations) {
            String name = style == DrizzleFolder.Style.JOURNAL ? made.tag + ".sql"
                    : STAMP.format(Instant.ofEpochMilli(made.time)) + "_" + made.tag + "/migration.sql";
            files.put(FOLDER + "/" + name, made.sql.getBytes(StandardCharsets.UTF_8));
            entries.add("{\"idx\": " + entries.size() + ", \"version\": \"7\", \"when\": " + made.time
                    + ", \"tag\": \"" + made.tag + "\", \"breakpoints\": true}");
        }
        if (style == DrizzleFolder.Style.JOURNAL) {
            files.put(FOLDER + "/meta/_journal.json", ("{\"version\": \"7\", \"dialect\": \"postgresql\", \"entries\": "
                    + entries + "}").getBytes(StandardCharsets.UTF_8));
        }
        return files;
    }

    private static String tag(Migration migration) {
        return migration.id().replaceFirst("^\\d{14}_", "");
    }

    private static List<String> parts(List<Migration> migrations) {
        return migrations.stream().flatMap(migration -> Arrays.stream(migration.sql().split(BREAKPOINT)))
                .map(String::strip).toList();
    }

    private static String all(List<String> names) {
        return names.isEmpty() ? "nothing" : String.join(", ", names);
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
