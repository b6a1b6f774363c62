//SOURCES ../Count.java ../Gate.java ../Migration.java ../Phase.java ../hazards/Context.java ../hazards/Finding.java
//SOURCES ../hazards/Hazard.java ../hazards/Inventory.java ../hazards/Review.java ../hazards/Selection.java
//SOURCES ../plan/Draft.java

package lib.assess;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import lib.Count;
import lib.Gate;
import lib.Migration;
import lib.Phase;
import lib.hazards.Context;
import lib.hazards.Finding;
import lib.hazards.Hazard;
import lib.hazards.Inventory;
import lib.hazards.Review;
import lib.hazards.Selection;
import lib.plan.Draft;

/**
 * The hazards of a release, weighed by the sizes of a database's tables and as the release runs the statements:
 * timeouts set, service stopped, in the form that the draft gives them.
 *
 * @param sizes bytes of the tables that are large enough for their size to count
 */
public record Dangers(Review.Result result, Map<String, Long> sizes) {
    /** Bytes from which on the size of a table decides how long a statement takes. */
    private static final long LARGE = 8 << 20;

    public static Dangers of(Connection connection, List<Migration> pending, Draft draft) throws SQLException {
        Context context = Inventory.of(connection, Context.of(Context.Shape.ALL)).released()
                .planned(draft.steps().stream().map(step -> step.sql()).collect(Collectors.toSet()));
        Map<String, Long> sizes = new TreeMap<>();
        context.tables().forEach((name, table) -> {
            if (table.bytes() >= LARGE) {
                sizes.put(name.toString(), table.bytes());
            }
        });
        return new Dangers(Review.of(Selection.of(pending), context), sizes);
    }

    public List<Finding> findings() {
        return result.findings();
    }

    /** The sizes are for the rehearsal, whose copy is as small as a fresh one is. */
    public void tell(Phase phase) {
        phase.fact("hazards", findings());
        phase.fact("sizes", sizes);
    }

    /** One line a kind: all of them are in the facts, in the report, and in a review. */
    public Gate.Finding finding() {
        List<Finding> found = findings().stream()
                .filter(finding -> finding.severity() != Hazard.Severity.SAFE || finding.cured()).toList();
        if (found.isEmpty()) {
            return Gate.passed("no hazards in " + Count.of(result.statements(), "statement"));
        }
        Map<String, List<Finding>> kinds = found.stream().collect(Collectors.groupingBy(finding ->
                (finding.cured() ? "cured" : finding.severity()) + " " + finding.id(), LinkedHashMap::new,
                Collectors.toList()));
        String list = String.join("\n", kinds.entrySet().stream().sorted(Comparator.comparing(kind ->
                kind.getValue().get(0).cured() ? 1 : -kind.getValue().get(0).severity().ordinal()))
                .map(kind -> kind.getKey() + " "
                + kind.getValue().get(0).place() + ": " + kind.getValue().get(0).message()
                + (kind.getValue().size() == 1 ? "" : "; " + (kind.getValue().size() - 1) + " more like it")).toList());
        return found.stream().allMatch(Finding::cured) ? Gate.passed(list)
                : Gate.warned(result.verdict() + "\n" + list, "jbang assess.java review   # each with its safe form");
    }
}
