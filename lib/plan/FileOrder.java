//SOURCES ../sql/Name.java Node.java

package lib.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import lib.sql.Name;

/**
 * The order that statements of files have among themselves: two that touch the same object keep it, and whatever is not
 * known to touch what keeps its place among all. Each is tied to the last one before it alone, which is tied to those
 * before itself: a thousand rows for one table are a thousand ties, not half a million.
 */
final class FileOrder {
    /** What is told of each tie: the places of two nodes, of which the first stands before the second. */
    interface Tie {
        void between(int first, int second);
    }

    /** What a statement about one object is tied to. */
    private static final class Ends {
        /** The last one that stays where it is; null as long as there is none. */
        private Integer last;
        /** Those that may go later than it, each of which is asked. */
        private final List<Integer> movable = new ArrayList<>();
    }

    private final List<Node> nodes;
    private final Predicate<Node> movable;
    private final BiPredicate<Node, Node> overtakes;
    private final Tie tie;
    private final Map<Name, Ends> objects = new HashMap<>();
    private final Ends barriers = new Ends();
    private final List<Integer> sinceBarrier = new ArrayList<>();

    /**
     * An order of nothing yet.
     *
     * @param movable whether there may be a statement behind this one that it can go later than
     * @param overtakes whether the first may go later than the second; asked of movable ones alone
     */
    FileOrder(List<Node> nodes, Predicate<Node> movable, BiPredicate<Node, Node> overtakes, Tie tie) {
        this.nodes = nodes;
        this.movable = movable;
        this.overtakes = overtakes;
        this.tie = tie;
    }

    /** The next statement of the files, by its place among the nodes. */
    void add(int next) {
        Node node = nodes.get(next);
        boolean fixed = !movable.test(node);
        tie(barriers, next, fixed && node.barrier());
        if (!node.barrier()) {
            node.touches().forEach(object -> {
                Ends ends = objects.computeIfAbsent(object, name -> new Ends());
                tie(ends, next, fixed);
                end(ends, next, fixed);
            });
            sinceBarrier.add(next);
            return;
        }
        sinceBarrier.forEach(before -> tie.between(before, next));
        end(barriers, next, fixed);
        if (fixed) {
            objects.clear();
            sinceBarrier.clear();
        } else {
            sinceBarrier.add(next);
        }
    }

    // Whatever is tied to one that stays needs no tie of its own to those behind that.
    private void tie(Ends ends, int next, boolean stays) {
        if (ends.last != null) {
            tie.between(ends.last, next);
        }
        ends.movable.removeIf(before -> {
            boolean tied = !overtakes.test(nodes.get(before), nodes.get(next));
            if (tied) {
                tie.between(before, next);
            }
            return tied && stays;
        });
    }

    private static void end(Ends ends, int next, boolean fixed) {
        if (fixed) {
            ends.last = next;
        } else {
            ends.movable.add(next);
        }
    }
}
