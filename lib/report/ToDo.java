//SOURCES Facts.java Section.java

package lib.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What is left for a person: variables at the provider, migrations that are held back, what expires and when. */
public final class ToDo {
    private ToDo() {
    }

    static List<Section> of(Facts facts) {
        List<Cell> points = new ArrayList<>();
        facts.of("assess", "variables").forEach(change -> points.add(Cell.words("In the provider's settings: "
                + variable(change))));
        for (JsonNode held : held(facts)) {
            String until = held.path("until").asText("");
            points.add(Cell.words("Held back: " + held.path("migration").asText("") + ", " + (until.isEmpty()
                    ? held.path("hold").asText("") + " from this release on" : "may run from " + until)
                    + (held.path("why").asText("").isEmpty() ? "" : " (" + held.path("why").asText("") + ")")));
        }
        Set<String> expires = new LinkedHashSet<>();
        facts.of("validate", "trash").forEach(kept -> expires.add(kept.path("object").asText("") + " is kept as "
                + kept.path("trash").asText("") + until(kept)));
        expires.forEach(line -> points.add(Cell.words(line)));
        facts.gates("warn").stream().filter(gate -> gate.path("id").asText("").equals("rehearsal.valid"))
                .forEach(gate -> points.add(Cell.words(gate.path("message").asText(""))));
        return points.isEmpty() ? List.of() : List.of(new Section("todo", "Left to do", "",
                List.of(new Block.Points(points, true))));
    }

    private static String until(JsonNode kept) {
        String expires = kept.path("expires").asText("");
        return expires.isEmpty() ? "" : " until " + expires + "; then: jbang release.java gc";
    }

    private static Iterable<JsonNode> held(Facts facts) {
        List<JsonNode> held = new ArrayList<>();
        facts.of("assess", "held").forEach(held::add);
        if (held.isEmpty()) {
            facts.of("validate", "held").forEach(held::add);
        }
        return held;
    }

    /** {@code rename A to B (the entry that says so)}. */
    public static String variable(JsonNode change) {
        return switch (change.path("kind").asText("")) {
            case "rename" -> "rename " + change.path("name").asText("") + " to " + change.path("to").asText("");
            case "add" -> "add " + change.path("name").asText("");
            default -> "remove " + change.path("name").asText("");
        } + " (" + change.path("source").asText("") + ")";
    }
}
