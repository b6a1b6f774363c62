//SOURCES ../lib/Failure.java ../lib/Gate.java ../lib/migrations/DrizzleMigrator.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import lib.Failure;
import lib.Gate;
import lib.migrations.Drizzle;
import lib.migrations.DrizzleMigrator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What reads the application and its drizzle-orm: real packages, and copies in which one thing was changed. */
class DrizzleMigratorTest {
    private static final Path PACKAGES = Path.of(System.getProperty("repo"), "tests/node/node_modules");
    private static final String ENTRIES = "{\"version\":\"7\",\"dialect\":\"postgresql\",\"entries\":"
            + "[{\"idx\":0,\"when\":1,\"tag\":\"0000_a\"}]}";

    @TempDir
    Path repo;

    @BeforeAll
    static void installed() {
        assertTrue(Files.isDirectory(PACKAGES.resolve("drizzle-orm")),
                "the real migrators are not installed: npm ci --prefix tests/node");
    }

    @ParameterizedTest
    @CsvSource({"drizzle-orm, node-postgres, pg-core/dialect.js", "drizzle-orm, postgres-js, pg-core/dialect.js",
        "drizzle-orm, bun-sql, pg-core/dialect.js", "drizzle-orm, aws-data-api/pg, pg-core/dialect.js",
        "drizzle-orm, netlify-db, pg-core/dialect.js", "drizzle-orm, pg-proxy, pg-proxy/migrator.js",
        "drizzle-orm-029, node-postgres, pg-core/dialect.js", "drizzle-orm-029, pg-proxy, pg-proxy/migrator.js",
        "drizzle-orm-036, pglite, pg-core/dialect.js", "drizzle-orm-036, vercel-postgres, pg-core/dialect.js",
        "drizzle-orm-1, node-postgres, pg-core/async/session.js", "drizzle-orm-1, bun-sql, pg-core/async/session.js",
        "drizzle-orm-1, effect-postgres, pg-core/effect/session.js", "drizzle-orm-1, pg-proxy, pg-proxy/migrator.js",
        "drizzle-orm-1, neon-http, neon-http/migrator.js"})
    void theFileThatTheDriverRunsIsRead(String orm, String driver, String file) throws Exception {
        install(orm);
        Gate.Finding finding = check(app(orm, driver));
        assertEquals(Gate.Status.pass, finding.status(), finding.message());
        assertTrue(finding.message().contains(driver + " (src/migrate.ts) runs " + file), finding.message());
        assertTrue(finding.message().contains("read as expected, not run: there is no server to try it on (none here)"),
                finding.message());
    }

