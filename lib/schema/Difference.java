//SOURCES ../Fingerprint.java Fingerprinted.java

package lib.schema;

import java.util.List;
import lib.Fingerprint;

/**
 * One object that two schemas do not have alike.
 *
 * @param object its name without quotes, with its schema unless that is public: {@code users.email}
 * @param kind table, column, index, constraint, view, function, publication, default privileges, …
 * @param change added, removed or changed, seen from the first schema to the second
 */
public record Difference(String object, String kind, String change) {
    public static final String ADDED = "added";
    public static final String REMOVED = "removed";
    public static final String CHANGED = "changed";

    /** What differs between two fingerprints of a schema, by name; comments and privileges are not in them. */
    public static List<Difference> between(Fingerprint before, Fingerprint after) {
        return Fingerprinted.compare(before, after);
    }

    /** The table of a column or a constraint, the schema of anything else; empty when there is none. */
    public String parent() {
        return object.substring(0, Math.max(0, object.lastIndexOf('.')));
    }

    @Override
    public String toString() {
        return kind + " " + object + " " + change;
    }
}
