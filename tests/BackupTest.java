//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import lib.Clients;
import lib.Exec;
import lib.Failure;
import lib.Json;
import lib.Postgres;
import lib.Target;
import lib.backup.Archive;
import lib.sql.Name;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** backup.java as a process, on a real database, with the real client programs and with ones that fail. */
class BackupTest {
    private static final Path REAL = Clients.fitting(15).bin();
    private static World world;

    @BeforeAll
    static void makeTheWorld() {
        world = World.drizzle();
        // Large enough that a dump cut in half still holds a whole table of contents.
        world.execute("CREATE TABLE ballast AS SELECT i, md5(i::text) AS noise FROM generate_series(1, 20000) i");
    }

    @AfterEach
    void putBack() {
        world.environment.put("PROD_DATABASE_URL", world.url());
        world.environment.remove("RELEASE_PG_CLIENTS");
        world.environment.put("LC_ALL", "C.UTF-8");
    }

    @AfterAll
    static void removeTheWorld() {
        world.close();
    }

    @Test
    void aBackupIsAnArchiveOfItsOwnerAloneThatPlainPgRestoreReads() throws IOException {
        World.Result result = world.run("backup", "--json");
        assertEquals(0, result.exit(), result::all);
        JsonNode facts = result.json().path("facts");
        assertTrue(facts.path("file").asText().matches("_migrations/backup-\\d{8}-\\d{6}\\.dump"), result::all);
        Path dump = world.repo.resolve(facts.path("file").asText());

        assertEquals("rw-------", permissions(dump));
        assertEquals("rw-------", permissions(Path.of(dump + ".json")));
        assertEquals("rwx------", permissions(dump.getParent()));
        assertEquals(Files.size(dump), facts.path("bytes").asLong());
        assertEquals(Exec.of("sha256sum", dump.toString()).run().out().split(" ")[0], facts.path("sha256").asText());
        assertEquals(facts.path("sha256"), json(Path.of(dump + ".json")).path("sha256"));
        assertEquals(facts, json(world.repo.resolve("_migrations/run.json")).at("/backup/facts"));
        assertEquals(world.production.database(), facts.at("/identity/database").asText());
        assertEquals(world.git("rev-parse", "HEAD"), facts.path("commit").asText());

        Exec.Result script = tool("pg_restore", "--no-owner", "--file=-", dump.toString());
        assertTrue(script.ok(), script.err());
        assertTrue(script.out().lines().noneMatch(line -> line.matches("(GRANT|REVOKE) .*")), "it holds privileges");
        assertTrue(script.out().lines().noneMatch(line -> line.contains("OWNER TO")), "it names owners");
        Target copy = World.rehearsal().target("backup_test");
        World.execute(World.rehearsal().target(null), "DROP DATABASE IF EXISTS backup_test",
                "CREATE DATABASE backup_test");
        Exec.Result restored = Exec.of(REAL.resolve("pg_restore").toString(), "--no-owner", "--dbname=backup_test",
                dump.toString()).with(copy.environment()).run();
        // One of 17 or newer sets a parameter that this server does not know, and ends with 1 after all is loaded.
        assertTrue(restored.ok() || restored.err().contains("\"transaction_timeout\""), restored.err());
        World.execute(copy, "DO $$ BEGIN ASSERT (SELECT count(*) FROM ballast) = 20000; END $$");
        World.execute(World.rehearsal().target(null), "DROP DATABASE backup_test");
    }

