//SOURCES World.java ../lib/migrations/NewMigration.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lib.History;
import lib.Migration;
import lib.Target;
import lib.migrations.NewMigration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** New migrations written from what staging has: guarded, tried, and named as their tool names them. */
@Timeout(180)
class GenerateTest {
    private static final String BASE = """
            CREATE TYPE mood AS ENUM ('sad', 'glad');
            CREATE TABLE people (id int PRIMARY KEY, food_name text, age int, m mood, gone boolean);
            CREATE TABLE old_name (id int PRIMARY KEY, words text);
            CREATE TABLE useless (id int);
            CREATE INDEX by_age ON people (age);
            """;

    @Test
    void whatStagingHasBecomesAMigrationThatLosesNothing() {
        World world = World.of("generate app", "template0");
        try {
            world.write("migrations/0007_base.sql", BASE);
            world.write("migrations/0008_pending.sql", "CREATE TABLE later (id int PRIMARY KEY, people_id int);");
            world.push("base");
            World.psql(world.production, BASE + """
                    ALTER TYPE mood ADD VALUE 'bored' BEFORE 'glad';
                    ALTER TABLE people RENAME food_name TO name;
                    ALTER TABLE people ADD COLUMN email text NOT NULL, ADD COLUMN line int GENERATED ALWAYS AS IDENTITY;
                    ALTER TABLE people DROP COLUMN gone;
                    ALTER TABLE people ALTER age TYPE bigint;
                    ALTER TABLE old_name RENAME TO new_name;
                    DROP TABLE useless;
                    DROP INDEX by_age;
                    CREATE TABLE notes (id bigint PRIMARY KEY, text text NOT NULL);
                    CREATE UNIQUE INDEX by_mail ON people (lower(email));
                    CREATE VIEW adults AS SELECT id FROM people WHERE age > 17;
                    CREATE PUBLICATION everything FOR TABLE notes;
                    CREATE TABLE schema_history (filename text PRIMARY KEY, applied_at timestamptz DEFAULT now());
                    INSERT INTO schema_history VALUES ('0007_base.sql');
                    """);
            world.environment.put("STAGING_DATABASE_URL", world.production.url());
            World.Result seen = world.run("assess", "generate", "Notes & e-mail!");
            assertEquals(0, seen.exit(), seen::all);
            assertTrue(seen.out().startsWith("migrations/0009_notes_e_mail_values.sql\n"
                    + "migrations/0010_notes_e_mail.sql"), seen::all);
            String values = world.read("migrations/0009_notes_e_mail_values.sql");
            assertTrue(values.contains("ADD VALUE 'bored'"), values);
            String sql = world.read("migrations/0010_notes_e_mail.sql");
            String active = sql.lines().filter(line -> !line.startsWith("--")).reduce("", (a, b) -> a + b + "\n");
            assertFalse(sql.contains("later"), "what is pending there is not taken back: " + sql);
            assertFalse(active.matches("(?s).*\\b(DROP|UPDATE|DELETE|TRUNCATE)\\b.*"), active);
            for (String part : List.of("email text;", "ALTER COLUMN email SET NOT NULL", "GENERATED ALWAYS AS IDENTITY",
                    "CREATE TABLE public.notes", "by_mail", "adults", "bigint")) {
                assertTrue(active.contains(part), part + " is missing: " + active);
            }
            for (String part : List.of("Is people.food_name now called name?", "RENAME COLUMN food_name TO name",
                    "Is the table old_name now called new_name?", "the table useless and its rows are lost",
                    "-- DROP INDEX", "people.email must have a value in every row",
                    "the values of people.gone are lost", "not written: publication everything")) {
                assertTrue(sql.contains(part), part + " is missing: " + sql);
            }
            // On rows it fails where a value is to be given, and nowhere else.
            Target copy = World.rehearsal().target("generated");
            World.execute(World.rehearsal().target(null), "DROP DATABASE IF EXISTS generated WITH (FORCE)",
                    "CREATE DATABASE generated");
            World.psql(copy, BASE + "INSERT INTO people VALUES (1, 'x', 2, 'sad', true);" + values
                    + sql.replace("-- UPDATE public.people SET email = … ", "UPDATE public.people SET email = 'a' "));
            World.execute(World.rehearsal().target(null), "DROP DATABASE generated WITH (FORCE)");

            World.Result twice = world.run("assess", "generate", "again");
            assertEquals(10, twice.exit(), twice::all);
            assertTrue(twice.err().contains("migrations holds what is not committed")
                    && twice.err().contains("git stash --include-untracked -- "), twice::all);
        } finally {
            world.close();
        }
    }

