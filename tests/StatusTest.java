//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import lib.Postgres;
import lib.Target;
import lib.sql.Name;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The environments of an application side by side: assess.java status on three databases of one server. */
@Timeout(120)
class StatusTest {
    private static final String NOWHERE = "postgresql://app:S3cret@127.0.0.1:1/nowhere";

    private static World world;
    private static Target staging;

    @BeforeAll
    static void makeAWorld() {
        world = World.drizzle();
        staging = database("status_staging");
        world.environment.put("STAGING_DATABASE_URL", staging.url());
        world.environment.put("LOCAL_DATABASE_URL", null);
        world.environment.put("DATABASE_URL", null);
    }

    private static Target database(String name) {
        World.execute(World.productionServer().target(null), "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)",
                "CREATE DATABASE " + name + " OWNER app TEMPLATE drizzle_at_5");
        Target admin = World.productionServer().target(name);
        return new Target(admin.host(), admin.port(), name, "app", World.PASSWORD, admin.parameters());
    }

    @AfterAll
    static void removeIt() {
        world.close();
        World.execute(World.productionServer().target(null), "DROP DATABASE status_staging WITH (FORCE)");
    }

    @Test
    void oneScreenAndTheExitCodeTell() {
        World.Result pending = world.run("assess", "status");
        assertEquals(11, pending.exit(), pending::all);
        assertTrue(pending.out().lines().allMatch(line -> line.startsWith(" ".repeat(12)) || line.length() <= 80),
                pending::all);
        assertTrue(pending.out().contains("staging      production"), pending::all);
        assertTrue(pending.out().matches("(?s).*0005_\\S+ +pending +pending.*overall +pending\n?"), pending::all);
        assertTrue(pending.out().contains("local       no database URL is known"), pending::all);
        assertTrue(pending.err().isEmpty(), "one screen: " + pending.err());

        World.Result facts = world.run("assess", "status", "--env", "production", "--env", "staging", "--json");
        assertEquals(11, facts.exit(), facts::all);
        assertEquals("decide", facts.json().path("status").asText());
        assertEquals(2, facts.json().at("/facts/environments").size(), facts::all);
        assertEquals("pending", facts.json().at("/facts/environments/0/verdict").asText());
        assertEquals("applied", facts.json().at("/facts/migrations/0/staging").asText());
        assertEquals(2, facts.json().at("/facts/environments/1/pending").size());
    }

    @Test
    void aDatabaseThatHasAllIsReadyAndOneWithAnEditedHistoryIsTrouble() {
        Target ready = database("status_ready");
        Target edited = database("status_edited");
        try {
            world.environment.put("READY_DATABASE_URL", ready.url());
            world.environment.put("EDITED_DATABASE_URL", edited.url());
            for (int i = 5; i < 7; i++) {
                String journal = world.read("drizzle/meta/_journal.json");
                String when = journal.split("\"when\": ")[i + 1].replaceFirst("(?s)\\D.*", "");
                String tag = journal.split("\"tag\": \"")[i + 1].replaceFirst("(?s)\".*", "");
                World.execute(ready, "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ("
                        + Postgres.literal(lib.Hash.of(world.read("drizzle/" + tag + ".sql"))) + ", " + when + ")");
            }
            World.execute(edited, "UPDATE drizzle.__drizzle_migrations SET hash = 'edited' WHERE id = 5");
            World.Result good = world.run("assess", "status", "--env", "ready");
            assertEquals(0, good.exit(), good::all);
            assertTrue(good.out().contains("overall     ready"), good::all);

            World.Result bad = world.run("assess", "status", "--env", "ready", "--env", "edited", "--json");
            assertEquals(10, bad.exit(), bad::all);
            assertEquals("trouble", bad.json().at("/facts/verdict").asText());
            assertTrue(bad.gate("status.edited").path("message").asText().contains("0004_chunky_strong_guy"),
                    bad::all);
        } finally {
            for (Target target : new Target[] {ready, edited}) {
                World.execute(World.productionServer().target(null),
                        "DROP DATABASE " + Name.quote(target.database()) + " WITH (FORCE)");
            }
        }
    }

    @Test
    void whatIsOutOfReachIsHandedOverWithoutASecret() {
        World other = world.again();
        World.copy(world.repo, other.repo);
        other.environment.putAll(Map.of("PROD_DATABASE_URL", NOWHERE, "STAGING_DATABASE_URL", staging.url()));
        World.Result seen = other.run("assess", "status");
        assertEquals(12, seen.exit(), seen::all);
        assertTrue(seen.out().contains("127.0.0.1:1") && seen.out().contains("overall     unreachable"), seen::all);
        assertTrue(seen.out().contains("hand over   _migrations/hand-over-production-"), seen::all);
        String text = World.read(other.newest("hand-over-production-.*\\.md"));
        assertFalse(text.contains("S3cret"), text);
        for (String part : new String[] {"pg_isready", "FROM drizzle.__drizzle_migrations ORDER BY created_at",
            "| 0004_chunky_strong_guy | hash ", "jbang backup.java --env production", "npx drizzle-kit migrate"}) {
            assertTrue(text.contains(part), part + " is missing: " + text);
        }
        World.Result one = other.run("assess", "--env", "staging", "--env", "production");
        assertEquals(2, one.exit(), one::all);
        assertTrue(one.err().contains("'--env' (NAME) should be specified only once"), one::all);
        other.forget();
    }
}
