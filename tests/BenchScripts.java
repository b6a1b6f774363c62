//SOURCES ../lib/Failure.java ../lib/PhaseProcess.java

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.Failure;
import lib.PhaseProcess;

/** Our scripts as processes, as a release starts them, with what they say and when. */
final class BenchScripts {
    private static final int SAMPLE_MILLIS = 250;

    private final Path folder;
    private final Map<String, String> environment;
    private double peak;

    /** Scripts that run in a repository. */
    BenchScripts(Path folder, Map<String, String> environment) {
        this.folder = folder;
        this.environment = environment;
    }

    /** A line of a script's chatter, and the seconds from its start to it. */
    record Line(double at, String text) {
    }

    /** What a script did; the seconds are those to its end, or to the line that was waited for. */
    record Ran(double seconds, List<Line> lines) {
        /** When the first line with these words came. */
        double at(String words) {
            return lines.stream().filter(line -> line.text.contains(words)).findFirst().map(Line::at)
                    .orElseThrow(() -> Failure.stop("the script never said \"" + words + "\":\n" + text(), null));
        }

        String text() {
            return String.join("\n", lines.stream().map(Line::text).toList());
        }
    }

    /** The most memory any of them had at once so far, in megabytes; 0 where the system does not tell. */
    double peak() {
        return peak;
    }

    /** Runs a script to its good end. */
    Ran run(String script, String... arguments) {
        return ending(0, script, arguments);
    }

    /** Runs a script to an end with this exit code. */
    Ran ending(int exit, String script, String... arguments) {
        return run(null, exit, script, arguments);
    }

    /** Runs a script until a gate of it has passed, and ends it there. */
    Ran until(String gate, String script, String... arguments) {
        return run(gate, 0, script, arguments);
    }

    private Ran run(String gate, int expected, String script, String... arguments) {
        List<String> command = PhaseProcess.java(script);
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().putAll(environment);
        builder.environment().remove("RELEASE_SCRATCH_URL");
        List<Line> lines = new ArrayList<>();
        long start = System.nanoTime();
        try {
            Process process = builder.start();
            Thread watch = watch(process);
            double reached = -1;
            try (BufferedReader reader = process.errorReader(StandardCharsets.UTF_8)) {
                for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                    lines.add(new Line(since(start), text));
                    if (gate != null && reached < 0 && text.matches("[✓+!] " + gate + "\\b.*")) {
                        reached = since(start);
                        // Not through the process itself, which would close the stream that is being read.
                        process.toHandle().destroy();
                    }
                }
            }
            int exit = process.waitFor();
            double end = since(start);
            watch.join();
            Ran ran = new Ran(reached < 0 ? end : reached, lines);
            if (gate == null ? exit != expected : reached < 0) {
                throw Failure.stop(script + " ended with " + exit + ":\n" + ran.text(), null);
            }
            return ran;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted", null, e);
        }
    }

    static double since(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    // The mark is the system's own and only grows: the last look is the peak, whatever came between two looks. Of our
    // processes' children only Java ones are ours.
    private Thread watch(Process process) {
        Thread thread = new Thread(() -> {
            while (process.isAlive()) {
                sample(process.toHandle());
                process.descendants().filter(child -> child.info().command().orElse("").endsWith("java"))
                        .forEach(this::sample);
                try {
                    Thread.sleep(SAMPLE_MILLIS);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }, "memory");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void sample(ProcessHandle process) {
        Path status = Path.of("/proc", String.valueOf(process.pid()), "status");
        try {
            if (Files.exists(status)) {
                Files.readString(status).lines().filter(line -> line.startsWith("VmHWM:"))
                        .forEach(line -> peak = Math.max(peak, Long.parseLong(line.replaceAll("\\D", "")) / 1000.0));
            }
        } catch (IOException | UncheckedIOException e) {
            // It has just ended.
        }
    }
}
