//SOURCES ../Postgres.java

package lib.backup;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Postgres;

/**
 * How many connections pg_dump reads the tables by. Several are faster where there is much to read, and what they read
 * pg_dump can write into a folder, never into one file.
 */
final class Jobs {
    /** From so many bytes on it pays; below, one file is handier. */
    private static final long LARGE = 256L << 20;
    /** More would be a burden to a production that is in use. */
    static final int MOST = 4;
    /** A folder has a file for each table and each large object: where they are smaller on average it takes longer. */
    private static final long EACH = 1 << 20;
    // Those of pg_dump, the counting beside it, and a look at sizes must leave most of what is free to the application.
    private static final int SHARE = 4;

    private static final String QUERY = "SELECT pg_database_size(current_database()),"
            + " (SELECT count(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r'"
            + " AND nspname !~ '^pg_' AND nspname <> 'information_schema'),"
            + " (SELECT count(*) FROM pg_largeobject_metadata),"
            + " LEAST(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
            + " - coalesce(current_setting('reserved_connections', true), '0')::int"
            + " - (SELECT sum(numbackends) FROM pg_stat_database),"
            + " (SELECT rolconnlimit - (SELECT count(*) FROM pg_stat_activity WHERE usename = rolname) FROM pg_roles"
            + " WHERE rolname = current_user AND rolconnlimit >= 0),"
            + " (SELECT datconnlimit - numbackends FROM pg_database JOIN pg_stat_database USING (datname)"
            + " WHERE datname = current_database() AND datconnlimit >= 0))";

    private Jobs() {
    }

    /** As many as suit this database, this machine, and the connections that the server has left; 1 is one file. */
    static int fitting(Connection connection) throws SQLException {
        List<String> found = Postgres.rows(connection, QUERY).get(0);
        long bytes = Long.parseLong(found.get(0));
        long files = Long.parseLong(found.get(1)) + Long.parseLong(found.get(2));
        if (bytes < LARGE || files > bytes / EACH) {
            return 1;
        }
        int free = Integer.parseInt(found.get(3)) / SHARE;
        return Math.max(1, Math.min(Math.min(MOST, Runtime.getRuntime().availableProcessors()), free));
    }
}
