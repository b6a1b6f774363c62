//SOURCES ../lib/Width.java

import static org.junit.jupiter.api.Assertions.assertEquals;

import lib.Width;
import org.junit.jupiter.api.Test;

/** The columns that text takes on a terminal. */
class WidthTest {
    @Test
    void lettersTakeOneColumnTwoOrNone() {
        assertEquals(5, Width.of("abcde"));
        assertEquals(4, Width.of("予約"));
        assertEquals(1, Width.of("e\u0301"), "an accent of its own");
        assertEquals(2, Width.of("🏨"));
    }

    @Test
    void whatIsPaddedOrCutEndsInTheSameColumn() {
        assertEquals("予約  |", Width.pad("予約", 6) + "|");
        assertEquals("abc   |", Width.pad("abc", 6) + "|");
        assertEquals("abcdefg", Width.pad("abcdefg", 6));
        assertEquals("予…", Width.cut("予約表", 4));
        assertEquals("abc…", Width.cut("abcdef", 4));
        assertEquals("abcd", Width.cut("abcd", 4));
    }

    @Test
    void linesAreBrokenBetweenWordsAndNowhereElse() {
        assertEquals("one two\nthree", Width.wrap("one two three", 8));
        assertEquals("see\n_migrations/a-long-name.dump\nnow", Width.wrap("see _migrations/a-long-name.dump now", 10));
        assertEquals("  in\n  here\nout", Width.wrap("  in here\nout", 7));
        assertEquals("予約\n予約", Width.wrap("予約 予約", 8));
        assertEquals("one two three", Width.wrap("one two three", 0));
    }
}
