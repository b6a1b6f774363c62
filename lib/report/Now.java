//SOURCES Facts.java Section.java

package lib.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import lib.Failure;

/** What stopped a release with its way out, and what is true of production now. */
final class Now {
    private Now() {
    }

    /** Why it stopped: the gates that did, or the step; nothing when none did. */
    static List<Section> stopped(Facts facts) {
        if (facts.exit() == Failure.Exit.PASSED) {
            return List.of();
        }
        List<Block> blocks = new ArrayList<>();
        for (JsonNode gate : facts.gates("stop")) {
            blocks.add(item(gate.path("id").asText(""), gate.path("message").asText(""), gate.path("hint").asText("")));
        }
        if (blocks.isEmpty() && !facts.error().isEmpty()) {
            blocks.add(item(facts.step(), facts.error(), facts.release("hint").asText("")));
        }
        return blocks.isEmpty() ? List.of() : List.of(new Section("stopped", "What stopped it", "", blocks));
    }

    private static Block item(String id, String message, String hint) {
        List<String> lines = message.strip().lines().toList();
        List<Block> blocks = new ArrayList<>();
        if (lines.size() > 1) {
            blocks.add(new Block.Listing(String.join("\n", lines.subList(1, lines.size())).stripIndent()));
        }
        if (!hint.isBlank()) {
            blocks.add(new Block.Words("The way out:"));
            blocks.add(new Block.Listing(hint));
        }
        return new Block.Item(new Cell.Badge(id, Cell.Tone.BAD), lines.isEmpty() ? "" : lines.get(0), blocks);
    }

    static Section truth(Facts facts) {
        List<List<Cell>> rows = new ArrayList<>();
        facts.now().forEach((name, line) -> {
            if (!name.equals("next")) {
                rows.add(List.of(Cell.words(name), Cell.words(line)));
            }
        });
        List<Block> blocks = new ArrayList<>(List.of(new Block.Table("truth", List.of("", ""), rows)));
        String next = facts.now().getOrDefault("next", "");
        if (!next.isEmpty() && !next.equals("nothing")) {
            blocks.add(new Block.Words("The next command:"));
            blocks.add(new Block.Command(next));
        }
        return new Section("now", "What is true now", "", blocks);
    }
}
