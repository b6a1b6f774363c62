//SOURCES Failure.java

package lib;

import com.fasterxml.jackson.annotation.JsonIgnore;

/**
 * What one gate found: a stable dotted id, how it ended, the finding with its values, and the way out as a command.
 *
 * @param exit what a stopped gate makes of the phase; PASSED for every other gate
 * @param cause the error behind a stop, for --verbose
 */
public record Gate(String id, Status status, String message, String hint, @JsonIgnore Failure.Exit exit,
                   @JsonIgnore Throwable cause) {
    /** The way out of an error that nobody foresaw. */
    public static final String UNFORESEEN = "run it again with --verbose to see where this comes from";

    public enum Status { pass, warn, stop, skip }

    /** What a check answers: its finding when all is well, or one of the milder ends below; a {@link Failure} stops. */
    public record Finding(Status status, String message, String hint) {
    }

    /** A question about the world that answers with a finding or throws a {@link Failure}. */
    public interface Check {
        Finding look() throws Exception;
    }

    public static Finding passed(String message) {
        return new Finding(Status.pass, message, null);
    }

    public static Finding warned(String message, String hint) {
        return new Finding(Status.warn, message, hint);
    }

    public static Finding skipped(String why) {
        return new Finding(Status.skip, why, null);
    }

    /** A gate that is left out, and why. */
    static Gate skip(String id, String why) {
        return new Gate(id, Status.skip, why, null, Failure.Exit.PASSED, null);
    }

    /** Looks, and turns whatever comes of it into a gate; an error nobody foresaw stops like any other. */
    public static Gate of(String id, Check check) {
        try {
            Finding finding = check.look();
            return new Gate(id, finding.status(), finding.message(), finding.hint(), Failure.Exit.PASSED, null);
        } catch (Failure failure) {
            if (failure.exit == Failure.Exit.INTERRUPTED) {
                throw failure;
            }
            return new Gate(id, Status.stop, failure.getMessage(), failure.hint, failure.exit, failure);
        } catch (Exception e) {
            return new Gate(id, Status.stop, words(e), UNFORESEEN,
                    Failure.Exit.STOP, e);
        }
    }

    /** The first line of what an error says, without its class name where it says anything. */
    public static String words(Throwable error) {
        String message = error.getMessage();
        return message == null ? error.getClass().getSimpleName() : message.strip();
    }
}
