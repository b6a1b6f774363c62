//SOURCES ../Gate.java ../Postgres.java Explained.java Planner.java Query.java Stopwatch.java

package lib.queries;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.Gate;
import lib.Postgres;

/**
 * The queries of an application as one database takes them at one moment.
 *
 * @param plans the plan of each query that it understands
 * @param errors its reason for each one that it does not
 * @param indexes how each index of it is made
 * @param sizes pages and rows of each table, whichever has grown more is what a query pays for
 */
public record Workload(Map<Query, Explained> plans, Map<Query, String> errors, Stopwatch.Reading times,
                       Map<String, String> indexes, Map<String, Size> sizes) {
    /** Pages on disk and rows, as the planner sees them. */
    public record Size(double pages, double rows) {
    }

    /** Asks for the plan of every query, and times those that can be run without any effect. */
    public static Workload of(Connection connection, int major, List<Query> queries) throws SQLException {
        Planner planner = new Planner(connection, major);
        Map<Query, Explained> plans = new LinkedHashMap<>();
        Map<Query, String> errors = new LinkedHashMap<>();
        List<Query> harmless = new ArrayList<>();
        for (Query query : queries) {
            try {
                Explained plan = planner.explain(query);
                plans.put(query, plan);
                if (planner.harmless(query, plan)) {
                    harmless.add(query);
                }
            } catch (SQLException e) {
                errors.put(query, Gate.words(e).lines().findFirst().orElse("").replaceFirst("^ERROR: ", ""));
            }
        }
        return new Workload(plans, errors, Stopwatch.of(planner, harmless), indexes(connection), sizes(connection));
    }

    private static Map<String, String> indexes(Connection connection) throws SQLException {
        Map<String, String> indexes = new HashMap<>();
        Postgres.rows(connection, "SELECT schemaname || '.' || indexname, indexdef FROM pg_indexes")
                .forEach(row -> indexes.put(row.get(0), row.get(1)));
        return indexes;
    }

    private static Map<String, Size> sizes(Connection connection) throws SQLException {
        Map<String, Size> sizes = new HashMap<>();
        Postgres.rows(connection, "SELECT nspname || '.' || relname, greatest(relpages, 1), greatest(reltuples, 1)"
                + " FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'm')")
                .forEach(row -> sizes.put(row.get(0),
                        new Size(Double.parseDouble(row.get(1)), Double.parseDouble(row.get(2)))));
        return sizes;
    }

    /** What the same database made of each query before, and makes of it now. */
    public List<Comparison> since(Workload before, List<Query> queries) {
        return queries.stream().map(query -> new Comparison(query, before.plans.get(query), plans.get(query),
                errors.get(query), before.times.times().get(query), times.times().get(query), growth(before, query)))
                .toList();
    }

    /** How much slower the machine itself was than at another moment: 1 is the same. */
    public double machine(Workload before) {
        return before.times.machine() == 0 || times.machine() == 0 ? 1 : times.machine() / before.times.machine();
    }

    // By how much the tables of a query have grown, which makes any plan dearer.
    private double growth(Workload before, Query query) {
        double most = 1;
        Explained plan = plans.get(query);
        for (Explained.Node node : plan == null ? List.<Explained.Node>of() : plan.nodes()) {
            Size old = before.sizes.get(node.schema() + "." + node.relation());
            Size now = sizes.get(node.schema() + "." + node.relation());
            if (old != null && now != null) {
                most = Math.max(most, Math.max(now.pages / old.pages, now.rows / old.rows));
            }
        }
        return most;
    }

    /** How the indexes were made that a query used before and that are gone now. */
    public List<String> gone(Workload before, Query query) {
        List<String> gone = new ArrayList<>();
        Explained plan = before.plans.get(query);
        for (Explained.Node node : plan == null ? List.<Explained.Node>of() : plan.nodes()) {
            before.indexes.forEach((name, made) -> {
                if (node.index() != null && name.endsWith("." + node.index()) && !indexes.containsKey(name)) {
                    gone.add(made);
                }
            });
        }
        return gone;
    }
}
