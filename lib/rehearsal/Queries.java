//SOURCES ../Count.java ../Failure.java ../Gate.java ../Postgres.java ../QueriesSetting.java ../plan/Executor.java
//SOURCES ../queries/Baseline.java ../queries/Comparison.java ../queries/Explained.java ../queries/IndexAdvice.java
//SOURCES ../queries/Query.java ../queries/QueryFolder.java ../queries/Stopwatch.java ../queries/Usage.java
//SOURCES ../queries/Workload.java Production.java Proof.java Rehearsal.java Told.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.Count;
import lib.Failure;
import lib.Gate;
import lib.Postgres;
import lib.QueriesSetting;
import lib.plan.Executor;
import lib.queries.Baseline;
import lib.queries.Comparison;
import lib.queries.Comparison.Status;
import lib.queries.Explained;
import lib.queries.IndexAdvice;
import lib.queries.Query;
import lib.queries.QueryFolder;
import lib.queries.Stopwatch;
import lib.queries.Usage;
import lib.queries.Workload;

/**
 * The application's queries are still understood, and none has become slower. Those of files are what the new code
 * sends: a broken one stops the release. Those of production's statistics are what the old code sends: a broken one
 * says that the old code must not run any more.
 */
public final class Queries implements Proof {
    /** As long as indexes are tried for; on large tables each one takes its time. */
    private static final long ADVICE_NANOS = 120_000_000_000L;

    private final Rehearsal rehearsal;
    private final QueriesSetting setting;
    private final List<Query> queries = new ArrayList<>();
    private Workload before;
    private String statistics;

    public Queries(Rehearsal rehearsal) {
        this.rehearsal = rehearsal;
        this.setting = rehearsal.project().settings.queries();
    }

    @Override
    public String gate() {
        return "rehearsal.queries";
    }

    @Override
    public void before() throws SQLException {
        queries.addAll(QueryFolder.of(rehearsal.project().files(), setting.folder()));
        statistics = statistics();
        if (!queries.isEmpty()) {
            before = look();
        }
    }

    // Why production's own statistics say nothing; null when they do.
    private String statistics() {
        if (setting.most() == 0) {
            return "the statistics of production are left out (queries.most is 0)";
        }
        try (Connection connection = Production.read(rehearsal.project())) {
            Usage usage = Usage.of(connection, setting.most());
            if (usage == null) {
                return "production keeps no statistics of its queries (extension pg_stat_statements)";
            }
            Baseline.of(usage, Instant.now()).save(rehearsal.run());
            queries.addAll(usage.queries(setting.accept()));
            return usage.hidden() == 0 ? null : Count.of(usage.hidden(), "query") + " of other roles hidden from ours"
                    + " (GRANT pg_read_all_stats shows them)";
        } catch (SQLException | Failure e) {
            return "production was not asked for its queries: " + Gate.words(e);
        }
    }

    private Workload look() throws SQLException {
        // Both times from statistics of the moment: a plan must not be better because one of them was stale.
        try (Connection connection = Postgres.write(rehearsal.copy().target(), "rehearsal")) {
            Postgres.execute(connection, "ANALYZE");
        }
        try (Connection connection = rehearsal.read()) {
            return Workload.of(connection, connection.getMetaData().getDatabaseMajorVersion(), queries);
        }
    }

    @Override
    public Gate.Finding after(Executor.Result result) throws SQLException {
        if (queries.isEmpty()) {
            return Gate.skipped("no query was found to compare: git holds no " + setting.folder() + "/*.sql"
                    + (statistics == null ? ", and production has run none" : ", and " + statistics));
        }
        Workload after = look();
        double machine = after.machine(before);
        Map<Comparison, Status> all = new LinkedHashMap<>();
        for (Comparison one : after.since(before, queries)) {
            all.put(one, one.status(setting.factor(), machine));
        }
        Map<Comparison, IndexAdvice.Index> advice = advice(all, after);
        List<Map<String, Object>> facts = new ArrayList<>();
        all.forEach((one, status) -> facts.add(fact(one, status, advice.get(one))));
        rehearsal.phase().fact("queries", facts);
        rehearsal.phase().fact("broken", facts.stream().filter(fact -> fact.get("status").equals("broken")).toList());
        return judged(all, advice);
    }

