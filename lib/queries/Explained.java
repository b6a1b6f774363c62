//SOURCES ../Json.java ../sql/Sql.java

package lib.queries;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import lib.Json;
import lib.sql.Sql;

/**
 * The plan of a query as the planner explains it.
 *
 * @param cost the planner's own unit: about one page read in sequence
 * @param millis how long it ran; 0 when it did not run
 */
public record Explained(double cost, double millis, List<Node> nodes) {
    /**
     * One node of a plan.
     *
     * @param depth how far it stands below the top
     * @param relation the table it reads, with its schema; null when it reads none
     * @param index the index it uses; null when it uses none
     * @param conditions what its rows must fulfil, as the planner writes it
     * @param keys what it sorts or groups by
     */
    public record Node(int depth, String type, String schema, String relation, String alias, String index,
                       List<String> conditions, List<String> keys) {
        /** The node in one line, without any value. */
        public String words() {
            String condition = conditions.isEmpty() ? "" : " on " + Sql.withoutValues(conditions.get(0));
            return type + (index == null ? "" : " using " + index)
                    + (relation == null ? condition : " on " + relation
                    + (conditions.isEmpty() ? "" : ", " + Sql.withoutValues(conditions.get(0))));
        }

        /** Whether all rows of a table are read to find some. */
        public boolean readsAll() {
            return type.endsWith("Seq Scan");
        }

        // What the plan does here; costs, names of aliases and values do not count.
        private String shape() {
            return depth + type + relation + index;
        }
    }

    /** Reads what EXPLAIN (FORMAT JSON) answers. */
    static Explained of(String json) {
        try {
            JsonNode top = Json.MAPPER.readTree(json).get(0);
            List<Node> nodes = new ArrayList<>();
            collect(top.path("Plan"), 0, nodes);
            return new Explained(top.at("/Plan/Total Cost").asDouble(), top.path("Execution Time").asDouble(),
                    List.copyOf(nodes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void collect(JsonNode plan, int depth, List<Node> nodes) {
        List<String> conditions = new ArrayList<>();
        for (String kind : List.of("Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter")) {
            if (plan.has(kind)) {
                conditions.add(plan.path(kind).asText());
            }
        }
        List<String> keys = new ArrayList<>();
        plan.path("Sort Key").forEach(key -> keys.add(key.asText()));
        String type = (plan.path("Parallel Aware").asBoolean() ? "Parallel " : "") + plan.path("Node Type").asText();
        nodes.add(new Node(depth, type, text(plan, "Schema"), text(plan, "Relation Name"), text(plan, "Alias"),
                text(plan, "Index Name"), conditions, keys));
        plan.path("Plans").forEach(child -> collect(child, depth + 1, nodes));
    }

    private static String text(JsonNode plan, String key) {
        return plan.hasNonNull(key) ? plan.path(key).asText() : null;
    }

    /** Whether both go the same way, whatever it costs. */
    public boolean sameShape(Explained other) {
        return nodes.stream().map(Node::shape).toList().equals(other.nodes.stream().map(Node::shape).toList());
    }

    /** The nodes that this plan has and the other has not, in words. */
    public List<String> unlike(Explained other) {
        Set<String> theirs = new LinkedHashSet<>();
        other.nodes.forEach(node -> theirs.add(node.type + node.relation + node.index));
        List<String> words = nodes.stream().filter(node -> !theirs.contains(node.type + node.relation + node.index))
                .map(Node::words).toList();
        return words.isEmpty() ? nodes.stream().limit(1).map(Node::words).toList() : words;
    }

    /** Every index it uses. */
    public Set<String> indexes() {
        Set<String> indexes = new LinkedHashSet<>();
        nodes.stream().filter(node -> node.index != null).forEach(node -> indexes.add(node.index));
        return indexes;
    }

    /** Whether it would ask another server. */
    boolean foreign() {
        return nodes.stream().anyMatch(node -> node.type.startsWith("Foreign"));
    }

    /** Whether it changes rows. */
    boolean changes() {
        return nodes.stream().anyMatch(node -> node.type.equals("ModifyTable") || node.type.equals("LockRows"));
    }
}
