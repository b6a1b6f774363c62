//SOURCES ../Postgres.java ../sql/Name.java

package lib.plan;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.Postgres;
import lib.sql.Name;

/** How the objects of a database are defined, as statements that would make them again; read at one moment. */
public final class Definitions {
    private static final String OWN = "nspname !~ '^pg_' AND nspname <> 'information_schema'";

    private final Map<Name, Map<String, Column>> columns = new LinkedHashMap<>();
    private final List<Constraint> constraints = new ArrayList<>();
    private final List<Index> indexes = new ArrayList<>();
    private final Map<String, String> others = new LinkedHashMap<>();

    /**
     * A column.
     *
     * @param identity ALWAYS or BY DEFAULT for an identity column, else null
     * @param generated the expression of a stored generated column, else null
     */
    public record Column(String name, String type, boolean notNull, String defaultExpression, String identity,
                         String generated) {
        /** Its declaration without NOT NULL, which may have to wait for values. */
        public String declaration() {
            return Name.quote(name) + " " + type
                    + (generated != null ? " GENERATED ALWAYS AS (" + generated + ") STORED" : "")
                    + (identity != null ? " GENERATED " + identity + " AS IDENTITY" : "")
                    + (defaultExpression != null && !ofSequence() ? " DEFAULT " + defaultExpression : "");
        }

        /** Whether its default hands out numbers of a sequence that goes when the column goes. */
        public boolean ofSequence() {
            return defaultExpression != null && defaultExpression.startsWith("nextval(");
        }
    }

    /**
     * A constraint; foreign key, check, unique, primary key and the like by their letter in pg_constraint.
     *
     * @param columns of its own table
     * @param refers the table that a foreign key points to, else null
     */
    public record Constraint(Name table, String name, String kind, String definition, Set<String> columns,
                             Name refers) {
        /** The statement that makes it. */
        public String sql() {
            return "ALTER TABLE " + table.sql() + " ADD CONSTRAINT " + Name.quote(name) + " " + definition;
        }
    }

    /** An index that stands on its own and no constraint brings along. */
    public record Index(Name name, Name table, String sql, Set<String> columns) {
    }

    private Definitions() {
    }

    /** Reads them all; names in the definitions are qualified where they are not in public. */
    public static Definitions of(Connection connection) throws SQLException {
        String path = Postgres.one(connection, "SELECT current_setting('search_path')");
        Postgres.rows(connection, "SELECT set_config('search_path', 'public', false)");
        try {
            Definitions definitions = new Definitions();
            definitions.readTables(connection);
            definitions.readOthers(connection);
            return definitions;
        } finally {
            Postgres.rows(connection, "SELECT set_config('search_path', " + Postgres.literal(path) + ", false)");
        }
    }

