//SOURCES PreflightCase.java SessionsTest.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import lib.Postgres;
import lib.Target;
import lib.sql.Name;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The gates db.role and db.locks, for an application whose release waits for two migrations. */
class RightsTest extends PreflightCase {
    private World app;
    private Target admin;

    @BeforeEach
    void makeApplication() {
        app = World.drizzle();
        admin = World.productionServer().target(app.production.database());
    }

    @AfterEach
    void removeApplication() {
        // Roles belong to the server, and other tests meet this one again.
        admin("REVOKE pg_read_all_data FROM app", "ALTER ROLE app NOBYPASSRLS");
        app.close();
    }

    private void admin(String... statements) {
        World.execute(admin, statements);
    }

    private World.Result look(String gate) {
        return app.run("preflight", "--json", "--only", gate);
    }

    private World.Result stops(String message) {
        World.Result seen = look("db.role");
        assertEquals(10, seen.exit(), seen::all);
        saw(seen, "db.role", "stop", "app may not do all that the release does: ");
        saw(seen, "db.role", "stop", message);
        return seen;
    }

    /** Stops, and passes once an administrator has run what is to be pasted. */
    private void stops(String message, String way) {
        World.Result seen = stops(message);
        String hint = seen.gate("db.role").path("hint").asText();
        assertTrue(hint.contains(way), seen::all);
        World.psql(admin, hint);
        World.Result after = look("db.role");
        assertEquals(0, after.exit(), after::all);
        saw(after, "db.role", "pass", "app may run what is pending, and read every table");
    }

    @Test
    void theOwnerMayRunThePlanAndASuperuserIsNotNeeded() {
        World.Result seen = look("db.role");
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "db.role", "pass", "app may run what is pending, and read every table");
        app.environment.put("PROD_DATABASE_URL", admin.url());
        saw(look("db.role"), "db.role", "pass", "postgres is a superuser, which a release does not need");
    }

    @Test
    void aTableOfAnotherOwnerIsNamedWithTheGrant() {
        admin("DROP ROLE IF EXISTS \"Chef\"", "CREATE ROLE \"Chef\"", "ALTER TABLE food_logs OWNER TO \"Chef\"");
        try {
            stops("alter food_logs, which belongs to \"Chef\"", "GRANT \"Chef\" TO app;");
        } finally {
            admin("ALTER TABLE food_logs OWNER TO app", "DROP ROLE \"Chef\"");
        }
    }

    @Test
    void aSchemaInWhichNothingMayBeMadeIsNamed() {
        admin("REVOKE CREATE ON SCHEMA public FROM PUBLIC, app", "ALTER SCHEMA public OWNER TO postgres");
        stops("create in schema public", "GRANT CREATE ON SCHEMA public TO app;");
    }

    @Test
    void theHistoryOfTheToolMustBeWritable() {
        admin("ALTER TABLE drizzle.__drizzle_migrations OWNER TO postgres",
                "GRANT SELECT ON drizzle.__drizzle_migrations TO app");
        stops("INSERT on drizzle.__drizzle_migrations", "GRANT USAGE ON SEQUENCE drizzle.__drizzle_migrations_id_seq");
    }

    @Test
    void aTableThatTheBackupCannotReadIsNamed() {
        admin("CREATE TABLE hidden (id serial)", "CREATE SCHEMA closed", "CREATE TABLE closed.t (id int)",
                "CREATE TABLE mine (id int)", "ALTER TABLE mine OWNER TO app",
                "ALTER TABLE mine ENABLE ROW LEVEL SECURITY", "ALTER TABLE mine FORCE ROW LEVEL SECURITY");
        World.Result seen = stops("read ");
        saw(seen, "db.role", "stop", "closed.t");
        saw(seen, "db.role", "stop", "see every row of mine (row level security)");
        stops("hidden", "GRANT pg_read_all_data TO app;\nALTER ROLE app BYPASSRLS;");
    }

    @Test
    void whatAnEntryNeedsIsAskedForToo() {
        admin("CREATE TABLE theirs (id int)", "GRANT SELECT ON theirs TO app", "REVOKE CREATE ON DATABASE "
                + Name.quote(app.production.database()) + " FROM PUBLIC, app", "ALTER DATABASE "
                + Name.quote(app.production.database()) + " OWNER TO postgres");
        app.write("MIGRATIONS.md", app.read("MIGRATIONS.md") + "\n## More\n\n```sql\nCREATE SCHEMA extra;\n"
                + "INSERT INTO theirs VALUES (1);\nDELETE FROM theirs WHERE id = 2;\n```\n");
        app.push("more");
        World.Result seen = stops("make a schema in database ");
        saw(seen, "db.role", "stop", "INSERT on theirs; DELETE on theirs");
        stops("make a schema", "GRANT INSERT ON theirs TO app;\nGRANT DELETE ON theirs TO app;");
    }

    @Test
    void withNothingPendingThereIsNoLockToTry() {
        World.Result seen = gates("--only", "db.locks");
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "db.locks", "skip", "nothing is pending");
    }

    @Test
    void aMigrationThatCannotBeReadIsSaidAndNotTakenForNothing() {
        app.migration("0007_broken", "ALTER TABLE food_logs ADD COLUMN a text DEFAULT 'never closed;");
        app.push("broken");
        World.Result seen = look("db.locks");
        saw(seen, "db.locks", "skip", "what the release does is not known yet: ");
        saw(seen, "db.locks", "skip", "is never closed");
    }

    @Test
    void theProbeLeavesNothingBehindAndWaitsForNobody() throws SQLException {
        // Two readers in turn, so that one always holds the table and neither for long.
        AtomicBoolean over = new AtomicBoolean();
        CompletableFuture<Void> readers = CompletableFuture.runAsync(() -> inTurn(over));
        try {
            World.Result seen = look("db.locks");
            saw(seen, "db.locks", "warn", "not to be had: ACCESS EXCLUSIVE on food_logs");
            assertTrue(seen.gate("db.locks").path("hint").asText().contains("a release waits for its locks"),
                    seen::all);
        } finally {
            over.set(true);
            readers.join();
        }
        World.Result seen = look("db.locks");
        saw(seen, "db.locks", "pass", "to be had: ");
        assertEquals("0", app.sql("SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
                + " WHERE relname = 'food_logs'"));
        assertEquals("5", app.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
    }

    private void inTurn(AtomicBoolean over) {
        try (Connection one = Postgres.write(app.production, "test");
                Connection other = Postgres.write(app.production, "test")) {
            one.setAutoCommit(false);
            other.setAutoCommit(false);
            for (int turn = 0; !over.get(); turn++) {
                Connection next = turn % 2 == 0 ? one : other;
                Postgres.execute(next, "SELECT count(*) FROM food_logs");
                (turn % 2 == 0 ? other : one).rollback();
                SessionsTest.pause(200);
            }
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aRoleThatMayNotLockIsSentToTheGateOfTheRole() {
        admin("ALTER TABLE food_logs OWNER TO postgres", "GRANT SELECT ON food_logs TO app");
        World.Result seen = look("db.locks");
        saw(seen, "db.locks", "warn", "no lock was tried on food_logs (42501)");
    }
}
