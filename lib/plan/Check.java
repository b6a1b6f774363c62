//SOURCES ../Notes.java ../sql/Statement.java Pending.java

package lib.plan;

import java.util.ArrayList;
import java.util.List;
import lib.Notes;
import lib.sql.Statement;

/** A query that an entry of MIGRATIONS.md wants asked before a release: it changes nothing. */
public record Check(String entry, String sql) {
    /** The queries in the SQL of entries, in their order; what cannot be read is told elsewhere. */
    public static List<Check> of(List<Notes.Entry> entries) {
        List<Check> checks = new ArrayList<>();
        for (Notes.Entry entry : entries) {
            for (String fence : entry.sql()) {
                try {
                    Statement.parse(fence).stream().filter(Pending::asks)
                            .forEach(statement -> checks.add(new Check(entry.title(), statement.sql())));
                } catch (IllegalArgumentException e) {
                    // The draft stops at it, with its place.
                    continue;
                }
            }
        }
        return List.copyOf(checks);
    }
}
