//SOURCES Facts.java Measure.java Section.java

package lib.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** What a release consists of: commits, migrations, entries. And the gates it came through. */
final class Contents {
    private Contents() {
    }

    static List<Section> of(Facts facts) {
        List<Section> sections = new ArrayList<>();
        List<Block> blocks = new ArrayList<>();
        List<Cell> commits = new ArrayList<>();
        facts.of("preflight", "commits").forEach(commit -> commits.add(Cell.words(commit.asText(""))));
        if (!commits.isEmpty()) {
            blocks.add(new Block.Words(Measure.count(commits.size(), "commit") + ", "
                    + facts.of("preflight", "diffstat").asText("")));
            blocks.add(new Block.Points(commits, false));
        }
        List<List<Cell>> entries = new ArrayList<>();
        facts.of("assess", "entries").forEach(entry -> entries.add(List.of(Cell.words(entry.path("title").asText("")),
                Cell.badge(entry.path("class").asText(""), tone(entry.path("class").asText(""))),
                Cell.words(entry.path("reason").asText("")))));
        if (!entries.isEmpty()) {
            blocks.add(new Block.Table("entries", List.of("Entry of MIGRATIONS.md", "Class", "Because"), entries));
        }
        List<String> pending = Facts.texts(facts.of("assess", "pending"));
        if (!pending.isEmpty()) {
            blocks.add(new Block.Words(Measure.count(pending.size(), "migration") + ": " + String.join(", ", pending)));
        }
        if (!blocks.isEmpty()) {
            sections.add(new Section("contents", "What is in it", "", blocks));
        }
        gates(facts, sections);
        return sections;
    }

    private static Cell.Tone tone(String label) {
        return label.equals("Complex") ? Cell.Tone.WARN : Cell.Tone.QUIET;
    }

    private static void gates(Facts facts, List<Section> sections) {
        List<Block> blocks = new ArrayList<>();
        for (String phase : List.of("preflight", "backup", "assess", "validate")) {
            List<List<Cell>> rows = new ArrayList<>();
            boolean passed = true;
            for (JsonNode gate : facts.record().path(phase).path("gates")) {
                String status = gate.path("status").asText("");
                passed &= status.equals("pass") || status.equals("skip");
                rows.add(List.of(Cell.badge(status, switch (status) {
                    case "pass" -> Cell.Tone.GOOD;
                    case "warn" -> Cell.Tone.WARN;
                    case "stop" -> Cell.Tone.BAD;
                    default -> Cell.Tone.QUIET;
                }), Cell.words(gate.path("id").asText("")), Cell.words(gate.path("message").asText(""))));
            }
            if (!rows.isEmpty()) {
                blocks.add(new Block.Folded(phase + ": " + Measure.count(rows.size(), "gate")
                        + (passed ? ", all passed or left out" : ""),
                        List.of(new Block.Table("gates", List.of("", "Gate", "Found"), rows))));
            }
        }
        if (!blocks.isEmpty()) {
            sections.add(new Section("gates", "Gates", "", blocks));
        }
    }
}
