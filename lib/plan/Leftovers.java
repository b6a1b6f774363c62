//SOURCES ../Postgres.java ../sql/Change.java ../sql/Statement.java

package lib.plan;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Consumer;
import lib.Postgres;
import lib.sql.Change;
import lib.sql.Statement;

/** What a statement outside of a transaction leaves when it fails: indexes that are not valid, and only our own. */
final class Leftovers {
    // While another session builds it an index is invalid too: such a session has its table locked.
    private static final String INVALID = """
            SELECT i.indexrelid, i.indexrelid::regclass, c.relname, t.relname
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
            WHERE c.relkind = 'i' AND NOT (i.indisvalid AND i.indisready AND i.indislive)
              AND NOT EXISTS (SELECT FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
                WHERE l.locktype = 'relation' AND l.relation = i.indrelid AND l.granted AND l.pid <> pg_backend_pid()
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND l.mode = 'ShareUpdateExclusiveLock' AND a.backend_type IS DISTINCT FROM 'autovacuum worker')
            ORDER BY 1""";
    private Leftovers() {
    }

    /** The indexes that are invalid now, by oid. */
    static List<Long> present(Connection connection) throws SQLException {
        return Postgres.rows(connection, INVALID).stream().map(row -> Long.parseLong(row.get(0))).toList();
    }

    /**
     * Removes the invalid indexes that this statement left; those that were there before it began are not its own.
     *
     * @param seconds how long to wait for whoever may still read one: not for ever, as the statement itself does
     */
    static List<String> remove(Connection connection, Statement statement, List<Long> before, int seconds,
                               Consumer<String> say) throws SQLException {
        if (!List.of("CREATE INDEX", "REINDEX").contains(statement.tag())) {
            return List.of();
        }
        List<String> own = Postgres.rows(connection, INVALID).stream()
                .filter(row -> !before.contains(Long.parseLong(row.get(0))))
                .filter(row -> made(statement, row.get(2), row.get(3))).map(row -> row.get(1)).toList();
        String usual = Postgres.one(connection, "SELECT current_setting('lock_timeout')");
        for (String index : own) {
            Postgres.execute(connection, "SET lock_timeout = '" + seconds + "s'");
            try {
                Postgres.execute(connection, "DROP INDEX CONCURRENTLY IF EXISTS " + index);
            } finally {
                Postgres.execute(connection, "SET lock_timeout = " + Postgres.literal(usual));
            }
            say.accept("removed index " + index + ", which was left invalid by what broke off");
        }
        return own;
    }

    private static boolean made(Statement statement, String index, String table) {
        if (statement.tag().equals("REINDEX")) {
            return index.matches(".*_cc(new|old)\\d*");
        }
        return statement.actions().stream().anyMatch(action -> action.change() instanceof Change.CreateIndex made
                && (made.name() == null ? made.table().name().equals(table) : made.name().equals(index)));
    }
}
