//SOURCES ../Failure.java ../Fingerprint.java ../Gate.java ../Postgres.java ../sql/Statement.java
//SOURCES Blockers.java Detach.java Executor.java Journal.java Leftovers.java Patience.java Plan.java Session.java

package lib.plan;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.Postgres;
import lib.plan.Executor.Done;
import lib.plan.Executor.Outcome;
import lib.plan.Executor.Trouble;
import lib.sql.Statement;

/** Tries segments, one at a time: whole, or not at all as far as the server can take it back. */
final class Attempt {
    /** No lock within its time, a deadlock, two serializable transactions at once: the next try may succeed. */
    private static final Set<String> PASSING = Set.of("55P03", "40P01", "40001");

    /** For whoever reads what has to go. */
    private static final int SECONDS = 60;

    private final Session session;
    private final Blockers blockers;
    private final Executor.Acceptance acceptance;
    private final Executor.Observer observer;
    private final Consumer<String> log;
    private final Patience patience;
    private Journal journal;
    private boolean broken;

    Attempt(Session session, Blockers blockers, Executor.Acceptance acceptance, Executor.Observer observer,
            Consumer<String> log, Patience patience, Journal journal) {
        this.session = session;
        this.blockers = blockers;
        this.acceptance = acceptance;
        this.observer = observer;
        this.log = log;
        this.patience = patience;
        this.journal = journal;
    }

    Journal journal() {
        return journal;
    }

    /** The connection that the next try runs on; made again where it broke. */
    Connection ready(Plan.Segment segment) throws SQLException {
        if (broken) {
            take(session.again(segment.number() - 1));
            broken = false;
        }
        return session.connection();
    }

    /** Runs a segment once; what fails comes back as {@link Stopped}, and nothing of it is kept unless that says so. */
    Done at(Plan.Segment segment) throws Stopped, SQLException {
        return segment.transactional() ? transaction(segment) : alone(segment);
    }

    // After a new connection: the journal must still be ours.
    private void take(Journal seen) throws SQLException {
        if (seen == null || !seen.plan().equals(journal.plan()) || seen.pid() != journal.pid()
                || !seen.began().equals(journal.began())) {
            throw Failure.stop("while the connection was broken somebody else went on with this release"
                    + (seen == null ? "" : ": " + seen.owner()), "jbang release.java status");
        }
        journal = seen.taken(session.connection());
    }

    private Done transaction(Plan.Segment segment) throws Stopped, SQLException {
        Connection connection = session.connection();
        List<Outcome> outcomes = new ArrayList<>();
        Statement current = segment.statements().get(0);
        try {
            connection.setAutoCommit(false);
            for (Statement statement : segment.statements()) {
                patience.check();
                current = statement;
                outcomes.add(execute(segment, statement));
            }
            Done done = new Done(segment.number(), outcomes, Fingerprint.of(connection).hash());
            acceptance.look(connection, done);
            Journal next = journal.committed(connection, segment.number(), done.schema());
            patience.check();
            if (!committed(connection, segment)) {
                throw lost(segment, current, "the connection broke at COMMIT, and the server rolled it back");
            }
            journal = broken ? journal : next;
            broken = false;
            return done;
        } catch (SQLException e) {
            Postgres.rollBack(connection);
            if (Session.lost(e)) {
                throw lost(segment, current, "the connection broke before COMMIT, so that nothing of it is kept: "
                        + Gate.words(e));
            }
            throw new Stopped(trouble(segment, current, e), PASSING.contains(e.getSQLState()), false);
        } catch (Failure e) {
            Postgres.rollBack(connection);
            throw new Stopped(new Trouble(segment.number(), 0, "", "", e.getMessage(), false, patience.ended()),
                    false, false);
        } finally {
            Postgres.restoreAutoCommit(session.connection());
        }
    }

    private Stopped lost(Plan.Segment segment, Statement statement, String why) {
        broken = true;
        return new Stopped(new Trouble(segment.number(), statement.line(), head(statement), Session.BROKEN, why, false,
                patience.ended()), true, true);
    }

