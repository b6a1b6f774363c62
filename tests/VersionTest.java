//SOURCES World.java ../lib/Version.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import lib.Cli;
import lib.Exec;
import lib.Failure;
import lib.Project;
import lib.Version;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The number of the next release, and the tags that stand in its way. */
class VersionTest {
    @TempDir
    private Path home;
    private Path repo;

    @BeforeEach
    void makeARepository() {
        repo = home.resolve("work");
        git(home, "init", "-q", "--bare", "--initial-branch=main", "origin.git");
        git(home, "clone", "-q", "origin.git", "work");
        git(repo, "checkout", "-q", "-b", "main");
        git(repo, "config", "user.name", "Test");
        git(repo, "config", "user.email", "test@example.com");
        commit("fix: first");
        git(repo, "push", "-q", "-u", "origin", "main", "main:release");
    }

    private String git(Path where, String... arguments) {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        Exec.Result result = Exec.of(command).in(where).with(World.isolated(home)).run();
        assertTrue(result.ok(), result::err);
        return result.out();
    }

    private void commit(String message) {
        git(repo, "commit", "-q", "--allow-empty", "-m", message);
    }

    private Version next(String setting) {
        World.write(repo.resolve("release.json"), "{" + setting + "}\n");
        Cli.Options options = new Cli.Options();
        new CommandLine(options).parseArgs("--repo", repo.toString());
        return Version.next(new Project(options));
    }

    @Test
    void itFollowsFromTheCommitsSinceTheLastTag() {
        assertNull(next(""), "nobody asked for numbers");
        git(repo, "tag", "v1.4.2");
        commit("fix: a mistake");
        assertEquals("1.4.3", next("\"version\": {\"tag\": \"v{version}\"}").number());
        commit("feat: something");
        assertEquals("v1.5.0", next("\"version\": {\"tag\": \"v{version}\"}").tag());
        commit("feat!: otherwise");
        assertEquals("2.0.0", next("\"version\": {\"tag\": \"v{version}\"}").number());
        assertEquals("1.4.3", next("\"version\": {\"tag\": \"v{version}\", \"bump\": \"patch\"}").number());
    }

    @Test
    void aTagThatIsThereAlreadyIsRefusedWhereverItIs() {
        String setting = "\"version\": {\"tag\": \"v{version}\"}";
        assertEquals("v0.0.1", next(setting).tag());
        git(repo, "push", "-q", "origin", "main:refs/tags/v0.0.1");
        Failure remote = assertThrows(Failure.class, () -> next(setting));
        assertEquals(Failure.Exit.STOP, remote.exit);
        assertEquals("there is a tag v0.0.1 already", remote.getMessage());
        assertTrue(remote.hint.startsWith("git push origin :refs/tags/v0.0.1"), remote.hint);
        git(repo, "push", "-q", "origin", ":refs/tags/v0.0.1");
        git(repo, "switch", "-q", "--orphan", "elsewhere");
        commit("another history");
        git(repo, "tag", "v0.0.1");
        git(repo, "switch", "-q", "main");
        Failure local = assertThrows(Failure.class, () -> next(setting));
        assertEquals("there is a tag v0.0.1 already", local.getMessage());
        assertTrue(local.hint.startsWith("git tag --delete v0.0.1"), local.hint);
    }

    @Test
    void aTagThatIsNoVersionIsNamed() {
        git(repo, "tag", "v7-beta");
        Failure failure = assertThrows(Failure.class, () -> next("\"version\": {\"tag\": \"v{version}\"}"));
        assertEquals(Failure.Exit.USAGE, failure.exit);
        assertTrue(failure.getMessage().contains("v7-beta, is no version of three numbers"), failure.getMessage());
    }
}
