//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.Target;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/** A repository with two commits to promote and a production that is only read, for the tests of one kind of gate. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PreflightCase {
    private World shared;
    World world;

    /** The database is only read here, so one serves all tests of a class; the repository is new for each. */
    @BeforeAll
    void makeProduction() {
        shared = World.of(database(), "template0");
    }

    @AfterAll
    void removeProduction() {
        shared.close();
    }

    @BeforeEach
    void makeRepository() {
        world = shared.again("two commits", made -> {
            made.write("app.txt", "1\n");
            made.commit("first");
            made.git("push", "-q", "-u", "origin", "main", "main:release");
            made.write("app.txt", "2\n");
            made.push("second");
        });
    }

    @AfterEach
    void removeRepository() {
        world.forget();
    }

    /** The name of its production; one with everything in it that needs quoting. */
    String database() {
        return getClass().getSimpleName() + "'s \"Own\"";
    }

    /** The gates that the tests are about, as {@code --only} takes them; the others have tests of their own. */
    String only() {
        return "";
    }

    /** Runs those gates, or what the arguments name instead. */
    World.Result gates(String... arguments) {
        List<String> all = new ArrayList<>(List.of("--json"));
        all.addAll(List.of(arguments));
        if (!only().isEmpty() && !all.contains("--only")) {
            all.addAll(List.of("--only", only()));
        }
        return world.run("preflight", all.toArray(String[]::new));
    }

    /** Runs it, and asserts that this gate says so and what the exit code is. */
    World.Result stops(String gate, int exit, String message, String hint) {
        World.Result seen = gates();
        assertEquals(exit, seen.exit(), seen::all);
        saw(seen, gate, "stop", message);
        assertTrue(seen.gate(gate).path("hint").asText().contains(hint), seen::all);
        assertFalse(seen.err().contains("\tat "), seen::all);
        assertFalse(Files.exists(world.folder.resolve("marker")), "the checks ran though a gate had stopped");
        return seen;
    }

    static void saw(World.Result seen, String gate, String status, String message) {
        assertEquals(status, seen.gate(gate).path("status").asText(), () -> gate + ": " + seen.all());
        assertTrue(seen.gate(gate).path("message").asText().contains(message), () -> gate + ": " + seen.all());
    }

    /** Commits from another clone, as a colleague would. */
    void colleague(String branch, String file, String text) {
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
    Path standIn(String name, String body) {
        Path bin = world.folder.resolve("bin");
        Path record = world.folder.resolve(name + ".log");
        World.script(bin.resolve(name), "echo \"$@\" >> '" + record + "'\n" + body);
        world.environment.put("PATH", bin + ":" + System.getenv("PATH"));
        return record;
    }




    Target at(String host, int port) {
        return new Target(host, port, "app", "app", World.PASSWORD, Map.of("connect_timeout", "1"));
    }

    void url(Target target) {
        world.environment.put("PROD_DATABASE_URL", target.url());
    }

    void compose() {
        world.write("compose.yaml", "services:\n  db:\n    image: postgres:15\n");
        world.push("compose file");
    }

    /** Leaves nothing on PATH but git and what its hooks need. */
    void barePath() throws IOException {
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

    /** Runs the command that a gate gives as the way out, and asserts that it works. */
    void paste(World.Result seen, String gate) {
        String command = seen.gate(gate).path("hint").asText();
        World.script(world.folder.resolve("paste"), "cd '" + world.repo + "'\n" + command + "\n");
        lib.Exec.Result result = lib.Exec.of(world.folder.resolve("paste").toString()).with(world.environment).run();
        assertTrue(result.ok(), () -> command + ": " + result.err());
    }
}
