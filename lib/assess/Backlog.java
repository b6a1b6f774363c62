//SOURCES ../Failure.java ../Gate.java ../History.java ../Holds.java ../Migration.java ../Phase.java
//SOURCES ../Project.java ../Some.java ../migrations/Already.java ../migrations/Histories.java
//SOURCES ../plan/Journal.java

package lib.assess;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Holds;
import lib.Migration;
import lib.Phase;
import lib.Project;
import lib.Some;
import lib.migrations.Already;
import lib.migrations.Histories;
import lib.plan.Journal;

/**
 * What one database has of the repository's migrations and what it lacks, by the tool's own rule.
 *
 * @param troubles what is wrong with its history, and with what should wait and cannot
 * @param holds the pending ones: those that are due, and those that wait
 */
public record Backlog(History.State state, List<History.Trouble> troubles, Holds holds) {
    /** Names on one line; all of them are in the facts. */
    private static final int SHOWN = 10;

    /** Asks the database; reads only. */
    public static Backlog of(Project project, History history, Connection connection) throws SQLException {
        History.State state = history.state(connection);
        List<History.Trouble> troubles = new ArrayList<>();
        // Half of a release: what looks like trouble may be nothing but what is not there yet.
        Journal.unfinished(connection).ifPresent(journal -> troubles.add(new History.Trouble("unfinished", "",
                "a release is not finished here: " + journal.words(),
                "jbang release.java status   # how to go on with it", true)));
        troubles.addAll(state.troubles());
        troubles.addAll(Histories.beside(connection, Optional.of(history), state));
        if (state.troubles().stream().noneMatch(History.Trouble::stops)) {
            troubles.addAll(Already.of(connection, history, state));
        }
        Holds holds = project.waiting(state.pending());
        try {
            project.mayWait(history, state.pending(), holds);
        } catch (Failure cannotWait) {
            troubles.add(new History.Trouble("held", holds.held().get(0).migration(), cannotWait.getMessage(),
                    cannotWait.hint, true));
        }
        return new Backlog(state, List.copyOf(troubles), holds);
    }

    /** The pending migrations whose time has come, in the tool's order. */
    public List<Migration> due() {
        return holds.due();
    }

    public void tell(Phase phase) {
        phase.fact("held", holds.held());
        phase.fact("pending", ids(due()));
        phase.fact("applied", state.applied().size());
        phase.fact("history", state.place());
        phase.fact("troubles", troubles);
    }

    /**
     * Stops on trouble that a release must not go on with.
     *
     * @param byHand whether the SQL that will run is written by a person, who may know better than a rule
     */
    public Gate.Finding finding(boolean byHand) {
        List<History.Trouble> stops = troubles.stream()
                .filter(byHand ? History.Trouble::stopsAll : History.Trouble::stops).toList();
        if (!stops.isEmpty()) {
            throw Failure.stop(messages(stops), stops.get(0).hint());
        }
        String found = state.applied().size() + " applied, " + (due().isEmpty() ? "none pending"
                : due().size() + " pending: " + Some.of(ids(due()), SHOWN, ", "))
                + (holds.none() ? "" : "; held back: " + holds.words());
        return troubles.isEmpty() ? Gate.passed(found)
                : Gate.warned(found + "\n" + messages(troubles), troubles.get(0).hint());
    }

    /** The same for a repository without a migration tool: what other tools left in the database is told. */
    public static Gate.Finding without(Connection connection) throws SQLException {
        List<History.Trouble> left = Histories.beside(connection, Optional.empty(), null);
        return left.isEmpty() ? Gate.skipped("without a migration tool there is no history")
                : Gate.warned(messages(left), left.get(0).hint());
    }

    static List<String> ids(List<Migration> migrations) {
        return migrations.stream().map(Migration::id).toList();
    }

    static String messages(List<History.Trouble> troubles) {
        return String.join("\n", troubles.stream().map(History.Trouble::message).toList());
    }
}
