//SOURCES BackupWorldCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import lib.Exec;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.backup.Archive;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A backup that is stopped, killed or left alone by its server: no half of it is left, nothing goes on. */
class BackupInterruptedTest extends BackupWorldCase {
    @BeforeAll
    void fillTheWorld() {
        makeBallast(world);
    }

    private List<String> dumps() {
        return processes("--file=" + world.repo.resolve("_migrations"));
    }

    private void assertNothingIsLeft(Set<String> before) throws InterruptedException {
        assertEquals(before, files(world));
        await(() -> dumps().isEmpty(), "no pg_dump of it is left");
        await(() -> sessions(world, "true") == 0, "no session of it is left");
    }

    @Test
    void whatAKilledRunLeftAtWorkIsEndedByTheNextOne() throws Exception {
        try (Connection holder = Postgres.write(world.production, "holder")) {
            holder.setAutoCommit(false);
            Postgres.execute(holder, "LOCK TABLE ballast");
            World.Running killed = world.begin("backup");
            await(() -> sessions(world, "wait_event_type = 'Lock' AND query LIKE 'LOCK%'") == 1, "pg_dump waits");
            killed.process().destroyForcibly().waitFor();
            List<String> orphans = dumps();
            assertEquals(1, orphans.size(), "kill -9 leaves pg_dump at work");

            World.Running next = world.begin("backup");
            await(() -> dumps().stream().noneMatch(orphans::contains), "the pg_dump of the killed run is ended");
            await(() -> sessions(world, "wait_event_type = 'Lock' AND query LIKE 'LOCK%'") == 1, "the next one is on");
            holder.rollback();
            World.Result result = next.end();
            assertEquals(0, result.exit(), result::all);
            Path dump = world.repo.resolve(result.out().strip());
            Archive.verify(dump);
            assertNothingIsLeft(files(world));
            assertEquals(List.of(), parts(world));
        }
    }

    @Test
    void theHalfFileOfAKilledBackupIsRemovedByTheNextOneAndItsLockHoldsNobodyUp() throws Exception {
        standIn(world, "pg_dump", "printf half > \"$file\"; echo $$ > \"$here/pids\"; exec sleep 60");
        World.Running running = world.begin("backup");
        Path pids = world.folder.resolve("pids");
        await(() -> Files.exists(pids) && !World.read(pids).isBlank(), "pg_dump is at work");
        World.Result second = world.run("backup", "--json");
        assertEquals(10, second.exit(), second::all);
        assertTrue(second.err().contains("another run (process " + running.process().pid() + ") is at work"),
                second::all);

        running.process().destroyForcibly().waitFor();
        Exec.of("kill", World.read(pids).strip()).run();
        assertEquals(1, parts(world).size());
        Files.delete(pids);
        world.environment.remove("RELEASE_PG_CLIENTS");
        World.Result next = world.run("backup");
        assertEquals(0, next.exit(), next::all);
        assertEquals(List.of(), parts(world));
    }

