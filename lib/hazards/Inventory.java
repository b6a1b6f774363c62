//SOURCES ../sql/Name.java ../Postgres.java Context.java

package lib.hazards;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.Postgres;
import lib.sql.Name;

/** The tables of a database with their sizes, by the server's own estimates: no table is read for them. */
public final class Inventory {
    private Inventory() {
    }

    /** Adds to a context what a database knows: its version and its tables. */
    public static Context of(Connection connection, Context context) throws SQLException {
        Map<Name, Context.Table> tables = new HashMap<>();
        // A table that was never analysed says -1, before PostgreSQL 14 it says 0: then its pages are asked. The rows
        // of a partitioned table are those of its partitions.
        for (List<String> row : Postgres.rows(connection, """
                SELECT n.nspname, c.relname, c.relkind = 'p',
                       CASE WHEN c.relkind = 'p' THEN (SELECT coalesce(sum(greatest(p.reltuples, 0)), 0)::bigint
                                FROM pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid WHERE t.isleaf)
                            WHEN c.reltuples > 0 THEN c.reltuples::bigint
                            WHEN pg_relation_size(c.oid) = 0 THEN 0 ELSE -1 END,
                       pg_relation_size(c.oid), a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                ORDER BY 1, 2, a.attnum""")) {
            Context.Table table = tables.computeIfAbsent(Name.of(row.get(0), row.get(1)), name -> new Context.Table(
                    Long.parseLong(row.get(3)), Long.parseLong(row.get(4)), row.get(2).equals("t"),
                    new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>()));
            if (row.get(5) != null) {
                table.columns().put(row.get(5), new Context.Column(row.get(6), row.get(7).equals("t")));
            }
        }
        for (List<String> row : Postgres.rows(connection, """
                SELECT n.nspname, c.relname, i.relname, a.attname
                FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam
                CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY k (attnum, place)
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
                WHERE m.amname = 'btree' AND x.indisvalid AND x.indpred IS NULL AND x.indexprs IS NULL
                  AND k.place <= x.indnkeyatts AND NOT 0 <> ANY (x.indoption::int2[])
                  AND NOT EXISTS (SELECT FROM unnest(x.indclass::oid[], x.indcollation::oid[], x.indkey::int2[])
                      o (opclass, sorting, attnum) JOIN pg_opclass c ON c.oid = o.opclass
                      JOIN pg_attribute b ON b.attrelid = x.indrelid AND b.attnum = o.attnum
                      WHERE NOT c.opcdefault OR o.sorting <> b.attcollation)
                ORDER BY 1, 2, 3, k.place""")) {
            Context.Table table = tables.get(Name.of(row.get(0), row.get(1)));
            if (table != null) {
                table.indexes().computeIfAbsent(Name.of(row.get(0), row.get(2)), name -> new ArrayList<>())
                        .add(row.get(3));
            }
        }
        for (List<String> row : Postgres.rows(connection, """
                SELECT n.nspname, c.relname, o.conname, p.nspname, f.relname
                FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                JOIN pg_class f ON f.oid = o.confrelid JOIN pg_namespace p ON p.oid = f.relnamespace
                WHERE o.contype = 'f' ORDER BY 1, 2, 3""")) {
            Context.Table table = tables.get(Name.of(row.get(0), row.get(1)));
            if (table != null) {
                table.foreignKeys().put(row.get(2), Name.of(row.get(3), row.get(4)));
            }
        }
        return context.server(Integer.parseInt(Postgres.one(connection, "SHOW server_version_num"))).tables(tables);
    }
}
