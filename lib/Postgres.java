//DEPS org.postgresql:postgresql:42.7.14@fatjar
//SOURCES Failure.java Target.java Unreachable.java

package lib;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.postgresql.PGConnection;

/** Connections to PostgreSQL, and why one could not be made. */
public final class Postgres {
    /** Kept, for a logger that nobody holds loses its level: what goes wrong is said once, and by us. */
    private static final Logger DRIVER = Logger.getLogger("org.postgresql");

    static {
        DRIVER.setLevel(Level.OFF);
    }

    private Postgres() {
    }

    /** Loads the driver. */
    static void load() {
        new org.postgresql.Driver();
    }

    /**
     * Which database this is, whatever name or road led to it.
     *
     * @param system the cluster's own identifier; empty where the provider hides it
     * @param oid the database's number in its cluster
     */
    public record Identity(String system, long oid, String database, int major, String version) {
        /** Whether both are one and the same database; name and server version may change, these two do not. */
        public boolean same(Identity other) {
            return system.equals(other.system) && oid == other.oid;
        }
    }

    /** Connects for reading only: the server itself refuses every change, unless a pooler stands in between. */
    public static Connection read(Target target, String phase) {
        return connect(target, phase, true);
    }

    /** Connects for changing the database. */
    public static Connection write(Target target, String phase) {
        return connect(target, phase, false);
    }

    private static Connection connect(Target target, String phase, boolean readOnly) {
        Properties properties = target.properties();
        properties.setProperty("ApplicationName", "release " + phase);
        properties.setProperty("connectTimeout", target.patience());
        properties.setProperty("loginTimeout", target.patience());
        properties.setProperty("tcpKeepAlive", "true");
        // The detail of an error quotes rows; nobody's personal data belongs on a screen or in a log.
        properties.setProperty("logServerErrorDetail", "false");
        // One statement goes over as it stands: in the other modes the driver splits it at semicolons of its choice.
        properties.setProperty("preferQueryMode", "simple");
        try {
            Connection connection = new org.postgresql.Driver().connect(target.jdbc(), properties);
            if (readOnly) {
                // Not through a pooler: there the setting would stay behind for whoever comes next, the application.
                one(connection, "SELECT set_config('default_transaction_read_only', 'on', false)"
                        + " WHERE pg_backend_pid() = " + wirePid(connection));
            }
            return connection;
        } catch (SQLException e) {
            throw unreachable(target, e);
        }
    }

    /** Tells the reasons apart for which a server cannot be used, each with its own way out. */
    public static Failure unreachable(Target target, SQLException error) {
        return Unreachable.of(target, error);
    }

    /** The server process as the wire protocol names it; a pooler in between names one that does not exist. */
    public static int wirePid(Connection connection) throws SQLException {
        return connection.unwrap(PGConnection.class).getBackendPID();
    }

    /** Whether the server itself is at the other end, and no pooler in between. */
    public static boolean direct(Connection connection) throws SQLException {
        return one(connection, "SELECT 1 WHERE pg_backend_pid() = " + wirePid(connection)) != null;
    }

    public static Identity identity(Connection connection) throws SQLException {
        String system = "";
        try {
            system = one(connection, "SELECT system_identifier::text FROM pg_control_system()");
        } catch (SQLException e) {
            if (!"42501".equals(e.getSQLState())) {
                throw e;
            }
        }
        List<String> row = rows(connection, "SELECT oid, datname, current_setting('server_version_num')::int / 10000,"
                + " current_setting('server_version') FROM pg_database WHERE datname = current_database()").get(0);
        return new Identity(system, Long.parseLong(row.get(0)), row.get(1), Integer.parseInt(row.get(2)), row.get(3));
    }

    /** What a database takes on disk, with its indexes. */
    public static long bytes(Connection connection) throws SQLException {
        return Long.parseLong(one(connection, "SELECT pg_database_size(current_database())"));
    }

    /** Takes a transaction back, as far as there is still a connection. */
    public static void rollBack(Connection connection) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // A connection that is gone has rolled back on the server.
            return;
        }
    }

    /** Closes a connection, if there is one; what is broken is closed already. */
    public static void close(Connection connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException e) {
            // Whatever it held on the server went with it.
            return;
        }
    }

    /** From now on each statement commits by itself again. */
    public static void restoreAutoCommit(Connection connection) {
        try {
            connection.setAutoCommit(true);
        } catch (SQLException e) {
            // The next statement on a broken connection says so itself.
            return;
        }
    }

    /** Runs one statement exactly as it is written and returns the number of rows it touched. */
    public static long execute(Connection connection, String sql) throws SQLException {
        return execute(connection, sql, notice -> { });
    }

    /** The same, and hands on what the server remarked while it ran. */
    public static long execute(Connection connection, String sql, Consumer<String> notices) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
            for (SQLWarning notice = statement.getWarnings(); notice != null; notice = notice.getNextWarning()) {
                notices.accept(notice.getMessage());
            }
            return Math.max(0, statement.getLargeUpdateCount());
        }
    }

    /** The first column of the first row; null when there is no row. */
    public static String one(Connection connection, String sql) throws SQLException {
        List<List<String>> rows = rows(connection, sql);
        return rows.isEmpty() ? null : rows.get(0).get(0);
    }

    /** All rows of a query, each value as text. */
    public static List<List<String>> rows(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            try (ResultSet result = statement.executeQuery(sql)) {
                List<List<String>> rows = new ArrayList<>();
                while (result.next()) {
                    List<String> row = new ArrayList<>();
                    for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                        row.add(result.getString(i));
                    }
                    rows.add(row);
                }
                return rows;
            }
        }
    }

    /** A text as an SQL literal. */
    public static String literal(String text) {
        String quoted = "'" + text.replace("'", "''") + "'";
        return text.contains("\\") ? "E" + quoted.replace("\\", "\\\\") : quoted;
    }
}
