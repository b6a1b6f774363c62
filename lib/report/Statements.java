//SOURCES Facts.java Measure.java Section.java

package lib.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What each statement did: how long it took, what it locked, who had to wait. */
final class Statements {
    /** With more of them, those that took longest come first and the rest is folded. */
    private static final int MANY = 60;
    private static final int LONGEST = 15;

    private final List<JsonNode> rehearsed;
    private final List<JsonNode> applied;
    private final boolean measured;
    private final double longest;
    private final double longestStall;

    private Statements(Facts facts) {
        this.rehearsed = facts.statements();
        this.applied = rehearsed.isEmpty() ? facts.applied() : beside(rehearsed, facts.applied());
        this.measured = rehearsed.stream().anyMatch(statement -> statement.has("locks"));
        this.longest = Math.max(0.01, Stream.concat(rehearsed.stream(), applied.stream())
                .mapToDouble(statement -> statement.path("millis").asDouble()).max().orElse(0));
        this.longestStall = Math.max(0.01, rehearsed.stream().map(statement -> statement.path("stall"))
                .mapToDouble(stall -> Math.max(stall.path("reads").asDouble(), stall.path("writes").asDouble()))
                .max().orElse(0));
    }

    static List<Section> of(Facts facts) {
        Statements statements = new Statements(facts);
        int count = Math.max(statements.rehearsed.size(), statements.applied.size());
        if (count == 0) {
            return List.of();
        }
        JsonNode certificate = facts.of("validate", "certificate");
        JsonNode sql = certificate.path("sql");
        String lead = sql.path("file").asText("") + ", "
                + (certificate.path("rehearsed").asBoolean() ? "rehearsed on " + certificate.path("server").asText("")
                : "NOT REHEARSED") + ". " + Measure.count(count, "statement") + " in "
                + Measure.count(sql.path("segments").asLong(1), "segment") + ".";
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(i);
        }
        List<Block> blocks = new ArrayList<>();
        forecast(facts.of("validate", "forecast"), blocks);
        if (count > MANY) {
            List<Integer> slow = all.stream().sorted(Comparator.comparingDouble(statements::millis).reversed())
                    .limit(LONGEST).sorted().toList();
            blocks.add(new Block.Words("The " + LONGEST + " that took longest:"));
            blocks.add(statements.table(slow));
            blocks.add(new Block.Folded("All " + Measure.count(count, "statement"), List.of(statements.table(all))));
        } else {
            blocks.add(statements.table(all));
        }
        blocks.add(new Block.Words("SHA-256 of the SQL"));
        blocks.add(new Block.Listing(sql.path("sha256").asText("")));
        return List.of(new Section("statements", "Statements", lead, blocks));
    }

    private static void forecast(JsonNode forecast, List<Block> blocks) {
        if (!forecast.isObject()) {
            return;
        }
        blocks.add(new Block.Words("Forecast at production's size: about "
                + Measure.time(forecast.path("seconds").asDouble() * 1000) + " of SQL. "
                + (forecast.path("stopNeeded").asBoolean() ? "The service has to stop: " : "The service can go on: ")
                + forecast.path("why").asText("") + "."));
        List<Cell> blocked = new ArrayList<>();
        forecast.path("blocked").forEach(wait -> blocked.add(Cell.words(wait.path("table").asText("") + ": "
                + wait.path("what").asText("") + " wait up to "
                + Measure.time(wait.path("seconds").asDouble() * 1000))));
        if (!blocked.isEmpty()) {
            blocks.add(new Block.Folded("Tables that others wait for", List.of(new Block.Points(blocked, false))));
        }
    }

    private double millis(int number) {
        return Math.max(at(rehearsed, number).path("millis").asDouble(), at(applied, number).path("millis").asDouble());
    }

    /** Those of production, each at the place of the same statement: what another process applied may be missing. */
    private static List<JsonNode> beside(List<JsonNode> rehearsed, List<JsonNode> applied) {
        if (applied.isEmpty()) {
            return applied;
        }
        Map<String, JsonNode> found = new HashMap<>();
        List<String> places = places(applied);
        for (int i = 0; i < applied.size(); i++) {
            found.put(places.get(i), applied.get(i));
        }
        return places(rehearsed).stream().map(place -> found.getOrDefault(place, Facts.NOTHING)).toList();
    }

    // Segment and number in it.
    private static List<String> places(List<JsonNode> statements) {
        List<String> places = new ArrayList<>();
        int segment = -1;
        int number = 0;
        for (JsonNode statement : statements) {
            number = statement.path("segment").asInt() == segment ? number + 1 : 0;
            segment = statement.path("segment").asInt();
            places.add(segment + "." + number);
        }
        return places;
    }

    private static JsonNode at(List<JsonNode> list, int number) {
        return number < list.size() ? list.get(number) : Facts.NOTHING;
    }

    private Block table(List<Integer> numbers) {
        List<String> columns = new ArrayList<>(List.of("", "Statement", "Rows", "Took"));
        if (measured) {
            columns.add("Locks, and who waits");
        }
        return new Block.Table("statements", columns, numbers.stream().map(this::row).toList());
    }

    private List<Cell> row(int number) {
        JsonNode there = at(rehearsed, number);
        JsonNode here = at(applied, number);
        JsonNode known = there.isMissingNode() ? here : there;
        List<Cell> bars = new ArrayList<>();
        if (!there.isMissingNode()) {
            bars.add(bar(there, applied.isEmpty() ? "" : "rehearsed ", Cell.Tone.QUIET));
        }
        if (!here.isMissingNode()) {
            bars.add(bar(here, "production ", Cell.Tone.PLAIN));
        }
        List<Cell> row = new ArrayList<>(List.of(Cell.amount(String.valueOf(number + 1)), statement(known),
                Cell.amount(rows(there, here)), new Cell.Stack(bars)));
        if (measured) {
            row.add(locks(there));
        }
        return row;
    }

    private static Cell statement(JsonNode statement) {
        List<Cell> cells = new ArrayList<>(List.of(Cell.code(statement.path("statement").asText(""))));
        statement.path("rewrites").forEach(table ->
                cells.add(Cell.badge("rewrites " + table.asText(""), Cell.Tone.WARN)));
        statement.path("scans").forEach(scan -> cells.add(Cell.badge("reads "
                + scan.path("table").asText("") + " whole, "
                + Measure.count(scan.path("rows").asLong(), "row"), Cell.Tone.QUIET)));
        String ids = String.join(" ", Facts.texts(statement.path("hazards")));
        if (!ids.isEmpty()) {
            cells.add(Cell.badge(ids, Cell.Tone.QUIET));
        }
        return cells.size() == 1 ? cells.get(0) : new Cell.Stack(cells);
    }

    private static String rows(JsonNode there, JsonNode here) {
        long rehearsed = there.path("rows").asLong();
        long applied = here.path("rows").asLong();
        if (there.isMissingNode() || here.isMissingNode() || rehearsed == applied) {
            return Measure.count(Math.max(rehearsed, applied));
        }
        return Measure.count(rehearsed) + ", production " + Measure.count(applied);
    }

    private Cell bar(JsonNode statement, String where, Cell.Tone tone) {
        double millis = statement.path("millis").asDouble();
        return new Cell.Bar(0, millis, longest, where + Measure.time(millis), tone);
    }

    private Cell locks(JsonNode statement) {
        List<Cell> cells = new ArrayList<>();
        statement.path("locks").forEach(lock -> cells.add(Cell.badge(lock.path("mode").asText("") + " "
                + lock.path("table").asText(""), tone(statement.path("blocks").asText("")))));
        JsonNode stall = statement.path("stall");
        for (String who : List.of("reads", "writes")) {
            double millis = stall.path(who).asDouble();
            if (millis > 0) {
                cells.add(new Cell.Bar(0, millis, longestStall, who + " of " + stall.path("table").asText("") + ": "
                        + Measure.time(millis), Cell.Tone.WARN));
            }
        }
        return cells.isEmpty() ? Cell.none() : new Cell.Stack(cells);
    }

    private static Cell.Tone tone(String blocks) {
        return switch (blocks) {
            case "reads and writes" -> Cell.Tone.BAD;
            case "writes" -> Cell.Tone.WARN;
            default -> Cell.Tone.QUIET;
        };
    }
}
