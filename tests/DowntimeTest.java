//SOURCES BackupCase.java Held.java ReleaseCase.java World.java ../lib/Postgres.java ../lib/backup/Manifest.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import lib.Postgres;
import lib.backup.Manifest;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** What others do to a release between its stop and its start: they write, stay connected, edit, release as well. */
@Order(1)
class DowntimeTest extends ReleaseCase {
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
                Held.until(first, () -> Files.exists(world.folder.resolve("stopping")));
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
}
