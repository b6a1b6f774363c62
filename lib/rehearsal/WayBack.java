//SOURCES ../Apply.java ../Consent.java ../Console.java ../Copy.java ../Exec.java ../Failure.java
//SOURCES ../Fingerprint.java ../History.java ../Json.java ../LastRelease.java ../Migration.java ../Phases.java
//SOURCES ../Postgres.java ../Project.java ../Run.java ../Services.java ../Situation.java ../Target.java
//SOURCES ../Recovery.java ../backup/Manifest.java ../plan/Acceptance.java ../plan/Certificate.java ../plan/Plan.java
//SOURCES ../plan/SqlFile.java TakingBack.java Trial.java

package lib.rehearsal;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import lib.Apply;
import lib.Consent;
import lib.Console;
import lib.Copy;
import lib.Exec;
import lib.Failure;
import lib.Fingerprint;
import lib.History;
import lib.Json;
import lib.LastRelease;
import lib.Migration;
import lib.Phases;
import lib.Postgres;
import lib.Project;
import lib.Recovery;
import lib.Run;
import lib.Services;
import lib.Situation;
import lib.Target;
import lib.backup.Manifest;
import lib.plan.Acceptance;
import lib.plan.Certificate;
import lib.plan.Plan;
import lib.plan.SqlFile;

/** Takes the last release of a database back: tried on a copy of production as it is now, shown, approved, applied. */
public final class WayBack {
    private static final int MOST = 8;

    private final Project project;
    private final Run run;
    private final Console console;
    private final Services services;
    private final String scratch;
    private final Situation situation;
    private LastRelease release;
    private Target target;
    private Path file;
    private Plan plan;

    /** The way back of one project's release; scratch is the URL of a server to try it on, or null. */
    public WayBack(Project project, Run run, Console console, Services services, String scratch) {
        this.project = project;
        this.run = run;
        this.console = console;
        this.services = services;
        this.scratch = scratch;
        this.situation = new Situation(services);
    }

    /**
     * What came of it, for programs.
     *
     * @param applied false when the database was back already
     */
    public record Outcome(String file, String sha256, List<String> lost, boolean applied, String next) {
    }

    /**
     * Does it, or says why not.
     *
     * @param approved the SHA-256 of the SQL that may be applied; null to be asked
     */
    public Outcome run(String approved) throws Exception {
        try {
            return taken(approved);
        } catch (Failure failure) {
            // Of a release under way production has a part, whatever came of taking it back.
            throw failure.exit == Failure.Exit.STOP && release != null && release.underWay()
                    ? new Failure(Failure.Exit.UNFINISHED, failure.getMessage(), failure.hint, failure) : failure;
        }
    }

    private Outcome taken(String approved) throws Exception {
        target = project.address().target();
        release = looked();
        TakingBack back = new TakingBack(project, run, console, services, situation, release, target, command());
        if (release.begun().isPresent()) {
            LastRelease.Begun begun = release.begun().get();
            if (back.goOn(begun, lastResort())) {
                file = release.file(begun.file());
                plan = back.plan();
                return finish(back, List.of(), true);
            }
            release = looked();
            back = new TakingBack(project, run, console, services, situation, release, target, command());
        }
        read();
        if (alreadyBack()) {
            console.mark("pass", "the database has the schema of before the release already; nothing was applied");
            return finish(back, List.of(), false);
        }
        JsonNode backup = Phases.saved(project, console);
        Path dump = project.repo.resolve(backup.path("file").asText());
        Trial trial = tried(dump, backup);
        List<String> lost = new ArrayList<>(trial.lost());
        release.rollback().path("losses").forEach(loss -> lost.add("does not come back: " + loss.asText()));
        console.say("");
        console.say(plan.text().strip());
        console.say(lost.isEmpty() ? "\nNothing is lost." : "\nThis is lost:\n  " + String.join("\n  ", lost));
        console.say("Backup of this moment: " + project.repo.relativize(dump));
        Consent.to("roll back", plan.text(), approved, command(), console);
        back.begin(file, plan, trial, backup);
        return finish(back, lost, true);
    }

    // The release, as far as production bears out what is recorded of it.
    private LastRelease looked() throws SQLException {
        LastRelease last = last();
        if (!last.rolledBack().isEmpty()) {
            throw Failure.stop(last.name() + " was taken back already, " + last.rolledBack(),
                    "jbang release.java status");
        }
        if (last.underWay()) {
            Recovery.recall(run, situation);
        }
        if (last.begun().isPresent()) {
            return last;
        }
        if (last.underWay() && situation.begun()) {
            Apply.look(target, run, console, situation, last.certificate(), true);
            last = last();
        }
        if (last.unknown()) {
            release = last;
            throw Failure.stop("production does not tell any more how far the release under way came: it holds no"
                    + " journal of it", "see what is there: jbang release.java status; " + lastResort());
        }
        return last;
    }

    private LastRelease last() {
        return LastRelease.of(run, project.environment).orElseThrow(() -> Failure.stop(
                "there is no release of " + project.environment + " here that changed its database",
                "jbang release.java status"));
    }

