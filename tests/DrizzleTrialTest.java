//SOURCES ../lib/Failure.java ../lib/Gate.java ../lib/Postgres.java ../lib/Scratch.java ../lib/Servers.java
//SOURCES ../lib/migrations/DrizzleMigrator.java ../lib/migrations/DrizzleRun.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.migrations.Drizzle;
import lib.migrations.DrizzleApp;
import lib.migrations.DrizzleMigrator;
import lib.migrations.DrizzleRun;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The installed drizzle-orm is really run: the packages of npm as they are, and copies in which one thing differs. */
class DrizzleTrialTest {
    private static final Path PACKAGES = Path.of(System.getProperty("repo"), "tests/node/node_modules");
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final String LATER = "Number(lastDbMigration.created_at) < migration.folderMillis";
    private static Scratch scratch;

    private Path repo;

    @BeforeAll
    static void start() {
        assertTrue(Files.isDirectory(PACKAGES.resolve("drizzle-orm")),
                "the real migrators are not installed: npm ci --prefix tests/node");
        scratch = Scratch.start(Servers.any());
    }

    @AfterAll
    static void stop() {
        if (scratch != null) {
            scratch.close();
        }
    }

    @BeforeEach
    void folder() throws IOException {
        repo = Files.createTempDirectory("trial ").toRealPath();
    }

    @AfterEach
    void clean() throws IOException {
        try (Stream<Path> files = Files.walk(repo)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"drizzle-orm-029, node-postgres, pg", "drizzle-orm-029, postgres-js, postgres",
        "drizzle-orm-029, pg-proxy, a session of this tool", "drizzle-orm-036, node-postgres, pg",
        "drizzle-orm-036, pglite, a session of this tool", "drizzle-orm, node-postgres, pg",
        "drizzle-orm, postgres-js, postgres", "drizzle-orm, pg-proxy, a session of this tool",
        "drizzle-orm, neon-serverless, a session of this tool", "drizzle-orm, bun-sql, a session of this tool",
        "drizzle-orm-1, node-postgres, pg", "drizzle-orm-1, postgres-js, postgres",
        "drizzle-orm-1, pg-proxy, a session of this tool", "drizzle-orm-1, neon-http, a session of this tool"})
    void whatIsInstalledDoesAsExpected(String orm, String driver, String through) throws Exception {
        link(orm, "drizzle-orm");
        clients();
        Gate.Finding finding = check(app(orm, driver));
        assertEquals(Gate.Status.pass, finding.status(), finding.message());
        assertTrue(finding.message().contains(", tried out by node v"), finding.message());
        assertTrue(finding.message().contains(" through " + through + " on PostgreSQL "), finding.message());
    }

    @ParameterizedTest
    @CsvSource({"drizzle-orm-029, neon-http", "drizzle-orm, xata-http", "drizzle-orm-1, xata-http"})
    void withoutATransactionItIsAWarningAndElseAsExpected(String orm, String driver) throws Exception {
        link(orm, "drizzle-orm");
        Gate.Finding finding = check(app(orm, driver));
        assertEquals(Gate.Status.warn, finding.status(), finding.message());
        assertTrue(finding.message().contains("tried out by node"), finding.message());
        assertTrue(finding.message().contains("without a transaction"), finding.message());
    }

