//SOURCES World.java ../lib/Exec.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import lib.Exec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of the two branches when the remote does not take both at once, or not at all. */
class PromotionTest {
    private static final String NOTES = "<!-- Write below this line -->\n";
    private World world;

    /** No SQL and no history: only commits are promoted, and the notes are cleared. */
    @BeforeEach
    void makeRepository() {
        world = World.of("promotion", "template0");
        world.write("MIGRATIONS.md", "# Migrations\n\n" + NOTES);
        world.commit("first");
        world.git("push", "-q", "-u", "origin", "main", "main:release");
        world.write("MIGRATIONS.md", "# Migrations\n\n" + NOTES + "\n## Copy\n\nNo data migration: texts only.\n");
        world.write("app.txt", "ours\n");
        world.push("second");
    }

    @AfterEach
    void removeRepository() {
        world.close();
    }

    private World.Result release() {
        return world.run("release", "--json");
    }

    private String remote(String branch) {
        return world.git(world.origin, "rev-parse", branch);
    }

    private Path refuseRelease() {
        return World.script(world.origin.resolve("hooks/update"),
                "test \"$1\" != refs/heads/release || { echo 'release is protected' >&2; exit 1; }\n");
    }

    private void colleague(String branch, String file) {
        Path other = world.folder.resolve("colleague " + file);
        world.git(world.folder, "clone", "-q", "-b", branch, world.origin.toString(), other.toString());
        World.write(other.resolve(file), "theirs\n");
        world.git(other, "add", "--all");
        world.git(other, "commit", "-q", "-m", "colleague's " + file);
        world.git(other, "push", "-q", "origin", branch);
    }

    @Test
    void aRemoteThatTakesBothTogetherGetsNeitherWhenOneIsRefused() throws IOException {
        Path hook = refuseRelease();
        String main = remote("main");
        World.Result result = release();
        assertEquals(10, result.exit(), result::all);
        assertTrue(result.err().contains("release is protected"), result::all);
        assertTrue(result.err().contains("git       nothing was pushed"), result::all);
        assertTrue(result.err().contains("next      jbang release.java   #"), result::all);
        assertEquals(main, remote("main"));
        Files.delete(hook);
        World.Result again = release();
        assertEquals(0, again.exit(), again::all);
        assertEquals(remote("main"), remote("release"));
    }

    @Test
    void aRemoteThatTookOneBranchOnlyIsAnUnfinishedReleaseThatResumeFinishes() throws IOException {
        world.git(world.origin, "config", "receive.advertiseAtomic", "false");
        Path hook = refuseRelease();
        String before = remote("main");
        World.Result result = release();
        assertEquals(20, result.exit(), result::all);
        assertTrue(result.err().contains("git       PARTLY pushed"), result::all);
        assertTrue(result.err().contains("next      jbang release.java resume"), result::all);
        assertFalse(before.equals(remote("main")));

        World.Result status = world.run("release", "status");
        assertTrue(status.out().contains("jbang release.java resume"), status::all);
        World.Result early = release();
        assertEquals(20, early.exit(), early::all);

        Files.delete(hook);
        World.Result resumed = world.run("release", "resume", "--json");
        assertEquals(0, resumed.exit(), resumed::all);
        assertEquals(remote("main"), remote("release"));
        assertEquals("# Migrations\n\n" + NOTES, world.git(world.origin, "show", "release:MIGRATIONS.md") + "\n");
        assertEquals(remote("main"), world.git("rev-parse", "HEAD"));
    }

