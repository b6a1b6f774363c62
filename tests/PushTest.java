//SOURCES PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Each gate of preflight.java: open, and closed for its own reason. */
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The gate that tries whether the remote takes a push. */
class PushTest extends PreflightCase {
    @Test
    void theProbeLeavesNothingBehind() {
        String before = world.git(world.origin, "for-each-ref");
        saw(gates(), "git.push", "pass", "origin takes a push");
        assertEquals(before, world.git(world.origin, "for-each-ref"));
    }

    @Test
    void withoutTheProbeNothingIsPushed() {
        Path record = world.folder.resolve("pushes");
        World.script(world.origin.resolve("hooks/pre-receive"), "cat >> '" + record + "'\n");
        World.Result seen = gates("--no-probe");
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.push", "skip", "a dry run pushes nothing");
        assertFalse(Files.exists(record));
        gates();
        assertEquals(2, World.read(record).lines().count(), () -> World.read(record));
    }

    @Test
    void aHookThatRefusesEverythingStopsWithItsWords() {
        World.script(world.origin.resolve("hooks/pre-receive"), "echo 'closed until Monday' >&2\nexit 1\n");
        World.Result seen = stops("git.push", 10, "origin does not take a push: ", "git push origin main");
        saw(seen, "git.push", "stop", "closed until Monday");
        assertEquals("", world.git(world.origin, "for-each-ref", "refs/release-probe", "refs/heads/release-probe*"));
    }

    @Test
    void aRemoteThatTakesBranchesOnlyIsProbedWithABranch() {
        Path record = world.folder.resolve("pushes");
        World.script(world.origin.resolve("hooks/update"),
                "echo \"$1\" >> '" + record + "'\ncase \"$1\" in refs/heads/*) exit 0;; esac\nexit 1\n");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertTrue(World.read(record).matches("(?s)refs/release-probe/.*refs/heads/release-probe-.*"),
                () -> World.read(record));
        assertEquals("", world.git(world.origin, "for-each-ref", "refs/release-probe", "refs/heads/release-probe*"));
        world.git("fetch", "-q");
        assertEquals("", world.git("for-each-ref", "refs/remotes/origin/release-probe*"));
    }

    @Test
    void aRemoteThatDeletesNothingStillTakesAReleaseAndTheLeftRefIsNamed() {
        World.script(world.origin.resolve("hooks/update"), "case $3 in 0000000*) exit 1;; esac\n");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.push", "warn", "did not let the throw-away ref be removed again: refs/release-probe/");
        assertTrue(seen.gate("git.push").path("hint").asText().startsWith("git push origin :refs/release-probe/"));
    }

    @Test
    void ourOwnPrePushHookIsAskedAsForTheRealPushButNotForTheRemoval() {
        Path record = world.folder.resolve("hooked");
        World.script(world.repo.resolve(".git/hooks/pre-push"), "cat >> '" + record + "'\n");
        assertEquals(0, gates().exit());
        assertEquals(1, World.read(record).lines().count(), () -> World.read(record));
        World.script(world.repo.resolve(".git/hooks/pre-push"), "echo 'lint first' >&2\nexit 1\n");
        stops("git.push", 10, "lint first", "git push origin main");
    }

    // Where it is run

    @Test
    void aHooksEnvironmentDoesNotLeadToAnotherRepository() {
        Map<String, String> hook = Map.of("GIT_DIR", world.origin.toString(), "GIT_WORK_TREE", world.folder.toString(),
                "GIT_INDEX_FILE", world.folder.resolve("index").toString(), "GIT_PREFIX", "x/");
        world.environment.putAll(hook);
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertTrue(Files.exists(world.repo.resolve("_migrations/run.json")));
        assertFalse(Files.exists(world.folder.resolve("_migrations")));
        hook.keySet().forEach(world.environment::remove);
    }

    @Test
    void aWorktreeAndASubfolderAreRepositoriesToo() throws IOException {
        Path tree = world.folder.resolve("work tree two");
        world.git("checkout", "-q", "--detach");
        world.git("worktree", "add", "-q", tree.toString(), "main");
        Path below = Files.createDirectories(tree.resolve("a folder/below"));
        World.Result seen = gates("--repo", below.toString());
        assertEquals(0, seen.exit(), seen::all);
        assertTrue(Files.exists(tree.resolve("_migrations/run.json")));
    }

    @Test
    void otherBranchNamesAreTakenFromReleaseJson() {
        world.git("checkout", "-q", "-b", "trunk");
        world.git("push", "-q", "-u", "origin", "trunk", "main~1:refs/heads/prod/live");
        world.write("release.json", """
                {"branches": {"source": "trunk", "release": "prod/live"}, "checks": []}""");
        world.commit("settings");
        world.git("push", "-q");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "git.branch", "pass", "on trunk");
        saw(seen, "git.release", "pass", "origin/prod/live at ");
        saw(seen, "git.merge", "pass", "trunk merges into prod/live");
    }
}
