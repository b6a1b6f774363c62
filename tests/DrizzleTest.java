//SOURCES ../lib/Exec.java ../lib/Failure.java ../lib/Postgres.java ../lib/Scratch.java ../lib/Servers.java
//SOURCES ../lib/migrations/Drizzle.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import lib.Exec;
import lib.Failure;
import lib.History;
import lib.Migration;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.migrations.Drizzle;
import lib.sql.Name;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drizzle's history, beside the real drizzle-orm on a real server: what it would run, skip or run again. */
class DrizzleTest {
    private static final Path REPO = Path.of(System.getProperty("repo"));
    private static final Path FIXTURE = REPO.resolve("tests/fixtures/drizzle");
    private static final Clock THEN = Clock.fixed(Instant.parse("2026-11-21T00:00:00Z"), ZoneOffset.UTC);
    private static final String JOURNAL = "drizzle/meta/_journal.json";
    private static final String FIFTH = "0004_chunky_strong_guy";
    private static final String SIXTH = "0005_careless_black_queen";
    private static final String SEVENTH = "0006_warm_calypso";
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static Scratch scratch;

    @TempDir
    Path temp;

    @BeforeAll
    static void start() {
        assertTrue(Files.isDirectory(REPO.resolve("tests/node/node_modules/drizzle-orm")),
                "the real migrators are not installed: npm ci --prefix tests/node");
        scratch = Scratch.start(Servers.fitting(15));
    }

    @AfterAll
    static void stop() {
        if (scratch != null) {
            scratch.close();
        }
    }

    // What the repository holds

    @Test
    void theJournalIsReadAsDrizzleReadsIt() throws Exception {
        Drizzle history = history(seven());
        assertEquals("drizzle", history.tool());
        assertEquals("drizzle", history.folder());
        assertEquals(7, history.local().size());
        Migration sixth = history.local().get(5);
        assertEquals(SIXTH, sixth.id());
        assertEquals("drizzle/" + SIXTH + ".sql", sixth.file());
        assertEquals(1795174127795L, sixth.time());
        assertEquals("3c4909a0923f6aecc7d95a1077fb1f578793890cd892a7b4f477a216ff1fb9b9", sixth.hash());
    }

    @Test
    void aFolderAloneIsEnough() throws Exception {
        Map<String, byte[]> files = new TreeMap<>();
        seven().forEach((path, bytes) -> files.put("apps/web/" + path.replace("drizzle.config.ts", "x.ts"), bytes));
        assertEquals("apps/web/drizzle", history(files).folder());
        assertEquals("db/m", history(folders("db/m")).folder());
        assertTrue(Drizzle.find(Map.of("README.md", new byte[0]), null).isEmpty());
    }

    @Test
    void prismaIsNotTakenForDrizzle() {
        assertTrue(Drizzle.find(Map.of("prisma/migrations/20260101120000_a/migration.sql", new byte[0],
                "prisma/migrations/migration_lock.toml", new byte[0]), null).isEmpty());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '%', value = {
        "ts | export default defineConfig({ out: './db/m', schema: './src/out', }) | packages/db/db/m",
        "ts | /* out: './x' */ export default { /* out: 'y' */ dialect: \"postgresql\", out: `db/m` } | "
        + "packages/db/db/m",
        "json | { \"dialect\": \"postgresql\", \"out\": \"../../sql\" } | sql",
        "mjs | const out = 'db/m'; export default defineConfig({ out, schema: 'https://x' }) | packages/db/db/m",
        "ts | export default defineConfig({ out: path.join(root, 'sql') }) | packages/db/found",
        "cjs | module.exports = { schema: './s.ts' } | packages/db/drizzle"})
    void theConfigurationSaysWhereTheFolderIs(String kind, String text, String folder) throws Exception {
        Map<String, byte[]> files = moved(folder);
        files.put("packages/db/drizzle.config." + kind, bytes(text));
        files.put("node_modules/x/drizzle.config.ts", bytes("export default { out: 'other' }"));
        assertEquals(folder, history(files).folder());
    }

