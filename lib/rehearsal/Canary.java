//SOURCES ../Failure.java ../Postgres.java ../Target.java ../sql/Name.java PlanClock.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import lib.Failure;
import lib.Postgres;
import lib.Target;
import lib.sql.Name;

/**
 * Reads or writes tables again and again while a plan runs, as an application would, and notes for how long it could
 * not. It never stands in the plan's way: it waits a moment for a lock, lets go and tries again, so that no deadlock
 * can come of it; and what it writes is a row lock in a transaction that is rolled back, which fires no trigger, takes
 * no number from a sequence and leaves every value as it was.
 */
final class Canary implements AutoCloseable {
    /** How long it stands in a queue; nobody behind it notices. */
    private static final String PATIENCE = "SET lock_timeout = '2ms'";
    private static final double LEAST_PAUSE = 3;
    /** Of each second it works a fifth at most: the rest belongs to the plan. */
    private static final double REST = 4;
    /** A long wait need not be known to the millisecond. */
    private static final double COARSE = 20;
    private static final double LONGEST_PAUSE = 100;
    private static final String NOT_TO_BE_HAD = "55P03";

    /** What it does. */
    enum Kind { READS, WRITES }

    /** A time in which one kind of access to a table had to wait. */
    record Stall(Name table, Kind kind, double from, double to) {
        double millis() {
            return to - from;
        }

        /** The part of it between two times. */
        Stall within(double first, double last) {
            return new Stall(table, kind, Math.max(from, first), Math.min(to, last));
        }
    }

    private static final class Post {
        private double since = -1;
        private double next;
    }

    private final Kind kind;
    private final PlanClock clock;
    private final Connection connection;
    private final Map<Name, Post> posts = new ConcurrentHashMap<>();
    private final List<Stall> stalls = new ArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread thread;
    private volatile boolean lost;

    Canary(Kind kind, Target target, PlanClock clock) throws SQLException {
        this.kind = kind;
        this.clock = clock;
        this.connection = Postgres.write(target, "rehearsal");
        Postgres.execute(connection, PATIENCE);
        try {
            // Each lock that is not to be had is an error, and the server's log is no place for them.
            Postgres.execute(connection, "SET log_min_messages = 'panic'");
        } catch (SQLException e) {
            // Only a superuser may; then they are logged.
        }
        this.thread = new Thread(this::loop, "canary");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Looks after one more table from now on. */
    void watch(Name table) {
        posts.computeIfAbsent(table, name -> new Post());
    }

    private void loop() {
        try {
            double pause = 0;
            while (!lost && !ended.await((long) (pause * 1000), TimeUnit.MICROSECONDS)) {
                double began = now();
                posts.forEach((table, post) -> {
                    if (!lost && now() >= post.next) {
                        probe(table, post);
                    }
                });
                pause = Math.max(LEAST_PAUSE, REST * (now() - began));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static double now() {
        return System.nanoTime() / 1e6;
    }

    private void probe(Name table, Post post) {
        double from = clock.millis();
        try {
            access(table);
            note(table, post);
        } catch (SQLException e) {
            if (NOT_TO_BE_HAD.equals(e.getSQLState())) {
                post.since = post.since < 0 ? from : post.since;
                post.next = now() + Math.min(LONGEST_PAUSE, (clock.millis() - post.since) / COARSE);
            } else {
                // It is renamed or dropped by now, or the connection is gone.
                note(table, post);
                posts.remove(table);
                String state = String.valueOf(e.getSQLState());
                lost = state.startsWith("08") || state.startsWith("57P");
            }
        }
    }

    private void access(Name table) throws SQLException {
        if (kind == Kind.READS) {
            Postgres.one(connection, "SELECT 1 FROM " + table.full() + " LIMIT 1");
            return;
        }
        // In one message, for each journey to the server is time in which the row stays locked.
        try {
            Postgres.execute(connection, "BEGIN; LOCK TABLE " + table.full() + " IN ROW EXCLUSIVE MODE; SELECT 1 FROM "
                    + table.full() + " LIMIT 1 FOR NO KEY UPDATE; ROLLBACK");
        } catch (SQLException e) {
            Postgres.execute(connection, "ROLLBACK");
            throw e;
        }
    }

    private synchronized void note(Name table, Post post) {
        if (post.since >= 0) {
            stalls.add(new Stall(table, kind, post.since, clock.millis()));
            post.since = -1;
        }
    }

    /** Whether its connection broke, so that what it did not see says nothing. */
    boolean lost() {
        return lost;
    }

    /** All that it had to wait for. */
    synchronized List<Stall> stalls() {
        return List.copyOf(stalls);
    }

    @Override
    public void close() {
        ended.countDown();
        try {
            thread.join();
            posts.forEach(this::note);
            connection.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException | Failure e) {
            // A connection that is gone is closed.
            return;
        }
    }
}
