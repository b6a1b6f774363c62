//DEPS org.zeroturnaround:zt-exec:1.13.0
//DEPS org.slf4j:slf4j-api:2.0.17
//DEPS org.slf4j:slf4j-nop:2.0.17
//SOURCES Failure.java Secrets.java

package lib;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.zeroturnaround.exec.ProcessExecutor;
import org.zeroturnaround.exec.listener.ProcessDestroyer;
import org.zeroturnaround.exec.stream.LogOutputStream;

/** One external command: an argument list, never a shell string, stopped together with us. */
public final class Exec {
    /** Told each command as it could be typed, masked; --verbose sets it. */
    private static volatile Consumer<String> trace = line -> { };
    private static final Running RUNNING = new Running();
    private static final long PATIENCE_SECONDS = 5;

    private final List<String> command;
    private final Map<String, String> environment = new HashMap<>();
    private Path folder;
    private Duration timeout = Duration.ofHours(6);
    private byte[] input = new byte[0];
    private Path log;
    private Consumer<String> errorLines;
    private String shown;

    private Exec(List<String> command) {
        this.command = List.copyOf(command);
    }

    public static Exec of(String... command) {
        return new Exec(Arrays.asList(command));
    }

    public static Exec of(List<String> command) {
        return new Exec(command);
    }

    public static void trace(Consumer<String> listener) {
        trace = listener;
    }

    /** Tells of a command that is started elsewhere, as it could be typed. */
    public static void told(List<String> command) {
        trace.accept(Secrets.mask(typed(command)));
    }

    public Exec in(Path folder) {
        this.folder = folder;
        return this;
    }

    /** Adds to the child's environment; a null value takes a variable out of it. */
    public Exec with(Map<String, String> variables) {
        environment.putAll(variables);
        return this;
    }

    public Exec with(String name, String value) {
        environment.put(name, value);
        return this;
    }

    public Exec within(Duration timeout) {
        this.timeout = timeout;
        return this;
    }

    public Exec input(byte[] input) {
        this.input = input;
        return this;
    }

    /** Writes both streams to a file (masked, as they come) instead of keeping only the result. */
    public Exec log(Path log) {
        this.log = log;
        return this;
    }

    /** Hands each line of standard error on while the command runs. */
    public Exec errorLines(Consumer<String> listener) {
        this.errorLines = listener;
        return this;
    }

    /** Shows the command in other words than its own: what a person would type instead. */
    public Exec shownAs(String shown) {
        this.shown = shown;
        return this;
    }

    /** What a command left: its exit code (not 0 after a signal) and both streams, {@code err} masked. */
    public record Result(List<String> command, int exit, byte[] bytes, String err) {
        public boolean ok() {
            return exit == 0;
        }

        public String out() {
            return new String(bytes, StandardCharsets.UTF_8).strip();
        }

        public List<String> lines() {
            return out().lines().toList();
        }

        /** The last lines a person needs to see why it failed. */
        public String tail(int lines) {
            List<String> all = (err.isBlank() ? Secrets.mask(out()) : err).strip().lines().toList();
            return String.join("\n", all.subList(Math.max(0, all.size() - lines), all.size()));
        }

        /** Itself when the command succeeded, else a STOP that shows the command and its last words. */
        public Result orStop(String what, String hint) {
            if (ok()) {
                return this;
            }
            throw Failure.stop(what + ": " + command.get(0) + " ended with " + exit
                    + (tail(4).isBlank() ? "" : "\n" + tail(4)), hint);
        }
    }

    /** Runs the command to its end; a missing executable and a time-out are failures with their own words. */
    public Result run() {
        trace.accept(Secrets.mask(shown == null ? connection() + typed(command) : shown));
        return runUntold();
    }

