//SOURCES ../Clients.java ../Compose.java ../Failure.java ../Gate.java ../Phase.java ../Postgres.java ../Project.java
//SOURCES ../Run.java ../Servers.java ../Size.java ../Target.java Database.java

package lib.preflight;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import lib.Clients;
import lib.Compose;
import lib.Failure;
import lib.Gate;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.Servers;
import lib.Size;
import lib.Target;

/** The gates of this machine: the programs a release needs here, a server to rehearse on, and room for both. */
public final class Machine {
    /** A dump leaves indexes out and is compressed; half of what the database takes is more than it ever needs. */
    private static final double DUMP = 0.5;
    /** The copy has all of it, what the migration rewrites, and a log. */
    private static final double COPY = 1.5;

    private final Project project;
    private final Phase phase;
    private final Database database;
    private final boolean unrehearsed;

    /** @param unrehearsed whether a release without any server to rehearse on was accepted by name */
    public Machine(Project project, Phase phase, Database database, boolean unrehearsed) {
        this.project = project;
        this.phase = phase;
        this.database = database;
        this.unrehearsed = unrehearsed;
    }

    /** There is a pg_dump at all. */
    public Gate.Finding clients() {
        Clients.Client newest = Clients.newest();
        return Gate.passed("pg_dump " + newest.version() + " in " + newest.bin());
    }

    /** There is one that reads production's major version, and a server that can hold what it reads. */
    public Gate.Finding versions() {
        int major = database.identity().major();
        Clients.Client client = Clients.fitting(major);
        String reads = "pg_dump " + client.version() + " reads PostgreSQL " + major;
        String scratch = System.getenv("RELEASE_SCRATCH_URL");
        if (scratch != null) {
            return Gate.passed(reads + "; the rehearsal runs on " + named(Target.parse(scratch), major));
        }
        if (Compose.present(project.repo)) {
            // Which of its ways the rehearsal takes is said by the gate of the container.
            return Gate.passed(reads);
        }
        try {
            return Gate.passed(reads + "; the rehearsal runs on the server in " + Servers.fitting(major));
        } catch (Failure none) {
            return without(reads + "; there is no server to rehearse on: " + none.getMessage(), none);
        }
    }

    private static String named(Target target, int major) {
        try (Connection connection = Postgres.read(target, "preflight")) {
            Postgres.Identity server = Postgres.identity(connection);
            if (server.major() < major) {
                throw Failure.missing("the server to rehearse on, " + target.place() + ", is PostgreSQL "
                        + server.major() + ", and production's " + major + " needs one that is not older",
                        "name another one in RELEASE_SCRATCH_URL, or none: unset RELEASE_SCRATCH_URL");
            }
            return target.place() + ", PostgreSQL " + server.version();
        } catch (SQLException e) {
            throw Postgres.unreachable(target, e);
        }
    }

    // Without a rehearsal there is no release, unless somebody has said so.
    private Gate.Finding without(String message, Failure failure) {
        if (unrehearsed) {
            return Gate.warned(message + "; accepted by --unrehearsed", failure.hint);
        }
        throw new Failure(failure.exit, message, failure.hint
                + "\nor go on without a rehearsal: add --unrehearsed", failure);
    }

    /** A container is one way to a rehearsal server among several; its absence stops only when there is no other. */
    public Gate.Finding container() {
        if (!Compose.present(project.repo)) {
            return Gate.skipped("no compose file");
        }
        try {
            String runtime = Compose.runtime();
            Optional<Compose> service = Compose.database(project.repo);
            if (service.isEmpty()) {
                return Gate.passed(runtime + ", no database service in the compose file");
            }
            String name = ", service " + service.get().service() + " ";
            Optional<Integer> major = service.get().major();
            if (database.identity() != null && major.isPresent() && major.get() < database.identity().major()) {
                throw Failure.missing(runtime + name + "is PostgreSQL " + major.get() + ", older than production's "
                        + database.identity().major(), "set its image to postgres:" + database.identity().major()
                        + " in the compose file");
            }
            return Gate.passed(runtime + name + service.get().start());
        } catch (Failure failure) {
            if (failure.exit == Failure.Exit.INTERRUPTED) {
                throw failure;
            }
            return otherServer(failure);
        }
    }

    private Gate.Finding otherServer(Failure failure) {
        String other = "the rehearsal uses the server of RELEASE_SCRATCH_URL";
        if (System.getenv("RELEASE_SCRATCH_URL") == null) {
            other = "whether the rehearsal has another server shows when production is reached";
            if (database.identity() != null) {
                try {
                    other = "the rehearsal uses the server in " + Servers.fitting(database.identity().major());
                } catch (Failure none) {
                    return without(failure.getMessage() + "; and there is no other server: " + none.getMessage(),
                            failure);
                }
            }
        }
        return Gate.warned(failure.getMessage() + "; " + other, failure.hint);
    }

    /** There is room for the backup and for the copy, estimated from the size of production. */
    public Gate.Finding disk() throws SQLException, IOException {
        long size;
        try (Connection connection = database.connect()) {
            size = Postgres.bytes(connection);
        }
        phase.fact("databaseBytes", size);
        Path run = project.repo.resolve(Run.FOLDER);
        FileStore backups = Files.getFileStore(Files.exists(run) ? run : project.repo);
        FileStore copies = Files.getFileStore(Path.of(System.getProperty("java.io.tmpdir")));
        boolean elsewhere = System.getenv("RELEASE_SCRATCH_URL") != null;
        boolean together = !elsewhere && backups.equals(copies);
        long dump = (long) (size * DUMP);
        long copy = (long) (size * COPY);
        String found = "production takes " + Size.of(size) + "; " + (together
                ? room("backup and the copy", dump + copy, backups, run) : room("backup", dump, backups, run));
        if (!elsewhere && !together) {
            found += "; " + room("copy", copy, copies, Path.of(System.getProperty("java.io.tmpdir")));
        }
        return Gate.passed(found);
    }

    private static String room(String what, long need, FileStore store, Path folder) throws IOException {
        long free = store.getUsableSpace();
        String text = "about " + Size.of(need) + " for the " + what + " in " + folder + ", " + Size.of(free)
                + " free";
        if (free < need) {
            throw Failure.missing("there is not enough room: " + text, "df -h '" + folder + "'");
        }
        return text;
    }
}
