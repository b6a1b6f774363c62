//SOURCES Failure.java Fingerprint.java Gate.java Json.java Postgres.java Project.java Run.java Services.java Times.java
//SOURCES backup/Manifest.java hazards/Context.java hazards/Finding.java hazards/Hazard.java hazards/Review.java hazards/Source.java
//SOURCES plan/Acceptance.java plan/Certificate.java plan/Executor.java plan/Plan.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import lib.backup.Manifest;
import lib.hazards.Context;
import lib.hazards.Finding;
import lib.hazards.Hazard;
import lib.hazards.Review;
import lib.hazards.Source;
import lib.plan.Acceptance;
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

    /**
     * How many of the first segments run before the stop: nobody has to wait for them, and no code sees what they do.
     * None without a rehearsal, which tells what they leave, and none where nothing is stopped, or nothing would be
     * left for the stop that somebody asked for.
     */
    public int ahead() {
        boolean part = plan.ahead() < plan.segments().size();
        return part && need().stop() && certificate.rehearsed() ? plan.ahead() : 0;
    }

    /** How long the SQL takes while everything stands still, in seconds: as it was forecast, else as rehearsed. */
    public double sqlSeconds() {
        return forecast().has("seconds") ? Math.max(0, forecast().path("seconds").asDouble() - secondsAhead())
                : certificate.segments().stream().filter(segment -> segment.segment() > ahead())
                .flatMap(segment -> segment.outcomes().stream()).mapToDouble(Executor.Outcome::millis).sum() / 1000;
    }

    private double secondsAhead() {
        double millis = 0;
        for (JsonNode statement : run.part("validate").at("/facts/statements")) {
            millis += statement.path("segment").asInt() > ahead() ? 0 : statement.path("forecastMillis").asDouble();
        }
        return millis / 1000;
    }

    /** How much of a window the stop and what follows needs; none where nothing is applied. */
    public Duration needed(boolean backup) {
        return plan.isEmpty() ? Duration.ZERO
                : Duration.ofMillis((long) (1000 * (sqlSeconds() + backupSeconds(need().stop() && backup))));
    }

    /** The same with what runs before. */
    public Duration neededInAll(boolean backup) {
        return needed(backup).plusMillis((long) (1000 * secondsAhead()));
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
        int ahead = ahead();
        String rehearsed = ahead == 0 ? certificate.schemaBefore() : certificate.segments().get(ahead - 1).schema();
        if (!backup.path("schema").asText().equals(rehearsed)) {
            Fingerprint schema = Manifest.of(project.repo.resolve(backup.path("file").asText())).schema();
            Path before = run.file("schema-before.json");
            throw Failure.stop("the final backup holds another schema than the rehearsal "
                    + (ahead == 0 ? "began with:\n  " + String.join("\n  ",
                            schema.differences(Fingerprint.load(before), 8)) : "had after what runs before the stop"
                            + new Acceptance(certificate, before).strange(schema, run.file("schema-after.json"))),
                    ahead == 0 ? "find out who changed it, then start again: jbang release.java"
                    : "take back what was changed by hand, then: jbang release.java resume");
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