    @Test
    void twoProjectsNeedADecision() throws Exception {
        Map<String, byte[]> files = moved("a/drizzle");
        files.putAll(moved("b/drizzle"));
        files.put("a/drizzle.config.ts", bytes("export default {}"));
        files.put("b/drizzle.config.ts", bytes("export default {}"));
        Failure failure = assertThrows(Failure.class, () -> Drizzle.find(files, null));
        assertEquals(Failure.Exit.DECIDE, failure.exit);
        assertTrue(failure.getMessage().contains("a/drizzle (a/drizzle.config.ts), b/drizzle"), failure.getMessage());
        assertTrue(failure.hint.contains("\"migrations\": {\"folder\": \"a/drizzle\"}"), failure.hint);
        assertEquals("b/drizzle", Drizzle.find(files, "./b/drizzle/").orElseThrow().folder());
        files.put("b/drizzle.config.ts", bytes("export default { dialect: 'sqlite' }"));
        assertEquals("a/drizzle", Drizzle.find(files, null).orElseThrow().folder());
        assertStops(files, "nowhere", "release.json names the migrations folder nowhere");
    }

    @Test
    void whatDrizzleCannotStartWithStops() throws Exception {
        Map<String, byte[]> files = seven();
        files.remove("drizzle/" + FIFTH + ".sql");
        files.remove("drizzle/" + SIXTH + ".sql");
        assertStops(files, null, "names drizzle/" + FIFTH + ".sql, drizzle/" + SIXTH + ".sql, not committed");
        assertStops(edited(journal -> ((ObjectNode) journal.get(6)).put("tag", SIXTH)), null, "names " + SIXTH
                + " twice");
        assertStops(edited(journal -> ((ObjectNode) journal.get(6)).put("when", "soon")), null,
                "no whole number as `when`");
        Map<String, byte[]> without = seven();
        without.remove(JOURNAL);
        assertStops(without, null, "meta/_journal.json is not committed, 7 .sql files beside it are");
        Map<String, byte[]> conflict = seven();
        conflict.put(JOURNAL, bytes("{\n<<<<<<< HEAD\n"));
        Failure failure = assertStops(conflict, null, "is not JSON");
        assertTrue(failure.hint.contains("conflict marks"), failure.hint);
        conflict.put(JOURNAL, bytes("{\"version\":\"8\",\"entries\":[]}"));
        assertStops(conflict, null, "has version 8");
        assertStops(folders("drizzle", "handmade"), null, "drizzle/handmade does not begin with 14 digits");
    }

    // What a database has

    @ParameterizedTest
    @CsvSource({"drizzle-orm, node-postgres", "drizzle-orm, postgres-js", "drizzle-orm, pg-proxy",
        "drizzle-orm-036, node-postgres", "drizzle-orm-036, pg-proxy", "drizzle-orm-029, node-postgres",
        "drizzle-orm-029, pg-proxy"})
    void afterTheRowsTheRealMigratorRunsNothing(String orm, String driver) throws Exception {
        Target target = database();
        assertWorks(migrate(target, five(), "drizzle", driver, "--orm", orm));
        try (Connection connection = Postgres.write(target, "test")) {
            Drizzle history = history(seven());
            History.State state = history.state(connection);
            assertEquals(List.of(), state.troubles());
            assertEquals(List.of(SIXTH, SEVENTH), ids(state.pending()));
            assertEquals(5, state.applied().size());
            apply(connection, history, state);
            History.State after = history.state(connection);
            assertEquals(List.of(), after.pending());
            assertEquals(List.of(), after.troubles());
            assertEquals(7, after.applied().size());
        }
        assertRunsNothing(migrate(target, seven(), "drizzle", driver, "--orm", orm));
    }

