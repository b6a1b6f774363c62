//SOURCES ../sql/Change.java ../sql/Name.java Node.java

package lib.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import lib.sql.Change;
import lib.sql.Name;

/**
 * Which nodes have something in common, by their places in a list: only those need be compared. Of thousands of
 * statements each has to do with a few.
 */
final class NodeIndex {
    private final List<Node> nodes;
    private final List<Integer> files = new ArrayList<>();
    private final Map<Node.Ref, List<Integer>> changers = new HashMap<>();
    private final Map<Node.Ref, List<Integer>> removers = new HashMap<>();
    private final Map<Node.Ref, List<Integer>> fillers = new HashMap<>();
    private final Map<Name, List<Integer>> demanding = new HashMap<>();
    private final Map<Name, List<Integer>> data = new HashMap<>();

    NodeIndex(List<Node> nodes) {
        this.nodes = nodes;
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            if (node.kind() == Node.Kind.FILE) {
                files.add(i);
                put(changers, node.creates(), i);
                put(changers, node.removes(), i);
                put(changers, node.fills(), i);
                put(removers, node.removes(), i);
                put(demanding, demands(node), i);
            } else if (node.kind() == Node.Kind.DATA) {
                put(data, node.touches(), i);
            }
            if (node.kind() != Node.Kind.FINISH) {
                put(fillers, node.fills(), i);
            }
        }
    }

    private static <T> void put(Map<T, List<Integer>> map, Set<T> keys, int node) {
        keys.forEach(key -> map.computeIfAbsent(key, none -> new ArrayList<>()).add(node));
    }

    // The tables of whose rows a statement will demand something, for as long as it stands.
    private static Set<Name> demands(Node node) {
        Set<Name> tables = new TreeSet<>();
        node.facts().actions().stream().map(action -> action.change()).filter(change ->
                change instanceof Change.AddConstraint || change instanceof Change.CreateIndex
                        || change instanceof Change.SetType)
                .forEach(change -> tables.add(((Change.OfTable) change).table()));
        return tables;
    }

    /** The statements of files that may have to stand before or after a step. */
    SortedSet<Integer> filesAbout(int step) {
        Node node = nodes.get(step);
        if (!node.place().before().isEmpty() || !node.place().after().isEmpty()) {
            // Words that name files have to do with all that these hold.
            return new TreeSet<>(files);
        }
        SortedSet<Integer> found = all(changers, node.needs());
        node.fills().forEach(ref -> found.addAll(demanding.getOrDefault(ref.table(), List.of())));
        return found;
    }

    /** The data steps that touch what this one touches, itself among them. */
    SortedSet<Integer> dataBeside(int step) {
        return all(data, nodes.get(step).touches());
    }

    /** The nodes that set values which a finish needs. */
    SortedSet<Integer> fillersOf(int finish) {
        return all(fillers, nodes.get(finish).needs());
    }

    /** The statements of files that remove what a node needs. */
    SortedSet<Integer> removersOf(int node) {
        return all(removers, nodes.get(node).needs());
    }

    private static <T> SortedSet<Integer> all(Map<T, List<Integer>> map, Set<T> keys) {
        SortedSet<Integer> found = new TreeSet<>();
        keys.forEach(key -> found.addAll(map.getOrDefault(key, List.of())));
        return found;
    }
}
