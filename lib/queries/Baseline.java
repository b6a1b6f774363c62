//SOURCES ../Json.java ../Run.java Usage.java

package lib.queries;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.Json;
import lib.Run;

/**
 * How often production had run each query at a moment, and how long that took: what the time after a release is
 * compared with.
 *
 * @param taken when, as an instant
 */
public record Baseline(String taken, List<Usage.Statement> statements) {
    private static final String FILE = "queries-baseline.json";
    /** A mean of fewer runs says nothing. */
    private static final long FEWEST = 20;

    /** What a query took on average before and since, in milliseconds. */
    public record Change(String name, String sql, double before, double since, long calls) {
    }

    static Path file(Run run) {
        return run.file(FILE);
    }

    public static Baseline of(Usage usage, Instant moment) {
        return new Baseline(moment.toString(), usage.statements());
    }

    /** Puts it into the run folder, in the place of the one before. */
    public void save(Run run) {
        Run.write(file(run), Json.pretty(Json.tree(this)) + "\n");
    }

    /** The one that the last rehearsal left; null when there is none that can be read. */
    public static Baseline last(Run run) {
        if (!Files.isRegularFile(file(run))) {
            return null;
        }
        try {
            JsonNode node = Json.MAPPER.readTree(file(run).toFile());
            List<Usage.Statement> statements = new ArrayList<>();
            for (JsonNode one : node.path("statements")) {
                statements.add(new Usage.Statement(one.path("name").asText(), one.path("sql").asText(),
                        one.path("calls").asLong(), one.path("totalMillis").asDouble()));
            }
            return new Baseline(node.path("taken").asText(), statements);
        } catch (IOException e) {
            // A hint less: it is written anew by the next rehearsal.
            return null;
        }
    }

    /** Every query that has run often enough before and since, with its means. */
    public List<Change> since(Usage now) {
        Map<String, Usage.Statement> known = new LinkedHashMap<>();
        statements.forEach(one -> known.put(one.name(), one));
        List<Change> changes = new ArrayList<>();
        for (Usage.Statement one : now.statements()) {
            Usage.Statement old = known.get(one.name());
            if (old == null) {
                continue;
            }
            // Reset since, the counters began anew.
            boolean reset = one.calls() < old.calls();
            long calls = reset ? one.calls() : one.calls() - old.calls();
            double total = reset ? one.totalMillis() : one.totalMillis() - old.totalMillis();
            if (calls >= FEWEST && old.calls() >= FEWEST) {
                changes.add(new Change(one.name(), one.sql(), old.meanMillis(), total / calls, calls));
            }
        }
        return changes;
    }
}
