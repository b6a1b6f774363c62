//SOURCES ../Failure.java ../History.java ../Migration.java ../Notes.java ../Postgres.java ../Project.java
//SOURCES ../sql/Change.java ../sql/LockMode.java ../sql/Locks.java ../sql/Name.java
//SOURCES ../sql/Sql.java ../sql/Statement.java Database.java

package lib.preflight;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Failure;
import lib.History;
import lib.Migration;
import lib.Notes;
import lib.Postgres;
import lib.Project;
import lib.sql.Change;
import lib.sql.LockMode;
import lib.sql.Locks;
import lib.sql.Name;
import lib.sql.Sql;
import lib.sql.Statement;

/**
 * What the release will do to the database, as far as the pending migrations and the SQL of MIGRATIONS.md tell before
 * anything is written: the tables that exist and will be locked, the extensions, the statements. Read once, when the
 * first gate asks.
 */
public final class Planned {
    private static final Pattern EXTENSION = Pattern.compile("(?is)^\\s*CREATE\\s+EXTENSION\\s+"
            + "(?:IF\\s+NOT\\s+EXISTS\\s+)?(\"[^\"]+\"|[\\w-]+).*");
    private static final Pattern ALTERS = Pattern.compile("(?is)\\b(alter|drop|truncate|create)\\b");

    // Questions, and the transactions that a file may open around its statements.
    private static final Set<String> IDLE = Set.of("BEGIN", "START TRANSACTION", "COMMIT", "EXPLAIN", "SHOW", "SELECT");

    private final Project project;
    private final Database database;
    private Facts facts;

    public Planned(Project project, Database database) {
        this.project = project;
        this.database = database;
    }

    /** A table of production with the strongest lock that the release takes of it. */
    record Table(Name name, long oid, LockMode mode) {
    }

    /**
     * What is known.
     *
     * @param unknown why it is not known, null when it is
     * @param state of the migration tool's history, null when there is none
     */
    record Facts(String unknown, History.State state, List<Statement> statements, List<Table> tables,
                 Set<String> extensions) {
        /** Why there is nothing to look at; null when there is something. */
        String nothing() {
            return unknown != null ? "what the release does is not known yet: " + unknown
                    : statements.isEmpty() ? "nothing is pending" : null;
        }
    }

    synchronized Facts facts() throws SQLException {
        if (facts == null) {
            try {
                facts = read();
            } catch (Failure | IllegalArgumentException e) {
                // Said by the gate it belongs to, or by assess, with its place; here it only means not to know.
                facts = new Facts(e.getMessage(), null, List.of(), List.of(), Set.of());
            }
        }
        return facts;
    }

    private Facts read() throws SQLException {
        List<Statement> statements = new ArrayList<>();
        History.State state = null;
        if (project.git.commit("HEAD") != null) {
            History history = project.history().orElse(null);
            state = history == null ? null : history.state(database.shared());
            for (Migration migration : state == null ? List.<Migration>of()
                    : project.holds(history, state.pending()).due()) {
                statements.addAll(Statement.parse(migration.sql()));
            }
            for (Notes.Entry entry : project.notes().entries()) {
                entry.sql().forEach(fence -> statements.addAll(Statement.parse(fence)));
            }
            statements.removeIf(statement -> IDLE.contains(statement.tag()));
        }
        Set<String> extensions = new TreeSet<>();
        for (Statement statement : statements) {
            Matcher matcher = EXTENSION.matcher(Sql.withoutComments(statement.sql()));
            if (matcher.matches()) {
                extensions.add(Name.parse(matcher.group(1).contains("-") && !matcher.group(1).startsWith("\"")
                        ? '"' + matcher.group(1) + '"' : matcher.group(1)).name());
            }
        }
        return new Facts(null, state, List.copyOf(statements),
                statements.isEmpty() ? List.of() : tables(statements, state), extensions);
    }

