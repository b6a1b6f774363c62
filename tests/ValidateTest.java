//SOURCES BackupCase.java World.java ../lib/Hash.java ../lib/Scratch.java ../lib/Servers.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import lib.Exec;
import lib.Hash;
import lib.Json;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The phase that writes the release SQL and rehearses it: one production and one backup, looked at by the real script.
 */
@Order(1)
@Timeout(180)
class ValidateTest {
    // A server of its own: other classes have copies of theirs on the common one at the same time.
    private static Scratch rehearsal;
    private static World shared;
    private static String record;
    private static byte[] dump;
    private static Map<String, String> environment;

    @TempDir
    Path temp;
    private World world = shared;

    @BeforeAll
    static void backUp() throws IOException {
        rehearsal = Scratch.start(Servers.fitting(15));
        shared = World.drizzle();
        shared.environment.put("RELEASE_SCRATCH_URL", rehearsal.target(null).url());
        World.Result backup = shared.run("backup");
        assertEquals(0, backup.exit(), backup::all);
        record = shared.read("_migrations/run.json");
        dump = Files.readAllBytes(shared.newest("backup-.*dump"));
        environment = Map.copyOf(withoutNulls(shared.environment));
    }

    private static Map<String, String> withoutNulls(Map<String, String> variables) {
        Map<String, String> known = new HashMap<>(variables);
        known.values().removeIf(java.util.Objects::isNull);
        return known;
    }

    @AfterAll
    static void removeTheWorld() {
        shared.close();
        rehearsal.close();
    }

    @BeforeEach
    void asItWasAfterTheBackup() throws IOException {
        shared.environment.putAll(environment);
        shared.git("reset", "-q", "--hard", "origin/main");
        shared.git("clean", "-qfd");
        try (var files = Files.newDirectoryStream(shared.repo.resolve("_migrations"),
                "{release-*,written.json,decisions.json}")) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        shared.write("_migrations/run.json", record);
        Files.write(backup(), dump);
    }

