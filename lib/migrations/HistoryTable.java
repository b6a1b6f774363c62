//SOURCES ../Count.java ../Failure.java ../History.java ../Postgres.java ../sql/Name.java

package lib.migrations;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import lib.Count;
import lib.Failure;
import lib.History;
import lib.Postgres;
import lib.sql.Name;

/**
 * A table in which a tool keeps its history, as one database has it.
 *
 * @param columns empty when the table is not there
 * @param rows each by column, in the order asked for
 */
record HistoryTable(Name name, List<String> columns, List<Map<String, String>> rows) {
    boolean exists() {
        return !columns.isEmpty();
    }

    /** The table's name with its schema. */
    String sql() {
        return name.full();
    }

    /**
     * Finds a tool's table where it usually is, else in the one schema where it is.
     *
     * @param needed the columns without which it is another tool's
     * @param order by which columns the tool reads it
     * @param key the column that names migrations
     * @param ids what that column holds for the migrations of this repository
     * @param troubles gets a word when two tables have rows of these migrations
     */
    static HistoryTable find(Connection connection, Name usual, List<String> needed, String order, String key,
            Set<String> ids, List<History.Trouble> troubles) throws SQLException {
        List<HistoryTable> found = new ArrayList<>();
        for (Name name : named(connection, usual.name())) {
            List<String> columns = columns(connection, name);
            if (columns.containsAll(needed)) {
                found.add(read(connection, name, columns, order));
            } else if (name.equals(usual)) {
                throw Failure.stop(name.full() + " is not a history this tool knows: it has the columns "
                        + String.join(", ", columns), "expected are " + String.join(", ", needed)
                        + "; which program made it?");
            }
        }
        List<HistoryTable> ours = found.stream().filter(table -> table.rows.stream()
                .anyMatch(row -> ids.contains(row.get(key)))).toList();
        if (ours.size() > 1) {
            troubles.add(new History.Trouble("duplicated", ours.get(1).sql(),
                    "two tables have rows of these migrations: " + ours.stream()
                    .map(table -> table.sql() + " (" + Count.of(table.rows.size(), "row") + ")")
                    .collect(Collectors.joining(", "))
                    + ", and what runs with the one does not see the other",
                    "find out which one the application's migrator uses, then DROP TABLE the other", true));
        }
        HistoryTable there = found.stream().filter(table -> table.name.equals(usual)).findFirst().orElse(null);
        if (there != null && (ours.isEmpty() || ours.contains(there))) {
            return there;
        }
        return !ours.isEmpty() ? ours.get(0) : found.size() == 1 ? found.get(0)
                : new HistoryTable(usual, List.of(), List.of());
    }

    /** Every table of that name, public's first. */
    static List<Name> named(Connection connection, String table) throws SQLException {
        return Postgres.rows(connection, "SELECT n.nspname FROM pg_class c JOIN pg_namespace n"
                + " ON n.oid = c.relnamespace WHERE c.relname = " + Postgres.literal(table)
                + " AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_(temp|toast)'"
                + " ORDER BY n.nspname <> 'public', 1").stream().map(row -> new Name(row.get(0), table)).toList();
    }

    static List<String> columns(Connection connection, Name name) throws SQLException {
        return Postgres.rows(connection, "SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = " + Postgres.literal(name.schema())
                + " AND c.relname = " + Postgres.literal(name.name()) + " AND c.relkind IN ('r', 'p') AND a.attnum > 0"
                + " AND NOT a.attisdropped ORDER BY a.attnum").stream().map(row -> row.get(0)).toList();
    }

    static HistoryTable read(Connection connection, Name name, List<String> columns, String order)
            throws SQLException {
        List<Map<String, String>> rows = new ArrayList<>();
        String selected = columns.stream().map(column -> Name.quote(column) + "::text")
                .collect(Collectors.joining(", "));
        try {
            // By the table's own column, and not by the text of the same name that is selected: 9 comes before 10.
            for (List<String> row : Postgres.rows(connection, "SELECT " + selected + " FROM " + name.full() + " t"
                    + (order.isEmpty() ? "" : " ORDER BY t." + order.replace(", ", ", t.")))) {
                Map<String, String> values = new HashMap<>();
                for (int i = 0; i < columns.size(); i++) {
                    values.put(columns.get(i), row.get(i));
                }
                rows.add(values);
            }
        } catch (SQLException e) {
            if (!"42501".equals(e.getSQLState())) {
                throw e;
            }
            throw new Failure(Failure.Exit.STOP, name.full() + " may not be read by this user: " + e.getMessage(),
                    "GRANT USAGE ON SCHEMA " + Name.quote(name.schema()) + " TO CURRENT_USER; GRANT SELECT ON "
                    + name.full() + " TO CURRENT_USER (with the user's name, run by the owner)", e);
        }
        return new HistoryTable(name, columns, rows);
    }

    /** How many tables a schema holds; some tools refuse a schema that is filled and has no history. */
    static int tables(Connection connection, String schema) throws SQLException {
        return Integer.parseInt(Postgres.one(connection, "SELECT count(*) FROM pg_class c JOIN pg_namespace n"
                + " ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname = "
                + Postgres.literal(schema)));
    }
}