    @ParameterizedTest
    @CsvSource({"drizzle-orm, neon-http", "drizzle-orm-029, neon-http", "drizzle-orm-1, xata-http"})
    void aDriverWithoutTransactionsIsAWarning(String orm, String driver) throws Exception {
        install(orm);
        Gate.Finding finding = check(app(orm, driver));
        assertEquals(Gate.Status.warn, finding.status());
        assertTrue(finding.message().contains("without a transaction"), finding.message());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "drizzle-orm | node-postgres | pg-core/dialect.js | order by created_at desc limit 1 | order by id desc limit 1"
            + " | newest created_at",
        "drizzle-orm | node-postgres | pg-core/dialect.cjs | order by created_at desc limit 1 | limit 1"
            + " | newest created_at",
        "drizzle-orm | postgres-js | pg-core/dialect.js | created_at) < migration | created_at) <= migration"
            + " | its time is after",
        "drizzle-orm | node-postgres | pg-core/dialect.js | if (!lastDbMigration | if (config.force) x(); if "
        + "(!lastDbMigration"
            + " | on no other condition",
        "drizzle-orm | node-postgres | pg-core/dialect.js | created_at bigint | created_at bigint, name text"
            + " | id, hash, created_at and no more",
        "drizzle-orm | node-postgres | pg-core/dialect.js | values(${migration.hash}, ${ | values(${migration.name}, ${"
            + " | it inserts hash and created_at",
        "drizzle-orm | node-postgres | pg-core/dialect.js | const lastDbMigration | await "
        + "session.execute(sql`truncate x`);"
            + " const lastDbMigration | no statement such as: truncate x",
        "drizzle-orm | node-postgres | pg-core/dialect.js | migrationsSchema ?? \"drizzle\" | migrationsSchema ?? "
        + "\"public\""
            + " | drizzle.__drizzle_migrations unless",
        "drizzle-orm | node-postgres | migrator.js | createHash(\"sha256\") | createHash(\"md5\") | the SHA-256 of "
        + "its text",
        "drizzle-orm | node-postgres | migrator.js | journalEntry.when | journalEntry.idx | `when` of its entry",
        "drizzle-orm | node-postgres | node-postgres/migrator.js | dialect.migrate( | elsewhere( | hands the "
        + "migrations",
        "drizzle-orm-029 | pg-proxy | pg-proxy/migrator.js | lastDbMigration.created_at | lastDbMigration[2]"
            + " | its time is after",
        "drizzle-orm | neon-http | neon-http/migrator.js | desc limit 1 | asc limit 1 | newest created_at",
        "drizzle-orm-1 | node-postgres | migrator.utils.js | m.name) | m.hash) | its name is in no row",
        "drizzle-orm-1 | node-postgres | migrator.utils.js | Date.UTC( | new Date( | the time is UTC",
        "drizzle-orm-1 | node-postgres | migrator.js | slice(0, 14) | slice(0, 8) | the first 14 digits",
        "drizzle-orm-1 | node-postgres | up-migrations/pg.js | length - 3 | length - 2 | the second of created_at",
        "drizzle-orm-1 | pg-proxy | up-migrations/pg-proxy.js | c.hash === | c.name === | settles ties by the hash",
        "drizzle-orm-1 | node-postgres | pg-core/async/session.js | getMigrationsToRun({ | newRule({ | "
        + "getMigrationsToRun",
        "drizzle-orm-1 | node-postgres | pg-core/async/session.js | name text, | name text, batch int, | and no more"})
    void whatChangedStopsWithItsReason(String orm, String driver, String file, String from, String to, String reason)
            throws Exception {
        install(orm);
        Path changed = repo.resolve("node_modules/drizzle-orm").resolve(file);
        String text = Files.readString(changed);
        assertTrue(text.contains(from), file + " has no " + from);
        assertEquals(Gate.Status.pass.name(), status(app(orm, driver)).replace("warn", "pass"));
        Files.writeString(changed, text.replace(from, to));
        Failure failure = assertThrows(Failure.class, () -> check(app(orm, driver)));
        assertEquals(Failure.Exit.STOP, failure.exit);
        assertTrue(failure.getMessage().contains(reason), failure.getMessage());
        assertTrue(failure.getMessage().contains(file.replace("node-postgres/migrator", "migrator")),
                failure.getMessage());
        assertTrue(failure.hint.contains("npm install drizzle-orm@"), failure.hint);
    }

    @Test
    void aFileThatIsGoneStops() throws Exception {
        install("drizzle-orm-029");
        Failure failure = assertThrows(Failure.class, () -> check(app("drizzle-orm-029", "bun-sql")));
        assertTrue(failure.getMessage().contains("has no file bun-sql/migrator.js"), failure.getMessage());
    }

    @Test
    void theFolderMustBeOfTheInstalledVersion() throws Exception {
        install("drizzle-orm-1");
        Failure newer = assertThrows(Failure.class, () -> check(app("drizzle-orm", "node-postgres")));
        assertTrue(newer.getMessage().contains("a folder of Drizzle 0.x"), newer.getMessage());
        assertTrue(newer.hint.contains("npx drizzle-kit up"), newer.hint);
        install("drizzle-orm");
        Failure older = assertThrows(Failure.class, () -> check(app("drizzle-orm-1", "node-postgres")));
        assertTrue(older.getMessage().contains("Can't find meta/_journal.json file"), older.getMessage());
    }

    @Test
    void pgProxyKnowsNoOtherTable() throws Exception {
        install("drizzle-orm");
        Map<String, byte[]> files = app("drizzle-orm", "pg-proxy");
        files.put("drizzle.config.ts", bytes("export default { migrations: { schema: 'app' } }"));
        assertEquals(Gate.Status.pass, check(files).status(), "migrate() is not told");
        files.put("src/migrate.ts", bytes("import { migrate } from 'drizzle-orm/pg-proxy/migrator';\n"
                + "migrate(db, run, { migrationsFolder: 'drizzle', migrationsSchema: 'app' });"));
        Failure failure = assertThrows(Failure.class, () -> check(files));
        assertTrue(failure.getMessage().contains("\"app\".\"__drizzle_migrations\""), failure.getMessage());
        install("drizzle-orm-1");
        Map<String, byte[]> one = app("drizzle-orm-1", "pg-proxy");
        one.put("src/migrate.ts", files.get("src/migrate.ts"));
        assertEquals(Gate.Status.pass, check(one).status(), "1.0 does as it is told");
    }

    @Test
    void drizzleKitTakesTheDriverOfThePackage() throws Exception {
        install("drizzle-orm");
        Map<String, byte[]> files = app("drizzle-orm", "none");
        files.remove("src/migrate.ts");
        files.put("package.json", bytes("{\"dependencies\": {\"postgres\": \"3\"}}"));
        assertTrue(check(files).message().contains("postgres-js (drizzle-kit) runs"), check(files).message());
        files.put("test/migrate.ts", bytes("import 'drizzle-orm/better-sqlite3/migrator'"));
        files.put("src/cache.ts", bytes("import 'drizzle-orm/d1/migrator';\n"
                + "import 'drizzle-orm/bun-sql/sqlite/migrator'"));
        assertTrue(check(files).message().contains("postgres-js (drizzle-kit) runs"), check(files).message());
        files.put("drizzle.config.ts", bytes("export default { dialect: 'postgresql', driver: 'pglite' }"));
        assertTrue(check(files).message().contains("pglite (drizzle-kit) runs"), check(files).message());
    }

    @ParameterizedTest
    @ValueSource(strings = {"import { migrate } from 'drizzle-orm/postgres-js/migrator';",
        "import {\n  migrate, // the one\n} from \"drizzle-orm/postgres-js/migrator.js\"",
        "const { migrate } = require('drizzle-orm/postgres-js/migrator')",
        "const { migrate } = await import(/* later */ `drizzle-orm/postgres-js/migrator`);",
        "export { migrate } from \"drizzle-orm/postgres-js/migrator\";",
        "export * from 'drizzle-orm/postgres-js/migrator'",
        "import type from 'drizzle-orm/postgres-js/migrator'"})
    void howeverTheMigratorIsLoadedItIsFound(String line) throws Exception {
        install("drizzle-orm");
        Map<String, byte[]> files = app("drizzle-orm", "none");
        files.put("src/migrate.ts", bytes("""
                // import { migrate } from 'drizzle-orm/pg-proxy/migrator'
                /* require("drizzle-orm/neon-http/migrator") */
                import type { MigrationConfig } from 'drizzle-orm/pglite/migrator';
                const docs = "import { migrate } from 'drizzle-orm/bun-sql/migrator'";
                const name = 'drizzle-orm/xata-http/migrator', list = Array.from("drizzle-orm/pg-proxy/migrator");
                let of: typeof import('drizzle-orm/vercel-postgres/migrator');
                const url = `${base}/import 'drizzle-orm/pg-proxy/migrator'`, quote = /['"]/;
                """ + line + "\n"));
        String message = check(files).message();
        assertTrue(message.startsWith("drizzle-orm 0.45.4: postgres-js (src/migrate.ts) runs"), message);
        assertEquals(1, message.split(" runs ", -1).length - 1, message);
    }

    @Test
    void theDriverThatMigratesIsToldFromThoseThatQuery() throws Exception {
        install("drizzle-orm");
        Map<String, byte[]> files = app("drizzle-orm", "neon-serverless");
        files.put("src/db.ts", bytes("import { drizzle } from 'drizzle-orm/neon-http';\n"
                + "import { pgTable } from 'drizzle-orm/pg-core';"));
        Gate.Finding finding = check(files);
        assertEquals(Gate.Status.pass, finding.status(), finding.message());
        assertTrue(finding.message().contains("neon-serverless (src/migrate.ts) runs pg-core"), finding.message());
        assertTrue(finding.message().endsWith("queries go through neon-http (src/db.ts)"), finding.message());
    }

    @Test
    void inAWorkspaceThePackageOfTheConfigurationMigrates() throws Exception {
        install("drizzle-orm");
        Map<String, byte[]> files = new TreeMap<>();
        app("drizzle-orm", "postgres-js").forEach((path, bytes) -> files.put("packages/db/" + path, bytes));
        files.put("packages/db/drizzle.config.ts", bytes("export default {}"));
        files.put("packages/db/package.json", bytes("{}"));
        files.put("apps/other/package.json", bytes("{}"));
        files.put("apps/other/migrate.ts", bytes("import 'drizzle-orm/xata-http/migrator'"));
        Gate.Finding finding = check(files);
        assertEquals(Gate.Status.pass, finding.status(), finding.message());
        assertTrue(finding.message().contains("postgres-js (packages/db/src/migrate.ts) runs"), finding.message());
        // An importer outside of it loads what the package with the configuration has.
        files.remove("packages/db/src/migrate.ts");
        files.put("apps/other/migrate.ts", bytes("export { migrate } from 'drizzle-orm/node-postgres/migrator'"));
        Files.createDirectories(repo.resolve("packages/db/node_modules"));
        Files.move(repo.resolve("node_modules/drizzle-orm"), repo.resolve("packages/db/node_modules/drizzle-orm"));
        assertTrue(check(files).message().contains("node-postgres (apps/other/migrate.ts) runs"),
                check(files).message());
    }

    @Test
    void aCallbackThatOpensNoTransactionIsAWarning() throws Exception {
        install("drizzle-orm");
        Map<String, byte[]> files = app("drizzle-orm", "pg-proxy");
        String start = "import { migrate } from 'drizzle-orm/pg-proxy/migrator';\n"
                + "await migrate(db, async (queries) => {";
        files.put("src/migrate.ts", bytes(start + "\n// transaction\nfor (const q of queries) await client.query(q);"
                + " }, { migrationsFolder: 'drizzle' });"));
        assertEquals(Gate.Status.warn, check(files).status());
        assertTrue(check(files).message().contains("pg-proxy migrates without a transaction"), check(files).message());
        files.put("src/migrate.ts", bytes(start + " await client.query('BEGIN'); }, { });"));
        assertEquals(Gate.Status.pass, check(files).status());
        assertTrue(check(files).message().contains("is up to the callback in src/migrate.ts"), check(files).message());
    }

    @Test
    void plugAndPlayIsSaidNotToBeReadable() throws Exception {
        Map<String, byte[]> files = app("drizzle-orm", "node-postgres");
        files.put("yarn.lock", new byte[0]);
        files.put(".pnp.cjs", new byte[0]);
        Gate.Finding finding = check(files);
        assertEquals(Gate.Status.warn, finding.status());
        assertTrue(finding.message().contains("Plug'n'Play"), finding.message());
        assertEquals("yarn config set nodeLinker node-modules && yarn install", finding.hint());
    }

    @ParameterizedTest
    @CsvSource({"package-lock.json, npm ci", "pnpm-lock.yaml, pnpm install --frozen-lockfile",
        "yarn.lock, yarn install --frozen-lockfile", "bun.lock, bun install --frozen-lockfile",
        "bun.lockb, bun install --frozen-lockfile", "none, npm install"})
    void notInstalledIsAWarningWithTheCommand(String lock, String command) throws Exception {
        Map<String, byte[]> files = app("drizzle-orm", "node-postgres");
        files.put(lock, new byte[0]);
        Gate.Finding finding = check(files);
        assertEquals(Gate.Status.warn, finding.status());
        assertEquals(command, finding.hint());
    }

    @Test
    void aWorkspaceIsSearchedFromTheImportingFileUp() throws Exception {
        Map<String, byte[]> files = new TreeMap<>();
        app("drizzle-orm", "node-postgres").forEach((path, bytes) -> files.put("apps/web/" + path, bytes));
        Path store = repo.resolve("node_modules/.pnpm/drizzle-orm@0.45.4/node_modules");
        Files.createDirectories(repo.resolve("apps/web/node_modules"));
        Files.createSymbolicLink(repo.resolve("apps/web/node_modules/drizzle-orm"),
                copy("drizzle-orm", store.resolve("drizzle-orm")));
        assertEquals(Gate.Status.pass, check(files).status());
        Files.delete(repo.resolve("apps/web/node_modules/drizzle-orm"));
        assertEquals(Gate.Status.warn, check(files).status());
        install("drizzle-orm-036");
        assertTrue(check(files).message().contains("drizzle-orm 0.36.4"), "hoisted to the top");
        Files.move(repo.resolve("node_modules/drizzle-orm"), Files.createDirectories(
                repo.resolve("apps/web/tools/node_modules")).resolve("drizzle-orm"));
        files.put("apps/web/tools/migrate.ts", bytes("import 'drizzle-orm/node-postgres/migrator'"));
        assertTrue(check(files).message().endsWith("for apps/web/src/migrate.ts it is not installed, and was not"
                + " checked"), check(files).message());
    }

    private Gate.Finding check(Map<String, byte[]> files) {
        return DrizzleMigrator.check(repo, files, Drizzle.find(files, null).orElseThrow(), () -> {
            throw Failure.missing("none here", null);
        });
    }

    private String status(Map<String, byte[]> files) {
        return check(files).status().name();
    }

    /** An application whose folder fits a version, and that migrates with a driver. */
    private static Map<String, byte[]> app(String orm, String driver) {
        Map<String, byte[]> files = new TreeMap<>();
        if (orm.equals("drizzle-orm-1")) {
            files.put("drizzle/20260101000000_a/migration.sql", bytes("SELECT 1;"));
            files.put("drizzle/20260101000000_a/snapshot.json", bytes("{}"));
        } else {
            files.put("drizzle/meta/_journal.json", bytes(ENTRIES));
            files.put("drizzle/0000_a.sql", bytes("SELECT 1;"));
        }
        files.put("src/migrate.ts", bytes("// import 'drizzle-orm/neon-http/migrator'\n"
                + "import { migrate } from \"drizzle-orm/" + driver + "/migrator\";"));
        return files;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void install(String orm) throws IOException {
        copy(orm, repo.resolve("node_modules/drizzle-orm"));
    }

    /** A copy of what the check reads, so that the test may change it. */
    private Path copy(String orm, Path home) throws IOException {
        for (String folder : List.of("", "aws-data-api/pg", "bun-sql", "bun-sql/postgres", "effect-postgres",
                "neon-http", "neon-serverless",
                "netlify-db", "node-postgres", "pg-core", "pg-core/async", "pg-core/effect", "pg-proxy", "pglite",
                "postgres-js", "up-migrations", "vercel-postgres", "xata-http")) {
            Path from = PACKAGES.resolve(orm).resolve(folder);
            Path to = home.resolve(folder);
            if (Files.isDirectory(from)) {
                Files.createDirectories(to);
                try (Stream<Path> list = Files.list(from)) {
                    for (Path file : list.filter(one -> one.toString().matches(".*\\.(js|cjs|json)")).toList()) {
                        Files.copy(file, to.resolve(file.getFileName().toString()),
                                StandardCopyOption.REPLACE_EXISTING);
                    }
                }
            }
        }
        return home;
    }
}
