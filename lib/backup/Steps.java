//SOURCES ../Address.java ../Cli.java ../Console.java ../Exec.java ../Failure.java ../Gate.java
//SOURCES ../Count.java ../Phase.java ../Postgres.java ../Progress.java ../Project.java ../Target.java
//SOURCES Archive.java Contents.java Filling.java Grants.java Guard.java Neighbours.java Replacement.java Requirements.java
//SOURCES Server.java Sessions.java Traits.java Verbose.java

package lib.backup;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import lib.Address;
import lib.Cli;
import lib.Console;
import lib.Count;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.Phase;
import lib.Postgres;
import lib.Progress;
import lib.Project;
import lib.Target;
import picocli.CommandLine.Option;

/**
 * The steps on which an archive becomes a live database, each a gate: restore and refresh take them in their own order
 * and under their own names. What a step finds out is there for the next one.
 */
public final class Steps implements AutoCloseable {
    /** How a live database may be replaced; the same for both commands. */
    public static class Options {
        @Option(names = "--terminate", description = "End the sessions that are connected to the live database.")
        public boolean terminate;
        @Option(names = "--create-roles",
                description = "Make the roles that policies of the backup name and the server lacks, without login.")
        public boolean createRoles;
        @Option(names = "--maintenance-db", paramLabel = "NAME",
                description = "The database to connect to while names change (default: postgres, template1).")
        public String maintenance;
    }

    final Options options;
    final Phase phase;
    final Project project;
    final Console console;
    final String prefix;
    Server server;
    Neighbours neighbours;
    Archive archive;
    Requirements requirements;
    Replacement replacement;
    long old;
    private String environment;

    Steps(Cli.Options common, Options options, Phase phase, Project project, String prefix) {
        this.options = options;
        this.phase = phase;
        this.project = project;
        this.console = common.console();
        this.prefix = prefix;
    }

    boolean gate(String id, Gate.Check check) {
        return phase.gate(prefix + "." + id, check);
    }

    Gate.Finding verify(Path file, boolean unproven) {
        archive = Archive.verify(file);
        phase.fact("file", file.toString());
        phase.fact("sha256", archive.sha256());
        String found = String.format("%s: %s, %d objects, read back whole", file, archive.size(),
                archive.entries());
        if (archive.described()) {
            phase.fact("of", archive.manifest().identity());
            return Gate.passed(found + ", as " + archive.manifest().environment() + " was at "
                    + archive.manifest().created());
        }
        if (!unproven) {
            throw Failure.stop(found + ", but no manifest stands beside it: nothing says what it must hold",
                    "bring its .json file along, or take it as it is: --unproven");
        }
        return Gate.warned(found + ", without a manifest: what is restored cannot be compared",
                "look at the data yourself before you rely on it");
    }

    /** Reaches the server of an environment, and refuses whatever could not come to its end. */
    Gate.Finding target(String to, boolean replaced, String typedName) throws SQLException {
        String found = reach(to);
        if (old == 0) {
            return Gate.passed(found + ": there is no such database yet, it will be made");
        }
        if (!replaced) {
            return Gate.passed(found + ", which stays as it is");
        }
        Guard guard = new Guard(project, console);
        Guard.Answer answer = guard.ask(to, server.live);
        if (answer.production()) {
            guard.typed(answer, server.live.database(), typedName);
        }
        String of = archive.manifest() == null ? to : archive.manifest().environment();
        boolean foreign = answer.production() && !of.equals("production");
        return sessions(found + (foreign ? "; the backup is one of " + of : ""));
    }

    /** Connects beside the live database of an environment. */
    String reach(String to) throws SQLException {
        environment = to;
        Target live = Address.find(project.repo, project.settings, to, console).target();
        server = Server.beside(live, options.maintenance);
        neighbours = new Neighbours(live.database());
        phase.fact("environment", to);
        phase.fact("database", live.database());
        server.refuseWithoutRights();
        old = server.oid(live.database());
        return live.place() + ", PostgreSQL " + server.connection().getMetaData().getDatabaseMajorVersion();
    }

