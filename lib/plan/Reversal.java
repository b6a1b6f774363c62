//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Statement.java ../trash/Trash.java
//SOURCES Definitions.java Node.java ObjectReversal.java Restore.java Rollback.java RowReversal.java Trail.java

package lib.plan;

import java.util.List;
import java.util.Set;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;
import lib.trash.Trash;

/** What takes one statement of a plan back, given how things stood before the plan. */
final class Reversal {
    private final List<Statement> plan;
    private final int number;
    private final Statement statement;
    private final Trail trail;
    private final Trail end;
    private final Definitions before;
    private final Definitions after;
    private final long rows;
    private final Rollback.Step step = Rollback.Step.empty();

    Reversal(List<Statement> plan, int number, List<Trail> trails, Definitions before, Definitions after, long rows) {
        this.plan = plan;
        this.number = number;
        this.statement = plan.get(number);
        this.trail = trails.get(number);
        this.end = trails.get(plan.size());
        this.before = before;
        this.after = after;
        this.rows = rows;
    }

    /** The statements that take it back, and what they cannot bring back. */
    Rollback.Step step() {
        List<Statement.Action> actions = statement.actions();
        if (Node.isBlock(statement)) {
            step.losses().add(Rollback.head(statement) + ": nobody knows what this code does, so it is not taken back");
            return step;
        }
        for (int i = actions.size() - 1; i >= 0; i--) {
            reverse(actions.get(i).change());
        }
        return step;
    }

    private void reverse(Change change) {
        if (change instanceof Change.CreateTable made) {
            createTable(made);
        } else if (change instanceof Change.DropTable dropped) {
            dropTable(dropped.table());
        } else if (change instanceof Change.RenameTable renamed) {
            add("ALTER TABLE " + Name.of(renamed.table().schema(), renamed.to()).sql() + " RENAME TO "
                    + Name.quote(renamed.table().name()));
        } else if (change instanceof Change.CreateIndex index) {
            createIndex(index);
        } else if (change instanceof Change.DropIndex dropped) {
            dropIndex(dropped);
        } else if (change instanceof Change.CreateType type) {
            add("DROP TYPE " + type.type().sql());
        } else if (change instanceof Change.AddEnumValue value) {
            if (before.other("TYPE", value.type()) != null) {
                step.losses().add("enum " + value.type() + " keeps the value '" + value.value()
                        + "': PostgreSQL cannot take one away");
                step.remains().add("enum " + value.type());
            }
        } else if (change instanceof Change.Insert || change instanceof Change.Update || change instanceof Change.Delete
                || change instanceof Change.Truncate) {
            new RowReversal(statement, trail, before, rows, step).reverse(change);
        } else if (change instanceof Change.OfTable of) {
            if (!trail.made(of.table())) {
                alter(of);
            }
        } else {
            new ObjectReversal(statement, trail, before, step).reverse();
        }
    }

    private void createTable(Change.CreateTable made) {
        boolean there = made.ifNotExists() && (trail.made(made.table()) || before.has(trail.before(made.table())));
        // What the plan itself drops later is gone by then.
        boolean gone = plan.subList(number + 1, plan.size()).stream().flatMap(later -> later.actions().stream())
                .anyMatch(action -> action.change() instanceof Change.DropTable dropped
                        && dropped.table().equals(made.table()));
        if (!there && !gone) {
            add("DROP TABLE " + made.table().sql());
        }
    }

    private void dropTable(Name table) {
        Name was = trail.before(table);
        if (trail.made(table) || !before.has(was)) {
            return;
        }
        add("CREATE TABLE " + table.sql() + " (" + String.join(", ", before.columns(was).values().stream()
                .map(column -> column.declaration() + (column.notNull() ? " NOT NULL" : "")).toList()) + ")");
        Name kept = kept(table.name());
        if (kept == null) {
            step.losses().add("the rows of " + table + ": the backup has them");
            step.tables().add(was.full());
        } else {
            String columns = String.join(", ", before.columns(was).values().stream()
                    .filter(column -> column.generated() == null).map(column -> Name.quote(column.name())).toList());
            String values = String.join(", ", before.columns(was).values().stream()
                    .filter(column -> column.generated() == null)
                    .map(column -> Name.quote(column.name()) + "::" + column.type()).toList());
            add("INSERT INTO " + table.sql() + " (" + columns + ") OVERRIDING SYSTEM VALUE SELECT " + values + " FROM "
                    + kept.sql());
        }
        // Foreign keys of others come with the statement that lost them, or with CASCADE here.
        before.constraints(was).forEach(constraint -> late(constraint.sql()));
        before.indexes(was).forEach(index -> late(index.sql()));
        step.losses().add("what belonged to " + table + " beside its rows, constraints and indexes (grants, triggers)");
    }

