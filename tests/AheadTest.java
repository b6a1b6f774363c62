//SOURCES Held.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.sql.Connection;
import lib.Postgres;
import org.junit.jupiter.api.Test;

/** An index that is built before the stop, of a release that then needs one: broken off in both, and finished. */
class AheadTest {
    private static final String BUILT = "SELECT count(*) FROM pg_index WHERE indisvalid"
            + " AND indexrelid = to_regclass('food_logs_by_name')";
    private static final String RENAMED = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'sessions'::regclass"
            + " AND attname = 'mail'";

    private World world;
    private Held held;

    private void make() {
        world = World.drizzle();
        held = new Held(world);
        world.git("rm", "-rq", "drizzle");
        World.copy(World.FIXTURE.resolve("drizzle-release5"), world.repo.resolve("drizzle"));
        world.write("MIGRATIONS.md", "# Notes\n<!-- Add entries below this line -->\n");
        world.migration("0005_mail", "ALTER TABLE \"sessions\" RENAME COLUMN \"email\" TO \"mail\";");
        world.migration("0006_by_name", "CREATE INDEX CONCURRENTLY \"food_logs_by_name\" ON \"food_logs\""
                + " (\"food_name\");");
        world.write("release.json", """
                {"checks": [["%1$s", "build"]], "environments": {"production": {
                  "url": {"env": "PROD_DATABASE_URL"},
                  "services": {"web": {"stop": ["%1$s", "stop"], "start": ["%1$s", "start"]}}}}}
                """.formatted(held.gate));
        world.push("mail");
    }

    @Test
    void whatNobodyWaitsForIsBuiltWhileTheServiceIsUpWhereverTheReleaseBreaksOff() throws Exception {
        make();
        try (World ended = world) {
            World.Result asked = world.run("release", "--json");
            assertEquals(11, asked.exit(), asked::all);
            Held.says(asked.err(), "ahead", "1 of 2 segments before the stop");
            String[] words = asked.json().at("/facts/approve").asText().split(" ");
            String hash = words[java.util.List.of(words).indexOf("--approve") + 1];

            killedWhileItBuilds(hash);
            stoppedByASession();
            finished();
        }
    }

    // An index that is built concurrently waits for every older snapshot.
    private void killedWhileItBuilds(String hash) throws Exception {
        held.hold("build");
        World.Running running = world.begin("release", "--approve", hash);
        held.reached(running, "build");
        try (Connection old = Postgres.write(world.production, "old")) {
            old.setAutoCommit(false);
            old.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            Postgres.one(old, "SELECT 1");
            held.letGo("build");
            held.inStep(running, "ahead");
            Held.until(running, () -> held.at("query LIKE '%CREATE INDEX%'"));
            Held.kill(running);
            Held.says(held.status(), "stopped at ahead", "segment 1 is under way, outside of a transaction",
                    "not touched", "nothing was pushed", "jbang release.java resume");
            old.rollback();
        }
    }

    private void stoppedByASession() throws Exception {
        world.environment.put("RELEASE_QUIET_SECONDS", "1");
        held.hold("stop");
        try (Connection user = Postgres.read(world.production, "psql")) {
            World.Running running = world.begin("release", "resume");
            held.reached(running, "stop");
            assertEquals("1", world.sql(BUILT), "the index is there before anything stops");
            assertEquals("0", world.sql(RENAMED));
            held.letGo("stop");
            World.Result stopped = running.end();
            assertEquals(20, stopped.exit(), stopped::all);
            Held.says(stopped.err(), "the database is still in use by app (release psql)",
                    "then: jbang release.java resume",
                    "CHANGED: 1 of 2 segments are committed: what nobody has to wait for, and no code can see",
                    "STOPPED; start it: '" + held.gate + "' start", "jbang release.java resume");
            assertEquals("1", Postgres.one(user, "SELECT 1"));
        }
        world.environment.remove("RELEASE_QUIET_SECONDS");
        World.Result other = world.run("release");
        assertEquals(20, other.exit(), other::all);
        World.Result staging = world.run("release", "resume", "--outside-window", "staging");
        assertEquals(2, staging.exit(), staging::all);
        Held.says(staging.err(), "--outside-window staging is not the environment that is changed: production");
    }

    private void finished() {
        // Somebody started the service meanwhile, and it wrote.
        world.execute("INSERT INTO sessions (email, expires_at) VALUES ('late@example.com', now())");
        World.Result resumed = world.run("release", "resume", "--json");
        assertEquals(0, resumed.exit(), resumed::all);
        Held.says(resumed.err(), "1 segment is committed already", "holds the last write",
                "1 of 2 segments are committed there");
        assertEquals("1", world.sql(BUILT));
        assertEquals("1", world.sql(RENAMED));
        assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        assertNull(world.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'release_journal'"));
        JsonNode downtime = resumed.json().at("/facts/downtime");
        assertTrue(downtime.path("seconds").asDouble() > 0, downtime::toString);
        World.Result restored = world.run("backup", "verify", resumed.json().at("/facts/backup/file").asText("x"));
        assertEquals(0, restored.exit(), restored::all);
    }

    /** No history, so that the index is all of the SQL; with nothing left for it the stop would find no journal. */
    @Test
    void whoAsksForAStopGetsItThoughAllOfTheSqlCouldRunBefore() {
        try (World plain = World.of("all ahead", "template0")) {
            plain.knowsPsql();
            // Each of both writes down whether the index is there.
            Path call = World.script(plain.folder.resolve("call"), "echo \"$1 $(\"$PSQL\" -XqAtc \"" + BUILT.replace(
                    "food_logs_by_name", "notes_by_body") + "\")\" >> \"$0.log\"\n");
            plain.write("release.json", """
                    {"checks": [["git", "--version"]], "environments": {"production": {
                      "url": {"env": "PROD_DATABASE_URL"},
                      "services": {"web": {"stop": ["%1$s", "stop"], "start": ["%1$s", "start"]}}}}}
                    """.formatted(call));
            String table = "CREATE TABLE notes (id integer PRIMARY KEY, body text);";
            plain.write("migrations/0001_notes.sql", table);
            plain.execute(table, "INSERT INTO notes VALUES (1, 'a')");
            plain.commit("notes");
            plain.git("push", "-q", "-u", "origin", "main", "main:release");
            String index = "CREATE INDEX CONCURRENTLY notes_by_body ON notes (body);";
            plain.write("migrations/0002_by_body.sql", index);
            plain.push("an index");
            World.Result asked = plain.run("release", "--stop", "--json");
            assertEquals(11, asked.exit(), asked::all);
            World.Result released = plain.run("release", "--stop", "--approve",
                    asked.json().at("/facts/sql/sha256").asText());
            assertEquals(0, released.exit(), released::all);
            Held.says(released.err(), "none of the SQL can run before the stop", "stopped: web");
            assertEquals("stop 0\nstart 1\n", World.read(plain.folder.resolve("call.log")), released::all);
            assertEquals(plain.git("rev-parse", "main"), plain.git(plain.origin, "rev-parse", "release"));
        }
    }
}
