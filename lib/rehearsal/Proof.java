//SOURCES ../Gate.java ../plan/Executor.java

package lib.rehearsal;

import java.sql.SQLException;
import lib.Gate;
import lib.plan.Executor;

/** One thing that a rehearsal proves: it may look at the copy before the plan runs, and judges it afterwards. */
public interface Proof {
    /** The id of the gate that it is. */
    String gate();

    /** Looks at the copy before the plan runs, and remembers what it will compare with. */
    default void before() throws SQLException {
    }

    /** Judges what the plan left; a {@link lib.Failure} says that production must not go this way. */
    Gate.Finding after(Executor.Result result) throws SQLException;
}
