//SOURCES ../Console.java ../Count.java ../DatabaseLock.java ../Downtime.java ../Failure.java ../Interrupt.java
//SOURCES ../LastRelease.java ../LastWords.java ../Postgres.java ../Project.java ../Quiet.java ../Run.java
//SOURCES ../Services.java ../Situation.java ../Target.java ../plan/Acceptance.java ../plan/Certificate.java
//SOURCES ../plan/Executor.java
//SOURCES ../plan/Journal.java ../plan/Patience.java ../plan/Plan.java ../plan/SqlFile.java Trial.java

package lib.rehearsal;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import lib.Console;
import lib.Count;
import lib.DatabaseLock;
import lib.Downtime;
import lib.Failure;
import lib.Interrupt;
import lib.LastRelease;
import lib.LastWords;
import lib.Postgres;
import lib.Project;
import lib.Quiet;
import lib.Run;
import lib.Services;
import lib.Situation;
import lib.Target;
import lib.plan.Acceptance;
import lib.plan.Certificate;
import lib.plan.Executor;
import lib.plan.Journal;
import lib.plan.Patience;
import lib.plan.Plan;
import lib.plan.SqlFile;

/** The approved way back at work on production: begun, gone on with where it broke off, and told where it failed. */
final class TakingBack {
    private final Project project;
    private final Run run;
    private final Console console;
    private final Services services;
    private final Situation situation;
    private final LastRelease release;
    private final Target target;
    private final String command;
    private Plan plan;

    TakingBack(Project project, Run run, Console console, Services services, Situation situation, LastRelease release,
               Target target, String command) {
        this.project = project;
        this.run = run;
        this.console = console;
        this.services = services;
        this.situation = situation;
        this.release = release;
        this.target = target;
        this.command = command;
    }

    /** Begins it: what was tried and approved is on record before anything stops. */
    void begin(Path file, Plan approved, Trial trial, JsonNode backup) throws Exception {
        plan = approved;
        Certificate certificate = certified(file, trial, backup);
        release.begin(new LastRelease.Begun(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                file.getFileName().toString(), certificate));
        try (LastWords ignored = new LastWords(() -> console.say("\nthe database was not changed by the rollback"
                + (services.stoppable().isEmpty() ? "" : "; look whether the services run: they may have been stopped")
                + "\n  -> " + command + "   # begins anew"))) {
            stop();
            try (Connection connection = Postgres.read(target, "rollback")) {
                acceptance(certificate).beforehand(connection);
            }
        } catch (Failure failure) {
            throw undone(failure.exit, failure.getMessage(), failure.hint == null ? command : failure.hint);
        }
        apply(certificate, null);
    }

    /**
     * Goes on with one that broke off: what of it is committed stays, and the rest follows.
     *
     * @return false when nothing of it is committed: then it is to be begun anew
     */
    boolean goOn(LastRelease.Begun begun, String lastResort) throws Exception {
        Certificate certificate = begun.certificate();
        Optional<Journal> found;
        try (Connection connection = Postgres.read(target, "rollback")) {
            new Acceptance(certificate, null).database(connection);
            found = Journal.settled(connection, new Patience(), console::say)
                    .filter(journal -> journal.plan().equals(certificate.sql().sha256()));
        }
        if (found.isEmpty() || found.get().committed() == 0 && found.get().alone() == 0) {
            if (found.isPresent()) {
                comeToNothing();
            }
            release.brokenOff();
            console.mark("pass", "of the rollback that was begun " + begun.when() + " nothing is committed");
            return false;
        }
        Journal journal = found.get();
        Path file = release.file(begun.file());
        plan = Plan.parse(SqlFile.read(file), project.repo.relativize(file).toString());
        if (!plan.sha256().equals(journal.plan())) {
            throw Failure.stop(begun.file() + " was edited after " + journal.far() + " of it went into production",
                    "take the edit back, then: " + command);
        }
        console.mark("pass", journal.far() + " of the rollback that was begun " + begun.when() + " "
                + Count.are(journal.segments())
                + " committed");
        if (!journal.complete()) {
            finish(certificate, journal, lastResort);
        }
        return true;
    }

    // Some of it is committed: whatever stops it now, production is not what it was.
    private void finish(Certificate certificate, Journal journal, String lastResort) throws Exception {
        try {
            stop();
            unchanged(certificate, journal, lastResort);
            apply(certificate, journal);
        } catch (Failure failure) {
            throw failure.exit == Failure.Exit.STOP
                    ? new Failure(Failure.Exit.UNFINISHED, failure.getMessage(), failure.hint, failure) : failure;
        }
    }

    /** The SQL that was begun. */
    Plan plan() {
        return plan;
    }

