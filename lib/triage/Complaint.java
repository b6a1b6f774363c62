//SOURCES ../plan/Executor.java

package lib.triage;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.plan.Executor;

/**
 * What a server or a migration tool said when it failed.
 *
 * @param state the SQLSTATE, or a tool's own code (P3009); empty where nothing tells it
 * @param message its first line, without values of rows
 * @param statement what it was about, as far as it is known; else empty
 * @param place the file, the migration or the line of it; else empty
 */
public record Complaint(String state, String message, String statement, String place) {
    /** The messages of class 22 (data exception) end with the value that was refused; it may be somebody's. */
    private static final String DATA = "22";
    private static final Pattern DATA_WORDS = Pattern.compile("^(invalid input (syntax|value)|value \"|value too long|"
            + "date/time field value|invalid byte sequence|malformed|invalid JSON|Token ).*");

    public Complaint {
        state = state == null ? "" : state;
        message = clean(state, message == null ? "" : message);
        statement = statement == null ? "" : statement.strip();
        place = place == null ? "" : place;
    }

    /** What stopped a plan. */
    public static Complaint of(Executor.Trouble trouble, String statement) {
        return new Complaint(trouble.state(), trouble.message(), statement, "line " + trouble.line());
    }

    private static String clean(String state, String message) {
        String words = message.strip().replaceFirst("^(ERROR|FATAL|PANIC|error):\\s+", "")
                .replaceFirst("^[0-9A-Z]{5}: ", "").lines().findFirst().orElse("");
        boolean data = state.startsWith(DATA) || DATA_WORDS.matcher(words).matches();
        return data ? words.replaceAll("\"[^\n]*\"", "\"…\"") : words;
    }

    /** What stands in quotes behind a word: the table behind {@code relation}; null when nothing does. */
    String named(String word) {
        Matcher found = Pattern.compile("\\b" + word + " \"((?:[^\"]|\"\")+)\"").matcher(message);
        return found.find() ? found.group(1).replace("\"\"", "\"") : null;
    }

    /** The first group of a pattern in the message; null when it is not there. */
    String part(String pattern) {
        Matcher found = Pattern.compile(pattern).matcher(message);
        return found.find() ? found.group(1) : null;
    }
}
