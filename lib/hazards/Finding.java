//SOURCES Hazard.java

package lib.hazards;

/**
 * One hazard in one statement.
 *
 * @param line where the statement starts, from 1
 * @param column where it starts in that line, from 1
 * @param statement the statement on one line, shortened; personal values are masked
 * @param message what is wrong, with the names at hand
 * @param lock the lock and what it stops, or empty
 * @param fix SQL to paste instead, or words that begin with {@code --}; empty when there is none
 * @param cured whether the release's own plan already does it the safe way
 */
public record Finding(String id, Hazard.Severity severity, String file, int line, int column, String statement,
                      String message, String lock, String fix, boolean cured) {
    boolean stops() {
        return severity == Hazard.Severity.DANGEROUS;
    }

    /** The place as compilers print it. */
    public String place() {
        return file + ":" + line + ":" + column;
    }
}
