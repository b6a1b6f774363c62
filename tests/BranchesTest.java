//SOURCES PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Each gate of preflight.java: open, and closed for its own reason. */
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The gates of git that look at this clone and at the remote, each open and closed for its own reason. */
class BranchesTest extends PreflightCase {
    @Test
    void anotherBranchStops() {
        world.git("checkout", "-q", "-b", "feature/ä");
        stops("git.branch", 10, "the branch is feature/ä, not main", "git switch main");
    }

    @Test
    void aDetachedHeadStops() {
        world.git("checkout", "-q", "--detach");
        stops("git.branch", 10, "HEAD is detached at " + world.git("rev-parse", "HEAD").substring(0, 7),
                "git switch main");
    }

    @Test
    void aRepositoryWithoutACommitStops() {
        world.git("checkout", "-q", "--orphan", "fresh");
        world.write("release.json", "{\"branches\": {\"source\": \"fresh\"}}");
        World.Result seen = stops("git.branch", 10, "fresh has no commit yet", "git commit");
        saw(seen, "migrator", "skip", "nothing is committed");
    }

    @Test
    void aTagOfTheSameNameDoesNotConfuseTheBranch() {
        world.git("tag", "main", "HEAD~1");
        world.git("tag", "release", "HEAD");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertEquals(1, seen.json().at("/facts/commits").size(), seen::all);
    }

    @Test
    void aLocalBranchThatHidesTheRemotesBranchStops() {
        world.git("branch", "origin/release", "HEAD");
        World.Result seen = stops("git.behind", 10, "refs/heads/origin/release of this clone hides origin/release",
                "git update-ref -d refs/heads/origin/release");
        paste(seen, "git.behind");
        assertEquals(0, gates().exit());
    }

    /** Does what the hint says. */
    @Test
    void changedUntrackedAndRenamedPathsAreNamedAsTheyAre() {
        world.write("größe und maß.txt", "x\n".repeat(20));
        world.push("a file to rename");
        world.git("config", "status.renames", "copies");
        world.git("config", "color.ui", "always");
        world.git("mv", "größe und maß.txt", "neuer name.txt");
        world.write("app.txt", "changed");
        world.write("new folder/übrig.txt", "");
        World.Result seen = stops("git.clean", 10, "3 paths are not committed: ", "git stash --include-untracked");
        String message = seen.gate("git.clean").path("message").asText();
        assertEquals("3 paths are not committed: app.txt, neuer name.txt, new folder/übrig.txt", message);
    }

    @Test
    void ofManyChangedPathsTheFirstAreNamed() {
        for (int i = 0; i < 20; i++) {
            world.write("file" + (10 + i), "");
        }
        stops("git.clean", 10,
                "20 paths are not committed: file10, file11, file12, file13, file14, file15, file16, file17, …",
                "git stash");
    }

    @Test
    void aMergeThatWasNotEndedStopsThoughTheTreeLooksClean() {
        colleague("release", "hotfix.txt", "1");
        world.git("fetch", "-q");
        world.git("merge", "-q", "--no-commit", "-s", "ours", "origin/release");
        assertEquals("", world.git("status", "--porcelain"));
        stops("git.clean", 10, "a merge was begun and not ended", "git merge --continue");
    }

    @Test
    void aChangedSubmoduleIsAnUncommittedChange() {
        world.environment.put("GIT_ALLOW_PROTOCOL", "file");
        world.git("submodule", "--quiet", "add", world.origin.toString(), "libs/sub module");
        world.push("a submodule");
        assertEquals(0, gates().exit());
        World.write(world.repo.resolve("libs/sub module/new.txt"), "");
        stops("git.clean", 10, "1 path is not committed: libs/sub module", "git stash");
    }

    @Test
    void behindTheRemoteStops() {
        colleague("main", "theirs.txt", "1");
        World.Result seen = stops("git.behind", 10, "main is 1 commit behind origin/main",
                "git merge --ff-only origin/main");
        paste(seen, "git.behind");
        assertEquals(0, gates().exit());
    }

    @Test
    void divergedFromTheRemoteStops() {
        colleague("main", "theirs.txt", "1");
        world.write("ours.txt", "1");
        world.commit("ours");
        stops("git.behind", 10, "main and origin/main have diverged: 1 commit here, 1 there", "git rebase origin/main");
    }

    @Test
    void unpushedCommitsAreReportedAndStopNothing() {
        world.write("ours.txt", "1");
        world.commit("ours");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.behind", "warn", "1 commit is not pushed yet; the release pushes them");
        assertEquals(2, seen.json().at("/facts/commits").size());
        assertFalse(world.git("rev-parse", "HEAD").equals(world.git(world.origin, "rev-parse", "main")));
    }

    @Test
    void aRemoteThatIsGoneIsMissing() {
        world.git("remote", "set-url", "origin", world.folder.resolve("no such.git").toString());
        World.Result seen = stops("git.behind", 12, "git cannot fetch from origin: fatal: '", "git fetch origin");
        saw(seen, "git.behind", "stop", "no such.git' does not appear to be a git repository");
        assertEquals("missing", seen.json().path("status").asText());
        saw(seen, "git.push", "skip", "git.behind");
    }

