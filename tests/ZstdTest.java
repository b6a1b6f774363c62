//SOURCES NewerClientCase.java World.java ../lib/backup/Archive.java
//SOURCES ../lib/backup/Manifest.java ../lib/backup/Script.java

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import lib.Failure;
import lib.backup.Archive;
import lib.backup.Manifest;
import lib.backup.Script;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backups that a newer client packs by zstd: what they are, what damage shows, and clients built without it. */
class ZstdTest extends NewerClientCase {
    @Test
    void aBackupIsPackedByZstdProvenAndRehearsed() throws IOException {
        assertTrue(list(good).contains("Compression: zstd"), list(good));
        assertEquals(newer.version(), Manifest.of(good).client());
        World.Result read = world.run("backup", "verify", good.toString(), "--restore", "--json");
        assertEquals(0, read.exit(), read::all);
        assertEquals("pass", read.gate("backup.restore").path("status").asText(), read::all);
        assertEquals("zstd", read.json().at("/facts/packing").asText(), read::all);
        assertEquals(Manifest.of(good).contents().rows(), read.json().at("/facts/rows").asLong());

        // What a newer client adds to each script (a key, its version, a parameter) makes no other bytes.
        byte[] script = Files.readAllBytes(Script.schemaOf(good));
        // What libpq asks of the caller's environment from 16 on leads nowhere else either.
        world.environment.put("PGLOADBALANCEHOSTS", "sometimes");
        world.environment.put("PGMINPROTOCOLVERSION", "9.9");
        Path again = backup(world);
        world.environment.put("PGLOADBALANCEHOSTS", null);
        world.environment.put("PGMINPROTOCOLVERSION", null);
        assertArrayEquals(script, Files.readAllBytes(Script.schemaOf(again)));
        assertTrue(World.read(Script.schemaOf(again)).contains("\n\\restrict x\n"), "the line of a function stays");
        byte[] globals = Files.readAllBytes(Script.globalsOf(good));
        assertArrayEquals(globals, Files.readAllBytes(Script.globalsOf(again)));
        assertTrue(new String(globals, StandardCharsets.UTF_8).contains("CREATE ROLE app;"));

        World.Result rehearsed = world.run("validate", "--json");
        assertEquals(0, rehearsed.exit(), rehearsed::all);
        assertEquals("pass", rehearsed.gate("rehearsal.restore").path("status").asText(), rehearsed::all);
        assertEquals(newer.version(), rehearsed.json().at("/facts/reader").asText(), rehearsed::all);
    }

    @Test
    void aFolderOfItsFilesThatEndTooEarlyIsNoBackup() throws IOException {
        world.execute("CREATE TABLE nothing (i int)", "SELECT lo_create(0)");
        World.Result result = world.run("backup", "--jobs", "2");
        assertEquals(0, result.exit(), result::all);
        Path made = world.repo.resolve(result.out().strip());
        Files.delete(Manifest.file(made));
        List<Path> packed;
        try (var files = Files.list(made)) {
            packed = files.filter(file -> file.toString().endsWith(".zst")).toList();
        }
        assertTrue(packed.size() > 2, packed::toString);
        packed = packed.stream().sorted(Comparator.comparing(file -> -file.toFile().length())).limit(2).toList();
        for (Path file : packed) {
            byte[] whole = Files.readAllBytes(file);
            for (int length : new int[] {0, whole.length / 2, whole.length - 1}) {
                Files.write(file, Arrays.copyOf(whole, length));
                World.Result cut = world.run("backup", "verify", made.toString());
                assertEquals(10, cut.exit(), cut::all);
                assertTrue(cut.err().contains("its file " + file.getFileName() + " ends too early"), cut::all);
            }
            Files.write(file, whole);
        }
        World.Result good = world.run("backup", "verify", made.toString());
        assertEquals(0, good.exit(), good::all);
        assertTrue(good.err().contains("most damages of its rows do not show (compression: zstd)"), good::all);
        world.execute("DROP TABLE nothing", "SELECT lo_unlink(oid) FROM pg_largeobject_metadata");
    }

