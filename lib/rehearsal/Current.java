//SOURCES ../Failure.java ../Fingerprint.java ../Gate.java ../History.java ../Postgres.java ../Project.java
//SOURCES ../backup/Manifest.java Production.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.Postgres;
import lib.Project;
import lib.backup.Manifest;

/** Production is still the database that was backed up, with the schema it had then. */
public final class Current {
    private Current() {
    }

    /** Asks production itself; where it cannot be asked, whoever applies the SQL asks it again. */
    public static Gate.Finding of(Project project, Postgres.Identity backedUp, Manifest backup) {
        Connection opened;
        try {
            opened = Production.read(project);
        } catch (Failure failure) {
            return Gate.skipped("production was not asked whether it is still as it was backed up: "
                    + failure.getMessage().lines().findFirst().orElse(""));
        }
        try (Connection connection = opened) {
            Postgres.Identity now = Postgres.identity(connection);
            boolean known = !now.system().isEmpty() && !backedUp.system().isEmpty();
            if (known ? !now.same(backedUp) : !now.database().equals(backedUp.database())) {
                throw Failure.stop("the backup of this run is of another database: " + backedUp.database() + " (number "
                        + backedUp.oid() + "), and " + project.environment + " is " + now.database() + " (number "
                        + now.oid() + ")", "jbang backup.java --env " + project.environment
                        + "   # or correct the database URL");
            }
            if (now.major() != backedUp.major()) {
                throw Failure.stop("production has been upgraded since the backup: from PostgreSQL " + backedUp.major()
                        + " to " + now.major(), "jbang backup.java --env " + project.environment);
            }
            Fingerprint schema = Fingerprint.of(connection);
            if (!schema.hash().equals(backup.schema().hash())) {
                List<String> differences = schema.differences(backup.schema(), 5);
                throw Failure.stop("the backup is older than the last change of production's schema:\n  "
                        + String.join("\n  ", differences), "jbang backup.java --env " + project.environment);
            }
            return Gate.passed("production is the database that was backed up, with the same schema");
        } catch (SQLException e) {
            return Gate.skipped("production did not answer whether it is still as it was backed up: "
                    + Gate.words(e).lines().findFirst().orElse(""));
        }
    }
}
