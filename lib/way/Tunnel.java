//SOURCES ../Console.java ../Exec.java ../Failure.java ../Gate.java ../Json.java ../Run.java ../Secrets.java
//SOURCES ../Target.java Lease.java Reach.java

package lib.way;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import lib.Address;
import lib.Console;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.Json;
import lib.Run;
import lib.Secrets;
import lib.Target;

/** A command that leads to an environment's database, kept running while the database is used. */
final class Tunnel {
    static final String KIND = "tunnel";
    /** How long its local end may take to come up, in seconds. */
    private static final String PATIENCE = "RELEASE_TUNNEL_SECONDS";
    private static final int USUAL_PATIENCE = 30;
    private static final Duration FAREWELL = Duration.ofSeconds(3);
    private static final int LAST_LINES = 5;

    private final Path repo;
    private final Path folder;
    private final String environment;
    private final List<String> command;
    private final Console console;
    private final Deque<String> lines = new ArrayDeque<>();
    private volatile Process process;
    private volatile Lease lease;
    private volatile boolean ending;

    Tunnel(Path repo, Path folder, String environment, List<String> command, Console console) {
        this.repo = repo;
        this.folder = folder;
        this.environment = environment;
        this.command = command;
        this.console = console;
    }

    /** Starts it and waits until its local end takes connections; one that runs already is used. */
    Gate.Finding open(Target target) {
        Process before = process;
        if (before != null && before.isAlive()) {
            return Gate.passed(words(target, before.pid()));
        }
        // One that broke may have left a part of itself on the port.
        stop();
        refuseDetour(target);
        Optional<Lease> other = Lease.all(folder, KIND).stream().filter(Lease::held)
                .filter(held -> held.text("place").equals(place(target)) && alive(held)).findFirst();
        if (other.isPresent() && other.get().text("environment").equals(environment)
                && other.get().text("command").equals(typed())) {
            return Gate.passed(Lease.HELD + other.get().owner());
        }
        if (Reach.answers(target)) {
            throw Failure.stop(place(target) + " is taken before the tunnel of " + environment + " is started"
                    + other.map(held -> ", by the tunnel of " + held.text("environment")).orElse("")
                    + ": it may lead to another database", other.isPresent()
                    ? "give each environment's tunnel a port of its own, in \"tunnel\" and in the URL"
                    : "see who listens there: lsof -nP -iTCP:" + target.port()
                    + " -sTCP:LISTEN   # end that, or take another port in \"tunnel\" and in the URL");
        }
        int seconds = patience();
        Process started = start(target);
        try {
            await(started, target, seconds);
        } catch (Failure failure) {
            stop();
            throw failure;
        }
        // By now it has started all that it needs.
        lease = write(started, target);
        started.onExit().thenRunAsync(() -> tellEnd(started));
        return Gate.passed(words(target, started.pid()));
    }

    private String words(Target target, long pid) {
        return place(target) + " through " + command.get(0) + " (process " + pid + ")";
    }

    private String typed() {
        return Secrets.mask(Exec.typed(command));
    }

    private static String place(Target target) {
        return target.socket() != null ? target.socket() : target.host() + ":" + target.port();
    }

    // Started beside a URL that leads to the server itself, a tunnel would only look like one.
    private void refuseDetour(Target target) {
        if (target.socket() != null) {
            return;
        }
        try {
            if (InetAddress.getByName(target.host()).isLoopbackAddress()) {
                return;
            }
        } catch (UnknownHostException e) {
            throw detour(target);
        }
        throw detour(target);
    }

    private Failure detour(Target target) {
        return Failure.usage("the URL of " + environment + " leads to " + target.host() + ", past its tunnel",
                "write the tunnel's local end into the URL: postgresql://USER:PASSWORD@127.0.0.1:PORT/DATABASE"
                + " (a certificate that is checked by name needs that name for 127.0.0.1 in the hosts file)");
    }

    private static int patience() {
        String seconds = System.getenv(PATIENCE);
        if (seconds == null || seconds.isBlank()) {
            return USUAL_PATIENCE;
        }
        if (!seconds.strip().matches("[1-9]\\d{0,3}")) {
            throw Failure.usage(PATIENCE + " is not a number of seconds: " + seconds,
                    "export " + PATIENCE + "=" + USUAL_PATIENCE);
        }
        return Integer.parseInt(seconds.strip());
    }

