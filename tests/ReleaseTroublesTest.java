//SOURCES Held.java ReleaseCase.java World.java ../lib/Exec.java ../lib/Postgres.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Exec;
import lib.Postgres;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** A release that fails, waits or stays unfinished: all that is true then is said, and its way out is taken. */
@Order(1)
class ReleaseTroublesTest extends ReleaseCase {
    @Test
    void aMigrationThatFailsOnProductionIsRolledBackAndEverythingIsSaid() {
        String rows = "INSERT INTO favourites (email, custom_food_id)"
                + " VALUES ('Twice@example.com', 1), ('twice@example.com', 1)";
        try (World world = withStop("exec \"$PSQL\" -Xqc \"" + rows + "\"", null)) {
            world.knowsPsql();
            World.Result result = approved(world);
            assertEquals(10, result.exit(), result::all);
            assertTrue(result.err().contains("could not create unique index \"favourites_user_food_idx\""),
                    result::all);
            assertTrue(result.err().contains("cause: duplicates (rows are alike where each must be unique)")
                    && result.err().contains("GROUP BY user_id, custom_food_id HAVING count(*) > 1"), result::all);
            assertTrue(result.err().contains("database  not changed: the transaction was rolled back"), result::all);
            assertTrue(result.err().contains("service   STOPPED"), result::all);
            assertTrue(result.err().contains("git       nothing was pushed"), result::all);
            assertTrue(result.err().matches("(?s).*backup    _migrations/backup-\\d{8}-\\d{6}\\.dump.*"), result::all);
            assertFalse(result.all().contains("wice@example.com"), "nobody's e-mail is quoted");
            assertUntouched(world, result);
            assertTrue(World.read(world.newest("report-.*\\.md")).contains("**STOP** at apply"));
            assertTrue(World.read(world.newest("report-.*\\.html")).contains("Stopped at apply"));
        }
    }

    @Test
    void aSegmentThatFailsAfterAnotherWasCommittedIsUnfinishedAndTheRestCanBeReleased() {
        String duplicate = "INSERT INTO food_logs (email, food_name, amount, calories, fitbit_log_id)"
                + " VALUES ('person1@example.com', 'Toast', 1, 1, 'L1')";
        try (World world = withStop("exec \"$PSQL\" -Xqc \"" + duplicate + "\"", null)) {
            world.knowsPsql();
            Path script = world.folder.resolve("mine.sql");
            String usual = World.read(World.FIXTURE.resolve("release.sql"));
            String index = "CREATE UNIQUE INDEX CONCURRENTLY food_logs_fitbit_idx ON food_logs (fitbit_log_id);";
            World.write(script, usual.replaceFirst("(?s)-- Step 4.*?(INSERT.*?;)\\s*COMMIT;",
                    "COMMIT;\n" + index + "\n$1"));
            World.Result result = approved(world, script);
            assertEquals(20, result.exit(), result::all);
            assertTrue(result.err().contains("could not create unique index \"food_logs_fitbit_idx\""), result::all);
            assertTrue(result.err().contains("removed index food_logs_fitbit_idx"), result::all);
            assertTrue(result.err().contains("database  CHANGED: 1 of 3 segments are committed"), result::all);
            assertEquals("241", world.sql("SELECT count(*) FROM users"));
            assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertEquals("1", world.git(world.origin, "rev-list", "--count", "release"));

            World.Result buried = world.run("release", "--json");
            assertEquals(20, buried.exit(), buried::all);
            Path rest = world.newest("rest-.*\\.sql");
            assertTrue(buried.err().contains("jbang release.java --sql _migrations/" + rest.getFileName()),
                    buried::all);

            world.execute("DELETE FROM food_logs WHERE food_name = 'Toast'");
            world.environment.put("PSQL", "true");
            World.Result finished = approved(world, rest);
            assertReleased(world, finished);
            assertEquals("t", world.sql("SELECT indisvalid FROM pg_index"
                    + " WHERE indexrelid = 'food_logs_fitbit_idx'::regclass"));
        }
    }

