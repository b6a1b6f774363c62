//SOURCES ../Failure.java ../Gate.java ../sql/Name.java ../Postgres.java

package lib.plan;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.Failure;
import lib.Gate;
import lib.sql.Name;
import lib.Postgres;

/** What a database holds before the release, as far as writing the plan depends on it; every question only reads. */
public final class Catalog {
    private final Connection connection;
    private final Map<Name, Map<String, Column>> tables = new HashMap<>();
    private final Map<Name, Long> rows = new HashMap<>();
    private final Map<Name, Name> indexes = new HashMap<>();
    private final Map<Name, Set<String>> unique = new HashMap<>();
    private final Map<Name, Boolean> populated = new HashMap<>();

    /** A column as the server prints its type. */
    public record Column(String name, String type, boolean notNull) {
    }

    public Catalog(Connection connection) throws SQLException {
        this.connection = connection;
        for (List<String> row : Postgres.rows(connection, """
                SELECT n.nspname, c.relname, CASE relkind WHEN 'r' THEN greatest(c.reltuples, 0)::bigint ELSE 0 END,
                       a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                ORDER BY 1, 2, a.attnum""")) {
            Name table = Name.of(row.get(0), row.get(1));
            rows.put(table, Long.parseLong(row.get(2)));
            Map<String, Column> columns = tables.computeIfAbsent(table, name -> new LinkedHashMap<>());
            if (row.get(3) != null) {
                columns.put(row.get(3), new Column(row.get(3), row.get(4), row.get(5).equals("t")));
            }
        }
        for (List<String> row : Postgres.rows(connection, """
                SELECT n.nspname, i.relname, t.relname,
                       x.indisunique AND x.indnkeyatts = 1 AND x.indpred IS NULL AND x.indexprs IS NULL,
                       (SELECT attname FROM pg_attribute WHERE attrelid = t.oid AND attnum = x.indkey[0])
                FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
                JOIN pg_namespace n ON n.oid = i.relnamespace
                WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'""")) {
            indexes.put(Name.of(row.get(0), row.get(1)), Name.of(row.get(0), row.get(2)));
            if (row.get(3).equals("t") && row.get(4) != null) {
                unique.computeIfAbsent(Name.of(row.get(0), row.get(2)), name -> new HashSet<>()).add(row.get(4));
            }
        }
    }

    public boolean has(Name table) {
        return tables.containsKey(table);
    }

    /** The columns of a table by name; empty for a table that is not there. */
    public Map<String, Column> columns(Name table) {
        return tables.getOrDefault(table, Map.of());
    }

    /** Every table of the database. */
    public Set<Name> tables() {
        return tables.keySet();
    }

    /** Whether some constraint is checked only at the end of a transaction. */
    public boolean defers() {
        return ask("SELECT EXISTS (SELECT FROM pg_constraint WHERE condeferred)").equals("t");
    }

    /**
     * How many rows the server believes a table has; 0 when it was never analysed, and for one that only has
     * partitions.
     */
    public long estimate(Name table) {
        return rows.getOrDefault(table, 0L);
    }

    /** Columns that alone tell the rows of a table apart. */
    public Set<String> unique(Name table) {
        return unique.getOrDefault(table, Set.of());
    }

    /** The table an index belongs to; null for an index that is not there. */
    public Name tableOf(Name index) {
        return indexes.get(index);
    }

    /** Whether a table holds any row at all. */
    public boolean populated(Name table) {
        return has(table) && populated.computeIfAbsent(table,
                name -> "t".equals(ask("SELECT EXISTS (SELECT FROM " + name.sql() + ")")));
    }

    /** How many rows a query counts. */
    public long count(String query) {
        return Long.parseLong(ask(query));
    }

    private String ask(String query) {
        try {
            return Postgres.one(connection, query);
        } catch (SQLException e) {
            throw new Failure(Failure.Exit.STOP, "the database did not answer: " + Gate.words(e), query, e);
        }
    }
}
