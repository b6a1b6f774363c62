//SOURCES ../Count.java ../Failure.java ../Gate.java ../Postgres.java ../Some.java ../backup/Contents.java
//SOURCES ../plan/Attribution.java ../plan/Executor.java ../schema/Difference.java ../sql/Name.java ../trash/Trash.java
//SOURCES Judgement.java Proof.java Rehearsal.java Stored.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.Count;
import lib.Failure;
import lib.Gate;
import lib.Postgres;
import lib.Some;
import lib.backup.Contents;
import lib.plan.Attribution;
import lib.plan.Executor;
import lib.schema.Difference;
import lib.sql.Name;
import lib.trash.Trash;

/** No row and no value is lost or changed that a statement of the plan does not account for. */
public final class Lossless implements Proof {
    private static final int MOST = 10;

    private final Rehearsal rehearsal;
    private Stored before;
    private final Map<Long, Map<Integer, Stored.Values>> values = new LinkedHashMap<>();
    private final Map<Long, Set<Integer>> keys = new LinkedHashMap<>();

    public Lossless(Rehearsal rehearsal) {
        this.rehearsal = rehearsal;
    }

    @Override
    public String gate() {
        return "rehearsal.data";
    }

    // The rows and the hash of every table are known from the backup; of tables that the plan may change, and of those
    // that theirs lead to, each column is hashed too.
    @Override
    public void before() throws SQLException {
        Attribution plan = new Attribution(rehearsal.plan(), List.of());
        try (Connection connection = Postgres.write(rehearsal.copy().target(), "rehearsal")) {
            before = Stored.of(connection);
            Set<Long> named = new LinkedHashSet<>();
            before.tables().values().stream().filter(table -> plan.touches(table.name()))
                    .forEach(table -> named.add(table.oid()));
            for (long oid : Stored.reached(connection, named)) {
                Stored.Table table = before.tables().get(oid);
                if (table != null) {
                    boolean stays = table.key().stream()
                            .noneMatch(place -> plan.drops(table.name(), table.columns().get(place).name()));
                    keys.put(oid, stays ? table.key() : Set.of());
                    values.put(oid, Stored.values(connection, table, keys.get(oid), table.columns().keySet()));
                }
            }
        }
    }

    @Override
    public Gate.Finding after(Executor.Result result) throws SQLException {
        Contents contents = rehearsal.backup().contents().again(rehearsal.copy().target(), (table, read, all) -> { });
        Attribution plan = new Attribution(rehearsal.plan(), result.outcomes());
        Map<String, Contents.Rows> then = rehearsal.backup().contents().tables();
        List<Judgement> judgements = new ArrayList<>();
        List<String> stuck;
        try (Connection connection = Postgres.write(rehearsal.copy().target(), "rehearsal")) {
            Stored now = Stored.of(connection);
            for (Stored.Table table : before.tables().values()) {
                Contents.Rows rows = then.get(table.name().full());
                if (rows != null) {
                    judge(connection, plan, table, rows, now.tables().get(table.oid()), contents, judgements);
                }
            }
            for (Stored.Table table : now.tables().values()) {
                if (!before.tables().containsKey(table.oid()) && !Trash.is(table.name().schema())) {
                    judgements.add(new Judgement(table.name().toString(), 0, rows(contents, table), List.of(),
                            plan.making(table.name()), false, List.of()));
                }
            }
            stuck = Trash.held(connection);
            rehearsal.phase().fact("schema", Difference.between(rehearsal.schema(), rehearsal.after().schema()));
            rehearsal.phase().fact("trash", Trash.facts(Trash.of(connection)));
        }
        rehearsal.phase().fact("tables", judgements);
        return finding(judgements, stuck, plan, then, contents);
    }

