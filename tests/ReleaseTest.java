//SOURCES BackupCase.java World.java ../lib/Exec.java ../lib/Hash.java ../lib/Postgres.java
//SOURCES ../lib/backup/Manifest.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Exec;
import lib.Hash;
import lib.Postgres;
import lib.backup.Manifest;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Whole releases, as a process, on a real repository and a real production. */
@Order(1)
class ReleaseTest {
    private static final String SETTINGS = """
            {"checks": [["git", "--version"]],
             "environments": {"production": {"url": {"env": "PROD_DATABASE_URL"},
              "services": {"web": {"stop": ["%s"], "start": [%s]}}}}}
            """;

    /** A release with a service whose stop command does what the test wants; the settings are committed before. */
    private static World withStop(String stop, String start) {
        World world = World.drizzle();
        Path command = World.script(world.folder.resolve("bin/stop"), stop);
        String starter = start == null ? ""
                : '"' + World.script(world.folder.resolve("bin/start"), start).toString() + '"';
        world.write("release.json", SETTINGS.formatted(command, starter));
        world.push("settings");
        return world;
    }

    private static World.Result approved(World world) {
        return world.run("release", "--json", "--approve", World.proposal());
    }

    private static World.Result approved(World world, Path script) {
        return world.run("release", "--json", "--sql", script.toString(), "--approve", Hash.of(World.read(script)));
    }

    private static void assertUntouched(World world, World.Result result) {
        assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"), result::all);
        assertEquals(null, world.sql("SELECT to_regclass('users')"), result::all);
        assertEquals("1", world.git(world.origin, "rev-list", "--count", "release"), result::all);
    }

    private static void assertReleased(World world, World.Result result) {
        assertReleased(world, result, 0);
    }

    /** With so many users more than in the fixture, each with one row of food_logs. */
    private static void assertReleased(World world, World.Result result, int more) {
        assertEquals(0, result.exit(), result::all);
        assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        assertEquals(String.valueOf(241 + more), world.sql("SELECT count(*) FROM users"));
        assertEquals("0", world.sql("SELECT count(*) FROM food_logs WHERE user_id IS NULL"));
        assertEquals(String.valueOf(3201 + more), world.sql("SELECT count(*) FROM food_logs"));
        String released = world.git(world.origin, "log", "--format=%H", "release");
        assertTrue(released.contains(world.git("rev-parse", "main")), result::all);
    }

    @Test
    void withoutATerminalNothingIsAppliedUnapprovedAndWithTheApprovalAllIs() {
        try (World world = World.drizzle()) {
            World.Result asked = world.run("release", "--json");
            assertEquals(11, asked.exit(), asked::all);
            String sha = asked.json().at("/facts/sql/sha256").asText();
            assertUntouched(world, asked);
            assertEquals("jbang release.java --approve " + sha, asked.json().at("/facts/approve").asText());
            assertTrue(Files.exists(world.repo.resolve(asked.json().at("/facts/sql/file").asText())));
            assertTrue(Files.exists(world.repo.resolve(asked.json().at("/facts/backup/file").asText())));
            assertEquals(1, asked.json().at("/facts/commits").size());
            assertEquals("Simple", asked.json().at("/facts/entries/0/class").asText());
            assertEquals(2, asked.json().at("/facts/pending").size());
            assertTrue(asked.err().contains("-> read _migrations/release-"), asked::all);

            // Production is in use: its new rows are in the next backup, and do not change the SQL that was approved.
            world.execute("INSERT INTO food_logs (email, food_name, amount, calories) SELECT 'new' || i || '@x.org', "
                    + "'x', 1, 1 FROM generate_series(1, 500) i",
                    "INSERT INTO sessions (email, expires_at) VALUES ('New1@x.org', now())");
            World.Result released = world.run("release", "--approve", sha);
            assertReleased(world, released, 500);
            assertEquals(world.git("rev-parse", "HEAD"), world.git(world.origin, "rev-parse", "release"));
            assertEquals(world.git("rev-parse", "HEAD"), world.git(world.origin, "rev-parse", "main"));
            assertEquals("main", world.git("branch", "--show-current"));
            assertEquals("", world.git("status", "--porcelain"));
            assertEquals("release: clear MIGRATIONS.md", world.git("log", "-1", "--format=%B").strip());
            assertTrue(world.read("MIGRATIONS.md").endsWith("<!-- Add entries below this line -->\n"));
            assertTrue(released.out().contains("Released main to production"), released::all);
            assertTrue(World.read(world.newest("report-.*\\.md")).contains("rename ALLOWED_EMAIL to ALLOWED_EMAILS"));
            assertFalse(Files.exists(world.repo.resolve("_migrations/run.json")), "a finished run is put away");

            World.Result again = world.run("release", "--json");
            assertEquals(10, again.exit(), again::all);
            assertTrue(again.gate("git.commits").path("message").asText().startsWith("nothing to promote"), again::all);
        }
    }

