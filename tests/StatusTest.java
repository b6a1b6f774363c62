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
    void whereAReleaseStandsFitsTheTerminal() {
        world.environment.put("COLUMNS", "48");
        World.Result status = world.run("release", "status");
        world.environment.remove("COLUMNS");
        assertEquals(0, status.exit(), status::all);
        assertTrue(status.out().contains("\ndatabase       5 migrations applied, pending:\n" + " ".repeat(15)),
                status::all);
        assertTrue(status.out().lines().allMatch(line -> line.length() <= 48), status::all);
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

    /** What Drizzle writes when it has run the migration of that number. */
    private static void applied(Target target, int number) {
        String journal = world.read("drizzle/meta/_journal.json");
        String when = journal.split("\"when\": ")[number + 1].replaceFirst("(?s)\\D.*", "");
        String tag = journal.split("\"tag\": \"")[number + 1].replaceFirst("(?s)\".*", "");
        World.execute(target, "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ("
                + Postgres.literal(lib.Hash.of(world.read("drizzle/" + tag + ".sql"))) + ", " + when + ")");
    }

    @Test
    void aDatabaseThatHasAllIsReadyAndOneWithAnEditedHistoryIsTrouble() {
        Target ready = database("status_ready");
        Target edited = database("status_edited");
        try {
            world.environment.put("READY_DATABASE_URL", ready.url());
            world.environment.put("EDITED_DATABASE_URL", edited.url());
            applied(ready, 5);
            applied(ready, 6);
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
    void whatWaitsIsHeldUntilItsDay() {
        Target held = database("status_held");
        World other = world.again();
        try {
            World.copy(world.repo, other.repo);
            String file = "drizzle/0006_warm_calypso.sql";
            other.write(file, "-- hold: until 2039-01-01\n" + other.read(file));
            other.commit("hold it back");
            applied(held, 5);
            other.environment.put("HELD_DATABASE_URL", held.url());
            World.Result seen = other.run("assess", "status", "--env", "held");
            assertEquals(0, seen.exit(), seen::all);
            assertTrue(seen.out().matches("(?s).*0006_\\S+ +held\n.*overall +held\n?"), seen::all);
            assertTrue(seen.out().contains("6 applied, 0 pending"), seen::all);
            assertTrue(seen.out().contains("            held until 2039-01-01: 0006_warm_calypso\n"), seen::all);

            other.environment.put("STAGING_DATABASE_URL", NOWHERE);
            World.Result facts = other.run("assess", "status", "--env", "held", "--env", "production", "--env",
                    "staging", "--json");
            assertEquals(12, facts.exit(), "out of reach weighs more than pending: " + facts.all());
            assertEquals("held", facts.json().at("/facts/environments/0/verdict").asText());
            assertEquals("2039-01-01", facts.json().at("/facts/environments/0/held/0/until").asText());
            assertEquals("pass", facts.gate("status.held").path("status").asText());
            assertEquals("pending", facts.json().at("/facts/environments/1/verdict").asText());
            assertEquals("[\"0005_careless_black_queen\"]",
                    facts.json().at("/facts/environments/1/pending").toString());
            assertEquals("held", facts.json().at("/facts/migrations/6/production").asText(), facts::all);
            assertEquals("unreachable", facts.json().at("/facts/environments/2/verdict").asText());
            assertTrue(World.read(other.newest("hand-over-staging-.*\\.md"))
                    .contains("; it waits until 2039-01-01, and is not missing before |"));

            String due = "drizzle/0005_careless_black_queen.sql";
            other.write(due, "-- hold: until 2039-01-01\n" + other.read(due));
            other.write(file, World.read(World.FIXTURE.resolve(file)));
            other.commit("hold the one before it back");
            World.Result order = other.run("assess", "status", "--env", "production");
            assertEquals(10, order.exit(), order::all);
            assertTrue(order.out().contains("drizzle goes by order") && order.out().contains("overall     trouble"),
                    order::all);
        } finally {
            World.execute(World.productionServer().target(null), "DROP DATABASE status_held WITH (FORCE)");
            other.forget();
        }
    }

    @Test
    void whatReleaseJsonDoesNotDescribeIsFoundByItsVariable() {
        World other = world.again();
        World.copy(world.repo, other.repo);
        other.write("release.json",
                "{\"environments\": {\"production\": {\"url\": {\"env\": \"PROD_DATABASE_URL\"}}}}");
        other.environment.put("DATABASE_URL", null);
        World.Result without = other.run("assess", "status", "--json");
        assertEquals(11, without.exit(), without::all);
        assertEquals("unset", without.json().at("/facts/environments/1/verdict").asText(), without::all);
        assertEquals("release.json describes no staging, and STAGING_DATABASE_URL is neither set nor in .env",
                without.json().at("/facts/environments/1/reason").asText());

        other.write(".env", "DATABASE_URL='" + staging.url() + "'\nSTAGING_DATABASE_URL='" + NOWHERE + "'\n");
        World.Result found = other.run("assess", "status", "--json");
        assertEquals(12, found.exit(), found::all);
        assertEquals("DATABASE_URL in .env", found.json().at("/facts/environments/0/source").asText(), found::all);
        assertEquals("pending", found.json().at("/facts/environments/0/verdict").asText());
        assertEquals("STAGING_DATABASE_URL in .env", found.json().at("/facts/environments/1/source").asText());
        assertEquals("unreachable", found.json().at("/facts/environments/1/verdict").asText());
        assertTrue(World.read(other.newest("hand-over-staging-.*\\.md")).contains("127.0.0.1:1"));
        World.Result unknown = other.run("assess", "status", "--env", "elsewhere");
        assertEquals(2, unknown.exit(), unknown::all);
        assertTrue(unknown.err().contains("release.json has no environment \"elsewhere\""), unknown::all);
        other.forget();
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
