package lib;

/** The one way anything here stops: what is wrong with the value seen, the way out, and the contract's exit code. */
public final class Failure extends RuntimeException {
    /** What a script's exit code means; JBang itself ends with 1 to 4, so ours start at 10 (2 is picocli's too). */
    public enum Exit {
        PASSED(0),
        USAGE(2),
        STOP(10),
        DECIDE(11),
        MISSING(12),
        UNFINISHED(20),
        INTERRUPTED(130);

        public final int code;

        Exit(int code) {
            this.code = code;
        }

        /** The meaning of a phase's exit code; one that is none of ours is a phase that broke. */
        public static Exit of(int code) {
            for (Exit exit : values()) {
                if (exit.code == code) {
                    return exit;
                }
            }
            return STOP;
        }
    }

    public final Exit exit;
    public final String hint;

    public Failure(Exit exit, String message, String hint) {
        super(message);
        this.exit = exit;
        this.hint = hint;
    }

    public Failure(Exit exit, String message, String hint, Throwable cause) {
        this(exit, message, hint);
        initCause(cause);
    }

    /** A gate that failed while nothing was changed. */
    public static Failure stop(String message, String hint) {
        return new Failure(Exit.STOP, message, hint);
    }

    /** Something only a person can decide. */
    public static Failure decide(String message, String hint) {
        return new Failure(Exit.DECIDE, message, hint);
    }

    /** A tool, a server or a network that is not there. */
    public static Failure missing(String message, String hint) {
        return new Failure(Exit.MISSING, message, hint);
    }

    /** Wrong settings or a wrong command line. */
    public static Failure usage(String message, String hint) {
        return new Failure(Exit.USAGE, message, hint);
    }
}
