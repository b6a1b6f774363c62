//SOURCES Held.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.regex.Matcher;
import lib.Exec;
import lib.Hash;
import lib.Postgres;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * Releases that are killed, interrupted or cut short wherever they stand. What holds them there is real: the project's
 * checks, a lock, a statement, an older snapshot, the stop and start commands, hooks of the remote.
 */
@Order(1)
class CrashTest {
    private static final String RELEASE = "live/eu";
    private static final int BEGINNING = 9;

    private World world;
    private Held held;
    private Path script;
    private String sha;

    /** An application whose branches have slashes in their names, and a release script of three segments. */
    private void make() {
        world = World.drizzle();
        world.git(world.origin, "branch", "-m", "release", RELEASE);
        world.git("branch", "-m", "main", "team/main");
        held = new Held(world);
        Path gate = held.gate;
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
        // It can be held before its first lock, too: whoever came earlier would be noticed by the final backup.
        String text = Held.segments().replaceFirst("SET LOCAL lock_timeout = '5s';\n",
                Matcher.quoteReplacement("SET LOCAL lock_timeout = '5s';\n" + Held.STATEMENT.formatted(BEGINNING)));
        script = world.folder.resolve("mine.sql");
        World.write(script, text);
        sha = Hash.of(text);
    }

    private World.Running release() {
        return world.begin("release", "--sql", script.toString(), "--approve", sha);
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
        held.hold("checks");
        World.Running preflight = release();
        held.reached(preflight, "checks");
        Held.kill(preflight);
        held.letGo("checks");
        Held.says(held.status(), "stopped at preflight", "not changed", "nothing was pushed");

        held.hold("checks");
        World.Running backup = release();
        held.reached(backup, "checks");
        try (Connection other = Postgres.write(world.production, "other")) {
            other.setAutoCommit(false);
            Postgres.execute(other, "LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE");
            held.letGo("checks");
            Held.until(backup, () -> !world.sql("SELECT count(*) FROM pg_stat_activity"
                    + " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                    + " AND pid <> pg_backend_pid()").equals("0"));
            Held.kill(backup);
        }
        World.Running validate = release();
        Path record = world.repo.resolve("_migrations/run.json");
        Held.until(validate, () -> Files.exists(record) && World.read(record).contains("\"assess\" : {"));
        Held.kill(validate);

        held.hold("stop");
        World.Running stop = release();
        held.reached(stop, "stop");
        Held.kill(stop);
        held.letGo("stop");
        Held.says(held.status(), "stopped at stop", "look whether it runs", "not changed");
        World.Result nothing = held.resume(10);
        Held.says(nothing.err(), "there is no release to finish");
        assertUntouched();
    }

    private void killedInTheFirstTransaction() throws Exception {
        held.holdSegment(BEGINNING);
        World.Running interrupted = release();
        held.inSegment(interrupted);
        try (Connection web = Postgres.write(world.production, "web")) {
            web.setAutoCommit(false);
            Postgres.execute(web, "LOCK TABLE sessions IN ROW EXCLUSIVE MODE");
            held.holdSegment(0);
            Held.until(interrupted, () -> World.read(interrupted.err()).contains("waiting for pid "));
            Held.interrupt(interrupted);
            World.Result result = interrupted.end();
            assertEquals(130, result.exit(), result::all);
            Held.says(result.err(), "of app (release web)", "apply: interrupted",
                    "not changed: the transaction was rolled back", "service   STOPPED");
        }
        assertUntouched();

        held.holdSegment(1);
        World.Running killed = release();
        held.inSegment(killed);
        Held.kill(killed);
        Held.says(held.status(), "stopped at apply", "0 of 3 segments of a release by ");
        World.Result nothing = held.resume(10);
        Held.says(nothing.err(), "not changed: the transaction was rolled back");
        assertUntouched();
        assertNull(world.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'release_journal'"));
    }

    private void killedOutsideOfATransaction() throws Exception {
        World.Running running = release();
        held.inSegment(running);
        World.Running resumed;
        try (Connection old = Postgres.write(world.production, "old")) {
            old.setAutoCommit(false);
            old.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            Postgres.one(old, "SELECT count(*) FROM drizzle.__drizzle_migrations");
            held.holdSegment(3);
            Held.until(running, () -> held.at("query LIKE 'CREATE UNIQUE INDEX%' AND wait_event_type = 'Lock'"));
            Held.kill(running);
            Held.says(World.read(running.err()), "waits until these have ended:", "release old");
            Held.says(held.status(), "1 of 3 segments of a release by ", "segment 2 was begun",
                    "its session is at work",
                    "jbang release.java resume");
            World.Result early = world.run("release");
            assertEquals(20, early.exit(), early::all);
            World.Running waiting = world.begin("release", "resume");
            Held.until(waiting, () -> World.read(waiting.err()).contains("is still at segment 2"));
            Held.interrupt(waiting);
            World.Result interrupted = waiting.end();
            assertEquals(20, interrupted.exit(), interrupted::all);
            Held.says(interrupted.err(), "segment 2", "next      jbang release.java resume");
            resumed = world.begin("release", "resume");
            Path err = resumed.err();
            Held.until(resumed, () -> World.read(err).contains("is still at segment 2"));
            old.rollback();
        }
        // The server has built the index for a client that is gone: it is found, and not built again.
        held.inSegment(resumed);
        Held.says(World.read(resumed.err()), "segment 2 had come to its end");
        Held.kill(resumed);
        Held.says(held.status(), "2 of 3 segments");
    }

    private void othersAndEditsAreRefused() throws Exception {
        // Whoever releases from another clone is told that this one is not finished.
        Path clone = world.folder.resolve("another clone");
        world.git(world.folder, "clone", "-q", "-b", "team/main", world.origin.toString(), clone.toString());
        World.Result other = world.run("release", "--repo", clone.toString(), "--json");
        assertEquals(10, other.exit(), other::all);
        Held.says(other.err(), "production holds a release that is not finished: 2 of 3 segments of a release by ");

        String record = world.read("_migrations/run.json");
        for (String[] edit : new String[][] {{"\"database\" : \"APPLYING\"", "\"database\" : \"APPLIED\""},
            {"\"database\" : \"APPLYING\"", "\"database\" : \"UNTOUCHED\""}}) {
            assertTrue(record.contains(edit[0]), record);
            world.write("_migrations/run.json", record.replace(edit[0], edit[1]));
            World.Result refused = world.run("release", "resume");
            assertEquals(edit[1].contains("UNTOUCHED") ? 10 : 20, refused.exit(), refused::all);
            Held.says(refused.err(), "run.json is not as the release wrote it");
        }
        world.write("_migrations/run.json",
                record.replace("\"database\" : \"APPLYING\"", "\"database\" : \"FINE\""));
        World.Result nonsense = world.run("release", "status");
        assertEquals(10, nonsense.exit(), nonsense::all);
        Held.says(nonsense.err(), "run.json ", "take the edit back");
        world.write("_migrations/run.json", record.replace("\"pushed\" : \"NOTHING\"", "\"pushed\" : \"BOTH\""));
        // Whatever writes to an edited record does not make it a true one.
        World.Result assessed = world.run("assess");
        assertEquals(10, assessed.exit(), assessed::all);
        Held.says(assessed.err(), "a release is not finished here: 2 of 3 segments of a release by ",
                "-> jbang release.java status");
        Held.says(held.resume(20).err(), "run.json is not as the release wrote it");
        world.write("_migrations/run.json", record);

        String url = world.environment.put("PROD_DATABASE_URL",
                World.productionServer().target(null).url());
        Held.says(held.resume(20).err(), "the database is not the one that was backed up");
        world.environment.put("PROD_DATABASE_URL", url);

        Path sql = world.newest("release-.*\\.sql");
        String approved = World.read(sql);
        World.write(sql, approved + "SELECT 1;\n");
        Held.says(held.resume(20).err(), "was edited after its rehearsal");
        World.write(sql, approved);

        world.git("switch", "-q", "-c", "elsewhere");
        Held.says(held.resume(20).err(), "elsewhere is checked out, and the release is of team/main",
                "git switch team/main");
        world.git("switch", "-q", "team/main");

        world.execute("ALTER TABLE users ADD COLUMN sneaked_in int");
        Held.says(held.resume(20).err(), "the schema of production has changed since segment 2 of 3 was committed");
        world.execute("ALTER TABLE users DROP COLUMN sneaked_in");
    }

    private void killedInTheLastSegment() throws Exception {
        World.Running interrupted = world.begin("release", "resume");
        held.inSegment(interrupted);
        Exec.of("kill", "-TERM", String.valueOf(interrupted.process().pid())).run();
        World.Result result = interrupted.end();
        assertEquals(20, result.exit(), result::all);
        Held.says(result.err(), "CHANGED: 2 of 3 segments are committed, the next one was rolled back");
        World.Running killed = world.begin("release", "resume");
        held.inSegment(killed);
        Held.kill(killed);
        Held.says(held.status(), "2 of 3 segments");
        assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
    }

    private void killedWhilePushing() throws Exception {
        held.holdSegment(0);
        held.hold("push");
        World.Running interrupted = world.begin("release", "resume");
        held.reached(interrupted, "push");
        Held.interrupt(interrupted);
        World.Result result = interrupted.end();
        assertEquals(20, result.exit(), result::all);
        Held.says(result.err(), "git       NOT KNOWN", "next      jbang release.java resume");
        held.letGo("push");

        held.hold("push");
        World.Running push = world.begin("release", "resume");
        held.reached(push, "push");
        Held.kill(push);
        assertMigrated();
        held.letGo("push");
        Held.says(held.status(), "changed: all of the release SQL is committed", "NOT KNOWN",
                "jbang release.java resume");

        // Meanwhile somebody moves the release branch, and the remote gets another name here.
        Path clone = world.folder.resolve("another clone");
        world.git(clone, "switch", "-q", RELEASE);
        World.write(clone.resolve("hotfix.txt"), "urgent\n");
        world.git(clone, "add", "--all");
        world.git(clone, "commit", "-q", "-m", "hotfix");
        world.git(clone, "push", "-q", "origin", RELEASE);
        world.git("remote", "rename", "origin", "upstream");

        held.hold("pushed");
        World.Running pushed = world.begin("release", "resume");
        held.reached(pushed, "pushed");
        Held.kill(pushed);
        held.letGo("pushed");
        Held.says(held.status(), "upstream/" + RELEASE + " holds all of team/main", "jbang release.java resume");
        assertEquals("urgent", world.git(world.origin, "show", RELEASE + ":hotfix.txt"));
    }

    private void killedWhileStarting() throws Exception {
        held.hold("start");
        World.Running start = world.begin("release", "resume");
        held.reached(start, "start");
        Held.kill(start);
        held.letGo("start");
        Held.says(held.status(), "stopped at start", "jbang release.java resume");
        String head = world.git(world.origin, "rev-parse", RELEASE);

        World.Result result = held.resume(0);
        assertMigrated();
        assertEquals(head, world.git(world.origin, "rev-parse", RELEASE), "nothing is pushed twice");
        assertEquals("release: clear MIGRATIONS.md",
                world.git(world.origin, "log", "-1", "--format=%s", "team/main"));
        assertFalse(Files.exists(world.repo.resolve("_migrations/run.json")), result::all);
        held.resume(10);
        assertTrue(held.status().contains("none is under way"));
    }

    @Test
    void aDiskThatIsFullInTheMiddleHidesNothingAndTheNotesInTheFileAreKept() throws Exception {
        make();
        Path folder = Files.createDirectories(world.repo.resolve("_migrations"));
        Assumptions.assumeTrue(Exec.of("mount", "-t", "tmpfs", "-o", "size=8m", "none", folder.toString()).run().ok(),
                "only root may make a small disk");
        try (World ended = world) {
            try {
                held.holdSegment(1);
                World.Running running = release();
                held.inSegment(running);
                Exec.of("dd", "if=/dev/zero", "of=" + folder.resolve("filler"), "bs=64k").run();
                held.holdSegment(0);
                World.Result result = running.end();
                assertEquals(20, result.exit(), result::all);
                Held.says(result.err(), "cannot be written: No space left",
                        "database  changed: all of the release SQL is");
                Files.delete(folder.resolve("filler"));
                Held.says(held.status(), "3 of 3 segments", "jbang release.java resume");
                // What somebody notes for the next release meanwhile stays.
                world.write("MIGRATIONS.md", world.read("MIGRATIONS.md") + "\n## Next\n- more\n");
                World.Result resumed = held.resume(0);
                Held.says(resumed.err(), "because of your changes in MIGRATIONS.md: git stash && git merge --ff-only ");
                assertTrue(world.read("MIGRATIONS.md").endsWith("## Next\n- more\n"));
                assertMigrated();
            } finally {
                Exec.of("umount", "-l", folder.toString()).run();
            }
        }
    }
}
