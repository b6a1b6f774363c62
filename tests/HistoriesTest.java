//SOURCES HistoryCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lib.Failure;
import lib.History;
import lib.Settings;
import lib.migrations.Histories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which migration tool a repository uses, and which histories a database has. */
class HistoriesTest {
    private static Map<String, byte[]> files(String... pathsAndTexts) {
        Map<String, byte[]> files = new TreeMap<>();
        for (int i = 0; i < pathsAndTexts.length; i += 2) {
            files.put(pathsAndTexts[i], pathsAndTexts[i + 1].getBytes(StandardCharsets.UTF_8));
        }
        return files;
    }

    private static Failure refused(Map<String, byte[]> files, String tool, String folder) {
        return assertThrows(Failure.class, () -> Histories.find(files, new Settings.Migrations(tool, folder)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '%', value = {
        "apps/db/prisma/migrations/20260101120000_a/migration.sql | x | prisma | apps/db/prisma/migrations",
        "x/supabase/migrations/1_a.sql | x | supabase | x/supabase/migrations",
        "src/main/resources/db/migration/a/V1__a.sql | x | flyway | src/main/resources/db/migration",
        "sql/V1.2__a.sql | x | flyway | sql",
        "database/migrations/0001-init.sql | x | sql | database/migrations",
        "db/migrate/20260101120000_a.rb | x | rails | db/migrate",
        "db/sqitch.plan | x | sqitch | db",
        "db/changelog/db.changelog-master.yaml | databaseChangeLog: | liquibase | db/changelog",
        "m/00001_a.sql | -- +goose Up | goose | m",
        "db/migrations/20260101120000_a.sql | -- migrate:up | dbmate | db/migrations",
        "migrations/000001_a.up.sql | x | golang-migrate | migrations",
        "migrations/2026-01-01-000000_a/up.sql | x | diesel | migrations",
        "alembic/versions/ab12_a.py | from alembic import op | alembic | alembic/versions",
        "shop/migrations/0001_initial.py | from django.db import migrations | django | shop/migrations",
        "priv/repo/migrations/20260101120000_a.exs | x | ecto | priv/repo/migrations",
        "database/migrations/2026_01_01_120000_a.php | x | laravel | database/migrations",
        "migrations/20260101120000-a.js | queryInterface.x | sequelize | migrations",
        "src/migration/1-a.ts | implements MigrationInterface | typeorm | src/migration",
        "migrations/20260101120000_a.js | exports.up = (knex) => 1 | knex | migrations"})
    void aToolIsFoundByItsFiles(String path, String text, String tool, String folder) {
        Map<String, byte[]> files = files(path, text, "node_modules/x/V1__a.sql", "x", "README.md", "x");
        History history = HistoryCase.find(files, null, null);
        assertEquals(tool + " in " + folder, history.tool() + " in " + history.folder());
        assertEquals(tool, HistoryCase.find(files, tool, folder).tool(), "as release.json would say it");
        assertEquals(tool, HistoryCase.find(files, tool, null).tool());
        assertTrue(!history.local().isEmpty());
    }

    @Test
    void nothingIsFoundWhereNothingIs() {
        Map<String, byte[]> files = files("README.md", "x", "sql/report.sql", "SELECT 1", "tests/V1__a.sql", "x",
                "tests/fixtures/prisma/migrations/20260101120000_a/migration.sql", "x", "src/versions/x.py", "x");
        assertTrue(Histories.find(files, new Settings.Migrations(null, null)).isEmpty());
    }

    @Test
    void severalAreNamedAndReleaseJsonChooses() {
        Map<String, byte[]> files = files("prisma/migrations/20260101120000_a/migration.sql", "SELECT 1",
                "db/migration/V1__a.sql", "SELECT 2", "db/old/migrations/1_a.sql", "SELECT 3");
        Failure refused = refused(files, null, null);
        assertEquals(Failure.Exit.DECIDE, refused.exit);
        assertTrue(refused.getMessage().contains("prisma in prisma/migrations, flyway in db/migration"),
                refused.getMessage());
        assertTrue(refused.hint.contains("{\"tool\": \"prisma\", \"folder\": \"prisma/migrations\"}"));
        assertEquals("flyway", HistoryCase.find(files, null, "./db/migration/").tool());
        assertEquals("flyway", HistoryCase.find(files, "flyway", null).tool());
        assertEquals("sql", HistoryCase.find(files, "sql", "db/old/migrations").tool());
        assertEquals("sql", HistoryCase.find(files, null, "db/old/migrations").tool());
        Map<String, byte[]> both = files("supabase/migrations/0000_a.sql", "SELECT 1",
                "supabase/migrations/meta/_journal.json", "{\"entries\": [{\"tag\": \"0000_a\", \"when\": 1}]}");
        assertEquals(Failure.Exit.DECIDE, refused(both, null, null).exit);
        assertEquals(Failure.Exit.DECIDE, refused(both, null, "supabase/migrations").exit);
        assertEquals("drizzle", HistoryCase.find(both, "drizzle", "supabase/migrations").tool());
    }

    @Test
    void wrongSettingsAreNamedWithTheNearestRight() {
        Map<String, byte[]> files = files("db/migration/V1__a.sql", "SELECT 2");
        Failure refused = refused(files, "flywya", null);
        assertEquals(Failure.Exit.USAGE, refused.exit);
        assertTrue(refused.hint.contains("did you mean \"flyway\""), refused.hint);
        assertTrue(refused(files, "prisma", null).getMessage().contains("prisma, and none is committed"));
        assertTrue(refused(files, "flyway", "db/nothing").getMessage().contains("in db/nothing, and none"));
        assertTrue(refused(files, null, "db/nothing").getMessage().contains("db/nothing"));
    }

    @Test
    void otherToolsAreReadAndNeverWritten() {
        try (HistoryCase test = new HistoryCase(null, null)) {
            test.file("db/migrate/20260101120000_a.rb", "x").file("db/migrate/20260102120000_b.rb", "x");
            test.execute("CREATE TABLE schema_migrations (version varchar PRIMARY KEY)",
                    "CREATE TABLE ar_internal_metadata (key varchar)",
                    "INSERT INTO schema_migrations VALUES ('20260101120000')");
            History history = test.history();
            History.State state = test.state();
            assertEquals(List.of("20260102120000_b"), HistoryCase.ids(state.pending()));
            String told = HistoryCase.only(state, "read-only", true);
            assertTrue(told.contains("20260102120000_b") && told.contains("bin/rails db:migrate"), told);
            assertThrows(Failure.class, () -> history.rows(state, state.pending()));
            test.execute("INSERT INTO schema_migrations VALUES ('20260102120000')");
            HistoryCase.only(test.state(), "read-only", false);
        }
    }

    @Test
    void historiesInOneDatabaseAreToldApart() {
        try (HistoryCase test = new HistoryCase("prisma", "prisma")) {
            test.execute("CREATE TABLE flyway_schema_history (installed_rank int, script text, checksum int)",
                    "CREATE TABLE schema_migrations (version bigint, dirty boolean)",
                    "CREATE SCHEMA shop", "CREATE TABLE shop.schema_migrations (version varchar)",
                    "CREATE SCHEMA auth", "CREATE TABLE auth.schema_migrations (version varchar)",
                    "CREATE SCHEMA supabase_migrations",
                    "CREATE TABLE supabase_migrations.schema_migrations (version text)");
            assertEquals(List.of("flyway", "golang-migrate", "dbmate", "supabase"), test.beside(test.history()).stream()
                    .map(History.Trouble::migration).toList());
            assertTrue(test.beside(test.history()).stream().noneMatch(History.Trouble::stops));
            assertTrue(test.beside(null).toString().contains("_prisma_migrations as well, the history of prisma"));
        }
    }

    @Test
    void theScriptsReleaseAnotherToolsMigrations() {
        try (World world = World.of("flyway_release", "template0")) {
            world.execute("CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50),"
                    + " description varchar(200) NOT NULL, type varchar(20) NOT NULL, script varchar(1000) NOT NULL,"
                    + " checksum int, installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT"
                    + " now(), execution_time int NOT NULL, success boolean NOT NULL)");
            world.write("db/migration/V1__a.sql", "CREATE TABLE a (id int);\n");
            world.commit("first");
            world.git("push", "-q", "-u", "origin", "main", "main:release");
            World.Result assessed = world.run("assess", "--json");
            assertEquals(0, assessed.exit(), assessed::all);
            assertEquals("flyway", assessed.json().at("/facts/tool").asText());
            assertEquals("V1__a", assessed.json().at("/facts/pending/0").asText());
            assertEquals(0, world.run("backup").exit());
            World.Result validated = world.run("validate", "--json");
            assertEquals(0, validated.exit(), validated::all);
            assertTrue(validated.gate("rehearsal.history").path("message").asText().contains("1 new row,"),
                    validated::all);
            // What cannot be read here is not written down as run, whichever script looks at it.
            world.write("db/migration/V2__b.sql", "CREATE TABLE ${x} (id int);\n");
            world.push("second");
            World.Result stopped = world.run("assess", "--json");
            assertEquals(10, stopped.exit(), stopped::all);
            assertTrue(stopped.gate("assess.history").path("message").asText().contains("${x}"), stopped::all);
            assertEquals(0, world.run("backup").exit());
            assertEquals(10, world.run("validate").exit());
        }
    }

    @Test
    void aLinkOutOfTheRepositoryIsRefusedAndOneWithinIsFollowed() throws IOException {
        try (World world = World.of("links", "template0")) {
            world.write("db/shared.sql", "CREATE TABLE a (id int);\n");
            Path folder = Files.createDirectories(world.repo.resolve("db/migration"));
            Files.createSymbolicLink(folder.resolve("V1__a.sql"), Path.of("../shared.sql"));
            world.push("a link within");
            World.Result within = world.run("assess", "--json");
            assertEquals("V1__a", within.json().at("/facts/pending/0").asText(), within::all);
            assertEquals("1", within.json().at("/facts/statements").asText(), within::all);
            Files.createSymbolicLink(folder.resolve("V2__b.sql"), Path.of("/etc/hostname"));
            world.push("a link out");
            World.Result out = world.run("assess", "--json");
            assertEquals(10, out.exit(), out::all);
            assertTrue(out.gate("assess.tool").path("message").asText().contains("V2__b.sql is a symbolic link to"),
                    out::all);
        }
    }
}
