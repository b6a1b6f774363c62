//SOURCES Console.java Failure.java Postgres.java Project.java Run.java Situation.java Target.java
//SOURCES plan/Acceptance.java plan/Certificate.java plan/Executor.java plan/Plan.java

package lib;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.plan.Acceptance;
import lib.plan.Certificate;
import lib.plan.Executor;
import lib.plan.Plan;

/** The change of production: the rehearsed SQL, held against its rehearsal, and what is left to do where it fails. */
public final class Apply {
    private final Project project;
    private final Run run;
    private final Console console;
    private final Situation situation;
    private final Certificate certificate;

    /** What is needed to change production; the situation is told of every step on the way. */
    public Apply(Project project, Run run, Console console, Situation situation, Certificate certificate) {
        this.project = project;
        this.run = run;
        this.console = console;
        this.situation = situation;
        this.certificate = certificate;
    }

    /** Runs the plan on production, if that is the database and the schema of the rehearsal. */
    public void run(Plan plan) throws SQLException {
        // Fetched again: minutes have passed, and a provider may have moved the database meanwhile.
        Target target = project.address().target();
        Acceptance acceptance = new Acceptance(certificate, run.file("schema-before.json"));
        try (Connection connection = Postgres.read(target, "release")) {
            acceptance.beforehand(connection);
        }
        console.mark("pass", "the same database, with the schema of the rehearsal");
        situation.applying(plan.segments().size());
        run.put("release", situation.record());
        Executor.Result result = new Executor(target, acceptance, this::committed, console::say).run(plan);
        situation.applied(result);
        if (result.trouble() != null) {
            situation.rest(rest(plan, result.done().size()));
            throw Failure.stop(result.trouble().words() + leftovers(target),
                    situation.lines(Failure.Exit.STOP).get("next"));
        }
        console.mark("pass", String.format("%d statements committed in %.2f s, as rehearsed",
                result.outcomes().size(), result.seconds()));
    }

    // From the first commit on production is not what it was: the record says so at once, whatever happens to us next.
    private void committed(Executor.Done segment) {
        situation.committed(segment.segment());
        try {
            run.put("release", situation.record());
        } catch (Failure unwritten) {
            // What is committed stays committed, and the segments that are left are no less needed.
            console.failure(unwritten.getMessage(), unwritten.hint);
        }
    }

    // The segments that are not committed, as a script for the next release.
    private String rest(Plan plan, int committed) {
        if (committed == 0) {
            return "";
        }
        Path file = run.today("rest", "sql");
        Run.write(file, plan.from(committed + 1));
        return project.repo.relativize(file).toString();
    }

    // An index that was not built to its end stays behind, and is in the way of the next try.
    private static String leftovers(Target target) {
        try (Connection connection = Postgres.read(target, "release")) {
            List<List<String>> invalid = Postgres.rows(connection,
                    "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid");
            return String.join("", invalid.stream()
                    .map(row -> "\nbefore the next try: DROP INDEX CONCURRENTLY " + row.get(0) + ";").toList());
        } catch (Failure | SQLException e) {
            return "";
        }
    }
}
