///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Take a PostgreSQL application to production: check, back up, assess, rehearse, apply, promote.
//JAVA 17+

//SOURCES preflight.java backup.java assess.java validate.java
//SOURCES lib/Address.java lib/Apply.java lib/Approval.java lib/Cli.java lib/Console.java lib/DatabaseLock.java
//SOURCES lib/Demo.java lib/Exec.java lib/Failure.java lib/Json.java lib/LaterData.java lib/Outlook.java
//SOURCES lib/Postgres.java lib/Project.java lib/Promotion.java lib/ReleaseOptions.java lib/Reset.java lib/Run.java
//SOURCES lib/Services.java lib/Situation.java lib/StandBy.java lib/Standstill.java lib/Status.java lib/Step.java
//SOURCES lib/Target.java lib/Variables.java lib/Walk.java lib/Windows.java lib/deploy/Deploy.java
//SOURCES lib/deploy/VariableChanges.java lib/deploy/VariableStore.java lib/plan/Acceptance.java
//SOURCES lib/plan/Certificate.java lib/plan/Decisions.java lib/plan/Plan.java lib/plan/Problem.java
//SOURCES lib/rehearsal/WayBack.java lib/trash/Bin.java lib/trash/Trash.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dfile.encoding=UTF-8

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import lib.Address;
import lib.Apply;
import lib.Approval;
import lib.Cli;
import lib.Console;
import lib.DatabaseLock;
import lib.Demo;
import lib.Exec;
import lib.Failure;
import lib.Json;
import lib.LaterData;
import lib.Outlook;
import lib.Postgres;
import lib.Project;
import lib.Promotion;
import lib.ReleaseOptions;
import lib.Reset;
import lib.Run;
import lib.Services;
import lib.Situation;
import lib.StandBy;
import lib.Standstill;
import lib.Status;
import lib.Step;
import lib.Target;
import lib.Variables;
import lib.Walk;
import lib.Windows;
import lib.deploy.Deploy;
import lib.deploy.VariableChanges;
import lib.deploy.VariableStore;
import lib.plan.Acceptance;
import lib.plan.Certificate;
import lib.plan.Decisions;
import lib.plan.Plan;
import lib.plan.Problem;
import lib.rehearsal.WayBack;
import lib.trash.Bin;
import lib.trash.Trash;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
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
            "  jbang release.java rollback          take the last release back",
            "  jbang release.java undrop [OBJECT]   what was dropped and is still kept, or bring it back",
            "  jbang release.java gc                remove what has been kept long enough",
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
            new Step("save", "back up once more, with the last write in it", true, this::save),
            new Step("apply", "run the rehearsed SQL on production", true, this::apply),
            new Step("configure", "set the variables that the new version reads", true, this::configure),
            new Step("promote", "push both branches, or neither", true, this::promote),
            new Step("start", "start the services that no deploy starts", true, this::start),
            new Step("deploy", "wait until the new version answers", true, this::deploy),
            new Step("data", "run the data SQL that waits for the new version", true, this::data),
            new Step("tidy", "remove the variables that nobody reads any more", true, this::tidy),
            new Step("end", "put the run away", true, this::end));

    /** What a release consists of: all of it, the database alone, or the code alone. */
    private enum Kind {
        RELEASE(Set.of()),
        MIGRATIONS(Set.of("configure", "promote", "deploy", "tidy")),
        DEPLOY(Set.of("backup", "validate", "stop", "save", "apply", "data"));

        private final Set<String> without;

        Kind(Set<String> without) {
            this.without = without;
        }
    }

    @Mixin
    Cli.Options common;

    @Mixin
    ReleaseOptions wish;

    @Option(names = "--migrations-only", description = "Apply the SQL and promote nothing, as apply does.")
    boolean migrationsOnly;

    @Option(names = "--deploy-only", description = "Promote and deploy; refused while migrations are pending.")
    boolean deployOnly;

    @Option(names = "--apply-env", description = "Change the variables at the provider as the release needs it.")
    boolean applyEnv;

    private final DatabaseLock turn = new DatabaseLock();

    private Kind kind = Kind.RELEASE;
    private boolean deployed;
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
    private Standstill standstill;
    private VariableChanges variables;

    public static void main(String... args) {
        System.exit(Cli.run(new release(), args));
    }

    @Override
    public Integer call() throws Exception {
        if (migrationsOnly && deployOnly) {
            throw Failure.usage("--migrations-only and --deploy-only exclude each other",
                    "leave both out for a whole release");
        }
        kind = migrationsOnly ? Kind.MIGRATIONS : deployOnly ? Kind.DEPLOY : Kind.RELEASE;
        return release();
    }

    /** Brings the missing migrations to an environment, through the same gates. */
    @Command(name = "apply", description = {"Bring the missing migrations to an environment, and promote nothing.",
        "For a repository without a release branch, or an environment beside production."},
            footer = {"%nExamples:", "  jbang release.java apply                 the migrations that production lacks",
                "  jbang release.java apply --env staging   the same for staging",
                "  jbang release.java apply --dry-run       write and rehearse, apply nothing", Cli.EXIT_CODES})
    int apply(@Mixin ReleaseOptions options) throws Exception {
        wish = options;
        kind = Kind.MIGRATIONS;
        return release();
    }

    private int release() throws Exception {
        begin();
        wish.check(project.environment);
        inWindow(Duration.ZERO);
        try (AutoCloseable lock = run.lock(); turn) {
            refuseToBury();
            run.begin();
            List<Step> taken = steps.stream().filter(step -> !kind.without.contains(step.name())).toList();
            return wish.dryRun ? walk.dry(taken, this::commands) : walk.through(taken);
        }
    }

    /** Goes on with a release that changed production: the segments that are left, then promotes and starts. */
    @Command(name = "resume", description = "Finish a release that changed production and then stopped.",
            footer = {"%nExamples:", "  jbang release.java status   what is left to do",
                "  jbang release.java resume   the segments that are left, both branches, the services"})
    int resume(
            @Option(names = "--deployed", description = "The new version answers: I have looked myself.")
            boolean seen) throws Exception {
        deployed = seen;
        begin();
        try (AutoCloseable lock = run.lock(); turn) {
            situation.restore(run.part("release"));
            JsonNode begun = run.part("begun");
            kind = Kind.valueOf(begun.path("kind").asText(Kind.RELEASE.name()));
            begun.path("services").forEach(name -> wish.services.add(name.asText()));
            services = new Services(project, wish.services);
            applyEnv = begun.path("applyEnv").asBoolean();
            try {
                backToWork();
            } catch (Failure failure) {
                throw situation.changed() && failure.exit != Failure.Exit.INTERRUPTED
                        ? new Failure(Failure.Exit.UNFINISHED, failure.getMessage(), failure.hint, failure) : failure;
            }
            List<Step> left = new ArrayList<>();
            if (situation.segmentsLeft()) {
                left.add(new Step("apply", "run the segments that are left on production", true, this::applyRest));
            }
            if (!situation.isDone("promote") && !kind.without.contains("promote")) {
                left.add(new Step("catch up", "merge with what others have pushed meanwhile", true, this::catchUp));
            }
            List<Step> after = steps.subList(names().indexOf("configure"), steps.size());
            left.addAll(after.stream().filter(step -> !kind.without.contains(step.name())
                    && !situation.isDone(step.name())).toList());
            return walk.through(left);
        }
    }

    /** Empties a local or staging database. */
    @Command(name = "reset", description = {"Empty a local or staging database, after a backup. Production never.",
        "Its name is typed; whether it is production is asked of the databases themselves."},
            footer = {"%nExamples:", "  jbang release.java reset --env staging",
                "  jbang release.java reset --env local --type-name shop_dev --no-backup", Cli.EXIT_CODES})
    int reset(
            @Option(names = "--type-name", paramLabel = "NAME", description = "The database's name, typed here.")
            String name,
            @Option(names = "--no-backup", description = "Make no backup first.") boolean noBackup) throws Exception {
        begin();
        try (AutoCloseable lock = run.lock()) {
            Reset reset = new Reset(project, console);
            Target target = reset.allowed(name);
            if (!noBackup) {
                walk.phase("backup", List.of(), environment());
            }
            int dropped = reset.empty(target);
            String saved = noBackup ? "no backup was made" : "as it was: " + situation.backup();
            console.result(common.json ? Json.pretty(Json.object().put("phase", "reset").put("status", "pass")
                    .set("facts", Json.object().put("dropped", dropped).put("backup", situation.backup())))
                    : target.place() + " is empty: " + dropped + " objects dropped; " + saved);
            console.say("next: " + Exec.typed(List.of("jbang", "release.java", "apply", "--env", project.environment)));
            return 0;
        }
    }

    /** Says where the release of this repository stands, and which command is next. */
    @Command(name = "status", description = "Say where the release stands, and what is next.",
            footer = {"%nExamples:", "  jbang release.java status", "  jbang release.java status --json"})
    int status() {
        begin();
        Status status = new Status(project, run, services);
        console.result(common.json ? status.json() : status.text());
        return 0;
    }

    /** Takes the last release back, after trying that on a copy of production as it is now. */
    @Command(name = "rollback", description = "Take the last release back: its schema, its rows, its history.")
    int rollback(
            @Option(names = "--approve", paramLabel = "SHA256",
                    description = "Approve this SQL and no other.") String sha256,
            @Option(names = "--scratch", paramLabel = "URL", defaultValue = "${env:RELEASE_SCRATCH_URL}",
                    description = "A server to try it on; not production's.") String server) throws Exception {
        begin();
        try (AutoCloseable lock = run.lock(); turn) {
            turn.take(project.address().target());
            WayBack.Outcome outcome = new WayBack(project, run, console, services, server)
                    .run(sha256, environment());
            console.say("  -> " + outcome.next());
            console.result(common.json ? Json.pretty(Json.tree(outcome))
                    : "rolled back by " + outcome.file() + " " + outcome.sha256());
            return 0;
        }
    }

    /** Lists what releases dropped and the database still keeps, or brings one of it back. */
    @Command(name = "undrop", description = "List what was dropped and is still kept, or bring one of it back.")
    int undrop(
            @Parameters(arity = "0..1", paramLabel = "OBJECT",
                    description = "A table, or a column: orders.note.") String object,
            @Option(names = "--approve", paramLabel = "SHA256",
                    description = "Approve this SQL and no other.") String sha256) throws Exception {
        begin();
        try (AutoCloseable lock = run.lock(); turn) {
            Bin bin = new Bin(project, run, console);
            if (object != null) {
                turn.take(project.address().target());
                bin.undrop(object, sha256);
            }
            List<Trash.Entry> left = bin.entries();
            console.result(common.json ? Json.pretty(Bin.json(left)) : Bin.text(left));
            return 0;
        }
    }

    /** Removes for good what was dropped so long ago that its time is over. */
    @Command(name = "gc", description = "Remove for good what was dropped and has expired; shows it and asks first.")
    int gc(
            @Option(names = "--approve", paramLabel = "SHA256",
                    description = "Approve this SQL and no other.") String sha256) throws Exception {
        begin();
        try (AutoCloseable lock = run.lock(); turn) {
            turn.take(project.address().target());
            Bin bin = new Bin(project, run, console);
            bin.collect(sha256);
            List<Trash.Entry> left = bin.entries();
            console.result(common.json ? Json.pretty(Bin.json(left)) : Bin.text(left));
            return 0;
        }
    }

    /** Makes an application with a production of its own, and releases it. */
    @Command(name = "demo", description = "A whole release on made-up data: no configuration, no network beyond Maven.",
            footer = {"%nExamples:", "  jbang release.java demo", "  jbang release.java demo --keep",
                "  jbang release.java demo --fail apply   what a failed gate looks like"})
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
        services = new Services(project, wish.services);
        situation = new Situation(services);
        walk = new Walk(project, run, situation, common);
    }

    private List<String> names() {
        return steps.stream().map(Step::name).toList();
    }

    // Looked at before the work begins, and once more before anything stops.
    private void inWindow(Duration needed) {
        List<String> windows = project.settings.environment(project.environment).windows();
        String command = kind == Kind.MIGRATIONS ? "jbang release.java apply" : "jbang release.java";
        if (wish.outsideWindow != null || wish.dryRun) {
            return;
        }
        Windows.of(windows).check(project.environment, Instant.now(), needed, command).ifPresent(open -> console.say(
                "inside the window " + open.window() + ", until " + open.closes().atZone(open.zone()).toLocalTime()));
    }

    // What a dry run leaves out, as it could be typed.
    private List<String> commands() {
        List<String> commands = new ArrayList<>(standstill != null && standstill.need().stop()
                ? services.stopCommands() : List.of());
        if (promotion != null) {
            commands.add(promotion.typed(project));
        }
        commands.addAll(kind == Kind.MIGRATIONS && commands.isEmpty() ? List.of() : services.startCommands());
        return commands;
    }

    // What is recorded is taken over only as far as production and git bear it out.
    private void backToWork() throws SQLException {
        if (situation.changed()) {
            run.refuseEdited();
        }
        if (situation.begun()) {
            turn.take(project.address().target());
            Apply.look(project.address().target(), run, console, situation, certified(), true);
        }
        Map<String, String> now = situation.lines(Failure.Exit.STOP);
        if (situation.unknown() && !situation.finishable()) {
            throw Failure.stop("production holds no journal of this release any more. Database: " + now.get("database"),
                    "see what is there: jbang release.java status; then what is left: jbang release.java --sql FILE");
        }
        if (!situation.finishable()) {
            throw Failure.stop("there is no release to finish: " + now.get("database"), now.get("next"));
        }
        if (!kind.without.contains("promote")) {
            promotion = Json.as(run.part("promotion"), Promotion.class);
            promotion.refuseForeign(project);
        }
        if (kind != Kind.DEPLOY) {
            certificate = certified();
            situation.certified(certificate);
            approval = new Approval(project, certificate, situation.approval());
        }
    }

    private Certificate certified() {
        return Json.as(run.facts("validate").path("certificate"), Certificate.class);
    }

    // A release that changed production is finished before another one begins.
    private void refuseToBury() throws SQLException {
        Situation last = new Situation(services);
        last.restore(run.part("release"));
        if (last.unknown() && wish.script == null) {
            turn.take(project.address().target());
            Apply.look(project.address().target(), run, console, last, certified(), false);
        }
        if (last.changed() && wish.script == null) {
            Map<String, String> now = last.lines(Failure.Exit.UNFINISHED);
            throw new Failure(Failure.Exit.UNFINISHED,
                    "an earlier release is not finished. Database: " + now.get("database"), now.get("next"));
        }
    }

    private void preflight() throws SQLException {
        List<String> options = new ArrayList<>();
        if (wish.skipBuild) {
            options.add("--skip-build");
        }
        if (kind == Kind.MIGRATIONS) {
            options.add("--no-promotion");
        }
        if (wish.dryRun) {
            options.add("--no-probe");
        }
        if (wish.unrehearsed) {
            options.add("--unrehearsed");
        }
        walk.phase("preflight", options, environment());
        takeTurn();
    }

    // From here on to the end: two releases of one database, from whatever clones, would undo each other's proofs.
    private void takeTurn() throws SQLException {
        turn.take(address.target());
        try (Connection connection = Postgres.read(address.target(), "release")) {
            Optional<String> other = Apply.unfinished(connection);
            if (other.isPresent() && wish.script == null) {
                throw new Failure(Failure.Exit.STOP, "production holds a release that is not finished: " + other.get(),
                        "in the clone that began it: jbang release.java resume"
                        + "\nor, when that clone is gone, with the SQL that is left: jbang release.java --sql FILE");
            }
        }
    }

    private void backup() {
        Map<String, String> environment = environment();
        // From here on production can be reached, and until the rehearsal there is time to start a server for it.
        standBy = StandBy.of(project.repo, wish.scratch, address.target());
        walk.phase("backup", List.of(), environment);
    }

    // A phase that has to ask cannot: its output is ours. So the questions come back as problems, and are asked here.
    private void assess() {
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

    private void validate() {
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

    private Map<String, String> withServer() {
        Map<String, String> environment = environment();
        environment.putAll(standBy.handOver());
        return environment;
    }

    // A URL that was typed is handed on, so that each phase need not ask for it again.
    private Map<String, String> environment() {
        if (address == null) {
            address = project.address();
        }
        Map<String, String> environment = new LinkedHashMap<>(Run.owner());
        environment.putAll(Address.handOver(address));
        if (wish.scratch != null) {
            environment.put("RELEASE_SCRATCH_URL", wish.scratch);
        }
        return environment;
    }

    private void prepare() {
        run.put("begun", Json.object().put("kind", kind.name()).put("applyEnv", applyEnv)
                .set("services", Json.tree(wish.services)));
        if (applyEnv && kind != Kind.MIGRATIONS) {
            // Read now: a value that is missing, or a login, is found before anything stops.
            variables = changes();
        }
        if (kind != Kind.MIGRATIONS) {
            promotion = Promotion.prepare(project, run);
            run.put("promotion", Json.tree(promotion));
            console.mark("pass", "prepared, not pushed: " + promotion.typed(project));
        } else {
            console.mark("skip", "nothing is promoted");
        }
        if (kind == Kind.DEPLOY) {
            nothingPending();
        } else {
            certificate = certified();
            situation.certified(certificate);
        }
    }

    private void nothingPending() {
        List<String> pending = new ArrayList<>();
        run.facts("assess").path("pending").forEach(id -> pending.add(id.asText()));
        if (!pending.isEmpty()) {
            throw Failure.stop("--deploy-only, and migrations are pending that the new version may need: "
                    + String.join(", ", pending), "jbang release.java   # applies them first");
        }
    }

    private void confirm() {
        Plan plan = Plan.parse("", "");
        if (kind != Kind.DEPLOY) {
            String command = wish.approving(kind == Kind.MIGRATIONS ? "apply" : "", project.environment,
                    String.join(",", Approval.hashes(certificate)));
            approval = new Approval(project, certificate, command);
            plan = approval.plan();
            if (!plan.isEmpty() || certificate.later() != null) {
                situation.approval(command);
            }
        }
        standstill = new Standstill(project, run, services, plan, certificate, wish.stop);
        console.say(walk.report().proposal(plan, certificate, new Outlook(project, services, standstill,
                promotion, variables, finalBackup()).lines(plan)));
        if (kind != Kind.DEPLOY && certificate.later() != null) {
            console.say("After the deploy:\n" + new Approval(project, certificate.waiting(), "").plan().text());
        }
        if (!wish.dryRun) {
            Approval.obtain(plan, approval, wish.approved, console, project);
        }
    }

    private boolean finalBackup() {
        return !wish.noFinalBackup
                && !Boolean.FALSE.equals(project.settings.environment(project.environment).finalBackup());
    }

    // Whatever can still be a reason to stop is found before the service goes down.
    private void stop() throws Exception {
        if (promotion != null) {
            promotion.stillFits(project);
        }
        Standstill.Need need = standstill.need();
        Plan plan = approval.plan();
        inWindow(Duration.ofMillis((long) (plan.isEmpty() ? 0
                : 1000 * (standstill.sqlSeconds() + standstill.backupSeconds(need.stop() && finalBackup())))));
        if (!plan.isEmpty()) {
            try (Connection connection = Postgres.read(project.address().target(), "release")) {
                new Acceptance(certificate, run.file("schema-before.json")).beforehand(connection);
            }
        }
        if (!need.stop()) {
            boolean open = !plan.isEmpty() && services.stoppable().isEmpty();
            console.mark(open ? "warn" : "skip", need.why() + (open ? "; connected now: "
                    + Services.connected(project.address().target()) : ""));
            return;
        }
        services.settled();
        situation.stopping();
        run.put("release", situation.record());
        services.stop(console::say);
        situation.servicesStopped();
        console.mark("pass", "stopped: " + String.join(", ", services.stoppable()));
        console.mark("pass", Services.quiet(project.address().target(), console::say));
    }

    private void save() {
        String first = situation.backup();
        if (approval.plan().isEmpty()) {
            console.mark("skip", "nothing is applied; the backup is " + first);
        } else if (!standstill.need().stop()) {
            console.mark("warn", "nothing was stopped: what was written since the backup is in the database only; "
                    + first + " is " + Standstill.age(project.repo.resolve(first)));
        } else if (!finalBackup()) {
            console.mark("warn", "NO FINAL BACKUP, as it was asked for: what was written before the stop is in no"
                    + " backup; " + first + " is " + Standstill.age(project.repo.resolve(first)));
        } else {
            run.put("firstBackup", run.part("backup"));
            walk.phase("backup", List.of(), environment());
            standstill.holds(run.facts("backup"));
            console.mark("pass", situation.backup() + " holds the last write, and the schema of the rehearsal");
        }
    }

    private void apply() throws Exception {
        Plan plan = approval.plan();
        if (plan.isEmpty()) {
            console.mark("skip", "there is no SQL to apply");
            return;
        }
        new Apply(project, run, console, situation, certificate, turn).run(plan);
    }

    private void applyRest() throws Exception {
        new Apply(project, run, console, situation, certificate, turn).resume(approval.plan());
    }

    private VariableChanges changes() {
        List<Variables.Change> changes = new ArrayList<>();
        run.facts("assess").path("variables").forEach(change -> changes.add(Json.as(change, Variables.Change.class)));
        return VariableChanges.of(changes, VariableStore.of(project), console);
    }

    private void configure() {
        if (!applyEnv) {
            console.mark("skip", "the variables are changed by hand; --apply-env changes them");
            return;
        }
        List<String> set = (variables == null ? changes() : variables).set();
        console.mark("pass", set.isEmpty() ? "every variable is there" : "set: " + String.join(", ", set));
    }

    private void tidy() {
        if (!applyEnv) {
            console.mark("skip", "nothing is removed without --apply-env");
        } else if (!deployed && !run.part("deployed").asBoolean()) {
            console.mark("warn", "old variables stay: nothing tells whether the new version answers");
        } else {
            List<String> removed = changes().remove();
            run.put("variables", Json.object().put("applied", true));
            console.mark("pass", removed.isEmpty() ? "nothing to remove" : "removed: " + String.join(", ", removed));
        }
    }

    private void catchUp() {
        Promotion moved = promotion.onTop(project);
        console.mark("pass", moved.equals(promotion) ? "nobody has pushed anything since"
                : "what others have pushed since is merged with the commits of this release");
        promotion = moved;
        run.put("promotion", Json.tree(promotion));
    }

    private void promote() {
        if (kind == Kind.DEPLOY) {
            promotion.stillFits(project);
        }
        if (!promotion.onTop(project).equals(promotion)) {
            catchUp();
        }
        run.put("deploy", Json.tree(new Deploy(project.repo, services, promotion.release())
                .before(situation.stopped())));
        // The connection may be cut between the push and its answer: until that is known, so it stands in the record.
        situation.pushed(Promotion.Arrived.UNKNOWN);
        run.put("release", situation.record());
        promotion.push(project, situation::pushed);
        promotion.follow(project).ifPresent(left -> console.mark("warn", left));
        console.mark("pass", project.release + " holds " + project.source
                + (promotion.cleared() ? "; MIGRATIONS.md is back to its template" : ""));
    }

    private void start() {
        if (promotion == null) {
            if (situation.stopped()) {
                services.back(console::say);
                situation.started();
            }
            console.mark(situation.stopped() ? "pass" : "skip", situation.stopped()
                    ? "started: " + String.join(", ", services.backCommands()) : "no service was stopped");
        } else if (services.startCommands().isEmpty()) {
            console.mark("skip", services.stoppable().isEmpty() ? "no service was stopped"
                    : "the deploy of " + project.release + " starts them");
        } else {
            services.start(promotion.release());
            situation.started();
            console.mark("pass", "started: " + String.join(", ", services.startCommands()));
        }
    }

    private void deploy() throws Exception {
        if (deployed || services.settings().values().stream().noneMatch(service -> service.awaited())) {
            console.mark("skip", deployed ? "the new version answers, as you say"
                    : "nothing here tells when the new version answers (\"health\" in release.json)");
            return;
        }
        Map<String, Deploy.Before> before = new LinkedHashMap<>();
        run.part("deploy").properties().forEach(entry ->
                before.put(entry.getKey(), Json.as(entry.getValue(), Deploy.Before.class)));
        boolean proven = true;
        for (Deploy.End end : new Deploy(project.repo, services, promotion.release()).await(before, console::say)) {
            console.mark(end.proven() ? "pass" : "warn", end.service() + ": " + end.words()
                    + (end.proven() ? "" : "; whether that is the new version, nothing tells"));
            proven &= end.proven();
        }
        deployed = proven;
        run.put("deployed", Json.tree(proven));
        situation.started();
    }

    private void data() throws Exception {
        Certificate waiting = certificate.waiting();
        if (waiting == null) {
            console.mark("skip", "no data SQL waits for the new version");
            return;
        }
        if (kind == Kind.RELEASE && !deployed && !run.part("deployed").asBoolean()) {
            askWhetherDeployed();
        }
        Plan plan = new Approval(project, waiting, "").plan();
        new LaterData(project, run, console, situation, waiting).run(plan);
    }

    private void askWhetherDeployed() {
        String why = "the data SQL waits for the new version, and nothing here tells when it answers";
        String answer = Console.interactive() && !Demo.answers(project.repo)
                ? console.ask(why + ".\nType deployed when it does:") : "";
        if (answer == null || !answer.strip().equalsIgnoreCase("deployed")) {
            throw Failure.stop(why, "when it does: jbang release.java resume --deployed");
        }
    }

    private void end() {
        situation.end();
        Double downtime = situation.downtime();
        console.mark("pass", downtime == null ? "nothing stood still"
                : String.format("nobody could use it for %.1f s", downtime));
    }
}
