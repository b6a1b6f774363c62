//SOURCES ../Failure.java ../Gate.java ../Phase.java ../Postgres.java ../Project.java ../Target.java Configuration.java

package lib.preflight;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Failure;
import lib.Gate;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Target;

/** The way to the environment's database: where its URL comes from, and whether a server answers there. */
public final class Database implements AutoCloseable {
    // A question about the catalog takes milliseconds; one that waits for somebody's lock must not wait for ever.
    private static final String LIMITS = "SELECT set_config('lock_timeout', '3s', false),"
            + " set_config('statement_timeout', '20s', false) WHERE pg_backend_pid() = ";

    private final Project project;
    private final Phase phase;
    private volatile Target target;
    private volatile Connection connection;
    private volatile Postgres.Identity identity;

    public Database(Project project, Phase phase) {
        this.project = project;
        this.phase = phase;
    }

    /** All that a release has to be told is there; where each value was found is shown, the value is not. */
    public Gate.Finding settings() {
        Configuration configuration = new Configuration(project);
        Gate.Finding finding = configuration.look();
        target = configuration.target();
        return finding;
    }

    /** The provider's firewall lets this machine through, if release.json says how. */
    public Gate.Finding firewall() {
        return project.way().firewall(target);
    }

    /** The tunnel that leads there is up, if release.json names one. */
    public Gate.Finding tunnel() {
        return project.way().tunnel(target);
    }

    /** A server answers there, lets this user in, and takes changes. */
    public Gate.Finding reach() throws SQLException {
        connection = connect();
        Postgres.one(connection, LIMITS + Postgres.wirePid(connection));
        identity = Postgres.identity(connection);
        phase.fact("identity", identity);
        List<String> state = rows("SELECT pg_is_in_recovery(), reset_val FROM pg_settings"
                + " WHERE name = 'default_transaction_read_only'").get(0);
        if (state.get(0).equals("t")) {
            throw Failure.stop(target.place() + " is a standby, which can only be read",
                    "use the URL of the primary: host and port that your provider shows for writing");
        }
        String found = "PostgreSQL " + identity.version();
        return state.get(1).equals("off") ? Gate.passed(found) : Gate.warned(found + ", read-only by default",
                "providers set that when a disk is full: look at its dashboard before anything else");
    }

    /** A connection for reading only; for gates that come after {@code db.reach}. */
    Connection connect() {
        return Postgres.read(target, "preflight");
    }

    /** All rows of a question, asked on the one connection that the gates share; after {@code db.reach}. */
    List<List<String>> rows(String query) throws SQLException {
        return Postgres.rows(connection, query);
    }

    /** The connection that the gates share: never within a transaction, and for short questions only. */
    Connection shared() {
        return connection;
    }

    /** Where the database is; null before the settings were found. */
    Target target() {
        return target;
    }

    /** Which database it is; null before it was reached. */
    Postgres.Identity identity() {
        return identity;
    }

    @Override
    public void close() {
        try (Connection last = connection) {
            connection = null;
        } catch (SQLException e) {
            // A server that went away has closed it already.
            return;
        }
    }
}
