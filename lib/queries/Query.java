package lib.queries;

import java.util.List;
import java.util.Map;

/**
 * A query that the application sends, with its open places numbered.
 *
 * @param name how people call it; the same query has the same name in every run
 * @param origin where it was found
 * @param place the file and line it stands in, or how often production ran it
 * @param sql the query as a server takes it
 * @param values an SQL literal for each open place; empty when they are not known
 * @param places how many open places it has
 * @param excused what may happen to it, by {@code broken} or {@code slower}, and why
 */
public record Query(String name, Origin origin, String place, String sql, List<String> values, int places,
                    Map<String, String> excused) {
    /** Where a query was found: a file is what the new code sends, statistics are what the old code sent. */
    public enum Origin { FILE, STATISTICS }

    /** Whether it can run as it stands: nothing is left open. */
    public boolean closed() {
        return values.size() >= places;
    }

    /** The reason for which a status is accepted; null when it is not. */
    public String excuse(String status) {
        return excused.get(status);
    }
}
