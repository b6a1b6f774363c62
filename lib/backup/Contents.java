//SOURCES ../Count.java ../Target.java Reading.java

package lib.backup;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import lib.Count;
import lib.Target;

/**
 * What a database holds, in numbers that can be compared: of every table the rows and a hash that does not depend on
 * their order, where every sequence stands, the large objects. Equal for equal data on every server from PostgreSQL 14
 * on and with any settings. What no dump holds is left out: rows of materialized views, generated columns, rows of
 * foreign tables, what extensions bring along.
 *
 * @param method how rows are hashed; two can be compared only when it is the same
 * @param encoding of the database: in another one the same text has other bytes
 * @param tables by qualified name, quoted where SQL needs it: {@code public.users}
 * @param sequences last value and whether it was handed out: {@code 41 true}
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Contents(String method, String encoding, SortedMap<String, Rows> tables,
                       SortedMap<String, String> sequences, Rows largeObjects) {
    /** The rows of one table. */
    public record Rows(long rows, String hash) {
        static final Rows NONE = new Rows(0, "0");
    }

    /** Told of each table that was read, for a progress bar. */
    public interface Listener {
        /**
         * @param bytes the size of the tables read so far, on disk
         * @param all the size of all tables
         */
        void read(String table, long bytes, long all);
    }

    public Contents {
        tables = Collections.unmodifiableSortedMap(new TreeMap<>(tables));
        sequences = Collections.unmodifiableSortedMap(new TreeMap<>(sequences));
    }

    /** Counts and hashes everything, as of an exported snapshot; null is the present moment, for databases at rest. */
    public static Contents of(Target target, String snapshot, Listener listener) throws SQLException {
        return new Reading(target, snapshot, listener).contents(null);
    }

    /** The same of another database, hashed in the same way. */
    public Contents again(Target target, Listener listener) throws SQLException {
        return new Reading(target, null, listener).contents(method);
    }

    /** The same tables, with sequences as another source gives them. */
    Contents with(SortedMap<String, String> otherSequences) {
        return new Contents(method, encoding, tables, otherSequences, largeObjects);
    }

    /** The rows of all tables together. */
    public long rows() {
        return tables.values().stream().mapToLong(Rows::rows).sum();
    }

    /** What differs from what was expected, at most {@code most} lines, each with the values seen. */
    public List<String> differences(Contents expected, int most) {
        List<String> differences = new ArrayList<>();
        if (!method.equals(expected.method)) {
            differences.add("rows were hashed in another way: " + method + " instead of " + expected.method);
        }
        if (!encoding.equals(expected.encoding)) {
            differences.add("the database has the encoding " + encoding + " instead of " + expected.encoding);
        }
        compare("", tables, expected.tables, differences);
        compare("sequence ", sequences, expected.sequences, differences);
        compare("", Map.of("large objects", largeObjects), Map.of("large objects", expected.largeObjects), differences);
        if (differences.size() > most) {
            int left = differences.size() - most;
            differences.subList(most, differences.size()).clear();
            differences.add("and " + left + " more");
        }
        return differences;
    }

    private static <V> void compare(String kind, Map<String, V> seen, Map<String, V> expected, List<String> found) {
        expected.forEach((name, value) -> {
            V other = seen.get(name);
            if (other == null) {
                found.add(kind + name + " is missing");
            } else if (!other.equals(value)) {
                found.add(kind + name + ": " + difference(other, value));
            }
        });
        seen.keySet().stream().filter(name -> !expected.containsKey(name))
                .forEach(name -> found.add(kind + name + " is new"));
    }

    private static String difference(Object seen, Object expected) {
        if (seen instanceof Rows one && expected instanceof Rows other) {
            return one.rows != other.rows ? one.rows + " instead of " + Count.of(other.rows, "row")
                    : "the same " + Count.of(one.rows, "row") + " in number, but other values";
        }
        return "stands at " + seen + " instead of " + expected;
    }
}
