//SOURCES Console.java Failure.java Phases.java Project.java Quiet.java Run.java Services.java Situation.java Standstill.java
//SOURCES Target.java

package lib;

import java.util.ArrayList;
import java.util.List;

/** The standstill as it happens: services stopped, the database proven quiet, the last write saved. */
public final class Downtime {
    /** How often a backup is made again because somebody wrote meanwhile. */
    private static final int PATIENT = 3;

    private final Project project;
    private final Run run;
    private final Console console;
    private final Services services;
    private final Situation situation;
    /** What is known of the database's quiet since the stop; null before. */
    private Quiet quiet;

    public Downtime(Project project, Run run, Console console, Services services, Situation situation) {
        this.project = project;
        this.run = run;
        this.console = console;
        this.services = services;
        this.situation = situation;
    }

    /**
     * Stops the services; that a command said so proves nothing, so the database is asked who is there.
     *
     * @param next the command that goes on when whoever is in the way is gone
     * @param saved whether it is backed up now: the rest of the proof takes the time of that
     */
    public void begin(String next, boolean saved) throws Exception {
        services.settled();
        situation.stopping();
        run.put("release", situation.record());
        services.stop(console::say);
        situation.servicesStopped();
        console.mark("pass", "stopped: " + String.join(", ", services.stoppable()));
        quiet = new Quiet(project.address().target(), console::say, next);
        console.mark("pass", saved ? quiet.alone() : quiet.proven());
    }

    /**
     * Before a release is gone on with that had stopped the services: what came back meanwhile, a provider's restart
     * say, is stopped again, and the database is proven quiet once more.
     *
     * @param next the command that goes on when whoever is in the way is gone
     */
    public void again(String next) throws Exception {
        Target target = project.address().target();
        List<String> back = new ArrayList<>(services.answering());
        String connected = Services.connected(target);
        if (!connected.equals("nobody")) {
            back.add(connected);
        }
        if (!back.isEmpty()) {
            console.mark("warn", "came back since the stop: " + String.join(", ", back));
            services.stop(console::say);
            console.mark("pass", "stopped again: " + String.join(", ", services.stoppable()));
        }
        quiet = new Quiet(target, console::say, next);
        console.mark("pass", quiet.proven());
    }

    /** The release is over: says how long nobody could use what it stopped. */
    public void end() {
        situation.end();
        Double seconds = situation.downtime();
        console.mark("pass", !situation.stopped() ? "nothing stood still"
                : seconds == null ? "how long nobody could use it is not known: this machine's clock was set back"
                : String.format("nobody could use it for %.1f s", seconds));
    }

    /** Backs up once more, so that a backup holds the last write, or says why there is none that does. */
    public void save(Phases phases, Standstill standstill, boolean wanted) throws Exception {
        String first = situation.backup();
        if (!standstill.need().stop()) {
            console.mark("warn", "nothing was stopped: what was written since the backup is in the database only; "
                    + first + " is " + Standstill.age(project.repo.resolve(first)));
        } else if (!wanted) {
            console.mark("warn", "NO FINAL BACKUP, as it was asked for: what was written before the stop is in no"
                    + " backup; " + first + " is " + Standstill.age(project.repo.resolve(first)));
        } else {
            if (!run.part("firstBackup").isObject()) {
                run.put("firstBackup", run.part("backup"));
            }
            phases.save();
            for (int again = 1; quiet != null && !quiet.unbroken(); again++) {
                if (again > PATIENT) {
                    throw Failure.stop("somebody writes whenever the database is backed up, and no backup holds the"
                            + " last write", "find out who, and stop it; then: " + quiet.next());
                }
                console.mark("warn", "somebody wrote while it was backed up, so it is backed up once more");
                phases.save();
            }
            console.mark("pass", "nobody else is connected, and nothing was written since");
            standstill.holds(run.facts("backup"));
            console.mark("pass", situation.backup() + " holds the last write, and the schema of the rehearsal");
        }
    }
}
