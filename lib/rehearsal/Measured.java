//SOURCES ../plan/Executor.java ../plan/Plan.java ../sql/LockMode.java ../sql/Name.java ../sql/Statement.java
//SOURCES Canary.java

package lib.rehearsal;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import lib.plan.Plan;
import lib.sql.LockMode;
import lib.sql.Name;
import lib.sql.Statement;

/** What one statement did on the copy, to tables that were there before the plan. */
final class Measured {
    /** What waits for it, from the mildest to the worst. */
    enum Blocks {
        NOTHING("nothing"), WRITES("writes"), EVERYTHING("reads and writes");

        final String words;

        Blocks(String words) {
            this.words = words;
        }

        /** What waits while somebody holds a lock. */
        static Blocks by(LockMode mode) {
            return mode.excludes().contains(LockMode.ACCESS_SHARE) ? EVERYTHING
                    : mode.excludes().contains(LockMode.ROW_EXCLUSIVE) ? WRITES : NOTHING;
        }
    }

    /**
     * Access to a table that had to wait.
     *
     * @param blocks what waits
     * @param millis from the statement to the end of its transaction, in the plan's time
     * @param rows whether only the rows that it changed are held, and not the table
     */
    record Hold(Blocks blocks, double millis, boolean rows) {
    }

    /** How long canaries had to wait, in milliseconds. */
    record Wait(double reads, double writes) {
        double longest() {
            return Math.max(reads, writes);
        }
    }

    final Plan.Segment segment;
    final Statement statement;
    final double start;
    long rows;
    double millis;
    double end;
    /** When its locks were let go. */
    double released;
    /** The locks that it was the first in its transaction to take. */
    final Map<Name, LockMode> locks = new TreeMap<>();
    final Set<Name> rewrites = new TreeSet<>();
    /** Tables that were read from end to end, with the rows read. */
    final Map<Name, Long> scans = new TreeMap<>();
    /** Tables with rows that it updated or deleted. */
    final Set<Name> changed = new TreeSet<>();
    final Map<Name, Hold> holds = new TreeMap<>();
    final Map<Name, Wait> waits = new TreeMap<>();
    /** Where it was foreseen otherwise, in words; empty where all was as foreseen. */
    String predicted = "";

    Measured(Plan.Segment segment, Statement statement, double start) {
        this.segment = segment;
        this.statement = statement;
        this.start = start;
    }

    /** The worst that it does to anybody else. */
    Blocks blocks() {
        return holds.values().stream().map(Hold::blocks).max(Blocks::compareTo).orElse(Blocks.NOTHING);
    }

    /** The strongest lock that it took; null where it took none. */
    LockMode strongest() {
        return locks.values().stream().max(LockMode::compareTo).orElse(null);
    }

    void hold(Name table, Hold hold) {
        holds.merge(table, hold, (one, other) -> one.blocks().compareTo(other.blocks()) >= 0 ? one : other);
    }

    /** One more thing that was foreseen otherwise; an empty one is none. */
    void foreseen(String difference) {
        predicted = predicted.isEmpty() || difference.isEmpty() ? predicted + difference
                : predicted + "; " + difference;
    }

    /** Whether what it holds is what a canary waits for. */
    boolean stops(Canary.Stall stall) {
        Hold hold = holds.get(stall.table());
        return hold != null && (stall.kind() == Canary.Kind.WRITES || hold.blocks() == Blocks.EVERYTHING);
    }

    /** The canary's own word on what it does. */
    void waited(Canary.Stall stall) {
        boolean reads = stall.kind() == Canary.Kind.READS;
        waits.merge(stall.table(), new Wait(reads ? stall.millis() : 0, reads ? 0 : stall.millis()), (one, other) ->
                new Wait(Math.max(one.reads(), other.reads()), Math.max(one.writes(), other.writes())));
    }
}
