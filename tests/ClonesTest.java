//SOURCES PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import lib.Exec;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The gates of git in clones that are not the plain one. */
class ClonesTest extends PreflightCase {
    /** Another clone of the same origin, looked at instead of the first. */
    private Path clone(String... options) {
        Path clone = world.folder.resolve("another clone");
        List<String> command = new ArrayList<>(List.of("clone", "-q"));
        command.addAll(Arrays.asList(options));
        command.addAll(List.of("file://" + world.origin, clone.toString()));
        world.git(world.folder, command.toArray(String[]::new));
        return clone;
    }

    private World.Result gates(Path clone) {
        return gates("--repo", clone.toString());
    }

    @Test
    void aCloneOfOneBranchSeesTheReleaseBranchAllTheSame() {
        World.Result seen = gates(clone("--single-branch"));
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.release", "pass", "origin/release at ");
    }

    @Test
    void aPartialCloneIsAClone() {
        world.git(world.origin, "config", "uploadpack.allowFilter", "true");
        World.Result seen = gates(clone("--filter=blob:none"));
        assertEquals(0, seen.exit(), seen::all);
        assertEquals(1, seen.json().at("/facts/commits").size());
    }

    @Test
    void aSparseCheckoutIsToldBecauseTheBuildSeesOnlyAPart() {
        world.write("web/page.html", "<p>\n");
        world.push("a page");
        world.git("sparse-checkout", "set", "--cone", "no-such-folder");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.clean", "warn", "this is a sparse checkout");
        assertTrue(seen.gate("git.clean").path("hint").asText().startsWith("git sparse-checkout disable"));
    }

    @Test
    void linesThatAreConvertedOnCheckoutAreNoChange() {
        Path clone = clone("-c", "core.autocrlf=true");
        assertEquals("2\r\n", World.read(clone.resolve("app.txt")));
        World.Result seen = gates(clone);
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.clean", "pass", "nothing uncommitted");
    }

    @Test
    void aFileWhoseChangesGitWasToldToOverlookIsNamed() {
        world.git("update-index", "--assume-unchanged", "app.txt");
        world.write("app.txt", "changed behind git's back\n");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.clean", "warn", "told not to look for changes of: app.txt");
        paste(seen, "git.clean");
        stops("git.clean", 10, "1 path is not committed: app.txt", "git stash");
    }

    @Test
    void aRebaseThatWasNotEndedStops() {
        colleague("main", "app.txt", "theirs\n");
        world.write("app.txt", "ours\n");
        world.commit("ours");
        world.git("fetch", "-q");
        assertTrue(Exec.of("git", "rebase", "-q", "origin/main").in(world.repo).with(world.environment).run().exit()
                != 0);
        World.Result seen = stops("git.clean", 10, "a rebase was begun and not ended", "git rebase --continue");
        saw(seen, "git.branch", "stop", "HEAD is detached");
    }

    @Test
    void aSubmodulesCommitThatNobodyElseHasStopsBecauseNoDeployCouldFetchIt() {
        Path library = world.folder.resolve("library.git");
        world.git(world.folder, "init", "-q", "--bare", "--initial-branch=main", library.toString());
        Path seed = world.folder.resolve("seed");
        world.git(world.folder, "clone", "-q", library.toString(), seed.toString());
        world.git(seed, "checkout", "-q", "-b", "main");
        World.write(seed.resolve("lib.txt"), "1\n");
        world.git(seed, "add", "--all");
        world.git(seed, "commit", "-q", "-m", "library");
        world.git(seed, "push", "-q", "origin", "main");
        world.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", library.toString(), "vendor");
        world.push("submodule");
        World.Result fine = gates();
        assertEquals(0, fine.exit(), fine::all);

        Path inside = world.repo.resolve("vendor");
        World.write(inside.resolve("lib.txt"), "2\n");
        world.git(inside, "commit", "-q", "-a", "-m", "only here");
        world.commit("newer library");
        World.Result seen = stops("git.push", 10, "vendor", "git push --recurse-submodules=on-demand origin main");
        saw(seen, "git.behind", "warn", "1 commit is not pushed yet");
        paste(seen, "git.push");
        assertEquals(0, gates().exit());
    }

    @Test
    void commitsThatMustBeSignedAreSignedAndAKeyThatIsGoneStopsNow() throws IOException {
        Path key = world.folder.resolve("key");
        Assumptions.assumeTrue(Exec.of("sh", "-c", "command -v ssh-keygen").run().ok(), "ssh-keygen is not installed");
        assertTrue(Exec.of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key.toString()).run().ok());
        world.git("config", "gpg.format", "ssh");
        world.git("config", "user.signingkey", key + ".pub");
        world.git("config", "commit.gpgsign", "true");
        Path record = world.folder.resolve("signatures");
        // A host that wants signatures looks at what is pushed, the commit of the merge among it.
        World.script(world.origin.resolve("hooks/pre-receive"), """
                while read old new ref; do
                  case $new in 0000*) continue;; esac
                  git cat-file commit $new | grep -q '^gpgsig ' || { echo "$ref is not signed" >&2; exit 1; }
                  echo signed >> '%s'
                done
                """.formatted(record));
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("signed\n", World.read(record));
        world.git("config", "commit.gpgsign", "false");
        stops("git.push", 10, "is not signed", "git push origin main");
        world.git("config", "commit.gpgsign", "true");
        Files.delete(key);
        stops("git.merge", 10, "git cannot make a commit: ", "git commit-tree -S");
    }

    @Test
    void withoutANameThereAreNoCommitsAndNoRelease() {
        for (String who : List.of("AUTHOR", "COMMITTER")) {
            world.environment.put("GIT_" + who + "_NAME", null);
            world.environment.put("GIT_" + who + "_EMAIL", null);
        }
        world.git("config", "user.useConfigOnly", "true");
        World.Result seen = stops("git.merge", 10, "git cannot make a commit: ", "git config --global user.name");
        saw(seen, "git.push", "pass", "origin takes a push");
    }
}
