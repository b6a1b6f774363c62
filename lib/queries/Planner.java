//SOURCES ../Postgres.java ../sql/Statement.java Explained.java Query.java

package lib.queries;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Postgres;
import lib.sql.Statement;

/**
 * Asks a server how it would run a query. Nothing is ever run but queries that only read, and these in a transaction
 * that the server keeps from writing.
 */
public final class Planner {
    private static final String UNKNOWN_TYPE = "42P18";
    private static final Pattern NUMBER = Pattern.compile("\\$(\\d+)");
    /** With this major came EXPLAIN (GENERIC_PLAN). */
    private static final int GENERIC = 16;

    private final Connection connection;
    private final int major;
    private Set<String> volatiles;

    /** A planner on a connection that is its own: it sets what it needs there. */
    public Planner(Connection connection, int major) throws SQLException {
        this.connection = connection;
        this.major = major;
        // What is measured must not depend on how many workers happen to be free.
        Postgres.execute(connection, "SET max_parallel_workers_per_gather = 0");
        Postgres.execute(connection, "SET jit = off");
    }

    /** The plan of a query; an SQLException is the server's reason for not understanding it. */
    public Explained explain(Query query) throws SQLException {
        if (query.places() == 0) {
            return ask("EXPLAIN (VERBOSE, FORMAT JSON) " + query.sql());
        }
        if (query.closed()) {
            return prepared(query, List.of(), "force_custom_plan", query.values());
        }
        if (major >= GENERIC) {
            try {
                return ask("EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) " + query.sql());
            } catch (SQLException e) {
                if (!UNKNOWN_TYPE.equals(e.getSQLState())) {
                    throw e;
                }
            }
        }
        return prepared(query, List.of(), "force_generic_plan", Collections.nCopies(query.places(), "NULL"));
    }

    // A parameter whose type nothing tells is a text, as drivers send it.
    private Explained prepared(Query query, List<Integer> texts, String mode, List<String> values)
            throws SQLException {
        List<String> types = new ArrayList<>(Collections.nCopies(query.places(), "unknown"));
        texts.forEach(number -> types.set(number - 1, "text"));
        try {
            Postgres.execute(connection, "SET plan_cache_mode = " + mode);
            Postgres.execute(connection, "PREPARE release_query (" + String.join(", ", types) + ") AS " + query.sql());
            return ask("EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE release_query(" + String.join(", ", values) + ")");
        } catch (SQLException e) {
            Matcher number = NUMBER.matcher(String.valueOf(e.getMessage()));
            if (!UNKNOWN_TYPE.equals(e.getSQLState()) || !number.find()
                    || texts.contains(Integer.parseInt(number.group(1)))) {
                throw e;
            }
            List<Integer> more = new ArrayList<>(texts);
            more.add(Integer.parseInt(number.group(1)));
            return prepared(query, more, mode, values);
        } finally {
            forget();
        }
    }

    private void forget() throws SQLException {
        if (Postgres.one(connection, "SELECT 1 FROM pg_prepared_statements WHERE name = 'release_query'") != null) {
            Postgres.execute(connection, "DEALLOCATE release_query");
        }
    }

    private Explained ask(String explain) throws SQLException {
        return Explained.of(Postgres.one(connection, explain));
    }

    /** Whether a query can be run without any effect: it only reads, asks no other server and calls nothing odd. */
    public boolean harmless(Query query, Explained plan) throws SQLException {
        if (!query.closed() || plan.changes() || plan.foreign()) {
            return false;
        }
        Set<String> called = new TreeSet<>(Statement.of(query.sql(), 1).identifiers());
        Matcher word = Pattern.compile("\\w+(?=\\s*\\()").matcher(query.sql());
        while (word.find()) {
            called.add(word.group().toLowerCase(java.util.Locale.ROOT));
        }
        return Collections.disjoint(called, volatiles());
    }

    private Set<String> volatiles() throws SQLException {
        if (volatiles == null) {
            volatiles = new TreeSet<>();
            Postgres.rows(connection, "SELECT DISTINCT proname FROM pg_proc WHERE provolatile = 'v'")
                    .forEach(row -> volatiles.add(row.get(0)));
        }
        return volatiles;
    }

    /**
     * Runs a harmless query once and says how long the server took, in milliseconds; nothing it answers leaves the
     * server. A query that takes longer than the limit ends with an SQLException.
     */
    public double run(Query query, long limitMillis) throws SQLException {
        connection.setAutoCommit(false);
        try {
            Postgres.execute(connection, "SET TRANSACTION READ ONLY");
            Postgres.execute(connection, "SET LOCAL statement_timeout = " + limitMillis);
            if (query.places() == 0) {
                return ask("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + query.sql()).millis();
            }
            Postgres.execute(connection, "SET LOCAL plan_cache_mode = force_custom_plan");
            Postgres.execute(connection, "PREPARE release_query AS " + query.sql());
            return ask("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE release_query("
                    + String.join(", ", query.values()) + ")").millis();
        } finally {
            Postgres.rollBack(connection);
            Postgres.restoreAutoCommit(connection);
            forget();
        }
    }
}