    // For a command that is no concern of whoever asked for --verbose.
    Result runUntold() {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        try (OutputStream file = log == null ? OutputStream.nullOutputStream() : Files.newOutputStream(log)) {
            var executor = new ProcessExecutor(command)
                    .directory(folder == null ? null : folder.toFile())
                    .environment(environment)
                    .redirectInput(new ByteArrayInputStream(input))
                    .redirectOutput(log == null ? out : lines(line -> append(file, out, line)))
                    .redirectError(errorLines == null && log == null ? err : lines(line -> {
                        append(log == null ? OutputStream.nullOutputStream() : file, err, line);
                        if (errorLines != null) {
                            errorLines.accept(Secrets.mask(line));
                        }
                    }))
                    .stopper(Exec::end).addDestroyer(RUNNING)
                    .timeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
            int exit = executor.execute().getExitValue();
            return new Result(command, exit, out.toByteArray(), Secrets.mask(err.toString(StandardCharsets.UTF_8)));
        } catch (TimeoutException e) {
            throw Failure.missing(command.get(0) + " did not end within " + timeout.toSeconds() + " s",
                    "try: " + typed(command));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted while " + command.get(0) + " ran", null, e);
        } catch (IOException e) {
            throw new Failure(Failure.Exit.MISSING, command.get(0) + " cannot be started: "
                    + Secrets.mask(String.valueOf(e.getMessage()).replaceAll("(?is).*error=\\d+, ", "")),
                    "install it, or put its folder on PATH", e);
        }
    }

    /** Runs the command on our own terminal, so that it can ask, and returns its exit code. */
    public int attached() {
        trace.accept(Secrets.mask(shown == null ? connection() + typed(command) : shown));
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO()
                .directory(folder == null ? null : folder.toFile());
        environment.forEach((name, value) -> {
            if (value == null) {
                builder.environment().remove(name);
            } else {
                builder.environment().put(name, value);
            }
        });
        try {
            Process process = builder.start();
            Thread end = new Thread(process::destroy);
            Runtime.getRuntime().addShutdownHook(end);
            int code = process.waitFor();
            Runtime.getRuntime().removeShutdownHook(end);
            return code;
        } catch (IOException e) {
            throw new Failure(Failure.Exit.MISSING, command.get(0) + " cannot be started: " + e.getMessage(), null, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted", null, e);
        }
    }

    // Without its database a command of PostgreSQL's would go to another one.
    private String connection() {
        StringBuilder words = new StringBuilder();
        new TreeMap<>(environment).forEach((name, value) -> {
            if (name.startsWith("PG") && value != null) {
                words.append(name).append('=').append(name.equals("PGPASSWORD") ? Secrets.MASK
                        : typed(List.of(value))).append(' ');
            }
        });
        return words.toString();
    }

    /** The command as a person would type it. */
    public static String typed(List<String> command) {
        List<String> words = new ArrayList<>();
        for (String word : command) {
            words.add(word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'");
        }
        return String.join(" ", words);
    }

    // With all that it started: npm, say, does not hand a signal on to what it runs.
    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
    }

    /**
     * For the end of this process: ends every command that is at work, waits some seconds for it, and has those end
     * that are started afterwards. What a command writes can be removed only when it is gone.
     */
    public static void endAll() {
        CompletableFuture<?>[] ends = RUNNING.end().stream().map(ProcessHandle::onExit)
                .toArray(CompletableFuture[]::new);
        try {
            CompletableFuture.allOf(ends).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            // It does not end, and we must.
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The processes at work, ended together with us. */
    private static final class Running implements ProcessDestroyer {
        private final Set<Process> processes = ConcurrentHashMap.newKeySet();
        private final Set<ProcessHandle> family = new HashSet<>();
        private volatile boolean ending;

        Running() {
            Runtime.getRuntime().addShutdownHook(new Thread(this::end));
        }

        // And what those had started that were ended: a pg_dump of several connections does not wait for its own.
        private synchronized Set<ProcessHandle> end() {
            ending = true;
            for (Process process : processes) {
                family.add(process.toHandle());
                process.descendants().forEach(family::add);
                Exec.end(process);
            }
            return Set.copyOf(family);
        }

        @Override
        public boolean add(Process process) {
            boolean added = processes.add(process);
            if (ending) {
                Exec.end(process);
            }
            return added;
        }

        @Override
        public boolean remove(Process process) {
            return processes.remove(process);
        }

        @Override
        public int size() {
            return processes.size();
        }
    }

    private static LogOutputStream lines(Consumer<String> listener) {
        var stream = new LogOutputStream() {
            @Override
            protected void processLine(String line) {
                listener.accept(line);
            }
        };
        stream.setOutputCharset(StandardCharsets.UTF_8.name());
        return stream;
    }

    private static synchronized void append(OutputStream file, ByteArrayOutputStream kept, String line) {
        byte[] bytes = (Secrets.mask(line) + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            file.write(bytes);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        kept.writeBytes(bytes);
    }
}
