package lib.plan;

/**
 * Rows of a database that a statement of the release does not bear.
 *
 * @param what the rule and its table, in words
 * @param rows how many there are
 * @param query counts them; it holds no value of a row
 * @param mayBeMended whether the release changes rows of that table itself, so that only the rehearsal can tell
 */
public record Violation(String statement, String what, long rows, String query, boolean mayBeMended) {
}
