//SOURCES BackupCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import lib.Run;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What lies in the run folder, and what of it can go: backup.java list and prune. */
class BackupsTest extends BackupCase {
    private static World world;
    /** One real backup outside of the run folder, that the tests make others from. */
    private static Path model;
    private static Path folder;

    @BeforeAll
    static void makeTheWorld() throws IOException {
        world = World.drizzle();
        Path made = backup(world);
        model = world.folder.resolve("model").resolve(made.getFileName());
        Files.createDirectories(model.getParent());
        for (String ending : List.of("", ".json")) {
            Files.copy(Path.of(made + ending), Path.of(model + ending));
        }
        folder = made.getParent();
    }

    @BeforeEach
    void empty() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).filter(each -> !each.equals(folder)).toList()) {
                Files.delete(file);
            }
        }
    }

    @AfterAll
    static void removeTheWorld() {
        world.close();
    }

    private static Path made(String stamp, String environment) throws IOException {
        return made(stamp, manifest -> manifest.put("environment", environment));
    }

    private static Path made(String stamp, Consumer<com.fasterxml.jackson.databind.node.ObjectNode> change)
            throws IOException {
        Path copy = copied(model, stamp, change);
        for (String name : Set.of(".dump", ".dump.json", ".schema.sql", ".globals.sql")) {
            Path file = copy.resolveSibling("backup-" + stamp + name);
            Files.move(file, folder.resolve(file.getFileName()));
        }
        return folder.resolve(copy.getFileName());
    }

    /** The archives that are left, by the day in their names. */
    private static Set<String> left() {
        Set<String> days = new TreeSet<>();
        for (String name : files(world)) {
            if (name.endsWith(".dump")) {
                days.add(name.substring(7, 15));
            }
        }
        return days;
    }

    private static String why(World.Result result, String fate, String day) {
        for (JsonNode backup : result.json().at("/facts/" + fate)) {
            if (backup.path("file").asText().contains(day)) {
                return backup.path("why").asText();
            }
        }
        throw new AssertionError(day + " is not " + fate + ": " + result.all());
    }

    @Test
    void theListIsATableThatFitsATerminalAndTheSameAsJson() throws IOException {
        made("20260101-120000", "production");
        made("20260102-120000", "a-very-long-environment");
        Files.delete(Path.of(made("20260103-120000", "production") + ".json"));
        Files.write(made("20260104-120000", "production"), new byte[] {1});
        made("20260105-120000", manifest -> manifest.put("bytes", 1));
        Files.writeString(Path.of(made("20260106-120000", "production") + ".json"), "{}");
        Path current = backup(world);

        World.Result list = world.run("backup", "list");
        assertEquals(0, list.exit(), list::all);
        assertEquals("", list.err());
        List<String> lines = list.out().lines().toList();
        assertEquals(9, lines.size(), list::all);
        assertTrue(lines.stream().allMatch(line -> line.length() <= 80), list::all);
        String commit = world.git("rev-parse", "HEAD").substring(0, 7);
        assertTrue(lines.get(0).matches("file +age +size +server +of +commit +state"), list::all);
        assertTrue(lines.get(1).matches(current.getFileName() + " +\\d+s +\\d+ kB 15\\.\\d+ +production "
                + commit + " proven \\*"), list::all);
        assertEquals("* the current run refers to it", lines.get(8));
        assertTrue(lines.get(2).startsWith("backup-20260106") && lines.get(2).endsWith(" damaged"), list::all);
        assertTrue(lines.get(3).startsWith("backup-20260105") && lines.get(3).endsWith(" damaged"), list::all);
        assertTrue(lines.get(4).startsWith("backup-20260104") && lines.get(4).endsWith(" damaged"), list::all);
        assertTrue(lines.get(5).startsWith("backup-20260103") && lines.get(5).endsWith(" no manifest"), list::all);
        assertTrue(lines.get(6).contains(" a-very-lo… " + commit + " proven"), list::all);

        JsonNode facts = world.run("backup", "list", "--json").json().path("facts").path("backups");
        assertEquals(7, facts.size());
        assertEquals("the current run", facts.get(0).at("/uses/0").asText());
        assertEquals("a-very-long-environment", facts.get(5).path("environment").asText());
        assertEquals("2026-01-01T12:00:00Z", facts.get(6).path("made").asText());
        assertEquals("no manifest", facts.get(4).path("state").asText());
        assertTrue(facts.get(4).path("environment").isNull());
        assertEquals(Files.size(model), facts.get(6).path("bytes").asLong());
    }

    @Test
    void anEmptyListIsNoFailure() {
        World.Result list = world.run("backup", "list");
        assertEquals(0, list.exit(), list::all);
        assertEquals("", list.out());
        assertTrue(list.err().contains("there is no backup yet; make one: jbang backup.java"), list::all);
        assertEquals(0, world.run("backup", "list", "--json").json().at("/facts/backups").size());
        World.Result prune = world.run("backup", "prune");
        assertEquals(0, prune.exit(), prune::all);
    }

    @Test
    void pruneKeepsTheNewestOfOneEnvironmentAndRemovesAllThatStandsBesideTheOthers() throws IOException {
        for (int day = 1; day <= 4; day++) {
            made("2026010" + day + "-120000", "production");
            made("2026010" + day + "-130000", "staging");
        }
        World.write(folder.resolve("backup-20260109-120000.dump.part"), "half");
        World.write(folder.resolve("release-20260101.sql"), "SELECT 1;\n");
        Set<String> before = files(world);
        World.Result dry = world.run("backup", "prune", "--keep", "2", "--dry-run");
        assertEquals(0, dry.exit(), dry::all);
        assertEquals(before, files(world));
        assertTrue(dry.out().contains("would remove backup-20260102-120000.dump older than the newest 2 good ones"),
                dry::all);
        assertTrue(dry.out().contains("kept         backup-20260103-120000.dump one of the newest 2 good ones"),
                dry::all);
        assertTrue(dry.out().contains("would remove backup-20260109-120000.dump.part left behind"), dry::all);
        assertFalse(dry.out().contains("130000"), dry::all);

        World.Result result = world.run("backup", "prune", "--keep", "2");
        assertEquals(0, result.exit(), result::all);
        assertEquals(dry.out().replace("would remove", "removed     "), result.out());
        before.removeIf(name -> name.matches("backup-2026010[12]-120000.*|.*\\.part"));
        assertEquals(before, files(world));
        assertTrue(Files.exists(folder.resolve("release-20260101.sql")));

        World.Result other = world.run("backup", "prune", "--env", "staging", "--keep", "1", "--json");
        assertEquals(0, other.exit(), other::all);
        assertEquals(3, other.json().at("/facts/removed").size(), other::all);
        assertEquals("the newest good one", why(other, "kept", "20260104"));
    }

    @Test
    void fiveStayWhenNothingIsSaidAndNeverNone() throws IOException {
        for (int day = 1; day <= 7; day++) {
            made("2026010" + day + "-120000", "production");
        }
        for (String none : List.of("0", "-1", "many")) {
            World.Result result = world.run("backup", "prune", "--keep", none);
            assertEquals(2, result.exit(), result::all);
            assertEquals(7, left().size());
        }
        assertEquals(0, world.run("backup", "prune").exit());
        assertEquals(5, left().size());
    }

    @Test
    void theLastGoodOneStaysHoweverManyDamagedOnesAreNewer() throws IOException {
        made("20260101-120000", "production");
        made("20260102-120000", "production");
        Files.write(made("20260103-120000", "production"), new byte[] {1});
        // Of the right size, and yet not what was made: only reading it shows that.
        Path rotten = made("20260104-120000", "production");
        byte[] bytes = Files.readAllBytes(rotten);
        bytes[bytes.length / 2] ^= 1;
        Files.write(rotten, bytes);

        World.Result result = world.run("backup", "prune", "--keep", "1", "--json");
        assertEquals(0, result.exit(), result::all);
        assertEquals(Set.of("20260102", "20260103", "20260104"), left(), result::all);
        assertEquals("older than the newest good one", why(result, "removed", "20260101"));
        assertTrue(why(result, "kept", "20260104").startsWith("damaged, but no "), result::all);

        made("20260105-120000", "production");
        assertEquals(0, world.run("backup", "prune", "--keep", "1").exit());
        assertEquals(Set.of("20260105"), left(), "the damaged ones go when a good one is newer");
    }

    @Test
    void oneThatNobodyKnowsStays() throws IOException {
        Files.delete(Path.of(made("20260101-120000", "production") + ".json"));
        Files.writeString(Path.of(made("20260102-120000", "production") + ".json"), "{\"sha256\": ");
        made("20260103-120000", "production");
        World.Result result = world.run("backup", "prune", "--keep", "1", "--json");
        assertEquals(0, result.exit(), result::all);
        assertEquals(Set.of("20260101", "20260102", "20260103"), left());
        assertTrue(why(result, "kept", "20260101").startsWith("no manifest"), result::all);
        assertTrue(why(result, "kept", "20260102").startsWith("its manifest is damaged"), result::all);
    }

    private static String stamp(int daysAgo) {
        return LocalDateTime.now().minusDays(daysAgo).format(Run.SECOND);
    }

    private static void record(String file, String environment, String backup, String database) {
        World.write(folder.resolve(file), """
                {"backup": {"status": "pass", "facts": {"environment": "%s", "file": "_migrations/%s"}},
                 "release": {"database": "%s", "backup": "_migrations/%s"}}
                """.formatted(environment, backup, database, backup));
    }

    @Test
    void whatARunRefersToStays() throws IOException {
        for (int day = 1; day <= 9; day++) {
            made("2026010" + day + "-120000", "production");
        }
        record("run.json", "production", "backup-20260101-120000.dump", "UNTOUCHED");
        record("runs/run-" + stamp(29) + ".json", "production", "backup-20260102-120000.dump", "ROLLED_BACK");
        record("runs/run-" + stamp(31) + ".json", "production", "backup-20260103-120000.dump", "UNTOUCHED");
        record("runs/run-" + stamp(5) + ".json", "production", "backup-20260108-120000.dump", "UNTOUCHED");
        // Of an older one only the last that changed the database is needed: its backup is the way back.
        record("runs/run-" + stamp(40) + "-2.json", "production", "backup-20260104-120000.dump", "APPLIED");
        record("runs/run-" + stamp(50) + ".json", "production", "backup-20260105-120000.dump", "APPLIED");
        record("runs/run-" + stamp(60) + ".json", "staging", "backup-20260106-120000.dump", "UNTOUCHED");
        World.write(folder.resolve("runs/run-" + stamp(70) + ".json"), "{ broken backup-20260107-120000.dump");

        World.Result result = world.run("backup", "prune", "--keep", "1", "--json");
        assertEquals(0, result.exit(), result::all);
        assertEquals(Set.of("20260101", "20260102", "20260104", "20260106", "20260107", "20260108", "20260109"),
                left(), result::all);
        assertEquals("needed by the current run", why(result, "kept", "20260101"));
        assertTrue(why(result, "kept", "20260104").matches("needed by run-\\d{8}-\\d{6}-2\\.json"), result::all);
    }

    @Test
    void aRunAtWorkIsNotDisturbed() throws Exception {
        made("20260101-120000", "production");
        made("20260102-120000", "production");
        Run run = Run.open(world.repo);
        try (AutoCloseable lock = run.lock()) {
            World.Result result = world.run("backup", "prune", "--keep", "1");
            assertEquals(10, result.exit(), result::all);
            assertTrue(result.err().contains("another run (process " + ProcessHandle.current().pid() + ") is at work"),
                    result::all);
            assertEquals(2, left().size());
            assertEquals(0, world.run("backup", "list").exit());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"list", "prune", "verify"})
    void helpNamesOptionsExamplesAndExitCodes(String command) {
        World.Result help = world.run("backup", command, "--help");
        assertEquals(0, help.exit(), help::all);
        assertTrue(help.out().contains("Exit codes:") && help.out().contains("Examples:"), help::all);
        assertTrue(help.out().contains("jbang backup.java " + command), help::all);
        assertTrue(help.out().lines().allMatch(line -> line.length() <= 80), help::all);
    }
}
