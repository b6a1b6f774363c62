//DEPS org.postgresql:postgresql:42.7.14@fatjar
//SOURCES Failure.java Gate.java Target.java

package lib;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.net.ssl.SSLException;

/** Connections to PostgreSQL, and why one could not be made. */
public final class Postgres {
    private Postgres() {
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

    /** Connects for reading only: the server itself refuses every change. */
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
        String host = target.host().contains(":") ? "[" + target.host() + "]" : target.host();
        String url = "jdbc:postgresql://" + host + ":" + target.port() + "/"
                + URLEncoder.encode(target.database(), StandardCharsets.UTF_8).replace("+", "%20");
        try {
            Connection connection = new org.postgresql.Driver().connect(url, properties);
            if (readOnly) {
                execute(connection, "SET default_transaction_read_only = on");
            }
            return connection;
        } catch (SQLException e) {
            throw unreachable(target, e);
        }
    }

    /** Tells the reasons apart for which a server cannot be used, each with its own way out. */
    public static Failure unreachable(Target target, SQLException error) {
        String state = String.valueOf(error.getSQLState());
        String place = target.host() + ":" + target.port();
        String said = String.valueOf(error.getMessage()).lines().findFirst().orElse("");
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnknownHostException) {
                return failure(error, "no such host: " + target.host(), target.host().endsWith(".internal")
                        ? "this name is known only inside the provider's network: use the public URL"
                        : "check the host in the URL: nslookup " + target.host());
            }
            if (cause instanceof ConnectException && String.valueOf(cause.getMessage()).contains("refused")) {
                return failure(error, place + " refuses the connection: no server listens there",
                        "check host and port, and that the server runs: " + ready(target));
            }
            if (cause instanceof SocketException && Gate.words(cause).startsWith("Network is unreachable")) {
                return failure(error, "no road leads from this machine to " + place, "the host may have an IPv6 address"
                        + " only: use the address your provider has for IPv4, or a network with IPv6");
            }
            if (cause instanceof SocketTimeoutException || cause instanceof NoRouteToHostException
                    || cause instanceof ConnectException) {
                return silent(target, error);
            }
            if (cause instanceof SSLException) {
                return failure(error, "TLS with " + place + " fails: " + Gate.words(cause),
                        "check sslmode and sslrootcert in the URL; what the server shows: "
                        + "openssl s_client -starttls postgres -connect " + place);
            }
        }
        if (said.contains("attempt timed out")) {
            return silent(target, error);
        }
        if (said.contains("does not support SSL")) {
            return failure(error, place + " offers no TLS, and the URL asks for it",
                    "turn it on at the server; on a network of your own only, leave sslmode out of the URL");
        }
        if (said.contains("no password was provided")) {
            return failure(error, place + " asks for the password of user " + target.user() + ", and the URL has none",
                    "put it into the URL: postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
        }
        return switch (state) {
            case "28P01" -> failure(error, place + " refuses the password of user " + target.user(),
                    "check user and password in the URL; special characters are written as %XX");
            case "28000" -> failure(error, place + " does not let user " + target.user() + " in: " + said,
                    "add sslmode=require to the URL, or allow this address in the server's pg_hba.conf");
            case "3D000" -> failure(error, place + " has no database " + target.database(),
                    "check the last part of the URL; psql -l lists the databases");
            case "42501" -> failure(error, place + " keeps user " + target.user() + " out of database "
                    + target.database(), "GRANT CONNECT ON DATABASE … TO …, as its owner");
            case "53300" -> failure(error, place + " has no free connection: " + said,
                    "close some sessions, then run it again");
            case "57P03" -> failure(error, place + " is starting up or shutting down",
                    "wait a moment, then run it again");
            default -> failure(error, place + " cannot be used: " + said, "try it: " + ready(target));
        };
    }

    private static Failure silent(Target target, SQLException error) {
        return failure(error, target.host() + ":" + target.port() + " did not answer within " + target.patience()
                + " s", "a firewall stands between: allow this machine's address in your provider's dashboard");
    }

    private static String ready(Target target) {
        return "pg_isready -h " + target.host() + " -p " + target.port();
    }

    private static Failure failure(SQLException error, String message, String hint) {
        return new Failure(Failure.Exit.MISSING, message, hint, error);
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

    /** Runs one statement exactly as it is written and returns the number of rows it touched. */
    public static long execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
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
