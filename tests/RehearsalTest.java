//SOURCES World.java ../lib/Json.java ../lib/Scratch.java ../lib/Servers.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import lib.Scratch;
import lib.Servers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a rehearsal measures: a production of a few tables, backed up once, and scripts whose statements each do
 * something else to them.
 */
@Timeout(180)
class RehearsalTest {
    private static final int ROWS = 150_000;
    private static World world;

    @TempDir
    Path temp;

    @BeforeAll
    static void backUp() {
        world = World.of("measured", "template0");
        world.execute("CREATE TABLE guests (id int PRIMARY KEY, name varchar(50) NOT NULL, note text)",
                "INSERT INTO guests SELECT i, 'guest ' || i, repeat('x', 80) FROM generate_series(1, " + ROWS + ") i",
                "CREATE TABLE rooms (id int PRIMARY KEY, seen timestamptz)",
                "INSERT INTO rooms VALUES (1, '2026-01-01'), (2, '2026-01-01')",
                "CREATE TABLE stays (guest int, room int, nights int)",
                "INSERT INTO stays SELECT i, 1 + i % 2, 1 FROM generate_series(1, 20000) i",
                // Whoever writes to rooms takes a number and changes a row: a canary must do neither.
                "CREATE SEQUENCE visits",
                "CREATE FUNCTION visit() RETURNS trigger LANGUAGE plpgsql AS "
                + "'BEGIN PERFORM nextval(''visits''); NEW.seen = now(); RETURN NEW; END'",
                "CREATE TRIGGER visited BEFORE UPDATE ON rooms FOR EACH ROW EXECUTE FUNCTION visit()",
                "ALTER TABLE stays ADD CONSTRAINT paid CHECK (nights > 0) NOT VALID",
                // Nobody can see from its name that it is inlined to a constant.
                "CREATE FUNCTION fixed() RETURNS text LANGUAGE sql VOLATILE AS 'SELECT ''a''::text'",
                "CREATE DOMAIN stars AS int",
                "CREATE TABLE log (at date NOT NULL, stars stars) PARTITION BY RANGE (at)",
                "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')");
        world.commit("app");
        world.git("push", "-q", "origin", "main", "main:release");
        World.Result backup = world.run("backup");
        assertEquals(0, backup.exit(), backup::all);
    }

    @AfterAll
    static void removeTheWorld() {
        world.close();
    }

    private World.Result rehearse(String sql) {
        Path file = temp.resolve("release.sql");
        World.write(file, sql);
        return world.run("validate", "--json", "--sql", file.toString());
    }

    private static JsonNode statement(World.Result seen, String start) {
        for (JsonNode statement : seen.json().at("/facts/statements")) {
            if (statement.path("statement").asText().startsWith(start)) {
                return statement;
            }
        }
        throw new AssertionError("no statement " + start + "\n" + seen.all());
    }

    private static String lock(JsonNode statement, String table) {
        for (JsonNode lock : statement.path("locks")) {
            if (lock.path("table").asText().equals(table)) {
                return lock.path("mode").asText();
            }
        }
        return "none";
    }

    private static double seconds(World.Result seen, String table) {
        for (JsonNode blocked : seen.json().at("/facts/forecast/blocked")) {
            if (blocked.path("table").asText().equals(table)) {
                return blocked.path("seconds").asDouble();
            }
        }
        return 0;
    }

