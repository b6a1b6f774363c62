//SOURCES ../Failure.java ../Gate.java ../Postgres.java ../Target.java ../sql/Name.java

package lib.backup;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import lib.Failure;
import lib.Gate;
import lib.Postgres;
import lib.Target;
import lib.sql.Name;

/**
 * The server of a database, reached through another database of it: nobody can rename the database he is connected to.
 */
public final class Server implements AutoCloseable {
    private static final List<String> USUAL = List.of("postgres", "template1", "defaultdb");
    /** Half of the advisory lock that keeps two restores of one database apart. */
    private static final int LOCK = 0x7266;
    private static final int FORCE = 13;
    // A role's own limits must not end a load or a swap half-way.
    static final String UNLIMITED = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN"
            + " ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout',"
            + " 'transaction_timeout')";

    /** The database that may be replaced; it need not exist. */
    public final Target live;
    private final Target admin;
    private final Connection connection;

    private Server(Target live, Target admin, Connection connection) {
        this.live = live;
        this.admin = admin;
        this.connection = connection;
    }

    /**
     * Connects beside a database.
     *
     * @param wish the database to connect to instead of the usual ones; may be null
     */
    public static Server beside(Target live, String wish) throws SQLException {
        Set<String> names = new LinkedHashSet<>(wish == null ? USUAL : List.of(wish));
        names.remove(live.database());
        List<String> refused = new ArrayList<>();
        for (String name : names) {
            Target admin = live.database(name);
            try {
                Connection connection = Postgres.write(admin, "restore");
                Postgres.rows(connection, UNLIMITED);
                return new Server(live, admin, connection);
            } catch (Failure failure) {
                refused.add(failure.getMessage());
                if (!aboutTheDatabase(failure)) {
                    throw failure;
                }
            }
        }
        throw Failure.missing("no other database of " + live.host() + ":" + live.port()
                + " lets user " + live.user() + " in, and one is needed to rename " + live.database()
                + (refused.isEmpty() ? "" : ": " + String.join("; ", refused)),
                "name one that does: --maintenance-db NAME; or as the administrator: GRANT CONNECT ON DATABASE postgres"
                + " TO " + Name.quote(live.user()) + ";");
    }

    // What would be the same in every database of the server is told at once.
    private static boolean aboutTheDatabase(Failure failure) {
        return failure.getCause() instanceof SQLException sql
                && List.of("3D000", "42501", "28000", "55000").contains(String.valueOf(sql.getSQLState()));
    }

    /** The connection beside the live database. */
    public Connection connection() {
        return connection;
    }

    /** A second one, for what must happen while the first one waits. */
    Connection another() throws SQLException {
        Connection another = Postgres.write(admin, "restore");
        Postgres.rows(another, UNLIMITED);
        return another;
    }

    /** The number of a database; 0 when there is none of that name. */
    public long oid(String database) throws SQLException {
        String oid = Postgres.one(connection, "SELECT oid FROM pg_database WHERE datname = "
                + Postgres.literal(database));
        return oid == null ? 0 : Long.parseLong(oid);
    }

    /** Refuses a role that could not come to the end, before anything is made. */
    public void refuseWithoutRights() throws SQLException {
        String role = Name.quote(live.user());
        if (!holds("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")) {
            throw Failure.stop("user " + live.user() + " may not make databases on " + live.host() + ":" + live.port(),
                    "as its administrator: ALTER ROLE " + role + " CREATEDB;   # or give the URL of a role that may");
        }
        List<List<String>> owner = Postgres.rows(connection, "SELECT pg_get_userbyid(datdba),"
                + " pg_has_role(datdba, 'MEMBER') FROM pg_database WHERE datname = "
                + Postgres.literal(live.database()));
        if (!owner.isEmpty() && !owner.get(0).get(1).equals("t")) {
            String name = owner.get(0).get(0);
            throw Failure.stop("database " + live.database() + " belongs to " + name + ", so user " + live.user()
                    + " may not rename it", "as the administrator: GRANT " + Name.quote(name) + " TO " + role
                    + ";   # or give the URL of " + name);
        }
        if (holds("SELECT pg_is_in_recovery()")) {
            throw Failure.stop(live.host() + ":" + live.port() + " is a replica, which takes no writes",
                    "give the URL of the primary server");
        }
    }

    private boolean holds(String question) throws SQLException {
        return "t".equals(Postgres.one(connection, question));
    }

    /** Keeps other restores of the same database away until this connection ends, however it ends. */
    public void claim() throws SQLException {
        String half = "hashtext(" + Postgres.literal(live.database()) + ") & 2147483647";
        Postgres.rows(connection, "SELECT pg_try_advisory_lock(" + LOCK + ", " + half + ")");
        // Such locks belong to a database each, and the other run may be connected to another: all are looked at.
        String others = Postgres.one(connection, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                + " AND classid = " + LOCK + " AND objid = (" + half + ")::oid AND pid <> pg_backend_pid()");
        if (!"0".equals(others)) {
            throw Failure.stop("another restore or refresh of " + live.database() + " is at work on this server",
                    "wait for its end, then run this again");
        }
    }

    /** Drops a database, whoever is connected to it. */
    void drop(String database) throws SQLException {
        boolean force = connection.getMetaData().getDatabaseMajorVersion() >= FORCE;
        drop(connection, database, force);
    }

    /** The same over a connection of its own: for the end of a run, when the other one may be at work. */
    void dropAnew(String database) throws SQLException {
        try (Connection fresh = another()) {
            drop(fresh, database, fresh.getMetaData().getDatabaseMajorVersion() >= FORCE);
        }
    }

    private static void drop(Connection connection, String database, boolean force) throws SQLException {
        if (!force) {
            Postgres.rows(connection, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
                    + Postgres.literal(database));
        }
        Postgres.execute(connection, "DROP DATABASE IF EXISTS " + Name.quote(database)
                + (force ? " WITH (FORCE)" : ""));
    }

    /** The command that drops a database, for people. */
    static String dropCommand(String database) {
        return "DROP DATABASE " + Name.quote(database) + ";";
    }

    /** An error of the server as a failure, with what is true all the same. */
    static Failure failure(String what, SQLException error, String hint) {
        return new Failure(Failure.Exit.STOP, what + ": " + Gate.words(error), hint, error);
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            // It is gone already, and with it all that it held.
            return;
        }
    }
}
