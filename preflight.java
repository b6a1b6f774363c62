///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Find every reason to stop before anything is touched.
//JAVA 17+

//SOURCES lib/Build.java lib/Cli.java lib/Exec.java lib/Gate.java lib/Gates.java lib/History.java
//SOURCES lib/Phase.java lib/Project.java lib/Run.java lib/migrations/DrizzleMigrator.java
//SOURCES lib/preflight/Database.java lib/preflight/Extensions.java lib/preflight/Machine.java lib/preflight/Planned.java
//SOURCES lib/preflight/Probe.java lib/preflight/Repository.java lib/preflight/Rights.java lib/preflight/SecretFiles.java
//SOURCES lib/preflight/Server.java lib/preflight/Sessions.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dfile.encoding=UTF-8

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import lib.Build;
import lib.Cli;
import lib.Exec;
import lib.Gate;
import lib.Gates;
import lib.History;
import lib.Phase;
import lib.Project;
import lib.Run;
import lib.migrations.DrizzleMigrator;
import lib.preflight.Database;
import lib.preflight.Extensions;
import lib.preflight.Machine;
import lib.preflight.Planned;
import lib.preflight.Probe;
import lib.preflight.Repository;
import lib.preflight.Rights;
import lib.preflight.SecretFiles;
import lib.preflight.Server;
import lib.preflight.Sessions;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;

/** Every gate that must be open before a release begins; all that fail are shown, not only the first. */
@Command(name = "preflight", mixinStandardHelpOptions = true, versionProvider = Cli.Version.class,
        scope = ScopeType.INHERIT,
        description = "Finds every reason to stop before anything is touched: git, tools, settings, database.",
        footer = {"%nExamples:", "  jbang preflight.java                look at everything",
            "  jbang preflight.java --skip-build   without the project's own tests; the report says so",
            "  jbang preflight.java --only db      a quick look at the database, which no release accepts",
            "%nEnvironment:", "  PROD_DATABASE_URL   the database of production", Cli.EXIT_CODES})
class preflight implements Callable<Integer> {
    @Mixin
    Cli.Options common;

    @Option(names = "--skip-build", description = "Leave the project's own tests and build out.")
    boolean skipBuild;

    @Option(names = "--no-probe", description = "Do not try a push; for a dry run.")
    boolean noProbe;

    @Option(names = "--no-promotion", description = "No branch is promoted: leave the gates of remote and push out.")
    boolean noPromotion;

    @Option(names = "--unrehearsed", description = "A machine without a server to rehearse on is no reason to stop.")
    boolean unrehearsed;

    @Option(names = "--only", paramLabel = "GATE", arity = "1..*", split = ",",
            description = "A quick look at some gates (db.reach, or all of git); never counts as a preflight.")
    List<String> only = new ArrayList<>();

    @Option(names = "--terminate-idle", paramLabel = "AGE", converter = Age.class,
            description = "End sessions that are idle in transaction longer than this (30s, 5m, 1h), after asking.")
    Duration terminateIdle;

    private Project project;
    private Phase phase;
    private Run run;
    private Database database;

    public static void main(String... args) {
        System.exit(Cli.run(new preflight(), args));
    }

    @Override
    public Integer call() {
        project = new Project(common);
        phase = common.phase("preflight");
        Gates gates = gates();
        if (!only.isEmpty()) {
            gates.only(only);
            phase.fact("only", List.copyOf(gates.ids()));
        }
        phase.fact("buildSkipped", skipBuild);
        try (Database open = database) {
            gates.look(phase);
        }
        // A look at some gates is no preflight: it is not recorded, so that nothing can be built on it.
        return only.isEmpty() ? phase.finish(run, "ready")
                : phase.finish(null, "open: " + String.join(" ", gates.ids()) + "; the rest was not looked at");
    }

    private Gates gates() {
        Repository git = new Repository(project, phase);
        database = new Database(project, phase);
        Server server = new Server(project, phase, database);
        Planned planned = new Planned(project, database);
        Sessions sessions = new Sessions(phase, common.console(), database, planned, terminateIdle);
        Machine machine = new Machine(project, phase, database, unrehearsed);
        Gates gates = new Gates()
                .gate("ignored", this::ignored)
                .gate("git.branch", git::branch)
                .gate("git.clean", git::clean)
                .gate("git.behind", noPromotion ? git::perhapsBehind : git::behind, "git.branch")
                .gate("git.release", promoted(git::releaseBranch), "git.behind")
                .gate("git.commits", promoted(git::commits), "git.release")
                .gate("git.merge", promoted(git::merge), "git.commits")
                .gate("git.push", noProbe ? () -> Gate.skipped("a dry run pushes nothing") : promoted(git::push),
                        "git.behind")
                .asking("settings", database::settings)
                .gate("firewall", database::firewall, "settings")
                .gate("tunnel", database::tunnel, "settings", "firewall")
                .gate("db.reach", database::reach, "settings", "firewall", "tunnel")
                .gate("db.tls", server::tls, "db.reach")
                .gate("db.pooler", server::pooler, "db.reach")
                .gate("db.extensions", new Extensions(project, phase, database, planned)::look, "db.reach")
                .gate("db.connections", sessions::connections, "db.reach")
                .gate("db.blockers", sessions::blockers, "db.reach")
                .following("db.locks", new Probe(database, planned)::locks, "db.blockers")
                .gate("db.role", new Rights(phase, database, planned)::role, "db.reach")
                .gate("tools.client", machine::clients)
                .gate("tools.version", machine::versions, "db.reach")
                .following("container", machine::container, "db.reach")
                .gate("disk", machine::disk, "db.reach")
                .gate("migrator", this::migrator);
        return skipBuild ? gates.gate("build", () -> Gate.skipped("left out by --skip-build"))
                : gates.last("build", this::build);
    }

    private Gate.Check promoted(Gate.Check check) {
        return noPromotion ? () -> Gate.skipped("nothing is promoted") : check;
    }

    private Gate.Finding ignored() {
        run = Run.open(project.repo);
        return new SecretFiles(project).look(Run.OUT_OF_GIT);
    }

    private Gate.Finding migrator() {
        if (project.git.commit("HEAD") == null) {
            return Gate.skipped("nothing is committed");
        }
        Optional<History> history = project.history();
        return history.isEmpty() ? Gate.skipped("no migration tool was found")
                : DrizzleMigrator.check(project.repo, project.files(), history.get());
    }

    private Gate.Finding build() {
        List<List<String>> commands = Build.commands(project.repo, project.settings);
        if (commands.isEmpty()) {
            return Gate.warned("the project has no checks of its own",
                    "name them in release.json: {\"checks\": [[\"npm\", \"test\"]]}");
        }
        Build.run(project.repo, commands, run.folder(), common.console()::say);
        return Gate.passed(String.join("; ", commands.stream().map(Exec::typed).toList()));
    }

    /** An age as people write it: {@code 30s}, {@code 5m}, {@code 1h30m}. */
    static final class Age implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String value) {
            try {
                Duration age = Duration.parse("PT" + value.toUpperCase(Locale.ROOT));
                if (!age.isNegative() && !age.isZero()) {
                    return age;
                }
            } catch (DateTimeParseException e) {
                // Said below, with the same words as an age that is none.
            }
            throw new TypeConversionException("'" + value + "' is not an age like 30s, 5m or 1h");
        }
    }
}
