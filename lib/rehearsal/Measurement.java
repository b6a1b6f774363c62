//SOURCES ../sql/LockMode.java Measured.java

package lib.rehearsal;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.sql.Name;

/**
 * What was measured of one statement, as the fact that other phases read.
 *
 * @param millis how long it ran on the copy
 * @param locks the strongest lock on each table that it was the first in its transaction to take
 * @param scans tables that were read from end to end
 * @param stall the table whose readers or writers waited longest for it; null where nobody did
 * @param forecastMillis how long it will run at production's size
 * @param predicted where it was foreseen otherwise; null where all was as foreseen
 * @param hazards the ids of what the review finds in it
 */
record Measurement(int segment, int line, String statement, String tag, long rows, double millis, List<Lock> locks,
                   List<String> rewrites, List<Scan> scans, Stall stall, String blocks, double forecastMillis,
                   String predicted, Set<String> hazards) {
    private static final int SHOWN = 160;

    /** A lock by the mode that LOCK TABLE takes. */
    record Lock(String table, String mode) {
    }

    /** A table that was read from end to end, and how many rows that were. */
    record Scan(String table, long rows) {
    }

    /** How long canaries had to wait, in milliseconds. */
    record Stall(String table, double reads, double writes) {
    }

    /** The fact of a statement; the scale is how many times more production has to work through. */
    static Measurement of(Measured done, double scale, Set<String> hazards) {
        List<Lock> locks = new ArrayList<>();
        done.locks.forEach((table, mode) -> locks.add(new Lock(table.toString(), mode.sql())));
        List<Scan> scans = new ArrayList<>();
        done.scans.forEach((table, rows) -> scans.add(new Scan(table.toString(), rows)));
        Stall stall = done.waits.entrySet().stream()
                .max(Comparator.comparingDouble((Map.Entry<Name, Measured.Wait> wait) -> wait.getValue().longest()))
                .map(wait -> new Stall(wait.getKey().toString(), rounded(wait.getValue().reads()),
                        rounded(wait.getValue().writes()))).orElse(null);
        String text = done.statement.sql().replaceAll("\\s+", " ");
        return new Measurement(done.segment.number(), done.statement.line(),
                text.length() > SHOWN ? text.substring(0, SHOWN - 1) + "…" : text, done.statement.tag(), done.rows,
                done.millis, locks, done.rewrites.stream().map(Name::toString).toList(), scans, stall,
                done.blocks().words, rounded(done.millis * scale),
                done.predicted.isEmpty() ? null : done.predicted, hazards);
    }

    private static double rounded(double millis) {
        return Math.round(millis * 10) / 10.0;
    }
}
