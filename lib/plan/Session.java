//SOURCES ../Failure.java ../Postgres.java ../Target.java Journal.java Patience.java Plan.java

package lib.plan;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import lib.Failure;
import lib.Postgres;
import lib.Target;
import lib.sql.Statement;
import org.postgresql.PGConnection;

/** The connection that a plan runs on, made anew where it broke, with the settings that the plan relies on. */
final class Session implements AutoCloseable {
    // The result must not depend on the machine that runs it, nor on the role's own habits. A server whose client is
    // gone, with its locks, finds that out within a minute; without these two hours may pass.
    private static final List<String> SETTINGS = List.of("TimeZone = 'UTC'", "statement_timeout = 0",
            "idle_in_transaction_session_timeout = 0", "default_transaction_read_only = off", "lock_timeout = '5s'",
            "tcp_keepalives_idle = 20", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3");
    /** The SQLSTATE of a connection that broke. */
    static final String BROKEN = "08006";
    private static final Duration BACK = Duration.ofSeconds(60);
    private static final Duration LOOK = Duration.ofMillis(500);

    private final Target target;
    private final Plan plan;
    private final Patience patience;
    private final Consumer<String> say;
    private Postgres.Identity identity;
    private volatile Connection connection;

    Session(Target target, Plan plan, Patience patience, Consumer<String> say) {
        this.target = target;
        this.plan = plan;
        this.patience = patience;
        this.say = say;
    }

    Connection connection() {
        return connection;
    }

    /** Connects; the settings that the first {@code committed} segments of the plan made are made again. */
    Connection open(int committed) throws SQLException {
        connection = Postgres.write(target, "apply");
        for (String setting : SETTINGS) {
            Postgres.execute(connection, "SET " + setting);
        }
        leave(connection);
        Postgres.Identity now = Postgres.identity(connection);
        if (identity != null && !identity.same(now)) {
            throw Failure.stop("another database answers than before: " + now.database() + " (" + now.oid() + ")",
                    "see where the database URL leads to now");
        }
        identity = now;
        for (Plan.Segment segment : plan.segments().subList(0, committed)) {
            for (Statement statement : segment.statements()) {
                if (lasting(statement)) {
                    Postgres.execute(connection, statement.sql());
                }
            }
        }
        return connection;
    }

    // From PostgreSQL 14 on, where its machine can: a statement whose client is gone ends, and its locks with it.
    private static void leave(Connection connection) throws SQLException {
        try {
            Postgres.one(connection, "SELECT set_config(name, '2s', false) FROM pg_settings"
                    + " WHERE name = 'client_connection_check_interval'");
        } catch (SQLException e) {
            if (lost(e)) {
                throw e;
            }
        }
    }

    private static boolean lasting(Statement statement) {
        return Set.of("SET", "RESET").contains(statement.tag())
                && !statement.sql().matches("(?is)SET\\s+(LOCAL|TRANSACTION)\\b.*");
    }

    /** Connects again after the connection broke, as soon as the server answers, and settles what the old one left. */
    Journal again(int committed) throws SQLException {
        close();
        long deadline = System.nanoTime() + BACK.toNanos();
        while (true) {
            try {
                open(committed);
                return Journal.settled(connection, patience, say).orElse(null);
            } catch (SQLException | Failure e) {
                boolean passing = e instanceof Failure failure ? failure.exit == Failure.Exit.MISSING
                        : lost((SQLException) e);
                if (!passing || System.nanoTime() > deadline) {
                    throw e;
                }
                close();
            }
            patience.pause(LOOK);
        }
    }

    /** Whether a connection that broke, or a server that shuts down, is what this error tells of. */
    static boolean lost(SQLException error) {
        String state = String.valueOf(error.getSQLState());
        return state.startsWith("08") || state.startsWith("57P");
    }

    /** Asks the server to break the present statement off. */
    void cancel() {
        try {
            if (connection != null) {
                connection.unwrap(PGConnection.class).cancelQuery();
            }
        } catch (SQLException e) {
            // Without a connection nothing is under way.
            return;
        }
    }

    @Override
    public void close() {
        Postgres.close(connection);
    }
}
