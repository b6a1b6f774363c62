//SOURCES ../Migration.java ../Notes.java ../sql/Name.java Draft.java Node.java Problem.java

package lib.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import lib.Migration;
import lib.Notes;
import lib.sql.Name;

/**
 * How much each entry of MIGRATIONS.md asks of a release, judged by its statements and never by its words alone.
 *
 * @param reason of the overall class, in one line
 */
public record Classes(List<Entry> entries, Kind overall, String reason) {
    /** From harmless to a person's decision; the order counts. */
    public enum Kind {
        NONE("None"), DATA_ONLY("Data-only"), SIMPLE("Simple"), COMPLEX("Complex");

        public final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    /**
     * One entry with its class.
     *
     * @param hash of the entry's text, on which decisions hang
     * @param migrations the pending migrations it speaks of
     * @param statements the statements behind the class
     */
    public record Entry(String title, @com.fasterxml.jackson.annotation.JsonProperty("class") String kind, String reason, String hash,
                        List<String> migrations, List<String> statements) {
    }

    /** Classes all entries and the release as a whole; what no entry speaks of counts too. */
    public static Classes of(List<Notes.Entry> entries, List<Migration> pending, Draft draft) {
        List<Entry> classed = new ArrayList<>();
        List<Kind> kinds = new ArrayList<>();
        for (Notes.Entry entry : entries) {
            Kind kind = classed(entry, pending, draft, classed);
            kinds.add(kind);
        }
        Kind all = !draft.problems().isEmpty() ? Kind.COMPLEX : !pending.isEmpty() ? Kind.SIMPLE : draft.dataSteps() > 0 ? Kind.DATA_ONLY
                : Kind.NONE;
        Kind overall = kinds.stream().max(Comparator.naturalOrder()).filter(kind -> kind.compareTo(all) > 0).orElse(all);
        return new Classes(classed, overall, reason(overall, pending.size(), draft));
    }

    private static Kind classed(Notes.Entry entry, List<Migration> pending, Draft draft, List<Entry> classed) {
        Set<String> migrations = new LinkedHashSet<>();
        List<String> statements = new ArrayList<>();
        for (Migration migration : pending) {
            List<Node> own = draft.steps().stream().filter(step -> step.origin().equals(migration.id())).toList();
            boolean named = entry.files().stream().anyMatch(file -> file.contains(migration.id()) || migration.file().endsWith(file));
            if (named || own.stream().anyMatch(step -> speaksOf(entry, step))) {
                migrations.add(migration.id());
                own.stream().filter(step -> named || speaksOf(entry, step)).forEach(step -> statements.add(step.sql()));
            }
        }
        List<Node> data = draft.steps().stream().filter(step -> step.kind() == Node.Kind.DATA
                && (step.origin().equals(entry.title()) || step.origin().equals("data") && speaksOf(entry, step))).toList();
        data.forEach(step -> statements.add(step.sql()));
        List<Problem> problems = draft.problems().stream().filter(problem -> migrations.contains(problem.origin())
                || problem.origin().equals(entry.title()) || entry.mentions(problem.object().split("\\.")[0])).toList();
        Kind kind = !problems.isEmpty() ? Kind.COMPLEX : !migrations.isEmpty() ? Kind.SIMPLE : !data.isEmpty() ? Kind.DATA_ONLY : Kind.NONE;
        String reason = switch (kind) {
            case COMPLEX -> problems.get(0).message();
            case SIMPLE -> statements.size() + " statements, " + data.size() + " data steps derived or given";
            case DATA_ONLY -> data.size() + (data.size() == 1 ? " data step" : " data steps") + ", no schema change";
            case NONE -> "nothing in the database follows from it";
        };
        classed.add(new Entry(entry.title(), kind.label, reason, entry.hash(), List.copyOf(migrations), statements));
        return kind;
    }

    private static boolean speaksOf(Notes.Entry entry, Node step) {
        return step.facts().relations().stream().map(Name::name).anyMatch(entry::mentions);
    }

    private static String reason(Kind overall, int pending, Draft draft) {
        return switch (overall) {
            case NONE -> "nothing is pending";
            case DATA_ONLY -> draft.dataSteps() + " data steps, no pending migration";
            case SIMPLE -> pending + (pending == 1 ? " pending migration, " : " pending migrations, ") + draft.dataSteps()
                    + " data steps, written automatically";
            case COMPLEX -> draft.problems().size() + " decided by a person: "
                    + String.join(", ", draft.problems().stream().map(Problem::object).toList());
        };
    }
}
