//SOURCES Facts.java Measure.java Section.java ToDo.java

package lib.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** The backup and how it is brought back; the rollback and what it would lose. */
final class WayBack {
    private WayBack() {
    }

    static List<Section> of(Facts facts) {
        List<Section> sections = new ArrayList<>();
        String file = facts.of("backup", "file").asText("");
        List<Block> blocks = new ArrayList<>();
        rollback(facts.of("validate", "rollback"), blocks);
        trash(facts.of("validate", "trash"), blocks);
        if (!file.isEmpty()) {
            blocks.add(new Block.Table("truth", List.of("", ""), List.of(
                    List.of(Cell.words("backup"), Cell.code(file)),
                    List.of(Cell.words("holds"), Cell.words(Measure.bytes(facts.of("backup", "bytes").asLong()) + ", "
                            + Measure.count(facts.of("backup", "rows").asLong(), "row") + " in "
                            + Measure.count(facts.of("backup", "tables").asLong(), "table"))),
                    List.of(Cell.words("SHA-256"), Cell.code(facts.of("backup", "sha256").asText(""))))));
            blocks.add(new Block.Words("Beside the live database, which stays as it is:"));
            blocks.add(new Block.Command("jbang backup.java restore " + file + " --to " + facts.environment()
                    + " --new-database look"));
            blocks.add(new Block.Words("In its place; it asks for the database's name first, and keeps the old one:"));
            blocks.add(new Block.Command("jbang backup.java restore " + file + " --to " + facts.environment()));
            blocks.add(new Block.Words("With PostgreSQL's own tools:"));
            blocks.add(new Block.Command("createdb restored && pg_restore --no-owner -d restored " + file));
        }
        if (!blocks.isEmpty()) {
            sections.add(new Section("back", "The way back", "", blocks));
        }
        return sections;
    }

    private static void rollback(JsonNode rollback, List<Block> blocks) {
        if (rollback.path("file").asText("").isEmpty()) {
            return;
        }
        boolean proven = rollback.path("proven").asBoolean();
        List<Block> inside = new ArrayList<>();
        List<Cell> losses = new ArrayList<>();
        rollback.path("losses").forEach(loss -> losses.add(Cell.words(loss.asText(""))));
        if (!losses.isEmpty()) {
            inside.add(new Block.Words("It cannot bring back:"));
            inside.add(new Block.Points(losses, false));
        }
        inside.add(new Block.Command("jbang release.java rollback"));
        blocks.add(new Block.Item(new Cell.Badge(proven ? "proven" : "not proven", proven ? Cell.Tone.GOOD
                : Cell.Tone.WARN), "Rollback: " + rollback.path("file").asText(""), inside));
    }

    private static void trash(JsonNode trash, List<Block> blocks) {
        List<List<Cell>> rows = new ArrayList<>();
        for (JsonNode kept : trash) {
            rows.add(List.of(Cell.code(kept.path("object").asText("")), Cell.code(kept.path("trash").asText("")),
                    Cell.words(ToDo.day(kept))));
        }
        if (!rows.isEmpty()) {
            blocks.add(new Block.Words("What was dropped is kept for a while; jbang release.java undrop brings it"
                    + " back:"));
            blocks.add(new Block.Table("trash", List.of("Dropped", "Kept as", "Until"), rows));
        }
    }
}
