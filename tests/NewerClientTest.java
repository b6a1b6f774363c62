//SOURCES BackupCase.java Staging.java World.java

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import lib.Clients;
import lib.Exec;
import lib.Failure;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.backup.Archive;
import lib.backup.Load;
import lib.backup.Manifest;
import lib.backup.Script;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * pg_dump and pg_restore that know zstd, as they are from 16 on, and are all that a machine has: with a production of
 * their own major, and with one of 15. Where they are not installed, RELEASE_TEST_CLIENT names their folder.
 */
class NewerClientTest extends BackupCase {
    private static final String VARIABLE = "RELEASE_TEST_CLIENT";
    private static final int KNOWS_ZSTD = 16;
    @TempDir
    static Path folder;
    private static Clients.Client newer;
    private static Scratch server;
    private static World world;
    /** A backup of it, with what lies beside it. */
    private static Path good;

    @BeforeAll
    static void makeABackup() {
        Optional<Clients.Client> found = found();
        assumeTrue(found.isPresent(), "no pg_dump of " + KNOWS_ZSTD + " or newer is here; " + VARIABLE
                + " names the folder of one: .ci/newer-client trixie 17 FOLDER makes it");
        newer = found.get();
        server = Scratch.start(Servers.fitting(newer.major()));
        world = World.drizzleOn(server.target(null));
        world.execute("CREATE TABLE ballast AS SELECT i, md5(i::text) AS noise FROM generate_series(1, 20000) i",
                "CREATE FUNCTION odd() RETURNS int LANGUAGE sql AS '/*\n\\restrict x\n*/ SELECT 1'");
        // Production's server is none to rehearse on, and the one that all tests share is older.
        world.environment.put("RELEASE_SCRATCH_URL", null);
        has(world, newer);
        good = backup(world);
    }

    private static Optional<Clients.Client> found() {
        String named = System.getenv(VARIABLE);
        if (named == null) {
            return Clients.all().stream().filter(client -> client.major() >= KNOWS_ZSTD).findFirst();
        }
        String said = Exec.of(Path.of(named, "pg_dump").toString(), "--version").run().orStop(VARIABLE, null).out();
        String version = said.replaceFirst(".*\\(PostgreSQL\\) (\\S+).*", "$1");
        return Optional.of(new Clients.Client(Integer.parseInt(version.replaceFirst("\\D.*", "")), version,
                Path.of(named)));
    }

    private static Optional<Clients.Client> old() {
        return Clients.all().stream().filter(client -> client.major() < KNOWS_ZSTD).findFirst();
    }

    @AfterEach
    void putBack() {
        if (newer != null) {
            has(world, newer);
        }
    }

    @AfterAll
    static void removeAll() {
        if (world != null) {
            world.forget();
        }
        if (server != null) {
            server.close();
        }
    }

    /** From now on the world's machine has these clients and no others. */
    private static void has(World world, Clients.Client client) {
        world.environment.put(Clients.VARIABLE, client.bin().toString());
    }

