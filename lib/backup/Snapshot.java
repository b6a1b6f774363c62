//SOURCES ../Postgres.java ../Target.java

package lib.backup;

import java.sql.Connection;
import java.sql.SQLException;
import lib.Postgres;
import lib.Target;

/** One moment of a database that several connections and pg_dump read together, while others go on changing it. */
public final class Snapshot implements AutoCloseable {
    // A role's own limits would end a session while the others still need it. And a session whose client was killed
    // must not go on reading a large table: the server looks after it, where it can.
    private static final String UNLIMITED = "SELECT set_config(name, CASE name"
            + " WHEN 'client_connection_check_interval' THEN '5000' ELSE '0' END, false) FROM pg_settings"
            + " WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')"
            + " OR name = 'client_connection_check_interval' AND version() LIKE '%linux%'";
    private static final String REPEATABLE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";

    private final Connection connection;
    private final String name;

    private Snapshot(Connection connection, String name) {
        this.connection = connection;
        this.name = name;
    }

    /** Takes the snapshot; it can be joined until it is closed. */
    public static Snapshot of(Target target) throws SQLException {
        Connection connection = unlimited(target);
        try {
            connection.setAutoCommit(false);
            Postgres.execute(connection, REPEATABLE);
            return new Snapshot(connection, Postgres.one(connection, "SELECT pg_export_snapshot()"));
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** A connection for reading that no time limit of its role ends. */
    static Connection unlimited(Target target) throws SQLException {
        Connection connection = Postgres.read(target, "backup");
        try {
            Postgres.execute(connection, "SET statement_timeout = 0");
            Postgres.rows(connection, UNLIMITED);
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** Opens a transaction on another connection that sees the same; a null name is the present moment. */
    static void join(Connection connection, String name) throws SQLException {
        Postgres.execute(connection, REPEATABLE);
        if (name != null) {
            Postgres.execute(connection, "SET TRANSACTION SNAPSHOT " + Postgres.literal(name));
        }
    }

    /** The name under which pg_dump and other connections join it. */
    public String name() {
        return name;
    }

    /** The connection that holds it. */
    public Connection connection() {
        return connection;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
