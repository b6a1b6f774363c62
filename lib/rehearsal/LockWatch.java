//SOURCES ../Postgres.java ../sql/LockMode.java Footprint.java PlanClock.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import lib.Postgres;
import lib.sql.LockMode;

/** Looks from a second connection at the locks of a statement that is in no transaction, as long as it runs. */
final class LockWatch {
    private static final int QUICK_LOOKS = 100;
    private static final long QUICK_MILLIS = 1;
    private static final long MILLIS = 20;

    /** A lock that was seen, and from when to when. */
    record Seen(LockMode mode, double from, double to) {
    }

    private final Connection connection;
    private final String query;
    private final PlanClock clock;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Map<Long, Map<LockMode, Seen>> seen = new HashMap<>();
    private final Thread thread;

    /** Begins to look; the connection is its own until the end. */
    LockWatch(Connection connection, int backend, PlanClock clock) {
        this.connection = connection;
        this.clock = clock;
        this.query = "SELECT relation, mode FROM pg_locks WHERE pid = " + backend
                + " AND locktype = 'relation' AND granted AND relation >= 16384";
        this.thread = new Thread(this::look, "locks of the plan");
        thread.setDaemon(true);
        thread.start();
    }

    private void look() {
        try {
            for (int looks = 0; ; looks++) {
                double now = clock.millis();
                for (List<String> row : Postgres.rows(connection, query)) {
                    Footprint.modes(row.get(1)).forEach(mode -> seen
                            .computeIfAbsent(Long.parseLong(row.get(0)), oid -> new HashMap<>())
                            .merge(mode, new Seen(mode, now, now), (old, fresh) -> new Seen(mode, old.from(), now)));
                }
                if (ended.await(looks < QUICK_LOOKS ? QUICK_MILLIS : MILLIS, TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (SQLException e) {
            // The server is gone, and so is the statement: its own error says so.
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stops looking; the locks by the numbers of their relations. */
    Map<Long, Map<LockMode, Seen>> end() {
        ended.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return seen;
    }
}
