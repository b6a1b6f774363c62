///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Write the release SQL and rehearse it on a restored copy of production.
//JAVA 17+

//SOURCES lib/Cli.java lib/Copy.java lib/Count.java lib/Failure.java lib/Fingerprint.java lib/Gate.java
//SOURCES lib/History.java lib/Holds.java lib/Migration.java lib/Phase.java lib/Postgres.java
//SOURCES lib/Progress.java lib/Project.java lib/Run.java lib/plan/Catalog.java lib/plan/Certificate.java
//SOURCES lib/plan/Decisions.java lib/plan/Draft.java lib/plan/Executor.java lib/plan/Plan.java
//SOURCES lib/plan/Problem.java lib/plan/Script.java lib/plan/SqlFile.java lib/plan/Waiting.java
//SOURCES lib/rehearsal/After.java lib/rehearsal/Coverage.java lib/rehearsal/EntryChecks.java
//SOURCES lib/rehearsal/Failing.java lib/rehearsal/Forecast.java lib/rehearsal/Ground.java
//SOURCES lib/rehearsal/Hindrance.java lib/rehearsal/Lossless.java lib/rehearsal/Proof.java
//SOURCES lib/rehearsal/Queries.java lib/rehearsal/Recorded.java lib/rehearsal/Rehearsal.java
//SOURCES lib/rehearsal/Replay.java lib/rehearsal/Reversible.java lib/rehearsal/SpotChecks.java
//SOURCES lib/rehearsal/Staging.java lib/rehearsal/Trace.java lib/rehearsal/Validity.java
//SOURCES lib/triage/Explained.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dfile.encoding=UTF-8

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import lib.Cli;
import lib.Copy;
import lib.Count;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.History;
import lib.Holds;
import lib.Migration;
import lib.Phase;
import lib.Postgres;
import lib.Progress;
import lib.Project;
import lib.Run;
import lib.Target;
import lib.plan.Catalog;
import lib.plan.Certificate;
import lib.plan.Decisions;
import lib.plan.Draft;
import lib.plan.Executor;
import lib.plan.Plan;
import lib.plan.Problem;
import lib.plan.Script;
import lib.plan.SqlFile;
import lib.plan.Waiting;
import lib.rehearsal.After;
import lib.rehearsal.Coverage;
import lib.rehearsal.EntryChecks;
import lib.rehearsal.Failing;
import lib.rehearsal.Forecast;
import lib.rehearsal.Ground;
import lib.rehearsal.Hindrance;
import lib.rehearsal.Lossless;
import lib.rehearsal.Proof;
import lib.rehearsal.Queries;
import lib.rehearsal.Recorded;
import lib.rehearsal.Rehearsal;
import lib.rehearsal.Replay;
import lib.rehearsal.Reversible;
import lib.rehearsal.SpotChecks;
import lib.rehearsal.Staging;
import lib.rehearsal.Trace;
import lib.rehearsal.Validity;
import lib.triage.Explained;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** Restores the backup on a server that is not production's, writes the release SQL, and runs it there. */
@Command(name = "validate", mixinStandardHelpOptions = true, versionProvider = Cli.Version.class,
        scope = ScopeType.INHERIT,
        description = "Writes the release SQL and rehearses it on a copy of production, restored from the backup of "
                + "this run.",
        footer = {"%nExamples:",
            "  jbang validate.java                       write, and rehearse on a server found here",
            "  jbang validate.java --sql my-release.sql  rehearse a script of your own",
            "  jbang validate.java --scratch postgresql://postgres:pw@localhost:5433/postgres",
            "  jbang validate.java --on staging          and leave staging a copy of production, migrated",
            "  jbang validate.java checks                a live database after the release",
            "  jbang validate.java triage deploy.log     what a migration failed on",
            "%nServers, in this order: --scratch, the compose file's db, installed binaries, fetched binaries.",
            "%nEnvironment:", "  PROD_DATABASE_URL    the database of production",
            "  RELEASE_SCRATCH_URL  a server to rehearse on, as --scratch", Cli.EXIT_CODES})
class validate implements Callable<Integer> {
    /** What a rehearsal has to prove before its SQL may change production, in the order in which it is told. */
    private static final List<Function<Rehearsal, Proof>> PROOFS = List.of(
            Queries::new,
            Forecast::new,
            Recorded::new,
            EntryChecks::new,
            Coverage::new,
            Replay::new,
            Lossless::new,
            Validity::new,
            Reversible::new);

