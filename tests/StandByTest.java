//SOURCES World.java ../lib/Scratch.java ../lib/Servers.java ../lib/StandBy.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.Map;
import lib.Failure;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.StandBy;
import lib.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The throw-away server that a release starts ahead of its rehearsal. */
class StandByTest {
    private static final String VARIABLE = "RELEASE_STAND_BY_URL";

    @TempDir
    private Path folder;

    @Test
    void isThereUntilItIsClosed() throws Exception {
        Target production = World.productionServer().target("drizzle_at_5");
        Target there;
        try (StandBy server = StandBy.of(folder, null, production)) {
            there = Target.parse(server.handOver().get(VARIABLE));
            try (Connection connection = Postgres.read(there, "test")) {
                assertEquals(15, Postgres.identity(connection).major());
            }
        }
        assertThrows(Failure.class, () -> Postgres.read(there, "test").close());
    }

    @Test
    void thereIsNoneWhereAnotherServerIsUsedOrProductionIsOutOfReach() throws Exception {
        Target production = World.productionServer().target("drizzle_at_5");
        try (StandBy named = StandBy.of(folder, "postgresql://localhost/x", production)) {
            assertEquals(Map.of(), named.handOver());
        }
        Files.writeString(folder.resolve("compose.yaml"), "services: {}\n");
        try (StandBy compose = StandBy.of(folder, null, production)) {
            assertEquals(Map.of(), compose.handOver());
        }
        Target nowhere = new Target("127.0.0.1", 1, "x", "y", "z", Map.of());
        try (StandBy unreachable = StandBy.of(folder.resolve("elsewhere"), null, nowhere)) {
            assertEquals(Map.of(), unreachable.handOver());
        }
    }

    /** A server that writes down each CREATE DATABASE. */
    private static Scratch watched() {
        Scratch server = Scratch.start(Servers.fitting(15));
        World.execute(server.target(null), "ALTER SYSTEM SET log_statement = 'ddl'", "SELECT pg_reload_conf()",
                "SELECT pg_sleep(0.3)");
        return server;
    }

    private static boolean hadACopy(Scratch server) {
        return World.read(server.data().resolve("server.log")).contains("CREATE DATABASE release_rehearsal_");
    }

    @Test
    void theRehearsalRunsOnIt() throws Exception {
        // Of its own: on the tests' common one another class may be rehearsing at this moment.
        try (World world = World.drizzle("standing by"); Scratch server = watched()) {
            assertEquals(0, world.run("backup").exit());
            world.environment.put("RELEASE_SCRATCH_URL", null);
            world.environment.put(VARIABLE, server.target(null).url());
            // So that it could start none of its own, nor fetch one.
            world.environment.put("RELEASE_PG_BINS", folder.toString());
            world.environment.put("XDG_CACHE_HOME", folder.toString());
            world.environment.put("JAVA_TOOL_OPTIONS", "-Duser.home=" + folder);
            World.Result result = world.run("validate");
            assertTrue(result.err().contains("rehearsal.server throw-away server, PostgreSQL 15"), result::all);
            assertEquals(0, result.exit(), result::all);
            assertTrue(result.err().contains("rehearsal.restore the copy has the schema"), result::all);
            assertTrue(hadACopy(server), result::all);
            try (Connection connection = Postgres.read(server.target(null), "test")) {
                assertFalse(Postgres.rows(connection, "SELECT datname FROM pg_database").toString()
                        .contains("release_rehearsal_"));
            }
        }
    }

    @Test
    void productionItselfIsNeverTakenForIt() throws Exception {
        try (Scratch server = watched()) {
            World world = World.drizzleOn(server.target(null));
            assertEquals(0, world.run("backup").exit());
            world.environment.put("RELEASE_SCRATCH_URL", null);
            // By its superuser: no missing right keeps a copy off it.
            world.environment.put(VARIABLE, server.target(null).url());
            World.Result result = world.run("validate");
            world.forget();
            assertEquals(0, result.exit(), result::all);
            assertTrue(result.err().contains("rehearsal.server throw-away server"), result::all);
            assertFalse(hadACopy(server), result::all);
            assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        }
    }
}
