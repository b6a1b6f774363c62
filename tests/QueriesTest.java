//SOURCES OwnServer.java World.java ../lib/queries/Comparison.java ../lib/queries/IndexAdvice.java
//SOURCES ../lib/queries/Planner.java
//SOURCES ../lib/queries/QueryFolder.java ../lib/queries/Usage.java ../lib/sql/Parameters.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import lib.Failure;
import lib.Postgres;
import lib.Target;
import lib.queries.Comparison;
import lib.queries.Explained;
import lib.queries.IndexAdvice;
import lib.queries.Planner;
import lib.queries.Query;
import lib.queries.QueryFolder;
import lib.queries.Stopwatch;
import lib.queries.Usage;
import lib.queries.Workload;
import lib.sql.Parameters;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The application's queries before and after a release: what breaks them and what makes them slower is named. */
@Timeout(180)
class QueriesTest {
    private static final String INDEX = "CREATE INDEX food_logs_name_idx ON public.food_logs USING btree (food_name)";
    private static final String FILE = """
            -- name: log by name
            -- params: 'food 77'
            SELECT id, amount FROM food_logs WHERE food_name = $1;

            -- name: FoodById :one
            SELECT food_name FROM custom_foods WHERE id = @id;
            """;
    private static final String SLEEPY = "SELECT pg_sleep(%s) FROM custom_foods LIMIT 1";
    private static OwnServer server;
    private static Target production;
    private static World world;

    @BeforeAll
    static void anApplicationThatWasUsed() throws SQLException {
        server = new OwnServer();
        server.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'", "CREATE DATABASE app");
        server.restart();
        production = server.target().database("app");
        World.psql(production, World.read(World.FIXTURE.resolve("prod-at-5.sql")));
        World.execute(production, "CREATE EXTENSION pg_stat_statements", "INSERT INTO food_logs (email, food_name,"
                + " amount, calories) SELECT 'a' || i % 500 || '@x.org', 'food ' || i, 1, 1"
                + " FROM generate_series(1, 20000) AS i", INDEX, "ANALYZE", "SELECT pg_stat_statements_reset()");
        try (Connection connection = Postgres.read(production, "test")) {
            for (int i = 0; i < 30; i++) {
                Postgres.rows(connection, "SELECT amount FROM food_logs WHERE email = 'private" + i + "@x.org'"
                        + " AND logged_at > now() - interval '1 day'");
                Postgres.rows(connection, SLEEPY.formatted("0.0005"));
            }
            Postgres.rows(connection, "SELECT count(*) FROM pg_class");
        }
        world = World.drizzle();
        world.environment.put("PROD_DATABASE_URL", production.url());
        world.write("queries/logs.sql", FILE);
        world.commit("queries");
        World.Result backup = world.run("backup");
        assertEquals(0, backup.exit(), backup::all);
    }

    @AfterAll
    static void removeAll() {
        world.close();
        server.close();
    }

    private static World.Result rehearse() {
        World.write(world.folder.resolve("own.sql"), World.read(World.FIXTURE.resolve("release.sql"))
                .replace("-- Step 4", "DROP INDEX food_logs_name_idx;\n-- Step 4"));
        return world.run("validate", "--json", "--sql", world.folder.resolve("own.sql").toString());
    }

    private static JsonNode fact(World.Result seen, String name) {
        for (JsonNode query : seen.json().at("/facts/queries")) {
            if (query.path("name").asText().startsWith(name)) {
                return query;
            }
        }
        throw new AssertionError("no query " + name + ": " + seen.all());
    }

