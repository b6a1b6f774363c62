//SOURCES BackupWorldCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import lib.Exec;
import lib.Failure;
import lib.backup.Archive;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** backup.java verify: what it refuses, what it reads, and where it says that damage would not show. */
class VerificationTest extends BackupWorldCase {
    /** The backup that the tests damage copies of. */
    private Path good;

    @BeforeAll
    void makeABackup() {
        makeBallast(world);
        good = backup(world);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes", "contents", "cut", "longer", "description", "emptyDescription"})
    void verifyRefusesWhateverIsNotTheBackupThatWasMade(String damage) throws IOException {
        byte[] whole = Files.readAllBytes(good);
        Path dump = world.folder.resolve("some backup.dump");
        Files.copy(Path.of(good + ".json"), Path.of(dump + ".json"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        List<byte[]> damaged = new ArrayList<>();
        switch (damage) {
            case "bytes" -> at(whole, 0.05, 0.1, 0.3, 0.5, 0.8, 0.99)
                    .forEach(place -> damaged.add(flipped(whole, place)));
            // A flipped bit in the table of contents is what pg_restore often reads without a word.
            case "contents" -> List.of(0, 5, 11, 40, 200, 1000, 1700, 2500, 4000)
                    .forEach(place -> damaged.add(flipped(whole, place)));
            case "cut" -> at(whole, 0, 0.01, 0.02, 0.3, 0.6, 0.9, 1).forEach(length ->
                    damaged.add(Arrays.copyOf(whole, length == whole.length ? length - 1 : length)));
            case "longer" -> damaged.add(Arrays.copyOf(whole, whole.length + 7));
            case "description" -> Files.writeString(Path.of(dump + ".json"), "{\"sha256\": ");
            default -> Files.writeString(Path.of(dump + ".json"), "{}");
        }
        if (damaged.isEmpty()) {
            damaged.add(whole);
        }
        String words = damage.toLowerCase().contains("description") ? "was changed after it was written"
                : "is not the backup that was made";
        for (byte[] bytes : damaged) {
            Files.write(dump, bytes);
            Failure failure = assertThrows(Failure.class, () -> Archive.verify(dump));
            assertTrue(failure.exit == Failure.Exit.STOP && failure.getMessage().contains(words), failure.getMessage());
        }
        World.Result result = world.run("backup", "verify", dump.toString(), "--json");
        assertEquals(10, result.exit(), result::all);
        assertTrue(result.gate("backup.verify").path("message").asText().contains(words), result::all);
        assertFalse(result.err().contains("Exception"), result::all);
    }

    @Test
    void verifyReadsABackupWithoutADescriptionWholeAndSaysThatItsHashIsNotKnown() throws IOException {
        World.Result described = world.run("backup", "verify", good.toString(), "--json");
        assertEquals(0, described.exit(), described::all);
        assertEquals("pass", described.gate("backup.verify").path("status").asText(), described::all);

        byte[] whole = Files.readAllBytes(good);
        Path alone = world.folder.resolve("it's alone.dump");
        Files.write(alone, whole);
        World.Result unknown = world.run("backup", "verify", alone.toString(), "--json");
        assertEquals(0, unknown.exit(), unknown::all);
        assumeTrue(unknown.json().at("/facts/packing").asText().equals("gzip"), "its pg_dump packs by zstd");
        assertEquals("warn", unknown.gate("backup.verify").path("status").asText(), unknown::all);
        String hint = unknown.gate("backup.verify").path("hint").asText();
        String command = hint.substring(hint.indexOf("sha256sum"));
        assertTrue(Exec.of("sh", "-c", command).run().out().startsWith(unknown.json().at("/facts/sha256").asText()));

        for (byte[] bytes : List.of(Arrays.copyOf(whole, whole.length / 2), Arrays.copyOf(whole, whole.length - 1),
                flipped(whole, whole.length / 2), new byte[0], "SELECT 1;\n".getBytes(StandardCharsets.UTF_8))) {
            Files.write(alone, bytes);
            Failure failure = assertThrows(Failure.class, () -> Archive.verify(alone));
            String words = bytes.length == 0 ? "is empty" : "cannot be read back whole";
            assertTrue(failure.exit == Failure.Exit.STOP && failure.getMessage().contains(words), failure.getMessage());
        }
        World.Result foreign = world.run("backup", "verify", alone.toString());
        assertEquals(10, foreign.exit(), foreign::all);
        assertTrue(foreign.err().contains("cannot be read back whole"), foreign::all);
    }

    @Test
    void verifySaysWhereDamageWouldNotShow() throws IOException {
        Path loose = world.folder.resolve("not packed.dump");
        Exec.of(REAL.resolve("pg_dump").toString(), "--format=custom", "--compress=0", "--file=" + loose)
                .with(world.production.environment()).run().orStop("no archive", null);
        byte[] whole = Files.readAllBytes(loose);
        int value = new String(whole, StandardCharsets.ISO_8859_1).indexOf("Banana #1\t");
        assertTrue(value > 0, "a value of the fixture stands in it as it is");
        whole[value]++;
        Files.write(loose, whole);

        World.Result changed = world.run("backup", "verify", loose.toString(), "--json");
        assertEquals(0, changed.exit(), "pg_restore reads the changed value without a word: " + changed.all());
        assertEquals("none", changed.json().at("/facts/packing").asText(), changed::all);
        JsonNode gate = changed.gate("backup.verify");
        assertEquals("warn", gate.path("status").asText(), changed::all);
        assertTrue(gate.path("message").asText().endsWith("most damages of its rows do not show (compression: none)"),
                changed::all);
        assertTrue(gate.path("hint").asText().endsWith("backup.java verify --restore '" + loose + "'"), changed::all);
    }

    @Test
    void verifySaysWhatIsThereInsteadOfAFile() {
        World.Result missing = world.run("backup", "verify", "nowhere/old.dump");
        assertEquals(10, missing.exit(), missing::all);
        assertTrue(missing.err().contains("there is no file nowhere/old.dump"), missing::all);
        World.Result folder = world.run("backup", "verify", "drizzle");
        assertEquals(10, folder.exit(), folder::all);
        assertTrue(folder.err().contains("drizzle is a folder, and none that pg_dump wrote"), folder::all);
        World.Result none = world.run("backup", "verify");
        assertEquals(2, none.exit(), none::all);
    }

    private static byte[] flipped(byte[] bytes, int place) {
        byte[] copy = bytes.clone();
        copy[place] ^= 4;
        return copy;
    }

    private static List<Integer> at(byte[] bytes, double... shares) {
        return Arrays.stream(shares).mapToObj(share -> (int) (bytes.length * share)).toList();
    }
}
