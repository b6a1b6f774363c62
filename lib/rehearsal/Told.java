//SOURCES ../queries/Comparison.java ../queries/IndexAdvice.java ../queries/Query.java ../queries/Stopwatch.java

package lib.rehearsal;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import lib.queries.Comparison;
import lib.queries.IndexAdvice;
import lib.queries.Query;
import lib.queries.Stopwatch;

/** What became of a query, in the lines that a person reads. */
final class Told {
    private static final int PLAN_LINES = 3;

    private Told() {
    }

    /** What became of it, with the parts of both plans that differ. */
    static String of(Comparison one, Comparison.Status status) {
        Query query = one.query();
        String head = query.name() + " (" + query.place() + ") ";
        return switch (status) {
            case broken -> head + (query.origin() == Query.Origin.FILE ? "does not run any more: "
                    : "the old code stops working here: ") + one.error();
            case unknown -> head + "runs neither before nor after: " + one.error();
            case grown -> head + figures(one) + ": the same way through tables that this release makes larger";
            default -> head + figures(one) + plan("before", one.planBefore()) + plan("after", one.planAfter());
        };
    }

    /** The index that helps it; empty for a query that none was looked for. */
    static String index(Comparison one, Map<Comparison, IndexAdvice.Index> advice) {
        IndexAdvice.Index index = advice.get(one);
        return !advice.containsKey(one) ? "" : index == null ? "\n  index   none of those tried brings it back"
                : String.format(Locale.ROOT, "\n  index   %s;  -- tried on the copy: cost %.0f", index.sql(),
                index.cost());
    }

    private static String figures(Comparison one) {
        Stopwatch.Times before = one.timedBefore();
        Stopwatch.Times after = one.timedAfter();
        return String.format(Locale.ROOT, "%.1f times: cost %.0f -> %.0f", one.ratio(), one.before().cost(),
                one.after().cost())
                + (before == null || after == null ? "" : String.format(Locale.ROOT, ", %.2f ms -> %.2f ms",
                before.middle(),
                after.middle()));
    }

    private static String plan(String when, List<String> nodes) {
        return String.format("%n  %-7s ", when)
                + String.join("\n          ", nodes.subList(0, Math.min(PLAN_LINES, nodes.size())));
    }
}
