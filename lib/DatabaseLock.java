//SOURCES Exec.java Failure.java Holder.java Postgres.java Target.java

package lib;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Keeps a second release away from a database, from whichever clone and machine it starts: an advisory lock of a
 * session of its own. It is tried and never waited for, because a session that waits holds up CREATE INDEX
 * CONCURRENTLY. It goes with its process, so that a release that was killed holds nobody up.
 */
public final class DatabaseLock implements AutoCloseable {
    /** "rele" in ASCII, so that no application's own locks are met by chance. */
    private static final String KEY = "1919249509, 1";
    /** The condition on pg_locks that finds it. */
    private static final String HELD = "locktype = 'advisory' AND classid = 1919249509 AND objid = 1 AND objsubid = 2"
            + " AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    /** The server process that holds the lock on the connected database, as a query. */
    static final String HOLDER = "SELECT pid FROM pg_locks WHERE " + HELD;
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final Duration LOOK = Duration.ofMillis(200);
    private static final int NAME = 40;

    private Target target;
    private Connection connection;

    /** Takes the lock; a release that is at work already is named with the time of its beginning. */
    public void take(Target wanted) throws SQLException {
        close();
        target = wanted;
        connection = Postgres.read(wanted, "lock " + owner());
        // The server may need a moment to see that the last holder is gone.
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!"t".equals(Postgres.one(connection, "SELECT pg_try_advisory_lock(" + KEY + ")"))) {
            if (System.nanoTime() > deadline) {
                String who = holder(connection).orElse("somebody who is not to be seen");
                close();
                throw Failure.stop("another release is at work on " + wanted.database() + ": " + who,
                        "wait for its end, or ask who runs it");
            }
            try {
                Thread.sleep(LOOK.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Failure(Failure.Exit.INTERRUPTED, "interrupted", null, e);
            }
        }
    }

    /** Makes sure that it is held still; after its connection broke it is taken again, if nobody was faster. */
    public void keep() throws SQLException {
        try {
            if (connection != null) {
                Postgres.one(connection, "SELECT 1");
                return;
            }
        } catch (SQLException e) {
            connection = null;
        }
        take(target);
    }

    /** Who holds it, and since when; empty when nobody does. */
    public static Optional<String> holder(Connection connection) throws SQLException {
        List<List<String>> rows = Postgres.rows(connection, "SELECT pid, usename, application_name,"
                + " host(client_addr), to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'),"
                + " extract(epoch FROM clock_timestamp() - backend_start)::bigint"
                + " FROM pg_stat_activity WHERE pid IN (" + HOLDER + ")");
        return rows.stream().findFirst().map(row -> {
            String name = row.get(2) == null ? "" : row.get(2).replaceFirst("^release lock ", "") + ", ";
            String since = row.get(4) == null ? "" : ", since " + row.get(4) + " ("
                    + Holder.words(Duration.ofSeconds(Long.parseLong(row.get(5)))) + ")";
            return name + "pid " + row.get(0) + (row.get(1) == null ? "" : " of " + row.get(1))
                    + (row.get(3) == null ? "" : " from " + row.get(3)) + since;
        });
    }

    /** Who we are to others: {@code user@machine}. */
    public static String owner() {
        String machine = "";
        try {
            machine = Exec.of("hostname").within(Duration.ofSeconds(5)).run().out();
        } catch (Failure nameless) {
            machine = "";
        }
        String name = System.getProperty("user.name") + (machine.isEmpty() ? "" : "@" + machine);
        return name.substring(0, Math.min(NAME, name.length()));
    }

    @Override
    public void close() {
        // The lock goes with its connection.
        Postgres.close(connection);
        connection = null;
    }
}
