//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** Whole releases, as a process, on a real repository and a real production. */
class ReleaseTest {
    @Test
    void withoutATerminalNothingIsAppliedUnapprovedAndWithTheApprovalAllIs() {
        try (World world = World.drizzle()) {
            World.Result asked = world.run("release", "--json");
            assertEquals(11, asked.exit(), asked::all);
            String sha = asked.json().at("/facts/sql/sha256").asText();
            assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertTrue(asked.json().at("/facts/approve").asText().contains("--approve " + sha), asked::all);
            assertTrue(Files.exists(world.repo.resolve(asked.json().at("/facts/sql/file").asText())));
            assertTrue(Files.exists(world.repo.resolve(asked.json().at("/facts/backup/file").asText())));
            assertEquals(1, asked.json().at("/facts/commits").size());
            assertEquals("Simple", asked.json().at("/facts/entries/0/class").asText());
            assertEquals(2, asked.json().at("/facts/pending").size());

            World.Result released = world.run("release", "--json", "--approve", sha);
            assertEquals(0, released.exit(), released::all);
            assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertEquals("0", world.sql("SELECT count(*) FROM food_logs WHERE user_id IS NULL"));
            assertEquals(world.git("rev-parse", "HEAD"), world.git(world.origin, "rev-parse", "release"));
            assertTrue(world.read("MIGRATIONS.md").endsWith("<!-- Add entries below this line -->\n"), () -> world.read("MIGRATIONS.md"));
        }
    }
}