    @Test
    void everyDamageToItIsDetected(@TempDir Path folder) throws IOException {
        Random random = new Random(20261129);
        byte[] whole = Files.readAllBytes(good);
        List<byte[]> damaged = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            // Every second one in the table of contents, which is not packed.
            int place = random.nextInt(i % 2 == 0 ? whole.length : 4000);
            byte[] flipped = whole.clone();
            flipped[place] ^= (byte) (1 << random.nextInt(8));
            damaged.add(flipped);
            damaged.add(Arrays.copyOf(whole, random.nextInt(whole.length)));
        }
        for (int i = 0; i < 60; i++) {
            byte[] zeros = whole.clone();
            int from = random.nextInt(whole.length - 64);
            Arrays.fill(zeros, from, from + 1 + random.nextInt(63), (byte) 0);
            damaged.add(zeros);
            byte[] longer = Arrays.copyOf(whole, whole.length + 1 + random.nextInt(500));
            random.ints(longer.length - whole.length).forEach(each -> longer[longer.length - 1] ^= (byte) each);
            damaged.add(longer);
        }
        damaged.removeIf(bytes -> Arrays.equals(bytes, whole));
        assertTrue(damaged.size() > 700, damaged.size() + " damages");
        Path file = folder.resolve("damaged.dump");
        Files.copy(Manifest.file(good), Manifest.file(file));
        for (byte[] bytes : damaged) {
            Files.write(file, bytes);
            Failure failure = assertThrows(Failure.class, () -> Archive.verify(file), "a damage passed");
            assertEquals(Failure.Exit.STOP, failure.exit);
            assertTrue(failure.getMessage().contains("is not the backup that was made"), failure.getMessage());
        }
        World.Result bad = world.run("backup", "verify", file.toString());
        assertEquals(10, bad.exit(), bad::all);
        Files.write(file, whole);
        World.Result same = world.run("backup", "verify", file.toString());
        assertEquals(0, same.exit(), same::all);

        // Nothing but pg_restore tells of one without a manifest: it sees that rows are missing, and not what they say.
        Files.delete(Manifest.file(file));
        World.Result unproven = world.run("backup", "verify", file.toString());
        assertEquals(0, unproven.exit(), unproven::all);
        assertTrue(unproven.err().contains("most damages of its rows do not show (compression: zstd)"), unproven::all);
        Files.write(file, Arrays.copyOf(whole, whole.length * 2 / 3));
        World.Result cut = world.run("backup", "verify", file.toString());
        assertEquals(10, cut.exit(), cut::all);
        assertTrue(cut.err().contains("cannot be read back whole"), cut::all);
    }

    // As Homebrew's libpq is.
    @Test
    void aPgDumpThatWasBuiltWithoutZstdPacksByGzip() {
        String refused = "pg_dump: error: invalid compression specification: "
                + "this build does not support compression with ";
        without("pg_dump", "case \" $*\" in *' --compress=zstd'*) echo '" + refused + "ZSTD' >&2; exit 1;; esac");
        World.Result result = world.run("backup", "--json");
        assertEquals(0, result.exit(), result::all);
        assertFalse(result.all().contains("rror") || result.all().contains("does not support"), result::all);
        Path dump = world.repo.resolve(result.json().at("/facts/file").asText());
        assertTrue(list(dump).contains("Compression: gzip"), list(dump));
        assertTrue(files(world).stream().noneMatch(name -> name.endsWith(".part")), files(world)::toString);
        World.Result read = world.run("backup", "verify", dump.toString());
        assertEquals(0, read.exit(), read::all);

        // One that can pack nothing is told once, in its own words, and leaves nothing.
        var before = files(world);
        without("pg_dump", "echo '" + refused + "gzip' >&2; exit 1");
        World.Result nothing = world.run("backup");
        assertEquals(10, nothing.exit(), nothing::all);
        assertTrue(nothing.err().contains("pg_dump ended with 1: " + refused + "gzip"), nothing::all);
        assertEquals(before, files(world));
    }

    @Test
    void aPgRestoreThatWasBuiltWithoutZstdSaysSoAndNotThatTheBackupIsBad() {
        without("pg_restore", "case \" $*\" in *' --list'*) ;; *) echo 'pg_restore: error: cannot restore"
                + " from compressed archive (this build does not support compression with ZSTD)' >&2; exit 1;; esac");
        World.Result result = world.run("backup", "verify", good.toString());
        assertEquals(12, result.exit(), result::all);
        assertTrue(result.err().contains("was built without: ") && result.err().contains("with ZSTD"), result::all);
        assertFalse(result.err().contains("make a new one"), result::all);
    }

    /** A client that does something else, or nothing, for what is not wanted, and else what the real one does. */
    private void without(String program, String refusal) {
        standIn(world, newer.bin(), program, refusal + "\nexec \"$real\" \"$@\"");
    }
}
