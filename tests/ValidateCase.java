//SOURCES World.java ../lib/Postgres.java ../lib/Scratch.java ../lib/Servers.java ../lib/Target.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One production and one backup of it, looked at by the real validate.java: what the tests of that phase share. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
abstract class ValidateCase {
    // Production is only read: one backup of it serves the tests of all classes.
    private static World backedUp;

    @TempDir
    Path temp;

    // A server of its own: other classes have copies of theirs on the common one at the same time.
    Scratch rehearsal;
    World shared;
    World world;
    String record;
    byte[] dump;
    private Map<String, String> environment;

    private static synchronized World backedUp() {
        if (backedUp == null) {
            World made = World.drizzle();
            Runtime.getRuntime().addShutdownHook(new Thread(made::forget));
            World.Result backup = made.run("backup");
            assertEquals(0, backup.exit(), backup::all);
            backedUp = made;
        }
        return backedUp;
    }

    @BeforeAll
    void takeTheBackup() throws IOException {
        rehearsal = Scratch.start(Servers.fitting(15));
        shared = backedUp().twin();
        shared.environment.put("RELEASE_SCRATCH_URL", rehearsal.target(null).url());
        record = shared.read("_migrations/run.json");
        dump = Files.readAllBytes(shared.newest("backup-.*dump"));
        environment = Map.copyOf(withoutNulls(shared.environment));
    }

    private static Map<String, String> withoutNulls(Map<String, String> variables) {
        Map<String, String> known = new HashMap<>(variables);
        known.values().removeIf(java.util.Objects::isNull);
        return known;
    }

    @AfterAll
    void removeTheWorld() {
        shared.forget();
        rehearsal.close();
    }

    @BeforeEach
    void asItWasAfterTheBackup() throws IOException {
        world = shared;
        shared.environment.putAll(environment);
        shared.git("reset", "-q", "--hard", "origin/main");
        shared.git("clean", "-qfd");
        try (var files = Files.newDirectoryStream(shared.repo.resolve("_migrations"),
                "{release-*,written.json,decisions.json}")) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        shared.write("_migrations/run.json", record);
        Files.write(backup(), dump);
    }

    @AfterEach
    void nothingIsLeft() {
        assertEquals(List.of(), copies(rehearsal.target(null)), "no copy stays on the rehearsal server");
        assertEquals("5", shared.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"), "production is as it was");
        assertEquals(null, shared.sql("SELECT to_regclass('users')"), "production is as it was");
    }

    static List<String> copies(Target server) {
        try (Connection connection = Postgres.read(server, "test")) {
            return Postgres.rows(connection, "SELECT datname FROM pg_database WHERE datname LIKE 'release_rehearsal_%'")
                    .stream()
                    .map(row -> row.get(0)).toList();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    Path backup() {
        return world.newest("backup-.*dump$");
    }

    String sql() {
        return World.read(world.newest("release-.*sql"));
    }

    World.Result stops(int exit, String gate, String words, String... arguments) {
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = "--json";
        World.Result seen = world.run("validate", all);
        assertEquals(exit, seen.exit(), seen::all);
        assertEquals("stop", seen.gate(gate).path("status").asText(), seen::all);
        assertTrue(seen.gate(gate).path("message").asText().contains(words), seen::all);
        assertTrue(seen.json().at("/facts/certificate").isMissingNode(), "nothing is certified");
        assertFalse(seen.err().contains("\tat "), seen::all);
        return seen;
    }

    String hint(World.Result seen, String gate) {
        return seen.gate(gate).path("hint").asText();
    }

    Path script(String text) {
        Path file = temp.resolve("my release.sql");
        World.write(file, text);
        return file;
    }
}