    @Test
    void theTableOfTheApplicationIsTheOneThatIsTried() throws Exception {
        link("drizzle-orm", "drizzle-orm");
        clients();
        Map<String, byte[]> files = app("drizzle-orm", "node-postgres");
        files.put("src/migrate.ts", bytes("import { migrate } from 'drizzle-orm/node-postgres/migrator';\n"
                + "migrate(db, { migrationsFolder, migrationsSchema: 'app', migrationsTable: 'My History' });"));
        assertEquals(Gate.Status.pass, check(files).status(), check(files).message());
        doctor("drizzle-orm", "pg-core/dialect.js", "config.migrationsSchema ?? \"drizzle\"", "\"drizzle\"");
        Failure failure = assertThrows(Failure.class, () -> check(files));
        assertTrue(failure.getMessage().contains("expected: its history in \"app\".\"My History\"; seen: tables "
                + "drizzle.My History"), failure.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "drizzle-orm | migrator.js | createHash(\"sha256\") | createHash(\"sha1\")"
            + " | On an empty database, expected: hash [0-9a-f]{64}, .*; seen: hash [0-9a-f]{40}, ",
        "drizzle-orm | migrator.js | journalEntry.when | Math.floor(journalEntry.when / 1000)"
            + " | expected: .*created_at 1767225600123; seen: .*created_at 1767225600",
        "drizzle-orm | migrator.js | query.split(\"--> statement-breakpoint\") | [query]"
            + " | expected: 4 statements of migrations, cut at the breakpoints; seen: 2 others",
        "drizzle-orm | pg-core/dialect.js | ?? \"__drizzle_migrations\" | ?? \"__migrations\""
            + " | expected: its history in \"drizzle\".\"__drizzle_migrations\"; seen: tables drizzle.__migrations",
        "drizzle-orm | pg-core/dialect.js | order by created_at desc limit 1 | order by id desc limit 1"
            + " | an older, a newer and an edited migration, expected: it runs late; seen: it ran early, second, late",
        "drizzle-orm | pg-core/dialect.js | " + LATER + " | true | Run once more, expected: it runs nothing; seen: it "
            + "ran first, second",
        "drizzle-orm | pg-core/dialect.js | created_at bigint | created_at bigint, batch int"
            + " | expected: a history with the columns id, hash, created_at; seen: id, hash, created_at, batch",
        "drizzle-orm | pg-core/dialect.js | const lastDbMigration | throw Error(\"not today\"); const lastDbMigration"
            + " | expected: it runs first, second; seen: it fails with not today",
        "drizzle-orm | pg-core/dialect.js | const lastDbMigration | process.exit(3); const lastDbMigration"
            + " | while drizzle-orm migrated, node ended: without a word",
        "drizzle-orm-1 | migrator.utils.js | dbNamesSet.has(lm.name) | dbMigrations.some((m) => m.hash === lm.hash)"
            + " | expected: it runs early, late; seen: it ran first, early, late",
        "drizzle-orm-1 | up-migrations/pg.js | length - 3) + \"000\" | length) + \"\""
            + " | With a table of Drizzle 0.x, expected: it runs second; seen: it fails with While upgrading"})
    void whatChangedStopsAndIsNamed(String orm, String file, String from, String to, String words) throws Exception {
        doctor(orm, file, from, to);
        clients();
        Failure failure = assertThrows(Failure.class, () -> check(app(orm, "node-postgres")));
        assertEquals(Failure.Exit.STOP, failure.exit);
        assertTrue(Pattern.compile(words).matcher(failure.getMessage()).find(), failure.getMessage());
    }

    @Test
    void aMigratorThatComparesHashesStops() throws Exception {
        doctor("drizzle-orm", "pg-core/dialect.js", "!lastDbMigration || " + LATER,
                "!dbMigrations.some((row) => row.hash === migration.hash)");
        doctor("drizzle-orm", "pg-core/dialect.js", " order by created_at desc limit 1", "");
        clients();
        Failure failure = assertThrows(Failure.class, () -> check(app("drizzle-orm", "node-postgres")));
        assertTrue(failure.getMessage().contains("does not migrate as this tool expects. With an older, a newer and an "
                + "edited migration, expected: it runs late; seen: it ran first, early, late"), failure.getMessage());
        assertTrue(failure.hint.contains("npm install drizzle-orm@0.45.4"), failure.hint);
    }

    @Test
    void anotherTextThatDoesTheSameStopsInAKnownVersionAndWarnsInANewOne() throws Exception {
        doctor("drizzle-orm", "pg-core/dialect.js", "desc limit 1", "desc fetch first 1 row only");
        clients();
        Failure failure = assertThrows(Failure.class, () -> check(app("drizzle-orm", "node-postgres")));
        assertTrue(failure.getMessage().contains("newest created_at"), failure.getMessage());
        doctor("drizzle-orm", "package.json", "\"version\": \"0.45.4\"", "\"version\": \"0.46.0\"");
        Gate.Finding finding = check(app("drizzle-orm", "node-postgres"));
        assertEquals(Gate.Status.warn, finding.status());
        assertTrue(finding.message().contains("tried out by node"), finding.message());
        assertTrue(finding.message().contains("its text is not one this tool knows"), finding.message());
    }

    @Test
    void anInstallationInPartIsReadAndToldFromAMissingPackage() throws Exception {
        doctor("drizzle-orm", "package.json", "x", "x");
        Files.delete(repo.resolve("node_modules/drizzle-orm/sql/sql.js"));
        Map<String, byte[]> files = app("drizzle-orm", "node-postgres");
        files.put("package-lock.json", new byte[0]);
        Gate.Finding finding = check(files);
        assertEquals(Gate.Status.warn, finding.status());
        assertTrue(finding.message().contains("read as expected, not run: node v"), finding.message());
        assertTrue(finding.message().contains("sql.js"), finding.message());
        assertEquals("npm ci", finding.hint());
        link("drizzle-orm-1", "drizzle-orm");
        Gate.Finding effect = check(app("drizzle-orm-1", "effect-postgres"));
        assertEquals(Gate.Status.pass, effect.status(), effect.message());
        assertTrue(effect.message().contains("not run: it needs a package that is not installed: "), effect.message());
    }

