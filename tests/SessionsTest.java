//SOURCES OwnServer.java PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.Exec;
import lib.PhaseProcess;
import lib.Postgres;
import lib.Target;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** The gates of who else is connected: room, and transactions in the way. */
@Order(1)
class SessionsTest extends PreflightCase {
    @Test
    void roomIsCountedInTheServerTheDatabaseAndTheRole() throws SQLException {
        try (OwnServer server = new OwnServer()) {
            server.execute("CREATE ROLE app LOGIN PASSWORD 'x'", "CREATE DATABASE app OWNER app");
            url(server.as("app", "x").database("app"));
            // The connection that made them takes a moment to leave.
            pause(500);
            World.Result free = gates("--only", "db.connections");
            assertEquals(0, free.exit(), free::all);
            saw(free, "db.connections", "pass", "0 of 100 connections used, 3 reserved for superusers");
            List<Connection> others = new ArrayList<>();
            try {
                open(others, server, 80);
                World.Result full = gates("--only", "db.connections");
                assertEquals(0, full.exit(), full::all);
                saw(full, "db.connections", "warn", "80 of 100 connections used");
                open(others, server, 93);
                stops("db.connections", 10, "93 of 100 connections used, 3 reserved for superusers: 4 left of the"
                        + " server", "close some sessions");
            } finally {
                for (Connection other : others) {
                    other.close();
                }
            }
            server.execute("ALTER ROLE app CONNECTION LIMIT 4");
            stops("db.connections", 10, "0 of the 4 connections of user app are used: 4 left of user app",
                    "ALTER ROLE … CONNECTION LIMIT -1;");
            server.execute("ALTER ROLE app CONNECTION LIMIT -1", "ALTER DATABASE app CONNECTION LIMIT 4");
            stops("db.connections", 10, "0 of the 4 connections of the database are used: 4 left of the database",
                    "ALTER DATABASE … CONNECTION LIMIT -1;");
        }
    }

    private static void open(List<Connection> others, OwnServer server, int number) {
        while (others.size() < number) {
            others.add(Postgres.write(server.target(), "test"));
        }
    }

    @Test
    void whoIsInTheWayOfTheReleaseIsShownWithoutAnyValue() throws SQLException {
        try (World app = World.drizzle(); Connection other = Postgres.write(app.production, "test");
                Connection beyond = Postgres.write(app.production, "test")) {
            app.execute("CREATE TABLE aside (id int)");
            World.Result quiet = app.run("preflight", "--json", "--only", "db.blockers,db.locks");
            assertEquals(0, quiet.exit(), quiet::all);
            saw(quiet, "db.blockers", "pass", "no long transaction, none idle, no dump");
            saw(quiet, "db.locks", "pass", "ACCESS EXCLUSIVE on food_logs");

            other.setAutoCommit(false);
            Postgres.execute(other, "SET application_name = 'cron job'");
            Postgres.execute(other, "UPDATE food_logs SET email = 'secret@example.com' WHERE id = 12345");
            World.Result young = app.run("preflight", "--json", "--only", "db.blockers");
            saw(young, "db.blockers", "pass", "no long transaction");
            beyond.setAutoCommit(false);
            Postgres.execute(beyond, "LOCK TABLE aside IN ACCESS EXCLUSIVE MODE");
            pause(10_500);
            World.Result seen = app.run("preflight", "--json", "--only", "db.blockers,db.locks");
            assertEquals(10, seen.exit(), seen::all);
            int pid = Postgres.wirePid(other);
            saw(seen, "db.blockers", "stop", "pid " + pid
                    + " of app (cron job) from 127.0.0.1, idle in transaction for ");
            saw(seen, "db.blockers", "stop", "holds ROW EXCLUSIVE on food_logs");
            saw(seen, "db.blockers", "stop", "UPDATE food_logs SET email = ? WHERE id = ?");
            assertTrue(seen.gate("db.blockers").path("hint").asText().contains("--terminate-idle 1m"), seen::all);
            saw(seen, "db.locks", "stop", "not to be had: ACCESS EXCLUSIVE on food_logs, tried 10 times");
            saw(seen, "db.locks", "stop", "pid " + pid + " of app (cron job)");
            assertTrue(seen.gate("db.locks").path("hint").asText().contains("pg_terminate_backend(" + pid + ");"),
                    seen::all);
            assertFalse(seen.all().contains("secret@") || seen.all().contains("12345"), seen::all);

            // On a table that the release does not touch it is a warning, and its lock is no concern of ours.
            other.rollback();
            World.Result beside = app.run("preflight", "--json", "--only", "db.blockers,db.locks");
            saw(beside, "db.blockers", "warn", "on no table that the release locks");
            saw(beside, "db.locks", "pass", "to be had");
            beyond.rollback();
        }
    }

