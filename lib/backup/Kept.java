//SOURCES ../Address.java ../Console.java ../Exec.java ../Failure.java ../Gate.java ../Phase.java ../Project.java ../Target.java
//SOURCES ../Size.java Guard.java Neighbours.java Server.java Sessions.java Steps.java Swap.java

package lib.backup;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import lib.Address;
import lib.Console;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.Phase;
import lib.Project;
import lib.Size;
import lib.Target;

/** What is done with the databases that restores and refreshes left beside a live one: shown, swapped in, dropped. */
public final class Kept implements AutoCloseable {
    private final Project project;
    private final Steps.Options options;
    private final String typedName;
    private final Phase phase;
    private final Guard guard;
    private final Console console;
    private final String environment;
    private Server server;
    private Neighbours neighbours;

    public Kept(Project project, Console console, Steps.Options options, String typedName, Phase phase,
                String environment) {
        this.project = project;
        this.options = options;
        this.typedName = typedName;
        this.phase = phase;
        this.console = console;
        this.guard = new Guard(project, console);
        this.environment = environment;
    }

    private String live() {
        return server.live.database();
    }

    private boolean reach() {
        return phase.gate("restore.target", () -> {
            Target live = Address.find(project.repo, project.settings, environment, console).target();
            server = Server.beside(live, options.maintenance);
            neighbours = new Neighbours(live.database());
            phase.fact("environment", environment);
            phase.fact("database", live.database());
            phase.fact("exists", server.oid(live.database()) != 0);
            return server.oid(live.database()) != 0 ? Gate.passed(live.place())
                    : Gate.warned(live.place() + ": there is no such database",
                            "put the one back that was live before: " + command("--undo", "NAME"));
        });
    }

    /** Names every one of them with what can be done; the lines of the result. */
    public String status() {
        List<String> lines = new ArrayList<>();
        boolean seen = reach() && phase.gate("restore.leftovers", () -> {
            List<Neighbours.Neighbour> all = neighbours.all(server.connection());
            phase.fact("neighbours", all);
            all.forEach(neighbour -> lines.add(neighbour.words() + "\n    " + way(neighbour)));
            return Gate.passed(all.isEmpty() ? "no restore or refresh left a database beside " + live()
                    : all.size() + " beside " + live());
        });
        return seen && !lines.isEmpty() ? String.join("\n", lines) : null;
    }

    private String way(Neighbours.Neighbour neighbour) {
        String drop = command("--drop-old", neighbour.name());
        return switch (neighbour.kind()) {
            case RESTORE -> !neighbour.state().equals("proven") ? drop
                    : command("--finish", neighbour.name()) + "   or   " + drop;
            case BEFORE, REFRESHED -> command("--undo", neighbour.name()) + "   or   " + drop;
            case UNDONE, TABLES -> drop;
        };
    }

    private String command(String option, String name) {
        return Exec.typed(List.of("jbang", "backup.java", "restore", "--to", environment, option, name));
    }

    private Neighbours.Neighbour find(String name) throws SQLException {
        server.claim();
        return neighbours.all(server.connection()).stream().filter(neighbour -> neighbour.name().equals(name))
                .findFirst().orElseThrow(() -> Failure.stop(name + " is none of the databases that a restore or"
                        + " refresh of " + live() + " left",
                        "which there are: jbang backup.java restore --status --to " + environment));
    }

    /** Swaps a proven database in whose own run did not come to that. */
    public String finish(String name) {
        return reach() && phase.gate("restore.swap", () -> {
            Neighbours.Neighbour neighbour = find(name);
            if (neighbour.kind() != Neighbours.Kind.RESTORE || !neighbour.state().equals("proven")) {
                throw Failure.stop(neighbour.words() + ": it is not one that could be swapped in",
                        "which there are: jbang backup.java restore --status --to " + environment);
            }
            String aside = neighbours.fresh(Neighbours.Kind.BEFORE, name);
            return swap(name, aside, true);
        }) ? live() : null;
    }

    /** Puts back what was live before a restore or a refresh; what is live now is kept in turn. */
    public String undo(String name) {
        return reach() && phase.gate("restore.swap", () -> {
            Neighbours.Neighbour neighbour = find(name);
            if (neighbour.kind() != Neighbours.Kind.BEFORE && neighbour.kind() != Neighbours.Kind.REFRESHED) {
                throw Failure.stop(neighbour.words() + ": there is nothing to go back to",
                        "which there are: jbang backup.java restore --status --to " + environment);
            }
            return swap(name, neighbours.fresh(Neighbours.Kind.UNDONE), false);
        }) ? live() : null;
    }

    private Gate.Finding swap(String name, String aside, boolean traits) throws SQLException {
        boolean there = server.oid(live()) != 0;
        if (there) {
            Guard.Answer answer = guard.ask(environment, server.live);
            if (answer.production()) {
                guard.typed(answer, live(), typedName);
            }
        }
        new Swap(server).to(name, aside, traits, options.terminate);
        phase.fact("live", live());
        phase.fact("kept", there ? aside : null);
        return Gate.passed(name + " is " + live() + " now" + (there ? "; the one before is kept as " + aside
                + "\nremove it:   " + command("--drop-old", aside) : ""));
    }

    /** Drops one of them; its whole name is what says that it is meant. */
    public String drop(String name) {
        return reach() && phase.gate("restore.drop", () -> {
            Neighbours.Neighbour neighbour = find(name);
            List<String> sessions = Sessions.of(server.connection(), name);
            if (!sessions.isEmpty() && !options.terminate) {
                throw Failure.stop("sessions are connected to " + name + ": " + Sessions.words(sessions),
                        "let them be ended: --terminate");
            }
            server.drop(name);
            phase.fact("dropped", name);
            return Gate.passed(name + " is gone, " + Size.of(neighbour.bytes()) + "; " + live()
                    + " was not touched");
        }) ? name : null;
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
        }
    }
}
