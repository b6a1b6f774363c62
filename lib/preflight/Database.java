//SOURCES ../Address.java ../Gate.java ../Phase.java ../Postgres.java ../Project.java ../Target.java

package lib.preflight;

import java.sql.Connection;
import java.sql.SQLException;
import lib.Address;
import lib.Gate;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Target;

/** The way to the environment's database: where its URL comes from, and whether a server answers there. */
public final class Database {
    private final Project project;
    private final Phase phase;
    private volatile Target target;
    private volatile Postgres.Identity identity;

    public Database(Project project, Phase phase) {
        this.project = project;
        this.phase = phase;
    }

    /** A URL is found, without placeholders; where it was found is shown, the URL is not. */
    public Gate.Finding settings() {
        Address.Found found = project.address();
        target = found.target();
        return Gate.passed("database of " + project.environment + " from " + found.source() + ": " + target.place());
    }

    /** A server answers there, and lets this user in. */
    public Gate.Finding reach() throws SQLException {
        try (Connection connection = connect()) {
            identity = Postgres.identity(connection);
            phase.fact("identity", identity);
            return Gate.passed("PostgreSQL " + identity.version());
        }
    }

    /** A connection for reading only; for gates that come after {@code db.reach}. */
    Connection connect() {
        return Postgres.read(target, "preflight");
    }

    /** Where the database is; null before the settings were found. */
    Target target() {
        return target;
    }

    /** Which database it is; null before it was reached. */
    Postgres.Identity identity() {
        return identity;
    }
}