    @Test
    void aRepositoryWithoutARemoteStops() {
        world.git("remote", "remove", "origin");
        stops("git.behind", 10, "this repository has no remote that main could be pushed to", "git remote add origin");
    }

    @Test
    void anotherRemoteNameIsFound() {
        world.git("remote", "rename", "origin", "upstream");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.behind", "pass", "as upstream/main");
        saw(seen, "git.release", "pass", "upstream/release at ");
    }

    @Test
    void withoutAnUpstreamOriginIsTakenAndAUrlIsNone() {
        world.git("branch", "--unset-upstream");
        assertEquals(0, gates().exit());
        world.git("config", "branch.main.remote", world.origin.toString());
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.behind", "pass", "as origin/main");
    }

    @Test
    void aSourceBranchThatTheRemoteLacksStops() {
        world.git("checkout", "-q", "-b", "trunk");
        world.write("release.json", "{\"branches\": {\"source\": \"trunk\"}, \"checks\": []}");
        world.commit("trunk");
        World.Result seen = stops("git.behind", 10, "origin has no branch trunk", "git push -u origin trunk");
        paste(seen, "git.behind");
        assertEquals(0, gates().exit());
    }

    @Test
    void aShallowCloneStopsBecauseNothingCanBeCompared() {
        Path shallow = world.folder.resolve("shallow");
        world.git(world.folder, "clone", "-q", "--depth", "1", "file://" + world.origin, shallow.toString());
        World.Result seen = gates("--repo", shallow.toString());
        assertEquals(10, seen.exit(), seen::all);
        saw(seen, "git.behind", "stop", "this clone is shallow");
        world.git(shallow, "fetch", "-q", "--unshallow", "origin");
        // A clone of one branch: the release branch is on the remote all the same.
        World.Result whole = gates("--repo", shallow.toString());
        assertEquals(0, whole.exit(), whole::all);
        saw(whole, "git.release", "pass", "origin/release at ");
    }

    @Test
    void aMissingReleaseBranchStopsWithTheCommandThatMakesIt() {
        world.git("push", "-q", "origin", ":release");
        World.Result seen = stops("git.release", 10, "origin has no branch release",
                "git push origin COMMIT:refs/heads/release");
        saw(seen, "git.push", "pass", "origin takes a push");
        world.git("push", "-q", "origin", "HEAD~1:refs/heads/release");
        assertEquals(0, gates().exit());
    }

    @Test
    void nothingToPromoteStops() {
        world.git("push", "-q", "origin", "main:release");
        stops("git.commits", 10, "nothing to promote: origin/release holds all of main", "git log --oneline");
    }

    @Test
    void aReleaseBranchAheadOfMainHasNothingToGetEither() {
        world.git("push", "-q", "origin", "main:release");
        colleague("release", "hotfix.txt", "1");
        stops("git.commits", 10, "nothing to promote", "git log");
    }

    @Test
    void ofManyCommitsTheNewestAreShownAndAllRecorded() {
        for (int i = 1; i <= 12; i++) {
            world.git("commit", "-q", "--allow-empty", "-m", "Schritt für Schritt " + i);
        }
        world.git("config", "log.showSignature", "true");
        world.git("push", "-q");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertEquals(13, seen.json().at("/facts/commits").size());
        String message = seen.gate("git.commits").path("message").asText();
        assertTrue(message.startsWith("13 commits, 1 file changed"), message);
        assertTrue(message.contains("Schritt für Schritt 12\n") && message.endsWith("…"), message);
    }

    @Test
    void aCommitThatChangesNoFileIsSaidToBeOne() {
        world.git("push", "-q", "origin", "main:release");
        world.git("commit", "-q", "--allow-empty", "-m", "deploy again");
        saw(gates(), "git.commits", "pass", "1 commit, no file differs\n");
    }

    @Test
    void aMergeConflictIsForeseenWithItsPathsAndTouchesNothing() {
        colleague("release", "app.txt", "hotfix\n");
        colleague("release", "größe \"x\".txt", "theirs\n");
        world.write("größe \"x\".txt", "ours\n");
        world.push("ours");
        String head = world.git("rev-parse", "HEAD");
        stops("git.merge", 10, "merging main into release conflicts in: app.txt, größe \"x\".txt",
                "git merge origin/release");
        assertEquals(head, world.git("rev-parse", "HEAD"));
        assertEquals("", world.git("status", "--porcelain"));
        assertFalse(Files.exists(world.repo.resolve(".git/MERGE_HEAD")));
        assertFalse(Files.exists(world.repo.resolve(".git/index.lock")));
    }

    @Test
    void aHotfixOnReleaseThatDoesNotConflictMerges() {
        colleague("release", "hotfix.txt", "1");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.merge", "pass", "main merges into release without conflict");
    }

    @Test
    void branchesWithoutACommonCommitStop() {
        world.git("checkout", "-q", "--orphan", "other");
        world.git("commit", "-q", "-m", "another beginning");
        world.git("push", "-q", "--force", "origin", "other:release");
        world.git("checkout", "-q", "main");
        stops("git.merge", 10, "origin/release and HEAD have no commit in common", "--allow-unrelated-histories");
    }
}
