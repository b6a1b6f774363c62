//SOURCES ../Console.java ../Progress.java ../sql/Name.java Contents.java Verbose.java

package lib.backup;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import lib.Console;
import lib.Progress;
import lib.sql.Name;

/**
 * Tells how far a restore is: the share of the rows whose tables are done, and which table is at work; then what is
 * built when all rows are there.
 */
public final class Filling implements AutoCloseable, Verbose.Listener {
    private final Progress progress;
    private final Map<String, Long> rows = new HashMap<>();
    private final Set<String> finished = new HashSet<>();

    private Filling(Console console, Contents contents) {
        if (contents != null) {
            contents.tables().forEach((table, held) -> {
                Name name = Name.parse(table);
                rows.put(name.schema() + "." + name.name(), held.rows());
            });
        }
        long all = rows.values().stream().mapToLong(Long::longValue).sum();
        this.progress = Progress.of(console, "restoring", all, Progress.Unit.ROWS);
    }

    /** Begins to tell of a restore of what was saved; null where nobody knows. */
    public static Filling of(Console console, Contents contents) {
        return new Filling(console, contents);
    }

    @Override
    public synchronized void begun(String table) {
        // A second attempt begins from the start.
        finished.remove(table);
        show(table);
    }

    @Override
    public synchronized void finished(String table) {
        finished.add(table);
        show(rows.size() > 0 && finished.containsAll(rows.keySet()) ? "indexes and constraints" : null);
    }

    private void show(String note) {
        progress.to(finished.stream().mapToLong(table -> rows.getOrDefault(table, 0L)).sum());
        if (note != null) {
            progress.note(note);
        }
    }

    @Override
    public void close() {
        progress.close();
    }
}
