//SOURCES ../Postgres.java ../sql/LockMode.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.Postgres;
import lib.sql.LockMode;

/**
 * What a transaction has done so far to one relation, by the server's own word.
 *
 * @param locks the modes it holds
 * @param file the file that holds the relation's rows now; 0 where it has none, or is gone
 * @param scans how often it was read from end to end
 * @param read how many rows were read so
 * @param changed how many rows were updated or deleted
 */
record Footprint(Set<LockMode> locks, long file, long scans, long read, long changed) {
    // Every name with its schema: the plan may have set a search path of its own.
    private static final String OWN = """
            SELECT l.relation, pg_catalog.string_agg(l.mode, ','),
                   coalesce(pg_catalog.pg_relation_filenode(l.relation), 0),
                   coalesce(pg_catalog.pg_stat_get_xact_numscans(l.relation), 0),
                   coalesce(pg_catalog.pg_stat_get_xact_tuples_returned(l.relation), 0),
                   coalesce(pg_catalog.pg_stat_get_xact_tuples_updated(l.relation), 0)
                       + coalesce(pg_catalog.pg_stat_get_xact_tuples_deleted(l.relation), 0)
            FROM pg_catalog.pg_locks l
            WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted
              AND l.relation BETWEEN 16384 AND %d AND l.database = (SELECT oid FROM pg_catalog.pg_database
                                WHERE datname = pg_catalog.current_database())
            GROUP BY l.relation""";
    // Counters are handed over to the server about once a second: what is left of earlier segments is no news.
    private static final String LEFT = """
            SELECT relid, seq_scan, seq_tup_read, n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables
            WHERE coalesce(seq_scan, 0) + n_tup_upd + n_tup_del > 0""";

    /**
     * Of the transaction that is open on this connection, by the relations' numbers.
     *
     * @param newest the highest number that is of interest: what a transaction has made itself nobody waits for, and it
     *     may be thousands of tables, all of them locked to the end
     */
    static Map<Long, Footprint> of(Connection connection, long newest) throws SQLException {
        Map<Long, Footprint> prints = new HashMap<>();
        for (List<String> row : Postgres.rows(connection, OWN.formatted(newest))) {
            prints.put(Long.parseLong(row.get(0)), new Footprint(modes(row.get(1)), Long.parseLong(row.get(2)),
                    Long.parseLong(row.get(3)), Long.parseLong(row.get(4)), Long.parseLong(row.get(5))));
        }
        return prints;
    }

    /** What the counters show before a transaction begins. */
    static Map<Long, Footprint> left(Connection connection) throws SQLException {
        Map<Long, Footprint> prints = new HashMap<>();
        for (List<String> row : Postgres.rows(connection, LEFT)) {
            prints.put(Long.parseLong(row.get(0)), new Footprint(Set.of(), 0, Long.parseLong(row.get(1)),
                    Long.parseLong(row.get(2)), Long.parseLong(row.get(3))));
        }
        return prints;
    }

    /** The modes by the names that pg_locks has for them; what is no table lock is left out. */
    static Set<LockMode> modes(String list) {
        Set<LockMode> modes = EnumSet.noneOf(LockMode.class);
        for (String word : list.split(",")) {
            LockMode.of(word).ifPresent(modes::add);
        }
        return modes;
    }

    /** What was added since an earlier look; the earlier one may be null. */
    Footprint since(Footprint earlier) {
        if (earlier == null) {
            return this;
        }
        Set<LockMode> fresh = EnumSet.noneOf(LockMode.class);
        fresh.addAll(locks);
        fresh.removeAll(earlier.locks);
        // Counters that went down were handed over in between.
        boolean counted = scans >= earlier.scans && read >= earlier.read && changed >= earlier.changed;
        return counted ? new Footprint(fresh, file, scans - earlier.scans, read - earlier.read,
                changed - earlier.changed) : new Footprint(fresh, file, scans, read, changed);
    }
}
