//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import lib.Exec;
import lib.Hash;
import lib.Postgres;
import lib.sql.Name;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Releases that are killed, interrupted or cut short wherever they stand. What holds them there is real: the project's
 * checks, a lock, a statement, an older snapshot, the stop and start commands, hooks of the remote.
 */
class CrashTest {
    /** A statement that does not end while the database's comment names its segment; the copy has no such comment. */
    private static final String HELD = """
            DO $$ BEGIN WHILE shobj_description((SELECT oid FROM pg_database WHERE datname = current_database()),
              'pg_database') = '%d' LOOP PERFORM pg_sleep(0.05); END LOOP; END $$;
            """;
    private static final String INDEX =
            "CREATE UNIQUE INDEX CONCURRENTLY food_logs_fitbit_idx ON food_logs (fitbit_log_id);";
    private static final String RELEASE = "live/eu";

    private World world;
    private Path script;
    private String sha;

    /** An application whose branches have slashes in their names, and a release script of three segments. */
    private void make() {
        world = World.drizzle();
        world.git(world.origin, "branch", "-m", "release", RELEASE);
        world.git("branch", "-m", "main", "team/main");
        Path gate = World.script(world.folder.resolve("gate"), """
                hold='%1$s/hold'
                test -e "$hold/$1" || exit 0
                touch "$hold/at-$1"
                while test -e "$hold/$1"; do sleep 0.05; done
                """.formatted(world.folder));
        world.write("release.json", """
                {"branches": {"source": "team/main", "release": "%2$s"}, "checks": [["%1$s", "checks"]],
                 "environments": {"production": {"url": {"env": "PROD_DATABASE_URL"},
                  "services": {"web": {"stop": ["%1$s", "stop"], "start": ["%1$s", "start"]}}}}}
                """.formatted(gate, RELEASE));
        world.commit("settings");
        world.git("push", "-q", "-u", "origin", "team/main");
        World.script(world.origin.resolve("hooks/pre-receive"), """
                grep -q refs/heads/%2$s || exit 0
                test -e '%1$s/hold/push' || exit 0
                '%1$s/gate' push
                exit 1
                """.formatted(world.folder, RELEASE));
        World.script(world.origin.resolve("hooks/post-receive"),
                "grep -q refs/heads/%2$s && '%1$s/gate' pushed\n".formatted(world.folder, RELEASE));
        String usual = World.read(World.FIXTURE.resolve("release.sql"));
        String text = usual.replaceFirst("(?s)-- Step 4.*?(INSERT.*?;)\\s*COMMIT;", java.util.regex.Matcher
                .quoteReplacement(HELD.formatted(1) + "COMMIT;\n" + INDEX + "\nBEGIN;\n" + HELD.formatted(3))
                + "$1\nCOMMIT;");
        script = world.folder.resolve("mine.sql");
        World.write(script, text);
        sha = Hash.of(text);
    }

    private World.Running release() {
        return world.begin("release", "--sql", script.toString(), "--approve", sha);
    }

    private void hold(String where) {
        World.write(world.folder.resolve("hold").resolve(where), "");
    }

    private void letGo(String where) throws IOException {
        Files.delete(world.folder.resolve("hold").resolve(where));
        Files.deleteIfExists(world.folder.resolve("hold").resolve("at-" + where));
    }

    private void holdSegment(int segment) {
        world.execute("COMMENT ON DATABASE " + Name.quote(world.production.database()) + " IS '" + segment + "'");
    }

    private void reached(World.Running running, String where) {
        until(running, () -> Files.exists(world.folder.resolve("hold").resolve("at-" + where)));
    }

    private void inSegment(World.Running running) {
        until(running, () -> at("query LIKE 'DO %'"));
    }

    private boolean at(String condition) {
        return !world.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND application_name LIKE 'release apply%' AND state = 'active' AND " + condition).equals("0");
    }

