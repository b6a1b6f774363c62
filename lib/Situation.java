//SOURCES Failure.java Git.java History.java Json.java Phase.java Postgres.java Project.java Promotion.java Run.java
//SOURCES Secrets.java Services.java Times.java
//SOURCES plan/Certificate.java plan/Executor.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.plan.Certificate;
import lib.plan.Executor;

/** What is true at this moment of a release: database, service, git, backup, and the command that comes next. */
public final class Situation {
    /**
     * How far the database was changed; UNKNOWN is a statement or a COMMIT whose outcome nobody could be asked about.
     */
    public enum Database { UNTOUCHED, APPLYING, ROLLED_BACK, PARTLY, UNKNOWN, APPLIED }

    private final Services services;
    private final List<String> done = new ArrayList<>();
    private final Instant started = Instant.now();
    private Database database = Database.UNTOUCHED;
    private int segments;
    private int committed;
    private String service = "";
    private Instant stoppedAt;
    private Instant startedAt;
    private Promotion.Arrived arrived = Promotion.Arrived.NOTHING;
    private boolean ended;
    private String backup = "";
    private String sqlFile = "";
    private String rest = "";
    private String approval = "";
    private String step = "";
    private String error = "";
    private String hint = "";
    private JsonNode applied = Json.MAPPER.createArrayNode();
    private final Times times = new Times();

    public Situation(Services services) {
        this.services = services;
    }

    public void begin(String step) {
        this.step = step;
        this.error = "";
        this.hint = "";
        times.begin(step);
    }

    /** A step is finished; the record says so before the next one begins. */
    public void done(String step, Run run) {
        done.add(step);
        times.end();
        run.put("release", record());
    }

    public void failed(String step, Failure failure, Run run) {
        this.step = step;
        this.error = failure.getMessage();
        this.hint = failure.hint == null ? "" : failure.hint;
        times.end();
        run.put("release", record());
    }

    /** Takes over what a finished phase found. */
    public void learn(String phase, JsonNode facts) {
        if (phase.equals("backup")) {
            backup = facts.path("file").asText();
        }
    }

    public void certified(Certificate certificate) {
        this.sqlFile = certificate.sql().file();
    }

    /** The downtime begins with the first stop command. */
    public void stopping() {
        service = "stopping";
        stoppedAt = Instant.now();
    }

    public void servicesStopped() {
        service = "stopped";
    }

    /** Whether this release stopped the services, whatever became of them since. */
    public boolean stopped() {
        return stoppedAt != null;
    }

    public void started() {
        service = "started";
        startedAt = Instant.now();
    }

    public void applying(int segments) {
        this.segments = segments;
        this.database = Database.APPLYING;
    }

    /** So many segments are committed. */
    public void committed(int segments) {
        this.committed = segments;
    }

    /** What the executor came back with. */
    public void applied(Executor.Result result) {
        this.applied = Json.tree(result.done());
        this.committed = result.done().size();
        if (result.trouble() == null) {
            database = Database.APPLIED;
        } else if (result.trouble().committed()) {
            database = Database.UNKNOWN;
        } else {
            database = committed == 0 ? Database.ROLLED_BACK : Database.PARTLY;
        }
    }

    /** What the remote holds of the release. */
    public void pushed(Promotion.Arrived arrived) {
        this.arrived = arrived;
    }

    private boolean promoted() {
        return arrived == Promotion.Arrived.BOTH;
    }

    /** The command that approves the SQL of this release. */
    public void approval(String command) {
        approval = command;
    }

    /** Where the statements that are left were written to. */
    public void rest(String file) {
        rest = file;
    }

    /** Whether production or a remote is not any more what it was. */
    public boolean changed() {
        return arrived != Promotion.Arrived.NOTHING || database == Database.PARTLY || database == Database.UNKNOWN
                || database == Database.APPLIED || database == Database.APPLYING && committed > 0;
    }

