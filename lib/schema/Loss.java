//SOURCES ../plan/Catalog.java ../plan/Narrowing.java ../sql/Change.java ../sql/Name.java Part.java

package lib.schema;

import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.plan.Catalog;
import lib.plan.Narrowing;
import lib.sql.Change;
import lib.sql.Name;

/** What a part of a script between two schemas would lose, so that nobody runs it unread. */
final class Loss {
    private static final Pattern DROPPED = Pattern.compile("(?is)DROP (TYPE|DOMAIN|SEQUENCE|SCHEMA|VIEW"
            + "|MATERIALIZED VIEW|FUNCTION|PROCEDURE|AGGREGATE|INDEX|EXTENSION|COLLATION|OPERATOR|STATISTICS|SERVER"
            + "|TRIGGER|POLICY|RULE|EVENT TRIGGER|CAST|PUBLICATION)\\s+(?:IF EXISTS )?(.*)");

    /** What holds no values, so that it may be made again. */
    private static final Set<String> CODE = Set.of("VIEW", "FUNCTION", "PROCEDURE", "AGGREGATE", "TRIGGER", "POLICY",
            "RULE");

    private final List<Part> parts;
    private final Catalog before;

    /**
     * Weighs the parts of one script.
     *
     * @param before what the database holds that the script starts from
     */
    Loss(List<Part> parts, Catalog before) {
        this.parts = parts;
        this.before = before;
    }

    /** What is lost, in words; null when it is nothing. */
    String of(Part part) {
        Change change = part.change();
        if (change instanceof Change.DropTable dropped) {
            return made(dropped.table()) ? "the table " + dropped.table() + " is dropped and made again: its rows"
                    + " are lost" : "the table " + dropped.table() + " and its rows are lost";
        }
        if (change instanceof Change.CreateTable made && before.has(made.table())) {
            return "the table " + made.table() + " is dropped and made again: its rows are lost";
        }
        if (change instanceof Change.DropColumn dropped) {
            return "the values of " + dropped.table() + "." + dropped.column() + " are lost";
        }
        if (change instanceof Change.AddColumn added
                && before.columns(added.table()).containsKey(added.column().name())) {
            return added.table() + "." + added.column().name() + " is dropped and made again: its values are lost";
        }
        if (change instanceof Change.Update || change instanceof Change.Delete
                || change instanceof Change.Truncate) {
            return "it changes rows, and nobody asked for that";
        }
        if (change instanceof Change.SetType type) {
            Catalog.Column old = before.columns(type.table()).get(type.column());
            boolean fits = old != null && Narrowing.condition(Name.quote(type.column()), old.type(), type.type(),
                    null, 0).isEmpty();
            return fits ? null : type.table() + "." + type.column() + " becomes " + type.type()
                    + ": values may not fit, or lose what they say";
        }
        if (change instanceof Change.DropConstraint dropped && parts.stream().anyMatch(other ->
                other.change() instanceof Change.DropTable table && table.table().equals(dropped.table()))) {
            return "the table " + dropped.table() + " and its rows are lost";
        }
        if (change instanceof Change.DropConstraint dropped) {
            return again("ADD CONSTRAINT " + Name.quote(dropped.name()), dropped.table().full()) ? null
                    : "the constraint " + dropped.name() + " of " + dropped.table()
                    + " no longer protects its rows";
        }
        if (change instanceof Change.DropIndex dropped) {
            return again("INDEX " + Name.quote(dropped.index().name()), "") ? null
                    : "queries that use the index " + dropped.index() + " become slow";
        }
        return dropped(part);
    }

    private boolean made(Name table) {
        return parts.stream().anyMatch(other -> other.change() instanceof Change.CreateTable made
                && made.table().equals(table));
    }

    private boolean again(String words, String table) {
        return parts.stream().anyMatch(other -> other.sql().contains(words) && other.sql().contains(table)
                && !other.sql().startsWith("DROP"));
    }

    // A type that is made again takes the columns of the old one with it; a view or a function holds no values.
    private String dropped(Part part) {
        Matcher drop = DROPPED.matcher(part.sql());
        if (!drop.matches()) {
            return recreatedType(part);
        }
        String kind = drop.group(1).toUpperCase();
        String object = drop.group(2).strip();
        boolean again = parts.stream().anyMatch(other -> other.sql().matches("(?is)CREATE (OR REPLACE )?"
                + Pattern.quote(kind) + "\\s+" + Pattern.quote(object) + "\\b.*"));
        return again && CODE.contains(kind) ? null : again ? kind.toLowerCase() + " " + object
                + " is dropped and made again: columns of it lose their values"
                : kind.toLowerCase() + " " + object + " goes";
    }

    private String recreatedType(Part part) {
        Matcher create = Pattern.compile("(?is)CREATE TYPE\\s+(\\S+)\\b.*").matcher(part.sql());
        return create.matches() && parts.stream().anyMatch(other -> other.sql().matches("(?is)DROP TYPE\\s+"
                + Pattern.quote(create.group(1)))) ? "type " + create.group(1) + " is dropped and made again"
                : null;
    }
}
