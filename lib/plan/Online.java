//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Statement.java Catalog.java Node.java Pending.java

package lib.plan;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

/**
 * The form of a statement that does not hold a large table up: constraints NOT VALID and validated afterwards, indexes built
 * concurrently after the transaction, enum values committed before they are used.
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
        if (change instanceof Change.AddConstraint added && large(added.table()) && waits(added.constraint())) {
            String validate = "ALTER TABLE " + added.table().sql() + " VALIDATE CONSTRAINT " + Name.quote(added.constraint().name());
            return Optional.of(List.of(
                    Node.file(Statement.of(statement.sql() + " NOT VALID", statement.line()), origin,
                            origin + ": NOT VALID, because " + added.table() + " is large", catalog),
                    Node.apart(Node.Kind.LATER, validate, origin, "reads the whole table while others go on writing")));
        }
        if (change instanceof Change.CreateIndex index && large(index.table()) && !index.concurrently() && movable(index)) {
            String sql = CREATE_INDEX.matcher(statement.sql()).replaceFirst("$0 CONCURRENTLY");
            return Optional.of(List.of(Node.apart(Node.Kind.LATER, sql, origin,
                    origin + ": CONCURRENTLY, because " + index.table() + " is large")));
        }
        return Optional.empty();
    }

    // A new value cannot be used in the transaction that adds it, unless the type is as new as the value.
    private Optional<List<Node>> enumValue(Change.AddEnumValue added, Statement statement, String origin) {
        boolean newType = release.parts.stream().anyMatch(part ->
                part.change() instanceof Change.CreateType type && type.type().equals(added.type()));
        String literal = "'" + added.value().replace("'", "''") + "'";
        boolean used = release.parts.stream().anyMatch(part -> part.statement() != statement && part.statement().sql().contains(literal))
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
        return constraint.name() != null && !constraint.notValid() && (constraint.kind() == Change.Constraint.Kind.FOREIGN_KEY
                || constraint.kind() == Change.Constraint.Kind.CHECK);
    }

    // Only when nothing else in the release counts on the index being there.
    private boolean movable(Change.CreateIndex index) {
        return release.parts.stream().map(Pending.Part::change).noneMatch(change ->
                change instanceof Change.DropIndex dropped && dropped.index().name().equals(index.name())
                || change instanceof Change.RenameTable renamed && renamed.table().equals(index.table())
                || change instanceof Change.DropTable dropped && dropped.table().equals(index.table())
                || change instanceof Change.AddConstraint added && (index.name() != null && index.name().equals(added.constraint().usingIndex())
                        || added.constraint().references() != null && added.constraint().references().table().equals(index.table())));
    }
}
