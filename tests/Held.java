//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import lib.Exec;
import lib.PhaseProcess;
import lib.sql.Name;

/**
 * A release that stands still wherever a test holds it. What holds it is real: a command that release.json names, a
 * hook of the remote, a statement, a question on a terminal.
 */
final class Held {
    /** A statement that does not end while the database's comment names its segment; the copy has no such comment. */
    static final String STATEMENT = """
            DO $$ BEGIN WHILE shobj_description((SELECT oid FROM pg_database WHERE datname = current_database()),
              'pg_database') = '%d' LOOP PERFORM pg_sleep(0.05); END LOOP; END $$;
            """;

    private static final String INDEX =
            "CREATE UNIQUE INDEX CONCURRENTLY food_logs_fitbit_idx ON food_logs (fitbit_log_id);";

    final World world;
    /** A command whose first argument names the place at which it may be held. */
    final Path gate;

    Held(World world) {
        this.world = world;
        this.gate = World.script(world.folder.resolve("gate"), """
                hold='%1$s/hold'
                test -e "$hold/$1" || exit 0
                touch "$hold/at-$1"
                while test -e "$hold/$1"; do sleep 0.05; done
                """.formatted(world.folder));
    }

    /** The release script of the fixture in three segments: the first and the last may be held, an index between. */
    static String segments() {
        return World.read(World.FIXTURE.resolve("release.sql")).replaceFirst("(?s)-- Step 4.*?(INSERT.*?;)\\s*COMMIT;",
                Matcher.quoteReplacement(STATEMENT.formatted(1) + "COMMIT;\n" + INDEX + "\nBEGIN;\n"
                + STATEMENT.formatted(3)) + "$1\nCOMMIT;");
    }

    void hold(String where) {
        World.write(world.folder.resolve("hold").resolve(where), "");
    }

    void letGo(String where) {
        try {
            Files.delete(world.folder.resolve("hold").resolve(where));
            Files.deleteIfExists(world.folder.resolve("hold").resolve("at-" + where));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void reached(World.Running running, String where) {
        until(running, () -> Files.exists(world.folder.resolve("hold").resolve("at-" + where)));
    }

    /** Holds the statement of that segment; 0 holds none. */
    void holdSegment(int segment) {
        world.execute("COMMENT ON DATABASE " + Name.quote(world.production.database()) + " IS '" + segment + "'");
    }

    void inSegment(World.Running running) {
        until(running, () -> at("query LIKE 'DO %'"));
    }

    /** Whether the release's own session is at a statement like that. */
    boolean at(String condition) {
        return !world.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND application_name LIKE 'release apply%' AND state = 'active' AND " + condition).equals("0");
    }

    /** Waits until the record says that this step has begun. */
    void inStep(World.Running running, String step) {
        Path record = world.repo.resolve("_migrations/run.json");
        until(running, () -> Files.exists(record) && World.read(record).contains("\"step\" : \"" + step + "\""));
    }

    static void until(World.Running running, BooleanSupplier condition) {
        for (int i = 0; i < 1800 && !condition.getAsBoolean(); i++) {
            assertTrue(running == null || running.process().isAlive(), () -> World.read(running.err()));
            pause();
        }
        assertTrue(condition.getAsBoolean(), () -> running == null ? "" : World.read(running.err()));
    }

    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Kills a release hard; all that it had started of ours ends by itself, and the project's own commands here. */
    static void kill(World.Running running) throws InterruptedException {
        kill(running.process().toHandle());
    }

    private static void kill(ProcessHandle process) throws InterruptedException {
        List<ProcessHandle> started = process.descendants().toList();
        process.destroyForcibly();
        until(null, () -> !process.isAlive());
        until(null, () -> started.stream().noneMatch(child -> child.isAlive()
                && child.info().command().orElse("").matches(".*/(java|pg_\\w+|postgres|psql)")));
        started.forEach(ProcessHandle::destroyForcibly);
    }

    static void interrupt(World.Running running) {
        Exec.of("kill", "-INT", String.valueOf(running.process().pid())).run();
    }

    String status() {
        World.Result status = world.run("release", "status");
        assertEquals(0, status.exit(), status::all);
        return status.out();
    }

    World.Result resume(int exit) {
        World.Result result = world.run("release", "resume");
        assertEquals(exit, result.exit(), result::all);
        return result;
    }

    static void says(String text, String... words) {
        for (String word : words) {
            assertTrue(text.contains(word), () -> "\"" + word + "\" is not in\n" + text);
        }
    }

    /** A script on a terminal of its own, made by script(1): what is typed there, and what it shows. */
    final class Terminal {
        private final Process process;
        private final Path shown;

        Terminal(String script, String... arguments) {
            assumeTrue(Exec.of("script", "--version").run().ok(), "script(1) of util-linux is not installed");
            List<String> command = new ArrayList<>(PhaseProcess.java(script));
            command.addAll(List.of(arguments));
            // Without exec a shell may stay between, and Ctrl-C ends it too, with a code of its own: dash does so.
            try {
                shown = Files.createTempFile(world.folder, "terminal", null);
                ProcessBuilder builder = new ProcessBuilder("script", "--quiet", "--return", "--flush", "--command",
                        "exec " + Exec.typed(command), shown.toString()).directory(world.repo.toFile())
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.DISCARD);
                world.environment.forEach((name, value) -> {
                    builder.environment().remove(name);
                    if (value != null) {
                        builder.environment().put(name, value);
                    }
                });
                builder.environment().put("TERM", "xterm");
                process = builder.start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        String shown() {
            String text = World.read(shown);
            assertFalse(text.contains("S3cret"), "the password was shown");
            return text;
        }

        /** Waits for a question, and types the answer; 3 is Ctrl-C. */
        Terminal answer(String question, String answer) throws IOException {
            until(null, () -> shown().contains(question) || !process.isAlive());
            assertTrue(process.isAlive(), this::shown);
            return type(answer);
        }

        Terminal type(String keys) throws IOException {
            process.getOutputStream().write(keys.getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            return this;
        }

        int end() throws InterruptedException {
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), this::shown);
            return process.exitValue();
        }

        /** Kills the script at its question. */
        void kill(String question) throws InterruptedException {
            until(null, () -> shown().contains(question) || !process.isAlive());
            ProcessHandle release = process.descendants().filter(child ->
                    child.info().command().orElse("").endsWith("/java")).findFirst()
                    .orElseThrow(() -> new AssertionError(shown()));
            Held.kill(release);
            process.waitFor();
        }
    }
}