    /** Whether what is left can be finished: all SQL is committed, or there was none and a push has begun. */
    public boolean finishable() {
        return database == Database.APPLIED
                || database == Database.UNTOUCHED && arrived != Promotion.Arrived.NOTHING;
    }

    /** Whether nobody could say what became of the last COMMIT. */
    public boolean unknown() {
        return database == Database.UNKNOWN;
    }

    /** The answer to that, found by looking. */
    public void found(boolean committed) {
        database = committed ? Database.APPLIED : this.committed > 0 ? Database.PARTLY : Database.ROLLED_BACK;
    }

    /** The last step is behind us. */
    public void end() {
        ended = true;
        // What is told afterwards must not make the downtime longer.
        startedAt = startedAt == null ? Instant.now() : startedAt;
    }

    /** Whether the release came to its end; a dry run never does. */
    public boolean ended() {
        return ended;
    }

    public boolean isDone(String step) {
        return done.contains(step);
    }

    public String step() {
        return step;
    }

    public String error() {
        return error;
    }

    public String backup() {
        return backup;
    }

    /** From the stop to the last commit, in seconds; null when nothing was stopped or nothing was applied. */
    public Double downtime() {
        return stoppedAt == null || startedAt == null && !promoted() ? null
                : Duration.between(stoppedAt, startedAt == null ? Instant.now() : startedAt).toMillis() / 1000.0;
    }

    /** What is true now, line by line, and the next command. */
    public Map<String, String> lines(Failure.Exit exit) {
        Map<String, String> lines = new LinkedHashMap<>();
        String committedPart = committed + " of " + segments + " segments are committed";
        lines.put("database", switch (database) {
            case UNTOUCHED -> "not changed";
            case ROLLED_BACK -> "not changed: the transaction was rolled back";
            case APPLYING -> (committed > 0 ? "CHANGED: " + committedPart + "; " : "")
                    + "the transaction was under way: the server rolls it back when the connection goes";
            case PARTLY -> "CHANGED: " + committedPart + ", the next one was rolled back";
            case UNKNOWN -> "NOT KNOWN: segment " + (committed + 1) + " of " + segments
                    + " may be committed; look before you do anything";
            case APPLIED -> segments == 0 ? "not changed: there was nothing to apply"
                    : "changed: all of the release SQL is committed";
        });
        lines.put("service", switch (service) {
            case "stopping" -> "the stop command failed: look whether it runs; " + wayBack();
            case "stopped" -> promoted() ? "stopped; the deploy of the release branch starts it"
                    : "STOPPED; " + wayBack();
            case "started" -> "started";
            default -> "not touched";
        });
        lines.put("git", switch (arrived) {
            case NOTHING -> "nothing was pushed";
            case SOURCE -> "PARTLY pushed: the remote took the source branch and refused the release branch";
            case BOTH -> "pushed";
            case UNKNOWN -> "NOT KNOWN: the push failed, and the remote does not say what it holds";
        });
        if (!backup.isEmpty()) {
            lines.put("backup", backup + " (pg_restore --no-owner brings it back)");
        }
        lines.put("next", next(exit));
        return lines;
    }

    private String wayBack() {
        if (changed()) {
            // The old code does not know the new schema.
            return "do not start the old code on the changed database:"
                    + " finish the release, its deploy starts the new one";
        }
        return services.backCommands().isEmpty() ? "bring it back by a deploy of the release branch as it is"
                : "start it: " + String.join(" && ", services.backCommands());
    }

    private String next(Failure.Exit exit) {
        if (step.equals("confirm") && !approval.isEmpty()) {
            return approval;
        }
        return switch (database) {
            case PARTLY -> "jbang release.java --sql " + rest
                    + "   # the statements that are left, through all gates again";
            case UNKNOWN -> "jbang release.java resume   # it looks which of the two is true";
            case APPLIED -> ended ? "nothing"
                    : segments == 0 && arrived == Promotion.Arrived.NOTHING ? "jbang release.java"
                    : "jbang release.java resume";
            case UNTOUCHED -> ended ? "nothing" : arrived == Promotion.Arrived.NOTHING ? afresh(exit)
                    : "jbang release.java resume";
            default -> afresh(exit);
        };
    }

