//SOURCES ../Failure.java ../Gate.java ../Postgres.java ../sql/Name.java Server.java Sessions.java Traits.java

package lib.backup;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import lib.Failure;
import lib.Gate;
import lib.Postgres;
import lib.sql.Name;

/**
 * Puts one database in another's place. PostgreSQL renames databases inside a transaction like anything else, so both
 * names change at once or not at all: there is no moment at which a crash leaves the application without a database.
 * The first rename locks the old database, so nobody can connect to it any more while its last sessions are ended.
 */
final class Swap {
    private static final String IN_USE = "55006";
    private static final String PATIENCE = "SET LOCAL lock_timeout = '10s'";
    private static final int PAUSE_MILLIS = 100;
    private static final int PAUSES = 100;

    private final Server server;
    private final String live;

    Swap(Server server) {
        this.server = server;
        this.live = server.live.database();
    }

    /**
     * Swaps the names.
     *
     * @param next the database that becomes the live one
     * @param aside the name that the present live one gets; ignored when there is none
     * @param traits whether the new one takes over what belongs to the old one as a database
     * @param terminate whether sessions that are in the way are ended
     */
    void to(String next, String aside, boolean traits, boolean terminate) throws SQLException {
        Connection connection = server.connection();
        long old = server.oid(live);
        long fresh = server.oid(next);
        String pid = Postgres.one(connection, "SELECT pg_backend_pid()");
        Sessions.refusePrepared(connection, live);
        Map<String, String> statements = traits && old != 0 ? Traits.statements(connection, old, live) : Map.of();
        connection.setAutoCommit(false);
        try {
            Postgres.execute(connection, PATIENCE);
            if (old != 0) {
                rename(connection, live, aside, terminate);
            }
            // Whoever looks at the new one is in the way as well; it has no users yet that could be harmed.
            rename(connection, next, live, true);
            Traits.apply(connection, statements);
            if (traits && old == 0) {
                Postgres.execute(connection, "COMMENT ON DATABASE " + Name.quote(live) + " IS NULL");
                Postgres.execute(connection, "GRANT CONNECT, TEMPORARY ON DATABASE " + Name.quote(live) + " TO PUBLIC");
            }
            connection.commit();
        } catch (SQLException e) {
            Postgres.rollBack(connection);
            if (IN_USE.equals(e.getSQLState())) {
                throw inUse(e, terminate);
            }
            // An answer of the server that refuses is as good as a look at it.
            boolean answered = connection.isValid(PAUSES / 10);
            if (answered || !done(fresh, pid)) {
                throw Server.failure("the names were not swapped", e, "run the same command again");
            }
        } catch (Failure failure) {
            Postgres.rollBack(connection);
            throw failure;
        } finally {
            Postgres.restoreAutoCommit(connection);
        }
    }

    private void rename(Connection connection, String from, String to, boolean terminate) throws SQLException {
        String statement = "ALTER DATABASE " + Name.quote(from) + " RENAME TO " + Name.quote(to);
        if (!terminate) {
            Postgres.execute(connection, statement);
            return;
        }
        try (Connection second = server.another(); Ending ending = new Ending(second, from)) {
            Postgres.execute(connection, statement);
        }
    }

    /** Ends sessions again and again while the rename waits; it waits five seconds at most. */
    private static final class Ending implements AutoCloseable {
        private final Thread thread;
        private volatile boolean over;

        Ending(Connection connection, String database) throws SQLException {
            Sessions.end(connection, database);
            thread = new Thread(() -> {
                while (!over) {
                    try {
                        Sessions.end(connection, database);
                        Thread.sleep(PAUSE_MILLIS);
                    } catch (SQLException | InterruptedException e) {
                        // The rename says itself who is in its way.
                        return;
                    }
                }
            }, "ending sessions");
            thread.setDaemon(true);
            thread.start();
        }

        @Override
        public void close() {
            over = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Failure inUse(SQLException error, boolean terminate) throws SQLException {
        List<String> sessions;
        try (Connection fresh = server.another()) {
            sessions = Sessions.of(fresh, live);
        }
        String who = sessions.isEmpty() ? "" : ": " + Sessions.words(sessions);
        return terminate ? new Failure(Failure.Exit.STOP, "sessions in " + live + " cannot be ended" + who,
                "stop what they belong to, or as the administrator: GRANT pg_signal_backend TO "
                + Name.quote(server.live.user()) + ";", error)
                : new Failure(Failure.Exit.STOP, "sessions are connected to " + live + who,
                "stop the application, or let them be ended: --terminate", error);
    }

    // The connection may have broken when the server had all it needed: once it is through with us, the numbers of the
    // databases tell.
    private boolean done(long fresh, String pid) {
        String cause;
        try (Connection look = server.another()) {
            for (int i = 0; i < PAUSES && !Postgres.rows(look, "SELECT pid FROM pg_stat_activity WHERE pid = " + pid)
                    .isEmpty(); i++) {
                Thread.sleep(PAUSE_MILLIS);
            }
            return String.valueOf(fresh).equals(Postgres.one(look,
                    "SELECT oid FROM pg_database WHERE datname = " + Postgres.literal(live)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            cause = "interrupted";
        } catch (SQLException | Failure unreachable) {
            cause = Gate.words(unreachable);
        }
        throw new Failure(Failure.Exit.UNFINISHED, "the connection broke while the names were swapped, and the server"
                + " cannot be asked which of its databases is " + live + " now: " + cause,
                "as soon as it answers: jbang backup.java restore --status --to ENVIRONMENT");
    }
}
