///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Take a PostgreSQL application to production: check, back up, assess, rehearse, apply, promote.
//JAVA 17+

//SOURCES preflight.java backup.java assess.java validate.java
//SOURCES lib/Address.java lib/Apply.java lib/Approval.java lib/Cli.java lib/Console.java lib/Demo.java lib/Exec.java
//SOURCES lib/Failure.java lib/History.java lib/Json.java lib/Migration.java lib/Postgres.java lib/Project.java
//SOURCES lib/Promotion.java lib/Run.java lib/Services.java lib/Situation.java lib/StandBy.java lib/Status.java
//SOURCES lib/Step.java lib/Walk.java lib/plan/Certificate.java lib/plan/Decisions.java lib/plan/Plan.java lib/plan/Problem.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dfile.encoding=UTF-8

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import lib.Address;
import lib.Apply;
import lib.Approval;
import lib.Cli;
import lib.Console;
import lib.Demo;
import lib.Exec;
import lib.Failure;
import lib.History;
import lib.Json;
import lib.Migration;
import lib.Postgres;
import lib.Project;
import lib.Promotion;
import lib.Run;
import lib.Services;
import lib.Situation;
import lib.StandBy;
import lib.Status;
import lib.Step;
import lib.Walk;
import lib.plan.Certificate;
import lib.plan.Decisions;
import lib.plan.Plan;
import lib.plan.Problem;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** A release from top to bottom: four phases as gates, then the change of production that they prepared. */
@Command(name = "release", mixinStandardHelpOptions = true, versionProvider = Cli.Version.class,
        scope = ScopeType.INHERIT,
        description = "Takes an application from main to production: checks, backs up, rehearses, applies, promotes.",
        footer = {"%nExamples:", "  jbang release.java demo              see a whole release on made-up data",
            "  jbang release.java --dry-run         everything except touching production and remotes",
            "  jbang release.java                   release; asks before it changes anything",
            "  jbang release.java --approve SHA256  release without a terminal, this SQL and no other",
            "  jbang release.java status            where the release stands, and what is next",
            "%nEnvironment:", "  PROD_DATABASE_URL      the database of production",
            "  RELEASE_SCRATCH_URL    a server to rehearse on",
            "  RELEASE_QUIET_SECONDS  how long to wait for sessions to end (60)",
            "  RELEASE_TUNNEL_SECONDS how long a tunnel may take to come up (30)", Cli.EXIT_CODES})
class release implements Callable<Integer> {
    private final List<Step> steps = List.of(
            new Step("preflight", "find every reason to stop", false, this::preflight),
            new Step("backup", "back production up, and read the backup back", false, this::backup),
            new Step("assess", "say what the release does to the database", false, this::assess),
            new Step("validate", "write the SQL, and rehearse it on a copy", false, this::validate),
            new Step("prepare", "make the commits that are pushed at the end", false, this::prepare),
            new Step("confirm", "show all of it, and ask", false, this::confirm),
            new Step("stop", "stop the services, and prove the database quiet", true, this::stop),
            new Step("apply", "run the rehearsed SQL on production", true, this::apply),
            new Step("promote", "push both branches, or neither", true, this::promote),
            new Step("start", "start the services that no deploy starts", true, this::start));

    @Mixin
    Cli.Options common;

    @Option(names = "--approve", paramLabel = "SHA256",
            description = "Approve the SQL with this hash; nothing else is applied.")
    String approved;

    @Option(names = "--sql", paramLabel = "FILE",
            description = "A release script of your own, instead of a written one.")
    Path script;

    @Option(names = "--scratch", paramLabel = "URL", defaultValue = "${env:RELEASE_SCRATCH_URL}",
            description = "A server to rehearse on; not production's (or RELEASE_SCRATCH_URL).")
    String scratch;

    @Option(names = "--skip-build",
            description = "Leave the project's own tests and build out; the report says so.")
    boolean skipBuild;

    @Option(names = "--unrehearsed",
            description = "Go on when there is no server to rehearse on; the report says so.")
    boolean unrehearsed;

    @Option(names = "--decide", paramLabel = "PROBLEM=CHOICE", description = "Answer a problem that assess named.")
    Map<String, String> decide = new LinkedHashMap<>();

    @Option(names = "--dry-run",
            description = "Do everything except touch production and remotes, and say what would follow.")
    boolean dryRun;

    private Project project;
    private Console console;
    private Run run;
    private Services services;
    private Situation situation;
    private Walk walk;
    private Address.Found address;
    private StandBy standBy;
    private Promotion promotion;
    private Certificate certificate;
    private Approval approval;

    public static void main(String... args) {
        System.exit(Cli.run(new release(), args));
    }

