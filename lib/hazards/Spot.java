//SOURCES ../Count.java ../sql/Change.java ../sql/Name.java ../sql/Phrase.java ../sql/Statement.java Context.java Story.java

package lib.hazards;

import java.util.Locale;
import lib.Count;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Phrase;
import lib.sql.Statement;

/**
 * One action of a statement in its place: what came before it in the release, and what is known of the database.
 *
 * @param first whether it is the statement's first action
 */
record Spot(Statement statement, Statement.Action action, boolean first, Story story, Context context) {
    /** Under so many rows a scan, a build or a rewrite is over before anybody waits. */
    static final long SMALL_ROWS = 10_000;

    Change change() {
        return action.change();
    }

    String tag() {
        return statement.tag();
    }

    /** The action's statement, to be read from its first keyword. */
    Phrase phrase() {
        return Phrase.of(action.alone());
    }

    /** Whether these keywords stand anywhere in the action's statement, outside parentheses. */
    boolean has(String words) {
        return phrase().has(words);
    }

    /** The action as {@link Change.Other} names it: ALTER TABLE SET LOGGED. */
    String kind() {
        return change() instanceof Change.Other other ? other.tag() : "";
    }

    /** Whether a table was made by this release, so that nobody uses it yet. */
    boolean fresh(Name table) {
        return story.made(table) || change() instanceof Change.CreateTable made && made.table().equals(table);
    }

    /** Whether somebody may be using the table: not made by this release, and not known to be empty. */
    boolean used(Name table) {
        return !fresh(table) && context.rows(table) != 0;
    }

    /** Whether reading or rewriting a table holds nobody up, because it is known to be small. */
    boolean small(Name table) {
        long rows = context.rows(table);
        return rows >= 0 && rows < SMALL_ROWS;
    }

    boolean partitioned(Name table) {
        return context.tables().containsKey(table) && context.tables().get(table).partitioned();
    }

    /** How a hazard weighs that hurts by the time a table stays locked. */
    Hazard.Severity bySize(Name table) {
        return small(table) || context.stopped() ? Hazard.Severity.CAUTION : null;
    }

    /** How a hazard weighs that hurts the code that runs while the schema changes. */
    Hazard.Severity byService() {
        return context.stopped() ? Hazard.Severity.CAUTION : null;
    }

    /** The table with what is known of its size. */
    String sized(Name table) {
        long rows = context.rows(table);
        return rows < 0 ? table.toString() : String.format(Locale.ROOT, "%s (about %,d %s)", table, rows,
                Count.noun(rows, "row"));
    }

    /** What stands between two statements that must not share a transaction, in SQL. */
    String commit() {
        return story.inTransaction() ? "COMMIT;\n" : "";
    }
}
