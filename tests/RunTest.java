//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import lib.Exec;
import lib.Failure;
import lib.Json;
import lib.PhaseProcess;
import lib.Run;
import lib.Secrets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The run record and its lock, in a repository of their own. */
class RunTest {
    @TempDir
    Path home;
    private Path repo;

    @BeforeEach
    void makeARepository() {
        repo = home.resolve("my app");
        World.write(repo.resolve(".gitignore"), "_migrations/\n");
        assertTrue(Exec.of("git", "init", "-q", repo.toString()).with(World.isolated(home)).run().ok());
    }

    @Test
    void thePartsOfThePhasesStandSideBySideInOneFileOfItsOwner() throws IOException {
        Run run = Run.open(repo);
        assertTrue(run.part("backup").isMissingNode());
        run.put("preflight", Json.object().put("status", "pass"));
        run.put("backup", Json.object().put("status", "stop").put("n", 1));
        run.put("backup", Json.object().put("status", "pass").set("facts", Json.object().put("file", "x.dump")));
        // Another process would open it anew.
        Run again = Run.open(repo);
        assertEquals("pass", again.part("preflight").path("status").asText());
        assertEquals("x.dump", again.facts("backup").path("file").asText());
        assertTrue(again.part("backup").path("n").isMissingNode(), "a part is replaced, not mixed");
        assertEquals("rwx------", permissions(run.folder()));
        assertEquals("rw-------", permissions(run.file("run.json")));
        assertEquals(List.of("run.json"), names(run.folder()));
    }

