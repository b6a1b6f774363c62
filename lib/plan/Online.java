//SOURCES ../sql/Change.java ../sql/Inline.java ../sql/Name.java ../sql/Statement.java
//SOURCES Catalog.java Constraints.java Indexes.java Large.java Node.java Partitions.java Pending.java

package lib.plan;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lib.sql.Change;
import lib.sql.Inline;
import lib.sql.Name;
import lib.sql.Statement;

/**
 * The form of a statement that does not hold a large table up: constraints NOT VALID and validated afterwards, indexes
 * built concurrently after the transaction, enum values committed before they are used.
 */
final class Online {
    /** From this many rows on (the server's estimate) a full scan under a lock takes long enough to be felt. */
    static final long LARGE_ROWS = 1_000_000;
    // Before, a value could be used in its own transaction only when the type was made with it.
    private static final int VALUES_OF_NEW_TYPES = 17;

    private final Pending release;
    private final Catalog catalog;
    private final Large large;
    private final Constraints constraints;
    private final Indexes indexes;
    private final Partitions partitions;
    private final Map<Pending.Part, Optional<List<Node>>> forms = new IdentityHashMap<>();

    /** @param largeRows from how many rows on a table is large */
    Online(Pending release, Catalog catalog, long largeRows) {
        this.release = release;
        this.catalog = catalog;
        this.large = new Large(release, catalog, largeRows);
        this.constraints = new Constraints(large, release, catalog);
        this.indexes = new Indexes(large, release, catalog);
        this.partitions = new Partitions(large, release, catalog);
    }

    /** The nodes that stand for one action of a statement, or nothing when it stays as it is. */
    Optional<List<Node>> of(Pending.Part part) {
        Optional<List<Node>> known = forms.get(part);
        if (known == null) {
            known = form(part);
            forms.put(part, known);
        }
        return known;
    }

    private Optional<List<Node>> form(Pending.Part part) {
        Change change = part.change();
        if (change instanceof Change.AddEnumValue added) {
            return enumValue(added, part);
        }
        if (change instanceof Change.CreateType made) {
            return newType(made, part);
        }
        if (change instanceof Change.AddColumn added && (!added.column().notNull()
                || added.column().defaultExpression() != null)) {
            return inline(added, part);
        }
        return constraints.of(part).or(() -> indexes.of(part)).or(() -> partitions.of(part));
    }

    // What is written with a new column is a constraint of the whole table all the same.
    private Optional<List<Node>> inline(Change.AddColumn added, Pending.Part part) {
        Inline apart = large.is(added.table()) ? Inline.of(part.action().alone()).orElse(null) : null;
        if (apart == null) {
            return Optional.empty();
        }
        String column = Name.quote(added.column().name());
        String name = apart.name() != null ? apart.name() : large.free(added.table(), added.table().name() + "_"
                + added.column().name() + (apart.condition().isEmpty() ? "_key" : "_check"));
        String sql = "ALTER TABLE " + added.table().sql() + " ADD CONSTRAINT " + (name == null ? "" : Name.quote(name))
                + (apart.condition().isEmpty() ? " UNIQUE (" + column + ")" : " CHECK (" + apart.condition() + ")");
        Optional<List<Node>> constraint = name == null ? Optional.empty() : constraints.of(part(part, sql));
        if (constraint.isEmpty()) {
            return Optional.empty();
        }
        Pending.Part rest = part(part, apart.column());
        List<Node> nodes = new ArrayList<>(inline(added, rest).orElseGet(() -> List.of(Node.file(
                Statement.of(apart.column(), part.statement().line()), part.migration().id(), part.migration().id()
                + ": without its constraint, because " + added.table() + " is large", catalog))));
        nodes.addAll(constraint.get());
        return Optional.of(nodes);
    }

    private static Pending.Part part(Pending.Part part, String sql) {
        return new Pending.Part(part.migration(), part.statement(), Statement.of(sql, part.statement().line())
                .actions().get(0));
    }

    // A new value cannot be used in the transaction that adds it, unless the type is as new as the value.
    private Optional<List<Node>> enumValue(Change.AddEnumValue added, Pending.Part part) {
        Statement statement = part.statement();
        if (!used(added, statement) || made(added.type()) && !early(added.type())) {
            return Optional.empty();
        }
        String sql = statement.sql().matches("(?is).*\\bIF\\s+NOT\\s+EXISTS\\b.*") ? statement.sql()
                : statement.sql().replaceFirst("(?i)\\bADD\\s+VALUE\\b", "ADD VALUE IF NOT EXISTS");
        return Optional.of(List.of(Node.apart(Node.Kind.EARLY, sql, part.migration().id(),
                part.migration().id() + ": committed first, because this release uses the value")));
    }

    private Optional<List<Node>> newType(Change.CreateType made, Pending.Part part) {
        return !early(made.type()) ? Optional.empty() : Optional.of(List.of(Node.apart(Node.Kind.EARLY,
                part.statement().sql(), part.migration().id(),
                part.migration().id() + ": committed first, because this release uses a value added to the type")));
    }

    private boolean made(Name type) {
        return release.parts.stream().anyMatch(part ->
                part.change() instanceof Change.CreateType made && made.type().equals(type));
    }

    // Whether a type of this release must be there, committed, for a value that another statement adds to it.
    private boolean early(Name type) {
        return catalog.major() < VALUES_OF_NEW_TYPES && made(type) && release.parts.stream().anyMatch(part ->
                part.change() instanceof Change.AddEnumValue added && added.type().equals(type)
                        && used(added, part.statement()));
    }

    private boolean used(Change.AddEnumValue added, Statement statement) {
        String literal = "'" + added.value().replace("'", "''") + "'";
        return release.others(statement).anyMatch(other -> other.sql().contains(literal));
    }
}