    @ParameterizedTest
    @ValueSource(strings = {"drizzle-orm", "drizzle-orm-1"})
    void withoutTheRowsTheRealMigratorRunsItAgain(String orm) throws Exception {
        boolean one = orm.equals("drizzle-orm-1");
        Target target = database();
        Map<String, byte[]> files = one ? folders("drizzle") : seven();
        try (Connection connection = Postgres.write(target, "test")) {
            assertWorks(migrate(target, one ? first(files, 5) : five(), "drizzle", "node-postgres", "--orm", orm));
            for (Migration migration : history(files).state(connection).pending()) {
                run(connection, migration.sql());
            }
        }
        Exec.Result result = migrate(target, files, "drizzle", "node-postgres", "--orm", orm);
        assertEquals(1, result.exit());
        assertTrue(result.out().contains("42P07 relation \"users\" already exists"), result.out());
    }

    @ParameterizedTest
    @CsvSource({"node-postgres, upgraded", "node-postgres, fresh", "node-postgres, old", "postgres-js, upgraded",
        "postgres-js, fresh", "postgres-js, old", "pg-proxy, upgraded", "pg-proxy, fresh", "pg-proxy, old"})
    void drizzleOneRunsNothingEither(String driver, String table) throws Exception {
        Target target = database();
        Map<String, byte[]> files = folders("drizzle");
        if (!table.equals("upgraded")) {
            assertWorks(table.equals("old") ? migrate(target, five(), "drizzle", driver)
                    : migrate(target, first(files, 5), "drizzle", driver, "--orm", "drizzle-orm-1"));
        } else {
            assertWorks(migrate(target, five(), "drizzle", "node-postgres"));
            assertRunsNothing(migrate(target, first(files, 5), "drizzle", driver, "--orm", "drizzle-orm-1"));
        }
        try (Connection connection = Postgres.write(target, "test")) {
            Drizzle history = history(files);
            History.State state = history.state(connection);
            assertEquals(List.of(), state.troubles());
            assertEquals(!table.equals("old"), state.columns().contains("name"));
            assertEquals(ids(history.local().subList(5, 7)), ids(state.pending()));
            apply(connection, history, state);
            assertEquals(List.of(), history.state(connection).pending());
        }
        assertRunsNothing(migrate(target, files, "drizzle", driver, "--orm", "drizzle-orm-1"));
        try (Connection connection = Postgres.read(target, "test")) {
            History.State after = history(files).state(connection);
            assertEquals(7, after.applied().size());
            assertEquals(List.of(), after.troubles());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"drizzle-orm", "drizzle-orm-1"})
    void theFirstReleaseMakesTheTableThatDrizzleMakes(String orm) throws Exception {
        Map<String, byte[]> files = orm.equals("drizzle-orm-1") ? folders("drizzle") : seven();
        Target real = database();
        Target ours = database();
        assertWorks(migrate(real, files, "drizzle", "node-postgres", "--orm", orm));
        try (Connection connection = Postgres.write(ours, "test"); Connection other = Postgres.read(real, "test")) {
            Drizzle history = history(files);
            History.State state = history.state(connection);
            assertFalse(state.exists());
            assertEquals(7, state.pending().size());
            apply(connection, history, state);
            String shape = "SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns"
                    + " WHERE table_schema = 'drizzle' ORDER BY ordinal_position";
            assertEquals(Postgres.rows(other, shape), Postgres.rows(connection, shape));
            String rows = "SELECT id, hash, created_at FROM drizzle.__drizzle_migrations ORDER BY id";
            assertEquals(Postgres.rows(other, rows), Postgres.rows(connection, rows));
        }
        assertRunsNothing(migrate(ours, files, "drizzle", "node-postgres", "--orm", orm));
    }

