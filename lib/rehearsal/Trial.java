//SOURCES ../Count.java ../Failure.java ../Fingerprint.java ../backup/Contents.java ../backup/Manifest.java
//SOURCES ../plan/Attribution.java
//SOURCES ../plan/Executor.java ../plan/Plan.java ../sql/Name.java ../trash/Trash.java ../Postgres.java ../Target.java
//SOURCES Stored.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import lib.Count;
import lib.Failure;
import lib.Fingerprint;
import lib.Postgres;
import lib.Target;
import lib.backup.Contents;
import lib.backup.Manifest;
import lib.plan.Attribution;
import lib.plan.Executor;
import lib.plan.Plan;
import lib.sql.Name;
import lib.trash.Trash;

/**
 * A rollback tried on a copy of production as it is now.
 *
 * @param result what each of its statements did
 * @param before the schema that it was written for
 * @param after the schema that it left
 * @param lost rows and values that go with it, each counted
 */
record Trial(Executor.Result result, Fingerprint before, Fingerprint after, List<String> lost) {

    /** Runs the plan there; a statement that fails is a failure with its words. */
    static Trial of(Target copy, Plan plan, Manifest backup, Consumer<String> say) throws SQLException {
        Attribution attribution = new Attribution(plan, List.of());
        Stored then;
        Fingerprint before;
        Map<String, Long> values = new LinkedHashMap<>();
        Map<Stored.Table, Map<Integer, Stored.Values>> typed = new LinkedHashMap<>();
        try (Connection connection = Postgres.write(copy, "rollback")) {
            before = Fingerprint.of(connection);
            then = Stored.of(connection);
            for (Stored.Table table : then.tables().values()) {
                for (Map.Entry<Integer, Stored.Column> column : table.columns().entrySet()) {
                    if (attribution.drops(table.name(), column.getValue().name())) {
                        values.put(table.name() + "." + column.getValue().name(), Stored.values(connection, table,
                                Set.of(), Set.of(column.getKey())).get(column.getKey()).values());
                    }
                }
                Set<Integer> places = table.columns().keySet().stream().filter(place -> !attribution.setting(
                        table.name(), table.columns().get(place).name(), true).isEmpty()).collect(Collectors.toSet());
                if (!places.isEmpty()) {
                    typed.put(table, Stored.values(connection, table, Set.of(), places));
                }
            }
        }
        Executor.Result result = new Executor(copy, (connection, done) -> { }, done -> { }, say).run(plan);
        if (result.trouble() != null) {
            throw Failure.stop("it fails on a copy of production as it is now, line " + result.trouble().line() + ": "
                    + result.trouble().words(), null);
        }
        try (Connection connection = Postgres.read(copy, "rollback")) {
            Contents now = backup.contents().again(copy, (table, read, all) -> { });
            Stored left = Stored.of(connection);
            List<String> lost = lost(then, left, values, backup.contents(), now);
            lost.addAll(cut(connection, typed, left));
            return new Trial(result, before, Fingerprint.of(connection), lost);
        }
    }

    // A cast to the type of before cuts and rounds without a word.
    private static List<String> cut(Connection connection, Map<Stored.Table, Map<Integer, Stored.Values>> typed,
                                    Stored left) throws SQLException {
        List<String> cut = new ArrayList<>();
        for (Map.Entry<Stored.Table, Map<Integer, Stored.Values>> entry : typed.entrySet()) {
            Stored.Table table = entry.getKey();
            Stored.Table now = left.tables().get(table.oid());
            for (Map.Entry<Integer, Stored.Values> column : entry.getValue().entrySet()) {
                Stored.Column then = table.columns().get(column.getKey());
                Stored.Column is = now == null ? null : now.columns().get(column.getKey());
                if (is == null || is.type().equals(then.type()) || column.getValue().equals(Stored.values(connection,
                        now, Set.of(), Set.of(column.getKey())).get(column.getKey()))) {
                    continue;
                }
                String name = Name.quote(then.name());
                cut.add("values of " + table.name() + "." + then.name() + " that " + is.type()
                        + " cuts, rounds or shows in another way; see them: SELECT " + name + " FROM " + table.name()
                        + " WHERE " + name + "::text <> " + name + "::" + is.type() + "::text");
            }
        }
        return cut;
    }

    private static List<String> lost(Stored then, Stored now, Map<String, Long> values, Contents had,
                                     Contents has) {
        List<String> lost = new ArrayList<>();
        for (Stored.Table table : then.tables().values()) {
            long rows = rows(had, table.name());
            Stored.Table left = now.tables().get(table.oid());
            if (Trash.is(table.name().schema())) {
                continue;
            }
            if (left == null) {
                lost.add("table " + table.name() + " with its " + Count.of(rows, "row"));
            } else if (rows(has, left.name()) < rows) {
                long gone = rows - rows(has, left.name());
                lost.add(gone + " of " + Count.of(rows, "row") + " of " + table.name());
            }
        }
        values.forEach((column, count) -> {
            if (count > 0) {
                lost.add("column " + column + " with its " + Count.of(count, "value"));
            }
        });
        return lost;
    }

    private static long rows(Contents contents, Name table) {
        Contents.Rows rows = contents.tables().get(table.full());
        return rows == null ? 0 : rows.rows();
    }
}
