///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Take a PostgreSQL application to production: check, back up, assess, rehearse, apply, promote.
//JAVA 17+

//SOURCES preflight.java backup.java assess.java validate.java
//SOURCES lib/Cli.java lib/Console.java lib/Demo.java lib/Exec.java lib/Failure.java lib/History.java lib/Json.java lib/Migration.java lib/Postgres.java
//SOURCES lib/PhaseProcess.java lib/Project.java lib/Promotion.java lib/Report.java lib/Run.java lib/Services.java
//SOURCES lib/Situation.java lib/Status.java lib/plan/Acceptance.java lib/plan/Certificate.java lib/plan/Decisions.java lib/plan/Executor.java lib/plan/Plan.java
//SOURCES lib/plan/Problem.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import lib.Address;
import lib.Cli;
import lib.Console;
import lib.Demo;
import lib.Exec;
import lib.Failure;
import lib.History;
import lib.Json;
import lib.Migration;
import lib.PhaseProcess;
import lib.Postgres;
import lib.Project;
import lib.Promotion;
import lib.Report;
import lib.Run;
import lib.Services;
import lib.Situation;
import lib.Status;
import lib.Target;
import lib.plan.Acceptance;
import lib.plan.Certificate;
import lib.plan.Decisions;
import lib.plan.Executor;
import lib.plan.Plan;
import lib.plan.Problem;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** A release from top to bottom: four phases as gates, then the change of production that they prepared. */
@Command(name = "release", mixinStandardHelpOptions = true, versionProvider = Cli.Version.class, scope = ScopeType.INHERIT,
        description = "Takes an application from main to production: checks, backs up, rehearses, applies, promotes.",
        footer = {"%nExamples:", "  jbang release.java demo              see a whole release on made-up data",
            "  jbang release.java --dry-run         everything except touching production and remotes",
            "  jbang release.java                   release; asks before it changes anything",
            "  jbang release.java --approve SHA256  release without a terminal, this SQL and no other",
            "  jbang release.java status            where the release stands, and what is next",
            "%nEnvironment:", "  PROD_DATABASE_URL    the database of production",
            "  RELEASE_SCRATCH_URL  a server to rehearse on",
            "  RELEASE_QUIET_SECONDS  how long to wait for sessions to end (60)", Cli.EXIT_CODES})
class release implements Callable<Integer> {
    /** One step: its name, what it does, and whether it changes something that others see. */
    record Step(String name, String what, boolean changes, Work work) {
        interface Work {
            void run(release release) throws Exception;
        }
    }

    private static final List<Step> STEPS = List.of(
            new Step("preflight", "find every reason to stop", false, release -> release.phase("preflight", release.preflightOptions())),
            new Step("backup", "back production up, and read the backup back", false, release -> release.phase("backup", List.of())),
            new Step("assess", "say what the release does to the database", false, release::assess),
            new Step("validate", "write the SQL, and rehearse it on a copy", false, release -> release.phase("validate", release.validateOptions())),
            new Step("prepare", "make the commits that are pushed at the end", false, release::prepare),
            new Step("confirm", "show all of it, and ask", false, release::confirm),
            new Step("stop", "stop the services, and prove the database quiet", true, release::stop),
            new Step("apply", "run the rehearsed SQL on production", true, release::apply),
            new Step("promote", "push main and release, both or neither", true, release::promote),
            new Step("start", "start the services that no deploy starts", true, release::start));

    @Mixin
    Cli.Options common;

    @Option(names = "--approve", paramLabel = "SHA256", description = "Approve the SQL with this hash; nothing else is applied.")
    String approved;

    @Option(names = "--sql", paramLabel = "FILE", description = "A release script of your own, instead of a written one.")
    Path script;

    @Option(names = "--scratch", paramLabel = "URL", description = "A server to rehearse on; not production's.")
    String scratch;

    @Option(names = "--skip-build", description = "Leave the project's own tests and build out; the report says so.")
    boolean skipBuild;

    @Option(names = "--unrehearsed", description = "Go on when there is no server to rehearse on; the report says so.")
    boolean unrehearsed;

    @Option(names = "--decide", paramLabel = "PROBLEM=CHOICE", description = "Answer a problem that assess named.")
    Map<String, String> decide = new LinkedHashMap<>();

    @Option(names = "--dry-run", description = "Do everything except touch production and remotes, and say what would follow.")
    boolean dryRun;

    private Project project;
    private Console console;
    private Run run;
    private Services services;
    private Situation situation;
    private Promotion promotion;
    private Certificate certificate;
    private Address.Found typed;
    private final Map<String, ObjectNode> phases = new LinkedHashMap<>();

    public static void main(String... args) {
        System.exit(Cli.run(new release(), args));
    }