    /** One migration that has run, where the fixture holds what only its tool can replay. */
    private static void first(World world, String tool) {
        String sql = "CREATE TABLE people (id int PRIMARY KEY, email text NOT NULL);\n";
        world.execute(sql);
        switch (tool) {
            case "supabase" -> {
                world.write("supabase/migrations/20260101120000_init.sql", sql);
                world.execute("CREATE SCHEMA supabase_migrations", "CREATE TABLE supabase_migrations.schema_migrations"
                        + " (version text PRIMARY KEY)",
                        "INSERT INTO supabase_migrations.schema_migrations VALUES ('20260101120000')");
            }
            case "node-pg-migrate" -> {
                world.write("package.json", "{\"dependencies\": {\"node-pg-migrate\": \"8.0.4\"}}\n");
                world.write("migrations/1795175072783_init.sql", sql);
                world.execute("CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on"
                        + " timestamp NOT NULL)", "INSERT INTO pgmigrations (name, run_on) VALUES"
                        + " ('1795175072783_init', now())");
            }
            default -> world.write("db/migrations/001_init.sql", sql);
        }
    }

    /** Production has rows; staging is a copy of it with rules that they break. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "prisma | prisma | public.\"User\" | (id, email, role) VALUES (1, 'anna@example.com', 'x'), (2, 'al@x.io', 'x')"
            + " | prisma/migrations/\\d{14}_stricter/migration\\.sql",
        "supabase | | public.people | (id, email) VALUES (1, 'anna@example.com'), (2, 'al@x.io')"
            + " | supabase/migrations/\\d{14}_stricter\\.sql",
        "flyway | sql | public.people | (id, email) VALUES (1, 'anna@example.com'), (2, 'al@x.io')"
            + " | sql/V2_2__stricter\\.sql",
        "sql | | public.people | (id, email) VALUES (1, 'anna@example.com'), (2, 'al@x.io')"
            + " | db/migrations/002_stricter\\.sql",
        "node-pg-migrate | | public.people | (id, email) VALUES (1, 'anna@example.com'), (2, 'al@x.io')"
            + " | migrations/\\d{13}_stricter\\.sql",
        "drizzle | | public.food_logs | (id, email, food_name, amount, calories) VALUES (1, 'anna@example.com', 'x', 1,"
            + " 1), (2, 'al@x.io', 'y', 1, 1) | drizzle/0005_stricter\\.sql"})
    void whatRowsOfProductionDoNotBearIsCountedAboveIt(String tool, String folder, String table, String rows,
            String file) {
        World world = tool.equals("drizzle") ? World.drizzle("generate " + tool)
                : World.of("generate " + tool, "template0");
        Target staging = World.productionServer().target("generate staging " + tool);
        try {
            if (tool.equals("drizzle")) {
                world.git("rm", "-rq", "drizzle");
                World.copy(World.FIXTURE.resolve("drizzle-release5"), world.repo.resolve("drizzle"));
            } else if (folder == null) {
                first(world, tool);
            } else {
                Path fixture = World.ROOT.resolve("tests/fixtures").resolve(tool);
                World.psql(world.production, World.read(fixture.resolve("db.sql"))
                        .replace("OWNER TO postgres", "OWNER TO app"));
                World.copy(fixture.resolve(folder), world.repo.resolve(folder));
                if (tool.equals("flyway")) {
                    world.write("sql/V1_5__late.sql", "CREATE TABLE late(id int);\n");
                }
            }
            world.push("what production has");
            world.execute("TRUNCATE " + table + " CASCADE");
            World.execute(World.productionServer().target(null), "DROP DATABASE IF EXISTS \"generate staging " + tool
                    + "\" WITH (FORCE)", "CREATE DATABASE \"generate staging " + tool + "\" OWNER app TEMPLATE \""
                    + world.production.database() + "\"");
            World.psql(staging, "ALTER TABLE " + table + " ADD CONSTRAINT short CHECK (char_length(email) < 9),"
                    + " ADD COLUMN phone text NOT NULL;\nCREATE UNIQUE INDEX by_letter ON " + table
                    + " (substr(email, 1, 1));\n");
            world.execute("INSERT INTO " + table + " " + rows);
            world.environment.put("STAGING_DATABASE_URL", new Target(staging.host(), staging.port(), staging.database(),
                    "app", World.PASSWORD, staging.parameters()).url());
            World.Result seen = world.run("assess", "generate", "stricter");
            assertEquals(0, seen.exit(), seen::all);
            String written = seen.out().lines().findFirst().orElse("");
            assertTrue(written.matches(file), seen::all);
            String sql = world.read(written);
            String shown = table.replace("public.", "").replace("\"", "");
            for (String point : List.of("1 row of production stands in the way of CHECK",
                    "2 rows of production stand in the way of " + shown + ": the unique index by_letter",
                    "2 rows of production stand in the way of " + shown + ".phone NOT NULL, which is new",
                    "--     SELECT count(*) FROM " + table + " WHERE NOT ",
                    "-- no row of staging stands in the way")) {
                assertTrue(sql.contains(point), point + " is missing: " + sql);
            }
            assertEquals("2", world.sql("SELECT count(*) FROM " + table), "it reads only");
        } finally {
            World.execute(World.productionServer().target(null), "DROP DATABASE IF EXISTS \"generate staging " + tool
                    + "\" WITH (FORCE)");
            world.close();
        }
    }

    /** The history of a folder, as far as a name needs it. */
    private record Local(String tool, String folder, List<Migration> local) implements History {
        @Override
        public State state(Connection connection) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<String> rows(State state, List<Migration> migrations) {
            throw new UnsupportedOperationException();
        }
    }