    @Mixin
    Cli.Options common;

    @Option(names = "--scratch", paramLabel = "URL", defaultValue = "${env:RELEASE_SCRATCH_URL}",
            description = "A server to rehearse on; not production's (or RELEASE_SCRATCH_URL).")
    String scratch;

    @Option(names = "--sql", paramLabel = "FILE",
            description = "A release script of your own, instead of a written one.")
    Path script;

    @Option(names = "--on", paramLabel = "ENV",
            description = "Rehearse on the server of ENV (staging), and leave ENV a copy of production, migrated.")
    String on;

    @Option(names = "--mask", paramLabel = "FILE",
            description = "With --on: SQL that masks the data before anybody sees it there.")
    Path mask;

    @Option(names = "--unrehearsed", description = "Go on when there is no server to rehearse on; the report says so.")
    boolean unrehearsed;

    @Option(names = "--show-rows", description = "When rows make it fail, show the first ten of them.")
    boolean showRows;

    private Project project;
    private Run run;
    private Phase phase;
    private Ground ground;
    private Optional<History> history;
    private History.State before;
    private Holds holds;
    private SqlFile sql;
    private Plan plan;
    private Fingerprint schema;
    private Staging staging;
    private Executor.Result result;
    private SqlFile data;
    private Plan dataPlan = Plan.parse("", "");
    private Fingerprint dataSchema;
    private Executor.Result dataResult;

    public static void main(String... args) {
        System.exit(Cli.run(new validate(), args));
    }

    @Override
    public Integer call() throws Exception {
        project = new Project(common);
        run = Run.open(project.repo);
        try (AutoCloseable lock = run.lock()) {
            phase = common.phase("validate");
            if (mask != null && on == null) {
                throw Failure.usage("--mask is for the environment that --on names",
                        "add --on staging, or leave it out");
            }
            staging = on == null ? null : new Staging(common, project, run, phase, on);
            ground = new Ground(project, run, phase, common.console(), scratch, unrehearsed, staging);
            try (Ground laid = ground) {
                boolean rehearsed = phase.gate("rehearsal.backup", ground::backup)
                        && phase.gate("rehearsal.current", ground::current)
                        && (staging == null || phase.gate("staging.target", staging::target))
                        && phase.gate("rehearsal.server", ground::server)
                        && (ground.copy() == null || onTheCopy("rehearsal.restore", ground::restore))
                        && phase.gate("sql.write", this::write)
                        && phase.gate("sql.read", this::read)
                        && rehearse();
                if (rehearsed && (staging == null || migrated())) {
                    phase.gate("certificate", this::certify);
                }
            }
            return phase.finish(run, plan == null ? null : project.repo.relativize(sql.path()) + " " + plan.sha256());
        }
    }

    /** Looks at a live database after a release. */
    @Command(name = "checks", description = {"Looks at a live database after a release, without changing anything:",
        "constraints, indexes, history, schema, Prisma's client, and whether queries became slower."},
            footer = {"%nExamples:", "  jbang validate.java checks",
                "  jbang validate.java checks --env staging", Cli.EXIT_CODES})
    int checks() throws Exception {
        project = new Project(common);
        phase = common.phase("checks");
        new SpotChecks(project, Run.open(project.repo), phase).look();
        return phase.finish(null, null);
    }

    /** Reads the log of a migration that failed, and explains it; no database is asked. */
    @Command(name = "triage", description = {"Reads the log of a failed migration, and says what it comes from:",
        "of psql, a server, drizzle, Prisma, Flyway, Supabase, node-pg-migrate, or of a run of ours."},
            footer = {"%nExamples:", "  jbang validate.java triage deploy.log",
                "  jbang validate.java triage _migrations/run.json", "  npm run migrate 2>&1 | "
                + "jbang validate.java triage -", Cli.EXIT_CODES})
    int triage(@Parameters(paramLabel = "LOG", description = "The log; - is the standard input.") Path log) {
        phase = common.phase("triage");
        StringBuilder text = new StringBuilder();
        phase.gate("triage.log", () -> Explained.of(log, phase, text));
        return phase.finish(null, text.toString());
    }

