//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import lib.Exec;
import org.junit.jupiter.api.Test;

/** A release that is interrupted or killed while production's transaction is open. */
class CrashTest {
    private static final String SLOW_ON_PRODUCTION = """
            SELECT CASE WHEN current_database() LIKE 'release\\_rehearsal%' THEN NULL ELSE pg_sleep(60) END;
            COMMIT;
            """;

    /** Starts an approved release and comes back when its transaction on production is waiting. */
    private static World.Running applying(World world) throws Exception {
        Path script = world.folder.resolve("slow.sql");
        World.write(script, World.read(World.FIXTURE.resolve("release.sql")).replace("COMMIT;", SLOW_ON_PRODUCTION));
        World.Result asked = world.run("release", "--json", "--sql", script.toString());
        assertEquals(11, asked.exit(), asked::all);
        World.Running running = world.begin("release", "--sql", script.toString(), "--approve",
                asked.json().at("/facts/sql/sha256").asText());
        for (int i = 0; i < 600 && sleeping(world).equals("0"); i++) {
            assertTrue(running.process().isAlive(), () -> World.read(running.err()));
            Thread.sleep(100);
        }
        assertEquals("1", sleeping(world), () -> World.read(running.err()));
        return running;
    }

    private static String sleeping(World world) {
        return world.sql("SELECT count(*) FROM pg_stat_activity"
                + " WHERE datname = current_database() AND wait_event = 'PgSleep'");
    }

    private static void assertRolledBack(World world) throws InterruptedException {
        // The server notices a client that is gone when the statement ends, or when it is told to look.
        world.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                + " AND datname = current_database()");
        for (int i = 0; i < 100 && !sleeping(world).equals("0"); i++) {
            Thread.sleep(50);
        }
        assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        assertEquals(null, world.sql("SELECT to_regclass('users')"));
        assertEquals("1", world.git(world.origin, "rev-list", "--count", "release"));
    }

    @Test
    void interruptedInTheMiddleOfTheTransactionNothingIsChangedAndTheTruthIsSaid() throws Exception {
        try (World world = World.drizzle()) {
            World.Running running = applying(world);
            Exec.of("kill", "-INT", String.valueOf(running.process().pid())).run();
            assertTrue(running.process().waitFor(20, TimeUnit.SECONDS));
            World.Result result = running.end();
            assertEquals(130, result.exit(), result::all);
            assertTrue(result.err().contains("the transaction was under way: the server rolls it back"), result::all);
            assertRolledBack(world);
        }
    }

    @Test
    void killedInTheMiddleOfTheTransactionItIsFoundOutByLooking() throws Exception {
        try (World world = World.drizzle()) {
            World.Running running = applying(world);
            running.process().destroyForcibly();
            assertTrue(running.process().waitFor(20, TimeUnit.SECONDS));
            assertNotEquals(0, running.end().exit());
            assertRolledBack(world);

            World.Result status = world.run("release", "status");
            assertTrue(status.out().contains("5 migrations applied, pending: 0005"), status::all);
            assertTrue(status.out().contains("jbang release.java resume"), status::all);
            World.Result blocked = world.run("release", "--json");
            assertEquals(20, blocked.exit(), blocked::all);
            World.Result resumed = world.run("release", "resume");
            assertEquals(10, resumed.exit(), resumed::all);
            assertTrue(resumed.err().contains("not changed: the transaction was rolled back"), resumed::all);
            World.Result again = world.run("release", "--json");
            assertEquals(11, again.exit(), again::all);
            World.Result released = world.run("release", "--approve", again.json().at("/facts/sql/sha256").asText());
            assertEquals(0, released.exit(), released::all);
            assertTrue(Files.exists(world.repo.resolve("_migrations/runs")));
        }
    }
}