    @Override
    public Integer call() throws Exception {
        if (script != null && !Files.isRegularFile(script)) {
            throw Failure.usage("--sql " + script + ": there is no such file", "ls -l " + script.toAbsolutePath().getParent());
        }
        begin();
        try (AutoCloseable lock = run.lock()) {
            refuseToBury();
            run.begin();
            return walk(STEPS);
        }
    }

    /** Goes on with a release whose SQL is applied: promotes and starts, from what is recorded and observed. */
    @Command(name = "resume", description = "Finish a release that changed production and then stopped.")
    int resume() throws Exception {
        begin();
        try (AutoCloseable lock = run.lock()) {
            situation.restore(run.part("release"));
            if (situation.unknown()) {
                situation.found(pendingNow().isEmpty());
                run.put("release", situation.record());
            }
            if (!situation.applied()) {
                throw Failure.stop("there is no release to finish: " + situation.lines(Failure.Exit.STOP).get("database"),
                        situation.lines(Failure.Exit.STOP).get("next"));
            }
            promotion = Json.as(run.part("promotion"), Promotion.class);
            certificate = Json.as(run.facts("validate").path("certificate"), Certificate.class);
            situation.certified(certificate);
            return walk(STEPS.stream().filter(step -> step.changes() && !situation.isDone(step.name())
                    && !List.of("stop", "apply").contains(step.name())).toList());
        }
    }

    // What a broken COMMIT left is known by the database alone.
    private List<Migration> pendingNow() throws SQLException {
        try (Connection connection = Postgres.read(project.address().target(), "release")) {
            Optional<History> history = project.history();
            return history.isPresent() ? history.get().state(connection).pending() : List.of();
        }
    }

    // A release that changed production is finished before another one begins.
    private void refuseToBury() {
        Situation last = new Situation(services);
        last.restore(run.part("release"));
        if (last.changed() && script == null) {
            throw new Failure(Failure.Exit.UNFINISHED, "an earlier release is not finished. Database: "
                    + last.lines(Failure.Exit.UNFINISHED).get("database"), last.lines(Failure.Exit.UNFINISHED).get("next"));
        }
    }

    /** Says where the release of this repository stands, and which command is next. */
    @Command(name = "status", description = "Say where the release stands, and what is next.")
    int status() {
        begin();
        Status status = new Status(project, run, services);
        console.result(common.json ? status.json() : status.text());
        return 0;
    }

    /** Makes an application with a production of its own, and releases it. */
    @Command(name = "demo", description = "A whole release on made-up data: no configuration, no network beyond Maven.")
    int demo(@Option(names = "--yes", description = "Answer the prompts with yes.") boolean yes,
             @Option(names = "--keep", description = "Leave everything running and on disk at the end.") boolean keep,
             @Option(names = "--fail", paramLabel = "STAGE", description = "Show what a failed gate looks like: ${COMPLETION-CANDIDATES}.")
             Demo.Stage fail) throws Exception {
        return new Demo(common.console(), yes, keep, fail).run(common.json);
    }

    private void begin() {
        project = new Project(common);
        console = common.console();
        // Nothing is written into a folder that git would commit.
        Run.ignored(project.git);
        run = Run.open(project.repo);
        services = new Services(project.repo, project.settings.environment(project.environment));
        situation = new Situation(services);
    }

    private int walk(List<Step> steps) throws Exception {
        Thread witness = new Thread(() -> console.say(situation.text(Failure.Exit.INTERRUPTED)));
        Runtime.getRuntime().addShutdownHook(witness);
        Step current = null;
        try {
            for (Step step : steps) {
                current = step;
                if (dryRun && step.changes()) {
                    return wouldFollow(steps.subList(steps.indexOf(step), steps.size()));
                }
                console.title("\n" + step.name() + ": " + step.what());
                situation.begin(step.name());
                step.work().run(this);
                situation.done(step.name(), run);
            }
            return finish();
        } catch (Failure failure) {
            return stopped(current, failure);
        } catch (Exception e) {
            return stopped(current, new Failure(Failure.Exit.STOP, e.toString(), null, e));
        } finally {
            Runtime.getRuntime().removeShutdownHook(witness);
        }
    }

    private int stopped(Step step, Failure failure) {
        Failure.Exit exit = situation.changed() ? Failure.Exit.UNFINISHED : failure.exit;
        boolean phase = phases.containsKey(step.name()) && !phases.get(step.name()).path("status").asText().equals("pass");
        if (!phase) {
            console.mark("stop", step.name() + ": " + failure.getMessage());
        }
        if (failure.hint != null && !phase) {
            console.say("  -> " + failure.hint.replace("\n", "\n     "));
        }
        if (exit != Failure.Exit.DECIDE) {
            console.say(situation.text(exit));
        }
        situation.failed(step.name(), failure, run);
        return result(exit, new Report(project, run, phases, situation).write(exit));
    }

