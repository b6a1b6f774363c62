//SOURCES ../Holds.java ../Migration.java Draft.java Node.java

package lib.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import lib.Holds;
import lib.Migration;

/** Writes the plan as a file that a reader understands without knowing us, and that psql runs as it stands. */
public final class Script {
    private static final Set<Node.Kind> OUTSIDE = Set.of(Node.Kind.EARLY, Node.Kind.LATER, Node.Kind.LAST);
    /** How a transaction waits: not long for a lock, because all others queue behind it; as long as its work takes. */
    private static final String PATIENCE = "SET LOCAL lock_timeout = '5s';\nSET LOCAL statement_timeout = 0;\n";

    private final StringBuilder text = new StringBuilder();
    private int segment;

    private Script() {
    }

    /**
     * The text of a release.
     *
     * @param covers the migrations it covers, in order
     * @param held what is left out, because it waits
     * @param history the statements that make the migration tool take them for applied
     */
    public static String of(Draft draft, List<Migration> covers, List<Holds.Held> held, String tool,
                            List<String> history) {
        Script script = new Script();
        script.head(covers, held, tool);
        List<Node> middle = new ArrayList<>(draft.steps());
        middle.removeIf(step -> OUTSIDE.contains(step.kind()));
        of(draft, Node.Kind.EARLY).forEach(script::apart);
        List<Node> later = of(draft, Node.Kind.LATER);
        List<Node> last = of(draft, Node.Kind.LAST);
        boolean more = !later.isEmpty() || !last.isEmpty();
        script.transactions(middle, more ? List.of() : history, tool);
        later.forEach(script::apart);
        if (more) {
            script.transactions(last, history, tool);
        }
        return script.text.toString();
    }

    private static List<Node> of(Draft draft, Node.Kind kind) {
        return draft.steps().stream().filter(step -> step.kind() == kind).toList();
    }

    /** The text of data SQL that waits for the deploy. */
    public static String waiting(Draft draft) {
        Script script = new Script();
        script.text.append("""
                -- Data SQL. Runs after the deploy of the release, when the new version answers.
                -- Rehearsed on what the release SQL leaves. By hand: psql -X -v ON_ERROR_STOP=1 -f FILE
                """);
        script.transactions(draft.steps(), List.of(), "");
        return script.text.toString();
    }

    private void head(List<Migration> covers, List<Holds.Held> held, String tool) {
        text.append("-- Release SQL. Covers ").append(covers.isEmpty() ? "no migration" : tool)
                .append(covers.isEmpty() ? "" : covers.size() == 1 ? " migration:" : " migrations:").append('\n');
        covers.forEach(migration -> text.append("--   ").append(migration.id()).append('\n'));
        held.forEach(each -> text.append("-- Left out, held back: ").append(each.migration()).append(", ")
                .append(each.when()).append('\n'));
        text.append("""
                -- Rehearsed and applied statement by statement as it stands here.
                -- By hand: psql -X -v ON_ERROR_STOP=1 -f FILE
                -- It may be edited: it is then rehearsed and approved anew.
                """);
    }

    // A statement of a file that cannot be in a transaction ends one segment and begins the next.
    private void transactions(List<Node> steps, List<String> history, String tool) {
        List<Node> open = new ArrayList<>();
        for (Node step : steps) {
            if (step.facts().transactional()) {
                open.add(step);
            } else {
                transaction(open, List.of(), tool);
                open.clear();
                alone(step);
            }
        }
        transaction(open, history, tool);
    }

    private void transaction(List<Node> steps, List<String> history, String tool) {
        if (steps.isEmpty() && history.isEmpty()) {
            return;
        }
        text.append("\n-- Segment ").append(++segment).append(": one transaction, all of it or nothing\nBEGIN;\n")
                .append(PATIENCE);
        String note = "";
        for (Node step : steps) {
            if (!step.note().equals(note)) {
                note = step.note();
                text.append("\n-- ").append(note.replace("\n", " ")).append('\n');
            }
            text.append(step.sql()).append(";\n");
        }
        if (!history.isEmpty()) {
            text.append("\n-- ").append(tool).append(" history: these migrations are applied, and are not run again\n");
            history.forEach(row -> text.append(row).append(";\n"));
        }
        text.append("COMMIT;\n");
    }

    // A transaction of its own.
    private void apart(Node step) {
        if (!step.facts().transactional()) {
            alone(step);
            return;
        }
        text.append("\n-- Segment ").append(++segment).append(": ").append(step.note().replace("\n", " "))
                .append("\nBEGIN;\n").append(PATIENCE).append(step.sql()).append(";\nCOMMIT;\n");
    }

    // What works concurrently waits for every older transaction, while nobody waits for it; ended by a timeout, it
    // would leave half an index behind.
    private void alone(Node step) {
        text.append("\n-- Segment ").append(++segment).append(": ").append(step.note().replace("\n", " "))
                .append("\nSET lock_timeout = '15min';\nSET statement_timeout = 0;\n")
                .append(step.sql()).append(";\n");
    }
}
