//SOURCES World.java ../lib/Exec.java ../lib/Postgres.java ../lib/Scratch.java ../lib/Servers.java ../lib/Target.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import lib.Exec;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A rehearsal whose server is the trouble: each is named, and whatever was started is gone afterwards. */
@Timeout(180)
class RehearsalServerTest {
    private static final String ROLE = "reader of \"stays\"";
    private static World world;
    private static String server;

    @TempDir
    Path temp;

    @BeforeAll
    static void backUp() {
        World.execute(World.productionServer().target(null), "CREATE ROLE \"reader of \"\"stays\"\"\"");
        world = World.of("hindered", "template0");
        world.execute("CREATE EXTENSION citext", "CREATE TABLE stays (id int PRIMARY KEY, guest citext)",
                "INSERT INTO stays VALUES (1, 'Ada')");
        world.commit("app");
        world.git("push", "-q", "origin", "main", "main:release");
        World.Result backup = world.run("backup");
        assertEquals(0, backup.exit(), backup::all);
        server = world.environment.get("RELEASE_SCRATCH_URL");
    }

    @AfterAll
    static void removeTheWorld() {
        world.close();
        World.execute(World.productionServer().target(null), "DROP ROLE \"reader of \"\"stays\"\"\"");
    }

    @AfterEach
    void asItWas() {
        world.environment.put("RELEASE_SCRATCH_URL", server);
        world.environment.remove("JAVA_TOOL_OPTIONS");
    }

