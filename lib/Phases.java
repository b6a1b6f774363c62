//SOURCES Address.java Console.java Failure.java Footing.java Json.java Kind.java PhaseProcess.java Project.java
//SOURCES ReleaseOptions.java Run.java StandBy.java Target.java Walk.java plan/Decisions.java plan/Problem.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.plan.Decisions;
import lib.plan.Problem;

/** The four phases as gates of a release: each a process of its own, with the options that the release was given. */
public final class Phases {
    private final Project project;
    private final Run run;
    private final Console console;
    private final Walk walk;
    private final ReleaseOptions wish;
    private Address.Found address;
    private StandBy standBy;

    public Phases(Project project, Run run, Console console, Walk walk, ReleaseOptions wish) {
        this.project = project;
        this.run = run;
        this.console = console;
        this.walk = walk;
        this.wish = wish;
    }

    /** The database that they work with. */
    public Target target() {
        environment();
        return address.target();
    }

    public void preflight(Kind kind) {
        List<String> options = new ArrayList<>();
        if (wish.skipBuild) {
            options.add("--skip-build");
        }
        if (!kind.promotes()) {
            options.add("--no-promotion");
        }
        if (wish.dryRun) {
            options.add("--no-probe");
        }
        if (wish.unrehearsed) {
            options.add("--unrehearsed");
        }
        walk.phase("preflight", options, environment());
    }

    public void backup() {
        Footing.refuseMoved(project, run);
        Target target = target();
        // From here on production can be reached, and until the rehearsal there is time to start a server for it.
        standBy = StandBy.of(project.repo, wish.scratch, target);
        save();
    }

    /** Backs up where nothing is rehearsed afterwards. */
    public void save() {
        walk.phase("backup", List.of(), environment());
    }

    // A phase that has to ask cannot: its output is ours. So the questions come back as problems, and are asked here.
    public void assess() {
        Footing.refuseMoved(project, run);
        List<String> options = new ArrayList<>();
        wish.decide.forEach((problem, choice) -> options.addAll(List.of("--decide", problem + "=" + choice)));
        if (wish.script != null) {
            options.add("--by-hand");
        }
        try {
            walk.phase("assess", options, withServer());
        } catch (Failure failure) {
            if (failure.exit != Failure.Exit.DECIDE || !Console.interactive()) {
                throw failure;
            }
            List<Problem> problems = new ArrayList<>();
            walk.answer("assess").at("/facts/problems")
                    .forEach(problem -> problems.add(Json.as(problem, Problem.class)));
            Decisions decisions = new Decisions(run);
            decisions.ask(console, problems);
            if (!decisions.open(problems).isEmpty()) {
                throw failure;
            }
            walk.phase("assess", options, withServer());
        }
    }

    public void validate() {
        Footing.refuseMoved(project, run);
        List<String> options = new ArrayList<>();
        if (wish.script != null) {
            options.addAll(List.of("--sql", wish.script.toAbsolutePath().toString()));
        }
        if (wish.unrehearsed) {
            options.add("--unrehearsed");
        }
        try (StandBy server = standBy) {
            walk.phase("validate", options, withServer());
        }
    }

    /** Stops where the new version may need migrations that nobody has applied. */
    public void refusePending() {
        List<String> pending = new ArrayList<>();
        run.facts("assess").path("pending").forEach(id -> pending.add(id.asText()));
        if (!pending.isEmpty()) {
            throw Failure.stop("--deploy-only, and migrations are pending that the new version may need: "
                    + String.join(", ", pending), "jbang release.java   # applies them first");
        }
    }

    private Map<String, String> withServer() {
        Map<String, String> environment = environment();
        if (standBy != null) {
            environment.putAll(standBy.handOver());
        }
        return environment;
    }

    // What a phase needs to know.
    private Map<String, String> environment() {
        if (address == null) {
            address = project.address();
        }
        Map<String, String> environment = handedOn(address);
        if (wish.scratch != null) {
            environment.put("RELEASE_SCRATCH_URL", wish.scratch);
        }
        return environment;
    }

    // A URL that was typed is handed on, so that none of them has to ask again.
    private static Map<String, String> handedOn(Address.Found address) {
        Map<String, String> environment = new LinkedHashMap<>(Run.owner());
        environment.putAll(Address.handOver(address));
        return environment;
    }

    /** Backs up for a command that is no release, and returns what that found. */
    public static JsonNode saved(Project project, Console console) {
        PhaseProcess.Answer backup = PhaseProcess.run("backup", List.of("--repo", project.repo.toString(), "--env",
                project.environment), console, handedOn(project.address()));
        if (backup.exit() != Failure.Exit.PASSED) {
            throw new Failure(backup.exit(), backup.message(), backup.hint());
        }
        return backup.json().path("facts");
    }
}
