//SOURCES ../Fingerprint.java ../Gate.java ../Postgres.java ../sql/Statement.java ../Target.java
//SOURCES Attempt.java Blockers.java Journal.java Patience.java Plan.java Session.java

package lib.plan;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.sql.Statement;
import lib.Target;

/**
 * Runs a plan segment by segment: on the copy to learn what it does, on production to do just that. What is committed
 * is noted in the {@link Journal} of the database, so that nothing runs twice, whatever breaks.
 */
public final class Executor {
    private static final int TRIES = 8;
    private static final int RECONNECTS = 3;
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

    private final Target target;
    private final Acceptance acceptance;
    private final Consumer<Done> committed;
    private final Consumer<String> log;
    private final Patience patience = new Patience();
    private Observer observer = new Observer() { };
    private int reconnects = RECONNECTS;
    private int last = Integer.MAX_VALUE;
    private String owner = "rehearsal";
    private boolean kept;
    private volatile Session session;

    /** Looks at a segment's work from inside its transaction, just before COMMIT; a {@link Failure} rolls it back. */
    public interface Acceptance {
        void look(Connection connection, Done done) throws SQLException;

        /** The schema that a segment left in the rehearsal; null where it was not rehearsed. */
        default String schemaAfter(int segment) {
            return null;
        }
    }

    /** Watches statements at work: on the copy to measure them, on production to tell how far they are. */
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
     * @param open whether nobody can say yet if the segment is committed: resume looks
     * @param interrupted whether somebody wished to stop
     */
    public record Trouble(int segment, int line, String statement, String state, String message, boolean open,
                          boolean interrupted) {
        /** The message with the statement it belongs to. */
        public String words() {
            return statement.isEmpty() ? message : message + "\n" + statement;
        }
    }

    /**
     * How far a plan came.
     *
     * @param done the segments that this run committed
     * @param committed how many are committed altogether, those of an earlier run too
     * @param trouble what stopped the next one; null when all are committed
     */
    public record Result(List<Done> done, int committed, Trouble trouble) {
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

    /** Gives up when the server goes away: that of a rehearsal does not come back. */
    public Executor withoutReconnecting() {
        this.reconnects = 0;
        return this;
    }

    /**
     * Leaves the journal of a finished plan in the database, for the caller to end when his own record says as much.
     *
     * @param by who runs the plan, for whoever finds the journal: {@code user@machine}
     */
    public Executor keepingJournal(String by) {
        this.owner = by;
        this.kept = true;
        return this;
    }

    /** Ends behind this segment, as if the rest of the plan were somebody else's. */
    public Executor upTo(int segment) {
        this.last = segment;
        return this;
    }

    /** Runs the plan to its end, or to the first segment that fails. */
    public Result run(Plan plan) {
        return run(plan, null);
    }

    /** Goes on with a plan after what its journal says is committed. */
    public Result resume(Plan plan, Journal journal) {
        return run(plan, journal);
    }

    /** Breaks off from another thread: the transaction is rolled back, and nothing new begins. */
    public void stop() {
        patience.end();
        Session current = session;
        if (current != null) {
            current.cancel();
        }
    }

    private Result run(Plan plan, Journal found) {
        List<Done> done = new ArrayList<>();
        Attempt attempt = null;
        int already = found == null ? 0 : found.committed();
        try (Session opened = new Session(target, plan, patience, log);
                Blockers blockers = new Blockers(target, log)) {
            session = opened;
            Connection connection = opened.open(already);
            Journal journal = found != null ? found.taken(connection)
                    : Journal.begin(connection, plan, Fingerprint.of(connection).hash(), owner);
            attempt = new Attempt(opened, blockers, acceptance, observer, log, patience, journal);
            for (Plan.Segment segment : plan.segments().subList(already, Math.min(last, plan.segments().size()))) {
                Done segmentDone = withRetries(attempt, segment);
                done.add(segmentDone);
                committed.accept(segmentDone);
            }
            if (!kept) {
                Journal.end(opened.connection());
            }
            return new Result(done, already + done.size(), null);
        } catch (Attempt.Stopped stopped) {
            return new Result(done, already + done.size(), stopped.trouble());
        } catch (SQLException | Failure e) {
            // What is committed stays. The next segment has not begun, or its transaction is gone with the connection;
            // of a statement outside of one nobody knows.
            boolean open = attempt != null && attempt.journal().alone() > 0;
            int all = already + done.size();
            String state = e instanceof SQLException error && error.getSQLState() != null ? error.getSQLState() : "";
            return new Result(done, all, new Trouble(all + 1, 0, "", state, Gate.words(e), open, patience.ended()));
        } finally {
            session = null;
        }
    }

    private Done withRetries(Attempt attempt, Plan.Segment segment) throws Attempt.Stopped, SQLException {
        int lost = 0;
        for (int tries = 1; ; tries++) {
            try {
                patience.check();
                return watched(attempt, segment);
            } catch (Attempt.Stopped stopped) {
                lost += stopped.lost() ? 1 : 0;
                if (!stopped.passing() || tries == TRIES || lost > reconnects || patience.ended()) {
                    throw stopped;
                }
                log.accept("segment " + segment.number() + ": " + stopped.why() + ", try " + (tries + 1) + " of "
                        + TRIES);
                patience.pause(pause(tries));
            }
        }
    }

    private Done watched(Attempt attempt, Plan.Segment segment) throws Attempt.Stopped, SQLException {
        Connection connection = attempt.ready(segment);
        observer.begins(connection, segment);
        try {
            return attempt.at(segment);
        } finally {
            observer.ends(segment);
        }
    }

    // Twice as long each time, and never quite the same: two who wait for each other must not meet again.
    private static Duration pause(int tries) {
        long millis = Math.min(LONGEST_PAUSE.toMillis(), FIRST_PAUSE.toMillis() << (tries - 1));
        return Duration.ofMillis((long) (millis * ThreadLocalRandom.current().nextDouble(0.7, 1.3)));
    }
}
