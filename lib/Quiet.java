//SOURCES Failure.java Postgres.java Services.java Target.java

package lib;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * The proof that a database stands still: nobody else is connected, and from one look to a later one nothing was
 * written. That a command said "stopped" proves neither. What has to be done anyway can be done between the looks.
 */
public final class Quiet {
    /** How long to wait for sessions to end, in seconds; a deployment that drains slowly may need more. */
    private static final String PATIENCE = "RELEASE_QUIET_SECONDS";
    private static final int USUAL_PATIENCE = 60;
    private static final String PROVEN = "nobody else is connected, and nothing is written";
    private static final Duration LOOK = Duration.ofMillis(250);
    /** A session tells the server's statistics what it wrote once in a second, and when it ends. */
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(1);
    /** From this major on what a session wrote is known before it is seen no more; before, a while after that. */
    private static final int KNOWN_AT_ONCE = 15;

    private final Target target;
    private final Consumer<String> say;
    private final String next;
    private String written;
    private long since;

    /**
     * Of a database that nobody has looked at yet.
     *
     * @param next the command that goes on when whoever is in the way is gone
     */
    public Quiet(Target target, Consumer<String> say, String next) {
        this.target = target;
        this.say = say;
        this.next = next;
    }

    /** Waits until nobody else is connected; what is written from then on breaks the quiet. */
    public String alone() throws SQLException, InterruptedException {
        try (Connection connection = Postgres.read(target, "release")) {
            boolean late = late(connection);
            look(connection, late ? LONG_ENOUGH : Duration.ZERO);
            return late ? PROVEN : "nobody else is connected";
        }
    }

    /** Waits until nobody else is connected, and nothing was written for long enough. */
    public String proven() throws SQLException, InterruptedException {
        try (Connection connection = Postgres.read(target, "release")) {
            look(connection, LONG_ENOUGH);
            return PROVEN;
        }
    }

    /** The same, and whether nothing was written since the last look before. */
    public boolean unbroken() throws SQLException, InterruptedException {
        String before = written;
        proven();
        return written.equals(before);
    }

    /** The command that goes on when whoever is in the way is gone. */
    public String next() {
        return next;
    }

    private static boolean late(Connection connection) throws SQLException {
        return connection.getMetaData().getDatabaseMajorVersion() < KNOWN_AT_ONCE;
    }

    private void look(Connection connection, Duration enough) throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + Services.seconds(PATIENCE, USUAL_PATIENCE).toNanos();
        boolean late = late(connection);
        String said = "";
        while (true) {
            List<String> others = Services.others(connection);
            String now = Postgres.one(connection,
                    "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables");
            long looked = System.nanoTime();
            if (!now.equals(written)) {
                written = now;
                since = looked;
            }
            if (late && !others.isEmpty()) {
                since = looked;
            }
            if (others.isEmpty() && looked - since >= enough.toNanos()) {
                return;
            }
            if (looked > deadline) {
                throw Failure.stop(others.isEmpty() ? "the database is still being written to"
                        : "the database is still in use by " + String.join(", ", others),
                        "end these sessions, then: " + next);
            }
            String waiting = String.join(", ", others);
            if (!waiting.isEmpty() && !waiting.equals(said)) {
                say.accept("waiting for " + waiting);
                said = waiting;
            }
            Thread.sleep(LOOK.toMillis());
        }
    }
}