    private int finish() {
        Path report = new Report(project, run, phases, situation).write(Failure.Exit.PASSED);
        console.say("");
        if (!common.json) {
            console.result(new Report(project, run, phases, situation).terminal());
        }
        int code = result(Failure.Exit.PASSED, report);
        run.archive();
        return code;
    }

    private int result(Failure.Exit exit, Path report) {
        if (common.json) {
            console.result(Json.pretty(situation.result(exit, phases, approval(), project.repo.relativize(report).toString())));
        }
        return exit.code;
    }

    private int wouldFollow(List<Step> left) {
        console.title("\nDry run: production and " + project.remote() + " were not touched. What would follow:");
        for (Step step : left) {
            console.say("  " + step.name() + ": " + step.what());
        }
        services.stopCommands().forEach(command -> console.say("  stop   " + command));
        console.say("  apply  " + certificate.sql().file() + " to " + project.environment);
        console.say("  push   " + promotion.typed(project));
        return result(Failure.Exit.PASSED, new Report(project, run, phases, situation).write(Failure.Exit.PASSED));
    }

    // The phases are processes of their own: their exit codes are real, and a crash stays inside.
    private void phase(String name, List<String> options) {
        List<String> arguments = new ArrayList<>(List.of("--repo", project.repo.toString(), "--env", project.environment));
        arguments.addAll(options);
        if (common.verbose) {
            arguments.add("--verbose");
        }
        PhaseProcess.Answer answer = PhaseProcess.run(name, arguments, console, environment());
        phases.put(name, answer.json());
        if (answer.exit() != Failure.Exit.PASSED) {
            throw new Failure(answer.exit(), answer.message(), answer.hint());
        }
        situation.learn(name, answer.json().path("facts"));
    }

    private Map<String, String> environment() {
        if (typed == null) {
            typed = project.address();
        }
        Map<String, String> environment = new LinkedHashMap<>(Run.owner());
        environment.putAll(Address.handOver(typed));
        if (scratch != null) {
            environment.put("RELEASE_SCRATCH_URL", scratch);
        }
        return environment;
    }

    private List<String> preflightOptions() {
        List<String> options = new ArrayList<>();
        if (skipBuild) {
            options.add("--skip-build");
        }
        if (dryRun) {
            options.add("--no-probe");
        }
        return options;
    }

    private List<String> validateOptions() {
        List<String> options = new ArrayList<>();
        if (script != null) {
            options.addAll(List.of("--sql", script.toAbsolutePath().toString()));
        }
        if (unrehearsed) {
            options.add("--unrehearsed");
        }
        return options;
    }

    // A phase that has to ask cannot: its output is ours. So the questions come back as problems, and are asked here.
    private void assess() {
        List<String> choices = new ArrayList<>();
        decide.forEach((problem, choice) -> choices.addAll(List.of("--decide", problem + "=" + choice)));
        if (script != null) {
            choices.add("--by-hand");
        }
        try {
            phase("assess", choices);
        } catch (Failure failure) {
            List<Problem> problems = new ArrayList<>();
            phases.get("assess").at("/facts/problems").forEach(problem -> problems.add(Json.as(problem, Problem.class)));
            Decisions decisions = new Decisions(run);
            if (failure.exit != Failure.Exit.DECIDE || !Console.interactive()) {
                throw failure;
            }
            decisions.ask(console, problems);
            if (!decisions.open(problems).isEmpty()) {
                throw failure;
            }
            phase("assess", choices);
        }
    }

    private void prepare() {
        promotion = Promotion.prepare(project, run);
        run.put("promotion", Json.tree(promotion));
        certificate = Json.as(run.facts("validate").path("certificate"), Certificate.class);
        situation.certified(certificate);
        console.mark("pass", "prepared, not pushed: " + promotion.typed(project));
    }

    private void confirm() {
        Plan plan = plan();
        Report report = new Report(project, run, phases, situation);
        console.say(report.proposal(plan, certificate, promotion, services));
        if (plan.isEmpty() && !Console.interactive() || dryRun) {
            return;
        }
        if (approved != null) {
            if (!plan.sha256().equals(approved.toLowerCase())) {
                throw Failure.decide("the SQL is not the one that was approved: its SHA-256 is " + plan.sha256() + ", approved was " + approved,
                        "read " + certificate.sql().file() + ", then: " + approval());
            }
            console.mark("pass", "approved by its SHA-256");
            return;
        }
        if (Demo.answers(project.repo)) {
            console.say("Type yes to release: yes   (answered by the demo)");
            return;
        }
        if (!Console.interactive()) {
            throw Failure.decide("the SQL is not approved, and there is no terminal to ask on",
                    "read " + certificate.sql().file() + ", then: " + approval());
        }
        String answer = console.ask("Type yes to release:");
        if (answer == null || !answer.strip().equalsIgnoreCase("yes")) {
            throw Failure.decide("not approved", "nothing was changed; start again when you are ready: jbang release.java");
        }
    }

