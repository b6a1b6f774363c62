//SOURCES ../Failure.java ../Gate.java ../sql/Name.java ../Postgres.java Definitions.java

package lib.plan;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
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
    private final Map<Name, List<Name>> partitions = new HashMap<>();
    private final int major;
    private Definitions definitions;
    private Set<String> schemas;

    /** A column as the server prints its type. */
    public record Column(String name, String type, boolean notNull) {
    }

    public Catalog(Connection connection) throws SQLException {
        this.connection = connection;
        this.major = connection.getMetaData().getDatabaseMajorVersion();
        for (List<String> row : Postgres.rows(connection, """
                SELECT n.nspname, c.relname, CASE relkind WHEN 'r' THEN greatest(c.reltuples, 0)::bigint ELSE 0 END,
                       a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, c.relkind
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|release_trash_)'
                  AND n.nspname <> 'information_schema'
                ORDER BY 1, 2, a.attnum""")) {
            Name table = Name.of(row.get(0), row.get(1));
            rows.put(table, Long.parseLong(row.get(2)));
            if (row.get(6).equals("p")) {
                partitions.computeIfAbsent(table, name -> new ArrayList<>());
            }
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
        for (List<String> row : Postgres.rows(connection, """
                SELECT pn.nspname, p.relname, cn.nspname, c.relname FROM pg_inherits
                JOIN pg_class p ON p.oid = inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
                JOIN pg_class c ON c.oid = inhrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
                WHERE p.relkind = 'p' ORDER BY 1, 2, 3, 4""")) {
            partitions.computeIfAbsent(Name.of(row.get(0), row.get(1)), name -> new ArrayList<>())
                    .add(Name.of(row.get(2), row.get(3)));
        }
    }

    /** The server's major version. */
    int major() {
        return major;
    }

    /** The partitions of a table; null for a table that is not partitioned. */
    List<Name> partitions(Name table) {
        return partitions.get(table);
    }

    /** Whether any relation has this name already. */
    boolean taken(Name relation) {
        return !ask("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = "
                + Postgres.literal(relation.schema()) + " AND relname = " + Postgres.literal(relation.name()))
                .equals("0");
    }

    /** Whether a schema has a constraint of that name. */
    boolean constraint(String schema, String name) {
        return ask("SELECT EXISTS (SELECT FROM pg_constraint k JOIN pg_namespace n ON n.oid = connamespace"
                + " WHERE nspname = " + Postgres.literal(schema) + " AND conname = " + Postgres.literal(name) + ")")
                .equals("t");
    }

    /** Whether a validated constraint says that a column has a value in every row. */
    boolean proven(Name table, String column) {
        return ask("SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = " + oid(table)
                + " AND contype = 'c' AND convalidated AND pg_get_constraintdef(oid) = "
                + Postgres.literal("CHECK ((" + Name.quote(column) + " IS NOT NULL))") + ")").equals("t");
    }

    /** How many rows the largest table has that has a column of this domain. */
    long domainRows(Name domain) {
        return count("SELECT coalesce(max(reltuples), 0)::bigint FROM pg_attribute a JOIN pg_class c"
                + " ON c.oid = attrelid WHERE c.relkind = 'r' AND NOT attisdropped AND atttypid = to_regtype("
                + Postgres.literal(domain.full()) + ")");
    }

    /** Whether an index of its own stands on a partition, which the server would take for its parent's new one. */
    boolean hasIndexOfItsOwn(Name partition) {
        return ask("SELECT EXISTS (SELECT FROM pg_index WHERE indrelid = " + oid(partition)
                + " AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = indexrelid))").equals("t");
    }

    /** Whether an index neither keeps values apart nor belongs to a constraint. */
    boolean plainIndex(Name index) {
        return ask("SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = " + oid(index)
                + " AND NOT indisunique AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid))")
                .equals("t");
    }

    /** How many rows a materialized view has that can be refreshed while it is read; 0 where it cannot. */
    long refreshable(Name view) {
        return count("SELECT coalesce(max(reltuples), 0)::bigint FROM pg_class c WHERE c.oid = " + oid(view)
                + " AND relkind = 'm' AND relispopulated AND EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid"
                + " AND indisunique AND indisvalid AND indpred IS NULL AND indexprs IS NULL)");
    }

    /** By what a table is partitioned, as the server prints it; empty for one that is not. */
    String partitionKey(Name table) {
        String key = ask("SELECT pg_get_partkeydef(" + oid(table) + ")");
        return key == null ? "" : key;
    }

    /** The partition for whatever fits no other; null where there is none. */
    Name defaultPartition(Name table) {
        List<List<String>> rows = rows("SELECT nspname, relname FROM pg_partitioned_table JOIN pg_class c"
                + " ON c.oid = partdefid JOIN pg_namespace n ON n.oid = relnamespace WHERE partrelid = " + oid(table));
        return rows.isEmpty() ? null : Name.of(rows.get(0).get(0), rows.get(0).get(1));
    }

    /** The expression for a relation's number, NULL when it is not there. */
    static String oid(Name relation) {
        return "to_regclass(" + Postgres.literal(relation.full()) + ")";
    }

    /** The same with every name in the answer qualified by its schema, as far as the session allows it to be asked. */
    List<List<String>> qualified(String query) {
        String before = ask("SHOW search_path");
        try {
            ask("SELECT set_config('search_path', '', false)");
            return rows(query);
        } finally {
            ask("SELECT set_config('search_path', " + Postgres.literal(before) + ", false)");
        }
    }

    /** All rows that a question to the catalog answers. */
    List<List<String>> rows(String query) {
        try {
            return Postgres.rows(connection, query);
        } catch (SQLException e) {
            throw unanswered(query, e);
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

    /** How many rows the server believes a table and its partitions have; 0 when it was never analysed. */
    public long estimate(Name table) {
        return partitions.containsKey(table) ? partitions.get(table).stream().mapToLong(this::estimate).sum()
                : rows.getOrDefault(table, 0L);
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

    /** The columns of a table's primary key, in its order; empty when it has none. */
    public List<String> primaryKey(Name table) {
        return column("SELECT attname FROM pg_index x, unnest(x.indkey) WITH ORDINALITY AS k (number, place)"
                + " JOIN pg_attribute a ON a.attnum = k.number WHERE x.indisprimary AND a.attrelid = x.indrelid"
                + " AND x.indrelid = to_regclass(" + Postgres.literal(table.full()) + ") ORDER BY place");
    }

    /** Whether a valid index of a table begins with this column, given as it stands in SQL. */
    public boolean leads(Name table, String column) {
        return !column("SELECT 1 FROM pg_index WHERE indisvalid AND indpred IS NULL AND indrelid = to_regclass("
                + Postgres.literal(table.full()) + ") AND pg_get_indexdef(indexrelid, 1, true) = "
                + Postgres.literal(column)).isEmpty();
    }

    /** The definition of a constraint that was never validated; null when there is none of that name. */
    public String constraint(Name table, String name) {
        return column("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE NOT convalidated AND conname = "
                + Postgres.literal(name) + " AND conrelid = to_regclass(" + Postgres.literal(table.full()) + ")")
                .stream().findFirst().orElse(null);
    }

    /** How many rows a query counts. */
    public long count(String query) {
        return Long.parseLong(ask(query));
    }

    /** How its objects are defined, read when somebody first asks. */
    Definitions definitions() {
        if (definitions == null) {
            try {
                definitions = Definitions.of(connection);
            } catch (SQLException e) {
                throw unanswered("the definitions of its objects", e);
            }
        }
        return definitions;
    }

    /** Every schema of the database. */
    Set<String> schemas() {
        if (schemas == null) {
            schemas = rows("SELECT nspname FROM pg_namespace").stream().map(row -> row.get(0))
                    .collect(Collectors.toSet());
        }
        return schemas;
    }

    private static Failure unanswered(String query, SQLException error) {
        return new Failure(Failure.Exit.STOP, "the database did not answer: " + Gate.words(error), query, error);
    }

    private String ask(String query) {
        List<String> answers = column(query);
        return answers.isEmpty() ? null : answers.get(0);
    }

    private List<String> column(String query) {
        return rows(query).stream().map(row -> row.get(0)).toList();
    }
}
