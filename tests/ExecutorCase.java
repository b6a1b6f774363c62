//SOURCES World.java ../lib/plan/Executor.java ../lib/plan/Journal.java

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import lib.Postgres;
import lib.Target;
import lib.plan.Executor;
import lib.plan.Journal;
import lib.plan.Plan;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/** What the tests of the executor share: a database of the class's own with two tables, a plan, and what is said. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ExecutorCase {
    static final String ROWS = """
            BEGIN;
            INSERT INTO done VALUES ('first');
            COMMIT;
            VACUUM done;
            BEGIN;
            INSERT INTO done VALUES ('second');
            COMMIT;
            """;

    World world;
    List<String> said;

    @BeforeAll
    void makeADatabase() {
        world = World.of(getClass().getName(), "template0");
    }

    @AfterAll
    void removeIt() {
        world.close();
    }

    @BeforeEach
    void makeTables() {
        // What an executor of another test still says is none of this one.
        said = Collections.synchronizedList(new ArrayList<>());
        world.execute("DROP SCHEMA IF EXISTS release_journal, app CASCADE", "DROP TABLE IF EXISTS done, people",
                "CREATE TABLE done (what text)", "CREATE TABLE people (id int, mail text)",
                "INSERT INTO people VALUES (1, 'a@example.com'), (1, 'b@example.com')");
    }

    Executor executor(Target target) {
        return new Executor(target, (connection, done) -> { }, done -> { }, said::add);
    }

    static Plan plan(String sql) {
        return Plan.parse(sql, "plan.sql");
    }

    String rows() {
        return world.sql("SELECT string_agg(what, ',' ORDER BY what) FROM done");
    }

    Optional<Journal> journal() {
        try (Connection connection = Postgres.read(world.production, "test")) {
            return Journal.of(connection);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    static void until(BooleanSupplier condition) {
        for (int i = 0; i < 400 && !condition.getAsBoolean(); i++) {
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        assertTrue(condition.getAsBoolean());
    }
}
