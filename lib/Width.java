//DEPS org.jline:jline-terminal:3.29.0@fatjar

package lib;

import java.util.ArrayList;
import java.util.List;
import org.jline.utils.WCWidth;

/** How many columns of a terminal text takes: a letter may take two, an accent none. */
public final class Width {
    private Width() {
    }

    /** The columns of one line. */
    public static int of(String text) {
        return text.codePoints().map(letter -> Math.max(0, WCWidth.wcwidth(letter))).sum();
    }

    /** The text with blanks behind it, so that it takes so many columns; a longer one stays as it is. */
    public static String pad(String text, int columns) {
        return text + " ".repeat(Math.max(0, columns - of(text)));
    }

    /** The text, or its beginning with an ellipsis where it takes more columns. */
    public static String cut(String text, int columns) {
        if (of(text) <= columns) {
            return text;
        }
        StringBuilder kept = new StringBuilder();
        int taken = 1;
        for (int letter : text.codePoints().toArray()) {
            taken += Math.max(0, WCWidth.wcwidth(letter));
            if (taken > columns) {
                break;
            }
            kept.appendCodePoint(letter);
        }
        return kept + "…";
    }

    /**
     * Breaks each line of a text between words, so that none takes more columns. A word that does is left whole: half a
     * path is of no use. Lines that begin with a blank are somebody's layout, and what continues them is indented too.
     *
     * @param columns 0 or less: nothing is broken
     */
    public static String wrap(String text, int columns) {
        if (columns <= 0) {
            return text;
        }
        List<String> lines = new ArrayList<>();
        text.lines().forEach(line -> {
            String indent = " ".repeat(line.length() - line.stripLeading().length());
            StringBuilder open = new StringBuilder();
            for (String word : line.strip().split(" ")) {
                if (open.length() > 0 && of(indent) + of(open.toString()) + 1 + of(word) > columns) {
                    lines.add(indent + open);
                    open.setLength(0);
                }
                open.append(open.length() == 0 ? "" : " ").append(word);
            }
            lines.add((indent + open).stripTrailing());
        });
        return String.join("\n", lines);
    }
}
