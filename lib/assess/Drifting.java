//SOURCES ../Cli.java ../Copy.java ../Failure.java ../Gate.java ../History.java ../Phase.java ../Postgres.java
//SOURCES ../Project.java ../Some.java ../plan/Catalog.java ../plan/Draft.java ../schema/Drift.java ../sql/Name.java
//SOURCES ../Count.java

package lib.assess;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import lib.Address;
import lib.Cli;
import lib.Copy;
import lib.Count;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Some;
import lib.plan.Catalog;
import lib.plan.Draft;
import lib.schema.Difference;
import lib.schema.Drift;
import lib.sql.Name;

/** Looks whether somebody changed a database by hand: as a gate of assess, and as a command of its own. */
public final class Drifting {
    private static final int SHOWN = 8;

    private Drifting() {
    }

    private static Drift look(Project project, Connection connection, History history, History.State state)
            throws SQLException {
        Postgres.Identity identity = Postgres.identity(connection);
        return Drift.of(project.address().target(), connection, history, state,
                () -> Copy.aside(project.repo, identity));
    }

    /**
     * The gate: it warns, and stops only when it is told to be strict and the release touches what has drifted.
     *
     * @param draft the release's statements; null while there are none
     */
    public static Gate.Finding gate(Project project, Phase phase, Connection connection, History history,
                                    History.State state, Draft draft, boolean strict) throws SQLException {
        Drift drift;
        try {
            drift = look(project, connection, history, state);
        } catch (Failure noServer) {
            if (noServer.exit != Failure.Exit.MISSING) {
                throw noServer;
            }
            return Gate.warned("not looked at: " + noServer.getMessage(), noServer.hint);
        }
        phase.fact("drift", drift.differences());
        if (drift.untold() != null) {
            phase.fact("driftUntold", drift.untold());
            return Gate.skipped("cannot be told: " + drift.untold());
        }
        String applied = made(state);
        if (drift.differences().isEmpty()) {
            return Gate.passed("the schema is what " + applied);
        }
        List<Difference> touched = draft == null ? List.of()
                : drift.touched(names(draft, new Catalog(connection), drift.differences()));
        phase.fact("driftTouched", touched);
        String message = Count.of(drift.differences().size(), "object") + " "
                + Count.are(drift.differences().size()) + " not as " + applied + " them:\n"
                + list(drift.differences(), SHOWN)
                + (touched.isEmpty() ? "" : "\nthis release touches " + String.join(", ",
                touched.stream().map(Difference::object).distinct().limit(SHOWN).toList()));
        String hint = "jbang assess.java drift   # all of them; then bring them into a migration: "
                + "jbang assess.java generate --from " + project.environment + " \"by hand\"";
        if (strict && !touched.isEmpty()) {
            throw Failure.stop(message, hint);
        }
        return Gate.warned(message, hint);
    }

    /** Whose work a schema should be, in words that "it" or "them" may follow. */
    static String made(History.State state) {
        int applied = state.applied().size();
        return applied == 1 ? "the one applied migration makes" : "the " + applied + " applied migrations make";
    }

    private static String list(List<Difference> differences, int most) {
        return Some.of(differences.stream().map(Drift::text).toList(), most, "\n");
    }

    // What statements name, and the indexes of the tables among it.
    private static Set<String> names(Draft draft, Catalog catalog, List<Difference> differences) {
        Set<String> names = new HashSet<>();
        draft.steps().forEach(step -> step.touches().forEach(name -> names.add(name.toString())));
        differences.stream().filter(each -> each.kind().endsWith("index")).forEach(each -> {
            Name table = catalog.tableOf(Name.of(each.parent().isEmpty() ? null : each.parent(),
                    each.object().substring(each.object().lastIndexOf('.') + 1)));
            if (table != null && names.contains(table.toString())) {
                names.add(each.object());
            }
        });
        return names;
    }

    /** The command: every differing object by name; exit 10 when there is any, 12 when it cannot be told. */
    public static int of(Cli.Options options) throws SQLException {
        Project project = new Project(options);
        History history = Status.history(project);
        Phase phase = options.phase("drift").silent();
        Address.Found found = project.address();
        try (Connection connection = Postgres.read(found.target(), "drift")) {
            History.State state = history.state(connection);
            Drift drift = look(project, connection, history, state);
            phase.fact("drift", drift.differences());
            String where = found.target().place();
            phase.gate("drift." + project.environment, () -> {
                if (drift.untold() != null) {
                    throw Failure.missing("cannot be told: " + drift.untold(),
                            "jbang assess.java status --env " + project.environment);
                }
                if (!drift.differences().isEmpty()) {
                    throw Failure.stop(Count.of(drift.differences().size(), "object") + " not as "
                            + made(state) + " them", "jbang assess.java generate --from " + project.environment
                            + " \"by hand\"   # writes them as a migration");
                }
                return Gate.passed("as " + made(state) + " it");
            });
            if (!options.json) {
                options.console().result(project.environment + ", " + where + ": " + (drift.untold() != null
                        ? "cannot be told: " + drift.untold() : drift.differences().isEmpty()
                        ? "as " + made(state) + " it"
                        : Count.of(drift.differences().size(), "object") + " not as " + made(state) + " them\n"
                        + list(drift.differences(), Integer.MAX_VALUE)));
            }
            return phase.finish(null, null);
        }
    }
}
