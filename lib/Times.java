//SOURCES Json.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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

    /** Goes on from what an earlier process recorded. */
    void restore(JsonNode record) {
        record.forEach(steps::add);
    }

    JsonNode record() {
        return steps;
    }
}
