//SOURCES ../sql/Locks.java ../sql/LockMode.java ../sql/Change.java ../sql/Name.java ../sql/Phrase.java ../sql/Statement.java Context.java Targets.java
//SOURCES SessionSettings.java

package lib.hazards;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sql.Change;
import lib.sql.LockMode;
import lib.sql.Locks;
import lib.sql.Name;
import lib.sql.Phrase;
import lib.sql.Statement;

/** What the statements before the present one did, in the order in which they will run. */
final class Story {
    private static final Pattern NOT_NULL =
            Pattern.compile("(?is)^\\(*\\s*(\"(?:[^\"]|\"\")+\"|[\\w$]+)\\s+IS\\s+NOT\\s+NULL\\s*\\)*$");

    private final Context context;
    private final Set<Name> tables = new HashSet<>();
    private final Map<Name, Change.CreateIndex> indexes = new HashMap<>();
    private final Set<Name> gone = new HashSet<>();
    private final Map<Name, Map<String, List<String>>> trees = new HashMap<>();
    private final Map<String, String> types = new HashMap<>();
    private final Map<String, String> promises = new HashMap<>();
    private final Set<String> proven = new HashSet<>();
    private final Set<String> added = new HashSet<>();
    private final Set<String> filled = new HashSet<>();
    private final Set<String> checked = new HashSet<>();
    private final Set<Name> guarded = new HashSet<>();
    private final Set<String> ahead = new HashSet<>();
    private final Set<String> said = new HashSet<>();
    final Set<Name> domains = new HashSet<>();
    final SessionSettings settings = new SessionSettings();
    private boolean open;
    /** The statement before this one, when it is in the same file. */
    Statement before;

    /** What the present transaction did; it begins anew with every transaction. */
    final Map<Name, LockMode> held = new LinkedHashMap<>();
    final Map<String, Name> values = new HashMap<>();
    final Set<String> unproven = new HashSet<>();
    private final Set<Name> newTypes = new HashSet<>();

    Story(Context context) {
        this.context = context;
    }

    /** Takes note of what later statements will do, for hazards that a later statement takes away. */
    void foresee(Statement statement) {
        for (Statement.Action action : statement.actions()) {
            if (action.change() instanceof Change.CreateIndex index && !index.columns().isEmpty()) {
                ahead.add(key(index.table(), index.columns().get(0)));
            } else if (action.change() instanceof Change.AddConstraint added && !added.constraint().columns().isEmpty()
                    && added.constraint().kind() != Change.Constraint.Kind.FOREIGN_KEY) {
                ahead.add(key(added.table(), added.constraint().columns().get(0)));
            }
        }
    }

    void file() {
        before = null;
        said.clear();
        settings.clear();
        if (context.shape() != Context.Shape.ALL) {
            end();
        }
        open = false;
    }

    boolean open() {
        return open;
    }

    /** Whether the next statement shares a transaction with others. */
    boolean inTransaction() {
        return open || context.shape() != Context.Shape.NONE;
    }

    /** Whether something is said for the first time in this file. */
    boolean first(String what) {
        return said.add(what);
    }

    boolean made(Name table) {
        return tables.contains(table);
    }

    /** The table of an index that this release made, or null. */
    Name tableOf(Name index) {
        return indexes.containsKey(index) ? indexes.get(index).table() : null;
    }

    /** The columns of an index that this release made; empty when nobody knows. */
    List<String> columns(Name index) {
        return indexes.containsKey(index) ? indexes.get(index).columns() : List.of();
    }

    /** An index whose order begins with these columns, of the database or made before; null when there is none. */
    String beginning(Name table, List<String> columns) {
        Map<String, List<String>> all = new LinkedHashMap<>(trees.getOrDefault(table, Map.of()));
        if (context.tables().containsKey(table)) {
            context.tables().get(table).indexes().forEach((name, order) -> {
                if (!gone.contains(name)) {
                    all.put(name.name(), order);
                }
            });
        }
        return all.entrySet().stream().filter(index -> index.getValue().size() >= columns.size()
                && index.getValue().subList(0, columns.size()).equals(columns)).map(Map.Entry::getKey)
                .findFirst().orElse(null);
    }

    boolean typeInTransaction(Name type) {
        return newTypes.contains(type);
    }

    /** Whether a validated CHECK, or the database, says that the column is never NULL. */
    boolean neverNull(Name table, String column) {
        Context.Table known = context.tables().get(table);
        return proven.contains(key(table, column)) || known != null
                && known.columns().containsKey(column) && known.columns().get(column).notNull();
    }

    /** Whether this release adds the column. */
    boolean added(Name table, String column) {
        return added.contains(key(table, column));
    }

    boolean filled(Name table, String column) {
        return filled.contains(key(table, column));
    }

    boolean checked(Name table, String column) {
        return checked.contains(key(table, column));
    }

    boolean indexed(Name table, String column) {
        return ahead.contains(key(table, column));
    }

    boolean guarded(Name index) {
        return guarded.contains(index);
    }