    @Test
    void whatIsIdleIsEndedOnlyAfterAYesOnATerminal() throws SQLException {
        assumeTrue(Exec.of("script", "--version").run().ok(), "script(1) of util-linux is not installed");
        try (Connection idle = Postgres.write(world.production, "test");
                Connection busy = Postgres.write(world.production, "test")) {
            idle.setAutoCommit(false);
            Postgres.execute(idle, "SELECT 'S3cret'");
            pause(1500);
            String pid = String.valueOf(Postgres.wirePid(idle));
            World.Result refused = gates("--only", "db.blockers", "--terminate-idle", "1s");
            assertEquals(11, refused.exit(), refused::all);
            saw(refused, "db.blockers", "stop", "there is no terminal to ask on");
            saw(refused, "db.blockers", "stop", "pid " + pid + " of app");
            assertTrue(refused.gate("db.blockers").path("hint").asText().contains("pg_terminate_backend(" + pid + ")"),
                    refused::all);
            World.Result young = gates("--only", "db.blockers", "--terminate-idle", "1h");
            assertEquals(0, young.exit(), young::all);
            saw(young, "db.blockers", "pass", "nobody is idle in transaction for 60 min");

            Exec.Result no = typed("no\n");
            assertTrue(no.out().contains("Type yes to end this session:"), no.out());
            assertTrue(no.out().contains("no session was ended"), no.out());
            Postgres.execute(idle, "SELECT 1");
            pause(1500);
            Exec.Result yes = typed("yes\n");
            assertTrue(yes.out().contains("ended 1 of 1 session: pid " + pid), yes.out());
            assertThrows(SQLException.class, () -> Postgres.execute(idle, "SELECT 1"));
            Postgres.execute(busy, "SELECT 1");
        }
    }

    private Exec.Result typed(String answer) {
        List<String> command = new ArrayList<>(PhaseProcess.java("preflight"));
        command.addAll(List.of("--only", "db.blockers", "--terminate-idle", "1s"));
        return Exec.of("script", "--quiet", "--return", "--command", Exec.typed(command), "/dev/null").in(world.repo)
                .with(world.environment).with(Map.of("TERM", "xterm")).input(answer.getBytes(StandardCharsets.UTF_8))
                .run();
    }

    @Test
    void anAgeThatIsNoneIsWrongUsage() {
        for (String wrong : List.of("5", "soon", "-5m", "0s", "5x")) {
            World.Result seen = gates("--terminate-idle", wrong);
            assertEquals(2, seen.exit(), seen::all);
            assertTrue(seen.err().contains("'" + wrong + "' is not an age like 30s, 5m or 1h"), seen::all);
        }
    }

    @Test
    void aDumpAtWorkIsShownAndWaitedFor() throws SQLException {
        try (OwnServer server = new OwnServer(); Connection dump = Postgres.write(server.target(), "test")) {
            server.execute("CREATE TABLE t (id int)");
            url(server.target());
            dump.setAutoCommit(false);
            Postgres.execute(dump, "SET application_name = 'pg_dump'");
            Postgres.execute(dump, "LOCK TABLE t IN ACCESS SHARE MODE");
            world.write("MIGRATIONS.md", "# Notes\n\n## More\n\n```sql\nALTER TABLE t ADD COLUMN a int;\n```\n");
            world.push("an entry");
            World.Result seen = stops("db.blockers", 10, "a dump at work for ", "wait for the end of the dump");
            saw(seen, "db.blockers", "stop", "holds ACCESS SHARE on t");
            saw(seen, "db.locks", "stop", "not to be had: ACCESS EXCLUSIVE on t");
        }
    }

    @Test
    void aPreparedTransactionIsShownWithTheStatementThatEndsIt() {
        try (OwnServer server = new OwnServer()) {
            server.execute("CREATE TABLE t (id int)", "ALTER SYSTEM SET max_prepared_transactions = 5");
            server.restart();
            server.execute("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'it''s left'");
            url(server.target());
            World.Result beside = gates("--only", "db.blockers");
            assertEquals(0, beside.exit(), beside::all);
            saw(beside, "db.blockers", "warn", "prepared transaction 'it''s left' of postgres, prepared ");
            world.write("MIGRATIONS.md", "# Notes\n\n## More\n\n```sql\nALTER TABLE t ADD COLUMN a int;\n```\n");
            world.push("an entry");
            World.Result seen = stops("db.blockers", 10, "holds ROW EXCLUSIVE on t",
                    "ROLLBACK PREPARED 'it''s left';   -- or COMMIT PREPARED");
            saw(seen, "db.locks", "stop", "prepared transaction 'it''s left'");
            World.psql(server.scratch.target(null), seen.gate("db.blockers").path("hint").asText());
            World.Result after = gates("--only", "db.blockers,db.locks");
            assertEquals(0, after.exit(), after::all);
        }
    }

    @Test
    void whatThisUserMayNotSeeIsSaid() throws SQLException {
        Target admin = World.productionServer().target(world.production.database());
        World.execute(admin, "CREATE TABLE theirs (id int)", "GRANT SELECT ON theirs TO app");
        try (Connection other = Postgres.write(admin, "test")) {
            other.setAutoCommit(false);
            Postgres.execute(other, "SELECT * FROM theirs WHERE id = 12345");
            World.Result seen = gates("--only", "db.blockers");
            assertEquals(0, seen.exit(), seen::all);
            saw(seen, "db.blockers", "warn", "1 session holds locks, and this user may not see what it does");
            assertTrue(seen.gate("db.blockers").path("hint").asText().contains("GRANT pg_read_all_stats TO app;"),
                    seen::all);
            other.rollback();
        }
        World.execute(admin, "DROP TABLE theirs");
    }

    static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
