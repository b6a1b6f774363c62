//SOURCES Planner.java Query.java

package lib.queries;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Times queries in rounds, one run of each in every round, so that what disturbs the machine for a moment does not hit
 * one query alone. A query of no table runs among them and tells how fast the machine itself was.
 */
public final class Stopwatch {
    private static final int ROUNDS = 7;
    private static final long LIMIT_MILLIS = 5_000;
    private static final long BUDGET_NANOS = 20_000_000_000L;
    private static final Query MACHINE = new Query("machine", Query.Origin.FILE, "",
            "SELECT sum(n) FROM generate_series(1, 20000) AS n", List.of(), 0, Map.of());

    /**
     * What the rounds showed, in milliseconds.
     *
     * @param least the quickest run
     * @param middle the run in the middle
     */
    public record Times(double least, double middle) {
    }

    /** The times by query, and how long the machine took for its own. */
    public record Reading(Map<Query, Times> times, double machine) {
    }

    private Stopwatch() {
    }

    /** Times harmless queries; one that takes too long is left out, and all end when the budget is used up. */
    public static Reading of(Planner planner, Collection<Query> queries) throws SQLException {
        Map<Query, List<Double>> runs = new LinkedHashMap<>();
        queries.forEach(query -> runs.put(query, new ArrayList<>()));
        List<Double> machine = new ArrayList<>();
        long end = System.nanoTime() + BUDGET_NANOS;
        for (int round = 0; round < ROUNDS && !runs.isEmpty() && System.nanoTime() < end; round++) {
            machine.add(planner.run(MACHINE, LIMIT_MILLIS));
            for (Query query : List.copyOf(runs.keySet())) {
                try {
                    runs.get(query).add(planner.run(query, LIMIT_MILLIS));
                } catch (SQLException e) {
                    // It takes too long, or it wants to write after all: its cost has to do.
                    runs.remove(query);
                }
            }
        }
        Map<Query, Times> times = new LinkedHashMap<>();
        runs.forEach((query, all) -> times.put(query, times(all)));
        return new Reading(times, machine.isEmpty() ? 0 : times(machine).middle);
    }

    private static Times times(List<Double> runs) {
        List<Double> sorted = runs.stream().sorted().toList();
        return new Times(sorted.get(0), sorted.get(sorted.size() / 2));
    }
}
