//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Statement.java Executor.java Node.java Plan.java
//SOURCES Rollback.java Trail.java

package lib.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

/** Which statements of a plan account for what happened to the rows and the columns of a table. */
public final class Attribution {
    private static final String DYNAMIC = "EXECUTE";

    private final List<Statement> statements;
    private final List<Trail> trails;
    private final List<Executor.Outcome> outcomes;
    /** The statements that make a table or write to it, by its name. */
    private Map<Name, List<String>> makers;

    /**
     * How many rows a plan put into a table and took out of it.
     *
     * @param exact false where a statement does not tell how many of its rows that were
     * @param by the statements, for people
     */
    public record Rows(long in, long out, boolean exact, List<String> by) {
    }

    /** Reads a plan; the outcomes are those of its run, empty before it. */
    public Attribution(Plan plan, List<Executor.Outcome> outcomes) {
        this.statements = plan.statements();
        this.trails = Trail.of(statements);
        this.outcomes = outcomes;
    }

    /** Whether any statement may change the rows or the columns of a table, named as it was before the plan. */
    public boolean touches(Name table) {
        for (int i = 0; i < statements.size(); i++) {
            int at = i;
            Statement statement = statements.get(i);
            if (code(statement, table) || statement.writes().stream().anyMatch(name -> is(at, name, table))
                    || statement.actions().stream().flatMap(action -> action.change().tables().stream())
                    .anyMatch(name -> is(at, name, table))) {
                return true;
            }
        }
        return false;
    }

    /** Whether the plan gives this column up, under whatever name. */
    public boolean drops(Name table, String column) {
        return !dropping(table, column).isEmpty();
    }

    /** What accounts for the number of rows of a table. */
    public Rows rows(Name table) {
        long in = 0;
        long out = 0;
        boolean exact = true;
        List<String> by = new ArrayList<>();
        for (int i = 0; i < statements.size(); i++) {
            Statement statement = statements.get(i);
            boolean counts = false;
            List<Change> changes = statement.actions().stream().map(Statement.Action::change).toList();
            for (Change change : changes) {
                if (change instanceof Change.Insert insert && is(i, insert.table(), table)) {
                    in += touched(i);
                    exact &= changes.size() == 1
                            && !statement.sql().matches("(?is).*\\bON\\s+CONFLICT\\b.*\\bDO\\s+UPDATE\\b.*");
                    counts = true;
                } else if (change instanceof Change.Delete delete && is(i, delete.table(), table)) {
                    out += touched(i);
                    exact &= changes.size() == 1;
                    counts = true;
                } else if (change instanceof Change.Truncate truncate) {
                    int at = i;
                    if (truncate.tables().stream().anyMatch(name -> is(at, name, table))) {
                        exact = false;
                        counts = true;
                    }
                } else if (statement.tag().equals("MERGE") && names(i, table)) {
                    exact = false;
                    counts = true;
                }
            }
            if (code(statement, table)) {
                exact = false;
                counts = true;
            }
            if (counts) {
                by.add(line(statement));
            }
        }
        return new Rows(in, out, exact, by);
    }

    /**
     * The statements that set a column's values or give it another type.
     *
     * @param converted whether the other type shows the same values in another way
     */
    public List<String> setting(Name table, String column, boolean converted) {
        List<String> by = new ArrayList<>();
        for (int i = 0; i < statements.size(); i++) {
            int at = i;
            Statement statement = statements.get(i);
            if (code(statement, table) || statement.tag().equals("MERGE") && names(i, table)
                    || statement.actions().stream().map(Statement.Action::change)
                    .anyMatch(change -> sets(at, change, table, column, converted))) {
                by.add(line(statement));
            }
        }
        return by;
    }

    private boolean sets(int at, Change change, Name table, String column, boolean converted) {
        if (change instanceof Change.Update update && is(at, update.table(), table)) {
            return update.columns().isEmpty() || update.columns().stream()
                    .anyMatch(name -> trails.get(at).before(update.table(), name).equals(column));
        }
        if (change instanceof Change.Insert insert && is(at, insert.table(), table)) {
            return statements.get(at).sql().matches("(?is).*\\bDO\\s+UPDATE\\b.*");
        }
        return change instanceof Change.SetType type && is(at, type.table(), table)
                && (converted || type.using() != null)
                && trails.get(at).before(type.table(), type.column()).equals(column);
    }