    @Test
    void filesThatAKilledRunLeftAreRemovedAndBackupsAreNot() {
        Path good = backup(world);
        Set<String> before = files(world);
        for (String left : List.of("backup-20200101-000000.dump.part", ".backup-20200101-000000.dump.json17.part",
                ".backup-20200101-000000.schema.sql4.part", "backup-20200101-000000.dump.json",
                "backup-20200101-000000.schema.sql", "backup-20200101-000000.globals.sql")) {
            World.write(good.resolveSibling(left), "left");
        }
        Path next = backup(world);
        Set<String> after = files(world);
        assertTrue(after.containsAll(before), after::toString);
        after.removeIf(name -> name.startsWith(next.getFileName().toString().replace(".dump", "")));
        assertEquals(before, after);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg_dump", "the counting", "both"})
    void aSessionThatIsEndedByTheServerIsSaidAndLeavesNothing(String whose) throws Exception {
        String condition = switch (whose) {
            case "pg_dump" -> "query LIKE 'LOCK%'";
            case "the counting" -> "wait_event_type = 'Lock' AND query NOT LIKE 'LOCK%'";
            default -> "wait_event_type = 'Lock'";
        };
        try (Connection holder = Postgres.write(world.production, "holder")) {
            holder.setAutoCommit(false);
            Postgres.execute(holder, "LOCK TABLE ballast");
            Set<String> before = files(world);
            World.Running running = world.begin("backup", "--json");
            await(() -> sessions(world, "wait_event_type = 'Lock'") >= 2
                    && sessions(world, condition) >= 1, "both wait for the lock");
            World.execute(World.productionServer().target(world.production.database()),
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                    + " AND application_name = 'release backup' AND " + condition);
            holder.rollback();
            World.Result result = running.end();
            assertEquals(12, result.exit(), result::all);
            String message = result.gate("backup.dump").path("message").asText();
            assertTrue(message.startsWith("the server ended the connection in the middle"), result::all);
            assertTrue(result.gate("backup.dump").path("hint").asText().contains("nothing was kept"), result::all);
            assertFalse(result.err().contains("Exception"), result::all);
            assertNothingIsLeft(before);
        }
        assertEquals(0, world.run("backup").exit());
    }

    @Test
    void aServerThatStopsInTheMiddleIsSaidAndLeavesNothing() throws Exception {
        Scratch server = Scratch.start(Servers.fitting(15));
        Target production = server.target("postgres");
        World.execute(production, "CREATE TABLE ballast AS SELECT generate_series(1, 1000) AS i");
        world.environment.put("PROD_DATABASE_URL", production.url());
        Set<String> before = files(world);
        World.Running running;
        try (server; Connection holder = Postgres.write(production, "holder")) {
            holder.setAutoCommit(false);
            Postgres.execute(holder, "LOCK TABLE ballast");
            running = world.begin("backup", "--json");
            await(() -> World.read(running.err()).contains("db.reach") && dumps().size() == 1, "pg_dump is at work");
            await(() -> waiting(production) >= 1, "it waits for the lock");
        }
        World.Result result = running.end();
        assertEquals(12, result.exit(), result::all);
        assertTrue(result.gate("backup.dump").path("message").asText().contains("the server ended the connection"),
                result::all);
        assertFalse(result.err().contains("Exception"), result::all);
        assertNothingIsLeft(before);
    }

    private static int waiting(Target target) {
        try (Connection connection = Postgres.read(target, "test")) {
            return Integer.parseInt(Postgres.one(connection, "SELECT count(*) FROM pg_stat_activity"
                    + " WHERE query LIKE 'LOCK%' AND wait_event_type = 'Lock'"));
        } catch (java.sql.SQLException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void aStopFromOutsideLeavesNoHalfFileAndNoPgDump(String signal, int exit) throws Exception {
        // A real pg_dump that waits for a lock; it has created its file by then.
        try (Connection holder = Postgres.write(world.production, "holder")) {
            holder.setAutoCommit(false);
            Postgres.execute(holder, "LOCK TABLE ballast");
            Set<String> before = files(world);
            World.Running running = world.begin("backup");
            await(() -> sessions(world, "wait_event_type = 'Lock'") > 0, "pg_dump waits for the lock");
            assertEquals(1, parts(world).size(), "the half file is there");
            Exec.of("kill", "-" + signal, String.valueOf(running.process().pid())).run();
            assertTrue(running.process().waitFor(20, TimeUnit.SECONDS), "it ends by itself");
            World.Result result = running.end();
            assertEquals(exit, result.exit(), result::all);
            assertFalse(result.err().contains("Exception"), result::all);
            assertFalse(result.err().contains("try it again"), result::all);
            assertNothingIsLeft(before);
            holder.rollback();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aPgDumpThatStartsAfterTheStopLeavesNothingEither(int jobs) throws Exception {
        // Deaf to the stop for a second; only then it makes its file or folder.
        standIn(world, "pg_dump",
                "echo $$ > \"$here/pids\"; trap '' TERM; sleep 1; trap - TERM; exec \"$real\" \"$@\"");
        Set<String> before = files(world);
        World.Running running = world.begin("backup", "--jobs", String.valueOf(jobs));
        Path pids = world.folder.resolve("pids");
        await(() -> Files.exists(pids) && !World.read(pids).isBlank(), "pg_dump is started");
        Exec.of("kill", "-TERM", String.valueOf(running.process().pid())).run();
        assertTrue(running.process().waitFor(20, TimeUnit.SECONDS), "it ends by itself");
        World.Result result = running.end();
        assertEquals(143, result.exit(), result::all);
        assertEquals(before, files(world));
        assertFalse(ProcessHandle.of(Long.parseLong(World.read(pids).strip())).isPresent(), "no pg_dump is left");
        Files.delete(pids);
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void aStopWhileTheArchiveIsReadBackIsNoDamage(String signal, int exit) throws Exception {
        standIn(world, "pg_restore", """
                case "$*" in *--file=/dev/null*) echo $$ > "$here/reading"; sleep 600 & wait $!;; esac
                exec "$real" "$@\"""");
        Set<String> before = files(world);
        World.Running running = world.begin("backup");
        Path reading = world.folder.resolve("reading");
        await(() -> Files.exists(reading) && !World.read(reading).isBlank(), "it is being read back");
        Exec.of("kill", "-" + signal, String.valueOf(running.process().pid())).run();
        assertTrue(running.process().waitFor(20, TimeUnit.SECONDS), "it ends by itself");
        World.Result result = running.end();
        assertEquals(exit, result.exit(), result::all);
        assertFalse(result.err().contains("cannot be read back"), result::all);
        assertNothingIsLeft(before);
        assertEquals(List.of(), processes(world.folder.resolve("bin").toString()));
        Files.delete(reading);
    }

    @Test
    void aStopWhileOnlyTheRolesAreMissingLeavesAProvenBackupAndNoPgDumpall() throws Exception {
        standIn(world, "pg_dumpall", "sleep 600 & wait $!");
        World.Running running = world.begin("backup");
        await(() -> World.read(running.err()).contains("backup.schema"), "all but the roles is done");
        Exec.of("kill", "-INT", String.valueOf(running.process().pid())).run();
        assertTrue(running.process().waitFor(20, TimeUnit.SECONDS), "it ends by itself");
        assertEquals(130, running.end().exit());
        await(() -> processes(world.folder.resolve("bin").toString()).isEmpty(), "no pg_dumpall is left");
        world.environment.remove("RELEASE_PG_CLIENTS");
        World.Result list = world.run("backup", "list", "--json");
        assertEquals("proven", list.json().at("/facts/backups/0/state").asText(), list::all);
    }

    @Test
    void twoClonesOfOneRepositoryBackUpAtTheSameTime() throws Exception {
        World other = world.again();
        try {
            other.commit("first");
            try (Connection holder = Postgres.write(world.production, "holder")) {
                holder.setAutoCommit(false);
                Postgres.execute(holder, "LOCK TABLE ballast");
                World.Running one = world.begin("backup");
                World.Running two = other.begin("backup");
                await(() -> sessions(world, "wait_event_type = 'Lock' AND query LIKE 'LOCK%'") == 2, "both wait");
                holder.rollback();
                assertEquals(0, one.end().exit(), () -> World.read(one.err()));
                assertEquals(0, two.end().exit(), () -> World.read(two.err()));
            }
        } finally {
            other.forget();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 500, 620, 650, 680, 800, 1500})
    void aDiskThatIsFullAtAnyPointHoldsAWholeBackupOrNone(int kilobytes) throws Exception {
        backUpOnASmallDisk(world, kilobytes);
    }
}
