//SOURCES ../Failure.java ../Holder.java ../Postgres.java ../Some.java ../Target.java

package lib.plan;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import lib.Failure;
import lib.Holder;
import lib.Postgres;
import lib.Some;
import lib.Target;

/** Names who keeps a statement waiting while it waits: who, for how long, with which locks, at which statement. */
final class Blockers implements AutoCloseable {
    private static final int MILLIS = 1000;
    private static final int SHOWN = 5;

    private final Target target;
    private final Consumer<String> say;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "blockers");
        thread.setDaemon(true);
        return thread;
    });
    private ScheduledFuture<?> looks;
    private Connection connection;
    private Set<Integer> said = Set.of();

    Blockers(Target target, Consumer<String> say) {
        this.target = target;
        this.say = say;
    }

    /** A statement begins in the session of this server process; short ones cost nothing. */
    void watch(int pid) {
        looks = clock.scheduleWithFixedDelay(() -> look(pid), MILLIS, MILLIS, TimeUnit.MILLISECONDS);
    }

    /** It has ended. */
    void rest() {
        looks.cancel(false);
    }

    private void look(int pid) {
        try {
            if (connection == null) {
                connection = Postgres.read(target, "watch");
            }
            Set<Integer> pids = new TreeSet<>();
            Postgres.rows(connection, "SELECT unnest(pg_blocking_pids(" + pid + "))")
                    .forEach(row -> pids.add(Integer.parseInt(row.get(0))));
            if (!pids.isEmpty() && !pids.equals(said)) {
                say.accept("waiting for " + words(pids));
            }
            said = pids;
        } catch (SQLException | Failure e) {
            // Nothing that only tells may stop what is told of.
            connection = null;
        }
    }

    private String words(Set<Integer> pids) throws SQLException {
        Set<Integer> unknown = new TreeSet<>(pids);
        List<Holder> holders = Holder.all(connection).stream().filter(holder -> pids.contains(holder.pid())).toList();
        holders.forEach(holder -> unknown.remove(holder.pid()));
        String others = unknown.stream().map(pid -> "pid " + pid).collect(Collectors.joining(", "));
        return lines(holders) + (holders.isEmpty() || others.isEmpty() ? "" : "\n  ") + others;
    }

    private static String lines(List<Holder> holders) {
        return Some.of(holders.stream().map(Holder::words).toList(), SHOWN, "\n  ");
    }

    /** The transactions that a statement outside of a transaction has to wait for: their snapshots are older. */
    static String older(Connection connection) throws SQLException {
        return lines(Holder.all(connection).stream().filter(holder -> holder.kind() != Holder.Kind.VACUUM)
                .toList());
    }

    @Override
    public void close() {
        clock.shutdownNow();
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException e) {
            // It was for telling only.
            return;
        }
    }
}
