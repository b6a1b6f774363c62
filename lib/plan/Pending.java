//SOURCES ../sql/Change.java ../Failure.java ../Migration.java ../sql/Name.java ../Notes.java ../sql/Statement.java

package lib.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.sql.Change;
import lib.Failure;
import lib.Migration;
import lib.sql.Name;
import lib.Notes;
import lib.sql.Statement;

/** All statements of one release together: its migration files and the SQL of its entries, asked as one. */
final class Pending {
    /** One action of one statement, with the migration it comes from. */
    record Part(Migration migration, Statement statement, Statement.Action action) {
        Change change() {
            return action.change();
        }
    }

    final List<Part> parts = new ArrayList<>();
    final Map<Statement, String> written = new LinkedHashMap<>();

    /** Reads the migration files; what cannot be split is told by file and line. */
    Pending(List<Migration> migrations, List<Notes.Entry> entries) {
        for (Migration migration : migrations) {
            for (Statement statement : read(migration.sql(), migration.file())) {
                statement.actions().forEach(action -> parts.add(new Part(migration, statement, action)));
            }
        }
        for (Notes.Entry entry : entries) {
            for (String fence : entry.sql()) {
                for (Statement statement : read(fence, "the SQL under \"" + entry.title() + "\" in " + Notes.FILE)) {
                    // A question is not a step; it changes nothing.
                    if (!statement.tag().equals("SELECT")) {
                        written.put(statement, entry.title());
                    }
                }
            }
        }
    }

    private static List<Statement> read(String sql, String place) {
        try {
            return Statement.parse(sql);
        } catch (IllegalArgumentException e) {
            throw Failure.stop(place + ": " + e.getMessage(), "correct it, commit it, and run this again");
        }
    }

    /** The CREATE TABLE of a table that this release makes, or null. */
    Change.CreateTable created(Name table) {
        for (Part part : parts) {
            if (part.change() instanceof Change.CreateTable made && made.table().equals(table)) {
                return made;
            }
        }
        return null;
    }

    /** What a column refers to by a foreign key of this release, or null. */
    Change.Reference reference(Name table, Change.Column column) {
        if (column.references() != null) {
            return column.references();
        }
        for (Part part : parts) {
            if (part.change() instanceof Change.AddConstraint added && added.table().equals(table)
                    && added.constraint().kind() == Change.Constraint.Kind.FOREIGN_KEY
                    && added.constraint().columns().equals(List.of(column.name()))) {
                return added.constraint().references();
            }
        }
        return null;
    }

    /** Whether a column alone tells the rows of a new table apart, by any statement of this release. */
    boolean unique(Change.CreateTable made, String column) {
        boolean declared = made.columns().stream().anyMatch(c -> c.name().equals(column) && (c.unique() || c.primaryKey()))
                || made.constraints().stream().anyMatch(c -> isKey(c, column));
        return declared || parts.stream().anyMatch(part ->
                part.change() instanceof Change.AddConstraint added && added.table().equals(made.table()) && isKey(added.constraint(), column)
                || part.change() instanceof Change.CreateIndex index && index.table().equals(made.table()) && index.unique()
                && index.columns().equals(List.of(column)));
    }

    private static boolean isKey(Change.Constraint constraint, String column) {
        return (constraint.kind() == Change.Constraint.Kind.UNIQUE || constraint.kind() == Change.Constraint.Kind.PRIMARY_KEY)
                && constraint.columns().equals(List.of(column));
    }

    /** The single column of a new table's primary key; "id" when it has none of one column. */
    String primaryKey(Change.CreateTable made) {
        return made.columns().stream().filter(Change.Column::primaryKey).map(Change.Column::name).findFirst()
                .or(() -> made.constraints().stream().filter(c -> c.kind() == Change.Constraint.Kind.PRIMARY_KEY && c.columns().size() == 1)
                        .map(c -> c.columns().get(0)).findFirst()).orElse("id");
    }

    /** Whether this release drops a column. */
    boolean givesUp(Name table, String column) {
        return parts.stream().anyMatch(part -> part.change() instanceof Change.DropColumn dropped && dropped.table().equals(table)
                && dropped.column().equals(column));
    }

    /** Whether somebody wrote an INSERT into a table, in a file or in an entry. */
    boolean hasData(Name table) {
        return changes().stream().anyMatch(change -> change instanceof Change.Insert insert && insert.table().equals(table));
    }

    /** Whether somebody wrote how a column gets its values. */
    boolean hasData(Name table, String column) {
        return changes().stream().anyMatch(change -> change instanceof Change.Update update && update.table().equals(table)
                && update.columns().contains(column));
    }

    /** Whether some written statement reads a table and names a column, so that its values are not simply given up. */
    boolean reads(Name table, String column) {
        return written.keySet().stream().anyMatch(statement -> uses(statement, table, column))
                || parts.stream().anyMatch(part -> isData(part.change()) && uses(part.statement(), table, column));
    }

    private static boolean uses(Statement statement, Name table, String column) {
        return statement.relations().contains(table) && (column == null || statement.identifiers().contains(column));
    }

    static boolean isData(Change change) {
        return change instanceof Change.Insert || change instanceof Change.Update || change instanceof Change.Delete
                || change instanceof Change.Truncate;
    }

    private List<Change> changes() {
        List<Change> changes = new ArrayList<>();
        parts.forEach(part -> changes.add(part.change()));
        written.keySet().forEach(statement -> statement.actions().forEach(action -> changes.add(action.change())));
        return changes;
    }
}