    // The code of the release does not know the schema of before.
    private void stop() throws Exception {
        if (services.stoppable().isEmpty()) {
            console.mark("warn", "no service is configured to be stopped; connected now: "
                    + Services.connected(target));
            return;
        }
        if (situation.down()) {
            new Downtime(project, run, console, services, situation).again(command);
            return;
        }
        services.settled();
        services.stop(console::say);
        console.mark("pass", "stopped: " + String.join(", ", services.stoppable()));
        console.mark("pass", new Quiet(target, console::say, command).proven());
    }

    private Certificate certified(Path file, Trial trial, JsonNode backup) {
        Certificate applied = release.certificate();
        String sql = project.repo.relativize(file).toString();
        trial.before().save(run.file("schema-rollback.json"));
        return new Certificate(new Certificate.Sql(sql, plan.sha256(), plan.statements().size(),
                plan.segments().size()), backup.path("sha256").asText(), applied.commit(), applied.released(),
                applied.production(), true, "copy", trial.before().hash(), trial.result().done(), null);
    }

    private Acceptance acceptance(Certificate certificate) {
        return new Acceptance(certificate, run.file("schema-rollback.json"));
    }

    // A way back leads to the schema of before the release.
    private void unchanged(Certificate certificate, Journal journal, String lastResort) throws SQLException {
        try (Connection connection = Postgres.read(target, "rollback")) {
            Optional<String> changed = acceptance(certificate).changed(connection, journal,
                    release.file("schema-before.json"));
            if (changed.isPresent()) {
                throw Failure.stop("the schema has changed since segment " + journal.committed() + " of "
                        + journal.segments() + " of the rollback was committed" + changed.get(),
                        "take back what was changed by hand, then: " + command + "; or " + lastResort);
            }
        }
    }

    private void apply(Certificate certificate, Journal journal) throws SQLException {
        Executor executor = new Executor(target, acceptance(certificate), done -> { }, console::say)
                .keepingJournal(DatabaseLock.owner());
        Executor.Result result;
        try (Interrupt ignored = new Interrupt(() -> {
            console.say("stopping: what is open is rolled back");
            executor.stop();
        }, () -> Failure.Exit.INTERRUPTED.code)) {
            result = journal == null ? executor.run(plan) : executor.resume(plan, journal);
        }
        if (result.trouble() != null) {
            throw failed(result);
        }
        console.mark("pass", String.format("%s committed in %.2f s, as on the copy",
                Count.of(result.outcomes().size(), "statement"), result.seconds()));
    }

    private Failure failed(Executor.Result result) throws SQLException {
        Executor.Trouble trouble = result.trouble();
        if (trouble.open() || result.committed() > 0) {
            return new Failure(Failure.Exit.UNFINISHED, trouble.words() + "\n" + result.committed() + " of "
                    + Count.of(plan.segments().size(), "segment") + " of the rollback "
                    + Count.are(plan.segments().size()) + " committed" + (trouble.open()
                    ? "; whether the next one is, is not known" : "") + (services.stoppable().isEmpty() ? ""
                    : "\nthe services are stopped"), command + "   # it looks first, and goes on from there");
        }
        return undone(trouble.interrupted() ? Failure.Exit.INTERRUPTED : Failure.Exit.STOP, trouble.words(),
                command + "   # when the cause is gone");
    }

    // What the release left is as it was, and so is what production tells of it.
    private Failure undone(Failure.Exit exit, String words, String hint) throws SQLException {
        comeToNothing();
        release.brokenOff();
        return new Failure(release.underWay() ? Failure.Exit.UNFINISHED : exit,
                words + "\nthe database was not changed by the rollback" + running(), hint + (release.underWay()
                ? "\nor finish the release instead: jbang release.java resume" : ""));
    }

    // The code that was stopped fits the schema that is still there; what the release itself had stopped stays so.
    private String running() {
        if (services.stoppable().isEmpty()) {
            return "";
        }
        if (situation.down()) {
            return "\nthe services are stopped, as the release left them";
        }
        try {
            services.back(console::say);
            return "\nthe services were started again";
        } catch (Failure failure) {
            return "\nthe services are STOPPED, and do not come back: " + failure.getMessage()
                    + (failure.hint == null ? "" : "\nstart them: " + failure.hint);
        }
    }

    // Nothing of it is committed: what production tells of a release that is not finished counts again.
    private void comeToNothing() throws SQLException {
        try (Connection connection = Postgres.write(target, "rollback")) {
            Journal.end(connection);
        }
    }

    /** It is done, and on record: nobody is to go on with it, nor with what was left of the release. */
    void end() throws SQLException {
        try (Connection connection = Postgres.write(target, "rollback")) {
            Journal.drop(connection);
        }
    }
}