    @Override
    public Integer call() throws Exception {
        if (script != null && !Files.isRegularFile(script)) {
            throw Failure.usage("--sql " + script + ": there is no such file",
                    "ls -l " + script.toAbsolutePath().getParent());
        }
        begin();
        try (AutoCloseable lock = run.lock()) {
            refuseToBury();
            run.begin();
            return dryRun ? walk.dry(steps, this::commands) : walk.through(steps);
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
            if (!situation.finishable()) {
                Map<String, String> now = situation.lines(Failure.Exit.STOP);
                throw Failure.stop("there is no release to finish: " + now.get("database"), now.get("next"));
            }
            promotion = Json.as(run.part("promotion"), Promotion.class);
            certificate = Json.as(run.facts("validate").path("certificate"), Certificate.class);
            situation.certified(certificate);
            List<Step> left = new ArrayList<>(List.of(
                    new Step("catch up", "merge with what others have pushed meanwhile", true, this::catchUp)));
            left.addAll(steps.stream().filter(step -> List.of("promote", "start").contains(step.name())
                    && !situation.isDone(step.name())).toList());
            return walk.through(left);
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
             @Option(names = "--fail", paramLabel = "STAGE",
                     description = "Show what a failed gate looks like: ${COMPLETION-CANDIDATES}.") Demo.Stage fail)
            throws Exception {
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
        walk = new Walk(project, run, situation, common);
    }

    // What a dry run leaves out, as it could be typed.
    private List<String> commands() {
        List<String> commands = new ArrayList<>(services.stopCommands());
        commands.add(promotion.typed(project));
        commands.addAll(services.startCommands());
        return commands;
    }

    // A release that changed production is finished before another one begins.
    private void refuseToBury() {
        Situation last = new Situation(services);
        last.restore(run.part("release"));
        if (last.changed() && script == null) {
            Map<String, String> now = last.lines(Failure.Exit.UNFINISHED);
            throw new Failure(Failure.Exit.UNFINISHED,
                    "an earlier release is not finished. Database: " + now.get("database"), now.get("next"));
        }
    }

    // What a broken COMMIT left is known by the database alone.
    private List<Migration> pendingNow() throws SQLException {
        try (Connection connection = Postgres.read(project.address().target(), "release")) {
            Optional<History> history = project.history();
            return history.isPresent() ? history.get().state(connection).pending() : List.of();
        }
    }

    private void preflight() {
        List<String> options = new ArrayList<>();
        if (skipBuild) {
            options.add("--skip-build");
        }
        if (dryRun) {
            options.add("--no-probe");
        }
        if (unrehearsed) {
            options.add("--unrehearsed");
        }
        walk.phase("preflight", options, environment());
    }

    private void backup() {
        Map<String, String> environment = environment();
        // From here on production can be reached, and until the rehearsal there is time to start a server for it.
        standBy = StandBy.of(project.repo, scratch, address.target());
        walk.phase("backup", List.of(), environment);
    }

    // A phase that has to ask cannot: its output is ours. So the questions come back as problems, and are asked here.
    private void assess() {
        List<String> options = new ArrayList<>();
        decide.forEach((problem, choice) -> options.addAll(List.of("--decide", problem + "=" + choice)));
        if (script != null) {
            options.add("--by-hand");
        }
        try {
            walk.phase("assess", options, environment());
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
            walk.phase("assess", options, environment());
        }
    }

    private void validate() {
        List<String> options = new ArrayList<>();
        if (script != null) {
            options.addAll(List.of("--sql", script.toAbsolutePath().toString()));
        }
        if (unrehearsed) {
            options.add("--unrehearsed");
        }
        try (StandBy server = standBy) {
            Map<String, String> environment = environment();
            environment.putAll(server.handOver());
            walk.phase("validate", options, environment);
        }
    }

    // A URL that was typed is handed on, so that each phase need not ask for it again.
    private Map<String, String> environment() {
        if (address == null) {
            address = project.address();
        }
        Map<String, String> environment = new LinkedHashMap<>(Run.owner());
        environment.putAll(Address.handOver(address));
        if (scratch != null) {
            environment.put("RELEASE_SCRATCH_URL", scratch);
        }
        return environment;
    }

    private void prepare() {
        promotion = Promotion.prepare(project, run);
        run.put("promotion", Json.tree(promotion));
        certificate = Json.as(run.facts("validate").path("certificate"), Certificate.class);
        situation.certified(certificate);
        console.mark("pass", "prepared, not pushed: " + promotion.typed(project));
    }

    private void confirm() {
        String command = approvalCommand();
        approval = new Approval(project, certificate, command);
        Plan plan = approval.plan();
        if (!plan.isEmpty()) {
            situation.approval(command);
        }
        console.say(walk.report().proposal(plan, certificate, promotion, services));
        if (!dryRun) {
            approval.obtain(plan, approved, console);
        }
    }

    private String approvalCommand() {
        List<String> command = new ArrayList<>(List.of("jbang", "release.java"));
        command.addAll(List.of("--approve", certificate.sql().sha256()));
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
        if (approval.plan().isEmpty()) {
            console.mark("skip", "nothing is applied, so nothing has to stop");
            return;
        }
        if (services.stoppable().isEmpty()) {
            String others = Services.connected(project.address().target());
            console.mark("warn", "no service is configured to be stopped; connected now: " + others);
            return;
        }
        situation.stopping();
        services.stop();
        situation.servicesStopped(Instant.now());
        console.mark("pass", "stopped: " + String.join(", ", services.stoppable()));
        console.mark("pass", Services.quiet(project.address().target(), console::say));
    }

    private void apply() throws Exception {
        Plan plan = approval.plan();
        if (plan.isEmpty()) {
            console.mark("skip", "there is no SQL to apply");
            return;
        }
        new Apply(project, run, console, situation, certificate).run(plan);
    }

    private void catchUp() {
        Promotion moved = promotion.onTop(project);
        console.mark("pass", moved.equals(promotion) ? "nobody has pushed anything since"
                : "what others have pushed since is merged with the commits of this release");
        promotion = moved;
        run.put("promotion", Json.tree(promotion));
    }

    private void promote() {
        // The connection may be cut between the push and its answer: until that is known, so it stands in the record.
        situation.pushed(Promotion.Arrived.UNKNOWN);
        run.put("release", situation.record());
        promotion.push(project, situation::pushed);
        console.mark("pass", project.release + " holds " + project.source
                + (promotion.cleared() ? "; MIGRATIONS.md is back to its template" : ""));
    }

    private void start() {
        if (services.startCommands().isEmpty()) {
            console.mark("skip", services.stoppable().isEmpty() ? "no service was stopped"
                    : "the deploy of " + project.release + " starts them");
        } else {
            services.start();
            situation.started();
            console.mark("pass", "started: " + String.join(", ", services.startCommands()));
        }
        situation.end();
    }
}