    @Test
    void aTableOfItsOwnIsFoundInConfigurationAndCode() throws Exception {
        Name own = Name.of("app", "My \"history\"");
        Target target = database();
        assertWorks(migrate(target, five(), "drizzle", "node-postgres", "--schema", "app", "--table", own.name()));
        Map<String, byte[]> config = seven();
        config.put("drizzle.config.ts", bytes("export default { dialect: 'postgresql', migrations: {"
                + " table: 'My \"history\"', /* schema: 'x', */ schema: `app` } }"));
        Map<String, byte[]> code = seven();
        code.put("src/migrate.ts", bytes("import { migrate } from 'drizzle-orm/node-postgres/migrator';\n"
                + "const HISTORY = 'My \"history\"';\n// migrationsTable: 'no'\nconst migrationsSchema = 'app' as "
                + "const;\n"
                + "await migrate(db, { migrationsFolder: './drizzle', migrationsTable: HISTORY, migrationsSchema });"));
        for (Map<String, byte[]> files : List.of(config, code)) {
            try (Connection connection = Postgres.write(target, "test")) {
                Drizzle history = history(files);
                assertTrue(history.config().certain());
                History.State state = history.state(connection);
                assertEquals(own, state.table());
                assertEquals(List.of(), state.troubles());
                if (!state.pending().isEmpty()) {
                    assertEquals(List.of(SIXTH, SEVENTH), ids(state.pending()));
                    apply(connection, history, state);
                }
            }
            assertRunsNothing(migrate(target, seven(), "drizzle", "node-postgres", "--schema", "app",
                    "--table", own.name()));
        }
    }

    @Test
    void aTableNobodySpokeOfIsSearchedFor() throws Exception {
        Target target = database();
        assertWorks(migrate(target, five(), "drizzle", "node-postgres", "--schema", "elsewhere"));
        Map<String, byte[]> dynamic = seven();
        dynamic.put("src/migrate.ts", bytes("import { migrate } from 'drizzle-orm/node-postgres/migrator';\n"
                + "await migrate(db, { migrationsFolder: 'drizzle', migrationsSchema: process.env.SCHEMA });"));
        try (Connection connection = Postgres.read(target, "test")) {
            History.State state = history(seven()).state(connection);
            assertEquals(Name.of("elsewhere", "__drizzle_migrations"), state.table());
            assertEquals(List.of(SIXTH, SEVENTH), ids(state.pending()));
            assertTrue(trouble(state, "unknown").stops(), "drizzle.config.ts says otherwise");
            assertFalse(trouble(history(dynamic).state(connection), "unknown").stops(), "only the program knows");
        }
    }

    @Test
    void whatDrizzleSkipsIsNamedAndTheHintMendsIt() throws Exception {
        Target target = at(five());
        Map<String, byte[]> files = edited(journal -> ((ObjectNode) journal.get(5)).put("when", 1795174125000L));
        History.State state = state(target, files);
        assertEquals(List.of(SEVENTH), ids(state.pending()));
        History.Trouble skipped = trouble(state, "skipped");
        assertEquals(SIXTH, skipped.migration());
        assertTrue(skipped.stops());
        assertTrue(skipped.hint().contains("set \"when\" of " + SIXTH + " to 1795174126000"), skipped.hint());
        Map<String, byte[]> mended = edited(journal -> ((ObjectNode) journal.get(5)).put("when", 1795174126000L));
        assertEquals(List.of(SIXTH, SEVENTH), ids(state(target, mended).pending()));
        // The real one: nothing said, and the table of 0005 is missing when 0006 wants it.
        Exec.Result real = migrate(target, files, "drizzle", "node-postgres");
        assertFalse(real.out().contains("CREATE TABLE \"users\""), real.out());
        Map<String, byte[]> alone = edited(journal -> {
            ((ObjectNode) journal.get(5)).put("when", 1795174125000L);
            journal.remove(6);
        });
        assertRunsNothing(migrate(target, alone, "drizzle", "node-postgres"));
        assertTrue(state(target, alone).pending().isEmpty());
    }

