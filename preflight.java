///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Find every reason to stop before anything is touched.
//JAVA 17+

//SOURCES lib/Address.java lib/Build.java lib/Cli.java lib/Clients.java lib/Compose.java lib/Failure.java lib/Gate.java
//SOURCES lib/Git.java lib/History.java lib/Phase.java lib/Postgres.java lib/Project.java lib/Run.java lib/Servers.java
//SOURCES lib/migrations/DrizzleMigrator.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto

import java.nio.file.Files;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import lib.Address;
import lib.Build;
import lib.Cli;
import lib.Clients;
import lib.Compose;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.Git;
import lib.History;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.Servers;
import lib.migrations.DrizzleMigrator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** Every gate that must be open before a release begins; all that fail are shown, not only the first. */
@Command(name = "preflight", mixinStandardHelpOptions = true, versionProvider = Cli.Version.class, scope = ScopeType.INHERIT,
        description = "Finds every reason to stop before anything is touched: git, tools, settings, database.",
        footer = {"%nExamples:", "  jbang preflight.java                look at everything",
            "  jbang preflight.java --skip-build   without the project's own tests; the report says so",
            "%nEnvironment:", "  PROD_DATABASE_URL   the database of production", Cli.EXIT_CODES})
class preflight implements Callable<Integer> {
    private static final int SHOWN = 8;

    @Mixin
    Cli.Options common;

    @Option(names = "--skip-build", description = "Leave the project's own tests and build out.")
    boolean skipBuild;

    @Option(names = "--no-probe", description = "Do not try a push; for a dry run.")
    boolean noProbe;

    private Project project;
    private Phase phase;
    private String remote;
    private Postgres.Identity production;

    public static void main(String... args) {
        System.exit(Cli.run(new preflight(), args));
    }

    @Override
    public Integer call() throws Exception {
        project = new Project(common);
        phase = common.phase("preflight");
        boolean ignored = phase.gate("ignored", this::ignored);
        boolean branch = phase.gate("git.branch", this::branch);
        phase.gate("git.clean", this::clean);
        if (branch && phase.gate("git.behind", this::behind) && phase.gate("git.release", this::releaseBranch)) {
            if (phase.gate("git.commits", this::commits)) {
                phase.gate("git.merge", this::merge);
            }
            phase.gate("git.push", this::push);
        }
        phase.gate("settings", this::settings);
        phase.gate("db.reach", this::reach);
        phase.gate("tools.client", this::clients);
        if (production == null) {
            phase.skip("tools.version", "production's version is not known");
        } else {
            phase.gate("tools.version", this::versions);
        }
        phase.gate("container", this::container);
        phase.gate("migrator", this::migrator);
        // The longest gate last, and not at all when another one has stopped the release already.
        if (skipBuild) {
            phase.skip("build", "left out by --skip-build");
        } else if (phase.stopped()) {
            phase.skip("build", "another gate stops the release already");
        } else {
            phase.gate("build", this::build);
        }
        phase.fact("buildSkipped", skipBuild);
        // Nothing is written into a folder that git would commit.
        return phase.finish(ignored ? Run.open(project.repo) : null, phase.stopped() ? null : "ready");
    }

    private Gate.Finding ignored() {
        if (Files.exists(project.repo.resolve(".env")) && project.git.tracked(".env")) {
            throw Failure.stop(".env is in git's history, and it holds secrets", "git rm --cached .env   # and change the secrets in it");
        }
        if (Files.exists(project.repo.resolve(".env")) && !project.git.ignored(".env")) {
            throw Failure.stop(".env is not ignored by git", "echo '.env' >> .gitignore && git commit -m 'Ignore .env' .gitignore");
        }
        return Run.ignored(project.git);
    }

    private Gate.Finding branch() {
        String branch = project.git.branch();
        if (branch.isEmpty()) {
            throw Failure.stop("HEAD is detached at " + String.valueOf(project.git.commit("HEAD")).substring(0, 7)
                    + ", not on branch " + project.source, "git switch " + project.source);
        }
        if (!branch.equals(project.source)) {
            throw Failure.stop("the branch is " + branch + ", not " + project.source, "git switch " + project.source);
        }
        remote = project.remote();
        return Gate.passed("on " + branch);
    }

    private Gate.Finding clean() {
        List<String> changes = project.git.changes();
        if (!changes.isEmpty()) {
            throw Failure.stop(changes.size() + (changes.size() == 1 ? " path is" : " paths are") + " not committed: "
                    + String.join(", ", changes.subList(0, Math.min(SHOWN, changes.size()))) + (changes.size() > SHOWN ? ", …" : ""),
                    "git stash --include-untracked   # or commit them");
        }
        return Gate.passed("nothing uncommitted");
    }

