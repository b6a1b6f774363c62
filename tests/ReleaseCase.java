//SOURCES World.java ../lib/Hash.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import lib.Hash;

/** What the tests of a whole release share: a service that is stopped, an approval, and what is true afterwards. */
abstract class ReleaseCase {
    private static final String SETTINGS = """
            {"checks": [["git", "--version"]],
             "environments": {"production": {"url": {"env": "PROD_DATABASE_URL"},
              "services": {"web": {"stop": ["%s"], "start": [%s]}}}}}
            """;

    /** A release with a service whose stop command does what the test wants; the settings are committed before. */
    static World withStop(String stop, String start) {
        World world = World.drizzle();
        Path command = World.script(world.folder.resolve("bin/stop"), stop);
        String starter = start == null ? ""
                : '"' + World.script(world.folder.resolve("bin/start"), start).toString() + '"';
        world.write("release.json", SETTINGS.formatted(command, starter));
        world.push("settings");
        return world;
    }

    /** Releases the SQL that everybody is proposed who has these migrations and entries. */
    static World.Result approved(World world) {
        return world.run("release", "--json", "--approve", World.proposal());
    }

    /** The same with SQL of the test's own. */
    static World.Result approved(World world, Path script) {
        return world.run("release", "--json", "--sql", script.toString(), "--approve", Hash.of(World.read(script)));
    }

    static void assertUntouched(World world, World.Result result) {
        assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"), result::all);
        assertEquals(null, world.sql("SELECT to_regclass('users')"), result::all);
        assertEquals("1", world.git(world.origin, "rev-list", "--count", "release"), result::all);
    }

    static void assertReleased(World world, World.Result result) {
        assertReleased(world, result, 0);
    }

    /** With so many users more than in the fixture, each with one row of food_logs. */
    static void assertReleased(World world, World.Result result, int more) {
        assertEquals(0, result.exit(), result::all);
        assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        assertEquals(String.valueOf(241 + more), world.sql("SELECT count(*) FROM users"));
        assertEquals("0", world.sql("SELECT count(*) FROM food_logs WHERE user_id IS NULL"));
        assertEquals(String.valueOf(3201 + more), world.sql("SELECT count(*) FROM food_logs"));
        String released = world.git(world.origin, "log", "--format=%H", "release");
        assertTrue(released.contains(world.git("rev-parse", "main")), result::all);
    }
}
