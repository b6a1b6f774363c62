//SOURCES World.java
//SOURCES ../lib/Fingerprint.java ../lib/plan/Catalog.java ../lib/plan/Draft.java ../lib/plan/Executor.java
//SOURCES ../lib/plan/Plan.java ../lib/plan/Script.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import lib.Fingerprint;
import lib.Migration;
import lib.Notes;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.plan.Catalog;
import lib.plan.Draft;
import lib.plan.Executor;
import lib.plan.Plan;
import lib.plan.Problem;
import lib.plan.Script;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * The safe form of each kind of change, on tables that count as large: run by the executor that changes production, it
 * leaves the schema and the rows that the files leave when they are run as they are, with PostgreSQL 15 and with 18.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
abstract class SafeFormsCase {
    static final String NOTES = """
            CREATE TABLE owners (id integer PRIMARY KEY);
            INSERT INTO owners SELECT generate_series(1, 5);
            CREATE TABLE notes (id integer NOT NULL, owner_id integer, body text, rank integer);
            INSERT INTO notes SELECT i, i % 5 + 1, 'note ' || i, i FROM generate_series(1, 50) i;
            """;
    static final String ALL = "SELECT md5(string_agg(n::text, ',' ORDER BY id)) FROM notes n";

    // One for the tests of all classes, as the common one is.
    private static Scratch eighteen;

    // Its own for each class: they run side by side.
    private final String name = getClass().getSimpleName().toLowerCase();
    private final Set<Scratch> databases = new HashSet<>();

    Scratch newest;
    Target target;
    String script;

    private static synchronized Scratch eighteen() {
        if (eighteen == null) {
            eighteen = Scratch.start(Servers.fitting(18));
        }
        return eighteen;
    }

    @BeforeAll
    void startTheOtherServer() {
        newest = eighteen();
    }

    @AfterAll
    void dropDatabases() {
        databases.forEach(server -> World.execute(server.target(null), "DROP DATABASE " + name + " WITH (FORCE)"));
    }

    List<Scratch> both() {
        return List.of(World.rehearsal(), newest);
    }

    String one(String query) {
        return one(target, query);
    }

    private static String one(Target target, String query) {
        try (Connection connection = Postgres.read(target, "test")) {
            return Postgres.one(connection, query);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    static Fingerprint schema(Target target) {
        try (Connection connection = Postgres.read(target, "test")) {
            return Fingerprint.of(connection);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    // One database on each server, emptied between cases: that is faster than making a new one.
    void database(Scratch server, String setup) {
        target = server.target(name);
        if (databases.add(server)) {
            World.execute(server.target(null), "CREATE DATABASE " + name);
        }
        World.execute(target, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public", setup, "ANALYZE");
    }

    /** Writes the release of one file and runs it as a release does. */
    Executor.Result release(String file) {
        List<Migration> pending = List.of(new Migration("0001_step", "drizzle/0001_step.sql", file, "hash", 1));
        try (Connection connection = Postgres.read(target, "test")) {
            Draft draft = Draft.of(pending, Notes.of("").entries(), new Catalog(connection), 1);
            assertEquals(List.of(), draft.problems().stream().map(Problem::message).toList());
            script = Script.of(draft, pending, List.of(), "drizzle", List.of());
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        return new Executor(target, (connection, done) -> { }, done -> { }, line -> { })
                .run(Plan.parse(script, "release.sql"));
    }

    /** The file run plainly and its safe form leave the same schema and the same answer to a query. */
    Written same(Scratch server, String setup, String file, String query, String... parts) {
        database(server, setup);
        Fingerprint schema;
        String answer;
        try (Connection connection = Postgres.write(target, "test")) {
            connection.setAutoCommit(false);
            Postgres.execute(connection, file);
            schema = Fingerprint.of(connection);
            answer = Postgres.one(connection, query);
            connection.rollback();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        Executor.Result result = release(file);
        assertEquals(null, result.trouble(), () -> result.trouble() + "\n" + script);
        assertEquals(List.of(), schema(target).differences(schema, 20), script);
        assertNotNull(answer, query);
        assertEquals(answer, one(query), script);
        inOrder(parts);
        return new Written(List.of(script));
    }

    Written onBoth(String setup, String file, String query, String... parts) {
        List<String> scripts = new ArrayList<>();
        both().forEach(server -> scripts.addAll(same(server, setup, file, query, parts).scripts));
        return new Written(scripts);
    }

    void inOrder(String... parts) {
        World.assertInOrder(script, parts);
    }

    /** The release SQL of every server that ran it: each look is at all of it. */
    record Written(List<String> scripts) {
        Written segments(Boolean... transactional) {
            scripts.forEach(sql -> assertEquals(List.of(transactional), Plan.parse(sql, "release.sql").segments()
                    .stream().map(Plan.Segment::transactional).toList(), sql));
            return this;
        }

        Written times(int count, String part) {
            scripts.forEach(sql -> assertEquals(count, sql.split(Pattern.quote(part), -1).length - 1,
                    () -> "how often " + part + " is in\n" + sql));
            return this;
        }
    }
}
