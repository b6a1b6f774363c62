//SOURCES Cell.java

package lib.report;

import java.util.List;

/** A piece of a section, as data. */
public sealed interface Block {
    /**
     * Rows under named columns.
     *
     * @param name of its kind, for the style of its columns
     */
    record Table(String name, List<String> columns, List<List<Cell>> rows) implements Block {
    }

    /** A command to paste. */
    record Command(String text) implements Block {
    }

    /** Text that is shown as it stands: SQL, a plan. */
    record Listing(String text) implements Block {
    }

    /** A paragraph. */
    record Words(String text) implements Block {
    }

    /** A list; with boxes to tick where it is to be done. */
    record Points(List<Cell> items, boolean boxes) implements Block {
    }

    /** One thing with a judgement and what belongs to it. */
    record Item(Cell.Badge badge, String title, List<Block> blocks) implements Block {
    }

    /** What only some readers want to see. */
    record Folded(String title, List<Block> blocks) implements Block {
    }
}
