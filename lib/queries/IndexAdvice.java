//SOURCES ../Postgres.java ../sql/Name.java Explained.java Planner.java Query.java

package lib.queries;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import lib.Postgres;
import lib.sql.Name;

/**
 * Looks for the index that a query misses: candidates come from what its plan reads, filters and sorts, and each one is
 * made on the copy in a transaction that is taken back, to see whether the planner uses it.
 */
public final class IndexAdvice {
    private static final int MOST_CANDIDATES = 8;
    private static final String PATIENCE = "60s";

    private final Connection connection;
    private final Planner planner;

    /**
     * An index that helps.
     *
     * @param sql how it is made without stopping writes
     * @param cost what the query costs with it
     */
    public record Index(String sql, double cost) {
    }

    /** Works on a connection of its own to a copy, never to a database that others use. */
    public IndexAdvice(Connection connection, int major) throws SQLException {
        this.connection = connection;
        this.planner = new Planner(connection, major);
    }

    /**
     * The index with which the query costs least; null when none brings it near what it cost before.
     *
     * @param gone definitions of indexes that were there before and that its plan used
     * @param enough a cost that is good enough
     */
    public Index of(Query query, Explained plan, List<String> gone, double enough) throws SQLException {
        Set<String> candidates = new LinkedHashSet<>(gone);
        for (Explained.Node node : plan.nodes()) {
            if (node.relation() != null && node.readsAll() && candidates.size() < MOST_CANDIDATES) {
                candidates.addAll(candidates(node, plan));
            }
        }
        Index best = null;
        for (String candidate : candidates) {
            Double cost = tried(query, candidate);
            if (cost != null && cost <= enough && (best == null || cost < best.cost)) {
                best = new Index(candidate.replaceFirst("^(CREATE (?:UNIQUE )?INDEX )", "$1CONCURRENTLY "), cost);
            }
        }
        return best;
    }

    private Double tried(Query query, String index) throws SQLException {
        connection.setAutoCommit(false);
        try {
            Postgres.execute(connection, "SET LOCAL statement_timeout = '" + PATIENCE + "'");
            Postgres.execute(connection, index);
            return planner.explain(query).cost();
        } catch (SQLException e) {
            // An index over what is gone, or of a type that has no order: no candidate after all.
            return null;
        } finally {
            Postgres.rollBack(connection);
            Postgres.restoreAutoCommit(connection);
        }
    }

    // Columns that must be equal come first, then one that is compared, then what the plan sorts by.
    private Set<String> candidates(Explained.Node node, Explained plan) throws SQLException {
        Name table = Name.of(node.schema(), node.relation());
        List<String> equal = new ArrayList<>();
        List<String> compared = new ArrayList<>();
        List<String> sorted = new ArrayList<>();
        for (List<String> row : Postgres.rows(connection, "SELECT attname FROM pg_attribute WHERE attrelid = "
                + Postgres.literal(table.full()) + "::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum")) {
            String column = row.get(0);
            String own = Pattern.quote(Name.quote(node.alias()) + "." + Name.quote(column))
                    + "(?![\\w\"])\\)?(?:::[\\w ]+\\)?)?";
            for (Explained.Node other : plan.nodes()) {
                for (String condition : other.conditions()) {
                    if (seen(own + " (=|IS NULL)", condition) || seen("= \\(?" + own, condition)) {
                        add(equal, column);
                    } else if (seen(own + " (<|>|~~|BETWEEN)", condition) || seen("[<>]=? \\(?" + own, condition)) {
                        add(compared, column);
                    }
                }
                for (String key : other.keys()) {
                    if (seen("^" + own, key)) {
                        add(sorted, Name.quote(column) + (key.endsWith(" DESC") ? " DESC" : ""));
                    }
                }
            }
        }
        return columns(equal, compared, sorted, "CREATE INDEX ON " + table.sql() + " (");
    }

    private static Set<String> columns(List<String> equal, List<String> compared, List<String> sorted, String head) {
        Set<String> candidates = new LinkedHashSet<>();
        List<String> first = equal.stream().map(Name::quote).toList();
        for (String column : equal) {
            candidates.add(head + Name.quote(column) + ")");
        }
        for (String column : compared) {
            candidates.add(head + Name.quote(column) + ")");
            candidates.add(head + list(first, List.of(Name.quote(column))) + ")");
        }
        if (!first.isEmpty()) {
            candidates.add(head + String.join(", ", first) + ")");
        }
        if (!sorted.isEmpty()) {
            candidates.add(head + list(first, sorted) + ")");
            candidates.add(head + String.join(", ", sorted) + ")");
        }
        return candidates;
    }

    private static String list(List<String> one, List<String> other) {
        Set<String> all = new LinkedHashSet<>(one);
        all.addAll(other);
        return String.join(", ", all);
    }

    private static boolean seen(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).find();
    }

    private static void add(List<String> columns, String column) {
        if (!columns.contains(column)) {
            columns.add(column);
        }
    }
}
