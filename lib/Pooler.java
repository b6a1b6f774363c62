//SOURCES Failure.java Postgres.java Provider.java Target.java

package lib;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ForkJoinPool;

/**
 * Connection poolers between this machine and the server. One that shares its connections between transactions is of no
 * use to a release: a dump, session settings, advisory locks and NOWAIT probes would each land somewhere else.
 */
public final class Pooler {
    /** A pooler without a free connection lets its client wait; two answers of a server come at once. */
    private static final int MILLIS_TO_ANSWER = 5000;

    private Pooler() {
    }

    /** How a server answers behind a name: nothing stands between, a pooler for sessions, or one for transactions. */
    public enum Kind { NONE, SESSION, TRANSACTION }

    /** Refuses a pooler that shares its connections between transactions; what stands between is told otherwise. */
    public static Kind refuse(Connection connection, Target target) throws SQLException {
        Kind kind = kind(connection, target);
        if (kind == Kind.TRANSACTION) {
            throw Failure.stop(target.host() + ":" + target.port() + " is a connection pooler that shares its "
                    + "connections between transactions; dumps and migrations need a session", Provider.direct(target));
        }
        return kind;
    }

    /**
     * The wire protocol tells a client the process that serves it; a pooler makes that number up. It is one of sessions
     * when two clients keep a server process each, over the end of their transactions.
     */
    private static Kind kind(Connection connection, Target target) throws SQLException {
        if (Postgres.direct(connection)) {
            return Kind.NONE;
        }
        try (Connection first = Postgres.read(target, "pooler"); Connection second = Postgres.read(target, "pooler")) {
            first.setNetworkTimeout(ForkJoinPool.commonPool(), MILLIS_TO_ANSWER);
            second.setNetworkTimeout(ForkJoinPool.commonPool(), MILLIS_TO_ANSWER);
            int one = pid(first);
            int other = pid(second);
            if (one == other) {
                return Kind.TRANSACTION;
            }
            // Held at the same time and let go one after the other: a pooler hands out the last one first.
            for (Connection each : List.of(first, second)) {
                each.setAutoCommit(false);
                pid(each);
            }
            first.rollback();
            second.rollback();
            return pid(first) == one && pid(second) == other ? Kind.SESSION : Kind.TRANSACTION;
        } catch (SQLException e) {
            if (e.getSQLState() != null && e.getSQLState().startsWith("08")) {
                // It waited for a connection that the other client holds only while its transaction is open.
                return Kind.TRANSACTION;
            }
            throw e;
        }
    }

    private static int pid(Connection connection) throws SQLException {
        return Integer.parseInt(Postgres.one(connection, "SELECT pg_backend_pid()"));
    }
}
