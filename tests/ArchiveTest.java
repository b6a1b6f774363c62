//SOURCES BackupCase.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import lib.Clients;
import lib.Failure;
import lib.Hash;
import lib.Json;
import lib.Postgres;
import lib.Target;
import lib.backup.Archive;
import lib.backup.Contents;
import lib.backup.Dump;
import lib.backup.Manifest;
import lib.sql.Name;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Archives that were damaged, in hundreds of ways, and archives of unusual databases that are good. */
class ArchiveTest {
    private static final Clients.Client CLIENT = Clients.fitting(15);
    private static final String NAME = "archive_test";
    @TempDir
    static Path folder;
    private static Path good;
    private static byte[] whole;
    private static byte[] manifest;
    private static World world;

    @BeforeAll
    static void makeOne() throws SQLException, IOException {
        good = dump("small", "CREATE TABLE users (id serial PRIMARY KEY, name text, at timestamptz DEFAULT now());"
                + " INSERT INTO users (name) SELECT md5(i::text) FROM generate_series(1, 300) i;"
                + " CREATE INDEX ON users (name); CREATE VIEW v AS SELECT name FROM users;");
        whole = Files.readAllBytes(good);
        manifest = Files.readAllBytes(Manifest.file(good));
        world = World.drizzle();
    }

    @AfterAll
    static void removeAll() {
        world.close();
    }

    @Test
    void everyDamageToAnArchiveIsDetected() throws IOException {
        Random random = new Random(20261121);
        List<byte[]> damaged = new ArrayList<>();
        for (int i = 0; i < 150; i++) {
            damaged.add(Arrays.copyOf(whole, i == 0 ? 0 : i == 1 ? whole.length - 1 : random.nextInt(whole.length)));
        }
        for (int i = 0; i < 600; i++) {
            // Every second one in the table of contents, which lies at the beginning and nothing else protects.
            int place = random.nextInt(i % 2 == 0 ? whole.length : whole.length / 3);
            damaged.add(flipped(whole, place, random.nextInt(8)));
        }
        for (int i = 0; i < 60; i++) {
            int from = random.nextInt(whole.length - 40);
            byte[] zeros = whole.clone();
            Arrays.fill(zeros, from, from + 1 + random.nextInt(Math.min(4096, whole.length - from)), (byte) 0);
            damaged.add(zeros);
            damaged.add(joined(Arrays.copyOf(whole, from), new byte[] {(byte) i, 7},
                    Arrays.copyOfRange(whole, from, whole.length)));
            damaged.add(joined(Arrays.copyOf(whole, from), Arrays.copyOfRange(whole, from + 1, whole.length)));
            byte[] garbage = new byte[1 + random.nextInt(500)];
            random.nextBytes(garbage);
            damaged.add(joined(whole, garbage));
        }
        damaged.add(joined(whole, whole));
        damaged.add("SELECT 1;\n".getBytes(StandardCharsets.UTF_8));
        Path file = folder.resolve("damaged.dump");
        Files.write(Manifest.file(file), manifest);
        int same = 0;
        for (byte[] bytes : damaged) {
            if (Arrays.equals(bytes, whole)) {
                same++;
                continue;
            }
            Files.write(file, bytes);
            Failure failure = assertThrows(Failure.class, () -> Archive.verify(file), "a damage passed");
            assertEquals(Failure.Exit.STOP, failure.exit);
            assertTrue(failure.getMessage().contains("is not the backup that was made"), failure.getMessage());
        }
        assertTrue(damaged.size() - same > 950, damaged.size() + " damages, of which " + same + " changed nothing");
        Files.write(file, whole);
        assertEquals(Hash.of(good), Archive.verify(file).sha256(), "and the good one passes");
    }