    @Test
    void eachStatementIsToldByWhatTheServerSaysOfIt() {
        World.Result seen = rehearse("""
                BEGIN;
                SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
                ALTER TABLE guests ALTER COLUMN name TYPE varchar(80);
                ALTER TABLE guests ALTER COLUMN id TYPE bigint;
                COMMIT;
                BEGIN;
                ALTER TABLE stays ADD CONSTRAINT of_room FOREIGN KEY (room) REFERENCES rooms;
                COMMIT;
                BEGIN;
                CREATE INDEX guests_name ON guests (name, note);
                COMMIT;
                CREATE INDEX CONCURRENTLY guests_note ON guests (note);
                BEGIN;
                DO $$ BEGIN EXECUTE 'ALTER TABLE stays ADD COLUMN paid_at date'; END $$;
                CREATE TABLE extras (id int PRIMARY KEY);
                ALTER TABLE extras ADD COLUMN price int;
                ALTER TABLE rooms ADD COLUMN code text DEFAULT fixed();
                COMMIT;
                BEGIN;
                UPDATE stays SET nights = 2;
                SELECT pg_sleep(0.3);
                COMMIT;
                """);
        assertEquals(0, seen.exit(), seen::all);

        JsonNode widened = statement(seen, "ALTER TABLE guests ALTER COLUMN name");
        assertEquals("ACCESS EXCLUSIVE", lock(widened, "guests"), seen::all);
        assertEquals(0, widened.path("rewrites").size(), "a longer varchar is no rewrite");

        JsonNode rewritten = statement(seen, "ALTER TABLE guests ALTER COLUMN id");
        assertEquals("[\"guests\"]", rewritten.path("rewrites").toString(), seen::all);
        assertEquals("ACCESS EXCLUSIVE", lock(rewritten, "guests"), "held since the statement before");
        assertEquals("reads and writes", rewritten.path("blocks").asText());
        assertTrue(rewritten.path("hazards").toString().contains("COL01"), seen::all);
        // Who waits, waits from the first statement that locks the table to the end of its transaction.
        double millis = rewritten.path("millis").asDouble();
        for (String kind : List.of("reads", "writes")) {
            double stall = widened.at("/stall/" + kind).asDouble();
            assertTrue(stall > millis / 2 && stall < millis * 3 + 500, kind + " waited " + stall + "\n" + seen.all());
        }

        JsonNode key = statement(seen, "ALTER TABLE stays ADD CONSTRAINT");
        assertEquals("SHARE ROW EXCLUSIVE", lock(key, "stays"));
        assertEquals("SHARE ROW EXCLUSIVE", lock(key, "rooms"), seen::all);
        assertEquals("writes", key.path("blocks").asText());
        assertTrue(key.path("scans").toString().contains("{\"table\":\"stays\",\"rows\":20000}"), seen::all);

        JsonNode index = statement(seen, "CREATE INDEX guests_name");
        assertEquals("SHARE", lock(index, "guests"));
        assertEquals(0, index.at("/stall/reads").asDouble(), "readers go on");
        assertTrue(index.path("scans").toString().contains("{\"table\":\"guests\",\"rows\":150000}"), seen::all);
        assertEquals("writes", index.path("blocks").asText());

        JsonNode concurrent = statement(seen, "CREATE INDEX CONCURRENTLY");
        assertEquals("SHARE UPDATE EXCLUSIVE", lock(concurrent, "guests"), "seen from a second connection");
        assertEquals("nothing", concurrent.path("blocks").asText());
        assertTrue(concurrent.path("stall").isNull(), seen::all);
        assertEquals("guests", concurrent.at("/scans/0/table").asText(), seen::all);

        JsonNode hidden = statement(seen, "DO ");
        assertEquals("ACCESS EXCLUSIVE", lock(hidden, "stays"), "measured, where nobody could foresee it");
        assertEquals("taken was ACCESS EXCLUSIVE on stays, foreseen none", hidden.path("predicted").asText());
        assertEquals("nothing", statement(seen, "ALTER TABLE extras").path("blocks").asText(), "nobody knows it yet");

        JsonNode constant = statement(seen, "ALTER TABLE rooms");
        assertEquals("foreseen was a rewrite (COL03), there was none", constant.path("predicted").asText(), seen::all);

        JsonNode update = statement(seen, "UPDATE stays");
        assertEquals(20000, update.path("rows").asInt());
        assertEquals("writes", update.path("blocks").asText());
        assertTrue(update.at("/stall/writes").asDouble() > 150, "its rows are held for the sleep: " + seen.all());
        assertEquals(0, update.at("/stall/reads").asDouble());

        JsonNode forecast = seen.json().at("/facts/forecast");
        assertTrue(forecast.path("stopNeeded").asBoolean(), seen::all);
        String why = forecast.path("why").asText();
        assertTrue(why.contains("guests.id is bigint instead of integer"), why);
        assertTrue(why.contains("rows are moved, and what is written meanwhile would be missed: line 20"), why);
        assertTrue(seconds(seen, "guests") * 1000 >= millis, seen::all);

        List<String> table = seen.err().lines().filter(line -> line.matches(" {2,}(\\d+|line) .*")).toList();
        assertEquals(12, table.size(), seen::all);
        assertTrue(seen.err().lines().filter(line -> line.matches(" {2,10}\\S.*"))
                .allMatch(line -> line.length() <= 80), seen::all);
        assertTrue(table.get(1).contains("AccessExclusive      all"), seen::all);
    }

