//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import lib.Target;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each gate of preflight.java: open, and closed for its own reason. */
class PreflightTest {
    private static final List<String> GATES = List.of("ignored", "git.branch", "git.clean", "git.behind", "git.release",
            "git.commits", "git.merge", "git.push", "settings", "db.reach", "tools.client", "tools.version",
                    "container",
            "migrator", "build");

    private static World shared;
    private World world;

    /** The database is only read here, so one serves all tests; the repository is new for each. */
    @BeforeAll
    static void makeProduction() {
        shared = World.of("preflight's \"Own\"", "template0");
    }

    @AfterAll
    static void removeProduction() {
        shared.close();
    }

    @BeforeEach
    void makeRepository() {
        world = shared.again();
        world.write("app.txt", "1\n");
        world.commit("first");
        world.git("push", "-q", "-u", "origin", "main", "main:release");
        world.write("app.txt", "2\n");
        world.push("second");
    }

    @AfterEach
    void removeRepository() {
        world.forget();
    }

    private World.Result gates(String... arguments) {
        List<String> all = new ArrayList<>(List.of("--json"));
        all.addAll(List.of(arguments));
        return world.run("preflight", all.toArray(String[]::new));
    }

    /** Runs it, and asserts that this gate says so and what the exit code is. */
    private World.Result stops(String gate, int exit, String message, String hint) {
        World.Result seen = gates();
        assertEquals(exit, seen.exit(), seen::all);
        saw(seen, gate, "stop", message);
        assertTrue(seen.gate(gate).path("hint").asText().contains(hint), seen::all);
        assertFalse(seen.err().contains("\tat "), seen::all);
        assertFalse(Files.exists(world.folder.resolve("marker")), "the checks ran though a gate had stopped");
        return seen;
    }

    private static void saw(World.Result seen, String gate, String status, String message) {
        assertEquals(status, seen.gate(gate).path("status").asText(), () -> gate + ": " + seen.all());
        assertTrue(seen.gate(gate).path("message").asText().contains(message), () -> gate + ": " + seen.all());
    }

    /** Commits from another clone, as a colleague would. */
    private void colleague(String branch, String file, String text) {
        Path other = world.folder.resolve("colleague");
        if (!Files.exists(other)) {
            world.git(world.folder, "clone", "-q", world.origin.toString(), other.toString());
        }
        world.git(other, "checkout", "-q", "-B", branch, "origin/" + branch);
        World.write(other.resolve(file), text);
        world.git(other, "add", "--all");
        world.git(other, "commit", "-q", "-m", "colleague's " + file);
        world.git(other, "push", "-q", "origin", branch);
    }

    /** Puts a stand-in program before all others; the name of its record comes back. */
    private Path standIn(String name, String body) {
        Path bin = world.folder.resolve("bin");
        Path record = world.folder.resolve(name + ".log");
        World.script(bin.resolve(name), "echo \"$@\" >> '" + record + "'\n" + body);
        world.environment.put("PATH", bin + ":" + System.getenv("PATH"));
        return record;
    }

    /** Leaves nothing on PATH but git and what its hooks need. */
    private void barePath() throws IOException {
        Path bin = Files.createDirectories(world.folder.resolve("bare"));
        for (String name : List.of("git", "sh", "cat")) {
            for (String folder : System.getenv("PATH").split(":")) {
                if (Files.isExecutable(Path.of(folder, name)) && !Files.exists(bin.resolve(name))) {
                    Files.createSymbolicLink(bin.resolve(name), Path.of(folder, name));
                }
            }
        }
        world.environment.put("PATH", bin.toString());
    }

    private void compose() {
        world.write("compose.yaml", "services:\n  db:\n    image: postgres:15\n");
        world.push("compose file");
    }

    private void url(Target target) {
        world.environment.put("PROD_DATABASE_URL", target.url());
    }

    private Target at(String host, int port) {
        return new Target(host, port, "app", "app", World.PASSWORD, Map.of("connect_timeout", "1"));
    }

