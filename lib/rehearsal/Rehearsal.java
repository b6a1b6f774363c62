//SOURCES ../Console.java ../Copy.java ../Fingerprint.java ../History.java ../Phase.java ../Postgres.java
//SOURCES ../Project.java ../Run.java ../backup/Manifest.java ../plan/Plan.java After.java Trace.java

package lib.rehearsal;

import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.Optional;
import lib.Console;
import lib.Copy;
import lib.Fingerprint;
import lib.History;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.backup.Manifest;
import lib.plan.Plan;

/**
 * What is rehearsed, and on what: the plan, the copy that it runs on, and how the copy was before.
 *
 * @param phase takes the facts that proofs find
 * @param dump the backup that the copy was restored from
 * @param production whose backup that is
 * @param history the migration tool of the repository, where there is one
 * @param before what the tool's history held before the plan; null without a tool
 * @param sql the file that the plan was read from
 * @param byHand whether somebody wrote or edited that file
 * @param schema the schema before the plan
 * @param after the copy as the plan has left it
 * @param trace what watches the plan; complete when the plan has run
 * @param held the pending migrations that wait, and are not covered
 */
public record Rehearsal(Project project, Run run, Phase phase, Console console, Copy copy, Path dump, Manifest backup,
                        Postgres.Identity production, Optional<History> history, History.State before, Plan plan,
                        Path sql, boolean byHand, Fingerprint schema, After after, Trace trace, List<String> held) {

    /** A connection to the copy that only reads. */
    public Connection read() {
        return Postgres.read(copy.target(), "rehearsal");
    }
}
