//SOURCES ../sql/LockMode.java Targets.java

package lib.hazards;

import lib.sql.LockMode;

/**
 * One thing a migration can do that hurts: what it is, what it locks, and the form that does not hurt.
 *
 * @param id stable; it stands in every output and in {@code -- hazard-ok:} comments
 * @param severity when nothing is known that makes it milder
 * @param title what is wrong, in one line
 * @param lock the strongest lock it takes on the table it changes; null when the lock is not the point
 * @param cost what happens under the lock: {@code rewrite}, {@code scan}, {@code build}, or empty
 * @param unless when it is none
 * @param instead the safer way in words
 * @param from the first server major it exists on
 * @param to the last one
 */
public record Hazard(String id, Severity severity, String title, LockMode lock, String cost, String unless,
                     String instead, int from, int to) {
    /** The oldest and the newest server major that rules are written for. */
    static final int OLDEST = 12;
    static final int NEWEST = 99;

    /** How much it hurts; the order counts. */
    public enum Severity { SAFE, CAUTION, DANGEROUS }

    /** A danger for whoever uses the table, or for its rows. */
    static Hazard dangerous(String id, String title) {
        return new Hazard(id, Severity.DANGEROUS, title, null, "", "", "", OLDEST, NEWEST);
    }

    /** Something a person should look at. */
    static Hazard caution(String id, String title) {
        return new Hazard(id, Severity.CAUTION, title, null, "", "", "", OLDEST, NEWEST);
    }

    /** Good to know. */
    static Hazard note(String id, String title) {
        return new Hazard(id, Severity.SAFE, title, null, "", "", "", OLDEST, NEWEST);
    }

    Hazard locks(LockMode mode, String what) {
        return new Hazard(id, severity, title, mode, what, unless, instead, from, to);
    }

    Hazard unless(String when) {
        return new Hazard(id, severity, title, lock, cost, when, instead, from, to);
    }

    Hazard instead(String way) {
        return new Hazard(id, severity, title, lock, cost, unless, way, from, to);
    }

    Hazard versions(int first, int last) {
        return new Hazard(id, severity, title, lock, cost, unless, instead, first, last);
    }

    /** What the lock stops, and for how long, in words; empty without a lock. */
    public String blocks() {
        return lock == null ? "" : lock.sql() + ", stops " + Targets.stops(lock) + switch (cost) {
            case "rewrite" -> " while the table is rewritten";
            case "scan" -> " while the table is read";
            case "build" -> " while an index is built";
            default -> " for a moment";
        };
    }
}
