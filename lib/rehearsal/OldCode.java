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
 * What code that was written for the schema before a plan finds in a database: tables, columns, functions, enum values,
 * and the rules that its rows must obey. What is gone, or asks for more than before, breaks it.
 */
final class OldCode {
    private static final String COLUMNS = """
            SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                   a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> ''
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            ORDER BY 1, 2, a.attnum""";
    // A domain's rules are asked of its columns, and PostgreSQL 18 lists NOT NULL here as well.
    private static final String RULES = """
            SELECT n.nspname, c.relname, CASE k.contype WHEN 'c' THEN 'CHECK' WHEN 'f' THEN 'FOREIGN KEY'
                     WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE 'EXCLUDE' END || ' ' || k.conname
            FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
            UNION ALL
            SELECT n.nspname, t.relname, 'unique index ' || c.relname
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
            JOIN pg_namespace n ON n.oid = t.relnamespace
            WHERE i.indisunique AND n.nspname !~ '^pg_'
              AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
            UNION ALL
            SELECT n.nspname, c.relname, 'referenced by ' || k.conrelid::regclass || ', ' || k.conname
            FROM pg_constraint k JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE k.contype = 'f' AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
            UNION ALL
            SELECT n.nspname, c.relname, 'trigger ' || t.tgname
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
            UNION ALL
            SELECT n.nspname, c.relname, 'row level security'
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relrowsecurity
            ORDER BY 1, 2, 3""";
    private static final String OTHERS = """
            SELECT 'function ' || p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            UNION ALL
            SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'S' AND n.nspname !~ '^pg_'
            UNION ALL
            SELECT 'value ' || enumlabel || ' of ' || enumtypid::regtype FROM pg_enum
            ORDER BY 1""";

    /** A column as an INSERT meets it. */
    private record Column(String type, boolean notNull, boolean filled) {
    }

    private final Map<Name, Map<String, Column>> tables = new LinkedHashMap<>();
    private final Map<Name, List<String>> rules = new LinkedHashMap<>();
    private final Set<String> others = new LinkedHashSet<>();

    private OldCode() {
    }

    static OldCode of(Connection connection) throws SQLException {
        OldCode code = new OldCode();
        for (List<String> row : Postgres.rows(connection, COLUMNS)) {
            Map<String, Column> columns = code.tables.computeIfAbsent(Name.of(row.get(0), row.get(1)),
                    name -> new LinkedHashMap<>());
            if (row.get(2) != null) {
                columns.put(row.get(2), new Column(row.get(3), row.get(4).equals("t"), row.get(5).equals("t")));
            }
        }
        for (List<String> row : Postgres.rows(connection, RULES)) {
            code.rules.computeIfAbsent(Name.of(row.get(0), row.get(1)), name -> new ArrayList<>()).add(row.get(2));
        }
        Postgres.rows(connection, OTHERS).forEach(row -> code.others.add(row.get(0)));
        return code;
    }

    /** What breaks code that was written for this, once the database is as another one; a line each. */
    List<String> breaks(OldCode after) {
        List<String> breaks = new ArrayList<>();
        tables.forEach((table, columns) -> {
            if (!after.tables.containsKey(table)) {
                breaks.add(table + " is gone");
                return;
            }
            breaks(table, columns, after.tables.get(table), breaks);
            after.rules.getOrDefault(table, List.of()).stream()
                    .filter(rule -> !rules.getOrDefault(table, List.of()).contains(rule))
                    .forEach(rule -> breaks.add(table + " has a new rule: " + rule));
        });
        others.stream().filter(other -> !after.others.contains(other)).forEach(other -> breaks.add(other + " is gone"));
        return breaks;
    }

    private static void breaks(Name table, Map<String, Column> before, Map<String, Column> after,
                               List<String> breaks) {
        before.forEach((name, column) -> {
            Column now = after.get(name);
            if (now == null) {
                breaks.add(table + "." + name + " is gone");
            } else if (!now.type().equals(column.type())) {
                breaks.add(table + "." + name + " is " + now.type() + " instead of " + column.type());
            } else if (now.notNull() && !column.notNull()) {
                breaks.add(table + "." + name + " must not be NULL any more");
            } else if (now.notNull() && column.filled() && !now.filled()) {
                breaks.add(table + "." + name + " has no default any more");
            }
        });
        after.forEach((name, column) -> {
            if (!before.containsKey(name) && column.notNull() && !column.filled()) {
                breaks.add(table + "." + name + " is new, and must have a value");
            }
        });
    }
}