    private static void until(World.Running running, BooleanSupplier condition) {
        for (int i = 0; i < 1200 && !condition.getAsBoolean(); i++) {
            assertTrue(running == null || running.process().isAlive(), () -> World.read(running.err()));
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        assertTrue(condition.getAsBoolean(), () -> running == null ? "" : World.read(running.err()));
    }

    private static void kill(World.Running running) throws InterruptedException {
        running.process().destroyForcibly();
        assertTrue(running.process().waitFor(20, TimeUnit.SECONDS));
    }

    private String status() {
        World.Result status = world.run("release", "status");
        assertEquals(0, status.exit(), status::all);
        return status.out();
    }

    private static void says(String text, String... words) {
        for (String word : words) {
            assertTrue(text.contains(word), () -> "\"" + word + "\" is not in\n" + text);
        }
    }

    private World.Result resume(int exit) {
        World.Result result = world.run("release", "resume");
        assertEquals(exit, result.exit(), result::all);
        return result;
    }

    private void assertUntouched() {
        assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        assertNull(world.sql("SELECT to_regclass('users')"));
        assertEquals("1", world.git(world.origin, "rev-list", "--count", RELEASE));
    }

    private void assertMigrated() {
        assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        assertEquals("241", world.sql("SELECT count(*) FROM users"));
        assertEquals("3201", world.sql("SELECT count(*) FROM food_logs"));
        assertEquals("0", world.sql("SELECT count(*) FROM food_logs WHERE user_id IS NULL"));
        assertEquals("t", world.sql("SELECT indisvalid FROM pg_index"
                + " WHERE indexrelid = 'food_logs_fitbit_idx'::regclass"));
        assertNull(world.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'release_journal'"));
    }

    @Test
    void killedAtEveryStepItIsAlwaysKnownWhereItStandsAndNothingRunsTwice() throws Exception {
        make();
        try (World ended = world) {
            killedBeforeProduction();
            killedInTheFirstTransaction();
            killedOutsideOfATransaction();
            othersAndEditsAreRefused();
            killedInTheLastSegment();
            killedWhilePushing();
            killedWhileStarting();
        }
    }

    private void killedBeforeProduction() throws Exception {
        hold("checks");
        World.Running preflight = release();
        reached(preflight, "checks");
        kill(preflight);
        letGo("checks");
        says(status(), "stopped at preflight", "not changed", "nothing was pushed");

        hold("checks");
        World.Running backup = release();
        reached(backup, "checks");
        try (Connection other = Postgres.write(world.production, "other")) {
            other.setAutoCommit(false);
            Postgres.execute(other, "LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE");
            letGo("checks");
            until(backup, () -> !world.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    + " AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()").equals("0"));
            kill(backup);
        }
        World.Running validate = release();
        Path record = world.repo.resolve("_migrations/run.json");
        until(validate, () -> Files.exists(record) && World.read(record).contains("\"assess\" : {"));
        kill(validate);

        hold("stop");
        World.Running stop = release();
        reached(stop, "stop");
        kill(stop);
        letGo("stop");
        says(status(), "stopped at stop", "look whether it runs", "not changed");
        World.Result nothing = resume(10);
        says(nothing.err(), "there is no release to finish");
        assertUntouched();
    }

    private void killedInTheFirstTransaction() throws Exception {
        holdSegment(1);
        World.Running interrupted = release();
        inSegment(interrupted);
        Exec.of("kill", "-INT", String.valueOf(interrupted.process().pid())).run();
        World.Result result = interrupted.end();
        assertEquals(130, result.exit(), result::all);
        says(result.err(), "apply: interrupted", "not changed: the transaction was rolled back", "service   STOPPED");
        assertUntouched();

        World.Running killed = release();
        inSegment(killed);
        kill(killed);
        says(status(), "stopped at apply", "0 of 3 segments of a release by ");
        World.Result nothing = resume(10);
        says(nothing.err(), "not changed: the transaction was rolled back");
        assertUntouched();
        assertNull(world.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'release_journal'"));
    }

    private void killedOutsideOfATransaction() throws Exception {
        World.Running running = release();
        inSegment(running);
        World.Running resumed;
        try (Connection old = Postgres.write(world.production, "old")) {
            old.setAutoCommit(false);
            old.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            Postgres.one(old, "SELECT count(*) FROM drizzle.__drizzle_migrations");
            holdSegment(3);
            until(running, () -> at("query LIKE 'CREATE UNIQUE INDEX%' AND wait_event_type = 'Lock'"));
            kill(running);
            says(World.read(running.err()), "waits until these have ended:", "release old");
            says(status(), "1 of 3 segments of a release by ", "segment 2 was begun", "its session is at work",
                    "jbang release.java resume");
            World.Result early = world.run("release");
            assertEquals(20, early.exit(), early::all);
            resumed = world.begin("release", "resume");
            Path err = resumed.err();
            until(resumed, () -> World.read(err).contains("is still at segment 2"));
            old.rollback();
        }
        // The server has built the index for a client that is gone: it is found, and not built again.
        inSegment(resumed);
        says(World.read(resumed.err()), "segment 2 had come to its end");
        kill(resumed);
        says(status(), "2 of 3 segments");
    }

    private void othersAndEditsAreRefused() throws Exception {
        // Whoever releases from another clone is told that this one is not finished.
        Path clone = world.folder.resolve("another clone");
        world.git(world.folder, "clone", "-q", "-b", "team/main", world.origin.toString(), clone.toString());
        World.Result other = world.run("release", "--repo", clone.toString(), "--json");
        assertEquals(10, other.exit(), other::all);
        says(other.err(), "production holds a release that is not finished: 2 of 3 segments of a release by ");

        String record = world.read("_migrations/run.json");
        world.write("_migrations/run.json",
                record.replace("\"database\" : \"APPLYING\"", "\"database\" : \"APPLIED\""));
        says(resume(20).err(), "run.json is not as the release wrote it");
        world.write("_migrations/run.json", record);

        String url = world.environment.put("PROD_DATABASE_URL",
                World.productionServer().target(null).url());
        says(resume(20).err(), "the database is not the one that was backed up");
        world.environment.put("PROD_DATABASE_URL", url);

        Path sql = world.newest("release-.*\\.sql");
        String approved = World.read(sql);
        World.write(sql, approved + "SELECT 1;\n");
        says(resume(20).err(), "was edited after its rehearsal");
        World.write(sql, approved);

        world.git("switch", "-q", "-c", "elsewhere");
        says(resume(20).err(), "elsewhere is checked out, and the release is of team/main", "git switch team/main");
        world.git("switch", "-q", "team/main");

        world.execute("ALTER TABLE users ADD COLUMN sneaked_in int");
        says(resume(20).err(), "the schema of production has changed since segment 2 of 3 was committed");
        world.execute("ALTER TABLE users DROP COLUMN sneaked_in");
    }

    private void killedInTheLastSegment() throws Exception {
        World.Running interrupted = world.begin("release", "resume");
        inSegment(interrupted);
        Exec.of("kill", "-TERM", String.valueOf(interrupted.process().pid())).run();
        World.Result result = interrupted.end();
        assertEquals(20, result.exit(), result::all);
        says(result.err(), "CHANGED: 2 of 3 segments are committed, the next one was rolled back");
        World.Running killed = world.begin("release", "resume");
        inSegment(killed);
        kill(killed);
        says(status(), "2 of 3 segments");
        assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
    }

    private void killedWhilePushing() throws Exception {
        holdSegment(0);
        hold("push");
        World.Running push = world.begin("release", "resume");
        reached(push, "push");
        kill(push);
        assertMigrated();
        letGo("push");
        says(status(), "changed: all of the release SQL is committed", "NOT KNOWN", "jbang release.java resume");

        // Meanwhile somebody moves the release branch, and the remote gets another name here.
        Path clone = world.folder.resolve("another clone");
        world.git(clone, "switch", "-q", RELEASE);
        World.write(clone.resolve("hotfix.txt"), "urgent\n");
        world.git(clone, "add", "--all");
        world.git(clone, "commit", "-q", "-m", "hotfix");
        world.git(clone, "push", "-q", "origin", RELEASE);
        world.git("remote", "rename", "origin", "upstream");

        hold("pushed");
        World.Running pushed = world.begin("release", "resume");
        reached(pushed, "pushed");
        kill(pushed);
        letGo("pushed");
        says(status(), "upstream/" + RELEASE + " holds all of team/main", "jbang release.java resume");
        assertEquals("urgent", world.git(world.origin, "show", RELEASE + ":hotfix.txt"));
    }

    private void killedWhileStarting() throws Exception {
        hold("start");
        World.Running start = world.begin("release", "resume");
        reached(start, "start");
        kill(start);
        letGo("start");
        says(status(), "stopped at start", "jbang release.java resume");
        String head = world.git(world.origin, "rev-parse", RELEASE);

        World.Result result = resume(0);
        assertMigrated();
        assertEquals(head, world.git(world.origin, "rev-parse", RELEASE), "nothing is pushed twice");
        assertEquals("release: clear MIGRATIONS.md",
                world.git(world.origin, "log", "-1", "--format=%s", "team/main"));
        assertFalse(Files.exists(world.repo.resolve("_migrations/run.json")), result::all);
        resume(10);
        assertTrue(status().contains("none is under way"));
    }

    @Test
    void aDiskThatIsFullInTheMiddleHidesNothingAndTheNotesInTheFileAreKept() throws Exception {
        make();
        Path folder = Files.createDirectories(world.repo.resolve("_migrations"));
        Assumptions.assumeTrue(Exec.of("mount", "-t", "tmpfs", "-o", "size=8m", "none", folder.toString()).run().ok(),
                "only root may make a small disk");
        try (World ended = world) {
            try {
                holdSegment(1);
                World.Running running = release();
                inSegment(running);
                Exec.of("dd", "if=/dev/zero", "of=" + folder.resolve("filler"), "bs=64k").run();
                holdSegment(0);
                World.Result result = running.end();
                assertEquals(20, result.exit(), result::all);
                says(result.err(), "cannot be written: No space left", "database  changed: all of the release SQL is");
                Files.delete(folder.resolve("filler"));
                says(status(), "3 of 3 segments", "jbang release.java resume");
                // What somebody notes for the next release meanwhile stays.
                world.write("MIGRATIONS.md", world.read("MIGRATIONS.md") + "\n## Next\n- more\n");
                World.Result resumed = resume(0);
                says(resumed.err(), "because of your changes in MIGRATIONS.md: git stash && git merge --ff-only ");
                assertTrue(world.read("MIGRATIONS.md").endsWith("## Next\n- more\n"));
                assertMigrated();
            } finally {
                Exec.of("umount", "-l", folder.toString()).run();
            }
        }
    }
}