    private static List<String> names(String tool, String last, Map<String, byte[]> files) {
        Clock clock = Clock.fixed(Instant.parse("2026-03-04T05:06:07Z"), ZoneOffset.UTC);
        History history = new Local(tool, "db", last == null ? List.of()
                : List.of(new Migration(last, "db/" + last, "", null, 5)));
        NewMigration.Text text = new NewMigration.Text("-- above\n", List.of("SELECT 1", "SELECT 2"), "-- below\n");
        return List.copyOf(new NewMigration(files, history, clock).files("Add a thing", List.of(text, text)).keySet());
    }

    @Test
    void namesFollowEachTool() {
        Map<String, byte[]> none = Map.of();
        assertEquals(List.of("db/20260304050607_add_a_thing_values/migration.sql",
                "db/20260304050608_add_a_thing/migration.sql"),
                names("prisma", "20250101000000_init/migration.sql", none));
        assertEquals(List.of("db/20270101000001_add_a_thing_values.sql", "db/20270101000002_add_a_thing.sql"),
                names("supabase", "20270101000000_future.sql", none), "never before what is there");
        assertEquals(List.of("db/V3.10__add_a_thing_values.sql", "db/V3.11__add_a_thing.sql"),
                names("flyway", "V3.9__last.sql", none));
        assertEquals(List.of("db/1772600767000_add_a_thing_values.sql", "db/1772600767001_add_a_thing.sql"),
                names("node-pg-migrate", "1700000000000_last.js", none));
        assertEquals(List.of("db/010-add_a_thing_values.up.sql", "db/011-add_a_thing.up.sql"),
                names("sql", "009-last.up.sql", none));
        assertEquals(List.of("db/0001_add_a_thing_values.sql", "db/0002_add_a_thing.sql"), names("sql", null, none));
    }

    @Test
    void drizzleGetsItsJournalAndSnapshot() {
        Map<String, byte[]> files = new HashMap<>();
        files.put("db/meta/_journal.json", World.read(World.FIXTURE.resolve("drizzle/meta/_journal.json"))
                .getBytes(StandardCharsets.UTF_8));
        files.put("db/meta/0006_snapshot.json", World.read(World.FIXTURE.resolve("drizzle/meta/0006_snapshot.json"))
                .getBytes(StandardCharsets.UTF_8));
        Clock clock = Clock.fixed(Instant.parse("2026-03-04T05:06:07Z"), ZoneOffset.UTC);
        History history = new Local("drizzle", "db", List.of(new Migration("0006_warm_calypso",
                "db/0006_warm_calypso.sql", "", null, 5)));
        NewMigration.Text text = new NewMigration.Text("", List.of("SELECT 1", "SELECT 2"), "");
        Map<String, String> made = new NewMigration(files, history, clock).files("x", List.of(text, text));
        assertEquals(List.of("db/0007_x_values.sql", "db/meta/_journal.json", "db/meta/0007_snapshot.json",
                "db/0008_x.sql", "db/meta/0008_snapshot.json"), List.copyOf(made.keySet()));
        assertEquals("SELECT 1;\n--> statement-breakpoint\nSELECT 2;\n", made.get("db/0008_x.sql"));
        String journal = made.get("db/meta/_journal.json");
        String old = new String(files.get("db/meta/_journal.json"), StandardCharsets.UTF_8);
        assertTrue(journal.startsWith(old.substring(0, old.lastIndexOf('}', old.lastIndexOf(']')))), journal);
        String first = made.get("db/meta/0007_snapshot.json").replaceFirst("(?s).*?\"id\": \"([^\"]+)\".*", "$1");
        assertTrue(made.get("db/meta/0008_snapshot.json").contains("\"prevId\": \"" + first + "\""));
    }
}