    private Gate.Finding behind() {
        Exec.Result fetch = project.git.fetch(remote);
        if (!fetch.ok()) {
            throw Failure.missing("git cannot fetch from " + remote + ": " + fetch.tail(1), "git fetch " + remote);
        }
        String upstream = remote + "/" + project.source;
        if (project.git.commit(upstream) == null) {
            throw Failure.stop(remote + " has no branch " + project.source, "git push -u " + remote + " " + project.source);
        }
        int[] apart = project.git.apart("HEAD", upstream);
        if (apart[0] > 0 && apart[1] > 0) {
            throw Failure.stop(project.source + " and " + upstream + " have diverged: " + apart[0] + " commits here, " + apart[1] + " there",
                    "git rebase " + upstream);
        }
        if (apart[1] > 0) {
            throw Failure.stop(project.source + " is " + apart[1] + (apart[1] == 1 ? " commit" : " commits") + " behind " + upstream,
                    "git merge --ff-only " + upstream);
        }
        return apart[0] > 0 ? Gate.warned(apart[0] + (apart[0] == 1 ? " commit is" : " commits are")
                + " not pushed yet; the release pushes them", "git push " + remote + " " + project.source)
                : Gate.passed("as " + upstream);
    }

    private Gate.Finding releaseBranch() {
        if (project.git.commit(project.released()) == null) {
            throw Failure.stop(remote + " has no branch " + project.release,
                    "git push " + remote + " <commit that production runs>:refs/heads/" + project.release);
        }
        return Gate.passed(project.released() + " at " + project.git.commit(project.released()).substring(0, 7));
    }

    private Gate.Finding commits() {
        if (project.git.contains(project.released(), "HEAD")) {
            throw Failure.stop("nothing to promote: " + project.released() + " holds all of " + project.source,
                    "commit something first: git log --oneline -5");
        }
        List<String> commits = project.git.log(project.released() + "..HEAD");
        String stat = project.git.shortstat(project.released(), "HEAD");
        phase.fact("commits", commits);
        phase.fact("diffstat", stat);
        phase.fact("commit", project.git.commit("HEAD"));
        phase.fact("released", project.git.commit(project.released()));
        return Gate.passed(commits.size() + (commits.size() == 1 ? " commit, " : " commits, ") + stat + "\n"
                + String.join("\n", commits.subList(0, Math.min(SHOWN, commits.size()))) + (commits.size() > SHOWN ? "\n…" : ""));
    }

    private Gate.Finding merge() {
        Git.Merge merge = project.git.merge(project.released(), "HEAD");
        if (!merge.conflicts().isEmpty()) {
            throw Failure.stop("merging " + project.source + " into " + project.release + " conflicts in: "
                    + String.join(", ", merge.conflicts()), "git merge " + project.released() + "   # on " + project.source
                    + ", solve it there, push, then run this again");
        }
        return Gate.passed(project.source + " merges into " + project.release + " without conflict");
    }

    private Gate.Finding push() {
        if (noProbe) {
            return Gate.skipped("a dry run pushes nothing");
        }
        String refusal = project.git.refusal(remote);
        if (refusal != null) {
            throw Failure.stop(remote + " does not take a push: " + refusal,
                    "ask for the right to push to " + project.source + " and " + project.release + "; try it: git push " + remote);
        }
        return Gate.passed(remote + " takes a push (a throw-away ref was pushed and removed)");
    }

    private Gate.Finding settings() {
        Address.Found found = project.address();
        return Gate.passed("database of " + project.environment + " from " + found.source() + ": " + found.target().place());
    }

    private Gate.Finding reach() throws Exception {
        try (Connection connection = Postgres.read(project.address().target(), "preflight")) {
            production = Postgres.identity(connection);
            phase.fact("identity", production);
            return Gate.passed("PostgreSQL " + production.version());
        }
    }

    private Gate.Finding clients() {
        Clients.Client newest = Clients.newest();
        return Gate.passed("pg_dump " + newest.version() + " in " + newest.bin());
    }

    private Gate.Finding versions() {
        Clients.Client client = Clients.fitting(production.major());
        return Gate.passed("pg_dump " + client.version() + " reads PostgreSQL " + production.major());
    }

    // A container is one way to a rehearsal server among several; only without any other does its absence stop anything.
    private Gate.Finding container() {
        if (!Compose.present(project.repo)) {
            return Gate.skipped("no compose file");
        }
        try {
            String runtime = Compose.runtime();
            Optional<Compose> database = Compose.database(project.repo);
            return database.isEmpty() ? Gate.passed(runtime + ", no database service in the compose file")
                    : Gate.passed(runtime + ", service " + database.get().service() + " " + database.get().start());
        } catch (Failure failure) {
            boolean other = System.getenv("RELEASE_SCRATCH_URL") != null || production != null && Servers.installed(production.major()).isPresent();
            if (!other && production != null) {
                try {
                    Servers.fitting(production.major());
                } catch (Failure none) {
                    throw failure;
                }
            }
            return Gate.warned(failure.getMessage() + "; the rehearsal has another server", failure.hint);
        }
    }

    private Gate.Finding migrator() {
        Optional<History> history = project.history();
        return history.isEmpty() ? Gate.skipped("no migration tool was found")
                : DrizzleMigrator.check(project.repo, project.files(), history.get());
    }

    private Gate.Finding build() {
        List<List<String>> commands = Build.commands(project.repo, project.settings);
        if (commands.isEmpty()) {
            return Gate.warned("the project has no checks of its own", "name them in release.json: {\"checks\": [[\"npm\", \"test\"]]}");
        }
        Run run = Run.open(project.repo);
        Build.run(project.repo, commands, run.folder(), common.console()::say);
        List<String> typed = new ArrayList<>();
        commands.forEach(command -> typed.add(Exec.typed(command)));
        return Gate.passed(String.join("; ", typed));
    }
}
