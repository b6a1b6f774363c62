//SOURCES ../Postgres.java ../sql/Name.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.Postgres;
import lib.sql.Name;

/**
 * The tables of a database by their number, which no statement changes: a table that got another name or schema is
 * found again, and so is a column, by its place.
 *
 * @param tables by oid
 */
record Stored(Map<Long, Table> tables) {
    private static final List<String> SETTINGS = List.of("search_path = ''", "TimeZone = 'UTC'", "DateStyle = 'ISO'",
            "IntervalStyle = 'postgres'", "bytea_output = 'hex'", "extra_float_digits = 1", "row_security = off");
    /** A query has room for that many columns with two values each. */
    private static final int TOGETHER = 500;

    /**
     * One table.
     *
     * @param columns by their place
     * @param key the places of its primary key
     */
    record Table(long oid, Name name, Map<Integer, Column> columns, Set<Integer> key) {
    }

    record Column(String name, String type) {
        private static final List<String> NUMBERS = List.of("smallint", "integer", "bigint", "numeric");
        private static final List<String> TEXTS = List.of("character varying", "text");

        /** Whether a later type of the column shows every value by the same text as this one. */
        boolean widened(Column later) {
            String was = type.replaceFirst("^(character varying)\\(\\d+\\)$", "$1");
            return type.equals(later.type) || wider(NUMBERS, type, later.type) || wider(TEXTS, was, later.type);
        }

        private static boolean wider(List<String> types, String was, String is) {
            return types.contains(was) && types.indexOf(was) <= types.indexOf(is);
        }
    }

    /** The values of a column that are there, and a hash of them that does not depend on the order of rows. */
    record Values(long values, String hash) {
    }

    static Stored of(Connection connection) throws SQLException {
        Map<Long, Table> tables = new LinkedHashMap<>();
        for (List<String> row : Postgres.rows(connection, """
                SELECT c.oid, nspname, relname, attnum, attname, format_type(atttypid, atttypmod),
                  EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p' AND attnum = ANY (conkey))
                FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
                LEFT JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
                ORDER BY 2, 3, attnum""")) {
            Table table = tables.computeIfAbsent(Long.parseLong(row.get(0)), oid -> new Table(oid,
                    Name.of(row.get(1), row.get(2)), new LinkedHashMap<>(), new LinkedHashSet<>()));
            if (row.get(3) != null) {
                int place = Integer.parseInt(row.get(3));
                table.columns().put(place, new Column(row.get(4), row.get(5)));
                if (row.get(6).equals("t")) {
                    table.key().add(place);
                }
            }
        }
        return new Stored(tables);
    }

    /** The tables that rows of other tables lead to, by ON DELETE and the like, or by the code of their triggers. */
    static Set<Long> reached(Connection connection, Set<Long> from) throws SQLException {
        if (from.isEmpty()) {
            return Set.of();
        }
        String oids = String.join(", ", from.stream().map(String::valueOf).toList());
        Set<Long> reached = new LinkedHashSet<>();
        Postgres.rows(connection, """
                WITH RECURSIVE hit (oid) AS (
                  SELECT unnest(ARRAY[%s]::oid[])
                  UNION SELECT conrelid FROM pg_constraint JOIN hit ON confrelid = hit.oid
                  WHERE contype = 'f' AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))
                ) SELECT oid FROM hit UNION
                SELECT c.oid FROM hit JOIN pg_trigger t ON tgrelid = hit.oid AND NOT tgisinternal
                JOIN pg_proc p ON p.oid = tgfoid JOIN pg_class c ON relkind = 'r' AND relnamespace >= 2200
                  AND position(relname IN prosrc) > 0
                """.formatted(oids)).forEach(row -> reached.add(Long.parseLong(row.get(0))));
        return reached;
    }

    /**
     * Hashes every column of a table, each value together with its row's key, so that no two rows can exchange theirs
     * unseen.
     *
     * @param key the places of the columns that tell rows apart; empty when there is nothing to tell them apart by
     * @param places the columns to hash
     */
    static Map<Integer, Values> values(Connection connection, Table table, Set<Integer> key, Set<Integer> places)
            throws SQLException {
        for (String setting : SETTINGS) {
            Postgres.execute(connection, "SET " + setting);
        }
        String keys = String.join("", key.stream().map(place -> quoted(table, place) + ", ").toList());
        Map<Integer, Values> values = new LinkedHashMap<>();
        List<Integer> all = new ArrayList<>(places);
        for (int from = 0; from < all.size(); from += TOGETHER) {
            List<Integer> some = all.subList(from, Math.min(from + TOGETHER, all.size()));
            // As text, so that a column whose type was widened still has the same values.
            List<String> parts = some.stream().map(place -> "count(" + quoted(table, place)
                    + "), coalesce(sum(hashtextextended(ROW(" + keys + quoted(table, place)
                    + ")::text COLLATE \"C\", 0)), 0)").toList();
            List<String> row = Postgres.rows(connection, "SELECT " + String.join(", ", parts) + " FROM ONLY "
                    + table.name().full()).get(0);
            for (int i = 0; i < some.size(); i++) {
                values.put(some.get(i), new Values(Long.parseLong(row.get(2 * i)), row.get(2 * i + 1)));
            }
        }
        return values;
    }

    private static String quoted(Table table, int place) {
        return Name.quote(table.columns().get(place).name());
    }
}