    private synchronized Process start(Target target) {
        if (ending) {
            throw interrupted();
        }
        ProcessBuilder builder = new ProcessBuilder(command).directory(repo.toFile()).redirectErrorStream(true);
        // A URL that was typed is for our own phases.
        builder.environment().remove(Address.TYPED);
        Path log = folder.resolve(KIND + "-" + URLEncoder.encode(environment, StandardCharsets.UTF_8) + ".log");
        Run.write(log, "");
        lines.clear();
        Process started;
        try {
            // Its standard input stays open as long as we live: a program that watches it ends with us.
            Exec.told(command);
            started = builder.start();
        } catch (IOException e) {
            throw new Failure(Failure.Exit.MISSING, "the tunnel of " + environment + ": " + command.get(0)
                    + " cannot be started: " + String.valueOf(e.getMessage()).replaceAll("(?is).*error=\\d+, ", ""),
                    "install it, or put its folder on PATH", e);
        }
        process = started;
        lease = write(started, target);
        Thread reader = new Thread(() -> read(started, log), "tunnel");
        reader.setDaemon(true);
        reader.start();
        return started;
    }

    private Failure interrupted() {
        return new Failure(Failure.Exit.INTERRUPTED, "interrupted while the tunnel of " + environment + " was started",
                null);
    }

    // With all that it started by now: a shell script around the real program may be gone before it.
    private Lease write(Process started, Target target) {
        ArrayNode all = Json.MAPPER.createArrayNode();
        tree(started.toHandle()).forEach(each -> all.add(Lease.process(each)));
        ObjectNode what = Json.object().put("place", place(target)).put("command", typed());
        what.set("processes", all);
        return Lease.write(folder, KIND, environment, what);
    }

    private void read(Process from, Path log) {
        try (BufferedReader reader = from.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                String masked = Secrets.mask(line);
                synchronized (lines) {
                    lines.add(masked);
                    if (lines.size() > LAST_LINES) {
                        lines.remove();
                    }
                }
                append(log, masked + "\n");
            }
        } catch (IOException e) {
            // The stream breaks when its program is ended.
            return;
        }
    }

    private static void append(Path log, String text) {
        try {
            Files.writeString(log, text, StandardOpenOption.APPEND);
        } catch (IOException e) {
            // A full disk must not end the tunnel; its last lines are kept beside.
            return;
        }
    }

    private String lastWords() {
        synchronized (lines) {
            return String.join("", lines.stream().map(line -> "\n" + line).toList());
        }
    }

    private void await(Process started, Target target, int seconds) {
        long deadline = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        while (started.isAlive()) {
            if (Reach.answers(target) && started.isAlive()) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw Failure.missing(place(target) + " takes no connection " + seconds + " s after the tunnel of "
                        + environment + " was started" + lastWords(), "try it: " + typed()
                        + "   # its local end has to be the place in the URL; " + PATIENCE + " gives it more time");
            }
            Reach.pause();
        }
        if (ending) {
            throw interrupted();
        }
        // What it said last may still be on its way.
        Reach.pause();
        throw Failure.missing("the tunnel of " + environment + " ended with " + started.exitValue() + " before "
                + place(target) + " took a connection" + lastWords(), "try it: " + typed() + (started.exitValue() == 0
                ? "   # it has to stay in the foreground: ssh -N without -f, say" : ""));
    }

    private void tellEnd(Process ended) {
        // Ctrl-C reaches it together with us.
        Reach.pause();
        if (!ending) {
            console.mark("warn", "the tunnel of " + environment + " ended with " + ended.exitValue() + lastWords());
        }
    }

    /** Ends it for good, with all that it started. */
    void close() {
        ending = true;
        stop();
    }

    private synchronized void stop() {
        if (process != null) {
            end(tree(process.toHandle()));
            process = null;
        }
        if (lease != null) {
            end(processes(lease));
            lease.end();
            lease = null;
        }
    }

    private static List<ProcessHandle> tree(ProcessHandle root) {
        return Stream.concat(Stream.of(root), root.descendants()).toList();
    }

    private static void end(List<ProcessHandle> processes) {
        processes.forEach(ProcessHandle::destroy);
        long deadline = System.nanoTime() + FAREWELL.toNanos();
        for (ProcessHandle each : processes) {
            try {
                each.onExit().get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                each.destroyForcibly();
            } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
                each.destroyForcibly();
            }
        }
    }

    private static List<ProcessHandle> processes(Lease lease) {
        List<ProcessHandle> living = new ArrayList<>();
        for (JsonNode each : lease.what.path("processes")) {
            Lease.living(each).ifPresent(root -> living.addAll(tree(root)));
        }
        return living.stream().distinct().toList();
    }

    private static boolean alive(Lease lease) {
        return !processes(lease).isEmpty();
    }

    /** Ends the tunnels that killed processes left. */
    static void sweep(Path folder, Console console) {
        for (Lease left : Lease.all(folder, KIND)) {
            if (!left.held()) {
                List<ProcessHandle> running = processes(left);
                end(running);
                left.end();
                if (!running.isEmpty()) {
                    console.mark("pass", "ended the tunnel of " + left.text("environment") + " that process "
                            + left.owner() + " had left: " + left.text("command"));
                }
            }
        }
    }
}