    @Test
    void theMigratorOfTheApplicationRunsOnADatabaseOfItsOwn() throws Exception {
        link("drizzle-orm", "drizzle-orm");
        clients();
        Map<String, byte[]> files = app("drizzle-orm", "node-postgres");
        files.put("drizzle/0000_a.sql", bytes("CREATE TABLE a (id int);\n--> statement-breakpoint\nSELECT 1;"));
        Drizzle drizzle = Drizzle.find(files, null, Clock.systemUTC()).orElseThrow();
        DrizzleApp.Use use = new DrizzleApp(repo, files, drizzle).uses().get(0);
        Target target = database();
        DrizzleRun first = DrizzleRun.migrate(repo, files, drizzle, use, target);
        assertFalse(first.nothing());
        assertEquals(List.of("CREATE TABLE a (id int);", "SELECT 1;"), first.replayed());
        assertEquals(List.of(), first.before());
        assertEquals(List.of(drizzle.local().get(0).hash() + " 1"), first.after());
        DrizzleRun second = DrizzleRun.migrate(repo, files, drizzle, use, target);
        assertTrue(second.nothing(), second.toString());
        assertTrue(second.migrator().matches("drizzle-orm 0.45.4, node-postgres \\(src/migrate.ts\\), by node v\\S+ "
                + "through pg"), second.migrator());
        Target other = database();
        try (Connection connection = Postgres.write(other, "test")) {
            History.State state = drizzle.state(connection);
            for (String row : drizzle.rows(state, state.pending())) {
                Postgres.execute(connection, row);
            }
        }
        assertTrue(DrizzleRun.migrate(repo, files, drizzle, use, other).nothing());
        files.put("drizzle/0000_a.sql", bytes("SELECT 1 / 0"));
        Drizzle broken = Drizzle.find(files, null, Clock.systemUTC()).orElseThrow();
        DrizzleRun failed = DrizzleRun.migrate(repo, files, broken, use, database());
        assertEquals("22012 division by zero", failed.error());
        assertEquals(List.of(), failed.after());
    }

    private Gate.Finding check(Map<String, byte[]> files) {
        return DrizzleMigrator.check(repo, files, Drizzle.find(files, null).orElseThrow(), DrizzleTrialTest::database);
    }

    private static Target database() {
        String name = "trial_" + COUNT.incrementAndGet();
        try (Connection connection = Postgres.write(scratch.target(null), "test")) {
            Postgres.execute(connection, "CREATE DATABASE " + name);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        return scratch.target(name);
    }

    /** An application whose folder fits a version, and that migrates with a driver. */
    private static Map<String, byte[]> app(String orm, String driver) {
        Map<String, byte[]> files = new TreeMap<>();
        if (orm.equals("drizzle-orm-1")) {
            files.put("drizzle/20260101000000_a/migration.sql", bytes("SELECT 1;"));
            files.put("drizzle/20260101000000_a/snapshot.json", bytes("{}"));
        } else {
            files.put("drizzle/meta/_journal.json", bytes("{\"version\":\"7\",\"dialect\":\"postgresql\",\"entries\":"
                    + "[{\"idx\":0,\"when\":1,\"tag\":\"0000_a\"}]}"));
            files.put("drizzle/0000_a.sql", bytes("SELECT 1;"));
        }
        files.put("src/migrate.ts", bytes("import { migrate } from \"drizzle-orm/" + driver + "/migrator\";"));
        return files;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** The clients of PostgreSQL beside it, hoisted as npm does. */
    private void clients() throws IOException {
        try (Stream<Path> packages = Files.list(PACKAGES)) {
            for (String name : packages.map(path -> path.getFileName().toString())
                    .filter(name -> !name.matches("\\..*|drizzle-.*")).toList()) {
                link(name, name);
            }
        }
    }

    private void link(String from, String to) throws IOException {
        Path link = repo.resolve("node_modules").resolve(to);
        if (Files.exists(link)) {
            Files.move(link, repo.resolve("before"));
        }
        Files.createDirectories(link.getParent());
        Files.createSymbolicLink(link, PACKAGES.resolve(from));
    }

    /** Changes one file of a copy of the package, which is made where there is none yet. */
    private void doctor(String orm, String file, String from, String to) throws IOException {
        Path home = repo.resolve("node_modules/drizzle-orm");
        if (!Files.exists(home) || Files.isSymbolicLink(home)) {
            Files.deleteIfExists(home);
            copy(PACKAGES.resolve(orm), home);
        }
        String text = Files.readString(home.resolve(file));
        assertTrue(text.contains(from), file + " has no " + from);
        Files.writeString(home.resolve(file), text.replace(from, to));
    }

    /** What Node loads of it for PostgreSQL. */
    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.map(from::relativize).filter(path -> path.toString().matches(".*\\.(js|json)")
                    && !path.toString().matches(".*(sqlite|mysql|gel|singlestore|cockroach|effect).*/.*")).toList()) {
                Files.createDirectories(to.resolve(file).getParent());
                Files.copy(from.resolve(file), to.resolve(file));
            }
        }
    }
}
