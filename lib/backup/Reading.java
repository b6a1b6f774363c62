//SOURCES ../Failure.java ../Postgres.java ../Target.java Contents.java Jobs.java LargeObjects.java Snapshot.java
//SOURCES Tables.java

package lib.backup;

import java.math.BigInteger;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import lib.Failure;
import lib.Postgres;
import lib.Target;
import org.postgresql.PGConnection;

/** One reading of a whole database on several connections that see the same; what it has begun it can stop. */
final class Reading {
    // How values are written must not depend on the session, and a policy must refuse instead of hiding rows. Parallel
    // workers would be more than was asked for: the connections themselves work side by side.
    private static final List<String> SETTINGS = List.of("search_path = ''", "TimeZone = 'UTC'", "DateStyle = 'ISO'",
            "IntervalStyle = 'postgres'", "bytea_output = 'hex'", "extra_float_digits = 1", "xmloption = 'content'",
            "lc_monetary = 'C'", "row_security = off", "lock_timeout = '60s'", "max_parallel_workers_per_gather = 0");

    private final Target target;
    private final String snapshot;
    private final Contents.Listener listener;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final Queue<List<Tables.Piece>> work = new ConcurrentLinkedQueue<>();
    private final SortedMap<String, Contents.Rows> tables = new TreeMap<>();
    private final SortedMap<String, String> sequences = new TreeMap<>();
    private volatile boolean stopped;
    /** Bytes of the tables read so far, and of all. */
    private long read;
    private long all;

    Reading(Target target, String snapshot, Contents.Listener listener) {
        this.target = target;
        this.snapshot = snapshot;
        this.listener = listener;
    }

    /** Reads everything; a null method is the best one that the server knows. */
    Contents contents(String wish) throws SQLException {
        boolean done = false;
        Thread end = new Thread(this::stop, "reading of " + target.place());
        Runtime.getRuntime().addShutdownHook(end);
        ExecutorService helpers = Executors.newCachedThreadPool();
        try {
            Connection connection = connect();
            Snapshot.join(connection, snapshot);
            String method = wish == null ? Tables.method(connection) : wish;
            String encoding = Postgres.one(connection, "SHOW server_encoding");
            work.addAll(Tables.work(connection, method));
            connection.rollback();
            all = work.stream().flatMap(List::stream).mapToLong(Tables.Piece::bytes).sum();
            List<Future<?>> others = new ArrayList<>();
            for (int i = 1; i < Math.min(connections(), work.size()); i++) {
                others.add(helpers.submit(() -> {
                    read(connect());
                    return null;
                }));
            }
            read(connection);
            for (Future<?> other : others) {
                other.get();
            }
            Contents.Rows largeObjects = LargeObjects.read(connection, snapshot);
            done = true;
            return new Contents(method, encoding, tables, sequences, largeObjects);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SQLException sql) {
                throw sql;
            }
            throw e.getCause() instanceof RuntimeException runtime ? runtime : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted while the tables were read", null, e);
        } finally {
            if (!done) {
                stop();
            }
            helpers.shutdown();
            forget(end);
            connections.forEach(Postgres::close);
        }
    }

    // As many as there are cores; of a production that is in use not too many, and pg_dump beside it needs a core, too.
    private int connections() {
        int cores = Runtime.getRuntime().availableProcessors();
        return snapshot == null ? cores : Math.min(Jobs.MOST, cores - 1);
    }

    /** Ends what is being read; a server goes on for long with a statement whose asker has gone. */
    void stop() {
        stopped = true;
        work.clear();
        for (Connection connection : connections) {
            try {
                connection.unwrap(PGConnection.class).cancelQuery();
            } catch (SQLException e) {
                // It has ended by itself.
                continue;
            }
        }
    }

    private static void forget(Thread end) {
        try {
            Runtime.getRuntime().removeShutdownHook(end);
        } catch (IllegalStateException e) {
            // The hooks are running already, this one among them.
            return;
        }
    }

    private Connection connect() throws SQLException {
        Connection connection = Snapshot.unlimited(target);
        connections.add(connection);
        Postgres.execute(connection, "SET " + String.join("; SET ", SETTINGS));
        connection.setAutoCommit(false);
        if (stopped) {
            // Whoever stopped it may have been through with closing before this one was there.
            Postgres.close(connection);
            throw new Failure(Failure.Exit.INTERRUPTED, "stopped while the tables were read", null);
        }
        return connection;
    }

    // A transaction for each piece of work, so that no connection collects locks on all tables.
    private void read(Connection connection) throws SQLException {
        try {
            for (List<Tables.Piece> pieces = work.poll(); pieces != null && !stopped; pieces = work.poll()) {
                Snapshot.join(connection, snapshot);
                String query = String.join("\nUNION ALL ", pieces.stream().map(Tables.Piece::query).toList());
                List<List<String>> answers = Postgres.rows(connection, query);
                connection.rollback();
                note(pieces, answers);
            }
        } catch (SQLException e) {
            // Whatever is wrong with one is wrong with the whole.
            work.clear();
            throw e;
        }
    }

    private synchronized void note(List<Tables.Piece> pieces, List<List<String>> answers) {
        // The answers come in the order of the questions.
        for (int i = 0; i < pieces.size(); i++) {
            Tables.Piece piece = pieces.get(i);
            List<String> answer = answers.get(i);
            if (piece.sequence()) {
                sequences.put(piece.name(), answer.get(1) + " " + answer.get(2));
            } else {
                tables.merge(piece.name(), new Contents.Rows(Long.parseLong(answer.get(1)), answer.get(2)),
                        (one, other) -> new Contents.Rows(one.rows() + other.rows(),
                                new BigInteger(one.hash()).add(new BigInteger(other.hash())).toString()));
                read += piece.bytes();
                listener.read(piece.name(), read, all);
            }
        }
    }
}