    @Test
    void aRepairRowWithTheTimeOfNowIsSeenThrough() throws Exception {
        Target target = at(five());
        run(target, "UPDATE drizzle.__drizzle_migrations SET created_at = 1795219200000 WHERE id = 5");
        History.State state = state(target, seven());
        assertEquals(List.of(), state.pending());
        assertEquals(2, state.troubles().stream().filter(trouble -> trouble.kind().equals("skipped")).count());
        assertRunsNothing(migrate(target, seven(), "drizzle", "node-postgres"));
        String hint = trouble(state, "skipped").hint();
        assertEquals("UPDATE \"drizzle\".\"__drizzle_migrations\" SET created_at = 1795174125999 WHERE id = 5", hint);
        run(target, hint);
        assertEquals(List.of(SIXTH, SEVENTH), ids(state(target, seven()).pending()));
        run(target, "UPDATE drizzle.__drizzle_migrations SET created_at = 1895219200000 WHERE id = 5");
        assertTrue(trouble(state(target, seven()), "future").stops());
    }

    @Test
    void aRowWithoutATimeMakesDrizzleRunEverythingAgain() throws Exception {
        Target target = at(seven());
        run(target, "UPDATE drizzle.__drizzle_migrations SET created_at = NULL WHERE id = 3");
        History.State state = state(target, seven());
        assertEquals(7, state.pending().size());
        assertTrue(trouble(state, "unknown").message().contains("run all 7 migrations again"));
        assertTrue(migrate(target, seven(), "drizzle", "node-postgres").out().contains("42P07"));
        run(target, trouble(state, "unknown").hint());
        assertEquals(List.of(), state(target, seven()).troubles());
        assertRunsNothing(migrate(target, seven(), "drizzle", "node-postgres"));
    }

    @Test
    void editedFilesAreToldFromOtherLineEnds() throws Exception {
        Target target = at(five());
        Map<String, byte[]> files = seven();
        files.put("drizzle/" + FIFTH + ".sql", bytes("SELECT 1;"));
        History.State state = state(target, files);
        assertEquals(FIFTH, trouble(state, "edited").migration());
        assertTrue(trouble(state, "edited").stops());
        assertEquals(List.of(SIXTH, SEVENTH), ids(state.pending()));
        Map<String, byte[]> only = five();
        only.put("drizzle/" + FIFTH + ".sql", bytes("SELECT 1;"));
        assertRunsNothing(migrate(target, only, "drizzle", "node-postgres"));
        Map<String, byte[]> windows = crlf(seven());
        History.State same = state(target, windows);
        assertEquals(5, same.troubles().stream().filter(trouble -> trouble.kind().equals("edited")).count());
        assertTrue(same.troubles().stream().noneMatch(History.Trouble::stops), same.troubles().toString());
        Target other = at(crlf(five()));
        assertTrue(state(other, seven()).troubles().stream().noneMatch(History.Trouble::stops));
        run(target, "UPDATE drizzle.__drizzle_migrations SET hash = repeat('0', 64) WHERE id = 2");
        assertTrue(trouble(state(target, seven()), "edited").hint().contains("WHERE id = 2"));
    }

    @Test
    void aByteThatIsNoUtf8IsHashedAsNodeHashesIt() throws Exception {
        Map<String, byte[]> files = seven();
        byte[] bad = new byte[] {'-', '-', ' ', (byte) 0xE9, (byte) 0xED, (byte) 0xA0, (byte) 0x80, (byte) 0xF0, '\n'};
        byte[] sql = files.get("drizzle/" + SEVENTH + ".sql");
        byte[] both = java.util.Arrays.copyOf(bad, bad.length + sql.length);
        System.arraycopy(sql, 0, both, bad.length, sql.length);
        files.put("drizzle/" + SEVENTH + ".sql", both);
        assertTrue(trouble(state(at(five()), files), "encoding").stops());
        Target target = at(files);
        try (Connection connection = Postgres.read(target, "test")) {
            assertEquals(Postgres.one(connection, "SELECT hash FROM drizzle.__drizzle_migrations WHERE id = 7"),
                    history(files).local().get(6).hash());
        }
        assertEquals(List.of(), state(target, files).troubles());
    }

