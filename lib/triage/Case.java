//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Statement.java Complaint.java

package lib.triage;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

/**
 * A complaint with what its statement does.
 *
 * @param changes what the statement changes; empty when it is unknown or unreadable
 * @param ask one value from the database that it failed on, by an SQL query; null where none can be asked
 */
record Case(Complaint complaint, List<Change> changes, Function<String, String> ask) {
    static Case of(Complaint complaint, Function<String, String> ask) {
        List<Change> changes;
        try {
            changes = complaint.statement().isEmpty() ? List.of() : Statement.of(complaint.statement(), 1).actions()
                    .stream().map(Statement.Action::change).toList();
        } catch (IllegalArgumentException e) {
            // A log often holds the first part of a statement only.
            changes = List.of();
        }
        return new Case(complaint, changes, ask);
    }

    <T extends Change> Stream<T> all(Class<T> kind) {
        return changes.stream().filter(kind::isInstance).map(kind::cast);
    }

    /** The only value of a query; null when there is no database to ask, or no such row. */
    String answer(String query) {
        return ask == null ? null : ask.apply(query);
    }

    /** The table that the message or the statement names; null when neither does. */
    Name table() {
        String named = complaint.named("relation");
        named = named == null ? complaint.named("table") : named;
        for (Change change : changes) {
            for (Name table : change.tables()) {
                if (named == null || table.name().equals(named)) {
                    return table;
                }
            }
        }
        return named == null ? null : Name.of(null, named);
    }
}