    @Test
    void whatHoldsNobodyUpNeedsNoStopAndWhatDoesIsNamed() {
        String harmless = """
                BEGIN;
                CREATE TABLE extras (id int PRIMARY KEY);
                INSERT INTO extras VALUES (1);
                ALTER TABLE rooms ADD COLUMN floor int;
                %sCOMMIT;
                CREATE INDEX CONCURRENTLY guests_name ON guests (name);
                """;
        World.Result calm = rehearse(harmless.formatted(""));
        for (int i = 0; i < 2 && seconds(calm, "rooms") > 0.3; i++) {
            // A machine that is busy with other things holds a lock longer, and that is no fault of the plan.
            calm = rehearse(harmless.formatted(""));
        }
        assertEquals(0, calm.exit(), calm::all);
        assertFalse(calm.json().at("/facts/forecast/stopNeeded").asBoolean(true), calm::all);
        assertTrue(calm.gate("forecast").path("message").asText().contains("the application may go on"), calm::all);

        World.Result slow = rehearse(harmless.formatted("SELECT pg_sleep(0.6);\n"));
        assertTrue(slow.json().at("/facts/forecast/stopNeeded").asBoolean(), slow::all);
        assertTrue(slow.json().at("/facts/forecast/why").asText()
                .contains("others wait: reads and writes of rooms for "), slow::all);
        assertTrue(seconds(slow, "rooms") >= 0.6, slow::all);
        assertTrue(statement(slow, "ALTER TABLE rooms").at("/stall/reads").asDouble() > 400, slow::all);

        String record = world.read("_migrations/run.json");
        // As assess found it in production, where it is ten times as large.
        world.write("_migrations/run.json", record.replaceFirst("\\{",
                "{\"assess\": {\"facts\": {\"sizes\": {\"rooms\": 81920}}},"));
        World.Result strict = rehearse("ALTER TABLE rooms ADD COLUMN floor int NOT NULL DEFAULT 0;\n"
                + "ALTER TABLE rooms ALTER COLUMN floor DROP DEFAULT;\nDROP SEQUENCE visits;\n"
                + "ALTER TABLE stays ENABLE ROW LEVEL SECURITY;\nREVOKE SELECT ON rooms FROM PUBLIC;\n"
                + "CREATE TABLE kept AS SELECT * FROM rooms;\n");
        String why = strict.json().at("/facts/forecast/why").asText();
        for (String reason : List.of("visits is gone", "rooms.floor is new, and must have a value",
                "stays has a new rule: row level security", "may lose its rights: REVOKE in line 5",
                "would be missed: line 6")) {
            assertTrue(why.contains(reason), reason + "\n" + strict.all());
        }
        JsonNode kept = statement(strict, "CREATE TABLE kept");
        assertEquals(kept.path("millis").asDouble() * 10, kept.path("forecastMillis").asDouble(), 0.1, strict::all);
        world.write("_migrations/run.json", record);
    }

    @Test
    void canariesLeaveEveryRowAndEverySequenceAsTheyWere() {
        World.Result seen = rehearse("""
                BEGIN;
                UPDATE guests SET note = note WHERE id < 0;
                LOCK TABLE rooms IN SHARE MODE;
                SELECT pg_sleep(0.5);
                COMMIT;
                BEGIN;
                SELECT 1 / count(*) FILTER (WHERE seen = '2026-01-01') FROM rooms HAVING count(*) = 2;
                SELECT 1 / (NOT is_called)::int FROM visits;
                COMMIT;
                """);
        assertEquals(0, seen.exit(), seen::all);
        assertTrue(statement(seen, "LOCK TABLE").at("/stall/writes").asDouble() > 300, "there was one: " + seen.all());
    }