    private void judge(Connection connection, Attribution plan, Stored.Table table, Contents.Rows rows,
                       Stored.Table now, Contents contents, List<Judgement> judgements) throws SQLException {
        if (now == null) {
            List<String> by = plan.dropping(table.name());
            boolean kept = kept(contents, table.name().name(), rows.rows());
            judgements.add(Judgement.dropped(table.name(), rows.rows(), by, kept));
            return;
        }
        Contents.Rows after = contents.tables().get(now.name().full());
        if (after.equals(rows) && now.columns().equals(table.columns())) {
            if (!now.name().equals(table.name())) {
                judgements.add(new Judgement(table.name().toString(), rows.rows(), rows.rows(), List.of(),
                        plan.dropping(table.name()), false, List.of()));
            }
            return;
        }
        Judgement.Counted counted = new Judgement.Counted(table.name(), rows.rows(), after.rows());
        Map<Integer, Stored.Values> was = values.get(table.oid());
        if (was == null) {
            judgements.add(Judgement.unnamed(counted, now.columns().equals(table.columns())));
            return;
        }
        Set<Integer> left = new LinkedHashSet<>(table.columns().keySet());
        left.retainAll(now.columns().keySet());
        boolean keyed = now.columns().keySet().containsAll(keys.get(table.oid()));
        Map<Integer, Stored.Values> is = Stored.values(connection, now, keyed ? keys.get(table.oid()) : Set.of(),
                left);
        List<Judgement.Column> columns = new ArrayList<>();
        for (int place : table.columns().keySet()) {
            String name = table.columns().get(place).name();
            long had = was.get(place).values();
            if (!left.contains(place)) {
                boolean kept = kept(contents, now.name().name() + "_" + name, had)
                        || kept(contents, now.name().name(), rows.rows());
                columns.add(new Judgement.Column(name, had, -1, kept, false));
            } else if (!is.get(place).equals(was.get(place))) {
                columns.add(new Judgement.Column(name, had, is.get(place).values(), false,
                        !table.columns().get(place).widened(now.columns().get(place))));
            }
        }
        if (!columns.isEmpty() || after.rows() != rows.rows()) {
            judgements.add(Judgement.of(counted, columns, plan));
        }
    }

    private static long rows(Contents contents, Stored.Table table) {
        Contents.Rows rows = contents.tables().get(table.name().full());
        return rows == null ? 0 : rows.rows();
    }

    // Whether the trash holds as many rows under that name.
    private static boolean kept(Contents contents, String name, long rows) {
        return contents.tables().entrySet().stream().anyMatch(entry -> Trash.is(entry.getKey())
                && Name.parse(entry.getKey()).name().equals(name) && entry.getValue().rows() == rows);
    }

    private Gate.Finding finding(List<Judgement> judgements, List<String> stuck, Attribution plan,
                                 Map<String, Contents.Rows> then, Contents contents) {
        List<String> wrong = new ArrayList<>(judgements.stream().flatMap(judged -> judged.unexplained().stream())
                .toList());
        if (!contents.largeObjects().equals(rehearsal.backup().contents().largeObjects())) {
            wrong.add("large objects: " + contents.largeObjects().rows() + " pages instead of "
                    + rehearsal.backup().contents().largeObjects().rows() + ", or other bytes in them");
        }
        if (!wrong.isEmpty()) {
            throw Failure.stop("the plan changes data that none of its statements accounts for:\n"
                    + listed(wrong), "a trigger or a CASCADE does it: write the statement that means it (DELETE,"
                    + " UPDATE, DROP) into the migration, or keep the data; what a trigger may change, the UPDATE"
                    + " names itself: SET status = 'paid', updated_at = updated_at");
        }
        if (!stuck.isEmpty()) {
            throw Failure.stop("a plain DROP would be refused here, because others still need what it drops:\n"
                    + listed(stuck), "drop them first, or say CASCADE in the migration");
        }
        List<String> silent = new ArrayList<>();
        for (Attribution.Move move : plan.silent()) {
            long most = move.from().stream().map(source -> then.get(source.full())).filter(rows -> rows != null)
                    .mapToLong(Contents.Rows::rows).max().orElse(0);
            if (move.rows() < most) {
                silent.add(move.into() + " took " + Count.of(move.rows(), "row") + ", its source has " + most + ": "
                        + move.statement());
            }
        }
        judgements.stream().filter(Judgement::lost).forEach(judged -> silent.add(judged.loss()));
        long kept = judgements.stream().filter(judged -> !judged.changed().isEmpty()
                || judged.before() != judged.after()).count();
        String found = Count.of(then.size(), "table") + " compared with the backup; " + kept
                + " changed or made, every change by a statement of the plan";
        return silent.isEmpty() ? Gate.passed(found)
                : Gate.warned(found + "\n" + listed(silent), "look whether these rows and values may go");
    }

    private static String listed(List<String> lines) {
        return Some.of(lines, MOST, "\n");
    }
}
