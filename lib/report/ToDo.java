//SOURCES ../Holds.java Facts.java Section.java

package lib.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lib.Holds;

/** What is left for a person: variables at the provider, migrations that are held back, what expires and when. */
public final class ToDo {
    /** As much of a moment as a day takes. */
    private static final int DAY = 10;

    private ToDo() {
    }

    static List<Section> of(Facts facts) {
        List<Cell> points = new ArrayList<>();
        facts.of("assess", "variables").forEach(change -> points.add(Cell.words("In the provider's settings: "
                + variable(change))));
        facts.record().path("unproven").forEach(service -> points.add(Cell.words(unproven(service))));
        for (JsonNode held : held(facts)) {
            points.add(Cell.words("Held back: " + held.path("migration").asText("") + ", " + when(held, facts.when())
                    + (held.path("why").asText("").isEmpty() ? "" : " (" + held.path("why").asText("") + ")")));
        }
        Map<String, List<String>> expires = new TreeMap<>();
        facts.of("validate", "trash").forEach(kept -> expires.computeIfAbsent(day(kept), day -> new ArrayList<>())
                .add(kept.path("object").asText("")));
        expires.forEach((day, objects) -> points.add(Cell.words("Dropped, and kept until " + day + ": "
                + String.join(", ", objects) + "; then: jbang release.java gc")));
        facts.gates("warn").stream().filter(gate -> gate.path("id").asText("").equals("rehearsal.valid"))
                .forEach(gate -> points.add(Cell.words(gate.path("message").asText(""))));
        return points.isEmpty() ? List.of() : List.of(new Section("todo", facts.released() ? "Left to do"
                : "To do once it is released", "", List.of(new Block.Points(points, true))));
    }

    /** The day until which something dropped is kept. */
    static String day(JsonNode kept) {
        String expires = kept.path("expires").asText("");
        return expires.substring(0, Math.min(DAY, expires.length()));
    }

    // A span counts from the release that brings the file along, which is this one.
    private static String when(JsonNode held, Instant now) {
        String until = held.path("until").asText("");
        if (!until.isEmpty()) {
            return "may run from " + until + " on";
        }
        String hold = held.path("hold").asText("");
        return Holds.span(hold).map(span -> "may run from " + now.plus(span).toString().substring(0, DAY) + " on, "
                + hold + " after this release").orElse(hold + " from this release on");
    }

    private static Iterable<JsonNode> held(Facts facts) {
        List<JsonNode> held = new ArrayList<>();
        facts.of("assess", "held").forEach(held::add);
        if (held.isEmpty()) {
            facts.of("validate", "held").forEach(held::add);
        }
        return held;
    }

    /** What is left to look at where nothing told the new version of a service from the old one. */
    public static String unproven(JsonNode service) {
        return "look whether " + service.asText("") + " runs the new version: nothing here tells";
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
