//SOURCES World.java ../lib/rehearsal/SpotChecks.java ../lib/rehearsal/Staging.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.Connection;
import java.sql.SQLException;
import lib.Json;
import lib.Postgres;
import lib.Target;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/** Staging made a copy of production and migrated, and what is looked at in a live database afterwards. */
@Timeout(180)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SpotChecksTest {
    private static World world;
    private static Target staging;

    @BeforeAll
    static void aBackupAndAStaging() throws java.io.IOException {
        world = World.drizzle();
        staging = World.rehearsal().target("staging of spot checks");
        World.execute(World.rehearsal().target(null), "CREATE DATABASE \"staging of spot checks\"");
        world.environment.put("STAGING_DATABASE_URL", staging.url());
        World.Result backup = world.run("backup");
        assertEquals(0, backup.exit(), backup::all);
        // As assess leaves it for entries that give a query.
        ObjectNode record = (ObjectNode) Json.MAPPER.readTree(world.read("_migrations/run.json"));
        record.set("assess", Json.MAPPER.readTree("""
                {"phase": "assess", "status": "pass", "facts": {"checks": [
                    {"entry": "Multi-user", "sql": "SELECT count(*) FROM sessions WHERE email IS NULL"},
                    {"entry": "Multi-user", "sql": "SELECT email FROM users"},
                    {"entry": "Multi-user", "sql": "SELECT count(*) FROM drizzle.__drizzle_migrations"}]}}"""));
        world.write("_migrations/run.json", Json.pretty(record));
    }

    @AfterAll
    static void removeAll() throws SQLException {
        world.close();
        try (Connection connection = Postgres.write(World.rehearsal().target(null), "test")) {
            for (var row : Postgres.rows(connection, "SELECT datname FROM pg_database WHERE datname LIKE 'staging"
                    + " of%'")) {
                Postgres.execute(connection, "DROP DATABASE " + lib.sql.Name.quote(row.get(0)) + " WITH (FORCE)");
            }
        }
    }

    private static String stagings(String query) {
        try (Connection connection = Postgres.read(staging, "test")) {
            return Postgres.one(connection, query);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private static World.Result stops(int exit, String gate, String words, String... arguments) {
        World.Result seen = world.run("validate", arguments);
        assertEquals(exit, seen.exit(), seen::all);
        assertEquals("stop", seen.gate(gate).path("status").asText(), seen::all);
        assertTrue(seen.gate(gate).path("message").asText().contains(words), seen::all);
        return seen;
    }

    @Test
    @Order(1)
    void productionIsNoStaging() {
        stops(2, "staging.target", "--on production: that is where the release goes", "--on", "production", "--json");
        world.environment.put("STAGING_DATABASE_URL", world.production.url());
        try {
            stops(10, "staging.target", "staging is production's own database", "--on", "staging", "--json");
        } finally {
            world.environment.put("STAGING_DATABASE_URL", staging.url());
        }
        World.Result mask = world.run("validate", "--mask", "mask.sql");
        assertEquals(2, mask.exit(), mask::all);
        assertTrue(mask.err().contains("--mask is for the environment that --on names"), mask::all);
    }

    @Test
    @Order(2)
    void aBackupThatProductionHasLeftBehindIsRefused() {
        world.execute("ALTER TABLE sessions ADD COLUMN later int");
        try {
            World.Result seen = stops(10, "rehearsal.current",
                    "the backup is older than the last change of production's schema", "--json");
            assertTrue(seen.gate("rehearsal.current").path("message").asText().contains("sessions.later"), seen::all);
            assertEquals("jbang backup.java --env production",
                    seen.gate("rehearsal.current").path("hint").asText(), seen::all);
        } finally {
            world.execute("ALTER TABLE sessions DROP COLUMN later");
        }
        World other = World.of("Another \"one\"", "template0");
        world.environment.put("PROD_DATABASE_URL", other.production.url());
        try {
            stops(10, "rehearsal.current", "the backup of this run is of another database", "--json");
        } finally {
            world.environment.put("PROD_DATABASE_URL", world.production.url());
            other.close();
        }
    }

    @Test
    @Order(3)
    void stagingBecomesProductionAsItWillBe() {
        world.environment.put("RELEASE_SCRATCH_URL", null);
        World.write(world.folder.resolve("mask.sql"), "UPDATE sessions SET expires_at = '2030-01-01';");
        World.Result seen = world.run("validate", "--json", "--on", "staging", "--mask",
                world.folder.resolve("mask.sql").toString());
        assertEquals(0, seen.exit(), seen::all);
        assertTrue(seen.json().at("/facts/staging/migrated").asBoolean(), seen::all);
        assertEquals(staging.place(), seen.json().at("/facts/server").asText(), "rehearsed on staging's own server");
        assertEquals("pass", seen.gate("staging.history").path("status").asText(), seen::all);
        assertEquals("7", stagings("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        assertEquals("0", stagings("SELECT count(*) FROM food_logs WHERE user_id IS NULL"));
        assertEquals("0", stagings("SELECT count(*) FROM sessions WHERE expires_at <> '2030-01-01'"), "masked");
        assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"), "production is as it was");

        String checks = seen.gate("rehearsal.checks").path("message").asText();
        assertTrue(checks.contains("Multi-user: 0 -> fails: column \"email\" does not exist"), checks);
        assertTrue(checks.contains("Multi-user: fails: relation \"users\" does not exist -> "), checks);
        assertTrue(checks.contains("Multi-user: 5 -> 7 "), checks);
        assertEquals(3, seen.json().at("/facts/checks").size());
    }

    @Test
    @Order(4)
    void aLiveDatabaseIsLookedAtAfterwards() {
        String schema = "generator client {\n  provider = \"prisma-client-js\"\n}\nmodel A {\n  id Int @id\n}\n";
        world.write("app/schema.prisma", schema);
        world.write("app/node_modules/.prisma/client/schema.prisma", "// made\n" + schema.replace("  ", "    "));
        world.commit("client");
        World.Result good = world.run("validate", "checks", "--env", "staging", "--json");
        assertEquals(0, good.exit(), good::all);
        assertEquals("drizzle.__drizzle_migrations holds all 7 migrations",
                good.gate("checks.history").path("message").asText());
        for (String gate : new String[] {"checks.valid", "checks.client"}) {
            assertEquals("pass", good.gate(gate).path("status").asText(), good::all);
        }

        world.write("app/node_modules/.prisma/client/schema.prisma", schema.replace("model A", "model B"));
        World.execute(staging, "ALTER TABLE sessions ADD CONSTRAINT later CHECK (expires_at > created_at) NOT VALID");
        try (Connection connection = Postgres.write(staging, "test")) {
            Postgres.execute(connection, "CREATE UNIQUE INDEX CONCURRENTLY twice ON food_logs (amount)");
        } catch (SQLException leavesItInvalid) {
            assertEquals("23505", leavesItInvalid.getSQLState());
        }
        World.Result bad = stops(10, "checks.valid", "twice", "checks", "--env", "staging", "--json");
        assertTrue(bad.gate("checks.valid").path("message").asText().contains("later"), bad::all);
        assertTrue(bad.gate("checks.valid").path("hint").asText().contains("REINDEX INDEX CONCURRENTLY twice;"),
                bad::all);
        assertEquals("warn", bad.gate("checks.client").path("status").asText(), bad::all);
        assertEquals("npx prisma generate", bad.gate("checks.client").path("hint").asText());
    }
}
