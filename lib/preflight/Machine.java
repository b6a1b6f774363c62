//SOURCES ../Clients.java ../Compose.java ../Failure.java ../Gate.java ../Project.java ../Servers.java Database.java

package lib.preflight;

import java.util.Optional;
import lib.Clients;
import lib.Compose;
import lib.Failure;
import lib.Gate;
import lib.Project;
import lib.Servers;

/** The gates of this machine: the programs a release needs here, and a server to rehearse on. */
public final class Machine {
    private final Project project;
    private final Database database;

    public Machine(Project project, Database database) {
        this.project = project;
        this.database = database;
    }

    /** There is a pg_dump at all. */
    public Gate.Finding clients() {
        Clients.Client newest = Clients.newest();
        return Gate.passed("pg_dump " + newest.version() + " in " + newest.bin());
    }

    /** There is one that reads production's major version. */
    public Gate.Finding versions() {
        Clients.Client client = Clients.fitting(database.identity().major());
        return Gate.passed("pg_dump " + client.version() + " reads PostgreSQL " + database.identity().major());
    }

    /** A container is one way to a rehearsal server among several; its absence stops only when there is no other. */
    public Gate.Finding container() {
        if (!Compose.present(project.repo)) {
            return Gate.skipped("no compose file");
        }
        try {
            String runtime = Compose.runtime();
            Optional<Compose> database = Compose.database(project.repo);
            return database.isEmpty() ? Gate.passed(runtime + ", no database service in the compose file")
                    : Gate.passed(runtime + ", service " + database.get().service() + " " + database.get().start());
        } catch (Failure failure) {
            if (failure.exit == Failure.Exit.INTERRUPTED) {
                throw failure;
            }
            return Gate.warned(failure.getMessage() + "; " + otherServer(failure), failure.hint);
        }
    }

    private String otherServer(Failure failure) {
        if (System.getenv("RELEASE_SCRATCH_URL") != null) {
            return "the rehearsal uses the server of RELEASE_SCRATCH_URL";
        }
        if (database.identity() == null) {
            return "whether the rehearsal has another server shows when production is reached";
        }
        try {
            return "the rehearsal uses the server in " + Servers.fitting(database.identity().major());
        } catch (Failure none) {
            throw failure;
        }
    }
}