    /** The type of a column before the present statement; null when nobody knows. */
    String type(Name table, String column) {
        String type = types.get(key(table, column));
        Context.Table known = context.tables().get(table);
        return type != null ? type : known != null && known.columns().containsKey(column)
                ? known.columns().get(column).type() : null;
    }

    /** Goes on behind a statement. */
    void advance(Statement statement) {
        switch (statement.tag()) {
            case "BEGIN", "START TRANSACTION" -> {
                end();
                open = true;
            }
            case "COMMIT", "ROLLBACK" -> {
                if (!Phrase.of(statement.sql()).has("TO")) {
                    end();
                    open = false;
                }
            }
            case "CREATE DOMAIN" -> {
                if (Phrase.of(statement.sql()).has("CHECK") || Phrase.of(statement.sql()).has("NOT NULL")) {
                    domains.add(Targets.after(Phrase.of(statement.sql()), "DOMAIN"));
                }
            }
            default -> settings.read(statement, inTransaction());
        }
        statement.actions().forEach(action -> remember(action.change()));
        if (statement.actions().get(0).change() instanceof Change.CreateIndex index && index.name() != null
                && !IndexHazards.plainColumns(statement.sql()).isEmpty()) {
            tree(index.table(), index.name(), index.columns());
        }
        if (inTransaction()) {
            Locks.of(statement).forEach((table, lock) -> {
                if (lock == LockMode.ACCESS_EXCLUSIVE && !made(table)) {
                    held.put(table, lock);
                }
            });
        }
        before = statement;
        if (!inTransaction()) {
            end();
        }
    }

    private void remember(Change change) {
        if (change instanceof Change.CreateTable made) {
            if (!made.ifNotExists() || !context.tables().containsKey(made.table())) {
                tables.add(made.table());
            }
            made.columns().forEach(column -> types.put(key(made.table(), column.name()), column.type()));
            made.columns().stream().filter(column -> column.primaryKey() || column.unique())
                    .forEach(column -> tree(made.table(), "that of " + column.name(), List.of(column.name())));
            made.constraints().stream().filter(constraint -> constraint.kind() == Change.Constraint.Kind.PRIMARY_KEY
                    || constraint.kind() == Change.Constraint.Kind.UNIQUE).forEach(constraint -> tree(made.table(),
                    "that of " + String.join(", ", constraint.columns()), constraint.columns()));
        } else if (change instanceof Change.RenameTable renamed && tables.contains(renamed.table())) {
            tables.add(Name.of(renamed.table().schema(), renamed.to()));
        } else if (change instanceof Change.AddColumn added) {
            types.put(key(added.table(), added.column().name()), added.column().type());
            this.added.add(key(added.table(), added.column().name()));
        } else if (change instanceof Change.SetType typed) {
            types.put(key(typed.table(), typed.column()), typed.type());
        } else if (change instanceof Change.CreateIndex index && index.name() != null) {
            indexes.put(Name.of(index.table().schema(), index.name()), index);
        } else if (change instanceof Change.DropIndex dropped) {
            gone.add(dropped.index());
            trees.values().forEach(names -> names.remove(dropped.index().name()));
            if (dropped.concurrently()) {
                guarded.add(dropped.index());
            }
        } else if (change instanceof Change.CreateType type) {
            newTypes.add(type.type());
        } else if (change instanceof Change.AddEnumValue added) {
            values.put(added.value(), added.type());
        } else if (change instanceof Change.AddConstraint added) {
            constraint(added);
        } else if (change instanceof Change.ValidateConstraint valid) {
            String promise = promises.get(key(valid.table(), valid.name()));
            if (promise != null) {
                proven.add(promise);
            }
        } else if (change instanceof Change.Update update) {
            update.columns().forEach(column -> filled.add(key(update.table(), column)));
        }
    }

    private void tree(Name table, String name, List<String> columns) {
        trees.computeIfAbsent(table, key -> new LinkedHashMap<>()).put(name, columns);
    }

    private void constraint(Change.AddConstraint added) {
        Change.Constraint constraint = added.constraint();
        String name = key(added.table(), constraint.name() == null ? "" : constraint.name());
        if (constraint.notValid()) {
            unproven.add(name);
        }
        Matcher promise = NOT_NULL.matcher(constraint.condition() == null ? "" : constraint.condition());
        String column = promise.matches() ? Phrase.of(promise.group(1)).identifier()
                : constraint.kind() == Change.Constraint.Kind.NOT_NULL ? constraint.columns().get(0) : null;
        if (column != null) {
            promises.put(name, key(added.table(), column));
            if (!constraint.notValid()) {
                proven.add(key(added.table(), column));
            }
        } else if (constraint.condition() != null) {
            Phrase.of(constraint.condition()).identifiers().forEach(word -> checked.add(key(added.table(), word)));
        }
    }

    private void end() {
        held.clear();
        values.clear();
        unproven.clear();
        newTypes.clear();
        settings.endTransaction();
    }

    static String key(Name table, String column) {
        return table + "\n" + column;
    }
}