    @Test
    void slowAndBrokenQueriesStopTheReleaseUntilTheyAreAccepted() {
        World.Result seen = rehearse();
        assertEquals(10, seen.exit(), seen::all);
        JsonNode gate = seen.gate("rehearsal.queries");
        assertEquals("stop", gate.path("status").asText(), seen::all);
        String message = gate.path("message").asText();
        assertTrue(message.matches("(?s)\\d+ queries compared.*"), message);
        assertTrue(message.contains("log by name (queries/logs.sql:3) "), message);
        assertTrue(message.contains("before  Index Scan using food_logs_name_idx on food_logs, "), message);
        assertTrue(message.contains("after   Seq Scan on food_logs, "), message);
        assertTrue(message.contains("index   CREATE INDEX CONCURRENTLY "), message);
        assertTrue(message.contains("FoodById (queries/logs.sql:6) does not run any more: column \"food_name\" does"),
                message);
        assertTrue(message.contains("(production ran it 30 times) the old code stops working here: column \"email\""),
                message);
        assertFalse(seen.all().contains("private"), "no value of production is shown");

        JsonNode slow = fact(seen, "log by name");
        assertEquals("slower", slow.path("status").asText());
        assertTrue(slow.at("/before/cost").asDouble() * 5 < slow.at("/after/cost").asDouble(), slow::toString);
        assertTrue(slow.at("/before/millis").asDouble() > 0, slow::toString);
        assertEquals(INDEX.replace("INDEX", "INDEX CONCURRENTLY"),
                slow.path("index").asText(), "the very index that is gone");
        assertEquals(2, seen.json().at("/facts/broken").size(), seen::all);
        assertEquals(List.of("file", "statistics"), List.of(seen.json().at("/facts/broken/0/origin").asText(),
                seen.json().at("/facts/broken/1/origin").asText()));
        assertTrue(seen.json().at("/facts/forecast/why").asText().contains(": column \"email\" does not exist"),
                "the forecast knows: " + seen.json().at("/facts/forecast"));
        assertTrue(seen.json().at("/facts/certificate").isMissingNode(), "nothing is certified");

        world.write("queries/logs.sql", FILE.replace("SELECT id", "-- slower-ok: once a year\nSELECT id")
                .replace("SELECT food_name", "-- broken-ok: goes with the next release\nSELECT food_name"));
        world.commit("accepted");
        World.Result accepted = rehearse();
        assertEquals(0, accepted.exit(), accepted::all);
        gate = accepted.gate("rehearsal.queries");
        assertEquals("warn", gate.path("status").asText(), accepted::all);
        assertTrue(gate.path("message").asText().contains("\n  accepted: once a year"), accepted::all);
        assertEquals("once a year", fact(accepted, "log by name").path("accepted").asText());
        assertEquals("broken", fact(accepted, "FoodById").path("status").asText());
        afterTheReleaseQueriesAreComparedWithTheTimeBeforeIt();
    }

