//SOURCES World.java ../lib/Fingerprint.java ../lib/Postgres.java ../lib/Settings.java ../lib/Scratch.java
//SOURCES ../lib/plan/Draft.java ../lib/plan/Script.java ../lib/trash/Trash.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Fingerprint;
import lib.Migration;
import lib.Notes;
import lib.Postgres;
import lib.Settings;
import lib.Target;
import lib.plan.Catalog;
import lib.plan.Draft;
import lib.plan.Script;
import lib.trash.Trash;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A DROP that keeps what it drops: the schema is the same as after a plain one, and everything comes back. */
@Timeout(120)
class TrashTest {
    private static final String SETUP = """
            CREATE TYPE mood AS ENUM ('sad', 'ok');
            CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, feels mood NOT NULL DEFAULT 'ok',
              born date, full_name text GENERATED ALWAYS AS (email || '!') STORED);
            CREATE INDEX users_born ON users (born);
            INSERT INTO users SELECT i, 'u' || i, CASE WHEN i = 2 THEN 'sad'::mood ELSE 'ok' END,
              CASE WHEN i > 1 THEN date '2000-01-01' + i END FROM generate_series(1, 5) i;
            CREATE TABLE orders (id serial PRIMARY KEY, buyer int REFERENCES users, what text, CHECK (what <> ''));
            CREATE INDEX orders_buyer ON orders (buyer);
            INSERT INTO orders (buyer, what) VALUES (1, 'a'), (2, 'b');
            CREATE TABLE lines ("order" int REFERENCES orders);
            CREATE TABLE plain (a int, b text);
            INSERT INTO plain VALUES (1, 'x'), (1, 'x');
            CREATE TABLE days (d date, n int) PARTITION BY RANGE (d);
            CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
            INSERT INTO days VALUES ('2026-02-02', 5);
            CREATE ROLE trash_reader; GRANT SELECT ON orders TO trash_reader;
            CREATE VIEW sums AS SELECT count(*) AS n FROM lines;
            CREATE PUBLICATION news FOR TABLE orders;
            """;
    private static Target server;

    @BeforeAll
    static void setUp() {
        server = World.rehearsal().target(null);
        World.execute(server, "CREATE DATABASE trash_template");
        World.psql(World.rehearsal().target("trash_template"), SETUP);
    }

    @AfterAll
    static void tearDown() {
        for (String database : List.of("trash_soft", "trash_plain", "trash_template")) {
            World.execute(server, "DROP DATABASE IF EXISTS " + database + " WITH (FORCE)");
        }
        World.execute(server, "DROP ROLE trash_reader");
    }

    private static Target fresh(String database) {
        World.execute(server, "DROP DATABASE IF EXISTS " + database + " WITH (FORCE)",
                "CREATE DATABASE " + database + " TEMPLATE trash_template");
        return World.rehearsal().target(database);
    }

    private static String script(Target target, String sql, int days) throws SQLException {
        List<Migration> pending = List.of(new Migration("0001_drop", "drizzle/0001_drop.sql", sql, "hash", 1));
        try (Connection connection = Postgres.read(target, "test")) {
            return Script.of(Draft.of(pending, Notes.of(null).entries(), new Catalog(connection),
                    new Settings.Trash(days)), pending, List.of(), "drizzle", List.of());
        }
    }

    private static Fingerprint schema(Target target) throws SQLException {
        try (Connection connection = Postgres.read(target, "test")) {
            return Fingerprint.of(connection);
        }
    }

    private static String one(Target target, String query) throws SQLException {
        try (Connection connection = Postgres.read(target, "test")) {
            return Postgres.one(connection, query);
        }
    }

    private static List<Trash.Entry> trash(Target target) throws SQLException {
        try (Connection connection = Postgres.read(target, "test")) {
            return Trash.of(connection);
        }
    }

    /** Runs the migration softly and plainly, and finds the same schema both times. */
    private static Target same(String sql) throws SQLException {
        Target soft = fresh("trash_soft");
        Target plain = fresh("trash_plain");
        String script = script(soft, sql, 7);
        World.psql(soft, script);
        World.psql(plain, sql);
        assertEquals(List.of(), schema(soft).differences(schema(plain), 9), script);
        return soft;
    }

    private static void undo(Target target) throws SQLException {
        for (Trash.Entry entry : trash(target)) {
            World.execute(target, entry.undo().toArray(new String[0]));
            World.execute(target, "DROP SCHEMA " + entry.schema() + " CASCADE");
        }
    }

