//SOURCES Explained.java Query.java Stopwatch.java

package lib.queries;

import java.util.List;

/**
 * One query before and after.
 *
 * @param before its plan; null when it was not understood before; so for after
 * @param error the server's reason for not understanding it now; null when it does
 * @param timedBefore how long it took; null when it was not run; so for timedAfter
 * @param growth by how much its tables have grown: 2 is twice as large
 */
public record Comparison(Query query, Explained before, Explained after, String error, Stopwatch.Times timedBefore,
                         Stopwatch.Times timedAfter, double growth) {
    /** Differences below are the noise of a machine that does other things too. */
    private static final double NOISE_MILLIS = 1;
    /** Statistics are drawn from samples: as much may a cost differ for no reason at all. */
    private static final double SAMPLE = 1.05;

    /** What became of a query; grown goes the same way through tables that the release itself made larger. */
    public enum Status { same, slower, grown, broken, fresh, unknown }

    /** How much more it costs, or takes where that is more: 1.5 is half as much again. */
    public double ratio() {
        if (before == null || after == null) {
            return 0;
        }
        return timed() && slowerByTime(1) ? Math.max(costs(), timedAfter.middle() / timedBefore.middle()) : costs();
    }

    private double costs() {
        return before.cost() == 0 ? 1 : after.cost() / before.cost();
    }

    /**
     * What became of it.
     *
     * @param most how much more it may cost: 1.2 is a fifth
     * @param machine how much slower the machine itself was afterwards
     */
    public Status status(double most, double machine) {
        if (before == null) {
            return after != null ? Status.fresh : Status.unknown;
        }
        if (after == null) {
            return Status.broken;
        }
        if (timed() && slowerByTime(most * Math.max(1, machine))) {
            return Status.slower;
        }
        if (costs() <= most) {
            return Status.same;
        }
        if (!before.sameShape(after)) {
            return Status.slower;
        }
        // The same way at a higher price is the planner's guess; where it was run, the clock knows better.
        return timed() ? Status.same : costs() <= growth * SAMPLE ? Status.grown : Status.slower;
    }

    private boolean timed() {
        return timedBefore != null && timedAfter != null;
    }

    // Its quickest run now is slower than an ordinary one was before.
    private boolean slowerByTime(double most) {
        return timedAfter.least() > timedBefore.middle() * most
                && timedAfter.least() - timedBefore.middle() > NOISE_MILLIS;
    }

    /** The nodes that only the plan before had, in words; empty without one. */
    public List<String> planBefore() {
        return before == null ? List.of() : after == null ? words(before) : before.unlike(after);
    }

    /** The nodes that only the plan now has. */
    public List<String> planAfter() {
        return after == null ? List.of() : before == null ? words(after) : after.unlike(before);
    }

    private static List<String> words(Explained plan) {
        return plan.nodes().stream().map(Explained.Node::words).limit(3).toList();
    }
}
