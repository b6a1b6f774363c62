//SOURCES ../Exec.java ../Failure.java ../Gate.java ../Git.java ../Phase.java ../Project.java ../Promotion.java
//SOURCES ../Push.java Protection.java

package lib.preflight;

import java.util.ArrayList;
import java.util.List;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.Git;
import lib.Phase;
import lib.Project;
import lib.Promotion;
import lib.Push;

/** The gates of git: what is promoted, whether it can be, and whether the remote will take it. */
public final class Repository {
    private static final int SHOWN = 8;

    private final Project project;
    private final Phase phase;
    private String remote;
    private Git.Merge merge;
    private String commit;

    public Repository(Project project, Phase phase) {
        this.project = project;
        this.phase = phase;
    }

    /** On the source branch, and on a commit. */
    public Gate.Finding branch() {
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

    /** Nothing is uncommitted, and nothing like a merge is under way. */
    public Gate.Finding clean() {
        String unfinished = project.git.unfinished();
        if (unfinished != null) {
            throw Failure.stop("a " + unfinished + " was begun and not ended", "git " + unfinished + " --continue");
        }
        List<String> changes = project.git.changes();
        if (!changes.isEmpty()) {
            throw Failure.stop(count(changes.size(), "path is", "paths are") + " not committed: "
                    + String.join(", ", first(changes)), "git stash --include-untracked   # or commit them");
        }
        List<String> hidden = project.git.hidden();
        if (!hidden.isEmpty()) {
            return Gate.warned("nothing uncommitted that git looks for; it was told not to look for changes of: "
                    + String.join(", ", first(hidden)), "git update-index --no-assume-unchanged "
                    + Exec.typed(first(hidden)) + "   # and look again");
        }
        return project.git.sparse() ? Gate.warned("nothing uncommitted; this is a sparse checkout",
                "git sparse-checkout disable   # if build or tests need the files that are left out")
                : Gate.passed("nothing uncommitted");
    }

    /** As the remote has it, after a fetch; commits that only this clone has are a warning. */
    public Gate.Finding behind() {
        remote = project.remote();
        Exec.Result fetch = project.git.fetch(remote);
        if (!fetch.ok()) {
            throw Failure.missing("git cannot fetch from " + remote + ": " + Git.reason(fetch), way(fetch.err()));
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

    /** The same where nothing is promoted: a clone without a remote, or a branch that was never pushed, will do. */
    public Gate.Finding perhapsBehind() {
        String known = project.followed().orElse(null);
        boolean followed = known != null && project.git.fetch(known).ok()
                && project.git.commit(known + "/" + project.source) != null;
        return followed ? behind() : Gate.skipped(known == null ? "this repository has no remote"
                : known + " cannot be asked, or has no branch " + project.source);
    }

    /** The branch that is deployed exists on the remote. */
    public Gate.Finding releaseBranch() {
        String head = project.git.commit(project.released());
        if (head == null) {
            throw Failure.stop(remote + " has no branch " + project.release,
                    "git push " + remote + " COMMIT:refs/heads/" + project.release
                    + "   # COMMIT: the one that production runs, see git log --oneline");
        }
        return Gate.passed(project.released() + " at " + Git.brief(head));
    }

    /** There is something to promote; what it is goes into the run record. */
    public Gate.Finding commits() {
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

    /** The source branch merges into the release branch, and git can make that commit here, signed where it must be. */
    public Gate.Finding merge() {
        if (!merged().conflicts().isEmpty()) {
            throw Failure.stop("merging " + project.source + " into " + project.release + " conflicts in: "
                    + String.join(", ", merged().conflicts()), "git merge " + project.released() + "   # on "
                    + project.source + ", solve it there, push, then run this again");
        }
        commit();
        return Gate.passed(project.source + " merges into " + project.release + " without conflict");
    }

    // Made once for both gates that want it, which are looked at side by side: signing may ask for a person's finger.
    private synchronized Git.Merge merged() {
        if (merge == null) {
            merge = project.git.merge(project.released(), "HEAD");
        }
        return merge;
    }

    private synchronized String commit() {
        if (commit == null) {
            commit = project.git.commitTree(merged().tree(), Promotion.message(project),
                    List.of(project.git.commit(project.released()), project.git.commit("HEAD")));
        }
        return commit;
    }

    /** The remote takes a push: tried with a ref that is removed again, for a dry run asks no hook of the server. */
    public Gate.Finding push() {
        Push.Probe probe = project.git.push(remote).probe(trial());
        if (probe.refusal() != null) {
            boolean submodule = probe.refusal().contains("submodule");
            throw Failure.stop(remote + " does not take a push: " + probe.refusal(), submodule
                    ? "git push --recurse-submodules=on-demand " + remote + " " + project.source
                    : "git push " + remote + " " + project.source + "   # shows it again; ask for the right to push to "
                    + project.source + " and " + project.release);
        }
        if (probe.left() != null) {
            return Gate.warned(remote + " takes a push, but did not let the throw-away ref be removed again: "
                    + probe.left(), "git push " + remote + " :" + probe.left());
        }
        String url = project.git.url(remote);
        boolean signs = project.git.signs();
        String shown = "";
        for (String branch : List.of(project.source, project.release)) {
            Protection protection = Protection.of(project.repo, url, branch, signs);
            if (!protection.rules().isEmpty()) {
                return Gate.warned(remote + " takes a push, but " + branch + " has rules that may refuse it: "
                        + String.join(", ", protection.rules()), protection.command()
                        + "   # your account must be allowed to pass them by");
            }
            shown = protection.command() == null ? "" : "\nwhat its host demands of " + branch + " alone: "
                    + protection.command();
        }
        return Gate.passed(remote + " takes a push (tried with a throw-away ref)" + shown);
    }

    // The commit that will be pushed, as hooks will see it; where it cannot be made yet, the one that is there.
    private String trial() {
        if (project.git.commit(project.released()) != null && !project.git.contains(project.released(), "HEAD")) {
            try {
                return merged().conflicts().isEmpty() ? commit() : "HEAD";
            } catch (Failure failure) {
                // Said by the gate of the merge.
                return "HEAD";
            }
        }
        return "HEAD";
    }

    // How to get past the reasons for which git cannot reach a remote, told by what git and ssh say.
    private String way(String said) {
        String url = project.git.url(remote);
        String host = url.replaceFirst("^[a-z+]+://", "").replaceFirst("^([^/@]*@)?([^:/]+).*", "$2");
        if (said.contains("Permission denied (publickey")) {
            return "ssh -T git@" + host + "   # this machine's key is not known there; add it to your account";
        }
        if (said.contains("Host key verification failed")) {
            return "ssh -T git@" + host + "   # compare the fingerprint that it shows, and accept it";
        }
        if (said.contains("could not read Username") || said.contains("could not read Password")
                || said.contains("Authentication failed")) {
            return "git fetch " + remote + "   # asks for a login; git config --global credential.helper keeps it";
        }
        return "git fetch " + remote;
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
