//SOURCES BackupWorldCase.java Staging.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import lib.Exec;
import lib.Failure;
import lib.Target;
import lib.backup.Archive;
import lib.backup.Backups;
import lib.backup.Manifest;
import lib.backup.Storage;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A backup that several connections read: a folder with a file for each table, and all that a single file is. */
class FolderTest extends BackupWorldCase {
    private Path good;

    @BeforeAll
    void makeABackup() {
        makeBallast(world);
        world.execute("CREATE TABLE nothing (i int)", "SELECT lo_from_bytea(0, 'a large object'), lo_create(0)");
        good = folder(world);
    }

    private static Path folder(World world) {
        World.Result result = world.run("backup", "--jobs", "2");
        assertEquals(0, result.exit(), result::all);
        Path made = world.repo.resolve(result.out().strip());
        assertTrue(Files.isDirectory(made), result::all);
        return made;
    }

    private static List<Path> within(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    @Test
    void itIsItsOwnersAloneAndPlainPgRestoreReadsIt() throws IOException {
        World.Result result = world.run("backup", "--jobs", "2", "--json");
        assertEquals(0, result.exit(), result::all);
        JsonNode facts = result.json().path("facts");
        Path made = world.repo.resolve(facts.path("file").asText());
        assertTrue(facts.path("folder").asBoolean() && result.all().contains(" in a folder, "), result::all);
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(made)));
        long bytes = 0;
        for (Path file : within(made)) {
            bytes += Files.size(file);
        }
        assertEquals(bytes, facts.path("bytes").asLong());
        String summed = Exec.of("sh", "-c", Storage.summing(made)).run().out().split(" ")[0];
        assertEquals(summed, facts.path("sha256").asText(), "the command that anybody can type tells the same");

