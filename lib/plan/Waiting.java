//SOURCES ../Migration.java ../Notes.java ../Place.java Classes.java Draft.java Node.java

package lib.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import lib.Migration;
import lib.Notes;
import lib.Place;

/**
 * A draft taken apart: what runs while production stands still, and the data steps that wait for the deploy, because
 * the entries that hold them ask nothing of the schema, or say so of the step.
 */
public record Waiting(Draft now, Draft later) {
    /** What changes rows and nothing else. */
    static final Set<String> DATA = Set.of("INSERT", "UPDATE", "DELETE", "MERGE", "SELECT", "SET",
            "SET CONSTRAINTS", "REFRESH MATERIALIZED VIEW", "ANALYZE", "COPY");

    /** Takes a draft apart by the classes of the entries. */
    public static Waiting of(Draft draft, List<Notes.Entry> entries, List<Migration> pending) {
        Set<String> titles = Classes.of(entries, pending, draft, List.of()).entries().stream()
                .filter(entry -> entry.kind().equals(Classes.Kind.DATA_ONLY.label)).map(Classes.Entry::title)
                .collect(Collectors.toSet());
        List<Node> now = new ArrayList<>();
        List<Node> later = new ArrayList<>();
        for (Node step : draft.steps()) {
            // The words place a step of which its statements say nothing: also back into the release.
            boolean waits = step.kind() == Node.Kind.DATA && (step.place().when() == Place.When.LATER
                    || titles.contains(step.origin()) && step.place().when() != Place.When.RELEASE);
            (waits ? later : now).add(step);
        }
        return new Waiting(new Draft(now, draft.problems(), draft.unverified()),
                new Draft(later, List.of(), List.of()));
    }
}
