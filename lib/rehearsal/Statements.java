//SOURCES ../Count.java ../sql/LockMode.java Measured.java

package lib.rehearsal;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import lib.Count;
import lib.sql.LockMode;

/** The measured statements as a table of at most 80 columns: first those that somebody has to know of. */
final class Statements {
    private static final String ROW = "  %5s %-27s %-20s %-6s %7s %7s";
    private static final int STATEMENT = 27;
    private static final int COLUMNS = 80;
    /** A plan of so many statements is shown whole; of a longer one, what holds somebody up and what takes long. */
    private static final int WHOLE = 20;
    private static final int SLOWEST = 5;
    private static final int MOST = 40;
    private static final long MANY_ROWS = 1000;
    private static final Set<String> SILENT = Set.of("SET", "SET TRANSACTION", "RESET");

    private Statements() {
    }

    /** The lines of the table; empty when nothing ran. */
    static List<String> lines(List<Measured> all) {
        List<Measured> told = all.stream().filter(done -> !SILENT.contains(done.statement.tag())).toList();
        if (told.isEmpty()) {
            return List.of();
        }
        List<Measured> shown = told.size() <= WHOLE ? told : notable(told);
        List<String> lines = new ArrayList<>();
        lines.add(String.format(ROW, "line", "statement", "lock", "blocks", "time", "stall"));
        for (Measured done : shown) {
            LockMode lock = done.strongest();
            double stall = done.waits.values().stream().mapToDouble(Measured.Wait::longest).max().orElse(0);
            lines.add(String.format(ROW, done.statement.line(), head(done.statement.sql()),
                    lock == null ? "-" : catalog(lock), blocks(done), time(done.millis),
                    stall == 0 ? "-" : time(stall)));
            notes(done, lock).forEach(note -> lines.addAll(wrapped(note)));
        }
        if (shown.size() < told.size()) {
            lines.add("        and " + (told.size() - shown.size()) + " more; all of them: --json");
        }
        return lines;
    }

    private static String blocks(Measured done) {
        return switch (done.blocks()) {
            case NOTHING -> "-";
            case WRITES -> "writes";
            case EVERYTHING -> "all";
        };
    }

    private static List<Measured> notable(List<Measured> all) {
        Set<Measured> slowest = all.stream()
                .sorted(Comparator.comparingDouble((Measured done) -> done.millis).reversed()).limit(SLOWEST)
                .collect(Collectors.toSet());
        Set<Measured> first = first(all);
        return all.stream().filter(done -> first.contains(done) || !done.waits.isEmpty() || !done.rewrites.isEmpty()
                || !done.predicted.isEmpty() || slowest.contains(done))
                .sorted(Comparator.comparing(Measured::blocks).reversed()).limit(MOST)
                .sorted(Comparator.comparingInt(done -> done.statement.line())).toList();
    }

    // Those that hold up what nothing before them in their transaction does.
    private static Set<Measured> first(List<Measured> all) {
        Set<Measured> first = new HashSet<>();
        Map<String, Measured.Blocks> held = new HashMap<>();
        for (Measured done : all) {
            done.holds.forEach((table, hold) -> {
                Measured.Blocks before = held.put(done.segment.number() + " " + table, hold.blocks());
                if (before == null || before.compareTo(hold.blocks()) < 0) {
                    first.add(done);
                } else {
                    held.put(done.segment.number() + " " + table, before);
                }
            });
        }
        return first;
    }

    private static List<String> notes(Measured done, LockMode strongest) {
        List<String> notes = new ArrayList<>();
        if (!done.rewrites.isEmpty()) {
            notes.add("writes all of " + list(done.rewrites) + " anew");
        }
        String scans = done.scans.entrySet().stream().filter(scan -> scan.getValue() >= MANY_ROWS)
                .map(scan -> Count.of(scan.getValue(), "row") + " of " + scan.getKey())
                .collect(Collectors.joining(", "));
        if (!scans.isEmpty()) {
            notes.add("reads " + scans);
        }
        boolean others = done.locks.size() > 1 && Measured.Blocks.by(strongest) != Measured.Blocks.NOTHING;
        if (others) {
            notes.add("locks " + done.locks.entrySet().stream()
                    .filter(lock -> Measured.Blocks.by(lock.getValue()) != Measured.Blocks.NOTHING)
                    .map(lock -> lock.getKey() + " (" + catalog(lock.getValue()) + ")")
                    .collect(Collectors.joining(", ")));
        }
        if (!done.predicted.isEmpty()) {
            notes.add(done.predicted);
        }
        return notes;
    }

    private static String list(Set<?> names) {
        return names.stream().map(Object::toString).collect(Collectors.joining(", "));
    }

    private static String catalog(LockMode mode) {
        return mode.catalog().replaceFirst("Lock$", "");
    }

    private static String head(String sql) {
        String line = sql.replace("\"", "").replaceAll("\\s+", " ");
        return line.length() > STATEMENT ? line.substring(0, STATEMENT - 1) + "…" : line;
    }

    private static String time(double millis) {
        return millis < 1 ? "<1 ms" : millis < 1000 ? Math.round(millis) + " ms"
                : String.format(Locale.ROOT, millis < 10_000 ? "%.1f s" : "%.0f s", millis / 1000);
    }

    private static List<String> wrapped(String note) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder("       ");
        for (String word : note.split(" ")) {
            if (line.length() + 1 + word.length() > COLUMNS) {
                lines.add(line.toString());
                line = new StringBuilder("         ");
            }
            line.append(' ').append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