    private Map<Comparison, IndexAdvice.Index> advice(Map<Comparison, Status> all, Workload after)
            throws SQLException {
        Map<Comparison, IndexAdvice.Index> advice = new LinkedHashMap<>();
        if (!all.containsValue(Status.slower)) {
            return advice;
        }
        try (Connection connection = Postgres.write(rehearsal.copy().target(), "rehearsal")) {
            long end = System.nanoTime() + ADVICE_NANOS;
            IndexAdvice advisor = new IndexAdvice(connection, connection.getMetaData().getDatabaseMajorVersion());
            for (Map.Entry<Comparison, Status> entry : all.entrySet()) {
                if (entry.getValue() == Status.slower && System.nanoTime() < end) {
                    Comparison one = entry.getKey();
                    double enough = Math.max(one.before().cost() * setting.factor(), one.after().cost() / 2);
                    advice.put(one, advisor.of(one.query(), one.after(), after.gone(before, one.query()), enough));
                }
            }
        }
        return advice;
    }

    private static Map<String, Object> fact(Comparison one, Status status, IndexAdvice.Index index) {
        Map<String, Object> fact = new LinkedHashMap<>();
        fact.put("name", one.query().name());
        fact.put("origin", one.query().origin().name().toLowerCase(java.util.Locale.ROOT));
        fact.put("place", one.query().place());
        fact.put("before", figures(one.before(), one.timedBefore()));
        fact.put("after", figures(one.after(), one.timedAfter()));
        fact.put("ratio", Math.round(one.ratio() * 100) / 100.0);
        fact.put("status", status.name());
        fact.put("planBefore", one.planBefore());
        fact.put("planAfter", one.planAfter());
        fact.put("index", index == null ? null : index.sql());
        fact.put("error", one.error());
        fact.put("accepted", one.query().excuse(status.name()));
        return fact;
    }

    private static Map<String, Object> figures(Explained plan, Stopwatch.Times times) {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("cost", plan == null ? null : plan.cost());
        figures.put("millis", times == null ? null : times.middle());
        return figures;
    }

    private Gate.Finding judged(Map<Comparison, Status> all, Map<Comparison, IndexAdvice.Index> advice) {
        List<String> stops = new ArrayList<>();
        List<String> warns = new ArrayList<>();
        all.forEach((one, status) -> {
            String excuse = one.query().excuse(status.name());
            boolean file = one.query().origin() == Query.Origin.FILE;
            boolean told = status == Status.grown || status == Status.broken && !file
                    || status == Status.unknown && file;
            if (told || status == Status.slower || status == Status.broken) {
                (excuse != null || told ? warns : stops)
                        .add(Told.of(one, status) + Told.index(one, advice) + (excuse == null ? "" : "\n  accepted: " +
                        excuse));
            }
        });
        long unknown = all.values().stream().filter(status -> status == Status.unknown).count();
        String seen = Count.of(all.size(), "query") + " compared"
                + (unknown == 0 ? "" : ", " + unknown + " not understood")
                + (statistics == null ? "" : "; " + statistics);
        if (!stops.isEmpty()) {
            stops.addAll(warns);
            throw Failure.stop(seen + "\n" + String.join("\n", stops), "put the index into a migration, or correct the"
                    + " query; or accept it above the query: -- slower-ok: REASON (or -- broken-ok:); one of production"
                    + " in release.json: \"queries\": {\"accept\": {\"NAME\": \"REASON\"}}");
        }
        return warns.isEmpty() ? Gate.passed(seen + ", none is slower by more than " + setting.slower() + " %")
                : Gate.warned(seen + "\n" + String.join("\n", warns), "correct what runs nowhere; let the old code stop"
                + " before its queries break");
    }
}
