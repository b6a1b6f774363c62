//SOURCES ../sql/Phrase.java ../sql/Statement.java

package lib.hazards;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sql.Statement;

/** The settings that a file's own SET statements have made. */
final class SessionSettings {
    private static final Pattern SET = Pattern.compile(
            "(?is)^SET\\s+(?:(SESSION|LOCAL)\\s+)?([\\w.]+)\\s*(?:=|\\bTO\\b)\\s*(.+)$");
    private static final Pattern FUNCTION = Pattern.compile(
            "(?is)\\bset_config\\s*\\(\\s*'([\\w.]+)'\\s*,\\s*'([^']*)'\\s*,\\s*(true|false)");
    private static final Pattern TIME = Pattern.compile("(?i)'?\\s*(\\d+(?:\\.\\d+)?)\\s*(us|ms|s|min|h|d)?\\s*'?");

    private final Map<String, String> session = new HashMap<>();
    private final Map<String, String> local = new HashMap<>();

    /** One setting a statement makes. */
    record Made(String name, String value, boolean local) {
    }

    /** The setting a statement makes; null when it makes none. */
    static Made of(Statement statement) {
        Matcher set = SET.matcher(statement.sql());
        if (statement.tag().equals("SET") && set.find()) {
            return new Made(set.group(2).toLowerCase(Locale.ROOT), set.group(3).strip(),
                    "LOCAL".equalsIgnoreCase(set.group(1)));
        }
        Matcher call = FUNCTION.matcher(statement.sql());
        return statement.tag().equals("SELECT") && call.find()
                ? new Made(call.group(1).toLowerCase(Locale.ROOT), call.group(2),
                call.group(3).equalsIgnoreCase("true"))
                : null;
    }

    void read(Statement statement, boolean inTransaction) {
        Made made = of(statement);
        if (made != null && (!made.local() || inTransaction)) {
            (made.local() ? local : session).put(made.name(), made.value());
        }
    }

    /** A time limit in milliseconds; 0 for none, -1 when the file does not set it. */
    long milliseconds(String name) {
        String value = local.getOrDefault(name, session.get(name));
        Matcher time = TIME.matcher(value == null ? "" : value);
        if (!time.matches()) {
            return -1;
        }
        double number = Double.parseDouble(time.group(1));
        return (long) (number * switch (time.group(2) == null ? "ms" : time.group(2).toLowerCase(Locale.ROOT)) {
            case "us" -> 0.001;
            case "s" -> 1_000;
            case "min" -> 60_000;
            case "h" -> 3_600_000;
            case "d" -> 86_400_000;
            default -> 1;
        });
    }

    /** Whether the file sets it at all. */
    boolean has(String name) {
        return local.containsKey(name) || session.containsKey(name);
    }

    void endTransaction() {
        local.clear();
    }

    void clear() {
        local.clear();
        session.clear();
    }
}