    @Test
    void noApprovalOfOtherSqlCountsAndSqlThatIsEditedIsRehearsedAndApprovedAnew() {
        try (World world = World.drizzle()) {
            World.Result other = world.run("release", "--json", "--approve", "0".repeat(64));
            assertEquals(11, other.exit(), other::all);
            assertTrue(other.err().contains("the SQL is not the one that was approved"), other::all);
            assertUntouched(world, other);
            String sha = other.json().at("/facts/sql/sha256").asText();
            Path sql = world.newest("release-.*\\.sql");
            World.write(sql, World.read(sql).replace("COMMIT;", "UPDATE users SET name = 'somebody';\nCOMMIT;"));
            World.Result result = world.run("release", "--json", "--approve", sha);
            assertEquals(11, result.exit(), result::all);
            assertTrue(result.err().contains("was edited by hand"), result::all);
            assertUntouched(world, result);
            World.Result released = world.run("release", "--approve", result.json().at("/facts/sql/sha256").asText());
            assertReleased(world, released);
            assertEquals("somebody", world.sql("SELECT DISTINCT name FROM users"));
        }
    }

    @Test
    void sqlThatIsEditedWhileTheServiceStopsIsNotApplied() {
        try (World world = withStop("for f in _migrations/release-*.sql; do echo 'SELECT 1;' >> $f; done", null)) {
            World.Result result = approved(world);
            assertEquals(10, result.exit(), result::all);
            assertTrue(result.err().contains("was edited after its rehearsal"), result::all);
            assertTrue(result.err().contains("service   STOPPED"), result::all);
            assertUntouched(world, result);
        }
    }

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
    void rowsThatDifferTooMuchFromTheRehearsalAreNotCommitted() {
        String rows = "INSERT INTO sessions (email, expires_at)"
                + " SELECT 'new' || i || '@example.com', now() FROM generate_series(1, 900) AS i";
        try (World world = withStop("exec \"$PSQL\" -Xqc \"" + rows + "\"", null)) {
            world.knowsPsql();
            World.Result result = approved(world);
            assertEquals(10, result.exit(), result::all);
            assertTrue(result.err().contains("rows, in the rehearsal"), result::all);
            assertUntouched(world, result);
        }
    }

    @Test
    void aSecondReleaseMeanwhileIsRefusedAndAFewRowsMoreThanInTheBackupAreNoReasonToStop() throws Exception {
        String rows = "INSERT INTO sessions (email, expires_at) VALUES ('Person1@example.com', now())";
        try (World world = withStop("\"$PSQL\" -Xqc \"" + rows + "\" || exit\n"
                + "touch ../stopping; until test -e ../refused; do sleep 0.05; done", "touch ../started")) {
            world.knowsPsql();
            World.Running first = world.begin("release", "--json", "--approve", World.proposal());
            World.Result second;
            try {
                until(first, () -> Files.exists(world.folder.resolve("stopping")));
                second = world.run("release", "--json");
            } finally {
                World.write(world.folder.resolve("refused"), "");
            }
            World.Result result = first.end();
            assertEquals(10, second.exit(), second::all);
            assertTrue(second.err().contains("another run (process "), second::all);
            assertReleased(world, result);
            assertTrue(Files.exists(world.folder.resolve("started")), "the service was started again");
        }
    }

    @Test
    void aStopCommandIsNotBelievedWhileSomebodyIsConnected() throws Exception {
        try (World world = withStop("exit 0", "echo back")) {
            world.environment.put("RELEASE_QUIET_SECONDS", "2");
            String sha = World.proposal();
            try (Connection application = Postgres.write(world.production, "web application")) {
                World.Result result = world.run("release", "--json", "--approve", sha);
                assertEquals(10, result.exit(), result::all);
                assertTrue(result.err().contains("the database is still in use by app (release web application)"),
                        result::all);
                assertTrue(result.err().contains("start it: '" + world.folder), result::all);
                assertUntouched(world, result);
            }
        }
    }

