//SOURCES ../Console.java ../Failure.java ../Postgres.java ../Progress.java ../Target.java Dump.java
//SOURCES ../Size.java Verbose.java

package lib.backup;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.Console;
import lib.Failure;
import lib.Postgres;
import lib.Progress;
import lib.Size;
import lib.Target;

/**
 * Tells how far a dump is: the share of the tables that are done, by their size on disk, how much is written, and which
 * table is at work. A table counts when it is finished: nobody knows how far pg_dump is within one.
 */
public final class Pace implements AutoCloseable, Verbose.Listener {
    private static final String SIZES = "SELECT nspname || '.' || relname, pg_table_size(c.oid) FROM pg_class c"
            + " JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r'"
            + " AND nspname !~ '^pg_' AND nspname <> 'information_schema'";

    private final Target target;
    private final Progress progress;
    private final Set<String> finished = new HashSet<>();
    private Map<String, Long> sizes = Map.of();
    private String table = "";
    private String stage = "";
    private long written;

    private Pace(Console console, Target target) {
        this.target = target;
        this.progress = Progress.of(console, "backing up", this::total, Progress.Unit.BYTES);
    }

    /** Begins to tell of a dump of a database. */
    public static Pace of(Console console, Target target) {
        return new Pace(console, target);
    }

    /** Hears from a dump how far it is. */
    public Dump follow(Dump dump) {
        return dump.bytes(this::written).rows(this).stages(this::stage);
    }

    // Asked by the bar when it appears: a small backup is over by then.
    private long total() {
        Map<String, Long> found = new HashMap<>();
        try (Connection connection = Postgres.read(target, "backup")) {
            // Asking for a size waits for a table that is locked, and a bar must not wait.
            Postgres.execute(connection, "SET lock_timeout = '1s'");
            for (List<String> row : Postgres.rows(connection, SIZES)) {
                // A table that was dropped meanwhile has no size.
                found.put(row.get(0), row.get(1) == null ? 0 : Long.parseLong(row.get(1)));
            }
        } catch (SQLException | Failure e) {
            // Then there is no percentage; what goes wrong with the server is said by the dump itself.
            return 0;
        }
        synchronized (this) {
            sizes = found;
            show();
        }
        return found.values().stream().mapToLong(Long::longValue).sum();
    }

    @Override
    public synchronized void begun(String name) {
        table = name;
        // It may be read once more, by another pg_dump.
        finished.remove(name);
        show();
    }

    @Override
    public synchronized void finished(String name) {
        finished.add(name);
        show();
    }

    /** The size that the archive has reached, in bytes. */
    private synchronized void written(long bytes) {
        written = bytes;
        show();
    }

    /** What is done after the last table, in words. */
    private synchronized void stage(String words) {
        stage = words;
        finished.addAll(sizes.keySet());
        show();
    }

    private void show() {
        progress.to(finished.stream().mapToLong(each -> sizes.getOrDefault(each, 0L)).sum());
        String what = stage.isEmpty() ? table : stage;
        progress.note("wrote " + Size.of(written) + (what.isEmpty() ? "" : ", " + what));
    }

    @Override
    public void close() {
        progress.close();
    }
}