    private Gate.Finding write() throws SQLException {
        history = project.history();
        Target target = ground.copy() != null ? ground.copy().target() : project.address().target();
        try (Connection connection = Postgres.read(target, "validate")) {
            schema = ground.schema() != null ? ground.schema() : Fingerprint.of(connection);
            before = history.isPresent() ? history.get().state(connection) : null;
            holds = before == null ? new Holds(List.of(), List.of()) : project.holds(history.get(), before.pending());
            List<Migration> pending = holds.due();
            phase.fact("held", holds.held());
            phase.fact("pending", pending.stream().map(Migration::id).toList());
            sql = new SqlFile(run, "release");
            data = new SqlFile(run, "data");
            if (script != null) {
                sql.take(script);
                return Gate.passed(project.repo.relativize(sql.path()) + ", taken from " + script);
            }
            if (sql.edited()) {
                return Gate.warned(project.repo.relativize(sql.path())
                        + " was edited by hand: it is kept as it is, and rehearsed",
                        "to have it written anew: rm " + project.repo.relativize(sql.path()));
            }
            List<History.Trouble> stops = before == null ? List.of()
                    : before.troubles().stream().filter(History.Trouble::stops).toList();
            if (!stops.isEmpty()) {
                throw Failure.stop(stops.get(0).message(), stops.get(0).hint());
            }
            Waiting waiting = Waiting.of(Draft.of(pending, project.notes().entries(), new Catalog(connection),
                    project.settings.trash()), project.notes().entries(), pending);
            Draft draft = waiting.now();
            List<Problem> open = new Decisions(run).open(draft.problems());
            if (!open.isEmpty()) {
                throw Failure.decide(String.join("\n", open.stream().map(Decisions::text).toList()).strip(),
                        Decisions.ways(open));
            }
            sql.write(draft.steps().isEmpty() && pending.isEmpty() ? ""
                    : Script.of(draft, pending, holds.held(), history.map(History::tool).orElse("no"),
                    history.isPresent() ? history.get().rows(before, pending) : List.of()));
            later(waiting.later());
            return Gate.passed((sql.text().isEmpty() ? "nothing is pending, so there is no SQL"
                    : project.repo.relativize(sql.path()) + ": " + Count.of(pending.size(), "migration") + ", "
                    + Count.of(draft.dataSteps(), "data step")) + (waiting.later().steps().isEmpty() ? ""
                    : "; " + Count.of(waiting.later().steps().size(), "data step") + " for after the deploy, in "
                    + project.repo.relativize(data.path()))
                    + (holds.none() ? "" : "; held back: " + holds.words()));
        }
    }

    // Edited by hand it is kept, like the release SQL; a file of an earlier release of the day is not.
    private void later(Draft draft) {
        if (!data.edited() && (Files.exists(data.path()) || !draft.steps().isEmpty())) {
            data.write(draft.steps().isEmpty() ? "" : Script.waiting(draft));
        }
    }

    private Gate.Finding read() {
        plan = Plan.parse(sql.text(), project.repo.relativize(sql.path()).toString());
        if (script == null && Files.exists(data.path())) {
            dataPlan = Plan.parse(data.text(), project.repo.relativize(data.path()).toString());
        }
        return Gate.passed(Count.of(plan.statements().size(), "statement") + " in "
                + Count.of(plan.segments().size(), "segment")
                + ", SHA-256 " + plan.sha256().substring(0, 12) + "…");
    }

    private boolean rehearse() {
        if (ground.copy() == null) {
            phase.skip("rehearsal.run", "there is no server to rehearse on");
            return true;
        }
        if (plan.isEmpty()) {
            phase.skip("rehearsal.run", "there is nothing to run");
            return rehearseLater();
        }
        Copy copy = ground.copy();
        Rehearsal rehearsal = new Rehearsal(project, run, phase, common.console(), copy, ground.dump(), ground.saved(),
                ground.production(), history, before, plan, sql.path(), script != null || sql.edited(), schema,
                new After(copy), new Trace(copy.target(), plan), holds.ids());
        List<Proof> proofs = PROOFS.stream().map(proof -> proof.apply(rehearsal)).toList();
        boolean ran = onTheCopy("rehearsal.run", () -> apply(rehearsal, proofs));
        ran = ran && rehearseLater();
        for (Proof proof : ran ? proofs : List.<Proof>of()) {
            ran &= onTheCopy(proof.gate(), () -> proof.after(result));
        }
        return ran;
    }