    private List<Table> tables(List<Statement> statements, History.State state) throws SQLException {
        Map<Name, Long> oids = new HashMap<>();
        Map<Long, Name> names = new HashMap<>();
        for (List<String> row : database.rows("""
                SELECT n.nspname, c.relname, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'""")) {
            Name name = Name.of(row.get(0), row.get(1));
            oids.put(name, Long.parseLong(row.get(2)));
            names.put(Long.parseLong(row.get(2)), name);
        }
        Map<Name, LockMode> modes = new TreeMap<>();
        for (Statement statement : statements) {
            Locks.of(statement).forEach((name, mode) -> modes.merge(name, mode, LockMode::and));
            if (Set.of("DO", "CALL").contains(statement.tag())) {
                // Of a block of code only the words are known.
                LockMode mode = ALTERS.matcher(statement.sql()).find() ? LockMode.ACCESS_EXCLUSIVE
                        : LockMode.ROW_EXCLUSIVE;
                oids.keySet().stream().filter(name -> Pattern.compile("(?<![\\w$])" + Pattern.quote(name.name())
                        + "(?![\\w$])").matcher(statement.sql()).find())
                        .forEach(name -> modes.merge(name, mode, LockMode::and));
            }
        }
        if (state != null && state.exists()) {
            modes.merge(state.table(), LockMode.ROW_EXCLUSIVE, LockMode::and);
        }
        follow(statements, modes);
        modes.keySet().retainAll(oids.keySet());
        descend(modes, names);
        return modes.entrySet().stream()
                .map(entry -> new Table(entry.getKey(), oids.get(entry.getKey()), entry.getValue())).toList();
    }

    // The tables at the other end of what goes: a foreign key locks both, an index its table.
    private void follow(List<Statement> statements, Map<Name, LockMode> modes) throws SQLException {
        List<List<String>> keys = database.rows("""
                SELECT n.nspname, c.relname, o.nspname, p.relname, k.conname FROM pg_constraint k
                JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace o ON o.oid = p.relnamespace
                WHERE k.contype = 'f'""");
        List<Change> changes = statements.stream().flatMap(statement -> statement.actions().stream())
                .map(Statement.Action::change).toList();
        for (Change change : changes) {
            if (change instanceof Change.DropIndex dropped) {
                LockMode mode = dropped.concurrently() ? LockMode.SHARE_UPDATE_EXCLUSIVE : LockMode.ACCESS_EXCLUSIVE;
                for (List<String> row : database.rows("SELECT n.nspname, c.relname FROM pg_index x JOIN pg_class c"
                        + " ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE x.indexrelid"
                        + " = to_regclass(" + Postgres.literal(dropped.index().sql()) + ")")) {
                    modes.merge(Name.of(row.get(0), row.get(1)), mode, LockMode::and);
                }
            }
            for (List<String> key : keys) {
                Name child = Name.of(key.get(0), key.get(1));
                boolean gone = change instanceof Change.DropTable dropped && dropped.table().equals(child)
                        || change instanceof Change.DropConstraint lost && lost.table().equals(child)
                        && lost.name().equals(key.get(4));
                if (gone) {
                    modes.merge(Name.of(key.get(2), key.get(3)), LockMode.ACCESS_EXCLUSIVE, LockMode::and);
                }
            }
        }
    }

    // What is done to a table with partitions or heirs is done to each of them.
    private void descend(Map<Name, LockMode> modes, Map<Long, Name> names) throws SQLException {
        List<List<String>> pairs = database.rows("SELECT inhparent, inhrelid FROM pg_inherits");
        boolean more = true;
        while (more) {
            more = false;
            for (List<String> pair : pairs) {
                LockMode mode = modes.get(names.get(Long.parseLong(pair.get(0))));
                Name heir = names.get(Long.parseLong(pair.get(1)));
                if (mode != null && heir != null) {
                    LockMode before = modes.get(heir);
                    LockMode now = before == null ? mode : before.and(mode);
                    more |= now != before;
                    modes.put(heir, now);
                }
            }
        }
    }
}
