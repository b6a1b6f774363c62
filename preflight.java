///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Find every reason to stop before anything is touched.
//JAVA 17+

//SOURCES lib/Address.java lib/Build.java lib/Cli.java lib/Clients.java lib/Compose.java lib/Failure.java lib/Gate.java
//SOURCES lib/Git.java lib/History.java lib/Phase.java lib/Postgres.java lib/Project.java lib/Run.java lib/Servers.java
//SOURCES lib/Target.java lib/migrations/DrizzleMigrator.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dfile.encoding=UTF-8

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
import lib.Target;
import lib.migrations.DrizzleMigrator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** Every gate that must be open before a release begins; all that fail are shown, not only the first. */
@Command(name = "preflight", mixinStandardHelpOptions = true, versionProvider = Cli.Version.class,
        scope = ScopeType.INHERIT,
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
    private Run run;
    private String remote;
    private Target database;
    private Postgres.Identity production;

    public static void main(String... args) {
        System.exit(Cli.run(new preflight(), args));
    }

    @Override
    public Integer call() throws Exception {
        project = new Project(common);
        phase = common.phase("preflight");
        phase.gate("ignored", this::ignored);
        boolean branch = phase.gate("git.branch", this::branch);
        phase.gate("git.clean", this::clean);
        boolean fetched = after(branch, "git.branch", "git.behind", this::behind);
        boolean released = after(fetched, "git.behind", "git.release", this::releaseBranch);
        boolean commits = after(released, "git.release", "git.commits", this::commits);
        after(commits, "git.commits", "git.merge", this::merge);
        after(fetched, "git.behind", "git.push", this::push);
        boolean settings = phase.gate("settings", this::settings);
        boolean reached = after(settings, "settings", "db.reach", this::reach);
        phase.gate("tools.client", this::clients);
        after(reached, "db.reach", "tools.version", this::versions);
        phase.gate("container", this::container);
        phase.gate("migrator", this::migrator);
        // The longest gate last, and not at all when another one has stopped the release already.
        if (skipBuild) {
            phase.skip("build", "left out by --skip-build");
        } else if (phase.stopped()) {
            phase.skip("build", "not run: another gate stops the release already");
        } else {
            phase.gate("build", this::build);
        }
        phase.fact("buildSkipped", skipBuild);
        // Nothing is written into a folder that git would commit.
        return phase.finish(run, phase.stopped() ? null : "ready");
    }

    /** A gate that asks for what an earlier one found; when that one stopped, it says so instead of looking. */
    private boolean after(boolean open, String before, String id, Gate.Check check) {
        if (!open) {
            phase.skip(id, "not looked at: " + before + " comes first");
        }
        return open && phase.gate(id, check);
    }

    private Gate.Finding ignored() {
        Gate.Finding finding = Run.ignored(project.git);
        boolean there = Files.exists(project.repo.resolve(".env"));
        if (project.git.tracked(".env")) {
            throw Failure.stop(".env is in git, and it holds secrets", "git rm --cached .env && printf '\\n.env\\n'"
                    + " >> .gitignore && git add .gitignore && git commit -m 'Take .env out of git'   "
                    + "# and change the secrets in it");
        }
        if (there && !project.git.ignored(".env")) {
            throw Failure.stop(".env is not ignored by git", "printf '\\n.env\\n' >> .gitignore"
                    + " && git add .gitignore && git commit -m 'Ignore .env' .gitignore");
        }
        run = Run.open(project.repo);
        return there ? Gate.passed(finding.message() + ", and so does .env") : finding;
    }

    private Gate.Finding branch() {
        String branch = project.git.branch();
        String head = project.git.commit("HEAD");
        if (branch.isEmpty()) {
            throw Failure.stop("HEAD is detached at " + Git.brief(head) + ", not on branch " + project.source,
                    "git switch " + project.source);
        }
        if (!branch.equals(project.source)) {
            throw Failure.stop("the branch is " + branch + ", not " + project.source, "git switch " + project.source);
        }
        if (head == null) {
            throw Failure.stop(branch + " has no commit yet", "git add --all && git commit");
        }
        return Gate.passed("on " + branch);
    }

    private Gate.Finding clean() {
        String unfinished = project.git.unfinished();
        if (unfinished != null) {
            throw Failure.stop("a " + unfinished + " was begun and not ended", "git " + unfinished + " --continue");
        }
        List<String> changes = project.git.changes();
        if (!changes.isEmpty()) {
            throw Failure.stop(count(changes.size(), "path is", "paths are") + " not committed: "
                    + String.join(", ", first(changes)), "git stash --include-untracked   # or commit them");
        }
        return Gate.passed("nothing uncommitted");
    }

    private Gate.Finding behind() {
        remote = project.remote();
        Exec.Result fetch = project.git.fetch(remote);
        if (!fetch.ok()) {
            throw Failure.missing("git cannot fetch from " + remote + ": " + Git.reason(fetch), "git fetch " + remote);
        }
        String upstream = remote + "/" + project.source;
        for (String tracking : List.of(upstream, project.released())) {
            String hiding = project.git.hiding(tracking);
            if (hiding != null) {
                throw Failure.stop(hiding + " of this clone hides " + tracking + " of the remote",
                        "git update-ref -d " + hiding + "   # removes it; git branch or git tag give it another name");
            }
        }
        if (project.git.commit(upstream) == null) {
            throw Failure.stop(remote + " has no branch " + project.source,
                    "git push -u " + remote + " " + project.source);
        }
        if (project.git.shallow()) {
            throw Failure.stop("this clone is shallow: without its history nothing can be compared with "
                    + project.released(), "git fetch --unshallow " + remote);
        }
        int[] apart = project.git.apart("HEAD", upstream);
        if (apart[0] > 0 && apart[1] > 0) {
            throw Failure.stop(project.source + " and " + upstream + " have diverged: "
                    + count(apart[0], "commit", "commits") + " here, " + apart[1] + " there", "git rebase " + upstream);
        }
        if (apart[1] > 0) {
            throw Failure.stop(project.source + " is " + count(apart[1], "commit", "commits") + " behind " + upstream,
                    "git merge --ff-only " + upstream);
        }
        return apart[0] == 0 ? Gate.passed("as " + upstream) : Gate.warned(count(apart[0], "commit is", "commits are")
                + " not pushed yet; the release pushes them", "git push " + remote + " " + project.source);
    }

    private Gate.Finding releaseBranch() {
        String head = project.git.commit(project.released());
        if (head == null) {
            throw Failure.stop(remote + " has no branch " + project.release,
                    "git push " + remote + " COMMIT:refs/heads/" + project.release
                    + "   # COMMIT: the one that production runs, see git log --oneline");
        }
        return Gate.passed(project.released() + " at " + Git.brief(head));
    }

    private Gate.Finding commits() {
        if (project.git.contains(project.released(), "HEAD")) {
            throw Failure.stop("nothing to promote: " + project.released() + " holds all of " + project.source,
                    "commit something first; what is there: git log --oneline -5");
        }
        List<String> commits = project.git.log(project.released() + "..HEAD");
        String stat = project.git.shortstat(project.released(), "HEAD");
        phase.fact("commits", commits);
        phase.fact("diffstat", stat);
        phase.fact("commit", project.git.commit("HEAD"));
        phase.fact("released", project.git.commit(project.released()));
        return Gate.passed(count(commits.size(), "commit", "commits") + ", "
                + (stat.isEmpty() ? "no file differs" : stat) + "\n" + String.join("\n", first(commits)));
    }

    private Gate.Finding merge() {
        Git.Merge merge = project.git.merge(project.released(), "HEAD");
        if (!merge.conflicts().isEmpty()) {
            throw Failure.stop("merging " + project.source + " into " + project.release + " conflicts in: "
                    + String.join(", ", merge.conflicts()), "git merge " + project.released() + "   # on "
                    + project.source + ", solve it there, push, then run this again");
        }
        return Gate.passed(project.source + " merges into " + project.release + " without conflict");
    }

    private Gate.Finding push() {
        if (noProbe) {
            return Gate.skipped("a dry run pushes nothing");
        }
        Git.Probe probe = project.git.probe(remote);
        if (probe.refusal() != null) {
            throw Failure.stop(remote + " does not take a push: " + probe.refusal(), "git push " + remote + " "
                    + project.source + "   # shows it again; ask for the right to push to " + project.source + " and "
                    + project.release);
        }
        if (probe.left() != null) {
            return Gate.warned(remote + " takes a push, but did not let the throw-away ref be removed again: "
                    + probe.left(), "git push " + remote + " :" + probe.left());
        }
        return Gate.passed(remote + " takes a push (tried with a throw-away ref)");
    }

    private Gate.Finding settings() {
        Address.Found found = project.address();
        database = found.target();
        return Gate.passed("database of " + project.environment + " from " + found.source() + ": " + database.place());
    }

    private Gate.Finding reach() throws Exception {
        try (Connection connection = Postgres.read(database, "preflight")) {
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

    // A container is one way to a rehearsal server among several; its absence stops only when there is no other.
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
            if (failure.exit == Failure.Exit.INTERRUPTED) {
                throw failure;
            }
            return Gate.warned(failure.getMessage() + "; " + otherServer(failure), failure.hint);
        }
    }

    private String otherServer(Failure failure) {
        if (System.getenv("RELEASE_SCRATCH_URL") != null) {
            return "the rehearsal uses the server of RELEASE_SCRATCH_URL";
        }
        if (production == null) {
            return "whether the rehearsal has another server shows when production is reached";
        }
        try {
            return "the rehearsal uses the server in " + Servers.fitting(production.major());
        } catch (Failure none) {
            throw failure;
        }
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

    private static String count(int number, String one, String many) {
        return number + " " + (number == 1 ? one : many);
    }

    /** The first of a list, and a sign that there are more. */
    private static List<String> first(List<String> all) {
        List<String> shown = new ArrayList<>(all.subList(0, Math.min(SHOWN, all.size())));
        if (all.size() > SHOWN) {
            shown.add("…");
        }
        return shown;
    }
}