    @Test
    void commitsThatOthersPushedMeanwhileAreKeptAndNotPromoted() throws IOException {
        world.git(world.origin, "config", "receive.advertiseAtomic", "false");
        Path hook = refuseRelease();
        assertEquals(20, release().exit());
        Files.delete(hook);
        colleague("main", "feature.txt");
        colleague("release", "hotfix.txt");
        World.Result resumed = world.run("release", "resume", "--json");
        assertEquals(0, resumed.exit(), resumed::all);
        assertTrue(resumed.err().contains("✓ release holds this release; what others have pushed to main since waits"
                + " for the next one"), resumed::all);
        assertFalse(resumed.err().contains("release holds main"), "it does not: " + resumed.all());
        assertEquals("theirs", world.git(world.origin, "show", "main:feature.txt"));
        assertEquals("theirs", world.git(world.origin, "show", "release:hotfix.txt"));
        assertFalse(world.git(world.origin, "ls-tree", "--name-only", "release").contains("feature.txt"),
                "what was pushed after the rehearsal is no part of this release");
        assertTrue(world.git(world.origin, "log", "--format=%s", "release").lines().anyMatch("second"::equals));
    }

    @Test
    void aConflictWithWhatOthersPushedIsNamedAndNothingIsForced() throws IOException {
        world.git(world.origin, "config", "receive.advertiseAtomic", "false");
        Path hook = refuseRelease();
        assertEquals(20, release().exit());
        Files.delete(hook);
        colleague("release", "app.txt");
        String theirs = remote("release");
        World.Result resumed = world.run("release", "resume", "--json");
        assertEquals(20, resumed.exit(), resumed::all);
        assertTrue(resumed.err().contains("conflicts with this release in: app.txt"), resumed::all);
        assertEquals(theirs, remote("release"));

        // The way out as it is told, and nothing else.
        java.util.regex.Matcher out = java.util.regex.Pattern.compile("-> (git fetch .*?) +# solve it, then: (.*) && "
                + "jbang release\\.java resume\n").matcher(resumed.err());
        assertTrue(out.find(), resumed::all);
        assertEquals("git push origin HEAD:release && git switch main", out.group(2));
        assertFalse(typed(out.group(1)).ok(), "the conflict is there");
        world.write("app.txt", "ours and theirs\n");
        world.git("commit", "-q", "-a", "--no-edit");
        Exec.Result solved = typed(out.group(2));
        assertTrue(solved.ok(), solved::err);
        World.Result finished = world.run("release", "resume", "--json");
        assertEquals(0, finished.exit(), finished::all);
        assertEquals("ours and theirs", world.git(world.origin, "show", "release:app.txt"));
        world.git(world.origin, "merge-base", "--is-ancestor", theirs, "release");
        world.git(world.origin, "merge-base", "--is-ancestor", "main", "release");
        assertEquals("main", world.git("branch", "--show-current"));
    }

    private Exec.Result typed(String command) {
        return Exec.of("sh", "-c", command).in(world.repo).with(world.environment).run();
    }

    @Test
    void aPushThatArrivedThoughTheClientSawAnErrorIsAPush() {
        Path bin = world.folder.resolve("bin");
        World.script(bin.resolve("git"), """
                real=$(PATH=${PATH#*:} command -v git)
                case "$*" in push*--atomic*) "$real" "$@"; echo 'error: the connection was cut' >&2; exit 1;; esac
                exec "$real" "$@"
                """);
        world.environment.put("PATH", bin + ":" + System.getenv("PATH"));
        World.Result result = release();
        assertEquals(0, result.exit(), result::all);
        assertEquals(remote("main"), remote("release"));
    }

    @Test
    void aRemoteThatFallsSilentDuringThePushLeavesItUnknown() throws IOException {
        Path bin = world.folder.resolve("bin");
        World.script(bin.resolve("git"), """
                real=$(PATH=${PATH#*:} command -v git)
                case "$*" in
                push*--atomic*) touch ../silent; exit 1;;
                fetch*) test ! -e ../silent || { echo 'fatal: Could not read from remote' >&2; exit 128; };;
                esac
                exec "$real" "$@"
                """);
        world.environment.put("PATH", bin + ":" + System.getenv("PATH"));
        World.Result result = release();
        assertEquals(20, result.exit(), result::all);
        assertTrue(result.err().contains("git       NOT KNOWN"), result::all);
        Files.delete(world.folder.resolve("silent"));
        world.environment.remove("PATH");
        World.Result resumed = world.run("release", "resume", "--json");
        assertEquals(0, resumed.exit(), resumed::all);
        assertEquals(remote("main"), remote("release"));
    }
}
