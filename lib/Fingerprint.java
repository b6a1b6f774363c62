//SOURCES Failure.java Gate.java Hash.java Json.java Postgres.java Run.java

package lib;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A schema as one hash, with the objects it was made of so that a difference can be named. Stable over runs, dumps,
 * users, session settings and server majors: no oids, owners, privileges, comments or column positions, no NOT NULL
 * constraints (their names exist from PostgreSQL 18 on only), no versions of extensions and nothing that they own. Nor
 * is there what applications do not migrate: operator classes, languages, transforms, conversions, subscriptions; nor
 * the journal of a release that is under way, nor what a release dropped and the trash keeps.
 *
 * @param objects the definition's hash by object: "column users.email"
 */
public record Fingerprint(String hash, Map<String, String> objects) {
    // ROW(…)::text tells a missing value from an empty one. An invalid index has a name of its own because no dump
    // holds it: its difference to a restored copy explains itself. Options of foreign objects have no order.
    private static final String QUERY = """
            WITH ns AS (
              SELECT oid, nspname, CASE WHEN nspname = 'public' THEN '' ELSE nspname || '.' END AS prefix
              FROM pg_namespace WHERE nspname !~ '^(pg_|release_trash_)'
                AND nspname NOT IN ('information_schema', 'release_journal')
            ), owned AS (
              SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
            ), rel AS (
              SELECT c.*, prefix || relname AS name,
                CASE relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'f' THEN 'foreign table '
                  WHEN 'c' THEN 'type ' ELSE 'table ' END AS kind
              FROM pg_class c JOIN ns ON ns.oid = relnamespace
              WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_class'::regclass AND objid = c.oid)
            ), typ AS (
              SELECT t.*, prefix || typname AS name FROM pg_type t JOIN ns ON ns.oid = typnamespace
              WHERE typtype IN ('d', 'e', 'r')
                AND NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_type'::regclass AND objid = t.oid)
            ), fun AS (
              SELECT p.*, prefix || proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name
              FROM pg_proc p JOIN ns ON ns.oid = pronamespace
              WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_proc'::regclass AND objid = p.oid)
            )
            SELECT 'schema ' || nspname, '' FROM ns WHERE nspname <> 'public'
            UNION ALL
            SELECT kind || name, ROW(relkind, relpersistence, relreplident, relrowsecurity, relforcerowsecurity,
                reloptions, (SELECT t.reloptions FROM pg_class t WHERE t.oid = rel.reltoastrelid),
                nullif(reloftype, 0)::regtype,
                (SELECT amname FROM pg_am a WHERE a.oid = relam AND relkind IN ('r', 'm')),
                (SELECT string_agg(inhparent::regclass::text, ',' ORDER BY inhseqno) FROM pg_inherits
                   WHERE inhrelid = rel.oid),
                pg_get_expr(relpartbound, oid), CASE WHEN relkind = 'p' THEN pg_get_partkeydef(oid) END,
                (SELECT ROW(srvname, ARRAY(SELECT unnest(ftoptions) COLLATE "C" ORDER BY 1))
                   FROM pg_foreign_table JOIN pg_foreign_server s ON s.oid = ftserver WHERE ftrelid = rel.oid))::text
            FROM rel WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
            UNION ALL
            SELECT 'sequence ' || name, ROW(seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache,
                seqcycle, (SELECT refobjid::regclass || '.' || attname FROM pg_depend
                   JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
                   WHERE classid = 'pg_class'::regclass AND objid = rel.oid AND deptype IN ('a', 'i')))::text
            FROM rel JOIN pg_sequence ON seqrelid = rel.oid
            UNION ALL
            SELECT 'column ' || name || '.' || attname, ROW(format_type(atttypid, atttypmod), attnotnull, attidentity,
                attgenerated, pg_get_expr(d.adbin, d.adrelid), nullif(attcollation, t.typcollation)::regcollation,
                nullif(attstorage, t.typstorage), nullif(attstattarget, -1), attoptions,
                ARRAY(SELECT unnest(attfdwoptions) COLLATE "C" ORDER BY 1))::text
            FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND attnum > 0 AND NOT attisdropped
            JOIN pg_type t ON t.oid = atttypid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
            UNION ALL
            SELECT 'constraint ' || coalesce(rel.name, typ.name) || '.' || conname,
              ROW(contype, convalidated, condeferrable, condeferred, pg_get_constraintdef(k.oid))::text
            FROM pg_constraint k LEFT JOIN rel ON rel.oid = conrelid LEFT JOIN typ ON typ.oid = contypid
            WHERE (contype <> 'n' OR NOT convalidated) AND contype <> 't'
              AND (rel.oid IS NOT NULL OR typ.oid IS NOT NULL)
              -- Partitions have them from their parent, under names that a dump does not keep.
              AND (contype <> 'f' OR conparentid = 0)
            UNION ALL
            SELECT CASE WHEN indisvalid THEN 'index ' ELSE 'invalid index ' END || i.name,
              ROW(indisunique, indisready, indisreplident, indisclustered, pg_get_indexdef(indexrelid))::text
            FROM pg_index JOIN rel i ON i.oid = indexrelid JOIN rel t ON t.oid = indrelid
            UNION ALL
            SELECT 'trigger ' || rel.name || '.' || t.tgname, ROW(t.tgenabled, pg_get_triggerdef(t.oid))::text
            FROM pg_trigger t JOIN rel ON rel.oid = t.tgrelid LEFT JOIN pg_trigger p ON p.oid = t.tgparentid
            WHERE NOT t.tgisinternal AND (p.oid IS NULL OR t.tgenabled <> p.tgenabled)
            UNION ALL
            SELECT 'rule ' || name || '.' || rulename, ROW(ev_type, ev_enabled, is_instead)::text
            FROM pg_rewrite w JOIN rel ON rel.oid = ev_class WHERE rulename <> '_RETURN'
            UNION ALL
            SELECT 'policy ' || name || '.' || polname, ROW(polcmd, polpermissive, pg_get_expr(polqual, polrelid),
                pg_get_expr(polwithcheck, polrelid),
                ARRAY(SELECT CASE r WHEN 0 THEN '' ELSE pg_get_userbyid(r) END COLLATE "C"
                  FROM unnest(polroles) r ORDER BY 1))::text
            FROM pg_policy JOIN rel ON rel.oid = polrelid
            UNION ALL
            SELECT 'enum ' || name,
              ARRAY(SELECT enumlabel FROM pg_enum WHERE enumtypid = typ.oid ORDER BY enumsortorder)::text
            FROM typ WHERE typtype = 'e'
            UNION ALL
            SELECT 'domain ' || name, ROW(format_type(typbasetype, typtypmod), typnotnull,
                pg_get_expr(typdefaultbin, 0), typcollation::regcollation)::text
            FROM typ WHERE typtype = 'd'
            UNION ALL
            SELECT 'range ' || name, ROW(rngsubtype::regtype, rngcollation::regcollation, rngcanonical::regproc,
                rngsubdiff::regproc, (SELECT opcname FROM pg_opclass o WHERE o.oid = rngsubopc))::text
            FROM typ JOIN pg_range ON rngtypid = typ.oid
            UNION ALL
            SELECT CASE prokind WHEN 'a' THEN 'aggregate ' WHEN 'p' THEN 'procedure ' ELSE 'function ' END || name,
              CASE WHEN prokind = 'a' THEN (SELECT ROW(aggkind, aggtransfn::regprocedure, aggfinalfn::regprocedure,
                  aggcombinefn::regprocedure, aggtranstype::regtype, agginitval, aggsortop::regoperator)::text
                  FROM pg_aggregate WHERE aggfnoid = fun.oid)
                WHEN prosrc <> '' THEN pg_get_functiondef(oid) END
            FROM fun
            UNION ALL
            SELECT 'body of ' || name, pg_get_functiondef(oid) FROM fun WHERE prosrc = '' AND prokind <> 'a'
            UNION ALL
            SELECT 'query of ' || kind || name, pg_get_viewdef(oid) FROM rel WHERE relkind IN ('v', 'm')
            UNION ALL
            SELECT 'query of rule ' || name || '.' || rulename, pg_get_ruledef(w.oid)
            FROM pg_rewrite w JOIN rel ON rel.oid = ev_class WHERE rulename <> '_RETURN'
            UNION ALL
            -- View by view: joined, it would look through all relations for each rule of the catalog itself.
            SELECT 'columns read by ' || kind || name, columns FROM rel CROSS JOIN LATERAL (
              SELECT string_agg(DISTINCT refobjid::regclass || '.' || coalesce(attname, '*') COLLATE "C", ',')
                AS columns
              FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                AND d.refclassid = 'pg_class'::regclass
              LEFT JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid AND attnum > 0
              WHERE w.ev_class = rel.oid AND refobjid <> rel.oid) read
            WHERE relkind IN ('v', 'm') AND columns IS NOT NULL
            UNION ALL
            SELECT 'statistics ' || prefix || stxname, pg_get_statisticsobjdef(s.oid)
            FROM pg_statistic_ext s JOIN ns ON ns.oid = stxnamespace
            UNION ALL
            SELECT 'collation ' || prefix || collname, ROW(collprovider, collisdeterministic,
                coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', collcollate))::text
            FROM pg_collation c JOIN ns ON ns.oid = collnamespace
            WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_collation'::regclass AND objid = c.oid)
            UNION ALL
            SELECT 'operator ' || prefix || oprname || '(' || oprleft::regtype || ',' || oprright::regtype || ')',
              ROW(oprcode::regprocedure, oprcom::regoperator, oprnegate::regoperator, oprcanmerge, oprcanhash)::text
            FROM pg_operator o JOIN ns ON ns.oid = oprnamespace
            WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_operator'::regclass AND objid = o.oid)
            UNION ALL
            SELECT 'cast ' || castsource::regtype || ' to ' || casttarget::regtype,
              ROW(castfunc::regprocedure, castcontext, castmethod)::text
            FROM pg_cast c WHERE oid >= 16384
              AND NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_cast'::regclass AND objid = c.oid)
            UNION ALL
            SELECT 'text search configuration ' || prefix || cfgname,
              ARRAY(SELECT ROW(maptokentype, mapseqno, mapdict::regdictionary)::text FROM pg_ts_config_map
                WHERE mapcfg = c.oid ORDER BY maptokentype, mapseqno)::text
            FROM pg_ts_config c JOIN ns ON ns.oid = cfgnamespace
            WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_ts_config'::regclass AND objid = c.oid)
            UNION ALL
            SELECT 'text search dictionary ' || prefix || dictname, dictinitoption
            FROM pg_ts_dict d JOIN ns ON ns.oid = dictnamespace
            WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_ts_dict'::regclass AND objid = d.oid)
            UNION ALL
            SELECT 'event trigger ' || evtname, ROW(evtevent, evtenabled, evttags, evtfoid::regprocedure)::text
            FROM pg_event_trigger e
            WHERE NOT EXISTS (SELECT FROM owned WHERE classid = 'pg_event_trigger'::regclass AND objid = e.oid)
            UNION ALL
            SELECT 'foreign server ' || srvname, ROW(fdwname, srvtype, srvversion,
                ARRAY(SELECT unnest(srvoptions) COLLATE "C" ORDER BY 1))::text
            FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = srvfdw
            UNION ALL
            SELECT 'extension ' || extname, extnamespace::regnamespace::text
            FROM pg_extension WHERE extname <> 'plpgsql'
            UNION ALL
            SELECT 'publication ' || pubname,
              ROW(puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot)::text
                -- From 18 on; the default is left out, for older servers have nothing else.
                || coalesce(nullif(to_jsonb(p) ->> 'pubgencols', 'n'), '')
            FROM pg_publication p
            UNION ALL
            SELECT 'publication ' || pubname || ' of ' || schemaname || '.' || tablename,
              ROW(to_jsonb(t) ->> 'rowfilter',
                -- The columns left out, because versions differ in whether they list generated ones.
                ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = format('%I.%I', schemaname, tablename)::regclass
                  AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                  AND NOT jsonb_exists(to_jsonb(t) -> 'attnames', attname::text) ORDER BY 1))::text
            FROM pg_publication_tables t
            """;
    // The session's own way of printing times, intervals, floats and names would be part of the definitions.
    private static final List<String> SETTINGS = List.of("search_path = ''", "TimeZone = 'UTC'",
            "IntervalStyle = 'postgres'", "bytea_output = 'hex'", "extra_float_digits = 1",
            "quote_all_identifiers = off");
    // IN ('a', 'b') on a varchar column is printed in another way after a dump than before, by these casts.
    private static final String LITERAL = "'[^']*+(?:''[^']*+)*+'";
    private static final Pattern CAST = Pattern.compile("(" + LITERAL + ")::character varying");
    private static final Pattern ELEMENT = Pattern.compile("\\((" + LITERAL + ")\\)::text");
    private static final Pattern LIST = Pattern
            .compile("\\((ARRAY\\[[^\\]']*+(?:" + LITERAL + "[^\\]']*+)*+])\\)::text\\[]");
    // Before PostgreSQL 16 the columns of a view are always qualified, later only where they need it.
    private static final Pattern QUALIFIER = Pattern
            .compile("(" + LITERAL + ")|(?:\"[^\"]++\"|\\b[A-Za-z_][\\w$]*+)\\.");
    private static final int SHORT = 16;

