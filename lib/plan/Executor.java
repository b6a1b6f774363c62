//SOURCES ../Fingerprint.java ../Gate.java ../Postgres.java ../Retry.java ../sql/Statement.java ../Target.java Plan.java

package lib.plan;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.Postgres;
import lib.sql.Statement;
import lib.Target;

/** Runs a plan segment by segment: on the copy to learn what it does, on production to do just that. */
public final class Executor {
    private static final Set<String> WORTH_ANOTHER_TRY = Set.of("55P03", "40P01");
    private static final int TRIES = 8;

    private final Target target;
    private final Acceptance acceptance;
    private final Consumer<Done> committed;
    private final Consumer<String> log;
    private Observer observer = new Observer() { };

    /** Looks at a segment's work from inside its transaction, just before COMMIT; a {@link Failure} rolls it back. */
    public interface Acceptance {
        void look(Connection connection, Done done) throws SQLException;
    }

    /** Watches statements at work on the copy; on production nobody does. */
    public interface Observer {
        /** A segment begins; it begins again where a lock was not to be had. */
        default void begins(Connection connection, Plan.Segment segment) throws SQLException {
        }

        default void before(Plan.Segment segment, Statement statement) throws SQLException {
        }

        /** A statement has run, and its transaction is still open where it has one; notices are the server's words. */
        default void after(Connection connection, Plan.Segment segment, Statement statement, Outcome outcome,
                           List<String> notices) throws SQLException {
        }

        /** A segment is committed, or given up. */
        default void ends(Plan.Segment segment) {
        }
    }

    /** What one statement did: the rows it touched and how long it took, in milliseconds. */
    public record Outcome(int segment, String statement, long rows, double millis) {
    }

    /** A segment that has run, with the schema it left. */
    public record Done(int segment, List<Outcome> outcomes, String schema) {
    }

    /**
     * Why a plan did not run to its end.
     *
     * @param committed whether the server may have kept the segment: the connection broke at COMMIT and nobody could
     *     say
     */
    public record Trouble(int segment, int line, String statement, String state, String message, boolean committed) {
        /** The message with the statement it belongs to. */
        public String words() {
            return statement.isEmpty() ? message : message + "\n" + statement;
        }
    }

    /** How far a plan came: the segments that are committed, and what stopped the next one (null when all are). */
    public record Result(List<Done> done, Trouble trouble) {
        public List<Outcome> outcomes() {
            return done.stream().flatMap(segment -> segment.outcomes().stream()).toList();
        }

        /** How long all statements took together. */
        public double seconds() {
            return outcomes().stream().mapToDouble(Outcome::millis).sum() / 1000;
        }
    }

    /** An executor that tells of each segment as soon as it is committed. */
    public Executor(Target target, Acceptance acceptance, Consumer<Done> committed, Consumer<String> log) {
        this.target = target;
        this.acceptance = acceptance;
        this.committed = committed;
        this.log = log;
    }

    /** Lets somebody watch. */
    public Executor observed(Observer by) {
        this.observer = by;
        return this;
    }

    /** Runs the plan to its end, or to the first segment that fails. */
    public Result run(Plan plan) {
        List<Done> done = new ArrayList<>();
        try (Connection connection = Postgres.write(target, "apply")) {
            // The result must not depend on the machine that runs it, nor on the role's own habits.
            for (String setting : List.of("TimeZone = 'UTC'", "statement_timeout = 0",
                    "idle_in_transaction_session_timeout = 0", "default_transaction_read_only = off")) {
                Postgres.execute(connection, "SET " + setting);
            }
            for (Plan.Segment segment : plan.segments()) {
                try {
                    Done segmentDone = withRetries(connection, segment);
                    done.add(segmentDone);
                    committed.accept(segmentDone);
                } catch (Stopped stopped) {
                    return new Result(done, stopped.trouble);
                }
            }
            return new Result(done, null);
        } catch (SQLException | Failure e) {
            // Between two segments: what is committed stays, and the next one has not begun.
            return new Result(done, new Trouble(done.size() + 1, 0, "", "", Gate.words(e), false));
        }
    }

    private Done withRetries(Connection connection, Plan.Segment segment) throws Stopped, SQLException {
        RetryPolicy<Done> policy = RetryPolicy.<Done>builder()
                .handleIf(error -> error instanceof Stopped stopped
                        && WORTH_ANOTHER_TRY.contains(String.valueOf(stopped.trouble.state())))
                .withMaxAttempts(segment.transactional() ? TRIES : 1)
                .withBackoff(Duration.ofSeconds(1), Duration.ofSeconds(15))
                .withJitter(0.3)
                .onRetry(event -> log.accept("segment " + segment.number() + ": a lock was not to be had, try "
                        + (event.getAttemptCount() + 1) + " of " + TRIES))
                .build();
        try {
            return Failsafe.with(policy).get(() -> watched(connection, segment));
        } catch (FailsafeException e) {
            if (e.getCause() instanceof Stopped stopped) {
                throw stopped;
            }
            if (e.getCause() instanceof SQLException broken) {
                throw broken;
            }
            throw e;
        }
    }

