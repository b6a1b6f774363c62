//SOURCES Cli.java Console.java Failure.java Gate.java Interrupt.java Json.java LastWords.java Phase.java
//SOURCES PhaseProcess.java Project.java Report.java Run.java Secrets.java Situation.java Step.java plan/SqlFile.java

package lib;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import lib.plan.SqlFile;

/** Walks through the steps of a release: runs each, says what is true when one stops, and writes the report. */
public final class Walk {
    private final Project project;
    private final Run run;
    private final Console console;
    private final Situation situation;
    private final boolean json;
    private final boolean verbose;
    private final Map<String, ObjectNode> phases = new LinkedHashMap<>();
    private final AtomicBoolean told = new AtomicBoolean();

    /** A walk over the steps of one project's release, told on the console that the options describe. */
    public Walk(Project project, Run run, Situation situation, Cli.Options options) {
        this.project = project;
        this.run = run;
        this.situation = situation;
        this.console = options.console();
        this.json = options.json;
        this.verbose = options.verbose;
    }

    /** What a person who reads along, or the caller of {@code --json}, is told of this release. */
    public Report report() {
        return new Report(project, run, situation);
    }

    /** Runs the steps in order and returns the exit code; the first that fails ends the walk. */
    public int through(List<Step> steps) {
        try (Watch ignored = watch()) {
            return walked(steps);
        }
    }

    private int walked(List<Step> steps) {
        Step current = null;
        try {
            for (Step step : steps) {
                current = step;
                console.title("\n" + step.name() + ": " + step.what());
                situation.begin(step.name());
                run.put("release", situation.record());
                step.work().run();
                situation.done(step.name(), run);
            }
            return finish();
        } catch (Failure failure) {
            return stopped(current, failure);
        } catch (Exception e) {
            return stopped(current, new Failure(Failure.Exit.STOP, Gate.words(e), Gate.UNFORESEEN, e));
        }
    }

    /** Until it is closed, an end from outside tells what is true then, and its exit code is that of the situation. */
    public final class Watch implements AutoCloseable {
        private final LastWords words = new LastWords(() -> now(interrupted()));
        private final Interrupt interrupt = new Interrupt(null, () -> interrupted().code);

        private Watch() {
        }

        @Override
        public void close() {
            interrupt.close();
            words.close();
        }
    }

    /** Watches over what is done outside of the steps. */
    public Watch watch() {
        return new Watch();
    }

    // Whoever is first says it: our own end, or what a stopped child makes of it.
    private void now(Failure.Exit exit) {
        if (told.compareAndSet(false, true)) {
            console.say(situation.text(exit));
        }
    }

    /** Runs the steps that change nothing, and says what the others would do and which commands they would run. */
    public int dry(List<Step> steps, Supplier<List<String>> commands) {
        int code = through(steps.stream().filter(step -> !step.changes()).toList());
        if (code == Failure.Exit.PASSED.code) {
            console.title("\nDry run: no database and no remote was touched. What would follow:");
            steps.stream().filter(Step::changes)
                    .forEach(step -> console.say(String.format("  %-8s %s", step.name(), step.what())));
            commands.get().forEach(command -> console.say("  $ " + command));
        }
        return code;
    }

    /** Runs a phase as a process of its own; its exit code decides whether the walk goes on. */
    public void phase(String name, List<String> options, Map<String, String> environment) {
        List<String> arguments = new ArrayList<>();
        arguments.addAll(List.of("--repo", project.repo.toString(), "--env", project.environment));
        arguments.addAll(options);
        if (verbose) {
            arguments.add("--verbose");
        }
        PhaseProcess.Answer answer = PhaseProcess.run(name, arguments, console, environment);
        phases.put(name, answer.json());
        if (answer.exit() != Failure.Exit.PASSED) {
            throw new Failure(answer.exit(), answer.message(), answer.hint());
        }
        situation.learn(name, answer.json().path("facts"));
    }

    /** What a phase answered; an empty object before it has run. */
    public ObjectNode answer(String phase) {
        return phases.getOrDefault(phase, Json.object());
    }

    private Failure.Exit interrupted() {
        return situation.changed() ? Failure.Exit.UNFINISHED : Failure.Exit.INTERRUPTED;
    }

    private int stopped(Step step, Failure failure) {
        Failure.Exit exit = situation.changed() ? Failure.Exit.UNFINISHED : failure.exit;
        // A phase has shown its own gates already.
        boolean shown = phases.containsKey(step.name())
                && !phases.get(step.name()).path("gates").isEmpty()
                && !phases.get(step.name()).path("status").asText().equals("pass");
        if (!shown) {
            console.failure(step.name() + ": " + failure.getMessage(), failure.hint);
        }
        console.trace(failure);
        if (exit != Failure.Exit.DECIDE) {
            now(exit);
        }
        return result(exit, recorded(step, failure, exit));
    }

    // A full disk must not hide what became of production: exit code and words stand whatever happens here.
    private Path recorded(Step step, Failure failure, Failure.Exit exit) {
        try {
            situation.failed(step.name(), failure, run);
            return report().write(exit);
        } catch (Failure unwritten) {
            console.failure(unwritten.getMessage(), unwritten.hint);
            return run.folder();
        }
    }

    private int finish() {
        Path written = report().write(Failure.Exit.PASSED);
        if (situation.ended()) {
            console.say("");
            if (!json) {
                console.result(report().terminal());
            }
        }
        int code = result(Failure.Exit.PASSED, written);
        if (situation.ended()) {
            SqlFile sql = new SqlFile(run, "release");
            SqlFile data = new SqlFile(run, "data");
            List.of(sql, data).forEach(SqlFile::release);
            // The way back needs them, also when the next run of the day has written its own.
            run.archive(List.of(written, report().html(), sql.path(), new SqlFile(run, "rollback").path(),
                    run.file("schema-before.json"), run.file("schema-after.json"), data.path()));
        }
        return code;
    }

    private int result(Failure.Exit exit, Path written) {
        if (json) {
            console.result(Json.pretty(facts(exit, project.repo.relativize(written).toString())));
        }
        return exit.code;
    }

    // The contract's facts, gathered from the phases.
    private ObjectNode facts(Failure.Exit exit, String report) {
        ObjectNode node = Json.object();
        node.put("phase", "release");
        node.put("status", Phase.status(exit));
        var gates = node.putArray("gates");
        phases.values().forEach(phase -> phase.path("gates").forEach(gates::add));
        if (!situation.error().isEmpty()) {
            gates.add(Json.object().put("id", "release." + situation.step()).put("status", "stop")
                    .put("message", Secrets.mask(situation.error())));
        }
        ObjectNode facts = node.putObject("facts");
        facts.set("commits", answer("preflight").at("/facts/commits"));
        facts.set("backup", answer("backup").path("facts"));
        for (String key : List.of("entries", "pending", "class", "variables", "problems")) {
            facts.set(key, answer("assess").path("facts").path(key));
        }
        facts.set("data", answer("validate").at("/facts/data"));
        facts.set("sql", answer("validate").at("/facts/sql"));
        facts.put("approve", situation.approval().isEmpty() ? null : situation.approval());
        facts.put("report", report);
        facts.set("downtime", situation.downtimeFacts());
        facts.set("now", Json.tree(situation.lines(exit)));
        return node;
    }
}