    private boolean onTheCopy(String gate, Gate.Check check) {
        return phase.gate(gate, () -> Hindrance.looking(ground.copy(), check));
    }

    private boolean rehearseLater() {
        return dataPlan.isEmpty() || onTheCopy("rehearsal.data", () -> {
            if (dataPlan.segments().size() > 1 || !dataPlan.segments().get(0).transactional()) {
                throw Failure.stop(project.repo.relativize(data.path()) + " is not one transaction",
                        "leave out what cannot be in one, like VACUUM, and run that by hand after the release");
            }
            try (Connection connection = Postgres.read(ground.copy().target(), "validate")) {
                dataSchema = Fingerprint.of(connection);
            }
            ground.settle();
            // Taken back again: what the proofs look at is what the release SQL alone has left.
            Executor.Done[] done = new Executor.Done[1];
            Executor.Result tried = new Executor(ground.copy().target(), (connection, segment) -> {
                done[0] = segment;
                throw Failure.stop("taken back", null);
            }, segment -> { }, common.console()::say).run(dataPlan);
            if (done[0] == null) {
                throw fails(tried.trouble(), data);
            }
            dataResult = new Executor.Result(List.of(done[0]), 1, null);
            return Gate.passed(ran(dataResult, "data statement", " ran on the copy after it, and back again"));
        });
    }

    private Gate.Finding apply(Rehearsal rehearsal, List<Proof> proofs) throws SQLException {
        ground.settle();
        for (Proof proof : proofs) {
            proof.before();
        }
        try (Trace trace = rehearsal.trace().open();
                Progress progress = Progress.of(common.console(), "rehearsing", 0, Progress.Unit.STATEMENTS)) {
            result = new Executor(ground.copy().target(), (connection, done) -> { }, done -> { }, common.console()::say)
                    .observed(trace).withoutReconnecting().run(plan);
        }
        if (result.trouble() != null) {
            throw Hindrance.of(result.trouble(), ground.copy())
                    .orElseGet(() -> Failing.of(rehearsal, result.trouble(), showRows));
        }
        return Gate.passed(ran(result, "statement", " ran on the copy"));
    }

    private Failure fails(Executor.Trouble trouble, SqlFile file) {
        return Failure.stop("the SQL fails on the copy, line " + trouble.line() + ": " + trouble.message() + "\n"
                + trouble.statement(), "production was not touched. Correct the migration or its entry, or edit "
                + project.repo.relativize(file.path()) + "; then: jbang validate.java");
    }

    private static String ran(Executor.Result result, String what, String where) {
        double millis = result.outcomes().stream().mapToDouble(Executor.Outcome::millis).sum();
        return String.format("%s%s, %s, %.2f s", Count.of(result.outcomes().size(), what), where,
                Count.of(result.outcomes().stream().mapToLong(Executor.Outcome::rows).sum(), "row"), millis / 1000);
    }

    private boolean migrated() {
        if (ground.copy() == null) {
            phase.skip("staging.apply", "what was not rehearsed is not tried on " + on + " either");
            return true;
        }
        // It is connected to the database that is replaced now.
        ground.close();
        return staging.migrate(ground.dump(), mask, plan, history);
    }

    private Gate.Finding certify() {
        Copy copy = ground.copy();
        Certificate certificate = Certificate.of(project, ground.backupFacts(), plan, sql.path(), schema, result,
                copy == null ? null : copy.server());
        schema.save(sql.path().resolveSibling("schema-before.json"));
        if (!dataPlan.isEmpty()) {
            Fingerprint after = dataSchema == null ? schema : dataSchema;
            after.save(sql.path().resolveSibling("schema-after.json"));
            certificate = certificate.with(dataPlan, project.repo.relativize(data.path()).toString(), after.hash(),
                    dataResult);
            phase.fact("data", certificate.later().sql());
        }
        phase.fact("sql", certificate.sql());
        phase.fact("certificate", certificate);
        return copy == null ? Gate.warned("this SQL was not rehearsed", null)
                : Gate.passed("these bytes, on this database, from this commit");
    }
}
