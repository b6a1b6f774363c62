//SOURCES ../lib/Postgres.java
//SOURCES ../lib/Scratch.java
//SOURCES ../lib/Servers.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.Failure;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of the throw-away server share: a process that owns one, and a look at it. */
@Timeout(120)
abstract class ScratchCase {
    @TempDir
    Path temp;

    /** What the tests start as a process of its own: a server, said to be ready, until standard input ends. */
    static final class Child {
        public static void main(String[] args) throws Exception {
            long bytes = args.length > 1 && !args[1].equals("keep") ? Long.parseLong(args[1]) : Scratch.UNKNOWN;
            try (Scratch scratch = Scratch.start(Path.of(args[0]), bytes)) {
                if (args.length > 1 && args[1].equals("keep")) {
                    scratch.keep();
                }
                String port = ask(scratch.target(null), "SELECT inet_server_port()");
                System.out.println("ready " + port + " " + scratch.data());
                System.in.read();
            } catch (Failure e) {
                System.out.println("failed " + e.exit + " " + e.getMessage().replace('\n', ' '));
            }
        }
    }

    /** A child at work: its first word, and the server that it has or why it has none. */
    record Running(Process process, String word, String port, Path data) {
    }

    static Path anyServer() {
        return Servers.installed().stream().findFirst().map(Servers.Installed::bin)
                .orElseGet(() -> Servers.embedded(17));
    }

    static Connection connect(Target target) throws SQLException {
        String url = "jdbc:postgresql://" + target.host() + ":" + target.port() + "/" + target.database();
        return DriverManager.getConnection(url, target.properties());
    }

    static String ask(Target target, String query) throws SQLException {
        try (Connection connection = connect(target); Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getString(1);
        }
    }

    static long pid(Path data) throws IOException {
        return Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0));
    }

    /** A zombie counts as gone: who reaps it is not our matter. */
    static boolean alive(long pid) throws IOException {
        Path line = Path.of("/proc", String.valueOf(pid), "cmdline");
        return Files.isDirectory(Path.of("/proc/self")) ? Files.exists(line) && !Files.readString(line).isEmpty()
                : ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    Running start(List<String> prefix, Map<String, String> environment, Path place, List<String> arguments,
            String classPath) throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + place, "-cp", classPath, "ScratchCase$Child"));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).directory(temp.toFile()).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        BufferedReader reader = process.inputReader(StandardCharsets.UTF_8);
        StringBuilder before = new StringBuilder();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            String[] words = line.split(" ", 3);
            if (line.startsWith("ready ") || line.startsWith("failed ")) {
                return new Running(process, words[0], words[1], Path.of(words[2]));
            }
            before.append(line).append('\n');
        }
        throw new IOException("the child ended: " + before);
    }

    static void end(Running child) throws Exception {
        child.process.getOutputStream().close();
        assertTrue(child.process.waitFor(20, TimeUnit.SECONDS));
    }

    static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    static void assertEmpty(Path folder) throws IOException {
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(List.of(), left.toList());
        }
    }
}
