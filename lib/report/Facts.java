//SOURCES ../Failure.java ../Json.java

package lib.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.Failure;

/**
 * What is told of a release: how it ended, what is true now, and the run record. What no phase left there is absent
 * from the report too.
 *
 * @param application the name of the repository
 * @param source the branch that is released
 * @param exit how it ended
 * @param now what is true of database, service, git and backup, and the next command
 * @param record the parts of the run record
 */
public record Facts(String application, String source, String environment, Instant when, Failure.Exit exit,
                    Map<String, String> now, JsonNode record) {
    static final JsonNode NOTHING = MissingNode.getInstance();

    /** A fact of a phase; a missing node where there is none. */
    JsonNode of(String phase, String name) {
        return record.path(phase).path("facts").path(name);
    }

    /** What the release itself recorded. */
    JsonNode release(String name) {
        return record.path("release").path(name);
    }

    /** Whether the release came to its end. */
    boolean released() {
        return exit == Failure.Exit.PASSED && release("ended").asBoolean();
    }

    /** The step that a release ended in. */
    String step() {
        return release("step").asText("");
    }

    String error() {
        return release("error").asText("");
    }

    /** The words of an array. */
    static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(item -> texts.add(item.asText("")));
        return texts;
    }

    /** The gates of all phases that ended in one of these ways. */
    List<JsonNode> gates(String... statuses) {
        List<JsonNode> gates = new ArrayList<>();
        for (String phase : List.of("preflight", "backup", "assess", "validate")) {
            record.path(phase).path("gates").forEach(gate -> {
                if (List.of(statuses).contains(gate.path("status").asText(""))) {
                    gates.add(gate);
                }
            });
        }
        return gates;
    }

    /** What each statement did on the copy, in order; without the facts of a rehearsal, what its certificate says. */
    List<JsonNode> statements() {
        List<JsonNode> found = new ArrayList<>();
        of("validate", "statements").forEach(found::add);
        if (found.isEmpty()) {
            of("validate", "certificate").path("segments")
                    .forEach(segment -> segment.path("outcomes").forEach(found::add));
        }
        return found;
    }

    /** What each statement did on production, as far as it came. */
    List<JsonNode> applied() {
        List<JsonNode> found = new ArrayList<>();
        release("applied").forEach(segment -> segment.path("outcomes").forEach(found::add));
        return found;
    }

    /** How long the services were down; null where none was stopped, or none is up yet. */
    Duration downtime() {
        JsonNode seconds = release("downtime");
        return seconds.isNumber() ? Duration.ofMillis(Math.round(seconds.asDouble() * 1000)) : null;
    }

    static Instant moment(JsonNode node) {
        return node.isTextual() ? Instant.parse(node.asText("")) : null;
    }
}
