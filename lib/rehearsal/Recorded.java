//SOURCES ../Count.java ../Failure.java ../Gate.java ../History.java ../Migration.java ../plan/Executor.java Proof.java
//SOURCES Rehearsal.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Count;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Migration;
import lib.plan.Executor;

/** The tool's own rule, asked of the copy: what it would still run is what the SQL does not cover. */
public final class Recorded implements Proof {
    private final Rehearsal rehearsal;

    public Recorded(Rehearsal rehearsal) {
        this.rehearsal = rehearsal;
    }

    @Override
    public String gate() {
        return "rehearsal.history";
    }

    @Override
    public Gate.Finding after(Executor.Result result) throws SQLException {
        if (rehearsal.history().isEmpty()) {
            return Gate.skipped("without a migration tool there is no history");
        }
        History history = rehearsal.history().get();
        History.State before = rehearsal.before();
        try (Connection connection = rehearsal.read()) {
            History.State after = history.state(connection);
            List<String> left = after.pending().stream().map(Migration::id)
                    .filter(id -> !rehearsal.held().contains(id)).toList();
            List<History.Trouble> troubles = after.troubles().stream()
                    .filter(rehearsal.byHand() ? History.Trouble::stopsAll : History.Trouble::stops).toList();
            if (!left.isEmpty()) {
                throw Failure.stop(history.tool() + " would run again after the release: " + String.join(", ", left),
                        "the SQL must insert their history rows at its end:\n"
                        + String.join(";\n", history.rows(before, before.pending().stream()
                        .filter(migration -> !rehearsal.held().contains(migration.id())).toList())) + ";");
            }
            if (!troubles.isEmpty()) {
                throw Failure.stop(troubles.get(0).message(), troubles.get(0).hint());
            }
            int added = after.applied().size() - before.applied().size();
            boolean kept = after.table() != null;
            rehearsal.phase().fact("historyRows", kept ? added : 0);
            return Gate.passed((kept ? after.table() + " holds " + Count.of(added, "new row") : Count.of(added, "file")
                    + (added == 1 ? " is" : " are") + " there by what " + (added == 1 ? "it creates" : "they create"))
                    + ", and " + history.tool()
                    + " has nothing left to run");
        }
    }
}