    // The script of the rehearsal; of a release that was applied in part, the one for that part.
    private void read() {
        Certificate certificate = release.certificate();
        int segments = certificate.sql().segments();
        String name = Path.of(release.rollback().path("file").asText("none")).getFileName().toString();
        if (release.committed() < segments) {
            name = name.replaceFirst("\\.sql$", "-after-" + release.committed() + ".sql");
        }
        file = release.file(name);
        if (!Files.isRegularFile(file) || SqlFile.read(file).isBlank()) {
            throw Failure.stop("there is no script that takes " + release.name() + " back"
                    + (certificate.rehearsed() ? "" : ": it was not rehearsed"), lastResort());
        }
        plan = Plan.parse(SqlFile.read(file), project.repo.relativize(file).toString());
    }

    private String lastResort() {
        return "the backup of before the release is the way back; what was written since is lost with it:\n"
                + Exec.typed(List.of("jbang", "backup.java", "restore", release.backup(), "--to",
                project.environment));
    }

    // Only what the release left may be taken back: whatever somebody changed since would go with it unseen.
    private boolean alreadyBack() throws SQLException {
        try (Connection connection = Postgres.read(target, "rollback")) {
            Postgres.Identity now = Postgres.identity(connection);
            Postgres.Identity then = release.certificate().production();
            if (!now.same(then)) {
                throw Failure.stop("the database is not the one that was released: " + now.database() + " ("
                        + now.oid() + ") instead of " + then.database() + " (" + then.oid() + ")",
                        "check the database URL; nothing was changed");
            }
            Fingerprint schema = Fingerprint.of(connection);
            if (schema.hash().equals(release.certificate().schemaBefore())) {
                return true;
            }
            if (!schema.hash().equals(release.schemaAfter())) {
                throw Failure.stop("the schema is not what the release left" + different(schema),
                        "take back what was changed since, then run this again; or " + lastResort());
            }
            console.mark("pass", "the database is as " + release.name() + " left it");
            return false;
        }
    }

    private String different(Fingerprint now) {
        Path after = release.file("schema-after.json");
        if (!Files.exists(after)) {
            return "";
        }
        return release.whole() ? ":\n  " + String.join("\n  ", now.differences(Fingerprint.load(after), MOST))
                : new Acceptance(release.certificate(), release.file("schema-before.json")).strange(now, after);
    }

    private Trial tried(Path dump, JsonNode backup) throws SQLException {
        Manifest saved = Manifest.of(dump);
        try (Copy copy = Copy.on(scratch, project.repo, Json.as(backup.path("identity"), Postgres.Identity.class))) {
            copy.restore(dump, saved.reader());
            Trial trial = Trial.of(copy.target(), plan, saved, console::say);
            List<String> wrong = new ArrayList<>();
            Path before = release.file("schema-before.json");
            trial.after().differences(Fingerprint.load(before), Integer.MAX_VALUE).stream()
                    .filter(line -> !remains(line)).forEach(wrong::add);
            wrong.addAll(stillApplied(copy));
            if (!wrong.isEmpty()) {
                throw Failure.stop("on a copy of production as it is now it does not lead back:\n  "
                        + String.join("\n  ", wrong.subList(0, Math.min(MOST, wrong.size()))), null);
            }
            console.mark("pass", "on a copy of production as it is now it leads back to the schema of before");
            return trial;
        } catch (Failure failure) {
            throw failure.exit != Failure.Exit.STOP ? failure
                    : new Failure(failure.exit, failure.getMessage(), lastResort(), failure);
        }
    }

    private boolean remains(String line) {
        for (JsonNode object : release.rollback().path("remains")) {
            if (line.startsWith(object.asText())) {
                return true;
            }
        }
        return false;
    }

    // The tool must be ready to run them again.
    private List<String> stillApplied(Copy copy) throws SQLException {
        Optional<History> history = project.history();
        if (history.isEmpty() || release.committed() < release.certificate().sql().segments()) {
            return List.of();
        }
        try (Connection connection = Postgres.read(copy.target(), "rollback")) {
            History.State state = history.get().state(connection);
            List<String> applied = state.applied().stream().map(Migration::id).toList();
            List<String> still = release.pending().stream().filter(applied::contains)
                    .map(id -> history.get().tool() + " still takes " + id + " for applied").toList();
            if (!state.exists() && !release.rollback().path("remains").isEmpty()) {
                // It goes by what is there: what cannot be taken away is there, and need not be made again.
                still.forEach(line -> console.mark("warn", line + ": what it made remains"));
                return List.of();
            }
            return still;
        }
    }

    private String command() {
        List<String> command = new ArrayList<>(List.of("jbang", "release.java", "rollback"));
        if (!project.environment.equals("production")) {
            command.addAll(List.of("--env", project.environment));
        }
        return Exec.typed(command);
    }

    private Outcome finish(TakingBack back, List<String> lost, boolean applied) throws SQLException {
        String old = release.certificate().released();
        boolean promoted = release.promoted();
        release.rolledBack(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(), List.of(
                run.file(Path.of(release.certificate().sql().file()).getFileName().toString())));
        back.end();
        String next;
        if (!promoted) {
            next = services.backCommands().isEmpty() ? "the deployed code was not changed: look that it runs"
                    : "start the services again: " + String.join(" && ", services.backCommands());
        } else {
            next = project.release + " still holds the code of the release: deploy " + (old == null ? "the one before"
                    : old.substring(0, Math.min(10, old.length()))) + " again, or revert it there: git switch "
                    + project.release + " && git revert -m 1 HEAD && git push";
        }
        return new Outcome(project.repo.relativize(file).toString(), plan.sha256(), lost, applied, next);
    }
}
