//SOURCES Extent.java Failure.java Json.java Outage.java Promotion.java Run.java Services.java Times.java
//SOURCES plan/Certificate.java plan/Executor.java plan/Journal.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lib.plan.Certificate;
import lib.plan.Executor;
import lib.plan.Journal;

/** What is true at this moment of a release: database, service, git, backup, and the command that comes next. */
public final class Situation {
    private final Services services;
    private final List<String> done = new ArrayList<>();
    private final Instant started = Instant.now();
    private final Extent database = new Extent("release SQL");
    private final Extent data = new Extent("data SQL");
    private final Outage outage = new Outage();
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
        database.certified(certificate.sql().sha256());
        if (certificate.later() != null) {
            data.certified(certificate.later().sql().sha256());
        }
    }

    /** How far the release SQL came. */
    public Extent database() {
        return database;
    }

    /** How far the data SQL came that waits for the deploy. */
    public Extent data() {
        return data;
    }

    /** The downtime begins with the first stop command. */
    public void stopping() {
        outage.stopping();
    }

    public void servicesStopped() {
        outage.stopped();
    }

    /** Whether this release stopped the services, whatever became of them since. */
    public boolean stopped() {
        return outage.happened();
    }

    public void started() {
        outage.started();
    }

    /** What the executor came back with of the release SQL, for the report. */
    void outcomes(Executor.Result result) {
        // Those that an earlier process ran stand before them.
        ArrayNode all = Json.MAPPER.createArrayNode();
        applied.forEach(all::add);
        Json.tree(result.done()).forEach(all::add);
        applied = all;
    }

    /** What the remote holds of the release. */
    public void pushed(Promotion.Arrived arrived) {
        this.arrived = arrived;
    }

    /** Whether the remote holds the release branch as this release leaves it, or may hold it. */
    public boolean arrived() {
        return promoted() || arrived == Promotion.Arrived.UNKNOWN;
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
        return arrived != Promotion.Arrived.NOTHING || data.changed() || database.changed();
    }

    /** Whether what is left can be finished: SQL is left or all of it is committed, or a push has begun. */
    public boolean finishable() {
        return database.state() == Extent.State.APPLIED || segmentsLeft()
                || database.state() == Extent.State.UNTOUCHED
                && (arrived != Promotion.Arrived.NOTHING || data.changed());
    }

    /** Whether some of the SQL is committed, or may be, and production can say how to go on with the rest. */
    public boolean segmentsLeft() {
        return database.segmentsLeft();
    }

    /** Whether nobody could say yet how far it came. */
    public boolean unknown() {
        return database.state() == Extent.State.UNKNOWN || data.state() == Extent.State.UNKNOWN;
    }

    /** Whether this release began to change the database: production is asked what became of it then. */
    public boolean begun() {
        return database.changed() || data.changed();
    }

    /** Whether this is the journal of SQL of this release. */
    public boolean owns(Journal journal) {
        return database.owns(journal) || data.owns(journal);
    }

    /** Whether it is the journal of SQL of this release that is all committed, or not at all: it can go then. */
    public boolean over(Journal journal) {
        return database.owns(journal) && database.decided() || data.owns(journal) && data.decided();
    }

    /**
     * What production's own journal shows; a record that says something else is not believed.
     *
     * @param working whether a session is still at the plan
     */
    public void looked(Optional<Journal> journal, boolean working) {
        database.looked(journal, working);
        data.looked(journal, working);
    }

    /** The last step is behind us. */
    public void end() {
        ended = true;
        // What is told afterwards must not make the downtime longer.
        outage.over();
    }

    /** Whether the services were stopped by it, and not started again since. */
    public boolean down() {
        return outage.lasts();
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

    /** The command that approves the SQL; empty while there is none to approve. */
    public String approval() {
        return approval;
    }

    public String backup() {
        return backup;
    }

    /** The services of this release, and how long they stood still. */
    public Outage outage() {
        return outage;
    }

    /** From the stop until it was up again, in seconds; null when nothing was stopped, or is up again. */
    public Double downtime() {
        return outage.seconds(promoted());
    }

    /** The same beside its forecast. */
    public ObjectNode downtimeFacts() {
        return outage.facts(promoted());
    }

    /** What is true now, line by line, and the next command. */
    public Map<String, String> lines(Failure.Exit exit) {
        Map<String, String> lines = new LinkedHashMap<>();
        lines.put("database", database.words());
        if (!data.untouched()) {
            lines.put("data", data.words());
        }
        lines.put("service", switch (outage.state()) {
            case STOPPING -> "the stop command failed: look whether it runs; " + wayBack();
            case STOPPED -> promoted() ? "stopped; the deploy of the release branch starts it"
                    : "STOPPED; " + wayBack();
            case STARTED -> "started";
            case UNTOUCHED -> !outage.inherited() ? "not touched"
                    : "not touched by this release, and STOPPED by the one before; "
                    + (promoted() ? "the deploy of the release branch starts it" : wayBack());
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
        if (arrived != Promotion.Arrived.NOTHING || data.changed() || !database.unseen()) {
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
        return switch (database.state()) {
            case PARTLY -> "jbang release.java resume   # goes on with segment " + database.next()
                    + (rest.isEmpty() ? "" : "; with other SQL: jbang release.java --sql " + rest);
            case UNKNOWN -> "jbang release.java resume   # it looks which of the two is true";
            case APPLIED -> ended ? "nothing"
                    : database.empty() && arrived == Promotion.Arrived.NOTHING ? "jbang release.java"
                    : "jbang release.java resume";
            case UNTOUCHED -> ended ? "nothing" : arrived == Promotion.Arrived.NOTHING && !data.changed() ? afresh(exit)
                    : "jbang release.java resume";
            case APPLYING -> "jbang release.java resume   # it waits for what is under way, then looks";
            case ROLLED_BACK -> afresh(exit);
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
        database.record(node);
        node.set("data", data.record(Json.object()));
        outage.record(node);
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
        database.restore(record);
        data.restore(record.path("data"));
        outage.restore(record);
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
}
