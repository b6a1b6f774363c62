//SOURCES Facts.java Measure.java Section.java

package lib.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The application's queries before and after, with the plans of those that changed. */
final class Queries {
    private Queries() {
    }

    static List<Section> of(Facts facts) {
        List<JsonNode> queries = new ArrayList<>();
        facts.of("validate", "queries").forEach(queries::add);
        if (queries.isEmpty()) {
            return List.of();
        }
        double most = queries.stream().mapToDouble(query -> Math.max(value(query, "before"), value(query, "after")))
                .max().orElse(1);
        List<List<Cell>> rows = new ArrayList<>();
        List<Block> plans = new ArrayList<>();
        for (JsonNode query : queries) {
            String status = query.path("status").asText("");
            Cell.Tone tone = switch (status) {
                case "slower", "broken" -> Cell.Tone.BAD;
                case "grown", "unknown" -> Cell.Tone.WARN;
                case "faster" -> Cell.Tone.GOOD;
                default -> Cell.Tone.QUIET;
            };
            rows.add(List.of(name(query), Cell.badge(status, tone),
                    new Cell.Stack(List.of(bar(query, "before", most, Cell.Tone.QUIET),
                            bar(query, "after", most, Cell.Tone.PLAIN))),
                    Cell.amount(query.path("ratio").isNumber()
                            ? String.format(Locale.ROOT, "%.2f", query.path("ratio").asDouble()) : "")));
            plan(query, new Cell.Badge(status, tone), plans);
        }
        List<Block> blocks = new ArrayList<>(List.of(new Block.Table("queries",
                List.of("Query", "Status", "Cost", "Ratio"), rows)));
        if (!plans.isEmpty()) {
            blocks.add(new Block.Folded("Plans before and after", plans));
        }
        return List.of(new Section("queries", "Queries", "", blocks));
    }

    // With the reason for which it may be slower, and the server's words when it is not understood.
    private static Cell name(JsonNode query) {
        List<Cell> cells = new ArrayList<>(List.of(Cell.code(query.path("name").asText(""))));
        if (!query.path("place").asText("").isEmpty()) {
            cells.add(Cell.words(query.path("place").asText("")));
        }
        if (!query.path("accepted").asText("").isEmpty()) {
            cells.add(Cell.badge("accepted: " + query.path("accepted").asText(""), Cell.Tone.QUIET));
        }
        if (!query.path("error").asText("").isEmpty()) {
            cells.add(Cell.words(query.path("error").asText("")));
        }
        return cells.size() == 1 ? cells.get(0) : new Cell.Stack(cells);
    }

    private static double value(JsonNode query, String when) {
        JsonNode side = query.path(when);
        return side.path("millis").isNumber() ? side.path("millis").asDouble() : side.path("cost").asDouble();
    }

    private static Cell bar(JsonNode query, String when, double most, Cell.Tone tone) {
        JsonNode side = query.path(when);
        String label = when + (side.path("millis").isNumber() ? " " + Measure.time(side.path("millis").asDouble()) : "")
                + (side.path("cost").isNumber()
                ? String.format(Locale.ROOT, " cost %,.0f", side.path("cost").asDouble()) : "");
        return new Cell.Bar(0, value(query, when), Math.max(most, 0.01), label, tone);
    }

    private static void plan(JsonNode query, Cell.Badge status, List<Block> plans) {
        List<Block> blocks = new ArrayList<>();
        if (!query.path("index").asText("").isEmpty()) {
            blocks.add(new Block.Words("An index that would help:"));
            blocks.add(new Block.Listing(query.path("index").asText("")));
        }
        for (String side : List.of("planBefore", "planAfter")) {
            JsonNode plan = query.path(side);
            String text = plan.isArray() ? String.join("\n", Facts.texts(plan)) : plan.asText("");
            if (!text.isEmpty()) {
                blocks.add(new Block.Words(side.equals("planBefore") ? "Before:" : "After:"));
                blocks.add(new Block.Listing(text));
            }
        }
        if (!blocks.isEmpty()) {
            plans.add(new Block.Item(status, query.path("name").asText(""), blocks));
        }
    }
}