    /** From now on a throw-away server is started, in a folder of the test. */
    private void ownServer(Path folder) {
        world.environment.put("RELEASE_SCRATCH_URL", null);
        world.environment.put("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + folder);
    }

    private World.Running begin(String sql) {
        World.write(temp.resolve("release.sql"), sql);
        return world.begin("validate", "--json", "--sql", temp.resolve("release.sql").toString());
    }

    private World.Result rehearse(String sql) {
        return begin(sql).end();
    }

    private static void says(World.Result seen, int exit, String gate, String message, String hint) {
        assertEquals(exit, seen.exit(), seen::all);
        assertEquals("stop", seen.gate(gate).path("status").asText(), seen::all);
        assertTrue(seen.gate(gate).path("message").asText().contains(message), seen::all);
        assertTrue(seen.gate(gate).path("hint").asText().contains(hint), seen::all);
        assertFalse(seen.err().contains("\tat ") || seen.err().contains("Exception"), seen::all);
        assertTrue(seen.json().at("/facts/certificate").isMissingNode(), "nothing is certified");
    }

    /** Waits until a query goes on for more than a second, and returns the process of its server. */
    private String sleeping(World.Running running, Path folder) throws Exception {
        String last = "";
        for (int i = 0, same = 0; i < 600; i++) {
            assertTrue(running.process().isAlive(), () -> World.read(running.err()));
            List<String> all = Exec.of("ps", "-eo", "pid,ppid,args").run().lines().stream().map(String::strip).toList();
            List<String> servers = all.stream().filter(line -> line.contains(folder + "/jbang-release-pg-")
                    && line.contains("postgres")).map(line -> line.split(" +")[0]).toList();
            String query = all.stream().filter(line -> line.endsWith("SELECT") && line.contains("release_rehearsal_")
                    && servers.contains(line.split(" +")[1])).findFirst().orElse("");
            same = !query.isEmpty() && query.equals(last) ? same + 1 : 0;
            last = query;
            if (same > 15) {
                return query.split(" +")[1];
            }
            Thread.sleep(100);
        }
        throw new AssertionError("it never slept: " + World.read(running.err()));
    }

    private static void assertNothingIn(Path folder) throws IOException {
        try (var left = Files.list(folder)) {
            assertEquals(List.of(), left.toList(), "the server's folder is gone");
        }
        assertEquals(List.of(), Exec.of("ps", "-eo", "args").run().lines().stream()
                .filter(line -> line.contains(folder.toString()) && line.contains("postgres")).toList());
    }

    @Test
    void aServerThatIsKilledOrAnInterruptedRunLeavesNothing() throws Exception {
        Path folder = Files.createDirectory(temp.resolve("tmp"));
        ownServer(folder);
        World.Running running = begin("SELECT 1;\nSELECT pg_sleep(60);");
        Exec.of("kill", "-KILL", sleeping(running, folder)).run();
        World.Result killed = running.end();
        says(killed, 12, "rehearsal.run", "the rehearsal server went away while line 2 ran", "jbang validate.java");
        assertNothingIn(folder);

        running = begin("SELECT 1;\nSELECT pg_sleep(60);");
        sleeping(running, folder);
        Exec.of("kill", "-INT", String.valueOf(running.process().pid())).run();
        assertTrue(running.process().waitFor(30, TimeUnit.SECONDS));
        World.Result interrupted = running.end();
        assertEquals(130, interrupted.exit(), interrupted::all);
        assertFalse(interrupted.err().contains("Exception"), interrupted::all);
        assertNothingIn(folder);
    }

    @Test
    void aFullDiskIsNamedWithTheFolderToMakeRoomIn() throws IOException {
        Path folder = Files.createDirectory(temp.resolve("small"));
        assumeTrue(Exec.of("mount", "-t", "tmpfs", "-o", "size=140m", "none", folder.toString()).run().ok(),
                "no small file system can be mounted here, so a full disk is not tried");
        try {
            ownServer(folder);
            World.Result seen = rehearse("BEGIN;\nCREATE TABLE many AS SELECT i, repeat('x', 500) FROM "
                    + "generate_series(1, 400000) i;\nCOMMIT;\n");
            says(seen, 12, "rehearsal.run", "the rehearsal server has no room left on its disk while line 2 ran",
                    "Make room below " + folder);
            try (var left = Files.list(folder)) {
                assertEquals(List.of(), left.toList());
            }
        } finally {
            Exec.of("umount", folder.toString()).run();
        }
    }

    @Test
    void aRoleOfProductionIsThereOnAServerOfOurOwnAndNamedWhereItIsMissing() throws IOException {
        String grant = "GRANT SELECT ON stays TO \"reader of \"\"stays\"\"\";\n";
        says(rehearse(grant), 10, "rehearsal.run", "line 1 names the role " + ROLE + ", which postgres on ",
                "CREATE ROLE \"reader of \"\"stays\"\"\" NOLOGIN;");
        ownServer(Files.createDirectory(temp.resolve("tmp")));
        World.Result made = rehearse(grant);
        assertEquals(0, made.exit(), made::all);
        says(rehearse("GRANT SELECT ON stays TO nobody_else;\n"), 10, "rehearsal.run",
                "names the role nobody_else", "Production had no such role");
    }

    @Test
    void anExtensionThatTheServerLacksIsNamed() throws SQLException, IOException {
        Path tree = temp.resolve("server");
        Path installed = Servers.embedded(15).getParent();
        assertTrue(Exec.of("cp", "-al", installed.toString(), tree.toString()).run().ok()
                || Exec.of("cp", "-a", installed.toString(), tree.toString()).run().ok());
        List<Path> controls;
        try (var files = Files.walk(tree)) {
            controls = files.filter(file -> file.getFileName().toString().matches("(citext|hstore)\\.control"))
                    .toList();
        }
        for (Path control : controls) {
            if (control.toString().contains("hstore")) {
                Files.delete(control);
            }
        }
        try (Scratch lacking = Scratch.start(tree.resolve("bin"))) {
            world.environment.put("RELEASE_SCRATCH_URL", lacking.target(null).url());
            says(rehearse("CREATE EXTENSION hstore;\n"), 12, "rehearsal.run",
                    "line 1 needs the extension hstore, which", "--scratch URL");
            for (Path control : controls) {
                Files.deleteIfExists(control);
            }
            says(rehearse("SELECT 1;\n"), 10, "rehearsal.restore", "extension \"citext\" is not available",
                    "use a server that has the extension");
            try (Connection connection = Postgres.read(lacking.target(null), "test")) {
                assertEquals("0", Postgres.one(connection, "SELECT count(*) FROM pg_database WHERE datname LIKE "
                        + "'release_rehearsal_%'"), "no copy stays");
            }
        }
    }
}
