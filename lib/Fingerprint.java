//SOURCES Hash.java Json.java Postgres.java Run.java

package lib;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A schema as one hash, with the objects it was made of so that a difference can be named. Stable over runs, dumps, users
 * and server majors: no oids, no owners, no privileges, no column positions, no NOT NULL constraints (their names exist from
 * PostgreSQL 18 on only), no text of views (printed differently from 16 on; their columns and what they read stand for them).
 *
 * @param objects the definition's hash by object: "column users.email"
 */
public record Fingerprint(String hash, Map<String, String> objects) {
    // What extensions own is left out: it comes with the extension's version, which is an object of its own here.
    private static final String QUERY = """
            WITH ns AS (
              SELECT oid, nspname FROM pg_namespace
              WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
            ), owned AS (
              SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
            ), rel AS (
              SELECT c.*, CASE WHEN nspname = 'public' THEN '' ELSE nspname || '.' END || relname AS name
              FROM pg_class c JOIN ns ON ns.oid = c.relnamespace
              WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_class'::regclass AND objid = c.oid)
            )
            SELECT 'schema ' || nspname, '' FROM ns
            UNION ALL
            SELECT CASE relkind WHEN 'r' THEN 'table ' WHEN 'p' THEN 'table ' WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view '
                     WHEN 'f' THEN 'foreign table ' ELSE 'type ' END || name,
                   concat_ws('|', relkind, relpersistence, relreplident, relrowsecurity, relforcerowsecurity,
                     array_to_string(reloptions, ','), pg_get_expr(relpartbound, oid),
                     CASE WHEN relkind = 'p' THEN pg_get_partkeydef(oid) END)
            FROM rel WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
            UNION ALL
            SELECT 'sequence ' || name, concat_ws('|', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle)
            FROM rel JOIN pg_sequence s ON s.seqrelid = rel.oid
            UNION ALL
            SELECT 'column ' || name || '.' || attname,
                   concat_ws('|', format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
                     pg_get_expr(d.adbin, d.adrelid),
                     CASE WHEN attcollation <> t.typcollation THEN attcollation::regcollation::text END)
            FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND attnum > 0 AND NOT attisdropped
            JOIN pg_type t ON t.oid = atttypid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
            UNION ALL
            SELECT 'constraint ' || coalesce(rel.name || '.', '') || conname,
                   concat_ws('|', contype, convalidated, condeferrable, condeferred, pg_get_constraintdef(k.oid))
            FROM pg_constraint k JOIN ns ON ns.oid = connamespace LEFT JOIN rel ON rel.oid = conrelid
            WHERE (contype <> 'n' OR NOT convalidated) AND (conrelid = 0 OR rel.oid IS NOT NULL)
            UNION ALL
            SELECT 'index ' || name, concat_ws('|', indisunique, indisvalid, indisready, pg_get_indexdef(indexrelid))
            FROM rel JOIN pg_index ON indexrelid = rel.oid
            UNION ALL
            SELECT 'trigger ' || rel.name || '.' || tgname, concat_ws('|', tgenabled, pg_get_triggerdef(t.oid))
            FROM pg_trigger t JOIN rel ON rel.oid = tgrelid WHERE NOT tgisinternal
            UNION ALL
            SELECT 'policy ' || rel.name || '.' || polname,
                   concat_ws('|', polcmd, polpermissive, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
            FROM pg_policy JOIN rel ON rel.oid = polrelid
            UNION ALL
            SELECT 'enum ' || nspname || '.' || typname, string_agg(enumlabel, '|' ORDER BY enumsortorder)
            FROM pg_enum e JOIN pg_type t ON t.oid = enumtypid JOIN ns ON ns.oid = typnamespace
            WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_type'::regclass AND objid = t.oid)
            GROUP BY nspname, typname
            UNION ALL
            SELECT 'domain ' || nspname || '.' || typname, concat_ws('|', format_type(typbasetype, typtypmod), typnotnull, typdefault)
            FROM pg_type t JOIN ns ON ns.oid = typnamespace WHERE typtype = 'd'
            AND NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_type'::regclass AND objid = t.oid)
            UNION ALL
            SELECT 'function ' || nspname || '.' || proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
                   concat_ws('|', prokind, provolatile, proisstrict, prosecdef, l.lanname, prorettype::regtype, prosrc, array_to_string(proconfig, ','))
            FROM pg_proc p JOIN ns ON ns.oid = pronamespace JOIN pg_language l ON l.oid = prolang
            WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_proc'::regclass AND objid = p.oid)
            UNION ALL
            SELECT 'view ' || rel.name || ' reads', string_agg(DISTINCT u.relname || '.' || coalesce(a.attname, '*'), '|')
            FROM rel JOIN pg_rewrite w ON w.ev_class = rel.oid
            JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
            JOIN pg_class u ON u.oid = d.refobjid LEFT JOIN pg_attribute a ON a.attrelid = u.oid AND a.attnum = d.refobjsubid AND a.attnum > 0
            WHERE rel.relkind IN ('v', 'm') AND d.refobjid <> rel.oid GROUP BY rel.name
            UNION ALL
            SELECT 'extension ' || extname, '' FROM pg_extension WHERE extname <> 'plpgsql'
            UNION ALL
            SELECT 'publication ' || pubname, concat_ws('|', puballtables, pubinsert, pubupdate, pubdelete, pubtruncate) FROM pg_publication
            """;

    /** Takes the fingerprint of the connected database, also in the middle of a transaction. */
    public static Fingerprint of(Connection connection) throws SQLException {
        // The names in definitions depend on the search path; an empty one qualifies them all.
        String path = Postgres.one(connection, "SELECT current_setting('search_path')");
        Postgres.rows(connection, "SELECT set_config('search_path', '', false)");
        Map<String, String> objects = new TreeMap<>();
        for (List<String> row : Postgres.rows(connection, QUERY)) {
            objects.merge(row.get(0), Hash.of(String.valueOf(row.get(1))), (a, b) -> Hash.of(a + b));
        }
        Postgres.rows(connection, "SELECT set_config('search_path', " + Postgres.literal(path) + ", false)");
        return new Fingerprint(Hash.of(objects.toString()), objects);
    }

    /** Keeps the fingerprint in a file, so that a later difference can be named. */
    public void save(Path file) {
        Run.write(file, Json.pretty(Json.tree(this)) + "\n");
    }

    /** Reads a kept fingerprint. */
    public static Fingerprint load(Path file) {
        try {
            return Json.MAPPER.readValue(file.toFile(), Fingerprint.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The objects that differ from another schema, at most {@code most}, each with what happened to it. */
    public List<String> differences(Fingerprint expected, int most) {
        List<String> differences = new ArrayList<>();
        expected.objects.forEach((name, hash) -> {
            if (!objects.containsKey(name)) {
                differences.add(name + " is missing");
            } else if (!objects.get(name).equals(hash)) {
                differences.add(name + " is different");
            }
        });
        objects.keySet().stream().filter(name -> !expected.objects.containsKey(name)).forEach(name -> differences.add(name + " is new"));
        if (differences.size() > most) {
            int left = differences.size() - most;
            differences.subList(most, differences.size()).clear();
            differences.add("and " + left + " more");
        }
        return differences;
    }
}