    // The file as it is now; what was rehearsed is known by its hash alone.
    private Plan plan() {
        Path file = project.repo.resolve(certificate.sql().file());
        Plan plan = Plan.parse(Files.exists(file) ? read(file) : "", certificate.sql().file());
        if (!plan.sha256().equals(certificate.sql().sha256())) {
            throw Failure.stop(certificate.sql().file() + " was edited after its rehearsal: SHA-256 " + plan.sha256().substring(0, 12)
                    + "… instead of " + certificate.sql().sha256().substring(0, 12) + "…", "jbang release.java   # rehearses it as it is now");
        }
        return plan;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (java.io.IOException e) {
            throw Failure.stop(file + " cannot be read: " + e.getMessage(), "ls -l " + file);
        }
    }

    /** The command that approves the SQL of this run without a terminal; null before there is any. */
    private String approval() {
        if (certificate == null || certificate.sql().statements() == 0) {
            return null;
        }
        List<String> command = new ArrayList<>(List.of("jbang", "release.java", "--approve", certificate.sql().sha256()));
        if (script != null) {
            command.addAll(List.of("--sql", script.toString()));
        }
        if (skipBuild) {
            command.add("--skip-build");
        }
        if (unrehearsed) {
            command.add("--unrehearsed");
        }
        if (!project.environment.equals("production")) {
            command.addAll(List.of("--env", project.environment));
        }
        return Exec.typed(command);
    }

    private void stop() throws Exception {
        promotion.stillFits(project);
        Plan plan = plan();
        if (plan.isEmpty()) {
            console.mark("skip", "nothing is applied, so nothing has to stop");
            return;
        }
        if (services.stoppable().isEmpty()) {
            console.mark("warn", "no service is configured to be stopped: whoever is connected stays connected");
            return;
        }
        situation.stopping();
        services.stop();
        situation.servicesStopped(Instant.now());
        console.mark("pass", "stopped: " + String.join(", ", services.stoppable()));
        console.mark("pass", Services.quiet(project.address().target(), console::say));
    }

    private void apply() throws Exception {
        Plan plan = plan();
        if (plan.isEmpty()) {
            console.mark("skip", "there is no SQL to apply");
            return;
        }
        // Fetched again: minutes have passed, and a provider may have moved the database meanwhile.
        Target target = project.address().target();
        Acceptance acceptance = new Acceptance(certificate, run.file("schema-before.json"));
        try (Connection connection = Postgres.read(target, "release")) {
            acceptance.beforehand(connection);
        }
        console.mark("pass", "the same database, with the schema of the rehearsal");
        situation.applying(plan.segments().size());
        run.put("release", situation.record());
        Executor.Result result = new Executor(target, acceptance, this::committed, console::say).run(plan, 1);
        situation.applied(result);
        if (result.trouble() != null) {
            situation.rest(writeRest(plan, result.done().size()));
            throw Failure.stop(result.trouble().message() + (result.trouble().statement().isEmpty() ? "" : "\n" + result.trouble().statement()),
                    situation.changed() ? "jbang release.java status" : "correct it, then: jbang release.java");
        }
        Duration took = Duration.ofMillis((long) result.outcomes().stream().mapToDouble(Executor.Outcome::millis).sum());
        console.mark("pass", result.outcomes().size() + " statements committed in " + took.toMillis() / 1000.0 + " s, as rehearsed");
    }

    // From the first commit on production is not what it was: the record says so at once, whatever happens to us next.
    private void committed(Executor.Done segment) {
        situation.committed(segment.segment());
        run.put("release", situation.record());
    }

    private String writeRest(Plan plan, int committed) {
        if (committed == 0) {
            return "";
        }
        Path file = run.today("rest", "sql");
        Run.write(file, plan.from(committed + 1));
        return project.repo.relativize(file).toString();
    }

    private void promote() {
        promotion.push(project);
        situation.promoted();
        console.mark("pass", project.release + " holds " + project.source
                + (promotion.cleared() ? "; MIGRATIONS.md is back to its template" : ""));
    }

    private void start() {
        if (services.startCommands().isEmpty()) {
            console.mark("skip", services.stoppable().isEmpty() ? "no service was stopped" : "the deploy of " + project.release + " starts them");
            return;
        }
        services.start();
        situation.started();
        console.mark("pass", "started: " + String.join(", ", services.startCommands()));
    }
}
