//SOURCES HazardPair.java SqlTest.java World.java
//SOURCES ../lib/Postgres.java ../lib/Scratch.java ../lib/Servers.java ../lib/hazards/Hazards.java
//SOURCES ../lib/hazards/Inventory.java ../lib/hazards/Review.java

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.hazards.Context;
import lib.hazards.Finding;
import lib.hazards.Hazard;
import lib.hazards.Hazards;
import lib.hazards.Inventory;
import lib.hazards.Review;
import lib.hazards.Source;
import lib.sql.Name;
import lib.sql.Sql;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every hazard has a bad and a good statement; rules and servers are asked about both. */
class HazardsTest {
    private static Scratch fifteen;
    private static Context database;

    @BeforeAll
    static void start() throws SQLException {
        fifteen = Scratch.start(Servers.fitting(15));
        prepare(fifteen);
        try (Connection connection = Postgres.read(fifteen.target("hazards"), "test")) {
            database = Inventory.of(connection, Context.of(Context.Shape.NONE));
        }
    }

    @AfterAll
    static void stop() {
        fifteen.close();
    }

    private static void prepare(Scratch server) {
        World.execute(server.target(null), "CREATE DATABASE hazards");
        World.psql(server.target("hazards"), HazardPair.SCHEMA + "ANALYZE;");
    }

    @Test
    void everyHazardHasABadAndAGoodExample() {
        assertEquals(Hazards.all().stream().map(Hazard::id).sorted().toList(),
                HazardPair.all().stream().map(HazardPair::id).distinct().toList());
    }