    @Test
    void everyChangeToAManifestIsDetected() throws IOException {
        Random random = new Random(42);
        List<byte[]> changed = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            changed.add(flipped(manifest, random.nextInt(manifest.length), random.nextInt(8)));
            changed.add(Arrays.copyOf(manifest, random.nextInt(manifest.length)));
        }
        String text = new String(manifest, StandardCharsets.UTF_8);
        for (String edited : List.of(text + " ", text + text, text.replace(" 300", " 301"), "", "{}", "null", "[]",
                text.replaceFirst("\"rows\"", "\"rows\" : 300, \"rows\""), text.replaceAll(",\n *\"seal\".*", ""),
                text.replaceFirst("(\"hash\" : \"-?\\d+)\"", "$19\""), text.replace("\n", "\r\n"),
                text.replaceFirst("\"sha256\" : \"[0-9a-f]{64}", "\"sha256\" : \"" + "0".repeat(64)))) {
            changed.add(edited.getBytes(StandardCharsets.UTF_8));
        }
        Path file = folder.resolve("described.dump");
        Files.write(file, whole);
        for (byte[] bytes : changed) {
            Files.write(Manifest.file(file), bytes);
            Failure failure = assertThrows(Failure.class, () -> Archive.verify(file),
                    () -> new String(bytes, StandardCharsets.UTF_8));
            assertTrue(failure.exit == Failure.Exit.STOP && failure.getMessage().contains("the manifest"),
                    failure.getMessage());
        }
        Files.delete(Manifest.file(file));
        assertNull(Archive.verify(file).manifest(), "whoever uses it must see that nothing proves it");
        Failure lost = assertThrows(Failure.class, () -> Manifest.of(file));
        assertTrue(lost.getMessage().contains("is missing"), lost.getMessage());
        Files.write(Manifest.file(file), manifest);
        assertEquals(300, Archive.verify(file).manifest().contents().rows());
    }

    @Test
    void theCommandLineRefusesThemToo() throws IOException {
        Path file = folder.resolve("at the command line.dump");
        Files.write(Manifest.file(file), manifest);
        for (byte[] bytes : List.of(flipped(whole, 900, 3), Arrays.copyOf(whole, whole.length / 2),
                joined(whole, new byte[9]))) {
            Files.write(file, bytes);
            World.Result result = world.run("backup", "verify", file.toString(), "--json", "--restore");
            assertEquals(10, result.exit(), result::all);
            assertEquals("stop", result.gate("backup.verify").path("status").asText(), result::all);
            assertTrue(result.gate("backup.restore").isMissingNode(), "what is damaged is not restored");
        }
    }

    @Test
    void restoredForATestEveryTableIsComparedWithTheManifest() throws Exception {
        World.Result result = world.run("backup", "verify", good.toString(), "--restore", "--json");
        assertEquals(0, result.exit(), result::all);
        assertEquals(300, result.json().at("/facts/rows").asInt(), result::all);
        assertTrue(result.gate("backup.restore").path("message").asText().contains("300 rows in 1 table, as they"),
                result::all);
        assertTrue(result.json().at("/facts/server").asText().startsWith("throw-away server"), result::all);

        // An archive whose manifest says otherwise, both as whole as can be: only a restore can tell.
        Path file = folder.resolve("other.dump");
        Files.write(file, whole);
        JsonNode facts = Json.MAPPER.readTree(manifest);
        BackupCase.seal(file, Json.pretty(facts).replaceFirst("\"rows\" : 300", "\"rows\" : 301"));
        assertEquals(0, world.run("backup", "verify", file.toString()).exit());
        World.Result rows = world.run("backup", "verify", file.toString(), "--restore", "--json");
        assertEquals(10, rows.exit(), rows::all);
        String message = rows.gate("backup.restore").path("message").asText();
        assertTrue(message.contains("public.users: 300 instead of 301 rows"), rows::all);

        BackupCase.seal(file, Json.pretty(facts).replaceFirst("(\"hash\" : \"-?\\d+)\"", "$15\"")
                .replaceFirst("300 true", "299 true"));
        World.Result values = world.run("backup", "verify", file.toString(), "--restore");
        assertEquals(10, values.exit(), values::all);
        assertTrue(values.err().contains("public.users: the same 300 rows in number, but other values"), values::all);
        assertTrue(values.err().contains("sequence public.users_id_seq: stands at 300 true instead of"), values::all);

        BackupCase.seal(file, Json.pretty(facts).replaceFirst("column v.name", "column v.nam"));
        World.Result schema = world.run("backup", "verify", file.toString(), "--restore");
        assertEquals(10, schema.exit(), schema::all);
        assertTrue(schema.err().contains("column v.name is new"), schema::all);

        Files.delete(Manifest.file(file));
        World.Result lost = world.run("backup", "verify", file.toString(), "--restore", "--json");
        assertEquals(0, lost.exit(), lost::all);
        assertTrue(lost.gate("backup.verify").path("message").asText().contains("not proven"), lost::all);
        assertEquals("warn", lost.gate("backup.restore").path("status").asText(), lost::all);
    }

    // The hash of a large file is left to a program, where there is one that does it.
    @Test
    void damageToALargeArchiveIsDetectedWhateverTheProgramsOfTheMachineSay() throws Exception {
        byte[] more = new byte[5 << 20];
        new Random(7).nextBytes(more);
        byte[] large = joined(whole, more);
        Path file = folder.resolve("large.dump");
        Files.write(file, large);
        String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(large));
        assertEquals(hash, Hash.of(file));
        BackupCase.seal(file, Json.pretty(Json.MAPPER.readTree(manifest))
                .replaceFirst("(\"sha256\" : \")[0-9a-f]{64}", "$1" + hash));
        Path bin = world.folder.resolve("hashes");
        String path = System.getenv("PATH");
        try {
            for (String openssl : List.of("exec '" + found("openssl") + "' \"$@\"", "echo no hash", "exit 1")) {
                World.script(bin.resolve("openssl"), openssl + "\n");
                World.script(bin.resolve("sha256sum"), "echo '" + hash + " *another file'; exit 1\n");
                world.environment.put("PATH", bin + File.pathSeparator + path);
                Files.write(file, large);
                World.Result good = world.run("backup", "verify", file.toString());
                assertEquals(0, good.exit(), () -> openssl + "\n" + good.all());
                Files.write(file, flipped(large, large.length - 3, 1));
                World.Result bad = world.run("backup", "verify", file.toString());
                assertEquals(10, bad.exit(), () -> openssl + "\n" + bad.all());
                assertTrue(bad.err().contains("is not the backup that was made"), bad::all);
            }
        } finally {
            world.environment.remove("PATH");
        }
    }

    // It is read by two programs at once, each its tables; here nothing but them tells.
    @Test
    void damageToAnyTableOfALargeArchiveIsSeenWithoutAManifest() throws Exception {
        assumeTrue(CLIENT.major() < 16, "packed by zstd, which keeps no sum of what it packs");
        StringBuilder sql = new StringBuilder();
        for (int i = 0; i < 5; i++) {
            sql.append("CREATE TABLE t").append(i).append(" AS SELECT sha512((i + ").append(i * 100000)
                    .append(")::text::bytea) AS hash FROM generate_series(1, 60000) i;");
        }
        Path file = dump("tables", sql + "SELECT lo_from_bytea(0, 'a large object')");
        Files.delete(Manifest.file(file));
        byte[] bytes = Files.readAllBytes(file);
        assertTrue(bytes.length > 17 << 20, bytes.length + " bytes");
        assertEquals(12, Archive.verify(file).entries());
        for (double share = 0.02; share < 1; share += 0.13) {
            Files.write(file, flipped(bytes, (int) (bytes.length * share), 2));
            Failure failure = assertThrows(Failure.class, () -> Archive.verify(file), "at " + share);
            assertTrue(failure.getMessage().contains("cannot be read back whole"), failure.getMessage());
        }
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 1000));
        assertThrows(Failure.class, () -> Archive.verify(file));
        Files.delete(file);
    }

    private static Path found(String program) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator)).map(each -> Path.of(each, program))
                .filter(Files::isExecutable).findFirst().orElse(Path.of("/none", program));
    }

    @Test
    void unusualDatabasesAreBackedUpAndProvenWhole() throws SQLException, IOException {
        for (String data : List.of("", "CREATE TABLE none ()",
                "SELECT lo_from_bytea(0, convert_to(repeat('x', 300000), 'UTF8')) FROM generate_series(1, 5)",
                "CREATE TABLE bytes (b bytea); INSERT INTO bytes SELECT decode(repeat(md5(i::text), 20000), 'hex')"
                        + " FROM generate_series(1, 9) i",
                "CREATE ROLE archive_owner; CREATE TABLE t (a int); CREATE POLICY p ON t TO archive_owner USING (true);"
                        + " INSERT INTO t VALUES (1); DROP TABLE IF EXISTS none",
                "DO $$ DECLARE c text; BEGIN SELECT string_agg('c' || i || ' text', ',') INTO c FROM"
                        + " generate_series(1, 1600) i; EXECUTE 'CREATE TABLE wide (' || c || ')'; END $$;"
                        + " INSERT INTO wide (c1, c1600) VALUES ('a', 'z')",
                "DO $$ BEGIN FOR i IN 1..500 LOOP EXECUTE 'CREATE TABLE t' || i || ' AS SELECT 1'; COMMIT; END LOOP;"
                        + " END $$")) {
            Path file = dump("unusual", data);
            World.execute(World.productionServer().target(null), "DROP ROLE IF EXISTS archive_owner");
            Archive archive = Archive.verify(file);
            assertEquals(archive.manifest(), Manifest.of(file));
            World.Result result = world.run("backup", "verify", file.toString(), "--restore");
            assertEquals(0, result.exit(), () -> data + "\n" + result.all());
            Files.delete(file);
        }
    }

    @Test
    void whatIsChangedWhileTheDumpRunsIsInNeitherThePictureNorTheHashes() throws Exception {
        Target target = database("archive_live", "CREATE TABLE busy (id serial, at timestamptz DEFAULT now());"
                + " INSERT INTO busy SELECT FROM generate_series(1, 50000)");
        boolean[] end = new boolean[1];
        Thread writer = new Thread(() -> {
            try (Connection connection = Postgres.write(target, "writer")) {
                while (!end[0]) {
                    Postgres.execute(connection, "INSERT INTO busy DEFAULT VALUES");
                    Postgres.execute(connection, "DELETE FROM busy WHERE id = (SELECT min(id) FROM busy)");
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
        writer.start();
        try {
            Path file = folder.resolve("live.dump");
            Archive archive = dump(target, file);
            Contents contents = archive.manifest().contents();
            assertTrue(Math.abs(contents.rows() - 50000) <= 1, contents.rows() + " rows");
            assertFalse(Contents.of(target, null, (table, read, all) -> { }).differences(contents, 5).isEmpty());
            World.Result result = world.run("backup", "verify", file.toString(), "--restore");
            assertEquals(0, result.exit(), result::all);
        } finally {
            end[0] = true;
            writer.join();
            World.execute(World.productionServer().target(null), "DROP DATABASE archive_live WITH (FORCE)");
        }
    }

    private static byte[] flipped(byte[] bytes, int place, int bit) {
        byte[] copy = bytes.clone();
        copy[place] ^= (byte) (1 << bit);
        return copy;
    }

    private static byte[] joined(byte[]... parts) {
        var all = new java.io.ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static Target database(String name, String sql) {
        World.execute(World.productionServer().target(null), "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)",
                "CREATE DATABASE " + Name.quote(name));
        Target target = World.productionServer().target(name);
        World.psql(target, sql);
        return target;
    }

    /** An archive with its manifest, as backup.java makes it. */
    private static Path dump(String name, String sql) throws SQLException {
        Target target = database(NAME, sql);
        Path file = folder.resolve(name + ".dump");
        dump(target, file);
        World.execute(World.productionServer().target(null), "DROP DATABASE " + NAME + " WITH (FORCE)");
        return file;
    }

    private static Archive dump(Target target, Path file) throws SQLException {
        try (Connection connection = Postgres.read(target, "test")) {
            return Dump.of(target, CLIENT, file).make("production", Postgres.identity(connection), "abc");
        }
    }
}
