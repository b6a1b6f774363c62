//SOURCES Cell.java Facts.java Measure.java

package lib.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import lib.Failure;

/**
 * How a release ended, for whoever reads no further.
 *
 * @param word it in a word or two
 * @param sentence what that means for production
 */
record Outcome(String word, String sentence, Cell.Tone tone, List<Figure> figures) {
    /** A number that sums something up; the note may be empty. */
    record Figure(String name, String value, String note) {
    }

    static Outcome of(Facts facts) {
        boolean changed = facts.exit() == Failure.Exit.UNFINISHED;
        String at = facts.step().isEmpty() ? "" : " at " + facts.step();
        String untouched = List.of("stopping", "stopped").contains(facts.release("service").asText(""))
                ? "The database of " + facts.environment() + " is as it was, and the service is down."
                : "Nothing was changed in " + facts.environment() + ".";
        boolean promoted = !facts.of("preflight", "commits").isEmpty();
        return switch (facts.exit()) {
            case PASSED -> facts.released()
                    ? new Outcome(promoted ? "Released" : "Migrated", promoted ? "Released " + facts.source() + " to "
                    + facts.environment() + "." : "Migrated " + facts.environment() + ".", Cell.Tone.GOOD,
                    figures(facts))
                    : new Outcome("Dry run passed", "Nothing was changed; the release would go through.",
                    Cell.Tone.GOOD, figures(facts));
            case DECIDE -> new Outcome("Waits for a decision" + at, untouched, Cell.Tone.WARN, figures(facts));
            case MISSING -> new Outcome("Something is missing" + at, untouched, Cell.Tone.WARN, figures(facts));
            default -> new Outcome(changed ? "Unfinished" + at : "Stopped" + at,
                    changed ? "Production or the remote was changed, and the release is not at its end." : untouched,
                    Cell.Tone.BAD, figures(facts));
        };
    }

    private static List<Figure> figures(Facts facts) {
        List<Figure> figures = new ArrayList<>();
        Duration downtime = facts.downtime();
        if (downtime != null) {
            figures.add(new Figure("Downtime", Measure.time(downtime.toMillis()),
                    "from the stop until it was up again" + forecast(facts)));
        } else if (!facts.of("validate", "forecast").path("seconds").isMissingNode()) {
            figures.add(new Figure("SQL, forecast",
                    Measure.time(facts.of("validate", "forecast").path("seconds").asDouble() * 1000),
                    facts.of("validate", "forecast").path("stopNeeded").asBoolean() ? "the service has to stop"
                            : "the service can stay up"));
        }
        List<JsonNode> rehearsed = facts.statements();
        List<JsonNode> applied = facts.applied();
        if (!applied.isEmpty()) {
            figures.add(new Figure("SQL on production", Measure.time(millis(applied)), rehearsed.isEmpty() ? ""
                    : Measure.time(millis(rehearsed)) + " in the rehearsal"));
        } else if (!rehearsed.isEmpty()) {
            figures.add(new Figure("SQL, rehearsed", Measure.time(millis(rehearsed)),
                    Measure.count(rehearsed.size(), "statement")));
        }
        List<JsonNode> ran = applied.isEmpty() ? rehearsed : applied;
        if (!ran.isEmpty()) {
            figures.add(new Figure("Rows touched", Measure.count(ran.stream()
                    .mapToLong(outcome -> outcome.path("rows").asLong()).sum()),
                    "by " + Measure.count(ran.size(), "statement")));
        }
        JsonNode worst = worstStall(rehearsed);
        if (worst != null) {
            figures.add(new Figure("Longest stall", Measure.time(Math.max(worst.path("reads").asDouble(),
                    worst.path("writes").asDouble())), "of " + worst.path("table").asText("")));
        }
        if (!facts.of("backup", "bytes").isMissingNode()) {
            figures.add(new Figure("Backup", Measure.bytes(facts.of("backup", "bytes").asLong()),
                    Measure.count(facts.of("backup", "rows").asLong(), "row")));
        }
        int stops = facts.gates("stop").size();
        int warned = facts.gates("warn").size();
        figures.add(new Figure("Gates", facts.gates("pass").size() + " passed", (stops == 0 ? ""
                : stops + " stopped" + (warned == 0 ? "" : ", ")) + (warned == 0 ? "" : warned + " to look at")));
        return figures;
    }

    private static String forecast(Facts facts) {
        JsonNode seconds = facts.release("forecast").path("seconds");
        return seconds.isNumber() ? "; forecast were " + Measure.time(seconds.asDouble() * 1000)
                + " and the time to stop and deploy" : "";
    }

    private static double millis(List<JsonNode> statements) {
        return statements.stream().mapToDouble(statement -> statement.path("millis").asDouble()).sum();
    }

    private static JsonNode worstStall(List<JsonNode> statements) {
        JsonNode worst = null;
        double longest = 0;
        for (JsonNode statement : statements) {
            JsonNode stall = statement.path("stall");
            double millis = Math.max(stall.path("reads").asDouble(), stall.path("writes").asDouble());
            if (millis > longest) {
                longest = millis;
                worst = stall;
            }
        }
        return worst;
    }
}
