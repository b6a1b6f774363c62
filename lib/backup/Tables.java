//SOURCES ../Postgres.java ../sql/Name.java

package lib.backup;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import lib.Postgres;
import lib.sql.Name;

/** What a database holds that is to be counted and hashed, as its catalog tells in one query, and the SQL for it. */
final class Tables {
    /** From PostgreSQL 14 on a row has a hash function of its own; before, its text is hashed. */
    private static final String RECORD = "record";
    private static final String TEXT = "text";
    private static final int HASHES_RECORDS = 14;
    /** Reading many small tables in one statement saves as many round trips. */
    private static final long SMALL = 1 << 20;
    private static final int TOGETHER = 50;
    /** Larger tables are read in pieces, so that one huge table keeps several connections busy. */
    private static final long LARGE = 64L << 20;

    // Types whose hash is exact, fast and the same on every server: no enum (hashed by its number), citext (by its
    // lower case), array (without its dimensions), "char" (another sign on ARM), interval (a month equals 30 days). A
    // numeric without a scale of its own would not tell 1.0 from 1.00.
    private static final String EXACT = "16, 17, 19, 20, 21, 23, 25, 26, 700, 701, 1043, 1042, 1082, 1083, 1114, 1184,"
            + " 1266, 2950, 3802, 869, 650, 829, 774";
    // By name, not by place: of inherited columns a restore changes the order.
    private static final String QUERY = """
            WITH RECURSIVE base (oid, root) AS (
              SELECT oid, oid FROM pg_type WHERE typtype <> 'd'
              UNION ALL SELECT t.oid, root FROM pg_type t JOIN base ON t.typtype = 'd' AND t.typbasetype = base.oid
            ), configured AS (
              SELECT unnest(extconfig) AS oid, unnest(extcondition) AS condition FROM pg_extension
            ), col AS (
              SELECT attrelid, quote_ident(attname) AS name, attname,
                CASE WHEN root IN (%s) OR root = 1700 AND atttypmod > 0
                  THEN CASE WHEN attcollation = 0 THEN '' ELSE ' COLLATE "C"' END END AS exact
              FROM pg_attribute JOIN base ON base.oid = atttypid
              WHERE attnum > 0 AND NOT attisdropped AND attgenerated = ''
            ), listed AS (
              SELECT attrelid, string_agg(name || exact, ', ' ORDER BY attname) AS plain,
                string_agg(name, ', ' ORDER BY attname) FILTER (WHERE exact IS NULL) AS odd
              FROM col GROUP BY attrelid
            )
            SELECT nspname, relname, relkind, coalesce(CASE relkind WHEN 'r' THEN pg_table_size(c.oid) END, 0),
              coalesce(CASE relkind WHEN 'r' THEN pg_relation_size(c.oid) END, 0) / current_setting('block_size')::int,
              plain, odd, condition
            FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
            LEFT JOIN listed ON attrelid = c.oid LEFT JOIN configured f ON f.oid = c.oid
            WHERE relkind IN ('r', 'S') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
              AND (f.oid IS NOT NULL OR NOT EXISTS (SELECT FROM pg_depend
                WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e'))
            """.formatted(EXACT);

    private Tables() {
    }

    /** One statement's part: a sequence, a table, or a piece of a large one. */
    record Piece(String name, boolean sequence, long bytes, String query) {
    }

    /** The best way to hash rows that a server knows. */
    static String method(Connection connection) throws SQLException {
        return connection.getMetaData().getDatabaseMajorVersion() < HASHES_RECORDS ? TEXT : RECORD;
    }

    /** All there is to read, the largest first, and what is small together. */
    static List<List<Piece>> work(Connection connection, String method) throws SQLException {
        List<Piece> pieces = new ArrayList<>();
        for (List<String> row : Postgres.rows(connection, QUERY)) {
            add(row, method, pieces);
        }
        pieces.sort(Comparator.comparingLong(Piece::bytes).reversed().thenComparing(Piece::name));
        List<List<Piece>> work = new ArrayList<>();
        List<Piece> together = new ArrayList<>();
        for (Piece piece : pieces) {
            if (piece.bytes > SMALL) {
                work.add(List.of(piece));
                continue;
            }
            if (together.size() % TOGETHER == 0) {
                together = new ArrayList<>();
                work.add(together);
            }
            together.add(piece);
        }
        return work;
    }

    private static void add(List<String> row, String method, List<Piece> pieces) {
        String name = Name.quote(row.get(0)) + "." + Name.quote(row.get(1));
        String label = Postgres.literal(name);
        if (row.get(2).equals("S")) {
            pieces.add(new Piece(name, true, 0,
                    "SELECT " + label + ", last_value::text, is_called::text FROM " + name));
            return;
        }
        // A row's hash is the sum of its columns' hashes, so without hashing it again, under itself, two rows could
        // exchange values unseen. OFFSET 0 keeps it from being worked out twice.
        String query = "SELECT " + label + ", count(*)::text, coalesce(sum(hashint8extended(h, h)), 0)::text"
                + " FROM (SELECT " + hash(row.get(5), row.get(6), method) + " AS h FROM ONLY " + name;
        String end = " OFFSET 0) r";
        long bytes = Long.parseLong(row.get(3));
        long blocks = Long.parseLong(row.get(4));
        String condition = row.get(7);
        // Servers that do not hash records would not find a piece without reading the whole table either.
        long count = method.equals(RECORD) && condition == null ? Math.min(blocks, bytes / LARGE) : 0;
        if (count < 2) {
            pieces.add(new Piece(name, false, bytes, query + (condition == null ? "" : " " + condition) + end));
            return;
        }
        for (long i = 0; i < count; i++) {
            // The last one is open, for what was added since.
            String until = i == count - 1 ? "" : " AND ctid < '(" + blocks * (i + 1) / count + ",0)'";
            pieces.add(new Piece(name, false, bytes / count,
                    query + " WHERE ctid >= '(" + blocks * i / count + ",0)'" + until + end));
        }
    }

    // Other types as the server writes them; within a row, so that nothing is not the same as an empty text.
    private static String hash(String plain, String odd, String method) {
        String text = odd == null ? null : "ROW(" + odd + ")::text COLLATE \"C\"";
        String all = plain == null ? text : text == null ? plain : plain + ", " + text;
        if (all == null) {
            return "0::bigint";
        }
        return method.equals(TEXT) ? "hashtextextended(ROW(" + all + ")::text COLLATE \"C\", 0)"
                : "hash_record_extended(ROW(" + all + "), 0)";
    }
}
