//SOURCES Console.java Failure.java Hash.java

package lib;

/** The explicit yes to one text of SQL and no other: given by its SHA-256, or typed on a terminal. */
public final class Consent {
    private Consent() {
    }

    /**
     * Comes back when somebody agreed.
     *
     * @param what is agreed to, as a verb: {@code roll back}
     * @param approved the SHA-256 that was given; null where none was
     * @param command the command that gives it
     */
    public static void to(String what, String sql, String approved, String command, Console console) {
        String hash = Hash.of(sql);
        if (approved != null) {
            if (!hash.equalsIgnoreCase(approved)) {
                throw Failure.decide("the SQL is not the one that was approved: its SHA-256 is " + hash
                        + ", approved was " + approved, "read it, then: " + command + " --approve " + hash);
            }
            console.mark("pass", "approved by its SHA-256");
        } else if (Console.interactive()) {
            String answer = console.ask("Type yes to " + what + ":");
            if (answer == null || !answer.strip().equalsIgnoreCase("yes")) {
                throw Failure.decide("not approved; nothing was changed", "when you are ready: " + command);
            }
        } else {
            throw Failure.decide("the SQL is not approved, and there is no terminal to ask on; nothing was changed",
                    "read it, then: " + command + " --approve " + hash);
        }
    }
}
