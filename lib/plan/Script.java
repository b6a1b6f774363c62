//SOURCES ../Migration.java Draft.java Node.java

package lib.plan;

import java.util.ArrayList;
import java.util.List;
import lib.Migration;

/** Writes the plan as a file that a reader understands without knowing us, and that psql runs as it stands. */
public final class Script {
    private final StringBuilder text = new StringBuilder();
    private int segment;

    private Script() {
    }

    /**
     * The text of a release.
     *
     * @param covers the migrations it covers, in order
     * @param history the statements that make the migration tool take them for applied
     */
    public static String of(Draft draft, List<Migration> covers, String tool, List<String> history) {
        Script script = new Script();
        script.head(covers, tool);
        draft.steps().stream().filter(step -> step.kind() == Node.Kind.EARLY).forEach(script::alone);
        List<Node> middle = new ArrayList<>(draft.steps());
        middle.removeIf(step -> step.kind() == Node.Kind.EARLY || step.kind() == Node.Kind.LATER);
        List<Node> later = draft.steps().stream().filter(step -> step.kind() == Node.Kind.LATER).toList();
        script.transactions(middle, later.isEmpty() ? history : List.of(), tool);
        later.forEach(script::alone);
        if (!later.isEmpty()) {
            script.transactions(List.of(), history, tool);
        }
        return script.text.toString();
    }

    private void head(List<Migration> covers, String tool) {
        text.append("-- Release SQL. Covers ").append(covers.isEmpty() ? "no migration" : tool)
                .append(covers.isEmpty() ? "" : covers.size() == 1 ? " migration:" : " migrations:").append('\n');
        covers.forEach(migration -> text.append("--   ").append(migration.id()).append('\n'));
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
                .append("SET LOCAL lock_timeout = '5s';\nSET LOCAL statement_timeout = 0;\n");
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

    private void alone(Node step) {
        text.append("\n-- Segment ").append(++segment).append(": ").append(step.note().replace("\n", " ")).append('\n')
                .append(step.sql()).append(";\n");
    }
}
