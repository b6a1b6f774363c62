//SOURCES ../sql/Sql.java Finding.java Hazards.java

package lib.hazards;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sql.Sql;

/** The {@code -- hazard-ok: ID reason} comments of one file, and which of them were needed. */
final class Suppressions {
    private static final Pattern OK = Pattern.compile("(?i)^hazard-ok\\b:?\\s*([\\w-]*)[,;:]?\\s*(.*)$");

    /** One comment; the statement it stands on or above, by its place among the statements, or -1. */
    private static final class Entry {
        final String id;
        final int line;
        final int statement;
        boolean used;

        Entry(String id, int line, int statement) {
            this.id = id;
            this.line = line;
            this.statement = statement;
        }
    }

    private final List<Entry> entries = new ArrayList<>();
    private final List<Finding> wrong = new ArrayList<>();

    /**
     * Reads the comments of a file.
     *
     * @param starts the line each statement starts on, and in {@code ends} the line it ends on
     */
    Suppressions(String file, List<String> lines, List<Sql.Comment> comments, int[] starts, int[] ends) {
        int next = 0;
        for (Sql.Comment comment : comments) {
            Matcher matcher = OK.matcher(comment.text());
            if (!matcher.matches()) {
                continue;
            }
            while (next < starts.length && ends[next] < comment.line()) {
                next++;
            }
            String id = matcher.group(1);
            Hazard hazard = Hazards.find(id);
            if (hazard == null) {
                wrong.add(finding(Hazards.WRONG, file, comment, id.isEmpty() ? "no id is named"
                        : "there is no hazard " + id + "; did you mean " + Hazards.nearest(id) + "?",
                        "-- hazard-ok: " + (id.isEmpty() ? "ID" : Hazards.nearest(id)) + " reason"));
            } else if (matcher.group(2).isBlank()) {
                wrong.add(finding(Hazards.WRONG, file, comment, hazard.id() + " without a reason excuses nothing",
                        "-- hazard-ok: " + hazard.id() + " why it is all right here"));
            } else {
                entries.add(new Entry(hazard.id(), comment.line(), target(lines, comment, next, starts)));
            }
        }
    }

    /** The statement that the comment stands on or right above. */
    private static int target(List<String> lines, Sql.Comment comment, int next, int[] starts) {
        if (next >= starts.length) {
            return -1;
        }
        for (int line = comment.line() + 1; line < starts[next]; line++) {
            String between = lines.get(line - 1).strip();
            if (!between.isEmpty() && !between.startsWith("--")) {
                return -1;
            }
        }
        return next;
    }

    /** Whether a hazard in a statement is excused; -1 is the file as a whole. */
    boolean excuses(String id, int statement) {
        boolean found = false;
        for (Entry entry : entries) {
            if (entry.id.equals(id) && (statement < 0 || entry.statement == statement)) {
                entry.used = true;
                found = true;
            }
        }
        return found;
    }

    /** Whether there is any comment at all. */
    boolean none() {
        return entries.isEmpty();
    }

    /** What is wrong with the comments themselves, and, if asked for, those that excuse nothing. */
    List<Finding> troubles(String file, boolean unused) {
        List<Finding> troubles = new ArrayList<>(wrong);
        for (Entry entry : entries) {
            if (unused && !entry.used) {
                troubles.add(finding(Hazards.UNUSED, file, new Sql.Comment("hazard-ok: " + entry.id, entry.line),
                        entry.id + (entry.statement < 0 ? ": no statement stands right below this comment"
                        : " is not found in the statement here"), "-- take the comment out"));
            }
        }
        return troubles;
    }

    private static Finding finding(Hazard hazard, String file, Sql.Comment comment, String message, String fix) {
        return new Finding(hazard.id(), hazard.severity(), file, comment.line(), 1, "-- " + comment.text(), message, "",
                fix, false);
    }
}
