//SOURCES ../Migration.java ../Postgres.java ../sql/Change.java ../sql/Name.java ../sql/Sql.java ../sql/Statement.java
//SOURCES Trace.java

package lib.migrations;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.Migration;
import lib.Postgres;
import lib.sql.Name;
import lib.sql.Statement;

/**
 * Which of a folder's files a database has had, told by what they leave in its catalog: where nothing is written down,
 * what a file creates is there or it is not.
 */
final class Traces {
    private static final String THERE = """
            SELECT CASE WHEN c.relkind IN ('v', 'm') THEN 'view' WHEN c.relkind = 'S' THEN 'sequence' ELSE 'table' END,
                   n.nspname, c.relname, ''
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
            UNION ALL SELECT 'index', n.nspname, c.relname, '' FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE x.indisvalid
            UNION ALL SELECT k, n.nspname, c.relname, a.attname FROM pg_attribute a
            JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
            unnest(ARRAY['column', 'NOT NULL']) k
            WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND (k = 'column' OR a.attnotnull)
            UNION ALL SELECT 'constraint', n.nspname, c.relname, o.conname FROM pg_constraint o
            JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            UNION ALL SELECT 'trigger', n.nspname, c.relname, g.tgname FROM pg_trigger g
            JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT g.tgisinternal
            UNION ALL SELECT 'policy', n.nspname, c.relname, p.polname FROM pg_policy p
            JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            UNION ALL SELECT 'type', n.nspname, t.typname, '' FROM pg_type t
            JOIN pg_namespace n ON n.oid = t.typnamespace
            LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c'
            UNION ALL SELECT 'value', n.nspname, t.typname, e.enumlabel FROM pg_enum e
            JOIN pg_type t ON t.oid = e.enumtypid
            JOIN pg_namespace n ON n.oid = t.typnamespace
            UNION ALL SELECT 'function', n.nspname, p.proname, '' FROM pg_proc p
            JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname <> 'pg_catalog'
            UNION ALL SELECT 'schema', nspname, nspname, '' FROM pg_namespace
            UNION ALL SELECT 'extension', 'public', extname, '' FROM pg_extension""";

    /** How far a migration has come. */
    enum Verdict { APPLIED, PENDING, PARTIAL, UNDECIDABLE }

    /**
     * What is known of one migration.
     *
     * @param there what of it the database has, as far as that decides something
     * @param reason why it is undecidable, else null
     * @param unreadable whether that is because of what its file says
     */
    record Told(Migration migration, Verdict verdict, List<String> there, List<String> missing, String reason,
                boolean unreadable) {
    }

    private record Mark(int file, boolean creates, boolean weak) {
    }

    private final List<Migration> migrations;
    private final Map<Trace, List<Mark>> chains = new LinkedHashMap<>();
    private final List<Set<Trace>> relations = new ArrayList<>();
    private final Map<Integer, String> unreadable = new HashMap<>();
    private final Set<Trace> present = new HashSet<>();

    private Traces(List<Migration> migrations) {
        this.migrations = migrations;
    }

    /** Reads the files in their order and asks the catalog; statements are read, none is run. */
    static List<Told> of(Connection connection, List<Migration> migrations) throws SQLException {
        Traces traces = new Traces(migrations);
        Trace.Alive alive = new Trace.Alive();
        for (int i = 0; i < migrations.size(); i++) {
            traces.read(i, migrations.get(i), alive);
        }
        traces.present.addAll(present(connection));
        return traces.told();
    }

    /** Everything in a database by which a migration can be recognised. */
    static Set<Trace> present(Connection connection) throws SQLException {
        Set<Trace> present = new HashSet<>();
        for (List<String> row : Postgres.rows(connection, THERE)) {
            present.add(new Trace(row.get(0), Name.of(row.get(1), row.get(2)), row.get(3)));
        }
        return present;
    }