    /** Takes the fingerprint of the connected database, also inside a transaction, and leaves no trace there. */
    public static Fingerprint of(Connection connection) throws SQLException {
        boolean alone = connection.getAutoCommit();
        connection.setAutoCommit(false);
        Savepoint before = connection.setSavepoint();
        try {
            for (String setting : SETTINGS) {
                Postgres.execute(connection, "SET LOCAL " + setting);
            }
            return of(Postgres.rows(connection, QUERY));
        } finally {
            connection.rollback(before);
            connection.releaseSavepoint(before);
            if (alone) {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    private static Fingerprint of(List<List<String>> rows) {
        // Names are shown unquoted, so two objects may share one: in an order of our own, not in the server's.
        Map<String, String> definitions = new TreeMap<>();
        Comparator<List<String>> byName = Comparator.comparing(row -> row.get(0));
        rows.stream().sorted(byName.thenComparing(row -> "" + row.get(1))).forEach(row ->
                definitions.merge(row.get(0), plain(row.get(0), "" + row.get(1)), (a, b) -> a + "\n" + b));
        String hash = Hash.of(definitions.toString());
        definitions.replaceAll((object, definition) -> Hash.of(definition).substring(0, SHORT));
        return new Fingerprint(hash, definitions);
    }

    /** A definition without what differs between equal ones. */
    private static String plain(String object, String definition) {
        if (definition.contains("::character varying")) {
            definition = CAST.matcher(definition).replaceAll("$1");
            definition = ELEMENT.matcher(definition).replaceAll("$1");
            definition = LIST.matcher(definition).replaceAll("$1");
        }
        if (object.startsWith("query of ") || object.startsWith("body of ")) {
            definition = QUALIFIER.matcher(definition).replaceAll(match -> match.group(1) == null ? "" : "$1");
        }
        return definition;
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
            throw new Failure(Failure.Exit.STOP, file + " cannot be read: " + Gate.words(e), "jbang backup.java", e);
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
        objects.keySet().stream().filter(name -> !expected.objects.containsKey(name))
                .forEach(name -> differences.add(name + " is new"));
        if (differences.size() > most) {
            int left = differences.size() - most;
            differences.subList(most, differences.size()).clear();
            differences.add("and " + left + " more");
        }
        return differences;
    }
}
