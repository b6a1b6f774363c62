//SOURCES ../Failure.java ../Json.java ../Run.java ../Secrets.java

package lib.way;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import lib.Json;
import lib.Run;
import lib.Secrets;

/**
 * What a process holds open outside of itself, written into the run folder first:
 * {@code firewall-production-4711.json}. Whoever comes after a killed process finds it there, and the phases of a
 * release see what the release holds for them.
 */
final class Lease {
    /** What is said of something that another process holds open. */
    static final String HELD = "held open by process ";
    /** The system's clock may be set while a process runs, and its start is counted from that clock. */
    private static final Duration SAME_START = Duration.ofSeconds(5);

    final Path file;
    final ObjectNode what;

    private Lease(Path file, ObjectNode what) {
        this.file = file;
        this.what = what;
    }

    /** Writes down what this process is about to open, for its owner only. */
    static Lease write(Path folder, String kind, String environment, ObjectNode what) {
        ProcessHandle self = ProcessHandle.current();
        ObjectNode all = Json.object().put("environment", environment).put("user", System.getProperty("user.name"))
                .put("since", Instant.now().toString());
        all.set("owner", process(self));
        all.setAll(what);
        // One file a process: two that are at work at once never write over each other's.
        String name = kind + "-" + URLEncoder.encode(environment, StandardCharsets.UTF_8) + "-" + self.pid() + ".json";
        Run.write(folder.resolve(name), Secrets.mask(Json.pretty(all)) + "\n");
        return new Lease(folder.resolve(name), all);
    }

    /** All of a kind, whoever wrote them; one that cannot be read holds an empty object. */
    static List<Lease> all(Path folder, String kind) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches(kind + "-.+-\\d+\\.json")).sorted()
                    .map(Lease::read).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Lease read(Path file) {
        try {
            return new Lease(file, Json.MAPPER.readTree(file.toFile()) instanceof ObjectNode what ? what
                    : Json.object());
        } catch (IOException e) {
            return new Lease(file, Json.object());
        }
    }

    /**
     * Whether the process that wrote it still runs. When a clock was set, its start is another one; then the program
     * has to do, because what a living process holds must not be taken from it.
     */
    boolean held() {
        JsonNode owner = what.path("owner");
        return living(owner).isPresent() || ProcessHandle.of(owner.path("pid").asLong()).filter(ProcessHandle::isAlive)
                .map(found -> program(found).equals(owner.path("program").asText("?"))).orElse(false);
    }

    /** Whether this process wrote it. */
    boolean ours() {
        return owner().equals(String.valueOf(ProcessHandle.current().pid()));
    }

    /** The number of the process that wrote it. */
    String owner() {
        return what.path("owner").path("pid").asText();
    }

    String text(String key) {
        return what.path(key).asText();
    }

    /** Forgets it: what was open is closed. */
    void end() {
        Run.discard(file);
    }

    /** A process so that it can be known again: its number comes back for another one some day, its start does not. */
    static ObjectNode process(ProcessHandle process) {
        return Json.object().put("pid", process.pid()).put("program", program(process))
                .put("started", process.info().startInstant().map(Instant::toString).orElse(""));
    }

    private static String program(ProcessHandle process) {
        return process.info().command().orElse("");
    }

    /** That process, if it still runs. */
    static Optional<ProcessHandle> living(JsonNode process) {
        String started = process.path("started").asText();
        return ProcessHandle.of(process.path("pid").asLong()).filter(ProcessHandle::isAlive)
                .filter(found -> found.info().startInstant().map(start -> !started.isEmpty()
                        && Duration.between(Instant.parse(started), start).abs().compareTo(SAME_START) < 0)
                        .orElse(started.isEmpty()));
    }
}
