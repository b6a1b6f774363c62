//SOURCES ../hazards/Hazards.java ../sql/LockMode.java ../sql/Locks.java ../sql/Name.java Measured.java Relations.java

package lib.rehearsal;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.hazards.Hazards;
import lib.sql.LockMode;
import lib.sql.Locks;
import lib.sql.Name;

/** What was foreseen of a statement, held against what it did: what was measured counts, and both are told. */
final class Foresight {
    private Foresight() {
    }

    /**
     * Where the locks that hold somebody up are others than foreseen; empty where they are as foreseen.
     *
     * @param held the strongest lock that the transaction holds on each table, whichever statement took it
     */
    static String differences(Measured done, Map<Name, LockMode> held, Relations known) {
        if (!done.segment.transactional() && held.isEmpty()) {
            // It was over before anybody could look.
            return "";
        }
        List<String> differences = new ArrayList<>();
        Map<Name, LockMode> foreseen = Locks.of(done.statement);
        foreseen.forEach((name, mode) -> {
            Relations.Relation relation = known.get(name);
            LockMode taken = held.get(name);
            boolean there = relation != null && !relation.index();
            if (there && blocks(mode) && (taken == null || taken.and(mode) != taken)) {
                differences.add("foreseen was " + mode.sql() + " on " + name + ", taken "
                        + (taken == null ? "none" : taken.sql()));
            }
        });
        done.locks.forEach((name, mode) -> {
            LockMode expected = foreseen.get(name);
            if (blocks(mode) && (expected == null || expected.and(mode) != expected)) {
                differences.add("taken was " + mode.sql() + " on " + name + ", foreseen "
                        + (expected == null ? "none" : expected.sql()));
            }
        });
        return String.join("; ", differences);
    }

    /**
     * Where a table was written anew or read whole against what the review said of the statement, or the other way
     * round; empty where both agree.
     *
     * @param hazards the ids of all that the review found, however mild
     */
    static String costs(Measured done, Set<String> hazards, Relations known) {
        List<String> rewrites = costing("rewrite", hazards);
        List<String> scans = costing("scan", hazards);
        List<String> differences = new ArrayList<>();
        if (!rewrites.isEmpty() && done.rewrites.isEmpty()) {
            differences.add("foreseen was a rewrite (" + String.join(", ", rewrites) + "), there was none");
        }
        if (rewrites.isEmpty() && !done.rewrites.isEmpty()) {
            differences.add("a rewrite was not foreseen");
        }
        boolean rows = done.statement.actions().stream().flatMap(action -> action.change().tables().stream())
                .map(known::get).anyMatch(table -> table != null && table.rows() > 0);
        if (!scans.isEmpty() && done.scans.isEmpty() && rows) {
            differences.add("foreseen was that all rows are read (" + String.join(", ", scans) + "), they were not");
        }
        return String.join("; ", differences);
    }

    private static List<String> costing(String cost, Set<String> hazards) {
        return hazards.stream().filter(id -> Hazards.find(id) != null && Hazards.find(id).cost().equals(cost)).toList();
    }

    /** A lock that an earlier statement of the transaction took already counts where it was foreseen here too. */
    static void confirm(Measured done, Map<Name, LockMode> held, Relations known) {
        Locks.of(done.statement).forEach((name, mode) -> {
            LockMode taken = held.get(name);
            if (known.get(name) != null && taken != null && taken.and(mode) == taken) {
                done.locks.merge(name, mode, LockMode::and);
                if (blocks(mode)) {
                    done.hold(name, new Measured.Hold(Measured.Blocks.by(mode), 0, false));
                }
            }
        });
    }

    private static boolean blocks(LockMode mode) {
        return Measured.Blocks.by(mode) != Measured.Blocks.NOTHING;
    }
}
