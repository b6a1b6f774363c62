//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.sql.Connection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Hash;
import lib.Postgres;
import lib.sql.Name;
import org.junit.jupiter.api.Test;

/** A release that stopped half way: gone on with only when production bears it out, or taken back. */
class ResumeTest {
    /** Fails, or does not end, while the database's comment says so; the copy has no such comment. */
    private static final String GATE = """
            DO $$ BEGIN
              IF shobj_description((SELECT oid FROM pg_database WHERE datname = current_database()), 'pg_database')
                = '%1$s fails' THEN RAISE EXCEPTION 'not today'; END IF;
              WHILE shobj_description((SELECT oid FROM pg_database WHERE datname = current_database()), 'pg_database')
                = '%1$s waits' LOOP PERFORM pg_sleep(0.05); END LOOP;
            END $$;
            """;
    private World world;

    private void says(World.Result result, String... words) {
        for (String word : words) {
            assertTrue(result.all().contains(word), () -> "\"" + word + "\" is not in\n" + result.all());
        }
    }

    private void now(String what) {
        world.execute("COMMENT ON DATABASE " + Name.quote(world.production.database()) + " IS '" + what + "'");
    }

    private World.Result run(int exit, String... arguments) {
        World.Result result = world.run("release", arguments);
        assertEquals(exit, result.exit(), result::all);
        return result;
    }

    private String journal() {
        return world.sql("SELECT obj_description('release_journal'::regnamespace)");
    }

    @Test
    void aReleaseThatStoppedHalfWayIsGoneOnWithOnlyWhenProductionBearsItOutAndCanBeTakenBack() throws Exception {
        world = World.drizzle();
        try (World ended = world) {
            stopsHalfWay();
            whatChangedMeanwhileIsNamed();
            whoCameBackIsStoppedAgain();
            withoutItsOwnJournalNothingGoesOn();
            aRollbackThatFailsLeavesTheReleaseToBeFinished();
            aRollbackThatIsKilledIsGoneOnWith();
        }
    }

    private void stopsHalfWay() {
        world.knowsPsql();
        // A service that is its session: whoever stops it ends that.
        Path stop = World.script(world.folder.resolve("stop"), "exec \"$PSQL\" -Xqc \"SELECT pg_terminate_backend(pid)"
                + " FROM pg_stat_activity WHERE application_name = 'release web'\"\n");
        world.write("release.json", """
                {"checks": [["git", "--version"]], "environments": {"production": {"url": {"env": "PROD_DATABASE_URL"},
                  "services": {"web": {"stop": ["%s"], "start": ["true"]}}}}}
                """.formatted(stop));
        world.push("a service");
        // The first half adds, so that it can be taken back whole.
        String text = World.read(World.FIXTURE.resolve("release.sql")).replace("-- Step 3", "COMMIT;\nBEGIN;\n"
                + GATE.formatted("release") + "-- Step 3");
        Path script = world.folder.resolve("mine.sql");
        World.write(script, text);
        now("release fails");
        World.Result result = run(20, "--sql", script.toString(), "--approve", Hash.of(text));
        says(result, "not today", "CHANGED: 1 of 2 segments are committed, the next one was rolled back",
                "service   STOPPED");
    }

    private void whatChangedMeanwhileIsNamed() {
        world.execute("ALTER TABLE sessions ADD COLUMN stray int", "DROP INDEX IF EXISTS none");
        says(run(20, "resume"), "the schema of production has changed since segment 1 of 2 was committed:",
                "column sessions.stray is new");
        world.execute("ALTER TABLE sessions DROP COLUMN stray");
    }

    private void whoCameBackIsStoppedAgain() throws Exception {
        try (Connection web = Postgres.write(world.production, "web")) {
            World.Result result = run(20, "resume");
            says(result, "came back since the stop: app (release web)", "stopped again: web",
                    "nobody else is connected, and nothing is written", "not today");
            assertFalse(web.isValid(5));
        }
    }

    private void withoutItsOwnJournalNothingGoesOn() {
        String journal = journal();
        world.execute("COMMENT ON SCHEMA release_journal IS "
                + Postgres.literal(journal.replaceFirst("\"plan\":\"[0-9a-f]{8}", "\"plan\":\"00000000")));
        says(run(20, "resume"), "production holds the journal of another release, and none of this one any more: "
                + "1 of 2 segments of a release by ");
        world.execute("DROP SCHEMA release_journal");
        says(run(20, "resume"), "production holds no journal of this release any more");
        world.execute("CREATE SCHEMA release_journal", "COMMENT ON SCHEMA release_journal IS "
                + Postgres.literal(journal));
        says(run(0, "status"), "1 of 2 segments of a release by ", "jbang release.java resume");
    }

    private void aRollbackThatFailsLeavesTheReleaseToBeFinished() {
        Path file = world.newest("rollback-.*-after-1\\.sql");
        World.write(file, World.read(file).replaceFirst("BEGIN;\n", Matcher.quoteReplacement("BEGIN;\n"
                + GATE.formatted("rollback"))) + "BEGIN;\n" + GATE.formatted("its end") + "COMMIT;\n");
        String sha = Hash.of(World.read(file));
        world.execute("ALTER TABLE sessions ADD COLUMN stray int");
        says(run(20, "rollback"), "the schema is not what the release left:", "column sessions.stray is new");
        world.execute("ALTER TABLE sessions DROP COLUMN stray");
        says(run(11, "rollback"), "--approve " + sha);
        now("rollback fails");
        says(run(20, "rollback", "--approve", sha), "not today", "the database was not changed by the rollback",
                "or finish the release instead: jbang release.java resume");
        assertTrue(journal().contains("\"committed\":1"), journal());
        now("release fails");
        says(run(20, "resume"), "1 of 2 segments are committed there", "not today");
    }

    private void aRollbackThatIsKilledIsGoneOnWith() throws Exception {
        String sha = Hash.of(World.read(world.newest("rollback-.*-after-1\\.sql")));
        now("its end waits");
        World.Running running = world.begin("release", "rollback", "--approve", sha);
        while (world.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND application_name LIKE 'release apply%' AND query LIKE 'DO %' AND query LIKE '%its end%'"
                + " AND state = 'active'").equals("0")) {
            assertTrue(running.process().isAlive(), () -> World.read(running.err()));
            Thread.sleep(50);
        }
        running.process().destroyForcibly();
        running.end();
        World.Result status = run(0, "status");
        says(status, "and not ended: 1 of 2 segments of rollback-", "jbang release.java rollback");
        assertTrue(Pattern.compile("(?m)^next +jbang release\\.java rollback").matcher(status.out()).find(),
                status::all);
        says(run(20, "resume"), "this release is being taken back: 1 of 2 segments of that are committed",
                "jbang release.java rollback");

        now("nothing");
        world.execute("ALTER TABLE sessions ADD COLUMN stray int");
        says(run(20, "rollback"), "the schema has changed since segment 1 of 2 of the rollback was committed:",
                "column sessions.stray is new");
        world.execute("ALTER TABLE sessions DROP COLUMN stray");
        says(run(0, "rollback"), "1 of 2 segments of the rollback that was begun ", "rolled back by ");
        assertNull(world.sql("SELECT to_regclass('users')"));
        assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        assertNull(world.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'release_journal'"));
        says(run(0, "status"), "none is under way", "taken back");
        says(run(10, "rollback"), "was taken back already");
    }
}