    private void readTables(Connection connection) throws SQLException {
        for (List<String> row : Postgres.rows(connection, """
                SELECT nspname, relname, attname,
                  format_type(atttypid, atttypmod) || CASE WHEN attcollation <> typcollation
                    THEN ' COLLATE ' || attcollation::regcollation::text ELSE '' END,
                  attnotnull, CASE WHEN attgenerated = '' THEN pg_get_expr(adbin, adrelid) END,
                  CASE attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END,
                  CASE WHEN attgenerated <> '' THEN pg_get_expr(adbin, adrelid) END
                FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
                LEFT JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                LEFT JOIN pg_type t ON t.oid = atttypid
                LEFT JOIN pg_attrdef d ON adrelid = c.oid AND adnum = attnum
                WHERE relkind IN ('r', 'p') AND %s ORDER BY 1, 2, attnum""".formatted(OWN))) {
            Map<String, Column> table = columns.computeIfAbsent(Name.of(row.get(0), row.get(1)),
                    name -> new LinkedHashMap<>());
            if (row.get(2) != null) {
                table.put(row.get(2), new Column(row.get(2), row.get(3), row.get(4).equals("t"), row.get(5),
                        row.get(6), row.get(7)));
            }
        }
        for (List<String> row : Postgres.rows(connection, """
                SELECT n.nspname, c.relname, conname, contype, pg_get_constraintdef(k.oid), rn.nspname, r.relname,
                  ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey))::text
                FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                LEFT JOIN pg_class r ON r.oid = confrelid LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
                WHERE conparentid = 0 AND contype NOT IN ('n', 't') AND n.%s
                -- What others refer to is made before what refers to it.
                ORDER BY contype = 'f', 1, 2, 3""".formatted(OWN.replace("AND nspname", "AND n.nspname")))) {
            constraints.add(new Constraint(Name.of(row.get(0), row.get(1)), row.get(2), row.get(3), row.get(4),
                    array(row.get(7)), row.get(6) == null ? null : Name.of(row.get(5), row.get(6))));
        }
        for (List<String> row : Postgres.rows(connection, """
                SELECT nspname, i.relname, t.relname, pg_get_indexdef(indexrelid),
                  ARRAY(SELECT DISTINCT attname FROM pg_depend JOIN pg_attribute ON attrelid = refobjid
                    AND attnum = refobjsubid WHERE classid = 'pg_class'::regclass AND objid = indexrelid
                    AND refobjid = indrelid)::text
                FROM pg_index JOIN pg_class i ON i.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
                JOIN pg_namespace n ON n.oid = i.relnamespace
                WHERE NOT i.relispartition AND %s AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid
                  AND contype IN ('p', 'u', 'x')) ORDER BY 1, 2""".formatted(OWN))) {
            indexes.add(new Index(Name.of(row.get(0), row.get(1)), Name.of(row.get(0), row.get(2)), row.get(3),
                    array(row.get(4))));
        }
    }

    // Keyed by kind and name, as a statement that drops or replaces them calls them.
    private void readOthers(Connection connection) throws SQLException {
        for (List<String> row : Postgres.rows(connection, """
                WITH ns AS (SELECT oid, nspname, CASE WHEN nspname = 'public' THEN '' ELSE nspname || '.' END AS prefix
                  FROM pg_namespace WHERE %s)
                SELECT 'VIEW ' || prefix || relname, 'CREATE VIEW ' || c.oid::regclass
                  || coalesce(' WITH (' || array_to_string(reloptions, ', ') || ')', '') || E' AS\\n'
                  || rtrim(pg_get_viewdef(c.oid), ';')
                FROM pg_class c JOIN ns ON ns.oid = relnamespace WHERE relkind = 'v'
                UNION ALL
                SELECT 'MATERIALIZED VIEW ' || prefix || relname, 'CREATE MATERIALIZED VIEW ' || c.oid::regclass
                  || E' AS\\n' || rtrim(pg_get_viewdef(c.oid), ';')
                FROM pg_class c JOIN ns ON ns.oid = relnamespace WHERE relkind = 'm'
                UNION ALL
                SELECT CASE prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || prefix || proname,
                  string_agg(rtrim(pg_get_functiondef(p.oid), E'\\n'), E';\\n' ORDER BY p.oid)
                FROM pg_proc p JOIN ns ON ns.oid = pronamespace WHERE prokind IN ('f', 'p')
                GROUP BY prokind, prefix, proname
                UNION ALL
                SELECT 'TRIGGER ' || prefix || relname || '.' || tgname, pg_get_triggerdef(t.oid)
                FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN ns ON ns.oid = relnamespace
                WHERE NOT tgisinternal AND tgparentid = 0
                UNION ALL
                SELECT 'TYPE ' || prefix || typname, 'CREATE TYPE ' || t.oid::regtype || ' AS ENUM ('
                  || (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum
                    WHERE enumtypid = t.oid) || ')'
                FROM pg_type t JOIN ns ON ns.oid = typnamespace WHERE typtype = 'e'
                UNION ALL
                SELECT 'DOMAIN ' || prefix || typname, 'CREATE DOMAIN ' || t.oid::regtype || ' AS '
                  || format_type(typbasetype, typtypmod) || coalesce(' DEFAULT ' || pg_get_expr(typdefaultbin, 0), '')
                  || CASE WHEN typnotnull THEN ' NOT NULL' ELSE '' END || coalesce((SELECT string_agg(
                    ' CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(k.oid), '' ORDER BY conname)
                    FROM pg_constraint k WHERE contypid = t.oid AND contype = 'c'), '')
                FROM pg_type t JOIN ns ON ns.oid = typnamespace WHERE typtype = 'd'
                UNION ALL
                SELECT 'SEQUENCE ' || prefix || relname, 'CREATE SEQUENCE ' || c.oid::regclass || ' AS '
                  || seqtypid::regtype || ' INCREMENT ' || seqincrement || ' MINVALUE ' || seqmin || ' MAXVALUE '
                  || seqmax || ' START ' || seqstart || ' CACHE ' || seqcache || CASE WHEN seqcycle THEN ' CYCLE'
                  ELSE '' END
                FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid JOIN ns ON ns.oid = relnamespace
                UNION ALL
                SELECT 'PARTITION ' || prefix || c.relname, 'ALTER TABLE ' || inhparent::regclass
                  || ' ATTACH PARTITION ' || c.oid::regclass || ' ' || pg_get_expr(relpartbound, c.oid)
                FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid JOIN ns ON ns.oid = relnamespace
                WHERE relkind IN ('r', 'p') AND relispartition
                UNION ALL SELECT 'SCHEMA ' || nspname, 'CREATE SCHEMA ' || quote_ident(nspname) FROM ns
                UNION ALL SELECT 'EXTENSION ' || extname, 'CREATE EXTENSION ' || quote_ident(extname) || ' SCHEMA '
                  || extnamespace::regnamespace FROM pg_extension
                """.formatted(OWN))) {
            others.put(row.get(0), row.get(1));
        }
    }

