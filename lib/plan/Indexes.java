//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Phrase.java ../sql/Statement.java
//SOURCES Catalog.java Large.java Node.java Pending.java

package lib.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Phrase;
import lib.sql.Statement;

/** Indexes of large tables, built and dropped concurrently after the transaction, and materialized views likewise. */
final class Indexes {
    private static final Pattern CREATE_INDEX = Pattern.compile("(?i)^CREATE\\s+(UNIQUE\\s+)?INDEX\\b");
    private static final Pattern DROP_INDEX = Pattern.compile("(?i)^DROP\\s+INDEX\\b");
    private static final Pattern REFRESH = Pattern.compile("(?i)^REFRESH\\s+MATERIALIZED\\s+VIEW\\b");

    private static final String FIRST = "first, because nothing else of the release touches the table";

    private final Large large;
    private final Pending release;
    private final Catalog catalog;

    Indexes(Large large, Pending release, Catalog catalog) {
        this.large = large;
        this.release = release;
        this.catalog = catalog;
    }

    /** The nodes that stand for one action of a statement, or nothing when it stays as it is. */
    Optional<List<Node>> of(Pending.Part part) {
        if (part.change() instanceof Change.CreateIndex index && index.concurrently()) {
            return !early(index, part) ? Optional.empty()
                    : Optional.of(List.of(apart(Node.Kind.EARLY, part.statement().sql(), part, FIRST)));
        }
        if (part.change() instanceof Change.CreateIndex index) {
            return large.is(index.table()) && movable(index, part.statement())
                    ? built(index, part) : Optional.empty();
        }
        if (part.change() instanceof Change.DropIndex dropped) {
            return dropped(dropped, part);
        }
        return part.change() instanceof Change.Other other && other.tag().equals("REFRESH MATERIALIZED VIEW")
                ? refreshed(part) : Optional.empty();
    }

    private Optional<List<Node>> built(Change.CreateIndex index, Pending.Part part) {
        if (catalog.partitions(index.table()) != null) {
            return partitioned(index, part);
        }
        String sql = CREATE_INDEX.matcher(part.statement().sql()).replaceFirst("$0 CONCURRENTLY");
        boolean early = early(index, part);
        return Optional.of(List.of(apart(early ? Node.Kind.EARLY : Node.Kind.LATER, sql, part,
                "CONCURRENTLY, because " + index.table() + " is large" + (early ? "; " + FIRST : ""))));
    }

    // On columns that are there, of a table that is there: no row that the old code writes can be in the way.
    private boolean early(Change.CreateIndex index, Pending.Part part) {
        return !index.unique() && catalog.has(index.table()) && catalog.partitions(index.table()) == null
                && !named(index, part.statement()) && large.leftAlone(index.table(), part.statement());
    }

    // Whether another statement drops one of this name first, say, or counts on it.
    private boolean named(Change.CreateIndex index, Statement statement) {
        return index.name() != null && large.named(index.name(), statement);
    }

    // Only when nothing else in the release counts on the index being there, or changes what it is built of.
    private boolean movable(Change.CreateIndex index, Statement statement) {
        return !named(index, statement)
                && !(index.unique() && release.countsOn(index.table(), statement))
                && release.parts.stream().map(Pending.Part::change).noneMatch(change ->
                change instanceof Change.DropColumn dropped && dropped.table().equals(index.table())
                        && uses(index, dropped.column())
                || change instanceof Change.RenameColumn renamed && renamed.table().equals(index.table())
                        && uses(index, renamed.from()));
    }

    private static boolean uses(Change.CreateIndex index, String column) {
        return index.columns().stream().anyMatch(part -> part.equals(column) || Node.names(part, column));
    }

