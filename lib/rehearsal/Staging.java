//SOURCES ../Cli.java ../Failure.java ../Gate.java ../Phase.java ../Postgres.java ../Project.java ../Run.java
//SOURCES ../History.java ../Migration.java ../Target.java ../backup/Guard.java ../backup/Refresh.java ../plan/Executor.java ../plan/Plan.java
//SOURCES ../Count.java Validity.java

package lib.rehearsal;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lib.Cli;
import lib.Count;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Migration;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.Target;
import lib.backup.Guard;
import lib.backup.Refresh;
import lib.plan.Executor;
import lib.plan.Plan;

/**
 * Another environment that becomes production as it will be: a copy of it, with the rehearsed plan applied. It is
 * touched only when the plan has run on a copy, and never when it is production under another name.
 */
public final class Staging {
    private static final String PRODUCTION = "production";

    private final Cli.Options common;
    private final Project project;
    private final Run run;
    private final Phase phase;
    private final String environment;

    public Staging(Cli.Options common, Project project, Run run, Phase phase, String environment) {
        this.common = common;
        this.project = project;
        this.run = run;
        this.phase = phase;
        this.environment = environment;
    }

    /** Refuses production before anything is restored, by its name and by what both databases say themselves. */
    public Gate.Finding target() throws SQLException {
        if (environment.equals(PRODUCTION) || environment.equals(project.environment)) {
            throw Failure.usage("--on " + environment + ": that is where the release goes, and not where it is tried",
                    "name another environment of release.json: --on staging");
        }
        Target target = project.found(environment).target();
        // A database that is out of reach says so itself, and is not taken for production.
        Postgres.read(target, "rehearsal").close();
        Guard.Answer answer = new Guard(project, common.console()).ask(environment, target);
        if (answer.production()) {
            throw Failure.stop("--on " + environment + ": " + answer.why(), answer.certain()
                    ? "give " + environment + " a database of its own"
                    : "let production be asked: put its URL where it is found, then run this again");
        }
        return Gate.passed(target.place() + " is not production; it becomes its copy, migrated");
    }

    /** The server to rehearse on: the environment's own, unless production runs there too; then null. */
    public String server(Postgres.Identity production) throws SQLException {
        Target target = project.found(environment).target();
        try (Connection connection = Postgres.read(target, "rehearsal")) {
            String system = Postgres.identity(connection).system();
            return !system.isEmpty() && system.equals(production.system()) ? null : target.url();
        }
    }

    /** Makes the environment a copy of the backup and applies the plan there; false when a gate stopped it. */
    public boolean migrate(Path dump, Path mask, Plan plan, Optional<History> history) {
        String database = Refresh.Wish.of(environment, dump, mask).run(common, phase, project, run);
        return database != null && phase.gate("staging.apply", () -> apply(plan))
                && phase.gate("staging.history", () -> history(history)) && phase.gate("staging.valid", this::valid);
    }

    private Target live() {
        return project.found(environment).target();
    }

    private Gate.Finding apply(Plan plan) {
        Target target = live();
        Executor.Result result = new Executor(target, (connection, done) -> { }, done -> { }, common.console()::say)
                .run(plan);
        Map<String, Object> fact = new LinkedHashMap<>();
        fact.put("environment", environment);
        fact.put("database", target.database());
        fact.put("migrated", result.trouble() == null);
        phase.fact("staging", fact);
        if (result.trouble() != null) {
            throw Failure.stop(target.place() + " is a copy of the backup with " + result.done().size() + " of "
                    + Count.of(plan.segments().size(), "segment") + " applied, and then: " + result.trouble().words(),
                    "the copy took this SQL and " + environment + " does not: compare versions, extensions and roles;"
                    + " production was not touched");
        }
        return Gate.passed(target.place() + " is migrated: " + Count.of(result.outcomes().size(), "statement") + ", "
                + String.format("%.2f s", result.seconds()));
    }

    private Gate.Finding history(Optional<History> history) throws SQLException {
        if (history.isEmpty()) {
            return Gate.skipped("without a migration tool there is no history");
        }
        try (Connection connection = Postgres.read(live(), "rehearsal")) {
            List<String> left = history.get().state(connection).pending().stream().map(Migration::id).toList();
            return left.isEmpty() ? Gate.passed(history.get().tool() + " has nothing left to run there")
                    : Gate.warned(history.get().tool() + " would still run there: " + String.join(", ", left), null);
        }
    }

    private Gate.Finding valid() throws SQLException {
        try (Connection connection = Postgres.read(live(), "rehearsal")) {
            Map<String, String> troubles = Validity.troubles(connection);
            return troubles.isEmpty() ? Gate.passed("every constraint is validated, every index valid")
                    : Gate.warned(String.join("\n", troubles.keySet()), String.join("\n", troubles.values()));
        }
    }
}
