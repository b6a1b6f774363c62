//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The command line that the five scripts share. */
class CliTest {
    private static final List<String> SCRIPTS = List.of("preflight", "backup", "assess", "validate", "release");

    private static World world;

    @BeforeAll
    static void makeRepository() {
        world = World.of("cli", "template0");
        world.commit("first");
    }

    @AfterAll
    static void remove() {
        world.close();
    }

    private static World.Result refused(String script, String message, String... arguments) {
        World.Result seen = world.run(script, arguments);
        assertEquals(2, seen.exit(), seen::all);
        assertTrue(seen.err().contains(message), seen::all);
        assertFalse(seen.err().contains("\tat "), seen::all);
        return seen;
    }

    @Test
    void everyScriptExplainsItselfOnStandardOutput() {
        for (String script : SCRIPTS) {
            World.Result seen = world.run(script, "--help");
            assertEquals(0, seen.exit(), seen::all);
            assertEquals("", seen.err(), "nothing on stderr");
            for (String word : List.of("Usage: " + script, "--repo=DIR", "--env=NAME", "--json", "--verbose",
                    "--color=WHEN", "Examples:", "jbang " + script + ".java", "Environment:", "PROD_DATABASE_URL",
                    "Exit codes:", "  10   STOP", "  130  interrupted")) {
                assertTrue(seen.out().contains(word), () -> script + " lacks " + word + ": " + seen.out());
            }
            World.Result version = world.run(script, "--version");
            assertEquals(0, version.exit(), version::all);
            assertTrue(version.out().matches(script + " \\d+\\.\\d+\\.\\d+\n"), version::all);
            assertEquals("", version.err());
        }
    }

    @Test
    void aMistypedOptionIsAnsweredWithTheNearestOne() {
        World.Result seen = refused("preflight", "error: Unknown option: '--skip-biuld'", "--skip-biuld");
        assertTrue(seen.err().contains("--skip-build"), seen::all);
        assertTrue(seen.err().contains("-> jbang preflight.java --help"), seen::all);
        assertEquals("", seen.out());
        refused("preflight", "Unmatched argument at index 0: 'now'", "now");
        refused("preflight", "Missing required parameter for option '--env'", "--env");
        refused("preflight", "but was 'blue'", "--color", "blue");
        refused("preflight", "option '--repo' (DIR) should be specified only once, and here it is . and ..",
                "--repo", ".", "--repo=..");
        refused("assess", "option '--env' (NAME) should be specified only once, and here it is a and b", "review",
                "--env", "a", "--env", "b");
    }

    @Test
    void aMistypedSubCommandIsAnsweredWithTheNearestOne() {
        World.Result seen = refused("release", "Unmatched argument at index 0: 'statsu'", "statsu");
        assertTrue(seen.err().contains("status"), seen::all);
        World.Result below = refused("release", "Unknown option: '--forcee'", "status", "--forcee");
        assertTrue(below.err().contains("-> jbang release.java status --help"), below::all);
    }

    @Test
    void aUsageErrorIsJsonToo() {
        World.Result seen = refused("preflight", "Unknown option", "--json", "--nope");
        assertEquals("preflight", seen.json().path("phase").asText());
        assertEquals("stop", seen.json().path("status").asText());
        assertTrue(seen.gate("preflight").path("message").asText().contains("Unknown option: '--nope'"), seen::all);
    }

    @Test
    void aPasswordOnTheCommandLineIsNotRepeated() {
        World.Result seen = refused("preflight", "Unmatched argument", "postgresql://app:S3cret-typed@db/app");
        assertTrue(seen.err().contains("postgresql://app:****@db/app"), seen::all);
    }

    @Test
    void aFolderThatIsNoneOrNoRepositoryIsNamed() throws Exception {
        Path file = Files.createTempFile(world.folder, "a file", "");
        Path plain = Files.createDirectories(world.folder.resolve("plain folder"));
        refused("preflight", "--repo " + file + " is not a folder", "--repo", file.toString());
        Path none = plain.resolve("x");
        refused("preflight", "--repo " + none + " is not a folder", "--repo", none.toString());
        World.Result seen = refused("preflight", plain + " is not in a git repository\n", "--repo", plain.toString());
        assertTrue(seen.err().contains("-> go into your repository, or name it: --repo DIR"), seen::all);
        refused("preflight", "is not in a git repository: fatal: this operation must be run in a work tree", "--repo",
                world.origin.toString());
    }

