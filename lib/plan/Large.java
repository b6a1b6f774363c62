//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Statement.java Catalog.java Node.java Pending.java

package lib.plan;

import java.nio.charset.StandardCharsets;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

/** The tables that are too large to be held up, and what else of the release counts on what is done to them. */
final class Large {
    private static final int LONGEST_NAME = 63;

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
