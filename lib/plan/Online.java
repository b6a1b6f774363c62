//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Statement.java Catalog.java Node.java Pending.java

package lib.plan;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

/**
 * The form of a statement that does not hold a large table up: constraints NOT VALID and validated afterwards, indexes
 * built concurrently after the transaction, enum values committed before they are used.
 */
final class Online {
    /** From this many rows on (the server's estimate) a full scan under a lock takes long enough to be felt. */
    static final long LARGE_ROWS = 1_000_000;
    private static final Pattern CREATE_INDEX = Pattern.compile("(?i)^CREATE\\s+(UNIQUE\\s+)?INDEX\\b");

    private final Pending release;
    private final Catalog catalog;

    Online(Pending release, Catalog catalog) {
        this.release = release;
        this.catalog = catalog;
    }

    /** The nodes that stand for a statement of one action, or nothing when it stays as it is. */
    Optional<List<Node>> of(Change change, Statement statement, String origin) {
        if (change instanceof Change.AddEnumValue added) {
            return enumValue(added, statement, origin);
        }
        if (change instanceof Change.AddConstraint added && reforms(change)) {
            String validate = "ALTER TABLE " + added.table().sql() + " VALIDATE CONSTRAINT "
                    + Name.quote(added.constraint().name());
            return Optional.of(List.of(
                    Node.file(Statement.of(statement.sql() + " NOT VALID", statement.line()), origin,
                            origin + ": NOT VALID, because " + added.table() + " is large", catalog),
                    Node.apart(Node.Kind.LATER, validate, origin, "reads the whole table while others go on writing")));
        }
        if (change instanceof Change.CreateIndex index && reforms(change)) {
            String sql = CREATE_INDEX.matcher(statement.sql()).replaceFirst("$0 CONCURRENTLY");
            return Optional.of(List.of(Node.apart(Node.Kind.LATER, sql, origin,
                    origin + ": CONCURRENTLY, because " + index.table() + " is large")));
        }
        return Optional.empty();
    }

    /** Whether a change takes another form because its table is large. */
    boolean reforms(Change change) {
        return change instanceof Change.AddConstraint added && large(added.table()) && waits(added.constraint())
                && stays(added.table(), added.constraint().name())
                || change instanceof Change.CreateIndex index && large(index.table()) && !index.concurrently()
                && movable(index);
    }

    // A new value cannot be used in the transaction that adds it, unless the type is as new as the value.
    private Optional<List<Node>> enumValue(Change.AddEnumValue added, Statement statement, String origin) {
        boolean newType = release.parts.stream().anyMatch(part ->
                part.change() instanceof Change.CreateType type && type.type().equals(added.type()));
        String literal = "'" + added.value().replace("'", "''") + "'";
        boolean used = release.parts.stream()
                .anyMatch(part -> part.statement() != statement && part.statement().sql().contains(literal))
                || release.written.keySet().stream().anyMatch(written -> written.sql().contains(literal));
        if (newType || !used) {
            return Optional.empty();
        }
        String sql = statement.sql().matches("(?is).*\\bIF\\s+NOT\\s+EXISTS\\b.*") ? statement.sql()
                : statement.sql().replaceFirst("(?i)\\bADD\\s+VALUE\\b", "ADD VALUE IF NOT EXISTS");
        return Optional.of(List.of(Node.apart(Node.Kind.EARLY, sql, origin,
                origin + ": committed first, because this release uses the value")));
    }

    private boolean large(Name table) {
        return release.created(table) == null && catalog.estimate(table) >= LARGE_ROWS;
    }

    private static boolean waits(Change.Constraint constraint) {
        return constraint.name() != null && !constraint.notValid()
                && (constraint.kind() == Change.Constraint.Kind.FOREIGN_KEY
                || constraint.kind() == Change.Constraint.Kind.CHECK);
    }

    // What is validated at the end must still be there then, under its name.
    private boolean stays(Name table, String constraint) {
        return !leaves(table) && release.parts.stream().map(Pending.Part::change).noneMatch(change ->
                change instanceof Change.DropConstraint dropped && dropped.table().equals(table)
                        && dropped.name().equals(constraint));
    }

    private boolean leaves(Name table) {
        return release.parts.stream().map(Pending.Part::change).anyMatch(change ->
                change instanceof Change.RenameTable renamed && renamed.table().equals(table)
                || change instanceof Change.DropTable dropped && dropped.table().equals(table));
    }

    // Only when nothing else in the release counts on the index being there, or changes what it is built of.
    private boolean movable(Change.CreateIndex index) {
        boolean conflicts = index.unique() && release.written.keySet().stream().anyMatch(statement ->
                statement.writes().contains(index.table()) && statement.sql().matches("(?is).*\\bON\\s+CONFLICT\\b.*"));
        return !conflicts && !leaves(index.table())
                && release.parts.stream().map(Pending.Part::change).noneMatch(change -> hinders(change, index));
    }

    private static boolean hinders(Change change, Change.CreateIndex index) {
        if (change instanceof Change.DropIndex dropped) {
            return dropped.index().name().equals(index.name());
        }
        if (change instanceof Change.DropColumn dropped) {
            return dropped.table().equals(index.table()) && uses(index, dropped.column());
        }
        if (change instanceof Change.RenameColumn renamed) {
            return renamed.table().equals(index.table()) && uses(index, renamed.from());
        }
        return change instanceof Change.AddConstraint added && countsOn(added.constraint(), index);
    }

    private static boolean countsOn(Change.Constraint constraint, Change.CreateIndex index) {
        return index.name() != null && index.name().equals(constraint.usingIndex())
                || constraint.references() != null && constraint.references().table().equals(index.table());
    }

    private static boolean uses(Change.CreateIndex index, String column) {
        return index.columns().stream().anyMatch(part -> part.equals(column) || Node.names(part, column));
    }
}
