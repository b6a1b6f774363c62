//SOURCES ../Failure.java ../Gate.java ../History.java ../Migration.java ../migrations/Histories.java

package lib.assess;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Migration;
import lib.migrations.Histories;

/**
 * How the database of one environment stands to the repository's migrations.
 *
 * @param place where it is, without any secret; null where no URL is known
 * @param source where its URL was found
 * @param reason why it is unreachable or unset, in words; null for the others
 * @param history the table that says so
 */
public record Standing(String environment, Verdict verdict, String place, String source, String reason, String hint,
                       String history, List<String> applied, List<String> pending,
                       List<History.Trouble> troubles) {
    /** From good to bad; an environment that is unset does not count. */
    public enum Verdict { unset, ready, pending, unreachable, trouble }

    /** What its database says. */
    static Standing of(Environments.Place at, Connection connection, History history) throws SQLException {
        History.State state = history.state(connection);
        List<History.Trouble> troubles = new ArrayList<>(state.troubles());
        troubles.addAll(Histories.beside(connection, Optional.of(history), state));
        Verdict verdict = troubles.stream().anyMatch(History.Trouble::stops) ? Verdict.trouble
                : state.pending().isEmpty() ? Verdict.ready : Verdict.pending;
        return new Standing(at.environment(), verdict, at.place(), at.source(), null, null, state.table().toString(),
                state.applied().stream().map(Migration::id).toList(),
                state.pending().stream().map(Migration::id).toList(), troubles);
    }

    /** One that nobody could ask. */
    static Standing without(Environments.Place at, Verdict verdict, String reason, String hint) {
        return new Standing(at.environment(), verdict, at.place(), at.source(), reason, hint, null, List.of(),
                List.of(), List.of());
    }

    /** Whether its database was asked. */
    @JsonIgnore
    public boolean known() {
        return history != null;
    }

    /** What it says of one migration: applied, pending, or neither. */
    public String of(String migration) {
        return !known() ? "?" : applied.contains(migration) ? "applied" : pending.contains(migration) ? "pending"
                : "-";
    }

    /** The state in one line, and how to mend it. */
    Gate.Finding finding() {
        return switch (verdict) {
            case trouble -> throw Failure.stop(String.join("\n", stops().stream()
                    .map(History.Trouble::message).toList()), stops().get(0).hint());
            case unreachable -> throw Failure.missing(reason, hint);
            case pending -> throw Failure.decide(pending.size() + " pending: " + String.join(", ", pending),
                    "jbang release.java" + (environment.equals("production") ? "" : " --env " + environment));
            case unset -> Gate.skipped(reason);
            default -> troubles.isEmpty() ? Gate.passed("all " + applied.size() + " migrations are applied")
                    : Gate.warned("all migrations are applied\n" + String.join("\n", troubles.stream()
                    .map(History.Trouble::message).toList()), troubles.get(0).hint());
        };
    }

    private List<History.Trouble> stops() {
        return troubles.stream().filter(History.Trouble::stops).toList();
    }
}