    // The table that a statement before this one put the rows or values into, so that they are kept.
    private Name kept(String name) {
        for (int i = number - 1; i >= 0; i--) {
            for (Statement.Action action : plan.get(i).actions()) {
                if (action.change() instanceof Change.CreateTable made && Trash.is(made.table().schema())
                        && made.table().name().equals(name)) {
                    return made.table();
                }
            }
        }
        return null;
    }

    private List<String> keyOf(Name kept) {
        return plan.stream().flatMap(other -> other.actions().stream()).map(Statement.Action::change)
                .filter(change -> change instanceof Change.AddConstraint added && added.table().equals(kept)
                        && added.constraint().kind() == Change.Constraint.Kind.PRIMARY_KEY)
                .map(change -> ((Change.AddConstraint) change).constraint().columns()).findFirst().orElse(List.of());
    }

    private void createIndex(Change.CreateIndex index) {
        Name table = trail.before(index.table());
        if (trail.made(index.table())) {
            return;
        }
        Name name = index.name() != null ? Name.of(index.table().schema(), index.name())
                : after.indexes(end.now(table)).stream().map(Definitions.Index::name)
                .filter(made -> before.index(made) == null).findFirst().orElse(null);
        boolean there = name != null && before.index(name) != null
                && statement.sql().matches("(?is).*\\bIF\\s+NOT\\s+EXISTS\\b.*")
                && before.index(name).table().equals(table);
        // A unique index that became a constraint goes with it.
        boolean used = name != null && plan.stream().flatMap(other -> other.actions().stream())
                .anyMatch(action -> action.change() instanceof Change.AddConstraint added
                        && name.name().equals(added.constraint().usingIndex()));
        if (name != null && !there && !used) {
            add("DROP INDEX " + name.sql());
        }
    }

    private void dropIndex(Change.DropIndex dropped) {
        Definitions.Index index = before.index(dropped.index());
        if (index != null) {
            late(index.sql());
        }
    }

    private void alter(Change.OfTable change) {
        String alter = "ALTER TABLE " + change.table().sql() + " ";
        Name was = trail.before(change.table());
        if (change instanceof Change.AddColumn added) {
            boolean there = before.columns(was).containsKey(added.column().name())
                    && statement.sql().matches("(?is).*\\bIF\\s+NOT\\s+EXISTS\\b.*");
            if (!there) {
                add(alter + "DROP COLUMN IF EXISTS " + Name.quote(added.column().name()));
            }
        } else if (change instanceof Change.DropColumn dropped) {
            dropColumn(change.table(), was, dropped.column());
        } else if (change instanceof Change.RenameColumn renamed) {
            add(alter + "RENAME COLUMN " + Name.quote(renamed.to()) + " TO " + Name.quote(renamed.from()));
        } else if (change instanceof Change.AddConstraint added) {
            addConstraint(alter, was, added);
        } else if (change instanceof Change.DropConstraint dropped) {
            dropConstraint(was, dropped);
        } else if (change instanceof Change.ValidateConstraint validated) {
            Definitions.Constraint constraint = before.constraint(was, validated.name());
            if (constraint != null && constraint.definition().endsWith("NOT VALID")) {
                add(alter + "DROP CONSTRAINT " + Name.quote(validated.name()));
                late(constraint.sql());
            }
        } else {
            alterColumn(alter, was, change);
        }
    }

