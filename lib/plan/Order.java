//DEPS org.jgrapht:jgrapht-core:1.5.2@fatjar
//SOURCES ../sql/Change.java Node.java

package lib.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import lib.sql.Change;
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
    private final List<Node> nodes;
    private final Graph<Integer, DefaultEdge> graph = new SimpleDirectedGraph<>(DefaultEdge.class);

    private Order(List<Node> nodes) {
        this.nodes = nodes;
        for (int i = 0; i < nodes.size(); i++) {
            graph.addVertex(i);
        }
    }

    /** The nodes in an order that satisfies all of them; empty when there is none. */
    static Optional<List<Node>> of(List<Node> nodes) {
        // A foreign key is cheaper to add once its column is filled; where that contradicts the files, it stays where it was.
        return new Order(nodes).sorted(true).or(() -> new Order(nodes).sorted(false));
    }

    private Optional<List<Node>> sorted(boolean keysLast) {
        for (int i = 0; i < nodes.size(); i++) {
            for (int j = i + 1; j < nodes.size(); j++) {
                relate(i, j, keysLast);
            }
        }
        for (int data = 0; data < nodes.size(); data++) {
            for (int finish = 0; finish < nodes.size(); finish++) {
                if (nodes.get(finish).kind() == Node.Kind.FINISH && fills(nodes.get(data), nodes.get(finish))) {
                    edge(data, finish);
                    finishBeforeRemovals(data, finish);
                }
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

    private void relate(int i, int j, boolean keysLast) {
        Node a = nodes.get(i);
        Node b = nodes.get(j);
        if (a.kind() == Node.Kind.FILE && b.kind() == Node.Kind.FILE) {
            if (a.barrier() || b.barrier() || shares(a.touches(), b.touches())) {
                edge(i, j);
            }
        } else if (a.kind() == Node.Kind.FILE) {
            place(i, j, keysLast);
        } else if (b.kind() == Node.Kind.FILE) {
            place(j, i, keysLast);
        } else if (a.kind() == Node.Kind.DATA && b.kind() == Node.Kind.DATA && shares(a.touches(), b.touches())) {
            edge(i, j);
        }
    }

    private void place(int file, int step, boolean keysLast) {
        Node statement = nodes.get(file);
        Node data = nodes.get(step);
        boolean removesNeeded = shares(statement.removes(), data.needs());
        if (removesNeeded) {
            edge(step, file);
        } else if (shares(statement.creates(), data.needs())) {
            edge(file, step);
        } else if (keysLast && data.kind() == Node.Kind.DATA && addsKeyTo(statement, data)) {
            edge(step, file);
        }
    }

    private static boolean addsKeyTo(Node statement, Node data) {
        return statement.facts().actions().stream().anyMatch(action -> action.change() instanceof Change.AddConstraint added
                && added.constraint().kind() == Change.Constraint.Kind.FOREIGN_KEY && data.facts().writes().contains(added.table())
                && added.constraint().columns().stream().anyMatch(column -> data.needs().contains(new Node.Ref(added.table(), column))));
    }

    private static boolean fills(Node data, Node finish) {
        return data.kind() == Node.Kind.DATA && shares(data.needs(), finish.needs())
                && data.facts().writes().containsAll(finish.touches());
    }

    // What the data was read from goes only when its new home is complete.
    private void finishBeforeRemovals(int data, int finish) {
        for (int file = 0; file < nodes.size(); file++) {
            Node statement = nodes.get(file);
            if (statement.kind() == Node.Kind.FILE && shares(statement.removes(), nodes.get(data).needs())) {
                edge(finish, file);
            }
        }
    }

    // Files stay where they were. All own steps stand together, behind the last statement that any of them waits for: data
    // first, what it makes possible next, then the statements of files that had to wait for it.
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
            boolean waited = graph.incomingEdgesOf(i).stream().map(graph::getEdgeSource).anyMatch(from -> !isFile(from));
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
        Set<T> both = new HashSet<>(one);
        both.retainAll(other);
        return !both.isEmpty();
    }
}
