//SOURCES Migration.java sql/Name.java

package lib;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.sql.Name;

/** The migration history of one tool: what the repository holds, what a database has, and the rows that say so. */
public interface History {
    /** The tool's name as people write it: {@code drizzle}. */
    String tool();

    /** The folder of its migrations in the repository. */
    String folder();

    /** Every migration of the repository, in the order in which the tool runs them. */
    List<Migration> local();

    /** Compares the repository with one database, by the tool's own rule; reads only. */
    State state(Connection connection) throws SQLException;

    /** The statements that make the tool take these migrations for applied, each without a closing semicolon. */
    List<String> rows(State state, List<Migration> migrations);

    /**
     * What one database has of them.
     *
     * @param table where the tool keeps its history in this database; null when it keeps none, and what has run is seen
     *     in the catalog
     * @param exists whether that table is there
     * @param columns the columns of that table, empty when it is not there
     * @param applied the migrations that are in it
     * @param pending those the tool would run if it were started now, by its own rule and in its order
     * @param troubles what is not as it should be
     */
    record State(Name table, boolean exists, List<String> columns, List<Migration> applied, List<Migration> pending,
                 List<Trouble> troubles) {
        /** Where it is written what has run, in words. */
        public String place() {
            return table == null ? "the catalog" : table.toString();
        }
    }

    /**
     * Something in a history that a person must look at.
     *
     * @param kind edited, deleted, skipped, duplicated, unknown, order, future, encoding, failed, partial, undecidable,
     *     unreadable, read-only, there or unfinished
     * @param stops whether a release must not go on with it
     */
    record Trouble(String kind, String migration, String message, String hint, boolean stops) {
        /** Whether a release must not go on with it even when somebody wrote its SQL by hand. */
        public boolean stopsAll() {
            return stops && !List.of("undecidable", "unreadable", "read-only", "there", "unfinished").contains(kind);
        }
    }
}
