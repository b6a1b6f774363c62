package lib.backup;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What pg_dump and pg_restore tell with {@code --verbose} of the tables whose rows they are at. */
public final class Verbose {
    /** Hears when the rows of a table, named with its schema and without quotes, begin to be moved, and end. */
    public interface Listener {
        default void begun(String table) {
        }

        default void finished(String table) {
        }
    }

    private static final Pattern BEGINS = Pattern.compile(
            "pg_(?:dump\\S*: dumping contents of|restore\\S*: processing data for) table \"(.*)\"");
    private static final Pattern ENDS = Pattern.compile("pg_(?:dump|restore)\\S*: finished item \\d+ TABLE DATA (.*)");

    private final boolean several;
    private final Listener listener;
    private final List<String> working = new ArrayList<>();

    /** Of one connection or of several, which tell it otherwise. */
    Verbose(boolean several, Listener listener) {
        this.several = several;
        this.listener = listener;
    }

    /** One line of what was said. */
    void line(String line) {
        Matcher begins = BEGINS.matcher(line);
        Matcher ends = ENDS.matcher(line);
        if (begins.matches()) {
            if (!several) {
                // A single connection does not say when it is done with a table: when it comes to the next.
                working.forEach(listener::finished);
                working.clear();
            }
            working.add(begins.group(1));
            listener.begun(begins.group(1));
        } else if (ends.matches()) {
            working.stream().filter(table -> table.endsWith("." + ends.group(1))).findFirst().ifPresent(table -> {
                working.remove(table);
                listener.finished(table);
            });
        }
    }
}
