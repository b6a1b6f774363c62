//SOURCES ../Count.java ../Hash.java

package lib.plan;

import java.util.List;
import lib.Count;
import lib.Hash;

/**
 * Something a plan cannot answer by itself, put to a person with numbered ways on.
 *
 * @param object the column or table it is about: {@code projects.team_id}
 * @param source the text it follows from (entry or statement); another text is another problem, asked anew
 * @param options the ways on, in the order of their numbers
 */
public record Problem(Kind kind, String object, String origin, String message, String source, List<Option> options) {
    public enum Kind {
        /** A column that must have a value and gets none. */
        SOURCE,
        /** Values that the release gives up for good. */
        LOSS,
        /** Statements that cannot be brought into an order. */
        ORDER
    }

    /**
     * One way on.
     *
     * @param choice the word that --decide takes; accept lets the plan go on, every other one leaves the problem open
     */
    public record Option(String choice, String text) {
    }

    /** Short name of the problem for --decide; it changes with the text that the problem follows from. */
    public String id() {
        // Not of the message: the number of rows in it changes with every backup, the question does not.
        return Hash.of(kind + "\n" + object + "\n" + source).substring(0, 8);
    }

    static Problem source(String object, String origin, String why, String source, String example) {
        return new Problem(Kind.SOURCE, object, origin, why, source, List.of(
                new Option("fence", "write the SQL that fills it into a ```sql fence under the entry in MIGRATIONS.md,"
                        + " for example:\n" + example),
                new Option("script", "write the whole release by hand: jbang release.java --sql FILE"),
                new Option("stop", "stop here and change the migration")));
    }

    static Problem loss(String object, String origin, String why, String source, int days) {
        String kept = days == 0 ? "the backup keeps them"
                : "release.java undrop brings them back for " + Count.of(days, "day")
                + ", the backup after that";
        return new Problem(Kind.LOSS, object, origin, why, source, List.of(
                new Option("accept", "these values are not needed any more: give them up (" + kept + ")"),
                new Option("fence", "save them first: SQL in a ```sql fence under the entry in MIGRATIONS.md"),
                new Option("stop", "stop here and change the migration")));
    }

    static Problem order(String origin, String why, String source) {
        return new Problem(Kind.ORDER, origin, origin, why, source, List.of(
                new Option("script", "write the whole release by hand: jbang release.java --sql FILE"),
                new Option("stop", "stop here and change the migration")));
    }
}
