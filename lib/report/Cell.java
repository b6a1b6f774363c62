package lib.report;

import java.util.List;

/** What stands in one field of a report; what it looks like is up to whoever writes the page. */
public sealed interface Cell {
    /** How a field is meant: it becomes a colour where there are colours. */
    enum Tone { PLAIN, GOOD, WARN, BAD, QUIET }

    /** Words for people. */
    record Words(String text) implements Cell {
    }

    /** Something that is typed or read as it stands: SQL, a file, a name. */
    record Code(String text) implements Cell {
    }

    /** A number with its unit. */
    record Amount(String text) implements Cell {
    }

    /** One or two words that judge. */
    record Badge(String text, Tone tone) implements Cell {
    }

    /** A stretch of something: from and to, of a whole, all in the same unit; the label says it in words. */
    record Bar(double from, double to, double whole, String label, Tone tone) implements Cell {
    }

    /** Several of them, one below the other. */
    record Stack(List<Cell> cells) implements Cell {
    }

    static Cell words(String text) {
        return new Words(text);
    }

    static Cell code(String text) {
        return new Code(text);
    }

    static Cell amount(String text) {
        return new Amount(text);
    }

    static Cell badge(String text, Tone tone) {
        return new Badge(text, tone);
    }

    static Cell none() {
        return new Words("");
    }
}
