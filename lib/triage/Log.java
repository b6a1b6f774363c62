//SOURCES ../Json.java ../sql/Sql.java Complaint.java

package lib.triage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Json;
import lib.sql.Sql;

/**
 * The complaints in a log: of psql, of a server, of drizzle, Prisma, Flyway, Supabase and node-pg-migrate, and of our
 * own runs. The detail lines of errors, which quote rows, are not read.
 */
public final class Log {
    private static final Pattern ERROR = Pattern.compile("^(?<before>.*?)\\b(?<word>ERROR|FATAL|PANIC|error"
            + "|PostgresError|DatabaseError):\\s+(?:(?<state>[0-9A-Z]{5}):\\s+)?(?<said>\\S.*)$");
    private static final Pattern PSQL = Pattern.compile("psql:(.+?):(\\d+):");
    private static final Pattern OURS = Pattern.compile("on the copy, (line \\d+):|segment \\d+, (line \\d+)");
    private static final Pattern STATE = Pattern.compile("(?:\\bcode: ['\"]?|SqlState\\(E|SQLSTATE[ :=]+|SQL State +: "
            + "|error code: `?)([0-9A-Z]{5})\\b");
    private static final Pattern STATEMENT = Pattern.compile(
            "^\\S*.*?\\b(?:STATEMENT|Failed query|Statement +|At statement(?: \\d+)?): +(\\S.*)$");
    private static final Pattern PLACE = Pattern.compile(
            "^\\s*(?:Migration name|Location +|Applying migration|Migrating|> - Migrating):? *:? *(\\S.*?)\\.*$");
    private static final Pattern TOOL = Pattern.compile("\\b(P[13]\\d{3})\\b:?\\s*(.*)$");
    private static final Pattern OTHER = Pattern.compile("(?i)(migrate found failed migrations.*|checksum mismatch.*"
            + "|Found non-empty schema.*|Detected failed migration.*|Remote migration versions not found.*"
            + "|Not run migration .* is preceding.*|Another migration is already running.*|connect ECONN\\w+.*"
            + "|getaddrinfo E\\w+.*|server closed the connection unexpectedly.*|could not connect to server.*"
            + "|connection to server .* failed.*|No space left on device.*"
            + "|.*(?:does not run any more|the old code stops working here|times: cost).*)");
    /** Where a statement that was written over several lines ends. */
    private static final Pattern END = Pattern.compile("^\\s*(?:params:|at .*|\\{|code:|length:|->.*|DETAIL:.*|HINT:.*"
            + "|CONTEXT:.*|\\[cause].*|cause:.*|)\\s*$");
    /** What says only that something failed; what it was comes in a later line. */
    private static final Pattern WORDLESS =
            Pattern.compile("^(Prisma stopped with |Failed query|Script .* failed|Migration .* failed)");
    private static final int LONGEST = 4_000;

    private final List<Complaint> complaints = new ArrayList<>();
    private String state = "";
    private String message;
    private String statement = "";
    private String place = "";
    private boolean statementGoesOn;
    private boolean statementFollows;

    private Log() {
    }

    /** Reads a log, or one of our JSON results; each complaint once, in the order in which they were made. */
    public static List<Complaint> read(String text) {
        Log log = new Log();
        String lines = text.strip().startsWith("{") ? messages(text) : text;
        lines.replaceAll("\u001b\\[[0-9;]*[A-Za-z]", "").lines().forEach(log::line);
        log.end();
        return List.copyOf(log.complaints);
    }

    private static String messages(String json) {
        try {
            StringBuilder text = new StringBuilder();
            for (JsonNode gate : Json.MAPPER.readTree(json).findValues("gates")) {
                gate.forEach(one -> text.append(one.path("status").asText().equals("pass") ? ""
                        : one.path("message").asText() + "\n\n"));
            }
            return text.isEmpty() ? json : text.toString();
        } catch (JsonProcessingException e) {
            return json;
        }
    }

    private void line(String line) {
        Matcher error = ERROR.matcher(line);
        if (error.matches() && !error.group("said").startsWith("P3") && !error.group("said").startsWith("P1")) {
            begin(error.group("said"), error.group("state"));
            Matcher file = PSQL.matcher(line);
            Matcher ours = OURS.matcher(line);
            if (file.find()) {
                place = file.group(1) + " line " + file.group(2);
            } else if (ours.find()) {
                place = ours.group(1) == null ? ours.group(2) : ours.group(1);
                statementFollows = true;
            }
        } else if (!more(line)) {
            Matcher tool = TOOL.matcher(line);
            Matcher other = OTHER.matcher(line);
            if (tool.find() && !tool.group(1).equals("P3018")) {
                begin(tool.group(2).isBlank() ? "Prisma stopped with " + tool.group(1) : tool.group(2), tool.group(1));
            } else if (other.find()) {
                begin(other.group(1), null);
            }
        }
        Matcher code = STATE.matcher(line);
        if (code.find() && state.isEmpty()) {
            state = code.group(1);
        }
    }

    // What a tool says of its migration or statement, before the error or behind it.
    private boolean more(String line) {
        Matcher words = STATEMENT.matcher(line);
        Matcher name = PLACE.matcher(line);
        if (line.matches("\\s*At statement:? \\d+:?\\s*")) {
            statementFollows = true;
        } else if (words.matches()) {
            statement = words.group(1);
            statementGoesOn = true;
        } else if (name.matches() && !statementGoesOn) {
            if (message != null) {
                place = place.isEmpty() ? name.group(1) : place;
            } else {
                place = name.group(1);
            }
        } else if (END.matcher(line).matches()) {
            statementGoesOn = false;
        } else if (statementFollows) {
            statement = line.strip();
            statementFollows = false;
            statementGoesOn = true;
        } else if (statementGoesOn && statement.length() < LONGEST) {
            statement += "\n" + line;
        } else {
            return false;
        }
        return true;
    }

    // A second error ends what was said of the first; what a tool said before its first one belongs to that.
    private void begin(String said, String code) {
        if (message != null && WORDLESS.matcher(message).find()) {
            message = said;
            return;
        }
        if (message != null) {
            Complaint next = new Complaint(code, said, "", "");
            if (next.message().equals(new Complaint(state, message, "", "").message())) {
                state = code == null || code.isEmpty() ? state : code;
                return;
            }
            end();
        }
        message = said.replaceFirst("\\s*\\(SQLSTATE .*\\)$", "");
        Matcher inside = STATE.matcher(said);
        String told = code == null && inside.find() ? inside.group(1) : code;
        state = told == null ? state : told;
        statementGoesOn = false;
    }

    private void end() {
        if (message != null && !message.startsWith("Failed query")) {
            Complaint complaint = new Complaint(state, message, statement, place);
            if (complaints.stream().noneMatch(one -> one.message().equals(complaint.message()))) {
                complaints.add(complaint);
            }
            statement = "";
            place = "";
            state = "";
        }
        message = null;
    }

    /** The statement in one line, without the values of rows it may hold. */
    public static String head(Complaint complaint) {
        String line = complaint.statement().matches("(?is)(insert|update|delete|merge|copy|with)\\b.*")
                ? Sql.withoutValues(complaint.statement()) : complaint.statement().replaceAll("\\s+", " ");
        return line.length() > 70 ? line.substring(0, 69) + "…" : line;
    }
}