    @Test
    void rowsWithoutAMigrationAreNamed() throws Exception {
        Target target = at(seven());
        History.Trouble deleted = trouble(state(target, edited(journal -> journal.remove(2))), "deleted");
        assertTrue(deleted.stops() && deleted.hint().contains("WHERE id = 3"), deleted.toString());
        assertRunsNothing(migrate(target, edited(journal -> journal.remove(2)), "drizzle", "node-postgres"));
        History.State older = state(target, five());
        assertEquals(2, older.troubles().stream().filter(trouble -> trouble.kind().equals("unknown")).count());
        assertTrue(older.troubles().get(0).message().contains("had a release that this commit does not hold"));
        run(target, "UPDATE drizzle.__drizzle_migrations SET hash = id, created_at = id");
        assertTrue(trouble(state(target, seven()), "unknown").message().contains("none of the 7 rows"));
    }

    @Test
    void doubleRowsStop() throws Exception {
        Target target = at(five());
        run(target, "INSERT INTO drizzle.__drizzle_migrations (hash, created_at)"
                + " SELECT hash, created_at FROM drizzle.__drizzle_migrations WHERE id = 4");
        History.Trouble twice = trouble(state(target, seven()), "duplicated");
        assertTrue(twice.stops());
        assertEquals("DELETE FROM \"drizzle\".\"__drizzle_migrations\" WHERE id = 6", twice.hint());
    }

    @Test
    void oddJournalsAreToldFromHarmlessOnes() throws Exception {
        Target target = at(five());
        Map<String, byte[]> files = edited(journal -> ((ObjectNode) journal.get(6)).put("idx", 5).put("when",
                1795174127795L));
        History.State state = state(target, files);
        assertEquals(List.of(SIXTH, SEVENTH), ids(state.pending()));
        assertEquals(List.of("order", "order"), state.troubles().stream().map(History.Trouble::kind).toList());
        assertTrue(state.troubles().stream().noneMatch(History.Trouble::stops));
        Map<String, byte[]> ahead = edited(journal -> ((ObjectNode) journal.get(6)).put("when", 1895174127795L));
        assertTrue(trouble(state(target, ahead), "future").stops());
        Map<String, byte[]> stray = seven();
        stray.put("drizzle/0007_by_hand.sql", bytes("SELECT 1;"));
        stray.put("drizzle/seed.sql", bytes("SELECT 1;"));
        List<History.Trouble> unknown = state(target, stray).troubles();
        assertEquals(List.of(true, false), unknown.stream().map(History.Trouble::stops).toList());
        Map<String, byte[]> restamped = edited(journal -> ((ObjectNode) journal.get(4)).put("when", 1795174126500L));
        assertEquals(List.of(FIFTH, SIXTH, SEVENTH), ids(state(target, restamped).pending()));
        assertTrue(trouble(state(target, restamped), "order").stops(), "0004 would run again");
        Map<String, byte[]> forked = seven();
        String snapshot = "drizzle/meta/0006_snapshot.json";
        String parent = new String(forked.get("drizzle/meta/0005_snapshot.json"), StandardCharsets.UTF_8)
                .replaceFirst("(?s).*?\"prevId\": \"([^\"]+)\".*", "$1");
        forked.put(snapshot, bytes(new String(forked.get(snapshot), StandardCharsets.UTF_8)
                .replaceFirst("\"prevId\": \"[^\"]+\"", "\"prevId\": \"" + parent + "\"")));
        History.Trouble fork = trouble(state(target, forked), "order");
        assertTrue(fork.message().startsWith(snapshot + " and drizzle/meta/0005_snapshot.json were made from the"));
        assertFalse(fork.stops());
    }