    /** Looks at who is connected before hours of loading, and not after them. */
    Gate.Finding sessions(String found) throws SQLException {
        String live = server.live.database();
        Sessions.refusePrepared(server.connection(), live);
        List<String> sessions = Sessions.of(server.connection(), live);
        if (!sessions.isEmpty() && !options.terminate && !Console.interactive()) {
            throw Failure.stop("sessions are connected to " + live + ": " + Sessions.words(sessions),
                    "stop the application, or let them be ended: --terminate");
        }
        List<String> left = Traits.left(server.connection(), old);
        if (!left.isEmpty()) {
            return Gate.warned(found + "; what stays with the old database: " + String.join(", ", left),
                    "make it again in the new one, if it is needed there");
        }
        return sessions.isEmpty() ? Gate.passed(found) : Gate.warned(found + "; connected: " + Sessions.words(sessions),
                "their sessions end when the databases are swapped");
    }

    /** Removes what killed runs left half-made, and names what was kept on purpose. */
    Gate.Finding leftovers() throws SQLException {
        server.claim();
        List<Neighbours.Neighbour> all = neighbours.all(server.connection());
        List<String> removed = new ArrayList<>();
        for (Neighbours.Neighbour neighbour : all) {
            if (neighbour.state().equals("loading")) {
                server.drop(neighbour.name());
                removed.add(neighbour.name());
            }
        }
        List<String> others = all.stream().filter(neighbour -> !removed.contains(neighbour.name()))
                .map(Neighbours.Neighbour::words).toList();
        phase.fact("removed", removed);
        if (removed.isEmpty() && others.isEmpty()) {
            return Gate.passed("nothing of an earlier run is there");
        }
        String found = (removed.isEmpty() ? "" : "removed what an earlier run left half-made: "
                + String.join(", ", removed) + (others.isEmpty() ? "" : "; ")) + String.join("; ", others);
        return others.isEmpty() ? Gate.passed(found) : Gate.warned(found,
                "jbang backup.java restore --status --to " + environment + "   # what to do with each");
    }

    Gate.Finding requirements() throws SQLException {
        requirements = Requirements.of(archive);
        requirements.refuseMissingExtensions(server.connection());
        requirements.refuseMissingRoles(server.connection(), options.createRoles);
        phase.fact("extensions", requirements.extensions);
        return Gate.passed((requirements.extensions.isEmpty() ? "none is needed"
                : String.join(", ", requirements.extensions) + ": the server has them")
                + (requirements.roles.isEmpty() ? "" : "; roles: " + String.join(", ", requirements.roles)));
    }

    Gate.Finding load() throws SQLException {
        return loading(neighbours.fresh(Neighbours.Kind.RESTORE),
                rows -> replacement.load(archive, requirements, rows));
    }

    /** Fills a replacement and tells how far it is. */
    interface Loading {
        void load(Verbose.Listener rows) throws SQLException;
    }

    Gate.Finding loading(String name, Loading loading) {
        replacement = new Replacement(server, name, old, archive.sha256());
        return guarded(() -> {
            long start = System.nanoTime();
            replacement.create();
            try (Filling filling = Filling.of(console, archive.described() ? archive.manifest().contents() : null)) {
                loading.load(filling);
            }
            return Gate.passed(String.format("%s, %.1f s", name, (System.nanoTime() - start) / 1e9));
        });
    }

    Gate.Finding compare() {
        return guarded(() -> {
            if (archive.manifest() == null) {
                replacement.analyze();
                return Gate.warned("without a manifest there is nothing to compare with", "count what matters to you");
            }
            Contents contents;
            try (Progress progress = Progress.of(console, "comparing", 0, Progress.Unit.BYTES)) {
                contents = replacement.compare(archive.manifest(), (table, bytes, all) -> {
                    progress.total(all);
                    progress.to(bytes, table);
                });
            }
            replacement.analyze();
            phase.fact("tables", contents.tables().size());
            phase.fact("rows", contents.rows());
            return Gate.passed(Count.of(contents.tables().size(), "table") + " with "
                    + Count.of(contents.rows(), "row") + " and the schema are those of the backup");
        });
    }