    private static String afresh(Failure.Exit exit) {
        return exit == Failure.Exit.PASSED ? "nothing"
                : "jbang release.java   # when the cause is gone; it begins anew";
    }

    /** The same as text. */
    public String text(Failure.Exit exit) {
        StringBuilder text = new StringBuilder("\nWhat is true now:");
        lines(exit).forEach((name, line) -> text.append(String.format("%n  %-9s %s", name, line)));
        return text.toString();
    }

    /** The same for the run record. */
    public ObjectNode record() {
        ObjectNode node = Json.object();
        node.put("started", started.toString());
        node.put("step", step);
        node.set("done", Json.tree(done));
        node.put("database", database.name());
        node.put("segments", segments);
        node.put("committed", committed);
        node.put("service", service);
        node.put("stoppedAt", stoppedAt == null ? null : stoppedAt.toString());
        node.put("downtime", downtime());
        node.put("ended", ended);
        node.put("pushed", arrived.name());
        node.put("backup", backup);
        node.put("sql", sqlFile);
        node.put("rest", rest);
        node.put("approval", approval);
        node.put("error", error);
        node.put("hint", hint);
        node.set("times", times.record());
        node.set("applied", applied);
        return node;
    }

    /** Goes on from what an earlier process recorded. */
    public void restore(JsonNode record) {
        record.path("done").forEach(name -> done.add(name.asText()));
        database = Database.valueOf(record.path("database").asText(Database.UNTOUCHED.name()));
        // A process that died while it applied left nobody who knows how that ended.
        database = database == Database.APPLYING ? Database.UNKNOWN : database;
        segments = record.path("segments").asInt();
        committed = record.path("committed").asInt();
        service = record.path("service").asText();
        stoppedAt = record.path("stoppedAt").isTextual() ? Instant.parse(record.path("stoppedAt").asText()) : null;
        arrived = Promotion.Arrived.valueOf(record.path("pushed").asText(Promotion.Arrived.NOTHING.name()));
        backup = record.path("backup").asText();
        sqlFile = record.path("sql").asText();
        rest = record.path("rest").asText();
        approval = record.path("approval").asText();
        step = record.path("step").asText();
        error = record.path("error").asText();
        hint = record.path("hint").asText();
        times.restore(record.path("times"));
        applied = record.path("applied").isArray() ? record.path("applied") : applied;
    }

    /** The result of a release for programs: the contract's facts, gathered from the phases. */
    public ObjectNode result(Failure.Exit exit, Map<String, ObjectNode> phases, String report) {
        ObjectNode node = Json.object();
        node.put("phase", "release");
        node.put("status", Phase.status(exit));
        var gates = node.putArray("gates");
        phases.values().forEach(phase -> phase.path("gates").forEach(gates::add));
        if (!error.isEmpty()) {
            gates.add(Json.object().put("id", "release." + step).put("status", "stop")
                    .put("message", Secrets.mask(error)));
        }
        ObjectNode facts = node.putObject("facts");
        facts.set("commits", phases.getOrDefault("preflight", Json.object()).at("/facts/commits"));
        facts.set("backup", phases.getOrDefault("backup", Json.object()).path("facts"));
        JsonNode assessed = phases.getOrDefault("assess", Json.object()).path("facts");
        for (String key : List.of("entries", "pending", "class", "variables", "problems")) {
            facts.set(key, assessed.path(key));
        }
        facts.set("sql", phases.getOrDefault("validate", Json.object()).at("/facts/sql"));
        facts.put("approve", approval.isEmpty() ? null : approval);
        facts.put("report", report);
        facts.set("now", Json.tree(lines(exit)));
        return node;
    }
}
