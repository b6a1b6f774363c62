//SOURCES ../Count.java ../Migration.java ../Notes.java ../Place.java ../Variables.java ../sql/Name.java Draft.java
//SOURCES Node.java Problem.java Waiting.java

package lib.plan;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import lib.Count;
import lib.Migration;
import lib.Notes;
import lib.Place;
import lib.Variables;
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
     * @param tables what it names of the objects that the release works on, and columns likewise
     * @param variables the changes of the environment that it tells
     * @param statements the statements behind the class
     */
    public record Entry(String title, @JsonProperty("class") String kind, String reason, String hash,
                        List<String> migrations, List<String> tables, List<String> columns, List<String> variables,
                        List<String> statements) {
    }

    /** Classes all entries and the release as a whole; what no entry speaks of counts too. */
    public static Classes of(List<Notes.Entry> entries, List<Migration> pending, Draft draft,
                             List<Variables.Change> variables) {
        List<Entry> classed = new ArrayList<>();
        Kind all = !draft.problems().isEmpty() ? Kind.COMPLEX : !pending.isEmpty() ? Kind.SIMPLE
                : draft.dataSteps() > 0 ? Kind.DATA_ONLY : Kind.NONE;
        List<Kind> kinds = new ArrayList<>(List.of(all));
        for (Notes.Entry entry : entries) {
            kinds.add(classed(entry, pending, draft, variables, classed));
        }
        Kind overall = kinds.stream().max(Comparator.naturalOrder()).orElse(all);
        return new Classes(classed, overall, reason(overall, pending.size(), draft));
    }

    private static Kind classed(Notes.Entry entry, List<Migration> pending, Draft draft,
                                List<Variables.Change> variables, List<Entry> classed) {
        Set<String> migrations = new LinkedHashSet<>();
        List<Node> statements = new ArrayList<>();
        for (Migration migration : pending) {
            List<Node> own = draft.steps().stream().filter(step -> step.origin().equals(migration.id())).toList();
            boolean named = entry.files().stream()
                    .anyMatch(file -> file.contains(migration.id()) || migration.file().endsWith(file)
                    || Place.names(file, migration.id()));
            if (named || own.stream().anyMatch(step -> speaksOf(entry, step))) {
                migrations.add(migration.id());
                own.stream().filter(step -> named || speaksOf(entry, step)).forEach(statements::add);
            }
        }
        List<Node> data = draft.steps().stream().filter(step -> step.kind() == Node.Kind.DATA
                && (step.origin().equals(entry.title()) || step.origin().equals("data") && speaksOf(entry, step)))
                .toList();
        statements.addAll(data);
        List<Problem> problems = draft.problems().stream().filter(problem -> migrations.contains(problem.origin())
                || problem.origin().equals(entry.title()) || speaksOf(entry, problem)).toList();
        // Words never make it more harmless than its statements: what alters the schema is more than data.
        boolean schema = data.stream().anyMatch(step -> !Waiting.DATA.contains(step.facts().tag()));
        Kind kind = !problems.isEmpty() ? Kind.COMPLEX : !migrations.isEmpty() || schema ? Kind.SIMPLE
                : !data.isEmpty() ? Kind.DATA_ONLY : Kind.NONE;
        String reason = switch (kind) {
            case COMPLEX -> problems.get(0).message();
            case SIMPLE -> Count.of(statements.size(), "statement") + ", " + Count.of(data.size(), "data step")
                    + " derived or given";
            case DATA_ONLY -> Count.of(data.size(), "data step") + ", no schema change";
            case NONE -> "nothing in the database follows from it";
        };
        List<String> tables = named(entry, draft.steps().stream().map(Node::touches).flatMap(Collection::stream)
                .map(Name::name));
        List<String> columns = new ArrayList<>(named(entry, statements.stream().map(step -> step.facts().identifiers())
                .flatMap(Collection::stream)));
        columns.removeAll(tables);
        classed.add(new Entry(entry.title(), kind.label, reason, entry.hash(), List.copyOf(migrations), tables, columns,
                variables.stream().filter(change -> change.source().equals(entry.title()))
                        .map(Variables.Change::text).toList(),
                statements.stream().map(Node::sql).toList()));
        return kind;
    }

    private static List<String> named(Notes.Entry entry, Stream<String> words) {
        return List.copyOf(words.filter(entry::mentions).collect(TreeSet::new, Set::add, Set::addAll));
    }

    private static boolean speaksOf(Notes.Entry entry, Node step) {
        return step.facts().relations().stream().map(Name::name).anyMatch(entry::mentions);
    }

    private static boolean speaksOf(Notes.Entry entry, Problem problem) {
        return problem.kind() != Problem.Kind.ORDER
                && Stream.of(problem.object().split("\\.")).anyMatch(entry::mentions);
    }

    private static String reason(Kind overall, int pending, Draft draft) {
        return switch (overall) {
            case NONE -> "nothing is pending";
            case DATA_ONLY -> Count.of(draft.dataSteps(), "data step") + ", no pending migration";
            case SIMPLE -> Count.of(pending, "pending migration") + ", " + Count.of(draft.dataSteps(), "data step")
                    + ", written automatically";
            case COMPLEX -> draft.problems().size() + " decided by a person: "
                    + String.join(", ", draft.problems().stream().map(Problem::object).toList());
        };
    }
}
