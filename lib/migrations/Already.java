//SOURCES ../History.java ../Migration.java ../Some.java ../sql/Statement.java Trace.java Traces.java

package lib.migrations;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.History;
import lib.Migration;
import lib.Some;
import lib.sql.Statement;

/** What pending migrations make and the database has already, so that their statements would fail. */
public final class Already {
    private static final int SHOWN = 5;

    private final Set<Trace> present;
    private final Trace.Alive alive = new Trace.Alive();

    private Already(Set<Trace> present) {
        this.present = present;
    }

    /**
     * Follows the pending migrations of a tool that keeps a history, statement by statement; where none is kept, what
     * is there decides what is pending in the first place.
     */
    public static List<History.Trouble> of(Connection connection, History history, History.State state)
            throws SQLException {
        Troubles troubles = new Troubles();
        if (state.table() == null || state.pending().isEmpty()) {
            return troubles.all();
        }
        Already already = new Already(Traces.present(connection));
        for (Migration migration : state.pending()) {
            List<String> there = already.there(migration);
            if (there == null) {
                break;
            }
            if (!there.isEmpty()) {
                troubles.add("there", migration.id(), migration.id()
                        + " is pending, and what it makes is there already: " + Some.of(there, SHOWN, ", ")
                        + ": its statement would fail", "when it ran by hand, tell " + history.tool()
                        + " so by its row, once all of it is there: "
                        + String.join("; ", history.rows(state, List.of(migration))) + "; else write IF NOT EXISTS,"
                        + " or undo by hand what is there", true);
            }
        }
        return troubles.all();
    }

    // Null where it cannot be followed any further.
    private List<String> there(Migration migration) {
        List<String> there = new ArrayList<>();
        try {
            for (Statement statement : Statement.parse(migration.sql())) {
                if (Set.of("DO", "CALL", "EXECUTE").contains(statement.tag())) {
                    return there.isEmpty() ? null : there;
                }
                alive.begin();
                alive.take(statement);
                Map<Trace, Trace.Effect> effects = alive.net();
                boolean minds = !statement.sql().matches("(?is).*\\bIF\\s+NOT\\s+EXISTS\\b.*|CREATE\\s+OR\\s.*");
                effects.forEach((trace, effect) -> {
                    boolean part = trace.kind().equals("column")
                            && effects.containsKey(new Trace("table", trace.name(), ""));
                    // A NOT NULL that is there is no error.
                    if (minds && effect.creates() && !effect.weak() && !part && !trace.kind().equals("NOT NULL")
                            && present.contains(trace)) {
                        there.add(trace.toString());
                    }
                });
                effects.forEach((trace, effect) -> follow(trace, effect.creates()));
            }
        } catch (IllegalArgumentException e) {
            return null;
        }
        return there;
    }

    // What goes takes with it what hung on it, and of indexes and constraints it is not known on what they do.
    private void follow(Trace trace, boolean made) {
        if (made) {
            present.add(trace);
            return;
        }
        present.remove(trace);
        boolean whole = trace.part().isEmpty();
        present.removeIf(other -> whole && other.name().equals(trace.name())
                || Set.of("index", "constraint", "view", "trigger", "policy").contains(other.kind()));
    }
}
