//SOURCES Json.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** What release.json may say about where a database URL comes from. */
final class UrlSource {
    static final String FORMS = "use one of {\"env\": \"NAME\"}, {\"dotenv\": \"NAME\"},"
            + " {\"command\": [\"PROGRAM\", …]}, {\"railway\": {\"service\": …, \"variable\": …}}, \"prompt\"";
    private static final List<String> RAILWAY = List.of("service", "variable", "environment");

    private UrlSource() {
    }

    /** The kind of a source: env, dotenv, command, railway or prompt; empty when it is none. */
    static String kind(JsonNode wish) {
        return wish.isTextual() && wish.asText().equals("prompt") ? "prompt"
                : wish.isObject() && wish.size() == 1 ? wish.fieldNames().next() : "";
    }

    /** What is wrong with it, as the end of a sentence; null when nothing is. */
    static String mistake(JsonNode wish) {
        if (wish == null || wish.isNull()) {
            return null;
        }
        JsonNode value = wish.path(kind(wish));
        return switch (kind(wish)) {
            case "prompt" -> null;
            case "env", "dotenv" -> name(value) ? null : "." + kind(wish) + " is not the name of a variable";
            case "command" -> words(value) ? null : ".command is not a list of words";
            case "railway" -> railway(value);
            default -> wish.toString().contains("://") ? " is a URL, and git would keep its password"
                    : " is none of the known ways to a URL";
        };
    }

    private static boolean name(JsonNode value) {
        return value.isTextual() && value.asText().matches("[A-Za-z_][A-Za-z0-9_.-]*");
    }

    private static boolean words(JsonNode value) {
        boolean texts = value.isArray() && !value.isEmpty() && !value.path(0).asText().isBlank();
        for (JsonNode word : value) {
            texts &= word.isTextual();
        }
        return texts;
    }

    private static String railway(JsonNode value) {
        if (!value.isObject()) {
            return ".railway is not an object in { }";
        }
        for (var entry : value.properties()) {
            if (!RAILWAY.contains(entry.getKey())) {
                return ".railway has the unknown key \"" + entry.getKey() + "\"; known are "
                        + String.join(", ", RAILWAY);
            }
            if (!entry.getValue().isTextual() || entry.getValue().asText().isBlank()) {
                return ".railway." + entry.getKey() + " is not a name";
            }
        }
        return null;
    }
}
