//SOURCES Forwarder.java Held.java OwnServer.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.Map;
import lib.Hash;
import lib.Postgres;
import lib.Target;
import lib.plan.Journal;
import org.junit.jupiter.api.Test;

/** A whole release through a network that breaks off, on a server that is restarted, and killed between the two. */
class OutageTest {
    private World world;
    private Held held;

    private Target through(Forwarder forwarder) {
        Target target = world.production;
        return new Target("127.0.0.1", forwarder.port(), target.database(), target.user(), target.password(),
                Map.of("sslmode", "disable"));
    }

    private int committed() {
        try (Connection connection = Postgres.read(world.production, "test")) {
            return Journal.of(connection).map(Journal::committed).orElse(-1);
        } catch (java.sql.SQLException e) {
            throw new AssertionError(e);
        }
    }

    private static void said(World.Running running, String words) {
        Held.until(running, () -> World.read(running.err()).contains(words));
    }

    @Test
    void aReleaseThatIsKilledAfterACommitItNeverHeardOfGoesOnThroughARestartAndABrokenConnection() throws Exception {
        try (OwnServer server = new OwnServer()) {
            world = World.drizzleOn(server.scratch.target(null));
            try (Forwarder forwarder = new Forwarder(InetAddress.getByName("127.0.0.1"), 0,
                    world.production.port())) {
                held = new Held(world);
                world.environment.put("PROD_DATABASE_URL", through(forwarder).url());
                world.write("release.json", """
                        {"checks": [["git", "--version"]], "environments": {"production": {
                          "url": {"env": "PROD_DATABASE_URL"}, "services": {"web": {"stop": ["%s", "stop"]}}}}}
                        """.formatted(held.gate));
                world.push("settings");
                killedBetweenCommitAndRecord(forwarder);
                finishedAllTheSame(forwarder, server);
            } finally {
                world.forget();
            }
        }
    }

    private void killedBetweenCommitAndRecord(Forwarder forwarder) throws Exception {
        Path script = world.folder.resolve("mine.sql");
        World.write(script, Held.segments());
        held.hold("stop");
        World.Running release = world.begin("release", "--sql", script.toString(), "--approve", Hash.of(script));
        held.reached(release, "stop");
        Path clone = world.folder.resolve("another clone");
        world.git(world.folder, "clone", "-q", world.origin.toString(), clone.toString());
        World.Running waiting = world.begin("release", "--repo", clone.toString());
        Held.until(waiting, () -> world.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name"
                + " LIKE 'release lock%' AND datname = current_database()").equals("2"));
        Held.interrupt(waiting);
        assertEquals(130, waiting.end().exit(), () -> World.read(waiting.err()));
        World.Result other = world.run("release", "--repo", clone.toString());
        assertEquals(10, other.exit(), other::all);
        Held.says(other.err(), "another release is at work on app_at_5: ");

        held.holdSegment(1);
        held.letGo("stop");
        held.inSegment(release);
        forwarder.mute("COMMIT");
        held.holdSegment(3);
        Held.until(release, () -> committed() == 1);
        assertTrue(world.read("_migrations/run.json").contains("\"committed\" : 0"));
        Held.kill(release);
        Held.says(held.status(), "stopped at apply", "1 of 3 segments of a release by ", "jbang release.java resume");
        World.Result early = world.run("release");
        assertEquals(20, early.exit(), early::all);
    }

    private void finishedAllTheSame(Forwarder forwarder, OwnServer server) throws Exception {
        World.Running resumed = world.begin("release", "resume");
        held.inSegment(resumed);
        Held.says(World.read(resumed.err()), "1 of 3 segments are committed there");
        server.restart();
        said(resumed, "try 2 of");
        held.inSegment(resumed);
        forwarder.cut("COMMIT", false);
        held.holdSegment(0);
        said(resumed, "try 3 of");
        World.Result end = resumed.end();
        assertEquals(0, end.exit(), end::all);
        assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        assertEquals("241", world.sql("SELECT count(*) FROM users"));
        assertEquals("3201", world.sql("SELECT count(*) FROM food_logs"));
        assertEquals("t", world.sql("SELECT indisvalid FROM pg_index"
                + " WHERE indexrelid = 'food_logs_fitbit_idx'::regclass"));
        assertEquals(world.git("rev-parse", "HEAD"), world.git(world.origin, "rev-parse", "release"));
    }
}