    @Test
    void aFolderThatOthersCouldReadIsClosedToThem() throws IOException {
        Files.createDirectory(repo.resolve("_migrations"), PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rwxr-xr-x")));
        assertEquals("rwx------", permissions(Run.open(repo).folder()));
    }

    @Test
    void aPhaseThatDidNotPassIsNamedWithTheCommandThatRunsIt() {
        Run run = Run.open(repo);
        Failure missing = assertThrows(Failure.class, () -> run.facts("backup"));
        assertEquals("there is no backup in this run yet", missing.getMessage());
        assertEquals("jbang backup.java", missing.hint);
        run.put("backup", Json.object().put("status", "missing"));
        Failure stopped = assertThrows(Failure.class, () -> run.facts("backup"));
        assertEquals("the last backup of this run ended with: missing", stopped.getMessage());
        assertEquals(Failure.Exit.STOP, stopped.exit);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[1]", "{\"backup\": ", "not JSON at all", "\"text\"", "\0\0\0\0"})
    void aBrokenRecordIsToldWithAWayOutThatWorks(String text) {
        Path file = repo.resolve("_migrations/run.json");
        World.write(file, text);
        Failure failure = assertThrows(Failure.class, () -> Run.open(repo));
        assertEquals(Failure.Exit.STOP, failure.exit);
        assertTrue(failure.getMessage().startsWith("_migrations/run.json cannot be read: "), failure.getMessage());
        assertFalse(failure.getMessage().matches("(?s).*(class |Exception|\n).*"), failure.getMessage());
        assertTrue(Exec.of("sh", "-c", failure.hint).in(repo).run().ok(), failure.hint);
        Run.open(repo).put("backup", Json.object());
        assertEquals(text, World.read(repo.resolve("_migrations/run.json.broken")));
    }

    @Test
    void aScriptTellsABrokenRecordInTheSameWords() {
        World.write(repo.resolve("_migrations/run.json"), "{");
        List<String> command = new ArrayList<>(PhaseProcess.java("backup"));
        command.add("--json");
        Exec.Result result = Exec.of(command).in(repo).run();
        assertEquals(10, result.exit(), result.err());
        assertTrue(result.err().contains("run.json.broken"), result.err());
        assertTrue(result.out().contains("\"status\" : \"stop\""), result.out());
        assertFalse(result.err().contains("at lib."), result.err());
    }

    @Test
    void aRecordThatIsAFolderOrARunFolderThatIsAFileIsToldAndNothingIsLost() throws IOException {
        Files.createDirectories(repo.resolve("_migrations/run.json"));
        Failure record = assertThrows(Failure.class, () -> Run.open(repo));
        assertTrue(record.getMessage().contains("run.json cannot be read"), record.getMessage());
        assertTrue(Exec.of("sh", "-c", record.hint).in(repo).run().ok(), record.hint);
        Run.open(repo);

        Path other = home.resolve("other");
        World.write(other.resolve(".gitignore"), "_migrations\n");
        Exec.of("git", "init", "-q", other.toString()).with(World.isolated(home)).run();
        World.write(other.resolve("_migrations"), "mine\n");
        Failure folder = assertThrows(Failure.class, () -> Run.open(other));
        assertEquals("_migrations is not a folder", folder.getMessage());
        assertTrue(Exec.of("sh", "-c", folder.hint.substring(folder.hint.indexOf("mv "))).in(other).run().ok());
        Run.open(other);
        assertEquals("mine\n", World.read(other.resolve("_migrations.old")));
    }

    @Test
    void aRecordThatCannotBeWrittenIsMissingSpaceOrRightsAndTheOldOneStays() throws IOException {
        Run run = Run.open(repo);
        run.put("backup", Json.object().put("status", "pass"));
        // Root may write anywhere, but nobody can put a file into a folder that is gone.
        Files.move(run.folder(), home.resolve("away"));
        Failure failure = assertThrows(Failure.class, () -> run.put("validate", Json.object()));
        assertEquals(Failure.Exit.MISSING, failure.exit);
        assertTrue(failure.getMessage().contains("run.json cannot be written"), failure.getMessage());
        Failure lock = assertThrows(Failure.class, run::lock);
        assertEquals(Failure.Exit.MISSING, lock.exit);
        JsonNode kept = Json.MAPPER.readTree(home.resolve("away/run.json").toFile());
        assertEquals("pass", kept.at("/backup/status").asText());
    }

    @Test
    void aFullDiskNeverLeavesHalfARecord() throws IOException {
        Run run = Run.open(repo);
        Exec.Result mounted = Exec.of("mount", "-t", "tmpfs", "-o", "size=64k", "none", run.folder().toString()).run();
        org.junit.jupiter.api.Assumptions.assumeTrue(mounted.ok(), "only root may make a small disk");
        try {
            run.put("backup", Json.object().put("status", "pass"));
            String before = World.read(run.file("run.json"));
            Failure failure = assertThrows(Failure.class,
                    () -> run.put("validate", Json.object().put("text", "x".repeat(100_000))));
            assertTrue(failure.getMessage().contains("No space left"), failure.getMessage());
            assertEquals(before, World.read(run.file("run.json")));
            assertEquals(List.of("run.json"), names(run.folder()));
        } finally {
            Exec.of("umount", run.folder().toString()).run();
        }
    }

    @Test
    void whoeverReadsSeesOneWholeRecordOrTheOther() throws Exception {
        Run run = Run.open(repo);
        run.put("n", Json.tree("0".repeat(20_000)));
        Thread writer = new Thread(() -> {
            for (int i = 1; i < 60; i++) {
                run.put("n", Json.tree(String.valueOf(i % 10).repeat(20_000)));
            }
        });
        writer.start();
        int read = 0;
        while (writer.isAlive()) {
            JsonNode node = Run.open(repo).part("n");
            assertEquals(20_000, node.asText().length());
            read++;
        }
        assertTrue(read > 1, "nothing was read");
    }

    @Test
    void aFinishedRecordMovesToTheOldOnesAndNoneIsOverwritten() throws IOException {
        Run run = Run.open(repo);
        for (int i = 0; i < 3; i++) {
            run.put("n", Json.tree(i));
            Path kept = run.archive();
            assertEquals(i, Json.MAPPER.readTree(kept.toFile()).path("n").asInt());
            assertFalse(Files.exists(run.file("run.json")));
        }
        assertEquals(3, names(run.file("runs")).size());
        assertEquals("rwx------", permissions(run.file("runs")));
        run.begin("production");
        assertEquals(3, names(run.file("runs")).size(), "there was nothing to keep");
        run.put("n", Json.tree(9));
        run.begin("production");
        assertEquals(4, names(run.file("runs")).size());
        assertTrue(run.part("n").isMissingNode());
    }

    @Test
    void aRunThatEndsAfterTheClockWasSetBackIsTheLastOneAllTheSame() throws IOException {
        Run run = Run.open(repo);
        Path future = run.file("runs/run-29991231-235959.json");
        World.write(future, "{}");
        for (int i = 0; i < 2; i++) {
            run.put("n", Json.tree(i));
            Path kept = run.archive();
            assertEquals(kept.getFileName().toString(), names(run.file("runs")).get(i + 1));
        }
        assertEquals(future.getFileName().toString(), names(run.file("runs")).get(0));
    }

    @Test
    void aRunThatCannotBePutAwayWholeIsStillTheOneUnderWay() throws IOException {
        Run run = Run.open(repo);
        run.put("n", Json.tree(1));
        World.write(run.file("schema-before.json"), "{}");
        World.write(run.file("report.md"), "x".repeat(100_000));
        List<Path> files = List.of(run.file("schema-before.json"), run.file("report.md"));
        Path runs = Files.createDirectories(run.file("runs"));
        Exec.Result mounted = Exec.of("mount", "-t", "tmpfs", "-o", "size=64k", "none", runs.toString()).run();
        org.junit.jupiter.api.Assumptions.assumeTrue(mounted.ok(), "only root may make a small disk");
        try {
            assertThrows(Failure.class, () -> run.archive(files));
            assertEquals(1, run.part("n").asInt());
        } finally {
            Exec.of("umount", runs.toString()).run();
        }
        Path kept = run.archive(files);
        assertEquals(1, Json.MAPPER.readTree(kept.toFile()).path("n").asInt());
        String stem = kept.getFileName().toString().replace(".json", "");
        assertEquals(List.of(stem + "-schema-before.json", stem + ".json", stem + ".md"), names(runs));
    }

    @Test
    void whatWasEditedStaysEditedWhateverIsWrittenBesideIt() {
        Run run = Run.open(repo);
        run.put("n", Json.tree(1));
        run.put("m", Json.tree(2));
        run.refuseEdited();
        World.write(run.file("run.json"), World.read(run.file("run.json")).replace("\"m\" : 2", "\"m\" : 3"));
        run.put("other", Json.tree(4));
        Failure edited = assertThrows(Failure.class, run::refuseEdited);
        assertTrue(edited.getMessage().contains("run.json is not as the release wrote it"), edited.getMessage());
        run.begin("production");
        run.put("n", Json.tree(5));
        run.refuseEdited();
    }

    @Test
    void aSecondProcessIsRefusedByNameUntilTheFirstIsGone() throws Exception {
        Run run = Run.open(repo);
        Process owner = holder();
        Failure failure = assertThrows(Failure.class, run::lock);
        assertEquals(Failure.Exit.STOP, failure.exit);
        assertTrue(failure.getMessage().startsWith("another run (process " + owner.pid() + ") is at work in "),
                failure.getMessage());
        assertEquals("wait for it to end, or look at it: ps -fp " + owner.pid(), failure.hint);
        assertTrue(Exec.of("sh", "-c", "ps -fp " + owner.pid()).run().ok());
        // Killed hard: its file stays, its lock does not.
        owner.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        assertTrue(Files.exists(run.file("lock")));
        try (AutoCloseable lock = run.lock()) {
            assertEquals(String.valueOf(ProcessHandle.current().pid()), World.read(run.file("lock")).strip());
            assertEquals("rw-------", permissions(run.file("lock")));
        }
        run.lock().close();
    }

    @Test
    void aPhaseThatTheOwnerStartedIsLetThroughAndAStrangerIsNot() throws Exception {
        Run run = Run.open(repo);
        try (AutoCloseable lock = run.lock()) {
            assertEquals(0, tryLock(Run.owner()), "a child of the owner");
            assertEquals(10, tryLock(Map.of()), "a stranger");
            assertEquals(10, tryLock(Map.of("RELEASE_RUN_OWNER", "1")), "somebody else's child");
        }
        assertEquals(0, tryLock(Map.of()), "after the end");
    }

    @Test
    void whatIsNamedAfterTheMomentNeverMeetsAFileThatIsThere() throws Exception {
        Run run = Run.open(repo);
        Path first = run.fresh("backup", "dump");
        World.write(first, "taken");
        Path second = run.fresh("backup", "dump");
        assertNotEquals(first, second);
        assertTrue(second.getFileName().toString().matches("backup-\\d{8}-\\d{6}\\.dump"));
    }

    @ParameterizedTest
    @CsvSource({"Tr0ub4dor&3", "'with \"quotes\" and \\back'", "'@:/%41 ü'"})
    void noSecretIsStored(String secret) {
        Secrets.add(secret);
        Run run = Run.open(repo);
        run.put("backup", Json.object().put("message", "password " + secret + " of postgresql://app:"
                + java.net.URLEncoder.encode(secret, java.nio.charset.StandardCharsets.UTF_8) + "@host/db"));
        String stored = World.read(run.file("run.json"));
        assertFalse(stored.contains(Json.tree(secret).toString().replaceAll("^\"|\"$", "")), stored);
        assertTrue(run.part("backup").path("message").asText().startsWith("password **** of "), stored);
        assertTrue(run.part("backup").path("message").asText().endsWith(":****@host/db"), stored);
    }

    @Test
    void aFolderThatGitWouldCommitIsNeitherMadeNorUsed() throws IOException {
        for (String rule : List.of("", "*.dump\n", "_migrations/*.json\n", "_migrations/\n!_migrations/\n")) {
            World.write(repo.resolve(".gitignore"), rule);
            Failure failure = assertThrows(Failure.class, () -> Run.open(repo), rule);
            assertTrue(failure.getMessage().contains("is not ignored by git"), failure.getMessage());
            assertFalse(Files.exists(repo.resolve("_migrations")), rule);
        }
        for (String rule : List.of("_migrations\n", "/_migrations/\n", "_migrations/*\n", "_mig*\n")) {
            World.write(repo.resolve(".gitignore"), rule);
            Run.open(repo);
            Files.delete(repo.resolve("_migrations"));
        }
    }

    /** Takes the lock in a process of its own; with a third word it holds it until it is killed. */
    public static final class Locker {
        public static void main(String... args) throws Exception {
            try (AutoCloseable lock = Run.open(Path.of(args[0])).lock()) {
                System.out.println("locked");
                if (args.length > 1) {
                    Thread.sleep(60_000);
                }
            } catch (Failure failure) {
                System.exit(failure.exit.code);
            }
        }
    }

    private List<String> locker(String... arguments) {
        List<String> command = new ArrayList<>(PhaseProcess.java("RunTest$Locker"));
        command.addAll(List.of(arguments));
        return command;
    }

    private int tryLock(Map<String, String> environment) {
        return Exec.of(locker(repo.toString())).with("RELEASE_RUN_OWNER", null).with(environment).run().exit();
    }

    private Process holder() throws IOException {
        Process process = new ProcessBuilder(locker(repo.toString(), "hold")).start();
        assertEquals('l', process.getInputStream().read(), "the other process has the lock");
        return process;
    }

    private static List<String> names(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
