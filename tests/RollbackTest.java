//SOURCES World.java ../lib/Fingerprint.java ../lib/Json.java ../lib/Postgres.java ../lib/Scratch.java
//SOURCES ../lib/Servers.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Fingerprint;
import lib.Postgres;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A release that is taken back, the trash that it leaves, and the release after it: one story of one application. */
@Order(1)
@Timeout(300)
class RollbackTest {
    private static String approval(World.Result seen) {
        java.util.regex.Matcher hash = java.util.regex.Pattern.compile("--approve ([0-9a-f]{64})").matcher(seen.all());
        assertTrue(hash.find(), seen::all);
        return hash.group(1);
    }

    private static void release(World world, String approval) {
        World.Result done = world.run("release", "--skip-build", "--approve", approval);
        assertEquals(0, done.exit(), done::all);
    }

    private static void release(World world) {
        World.Result asked = world.run("release", "--skip-build");
        assertEquals(11, asked.exit(), asked::all);
        assertTrue(asked.err().contains("stop it yourself before you go on"), asked::all);
        release(world, approval(asked));
    }

    private static Fingerprint schema(World world) {
        try (Connection connection = Postgres.read(world.production, "test")) {
            return Fingerprint.of(connection);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** A hash of all rows of each table, whatever the order of its columns. */
    private static String rows(World world) {
        return world.sql("""
                SELECT string_agg(oid::regclass || ' ' || md5(query_to_xml(format(
                  'SELECT to_jsonb(t)::text AS line FROM %s t ORDER BY 1', oid::regclass), true, false, '')::text),
                  E'\\n' ORDER BY oid::regclass::text)
                FROM pg_class WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'drizzle'::regnamespace)
                """);
    }

    @Test
    void aReleaseIsTakenBackAndDoneAgainAndItsTrashIsEmptied() {
        try (World world = World.drizzle()) {
            assertEquals(10, world.run("release", "rollback").exit(), "nothing was released yet");
            Fingerprint schema = schema(world);
            String rows = rows(world);
            release(world, World.proposal());
            assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));

            World.Result listed = world.run("release", "undrop", "--json");
            assertEquals(0, listed.exit(), listed::all);
            assertTrue(listed.json().at("/facts/trash").size() > 0, listed::all);
            World.Result kept = world.run("release", "gc");
            assertEquals(0, kept.exit(), kept::all);
            assertTrue(kept.err().contains("nothing has expired"), kept::all);

            world.execute("CREATE TABLE stray (id int)");
            World.Result strange = world.run("release", "rollback");
            assertEquals(10, strange.exit(), strange::all);
            assertTrue(strange.err().contains("table stray is new"), strange::all);
            assertTrue(strange.err().contains("backup.java restore"), strange::all);
            world.execute("DROP TABLE stray", "INSERT INTO users (email) VALUES ('later@example.com')");

            World.Result asked = world.run("release", "rollback");
            assertEquals(11, asked.exit(), asked::all);
            assertTrue(asked.err().contains("table users with its "), asked::all);
            assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertEquals(11, world.run("release", "rollback", "--approve", "0".repeat(64)).exit());
            whatCannotBeStoppedIsStartedAgain(world, approval(asked));
            World.Result back = world.run("release", "rollback", "--approve", approval(asked));
            assertEquals(0, back.exit(), back::all);
            assertEquals(List.of(), schema(world).differences(schema, 20), back::all);
            assertEquals(rows, rows(world), back::all);
            assertEquals("0", world.sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'release_trash%'"));

            World.Result status = world.run("release", "status");
            assertTrue(status.out().contains("5 migrations applied, pending"), status::all);
            assertTrue(status.out().contains("taken back"), status::all);
            assertEquals(10, world.run("release", "rollback").exit(), "taken back once");

            again(world);
        }
    }

    @Test
    void whatCannotComeBackIsSaidAndIsNoReasonToRefuse() {
        try (World world = World.of("rollback_remains", "template0")) {
            String first = """
                    CREATE TYPE state AS ENUM ('new');
                    CREATE TABLE orders (id int PRIMARY KEY, note varchar(5), state state NOT NULL DEFAULT 'new');
                    """;
            world.execute(first, "INSERT INTO orders (id, note) VALUES (1, 'short')");
            world.write("migrations/001_orders.sql", first);
            world.push("the first file");
            world.git("push", "-q", "origin", "main:release");
            world.write("migrations/002_sent.sql", "ALTER TYPE state ADD VALUE 'sent';\n");
            world.write("migrations/003_note.sql", "ALTER TABLE orders ALTER COLUMN note TYPE text;\n"
                    + "CREATE TABLE notes (id int PRIMARY KEY);\n");
            world.push("two more");
            release(world);
            world.execute("UPDATE orders SET note = 'longer than before', state = 'sent'");

            World.Result asked = world.run("release", "rollback");
            assertEquals(11, asked.exit(), asked::all);
            assertTrue(asked.err().contains("sql still takes 002_sent for applied: what it made remains"), asked::all);
            assertTrue(asked.err().contains("does not come back: enum state keeps the value 'sent'"), asked::all);
            assertTrue(asked.err().contains("values of orders.note that character varying(5) cuts"), asked::all);
            World.Result back = world.run("release", "rollback", "--approve", approval(asked));
            assertEquals(0, back.exit(), back::all);
            assertEquals("longe sent", world.sql("SELECT note || ' ' || state FROM orders"));
            World.Result status = world.run("release", "status");
            assertTrue(status.out().contains("2 migrations applied, pending: 003_note"), status::all);
        }
    }

    private static void whatCannotBeStoppedIsStartedAgain(World world, String approval) {
        String settings = World.read(world.repo.resolve("release.json"));
        Path started = world.folder.resolve("started");
        world.write("release.json", """
                {"environments": {"production": {"url": {"env": "PROD_DATABASE_URL"},
                  "services": {"web": {"stop": ["true"], "start": ["touch", "%s"]}}}}}
                """.formatted(started));
        world.environment.put("RELEASE_QUIET_SECONDS", "1");
        try (Connection web = Postgres.write(world.production, "web")) {
            World.Result refused = world.run("release", "rollback", "--approve", approval);
            assertEquals(10, refused.exit(), refused::all);
            assertTrue(refused.err().contains("the database is still in use by app (release web)"), refused::all);
            assertTrue(refused.err().contains("the database was not changed by the rollback"), refused::all);
            assertTrue(refused.err().contains("the services were started again"), refused::all);
            assertTrue(Files.exists(started), refused::all);
            assertTrue(web.isValid(5), "who only looks on is left alone");
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        World.Result status = world.run("release", "status");
        assertTrue(status.out().contains("none is under way") && !status.out().contains("not ended"), status::all);
        world.environment.remove("RELEASE_QUIET_SECONDS");
        world.write("release.json", settings);
    }

    private static void again(World world) {
        world.write("again.txt", "the same migrations, another commit\n");
        world.push("again");
        release(world);
        assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        String schema = world.sql("SELECT min(nspname) FROM pg_namespace WHERE nspname LIKE 'release_trash%'");
        String object = world.sql("SELECT object FROM " + schema + "._trash").replaceFirst("^public\\.", "");

        World.Result none = world.run("release", "undrop", "nothing");
        assertEquals(10, none.exit(), none::all);
        assertTrue(none.err().contains(object), none::all);
        World.Result asked = world.run("release", "undrop", object);
        assertEquals(11, asked.exit(), asked::all);
        World.Result done = world.run("release", "undrop", object, "--approve", approval(asked));
        assertEquals(0, done.exit(), done::all);
        String[] parts = object.split("\\.");
        assertTrue(Integer.parseInt(world.sql("SELECT count(" + parts[1] + ") FROM " + parts[0])) > 0, done::all);

        String next = world.sql("SELECT min(nspname) FROM pg_namespace WHERE nspname LIKE 'release_trash%'");
        world.execute("UPDATE " + next + "._trash SET expires = now() - interval '1 second'");
        String others = world.sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'release_trash%'");
        World.Result shown = world.run("release", "gc");
        assertEquals(11, shown.exit(), shown::all);
        assertEquals(others, world.sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'release_trash%'"));
        World.Result gone = world.run("release", "gc", "--approve", approval(shown));
        assertEquals(0, gone.exit(), gone::all);
        assertEquals(String.valueOf(Integer.parseInt(others) - 1),
                world.sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'release_trash%'"));
        assertEquals("0", world.sql("SELECT count(*) FROM pg_namespace WHERE nspname = '" + next + "'"));
    }
}