        Target copy = World.rehearsal().target("folder_test");
        World.execute(World.rehearsal().target(null), "DROP DATABASE IF EXISTS folder_test",
                "CREATE DATABASE folder_test");
        Exec.Result restored = Exec.of(REAL.resolve("pg_restore").toString(), "--no-owner", "--dbname=folder_test",
                made.toString()).with(copy.environment()).run();
        assertTrue(restored.ok() || restored.err().contains("\"transaction_timeout\""), restored.err());
        World.execute(copy, "DO $$ BEGIN ASSERT (SELECT count(*) FROM ballast) = 20000; END $$",
                "DO $$ BEGIN ASSERT (SELECT count(*) FROM pg_largeobject_metadata) = 2; END $$");
        World.execute(World.rehearsal().target(null), "DROP DATABASE folder_test");
    }

    @Test
    void itIsVerifiedListedAndRestoredOnAThrowAwayServer() {
        World.Result verified = world.run("backup", "verify", "--restore", good + "/");
        assertEquals(0, verified.exit(), verified::all);
        assertTrue(verified.err().contains("in a folder, ") && verified.err().contains("SHA-256 as when it was made")
                && verified.err().contains("as they were saved"), verified::all);
        World.Result listed = world.run("backup", "list");
        assertTrue(listed.out().lines().anyMatch(line -> line.startsWith(good.getFileName().toString())
                && line.contains("proven")), listed::all);
    }

    @Test
    void aRehearsalTakesItAndRefusesItWhenOneOfItsFilesIsAnother() throws IOException {
        Path made = folder(world);
        World.Result rehearsed = world.run("validate");
        assertEquals(0, rehearsed.exit(), rehearsed::all);
        assertTrue(rehearsed.err().contains("the copy has the schema of the backup"), rehearsed::all);
        Path table = within(made).get(0);
        byte[] bytes = Files.readAllBytes(table);
        bytes[bytes.length / 2] ^= 1;
        Files.write(table, bytes);
        World.Result refused = world.run("validate");
        assertEquals(10, refused.exit(), refused::all);
        assertTrue(refused.err().contains("its SHA-256 has changed"), refused::all);
    }

    @Test
    void itTakesStagingsPlace() {
        try (Staging staging = Staging.of(world, "folder_staging")) {
            World.Result result = staging.restore(good);
            assertEquals(0, result.exit(), result::all);
            assertEquals("20000", staging.sql("SELECT count(*) FROM ballast"));
        }
    }

    @Test
    void everyDamageToItIsDetected(@TempDir Path elsewhere) throws IOException {
        Path copy = elsewhere.resolve("copy.dump");
        Files.copy(Manifest.file(good), Manifest.file(copy));
        Files.createDirectory(copy);
        for (Path file : within(good)) {
            Files.copy(file, copy.resolve(file.getFileName()));
        }
        assertEquals(Archive.verify(good).sha256(), Archive.verify(copy).sha256(), "the good one passes");
        Random random = new Random(20261129);
        List<Path> files = within(copy);
        for (Path file : files) {
            byte[] whole = Files.readAllBytes(file);
            List<byte[]> damaged = new ArrayList<>(List.of(new byte[0], Arrays.copyOf(whole, whole.length - 1),
                    Arrays.copyOf(whole, whole.length + 1)));
            for (int i = 0; i < 25; i++) {
                damaged.add(Arrays.copyOf(whole, random.nextInt(whole.length)));
                byte[] flipped = whole.clone();
                flipped[random.nextInt(whole.length)] ^= (byte) (1 << random.nextInt(8));
                damaged.add(flipped);
            }
            for (byte[] bytes : damaged) {
                Files.write(file, bytes);
                assertRefused(copy, "a damage of " + file.getFileName());
            }
            Files.delete(file);
            assertRefused(copy, "without " + file.getFileName());
            Files.createDirectory(file);
            assertRefused(copy, "a folder in place of " + file.getFileName());
            Files.delete(file);
            Path other = copy.resolve("other");
            Files.write(other, whole);
            assertRefused(copy, file.getFileName() + " under another name");
            Files.delete(other);
            Files.write(file, whole);
        }
        Files.write(copy.resolve("9999.dat"), new byte[] {1});
        assertRefused(copy, "a file more");
        Files.delete(copy.resolve("9999.dat"));
        Archive.verify(copy);
        assertTrue(files.size() * 50 > 300, files.size() + " files");
    }

    private static void assertRefused(Path archive, String what) {
        Failure failure = assertThrows(Failure.class, () -> Archive.verify(archive), what);
        assertEquals(Failure.Exit.STOP, failure.exit, what);
        assertTrue(failure.getMessage().matches("(?s).*(is not the backup that was made|has no table of contents).*"),
                what + ": " + failure.getMessage());
    }

    @Test
    void withoutItsManifestItIsReadAndSaidToBeUnproven() throws IOException {
        Path loose = world.folder.resolve("loose.dump");
        Files.createDirectory(loose);
        for (Path file : within(good)) {
            Files.copy(file, loose.resolve(file.getFileName()));
        }
        World.Result result = world.run("backup", "verify", "--json", loose.toString());
        assertEquals(0, result.exit(), result::all);
        JsonNode gate = result.gate("backup.verify");
        assertEquals("warn", gate.path("status").asText(), result::all);
        assertTrue(gate.path("message").asText().contains("not proven"), result::all);
        for (Path file : within(loose)) {
            byte[] whole = Files.readAllBytes(file);
            for (int cut : new int[] {1, 8, whole.length / 2, whole.length}) {
                if (file.toString().endsWith(".gz")) {
                    Files.write(file, Arrays.copyOf(whole, Math.max(0, whole.length - cut)));
                    Failure failure = assertThrows(Failure.class, () -> Archive.verify(loose));
                    assertTrue(failure.getMessage().contains("cannot be read back whole: its file "
                            + file.getFileName() + " ends too early"), failure.getMessage());
                }
            }
            Files.write(file, whole);
        }
        Files.write(loose.resolve("toc.dat"), new byte[] {'P', 'G', 'D'});
        World.Result cut = world.run("backup", "verify", loose.toString());
        assertEquals(10, cut.exit(), cut::all);
        assertTrue(cut.err().contains("cannot be read back whole"), cut::all);
        Files.delete(loose.resolve("toc.dat"));
        World.Result none = world.run("backup", "verify", loose.toString());
        assertEquals(10, none.exit(), none::all);
        assertTrue(none.err().contains("it has no table of contents"), none::all);
    }

    @ParameterizedTest
    @ValueSource(strings = {"truncate -s -1 \"$large\"", "truncate -s 0 \"$large\"", "rm \"$file/toc.dat\"",
        "rm \"$large\""})
    void whatPgDumpDidNotWriteToItsEndIsNoBackup(String misdeed) {
        Set<String> before = files(world);
        standIn(world, "pg_dump", "\"$real\" \"$@\"; large=$(ls -S \"$file\"/*.gz | head -1); " + misdeed);
        World.Result result = world.run("backup", "--jobs", "2");
        assertEquals(10, result.exit(), result::all);
        assertTrue(result.err().contains("what pg_dump wrote cannot be read back whole"), result::all);
        assertEquals(before, files(world));
    }

    @Test
    void aStopInTheMiddleLeavesNoHalfFolderAndNoPgDump() throws Exception {
        makeLarge(world);
        try {
            for (Map.Entry<String, Integer> stop : Map.of("INT", 130, "TERM", 143, "KILL", 137).entrySet()) {
                Set<String> before = files(world);
                World.Running running = world.begin("backup", "--jobs", "2");
                await(() -> half().stream().anyMatch(file -> file.toString().contains(".dat")), "rows are written");
                Exec.of("kill", "-" + stop.getKey(), String.valueOf(running.process().pid())).run();
                assertTrue(running.process().waitFor(20, TimeUnit.SECONDS), "it ends by itself");
                World.Result result = running.end();
                assertEquals(stop.getValue(), result.exit(), result::all);
                assertFalse(result.err().contains("Exception"), result::all);
                if (stop.getKey().equals("KILL")) {
                    assertFalse(half().isEmpty(), "nobody could remove it");
                    String next = folder(world).getFileName().toString().replace(".dump", "");
                    files(world).stream().filter(name -> name.startsWith(next)).forEach(before::add);
                }
                await(() -> processes("--file=" + world.repo.resolve("_migrations")).isEmpty(), "no pg_dump is left");
                await(() -> sessions(world, "true") == 0, "no session of it is left");
                assertEquals(before, files(world));
            }
        } finally {
            world.execute("DROP TABLE large");
        }
    }

    /** What is in the half folder of a run that is at work. */
    private List<Path> half() {
        List<Path> found = new ArrayList<>();
        for (String name : files(world)) {
            if (name.endsWith(".part")) {
                try {
                    found.addAll(within(world.repo.resolve("_migrations").resolve(name)));
                } catch (IOException e) {
                    // It has just got its name, or is gone.
                    continue;
                }
            }
        }
        return found;
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 400, 620, 700, 900})
    void aDiskThatIsFullAtAnyPointHoldsAWholeBackupOrNone(int kilobytes) throws Exception {
        backUpOnASmallDisk(world, kilobytes, "--jobs", "2");
    }

    @Test
    void pruneRemovesItAndWhatAKilledRemovalLeft() throws IOException {
        World pruned = world.again();
        try {
            pruned.commit("first");
            Path old = folder(pruned);
            Path next = folder(pruned);
            Files.delete(pruned.repo.resolve("_migrations/run.json"));
            Path left = old.resolveSibling("backup-20260101-120000.dump.17.part");
            Files.createDirectory(left);
            World.write(left.resolve("toc.dat"), "half");
            World.Result result = pruned.run("backup", "prune", "--keep", "1");
            assertEquals(0, result.exit(), result::all);
            assertTrue(result.out().contains("removed      " + old.getFileName() + " older than the newest good one"),
                    result::all);
            assertFalse(Files.exists(old) || Files.exists(left), result::all);
            assertEquals(1, Backups.in(old.getParent()).size());
            assertEquals(4, files(pruned).size(), () -> files(pruned).toString());
            Archive.verify(next);
        } finally {
            pruned.forget();
        }
    }
}
