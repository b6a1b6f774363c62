//SOURCES World.java
//SOURCES ../lib/plan/Catalog.java ../lib/plan/Draft.java ../lib/plan/Plan.java ../lib/plan/Script.java

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import lib.Migration;
import lib.Notes;
import lib.Postgres;
import lib.Target;
import lib.plan.Catalog;
import lib.plan.Draft;
import lib.plan.Plan;
import lib.plan.Problem;
import lib.plan.Script;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/**
 * What the tests of a draft share: a database of its own for each case, in which psql runs the release SQL that is
 * written from migrations, entries and that database.
 */
@Timeout(120)
abstract class DraftCase {
    private static final AtomicInteger COUNT = new AtomicInteger();

    /** A new table keyed by e-mail, as drizzle-kit writes it. */
    static final String USERS = """
            CREATE TABLE "users" (
                "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
                "email" text NOT NULL,
                CONSTRAINT "users_email_unique" UNIQUE("email")
            );
            """;
    static final String NOTES_BY_EMAIL = """
            CREATE TABLE notes (id serial PRIMARY KEY, email text NOT NULL, body text);
            INSERT INTO notes (email, body) VALUES ('a@x.org', '1'), ('b@x.org', '2'), ('a@x.org', '3');
            """;
    static final String REFER = """
            ALTER TABLE "notes" ADD COLUMN "user_id" uuid NOT NULL;
            ALTER TABLE "notes" ADD CONSTRAINT "notes_user_id_fk" FOREIGN KEY ("user_id")
                REFERENCES "public"."users"("id");
            """;
    static final String GIVE_UP = "ALTER TABLE \"notes\" DROP COLUMN \"email\";\n";
    static final String ALL_FILLED = "SELECT count(*) FROM notes n JOIN users u ON u.id = n.user_id";

    private final List<String> databases = new ArrayList<>();
    final List<Migration> pending = new ArrayList<>();
    Target target;
    Draft draft;
    String script;

    @AfterEach
    void dropDatabases() {
        databases.forEach(name ->
                World.execute(World.rehearsal().target(null), "DROP DATABASE " + name + " WITH (FORCE)"));
    }

    // Each case has a database of its own, with a stand-in for a migration tool's history.
    void database(String setup) {
        String name = "draft_" + COUNT.incrementAndGet();
        World.execute(World.rehearsal().target(null), "CREATE DATABASE " + name);
        databases.add(name);
        target = World.rehearsal().target(name);
        World.psql(target, "CREATE TABLE history (id text);\n" + setup);
    }

    void draft(String notes, String... files) {
        pending.clear();
        for (String file : files) {
            String id = String.format("%04d_step", pending.size() + 1);
            pending.add(new Migration(id, "drizzle/" + id + ".sql", file, "hash", pending.size()));
        }
        try (Connection connection = Postgres.read(target, "test")) {
            draft = Draft.of(pending, Notes.of(notes).entries(), new Catalog(connection));
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        script = Script.of(draft, pending, List.of(), "drizzle", List.of("INSERT INTO history VALUES ('done')"));
        Plan.parse(script, "release.sql");
    }

    /** Drafts without a problem, runs it with psql, and finds the history row. */
    void release(String notes, String... files) {
        draft(notes, files);
        assertEquals(List.of(), messages());
        run();
    }

    void run() {
        try {
            World.psql(target, script);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + script, e);
        }
        assertEquals("1", one("SELECT count(*) FROM history"));
    }

    List<String> messages() {
        return draft.problems().stream().map(Problem::message).toList();
    }

    Problem onlyProblem() {
        assertEquals(1, draft.problems().size(), () -> messages().toString());
        return draft.problems().get(0);
    }

    String one(String query) {
        try (Connection connection = Postgres.read(target, "test")) {
            return Postgres.one(connection, query);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    void assertInOrder(String... parts) {
        World.assertInOrder(script, parts);
    }

    static String entry(String text) {
        return "# Notes\n\n<!-- Add entries below this line -->\n\n## An entry\n" + text + "\n";
    }

    static String fence(String sql) {
        return entry("```sql\n" + sql + "\n```");
    }
}
