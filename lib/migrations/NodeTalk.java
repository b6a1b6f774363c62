//SOURCES ../Failure.java ../Json.java ../Secrets.java

package lib.migrations;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import lib.Failure;
import lib.Json;
import lib.Secrets;

/** What is said to a Node process and what it answers: a line of JSON each. */
final class NodeTalk {
    private static final String END = "";

    private final Process process;
    private final Writer input;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final List<String> errors = Collections.synchronizedList(new ArrayList<>());
    private final Thread complaints;

    NodeTalk(Process process) {
        this.process = process;
        this.input = process.outputWriter(StandardCharsets.UTF_8);
        // A program that stands in for Node, of a version manager say, may print a line of its own first.
        read(process.inputReader(StandardCharsets.UTF_8), line -> line.startsWith("{") && lines.add(line),
                () -> lines.add(END));
        complaints = read(process.errorReader(StandardCharsets.UTF_8), errors::add, () -> { });
    }

    private static Thread read(BufferedReader reader, Predicate<String> listener, Runnable end) {
        Thread thread = new Thread(() -> {
            try (reader) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    if (!line.isBlank()) {
                        listener.test(line);
                    }
                }
            } catch (IOException e) {
                // The process is gone, which is what the end says.
            } finally {
                end.run();
            }
        }, "node");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    void say(JsonNode message) throws IOException {
        input.write(Json.MAPPER.writeValueAsString(message) + "\n");
        input.flush();
    }

    /** The next thing it says; an IOException when that takes longer than this, or when it has ended. */
    JsonNode next(Duration patience) throws IOException {
        try {
            String line = lines.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (line == null) {
                throw new IOException("node did not answer within " + patience.toSeconds() + " s");
            }
            if (line.equals(END)) {
                throw new IOException("node ended: " + last());
            }
            return Json.MAPPER.readTree(line);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted while node ran", null, e);
        }
    }

    /** What Node said last about itself: of the place, the error and the stack, the line with the error. */
    private String last() throws InterruptedException {
        complaints.join(1000);
        List<String> all = Secrets.mask(String.join("\n", errors)).lines().toList();
        return all.stream().filter(line -> line.matches("\\w*Error\\b.*")).findFirst()
                .orElse(all.isEmpty() ? "without a word" : all.get(0));
    }

    /** Ends the process by closing its input, which it loses as well when we are killed. */
    void end() {
        try {
            input.close();
            if (!process.waitFor(2, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            // Then it has ended already.
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
