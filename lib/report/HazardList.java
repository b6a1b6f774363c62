//SOURCES Facts.java Measure.java Section.java

package lib.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The hazards of the pending migrations, each kind with its places and its safe form. */
final class HazardList {
    private static final int SHOWN = 3;

    private HazardList() {
    }

    static List<Section> of(Facts facts) {
        Map<String, List<JsonNode>> kinds = new LinkedHashMap<>();
        for (String severity : List.of("DANGEROUS", "CAUTION")) {
            for (JsonNode hazard : facts.of("assess", "hazards")) {
                if (hazard.path("severity").asText("").equals(severity) && !hazard.path("cured").asBoolean()) {
                    kinds.computeIfAbsent(hazard.path("id").asText(""), id -> new ArrayList<>()).add(hazard);
                }
            }
        }
        List<Cell> cured = new ArrayList<>();
        List<Cell> notes = new ArrayList<>();
        for (JsonNode hazard : facts.of("assess", "hazards")) {
            if (hazard.path("cured").asBoolean()) {
                cured.add(Cell.words(place(hazard)));
            } else if (hazard.path("severity").asText("").equals("SAFE")) {
                notes.add(Cell.words(place(hazard)));
            }
        }
        List<Block> blocks = new ArrayList<>();
        kinds.forEach((id, found) -> blocks.add(item(id, found)));
        if (!cured.isEmpty()) {
            blocks.add(new Block.Folded("The release does " + cured.size() + " of them the safe way already",
                    List.of(new Block.Points(cured, false))));
        }
        if (!notes.isEmpty()) {
            blocks.add(new Block.Folded("Good to know: " + notes.size(), List.of(new Block.Points(notes, false))));
        }
        if (blocks.isEmpty()) {
            return List.of();
        }
        long dangerous = kinds.values().stream().flatMap(List::stream)
                .filter(hazard -> hazard.path("severity").asText("").equals("DANGEROUS")).count();
        long caution = kinds.values().stream().mapToLong(List::size).sum() - dangerous;
        return List.of(new Section("hazards", "Hazards", dangerous + " dangerous, " + caution + " to look at.",
                blocks));
    }

    private static Block item(String id, List<JsonNode> found) {
        JsonNode first = found.get(0);
        boolean dangerous = first.path("severity").asText("").equals("DANGEROUS");
        List<Block> blocks = new ArrayList<>();
        // The first one's message is the title already.
        List<Cell> places = found.stream().map(hazard -> Cell.words(hazard == first
                ? hazard.path("file").asText("") + ":" + hazard.path("line").asText("") : place(hazard))).toList();
        if (places.size() <= SHOWN) {
            blocks.add(new Block.Points(places, false));
        } else {
            blocks.add(new Block.Points(places.subList(0, SHOWN - 1), false));
            blocks.add(new Block.Folded((places.size() - SHOWN + 1) + " more",
                    List.of(new Block.Points(places.subList(SHOWN - 1, places.size()), false))));
        }
        if (!first.path("lock").asText("").isEmpty()) {
            blocks.add(new Block.Words("Lock: " + first.path("lock").asText("") + "."));
        }
        if (!first.path("fix").asText("").isEmpty()) {
            blocks.add(new Block.Folded(found.size() == 1 ? "The safe form" : "The safe form, for the first of them",
                    List.of(new Block.Listing(first.path("fix").asText("")))));
        }
        return new Block.Item(new Cell.Badge(id, dangerous ? Cell.Tone.BAD : Cell.Tone.WARN),
                first.path("message").asText(""), blocks);
    }

    private static String place(JsonNode hazard) {
        return hazard.path("message").asText("") + " (" + hazard.path("file").asText("") + ":"
                + hazard.path("line").asText("") + ")";
    }
}
