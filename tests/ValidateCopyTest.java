//SOURCES BackupCase.java ValidateCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import lib.Exec;
import lib.Json;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** The copy that is rehearsed on: which backup it is made of, on which server, and that it goes. */
@Order(1)
class ValidateCopyTest extends ValidateCase {
    // The backup

    @Test
    void withoutABackupItSaysWhichPhaseComesFirst() throws IOException {
        Files.delete(world.repo.resolve("_migrations/run.json"));
        World.Result seen = stops(10, "rehearsal.backup", "there is no backup in this run yet");
        assertEquals("jbang backup.java", hint(seen, "rehearsal.backup"));
    }

    @Test
    void aBackupThatIsAnotherOrGoneIsRefused() throws IOException {
        Files.write(backup(), new byte[] {1}, StandardOpenOption.APPEND);
        assertEquals("jbang backup.java",
                hint(stops(10, "rehearsal.backup", "its SHA-256 has changed"), "rehearsal.backup"));
        Path gone = backup();
        Files.delete(gone);
        try {
            World.Result seen = stops(10, "rehearsal.backup", "the backup of this run is gone: _migrations/backup-");
            assertEquals("jbang backup.java", hint(seen, "rehearsal.backup"));
        } finally {
            Files.write(gone, dump);
        }
    }

    @Test
    void aBackupOfAnotherEnvironmentIsRefused() {
        World.Result seen = stops(10, "rehearsal.backup", "the backup of this run is of production, not of staging",
                "--env", "staging");
        assertEquals("jbang backup.java --env staging", hint(seen, "rehearsal.backup"));
    }

    @Test
    void aCopyWithAnotherSchemaThanTheBackupIsRefused() throws IOException {
        ObjectNode run = (ObjectNode) Json.MAPPER.readTree(record);
        ((ObjectNode) run.at("/backup/facts")).put("schema", "0".repeat(64));
        world.write("_migrations/run.json", Json.pretty(run));
        World.Result seen = stops(10, "rehearsal.restore", "the restored copy is not the schema that was backed up");
        assertTrue(hint(seen, "rehearsal.restore").contains("--scratch URL"), seen::all);
    }

    @Test
    void aCopyWithOtherDataThanTheBackupAndABackupWithoutAManifestAreRefused() {
        Path dump = world.newest("backup-.*\\.dump");
        Path manifest = Path.of(dump + ".json");
        String saved = World.read(manifest);
        try {
            BackupCase.seal(dump, saved
                    .replaceFirst("(\"public.sessions\" : \\{\\s*\"rows\" : \\d+,\\s*\"hash\" : \")", "$11"));
            World.Result seen = stops(10, "rehearsal.restore", "the restored copy does not hold the data");
            String message = seen.gate("rehearsal.restore").path("message").asText();
            assertTrue(message.contains("public.sessions: the same"), seen::all);
            World.write(manifest, "{}");
            stops(10, "rehearsal.backup", "was changed after it was written");
            assertTrue(manifest.toFile().delete());
            stops(10, "rehearsal.backup", "is missing");
        } finally {
            World.write(manifest, saved);
        }
    }

    // The server

    @AfterEach
    void serversAreBack() {
        List.of("RELEASE_PG_BINS", "XDG_CACHE_HOME").forEach(shared.environment::remove);
    }

    @Test
    void theServerOfProductionIsNoPlaceToRehearse() {
        Target production = World.productionServer().target(null);
        World.Result seen = stops(10, "rehearsal.server", "this is the server of production itself", "--scratch",
                production.url());
        assertEquals("name another server, or leave --scratch out", hint(seen, "rehearsal.server"));
        assertEquals(List.of(), copies(production));
    }

    @Test
    void aNamedServerThatIsTooOldOrOutOfReachIsSaid() {
        try (Scratch old = Scratch.start(Servers.embedded(14))) {
            stops(10, "rehearsal.server", "PostgreSQL 14 is older than production's 15", "--scratch",
                    old.target(null).url());
        }
        World.Result seen = stops(12, "rehearsal.server", "127.0.0.1:1", "--scratch", "postgresql://a:b@127.0.0.1:1/c");
        assertFalse(hint(seen, "rehearsal.server").isBlank(), seen::all);
        stops(2, "rehearsal.server", "this is not a PostgreSQL URL", "--scratch", "localhost:5432");
    }