    @Test
    void aPushRefusedByAServerHookLeavesTheReleaseUnfinishedAndResumeFinishesIt() throws IOException {
        try (World world = withStop("exit 0", "touch ../started")) {
            Path hook = World.script(world.origin.resolve("hooks/update"), """
                    test "$1" != refs/heads/release || { echo 'release is protected' >&2; exit 1; }
                    """);
            World.Result result = approved(world);
            assertEquals(20, result.exit(), result::all);
            assertTrue(result.err().contains("release is protected"), result::all);
            assertTrue(result.err().contains("database  changed: all of the release SQL is committed"), result::all);
            assertTrue(result.err().contains("do not start the old code"), result::all);
            assertTrue(result.err().contains("next      jbang release.java resume"), result::all);
            assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertEquals("1", world.git(world.origin, "rev-list", "--count", "release"));
            assertEquals("unfinished", result.json().path("status").asText());

            World.Result status = world.run("release", "status");
            assertEquals(0, status.exit(), status::all);
            assertTrue(status.out().contains("7 migrations applied, none pending"), status::all);
            assertTrue(status.out().contains("jbang release.java resume"), status::all);

            String approved = world.git("rev-parse", "main");
            World.Result early = world.run("release");
            assertEquals(20, early.exit(), "a new release must not bury the unfinished one: " + early.all());
            assertTrue(early.err().contains("jbang release.java resume"), early::all);

            Files.delete(hook);
            aColleaguesEntryThatConflictsIsKept(world);
            World.Result resumed = world.run("release", "resume");
            assertEquals(0, resumed.exit(), resumed::all);
            assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertTrue(resumed.err().contains("what others have pushed to main since waits"), resumed::all);
            world.git(world.origin, "merge-base", "--is-ancestor", approved, "release");
            assertTrue(world.git(world.origin, "show", "main:MIGRATIONS.md").endsWith("\n\n## Theirs\n- later"));
            assertFalse(world.git(world.origin, "show", "release:MIGRATIONS.md").contains("## Theirs"));
            assertEquals(world.git(world.origin, "rev-parse", "main"), world.git("rev-parse", "HEAD"));
            assertTrue(Files.exists(world.folder.resolve("started")));
            World.Result nothing = world.run("release", "resume");
            assertEquals(10, nothing.exit(), nothing::all);
        }
    }

    // The release clears the notes below which somebody has just written. The way out is followed as it is told.
    private static void aColleaguesEntryThatConflictsIsKept(World world) {
        Path clone = world.folder.resolve("colleague");
        world.git(world.folder, "clone", "-q", "-b", "main", world.origin.toString(), clone.toString());
        World.write(clone.resolve("MIGRATIONS.md"), world.read("MIGRATIONS.md") + "\n## Theirs\n- later\n");
        world.git(clone, "commit", "-q", "-a", "-m", "their entry");
        world.git(clone, "push", "-q", "origin", "main");
        World.Result resumed = world.run("release", "resume");
        assertEquals(20, resumed.exit(), resumed::all);
        assertTrue(resumed.err().contains("conflicts with this release in: MIGRATIONS.md"), resumed::all);
        Matcher out = Pattern.compile("-> (git fetch .*?) +# solve it, then: (.*) && jbang release\\.java resume\n")
                .matcher(resumed.err());
        assertTrue(out.find(), resumed::all);
        assertFalse(Exec.of("sh", "-c", out.group(1)).in(world.repo).with(world.environment).run().ok());
        String template = world.git("show", "MERGE_HEAD:MIGRATIONS.md");
        world.write("MIGRATIONS.md", template + "\n\n## Theirs\n- later\n");
        world.git("commit", "-q", "-a", "--no-edit");
        Exec.Result solved = Exec.of("sh", "-c", out.group(2)).in(world.repo).with(world.environment).run();
        assertTrue(solved.ok(), solved::err);
    }