    // The driver itself refuses a COMMIT that the server answered with ROLLBACK. A broken connection leaves the outcome
    // open; the journal, written by the same transaction, knows it.
    private boolean committed(Connection connection, Plan.Segment segment) throws SQLException, Stopped {
        try {
            connection.commit();
            return true;
        } catch (SQLException e) {
            if (!Session.lost(e)) {
                throw e;
            }
            log.accept("the connection broke at the COMMIT of segment " + segment.number()
                    + "; asking the server what became of it");
            try {
                broken = true;
                take(session.again(segment.number() - 1));
                if (journal.committed() < segment.number()) {
                    return false;
                }
                session.close();
                session.open(segment.number());
                journal = journal.taken(session.connection());
                log.accept("segment " + segment.number() + " is committed");
                return true;
            } catch (SQLException | Failure unreachable) {
                throw new Stopped(new Trouble(segment.number(), 0, "COMMIT", e.getSQLState(), Gate.words(e)
                        + "; nobody could be asked whether it was committed: " + Gate.words(unreachable), true,
                        patience.ended()), false, false);
            }
        }
    }

    private Done alone(Plan.Segment segment) throws Stopped, SQLException {
        Connection connection = session.connection();
        List<Statement> settings = segment.statements().subList(0, segment.statements().size() - 1);
        Statement statement = segment.statements().get(settings.size());
        List<Outcome> outcomes = new ArrayList<>();
        try {
            Optional<String> pending = Optional.empty();
            if (journal.alone() == segment.number()) {
                pending = Detach.pending(connection, statement);
                Done earlier = pending.isPresent() ? null : earlier(segment, statement);
                if (earlier != null) {
                    journal = journal.committed(connection, segment.number(), earlier.schema());
                    return earlier;
                }
            }
            journal = journal.alone(connection, segment.number(), Leftovers.present(connection));
            for (Statement setting : settings) {
                outcomes.add(execute(segment, setting));
            }
            if (pending.isPresent()) {
                log.accept("segment " + segment.number() + " had begun: " + pending.get());
                Postgres.execute(connection, pending.get());
                outcomes.add(new Outcome(segment.number(), head(statement), 0, 0));
            } else {
                outcomes.add(unhurried(connection, segment, statement));
            }
            Done done = new Done(segment.number(), outcomes, Fingerprint.of(connection).hash());
            acceptance.look(connection, done);
            journal = journal.committed(connection, segment.number(), done.schema());
            return done;
        } catch (SQLException e) {
            if (Session.lost(e)) {
                throw lost(segment, statement, "the connection broke: " + Gate.words(e));
            }
            Trouble trouble = trouble(segment, statement, e);
            throw new Stopped(takenBack(connection, statement, trouble), PASSING.contains(e.getSQLState()), false);
        } catch (Failure e) {
            // It cannot be taken back: outside of a transaction what ran is kept.
            throw new Stopped(new Trouble(segment.number(), statement.line(), head(statement), "", e.getMessage(),
                    true, patience.ended()), false, false);
        }
    }

    // A statement that waits for every older snapshot must not give up after the seconds that suit a lock, and one that
    // takes an hour must not end with our connection: what it builds is found by whoever comes back.
    private Outcome unhurried(Connection connection, Plan.Segment segment, Statement statement) throws SQLException {
        if (!concurrent(statement)) {
            return execute(segment, statement);
        }
        String older = Blockers.older(connection);
        if (!older.isEmpty()) {
            log.accept(head(statement) + "\n  waits until these have ended:\n  " + older);
        }
        // What the plan itself sets for it holds.
        String own = segment.statements().size() > 1 ? "" : ", 'lock_timeout', 'statement_timeout'";
        List<List<String>> before = Postgres.rows(connection, "SELECT name, current_setting(name) FROM pg_settings"
                + " WHERE name IN ('client_connection_check_interval'" + own + ")");
        for (List<String> setting : before) {
            Postgres.execute(connection, "SET " + setting.get(0) + " = 0");
        }
        try {
            return execute(segment, statement);
        } finally {
            restore(connection, before);
        }
    }

    private static void restore(Connection connection, List<List<String>> settings) {
        try {
            for (List<String> setting : settings) {
                Postgres.execute(connection, "SET " + setting.get(0) + " = " + Postgres.literal(setting.get(1)));
            }
        } catch (SQLException e) {
            // Only where the connection broke, which takes its settings along.
            return;
        }
    }