    @Test
    void everyGateIsOpenAndItsFindingRecorded() throws IOException {
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("preflight", seen.json().path("phase").asText());
        assertEquals("pass", seen.json().path("status").asText());
        List<String> ids = new ArrayList<>();
        seen.json().path("gates").forEach(gate -> {
            ids.add(gate.path("id").asText());
            List<String> keys = new ArrayList<>();
            gate.fieldNames().forEachRemaining(keys::add);
            assertEquals(List.of("id", "status", "message", "hint"), keys);
        });
        assertEquals(GATES, ids);
        JsonNode facts = seen.json().path("facts");
        assertEquals(1, facts.path("commits").size());
        assertTrue(facts.at("/commits/0").asText().endsWith(" second"), seen::all);
        assertEquals("1 file changed, 1 insertion(+), 1 deletion(-)", facts.path("diffstat").asText());
        assertEquals(world.git("rev-parse", "HEAD"), facts.path("commit").asText());
        assertEquals(world.git("rev-parse", "origin/release"), facts.path("released").asText());
        assertEquals("preflight's \"Own\"", facts.at("/identity/database").asText());
        assertFalse(facts.path("buildSkipped").asBoolean());
        saw(seen, "settings", "pass", "database of production from PROD_DATABASE_URL: preflight's \"Own\" on ");
        saw(seen, "db.reach", "pass", "PostgreSQL 15.");
        // What is kept is for its owner only, and says the same.
        Path run = world.repo.resolve("_migrations/run.json");
        assertEquals(seen.json(), lib.Json.MAPPER.readTree(run.toFile()).path("preflight"));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(run)));
        assertEquals("rw-------", PosixFilePermissions.toString(
                Files.getPosixFilePermissions(world.repo.resolve("_migrations/build-1.log"))));
        assertEquals("", world.git("status", "--porcelain"));
    }

    @Test
    void aPersonReadsOneLineForEachGateAndTheResultOnStandardOutput() {
        World.Result seen = world.run("preflight");
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("ready\n", seen.out());
        GATES.forEach(gate -> assertTrue(seen.err().lines().anyMatch(line -> line.matches(". " + gate + " .*")),
                () -> gate + " in " + seen.err()));
        assertTrue(seen.err().contains("✓ git.branch       on main\n"), seen::all);
        assertTrue(seen.err().contains("second\n"), seen::all);
    }

    @Test
    void allThatIsWrongIsShownAtOnceAndTheChecksDoNotRun() {
        world.write("release.json", "{\"checks\": [[\"sh\", \"-c\", \"touch ../marker\"]]}");
        world.write("new.txt", "");
        world.environment.put("PROD_DATABASE_URL", null);
        world.environment.put("RELEASE_PG_CLIENTS", world.folder.toString());
        colleague("main", "theirs.txt", "1");
        World.Result seen = world.run("preflight");
        assertEquals(2, seen.exit(), seen::all);
        for (String gate : List.of("git.clean", "git.behind", "settings", "tools.client")) {
            assertTrue(seen.err().contains("✗ " + gate), seen::all);
        }
        assertTrue(seen.err().contains("- git.merge        not looked at: git.commits comes first"), seen::all);
        assertTrue(seen.err().contains("- build            not run: another gate stops the release already"),
                seen::all);
        assertFalse(Files.exists(world.folder.resolve("marker")));
        assertEquals("", seen.out());
    }

    // git.branch, git.clean

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
    private void paste(World.Result seen, String gate) {
        String command = seen.gate(gate).path("hint").asText();
        World.script(world.folder.resolve("paste"), "cd '" + world.repo + "'\n" + command + "\n");
        lib.Exec.Result result = lib.Exec.of(world.folder.resolve("paste").toString()).with(world.environment).run();
        assertTrue(result.ok(), () -> command + ": " + result.err());
    }

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

    // git.behind

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

    // git.release, git.commits, git.merge

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

    // git.push

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

    // ignored

    @Test
    void theRunFolderMustBeIgnoredAndTheHintDoesIt() throws IOException {
        // The last line has no end: a plain echo would join the two.
        world.write(".gitignore", ".env");
        world.push("forget the run folder");
        World.Result seen = stops("ignored", 10, "_migrations/ is not ignored by git", ".gitignore");
        assertFalse(Files.exists(world.repo.resolve("_migrations")),
                "nothing may be written where git would commit it");
        paste(seen, "ignored");
        assertEquals(0, gates().exit());
    }

    @Test
    void aRunFolderInGitStops() {
        world.write("_migrations/backup.dump", "data");
        world.git("add", "--force", "_migrations/backup.dump");
        world.push("a backup");
        stops("ignored", 10, "_migrations/ is in git's history", "git rm -r --cached _migrations");
    }

    @Test
    void aDotEnvThatGitWouldTakeStops() throws IOException {
        Files.delete(world.repo.resolve(".gitignore"));
        World.write(world.repo.resolve(".git/info/exclude"), "_migrations/\n");
        world.push("no .gitignore");
        assertEquals(0, gates().exit());
        world.write(".env", "PROD_DATABASE_URL=" + world.url() + "\n");
        World.Result seen = stops("ignored", 10, ".env is not ignored by git", ".gitignore");
        paste(seen, "ignored");
        World.Result after = gates();
        assertEquals(0, after.exit(), after::all);
        saw(after, "ignored", "pass", "_migrations/ stays out of git, and so does .env");
    }

    @Test
    void aDotEnvInGitStops() {
        world.write(".env", "A=1\n");
        world.git("add", "--force", ".env");
        world.push("secrets");
        World.Result seen = stops("ignored", 10, ".env is in git, and it holds secrets", "git rm --cached .env");
        paste(seen, "ignored");
        World.Result after = gates();
        assertEquals(0, after.exit(), after::all);
        assertTrue(Files.exists(world.repo.resolve(".env")));
    }

    @Test
    void aRunRecordThatCannotBeReadStopsAsAGate() {
        world.write("_migrations/run.json", "{\"preflight\": ");
        World.Result seen = stops("ignored", 10, "_migrations/run.json cannot be read", "mv _migrations/run.json");
        assertEquals(GATES.size(), seen.json().path("gates").size());
        assertEquals("{\"preflight\": ", world.read("_migrations/run.json"));
    }

    // settings

    @Test
    void withoutAUrlThereIsNothingToReachAndABareDatabaseUrlIsNeverTaken() {
        world.environment.put("PROD_DATABASE_URL", null);
        world.environment.put("DATABASE_URL", world.url());
        world.write(".env", "DATABASE_URL=" + world.url() + "\n");
        World.Result seen = stops("settings", 2,
                "no database URL for production: PROD_DATABASE_URL is neither set nor in .env",
                "export PROD_DATABASE_URL=postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
        saw(seen, "db.reach", "skip", "settings comes first");
        saw(seen, "tools.version", "skip", "db.reach comes first");
    }

    @Test
    void dotEnvIsReadThoughAnotherOfItsLinesIsBroken() {
        world.environment.put("PROD_DATABASE_URL", " ");
        world.write(".env", "# ours\nthis is S3cret and no setting\nexport OTHER=1\n"
                + "PROD_DATABASE_URL=\"" + world.url() + "\"\n");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "settings", "pass", "from PROD_DATABASE_URL in .env: preflight's \"Own\" on ");
    }

    @Test
    void releaseJsonNamesAVariableWhichMayBeDatabaseUrl() {
        source("{\"env\": \"DATABASE_URL\"}");
        world.environment.put("DATABASE_URL", world.url());
        saw(gates(), "settings", "pass", "from DATABASE_URL: ");
        world.environment.put("DATABASE_URL", null);
        stops("settings", 2, "the variable DATABASE_URL (database URL of production) is not set",
                "export DATABASE_URL=");
    }

    private void source(String url) {
        world.write("release.json", "{\"checks\": [], \"environments\": {\"production\": {\"url\": " + url + "}}}");
        world.push("settings");
    }

    @Test
    void dotenvMeansTheFileWhateverTheEnvironmentHolds() {
        source("{\"dotenv\": \"LIVE_URL\"}");
        world.environment.put("LIVE_URL", "postgresql://elsewhere.invalid/app");
        stops("settings", 2, ".env has no LIVE_URL (database URL of production)", ">> .env");
        world.write(".env", "LIVE_URL=" + world.url() + "\n");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "settings", "pass", "from LIVE_URL in .env: preflight's \"Own\" on ");
    }

    @Test
    void aCommandPrintsTheUrlAloneOrIsRefused() {
        source("{\"command\": [\"vault\", \"read it\"]}");
        Path record = standIn("vault", "cat '" + world.folder.resolve("answer") + "'\n");
        World.write(world.folder.resolve("answer"), world.url() + "\n");
        saw(gates(), "settings", "pass", "from the output of vault: ");
        assertEquals("read it\n", World.read(record));
        World.write(world.folder.resolve("answer"), "hello\n" + world.url() + "\n");
        stops("settings", 2, "printed 2 lines, not one", "vault 'read it'");
        standIn("vault", "echo 'sealed' >&2\nexit 3\n");
        stops("settings", 12, "gave none (exit 3): sealed", "try it: vault 'read it'");
        source("{\"command\": [\"no-such-vault\"]}");
        stops("settings", 12, "no-such-vault cannot be started", "PATH");
    }

    @Test
    void railwayIsAskedForTheVariableOfTheService() {
        source("{\"railway\": {\"service\": \"web\"}}");
        Path record = standIn("railway", "cat <<'.'\n{\"OTHER\": \"x\", \"DATABASE_PUBLIC_URL\": \""
                + world.url() + "\"}\n.\n");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "settings", "pass", "from DATABASE_PUBLIC_URL of railway web: ");
        assertEquals("variable list -e production --json -s web\n", World.read(record), "asked once, and only to read");
    }

    @Test
    void anOlderRailwayIsAskedInItsOwnWords() {
        source("{\"railway\": {\"service\": \"web\", \"variable\": \"PG\", \"environment\": \"live\"}}");
        Path record = standIn("railway", "[ \"$1\" = variables ] || { echo 'unknown command' >&2; exit 2; }\n"
                + "echo '{\"PG\": \"" + world.url() + "\"}'\n");
        assertEquals(0, gates().exit());
        assertEquals("variable list -e live --json -s web\nvariables -e live --json -s web\n", World.read(record));
    }

    @Test
    void whatRailwayCannotGiveIsSaidForWhatItIs() {
        source("{\"railway\": {\"service\": \"web\"}}");
        standIn("railway", "echo 'Unauthorized. Please login with railway login' >&2\nexit 1\n");
        stops("settings", 12, "railway does not list the variables of web: Unauthorized.", "railway login");
        standIn("railway", "echo '{}'\n");
        stops("settings", 2, "railway has no variable DATABASE_PUBLIC_URL in production/web", "release.json");
        standIn("railway", "echo Welcome\n");
        stops("settings", 12, "not JSON", "railway upgrade");
        standIn("railway",
                "echo '{\"DATABASE_PUBLIC_URL\": \"postgresql://u:S3cret-x@pg.railway.internal:5432/x\"}'\n");
        stops("settings", 2, "the private address", "DATABASE_PUBLIC_URL");
        standIn("railway", "echo '{\"DATABASE_PUBLIC_URL\": \"${{Postgres.DATABASE_URL}}\"}'\n");
        stops("settings", 2, "the database URL from DATABASE_PUBLIC_URL of railway web", "put the real value there");
    }

    @Test
    void aPlaceholderIsNoValue() {
        for (String[] example : new String[][] {{"postgresql://app:<PASSWORD>@db.example.com/app", "<PASSWORD>"},
                {"postgresql://postgres:[YOUR-PASSWORD]@db.example.com/app", "[YOUR-PASSWORD]"},
                {"postgresql://app:changeme@db.example.com/app", "changeme"},
                {"postgresql://USER:PASSWORD@HOST:PORT/DATABASE", "PASSWORD"},
                {"postgresql://app:…@db/app", "…"}}) {
            world.environment.put("PROD_DATABASE_URL", example[0]);
            stops("settings", 2, "from PROD_DATABASE_URL still holds the placeholder " + example[1],
                    "put the real value");
        }
    }

    @Test
    void whatIsNoUrlIsRefusedWithoutBeingShown() {
        world.environment.put("PROD_DATABASE_URL", "PGPASSWORD=S3cret-1 psql -h db");
        stops("settings", 2, "PROD_DATABASE_URL: this is not a PostgreSQL URL", "postgresql://USER:PASSWORD@HOST");
        world.environment.put("PROD_DATABASE_URL", "postgresql://app:S3cret-2/app");
        stops("settings", 2, "where the port of the database URL belongs stands no number", "postgresql://USER");
    }

    @Test
    void aMistakeInReleaseJsonStopsBeforeAnyGate() {
        world.write("release.json", "{\"chekcs\": []}");
        World.Result seen = gates();
        assertEquals(2, seen.exit(), seen::all);
        assertEquals("stop", seen.json().path("status").asText());
        saw(seen, "preflight", "stop", "unknown key \"chekcs\"");
        assertTrue(seen.gate("preflight").path("hint").asText().contains("did you mean \"checks\"?"), seen::all);
    }

    // db.reach

    @Test
    void aClosedPortIsNamed() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        url(at("127.0.0.1", port));
        World.Result seen = stops("db.reach", 12,
                "127.0.0.1:" + port + " refuses the connection: no server listens there",
                "pg_isready -h 127.0.0.1 -p " + port);
        saw(seen, "tools.version", "skip", "db.reach comes first");
    }

    @Test
    void aServerThatDoesNotAnswerIsToldFromOneThatRefuses() throws IOException {
        try (ServerSocket silent = new ServerSocket(0)) {
            url(at("127.0.0.1", silent.getLocalPort()));
            stops("db.reach", 12, " did not answer within 1 s", "firewall");
        }
    }

    @Test
    void anUnknownHostIsNamed() {
        url(at("nowhere.invalid", 5432));
        stops("db.reach", 12, "no such host: nowhere.invalid", "nslookup nowhere.invalid");
        url(at("postgres.railway.internal", 5432));
        stops("db.reach", 12, "no such host: postgres.railway.internal", "use the public URL");
    }

    @Test
    void aWrongPasswordAMissingOneAndAnUnknownDatabaseAreToldApart() {
        Target target = world.production;
        String place = target.host() + ":" + target.port();
        url(new Target(target.host(), target.port(), target.database(), "app", "S3cret-but-wrong",
                target.parameters()));
        stops("db.reach", 12, place + " refuses the password of user app", "special characters are written as %XX");
        url(new Target(target.host(), target.port(), target.database(), "app", null, target.parameters()));
        world.environment.put("PGPASSFILE", "/dev/null");
        stops("db.reach", 12, place + " asks for the password of user app, and the URL has none",
                "put it into the URL");
        url(target.database("No Such"));
        stops("db.reach", 12, place + " has no database No Such", "the last part of the URL");
    }

    @Test
    void aServerWithoutTlsIsRefusedWhenTheUrlAsksForIt() {
        Target target = world.production;
        url(new Target(target.host(), target.port(), target.database(), "app", World.PASSWORD, Map.of("sslmode",
                "require")));
        stops("db.reach", 12, "offers no TLS, and the URL asks for it", "sslmode");
    }

    // tools

    @Test
    void withoutPgDumpItsPackageIsNamed() {
        world.environment.put("RELEASE_PG_CLIENTS", world.folder.toString());
        World.Result seen = stops("tools.client", 12, "there is no working pg_dump on this machine", "install");
        saw(seen, "tools.version", "stop", "the server is PostgreSQL 15 and there is no working pg_dump");
    }

    @Test
    void aPgDumpOlderThanTheServerStops() {
        for (String version : List.of("9.6.24", "13.22")) {
            Path old = world.folder.resolve("old " + version);
            for (String tool : List.of("pg_dump", "pg_restore", "psql")) {
                World.script(old.resolve(tool), "echo '" + tool + " (PostgreSQL) " + version + "'\n");
            }
            world.environment.put("RELEASE_PG_CLIENTS", old.toString());
            World.Result seen = stops("tools.version", 12, "found: " + version + " in " + old,
                    "install pg_dump 15 or newer");
            saw(seen, "tools.client", "pass", "pg_dump " + version);
        }
    }

    // container

    @Test
    void withoutAComposeFileNoContainerIsLookedFor() throws IOException {
        saw(gates(), "container", "skip", "no compose file");
    }

    @Test
    void withoutDockerTheOtherServerIsNamedAndTheReleaseGoesOn() throws IOException {
        compose();
        barePath();
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "container", "warn", "docker is not installed; the rehearsal uses the server of RELEASE_SCRATCH_URL");
        assertTrue(seen.gate("container").path("hint").asText().contains("docker"), seen::all);
        world.environment.put("RELEASE_SCRATCH_URL", null);
        saw(gates(), "container", "warn", "docker is not installed; the rehearsal uses the server in ");
    }

    @Test
    void anEngineThatDoesNotAnswerAndAMissingPluginAreToldApart() {
        compose();
        standIn("docker", "echo 'Cannot connect to the Docker daemon' >&2\nexit 1\n");
        saw(gates(), "container", "warn", "docker is installed, but its engine does not answer; ");
        standIn("docker", "echo 'permission denied while trying to connect' >&2\nexit 1\n");
        saw(gates(), "container", "warn", "this user may not talk to its engine");
        standIn("docker", "[ $1 = info ] && { echo 27.1; exit; }\n"
                + "echo 'docker: unknown command: docker compose' >&2\nexit 1\n");
        saw(gates(), "container", "warn", "not its compose plugin");
    }

    private static final String COMPOSE = """
            case "$*" in
                info*) echo 27.1;;
                *config*) echo '{"services": {"web": {"image": "node"}, "store": {"image": "postgres:15"},
                          "rest": {"image": "postgrest/postgrest"}}}';;
                *ps*) cat _migrations/up 2>/dev/null;;
                *up*) [ %1$s = 0 ] && echo store > _migrations/up; exit %1$s;;
            esac
            """;

    @Test
    void aDatabaseServiceThatIsDownIsStarted() throws IOException {
        compose();
        Path record = standIn("docker", COMPOSE.formatted("0"));
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "container", "pass", "docker 27.1, service store started");
        assertTrue(World.read(record).contains("compose up --detach --wait store\n"), () -> World.read(record));
        saw(gates(), "container", "pass", "docker 27.1, service store running");
        assertEquals(1, World.read(record).lines().filter(line -> line.contains(" up ")).count());
        Files.delete(world.repo.resolve("_migrations/up"));
        standIn("docker", COMPOSE.formatted("1"));
        saw(gates(), "container", "warn", "the compose service store does not start");
    }

    @Test
    void onAMacOrbStackAtRestIsStarted() {
        compose();
        world.environment.put("JAVA_TOOL_OPTIONS", "\"-Dos.name=Mac OS X\"");
        standIn("docker", COMPOSE.formatted("0"));
        Path record = standIn("orb", "[ $1 = status ] && echo Stopped\nexit 0\n");
        saw(gates(), "container", "pass", "OrbStack, started, service store started");
        assertEquals("status\nstart\n", World.read(record));
    }

    // migrator

    @Test
    void aMigratorThatIsNotInstalledIsAWarning() {
        try (World drizzle = World.drizzle()) {
            World.Result seen = drizzle.run("preflight", "--json");
            assertEquals(0, seen.exit(), seen::all);
            saw(seen, "migrator", "warn", "drizzle-orm");
            assertEquals(1, seen.json().at("/facts/commits").size());
        }
    }

    // build

    @Test
    void aCheckThatFailsStopsWithTheEndOfItsOutput() {
        world.write("release.json", """
                {"checks": [["git", "--version"],
                  ["sh", "-c", "for i in $(seq 40); do echo line $i; done; sh ../colour; exit 7"],
                  ["sh", "-c", "touch ../marker"]]}
                """);
        World.script(world.folder.resolve("colour"), "printf '\\033[31m%s\\033[0m\\n' $PROD_DATABASE_URL\n");
        world.push("checks");
        World.Result seen = stops("build", 10, " ended with 7:\n", "less _migrations/build-2.log");
        String message = seen.gate("build").path("message").asText();
        assertTrue(message.contains("\n  line 40") && message.contains("line 30\n") && !message.contains("line 20\n"),
                message);
        assertFalse(message.contains("\u001b"), message);
        assertTrue(message.endsWith("****@" + world.production.host() + ":" + world.production.port()
                + world.url().substring(world.url().lastIndexOf('/'))), message);
        assertTrue(world.read("_migrations/build-2.log").contains("line 1\n"));
        assertEquals("stop", seen.json().path("status").asText());
    }

    @Test
    void theChecksRunInOrderInTheRepositoryAndCanBeLeftOut() {
        world.write("release.json", """
                {"checks": [["sh", "-c", "echo $CI > '../marker'"], ["cat", "../marker"]]}""");
        world.push("checks");
        World.Result left = gates("--skip-build");
        assertEquals(0, left.exit(), left::all);
        saw(left, "build", "skip", "left out by --skip-build");
        assertTrue(left.json().at("/facts/buildSkipped").asBoolean());
        assertFalse(Files.exists(world.folder.resolve("marker")));
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "build", "pass", "; cat ../marker");
        assertEquals("true\n", world.read("_migrations/build-2.log"));
    }

    @Test
    void aCheckWhoseProgramIsMissingIsMissing() {
        world.write("release.json", "{\"checks\": [[\"no-such-tool\", \"test\"]]}");
        world.push("checks");
        stops("build", 12, "no-such-tool cannot be started: No such file or directory", "PATH");
    }

    @Test
    void aCheckThatChangesTheTreeStopsNowAndNotInTheMiddleOfTheRelease() {
        world.write("release.json", "{\"checks\": [[\"sh\", \"-c\", \"echo > built.js\"]]}");
        world.push("checks");
        stops("build", 10, "the checks changed the work tree: built.js", "git status");
    }

    @Test
    void packageScriptsAreTheChecksAndNpmsPlaceholderIsNone() throws IOException {
        Files.delete(world.repo.resolve("release.json"));
        world.write("package.json", "{\"scripts\": {\"build\": \"vite\", \"lint\": \"eslint\", \"dev\": \"vite dev\","
                + "\"test\": \"echo \\\"Error: no test specified\\\" && exit 1\"}}");
        world.push("package.json");
        Path npm = standIn("npm", "");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "build", "pass", "npm run lint; npm run build");
        assertEquals("run lint\nrun build\n", World.read(npm));
        world.write("pnpm-lock.yaml", "");
        world.push("pnpm");
        Path pnpm = standIn("pnpm", "");
        assertEquals(0, gates().exit());
        assertEquals("run lint\nrun build\n", World.read(pnpm));
    }

    @Test
    void otherToolsAreFoundByTheirFiles() throws IOException {
        Files.delete(world.repo.resolve("release.json"));
        // There for a formatter only; the project itself is built by something else.
        world.write("package.json", "{\"devDependencies\": {\"prettier\": \"3\"}}");
        world.push("package.json");
        saw(gates(), "build", "warn", "the project has no checks of its own");
        for (String[] tool : new String[][] {{"Makefile", "make", "all:\n\ncheck:\n\ttrue\n", "check"},
                {"go.mod", "go", "module x\n", "build ./...\ntest ./..."}, {"Cargo.toml", "cargo", "", "test --quiet"},
                {"build.gradle.kts", "gradle", "", "--quiet build"}, {"pom.xml", "mvn", "",
                        "--batch-mode --quiet verify"}}) {
            world.write(tool[0], tool[2]);
            world.push(tool[0]);
            Path record = standIn(tool[1], "");
            World.Result seen = gates();
            assertEquals(0, seen.exit(), seen::all);
            assertEquals(tool[3] + "\n", World.read(record));
        }
    }

    @Test
    void anInterruptedCheckLeavesNothingRunning() throws Exception {
        Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self")));
        Path pid = world.folder.resolve("pid");
        world.write("release.json", """
                {"checks": [["sh", "-c", "sh -c 'echo $$ > ../pid; exec sleep 300' & wait"]]}""");
        world.push("checks");
        World.Running running = world.begin("preflight");
        for (int i = 0; i < 300 && (!Files.exists(pid) || World.read(pid).isBlank()); i++) {
            Thread.sleep(100);
        }
        ProcessHandle check = ProcessHandle.of(Long.parseLong(World.read(pid).strip())).orElseThrow();
        running.process().destroy();
        assertTrue(running.process().waitFor(20, TimeUnit.SECONDS));
        check.onExit().get(10, TimeUnit.SECONDS);
        assertFalse(check.isAlive());
    }
}
