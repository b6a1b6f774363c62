//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/** What a rehearsal proves about the files: the SQL covers them, and their own migrator has nothing left to do. */
@Timeout(300)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CoverageTest {
    private static final Path PACKAGES = World.ROOT.resolve("tests/node/node_modules");
    private static final String DIALECT = "pg-core/dialect.js";

    private static World world;
    private static String written;

    /** One production, in which somebody made a table by hand, and one backup of it. */
    @BeforeAll
    static void backUp() {
        assertTrue(Files.isDirectory(PACKAGES.resolve("drizzle-orm")),
                "the real migrators are not installed: npm ci --prefix tests/node");
        world = World.drizzle();
        world.execute("CREATE TABLE by_hand (id integer)");
        assertEquals(0, world.run("backup").exit());
    }

    @AfterAll
    static void removeTheWorld() {
        world.close();
    }

    private static World.Result validate(int exit, String... arguments) {
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = "--json";
        World.Result seen = world.run("validate", all);
        assertEquals(exit, seen.exit(), seen::all);
        return seen;
    }

    private static String message(World.Result seen, String gate, String status) {
        assertEquals(status, seen.gate(gate).path("status").asText(), seen::all);
        return seen.gate(gate).path("message").asText();
    }

    @Test
    @Order(1)
    void theSqlLeavesTheSchemaOfTheFilesAndDriftIsToldApart() {
        World.Result seen = validate(0);
        String told = message(seen, "rehearsal.coverage", "warn");
        assertTrue(told.contains("every change of the files is covered"), told);
        assertTrue(told.endsWith("differed before this release already (drift):\n  table by_hand is new"), told);
        assertTrue(seen.json().at("/facts/coverage/proven").asBoolean(), seen::all);
        assertEquals(2, seen.json().at("/facts/coverage/drift").size(), seen::all);
        assertEquals(0, seen.json().at("/facts/coverage/differences").size(), seen::all);
        assertTrue(message(seen, "rehearsal.replay", "pass").contains("by the rule of drizzle nothing is left to run;"
                + " its migrator itself was not run: drizzle-orm is not installed"), seen::all);
        assertEquals("the tool's rule", seen.json().at("/facts/replay/how").asText());
        written = World.read(world.newest("release-.*sql"));
    }

    @Test
    @Order(2)
    void aChangeThatTheSqlLeavesOutStops() {
        assertTrue(written.contains("CREATE TABLE \"users\""), written);
        Path script = world.folder.resolve("short.sql");
        World.write(script, written.replaceFirst("COMMIT;", "ALTER TABLE users DROP CONSTRAINT users_email_unique;\n"
                + "CREATE INDEX on_purpose ON users (email);\nCOMMIT;"));
        World.Result seen = validate(10, "--sql", script.toString());
        String told = message(seen, "rehearsal.coverage", "stop");
        assertTrue(told.contains("constraint users.users_email_unique is missing"), told);
        assertTrue(told.contains("index users_email_unique is missing"), told);
        assertFalse(told.contains("on_purpose") || told.contains("by_hand"), told);
        assertTrue(seen.json().at("/facts/certificate").isMissingNode(), seen::all);
        assertEquals("[\"index on_purpose is new\"]", seen.json().at("/facts/coverage/added").toString());
    }

    @Test
    @Order(3)
    void theRealMigratorRunsOnTheCopyAndOneThatReplaysStops() throws IOException {
        Path script = world.folder.resolve("whole.sql");
        World.write(script, written);
        Path modules = Files.createDirectories(world.repo.resolve("node_modules"));
        World.copy(PACKAGES.resolve("drizzle-orm"), modules.resolve("drizzle-orm"));
        for (String client : new String[] {"pg", "pg-types", "pg-pool", "pg-protocol", "pg-connection-string", "pgpass",
            "pg-int8", "postgres-array", "postgres-bytea", "postgres-date", "postgres-interval", "split2", "xtend"}) {
            Files.createSymbolicLink(modules.resolve(client), PACKAGES.resolve(client));
        }
        World.Result seen = validate(0, "--sql", script.toString());
        String told = message(seen, "rehearsal.replay", "pass");
        assertTrue(told.startsWith("drizzle-orm 0.45.") && told.endsWith(" ran on the copy and changed nothing"), told);
        assertEquals("ran the application's migrator", seen.json().at("/facts/replay/how").asText());
        assertEquals(0, seen.json().at("/facts/replay/statements").asInt(-1));

        Path dialect = modules.resolve("drizzle-orm").resolve(DIALECT);
        String text = Files.readString(dialect);
        assertTrue(text.contains("created_at) < migration"), text);
        Files.writeString(dialect, text.replace("created_at) < migration", "created_at) <= migration"));
        World.Result again = validate(10, "--sql", script.toString());
        told = message(again, "rehearsal.replay", "stop");
        assertTrue(told.contains("is not content with what the SQL leaves: it ran\n"), told);
        assertTrue(again.json().at("/facts/certificate").isMissingNode(), again::all);
        Files.writeString(dialect, text);
    }

    @Test
    @Order(4)
    void filesThatDoNotRunOnAnEmptyDatabaseAreSaid() throws IOException {
        world.migration("0007_by_hand", "ALTER TABLE by_hand ADD COLUMN word text;");
        world.commit("a migration of a table that no migration makes");
        Files.delete(world.newest("release-.*sql"));
        World.Result seen = validate(0);
        String told = message(seen, "rehearsal.coverage", "warn");
        assertTrue(told.startsWith("not proven, because the migration files do not run on an empty database:"
                + " drizzle/0007_by_hand.sql line 1:") && told.contains("by_hand\" does not exist"), told);
        assertFalse(seen.json().at("/facts/coverage/proven").asBoolean(), seen::all);
    }

    @Test
    @Order(5)
    void whatIsHeldBackIsLeftOutAndSaid() throws IOException {
        world.write("drizzle/0007_by_hand.sql", "-- hold: 7d\nDROP TABLE by_hand;");
        world.commit("a migration that waits");
        Files.delete(world.newest("release-.*sql"));
        World.Result seen = validate(0);
        assertTrue(message(seen, "sql.write", "pass").endsWith("2 migrations, 6 data steps; held back: 0007_by_hand"
                + " (7d from this release on)"), seen::all);
        assertEquals("0007_by_hand", seen.json().at("/facts/held/0/migration").asText());
        assertEquals(2, seen.json().at("/facts/pending").size());
        String sql = World.read(world.newest("release-.*sql"));
        assertTrue(sql.contains("\n-- Left out, held back: 0007_by_hand, 7d from this release on\n"), sql);
        assertFalse(sql.contains("DROP TABLE"), sql);
        assertTrue(message(seen, "rehearsal.replay", "pass").contains("it would run what is held back: 0007_by_hand"),
                seen::all);
        World.Result status = world.run("release", "status");
        assertTrue(status.out().contains("pending: 0005_careless_black_queen, 0006_warm_calypso; held back:"
                + " 0007_by_hand (7d from this release on)"), status::all);

        world.write("package.json", "{\"scripts\": {\"db\": \"drizzle-kit migrate\","
                + " \"start\": \"npm run db && node .\"}}");
        world.commit("migrate at the start");
        World.Result stopped = validate(10);
        assertTrue(message(stopped, "sql.write", "stop").contains("0007_by_hand is held back (7d from this release on),"
                + " but the next deploy would run it: package.json says \"start\": \"npm run db && node .\""),
                stopped::all);
        World.Result assessed = world.run("assess", "--json");
        assertEquals("stop", assessed.gate("assess.history").path("status").asText(), assessed::all);
    }
}
