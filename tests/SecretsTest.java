//SOURCES WaysServer.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import lib.Exec;
import lib.sql.Name;
import org.junit.jupiter.api.Test;

/** The password of production, looked for wherever a whole release could have left it. */
class SecretsTest {
    // The part of it that stands unchanged in every encoding.
    private static final String TRACE = "S3cret";

    @Test
    void aWholeReleaseShowsThePasswordInNoArgumentListAndStoresItInNoFile() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc/self")), "there is no /proc to look into");
        try (World world = World.drizzle()) {
            String proposal = World.proposal();
            Watch watch = new Watch();
            World.Result released = world.run("release", "--json", "--verbose", "--approve", proposal);
            watch.end();
            assertEquals(0, released.exit(), released::all);
            assertTrue(released.err().contains("$ ") && released.err().contains("pg_dump"), released::all);
            nowhere(world.folder);
        }
    }

    @Test
    void aBackupThroughASocketWithAPasswordFileShowsAndStoresItNowhere() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc/self")), "there is no /proc to look into");
        assumeTrue(Exec.of("openssl", "version").run().ok(), "openssl is not installed");
        try (WaysServer server = new WaysServer(); World world = World.of("SecretsTest", "template0")) {
            world.commit("first");
            World.write(server.folder.resolve("pass"), "*:*:*:*:" + World.PASSWORD.replace(":", "\\:") + "\n");
            server.close("pass");
            World.write(server.folder.resolve("services"), "[socket]\nhost=" + server.sockets + "\nport=" + server.port
                    + "\ndbname=" + WaysServer.DATABASE + "\nuser=" + WaysServer.USER + "\n[tls]\nhost=localhost\nport="
                    + server.port + "\ndbname=" + WaysServer.DATABASE + "\nuser=" + WaysServer.USER
                    + "\nsslmode=verify-full\nsslrootcert=" + server.file("ca.crt") + "\n");
            World.execute(server.admin().database(WaysServer.DATABASE), "CREATE TABLE one (id int PRIMARY KEY)",
                    "INSERT INTO one SELECT generate_series(1, 1000)",
                    "ALTER TABLE one OWNER TO " + Name.quote(WaysServer.USER));
            world.environment.put("PGSERVICEFILE", server.file("services"));
            world.environment.put("PGPASSFILE", server.file("pass"));
            // What would lead somewhere else, or change the dump, if it were obeyed.
            world.environment.putAll(Map.of("PGHOST", "elsewhere.invalid", "PGSSLMODE", "disable", "PGUSER", "nobody",
                    "PGCLIENTENCODING", "LATIN1", "PGOPTIONS", "-c role=nobody"));
            Watch watch = new Watch();
            for (String service : List.of("socket", "tls")) {
                world.environment.put("PROD_DATABASE_URL", "service=" + service);
                World.Result seen = world.run("backup", "--json", "--verbose");
                assertEquals(0, seen.exit(), seen::all);
                assertTrue(seen.out().contains("1000"), seen::all);
            }
            watch.end();
            nowhere(world.folder);
        }
    }

    /** Looks at every argument list of this machine until it is ended. */
    private static final class Watch {
        private final Set<String> seen = ConcurrentHashMap.newKeySet();
        private final AtomicInteger looks = new AtomicInteger();
        private final Thread thread = new Thread(() -> {
            try {
                while (!Thread.currentThread().isInterrupted()) {
                    commandLines(seen);
                    looks.incrementAndGet();
                    // No program that gets the password ends so soon, and the others want to work too.
                    Thread.sleep(10);
                }
            } catch (InterruptedException end) {
                Thread.currentThread().interrupt();
            }
        });

        Watch() {
            thread.start();
        }

        void end() throws InterruptedException {
            thread.interrupt();
            thread.join();
            assertTrue(looks.get() > 50, "the watch has looked " + looks + " times");
            assertTrue(seen.stream().anyMatch(line -> line.contains("pg_dump")), "pg_dump was seen at work");
            assertEquals(Set.of(), filter(seen), "in an argument list");
        }
    }

    // The environment of the test holds it, the files of the run must not.
    private static void nowhere(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                assertTrue(!text.contains(TRACE), "in " + file);
            }
        }
    }

    private static Set<String> filter(Set<String> lines) {
        Set<String> wrong = ConcurrentHashMap.newKeySet();
        // Another test may be running Drizzle's own migrator at this moment, which takes the URL as an argument.
        lines.stream().filter(line -> line.contains(TRACE) && !line.contains("migrate.mjs")).forEach(wrong::add);
        return wrong;
    }

    private static void commandLines(Set<String> seen) {
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                try {
                    byte[] words = Files.readAllBytes(process.resolve("cmdline"));
                    seen.add(new String(words, StandardCharsets.UTF_8).replace('\0', ' '));
                } catch (IOException e) {
                    // It has just ended.
                    continue;
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
