//SOURCES ../Count.java ../Failure.java ../Fingerprint.java ../Gate.java ../History.java ../Postgres.java
//SOURCES ../migrations/OwnMigrator.java ../plan/Executor.java ../sql/Name.java Proof.java Rehearsal.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.Count;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.History;
import lib.Postgres;
import lib.migrations.OwnMigrator;
import lib.plan.Executor;
import lib.sql.Name;

/** The application's own migrator, really run on the copy after the SQL, finds nothing to do and changes nothing. */
public final class Replay implements Proof {
    private static final int SHOWN = 5;

    private final Rehearsal rehearsal;

    public Replay(Rehearsal rehearsal) {
        this.rehearsal = rehearsal;
    }

    @Override
    public String gate() {
        return "rehearsal.replay";
    }

    @Override
    public Gate.Finding after(Executor.Result result) throws SQLException {
        if (rehearsal.history().isEmpty()) {
            return Gate.skipped("without a migration tool nothing is replayed");
        }
        History history = rehearsal.history().get();
        if (!rehearsal.held().isEmpty()) {
            return byRule(history, "it would run what is held back: " + String.join(", ", rehearsal.held()));
        }
        Fingerprint schema = schema();
        List<String> rows = rows(history);
        OwnMigrator.Run run;
        try {
            run = OwnMigrator.run(rehearsal.project().repo, rehearsal.project().files(), history,
                    rehearsal.copy().target(), rehearsal.run().file("migrator.log"));
        } catch (Failure failure) {
            if (failure.exit != Failure.Exit.MISSING) {
                throw failure;
            }
            return byRule(history, failure.getMessage());
        }
        fact("ran the application's migrator", run.who(), run.statements().size());
        List<String> changed = schema().differences(schema, SHOWN);
        int added = rows(history).size() - rows.size();
        if (!run.statements().isEmpty() || !changed.isEmpty() || !rows(history).equals(rows)) {
            throw Failure.stop(run.who() + " is not content with what the SQL leaves: "
                    + what(run.statements(), changed, added), "the history rows at the end of the SQL must be those"
                    + " that the migrator looks for; its words: _migrations/migrator.log");
        }
        if (run.error() != null) {
            throw Failure.stop(run.who() + " fails after the release, though it has nothing to run: " + run.error(),
                    "the application that starts after the deploy would fail in the same way; its words:"
                    + " _migrations/migrator.log");
        }
        return Gate.passed(run.who() + " ran on the copy and changed nothing");
    }

    private static String what(List<String> statements, List<String> changed, int added) {
        String ran = statements.isEmpty() ? "" : "it ran\n  " + String.join("\n  ", statements.stream().limit(SHOWN)
                .map(statement -> statement.strip().lines().findFirst().orElse("")).toList());
        String schema = changed.isEmpty() ? "" : (ran.isEmpty() ? "" : "\n") + "schema: " + String.join(", ", changed);
        return ran + schema + (added > 0 ? (ran + schema).isEmpty() ? "" : "\n" : "")
                + (added > 0 ? Count.of(added, "history row") + " more than before" : (ran + schema).isEmpty()
                ? "its history rows are not what they were" : "");
    }

    private Gate.Finding byRule(History history, String why) throws SQLException {
        try (Connection connection = rehearsal.read()) {
            List<String> left = history.state(connection).pending().stream().map(migration -> migration.id())
                    .filter(id -> !rehearsal.held().contains(id)).toList();
            fact("the tool's rule", history.tool(), left.size());
            if (!left.isEmpty()) {
                throw Failure.stop(history.tool() + " would run again after the release: " + String.join(", ", left),
                        "the SQL must insert their history rows at its end");
            }
        }
        return Gate.passed("by the rule of " + history.tool() + " nothing is left to run; its migrator itself was not"
                + " run: " + why);
    }

    private void fact(String how, String who, int statements) {
        Map<String, Object> replay = new LinkedHashMap<>();
        replay.put("how", how);
        replay.put("who", who);
        replay.put("statements", statements);
        rehearsal.phase().fact("replay", replay);
    }

    private Fingerprint schema() throws SQLException {
        try (Connection connection = rehearsal.read()) {
            return Fingerprint.of(connection);
        }
    }

    private List<String> rows(History history) throws SQLException {
        try (Connection connection = rehearsal.read()) {
            Name table = history.state(connection).table();
            boolean there = table != null && Postgres.one(connection, "SELECT to_regclass("
                    + Postgres.literal(table.full()) + ")") != null;
            return !there ? List.of() : Postgres.rows(connection, "SELECT md5(h::text) FROM " + table.full()
                    + " h ORDER BY 1").stream().map(row -> row.get(0)).toList();
        }
    }
}