    @Test
    void whatFailsOutsideEveryGateIsJsonOnStandardOutput() {
        for (String script : SCRIPTS) {
            World.Result seen = refused(script, "is not a folder", "--json", "--repo", "nowhere");
            assertEquals("stop", seen.json().path("status").asText(), seen::all);
            assertEquals(1, seen.json().path("gates").size());
            assertEquals("--repo nowhere is not a folder", seen.json().at("/gates/0/message").asText(), seen::all);
            assertTrue(seen.json().at("/gates/0/hint").asText().contains("--repo DIR"), seen::all);
            assertTrue(seen.json().path("facts").isObject());
        }
    }

    @Test
    void coloursComeWhenAskedForAndNeverOtherwise() {
        assertTrue(world.run("preflight", "--color", "always").err().contains("\u001b["));
        assertFalse(world.run("preflight", "--color", "never").err().contains("\u001b["));
        assertFalse(world.run("preflight").err().contains("\u001b["), "no terminal, no colours");
        world.environment.put("NO_COLOR", "1");
        assertFalse(world.run("preflight").err().contains("\u001b["));
        assertTrue(world.run("preflight", "--color", "ALWAYS").err().contains("\u001b["), "the option weighs more");
        world.environment.put("NO_COLOR", null);
    }

    /** Where it goes to a file or a program, a line is a line; COLUMNS says otherwise. */
    @Test
    void whatAGateFoundIsBrokenIntoLinesOnlyWhereThereIsAWidth() {
        String[] look = {"--only", "settings", "--only", "git.branch", "--env", "an-environment-that-nobody-described"};
        World.Result whole = world.run("preflight", look);
        assertTrue(whole.err().lines().anyMatch(line -> line.length() > 70), whole::all);
        world.environment.put("COLUMNS", "60");
        World.Result narrow = world.run("preflight", look);
        world.environment.put("COLUMNS", null);
        for (String line : narrow.err().lines().toList()) {
            boolean pasted = line.strip().startsWith("->");
            boolean oneWord = !line.strip().contains(" ");
            assertTrue(line.length() <= 60 || pasted || oneWord, line);
        }
        assertEquals(whole.err().replaceAll("\\s+", " "), narrow.err().replaceAll("\\s+", " "), "the same words");
    }

    @Test
    void aTerminalThatIsNotUtf8GetsPlainMarks() {
        world.environment.put("LC_ALL", "C");
        World.Result seen = world.run("preflight");
        assertTrue(seen.err().contains("+ git.branch       on main"), seen::all);
        world.environment.put("LC_ALL", "C.UTF-8");
    }

    @Test
    void whereAnErrorComesFromIsShownToWhoeverAsks() {
        String url = world.environment.put("PROD_DATABASE_URL", "postgresql://app@127.0.0.1:1/app");
        World.Result plain = world.run("preflight");
        World.Result verbose = world.run("preflight", "--verbose");
        world.environment.put("PROD_DATABASE_URL", url);
        assertFalse(plain.err().contains("\tat "), plain::all);
        assertFalse(plain.err().contains("$ git"), plain::all);
        assertTrue(verbose.err().contains("Caused by: java.net.ConnectException"), verbose::all);
        assertTrue(verbose.err().contains("\tat "), verbose::all);
        assertTrue(verbose.err().contains("\n$ git status --porcelain -z"), verbose::all);
    }

    @Test
    void aMissingGitIsNamedWithoutAWordOfTheEnvironment() {
        String path = world.environment.put("PATH", world.folder.toString());
        World.Result seen = world.run("preflight", "--json");
        world.environment.put("PATH", path == null ? System.getenv("PATH") : path);
        assertEquals(12, seen.exit(), seen::all);
        assertEquals("missing", seen.json().path("status").asText());
        assertEquals("git cannot be started: No such file or directory", seen.json().at("/gates/0/message").asText());
        assertTrue(seen.json().at("/gates/0/hint").asText().contains("PATH"), seen::all);
    }
}
