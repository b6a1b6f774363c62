//SOURCES ../Failure.java ../Json.java ../Postgres.java ../sql/Name.java ../sql/Sql.java

package lib.trash;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import lib.Failure;
import lib.Json;
import lib.Postgres;
import lib.sql.Name;
import lib.sql.Sql;

/**
 * What releases dropped and a database still keeps: each object in a schema of its own, together with a table that says
 * what it was, until when it is kept and how it comes back.
 */
public final class Trash {
    /** What the name of every such schema begins with; the fingerprint of a schema leaves them out. */
    public static final String PREFIX = "release_trash_";
    /** The table that describes the schema it is in. */
    public static final String LABEL = "_trash";
    private static final String NEXT = ";\n";

    private Trash() {
    }

    /**
     * One dropped object.
     *
     * @param object the table or the column as it was called: {@code public.orders}, {@code public.users.email}
     * @param way moved (with all that belongs to it), keyed (the column's values by primary key) or copied (rows only)
     * @param dropped when, as the server prints it
     * @param expires until when it is kept
     * @param undo the statements that bring it back; empty when a person has to decide which row is which
     * @param bytes what it takes up on disk
     */
    public record Entry(String schema, String object, String kind, String way, String dropped, String expires,
                        boolean expired, List<String> undo, long bytes) {
        /** The object as people know it. */
        String shown() {
            return object.replaceFirst("^public\\.", "");
        }
    }

    /** Whether a schema is one of them. */
    public static boolean is(String schema) {
        return schema.startsWith(PREFIX);
    }

    /** The name of the n-th schema of a day. */
    public static String schema(LocalDate day, int number) {
        return PREFIX + day.format(DateTimeFormatter.BASIC_ISO_DATE) + "_" + number;
    }

    /** The statements that open a trash schema and label it; the time runs from the moment they are applied. */
    public static List<String> open(String schema, String object, String kind, String way, int days,
                                    List<String> undo) {
        return List.of("CREATE SCHEMA " + schema,
                "CREATE TABLE " + schema + "." + LABEL + " AS SELECT " + Postgres.literal(object) + " AS object, "
                + Postgres.literal(kind) + " AS kind, " + Postgres.literal(way) + " AS way,\n"
                + "  now() AS dropped, now() + interval '" + days + " days' AS expires,\n  "
                + Postgres.literal(String.join(NEXT, undo)) + " AS undo");
    }

    /** Stops when the connected role must not make the schema that what is dropped moves to. */
    public static void permitted(Connection connection) throws SQLException {
        List<String> row = Postgres.rows(connection, "SELECT has_database_privilege(current_database(), 'CREATE'),"
                + " quote_ident(current_database()), quote_ident(current_user)").get(0);
        if (row.get(0).equals("f")) {
            throw Failure.stop("what this release drops is kept in a schema of its own, and " + row.get(2)
                    + " must not create one in " + row.get(1), "as its owner: GRANT CREATE ON DATABASE " + row.get(1)
                    + " TO " + row.get(2) + ";\nor have it dropped for good: \"trash\": {\"days\": 0} in release.json");
        }
    }

    /** What outside of the trash still needs something in it: views, foreign keys, defaults, functions. */
    public static List<String> held(Connection connection) throws SQLException {
        return Postgres.rows(connection, """
                WITH trash AS (
                  SELECT c.oid, reltype, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
                  WHERE starts_with(nspname, '%s') AND relkind NOT IN ('i', 'I')
                ), own AS (
                  SELECT 'pg_rewrite'::regclass AS classid, r.oid FROM pg_rewrite r JOIN trash ON ev_class = trash.oid
                  UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k
                    JOIN trash ON conrelid = trash.oid
                  UNION ALL SELECT 'pg_attrdef'::regclass, d.oid FROM pg_attrdef d JOIN trash ON adrelid = trash.oid
                  UNION ALL SELECT 'pg_policy'::regclass, p.oid FROM pg_policy p JOIN trash ON polrelid = trash.oid
                  UNION ALL SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger t JOIN trash ON tgrelid = trash.oid
                  UNION ALL SELECT 'pg_class'::regclass, oid FROM trash
                )
                SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) || ' needs ' || relname
                FROM pg_depend d JOIN trash ON d.refclassid = 'pg_class'::regclass AND d.refobjid = trash.oid
                  OR d.refclassid = 'pg_type'::regclass AND d.refobjid = reltype AND reltype <> 0
                WHERE d.deptype = 'n'
                  AND NOT EXISTS (SELECT FROM own WHERE own.classid = d.classid AND own.oid = d.objid) ORDER BY 1
                """.formatted(PREFIX)).stream().map(row -> row.get(0)).toList();
    }

    /** The trash as the fact that programs and reports read. */
    public static ArrayNode facts(List<Entry> entries) {
        ArrayNode facts = Json.MAPPER.createArrayNode();
        entries.forEach(entry -> facts.addObject().put("object", entry.shown()).put("kind", entry.kind())
                .put("trash", entry.schema()).put("way", entry.way()).put("dropped", entry.dropped())
                .put("expires", entry.expires()).put("expired", entry.expired()).put("bytes", entry.bytes()));
        return facts;
    }

    /** Everything in the trash of a database, the oldest first. */
    public static List<Entry> of(Connection connection) throws SQLException {
        List<String> labels = Postgres.rows(connection, """
                SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
                WHERE starts_with(nspname, '%s') AND relname = '%s' AND relkind = 'r' ORDER BY 1
                """.formatted(PREFIX, LABEL)).stream().map(row -> row.get(0)).toList();
        List<Entry> entries = new ArrayList<>();
        for (String schema : labels) {
            for (List<String> row : Postgres.rows(connection, "SELECT object, kind, way, dropped::timestamptz(0)::text,"
                    + " expires::timestamptz(0)::text, expires < now(), undo,"
                    + " (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c WHERE relkind IN"
                    + " ('r', 'm') AND relnamespace = " + Postgres.literal(Name.quote(schema)) + "::regnamespace)"
                    + " FROM " + Name.quote(schema) + "." + LABEL)) {
                String undo = row.get(6);
                entries.add(new Entry(schema, row.get(0), row.get(1), row.get(2), row.get(3), row.get(4),
                        row.get(5).equals("t"), Sql.split(undo).stream().map(Sql.Piece::text).toList(),
                        Long.parseLong(row.get(7))));
            }
        }
        return entries;
    }
}