    @Test
    void whatTheReleaseLeavesInvalidStopsItAndWhatWasSoIsTold() {
        World.Result old = rehearse("COMMENT ON TABLE rooms IS 'rooms';\n");
        assertEquals(0, old.exit(), old::all);
        assertEquals("warn", old.gate("rehearsal.valid").path("status").asText());
        assertEquals("CHECK paid of stays is not validated, as before",
                old.gate("rehearsal.valid").path("message").asText());

        World.Result made = rehearse("""
                ALTER TABLE stays ADD CONSTRAINT of_room FOREIGN KEY (room) REFERENCES rooms NOT VALID;
                ALTER DOMAIN stars ADD CONSTRAINT few CHECK (VALUE < 6) NOT VALID;
                CREATE INDEX log_at ON ONLY log (at);
                ALTER TABLE rooms DISABLE TRIGGER ALL;
                """);
        assertEquals(10, made.exit(), made::all);
        assertEquals(List.of("CHECK few of domain stars is not validated",
                "foreign key of_room of stays is not validated",
                "index log_at of log is not valid: no index is attached to it for log_1",
                "foreign key of_room of stays checks nothing: its triggers are switched off"),
                made.gate("rehearsal.valid").path("message").asText().lines().toList());
        String way = made.gate("rehearsal.valid").path("hint").asText();
        assertTrue(way.contains("ALTER TABLE stays VALIDATE CONSTRAINT of_room;"), way);
        assertTrue(way.contains("ALTER DOMAIN stars VALIDATE CONSTRAINT few;"), way);

        World.Result mended = rehearse("""
                ALTER TABLE stays ADD CONSTRAINT of_room FOREIGN KEY (room) REFERENCES rooms NOT VALID;
                ALTER TABLE stays VALIDATE CONSTRAINT of_room;
                CREATE INDEX log_at ON ONLY log (at);
                CREATE INDEX log_1_at ON log_1 (at);
                ALTER INDEX log_at ATTACH PARTITION log_1_at;
                ALTER TABLE stays VALIDATE CONSTRAINT paid;
                """);
        assertEquals("pass", mended.gate("rehearsal.valid").path("status").asText(), mended::all);
    }

    @Test
    void postgres18HasConstraintsOfMoreKinds() {
        try (Scratch newer = Scratch.start(Servers.embedded(18))) {
            String other = world.environment.put("RELEASE_SCRATCH_URL", newer.target(null).url());
            try {
                World.Result seen = rehearse("""
                        ALTER TABLE stays ADD CONSTRAINT known NOT NULL guest NOT VALID;
                        ALTER TABLE stays ADD CONSTRAINT wished CHECK (nights < 99) NOT ENFORCED;
                        """);
                assertEquals(10, seen.exit(), seen::all);
                assertEquals("NOT NULL known of stays is not validated",
                        seen.gate("rehearsal.valid").path("message").asText());
                assertEquals("ACCESS EXCLUSIVE", lock(statement(seen, "ALTER TABLE stays"), "stays"));
                World.Result wished = rehearse("ALTER TABLE stays ADD CONSTRAINT wished CHECK (nights < 99)"
                        + " NOT ENFORCED;\nCREATE INDEX CONCURRENTLY stays_guest ON stays (guest);\n");
                assertEquals(0, wished.exit(), wished::all);
                assertTrue(wished.gate("rehearsal.valid").path("message").asText()
                        .contains("CHECK wished of stays is NOT ENFORCED: it protects nothing"), wished::all);
                assertFalse(wished.json().at("/facts/forecast/stopNeeded").asBoolean(true), wished::all);
            } finally {
                world.environment.put("RELEASE_SCRATCH_URL", other);
            }
        }
    }
}
