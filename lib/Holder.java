//SOURCES Postgres.java sql/LockMode.java sql/Sql.java

package lib;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import lib.sql.LockMode;
import lib.sql.Sql;

/**
 * A session, or a prepared transaction, with its age and the locks it holds. What a role may not see of the sessions of
 * others (pg_read_all_stats shows it) is null here.
 *
 * @param pid 0 for a prepared transaction, which has no process
 * @param began when the session connected, as the server writes it: a process number alone may be another's by now
 * @param gid the name of a prepared transaction
 * @param age since the transaction began, or since the last statement ended for one that is idle in it
 * @param query its present or last statement, without any value
 */
public record Holder(int pid, String began, String gid, String user, String application, String address, Kind kind,
              Duration age, String query, List<Lock> locks) {
    /** From this age on a transaction is in the way of a release, which itself waits 5 s for a lock. */
    public static final Duration LONG = Duration.ofMinutes(1);
    public static final Duration IDLE = Duration.ofSeconds(10);
    private static final int SHOWN = 120;

    /** What keeps it from ending. */
    public enum Kind { PREPARED, IDLE, DUMP, WRAPAROUND, VACUUM, ACTIVE, HIDDEN }

    /** One table that it has locked. */
    public record Lock(long oid, String table, LockMode mode) {
    }

    private static final String QUERY = """
            WITH held AS (
              SELECT coalesce(l.pid::text, l.virtualtransaction) AS who, l.relation, l.relation::regclass::text AS name,
                l.mode
              FROM pg_locks l JOIN pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p', 'm')
              JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_'
              WHERE l.locktype = 'relation' AND l.granted
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            ), who AS (
              SELECT pid::text AS who, pid, backend_start::text, NULL AS gid, usename, application_name,
                host(client_addr) AS address, backend_type, state, query,
                extract(epoch FROM clock_timestamp() - CASE WHEN state LIKE 'idle in transaction%' THEN state_change
                  ELSE xact_start END)::bigint AS age
              FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND application_name NOT IN ('release preflight', 'release pooler')
                AND (xact_start IS NOT NULL OR query = '<insufficient privilege>')
              UNION ALL
              -- It has no process; the lock on its own number tells the name under which it holds the others.
              SELECT x.virtualtransaction, 0, NULL, gid, owner, NULL, NULL, 'prepared', NULL, NULL,
                extract(epoch FROM clock_timestamp() - prepared)::bigint
              FROM pg_prepared_xacts p LEFT JOIN pg_locks x ON x.locktype = 'transactionid' AND x.granted
                AND x.transactionid = p.transaction AND x.pid IS NULL
              WHERE p.database = current_database()
            )
            SELECT pid, backend_start, gid, usename, application_name, address, backend_type, state, query, age,
              relation, name, mode
            FROM who LEFT JOIN held USING (who) ORDER BY age DESC NULLS LAST, pid, gid, name, mode""";

    /** Everybody in this database who is within a transaction, the oldest first; our own gates are not among them. */
    public static List<Holder> all(Connection connection) throws SQLException {
        List<Holder> holders = new ArrayList<>();
        List<String> last = null;
        for (List<String> row : Postgres.rows(connection, QUERY)) {
            List<String> who = row.subList(0, 3);
            if (!who.equals(last)) {
                holders.add(new Holder(Integer.parseInt(row.get(0)), row.get(1), row.get(2), row.get(3), row.get(4),
                        row.get(5), kind(row), row.get(9) == null ? null
                        : Duration.ofSeconds(Math.max(0, Long.parseLong(row.get(9)))), row.get(8), new ArrayList<>()));
                last = who;
            }
            if (row.get(10) != null) {
                List<Lock> locks = holders.get(holders.size() - 1).locks;
                LockMode.of(row.get(12)).ifPresent(mode ->
                        locks.add(new Lock(Long.parseLong(row.get(10)), row.get(11), mode)));
            }
        }
        // Of a session that may not be looked into, only the locks tell that it is within a transaction.
        holders.removeIf(holder -> holder.kind == Kind.HIDDEN && holder.locks.isEmpty());
        return holders;
    }

    private static Kind kind(List<String> row) {
        String query = String.valueOf(row.get(8));
        if ("prepared".equals(row.get(6))) {
            return Kind.PREPARED;
        }
        if (query.equals("<insufficient privilege>")) {
            return Kind.HIDDEN;
        }
        if ("autovacuum worker".equals(row.get(6))) {
            return query.contains("(to prevent wraparound)") ? Kind.WRAPAROUND : Kind.VACUUM;
        }
        if (String.valueOf(row.get(4)).startsWith("pg_dump") || query.matches("(?is)\\s*COPY\\b.*\\bTO\\b.*")) {
            return Kind.DUMP;
        }
        return String.valueOf(row.get(7)).startsWith("idle in transaction") ? Kind.IDLE : Kind.ACTIVE;
    }

    /** Whether a release should wait for its end; what is younger ends by itself. An autovacuum gives way. */
    public boolean lasting() {
        return switch (kind) {
            case PREPARED, DUMP, WRAPAROUND -> true;
            case IDLE -> age.compareTo(IDLE) >= 0;
            case ACTIVE -> age.compareTo(LONG) >= 0;
            case VACUUM, HIDDEN -> false;
        };
    }

    /** Whether it holds what keeps this lock on a table from being taken. */
    public boolean conflicts(long table, LockMode wanted) {
        return locks.stream().anyMatch(lock -> lock.oid == table && wanted.excludes().contains(lock.mode));
    }

    /** The statement that ends it; none for what must be left to end by itself. */
    public String ending() {
        return switch (kind) {
            case PREPARED -> "ROLLBACK PREPARED " + Postgres.literal(gid) + ";   -- or COMMIT PREPARED";
            case IDLE, ACTIVE, HIDDEN -> "SELECT pg_terminate_backend(" + pid + ");";
            case DUMP, WRAPAROUND, VACUUM -> null;
        };
    }

    /** Who it is, what it does, how long, and what it holds. */
    public String words() {
        String whose = (user == null ? "" : " of " + user)
                + (application == null || application.isBlank() ? "" : " (" + application + ")")
                + (address == null ? "" : " from " + address);
        String what = switch (kind) {
            case PREPARED -> "prepared transaction " + Postgres.literal(gid) + whose + ", prepared " + ago() + " ago";
            case IDLE -> "pid " + pid + whose + ", idle in transaction for " + ago();
            case DUMP -> "pid " + pid + whose + ", a dump at work for " + ago();
            case WRAPAROUND -> "pid " + pid + ", autovacuum against wraparound for " + ago();
            case VACUUM -> "pid " + pid + ", autovacuum for " + ago();
            case ACTIVE -> "pid " + pid + whose + ", in a transaction for " + ago();
            case HIDDEN -> "pid " + pid + whose + ", which this user may not look into";
        };
        Set<String> held = locks.stream().map(lock -> lock.mode.sql() + " on " + lock.table)
                .collect(Collectors.toCollection(LinkedHashSet::new));
        String said = query == null || kind == Kind.HIDDEN ? "" : Sql.withoutValues(query);
        return what + (held.isEmpty() ? "" : ", holds " + held.stream().limit(3).collect(Collectors.joining(", "))
                + (held.size() > 3 ? " and " + (held.size() - 3) + " more" : ""))
                + (said.isBlank() ? "" : ": " + (said.length() > SHOWN ? said.substring(0, SHOWN) + "…" : said));
    }

    private String ago() {
        return words(age == null ? Duration.ZERO : age);
    }

    /** An age as people say it. */
    public static String words(Duration age) {
        long seconds = age.toSeconds();
        return seconds < 120 ? seconds + " s" : seconds < 7200 ? seconds / 60 + " min"
                : seconds < 172800 ? seconds / 3600 + " h" : seconds / 86400 + " days";
    }
}
