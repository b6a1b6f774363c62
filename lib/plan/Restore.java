//SOURCES ../sql/Name.java Definitions.java

package lib.plan;

import java.util.ArrayList;
import java.util.List;
import lib.sql.Name;

/** The statements that bring a dropped column back, and what went with it. */
final class Restore {
    private Restore() {
    }

    /**
     * The column, with its values where they were kept.
     *
     * @param kept the table that has them by key; null when nothing was kept
     * @param text whether the kept values are text because their type is gone
     */
    static List<String> column(Name table, String name, Definitions.Column column, Name kept, List<String> key,
                               boolean text) {
        List<String> statements = new ArrayList<>();
        String alter = "ALTER TABLE " + table.sql() + " ";
        statements.add(alter + "ADD COLUMN " + (text ? Name.quote(name) + " text" : column.declaration()));
        if (kept != null) {
            String quoted = Name.quote(name);
            // Rows that had no value had none whatever the default is.
            boolean filled = column.defaultExpression() != null && !column.ofSequence() && !text;
            if (filled) {
                statements.add("UPDATE " + table.sql() + " SET " + quoted + " = NULL");
            }
            statements.add("UPDATE " + table.sql() + " SET " + quoted + " = kept.value FROM " + kept.sql()
                    + " AS kept WHERE " + String.join(" AND ", key.stream().map(part -> table.sql() + "."
                    + Name.quote(part) + " = kept." + Name.quote(part)).toList()));
        }
        if (column.notNull() && column.identity() == null) {
            statements.add(alter + "ALTER COLUMN " + Name.quote(name) + " SET NOT NULL");
        }
        return statements;
    }

    /** The constraints and indexes that a column took with it, as they were. */
    static List<String> belongings(Definitions definitions, Name table, String column) {
        List<String> statements = new ArrayList<>();
        definitions.constraints(table).stream()
                .filter(constraint -> constraint.table().equals(table) && constraint.columns().contains(column))
                .forEach(constraint -> statements.add(constraint.sql()));
        definitions.indexes(table).stream().filter(index -> index.columns().contains(column))
                .forEach(index -> statements.add(index.sql()));
        return statements;
    }
}