    @Test
    void theRulesTellBadFromGood() {
        List<String> wrong = new ArrayList<>();
        for (HazardPair pair : HazardPair.all()) {
            List<String> ids = pair.findings(database).stream().map(Finding::id).toList();
            if (ids.contains(pair.id()) != pair.bad()) {
                wrong.add(pair + ": " + ids);
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void whatTheServerDoesIsWhatTheHazardClaims() {
        List<String> wrong = new ArrayList<>();
        for (HazardPair pair : HazardPair.all()) {
            Hazard hazard = Hazards.find(pair.id());
            if (!pair.bad() || hazard.lock() == null) {
                continue;
            }
            boolean mode = pair.measures().values().stream()
                    .anyMatch(measured -> measured.replace(" rewrite", "").equals(hazard.lock().sql()));
            boolean rewrites = pair.measures().values().stream().anyMatch(measured -> measured.endsWith(" rewrite"));
            boolean error = pair.is("error");
            if (!error && (!mode || hazard.cost().equals("rewrite") && !rewrites)) {
                wrong.add(pair + " measures " + pair.measures() + ", the hazard claims " + hazard.blocks());
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void onPostgres15LocksRewritesAndErrorsAreMeasured() {
        assertEquals(List.of(), measured(fifteen));
    }

    @Test
    void withoutADatabaseAForeignKeyIsToldByItsName() {
        Source source = new Source("a.sql", "ALTER TABLE a DROP CONSTRAINT a_b_fkey;\nALTER TABLE a DROP CONSTRAINT c;",
                null);
        assertEquals(List.of(1), Review.of(List.of(source), Context.of(Context.Shape.NONE)).findings().stream()
                .filter(finding -> finding.id().equals("CON11")).map(Finding::line).toList());
    }

    /** A rule that looks for more than is there would take the whole review with it. */
    @Test
    void aStatementThatLacksAWordBreaksNoRule() throws IOException {
        List<String> statements = new ArrayList<>(SqlTest.corpus("sql-corpus-invalid.sql").stream()
                .map(SqlTest.Case::text).toList());
        statements.add("CREATE TABLE t (id int, n int GENERATED ALWAYS AS (id * 2) STORED, EXCLUDE USING gist (r WITH"
                + " &&))");
        HazardPair.all().stream().filter(pair -> pair.bad() && !pair.is("parse only")).flatMap(pair ->
                statements(pair).stream()).filter(sql -> sql.startsWith("ALTER")).forEach(statements::add);
        for (String statement : statements) {
            String[] words = statement.split("(?<=\\W)|(?=\\W)");
            for (int i = 0; i < words.length; i++) {
                String sql = String.join("", Arrays.copyOf(words, i))
                        + String.join("", Arrays.copyOfRange(words, i + 1, words.length));
                assertDoesNotThrow(() -> Review.of(List.of(new Source("a.sql", sql, null)), database), sql);
            }
        }
    }

    @Test
    void typesThatAreStoredAlikeAreToldApartAsTheServerDoes() throws SQLException {
        assertEquals(List.of(), types(fifteen));
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 17, 18})
    void onNewerServersToo(int major) throws SQLException {
        try (Scratch server = Scratch.start(Servers.fitting(major))) {
            prepare(server);
            assertEquals(List.of(), measured(server));
            assertEquals(List.of(), types(server));
        }
    }

    private static List<String> measured(Scratch server) {
        List<String> wrong = new ArrayList<>();
        for (HazardPair pair : HazardPair.all()) {
            // What needs a database of its own is tried on one server only: it takes long, and shows no locks.
            if (!pair.fits(server.major()) || pair.is("parse only") || pair.is("alone") && server != fifteen) {
                continue;
            }
            String trouble = pair.is("alone") ? alone(server, pair) : measured(server.target("hazards"), pair);
            if (!trouble.isEmpty()) {
                wrong.add(pair + " on " + server.major() + ": " + trouble);
            }
        }
        return wrong;
    }

    /** Which types are stored alike: a column's type before, and those that it becomes. */
    private static final Map<String, List<String>> TYPES = new TreeMap<>(Map.ofEntries(
            Map.entry("varchar(20)", List.of("varchar(20)", "varchar(40)", "varchar", "text", "varchar(10)",
                    "char(20)")),
            Map.entry("varchar", List.of("text", "varchar(10)", "character varying")),
            Map.entry("text", List.of("varchar", "varchar(10)", "bytea USING c::bytea", "text USING c", "\"char\"")),
            Map.entry("char(5)", List.of("text", "varchar(5)", "char(6)")),
            Map.entry("numeric(10,2)", List.of("numeric(12,2)", "numeric", "decimal(10, 2)", "numeric(12,4)",
                    "numeric(10,1)", "numeric(8,2)", "integer")),
            Map.entry("numeric(10)", List.of("numeric(12)", "numeric(10,0)", "numeric(12,2)")),
            Map.entry("numeric", List.of("numeric(12,2)", "numeric USING c")),
            Map.entry("integer", List.of("bigint", "int", "smallint", "oid", "text", "numeric", "integer USING c + 0")),
            Map.entry("timestamp(3)", List.of("timestamp", "timestamp(6)", "timestamp(1)")),
            Map.entry("timestamptz", List.of("timestamptz(6)", "timestamptz(3)", "timestamp with time zone", "date")),
            Map.entry("time(3)", List.of("time", "time(4)", "time(2)")),
            Map.entry("interval(2)", List.of("interval", "interval(3)", "interval(1)")),
            Map.entry("bit varying(8)", List.of("varbit(9)", "varbit", "varbit(7)")),
            Map.entry("cidr", List.of("inet", "text")), Map.entry("inet", List.of("cidr")),
            Map.entry("text[]", List.of("varchar[]", "text[] USING c", "varchar(9)[]")),
            Map.entry("varchar(9)[]", List.of("varchar(12)[]", "text[]")),
            Map.entry("integer[]", List.of("bigint[]", "int[]")), Map.entry("json", List.of("jsonb", "text")),
            Map.entry("mood", List.of("text")), Map.entry("percent", List.of("bigint"))));

    /** The server says of each pair of types whether the table is rewritten, and the rules say the same. */
    private static List<String> types(Scratch server) throws SQLException {
        List<String> wrong = new ArrayList<>();
        try (Connection connection = Postgres.write(server.target("hazards"), "test")) {
            connection.setAutoCommit(false);
            for (String from : TYPES.keySet()) {
                for (String to : TYPES.get(from)) {
                    Postgres.execute(connection, "CREATE TABLE typed (c " + from + ")");
                    String node = "SELECT pg_relation_filenode('typed')";
                    String before = Postgres.one(connection, node);
                    String type = Postgres.one(connection, "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
                            + "WHERE attrelid = 'typed'::regclass AND attname = 'c'");
                    String sql = "ALTER TABLE typed ALTER COLUMN c TYPE " + to;
                    Postgres.execute(connection, sql);
                    boolean kept = before.equals(Postgres.one(connection, node));
                    connection.rollback();
                    Context.Table table = new Context.Table(100_000, 1, false,
                            Map.of("c", new Context.Column(type, false)), Map.of(), Map.of());
                    Context context = Context.of(Context.Shape.NONE).tables(Map.of(Name.of(null, "typed"), table));
                    List<String> ids = Review.of(List.of(new Source("a.sql", sql, null)), context).findings().stream()
                            .map(Finding::id).toList();
                    if (!ids.contains(kept ? "COL02" : "COL01")) {
                        wrong.add(type + " to " + to + (kept ? " is kept " : " is rewritten ") + ids);
                    }
                }
            }
        }
        return wrong;
    }

    private static List<String> statements(HazardPair pair) {
        return Sql.split(pair.sql()).stream().map(Sql.Piece::text)
                .filter(sql -> !sql.matches("(?i)BEGIN|COMMIT")).toList();
    }

    /** Runs what no transaction can hold, in a database of its own. */
    private static String alone(Scratch server, HazardPair pair) {
        World.execute(server.target(null), "DROP DATABASE IF EXISTS alone WITH (FORCE)",
                "CREATE DATABASE alone TEMPLATE hazards");
        try (Connection connection = Postgres.write(server.target("alone"), "test")) {
            for (String sql : statements(pair)) {
                Postgres.execute(connection, sql);
            }
            return "";
        } catch (SQLException e) {
            return e.getMessage();
        }
    }

    /** Runs the statements in one transaction, looks at what it holds, and rolls it back. */
    private static String measured(Target target, HazardPair pair) {
        String error = "";
        try (Connection connection = Postgres.write(target, "test")) {
            connection.setAutoCommit(false);
            Map<String, String> names = new HashMap<>();
            Map<String, String> files = new HashMap<>();
            for (List<String> row : Postgres.rows(connection, "SELECT oid, relname, pg_relation_filenode(oid) "
                    + "FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm')")) {
                names.put(row.get(0), row.get(1));
                files.put(row.get(1), row.get(2));
            }
            Postgres.execute(connection, "SET LOCAL client_min_messages = debug1");
            for (String zone : pair.says("zone")) {
                Postgres.execute(connection, "SET LOCAL TimeZone = '" + zone + "'");
            }
            String said = "";
            try {
                for (String sql : statements(pair)) {
                    said = run(connection, sql);
                }
            } catch (SQLException e) {
                error = e.getSQLState();
            }
            String expected = String.join("", pair.says("error"));
            if (!error.isEmpty() || !expected.isEmpty()) {
                return List.of(expected.split(" ")).contains(error) ? "" : "error " + error + " instead of " + expected;
            }
            Map<String, String> found = found(connection, names, files, pair.measures().keySet().stream());
            return (found.equals(pair.measures()) ? "" : found + " instead of " + pair.measures())
                    + String.join("", talk(pair, said)) + shown(connection, pair);
        } catch (SQLException e) {
            return e.getMessage();
        }
    }

    /** What else the file says of the server, asked of it before all is rolled back. */
    private static String shown(Connection connection, HazardPair pair) throws SQLException {
        String wrong = "";
        for (String row : pair.says("row")) {
            String size = Postgres.one(connection, "SELECT pg_column_size(t.*) FROM " + row.split(" ")[0] + " t");
            wrong += size.equals(row.split(" ")[1]) ? "" : " a row has " + size + " bytes";
        }
        for (String setting : pair.says("shows")) {
            String value = Postgres.one(connection, "SHOW " + setting.split(" ")[0]);
            wrong += value.equals(setting.split(" ")[1]) ? "" : " shows " + value;
        }
        return wrong;
    }

    private static List<String> talk(HazardPair pair, String said) {
        return Stream.concat(pair.says("says").stream().filter(text -> !said.contains(text))
                        .map(text -> " does not say \"" + text + "\" but " + said),
                pair.says("silent").stream().filter(said::contains).map(text -> " says \"" + text + "\"")).toList();
    }

    private static String run(Connection connection, String sql) throws SQLException {
        StringBuilder said = new StringBuilder();
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
            for (SQLWarning warning = statement.getWarnings(); warning != null; warning = warning.getNextWarning()) {
                said.append(warning.getMessage()).append('\n');
            }
        }
        return said.toString();
    }

    /** The strongest lock on each of these tables, and whether it got another file. */
    private static Map<String, String> found(Connection connection, Map<String, String> names,
                                             Map<String, String> files, Stream<String> tables) throws SQLException {
        Map<String, Integer> strongest = new HashMap<>();
        List<String> modes = List.of("AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock",
                "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock");
        for (List<String> row : Postgres.rows(connection, "SELECT relation, mode FROM pg_locks "
                + "WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted")) {
            if (names.containsKey(row.get(0))) {
                strongest.merge(names.get(row.get(0)), modes.indexOf(row.get(1)), Math::max);
            }
        }
        Map<String, String> now = new HashMap<>();
        for (List<String> row : Postgres.rows(connection, "SELECT oid, pg_relation_filenode(oid) FROM pg_class")) {
            now.put(names.get(row.get(0)), row.get(1));
        }
        Map<String, String> found = new TreeMap<>();
        tables.forEach(table -> {
            String mode = strongest.containsKey(table) ? modes.get(strongest.get(table)).replaceFirst("Lock$", "")
                    .replaceAll("(?<=[a-z])(?=[A-Z])", " ").toUpperCase() : "NONE";
            boolean other = now.containsKey(table) && files.get(table) != null
                    && !files.get(table).equals(now.get(table));
            found.put(table, mode + (other ? " rewrite" : ""));
        });
        return found;
    }
}
