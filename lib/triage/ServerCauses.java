//SOURCES ../sql/Name.java Case.java Cause.java

package lib.triage;

import java.util.List;
import lib.sql.Name;

/** Failures that the server, its other sessions or the way to it are to blame for. */
final class ServerCauses {
    static final List<Cause> ALL = List.of(
            Cause.of("deadlock", "two sessions waited for each other", "40P01", "deadlock detected", failure ->
                    Cause.Answer.of("the other session was let go on, this one was taken back",
                    "-- run it again while the application stands still; or lock in the application's order first:\n"
                    + "LOCK TABLE … IN ACCESS EXCLUSIVE MODE;")),
            Cause.of("lock", "a lock was not to be had: another session holds the table", "55P03",
                    "lock timeout|could not obtain lock", failure -> Cause.Answer.of("",
                    "-- who holds it, while it is held:\nSELECT pid, usename, application_name, state,"
                    + " now() - xact_start AS since\nFROM pg_stat_activity WHERE pid = ANY (SELECT pid FROM pg_locks"
                    + " WHERE granted AND relation = " + relation(failure) + ");\n-- end what is idle in a transaction:"
                    + "\nSELECT pg_terminate_backend(pid);   -- a pid from above")),
            Cause.of("timeout", "a statement took longer than it may", "57014",
                    "statement timeout|transaction timeout|canceling statement due to user request", failure ->
                    Cause.Answer.of(failure.complaint().message().contains("user request")
                    ? "somebody cancelled it" : "the rows it works on are too many for the limit",
                    "SET LOCAL statement_timeout = 0;   -- before it, in its transaction\n"
                    + "-- or work in batches: UPDATE … WHERE id BETWEEN 1 AND 100000; and so on")),
            Cause.of("timeout", "a transaction stood still for too long", "25P03 25P04",
                    "idle-in-transaction|transaction timeout", failure -> Cause.Answer.of("",
                    "SET idle_in_transaction_session_timeout = 0;")),
            Cause.of("disk", "the disk of the server is full", "53100",
                    "no space left on device|could not extend file|disk full", failure -> Cause.Answer.of(
                    "a rewrite or an index build needs the size of the table once more",
                    "-- what takes the room:\nSELECT oid::regclass, pg_size_pretty(pg_total_relation_size(oid))"
                    + " FROM pg_class\nORDER BY pg_total_relation_size(oid) DESC LIMIT 10;\n"
                    + "-- then: a larger disk, or the same in smaller steps with VACUUM between them")),
            Cause.of("memory", "the server has run out of memory or of room for locks", "53200",
                    "out of memory|out of shared memory|max_locks_per_transaction", failure -> Cause.Answer.of("",
                    "ALTER SYSTEM SET max_locks_per_transaction = 256;\n"
                    + "-- then restart; or fewer tables in one transaction")),
            Cause.of("connections", "the server takes no more connections", "53300",
                    "too many (clients|connections)|remaining connection slots", failure -> Cause.Answer.of("",
                    "SELECT usename, application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3;\n"
                    + "-- then stop what is not needed, and run it again")),
            Cause.of("connection", "the connection to the server broke or was not made",
                    "08 57P01 57P02 57P03 57P05 P1001 P1002 P1017", "server closed the connection|connection (refused|"
                    + "terminated|reset|timed out|to server|attempt)|terminating connection|ECONN|ENOTFOUND|ETIMEDOUT"
                    + "|I/O error|can't reach database|could not connect|server has closed|starting up|shutting down",
                    failure -> Cause.Answer.of(
                    "what was not committed is taken back; whether a COMMIT came through, only the database knows",
                    "jbang assess.java   # says what is applied and what is pending")),
            Cause.of("read-only", "the server or the session takes no writes", "25006", "read-only transaction",
                    failure -> Cause.Answer.of(
                    "this is a standby, or a disk that is nearly full makes the provider refuse writes",
                    "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only');")),
            Cause.of("permission", "the role may not do this", "42501",
                    "permission denied|must be (owner|superuser|member)", ServerCauses::permission),
            Cause.of("login", "the server did not let the role in", "28 P1000 P1010 3D000",
                    "password authentication failed|no pg_hba.conf entry|role \".*\" does not exist"
                    + "|database \".*\" does not exist|authentication failed", failure -> Cause.Answer.of("",
                    "jbang preflight.java   # tells which part of the URL is wrong")));

    private ServerCauses() {
    }

    private static String relation(Case failure) {
        Name table = failure.table();
        return table == null ? "'TABLE'::regclass" : "'" + table.sql().replace("'", "''") + "'::regclass";
    }

    private static Cause.Answer permission(Case failure) {
        Complaint complaint = failure.complaint();
        String kind = complaint.part("must be owner of (\\w+(?: \\w+)?) ");
        String object = complaint.part("must be owner of \\w+(?: \\w+)? (\\S+)");
        if (object != null) {
            return Cause.Answer.of("only the owner of " + object + " may change it", "ALTER " + word(kind) + " "
                    + object + " OWNER TO …;   -- by its owner or a superuser\n-- or become him: GRANT owner TO role;");
        }
        if (complaint.message().contains("create extension")) {
            return Cause.Answer.of("", "-- by a superuser, or on the provider's page, once:\nCREATE EXTENSION IF NOT"
                    + " EXISTS " + complaint.named("extension") + ";");
        }
        String schema = complaint.part("denied for schema (\\S+)");
        return Cause.Answer.of("", schema != null ? "GRANT USAGE, CREATE ON SCHEMA " + schema + " TO …;   -- the role"
                + " of the migration" : "GRANT … ON " + (complaint.part("denied for \\w+ (\\S+)") == null ? "…"
                : complaint.part("denied for \\w+ (\\S+)")) + " TO …;   -- the role of the migration");
    }

    private static String word(String kind) {
        return kind == null || kind.equals("relation") ? "TABLE" : kind.toUpperCase(java.util.Locale.ROOT);
    }
}