    @Test
    void drizzleOneGoesByTheName() throws Exception {
        Target target = database();
        Map<String, byte[]> files = folders("drizzle");
        assertWorks(migrate(target, first(files, 5), "drizzle", "node-postgres", "--orm", "drizzle-orm-1"));
        Map<String, byte[]> late = new TreeMap<>(files);
        late.put("drizzle/20200101000000_late/migration.sql", bytes("CREATE TABLE late (id int);"));
        History.State state = state(target, late);
        assertEquals("20200101000000_late", state.pending().get(0).id());
        assertEquals(3, state.pending().size());
        assertEquals(List.of(), state.troubles());
        run(target, "UPDATE drizzle.__drizzle_migrations SET name = NULL WHERE id = 5");
        History.State nameless = state(target, files);
        assertEquals(3, nameless.pending().size());
        assertTrue(trouble(nameless, "unknown").stops());
        assertEquals(1, migrate(target, files, "drizzle", "node-postgres", "--orm", "drizzle-orm-1").exit());
        run(target, trouble(nameless, "unknown").hint());
        assertEquals(2, state(target, files).pending().size());
        run(target, "UPDATE drizzle.__drizzle_migrations SET name = name || '_old' WHERE id = 5");
        assertTrue(trouble(state(target, files), "deleted").message().contains("would run it again"));
        assertTrue(trouble(state(at(five()), first(files, 4)), "unknown").message().contains("would refuse to start"));
        assertEquals(1, migrate(at(five()), first(files, 4), "drizzle", "node-postgres", "--orm", "drizzle-orm-1")
                .exit());
        assertTrue(trouble(state(target, five()), "unknown").message().contains("has the shape of Drizzle 1.0"));
    }

    // Helpers

    private static Drizzle history(Map<String, byte[]> files) {
        return Drizzle.find(files, null, THEN).orElseThrow();
    }

    private static History.State state(Target target, Map<String, byte[]> files) throws Exception {
        try (Connection connection = Postgres.read(target, "test")) {
            return history(files).state(connection);
        }
    }

    private static History.Trouble trouble(History.State state, String kind) {
        return state.troubles().stream().filter(trouble -> trouble.kind().equals(kind)).findFirst()
                .orElseThrow(() -> new AssertionError("no trouble " + kind + " in " + state.troubles()));
    }

    private static List<String> ids(List<Migration> migrations) {
        return migrations.stream().map(Migration::id).toList();
    }

    private static Failure assertStops(Map<String, byte[]> files, String folder, String message) {
        Failure failure = assertThrows(Failure.class, () -> Drizzle.find(files, folder));
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
        assertFalse(failure.hint.isBlank());
        return failure;
    }

    private static void assertWorks(Exec.Result result) {
        assertTrue(result.ok(), result.out() + result.err());
    }

    private static void assertRunsNothing(Exec.Result result) {
        assertWorks(result);
        assertTrue(result.out().contains(", 0 of them migration statements"), result.out());
    }

