//SOURCES Forwarder.java PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import lib.Exec;
import lib.PhaseProcess;
import lib.Target;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** A command that leads to the database: kept running while it is used, gone with all that it started afterwards. */
@Order(1)
class TunnelTest extends PreflightCase {
    private int port;

    @BeforeEach
    void makeTunnel() throws IOException {
        port = Forwarder.freePort();
        // As many are: a shell script around the real program.
        tunnel(world, port, forwarder());
        setting(world, "[\"git\", \"--version\"]");
        url(through(world.production));
    }

    @AfterEach
    void removeTunnel() {
        started(world).forEach(process -> process.descendants().forEach(ProcessHandle::destroyForcibly));
        started(world).forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    String only() {
        return "db.reach";
    }

    private String forwarder() {
        List<String> java = PhaseProcess.java("Forwarder");
        return Exec.typed(java) + " " + port + " " + world.production.port();
    }

    private static void tunnel(World world, int port, String body) {
        Path bin = world.folder.resolve("bin");
        World.script(bin.resolve("some-proxy"), "echo $$ >> '" + world.folder.resolve("started") + "'\n"
                + "echo \"to $PROD_DATABASE_URL, typed ${RELEASE_TYPED_URL:-nothing}, at " + port + "\"\n"
                + body + "\n");
        world.environment.put("PATH", bin + ":" + System.getenv("PATH"));
    }

    private static void setting(World world, String check) {
        world.write("release.json", "{\"checks\": [" + check + "], \"environments\": {\"production\": "
                + "{\"tunnel\": [\"some-proxy\", \"project:region:db\"]}, \"staging\": "
                + "{\"tunnel\": [\"some-proxy\", \"project:region:staging\"]}}}");
        world.push("tunnel");
    }

    private Target through(Target production) {
        return new Target("127.0.0.1", port, production.database(), production.user(), production.password(),
                production.parameters());
    }

    /** Every tunnel that was ever started and still runs. */
    private static List<ProcessHandle> started(World world) {
        Path file = world.folder.resolve("started");
        return !Files.exists(file) ? List.of() : World.read(file).lines()
                .map(pid -> ProcessHandle.of(Long.parseLong(pid))).flatMap(Optional::stream).toList();
    }

    private static int starts(World world) {
        return (int) World.read(world.folder.resolve("started")).lines().count();
    }

    private void assertClosed() throws IOException {
        assertClosed(world, port);
    }

    private static void assertClosed(World world, int port) throws IOException {
        assertEquals(List.of(), started(world));
        try (var left = Files.newDirectoryStream(world.repo.resolve("_migrations"), "tunnel-*.json")) {
            left.forEach(file -> assertFalse(true, "left: " + file));
        }
        // The port can be had again, so nothing of it listens there.
        new Forwarder(port, 1).close();
    }

    /** A preflight whose tunnel is open and whose checks take long. */
    private World.Running atWork() throws InterruptedException {
        setting(world, "[\"sleep\", \"60\"]");
        World.Running running = world.begin("preflight");
        for (int i = 0; i < 600 && !World.read(running.err()).contains("migrator "); i++) {
            assertTrue(running.process().isAlive(), () -> World.read(running.err()));
            Thread.sleep(50);
        }
        assertEquals(1, started(world).size(), () -> World.read(running.err()));
        return running;
    }

    @Test
    void theDatabaseIsReachedThroughItAndNothingOfItIsLeft() throws IOException {
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "tunnel", "pass", "127.0.0.1:" + port + " through some-proxy (process ");
        saw(seen, "firewall", "skip", "names no firewall of production");
        saw(seen, "db.reach", "pass", "PostgreSQL 15.");
        assertEquals(1, starts(world));
        assertClosed();
        Path log = world.repo.resolve("_migrations/tunnel-production.log");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(log)));
        assertTrue(World.read(log).contains("typed nothing, at " + port + "\nlistening on " + port), World.read(log));
        assertFalse(World.read(log).contains("S3cret"), World.read(log));
    }

    @Test
    void aBackupIsMadeThroughItAndItKnowsNothingOfAUrlThatWasTyped() throws IOException {
        world.write("release.json", "{\"environments\": {\"production\": {\"url\": \"prompt\", \"tunnel\": "
                + "[\"some-proxy\"]}}}");
        world.environment.put("RELEASE_TYPED_URL", through(world.production).url());
        World.Result seen = world.run("backup", "--json");
        assertEquals(0, seen.exit(), seen::all);
        assertTrue(seen.gate("backup.dump").path("message").asText().contains("read back whole"), seen::all);
        assertTrue(seen.err().contains("tunnel: 127.0.0.1:" + port + " through some-proxy"), seen::all);
        assertTrue(World.read(world.newest("tunnel-production.log")).contains("typed nothing"));
        assertClosed();
    }

    @Test
    void aPortThatIsTakenIsRefusedForItMayLeadToAnotherDatabase() throws IOException {
        try (Forwarder other = new Forwarder(port, world.production.port())) {
            World.Result seen = stops("tunnel", 10, "127.0.0.1:" + port
                    + " is taken before the tunnel of production is started: it may lead to another database",
                    "lsof -nP -iTCP:" + port);
            saw(seen, "db.reach", "skip", "tunnel comes first");
            assertFalse(Files.exists(world.folder.resolve("started")));
        }
        assertEquals(0, gates().exit());
    }

    @Test
    void aCommandThatIsNotThereIsNamed() throws IOException {
        Files.delete(world.folder.resolve("bin/some-proxy"));
        stops("tunnel", 12, "the tunnel of production: some-proxy cannot be started: No such file", "install it");
        World.Result seen = world.run("backup", "--json");
        assertEquals(12, seen.exit(), seen::all);
        assertTrue(seen.gate("db.reach").path("message").asText().contains("some-proxy cannot be started"), seen::all);
    }

    @Test
    void aTunnelThatEndsAtOnceIsNotWaitedForAndItsLastWordsAreShown() throws IOException {
        tunnel(world, port, "echo \"denied for $PROD_DATABASE_URL\" >&2; exit 3");
        World.Result seen = stops("tunnel", 12, "the tunnel of production ended with 3 before 127.0.0.1:" + port
                + " took a connection\nto postgresql://app:****@127.0.0.1:",
                "try it: some-proxy project:region:db");
        saw(seen, "tunnel", "stop", "\ndenied for postgresql://app:****@");
        tunnel(world, port, "exit 0");
        stops("tunnel", 12, "ended with 0 before", "it has to stay in the foreground");
        assertClosed();
    }

    @Test
    void aTunnelWhosePortNeverOpensIsEnded() throws IOException {
        tunnel(world, port, "echo waiting for a login; sleep 600");
        world.environment.put("RELEASE_TUNNEL_SECONDS", "1");
        World.Result seen = stops("tunnel", 12, "127.0.0.1:" + port
                + " takes no connection 1 s after the tunnel of production was started",
                "try it: some-proxy project:region:db   # its local end");
        saw(seen, "tunnel", "stop", "\nwaiting for a login");
        assertClosed();
        world.environment.put("RELEASE_TUNNEL_SECONDS", "soon");
        stops("tunnel", 2, "RELEASE_TUNNEL_SECONDS is not a number of seconds: soon", "RELEASE_TUNNEL_SECONDS=30");
    }

    @Test
    void aUrlThatLeadsPastItIsRefused() {
        url(at("192.0.2.1", 5432));
        stops("tunnel", 2, "the URL of production leads to 192.0.2.1, past its tunnel", "@127.0.0.1:PORT/DATABASE");
        assertFalse(Files.exists(world.folder.resolve("started")));
    }

    @Test
    void interruptedItEndsToo() throws Exception {
        World.Running running = atWork();
        Exec.of("kill", "-INT", String.valueOf(running.process().pid())).run();
        World.Result seen = running.end();
        assertEquals(130, seen.exit(), seen::all);
        assertClosed();
    }

    @Test
    void theTunnelOfAKilledRunIsEndedByTheNextScript() throws Exception {
        World.Running running = atWork();
        running.process().destroyForcibly();
        assertNotEquals(0, running.end().exit());
        assertEquals(1, started(world).size());
        World.Result status = world.run("release", "status");
        assertEquals(0, status.exit(), status::all);
        assertTrue(status.err().contains("ended the tunnel of production that process " + running.process().pid()
                + " had left: some-proxy project:region:db"), status::all);
        assertTrue(status.out().contains("reachable"), status::all);
        assertFalse(status.out().contains("not reachable"), status::all);
        assertEquals(2, starts(world));
        assertClosed();
    }

    @Test
    void anotherScriptUsesTheTunnelThatIsOpenAndAnotherEnvironmentDoesNot() throws Exception {
        World.Running running = atWork();
        World.Result status = world.run("release", "status");
        assertTrue(status.out().contains("reachable"), status::all);
        assertFalse(status.out().contains("not reachable"), status::all);
        assertEquals(1, starts(world));
        world.environment.put("STAGING_DATABASE_URL", through(world.production).url());
        World.Result staging = gates("--env", "staging");
        assertEquals(10, staging.exit(), staging::all);
        saw(staging, "tunnel", "stop", "is taken before the tunnel of staging is started, by the tunnel of production");
        assertEquals(1, starts(world));
        assertEquals(1, started(world).size());
        Exec.of("kill", "-INT", String.valueOf(running.process().pid())).run();
        running.end();
        assertClosed();
    }

    @Test
    void aTunnelThatBreaksInTheMiddleIsNamedWithItsLastWords() throws Exception {
        tunnel(world, port, "echo going down soon\n" + forwarder() + " &\nsleep 3; kill $!; exit 9");
        setting(world, "[\"sleep\", \"4\"]");
        World.Result seen = world.run("preflight");
        assertTrue(seen.err().contains("the tunnel of production ended with 9\n"), seen::all);
        assertTrue(seen.err().contains("going down soon"), seen::all);
        assertClosed();
    }

    @Test
    void aWholeReleaseGoesThroughOneTunnel() throws IOException {
        try (World app = World.drizzle()) {
            tunnel(app, port, forwarder());
            setting(app, "[\"git\", \"--version\"]");
            app.environment.put("PROD_DATABASE_URL", through(app.production).url());
            World.Result released = app.run("release", "--json", "--approve", World.proposal());
            assertEquals(0, released.exit(), released::all);
            assertEquals("7", app.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertEquals(1, starts(app));
            assertClosed(app, port);
        }
    }
}
