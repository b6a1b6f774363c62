//SOURCES Apply.java Console.java DatabaseLock.java Failure.java Gate.java LastRelease.java Postgres.java Project.java
//SOURCES Run.java Seal.java Services.java Situation.java Target.java plan/Certificate.java plan/Journal.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.util.Map;
import java.util.Optional;
import lib.plan.Certificate;
import lib.plan.Journal;

/**
 * A release that broke off, met again: what is recorded of it is taken over only as far as production and git bear it
 * out, and no other one begins on top of it.
 */
public final class Recovery {
    private final Project project;
    private final Run run;
    private final Console console;
    private final DatabaseLock turn;

    public Recovery(Project project, Run run, Console console, DatabaseLock turn) {
        this.project = project;
        this.run = run;
        this.console = console;
        this.turn = turn;
    }

    /** What the rehearsal of the run under way proved. */
    public static Certificate certified(Run run) {
        run.facts("validate");
        return run.as("/validate/facts/certificate", Certificate.class);
    }

    /** Takes over what the run under way has recorded; what no release writes is an edit. */
    public static void recall(Run run, Situation situation) {
        recall(run.record(), situation);
    }

    private static void recall(JsonNode record, Situation situation) {
        try {
            situation.restore(record.path("release"));
        } catch (IllegalArgumentException | DateTimeException e) {
            throw Seal.broken(Gate.words(e).replaceFirst("^No enum constant .*\\.", "there is no state "), e);
        }
    }

    /** A release that changed production is finished before another one begins. */
    public void refuseToBury(Services services) throws SQLException {
        Situation last = new Situation(services);
        recall(run, last);
        if (last.unknown()) {
            run.refuseEdited();
            turn.take(project.address().target());
            Apply.look(project.address().target(), run, console, last, certified(run), false);
        }
        if (last.changed()) {
            Map<String, String> now = last.lines(Failure.Exit.UNFINISHED);
            throw new Failure(Failure.Exit.UNFINISHED,
                    "an earlier release is not finished. Database: " + now.get("database"), now.get("next"));
        }
    }

    /** Says what a release that came to nothing had stopped: that stands still until something here starts it. */
    public void inherit(Services services, Situation situation) {
        Situation last = new Situation(services);
        LastRelease.record(run, project.environment).ifPresent(record -> recall(record, last));
        situation.outage().inherit(last.outage());
        if (situation.outage().inherited()) {
            console.mark("warn", "the services are " + situation.lines(Failure.Exit.STOP).get("service"));
        }
    }

    /** Refuses one that is not finished, as production tells: it may have been begun in another clone. */
    public void refuseUnfinished(Target target) throws SQLException {
        try (Connection connection = Postgres.read(target, "release")) {
            Optional<String> other = Journal.unfinished(connection).map(Journal::words);
            if (other.isPresent() && LastRelease.of(run, project.environment).flatMap(LastRelease::begun).isPresent()) {
                throw Failure.stop("the last release is being taken back, and that is not finished: " + other.get(),
                        "jbang release.java rollback   # goes on with it");
            }
            if (other.isPresent()) {
                throw new Failure(Failure.Exit.STOP, "production holds a release that is not finished: " + other.get(),
                        "in the clone that began it: jbang release.java resume"
                        + "\nor, when that clone is gone, with the SQL that is left: jbang release.java --sql FILE");
            }
        }
    }

    /** Goes on from what was recorded. Comes back when there is something to finish, and when nobody else is at it. */
    public void takeOver(Situation situation) throws SQLException {
        recall(run, situation);
        if (run.part("release").isObject()) {
            run.refuseEdited();
        }
        Optional<Journal> journal = Optional.empty();
        if (situation.begun()) {
            turn.take(project.address().target());
            journal = Apply.look(project.address().target(), run, console, situation, certified(run), true);
        }
        Map<String, String> now = situation.lines(Failure.Exit.STOP);
        if (situation.unknown() && !situation.finishable()) {
            Failure gone = Apply.gone(run, journal);
            throw Failure.stop(gone.getMessage() + ". Database: " + now.get("database"), gone.hint);
        }
        if (!situation.finishable()) {
            throw Failure.stop("there is no release to finish: " + now.get("database"), now.get("next"));
        }
        // A way back that was begun and came to nothing: the release is gone on with instead.
        if (run.part("rollback").isObject()) {
            run.put("rollback", null);
        }
    }
}
