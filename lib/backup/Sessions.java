//SOURCES ../Failure.java ../Postgres.java

package lib.backup;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import lib.Failure;
import lib.Postgres;

/** Who is connected to a database that is to be renamed: nobody may be. */
final class Sessions {
    private static final int MOST = 5;

    private Sessions() {
    }

    /**
     * The other sessions in a database, counted by what they are. The server's own workers give way by themselves, and
     * our own looks at it are over in an instant, though the server may still list them.
     */
    static List<String> of(Connection connection, String database) throws SQLException {
        List<String> found = new ArrayList<>();
        for (List<String> row : Postgres.rows(connection, "SELECT usename, application_name, host(client_addr),"
                + " count(*)" + condition(database)
                + " AND coalesce(application_name, '') NOT IN ('release restore', 'release refresh')"
                + " GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2")) {
            String application = row.get(1) == null || row.get(1).isBlank() ? "" : " (" + row.get(1) + ")";
            String from = row.get(2) == null ? "" : " from " + row.get(2);
            found.add(row.get(3) + " of " + row.get(0) + application + from);
        }
        return found;
    }

    /** The first of them in one line. */
    static String words(List<String> sessions) {
        return sessions.stream().limit(MOST).collect(Collectors.joining(", "))
                + (sessions.size() > MOST ? " and others" : "");
    }

    // A role that may not see the others' details sees database and user all the same; the server's own have no user.
    private static String condition(String database) {
        return " FROM pg_stat_activity WHERE datname = " + Postgres.literal(database)
                + " AND pid <> pg_backend_pid() AND usesysid IS NOT NULL";
    }

    /** Ends them; those that the role may not end stay, and are found when the rename fails. */
    static void end(Connection connection, String database) throws SQLException {
        for (List<String> row : Postgres.rows(connection, "SELECT pid" + condition(database))) {
            try {
                Postgres.rows(connection, "SELECT pg_terminate_backend(" + row.get(0) + ")");
            } catch (SQLException e) {
                if (!"42501".equals(e.getSQLState())) {
                    throw e;
                }
            }
        }
    }

    /** Prepared transactions survive their sessions and hold the database as well. */
    static void refusePrepared(Connection connection, String database) throws SQLException {
        List<List<String>> prepared = Postgres.rows(connection,
                "SELECT gid FROM pg_prepared_xacts WHERE database = " + Postgres.literal(database));
        if (!prepared.isEmpty()) {
            String gid = Postgres.literal(prepared.get(0).get(0));
            throw Failure.stop(database + " holds " + prepared.size() + " prepared transactions, and cannot be renamed",
                    "end each, in that database: COMMIT PREPARED " + gid + ";   # or ROLLBACK PREPARED " + gid + ";");
        }
    }
}