    @Test
    void aRecordThatCannotBeWrittenAnyMoreHidesNothingAndTheWayOutOfItReleases() throws IOException {
        try (World world = World.drizzle()) {
            String record = world.repo.resolve("_migrations/run.json").toString();
            Path hook = World.script(world.origin.resolve("hooks/update"), """
                    test "$1" = refs/heads/release || exit 0
                    rm -f '%1$s' && mkdir -p '%1$s'
                    echo 'release is protected' >&2
                    exit 1
                    """.formatted(record));
            World.Result result = approved(world);
            assertEquals(20, result.exit(), result::all);
            assertTrue(result.err().contains("release is protected"), result::all);
            assertTrue(result.err().contains("database  changed: all of the release SQL is committed"), result::all);
            assertTrue(result.err().contains("run.json"), "the record is told to be broken: " + result.all());
            assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertEquals("unfinished", result.json().path("status").asText());

            World.Result resumed = world.run("release", "resume");
            assertEquals(10, resumed.exit(), resumed::all);
            String way = "mv _migrations/run.json _migrations/run.json.broken";
            assertTrue(resumed.err().contains("-> " + way + "   # and start the release again"), resumed::all);
            assertEquals("1", world.git(world.origin, "rev-list", "--count", "release"), "nothing was pushed");
            Files.delete(hook);
            assertTrue(Exec.of(way.split(" ")).in(world.repo).run().ok());
            assertReleased(world, world.run("release", "--json"));
        }
    }

    @Test
    void aReleaseBranchThatSomebodyMovesDuringTheReleaseStopsItBeforeTheService() {
        try (World world = withStop("touch ../stopped", null)) {
            String sha = World.proposal();
            // The checks are the last thing before the backup that the project itself runs.
            world.write("release.json", world.read("release.json").replace("[\"git\", \"--version\"]",
                    "[\"git\", \"--version\"], [\"sh\", \"../move\"]"));
            World.script(world.folder.resolve("move"), """
                    commit=$(git commit-tree -p origin/release -m moved 'origin/release^{tree}')
                    git push -q origin "$commit:refs/heads/release"
                    git update-ref refs/remotes/origin/release origin/release~1 2>/dev/null || true
                    """);
            world.push("a check that moves the branch");
            World.Result result = world.run("release", "--json", "--approve", sha);
            assertEquals(10, result.exit(), result::all);
            assertTrue(result.err().contains("origin/release was moved by somebody since the release began"),
                    result::all);
            assertFalse(Files.exists(world.folder.resolve("stopped")));
            assertTrue(result.err().contains("service   not touched"), result::all);
            assertTrue(result.err().contains("git       nothing was pushed"), result::all);
            assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertEquals("moved", world.git(world.origin, "log", "-1", "--format=%s", "release"), "theirs stays");
            assertEquals(world.git("rev-parse", "HEAD"), world.git(world.origin, "rev-parse", "main"));
        }
    }

    @Test
    void aLockThatIsHeldForAWhileIsWaitedForUnlessTheWaitIsInterrupted() throws Exception {
        try (World world = World.drizzle(); Connection other = Postgres.write(world.production, "reader")) {
            String sha = World.proposal();
            other.setAutoCommit(false);
            World.Running interrupted = locked(world, sha, other, "waiting for pid ");
            Exec.of("kill", "-INT", String.valueOf(interrupted.process().pid())).run();
            World.Result stopped = interrupted.end();
            assertEquals(130, stopped.exit(), stopped::all);
            assertTrue(stopped.err().contains(" of app (release reader) from 127.0.0.1, idle in"), stopped::all);
            assertFalse(stopped.err().contains("cause: "), stopped::all);
            assertTrue(stopped.err().contains("database  not changed: the transaction was rolled back"), stopped::all);
            assertUntouched(world, stopped);
            other.rollback();

            World.Running running = locked(world, sha, other, "a lock was not to be had, try 2 of");
            other.rollback();
            World.Result result = running.end();
            assertReleased(world, result);
        }
    }

    // One that was there before would be found by preflight already.
    private static World.Running locked(World world, String sha, Connection other, String said) throws Exception {
        Files.deleteIfExists(world.repo.resolve("_migrations/run.json"));
        World.Running running = world.begin("release", "--json", "--approve", sha);
        Path record = world.repo.resolve("_migrations/run.json");
        Held.until(running, () -> Files.exists(record) && World.read(record).contains("\"validate\""));
        Postgres.one(other, "SELECT count(*) FROM sessions");
        Held.until(running, () -> World.read(running.err()).contains(said));
        return running;
    }
}