    private static String list(Path archive) {
        return Exec.of(newer.tool("pg_restore").toString(), "--list", archive.toString()).run().orStop("", null).out();
    }

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
    void everyDamageToItIsDetected() throws IOException {
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

    // pg_restore 17 and newer sets transaction_timeout, which a server of 15 refuses: it never ends with 0 there.
    @Test
    void anOlderProductionIsBackedUpAndBroughtIntoItsStaging() throws IOException {
        String hash = "SELECT md5(string_agg(noise, ',' ORDER BY i)) FROM ";
        try (World older = World.drizzle("older than the client")) {
            has(older, newer);
            // Large enough to be loaded by several connections.
            for (String table : List.of("one", "two")) {
                older.execute("CREATE TABLE " + table + " AS SELECT i, md5(i::text) || md5((-i)::text) AS noise"
                        + " FROM generate_series(1, 80000) i", "CREATE INDEX ON " + table + " (noise)");
            }
            Path dump = backup(older);
            assertTrue(list(dump).contains("Compression: zstd") && Files.size(dump) > 5 << 20, list(dump));
            World.Result read = older.run("backup", "verify", dump.toString(), "--restore");
            assertEquals(0, read.exit(), read::all);
            try (Staging staging = Staging.of(older, "newer client's")) {
                World.Result restored = staging.restore(dump);
                assertEquals(0, restored.exit(), restored::all);
                assertEquals("pass", restored.gate("restore.compare").path("status").asText(), restored::all);
                assertEquals(older.sql(hash + "two"), staging.sql(hash + "two"));

                older.execute("DELETE FROM two WHERE i % 2 = 0");
                World.Result refreshed = staging.refresh();
                assertEquals(0, refreshed.exit(), refreshed::all);
                assertEquals(older.sql(hash + "two"), staging.sql(hash + "two"));
                assertEquals("40000", staging.sql("SELECT count(*) FROM two"));
            }
            if (old().isPresent()) {
                // Made before this machine got its newer client.
                has(older, old().get());
                Path earlier = backup(older);
                has(older, newer);
                World.Result still = older.run("backup", "verify", earlier.toString(), "--restore");
                assertEquals(0, still.exit(), still::all);
                assertTrue(list(earlier).contains("Compression: gzip"), list(earlier));
            }
        }
    }

    @Test
    void onAnOlderServerOnlyTheOneErrorThatMeansNothingIsLetPass() throws IOException {
        assumeTrue(newer.major() > 16, "pg_restore " + newer.version() + " sets nothing that an older server refuses");
        // The same words, but here something is missing then.
        Path set = dumped("CREATE FUNCTION patient() RETURNS int LANGUAGE sql SET transaction_timeout = '5s'"
                + " AS 'SELECT 1'");
        Path whole = dumped("DROP FUNCTION patient()");
        for (int jobs : new int[] {1, 2}) {
            Target older = empty();
            Load.Result loaded = Load.of(whole, newer).jobs(jobs).into(older);
            assertTrue(loaded.ok(), () -> assertThrows(Failure.class, () -> loaded.orStop("it")).getMessage());
            assertEquals("20000", Staging.sql(older, "SELECT count(*) FROM ballast"));

            Load.Result lacking = Load.of(set, newer).jobs(jobs).into(empty());
            assertFalse(lacking.ok());
            Failure failure = assertThrows(Failure.class, () -> lacking.orStop("it"));
            assertTrue(failure.getMessage().contains("unrecognized configuration parameter"), failure.getMessage());
        }
        World.execute(Staging.server().target(null), "DROP DATABASE newer_client_test");
    }

    private static Target empty() {
        World.execute(Staging.server().target(null), "DROP DATABASE IF EXISTS newer_client_test",
                "CREATE DATABASE newer_client_test");
        return Staging.server().target("newer_client_test");
    }

    private static Path dumped(String change) throws IOException {
        world.execute(change);
        Path file = Files.createTempFile(folder, "changed", ".dump");
        Exec.of(newer.tool("pg_dump").toString(), "-Fc", "--file=" + file)
                .with(world.production.environment()).run().orStop("no dump", null);
        return file;
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
    private static void without(String program, String refusal) {
        standIn(world, newer.bin(), program, refusal + "\nexec \"$real\" \"$@\"");
    }

    @Test
    void aMachineThatHasOnlyAnOlderClientSaysWhatItNeeds() throws IOException {
        Optional<Clients.Client> old = old();
        assumeTrue(old.isPresent(), "there is no client older than " + KNOWS_ZSTD + " here");
        try (World older = World.drizzle("older client"); Staging staging = Staging.of(older, "older client's")) {
            has(older, old.get());
            Path dump = older.repo.resolve("_migrations").resolve(good.getFileName());
            Files.createDirectories(dump.getParent());
            Files.copy(good, dump);
            Files.copy(Manifest.file(good), Manifest.file(dump));
            var before = files(older);
            for (World.Result result : List.of(older.run("backup", "verify", dump.toString()),
                    older.run("backup", "verify", dump.toString(), "--restore"), staging.restore(dump),
                    staging.refresh("--file", dump.toString()))) {
                assertEquals(12, result.exit(), result::all);
                assertTrue(result.err().contains("the backup was made by pg_dump " + newer.major()), result::all);
                assertTrue(result.err().contains("found: " + old.get().version()), result::all);
                assertTrue(result.err().contains("install pg_dump " + newer.major() + " or newer: "
                        + Clients.install(newer.major())), result::all);
            }

            // Without its manifest only its format tells, in whatever language pg_restore speaks.
            older.environment.put("LANGUAGE", "de");
            Files.delete(Manifest.file(dump));
            for (World.Result result : List.of(older.run("backup", "verify", dump.toString()),
                    staging.restore(dump, "--unproven"))) {
                assertEquals(12, result.exit(), result::all);
                assertTrue(result.err().contains("which no pg_restore here reads: "), result::all);
                int major = Math.min(newer.major(), 17);
                assertTrue(result.err().contains("install pg_dump " + major + " or newer: " + Clients.install(major)),
                        result::all);
            }
            Files.copy(Manifest.file(good), Manifest.file(dump));
            assertEquals(before, files(older));
            assertTrue(staging.untouched() && staging.beside().isEmpty());

            // The release goes no further than that, and begins nothing.
            has(world, old.get());
            World.Result rehearsed = world.run("validate", "--json");
            assertEquals(12, rehearsed.exit(), rehearsed::all);
            assertTrue(rehearsed.gate("rehearsal.backup").path("message").asText()
                    .contains("the backup was made by pg_dump " + newer.major()), rehearsed::all);
            assertTrue(rehearsed.gate("rehearsal.restore").isMissingNode(), rehearsed::all);
        }
    }
}
