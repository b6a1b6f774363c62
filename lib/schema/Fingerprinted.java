//SOURCES ../Fingerprint.java Difference.java

package lib.schema;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import lib.Fingerprint;

/** The words of a fingerprint, "column users.email", as objects and kinds. */
final class Fingerprinted {
    /** Kinds of more than one word; the longest that fits counts. */
    private static final List<String> KINDS = List.of("query of materialized view", "columns read by materialized view",
            "query of view", "query of rule", "columns read by view", "text search configuration",
            "text search dictionary", "materialized view", "foreign table", "foreign server", "event trigger",
            "invalid index", "body of");

    private Fingerprinted() {
    }

    /** What differs between two of them. */
    static List<Difference> compare(Fingerprint before, Fingerprint after) {
        Set<String> all = new TreeSet<>(before.objects().keySet());
        all.addAll(after.objects().keySet());
        List<Difference> found = new ArrayList<>();
        for (String each : all) {
            String was = before.objects().get(each);
            String is = after.objects().get(each);
            if (was == null || !was.equals(is)) {
                found.add(of(each, was == null ? Difference.ADDED : is == null ? Difference.REMOVED
                        : Difference.CHANGED));
            }
        }
        return plain(found);
    }

    private static Difference of(String words, String change) {
        String kind = KINDS.stream().filter(each -> words.startsWith(each + " ")).findFirst()
                .orElseGet(() -> words.substring(0, words.indexOf(' ')));
        String object = words.substring(kind.length() + 1);
        return switch (kind) {
            case "query of view", "columns read by view" -> new Difference(object, "view", Difference.CHANGED);
            case "query of materialized view", "columns read by materialized view" ->
                new Difference(object, "materialized view", Difference.CHANGED);
            case "query of rule" -> new Difference(object, "rule", Difference.CHANGED);
            case "body of" -> new Difference(object, "function", Difference.CHANGED);
            default -> new Difference(object, kind, change);
        };
    }

    /** Once each: a view that came explains its columns and its query, a constraint its index. */
    private static List<Difference> plain(List<Difference> found) {
        Set<String> whole = found.stream().filter(each -> !each.change().equals(Difference.CHANGED))
                .filter(each -> !each.kind().equals("column")).map(Difference::object).collect(Collectors.toSet());
        Set<String> constraints = found.stream().filter(each -> each.kind().equals("constraint"))
                .map(each -> each.object().substring(each.object().lastIndexOf('.') + 1)).collect(Collectors.toSet());
        Set<String> broken = found.stream().filter(each -> each.kind().equals("invalid index"))
                .map(Difference::object).collect(Collectors.toSet());
        return found.stream().distinct().filter(each -> {
            String name = each.object();
            String parent = name.substring(0, Math.max(0, name.lastIndexOf('.')));
            boolean part = Set.of("column", "constraint", "trigger", "rule", "policy").contains(each.kind())
                    && whole.contains(parent);
            boolean again = each.change().equals(Difference.CHANGED) && whole.contains(name);
            boolean index = each.kind().equals("index")
                    && constraints.contains(name.substring(name.lastIndexOf('.') + 1));
            boolean invalid = each.kind().equals("index") && broken.contains(name);
            return !part && !again && !index && !invalid;
        }).toList();
    }
}
