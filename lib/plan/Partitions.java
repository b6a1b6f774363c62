//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Phrase.java ../sql/Statement.java
//SOURCES Catalog.java Large.java Node.java Pending.java

package lib.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Phrase;
import lib.sql.Statement;

/**
 * A large table that becomes a partition: a validated CHECK that says the same as its bounds spares the scan under the
 * lock, and one on the default partition, that it holds none of these rows, spares that scan.
 */
final class Partitions {
    private static final Pattern KEY = Pattern.compile("(RANGE|LIST) \\((\\w+)\\)");

    private final Large large;
    private final Pending release;
    private final Catalog catalog;

    Partitions(Large large, Pending release, Catalog catalog) {
        this.large = large;
        this.release = release;
        this.catalog = catalog;
    }

    /** The nodes that stand for one action of a statement, or nothing when it stays as it is. */
    Optional<List<Node>> of(Pending.Part part) {
        if (!(part.change() instanceof Change.Other other) || !other.tag().equals("ALTER TABLE ATTACH PARTITION")) {
            return Optional.empty();
        }
        Phrase phrase = Phrase.of(part.action().alone());
        phrase.take("ALTER TABLE");
        phrase.take("IF EXISTS");
        phrase.take("ONLY");
        Name parent = phrase.name();
        phrase.take("ATTACH PARTITION");
        Name child = phrase.name();
        Name rest = catalog.defaultPartition(parent);
        Matcher key = KEY.matcher(catalog.partitionKey(parent));
        boolean worth = large.is(child) || rest != null && large.is(rest);
        boolean alone = release.others(part.statement()).noneMatch(statement ->
                statement.relations().contains(parent) || statement.relations().contains(child));
        String fits = worth && alone && key.matches() && phrase.take("FOR VALUES")
                ? condition(key.group(1), Name.quote(key.group(2)), phrase) : null;
        if (fits == null) {
            return Optional.empty();
        }
        List<Node> nodes = new ArrayList<>();
        List<Node> drops = new ArrayList<>();
        if (large.is(child) && !proven(child, fits, part, nodes, drops)
                || rest != null && large.is(rest) && !proven(rest, "NOT (" + fits + ")", part, nodes, drops)) {
            return Optional.empty();
        }
        nodes.add(Node.apart(Node.Kind.LAST, part.action().alone(), part.migration().id(), part.migration().id()
                + ": no row is read again, because a validated CHECK says the same as the bounds"));
        nodes.addAll(drops);
        return Optional.of(nodes);
    }

    private boolean proven(Name table, String condition, Pending.Part part, List<Node> nodes, List<Node> drops) {
        String name = large.free(table, "release_" + table.name() + "_fits");
        if (name == null) {
            return false;
        }
        String origin = part.migration().id();
        String head = "ALTER TABLE " + table.sql();
        nodes.add(Node.file(Statement.of(head + " ADD CONSTRAINT " + Name.quote(name) + " CHECK (" + condition
                + ") NOT VALID", part.statement().line()), origin, origin + ": what the partition's bounds will say,"
                + " because " + table + " is large", catalog));
        nodes.add(Node.apart(Node.Kind.LATER, head + " VALIDATE CONSTRAINT " + Name.quote(name), origin,
                origin + ": reads the whole table while others go on writing"));
        drops.add(Node.apart(Node.Kind.LAST, head + " DROP CONSTRAINT " + Name.quote(name), origin,
                origin + ": it has said what it was for"));
        return true;
    }

    // What the server will demand of the rows, for one column; null for bounds of another form.
    private static String condition(String kind, String column, Phrase bounds) {
        String present = column + " IS NOT NULL";
        if (kind.equals("LIST") && bounds.take("IN")) {
            String values = bounds.group().source();
            return values.matches("(?is).*\\bNULL\\b.*") ? null : present + " AND " + column + " IN (" + values + ")";
        }
        if (!kind.equals("RANGE") || !bounds.take("FROM")) {
            return null;
        }
        String from = bounds.group().source();
        String to = bounds.take("TO") ? bounds.group().source() : ",";
        if (from.contains(",") || to.contains(",")) {
            return null;
        }
        return present + (from.equalsIgnoreCase("MINVALUE") ? "" : " AND " + column + " >= " + from)
                + (to.equalsIgnoreCase("MAXVALUE") ? "" : " AND " + column + " < " + to);
    }
}