    /** The statements that drop a column. */
    public List<String> dropping(Name table, String column) {
        List<String> by = new ArrayList<>();
        for (int i = 0; i < statements.size(); i++) {
            int at = i;
            if (code(statements.get(i), table) || statements.get(i).actions().stream().map(Statement.Action::change)
                    .anyMatch(change -> change instanceof Change.DropColumn dropped && is(at, dropped.table(), table)
                            && trails.get(at).before(dropped.table(), dropped.column()).equals(column))) {
                by.add(line(statements.get(i)));
            }
        }
        return by;
    }

    /** The statements that drop a table, or the schema that it is in. */
    public List<String> dropping(Name table) {
        List<String> by = new ArrayList<>();
        for (int i = 0; i < statements.size(); i++) {
            int at = i;
            Statement statement = statements.get(i);
            boolean schema = statement.tag().equals("DROP SCHEMA") && Node.names(statement.sql(), table.schema());
            if (schema || code(statement, table) || statement.actions().stream().map(Statement.Action::change)
                    .anyMatch(change -> change instanceof Change.DropTable dropped && is(at, dropped.table(), table))
                    || Trail.newSchema(statement) != null && names(i, table)) {
                by.add(line(statement));
            }
        }
        return by;
    }

    /** The statements that make a table, or put rows into it, under the name that it has at the end. */
    public List<String> making(Name table) {
        if (makers == null) {
            makers = new HashMap<>();
            for (Statement statement : statements) {
                Set<Name> tables = new HashSet<>(statement.writes());
                statement.actions().forEach(action -> tables.addAll(action.change().tables()));
                tables.forEach(each -> makers.computeIfAbsent(each, none -> new ArrayList<>()).add(line(statement)));
            }
        }
        return makers.getOrDefault(table, List.of());
    }

    /** INSERT … SELECT statements that may leave rows out without a word, with how many they took. */
    public List<Move> silent() {
        List<Move> moves = new ArrayList<>();
        for (int i = 0; i < statements.size(); i++) {
            Statement statement = statements.get(i);
            boolean quiet = statement.sql().matches("(?is).*(\\bON\\s+CONFLICT\\b.*\\bDO\\s+NOTHING\\b"
                    + "|\\bSELECT\\b.*\\bJOIN\\b).*");
            if (quiet && statement.actions().size() == 1
                    && statement.actions().get(0).change() instanceof Change.Insert insert) {
                Trail trail = trails.get(i);
                List<Name> sources = statement.relations().stream().filter(name -> !name.equals(insert.table()))
                        .map(trail::before).toList();
                moves.add(new Move(line(statement), insert.table(), sources, touched(i)));
            }
        }
        return moves;
    }

    /** Rows that went from tables, named as before the plan, into another one. */
    public record Move(String statement, Name into, List<Name> from, long rows) {
    }

    private boolean is(int at, Name name, Name before) {
        return !trails.get(at).made(name) && trails.get(at).before(name).equals(before);
    }

    private boolean names(int at, Name before) {
        return statements.get(at).relations().stream().anyMatch(name -> is(at, name, before));
    }

    // Code tells by its words what it may touch; what it puts together itself may be anything.
    private static boolean code(Statement statement, Name table) {
        boolean calls = statement.tag().equals("SELECT") && statement.relations().isEmpty();
        return (Node.isBlock(statement) || calls) && (Node.names(statement.sql(), table.name())
                || Set.of("DO", "CALL").contains(statement.tag()) && Node.names(statement.sql(), DYNAMIC));
    }

    private long touched(int at) {
        return at < outcomes.size() ? outcomes.get(at).rows() : 0;
    }

    private static String line(Statement statement) {
        return "line " + statement.line() + ": " + Rollback.head(statement);
    }
}
