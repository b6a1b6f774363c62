//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The password of production, looked for wherever a whole release could have left it. */
class SecretsTest {
    // The part of it that stands unchanged in every encoding.
    private static final String TRACE = "S3cret";

    @Test
    void aWholeReleaseShowsThePasswordInNoArgumentListAndStoresItInNoFile() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc/self")), "there is no /proc to look into");
        try (World world = World.drizzle()) {
            Set<String> seen = ConcurrentHashMap.newKeySet();
            AtomicInteger looks = new AtomicInteger();
            Thread watch = new Thread(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    commandLines(seen);
                    looks.incrementAndGet();
                }
            });
            watch.start();
            World.Result asked = world.run("release", "--json", "--verbose");
            assertEquals(11, asked.exit(), asked::all);
            World.Result released = world.run("release", "--verbose", "--approve",
                    asked.json().at("/facts/sql/sha256").asText());
            watch.interrupt();
            watch.join();
            assertEquals(0, released.exit(), released::all);
            assertTrue(looks.get() > 50, "the watch has looked " + looks + " times");
            assertTrue(seen.stream().anyMatch(line -> line.contains("pg_dump")), "pg_dump was seen at work");
            assertEquals(Set.of(), filter(seen), "in an argument list");
            assertTrue(asked.err().contains("$ ") && asked.err().contains("pg_dump"), asked::all);
            // The environment of the test holds it, the files of the run must not.
            try (var files = Files.walk(world.folder)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                    assertTrue(!text.contains(TRACE), "in " + file);
                }
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
