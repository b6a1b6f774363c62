//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Statement.java Catalog.java Node.java Pending.java

package lib.plan;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

/** The tables that are too large to be held up, and what else of the release counts on what is done to them. */
final class Large {
    private static final int LONGEST_NAME = 63;

    /** Statements that have to do with what they name, and with nothing else. */
    private static final Set<String> APART = Set.of("CREATE TABLE", "ALTER TABLE", "DROP TABLE", "CREATE INDEX",
            "DROP INDEX", "CREATE TYPE", "ALTER TYPE", "CREATE SEQUENCE", "CREATE VIEW", "DROP VIEW", "COMMENT",
            "INSERT", "UPDATE", "DELETE");

    private final Pending release;
    private final Catalog catalog;
    private final long rows;

    Large(Pending release, Catalog catalog, long rows) {
        this.release = release;
        this.catalog = catalog;
        this.rows = rows;
    }

    /** Whether a table is large and keeps its name, so that work on it can be left for later. */
    boolean is(Name table) {
        return release.created(table) == null && is(catalog.estimate(table)) && !leaves(table);
    }

    boolean is(long estimate) {
        return estimate >= rows;
    }

    private boolean leaves(Name table) {
        return release.parts.stream().map(Pending.Part::change).anyMatch(change ->
                change instanceof Change.RenameTable renamed && renamed.table().equals(table)
                || change instanceof Change.DropTable dropped && dropped.table().equals(table));
    }

    /** Whether another statement of the release names an object, and so may want it to be there. */
    boolean named(String object, Statement statement) {
        return release.others(statement).anyMatch(other -> Node.names(other.sql(), object));
    }

    /**
     * Whether nothing else in the release has to do with a table, or could make what is built on it depend on it: then
     * the work on it can come before all the rest, while the old code is still at work.
     */
    boolean leftAlone(Name table, Statement statement) {
        return release.others(statement).noneMatch(other -> !builds(other, table)
                && (!APART.contains(other.tag()) || Node.names(other.sql(), table.name())));
    }

    private static boolean builds(Statement statement, Name table) {
        return statement.actions().size() == 1 && statement.actions().get(0).change() instanceof Change.OfTable change
                && change.table().equals(table) && (change instanceof Change.ValidateConstraint
                || change instanceof Change.CreateIndex index && !index.unique());
    }

    /** Whether the release changes what a column is called, or takes it away. */
    boolean changes(Name table, String column) {
        return release.parts.stream().map(Pending.Part::change).anyMatch(change ->
                change instanceof Change.DropColumn dropped && dropped.table().equals(table)
                        && dropped.column().equals(column)
                || change instanceof Change.RenameColumn renamed && renamed.table().equals(table)
                        && (renamed.from().equals(column) || renamed.to().equals(column)));
    }

    /** A name as the server itself would choose it; null where it would have to shorten or to number it. */
    String free(Name table, String name) {
        boolean fits = name.getBytes(StandardCharsets.UTF_8).length <= LONGEST_NAME;
        return fits && !catalog.taken(Name.of(table.schema(), name)) && !catalog.constraint(table.schema(), name)
                ? name : null;
    }
}