    private static Set<String> array(String text) {
        String inside = text.substring(1, text.length() - 1);
        return inside.isEmpty() ? Set.of() : Set.copyOf(List.of(inside.replace("\"", "").split(",")));
    }

    /** Whether there is such a table. */
    public boolean has(Name table) {
        return columns.containsKey(table);
    }

    /** The columns of a table; empty for one that is not there. */
    public Map<String, Column> columns(Name table) {
        return columns.getOrDefault(table, Map.of());
    }

    /** The constraints of a table, and the foreign keys of others that point to it. */
    public List<Constraint> constraints(Name table) {
        return constraints.stream().filter(k -> k.table().equals(table) || table.equals(k.refers())).toList();
    }

    /** A constraint by its name; null when it is not there. */
    public Constraint constraint(Name table, String name) {
        return constraints.stream().filter(k -> k.table().equals(table) && k.name().equals(name)).findFirst()
                .orElse(null);
    }

    /** The indexes of a table that no constraint brings along. */
    public List<Index> indexes(Name table) {
        return indexes.stream().filter(index -> index.table().equals(table)).toList();
    }

    /** An index by its name, in whatever schema the statement means; null when it is not there. */
    public Index index(Name name) {
        return indexes.stream().filter(index -> index.name().equals(name)).findFirst().orElse(null);
    }

    /** The primary key of a table; empty where it has none. */
    public List<String> primaryKey(Name table) {
        return constraints.stream().filter(k -> k.table().equals(table) && k.kind().equals("p")).findFirst()
                .map(k -> columns(table).keySet().stream().filter(k.columns()::contains).toList()).orElse(List.of());
    }

    /** The statement that makes any other object, by its kind and name: {@code VIEW totals}; null when not there. */
    public String other(String kind, Name name) {
        return others.get(kind + " " + name);
    }

    /** The statement that makes a schema, an extension or a trigger, by kind and name as text. */
    public String other(String kind, String name) {
        return others.get(kind + " " + name);
    }
}
