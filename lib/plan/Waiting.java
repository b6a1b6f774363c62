//SOURCES ../Migration.java ../Notes.java Classes.java Draft.java Node.java

package lib.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import lib.Migration;
import lib.Notes;

/**
 * A draft taken apart: what runs while production stands still, and the data steps that wait for the deploy, because
 * the entries that hold them ask nothing of the schema.
 */
public record Waiting(Draft now, Draft later) {
    /** Takes a draft apart by the classes of the entries. */
    public static Waiting of(Draft draft, List<Notes.Entry> entries, List<Migration> pending) {
        Set<String> titles = Classes.of(entries, pending, draft, List.of()).entries().stream()
                .filter(entry -> entry.kind().equals(Classes.Kind.DATA_ONLY.label)).map(Classes.Entry::title)
                .collect(Collectors.toSet());
        List<Node> now = new ArrayList<>();
        List<Node> later = new ArrayList<>();
        for (Node step : draft.steps()) {
            boolean waits = step.kind() == Node.Kind.DATA && titles.contains(step.origin());
            (waits ? later : now).add(step);
        }
        return new Waiting(new Draft(now, draft.problems(), draft.unverified()),
                new Draft(later, List.of(), List.of()));
    }
}
