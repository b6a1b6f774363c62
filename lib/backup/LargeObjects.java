//SOURCES ../Postgres.java Contents.java Snapshot.java

package lib.backup;

import java.math.BigInteger;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Postgres;

/** The large objects of a database, counted and hashed through the functions that respect their rights. */
final class LargeObjects {
    /** Bytes of one object that the server holds in memory at a time. */
    private static final long PIECE = 16 << 20;
    private static final int TOGETHER = 1000;
    // The hash of a piece depends on its place, so that pieces cannot change places unseen.
    private static final String QUERY = """
            SELECT count(*)::text, sum(hashtextextended(encode(sha256(piece), 'hex') COLLATE "C", oid::bigint + %1$d)),
              max(oid::bigint), string_agg(oid::text, ', ') FILTER (WHERE length(piece) = %2$d)
            FROM (SELECT oid, lo_get(oid, %1$d, %2$d) AS piece FROM (%3$s) o OFFSET 0) p""";

    private LargeObjects() {
    }

    static Contents.Rows read(Connection connection, String snapshot) throws SQLException {
        Snapshot.join(connection, snapshot);
        long count = 0;
        BigInteger sum = BigInteger.ZERO;
        for (String last = "0"; last != null; ) {
            List<String> found = piece(connection, 0, "SELECT oid FROM pg_largeobject_metadata WHERE oid::bigint > "
                    + last + " ORDER BY oid LIMIT " + TOGETHER);
            count += Long.parseLong(found.get(0));
            sum = sum.add(number(found.get(1)));
            last = found.get(2);
            String more = found.get(3);
            for (long offset = PIECE; more != null; offset += PIECE) {
                List<String> rest = piece(connection, offset, "SELECT unnest(ARRAY[" + more + "]::oid[]) AS oid");
                sum = sum.add(number(rest.get(1)));
                more = rest.get(3);
            }
        }
        connection.rollback();
        return new Contents.Rows(count, sum.toString());
    }

    private static List<String> piece(Connection connection, long offset, String objects) throws SQLException {
        return Postgres.rows(connection, QUERY.formatted(offset, PIECE, objects)).get(0);
    }

    private static BigInteger number(String sum) {
        return sum == null ? BigInteger.ZERO : new BigInteger(sum);
    }
}