    /** The committed files of the fixture, as git would give them. */
    private static Map<String, byte[]> tree(String folder) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> walk = Files.walk(FIXTURE.resolve(folder))) {
            for (Path file : walk.filter(Files::isRegularFile).toList()) {
                String path = FIXTURE.resolve(folder).relativize(file).toString().replace('\\', '/');
                files.put("drizzle/" + path, Files.readAllBytes(file));
            }
        }
        files.put("drizzle.config.ts", Files.readAllBytes(FIXTURE.resolve("drizzle.config.ts")));
        return files;
    }

    private static Map<String, byte[]> seven() throws IOException {
        return tree("drizzle");
    }

    private static Map<String, byte[]> five() throws IOException {
        return tree("drizzle-release5");
    }

    private static Map<String, byte[]> moved(String folder) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        seven().forEach((path, bytes) -> files.put(path.replaceFirst("^drizzle/", folder + "/"), bytes));
        files.remove("drizzle.config.ts");
        return files;
    }

    private static Map<String, byte[]> edited(Consumer<ArrayNode> change) throws IOException {
        Map<String, byte[]> files = seven();
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode journal = (ObjectNode) mapper.readTree(files.get(JOURNAL));
        change.accept((ArrayNode) journal.get("entries"));
        files.put(JOURNAL, mapper.writeValueAsBytes(journal));
        for (String path : List.copyOf(files.keySet())) {
            boolean named = journal.toString().contains("\"" + path.replaceFirst("drizzle/(.*)\\.sql", "$1") + "\"");
            if (path.endsWith(".sql") && !named) {
                files.remove(path);
            }
        }
        return files;
    }

    /** The same migrations as {@code drizzle-kit up} of 1.0 leaves them. */
    private static Map<String, byte[]> folders(String folder, String... more) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        for (Migration migration : history(seven()).local()) {
            String time = DateTimeFormatter.ofPattern("uuuuMMddHHmmss").withZone(ZoneOffset.UTC)
                    .format(Instant.ofEpochMilli(migration.time()));
            String home = folder + "/" + time + "_" + migration.id().substring(5);
            files.put(home + "/migration.sql", bytes(migration.sql()));
            files.put(home + "/snapshot.json", bytes("{}"));
        }
        for (String name : more) {
            files.put(folder + "/" + name + "/migration.sql", bytes("SELECT 1;"));
        }
        return files;
    }

    private static Map<String, byte[]> first(Map<String, byte[]> folders, int count) {
        List<String> homes = folders.keySet().stream().map(path -> path.replaceFirst("/[^/]+$", "")).distinct()
                .toList();
        Map<String, byte[]> files = new TreeMap<>(folders);
        files.keySet().removeIf(path -> homes.indexOf(path.replaceFirst("/[^/]+$", "")) >= count);
        return files;
    }

    private static Map<String, byte[]> crlf(Map<String, byte[]> files) {
        files.replaceAll((path, bytes) -> path.endsWith(".sql")
                ? bytes(new String(bytes, StandardCharsets.UTF_8).replace("\n", "\r\n") + "\r\n") : bytes);
        files.replaceAll((path, bytes) -> path.endsWith(".sql")
                ? bytes(new String(bytes, StandardCharsets.UTF_8).replaceFirst("\r\n$", "")) : bytes);
        return files;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Target database() throws Exception {
        String name = "drizzle" + COUNT.incrementAndGet();
        run(scratch.target(null), "CREATE DATABASE " + name);
        return scratch.target(name);
    }

    /** A database that the real migrator has brought to these migrations. */
    private Target at(Map<String, byte[]> files) throws Exception {
        Target target = database();
        assertWorks(migrate(target, files, "drizzle", "node-postgres"));
        return target;
    }

    private static void run(Target target, String sql) throws Exception {
        try (Connection connection = Postgres.write(target, "test")) {
            Postgres.execute(connection, sql);
        }
    }

    private static void run(Connection connection, String sql) throws Exception {
        for (String statement : sql.split("--> statement-breakpoint")) {
            Postgres.execute(connection, statement);
        }
    }

    private static void apply(Connection connection, Drizzle history, History.State state) throws Exception {
        for (Migration migration : state.pending()) {
            run(connection, migration.sql());
        }
        for (String row : history.rows(state, state.pending())) {
            Postgres.execute(connection, row);
        }
    }

    /** Runs the real migrate() of a real drizzle-orm on these files. */
    private Exec.Result migrate(Target target, Map<String, byte[]> files, String folder, String driver,
            String... options)
            throws IOException {
        Path home = Files.createTempDirectory(temp, "app");
        for (var file : files.entrySet()) {
            Files.createDirectories(home.resolve(file.getKey()).getParent());
            Files.write(home.resolve(file.getKey()), file.getValue());
        }
        List<String> command = new ArrayList<>(List.of("node", FIXTURE.resolve("migrate.mjs").toString(), target.url(),
                home.resolve(folder).toString(), driver));
        command.addAll(List.of(options));
        return Exec.of(command).run();
    }
}
