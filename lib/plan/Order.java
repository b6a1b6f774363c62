//DEPS org.jgrapht:jgrapht-core:1.5.2@fatjar
//SOURCES ../sql/Change.java ../sql/Name.java FileOrder.java Node.java NodeIndex.java

package lib.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.sql.Change;
import lib.sql.Name;
import org.jgrapht.Graph;
import org.jgrapht.alg.cycle.CycleDetector;
import org.jgrapht.graph.DefaultEdge;
import org.jgrapht.graph.SimpleDirectedGraph;
import org.jgrapht.traverse.TopologicalOrderIterator;

/**
 * Puts statements of files, data steps and the SET NOT NULL after them into one order: files keep theirs wherever two
 * statements touch the same object, data stands after what it needs and before what removes it.
 */
final class Order {
    private static final Pattern ON_CONFLICT = Pattern.compile("(?i)\\bON\\s+CONFLICT\\b");

    /** How much of the files' own order is kept where data steps stand against it. */
    private enum Way { RULES_LAST, STRICT, REMOVALS_LATE }

    private final List<Node> nodes;
    private final NodeIndex index;
    private final Way way;
    private final Graph<Integer, DefaultEdge> graph = new SimpleDirectedGraph<>(DefaultEdge.class);

    private Order(List<Node> nodes, NodeIndex index, Way way) {
        this.nodes = nodes;
        this.index = index;
        this.way = way;
        for (int i = 0; i < nodes.size(); i++) {
            graph.addVertex(i);
        }
    }

    /** The nodes in an order that satisfies all of them; empty when there is none. */
    static Optional<List<Node>> of(List<Node> nodes) {
        // Rows are corrected before a constraint wants them correct; where that contradicts the files, it stays.
        // Only if nothing else helps, a column goes or gets its new name later than in the file.
        NodeIndex index = new NodeIndex(nodes);
        return Stream.of(Way.values()).map(way -> new Order(nodes, index, way).sorted()).flatMap(Optional::stream)
                .findFirst();
    }

    private Optional<List<Node>> sorted() {
        FileOrder files = new FileOrder(nodes, this::movable, Order::mayGoLater, this::edge);
        for (int i = 0; i < nodes.size(); i++) {
            if (isFile(i)) {
                files.add(i);
            } else {
                int step = i;
                index.filesAbout(step).forEach(file -> place(file, step));
                relate(step);
            }
        }
        if (new CycleDetector<>(graph).detectCycles()) {
            return Optional.empty();
        }
        Map<Integer, Integer> place = places();
        List<Node> ordered = new ArrayList<>();
        new TopologicalOrderIterator<>(graph, Comparator.<Integer>comparingInt(place::get).thenComparing(i -> i))
                .forEachRemaining(i -> ordered.add(nodes.get(i)));
        return Optional.of(ordered);
    }

    private void relate(int step) {
        if (nodes.get(step).kind() == Node.Kind.DATA) {
            index.dataBeside(step).headSet(step).forEach(before -> relate(before, step));
        } else if (nodes.get(step).kind() == Node.Kind.FINISH) {
            index.fillersOf(step).stream().filter(filler -> fills(filler, step))
                    .forEach(filler -> finish(filler, step));
        }
    }

    // What the data was read from goes only when its new home is complete.
    private void finish(int filler, int finish) {
        edge(filler, finish);
        if (nodes.get(filler).kind() == Node.Kind.DATA) {
            index.removersOf(filler).forEach(file -> edge(finish, file));
        }
    }

    private void relate(int i, int j) {
        Node a = nodes.get(i);
        Node b = nodes.get(j);
        if (derived(a) && supplies(b, a)) {
            edge(j, i);
        } else if (sameFiles(a, b) && (derived(a) == derived(b) || shares(a.fills(), b.needs()))) {
            edge(i, j);
        }
    }

    // A statement that only takes columns away, or gives them other names.
    private boolean movable(Node node) {
        return way == Way.REMOVALS_LATE && changes(node)
                .allMatch(change -> change instanceof Change.DropColumn || change instanceof Change.RenameColumn);
    }

    // Where words place two steps by different files, these decide which comes first.
    private static boolean sameFiles(Node one, Node other) {
        return one.place().before().equals(other.place().before())
                && one.place().after().equals(other.place().after());
    }

    // Whether the next statement does not care when the columns of a movable one go or get another name.
    private static boolean mayGoLater(Node first, Node next) {
        return !next.barrier() && changes(next).noneMatch(change -> change instanceof Change.RenameTable)
                && Stream.concat(first.removes().stream(), first.creates().stream())
                        .noneMatch(ref -> next.facts().identifiers().contains(ref.column()));
    }