    @Test
    void aTableMovesWithAllThatBelongsToItAndComesBack() throws SQLException {
        Target soft = same("DROP TABLE lines CASCADE;\nDROP TABLE orders;\n"
                + "CREATE TABLE orders (id serial PRIMARY KEY);");
        assertEquals(List.of("public.lines copied", "public.orders moved"),
                trash(soft).stream().map(entry -> entry.object() + " " + entry.way()).toList());
        assertTrue(trash(soft).stream().noneMatch(Trash.Entry::expired));
        World.execute(soft, "DELETE FROM users WHERE id = 3", "DROP TABLE orders");
        undo(soft);
        assertEquals("2", one(soft, "SELECT count(*) FROM orders WHERE buyer IN (SELECT id FROM users)"));
        assertEquals("2", one(soft, "SELECT last_value FROM orders_id_seq"));
        assertEquals("t", one(soft, "SELECT has_table_privilege('trash_reader', 'orders', 'SELECT')"));
        assertEquals(List.of("constraint lines.lines_order_fkey is missing", "query of view sums is missing",
                "columns read by view sums is missing", "column sums.n is missing", "view sums is missing").stream()
                .sorted().toList(), schema(soft).differences(schema(World.rehearsal().target("trash_template")), 9)
                .stream().sorted().toList());
    }

    @Test
    void aColumnLeavesItsValuesByKeyAndComesBackAsItWas() throws SQLException {
        Target soft = same("ALTER TABLE users RENAME TO people;\nALTER TABLE people DROP COLUMN born,"
                + " DROP COLUMN full_name, ADD COLUMN x int;\nALTER TABLE plain DROP COLUMN b;");
        assertEquals(List.of("public.people.born keyed", "public.plain.b copied"),
                trash(soft).stream().map(entry -> entry.object() + " " + entry.way()).toList());
        assertEquals("4", one(soft, "SELECT count(*) FROM " + trash(soft).get(0).schema() + ".people_born"));
        assertEquals(List.of(), trash(soft).get(1).undo(), "without a key nobody knows which row is which");
        World.execute(soft, "ALTER TABLE people RENAME TO users", "ALTER TABLE users RENAME TO people");
        World.execute(soft, trash(soft).get(0).undo().get(0), trash(soft).get(0).undo().get(1));
        assertEquals("2,2000-01-03", one(soft, "SELECT id || ',' || born FROM people WHERE born IS NOT NULL"
                + " ORDER BY id"));
        assertEquals("t", one(soft, "SELECT born IS NULL FROM people WHERE id = 1"));
    }

    @Test
    void aTypeThatGoesTooDoesNotHoldItBack() throws SQLException {
        Target soft = same("ALTER TABLE users DROP COLUMN feels;\nDROP TYPE mood;");
        undo(soft);
        assertEquals("sad", one(soft, "SELECT feels FROM users WHERE id = 2"));
    }

    @Test
    void partitionsMoveWithTheirTableAndOneByOne() throws SQLException {
        Target soft = same("DROP TABLE days;");
        undo(soft);
        assertEquals(List.of(), schema(soft).differences(schema(World.rehearsal().target("trash_template")), 9));
        soft = same("DROP TABLE days_1;");
        undo(soft);
        assertEquals(List.of(), schema(soft).differences(schema(World.rehearsal().target("trash_template")), 9));
        assertEquals("5", one(soft, "SELECT n FROM days"));
    }

    @Test
    void withNoDaysNothingIsKeptAndNewTablesNeverAre() throws SQLException {
        Target soft = fresh("trash_soft");
        String none = script(soft, "DROP TABLE lines CASCADE;", 0);
        assertTrue(none.contains("\nDROP TABLE lines CASCADE;\n") && !none.contains("release_trash"), none);
        String made = script(soft, "CREATE TABLE a (id int);\nDROP TABLE a;\nDROP TABLE IF EXISTS none;", 7);
        assertTrue(made.contains("\nDROP TABLE a;\nDROP TABLE IF EXISTS none;\n")
                && !made.contains("release_trash"), made);
        String kept = script(soft, "DROP TABLE lines CASCADE;", 7);
        assertTrue(kept.contains("release_trash"), () -> "the control: " + kept);
    }

    @Test
    void whatStillNeedsADroppedTableIsFound() throws SQLException {
        Target soft = fresh("trash_soft");
        World.psql(soft, script(soft, "DROP TABLE orders;", 7));
        try (Connection connection = Postgres.read(soft, "test")) {
            assertEquals(List.of("constraint lines_order_fkey on table lines needs orders"), Trash.held(connection));
        }
    }
}
