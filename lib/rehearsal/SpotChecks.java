//SOURCES ../Address.java ../Count.java ../Failure.java ../Fingerprint.java ../Gate.java ../History.java
//SOURCES ../Migration.java ../Phase.java
//SOURCES ../Postgres.java ../Project.java ../QueriesSetting.java ../Run.java ../queries/Baseline.java
//SOURCES ../queries/Usage.java LastRelease.java PrismaClient.java Validity.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import lib.Address;
import lib.Count;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.History;
import lib.Migration;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.queries.Baseline;
import lib.queries.Usage;

/** A live database after a release: what must hold there, looked at without changing anything. */
public final class SpotChecks {
    /** Below that a query is quick whatever it was before, in milliseconds. */
    private static final double QUICK = 1;

    private final Project project;
    private final Run run;
    private final Phase phase;
    private Connection connection;

    public SpotChecks(Project project, Run run, Phase phase) {
        this.project = project;
        this.run = run;
        this.phase = phase;
    }

    /** Looks, each check a gate. */
    public void look() throws SQLException {
        if (!phase.gate("db.reach", this::reach)) {
            return;
        }
        try (Connection open = connection) {
            phase.gate("checks.valid", this::valid);
            phase.gate("checks.history", this::history);
            phase.gate("checks.schema", this::schema);
            phase.gate("checks.client", () -> PrismaClient.of(project));
            phase.gate("checks.queries", this::queries);
        }
    }

    private Gate.Finding reach() throws SQLException {
        Address.Found found = project.address();
        connection = Postgres.read(found.target(), "checks");
        phase.fact("identity", Postgres.identity(connection));
        return Gate.passed(found.target().place() + ", from " + found.source());
    }

    private Gate.Finding valid() throws SQLException {
        Map<String, String> troubles = Validity.troubles(connection);
        phase.fact("invalid", List.copyOf(troubles.keySet()));
        List<String> ways = troubles.values().stream().filter(way -> !way.isEmpty()).distinct().toList();
        if (troubles.isEmpty()) {
            return Gate.passed("every constraint is validated, every index valid");
        }
        if (ways.isEmpty()) {
            return Gate.warned(String.join("\n", troubles.keySet()), null);
        }
        throw Failure.stop(String.join("\n", troubles.keySet()), String.join("\n", ways));
    }

    private Gate.Finding history() throws SQLException {
        Optional<History> history = project.history();
        if (history.isEmpty()) {
            return Gate.skipped("without a migration tool there is no history");
        }
        History.State state = history.get().state(connection);
        List<String> pending = state.pending().stream().map(Migration::id).toList();
        phase.fact("pending", pending);
        List<History.Trouble> troubles = state.troubles().stream().filter(History.Trouble::stops).toList();
        if (!troubles.isEmpty()) {
            throw Failure.stop(String.join("\n", troubles.stream().map(History.Trouble::message).toList()),
                    troubles.get(0).hint());
        }
        if (!pending.isEmpty()) {
            throw Failure.stop(state.place() + " lacks " + pending.size() + " of "
                    + Count.of(history.get().local().size(), "migration") + ": " + String.join(", ", pending),
                    "jbang release.java status");
        }
        return Gate.passed(state.place() + " holds all " + Count.of(history.get().local().size(), "migration"));
    }

    private Gate.Finding schema() throws SQLException {
        String rehearsed = LastRelease.schema(run, Postgres.identity(connection));
        if (rehearsed == null) {
            return Gate.skipped("no rehearsal of this database is on record here");
        }
        return Fingerprint.of(connection).hash().equals(rehearsed)
                ? Gate.passed("the schema is the one that the rehearsal left")
                : Gate.warned("the schema is not the one that the last rehearsal left", "jbang assess.java");
    }

    private Gate.Finding queries() throws SQLException {
        Baseline before = Baseline.last(run);
        if (before == null) {
            return Gate.skipped("no statistics from before a release are on record here");
        }
        Usage now = Usage.of(connection, Integer.MAX_VALUE);
        if (now == null) {
            return Gate.skipped("the server keeps no statistics of its queries (extension pg_stat_statements)");
        }
        List<Baseline.Change> changes = before.since(now);
        List<Map<String, Object>> facts = new ArrayList<>();
        List<String> slower = new ArrayList<>();
        for (Baseline.Change change : changes) {
            double ratio = change.before() == 0 ? 1 : change.since() / change.before();
            boolean worse = ratio > project.settings.queries().factor() && change.since() - change.before() > QUICK;
            facts.add(fact(change, ratio, worse));
            if (worse) {
                slower.add(String.format(Locale.ROOT, "%s: %.1f ms instead of %.1f ms, %d times: %s", change.name(),
                        change.since(),
                        change.before(), change.calls(), change.sql().replaceAll("\\s+", " ")));
            }
        }
        phase.fact("queries", facts);
        String since = " since " + before.taken().replaceFirst("\\..*", "Z").replace("ZZ", "Z");
        return slower.isEmpty() ? Gate.passed(Count.of(changes.size(), "query") + since
                + ", none slower by more than " + project.settings.queries().slower() + " %")
                : Gate.warned(Count.of(changes.size(), "query") + since + "\n" + String.join("\n", slower),
                "EXPLAIN (ANALYZE, BUFFERS) it there; its tables may need ANALYZE");
    }

    private static Map<String, Object> fact(Baseline.Change change, double ratio, boolean worse) {
        Map<String, Object> fact = new LinkedHashMap<>();
        fact.put("name", change.name());
        fact.put("before", Map.of("millis", change.before()));
        fact.put("after", Map.of("millis", change.since()));
        fact.put("calls", change.calls());
        fact.put("ratio", Math.round(ratio * 100) / 100.0);
        fact.put("status", worse ? "slower" : "same");
        return fact;
    }
}