    private void afterTheReleaseQueriesAreComparedWithTheTimeBeforeIt() {
        World.Result quick = world.run("validate", "checks", "--json");
        assertEquals("pass", quick.gate("checks.queries").path("status").asText(), quick::all);
        try (Connection connection = Postgres.read(production, "test")) {
            for (int i = 0; i < 25; i++) {
                Postgres.rows(connection, SLEEPY.formatted("0.006"));
            }
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        World.Result slow = world.run("validate", "checks", "--json");
        JsonNode gate = slow.gate("checks.queries");
        assertEquals("warn", gate.path("status").asText(), slow::all);
        assertTrue(gate.path("message").asText().contains(", 25 times: SELECT pg_sleep($1) FROM custom_foods"),
                slow::all);
        assertEquals(10, slow.exit(), "its migrations are not applied: " + slow.all());
        assertTrue(slow.gate("checks.history").path("message").asText().contains("lacks 2 of 7 migrations: 0005_"),
                slow::all);
    }

    @Test
    void placesOfQueriesAreNumberedHoweverTheyAreWritten() {
        assertEquals(new Parameters("SELECT a::text, '@b', x[1:2] FROM t WHERE c = $1 AND d = $2 AND e = $1 AND f @> g",
                List.of("c", "d")), Parameters.of(
                "SELECT a::text, '@b', x[1:2] FROM t WHERE c = :c AND d = @d AND e = :'c' AND f @> g", Map.of()));
        assertEquals("SELECT 'it''s', 5, \"T\" FROM t WHERE a < $1::interval", Parameters.of(
                "SELECT :'s', :n, :\"t\" FROM t WHERE a < interval $1", Map.of("s", "it's", "n", "5", "t", "T")).sql());
        assertEquals(List.of("42", "'a, b'", "ARRAY[1, 2]"), Parameters.list("42, 'a, b', ARRAY[1, 2]"));
    }

    @Test
    void whatAQueryFileSaysWrongIsNamedWithItsLine() {
        assertTrue(wrong("\\copy t FROM 'x'\n").contains("queries/q.sql: line 1: \\copy is not understood here"));
        assertTrue(wrong("-- params: 1, 2\nSELECT $1;").contains("line 2: -- params: gives 2 values for 1 parameter"));
        assertTrue(wrong("-- slower-ok:\nSELECT 1;").contains("line 2: -- slower-ok: needs a reason"));
        assertTrue(wrong("SELECT 'open").contains("string opened on line 1 is never closed"));
        assertEquals(List.of(), QueryFolder.of(Map.of("other/q.sql", new byte[0]), "queries"));
    }

    private static String wrong(String text) {
        return assertThrows(Failure.class, () -> read(text)).getMessage();
    }

    private static List<Query> read(String text) {
        return QueryFolder.of(Map.of("queries/q.sql", text.getBytes(StandardCharsets.UTF_8)), "queries");
    }

    @Test
    void onlyWhatHasNoEffectIsRun() throws SQLException {
        World.execute(production, "CREATE SEQUENCE numbers",
                "CREATE FUNCTION careless() RETURNS int LANGUAGE sql AS 'DELETE FROM sessions; SELECT 1'");
        long sessions = Long.parseLong(sql("SELECT count(*) FROM sessions"));
        List<Query> queries = read("SELECT nextval('numbers'); SELECT careless(); DELETE FROM sessions;"
                + " WITH gone AS (DELETE FROM sessions RETURNING 1) SELECT count(*) FROM gone;"
                + " SELECT * FROM sessions FOR UPDATE; SELECT count(*) FROM sessions WHERE id = $1;"
                + " SELECT count(*) FROM sessions; SELECT $1;");
        try (Connection connection = Postgres.write(production, "test")) {
            Workload seen = Workload.of(connection, 15, queries);
            assertEquals(Map.of(), seen.errors());
            assertEquals(queries.size(), seen.plans().size(), "each has a plan");
            assertEquals(List.of("q:1"), seen.times().times().keySet().stream().map(Query::name).map(name ->
                    name.substring(0, 3)).toList(), "and one was run: " + seen.times().times().keySet());
        }
        assertEquals(sessions, Long.parseLong(sql("SELECT count(*) FROM sessions")));
        assertEquals("f", sql("SELECT is_called FROM numbers"));
        // Production is as it was backed up again.
        World.execute(production, "DROP FUNCTION careless()", "DROP SEQUENCE numbers");
    }

    @Test
    void newerServersPlanWithoutPreparing() throws SQLException {
        try (lib.Scratch newer = lib.Scratch.start(lib.Servers.embedded(16));
                Connection connection = Postgres.write(newer.target(null), "test")) {
            Postgres.execute(connection, "CREATE TABLE t (a int PRIMARY KEY, b text)");
            Planner planner = new Planner(connection, 16);
            assertTrue(planner.explain(read("SELECT b FROM t WHERE a = $1").get(0)).indexes().contains("t_pkey"));
            assertTrue(planner.explain(read("SELECT $1, b FROM t").get(0)).cost() > 0);
            assertThrows(SQLException.class, () -> planner.explain(read("SELECT gone FROM t").get(0)));
            anIndexIsProposedOnlyWhereThePlannerWouldUseIt(connection, planner);
        }
    }

    private static void anIndexIsProposedOnlyWhereThePlannerWouldUseIt(Connection connection, Planner planner)
            throws SQLException {
        Postgres.execute(connection, "CREATE TABLE \"Big\" AS SELECT i AS id, i % 1000 AS \"user\", now() AS at"
                + " FROM generate_series(1, 50000) AS i");
        Postgres.execute(connection, "ANALYZE");
        IndexAdvice advice = new IndexAdvice(connection, 16);
        for (String[] known : new String[][] {
                {"SELECT * FROM \"Big\" WHERE \"user\" = $1", "\"Big\" (\"user\")"},
                {"SELECT b.id FROM \"Big\" b WHERE b.\"user\" = $1 ORDER BY b.at DESC LIMIT 1",
                    "\"Big\" (\"user\", at DESC)"},
                {"SELECT id FROM \"Big\" ORDER BY id LIMIT 5", "\"Big\" (id)"}}) {
            Query query = read(known[0]).get(0);
            Explained plan = planner.explain(query);
            IndexAdvice.Index index = advice.of(query, plan, List.of(), plan.cost() / 2);
            assertEquals("CREATE INDEX CONCURRENTLY ON " + known[1], index.sql());
            assertTrue(index.cost() < plan.cost() / 2, index::toString);
        }
        Query all = read("SELECT count(*) FROM \"Big\" WHERE \"user\" < 999").get(0);
        Explained plan = planner.explain(all);
        assertEquals(null, advice.of(all, plan, List.of(), plan.cost() / 10), "most rows are read anyway");
        assertEquals("0", Postgres.one(connection, "SELECT count(*) FROM pg_indexes WHERE tablename = 'Big'"));
    }

    @Test
    void aGuessOfThePlannerIsNotTakenForATruthThatTheClockDenies() {
        Query query = read("SELECT 1").get(0);
        Explained.Node scan = new Explained.Node(0, "Seq Scan", "public", "t", "t", null, List.of("(a)"), List.of());
        Explained.Node index = new Explained.Node(0, "Index Scan", "public", "t", "t", "i", List.of(), List.of());
        Explained cheap = new Explained(100, 0, List.of(scan));
        Explained dear = new Explained(190, 0, List.of(scan));
        Explained other = new Explained(20, 0, List.of(index));
        Stopwatch.Times quick = new Stopwatch.Times(4, 5);
        Stopwatch.Times slow = new Stopwatch.Times(9, 10);
        assertEquals(Comparison.Status.slower, status(query, cheap, dear, null, null, 1));
        assertEquals(Comparison.Status.grown, status(query, cheap, dear, null, null, 2), "its table is twice as large");
        assertEquals(Comparison.Status.same, status(query, cheap, dear, quick, quick, 1), "no slower by the clock");
        assertEquals(Comparison.Status.slower, status(query, cheap, cheap, quick, slow, 1), "slower at the same cost");
        assertEquals(Comparison.Status.slower, status(query, other, cheap, quick, quick, 1), "another way through it");
        assertEquals(Comparison.Status.fresh, status(query, null, cheap, null, null, 1), "a query of the new code");
        assertEquals(Comparison.Status.unknown, status(query, null, null, null, null, 1), "no fault of the release");
        assertEquals(Comparison.Status.same, new Comparison(query, cheap, cheap, null, quick, slow, 1).status(1.2, 2),
                "the machine itself was half as fast");
    }

    private static Comparison.Status status(Query query, Explained before, Explained after, Stopwatch.Times one,
                                            Stopwatch.Times two, double growth) {
        return new Comparison(query, before, after, null, one, two, growth).status(1.2, 1);
    }

    @Test
    void whatProductionRanIsReadWithoutItsValues() throws SQLException {
        try (Connection connection = Postgres.read(production, "test")) {
            Usage usage = Usage.of(connection, 50);
            Usage.Statement logs = usage.statements().stream().filter(one -> one.sql().contains("logged_at >"))
                    .findFirst().orElseThrow();
            assertEquals(30, logs.calls());
            assertTrue(logs.sql().contains("email = $1"), logs.sql());
            assertTrue(usage.statements().stream().noneMatch(one -> one.sql().contains("pg_class")));
        }
    }

    private static String sql(String query) throws SQLException {
        try (Connection connection = Postgres.read(production, "test")) {
            return Postgres.one(connection, query);
        }
    }
}