    @AfterEach
    void nothingIsLeft() {
        assertEquals(List.of(), copies(rehearsal.target(null)), "no copy stays on the rehearsal server");
        assertEquals("5", shared.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"), "production is as it was");
        assertEquals(null, shared.sql("SELECT to_regclass('users')"), "production is as it was");
    }

    private static List<String> copies(Target server) {
        try (Connection connection = Postgres.read(server, "test")) {
            return Postgres.rows(connection, "SELECT datname FROM pg_database WHERE datname LIKE 'release_rehearsal_%'")
                    .stream()
                    .map(row -> row.get(0)).toList();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private Path backup() {
        return world.newest("backup-.*dump$");
    }

    private String sql() {
        return World.read(world.newest("release-.*sql"));
    }

    private World.Result stops(int exit, String gate, String words, String... arguments) {
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = "--json";
        World.Result seen = world.run("validate", all);
        assertEquals(exit, seen.exit(), seen::all);
        assertEquals("stop", seen.gate(gate).path("status").asText(), seen::all);
        assertTrue(seen.gate(gate).path("message").asText().contains(words), seen::all);
        assertTrue(seen.json().at("/facts/certificate").isMissingNode(), "nothing is certified");
        assertFalse(seen.err().contains("\tat "), seen::all);
        return seen;
    }

    private String hint(World.Result seen, String gate) {
        return seen.gate(gate).path("hint").asText();
    }

    /** Commits an entry; nothing is pushed. */
    private void entry(String text) {
        world.write("MIGRATIONS.md", world.read("MIGRATIONS.md") + "\n## Another\n" + text + "\n");
        world.commit("entry");
    }

    private Path script(String text) {
        Path file = temp.resolve("my release.sql");
        World.write(file, text);
        return file;
    }

    private static String own() {
        return World.read(World.FIXTURE.resolve("release.sql"));
    }

    @Test
    void theSqlIsWrittenRehearsedAndCertified() throws IOException {
        World.Result seen = world.run("validate", "--json");
        assertEquals(0, seen.exit(), seen::all);
        JsonNode certificate = seen.json().at("/facts/certificate");
        String file = certificate.at("/sql/file").asText();
        assertEquals(Hash.of(world.repo.resolve(file)), certificate.at("/sql/sha256").asText());
        assertEquals(seen.json().at("/facts/sql"), certificate.path("sql"));
        assertEquals(Hash.of(backup()), certificate.path("dump").asText());
        assertEquals(world.git("rev-parse", "HEAD"), certificate.path("commit").asText());
        assertEquals(world.git("rev-parse", "origin/release"), certificate.path("released").asText());
        assertEquals(world.production.database(), certificate.at("/production/database").asText());
        assertTrue(certificate.path("rehearsed").asBoolean(), seen::all);
        assertEquals(Json.MAPPER.readTree(record).at("/backup/facts/schema"), certificate.path("schemaBefore"));
        assertEquals(1, certificate.path("segments").size());
        assertNotEquals(certificate.path("schemaBefore"), certificate.at("/segments/0/schema"));
        assertEquals(2, seen.json().at("/facts/historyRows").asInt());
        assertEquals("drizzle.__drizzle_migrations holds 2 new rows, and drizzle has nothing left to run",
                seen.gate("rehearsal.history").path("message").asText());
        assertEquals("rw-------", java.nio.file.attribute.PosixFilePermissions.toString(
                Files.getPosixFilePermissions(world.repo.resolve(file))));
        assertTrue(Files.exists(world.repo.resolve("_migrations/schema-before.json")));
        World.Result plain = world.run("validate");
        assertEquals(file + " " + certificate.at("/sql/sha256").asText() + "\n", plain.out(),
                "the same input, the same bytes");
    }

    @Test
    void rowsAddedInProductionMeanwhileDoNotChangeTheSql() {
        try (World own = World.drizzle()) {
            world = own;
            world.execute("INSERT INTO food_logs (email, food_name, amount, calories) SELECT 'new' || i || '@x.org', "
                    + "'x', 1, 1 "
                    + "FROM generate_series(1, 500) i",
                    "INSERT INTO sessions (email, expires_at) VALUES ('New1@x.org', now())");
            assertEquals(0, world.run("backup").exit());
            JsonNode second = world.run("validate", "--json").json();
            assertEquals("pass", second.path("status").asText(), second::toString);
            assertEquals(World.proposal(), second.at("/facts/sql/sha256").asText());
        }
    }

    @Test
    void withoutABackupItSaysWhichPhaseComesFirst() throws IOException {
        Files.delete(world.repo.resolve("_migrations/run.json"));
        World.Result seen = stops(10, "rehearsal.backup", "there is no backup in this run yet");
        assertEquals("jbang backup.java", hint(seen, "rehearsal.backup"));
    }

    @Test
    void aBackupThatIsAnotherOrGoneIsRefused() throws IOException {
        Files.write(backup(), new byte[] {1}, StandardOpenOption.APPEND);
        assertEquals("jbang backup.java",
                hint(stops(10, "rehearsal.backup", "its SHA-256 has changed"), "rehearsal.backup"));
        Path gone = backup();
        Files.delete(gone);
        try {
            World.Result seen = stops(10, "rehearsal.backup", "the backup of this run is gone: _migrations/backup-");
            assertEquals("jbang backup.java", hint(seen, "rehearsal.backup"));
        } finally {
            Files.write(gone, dump);
        }
    }

    @Test
    void aBackupOfAnotherEnvironmentIsRefused() {
        World.Result seen = stops(10, "rehearsal.backup", "the backup of this run is of production, not of staging",
                "--env", "staging");
        assertEquals("jbang backup.java --env staging", hint(seen, "rehearsal.backup"));
    }

    @Test
    void sqlThatFailsOnTheCopyIsNamedByLineAndStatementAndNoRowIsQuoted() {
        entry("```sql\nUPDATE food_logs SET amount = food_name::numeric WHERE food_name LIKE 'Orphan%';\n```");
        World.Result seen = stops(10, "rehearsal.run", "the SQL fails on the copy, line ");
        String message = seen.gate("rehearsal.run").path("message").asText();
        int line = Integer.parseInt(message.replaceFirst("(?s).*?line (\\d+).*", "$1"));
        assertTrue(sql().lines().skip(line - 1).findFirst().orElseThrow().startsWith("UPDATE food_logs SET amount"),
                seen::all);
        assertTrue(message.contains("\nUPDATE food_logs SET amount = food_name::numeric"), seen::all);
        assertFalse(seen.all().contains("Orphan toast"), "a row's value is nobody's business: " + seen.all());
        assertTrue(hint(seen, "rehearsal.run").startsWith("production was not touched"), seen::all);
    }

    @Test
    void rowsThatBreakAConstraintAreNotQuotedEither() {
        world.migration("0007_once", "CREATE UNIQUE INDEX once ON food_logs (food_name);");
        world.commit("once");
        World.Result seen = stops(10, "rehearsal.run", "could not create unique index \"once\"");
        assertFalse(seen.all().contains("Empanada") || seen.all().contains("Oatmeal"), seen::all);
    }

    @Test
    void anOpenQuestionStopsBeforeAnythingIsWritten() {
        world.migration("0007_rank", "ALTER TABLE \"sessions\" ADD COLUMN \"rank\" integer NOT NULL;");
        world.commit("rank");
        World.Result seen = stops(11, "sql.write", "sessions.rank must not be NULL");
        assertEquals("do what 1 says, commit it, then: jbang release.java", hint(seen, "sql.write"));
        World.Result plain = world.run("validate");
        assertEquals(11, plain.exit(), plain::all);
        assertEquals("", plain.out());
    }

    @Test
    void nothingPendingNeedsNoSql() {
        world.git("rm", "-rq", "drizzle");
        World.copy(World.FIXTURE.resolve("drizzle-release5"), world.repo.resolve("drizzle"));
        world.commit("nothing pending");
        World.Result seen = world.run("validate", "--json");
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("", sql());
        assertEquals("skip", seen.gate("rehearsal.run").path("status").asText());
        assertEquals(0, seen.json().at("/facts/sql/segments").asInt());
    }

    // A script of one's own

    @Test
    void aScriptOfOnesOwnGoesThroughTheSameGates() {
        Path file = script(own());
        World.Result seen = world.run("validate", "--json", "--sql", file.toString());
        assertEquals(0, seen.exit(), seen::all);
        assertEquals(own(), sql(), "byte for byte");
        assertEquals(Hash.of(file), seen.json().at("/facts/certificate/sql/sha256").asText());
        assertEquals(2, seen.json().at("/facts/historyRows").asInt());
    }

    @Test
    void aScriptWithoutTheHistoryRowsIsToldThemToPaste() {
        String text = own().replaceFirst("(?s)-- Step 4.*?;\n", "");
        World.Result seen = stops(10, "rehearsal.history",
                "drizzle would run again after the release: 0005_careless_black_queen, "
                + "0006_warm_calypso", "--sql", script(text).toString());
        String hint = hint(seen, "rehearsal.history");
        assertTrue(hint.contains("INSERT INTO \"drizzle\".\"__drizzle_migrations\""), seen::all);
        String rows = hint.substring(hint.indexOf("INSERT"));
        World.Result pasted =
                world.run("validate", "--json", "--sql",
                script(text.replace("COMMIT;", rows + "\nCOMMIT;")).toString());
        assertEquals(0, pasted.exit(), pasted::all);
    }

    @Test
    void aScriptThatIsNotThereOrNotTextIsRefused() throws IOException {
        World.Result missing = stops(2, "sql.write", "no where.sql: there is no such file", "--sql", "no where.sql");
        assertEquals("ls -l .", hint(missing, "sql.write"));
        Path latin = temp.resolve("latin.sql");
        Files.write(latin, "SELECT 'é';".getBytes(StandardCharsets.ISO_8859_1));
        World.Result seen = stops(10, "sql.write", "latin.sql is not UTF-8", "--sql", latin.toString());
        assertTrue(hint(seen, "sql.write").startsWith("iconv -f ISO-8859-1 -t UTF-8 "), seen::all);
        stops(10, "sql.read", "BEGIN without COMMIT", "--sql", script("BEGIN;\nSELECT 1;\n").toString());
    }

    @Test
    void whatWasEditedByHandIsKeptAndRehearsed() throws IOException {
        assertEquals(0, world.run("validate").exit());
        Path file = world.newest("release-.*sql");
        String edited = World.read(file).replace("COMMIT;", "UPDATE custom_foods SET name = name || '!';\nCOMMIT;");
        Files.writeString(file, edited);
        World.Result seen = world.run("validate", "--json");
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("warn", seen.gate("sql.write").path("status").asText());
        assertTrue(seen.gate("sql.write").path("message").asText().contains("was edited by hand"), seen::all);
        assertEquals(edited, World.read(file));
        assertEquals(Hash.of(edited), seen.json().at("/facts/certificate/sql/sha256").asText());
        assertTrue(seen.json().at("/facts/certificate/segments/0/outcomes").toString().contains("name || '!'"),
                seen::all);

        World.Result over = stops(10, "sql.write", "was edited by hand, and --sql", "--sql", script(own()).toString());
        assertTrue(hint(over, "sql.write").startsWith("mv "), over::all);
        assertEquals(edited, World.read(file), "what somebody wrote is not lost");
        World.Result same = world.run("validate", "--sql", file.toString());
        assertEquals(0, same.exit(), same::all);
    }

    // Servers

    @Test
    void theServerOfProductionIsNoPlaceToRehearse() {
        Target production = World.productionServer().target(null);
        World.Result seen = stops(10, "rehearsal.server", "this is the server of production itself", "--scratch",
                production.url());
        assertEquals("name another server, or leave --scratch out", hint(seen, "rehearsal.server"));
        assertEquals(List.of(), copies(production));
    }

    @Test
    void aNamedServerThatIsTooOldOrOutOfReachIsSaid() {
        try (Scratch old = Scratch.start(Servers.embedded(14))) {
            stops(10, "rehearsal.server", "PostgreSQL 14 is older than production's 15", "--scratch",
                    old.target(null).url());
        }
        World.Result seen = stops(12, "rehearsal.server", "127.0.0.1:1", "--scratch", "postgresql://a:b@127.0.0.1:1/c");
        assertFalse(hint(seen, "rehearsal.server").isBlank(), seen::all);
        stops(2, "rehearsal.server", "this is not a PostgreSQL URL", "--scratch", "localhost:5432");
    }

    @Test
    void withoutANamedServerOneIsStartedAndStopped() throws Exception {
        // A policy names a role, which no backup holds.
        World.execute(World.productionServer().target(null), "DROP ROLE IF EXISTS \"Reader\"",
                "CREATE ROLE \"Reader\"");
        try (World own = World.drizzle()) {
            world = own;
            world.environment.put("RELEASE_SCRATCH_URL", null);
            world.execute("ALTER TABLE sessions ENABLE ROW LEVEL SECURITY",
                    "CREATE POLICY mine ON sessions FOR SELECT TO \"Reader\" USING (true)");
            assertEquals(0, world.run("backup").exit());
            world.environment.put("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + temp);
            World.Running running = world.begin("validate", "--json");
            boolean started = false;
            while (running.process().isAlive()) {
                started |= !servers().isEmpty();
                Thread.sleep(50);
            }
            World.Result seen = running.end();
            assertEquals(0, seen.exit(), seen::all);
            assertEquals("throw-away server, PostgreSQL 15", seen.json().at("/facts/server").asText());
            assertTrue(started, "there was one");
            assertEquals(List.of(), servers(), "the server is stopped");
            try (var left = Files.list(temp)) {
                assertEquals(List.of(), left.toList(), "and its folder is gone");
            }
        } finally {
            World.execute(World.productionServer().target(null), "DROP ROLE \"Reader\"");
        }
    }

    // Those of the script: it was told to keep its temporary files in a folder of this test.
    private List<String> servers() {
        return Exec.of("ps", "-eo", "args").run().lines().stream()
                .filter(line -> line.contains("postgres") && line.contains(temp.toString())).toList();
    }

    @Test
    void aComposeDatabaseIsUsedAndLeftAsItWas() {
        Target server = rehearsal.target(null);
        world.environment.put("RELEASE_SCRATCH_URL", null);
        world.write("compose.yaml", "services: {db: {image: 'postgres:15'}}\n");
        World.script(temp.resolve("bin/docker"), """
                case "$*" in
                    info*) echo 27.1;;
                    *config*) echo '{"services": {"db": {"image": "postgres:15", "environment":
                        {"POSTGRES_USER": "%s", "POSTGRES_PASSWORD": "%s"}}}}';;
                    *ps*) echo db;;
                    *port*) echo 0.0.0.0:%d;;
                    *) exit 1;;
                esac
                """.formatted(server.user(), server.password(), server.port()));
        world.environment.put("PATH", temp.resolve("bin") + ":" + System.getenv("PATH"));
        try {
            World.Result seen = world.run("validate", "--json");
            assertEquals(0, seen.exit(), seen::all);
            assertEquals("compose service db", seen.json().at("/facts/server").asText());
        } finally {
            world.environment.remove("PATH");
        }
    }

    @Test
    void withoutAnyServerAPersonMustSaySo() {
        noServer();
        World.Result seen = stops(11, "rehearsal.server", "there is no server to rehearse on: ");
        assertTrue(hint(seen, "rehearsal.server").endsWith("or go on without a rehearsal: add --unrehearsed"),
                seen::all);
        World.Result unrehearsed = world.run("validate", "--json", "--unrehearsed");
        assertEquals(0, unrehearsed.exit(), unrehearsed::all);
        assertEquals("warn", unrehearsed.gate("rehearsal.server").path("status").asText());
        assertTrue(unrehearsed.gate("rehearsal.server").path("message").asText().startsWith("NOT REHEARSED: "),
                unrehearsed::all);
        assertEquals("skip", unrehearsed.gate("rehearsal.run").path("status").asText());
        assertEquals("warn", unrehearsed.gate("certificate").path("status").asText());
        assertFalse(unrehearsed.json().at("/facts/certificate/rehearsed").asBoolean(true), unrehearsed::all);
        assertEquals(0, unrehearsed.json().at("/facts/certificate/segments").size());
        assertTrue(sql().contains("INSERT INTO users"), ValidateTest.this::sql);
    }

    private void noServer() {
        // None is installed, and where fetched ones are unpacked a file stands in the way.
        World.write(temp.resolve("file"), "");
        world.environment.put("RELEASE_SCRATCH_URL", null);
        world.environment.put("RELEASE_PG_BINS", temp.toString());
        world.environment.put("XDG_CACHE_HOME", temp.resolve("file").toString());
    }

    @AfterEach
    void serversAreBack() {
        List.of("RELEASE_PG_BINS", "XDG_CACHE_HOME").forEach(shared.environment::remove);
    }

    @Test
    void aCopyWithAnotherSchemaThanTheBackupIsRefused() throws IOException {
        ObjectNode run = (ObjectNode) Json.MAPPER.readTree(record);
        ((ObjectNode) run.at("/backup/facts")).put("schema", "0".repeat(64));
        world.write("_migrations/run.json", Json.pretty(run));
        World.Result seen = stops(10, "rehearsal.restore", "the restored copy is not the schema that was backed up");
        assertTrue(hint(seen, "rehearsal.restore").contains("--scratch URL"), seen::all);
    }

    @Test
    void aCopyWithOtherDataThanTheBackupAndABackupWithoutAManifestAreRefused() {
        Path dump = world.newest("backup-.*\\.dump");
        Path manifest = Path.of(dump + ".json");
        String saved = World.read(manifest);
        try {
            BackupCase.seal(dump, saved
                    .replaceFirst("(\"public.sessions\" : \\{\\s*\"rows\" : \\d+,\\s*\"hash\" : \")", "$11"));
            World.Result seen = stops(10, "rehearsal.restore", "the restored copy does not hold the data");
            String message = seen.gate("rehearsal.restore").path("message").asText();
            assertTrue(message.contains("public.sessions: the same"), seen::all);
            World.write(manifest, "{}");
            stops(10, "rehearsal.backup", "was changed after it was written");
            assertTrue(manifest.toFile().delete());
            stops(10, "rehearsal.backup", "is missing");
        } finally {
            World.write(manifest, saved);
        }
    }

    @Test
    void copiesOfKilledRunsAreRemovedAndThoseAtWorkAreNot() throws SQLException {
        Target server = rehearsal.target(null);
        World.execute(server, "CREATE DATABASE release_rehearsal_dead", "CREATE DATABASE release_rehearsal_alive");
        try (Connection owner = Postgres.write(server, "test")) {
            Postgres.execute(owner, "SELECT pg_advisory_lock(29285, hashtext('release_rehearsal_alive') & 2147483647)");
            assertEquals(0, world.run("validate").exit());
            assertEquals(List.of("release_rehearsal_alive"), copies(server));
        }
        assertEquals(0, world.run("validate").exit());
        assertEquals(List.of(), copies(server));
    }

    @Test
    void interruptedInTheMiddleNothingStays() throws Exception {
        Target server = rehearsal.target(null);
        World.Running running = world.begin("validate", "--sql", script("SELECT pg_sleep(60);").toString());
        for (int i = 0; i < 300 && !sleeping(server); i++) {
            assertTrue(running.process().isAlive(), () -> World.read(running.err()));
            Thread.sleep(100);
        }
        assertEquals(1, copies(server).size());
        Exec.of("kill", "-INT", String.valueOf(running.process().pid())).run();
        assertTrue(running.process().waitFor(30, TimeUnit.SECONDS));
        World.Result seen = running.end();
        assertEquals(130, seen.exit(), seen::all);
        assertFalse(seen.err().contains("Exception"), seen::all);
        assertEquals(List.of(), copies(server));
        assertEquals(Json.MAPPER.readTree(record), Json.MAPPER.readTree(world.read("_migrations/run.json")),
                "no part of it was recorded");
    }

    private static boolean sleeping(Target server) throws SQLException {
        try (Connection connection = Postgres.read(server, "test")) {
            return Postgres.one(connection,
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname LIKE "
                    + "'release_rehearsal_%'").equals("1");
        }
    }
}
