//SOURCES ../Address.java ../Failure.java ../Postgres.java ../Project.java

package lib.rehearsal;

import java.sql.Connection;
import lib.Address;
import lib.Failure;
import lib.Postgres;
import lib.Project;

/** The live database, for what only it can tell; a rehearsal goes on without it. */
final class Production {
    private Production() {
    }

    /** A connection that only reads. A {@link Failure} says why there is none. */
    static Connection read(Project project) {
        Address.Found found = project.unasked();
        if (found == null) {
            throw Failure.missing("the database URL of " + project.environment + " is not at hand", null);
        }
        return Postgres.read(found.target(), "rehearsal");
    }
}
