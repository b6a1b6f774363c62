//SOURCES World.java ../lib/schema/Drift.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Copy;
import lib.Git;
import lib.History;
import lib.Postgres;
import lib.migrations.Drizzle;
import lib.schema.Drift;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Production against what its migrations make, at the command line. */
@Timeout(120)
class DriftTest {
    private static World world;

    @BeforeAll
    static void makeAWorld() {
        world = World.drizzle();
    }

    @AfterAll
    static void removeIt() {
        world.close();
    }

    /** The library itself, where the command line is not the point. */
    private static Drift drift() throws Exception {
        try (Connection connection = Postgres.read(world.production, "test")) {
            History history = Drizzle.find(new Git(world.repo).files("HEAD", path -> path.startsWith("drizzle")), null)
                    .orElseThrow();
            return Drift.of(world.production, connection, history, history.state(connection), () -> Copy.on(
                    World.rehearsal().target(null).url(), world.repo, identity()));
        }
    }

    private static Postgres.Identity identity() {
        try (Connection connection = Postgres.read(world.production, "test")) {
            return Postgres.identity(connection);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatWasDoneByHandIsNamedAndStrictnessStopsWhatTouchesIt() throws Exception {
        assertEquals(new Drift(List.of(), null), drift());
        world.execute("CREATE INDEX by_hand ON food_logs (id)", "ALTER TABLE custom_foods ADD COLUMN note text",
                "CREATE TABLE scratch_pad (id int)", "ALTER TABLE scratch_pad REPLICA IDENTITY FULL");
        World.Result some = world.run("assess", "drift");
        assertEquals(10, some.exit(), some::all);
        assertEquals(List.of("index by_hand: no migration makes it", "column custom_foods.note: no migration makes it",
                "table scratch_pad: no migration makes it"), some.out().lines().skip(1).toList());

        World.Result strict = world.run("assess", "--strict-drift", "--json");
        assertEquals(10, strict.exit(), strict::all);
        assertEquals("stop", strict.gate("assess.drift").path("status").asText(), strict::all);
        assertEquals(3, strict.json().at("/facts/drift").size(), strict::all);
        assertTrue(strict.json().at("/facts/driftTouched").toString().contains("by_hand"),
                "an index is touched with its table");

        world.execute("DROP INDEX by_hand", "ALTER TABLE custom_foods DROP COLUMN note");
        World.Result apart = world.run("assess", "--strict-drift", "--json");
        assertEquals("warn", apart.gate("assess.drift").path("status").asText(), "nothing touches scratch_pad");
        world.execute("DROP TABLE scratch_pad");

        world.execute("UPDATE drizzle.__drizzle_migrations SET hash = 'x' || hash WHERE id = 5");
        assertEquals(new Drift(List.of(), "its history has 0004_chunky_strong_guy, edited"), drift());
        world.execute("UPDATE drizzle.__drizzle_migrations SET hash = substr(hash, 2) WHERE id = 5");
    }
}