    private void dropColumn(Name table, Name was, String name) {
        Definitions.Column column = before.columns(was).get(trail.before(table, name));
        if (trail.made(table, name) || column == null) {
            return;
        }
        Name kept = kept(table.name() + "_" + name);
        List<String> key = kept == null ? List.of() : keyOf(kept);
        if (key.isEmpty() && column.generated() == null) {
            step.losses().add("the values of " + table + "." + name + ": " + (kept(table.name()) == null
                    ? "the backup has them" : "without a primary key nothing tells which row each belongs to; "
                    + kept(table.name()) + " has them"));
            step.tables().add(was.full());
        }
        boolean text = !key.isEmpty() && statementMaking(kept).contains("::text AS value");
        step.statements().addAll(Restore.column(table, name, column, key.isEmpty() ? null : kept, key, text));
        if (text) {
            step.remains().add("column " + table + "." + name);
            step.losses().add(table + "." + name + " comes back as text");
        }
        Restore.belongings(before, was, trail.before(table, name)).forEach(this::late);
    }

    private String statementMaking(Name table) {
        return plan.stream().filter(other -> other.actions().stream().anyMatch(action ->
                action.change() instanceof Change.CreateTable made && made.table().equals(table)))
                .map(Statement::sql).findFirst().orElse("");
    }

    private void addConstraint(String alter, Name was, Change.AddConstraint added) {
        if (added.constraint().name() != null) {
            add(alter + "DROP CONSTRAINT IF EXISTS " + Name.quote(added.constraint().name()));
            return;
        }
        // Named by the server: those of its kind that were not there before.
        List<String> names = after.constraints(end.now(was)).stream()
                .filter(made -> made.table().equals(end.now(was)) && before.constraint(was, made.name()) == null
                        && made.kind().equals(letter(added.constraint().kind())))
                .map(Definitions.Constraint::name).toList();
        names.forEach(name -> add(alter + "DROP CONSTRAINT IF EXISTS " + Name.quote(name)));
    }

    private static String letter(Change.Constraint.Kind kind) {
        return switch (kind) {
            case PRIMARY_KEY -> "p";
            case UNIQUE -> "u";
            case FOREIGN_KEY -> "f";
            case EXCLUDE -> "x";
            case CHECK -> "c";
            case NOT_NULL -> "n";
        };
    }

    private void dropConstraint(Name was, Change.DropConstraint dropped) {
        Definitions.Constraint constraint = before.constraint(was, dropped.name());
        if (constraint == null) {
            return;
        }
        late(constraint.sql());
        if (statement.sql().matches("(?is).*\\bCASCADE\\s*")) {
            before.constraints(was).stream().filter(other -> was.equals(other.refers()))
                    .forEach(other -> late(other.sql()));
        }
    }

    private void alterColumn(String alter, Name was, Change.OfTable change) {
        String name = change instanceof Change.SetNotNull set ? set.column()
                : change instanceof Change.DropNotNull drop ? drop.column()
                : change instanceof Change.SetType type ? type.column()
                : change instanceof Change.SetDefault value ? value.column() : null;
        Definitions.Column column = name == null ? null : before.columns(was).get(trail.before(change.table(), name));
        if (column == null || trail.made(change.table(), name)) {
            return;
        }
        String its = alter + "ALTER COLUMN " + Name.quote(name) + " ";
        String value = column.defaultExpression() == null ? null : its + "SET DEFAULT " + column.defaultExpression();
        if (change instanceof Change.SetNotNull && !column.notNull()) {
            add(its + "DROP NOT NULL");
        } else if (change instanceof Change.DropNotNull && column.notNull()) {
            add(its + "SET NOT NULL");
        } else if (change instanceof Change.SetDefault) {
            add(value == null ? its + "DROP DEFAULT" : value);
        } else if (change instanceof Change.SetType) {
            if (value != null) {
                add(its + "DROP DEFAULT");
            }
            add(its + "TYPE " + column.type() + " USING " + Name.quote(name) + "::"
                    + column.type().replaceFirst(" COLLATE .*", ""));
            if (value != null) {
                add(value);
            }
            // Whether every value came through both ways is seen on the copy.
            step.tables().add(was.full());
        }
    }

    private void late(String sql) {
        step.late().add(sql);
    }

    private void add(String sql) {
        step.statements().add(sql);
    }
}
