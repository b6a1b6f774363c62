//SOURCES World.java ../lib/migrations/NewMigration.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
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
            assertTrue(twice.err().contains("migrations holds what is not committed"), twice::all);
        } finally {
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