    private void place(int file, int step) {
        Node statement = nodes.get(file);
        Node data = nodes.get(step);
        // Beside what the statements themselves want: where the two contradict each other, there is no order.
        if (data.place().before(statement.origin())) {
            edge(step, file);
        }
        if (data.place().after(statement.origin())) {
            edge(file, step);
        }
        if (shares(statement.removes(), data.needs())) {
            edge(step, file);
        } else if (shares(statement.creates(), data.needs())) {
            edge(file, step);
        } else if (data.kind() == Node.Kind.DATA) {
            if (derived(data) && supplies(statement, data) || countsOn(data, statement)) {
                edge(file, step);
            } else if (changes(statement).anyMatch(change -> primaryKeyOf(change, data)
                    || way == Way.RULES_LAST && rules(change, statement, data))) {
                edge(step, file);
            }
        }
    }

    private static boolean derived(Node node) {
        return node.kind() == Node.Kind.DATA && node.origin().equals("data");
    }

    // Somebody's statement that changes what a derived step reads comes first, unless it works with what that makes.
    private static boolean supplies(Node other, Node derived) {
        boolean guess = other.kind() == Node.Kind.FILE && Node.isBlock(other.facts());
        return !derived(other) && !guess && shares(other.fills(), derived.needs())
                && !shares(other.needs(), derived.fills())
                && !shares(other.fills(), derived.fills());
    }

    // An INSERT … ON CONFLICT is refused as long as the unique index is not there.
    private static boolean countsOn(Node data, Node statement) {
        return ON_CONFLICT.matcher(data.sql()).find() && changes(statement).anyMatch(change ->
                (change instanceof Change.CreateIndex index && index.unique()
                        || change instanceof Change.AddConstraint added
                        && isKey(added.constraint())) && inserts(data, ((Change.OfTable) change).table()));
    }

    private static boolean inserts(Node data, Name table) {
        return data.fills().contains(new Node.Ref(table, null));
    }

    private static boolean isKey(Change.Constraint constraint) {
        return constraint.kind() == Change.Constraint.Kind.UNIQUE
                || constraint.kind() == Change.Constraint.Kind.PRIMARY_KEY;
    }

    private static boolean primaryKeyOf(Change change, Node data) {
        return change instanceof Change.AddConstraint added
                && added.constraint().kind() == Change.Constraint.Kind.PRIMARY_KEY
                && sets(data, added.table(), added.constraint().columns().stream());
    }

    // What a statement will demand of the rows that the data step writes.
    private static boolean rules(Change change, Node statement, Node data) {
        if (change instanceof Change.AddConstraint added) {
            boolean columnsKnown = !added.constraint().columns().isEmpty();
            return sets(data, added.table(), columnsKnown ? added.constraint().columns().stream()
                    : statement.facts().identifiers().stream());
        }
        return change instanceof Change.CreateIndex index && index.unique()
                && sets(data, index.table(), index.columns().stream())
                || change instanceof Change.SetType type && sets(data, type.table(), Stream.of(type.column()));
    }

    private static boolean sets(Node data, Name table, Stream<String> columns) {
        return columns.anyMatch(column -> data.fills().contains(new Node.Ref(table, column)));
    }

    private static Stream<Change> changes(Node statement) {
        return statement.facts().actions().stream().map(action -> action.change());
    }

    // A block of code in a file is taken for the source of a column only where there is no other.
    private boolean fills(int node, int finish) {
        boolean block = isFile(node) && Node.isBlock(nodes.get(node).facts());
        return fills(nodes.get(node), nodes.get(finish)) && !(block && index.fillersOf(finish).stream()
                .map(nodes::get).anyMatch(other -> other.kind() == Node.Kind.DATA && fills(other, nodes.get(finish))));
    }

    private static boolean fills(Node node, Node finish) {
        return node.kind() != Node.Kind.FINISH && finish.needs().stream()
                .anyMatch(column -> column.column() != null && node.fills().contains(column));
    }

    // Files stay where they were. All own steps stand together, behind the last statement that any of them waits for:
    // data first, what it makes possible next, then the statements of files that had to wait for it.
    private Map<Integer, Integer> places() {
        Map<Integer, Integer> places = new HashMap<>();
        int together = 0;
        for (int i = 0; i < nodes.size(); i++) {
            if (nodes.get(i).kind() != Node.Kind.FILE) {
                together = graph.incomingEdgesOf(i).stream().map(graph::getEdgeSource).filter(from -> isFile(from))
                        .reduce(together, Math::max);
            }
        }
        for (int i = 0; i < nodes.size(); i++) {
            boolean waited = graph.incomingEdgesOf(i).stream().map(graph::getEdgeSource)
                    .anyMatch(from -> !isFile(from));
            int place = switch (nodes.get(i).kind()) {
                case FILE -> waited ? Math.max(4 * i, 4 * together + 3) : 4 * i;
                case DATA -> 4 * together + 1;
                default -> 4 * together + 2;
            };
            places.put(i, place);
        }
        return places;
    }

    private boolean isFile(int node) {
        return nodes.get(node).kind() == Node.Kind.FILE;
    }

    private void edge(int from, int to) {
        if (from != to && !graph.containsEdge(from, to)) {
            graph.addEdge(from, to);
        }
    }

    private static <T> boolean shares(Set<T> one, Set<T> other) {
        return one.stream().anyMatch(other::contains);
    }
}
