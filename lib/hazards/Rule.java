//SOURCES Hazard.java Spot.java

package lib.hazards;

/** A hazard, and how it is recognised. */
record Rule(Hazard hazard, Check check) {
    /** Looks at one action of a statement; null when it does not do what the hazard is about. */
    interface Check {
        Hit look(Spot spot);
    }

    /**
     * A hazard that is there.
     *
     * @param severity instead of the hazard's own, or null
     * @param fix SQL to paste, or empty
     */
    record Hit(String message, String fix, Hazard.Severity severity) {
        static Hit of(String message, String fix) {
            return new Hit(message, fix, null);
        }

        Hit as(Hazard.Severity other) {
            return new Hit(message, fix, other);
        }
    }
}
