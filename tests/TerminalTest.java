//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.Exec;
import lib.PhaseProcess;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is asked on a terminal, and what the answers do; the terminal is made by script(1). */
class TerminalTest {
    @BeforeAll
    static void aTerminalCanBeMade() {
        assumeTrue(Exec.of("script", "--version").run().ok(), "script(1) of util-linux is not installed");
    }

    /** Runs a script on a terminal and types the answers; what it shows comes back in one stream. */
    private static Exec.Result typed(World world, String answers, String script, String... arguments) {
        List<String> command = new ArrayList<>(PhaseProcess.java(script));
        command.addAll(List.of(arguments));
        Exec.Result result = Exec.of("script", "--quiet", "--return", "--command", Exec.typed(command), "/dev/null")
                .in(world.repo).with(world.environment).with(Map.of("TERM", "xterm"))
                .input(answers.getBytes(StandardCharsets.UTF_8)).run();
        // The terminal itself echoes what is typed before the question stands there; from then on nothing may be seen.
        String shown = result.out().substring(Math.max(0, result.out().indexOf("(not shown):")));
        assertFalse(shown.contains("S3cret"), "the password was shown");
        return result;
    }

    @Test
    void yesReleases() {
        try (World world = World.drizzle()) {
            Exec.Result yes = typed(world, "yes\n", "release");
            assertEquals(0, yes.exit(), yes.out());
            assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertTrue(yes.out().contains("\u001b[32m✓"), "colours on a terminal");
        }
    }

    @Test
    void theDatabaseUrlIsTypedOnceAndNotShownAndNoReleasesNothing() {
        try (World world = World.drizzle()) {
            world.environment.put("PROD_DATABASE_URL", null);
            Exec.Result result = typed(world, world.url() + "\nno\n", "release");
            assertEquals(11, result.exit(), result.out());
            assertTrue(result.out().contains("Type yes to release:"), result.out());
            assertTrue(result.out().contains("not approved; nothing was changed"), result.out());
            assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertEquals(1, result.out().split("Database URL of production", -1).length - 1, result.out());
            assertTrue(result.out().contains("from the prompt"), result.out());
        }
    }

    @Test
    void aProblemIsAskedWithNumbersAndTheAnswerIsKept() {
        try (World world = World.drizzle()) {
            world.migration("0007_less", "ALTER TABLE \"food_logs\" DROP COLUMN \"meal\";");
            world.push("no meals");
            Exec.Result stopped = typed(world, "\n", "assess");
            assertEquals(11, stopped.exit(), stopped.out());
            assertTrue(stopped.out().contains("1. these values are not needed any more"), stopped.out());
            Exec.Result accepted = typed(world, "1\n", "assess");
            assertEquals(0, accepted.exit(), accepted.out());
            World.Result later = world.run("assess", "--json");
            assertEquals(0, later.exit(), later::all);
            assertEquals("Complex", later.json().at("/facts/class").asText());
        }
    }

    @Test
    void aReleaseAsksForItsPhases() {
        try (World world = World.drizzle()) {
            world.migration("0007_less", "ALTER TABLE \"food_logs\" DROP COLUMN \"meal\";");
            world.push("no meals");
            Exec.Result result = typed(world, "1\nyes\n", "release");
            assertEquals(0, result.exit(), result.out());
            int question = result.out().indexOf("Number [");
            int approval = result.out().indexOf("Type yes to release:");
            assertTrue(question >= 0 && approval > question, result.out());
            assertEquals(question, result.out().lastIndexOf("Number ["), "asked once for all phases: " + result.out());
            assertEquals("8", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertEquals("0", world.sql("SELECT count(*) FROM pg_attribute WHERE attrelid = 'food_logs'::regclass"
                    + " AND attname = 'meal'"));
            assertEquals(world.git("rev-parse", "HEAD"), world.git(world.origin, "rev-parse", "release"));
        }
    }
}
