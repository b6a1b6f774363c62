//SOURCES Json.java Windows.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;

/** When each step of a release began and ended, as the run record keeps it. */
final class Times {
    private final ArrayNode steps = Json.MAPPER.createArrayNode();

    void begin(String step) {
        steps.addObject().put("step", step).put("from", Instant.now().toString());
    }

    /** The step that began last is over. */
    void end() {
        if (!steps.isEmpty()) {
            ((ObjectNode) steps.get(steps.size() - 1)).put("to", Instant.now().toString());
        }
    }

    /** How old something is, in words; what comes from the future was made before this machine's clock went back. */
    static String age(Instant made) {
        Duration age = Duration.between(made, Instant.now());
        return age.isNegative() ? "dated " + Windows.words(age.negated()) + " from now: the clock of this machine was"
                + " set back" : Windows.words(age) + " old";
    }

    /** Goes on from what an earlier process recorded. */
    void restore(JsonNode record) {
        record.forEach(steps::add);
    }

    JsonNode record() {
        return steps;
    }
}
