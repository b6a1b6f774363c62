//SOURCES ../Failure.java ../Gate.java ../Postgres.java ../plan/Executor.java Proof.java Rehearsal.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.Failure;
import lib.Gate;
import lib.Postgres;
import lib.plan.Executor;

/**
 * Every constraint holds for every row, every index can be used. What the release leaves otherwise stops it; what was
 * so before is told.
 */
public final class Validity implements Proof {
    // A constraint that is not enforced is never validated either, and PostgreSQL 17 has no such thing. Partitions have
    // theirs from their parent, where they are told once.
    private static final String CONSTRAINTS = """
            SELECT CASE k.contype WHEN 'f' THEN 'foreign key ' WHEN 'c' THEN 'CHECK ' WHEN 'n' THEN 'NOT NULL '
                     ELSE 'constraint ' END || quote_ident(k.conname) || ' of '
                     || CASE WHEN k.contypid <> 0 THEN 'domain ' || k.contypid::regtype ELSE k.conrelid::regclass::text
                        END,
                   coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true),
                   CASE WHEN k.contypid <> 0 THEN 'ALTER DOMAIN ' || k.contypid::regtype
                     ELSE 'ALTER TABLE ' || k.conrelid::regclass END
                     || ' VALIDATE CONSTRAINT ' || quote_ident(k.conname)
            FROM pg_constraint k WHERE NOT k.convalidated AND k.conparentid = 0 AND k.coninhcount = 0 ORDER BY 1""";
    private static final String INDEXES = """
            SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, c.relkind = 'I', i.indisready,
                   ARRAY_TO_STRING(ARRAY(SELECT p.inhrelid::regclass::text FROM pg_inherits p
                     WHERE p.inhparent = i.indrelid AND NOT EXISTS (SELECT FROM pg_index part
                       JOIN pg_inherits a ON a.inhrelid = part.indexrelid AND a.inhparent = i.indexrelid
                       WHERE part.indrelid = p.inhrelid AND part.indisvalid) ORDER BY 1), ', ')
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) AND c.relpersistence <> 't' ORDER BY 1""";
    private static final String SWITCHED_OFF = """
            SELECT DISTINCT 'foreign key ' || quote_ident(k.conname) || ' of ' || k.conrelid::regclass,
                   'ALTER TABLE ' || t.tgrelid::regclass || ' ENABLE TRIGGER ALL'
            FROM pg_trigger t JOIN pg_constraint k ON k.oid = t.tgconstraint
            WHERE t.tgisinternal AND t.tgenabled = 'D' AND k.contype = 'f' ORDER BY 1""";

    private final Rehearsal rehearsal;
    private Map<String, String> before = Map.of();

    public Validity(Rehearsal rehearsal) {
        this.rehearsal = rehearsal;
    }

    @Override
    public String gate() {
        return "rehearsal.valid";
    }

    @Override
    public void before() throws SQLException {
        try (Connection connection = rehearsal.read()) {
            before = troubles(connection);
        }
    }

    @Override
    public Gate.Finding after(Executor.Result result) throws SQLException {
        try (Connection connection = rehearsal.read()) {
            Map<String, String> now = troubles(connection);
            List<String> made = now.keySet().stream().filter(trouble -> !before.containsKey(trouble)).toList();
            List<String> stops = made.stream().filter(trouble -> !now.get(trouble).isEmpty()).toList();
            if (!stops.isEmpty()) {
                throw Failure.stop(String.join("\n", stops), "in the SQL of the release, behind the statement that "
                        + "leaves it so:\n" + String.join("\n", stops.stream().map(now::get).distinct().toList()));
            }
            if (now.isEmpty()) {
                return Gate.passed("every constraint is validated, every index valid");
            }
            List<String> told = new ArrayList<>();
            now.keySet().forEach(trouble -> told.add(trouble + (made.contains(trouble) ? "" : ", as before")));
            String ways = String.join("\n", now.values().stream().filter(way -> !way.isEmpty()).distinct().toList());
            return Gate.warned(String.join("\n", told), ways.isEmpty() ? null : ways);
        }
    }

    /** Whatever does not hold or cannot be used, each with the SQL that mends it; empty SQL where it is meant so. */
    static Map<String, String> troubles(Connection connection) throws SQLException {
        Map<String, String> troubles = new LinkedHashMap<>();
        for (List<String> row : Postgres.rows(connection, CONSTRAINTS)) {
            if (row.get(1).equals("t")) {
                troubles.put(row.get(0) + " is not validated", row.get(2) + ";");
            } else {
                troubles.put(row.get(0) + " is NOT ENFORCED: it protects nothing", "");
            }
        }
        for (List<String> row : Postgres.rows(connection, INDEXES)) {
            index(row, troubles);
        }
        for (List<String> row : Postgres.rows(connection, SWITCHED_OFF)) {
            troubles.put(row.get(0) + " checks nothing: its triggers are switched off", row.get(1) + ";");
        }
        return troubles;
    }

    private static void index(List<String> row, Map<String, String> troubles) {
        String name = row.get(0);
        if (row.get(2).equals("t")) {
            String without = row.get(4);
            String attach = "ALTER INDEX " + name + " ATTACH PARTITION …;";
            troubles.put("index " + name + " of " + row.get(1) + " is not valid: "
                    + (without.isEmpty() ? "one of those below it was not" : "no index is attached to it for "
                    + without), without.isEmpty() ? attach : "CREATE INDEX … ON …;   -- for each of " + without + "\n"
                    + attach);
        } else {
            troubles.put("index " + name + " of " + row.get(1) + (row.get(3).equals("t") ? " is not valid"
                    : " is not ready"), "REINDEX INDEX CONCURRENTLY " + name + ";");
        }
    }
}
