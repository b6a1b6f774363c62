//SOURCES ../sql/Change.java ../sql/Name.java

package lib.triage;

import java.util.List;
import java.util.stream.Collectors;
import lib.sql.Change;
import lib.sql.Name;

/**
 * The rows that break a rule.
 *
 * @param what they are, in words: "rows of orders without a customer_id"
 * @param setup what the queries need in their session; empty when they need nothing
 * @param query shows them
 * @param count counts them
 */
public record Offenders(String what, String setup, String query, String count) {
    /** What stands for the key of a referenced table where nobody can be asked. */
    private static final String USUAL_KEY = "id";

    private static Offenders where(String what, Name table, String condition) {
        String rest = " FROM " + table.sql() + " WHERE " + condition;
        return new Offenders(what, "", "SELECT *" + rest + ";", "SELECT count(*)" + rest);
    }

    /** The query with what it needs, to be pasted into psql. */
    public String pasted() {
        return setup.isEmpty() ? query : setup + "\n" + query;
    }

    /** Rows without a value in a column. */
    public static Offenders nulls(Name table, String column) {
        return where("rows of " + table + " without a value in " + column, table, Name.quote(column) + " IS NULL");
    }

    /** All rows, for a rule that none of them can fulfil. */
    public static Offenders all(Name table, String why) {
        return where("rows of " + table + ", " + why, table, "true");
    }

    /** Rows that share their values with others; the expressions are SQL, the condition limits them, or is null. */
    public static Offenders duplicates(Name table, List<String> expressions, String condition) {
        String list = String.join(", ", expressions);
        String known = expressions.stream().map(one -> one + " IS NOT NULL").collect(Collectors.joining(" AND "));
        String groups = "SELECT " + list + ", count(*) AS rows FROM " + table.sql() + " WHERE " + known
                + (condition == null ? "" : " AND (" + condition + ")") + " GROUP BY " + list + " HAVING count(*) > 1";
        return new Offenders("rows of " + table + " that share " + list + " with another", "",
                groups + " ORDER BY rows DESC;",
                "SELECT coalesce(sum(rows), 0)::bigint FROM (" + groups + ") AS groups");
    }

    /** Rows that refer to one that is not there; without keys the parent's usual one is meant. */
    public static Offenders orphans(Name child, List<String> columns, Name parent, List<String> keys) {
        List<String> theirs = keys.isEmpty() ? columns.stream().map(column -> USUAL_KEY).toList() : keys;
        StringBuilder condition = new StringBuilder();
        StringBuilder match = new StringBuilder();
        for (int i = 0; i < columns.size(); i++) {
            String own = "c." + Name.quote(columns.get(i));
            condition.append(own).append(" IS NOT NULL AND ");
            match.append(i == 0 ? "p." : " AND p.").append(Name.quote(theirs.get(i))).append(" = ").append(own);
        }
        String rest = " FROM " + child.sql() + " AS c WHERE " + condition + "NOT EXISTS (SELECT FROM " + parent.sql()
                + " AS p WHERE " + match + ")";
        return new Offenders("rows of " + child + " whose " + String.join(", ", columns) + " is in no row of " + parent,
                "", "SELECT c.*" + rest + ";", "SELECT count(*)" + rest);
    }

    /** Rows that do not fulfil a condition; one that is unknown for a row is fulfilled. */
    public static Offenders unfulfilled(Name table, String condition) {
        return where("rows of " + table + " that do not fulfil " + condition, table, "NOT (" + condition + ")");
    }

    /** Rows whose value is longer than a type allows. */
    public static Offenders tooLong(Name table, String column, int length) {
        return where("rows of " + table + " with more than " + length + " characters in " + column, table,
                "length(" + Name.quote(column) + "::text) > " + length);
    }

    /**
     * Rows whose value cannot be converted: each is tried in a function of the session, which is gone with it.
     *
     * @param expression the conversion, as it would stand in USING
     */
    public static Offenders unconvertible(Name table, String column, String type, String expression) {
        String function = "CREATE OR REPLACE FUNCTION pg_temp.converts(" + table.full() + ") RETURNS boolean"
                + " LANGUAGE plpgsql AS $$ BEGIN PERFORM (" + expression + ")::" + type + " FROM (SELECT ($1).*) AS "
                + Name.quote(table.name()) + "; RETURN true;"
                + " EXCEPTION WHEN data_exception OR cannot_coerce THEN RETURN false; END $$;";
        String rest = " FROM " + table.sql() + " AS t WHERE NOT pg_temp.converts(t)";
        return new Offenders("rows of " + table + " whose " + column + " is no " + type, function,
                "SELECT *" + rest + ";", "SELECT count(*)" + rest);
    }

    /** The rows that break a new constraint; null for a kind that no query finds. */
    static Offenders of(Name table, Change.Constraint constraint, List<String> keys) {
        List<String> columns = constraint.columns();
        return switch (constraint.kind()) {
            case FOREIGN_KEY -> orphans(table, columns, constraint.references().table(),
                    constraint.references().columns().isEmpty() ? keys : constraint.references().columns());
            case CHECK -> constraint.condition() == null ? null : unfulfilled(table, constraint.condition());
            case UNIQUE, PRIMARY_KEY -> columns.isEmpty() ? null
                    : duplicates(table, columns.stream().map(Name::quote).toList(), null);
            case NOT_NULL -> nulls(table, columns.get(0));
            default -> null;
        };
    }
}