    // Somebody who came back writes while pg_dump begins, behind the snapshot that it reads.
    private static void writesDuringBackups(World world, String which) {
        BackupCase.standIn(world, "pg_dump", """
                echo x >> "$here/calls"
                if [ $(wc -l < "$here/calls") %s ]; then
                  '%s' -Xqc "INSERT INTO sessions (email, expires_at) VALUES ('Person1@example.com', now())" || exit 9
                fi
                exec "$real" "$@"
                """.formatted(which, BackupCase.REAL.resolve("psql")));
    }

    @Test
    void whatIsWrittenDuringTheFinalBackupIsInTheOneAfterIt() throws IOException {
        try (World world = withStop("exit 0", "touch ../started")) {
            writesDuringBackups(world, "-eq 2");
            World.Result result = approved(world);
            assertReleased(world, result);
            assertTrue(result.err().contains("somebody wrote while it was backed up, so it is backed up once more"),
                    result::all);
            assertEquals(3, World.read(world.folder.resolve("calls")).lines().count());
            List<Path> backups;
            try (var files = Files.list(world.repo.resolve("_migrations"))) {
                backups = files.filter(file -> file.toString().endsWith(".dump")).sorted().toList();
            }
            List<Long> rows = backups.stream().map(backup -> Manifest.of(backup).contents().tables()
                    .get("public.sessions").rows()).toList();
            assertEquals(List.of(rows.get(0), rows.get(0), rows.get(0) + 1), rows);
        }
    }

    @Test
    void whoeverWritesDuringEachBackupStopsTheReleaseBeforeItChangesAnything() throws IOException {
        try (World world = withStop("exit 0", "touch ../started")) {
            writesDuringBackups(world, "-gt 1");
            World.Result result = approved(world);
            assertEquals(10, result.exit(), result::all);
            assertTrue(result.err().contains("no backup holds the last write"), result::all);
            assertUntouched(world, result);
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
    void aDryRunTouchesNeitherProductionNorTheRemote() {
        try (World world = World.drizzle()) {
            World.Result missing = world.run("release", "--sql", "nowhere.sql");
            assertEquals(2, missing.exit(), missing::all);
            String before = world.git(world.origin, "for-each-ref");
            World.Result result = world.run("release", "--dry-run", "--json");
            assertEquals(0, result.exit(), result::all);
            assertUntouched(world, result);
            assertEquals(before, world.git(world.origin, "for-each-ref"));
            assertTrue(result.err().contains("Dry run: no database and no remote was touched"), result::all);
            assertTrue(result.err().contains("$ git push --atomic origin"), result::all);
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
    void aReleaseWithoutAnySqlOnlyPromotesAndMergesACommitOfTheReleaseBranch() {
        try (World world = World.of("code only", "template0")) {
            world.commit("start");
            world.git("push", "-q", "-u", "origin", "main", "main:release");
            world.git("switch", "-q", "-c", "release", "origin/release");
            world.write("hotfix.txt", "urgent\n");
            world.commit("hotfix");
            world.git("push", "-q", "origin", "release");
            world.git("switch", "-q", "main");
            String hotfix = world.git(world.origin, "rev-parse", "release");
            world.write("code.txt", "new\n");
            world.push("code");
            World.Result result = world.run("release", "--json");
            assertEquals(0, result.exit(), result::all);
            assertEquals("None", result.json().at("/facts/class").asText());
            assertEquals(hotfix, world.git(world.origin, "rev-parse", "release^1"), "it is never forced");
            assertEquals(world.git("rev-parse", "main"), world.git(world.origin, "rev-parse", "release^2"));
            assertEquals("urgent", world.git(world.origin, "show", "release:hotfix.txt"));
            String message = world.git(world.origin, "log", "-1", "--format=%B", "release");
            assertFalse(message.toLowerCase().contains("co-authored"));
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
        until(running, () -> Files.exists(record) && World.read(record).contains("\"validate\""));
        Postgres.one(other, "SELECT count(*) FROM sessions");
        until(running, () -> World.read(running.err()).contains(said));
        return running;
    }

    private static void until(World.Running running, java.util.function.BooleanSupplier condition) throws Exception {
        while (!condition.getAsBoolean()) {
            assertTrue(running.process().isAlive(), () -> World.read(running.err()));
            Thread.sleep(50);
        }
    }
}
