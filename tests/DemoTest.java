//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Exec;
import lib.Json;
import lib.PhaseProcess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The demo: a whole release on made-up data, and what each failed gate looks like. */
@Order(1)
class DemoTest {
    private static final String PASSWORD = "p@ss:w/rd%41";
    private Path temp;

    @BeforeEach
    void ownTemporaryFolder() throws IOException {
        temp = Files.createTempDirectory("demo test ").toRealPath();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        try (var left = Files.list(temp)) {
            List<String> names = left.map(path -> path.getFileName().toString())
                    .filter(name -> !name.startsWith("hsperfdata")).toList();
            assertEquals(List.of(), names, "the demo removes what it made");
        }
        Files.delete(temp);
    }

    private Exec.Result demo(String... arguments) {
        List<String> command = new ArrayList<>(PhaseProcess.java("release"));
        command.add(1, "-Djava.io.tmpdir=" + temp);
        command.add("demo");
        command.addAll(List.of(arguments));
        Map<String, String> environment = new HashMap<>(World.isolated(temp));
        environment.put("PROD_DATABASE_URL", "postgresql://nobody:not-to-be-used@127.0.0.1:1/nothing");
        environment.put("RELEASE_SCRATCH_URL", null);
        Exec.Result result = Exec.of(command).in(temp).with(environment).run();
        assertFalse((result.out() + result.err()).contains(PASSWORD), "the password was shown");
        return result;
    }

    @Test
    void aWholeReleaseAnswersItsOwnPromptsWithoutATerminal() {
        Exec.Result result = demo();
        assertEquals(0, result.exit(), result.err());
        assertTrue(result.err().contains("Type yes to release: yes"), result.err());
        assertTrue(result.err().contains("58 statements committed in"), result.err());
        assertTrue(result.err().contains("one row in guests for each email that any of its 5 tables holds"),
                result.err());
        assertTrue(Pattern.compile("guests +1300 rows").matcher(result.err()).find(), result.err());
        assertTrue(Pattern.compile("bookings +6000 rows").matcher(result.err()).find(), result.err());
        Pattern head = Pattern.compile("\\(HEAD -> main, origin/release, origin/main\\) release: clear MIGRATIONS.md");
        assertTrue(head.matcher(result.err()).find(), result.err());
        assertTrue(result.err().contains("# Release of main to production"), "the report is shown");
        assertTrue(Pattern.compile("- \\[ ] Dropped, and kept until 20\\d\\d-\\d\\d-\\d\\d: bookings.email, ")
                .matcher(result.err()).find(), result.err());
        assertTrue(result.err().contains("Everything is stopped and removed again"), result.err());
        assertReadmeShows(result.err() + result.out());
    }

    /** What README shows of the demo is what it prints, whatever the numbers. */
    private static void assertReadmeShows(String printed) {
        String readme = World.read(World.ROOT.resolve("README.md"));
        int begin = readme.indexOf("```\npreflight: ");
        String shown = readme.substring(begin, readme.indexOf("```\n", begin + 1));
        List<String> lines = shown.lines().skip(1).map(DemoTest::numberless).filter(line -> line.length() > 1)
                .toList();
        assertTrue(lines.size() > 20, shown);
        String all = numberless(printed);
        assertEquals(List.of(), lines.stream().filter(line -> !all.contains(line)).toList(), "README differs");
    }

    private static String numberless(String text) {
        return text.replaceAll("\\d+", "0").replaceAll("\\s+", " ").strip();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "preflight | 10 | 1 path is not committed: drizzle/forgotten.txt",
        "backup    | 10 | permission denied for table door_codes",
        "assess    | 11 | bookings.breakfast must not be NULL",
        "validate  | 10 | could not create unique index \"wishlists_guest_room_idx\"",
        "stop      | 10 | no deployment found for service web",
        "apply     | 10 | column logins.somebody_was_here is new",
        "promote   | 20 | release is a protected branch"})
    void aFailedGateSaysWhyAndWhatIsTrue(String stage, int exit, String reason) {
        Exec.Result result = demo("--yes", "--fail", stage);
        assertEquals(exit, result.exit(), result.err());
        assertTrue(result.err().contains(reason), result.err());
        assertTrue(result.err().contains("The release stopped with exit code " + exit + ", as it was made to."),
                result.err());
        boolean migrated = Pattern.compile("guests +1300 rows").matcher(result.err()).find();
        assertEquals(stage.equals("promote"), migrated, "only a refused push leaves production migrated");
        if (exit != 11) {
            assertTrue(result.err().contains("git       nothing was pushed"), result.err());
        }
    }

    @Test
    void anUnknownStageIsAUsageErrorThatNamesTheKnownOnes() {
        Exec.Result result = demo("--fail", "nothing");
        assertEquals(2, result.exit(), result.err());
        assertTrue(result.err().contains("preflight, backup, assess, validate, stop, apply, promote"), result.err());
    }

    @Test
    void theResultIsAlsoJsonAndWhatIsKeptRunsOnUntilItIsCleanedUp() throws IOException {
        Exec.Result result = demo("--yes", "--json", "--keep");
        assertEquals(0, result.exit(), result.err());
        JsonNode json = Json.MAPPER.readTree(result.out());
        assertEquals("pass", json.path("status").asText());
        assertEquals(64, json.at("/facts/sql/sha256").asText().length());
        assertEquals("Simple", json.at("/facts/entries/0/class").asText());
        assertEquals("rename", json.at("/facts/variables/0/kind").asText());
        Matcher cleanUp = Pattern.compile("Clean up: +(.*)").matcher(result.err());
        assertTrue(cleanUp.find(), result.err());
        Path script = Path.of(cleanUp.group(1));
        Exec.Result look = Exec.of(script.resolveSibling("hosting").toString(), "psql")
                .input("SELECT count(*) FROM guests".getBytes()).run();
        assertTrue(look.out().contains("1300"), look.out() + look.err());
        assertEquals(0, Exec.of(script.toString()).run().exit());
        assertFalse(Files.exists(script.getParent()));
    }

    @Test
    void aMissingToolIsSaidInOneLine() {
        List<String> command = new ArrayList<>(PhaseProcess.java("release"));
        command.addAll(List.of("demo", "--yes"));
        Exec.Result result = Exec.of(command).in(temp).with("RELEASE_PG_CLIENTS", temp.toString()).run();
        assertEquals(12, result.exit(), result.err());
        assertTrue(result.err().contains("pg_dump"), result.err());
        assertTrue(result.err().contains("-> "), "the way out is named: " + result.err());
    }
}
