//SOURCES Case.java Offenders.java

package lib.triage;

import java.util.List;
import java.util.regex.Pattern;

/**
 * One way in which a migration fails: how it is recognised, what is to be said about it, and the way out.
 *
 * @param id stable; it stands in outputs and facts
 * @param title what went wrong, in one line
 * @param states the SQLSTATEs and codes of tools that mean it
 * @param words what its message looks like where no code is told; it also decides between causes of one code
 */
record Cause(String id, String title, List<String> states, Pattern words, Way way) {
    /** Looks for the rows behind a failure, and for the SQL that gets past it. */
    interface Way {
        Answer out(Case failure);
    }

    /**
     * What to do.
     *
     * @param what this case in words; empty when the title says it all
     * @param offenders the rows that break the rule; null when it is not about rows
     * @param fix SQL or a command to paste, after a look at it
     */
    record Answer(String what, Offenders offenders, String fix) {
        static Answer of(String what, String fix) {
            return new Answer(what, null, fix);
        }
    }

    static Cause of(String id, String title, String states, String words, Way way) {
        return new Cause(id, title, states.isEmpty() ? List.of() : List.of(states.split(" ")),
                Pattern.compile(words, Pattern.CASE_INSENSITIVE), way);
    }

    boolean explains(Complaint complaint) {
        boolean code = states.stream().anyMatch(state -> state.length() == 2 ? complaint.state().startsWith(state)
                : complaint.state().equals(state));
        boolean silent = words.pattern().isEmpty();
        boolean said = !silent && words.matcher(complaint.message()).find();
        return complaint.state().isEmpty() || states.isEmpty() ? said : code && (said || silent);
    }
}