    @Test
    void withoutANamedServerOneIsStartedAndStopped() throws Exception {
        // A policy names a role, which no backup holds.
        World.execute(World.productionServer().target(null), "DROP ROLE IF EXISTS \"Reader\"",
                "CREATE ROLE \"Reader\"");
        try (World own = World.drizzle()) {
            world = own;
            world.environment.put("RELEASE_SCRATCH_URL", null);
            world.execute("ALTER TABLE sessions ENABLE ROW LEVEL SECURITY",
                    "CREATE POLICY mine ON sessions FOR SELECT TO \"Reader\" USING (true)");
            assertEquals(0, world.run("backup").exit());
            world.environment.put("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + temp);
            World.Running running = world.begin("validate", "--json");
            boolean started = false;
            while (running.process().isAlive()) {
                started |= !servers().isEmpty();
                Thread.sleep(50);
            }
            World.Result seen = running.end();
            assertEquals(0, seen.exit(), seen::all);
            assertEquals("throw-away server, PostgreSQL 15", seen.json().at("/facts/server").asText());
            assertTrue(started, "there was one");
            assertEquals(List.of(), servers(), "the server is stopped");
            try (var left = Files.list(temp)) {
                assertEquals(List.of(), left.toList(), "and its folder is gone");
            }
        } finally {
            World.execute(World.productionServer().target(null), "DROP ROLE \"Reader\"");
        }
    }

    // Those of the script: it was told to keep its temporary files in a folder of this test.
    private List<String> servers() {
        return Exec.of("ps", "-eo", "args").run().lines().stream()
                .filter(line -> line.contains("postgres") && line.contains(temp.toString())).toList();
    }

    @Test
    void aComposeDatabaseIsUsedAndLeftAsItWas() {
        Target server = rehearsal.target(null);
        world.environment.put("RELEASE_SCRATCH_URL", null);
        world.write("compose.yaml", "services: {db: {image: 'postgres:15'}}\n");
        World.script(temp.resolve("bin/docker"), """
                case "$*" in
                    info*) echo 27.1;;
                    *config*) echo '{"services": {"db": {"image": "postgres:15", "environment":
                        {"POSTGRES_USER": "%s", "POSTGRES_PASSWORD": "%s"}}}}';;
                    *ps*) echo db;;
                    *port*) echo 0.0.0.0:%d;;
                    *) exit 1;;
                esac
                """.formatted(server.user(), server.password(), server.port()));
        world.environment.put("PATH", temp.resolve("bin") + ":" + System.getenv("PATH"));
        try {
            World.Result seen = world.run("validate", "--json");
            assertEquals(0, seen.exit(), seen::all);
            assertEquals("compose service db", seen.json().at("/facts/server").asText());
        } finally {
            world.environment.remove("PATH");
        }
    }

    @Test
    void withoutAnyServerAPersonMustSaySo() {
        noServer();
        World.Result seen = stops(11, "rehearsal.server", "there is no server to rehearse on: ");
        assertTrue(hint(seen, "rehearsal.server").endsWith("or go on without a rehearsal: add --unrehearsed"),
                seen::all);
        World.Result unrehearsed = world.run("validate", "--json", "--unrehearsed");
        assertEquals(0, unrehearsed.exit(), unrehearsed::all);
        assertEquals("warn", unrehearsed.gate("rehearsal.server").path("status").asText());
        assertTrue(unrehearsed.gate("rehearsal.server").path("message").asText().startsWith("NOT REHEARSED: "),
                unrehearsed::all);
        assertEquals("skip", unrehearsed.gate("rehearsal.run").path("status").asText());
        assertEquals("warn", unrehearsed.gate("certificate").path("status").asText());
        assertFalse(unrehearsed.json().at("/facts/certificate/rehearsed").asBoolean(true), unrehearsed::all);
        assertEquals(0, unrehearsed.json().at("/facts/certificate/segments").size());
        assertTrue(sql().contains("INSERT INTO users"), this::sql);
    }

    private void noServer() {
        // None is installed, and where fetched ones are unpacked a file stands in the way.
        World.write(temp.resolve("file"), "");
        world.environment.put("RELEASE_SCRATCH_URL", null);
        world.environment.put("RELEASE_PG_BINS", temp.toString());
        world.environment.put("XDG_CACHE_HOME", temp.resolve("file").toString());
    }

    // The end of a copy

    @Test
    void copiesOfKilledRunsAreRemovedAndThoseAtWorkAreNot() throws SQLException {
        Target server = rehearsal.target(null);
        World.execute(server, "CREATE DATABASE release_rehearsal_dead", "CREATE DATABASE release_rehearsal_alive");
        try (Connection owner = Postgres.write(server, "test")) {
            Postgres.execute(owner, "SELECT pg_advisory_lock(29285, hashtext('release_rehearsal_alive') & 2147483647)");
            assertEquals(0, world.run("validate").exit());
            assertEquals(List.of("release_rehearsal_alive"), copies(server));
        }
        assertEquals(0, world.run("validate").exit());
        assertEquals(List.of(), copies(server));
    }

    @Test
    void interruptedInTheMiddleNothingStays() throws Exception {
        Target server = rehearsal.target(null);
        World.Running running = world.begin("validate", "--sql", script("SELECT pg_sleep(60);").toString());
        for (int i = 0; i < 300 && !sleeping(server); i++) {
            assertTrue(running.process().isAlive(), () -> World.read(running.err()));
            Thread.sleep(100);
        }
        assertEquals(1, copies(server).size());
        Exec.of("kill", "-INT", String.valueOf(running.process().pid())).run();
        assertTrue(running.process().waitFor(30, TimeUnit.SECONDS));
        World.Result seen = running.end();
        assertEquals(130, seen.exit(), seen::all);
        assertFalse(seen.err().contains("Exception"), seen::all);
        assertEquals(List.of(), copies(server));
        assertEquals(Json.MAPPER.readTree(record), Json.MAPPER.readTree(world.read("_migrations/run.json")),
                "no part of it was recorded");
    }

    private static boolean sleeping(Target server) throws SQLException {
        try (Connection connection = Postgres.read(server, "test")) {
            return Postgres.one(connection,
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname LIKE "
                    + "'release_rehearsal_%'").equals("1");
        }
    }
}
