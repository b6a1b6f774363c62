//SOURCES ../Failure.java ../Gate.java ../Holder.java ../Postgres.java Database.java Planned.java
//SOURCES Sessions.java

package lib.preflight;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import lib.Failure;
import lib.Gate;
import lib.Holder;
import lib.Postgres;

/**
 * Whether the locks of the release can be had at this moment. Each is asked for with NOWAIT in a transaction of its own
 * that is sent together with its ROLLBACK in one message: it is held for as long as the server needs to read on, far
 * below a millisecond, nobody queues behind it, and nothing is ever changed.
 */
public final class Probe {
    // Between two requests of an application a lock is free; a release waits and tries again likewise.
    private static final int TRIES = 10;
    private static final int MILLIS_BETWEEN = 100;
    /** How long a segment of the release itself waits for a lock. */
    private static final Duration SHORT = Duration.ofSeconds(5);
    private static final String NOT_AVAILABLE = "55P03";

    private final Database database;
    private final Planned planned;

    public Probe(Database database, Planned planned) {
        this.database = database;
        this.planned = planned;
    }

    /** Every table that the release locks can be locked now. */
    public Gate.Finding locks() throws SQLException {
        if (database.identity() == null) {
            return Gate.skipped("not looked at: db.reach comes first");
        }
        Planned.Facts facts = planned.facts();
        if (facts.nothing() != null) {
            return Gate.skipped(facts.nothing());
        }
        if (facts.tables().isEmpty()) {
            return Gate.passed("nothing that exists is locked");
        }
        List<Planned.Table> refused = new ArrayList<>();
        List<String> closed = new ArrayList<>();
        // Not the connection for reading: a read-only transaction is refused every lock but the weakest.
        try (Connection connection = Postgres.write(database.target(), "preflight")) {
            for (Planned.Table table : facts.tables()) {
                String state = probe(connection, table);
                if (NOT_AVAILABLE.equals(state)) {
                    refused.add(table);
                } else if (state != null) {
                    closed.add(table.name() + " (" + state + ")");
                }
            }
            return refused.isEmpty() ? found(facts.tables(), closed) : held(connection, refused);
        }
    }

    private static Gate.Finding found(List<Planned.Table> tables, List<String> closed) {
        if (!closed.isEmpty()) {
            return Gate.warned("no lock was tried on " + String.join(", ", closed), "see db.role");
        }
        String names = tables.stream().limit(5).map(table -> table.mode().sql() + " on " + table.name())
                .collect(Collectors.joining(", "));
        return Gate.passed("to be had: " + names + (tables.size() > 5 ? " and " + (tables.size() - 5) + " more" : ""));
    }

    /** Null when the lock was there, else the server's code for why not. */
    private static String probe(Connection connection, Planned.Table table) throws SQLException {
        String state = null;
        for (int attempt = 0; attempt < TRIES; attempt++) {
            try {
                Postgres.execute(connection, "BEGIN READ WRITE; SET LOCAL statement_timeout = '1s';"
                        + " SET LOCAL lock_timeout = '100ms'; LOCK TABLE ONLY " + table.name().full() + " IN "
                        + table.mode().sql() + " MODE NOWAIT; ROLLBACK");
                return null;
            } catch (SQLException e) {
                state = String.valueOf(e.getSQLState());
                Postgres.execute(connection, "ROLLBACK");
                if (!NOT_AVAILABLE.equals(state)) {
                    return state;
                }
            }
            Sessions.pause(MILLIS_BETWEEN);
        }
        return state;
    }

    private static Gate.Finding held(Connection connection, List<Planned.Table> refused) throws SQLException {
        List<Holder> holders = Holder.all(connection).stream()
                .filter(holder -> refused.stream()
                        .anyMatch(table -> holder.conflicts(table.oid(), table.mode()))).toList();
        String names = refused.stream().map(table -> table.mode().sql() + " on " + table.name())
                .collect(Collectors.joining(", "));
        String who = holders.isEmpty() ? "" : ":\n" + holders.stream().limit(8).map(Holder::words)
                .collect(Collectors.joining("\n"));
        String message = "not to be had: " + names + ", tried " + TRIES + " times in "
                + TRIES * MILLIS_BETWEEN / 1000 + " s" + who;
        String ways = holders.stream().map(Holder::ending).filter(way -> way != null).distinct().limit(8)
                .collect(Collectors.joining("\n"));
        // Short transactions make room for a lock that waits, as the release does; these probes never wait.
        if (!holders.isEmpty() && holders.stream().allMatch(Probe::passes)) {
            return Gate.warned(message, "nobody there stays for long, and a release waits for its locks; at a quieter "
                    + "hour it goes smoothly");
        }
        throw Failure.stop(holders.isEmpty() ? message + ", and who holds it is not to be seen" : message,
                ways.isEmpty() ? "wait for its end, then run this again" : ways);
    }

    private static boolean passes(Holder holder) {
        return switch (holder.kind()) {
            case PREPARED, DUMP, WRAPAROUND, HIDDEN -> false;
            case VACUUM -> true;
            case IDLE, ACTIVE -> holder.age().compareTo(SHORT) < 0;
        };
    }
}
