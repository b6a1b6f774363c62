//SOURCES Console.java Demo.java Failure.java Json.java Kind.java Project.java Promotion.java Run.java Services.java
//SOURCES Situation.java deploy/Deploy.java

package lib;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.deploy.Deploy;

/** How the code reaches its services: the commits made ready, pushed, deployed, and awaited until they answer. */
public final class Delivery {
    /** The services of which nothing tells whether the new version runs, as the report names them. */
    private static final String UNPROVEN = "unproven";

    private final Project project;
    private final Run run;
    private final Console console;
    private final Services services;
    private final Situation situation;
    private Promotion promotion;
    private boolean answers;

    public Delivery(Project project, Run run, Console console, Services services, Situation situation) {
        this.project = project;
        this.run = run;
        this.console = console;
        this.services = services;
        this.situation = situation;
    }

    /** The commits that are pushed; null where nothing is promoted. */
    public Promotion promotion() {
        return promotion;
    }

    public void prepare() {
        promotion = Promotion.prepare(project, run);
        run.put("promotion", Json.tree(promotion));
        console.mark("pass", "prepared, not pushed: " + promotion.typed(project));
    }

    /** Goes on with the commits that an earlier process prepared, in the clone that has them. */
    public void takeOver() {
        promotion = run.as("/promotion", Promotion.class);
        promotion.refuseForeign(project);
    }

    /** Whether both branches still stand where the commits were made from. */
    public void stillFits() {
        if (promotion != null) {
            promotion.stillFits(project);
        }
    }

    /** Merges with what others have pushed since. */
    public void catchUp() {
        Promotion moved = promotion.onTop(project);
        console.mark("pass", moved.equals(promotion) ? "nobody has pushed anything since"
                : "what others have pushed since is merged with the commits of this release");
        promotion = moved;
        run.put("promotion", Json.tree(promotion));
    }

    public void promote(Kind kind) {
        if (!kind.applies()) {
            promotion.stillFits(project);
        }
        if (!promotion.onTop(project).equals(promotion)) {
            catchUp();
        }
        // Of a push that may have arrived, what was seen before it counts: what is there now may be the new version.
        if (!situation.arrived()) {
            run.put("deploy", Json.tree(new Deploy(project.repo, services, promotion.release())
                    .before(situation.stopped())));
        }
        // The connection may be cut between the push and its answer: until that is known, so it stands in the record.
        situation.pushed(Promotion.Arrived.UNKNOWN);
        run.put("release", situation.record());
        promotion.push(project, situation::pushed);
        promotion.follow(project).ifPresent(left -> console.mark("warn", left));
        // What others have pushed to the source branch meanwhile was not rehearsed, and their notes are still to come.
        console.mark("pass", project.git.contains(promotion.release(), promotion.source())
                ? project.release + " holds " + project.source
                + (promotion.cleared() ? "; MIGRATIONS.md is back to its template" : "")
                : project.release + " holds this release; what others have pushed to " + project.source
                + " since waits for the next one");
    }

    public void start() {
        if (promotion == null) {
            boolean down = situation.stopped() || situation.outage().inherited();
            if (down) {
                services.back(console::say);
                situation.started();
            }
            console.mark(down ? "pass" : "skip", down ? "started: " + String.join(", ", services.backCommands())
                    : "no service was stopped");
        } else if (services.startCommands().isEmpty()) {
            console.mark("skip", services.stoppable().isEmpty() ? "no service was stopped"
                    : "the deploy of " + project.release + " starts them");
        } else {
            services.start(promotion.release());
            situation.started();
            console.mark("pass", "started: " + String.join(", ", services.startCommands()));
        }
    }

    /** Waits until the new version answers, as far as anything tells. */
    public void await() throws Exception {
        if (answers || services.settings().values().stream().noneMatch(service -> service.awaited())) {
            console.mark("skip", answers ? "the new version answers, as you say"
                    : "nothing here tells when the new version answers (\"health\" in release.json)");
            return;
        }
        Map<String, Deploy.Before> before = new LinkedHashMap<>();
        run.part("deploy").properties().forEach(entry ->
                before.put(entry.getKey(), Json.as(entry.getValue(), Deploy.Before.class)));
        List<String> unproven = new ArrayList<>();
        for (Deploy.End end : new Deploy(project.repo, services, promotion.release()).await(before, console::say)) {
            console.mark(end.proven() ? "pass" : "warn", end.service() + ": " + end.words()
                    + (end.proven() ? "" : "; whether that is the new version, nothing tells"));
            if (!end.proven()) {
                unproven.add(end.service());
            }
        }
        answers = unproven.isEmpty();
        run.put("deployed", Json.tree(answers));
        run.put(UNPROVEN, Json.tree(unproven));
        situation.started();
    }

    /** Somebody has looked: the new version answers. */
    public void seen() {
        answers = true;
        run.put(UNPROVEN, Json.tree(List.of()));
    }

    /** Whether the new version is known to answer. */
    public boolean answers() {
        return answers || run.part("deployed").asBoolean();
    }

    /** Asks whoever can tell, where nothing here does. */
    public void refuseUnanswered() {
        if (answers()) {
            return;
        }
        String why = "the data SQL waits for the new version, and nothing here tells when it answers";
        String answer = Console.interactive() && !Demo.answers(project.repo)
                ? console.ask(why + ".\nType deployed when it does:") : "";
        if (answer == null || !answer.strip().equalsIgnoreCase("deployed")) {
            throw Failure.stop(why, "when it does: jbang release.java resume --deployed");
        }
    }
}
