//SOURCES Facts.java Measure.java Section.java

package lib.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What became of the rows of each table and of the schema, what drifted before, and rows that break a rule. */
final class Data {
    private Data() {
    }

    static List<Section> of(Facts facts) {
        List<Section> sections = new ArrayList<>();
        violations(facts.of("validate", "violations"), facts.of("assess", "violations"), sections);
        tables(facts, sections);
        schema("schema", "Schema", "", facts.of("validate", "schema"), sections);
        schema("drift", "Drift", "Not as the applied migrations make it: ", facts.of("assess", "drift"), sections);
        return sections;
    }

    private static void tables(Facts facts, List<Section> sections) {
        JsonNode tables = facts.of("validate", "tables");
        if (tables.isEmpty()) {
            return;
        }
        Set<String> kept = new HashSet<>();
        facts.of("validate", "trash").forEach(object -> kept.add(object.path("object").asText("")));
        long most = 1;
        int lost = 0;
        for (JsonNode table : tables) {
            most = Math.max(most, Math.max(table.path("before").asLong(), table.path("after").asLong()));
            lost += table.path("lost").asBoolean() ? 1 : 0;
        }
        List<List<Cell>> rows = new ArrayList<>();
        List<Cell> same = new ArrayList<>();
        for (JsonNode table : tables) {
            if (table.path("changed").isEmpty() && table.path("explainedBy").isEmpty()
                    && table.path("before").equals(table.path("after")) && !table.path("lost").asBoolean()) {
                same.add(Cell.words(table.path("table").asText("") + ": "
                        + Measure.count(table.path("after").asLong(), "row")));
                continue;
            }
            List<Cell> sizes = new ArrayList<>();
            sizes.add(size(table.path("before"), most, "before ", Cell.Tone.QUIET));
            sizes.add(kept.contains(table.path("table").asText("")) ? Cell.words("dropped, and kept for a while")
                    : size(table.path("after"), most, "after ", Cell.Tone.PLAIN));
            String columns = String.join(", ", Facts.texts(table.path("changed")));
            List<Cell> explained = new ArrayList<>();
            if (table.path("lost").asBoolean()) {
                explained.add(Cell.badge("LOST ROWS", Cell.Tone.BAD));
            }
            table.path("explainedBy").forEach(statement -> explained.add(Cell.code(statement.asText(""))));
            rows.add(List.of(Cell.code(table.path("table").asText("")), new Cell.Stack(sizes),
                    Cell.words(columns.isEmpty() ? "nothing" : columns), new Cell.Stack(explained)));
        }
        List<Block> blocks = new ArrayList<>();
        if (!rows.isEmpty()) {
            blocks.add(new Block.Table("tables", List.of("Table", "Rows", "Changed columns", "Explained by"), rows));
        }
        if (!same.isEmpty()) {
            blocks.add(new Block.Folded(Measure.count(same.size(), "table") + " as before",
                    List.of(new Block.Points(same, false))));
        }
        sections.add(new Section("tables", "Rows", lost == 0 ? "No row was lost that no statement explains."
                : Measure.count(lost, "table") + " lost rows that no statement explains.", blocks));
    }

    private static Cell size(JsonNode rows, long most, String when, Cell.Tone tone) {
        return rows.isNumber() && rows.asLong() >= 0
                ? new Cell.Bar(0, rows.asLong(), most, when + Measure.count(rows.asLong()), tone)
                : Cell.words(when + (when.startsWith("before") ? "not there" : "gone"));
    }

    private static void schema(String id, String title, String lead, JsonNode schema, List<Section> sections) {
        if (schema.isEmpty()) {
            return;
        }
        List<List<Cell>> rows = new ArrayList<>();
        int[] counts = new int[3];
        for (JsonNode object : schema) {
            String change = object.path("change").asText("");
            int kind = List.of("added", "changed", "removed").indexOf(change);
            counts[Math.max(0, kind)]++;
            Cell.Tone tone = switch (change) {
                case "added" -> Cell.Tone.GOOD;
                case "removed" -> Cell.Tone.BAD;
                default -> Cell.Tone.WARN;
            };
            rows.add(List.of(Cell.badge(change, tone), Cell.words(object.path("kind").asText("")),
                    Cell.code(object.path("object").asText(""))));
        }
        sections.add(new Section(id, title, lead + counts[0] + " added, " + counts[1] + " changed, " + counts[2]
                + " removed.", List.of(new Block.Table("schema", List.of("Change", "Kind", "Object"), rows))));
    }

    private static void violations(JsonNode rehearsed, JsonNode probed, List<Section> sections) {
        List<Block> items = new ArrayList<>();
        for (JsonNode violation : rehearsed.isEmpty() ? probed : rehearsed) {
            List<Block> blocks = new ArrayList<>();
            blocks.add(new Block.Listing(violation.path("statement").asText("")));
            if (!violation.path("query").asText("").isEmpty()) {
                blocks.add(new Block.Words("This query finds them:"));
                blocks.add(new Block.Listing(violation.path("query").asText("")));
            }
            items.add(new Block.Item(new Cell.Badge(Measure.count(violation.path("rows").asLong(), "row"),
                    Cell.Tone.BAD), violation.path("what").asText(""), blocks));
        }
        if (!items.isEmpty()) {
            sections.add(new Section("violations", "Rows that break a rule", "", items));
        }
    }
}
