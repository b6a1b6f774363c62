//SOURCES Failure.java Fingerprint.java Gate.java Json.java Postgres.java Project.java Run.java Services.java Times.java
//SOURCES backup/Manifest.java hazards/Context.java hazards/Finding.java hazards/Hazard.java hazards/Review.java hazards/Source.java
//SOURCES plan/Certificate.java plan/Executor.java plan/Plan.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lib.backup.Manifest;
import lib.hazards.Context;
import lib.hazards.Finding;
import lib.hazards.Hazard;
import lib.hazards.Review;
import lib.hazards.Source;
import lib.plan.Certificate;
import lib.plan.Executor;
import lib.plan.Plan;

/** The time in which nobody uses the database: whether a release needs it, how long it takes, what it saves. */
public final class Standstill {
    private final Project project;
    private final Run run;
    private final Services services;
    private final Plan plan;
    private final Certificate certificate;
    private final boolean wanted;
    private Need need;

    /**
     * The standstill that one plan needs.
     *
     * @param wanted whether somebody asked for it, whatever the rehearsal says
     */
    public Standstill(Project project, Run run, Services services, Plan plan, Certificate certificate, boolean wanted) {
        this.project = project;
        this.run = run;
        this.services = services;
        this.plan = plan;
        this.certificate = certificate;
        this.wanted = wanted;
    }

    /** Whether services are stopped, and why or why not. */
    public record Need(boolean stop, String why) {
    }

    /** Whether services have to be stopped; what nobody measured counts as a reason. */
    public Need need() {
        if (need == null) {
            need = look();
        }
        return need;
    }

    private Need look() {
        if (plan.isEmpty()) {
            return new Need(false, "nothing is applied, so nothing has to stop");
        }
        if (services.stoppable().isEmpty()) {
            return new Need(false, "no service is configured to be stopped");
        }
        if (wanted) {
            return new Need(true, "--stop asks for it");
        }
        if (project.settings.environment(project.environment).stop() != null) {
            return new Need(true, "release.json says always");
        }
        return rehearsed();
    }

    private Need rehearsed() {
        JsonNode forecast = forecast();
        String measured = forecast.path("why").asText();
        if (!certificate.rehearsed() || forecast.path("stopNeeded").asBoolean(true)) {
            return new Need(true, measured.isEmpty() ? "no rehearsal shows that nobody would have to wait" : measured);
        }
        List<String> breaking = breaking();
        return breaking.isEmpty() ? new Need(false, "the rehearsal shows that nobody has to wait"
                + (measured.isEmpty() ? "" : " (" + measured + ")") + ", and the code that runs goes on working")
                : new Need(true, "the code that runs would break: " + String.join("; ", breaking));
    }

    /** Whether the application should be stopped, and nobody says how. */
    public boolean unserved() {
        return !plan.isEmpty() && services.stoppable().isEmpty() && rehearsed().stop();
    }

    // As the old code meets it: not stopped, and no table known to be small.
    private List<String> breaking() {
        return Review.of(List.of(new Source(certificate.sql().file(), plan.text(), null)),
                Context.of(Context.Shape.FILE)).findings().stream().filter(Standstill::breaks)
                .map(finding -> finding.id() + " " + finding.message()).distinct().limit(3).toList();
    }

    private static boolean breaks(Finding finding) {
        return finding.severity() == Hazard.Severity.DANGEROUS || finding.id().matches("CMP0[1-5]|DES\\d+|DYN01|SYN01");
    }

    private JsonNode forecast() {
        return run.part("validate").path("facts").path("forecast");
    }

    /** How long the SQL takes, in seconds: as the rehearsal forecast it, else as it took there. */
    public double sqlSeconds() {
        return forecast().has("seconds") ? forecast().path("seconds").asDouble()
                : certificate.segments().stream().flatMap(segment -> segment.outcomes().stream())
                .mapToDouble(Executor.Outcome::millis).sum() / 1000;
    }

    /** How long the second backup takes, in seconds: as the first one did; 0 where none is made. */
    public double backupSeconds(boolean made) {
        return made ? run.part("backup").at("/facts/seconds").asDouble() : 0;
    }

    /** The forecast for the run record, in seconds: what was measured later is held against it. */
    public JsonNode record(boolean backup) {
        return Json.object().put("seconds", sqlSeconds() + backupSeconds(backup)).put("sql", sqlSeconds())
                .put("backup", backupSeconds(backup));
    }

    /** The forecast in words. */
    public String words(boolean backup) {
        return String.format("about %.1f s: SQL %.1f s", sqlSeconds() + backupSeconds(backup), sqlSeconds())
                + (backup ? String.format(", final backup %.1f s", backupSeconds(true)) : "")
                + "; and the time to stop and deploy";
    }

    /** A backup that was made while everything stood still must be of the database and the schema of the rehearsal. */
    public void holds(JsonNode backup) {
        Postgres.Identity saved = Json.as(backup.path("identity"), Postgres.Identity.class);
        if (!saved.same(certificate.production())) {
            throw Failure.stop("the final backup is of another database than the rehearsed one: " + saved.database(),
                    "check the database URL, then start again: jbang release.java");
        }
        if (!backup.path("schema").asText().equals(certificate.schemaBefore())) {
            Fingerprint schema = Manifest.of(project.repo.resolve(backup.path("file").asText())).schema();
            throw Failure.stop("the final backup holds another schema than the rehearsal began with:\n  "
                    + String.join("\n  ", schema.differences(Fingerprint.load(run.file("schema-before.json")), 8)),
                    "find out who changed it, then start again: jbang release.java");
        }
    }

    /** How old a backup is, in words: what was written since then is in the database only. */
    public static String age(Path backup) {
        try {
            return Times.age(Files.getLastModifiedTime(backup).toInstant());
        } catch (java.io.IOException e) {
            return "gone: " + Gate.words(e);
        }
    }
}
