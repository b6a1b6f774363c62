//SOURCES Facts.java Measure.java Section.java

package lib.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/** The steps of a release on one scale of time, and the downtime among them. */
final class Timeline {
    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneOffset.UTC);

    /** Milliseconds in which no step does anything. */
    private static final long MOMENT = 100;
    /** These are told however short they were. */
    private static final List<String> CHANGING = List.of("stop", "apply", "promote");

    private Timeline() {
    }

    private record Span(String name, Instant from, Instant to, Cell.Tone tone) {
        long millis() {
            return Duration.between(from, to).toMillis();
        }
    }

    static List<Section> of(Facts facts) {
        List<Span> spans = new ArrayList<>();
        for (JsonNode step : facts.release("times")) {
            Instant from = Facts.moment(step.path("from"));
            Instant to = Facts.moment(step.path("to"));
            boolean last = step.path("step").asText("").equals(facts.step()) && !facts.error().isEmpty();
            if (from != null) {
                spans.add(new Span(step.path("step").asText(""), from, to == null ? facts.when() : to,
                        last ? Cell.Tone.BAD : Cell.Tone.PLAIN));
            }
        }
        // A step that had nothing to do is no news, unless it is the one that stopped.
        spans.removeIf(span -> span.millis() < MOMENT && span.tone == Cell.Tone.PLAIN
                && !CHANGING.contains(span.name));
        if (spans.isEmpty()) {
            return List.of();
        }
        Duration downtime = facts.downtime();
        String lead = "";
        if (downtime != null) {
            Instant stopped = Facts.moment(facts.release("stoppedAt"));
            spans.add(new Span("downtime", stopped, stopped.plus(downtime), Cell.Tone.WARN));
            lead = "The service was down for " + Measure.time(downtime.toMillis()) + ".";
        }
        Instant begin = spans.stream().map(Span::from).min(Instant::compareTo).orElseThrow();
        Instant end = spans.stream().map(Span::to).max(Instant::compareTo).orElseThrow();
        double whole = Math.max(1, Duration.between(begin, end).toMillis());
        List<List<Cell>> rows = new ArrayList<>();
        for (Span span : spans) {
            double from = Duration.between(begin, span.from).toMillis();
            rows.add(List.of(Cell.words(span.name), Cell.words(CLOCK.format(span.from)),
                    new Cell.Bar(from, from + span.millis(), whole, Measure.time(span.millis()), span.tone)));
        }
        return List.of(new Section("timeline", "Timeline", lead,
                List.of(new Block.Table("timeline", List.of("Step", "Began (UTC)", "Took"), rows))));
    }
}
