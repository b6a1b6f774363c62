//SOURCES ../Count.java ../sql/Change.java ../sql/Name.java ../sql/Phrase.java ../sql/Statement.java ../trash/Trash.java
//SOURCES Definitions.java Rollback.java Trail.java

package lib.plan;

import java.util.ArrayList;
import java.util.List;
import lib.Count;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Phrase;
import lib.sql.Statement;
import lib.trash.Trash;

/** Takes back what a statement did to rows, as far as that is known: new rows go, changed and deleted ones are lost. */
final class RowReversal {
    private final Statement statement;
    private final Trail trail;
    private final Definitions before;
    private final long rows;
    private final Rollback.Step step;

    RowReversal(Statement statement, Trail trail, Definitions before, long rows, Rollback.Step step) {
        this.statement = statement;
        this.trail = trail;
        this.before = before;
        this.rows = rows;
        this.step = step;
    }

    void reverse(Change change) {
        if (change instanceof Change.Insert insert) {
            if (!trail.made(insert.table())) {
                String rowsOfIt = given(insert);
                if (rowsOfIt == null) {
                    lost(insert.table(), counted() + " put into " + insert.table() + " stay there");
                } else {
                    step.statements().add("DELETE FROM " + insert.table().sql() + " WHERE " + rowsOfIt);
                }
            }
        } else if (change instanceof Change.Update update) {
            // Values of a column that the plan made go with the column.
            if (update.columns().isEmpty()
                    || update.columns().stream().anyMatch(column -> !trail.made(update.table(), column))) {
                lost(update.table(), "what " + String.join(", ", update.columns()) + " of " + update.table()
                        + " held before: " + counted() + " changed, and the backup has the old values");
            }
        } else if (change instanceof Change.Delete delete) {
            lost(delete.table(), counted() + " deleted from " + delete.table() + ": the backup has them");
        } else if (change instanceof Change.Truncate truncate) {
            truncate.tables().forEach(table -> lost(table, "the rows of " + table + ": the backup has them"));
        }
    }

    private String counted() {
        return Count.of(rows, "row");
    }

    private void lost(Name table, String what) {
        if (!trail.made(table) && !Trash.is(table.schema()) && rows > 0 || statement.tag().startsWith("TRUNCATE")) {
            step.losses().add(what);
            step.tables().add(trail.before(table).full());
        }
    }

    // INSERT … VALUES tells its rows by what it gives them; what the server makes up tells nothing. Null for a query.
    private String given(Change.Insert insert) {
        Phrase phrase = Phrase.of(statement.sql());
        phrase.until(part -> part.sees("VALUES"));
        if (!phrase.take("VALUES") || statement.sql().matches("(?is).*\\bON\\s+CONFLICT\\b.*")) {
            return null;
        }
        List<String> columns = insert.columns().isEmpty()
                ? List.copyOf(before.columns(trail.before(insert.table())).keySet()) : insert.columns();
        List<String> conditions = new ArrayList<>();
        while (phrase.sees('(')) {
            List<Phrase> values = phrase.group().items();
            List<String> known = new ArrayList<>();
            for (int i = 0; i < values.size() && i < columns.size(); i++) {
                String value = values.get(i).source();
                if (value.matches("(?s)'(?:[^']|'')*'|-?\\d+(\\.\\d+)?|(?i:true|false)")) {
                    known.add(Name.quote(columns.get(i)) + " = " + value);
                }
            }
            if (known.isEmpty()) {
                return null;
            }
            conditions.add(String.join(" AND ", known));
            if (phrase.sees(',')) {
                phrase.skip();
            }
        }
        return phrase.done() && !conditions.isEmpty()
                ? conditions.size() == 1 ? conditions.get(0) : "(" + String.join(")\n  OR (", conditions) + ")" : null;
    }
}
