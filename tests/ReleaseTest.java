//SOURCES ReleaseCase.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Whole releases, as a process, on a real repository and a real production: asked for, approved, and done. */
@Order(1)
class ReleaseTest extends ReleaseCase {
    @Test
    void withoutATerminalNothingIsAppliedUnapprovedAndWithTheApprovalAllIs() {
        try (World world = World.drizzle()) {
            World.Result asked = world.run("release", "--json");
            assertEquals(11, asked.exit(), asked::all);
            String sha = asked.json().at("/facts/sql/sha256").asText();
            assertUntouched(world, asked);
            assertEquals("jbang release.java --approve " + sha, asked.json().at("/facts/approve").asText());
            assertTrue(Files.exists(world.repo.resolve(asked.json().at("/facts/sql/file").asText())));
            assertTrue(Files.exists(world.repo.resolve(asked.json().at("/facts/backup/file").asText())));
            assertEquals(1, asked.json().at("/facts/commits").size());
            assertEquals("Simple", asked.json().at("/facts/entries/0/class").asText());
            assertEquals(2, asked.json().at("/facts/pending").size());
            assertTrue(asked.err().contains("-> read _migrations/release-"), asked::all);

            // Production is in use: its new rows are in the next backup, and do not change the SQL that was approved.
            world.execute("INSERT INTO food_logs (email, food_name, amount, calories) SELECT 'new' || i || '@x.org', "
                    + "'x', 1, 1 FROM generate_series(1, 500) i",
                    "INSERT INTO sessions (email, expires_at) VALUES ('New1@x.org', now())");
            World.Result released = world.run("release", "--approve", sha);
            assertReleased(world, released, 500);
            assertEquals(world.git("rev-parse", "HEAD"), world.git(world.origin, "rev-parse", "release"));
            assertEquals(world.git("rev-parse", "HEAD"), world.git(world.origin, "rev-parse", "main"));
            assertEquals("main", world.git("branch", "--show-current"));
            assertEquals("", world.git("status", "--porcelain"));
            assertEquals("release: clear MIGRATIONS.md", world.git("log", "-1", "--format=%B").strip());
            assertTrue(world.read("MIGRATIONS.md").endsWith("<!-- Add entries below this line -->\n"));
            assertTrue(released.out().contains("Released main to production"), released::all);
            assertTrue(World.read(world.newest("report-.*\\.md")).contains("rename ALLOWED_EMAIL to ALLOWED_EMAILS"));
            assertFalse(Files.exists(world.repo.resolve("_migrations/run.json")), "a finished run is put away");

            World.Result again = world.run("release", "--json");
            assertEquals(10, again.exit(), again::all);
            assertTrue(again.gate("git.commits").path("message").asText().startsWith("nothing to promote"), again::all);
        }
    }

    @Test
    void noApprovalOfOtherSqlCountsAndSqlThatIsEditedIsRehearsedAndApprovedAnew() {
        try (World world = World.drizzle()) {
            World.Result other = world.run("release", "--json", "--approve", "0".repeat(64));
            assertEquals(11, other.exit(), other::all);
            assertTrue(other.err().contains("the SQL is not the one that was approved"), other::all);
            assertUntouched(world, other);
            String sha = other.json().at("/facts/sql/sha256").asText();
            Path sql = world.newest("release-.*\\.sql");
            World.write(sql, World.read(sql).replace("COMMIT;", "UPDATE users SET name = 'somebody';\nCOMMIT;"));
            World.Result result = world.run("release", "--json", "--approve", sha);
            assertEquals(11, result.exit(), result::all);
            assertTrue(result.err().contains("was edited by hand"), result::all);
            assertUntouched(world, result);
            World.Result released = world.run("release", "--approve", result.json().at("/facts/sql/sha256").asText());
            assertReleased(world, released);
            assertEquals("somebody", world.sql("SELECT DISTINCT name FROM users"));
        }
    }

    @Test
    void aDryRunTouchesNeitherProductionNorTheRemote() {
        try (World world = World.drizzle()) {
            World.Result missing = world.run("release", "--sql", "nowhere.sql");
            assertEquals(2, missing.exit(), missing::all);
            String before = world.git(world.origin, "for-each-ref");
            World.Result result = world.run("release", "--dry-run", "--json");
            assertEquals(0, result.exit(), result::all);
            assertUntouched(world, result);
            assertEquals(before, world.git(world.origin, "for-each-ref"));
            assertTrue(result.err().contains("Dry run: no database and no remote was touched"), result::all);
            assertTrue(result.err().contains("$ git push --atomic origin"), result::all);
        }
    }

    @Test
    void aReleaseWithoutAnySqlOnlyPromotesAndMergesACommitOfTheReleaseBranch() {
        try (World world = World.of("code only", "template0")) {
            world.commit("start");
            world.git("push", "-q", "-u", "origin", "main", "main:release");
            world.git("switch", "-q", "-c", "release", "origin/release");
            world.write("hotfix.txt", "urgent\n");
            world.commit("hotfix");
            world.git("push", "-q", "origin", "release");
            world.git("switch", "-q", "main");
            String hotfix = world.git(world.origin, "rev-parse", "release");
            world.write("code.txt", "new\n");
            world.push("code");
            World.Result result = world.run("release", "--json");
            assertEquals(0, result.exit(), result::all);
            assertEquals("None", result.json().at("/facts/class").asText());
            assertEquals(hotfix, world.git(world.origin, "rev-parse", "release^1"), "it is never forced");
            assertEquals(world.git("rev-parse", "main"), world.git(world.origin, "rev-parse", "release^2"));
            assertEquals("urgent", world.git(world.origin, "show", "release:hotfix.txt"));
            String message = world.git(world.origin, "log", "-1", "--format=%B", "release");
            assertFalse(message.toLowerCase().contains("co-authored"));
        }
    }
}
