//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import lib.Exec;
import lib.Json;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** After a release the application's own migrator, the real one of npm, has nothing left to run. */
@Order(1)
class MigratorTest {
    @BeforeAll
    static void theRealMigratorsAreThere() {
        assertTrue(Files.isDirectory(World.ROOT.resolve("tests/node/node_modules/drizzle-orm")),
                "the real migrators are not installed: npm ci --prefix tests/node");
    }

    private static Exec.Result migrate(World world, String driver, String... options) {
        List<String> command = new ArrayList<>(List.of("node", World.FIXTURE.resolve("migrate.mjs").toString(),
                world.url(), world.repo.resolve("drizzle").toString(), driver));
        command.addAll(List.of(options));
        return Exec.of(command).in(world.folder).run();
    }

    private static void assertReplaysNothing(World world, String driver, String... options) {
        String rows = world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations");
        Exec.Result result = migrate(world, driver, options);
        assertEquals(0, result.exit(), result.out() + result.err());
        assertTrue(result.out().contains(", 0 of them migration statements"), result.out());
        assertEquals(rows, world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
    }

    /** The SQL of a release, rehearsed, and run on production as it stands in its file. */
    private static void runSql(World world) {
        World.Result backup = world.run("backup");
        assertEquals(0, backup.exit(), backup::all);
        World.Result written = world.run("validate", "--json");
        assertEquals(0, written.exit(), written::all);
        World.psql(world.production, world.read(written.json().at("/facts/sql/file").asText()));
    }

    @Test
    void drizzleItselfFailsOnTheRowsAndReplaysNothingAfterTheRelease() {
        try (World world = World.drizzle("migrator")) {
            Exec.Result alone = migrate(world, "node-postgres");
            assertNotEquals(0, alone.exit(), "the control: without a release Drizzle's own files fail on these rows");
            assertTrue(alone.out().contains("23502"), alone.out());
            World.Result released = world.run("release", "--approve", World.proposal());
            assertEquals(0, released.exit(), released::all);
            assertReplaysNothing(world, "node-postgres");
            assertReplaysNothing(world, "postgres-js");
            // And it is not asleep: the next migration, dated after these, does run.
            next(world);
            Exec.Result later = migrate(world, "node-postgres");
            assertEquals(0, later.exit(), later.out());
            assertEquals("8", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertEquals("0", world.sql("SELECT count(*) FROM next_release"));
        }
    }

    private static void next(World world) {
        try {
            Path journal = world.repo.resolve("drizzle/meta/_journal.json");
            var tree = (com.fasterxml.jackson.databind.node.ObjectNode) Json.MAPPER.readTree(journal.toFile());
            var entries = (com.fasterxml.jackson.databind.node.ArrayNode) tree.path("entries");
            long when = entries.get(entries.size() - 1).path("when").asLong() + 1000;
            entries.addObject().put("idx", 7).put("version", "7").put("when", when).put("tag", "0007_next")
                    .put("breakpoints", true);
            World.write(journal, Json.pretty(tree));
            world.write("drizzle/0007_next.sql", "CREATE TABLE next_release (id integer)");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aHistoryInASchemaOfItsOwnIsFoundAndContinuedThere() {
        try (World world = World.drizzle("own_history")) {
            world.execute("ALTER TABLE drizzle.__drizzle_migrations SET SCHEMA public",
                    "ALTER TABLE __drizzle_migrations RENAME TO \"My History\"");
            world.write("drizzle.config.ts", "export default { dialect: 'postgresql', out: './drizzle',"
                    + " migrations: { schema: 'public', table: 'My History' } }");
            world.push("a history of our own");
            runSql(world);
            assertEquals("7", world.sql("SELECT count(*) FROM \"My History\""));
            Exec.Result result = migrate(world, "node-postgres", "--schema", "public", "--table", "My History");
            assertEquals(0, result.exit(), result.out() + result.err());
            assertTrue(result.out().contains(", 0 of them migration statements"), result.out());
            assertEquals("7", world.sql("SELECT count(*) FROM \"My History\""));
        }
    }

    @Test
    void drizzleOneReplaysNothingEither() throws IOException {
        try (World world = World.drizzle("drizzle_one")) {
            folders(world);
            world.push("drizzle-kit up");
            runSql(world);
            assertReplaysNothing(world, "node-postgres", "--orm", "drizzle-orm-1");
            assertReplaysNothing(world, "postgres-js", "--orm", "drizzle-orm-1");
        }
    }

    @Test
    void aMigratorThatDoesSomethingElseStopsTheReleaseBeforeTheBackup() {
        try (World world = World.drizzle()) {
            World.copy(World.ROOT.resolve("tests/node/node_modules/drizzle-orm"),
                    world.repo.resolve("node_modules/drizzle-orm"));
            world.write("src/migrate.ts", "import { migrate } from \"drizzle-orm/node-postgres/migrator\";\n");
            world.push("an application that migrates itself");
            World.Result fine = world.run("preflight", "--json");
            assertEquals("pass", fine.gate("migrator").path("status").asText(), fine::all);
            assertTrue(fine.gate("migrator").path("message").asText().contains("tried out by node v"), fine::all);
            Path dialect = world.repo.resolve("node_modules/drizzle-orm/pg-core/dialect.js");
            World.write(dialect, World.read(dialect)
                    .replace("order by created_at desc limit 1", "order by id desc limit 1"));
            World.Result changed = world.run("release", "--json");
            assertEquals(10, changed.exit(), changed::all);
            String message = changed.gate("migrator").path("message").asText();
            assertTrue(message.contains("dialect.js"), changed::all);
            assertTrue(message.contains("expected: it runs late; seen: it ran early"), changed::all);
            assertTrue(changed.json().at("/facts/backup").isMissingNode()
                    || changed.json().at("/facts/backup/file").isMissingNode(), changed::all);
        }
    }

    @Test
    void nodeGetsNoSecretAndWhereItDoesNotDoTheMigratorIsRead() throws IOException {
        try (World world = World.drizzle()) {
            Path orm = world.repo.resolve("node_modules/drizzle-orm");
            World.copy(World.ROOT.resolve("tests/node/node_modules/drizzle-orm"), orm);
            world.write("src/migrate.ts", "import { migrate } from \"drizzle-orm/node-postgres/migrator\";\n");
            world.push("an application that migrates itself");
            world.environment.put("SOME_API_TOKEN", "t-0-k-e-n");
            world.environment.put("NODE_OPTIONS", "--require ./of-the-application.cjs");
            String path = System.getenv("PATH");
            Path tools = world.folder.resolve("tools");

            World.write(world.folder.resolve("old.cjs"), "const set = (name, value) =>"
                    + " Object.defineProperty(process, name, { value });\n"
                    + "set('version', 'v14.2.0');\nset('versions', { node: '14.2.0' });\n");
            World.script(tools.resolve("node"), "PATH='" + path + "'\nexport PATH\nexec node -r '"
                    + world.folder.resolve("old.cjs") + "' \"$@\"\n");
            world.environment.put("PATH", tools + File.pathSeparator + path);
            assertRead(world, "node v14.2.0 is too old for it");
            World.script(tools.resolve("node"), "echo 'no version of node is set' >&2\nexit 126\n");
            assertRead(world, "node ended: no version of node is set");
            Files.delete(tools.resolve("node"));
            for (String folder : path.split(File.pathSeparator)) {
                links(Path.of(folder), tools);
            }
            world.environment.put("PATH", tools.toString());
            assertRead(world, "node is not installed");

            world.environment.put("PATH", path);
            Path dialect = orm.resolve("pg-core/dialect.js");
            World.write(dialect, World.read(dialect).replace("const lastDbMigration", "const seen ="
                    + " Object.entries(process.env).filter((one) => /S3cret|t-0-k|--require/.test(one));\n"
                    + "throw new Error('it sees ' + JSON.stringify(seen)); const lastDbMigration"));
            World.Result seen = world.run("preflight", "--only", "migrator", "--json");
            assertEquals(10, seen.exit(), seen::all);
            assertTrue(seen.gate("migrator").path("message").asText().contains("it fails with it sees []"), seen::all);
            assertEquals("", world.git("status", "--porcelain"));
        }
    }

    private static void assertRead(World world, String why) {
        World.Result result = world.run("preflight", "--only", "migrator", "--json");
        assertEquals(0, result.exit(), result::all);
        assertEquals("pass", result.gate("migrator").path("status").asText(), result::all);
        assertTrue(result.gate("migrator").path("message").asText().contains("read as expected, not run: " + why),
                result::all);
    }

    /** Every program of a folder but Node, in another folder. */
    private static void links(Path from, Path to) throws IOException {
        if (Files.isDirectory(from)) {
            try (var programs = Files.list(from)) {
                for (Path program : programs.toList()) {
                    Path link = to.resolve(program.getFileName());
                    if (!program.endsWith("node") && !Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
                        Files.createSymbolicLink(link, program);
                    }
                }
            }
        }
    }

    /** What {@code drizzle-kit up} of 1.0 makes of the journal: a folder for each migration, named by its time. */
    private static void folders(World world) throws IOException {
        JsonNode journal = Json.MAPPER.readTree(world.repo.resolve("drizzle/meta/_journal.json").toFile());
        DateTimeFormatter stamp = DateTimeFormatter.ofPattern("yyyyMMddHHmmss").withZone(ZoneOffset.UTC);
        for (JsonNode entry : journal.path("entries")) {
            String tag = entry.path("tag").asText();
            String name = stamp.format(Instant.ofEpochMilli(entry.path("when").asLong())) + "_" + tag.substring(5);
            Path folder = Files.createDirectories(world.repo.resolve("drizzle").resolve(name));
            Files.move(world.repo.resolve("drizzle/" + tag + ".sql"), folder.resolve("migration.sql"));
            World.write(folder.resolve("snapshot.json"), "{}\n");
        }
        try (var files = Files.walk(world.repo.resolve("drizzle/meta"))) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
