//SOURCES ../Failure.java ../Gate.java ../History.java ../Holds.java Backlog.java

package lib.assess;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Holds;

/**
 * How the database of one environment stands to the repository's migrations.
 *
 * @param place where it is, without any secret; null where no URL is known
 * @param source where its URL was found
 * @param reason why it is unreachable or unset, in words; null for the others
 * @param history the table that says so
 * @param pending those whose time has come
 * @param held those that wait
 */
public record Standing(String environment, Verdict verdict, String place, String source, String reason, String hint,
                       String history, List<String> applied, List<String> pending,
                       List<Holds.Held> held, List<History.Trouble> troubles) {
    /** From good to bad; an environment that is unset does not count. */
    public enum Verdict { unset, ready, held, pending, unreachable, trouble }

    /** What its database says. */
    static Standing of(Environments.Place at, Backlog backlog) {
        Verdict verdict = backlog.troubles().stream().anyMatch(History.Trouble::stops) ? Verdict.trouble
                : !backlog.due().isEmpty() ? Verdict.pending
                : backlog.holds().none() ? Verdict.ready : Verdict.held;
        return new Standing(at.environment(), verdict, at.place(), at.source(), null, null,
                backlog.state().place(), Backlog.ids(backlog.state().applied()),
                Backlog.ids(backlog.due()), backlog.holds().held(), backlog.troubles());
    }

    /** One that nobody could ask. */
    static Standing without(Environments.Place at, Verdict verdict, String reason, String hint) {
        return new Standing(at.environment(), verdict, at.place(), at.source(), reason, hint, null, List.of(),
                List.of(), List.of(), List.of());
    }

    /** Whether its database was asked. */
    @JsonIgnore
    public boolean known() {
        return history != null;
    }

    /** What it says of one migration: applied, pending, held, or none of them. */
    public String of(String migration) {
        return !known() ? "?" : applied.contains(migration) ? "applied" : pending.contains(migration) ? "pending"
                : held.stream().anyMatch(each -> each.migration().equals(migration)) ? "held" : "-";
    }

    /** The state in one line, and how to mend it. */
    Gate.Finding finding() {
        return switch (verdict) {
            case trouble -> throw Failure.stop(Backlog.messages(stops()), stops().get(0).hint());
            case unreachable -> throw Failure.missing(reason, hint);
            case pending -> throw Failure.decide(pending.size() + " pending: " + String.join(", ", pending)
                    + (held.isEmpty() ? "" : "; held back: " + Holds.words(held)),
                    "jbang release.java" + (environment.equals("production") ? "" : " --env " + environment));
            case unset -> Gate.skipped(reason);
            default -> {
                String found = held.isEmpty() ? applied.size() == 1 ? "the one migration is applied"
                        : "all " + applied.size() + " migrations are applied"
                        : applied.size() + " applied, and nothing is due; held back: " + Holds.words(held);
                yield troubles.isEmpty() ? Gate.passed(found)
                        : Gate.warned(found + "\n" + Backlog.messages(troubles), troubles.get(0).hint());
            }
        };
    }

    private List<History.Trouble> stops() {
        return troubles.stream().filter(History.Trouble::stops).toList();
    }
}