    @Test
    void theResultAloneIsOnStdoutAndWhatWasFoundOnStderr() {
        World.Result result = world.run("backup");
        assertEquals(0, result.exit(), result::all);
        assertTrue(result.out().matches("_migrations/backup-\\d{8}-\\d{6}\\.dump\n"), result::all);
        assertTrue(result.err().contains("db.reach") && result.err().contains("read back whole"), result::all);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            printf half > "$file"; echo 'pg_dump: error: half of it failed' >&2; exit 1 | half of it failed
            "$real" "$@"; size=$(stat -c %s "$file"); truncate -s $((size / 2)) "$file" | cannot be read back whole
            "$real" "$@"; size=$(stat -c %s "$file"); truncate -s $((size - 1)) "$file" | cannot be read back whole
            :                                                                           | what pg_dump wrote is empty
            rm "$file"                                                                  | NoSuchFile
            head -c 100000 /dev/urandom > "$file"                                       | cannot be read back whole
            printf half > "$file"; kill -9 $$                                           | was killed by signal 9
            printf half > "$file"; kill -SEGV $$                                        | was killed by signal 11
            echo 'pg_dump: error: could not write: No space left on device' >&2; exit 1 | make room: df -h
            """)
    void aDumpThatFailsOrIsNotWholeLeavesNothingThatLooksLikeABackup(String misdeed, String words) throws IOException {
        standIn(misdeed);
        Set<String> before = files();
        World.Result result = world.run("backup", "--json");
        assertEquals(words.startsWith("NoSuch") ? 12 : 10, result.exit(), result::all);
        JsonNode gate = result.gate("backup.dump");
        assertEquals("stop", gate.path("status").asText(), result::all);
        assertTrue((gate.path("message").asText() + gate.path("hint").asText()).contains(words), result::all);
        assertEquals(before, files(), result::all);
        assertEquals("stop", json(world.repo.resolve("_migrations/run.json")).at("/backup/status").asText()
                .replace("missing", "stop"), "what follows must not build on it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes", "contents", "cut", "longer", "description", "emptyDescription"})
    void verifyRefusesWhateverIsNotTheBackupThatWasMade(String damage) throws IOException {
        Path good = backup();
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
        Path good = backup();
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

    @Test
    void aTableThatTheRoleMayNotReadStopsTheBackupWithTheGrantThatIsMissing() {
        Target admin = World.productionServer().target(world.production.database());
        String role = "\"Re\"\"ader\"";
        World.execute(admin, "DROP ROLE IF EXISTS " + role, "CREATE ROLE " + role + " LOGIN PASSWORD 'Long-3nough'",
                "GRANT USAGE ON SCHEMA drizzle TO " + role,
                "GRANT SELECT ON ALL TABLES IN SCHEMA public, drizzle TO " + role,
                "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public, drizzle TO " + role,
                "REVOKE SELECT ON sessions FROM " + role);
        try {
            Target reader = new Target(admin.host(), admin.port(), admin.database(), "Re\"ader", "Long-3nough",
                    admin.parameters());
            world.environment.put("PROD_DATABASE_URL", reader.url());
            Set<String> before = files();
            World.Result result = world.run("backup", "--json");
            assertEquals(10, result.exit(), result::all);
            String message = result.gate("backup.dump").path("message").asText();
            assertTrue(message.contains("permission denied for table sessions"), result::all);
            assertEquals(before, files());
            String hint = result.gate("backup.dump").path("hint").asText();
            World.execute(admin, hint.substring(hint.indexOf("GRANT")));
            World.Result granted = world.run("backup");
            assertEquals(0, granted.exit(), granted::all);

            World.execute(admin, "ALTER TABLE sessions ENABLE ROW LEVEL SECURITY");
            World.Result policed = world.run("backup", "--json");
            assertEquals(10, policed.exit(), policed::all);
            String way = policed.gate("backup.dump").path("hint").asText();
            World.execute(admin, way.substring(way.indexOf("ALTER ROLE")));
            assertEquals(0, world.run("backup").exit());
        } finally {
            World.execute(admin, "ALTER TABLE sessions DISABLE ROW LEVEL SECURITY", "DROP OWNED BY " + role,
                    "DROP ROLE " + role);
        }
    }

    @Test
    void withoutAClientThatFitsTheServerTheInstallCommandIsNamed() {
        world.environment.put("RELEASE_PG_CLIENTS", world.folder.toString());
        World.Result none = world.run("backup", "--json");
        assertEquals(12, none.exit(), none::all);
        assertEquals("missing", none.json().path("status").asText());
        assertTrue(none.gate("db.reach").path("message").asText().contains("no working pg_dump"), none::all);
        assertTrue(none.gate("db.reach").path("hint").asText().contains("install"), none::all);

        Path old = world.folder.resolve("old bin");
        World.script(old.resolve("pg_dump"), "echo 'pg_dump (PostgreSQL) 14.9'");
        world.environment.put("RELEASE_PG_CLIENTS", old.toString());
        World.Result tooOld = world.run("backup", "--json");
        assertEquals(12, tooOld.exit(), tooOld::all);
        assertTrue(tooOld.gate("db.reach").path("message").asText().contains("14.9 in " + old), tooOld::all);
        assertTrue(tooOld.gate("db.reach").path("hint").asText().contains("15"), tooOld::all);
    }

    @Test
    void aProductionOutOfReachIsMissingAndNotBroken() {
        Target away = new Target("127.0.0.1", 1, "app", "app", World.PASSWORD, world.production.parameters());
        world.environment.put("PROD_DATABASE_URL", away.url());
        World.Result result = world.run("backup", "--json");
        assertEquals(12, result.exit(), result::all);
        assertTrue(result.gate("db.reach").path("message").asText().contains("127.0.0.1:1 refuses the connection"),
                result::all);
        assertTrue(result.gate("backup.dump").isMissingNode(), result::all);
    }

    @Test
    void nothingIsWrittenIntoAFolderThatGitWouldCommitAndTheHintMendsIt() throws IOException {
        World careless = World.of("careless", "template0");
        try (careless) {
            // Without an end of its last line, which a plain echo >> would glue the rule to.
            careless.write(".gitignore", "node_modules/\n*.dump");
            careless.commit("first");
            World.Result open = careless.run("backup", "--json");
            assertEquals(10, open.exit(), open::all);
            assertTrue(open.gate("backup.ignored").path("message").asText().contains("not ignored by git"), open::all);
            assertFalse(Files.exists(careless.repo.resolve("_migrations")));
            for (String phase : List.of("assess", "validate")) {
                World.Result other = careless.run(phase);
                assertEquals(10, other.exit(), other::all);
                assertFalse(Files.exists(careless.repo.resolve("_migrations")), phase);
            }
            Exec.Result mended = Exec.of("sh", "-c", open.gate("backup.ignored").path("hint").asText())
                    .in(careless.repo).with(careless.environment).run();
            assertTrue(mended.ok(), mended.err());
            assertEquals(0, careless.run("backup").exit());

            careless.git("rm", "-q", ".gitignore");
            careless.git("commit", "-q", "-m", "without");
            careless.write("_migrations/old.sql", "SELECT 1;\n");
            careless.git("add", "-f", "_migrations/old.sql");
            careless.git("commit", "-q", "-m", "oh no");
            Set<String> before = names(careless.repo.resolve("_migrations"), "");
            World.Result tracked = careless.run("backup", "--json");
            assertEquals(10, tracked.exit(), tracked::all);
            assertTrue(tracked.gate("backup.ignored").path("message").asText().contains("is in git's history"),
                    tracked::all);
            assertEquals(before, names(careless.repo.resolve("_migrations"), ""));
        }
    }

    @Test
    void hardNamesWorkAndNoPasswordIsEverInAnArgumentOrAFile() throws Exception {
        try (World odd = World.drizzle("Ünï \"quoted\" App's %41 & 100%")) {
            standIn("sleep 0.5; \"$real\" \"$@\"");
            odd.environment.put("RELEASE_PG_CLIENTS", world.environment.get("RELEASE_PG_CLIENTS"));
            World.Running running = odd.begin("backup", "--json", "--verbose");
            Set<String> seen = new TreeSet<>();
            while (running.process().isAlive()) {
                commandLines().stream().filter(line -> line.contains("S3cret") || line.contains("pg_dump"))
                        .forEach(seen::add);
            }
            World.Result result = running.end();
            assertEquals(0, result.exit(), result::all);
            assertEquals(odd.production.database(), result.json().at("/facts/identity/database").asText());
            assertTrue(seen.stream().anyMatch(line -> line.contains("--format=custom")), "pg_dump was never seen");
            assertTrue(seen.stream().noneMatch(line -> line.contains("S3cret")), seen::toString);
            assertFalse(result.all().contains("S3cret"), result::all);
            try (var files = Files.walk(odd.repo.resolve("_migrations"))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
                    assertFalse(text.contains("S3cret"), file.toString());
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void aStopFromOutsideLeavesNoHalfFileAndNoPgDump(String signal, int exit) throws Exception {
        // A real pg_dump that waits for a lock; it has created its file by then.
        try (Connection holder = Postgres.write(world.production, "holder")) {
            holder.setAutoCommit(false);
            Postgres.execute(holder, "LOCK TABLE ballast");
            Set<String> before = files();
            World.Running running = world.begin("backup");
            await(() -> !"0".equals(sessions("wait_event_type = 'Lock'")), "pg_dump waits for the lock");
            assertTrue(names(world.repo.resolve("_migrations"), ".part").size() == 1, "the half file is there");
            Exec.of("kill", "-" + signal, String.valueOf(running.process().pid())).run();
            assertTrue(running.process().waitFor(20, TimeUnit.SECONDS), "it ends by itself");
            World.Result result = running.end();
            assertEquals(exit, result.exit(), result::all);
            assertFalse(result.err().contains("Exception"), result::all);
            assertFalse(result.err().contains("try it again"), result::all);
            assertEquals(before, files());
            await(() -> "0".equals(sessions("true")), "no session of it is left");
            await(() -> commandLines().stream().noneMatch(line -> line.contains("--format=custom")
                    && line.contains(world.repo.toString())), "no pg_dump of it is left");
            holder.rollback();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aPgDumpThatStartsAfterTheStopLeavesNothingEither(int jobs) throws Exception {
        // Deaf to the stop for a second; only then it makes its file or folder.
        standIn("echo $$ > \"$pids\"; trap '' TERM; sleep 1; trap - TERM; exec \"$real\" \"$@\"");
        Set<String> before = files();
        World.Running running = world.begin("backup", "--jobs", String.valueOf(jobs));
        Path pids = world.folder.resolve("bin/pids");
        await(() -> Files.exists(pids) && !World.read(pids).isBlank(), "pg_dump is started");
        Exec.of("kill", "-TERM", String.valueOf(running.process().pid())).run();
        assertTrue(running.process().waitFor(20, TimeUnit.SECONDS), "it ends by itself");
        World.Result result = running.end();
        assertEquals(143, result.exit(), result::all);
        assertEquals(before, files());
        assertFalse(ProcessHandle.of(Long.parseLong(World.read(pids).strip())).isPresent(), "no pg_dump is left");
        Files.delete(pids);
    }

    @Test
    void theHalfFileOfAKilledBackupIsRemovedByTheNextOneAndItsLockHoldsNobodyUp() throws Exception {
        standIn("printf half > \"$file\"; echo $$ > \"$pids\"; exec sleep 60");
        World.Running running = world.begin("backup");
        Path pids = world.folder.resolve("bin/pids");
        await(() -> Files.exists(pids) && !World.read(pids).isBlank(), "pg_dump is at work");
        World.Result second = world.run("backup", "--json");
        assertEquals(10, second.exit(), second::all);
        assertTrue(second.err().contains("another run (process " + running.process().pid() + ") is at work"),
                second::all);

        running.process().destroyForcibly().waitFor();
        Exec.of("kill", World.read(pids).strip()).run();
        assertEquals(1, names(world.repo.resolve("_migrations"), ".part").size());
        world.environment.remove("RELEASE_PG_CLIENTS");
        World.Result next = world.run("backup");
        assertEquals(0, next.exit(), next::all);
        assertEquals(Set.of(), names(world.repo.resolve("_migrations"), ".part"));
    }

    @Test
    void aFullDiskIsSaidAndLeavesNothing() throws IOException {
        try (World small = World.drizzle()) {
            Path folder = Files.createDirectories(small.repo.resolve("_migrations"));
            assumeTrue(Exec.of("mount", "-t", "tmpfs", "-o", "size=40k", "none", folder.toString()).run().ok(),
                    "only root may make a small disk");
            try {
                World.Result result = small.run("backup", "--json");
                assertNotEquals(0, result.exit(), result::all);
                assertTrue(result.all().contains("No space left"), result::all);
                assertTrue(result.all().contains("make room"), result::all);
                assertFalse(result.err().contains("Exception"), result::all);
                assertTrue(names(folder, "").stream().noneMatch(name -> name.matches("backup.*|.*part")),
                        result::all);
            } finally {
                Exec.of("umount", folder.toString()).run();
            }
        }
    }

    @Test
    void anInvalidIndexIsToldBecauseNoDumpHoldsIt() {
        world.execute("CREATE INDEX half_built ON ballast (i)");
        World.execute(World.productionServer().target(world.production.database()),
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'half_built'::regclass");
        World.Result result = world.run("backup", "--json");
        world.execute("DROP INDEX half_built");
        assertEquals(0, result.exit(), result::all);
        assertEquals("warn", result.gate("backup.dump").path("status").asText(), result::all);
        String message = result.gate("backup.dump").path("message").asText();
        assertTrue(message.contains("no dump holds invalid index half_built"), result::all);
    }

    @Test
    void aLocaleWithoutUnicodeIsNoHindrance() {
        world.environment.put("LC_ALL", "C");
        World.Result result = world.run("backup", "--json");
        assertEquals(0, result.exit(), result::all);
        assertEquals(world.production.database(), result.json().at("/facts/identity/database").asText());
    }

    @Test
    void limitsOfTheRoleDoNotEndASlowBackup() {
        String role = "ALTER ROLE app IN DATABASE " + Name.quote(world.production.database());
        Target admin = World.productionServer().target(null);
        World.execute(admin, role + " SET idle_in_transaction_session_timeout = 200");
        standIn("sleep 1; \"$real\" \"$@\"");
        World.Result result = world.run("backup");
        World.execute(admin, role + " RESET ALL");
        assertEquals(0, result.exit(), result::all);
    }

    /** Client programs of which pg_dump does something else; $real is the real one, $file what it is to write. */
    private static void standIn(String misdeed) {
        Path bin = world.folder.resolve("bin");
        for (String name : List.of("pg_restore", "psql")) {
            World.script(bin.resolve(name), "exec '" + REAL.resolve(name) + "' \"$@\"\n");
        }
        World.script(bin.resolve("pg_dump"), """
                real='%s'
                pids='%s'
                case "$1" in --version) exec "$real" "$@";; esac
                for word; do case "$word" in --file=*) file="${word#--file=}";; esac; done
                %s
                """.formatted(REAL.resolve("pg_dump"), bin.resolve("pids"), misdeed));
        world.environment.put("RELEASE_PG_CLIENTS", bin.toString());
    }

    private static Path backup() {
        World.Result result = world.run("backup");
        assertEquals(0, result.exit(), result::all);
        return world.repo.resolve(result.out().strip());
    }

    private static byte[] flipped(byte[] bytes, int place) {
        byte[] copy = bytes.clone();
        copy[place] ^= 4;
        return copy;
    }

    private static List<Integer> at(byte[] bytes, double... shares) {
        return Arrays.stream(shares).mapToObj(share -> (int) (bytes.length * share)).toList();
    }

    private static Exec.Result tool(String name, String... arguments) {
        List<String> command = new ArrayList<>(List.of(REAL.resolve(name).toString()));
        command.addAll(List.of(arguments));
        return Exec.of(command).run();
    }

    /** Everything of the run folder that is or could become a backup. */
    private static Set<String> files() {
        Set<String> names = names(world.repo.resolve("_migrations"), "");
        names.removeIf(name -> !name.contains("backup-"));
        return names;
    }

    private static Set<String> names(Path folder, String ending) {
        Set<String> names = new TreeSet<>();
        if (Files.exists(folder)) {
            try (var files = Files.list(folder)) {
                files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(ending))
                        .forEach(names::add);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
        return names;
    }

    private static String sessions(String condition) {
        return world.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'release backup'"
                + " AND datname = current_database() AND " + condition);
    }

    private static List<String> commandLines() {
        List<String> lines = new ArrayList<>();
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                try {
                    byte[] words = Files.readAllBytes(process.resolve("cmdline"));
                    lines.add(new String(words, StandardCharsets.UTF_8).replace('\0', ' '));
                } catch (IOException e) {
                    // It has just ended.
                    continue;
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return lines;
    }

    private static void await(BooleanSupplier condition, String what) throws InterruptedException {
        for (int tries = 0; !condition.getAsBoolean(); tries++) {
            assertTrue(tries < 400, "not seen in 20 s: " + what);
            Thread.sleep(50);
        }
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private static JsonNode json(Path file) throws IOException {
        return Json.MAPPER.readTree(file.toFile());
    }
}