    private void read(int file, Migration migration, Trace.Alive alive) {
        Set<Trace> touched = new HashSet<>();
        relations.add(touched);
        alive.begin();
        try {
            for (Statement statement : Statement.parse(migration.sql())) {
                alive.take(statement);
                statement.relations().forEach(name -> touched.add(new Trace("table", name, "")));
            }
        } catch (IllegalArgumentException e) {
            unreadable.put(file, e.getMessage());
        }
        alive.net().forEach((trace, effect) -> chains.computeIfAbsent(trace, key -> new ArrayList<>())
                .add(new Mark(file, effect.creates(), effect.weak())));
    }

    private List<Told> told() {
        List<List<String>> there = lists();
        List<List<String>> missing = lists();
        List<List<String>> weak = lists();
        chains.forEach((trace, marks) -> weigh(trace, marks, there, missing, weak));
        List<Verdict> verdicts = new ArrayList<>();
        for (int i = 0; i < migrations.size(); i++) {
            if (there.get(i).isEmpty() && missing.get(i).isEmpty()) {
                there.get(i).addAll(weak.get(i));
            }
            verdicts.add(there.get(i).isEmpty() && missing.get(i).isEmpty() ? null
                    : missing.get(i).isEmpty() ? Verdict.APPLIED : there.get(i).isEmpty() ? Verdict.PENDING
                    : Verdict.PARTIAL);
        }
        infer(verdicts);
        List<Told> told = new ArrayList<>();
        for (int i = 0; i < migrations.size(); i++) {
            Verdict verdict = verdicts.get(i) == null ? Verdict.UNDECIDABLE : verdicts.get(i);
            boolean traceless = there.get(i).isEmpty() && missing.get(i).isEmpty();
            told.add(new Told(migrations.get(i), verdict, there.get(i), missing.get(i),
                    traceless ? unreadable.getOrDefault(i, "it leaves no trace in the catalog") : null,
                    traceless && unreadable.containsKey(i)));
        }
        return told;
    }

    private List<List<String>> lists() {
        List<List<String>> lists = new ArrayList<>();
        migrations.forEach(migration -> lists.add(new ArrayList<>()));
        return lists;
    }

    /** Of a thing made and unmade by turns, each count of steps that leads to what is there now is possible. */
    private void weigh(Trace trace, List<Mark> marks, List<List<String>> there, List<List<String>> missing,
            List<List<String>> weak) {
        boolean now = present.contains(trace);
        int least = marks.size() + 1;
        int most = -1;
        for (int done = 0; done <= marks.size(); done++) {
            boolean then = done == 0 ? !marks.get(0).creates() : marks.get(done - 1).creates();
            if (then == now) {
                least = Math.min(least, done);
                most = done;
            }
        }
        for (int step = 1; step <= marks.size(); step++) {
            Mark mark = marks.get(step - 1);
            String text = mark.creates() ? trace.toString() : "no " + trace;
            if (step <= least) {
                (mark.weak() ? weak : there).get(mark.file()).add(text);
            } else if (step > most) {
                missing.get(mark.file()).add(text);
            }
        }
    }

    /** Files run in their order: what comes before an applied one has run, what comes after a pending one has not. */
    private void infer(List<Verdict> verdicts) {
        Set<Trace> gone = new HashSet<>();
        chains.forEach((trace, marks) -> {
            if (!marks.get(marks.size() - 1).creates()) {
                gone.add(trace);
            }
        });
        boolean applied = false;
        for (int i = verdicts.size() - 1; i >= 0; i--) {
            applied |= verdicts.get(i) == Verdict.APPLIED;
            if (verdicts.get(i) == null && applied) {
                verdicts.set(i, Verdict.APPLIED);
            }
        }
        boolean pending = false;
        for (int i = 0; i < verdicts.size(); i++) {
            pending |= verdicts.get(i) == Verdict.PENDING;
            boolean needs = relations.get(i).stream().anyMatch(table -> chains.containsKey(table)
                    && !present.contains(table) && !gone.contains(table));
            if (verdicts.get(i) == null && (pending || needs)) {
                verdicts.set(i, Verdict.PENDING);
            }
        }
    }
}
