//SOURCES ../Failure.java ../Hash.java ../sql/Change.java ../sql/Statement.java

package lib.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import lib.Failure;
import lib.Hash;
import lib.sql.Change;
import lib.sql.Statement;

/**
 * The release SQL as it is rehearsed and applied: segments of statements, read from the file and from nothing else.
 *
 * @param sha256 of the file's text; what was approved is this and no other
 */
public record Plan(String text, String sha256, List<Segment> segments) {
    private static final Set<String> BEGIN = Set.of("BEGIN", "START TRANSACTION");
    private static final Set<String> COMMIT = Set.of("COMMIT", "END");
    private static final Set<String> REFUSED = Set.of("ROLLBACK", "ABORT", "PREPARE TRANSACTION", "COMMIT PREPARED",
            "ROLLBACK PREPARED");
    private static final Pattern PLAIN = Pattern.compile("(?i)(begin|start|commit|end)(\\s+(work|transaction))?");

    /**
     * A transaction, or a single statement that cannot be in one, behind the settings (SET) written for it.
     *
     * @param number from 1, as the file's comments count
     */
    public record Segment(int number, boolean transactional, List<Statement> statements) {
    }

    /**
     * Reads a plan. Statements between BEGIN and COMMIT are a segment; so are neighbours outside of any that could be
     * in a transaction, because half of them applied is what nobody wants.
     *
     * @param name the file's name for messages
     */
    public static Plan parse(String text, String name) {
        List<Statement> statements;
        try {
            statements = Statement.parse(text);
        } catch (IllegalArgumentException e) {
            throw Failure.stop(name + ": " + e.getMessage(), "correct " + name + ", then run this again");
        }
        List<Segment> segments = new ArrayList<>();
        List<Statement> open = new ArrayList<>();
        boolean explicit = false;
        int began = 0;
        for (Statement statement : statements) {
            String tag = statement.tag();
            boolean frame = BEGIN.contains(tag) || COMMIT.contains(tag);
            if (REFUSED.contains(tag)) {
                throw refused(name, statement, tag + " would undo what was rehearsed", "take it out of " + name);
            } else if (frame && !PLAIN.matcher(statement.sql()).matches()) {
                // The driver opens and closes transactions; what else stands there would be lost without a word.
                throw refused(name, statement, statement.sql() + " says more than " + tag,
                        "write " + tag + "; alone (and SET TRANSACTION …; as the first statement after BEGIN)");
            } else if (BEGIN.contains(tag)) {
                if (explicit) {
                    throw refused(name, statement, tag + " inside a transaction that is open since line " + began,
                            "write COMMIT; before it");
                }
                close(segments, open);
                explicit = true;
                began = statement.line();
            } else if (COMMIT.contains(tag)) {
                if (!explicit) {
                    throw refused(name, statement, tag + " without BEGIN", "write BEGIN; where the transaction begins");
                }
                close(segments, open);
                explicit = false;
            } else if (statement.transactional()) {
                open.add(statement);
            } else if (explicit) {
                throw refused(name, statement, tag + " cannot run inside a transaction",
                        "write COMMIT; before it and BEGIN; after it");
            } else {
                List<Statement> alone = new ArrayList<>();
                if (open.stream().allMatch(setting -> setting.tag().equals("SET"))) {
                    alone.addAll(open);
                    open.clear();
                }
                close(segments, open);
                alone.add(statement);
                segments.add(new Segment(segments.size() + 1, false, List.copyOf(alone)));
            }
        }
        if (explicit) {
            throw Failure.stop(name + " line " + began + ": BEGIN without COMMIT: nothing of it would be kept",
                    "write COMMIT; at its end");
        }
        close(segments, open);
        return new Plan(text, Hash.of(text), List.copyOf(segments));
    }

    private static Failure refused(String name, Statement statement, String why, String hint) {
        return Failure.stop(name + " line " + statement.line() + ": " + why, hint);
    }

    private static void close(List<Segment> segments, List<Statement> open) {
        if (!open.isEmpty()) {
            segments.add(new Segment(segments.size() + 1, true, List.copyOf(open)));
            open.clear();
        }
    }

    /** All statements in order. */
    public List<Statement> statements() {
        return segments.stream().flatMap(segment -> segment.statements().stream()).toList();
    }

    /**
     * How many of the first segments nobody has to wait for, and no code can tell from what was there: indexes built
     * concurrently and constraints validated, with the enum values and types that stand between them. Not a unique
     * index: rows that the code of today still writes may break it.
     */
    public int ahead() {
        int ahead = 0;
        for (Segment segment : segments) {
            if (!segment.statements().stream().allMatch(Plan::harmless)) {
                break;
            }
            if (segment.statements().stream().anyMatch(Plan::builds)) {
                ahead = segment.number();
            }
        }
        return ahead;
    }

    private static boolean harmless(Statement statement) {
        return builds(statement) || statement.tag().equals("SET") || changes(statement, change ->
                change instanceof Change.AddEnumValue || change instanceof Change.CreateType);
    }

    private static boolean builds(Statement statement) {
        return changes(statement, change -> change instanceof Change.ValidateConstraint
                || change instanceof Change.CreateIndex index && index.concurrently() && !index.unique());
    }

    private static boolean changes(Statement statement, Predicate<Change> allowed) {
        return !statement.actions().isEmpty()
                && statement.actions().stream().map(Statement.Action::change).allMatch(allowed);
    }

    /** The text of the segments from one on, for when those before are committed. */
    public String from(int number) {
        StringBuilder rest = new StringBuilder("-- What is left of a release after its segment " + (number - 1) + "\n");
        for (Segment segment : segments.subList(number - 1, segments.size())) {
            rest.append(segment.transactional() ? "\nBEGIN;\n" : "\n");
            segment.statements().forEach(statement -> rest.append(statement.sql()).append(";\n"));
            rest.append(segment.transactional() ? "COMMIT;\n" : "");
        }
        return rest.toString();
    }

    public boolean isEmpty() {
        return segments.isEmpty();
    }
}
