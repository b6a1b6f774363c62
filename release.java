///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Take a PostgreSQL application to production: check, back up, assess, rehearse, apply, promote.
//JAVA 17+

//SOURCES preflight.java backup.java assess.java validate.java
//SOURCES lib/Apply.java lib/Approval.java lib/Cli.java lib/Console.java lib/DatabaseLock.java lib/Delivery.java
//SOURCES lib/Demo.java lib/Downtime.java lib/Failure.java lib/Footing.java lib/Json.java lib/Kind.java
//SOURCES lib/Outlook.java lib/Phases.java lib/Postgres.java lib/Project.java lib/Recovery.java
//SOURCES lib/ReleaseOptions.java lib/Run.java lib/Services.java lib/Situation.java
//SOURCES lib/Standstill.java lib/Status.java lib/Step.java lib/Walk.java lib/Windows.java
//SOURCES lib/commands/Gc.java lib/commands/Reset.java lib/commands/Rollback.java lib/commands/Undrop.java
//SOURCES lib/deploy/ProviderVariables.java lib/plan/Certificate.java lib/plan/Plan.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dfile.encoding=UTF-8

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import lib.Apply;
import lib.Approval;
import lib.Cli;
import lib.Console;
import lib.DatabaseLock;
import lib.Delivery;
import lib.Demo;
import lib.Downtime;
import lib.Failure;
import lib.Footing;
import lib.Json;
import lib.Kind;
import lib.Outlook;
import lib.Phases;
import lib.Postgres;
import lib.Project;
import lib.Recovery;
import lib.ReleaseOptions;
import lib.Run;
import lib.Services;
import lib.Situation;
import lib.Standstill;
import lib.Status;
import lib.Step;
import lib.Walk;
import lib.Windows;
import lib.commands.Gc;
import lib.commands.Reset;
import lib.commands.Rollback;
import lib.commands.Undrop;
import lib.deploy.ProviderVariables;
import lib.plan.Certificate;
import lib.plan.Plan;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** A release from top to bottom: four phases as gates, then the change of production that they prepared. */
@Command(name = "release", mixinStandardHelpOptions = true, versionProvider = Cli.Version.class,
        scope = ScopeType.INHERIT, subcommands = {Reset.class, Rollback.class, Undrop.class, Gc.class},
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
    private List<Step> steps() {
        return List.of(
            new Step("preflight", "find every reason to stop", false, this::preflight),
            new Step("backup", "back production up, and read the backup back", false, phases::backup),
            new Step("assess", "say what the release does to the database", false, phases::assess),
            new Step("validate", "write the SQL, and rehearse it on a copy", false, phases::validate),
            new Step("prepare", "make the commits that are pushed at the end", false, this::prepare),
            new Step("confirm", "show all of it, and ask", false, this::confirm),
            new Step("ahead", "build what nobody has to wait for", true, this::ahead),
            new Step("stop", "stop the services, and prove the database quiet", true, this::stop),
            new Step("save", "back up once more, with the last write in it", true, this::save),
            new Step("apply", "run the rehearsed SQL on production", true, this::apply),
            new Step("configure", "set the variables that the new version reads", true, variables::set),
            new Step("promote", "push both branches, or neither", true, () -> delivery.promote(kind)),
            new Step("start", "start the services that no deploy starts", true, delivery::start),
            new Step("deploy", "wait until the new version answers", true, delivery::await),
            new Step("data", "run the data SQL that waits for the new version", true, this::data),
            new Step("tidy", "remove the variables that nobody reads any more", true,
                    () -> variables.tidy(delivery.answers())),
            new Step("end", "put the run away", true, downtime::end));
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
    private Project project;
    private Console console;
    private Run run;
    private Services services;
    private Situation situation;
    private Walk walk;
    private Phases phases;
    private Recovery recovery;
    private Delivery delivery;
    private ProviderVariables variables;
    private Downtime downtime;
    private Certificate certificate;
    private Approval approval;
    private Standstill standstill;

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
            if (wish.script == null) {
                recovery.refuseToBury(services);
            }
            recovery.inherit(services, situation);
            run.begin(project.environment);
            List<Step> taken = steps().stream().filter(step -> kind.has(step.name())).toList();
            return wish.dryRun ? walk.dry(taken, this::commands) : walk.through(taken);
        }
    }

    private void preflight() throws SQLException {
        phases.preflight(kind);
        // From here on to the end: two releases of one database, from whatever clones, would undo each other's proofs.
        turn.take(phases.target());
        if (wish.script == null) {
            recovery.refuseUnfinished(phases.target());
        }
    }

    private void prepare() {
        Footing.refuseMoved(project, run);
        run.put("begun", Json.object().put("kind", kind.name()).put("applyEnv", applyEnv).put("stop", wish.stop)
                .put("noFinalBackup", wish.noFinalBackup).set("services", Json.tree(wish.services)));
        if (kind.promotes()) {
            variables.plan();
            delivery.prepare();
        } else {
            console.mark("skip", "nothing is promoted");
        }
        if (kind.applies()) {
            certificate = Recovery.certified(run);
            situation.certified(certificate);
        } else {
            phases.refusePending();
        }
    }

    private void confirm() {
        Plan plan = Plan.parse("", "");
        if (kind.applies()) {
            String command = wish.approving(kind.promotes() ? "" : "apply", project.environment,
                    String.join(",", Approval.hashes(certificate)));
            approval = new Approval(project, certificate, command);
            plan = approval.plan();
            if (!plan.isEmpty() || certificate.later() != null) {
                situation.approval(command);
            }
        }
        standstill = new Standstill(project, run, services, plan, certificate, wish.stop);
        situation.database().ahead(standstill.ahead());
        situation.outage().forecast(standstill.need().stop() ? standstill.record(finalBackup()) : null);
        console.say(walk.report().proposal(plan, certificate, new Outlook(project, services, standstill,
                delivery.promotion(), variables.planned(), finalBackup()).lines(plan)));
        if (kind.applies() && certificate.later() != null) {
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

    // While everybody is at work: an index of a large table may take longer than all the rest.
    private void ahead() throws SQLException {
        if (standstill.ahead() == 0) {
            console.mark("skip", standstill.need().stop() ? "none of the SQL can run before the stop"
                    : "nothing is stopped, so nothing runs before");
            return;
        }
        fitsStill();
        inWindow(standstill.neededInAll(finalBackup()));
        change().run(approval.plan(), standstill.ahead());
    }

    // Whatever can still be a reason to stop is found before the service goes down.
    private void stop() throws Exception {
        Standstill.Need need = standstill.need();
        Plan plan = approval.plan();
        fitsStill();
        inWindow(standstill.needed(finalBackup()));
        if (!plan.isEmpty()) {
            change().fitting(project.address().target(), plan);
        }
        if (!need.stop()) {
            boolean open = !plan.isEmpty() && services.stoppable().isEmpty();
            console.mark(open ? "warn" : "skip", need.why() + (open ? "; connected now: "
                    + Services.connected(project.address().target()) : ""));
            return;
        }
        downtime.begin(next(), !plan.isEmpty() && finalBackup());
    }

    // Once production is changed, what others push is merged with.
    private void fitsStill() {
        if (!situation.changed()) {
            delivery.stillFits();
        }
    }

    private void save() throws Exception {
        if (approval.plan().isEmpty()) {
            console.mark("skip", "nothing is applied; the backup is " + situation.backup());
            return;
        }
        downtime.save(phases, standstill, finalBackup());
    }

    private void apply() throws Exception {
        Plan plan = approval.plan();
        if (plan.isEmpty()) {
            console.mark("skip", "there is no SQL to apply");
            return;
        }
        change().run(plan);
    }

    private Apply change() {
        return Apply.release(project, run, console, situation, certificate, turn);
    }

    private void data() throws Exception {
        if (certificate.later() == null) {
            console.mark("skip", "no data SQL waits for the new version");
            return;
        }
        if (kind.promotes() && !situation.data().complete()) {
            delivery.refuseUnanswered();
        }
        Apply.data(project, run, console, situation, certificate, turn)
                .run(new Approval(project, certificate.waiting(), "").plan());
    }

    /** Goes on with a release that changed production: the segments that are left, then promotes and starts. */
    @Command(name = "resume", description = "Finish a release that changed production and then stopped.",
            footer = {"%nExamples:", "  jbang release.java status   what is left to do",
                "  jbang release.java resume   the segments that are left, both branches, the services"})
    int resume(
            @Option(names = "--deployed", description = "The new version answers: I have looked myself.")
            boolean seen,
            @Option(names = "--outside-window", paramLabel = "ENVIRONMENT",
                    description = "Stop the services outside of the windows of the environment with this name.")
            String window) throws Exception {
        begin();
        wish.outsideWindow = window;
        wish.check(project.environment);
        try (AutoCloseable lock = run.lock(); turn) {
            goOn();
            try (Walk.Watch watch = walk.watch()) {
                takeOver();
                if (seen) {
                    delivery.seen();
                }
            } catch (Failure failure) {
                throw situation.changed()
                        ? new Failure(Failure.Exit.UNFINISHED, failure.getMessage(), failure.hint, failure) : failure;
            }
            return walk.through(left());
        }
    }

    // The steps that are left of a release that broke off.
    private List<Step> left() {
        List<Step> left = new ArrayList<>();
        if (situation.segmentsLeft()) {
            Step again = new Step("stop", "see that nobody came back meanwhile", true,
                    () -> downtime.again("jbang release.java resume"));
            if (situation.database().unseen()) {
                // As long as the old code fits, somebody may have started it again: the last write is saved anew.
                steps().stream().filter(step -> List.of("ahead", "stop", "save").contains(step.name()))
                        .map(step -> step.name().equals("stop") && situation.isDone("stop") ? again : step)
                        .forEach(left::add);
            } else if (situation.down()) {
                left.add(again);
            }
            left.add(new Step("apply", "run the segments that are left on production", true, this::apply));
        }
        if (!situation.isDone("promote") && kind.has("promote")) {
            left.add(new Step("catch up", "merge with what others have pushed meanwhile", true, delivery::catchUp));
        }
        // Done or not, the end is gone through again: it may be that only the run was not put away.
        steps().stream().dropWhile(step -> !step.name().equals("configure")).filter(step -> kind.has(step.name())
                && (!situation.isDone(step.name()) || step.name().equals("end"))).forEach(left::add);
        return left;
    }

    // With the choices that it was begun with.
    private void goOn() {
        JsonNode begun = run.part("begun");
        kind = Kind.of(begun.path("kind").asText(Kind.RELEASE.name()));
        begun.path("services").forEach(name -> wish.services.add(name.asText()));
        wish.stop = begun.path("stop").asBoolean();
        wish.noFinalBackup = begun.path("noFinalBackup").asBoolean();
        applyEnv = begun.path("applyEnv").asBoolean();
        equip();
    }

    private void takeOver() throws SQLException {
        recovery.takeOver(situation);
        if (kind.applies() && !situation.begun()) {
            // Nothing was applied yet, and data SQL that waits for the deploy may be.
            turn.take(project.address().target());
        }
        if (kind.promotes()) {
            delivery.takeOver();
        }
        if (kind.applies()) {
            certificate = Recovery.certified(run);
            situation.certified(certificate);
            approval = new Approval(project, certificate, situation.approval());
            if (situation.segmentsLeft()) {
                standstill = new Standstill(project, run, services, approval.plan(), certificate, wish.stop);
            }
        }
    }

    /** Says where the release of this repository stands, and which command is next. */
    @Command(name = "status", description = "Say where the release stands, and what is next.",
            footer = {"%nExamples:", "  jbang release.java status", "  jbang release.java status --json"})
    int status() {
        begin();
        goOn();
        Status status = new Status(project, run, services);
        console.result(common.json ? status.json() : status.text(console));
        return 0;
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
        run = Run.open(project.repo);
        equip();
    }

    private void equip() {
        services = new Services(project, wish.services);
        situation = new Situation(services);
        walk = new Walk(project, run, situation, common);
        phases = new Phases(project, run, console, walk, wish);
        recovery = new Recovery(project, run, console, turn);
        delivery = new Delivery(project, run, console, services, situation);
        variables = new ProviderVariables(project, run, console, applyEnv);
        downtime = new Downtime(project, run, console, services, situation);
    }

    private String next() {
        return situation.changed() ? "jbang release.java resume"
                : kind.promotes() ? "jbang release.java" : "jbang release.java apply";
    }

    // Looked at before the work begins, and once more before anything stops.
    private void inWindow(Duration needed) {
        List<String> windows = project.settings.environment(project.environment).windows();
        if (wish.outsideWindow != null || wish.dryRun) {
            return;
        }
        Windows.of(windows).check(project.environment, Instant.now(), needed, next()).ifPresent(open -> console.say(
                "inside the window " + open.window() + ", until " + open.closes().atZone(open.zone()).toLocalTime()));
    }

    // What a dry run leaves out, as it could be typed.
    private List<String> commands() {
        List<String> commands = new ArrayList<>(standstill != null && standstill.need().stop()
                ? services.stopCommands() : List.of());
        if (delivery.promotion() != null) {
            commands.add(delivery.promotion().typed(project));
        }
        commands.addAll(!kind.promotes() && commands.isEmpty() ? List.of() : services.startCommands());
        return commands;
    }
}