    /** Owners and privileges of the objects, as the live database has them. */
    Gate.Finding owners() {
        if (old == 0) {
            return Gate.skipped("there is no live database that could tell: all belongs to " + server.live.user());
        }
        return guarded(() -> {
            Grants.Result result = replacement.grants();
            phase.fact("grants", result.applied().size());
            if (result.refused().isEmpty()) {
                return Gate.passed("as in the live database" + (result.applied().isEmpty() ? ""
                        : ": " + Count.of(result.applied().size(), "statement")));
            }
            phase.fact("grantsRefused", result.refused());
            return Gate.warned(Count.of(result.refused().size(), "statement") + " about owners or privileges "
                    + Count.are(result.refused().size()) + " not permitted here",
                    "as the administrator, in the new database:\n" + String.join("\n", result.refused()));
        });
    }

    /** Swaps, and says what is where. */
    Gate.Finding swap(Neighbours.Kind kind, boolean keepOnFailure) {
        String live = server.live.database();
        String aside = neighbours.fresh(kind, replacement.name());
        guarded(() -> {
            if (keepOnFailure) {
                replacement.prove();
            }
            boolean terminate = options.terminate || agreed(live);
            try {
                replacement.swap(aside, terminate);
            } catch (Failure failure) {
                if (keepOnFailure && failure.exit == Failure.Exit.STOP) {
                    throw Failure.stop(failure.getMessage(), failure.hint + "\nthen: " + command("--finish",
                            replacement.name()) + (terminate ? "" : " --terminate"));
                }
                throw failure;
            }
            return null;
        });
        // From here on nothing that fails could say that the live database was not touched.
        phase.fact("live", live);
        phase.fact("kept", old == 0 ? null : aside);
        String found = live + " is the restored database now" + (old == 0 ? "" : "; the one before is kept as " + aside
                + "\nback to it:  " + command("--undo", aside) + "\nremove it:   " + command("--drop-old", aside));
        try (Connection connection = Postgres.read(server.live, prefix)) {
            phase.fact("identity", Postgres.identity(connection));
            return Gate.passed(found);
        } catch (SQLException | Failure e) {
            return Gate.warned(found, "it does not let us in just now: " + Gate.words(e));
        }
    }

    private boolean agreed(String live) throws SQLException {
        List<String> sessions = Sessions.of(server.connection(), live);
        if (sessions.isEmpty() || !Console.interactive()) {
            return false;
        }
        console.say("sessions are connected to " + live + ": " + Sessions.words(sessions));
        String answer = console.ask("End them and swap? Type yes:");
        return answer != null && answer.strip().equalsIgnoreCase("yes");
    }

    String command(String option, String name) {
        return Exec.typed(List.of("jbang", "backup.java", "restore", "--to", environment, option, name));
    }

    Gate.Finding free(String name) throws SQLException {
        if (name.getBytes(StandardCharsets.UTF_8).length > Neighbours.NAME_BYTES) {
            throw Failure.usage("--new-database " + name + " is longer than the " + Neighbours.NAME_BYTES
                    + " bytes of a name", "choose a shorter one");
        }
        if (server.oid(name) != 0) {
            throw Failure.stop("there is a database " + name + " already", "choose another name: --new-database NAME");
        }
        return Gate.passed(name + " is free");
    }

    Gate.Finding rename(String name) {
        return guarded(() -> {
            replacement.rename(name);
            phase.fact("live", server.live.database());
            phase.fact("made", name);
            return Gate.passed(name + " holds the backup; " + server.live.database() + " was not touched. Only its"
                    + " owner and administrators can connect");
        });
    }

    /** Runs a step; when it fails, what is half-made goes away and the failure says what is true. */
    Gate.Finding guarded(Callable<Gate.Finding> step) {
        try {
            return step.call();
        } catch (Exception e) {
            throw replacement.undone(e);
        }
    }

    @Override
    public void close() {
        if (replacement != null) {
            replacement.close();
        }
        if (server != null) {
            server.close();
        }
    }
}
