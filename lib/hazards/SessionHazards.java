//SOURCES ../sql/Locks.java ../sql/Change.java Hazard.java Targets.java Rule.java SessionSettings.java Spot.java Types.java

package lib.hazards;

import java.util.List;
import java.util.Set;
import lib.sql.Change;
import lib.sql.Locks;

/** Time limits and other settings of the session. */
final class SessionHazards {
    private static final Set<String> READING = Set.of("UPDATE", "DELETE", "INSERT", "MERGE");

    static final List<Rule> RULES = List.of(
            new Rule(Hazard.dangerous("SES01", "no lock_timeout before a lock that stops others")
                    .unless("release.java runs it: it sets one, and tries again")
                    .instead("SET LOCAL lock_timeout, and try again"), SessionHazards::noLockTimeout),
            new Rule(Hazard.caution("SES02", "no statement_timeout: a statement may run for hours")
                    .unless("release.java runs it").instead("SET LOCAL statement_timeout"),
                    SessionHazards::noStatementTimeout),
            new Rule(Hazard.caution("SES03", "SET without LOCAL stays with the connection, and a pooler passes it on")
                    .instead("SET LOCAL, or RESET at the end"), SessionHazards::leaks),
            new Rule(Hazard.note("SES04", "a client that hangs in its transaction keeps its locks")
                    .unless("release.java runs it, or the file begins no transaction of its own")
                    .instead("SET LOCAL idle_in_transaction_session_timeout"), SessionHazards::mayHang),
            new Rule(Hazard.caution("SES05", "timestamp and timestamptz are converted by the session's TimeZone")
                    .unless("TimeZone is set in the file, or the change says AT TIME ZONE")
                    .instead("SET LOCAL TimeZone = 'UTC'"), SessionHazards::timeZone));

    private SessionHazards() {
    }

    /** Whether a lock that cannot be had is given up soon. */
    static boolean limited(Spot spot) {
        return spot.context().managed() || spot.story().settings.milliseconds("lock_timeout") > 0;
    }

    private static Rule.Hit noLockTimeout(Spot spot) {
        if (limited(spot) || !spot.first()) {
            return null;
        }
        return Locks.of(spot.statement()).entrySet().stream()
                .filter(lock -> Targets.blocks(lock.getValue()) && !spot.fresh(lock.getKey())).findFirst()
                .filter(lock -> spot.story().first("SES01"))
                .map(lock -> Rule.Hit.of(lock.getValue().sql() + " on " + lock.getKey()
                + " is waited for without end, and everybody queues behind", "SET LOCAL lock_timeout = '2s';")
                .as(spot.byService())).orElse(null);
    }

    private static Rule.Hit noStatementTimeout(Spot spot) {
        boolean works = spot.change().tables().stream().anyMatch(table -> !spot.fresh(table))
                && (READING.contains(spot.tag()) || spot.tag().equals("ALTER TABLE")
                || spot.tag().equals("CREATE INDEX") && spot.statement().transactional());
        return works && !spot.context().managed() && !spot.story().settings.has("statement_timeout")
                && spot.story().first("SES02")
                ? Rule.Hit.of("nothing in this file ends a statement that takes too long",
                "SET LOCAL statement_timeout = '15min';") : null;
    }

    private static Rule.Hit leaks(Spot spot) {
        SessionSettings.Made made = SessionSettings.of(spot.statement());
        return made == null || made.local() ? null : Rule.Hit.of("SET " + made.name()
                + " stays when the migration is done", spot.tag().equals("SET")
                ? spot.statement().sql().replaceFirst("(?i)^SET\\s+(SESSION\\s+)?", "SET LOCAL ") + ";"
                : spot.statement().sql().replaceFirst("(?i)\\bfalse\\b", "true") + ";");
    }

    // application_name is no matter of a file: drivers and psql give it when they connect.
    private static Rule.Hit mayHang(Spot spot) {
        if (spot.context().managed() || !spot.first() || !spot.story().open()
                || spot.story().settings.has("idle_in_transaction_session_timeout")
                || spot.story().settings.has("transaction_timeout")) {
            return null;
        }
        return Locks.of(spot.statement()).entrySet().stream()
                .filter(lock -> Targets.blocks(lock.getValue()) && !spot.fresh(lock.getKey())).findFirst()
                .filter(lock -> spot.story().first("SES04"))
                .map(lock -> Rule.Hit.of(lock.getValue().sql() + " on " + lock.getKey() + " is kept until COMMIT, and "
                + "nothing ends a session that never sends it",
                "SET LOCAL idle_in_transaction_session_timeout = '1min';")).orElse(null);
    }

    private static Rule.Hit timeZone(Spot spot) {
        if (!(spot.change() instanceof Change.SetType typed) || !spot.used(typed.table())
                || spot.story().settings.has("timezone")
                || typed.using() != null && typed.using().matches("(?is).*AT\\s+TIME\\s+ZONE.*")) {
            return null;
        }
        String old = spot.story().type(typed.table(), typed.column());
        boolean zones = Types.name(typed.type()).startsWith("timestamp")
                && (old == null || Types.name(old).startsWith("timestamp") && !Types.name(old).equals(
                Types.name(typed.type())));
        return !zones ? null : Rule.Hit.of("what " + typed.table() + "." + typed.column()
                + " means afterwards depends on the TimeZone of the session", "SET LOCAL TimeZone = 'UTC';\n"
                + spot.action().alone() + ";");
    }
}