    private static boolean concurrent(Statement statement) {
        return switch (statement.tag()) {
            case "CREATE INDEX", "DROP INDEX", "REINDEX", "ALTER TABLE" -> true;
            case "VACUUM" -> !statement.sql().matches("(?is)VACUUM\\s*(\\([^)]*)?\\bFULL\\b.*");
            default -> false;
        };
    }

    // Begun by a session that is gone: production's schema tells how that ended. Null when it has to run (again).
    private Done earlier(Plan.Segment segment, Statement statement) throws SQLException {
        Connection connection = session.connection();
        boolean removed = !Leftovers.remove(connection, statement, journal.invalid(), SECONDS, log)
                .isEmpty();
        String now = Fingerprint.of(connection).hash();
        if (removed || now.equals(journal.schema())) {
            return null;
        }
        if (now.equals(acceptance.schemaAfter(segment.number()))) {
            log.accept("segment " + segment.number() + " had come to its end");
            return new Done(segment.number(), List.of(), now);
        }
        if (statement.tag().equals("DROP INDEX")) {
            // Broken off in the middle it leaves the index invalid, and is done again.
            return null;
        }
        throw Failure.stop("what became of it cannot be told: the schema is neither that before it nor that after it",
                "compare it with the plan, then finish by hand: jbang release.java status");
    }

    // What a failed statement left would slow every write, and be in the way of the next try.
    private Trouble takenBack(Connection connection, Statement statement, Trouble trouble) {
        try {
            if (Detach.pending(connection, statement).isPresent()) {
                // The journal goes on saying that it was begun: the next try, or resume, completes it.
                return new Trouble(trouble.segment(), trouble.line(), trouble.statement(), trouble.state(),
                        trouble.message() + "\nthe partition is detached half way; the next try completes it", true,
                        trouble.interrupted());
            }
            Leftovers.remove(connection, statement, journal.invalid(), patience.ended() ? 1 : SECONDS, log);
            journal = journal.committed(connection, journal.committed(), journal.schema());
            return trouble;
        } catch (SQLException | Failure e) {
            return new Trouble(trouble.segment(), trouble.line(), trouble.statement(), trouble.state(),
                    trouble.message() + "\nwhat it left could not be removed: " + Gate.words(e), true,
                    trouble.interrupted());
        }
    }

    private Outcome execute(Plan.Segment segment, Statement statement) throws SQLException {
        Connection connection = session.connection();
        List<String> notices = new ArrayList<>();
        observer.before(segment, statement);
        blockers.watch(Postgres.wirePid(connection));
        long start = System.nanoTime();
        long rows;
        try {
            rows = Postgres.execute(connection, statement.sql(), notices::add);
        } finally {
            blockers.rest();
        }
        Outcome outcome = new Outcome(segment.number(), head(statement), rows,
                (System.nanoTime() - start) / 10_000 / 100.0);
        observer.after(connection, segment, statement, outcome, notices);
        return outcome;
    }

    private Trouble trouble(Plan.Segment segment, Statement statement, SQLException error) {
        return new Trouble(segment.number(), statement.line(), head(statement), error.getSQLState(),
                patience.ended() ? "interrupted" : words(error), false, patience.ended());
    }

    // The messages of class 22 (data exception) end with the value that was refused; it may be somebody's.
    private static String words(SQLException error) {
        String words = Gate.words(error);
        return String.valueOf(error.getSQLState()).startsWith("22") ? words.replaceAll("\"[^\n]*\"", "\"…\"") : words;
    }

    private static String head(Statement statement) {
        String line = statement.sql().replaceAll("\\s+", " ");
        return line.length() > 70 ? line.substring(0, 69) + "…" : line;
    }

    /** A try that failed, and whether another one may succeed. */
    static final class Stopped extends Exception {
        private final transient Trouble trouble;
        private final boolean passing;
        private final boolean lost;

        Stopped(Trouble trouble, boolean passing, boolean lost) {
            super(trouble.message());
            this.trouble = trouble;
            this.passing = passing;
            this.lost = lost;
        }

        Trouble trouble() {
            return trouble;
        }

        boolean passing() {
            return passing;
        }

        boolean lost() {
            return lost;
        }

        /** Why there is another try, in a few words. */
        String why() {
            return lost ? trouble.message() : "a lock was not to be had";
        }
    }
}