    private Done watched(Connection connection, Plan.Segment segment) throws Stopped, SQLException {
        observer.begins(connection, segment);
        try {
            return segment.transactional() ? transaction(connection, segment) : alone(connection, segment);
        } finally {
            observer.ends(segment);
        }
    }

    private Done transaction(Connection connection, Plan.Segment segment) throws Stopped, SQLException {
        List<Outcome> outcomes = new ArrayList<>();
        connection.setAutoCommit(false);
        Statement current = segment.statements().get(0);
        try {
            for (Statement statement : segment.statements()) {
                current = statement;
                outcomes.add(execute(connection, segment, statement));
            }
            Done done = new Done(segment.number(), outcomes, Fingerprint.of(connection).hash());
            acceptance.look(connection, done);
            String transaction = Postgres.one(connection, "SELECT txid_current()");
            commit(connection, segment, transaction);
            return done;
        } catch (SQLException e) {
            Postgres.rollBack(connection);
            throw new Stopped(trouble(segment, current, e, false));
        } catch (Failure e) {
            Postgres.rollBack(connection);
            throw new Stopped(new Trouble(segment.number(), 0, "", "", e.getMessage(), false));
        } finally {
            Postgres.restoreAutoCommit(connection);
        }
    }

    private Done alone(Connection connection, Plan.Segment segment) throws Stopped, SQLException {
        List<Outcome> outcomes = new ArrayList<>();
        Statement statement = segment.statements().get(0);
        try {
            for (Statement next : segment.statements()) {
                statement = next;
                outcomes.add(execute(connection, segment, statement));
            }
            Done done = new Done(segment.number(), outcomes, Fingerprint.of(connection).hash());
            acceptance.look(connection, done);
            return done;
        } catch (SQLException e) {
            // Without a transaction nobody can ask what became of a statement whose connection broke.
            throw new Stopped(trouble(segment, statement, e, lost(e)));
        } catch (Failure e) {
            // It cannot be taken back: outside of a transaction what ran is kept.
            throw new Stopped(new Trouble(segment.number(), statement.line(), head(statement), "",
                    e.getMessage(), true));
        }
    }

    private Outcome execute(Connection connection, Plan.Segment segment, Statement statement) throws SQLException {
        List<String> notices = new ArrayList<>();
        observer.before(segment, statement);
        long start = System.nanoTime();
        long rows = Postgres.execute(connection, statement.sql(), notices::add);
        Outcome outcome = new Outcome(segment.number(), head(statement), rows,
                (System.nanoTime() - start) / 10_000 / 100.0);
        observer.after(connection, segment, statement, outcome, notices);
        return outcome;
    }

    // The driver itself refuses a COMMIT that the server answered with ROLLBACK. A broken connection leaves the outcome
    // open, and the server knows it: asked by the transaction's number, over a new connection.
    private void commit(Connection connection, Plan.Segment segment, String transaction) throws SQLException, Stopped {
        try {
            connection.commit();
        } catch (SQLException e) {
            if (!lost(e)) {
                throw e;
            }
            String status;
            try (Connection fresh = Postgres.read(target, "apply")) {
                status = Postgres.one(fresh, "SELECT txid_status(" + transaction + ")");
            } catch (SQLException | Failure unreachable) {
                status = null;
            }
            boolean committed = !"aborted".equals(status);
            String outcome = status == null ? "nobody could be asked whether it was committed"
                    : "the server says: " + status;
            String message = Gate.words(e) + "; " + outcome;
            throw new Stopped(new Trouble(segment.number(), 0, "COMMIT", e.getSQLState(), message, committed));
        }
    }

    // Connection failures and a server that shuts down.
    private static boolean lost(SQLException error) {
        String state = String.valueOf(error.getSQLState());
        return state.startsWith("08") || state.startsWith("57P");
    }

    private static Trouble trouble(Plan.Segment segment, Statement statement, SQLException error, boolean committed) {
        return new Trouble(segment.number(), statement.line(), head(statement), error.getSQLState(), words(error),
                committed);
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

    private static final class Stopped extends Exception {
        final transient Trouble trouble;

        Stopped(Trouble trouble) {
            super(trouble.message());
            this.trouble = trouble;
        }
    }
}