    // On the parent alone first, then on each partition while others go on writing, then one by one attached: with the
    // last of them the parent's index is valid. The partitions' names are those that the server would choose.
    private Optional<List<Node>> partitioned(Change.CreateIndex index, Pending.Part part) {
        Phrase phrase = Phrase.of(part.statement().sql());
        phrase.until(p -> p.take("ON"));
        boolean plain = index.name() != null && !phrase.take("ONLY")
                && index.columns().stream().allMatch(column -> column.matches("\\w+"));
        phrase.name();
        String rest = " " + phrase.source();
        if (!plain || rest.matches("(?is).*\\bINCLUDE\\b.*")
                || part.statement().sql().matches("(?is).*\\bIF\\s+NOT\\s+EXISTS\\b.*")) {
            return Optional.empty();
        }
        List<Node> built = new ArrayList<>();
        List<Node> attached = new ArrayList<>();
        String create = "CREATE " + (index.unique() ? "UNIQUE " : "") + "INDEX ";
        for (Name partition : catalog.partitions(index.table())) {
            String name = large.free(partition, partition.name() + "_" + String.join("_", index.columns()) + "_idx");
            if (name == null || catalog.partitions(partition) != null || !catalog.has(partition)
                    || catalog.hasIndexOfItsOwn(partition)) {
                return Optional.empty();
            }
            Name parent = Name.of(index.table().schema(), index.name());
            built.add(apart(Node.Kind.LATER, create + "CONCURRENTLY " + Name.quote(name) + " ON " + partition.sql()
                    + rest, part, "CONCURRENTLY, one partition after the other"));
            attached.add(apart(Node.Kind.LAST, "ALTER INDEX " + parent.sql() + " ATTACH PARTITION "
                    + Name.of(partition.schema(), name).sql(), part, "with the last one the whole index is valid"));
        }
        List<Node> nodes = new ArrayList<>(List.of(Node.file(Statement.of(create + Name.quote(index.name())
                + " ON ONLY " + index.table().sql() + rest, part.statement().line()), part.migration().id(),
                part.migration().id() + ": the parent's index alone, because " + index.table() + " is large",
                catalog)));
        nodes.addAll(built);
        nodes.addAll(attached);
        return Optional.of(nodes);
    }

    private Optional<List<Node>> dropped(Change.DropIndex dropped, Pending.Part part) {
        Name table = catalog.tableOf(dropped.index());
        boolean changed = table == null || release.parts.stream().map(Pending.Part::change).anyMatch(change ->
                change instanceof Change.DropColumn column && column.table().equals(table)
                || change instanceof Change.SetType type && type.table().equals(table));
        String sql = part.action().alone();
        if (changed || dropped.concurrently() || !large.is(table) || catalog.partitions(table) != null
                || !catalog.plainIndex(dropped.index()) || sql.matches("(?is).*\\bCASCADE\\s*")
                || large.named(dropped.index().name(), part.statement())) {
            return Optional.empty();
        }
        return Optional.of(List.of(apart(Node.Kind.LATER, DROP_INDEX.matcher(sql).replaceFirst("$0 CONCURRENTLY"),
                part, "CONCURRENTLY, because " + table + " is large")));
    }

    private Optional<List<Node>> refreshed(Pending.Part part) {
        String sql = part.statement().sql();
        Phrase phrase = Phrase.of(sql);
        phrase.take("REFRESH MATERIALIZED VIEW");
        if (phrase.sees("CONCURRENTLY") || phrase.has("NO DATA")) {
            return Optional.empty();
        }
        Name view = phrase.name();
        if (!large.is(catalog.refreshable(view)) || large.named(view.name(), part.statement())) {
            return Optional.empty();
        }
        return Optional.of(List.of(Node.file(Statement.of(REFRESH.matcher(sql).replaceFirst("$0 CONCURRENTLY"),
                part.statement().line()), part.migration().id(), part.migration().id()
                + ": CONCURRENTLY, because " + view + " is large and has a unique index", catalog)));
    }

    private static Node apart(Node.Kind kind, String sql, Pending.Part part, String note) {
        return Node.apart(kind, sql, part.migration().id(), part.migration().id() + ": " + note);
    }
}
