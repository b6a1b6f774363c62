//SOURCES ../lib/Postgres.java
//SOURCES ../lib/Scratch.java
//SOURCES ../lib/Servers.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The throw-away server: what it is while it lives, and that nothing of it stays. */
@Timeout(120)
class ScratchTest {
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

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

    private record Running(Process process, String word, String port, Path data) {
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 17})
    void isFastAndClosed(int major) throws Exception {
        Path bin = major == 0 ? anyServer() : Servers.embedded(major);
        Path data;
        long pid;
        try (Scratch scratch = Scratch.start(bin)) {
            data = scratch.data();
            pid = pid(data);
            assertTrue(major == 0 || scratch.major() == major);
            Target target = scratch.target(null);
            assertEquals(String.valueOf(scratch.major()),
                    ask(target, "SELECT current_setting('server_version_num')::int / 10000"));
            for (var setting : Map.of("fsync", "off", "synchronous_commit", "off", "full_page_writes", "off",
                    "wal_level", "minimal", "autovacuum", "off", "listen_addresses", "127.0.0.1",
                    "unix_socket_directories", "", "max_connections", "100", "server_encoding", "UTF8",
                    "data_checksums", "off").entrySet()) {
                assertEquals(setting.getValue(), ask(target, "SHOW " + setting.getKey()), setting.getKey());
            }
            assertEquals(String.valueOf(target.port()), ask(target, "SELECT inet_server_port()"));
            assertEquals("C", ask(target, "SELECT datcollate FROM pg_database WHERE datname = 'postgres'"));
            assertEquals("28P01", assertThrows(SQLException.class, () -> ask(new Target(target.host(), target.port(),
                    "postgres", "postgres", "wrong", Map.of()), "SELECT 1")).getSQLState());
            assertEquals("template1", ask(scratch.target("template1"), "SELECT current_database()"));
        }
        assertFalse(alive(pid), "the server still runs");
        assertFalse(Files.exists(data.getParent()), "the folder is still there");
    }

    @Test
    void twoStandSideBySide() throws Exception {
        try (Scratch one = Scratch.start(anyServer()); Scratch two = Scratch.start(anyServer())) {
            assertNotEquals(one.target(null).port(), two.target(null).port());
            assertNotEquals(one.data(), two.data());
            // Twice, for a stop may come from the hook and from its owner.
            one.close();
            one.close();
            assertEquals("1", ask(two.target(null), "SELECT 1"));
        }
    }

    @Test
    void closesOverAnOpenConnection() throws Exception {
        Scratch scratch = Scratch.start(anyServer());
        try (Connection connection = connect(scratch.target(null));
                Statement statement = connection.createStatement()) {
            statement.execute("BEGIN; CREATE TABLE t AS SELECT 1");
            scratch.close();
            assertThrows(SQLException.class, () -> statement.execute("SELECT 1"));
        }
        assertFalse(Files.exists(scratch.data()));
    }

    @Test
    void aTerminatedOwnerTakesItAlong() throws Exception {
        Running child = child(anyServer());
        long pid = pid(child.data);
        child.process.destroy();
        assertTrue(child.process.waitFor(20, TimeUnit.SECONDS));
        assertFalse(alive(pid));
        assertFalse(Files.exists(child.data.getParent()));
    }

    @Test
    void aKilledOwnersLeftoverGoesWithTheNextStart() throws Exception {
        Running dead = child(anyServer());
        Running living = child(anyServer());
        long pid = pid(dead.data);
        dead.process.destroyForcibly().waitFor();
        assertTrue(alive(pid), "kill -9 should have left the server");
        try (Scratch next = Scratch.start(anyServer())) {
            assertFalse(alive(pid), "the leftover still runs");
            assertFalse(Files.exists(dead.data.getParent()));
            assertTrue(alive(pid(living.data)), "a living owner's server was stopped");
            assertEquals("1", ask(next.target(null), "SELECT 1"));
        }
        end(living);
    }

    @Test
    void aKeptOneOutlivesItsOwnerUntilItIsRemoved() throws Exception {
        Running child = start(List.of(), Map.of(), temp, List.of(anyServer().toString(), "keep"), classPath());
        long pid = pid(child.data);
        end(child);
        assertTrue(alive(pid));
        // A start in the same temporary folder looks for leftovers there; a kept one is none.
        end(start(List.of(), Map.of(), temp, List.of(anyServer().toString()), classPath()));
        assertTrue(alive(pid));
        assertThrows(Failure.class, () -> Scratch.remove(temp.resolve("elsewhere")));
        Scratch.remove(child.data);
        assertFalse(alive(pid));
        assertFalse(Files.exists(child.data.getParent()));
        Scratch.remove(child.data);
    }

    @Test
    void fewBytesAreKeptInMemoryAndNothingOfThemStays() throws Exception {
        Path usual = Path.of("/tmp");
        Running large = start(List.of(), Map.of(), usual, List.of(anyServer().toString(),
                String.valueOf(Long.MAX_VALUE / 2)), classPath());
        assertFalse(Files.isSymbolicLink(large.data), large.toString());
        end(large);
        Running elsewhere = start(List.of(), Map.of(), temp, List.of(anyServer().toString(), "0"), classPath());
        assertFalse(Files.isSymbolicLink(elsewhere.data), elsewhere.toString());
        end(elsewhere);
        Running ended = start(List.of(), Map.of(), usual, List.of(anyServer().toString(), "0"), classPath());
        assumeTrue(Files.isSymbolicLink(ended.data), "this machine has not the memory for it");
        Path memory = Files.readSymbolicLink(ended.data);
        assertEquals(Path.of("/dev/shm").resolve(ended.data.getParent().getFileName()), memory);
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(memory)));
        Running stopped = start(List.of(), Map.of(), usual, List.of(anyServer().toString(), "0"), classPath());
        Running killed = start(List.of(), Map.of(), usual, List.of(anyServer().toString(), "0"), classPath());
        Path left = Files.readSymbolicLink(killed.data);
        long pid = pid(killed.data);
        end(ended);
        assertFalse(Files.exists(memory), "it is there after an orderly end");
        memory = Files.readSymbolicLink(stopped.data);
        stopped.process.destroy();
        assertTrue(stopped.process.waitFor(20, TimeUnit.SECONDS));
        assertFalse(Files.exists(memory), "it is there after a stop from outside");
        killed.process.destroyForcibly().waitFor();
        end(start(List.of(), Map.of(), usual, List.of(anyServer().toString()), classPath()));
        assertFalse(alive(pid), "the leftover still runs");
        assertFalse(Files.exists(left), "the next start has not seen to it");
        assertFalse(Files.exists(killed.data.getParent()));
    }

    @Test
    void spacesInTheTemporaryFolderDoNoHarm() throws Exception {
        Path odd = Files.createDirectory(temp.resolve("a b'c"));
        Running child = start(List.of(), Map.of(), odd, List.of(anyServer().toString()), classPath());
        assertEquals("ready", child.word, child.toString());
        assertTrue(child.data.startsWith(odd.toRealPath()));
        end(child);
        assertEmpty(odd);
    }

    @ParameterizedTest
    @ValueSource(ints = {65534, 12345})
    void ordinaryAndNamelessUsersMayToo(int uid) throws Exception {
        assumeTrue(ROOT, "only root can become others");
        open(temp);
        Path theirs = Files.createDirectory(temp.resolve("tmp"));
        Files.setAttribute(theirs, "unix:uid", uid);
        Running child = start(List.of("setpriv", "--reuid=" + uid, "--regid=" + uid, "--clear-groups"), Map.of(),
                theirs, List.of(reachable(anyServer()).toString()), reachableClassPath());
        assertEquals("ready", child.word, child.toString());
        end(child);
        assertEmpty(theirs);
    }

    // The initdb of 15 answers to --version even where it cannot read its own files; that of 17 does not.
    @ParameterizedTest
    @ValueSource(ints = {15, 17})
    void rootWithoutNamespacesBecomesNobody(int major) throws Exception {
        assumeTrue(ROOT, "only root can become others");
        Path refusing = refusing("unshare");
        open(temp);
        Path place = Files.createDirectory(temp.resolve("tmp"));
        open(place);
        // Below a home closed to others, where a cache usually is.
        Path closed = copy(Servers.embedded(major).getParent(), temp.resolve("closed"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
        Running child = start(List.of(), Map.of("PATH", refusing + File.pathSeparator + System.getenv("PATH")), place,
                List.of(closed.resolve("bin").toString()), classPath());
        assertEquals("ready", child.word, child.toString());
        assertEquals("65534", Files.getAttribute(child.data, "unix:uid").toString());
        end(child);
        assertEmpty(place);
    }

    @Test
    void rootIsToldOfATemporaryFolderThatNobodyCanEnter() throws Exception {
        assumeTrue(ROOT, "only root can become others");
        Path refusing = refusing("unshare");
        Path place = Files.createDirectory(temp.resolve("tmp"));
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwx------"));
        Running child = start(List.of(), Map.of("PATH", refusing + File.pathSeparator + System.getenv("PATH")), place,
                List.of(anyServer().toString()), classPath());
        assertEquals("failed", child.word);
        assertTrue(child.data.toString().contains("who cannot enter " + place.toRealPath()), child.toString());
        assertEmpty(place);
    }

    @Test
    void rootWithNoWayOutIsToldWhy() throws Exception {
        assumeTrue(ROOT, "only root can become others");
        Path refusing = refusing("unshare", "setpriv");
        Running child = start(List.of(), Map.of("PATH", refusing + File.pathSeparator + System.getenv("PATH")), temp,
                List.of(anyServer().toString()), classPath());
        assertEquals("failed", child.word);
        assertTrue(child.port.equals("MISSING"), child.toString());
        assertTrue(child.data.toString().contains("setpriv is refused"), child.toString());
    }

    @Test
    void foldersWithoutAServerAreNamed() {
        Failure failure = assertThrows(Failure.class, () -> Scratch.start(temp));
        assertEquals(Failure.Exit.MISSING, failure.exit);
        assertTrue(failure.getMessage().contains(temp.toString()));
        assertEquals(Failure.Exit.MISSING, assertThrows(Failure.class, () -> Servers.embedded(13)).exit);
        assertEquals(Failure.Exit.MISSING, assertThrows(Failure.class, () -> Servers.fitting(99)).exit);
    }

    private static Path anyServer() {
        return Servers.installed().stream().findFirst().map(Servers.Installed::bin)
                .orElseGet(() -> Servers.embedded(17));
    }

    private static Connection connect(Target target) throws SQLException {
        String url = "jdbc:postgresql://" + target.host() + ":" + target.port() + "/" + target.database();
        return DriverManager.getConnection(url, target.properties());
    }

    private static String ask(Target target, String query) throws SQLException {
        try (Connection connection = connect(target); Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getString(1);
        }
    }

    private static long pid(Path data) throws IOException {
        return Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0));
    }

    /** A zombie counts as gone: who reaps it is not our matter. */
    private static boolean alive(long pid) throws IOException {
        Path line = Path.of("/proc", String.valueOf(pid), "cmdline");
        return Files.isDirectory(Path.of("/proc/self")) ? Files.exists(line) && !Files.readString(line).isEmpty()
                : ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    private Running child(Path bin) throws Exception {
        Path place = Path.of(System.getProperty("java.io.tmpdir"));
        return start(List.of(), Map.of(), place, List.of(bin.toString()), classPath());
    }

    private Running start(List<String> prefix, Map<String, String> environment, Path place, List<String> arguments,
            String classPath) throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + place, "-cp", classPath, "ScratchTest$Child"));
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

    private static void end(Running child) throws Exception {
        child.process.getOutputStream().close();
        assertTrue(child.process.waitFor(20, TimeUnit.SECONDS));
    }

    private static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Another user cannot read our home: a copy, then. */
    private String reachableClassPath() throws IOException {
        List<String> entries = new ArrayList<>();
        for (String entry : classPath().split(File.pathSeparator)) {
            if (Files.exists(Path.of(entry))) {
                entries.add(copy(Path.of(entry), temp.resolve("cp" + entries.size())).toString());
            }
        }
        return String.join(File.pathSeparator, entries);
    }

    private Path reachable(Path bin) throws IOException {
        return bin.startsWith("/usr") ? bin : copy(bin.getParent(), temp.resolve("server")).resolve("bin");
    }

    private static Path copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = file.equals(from) ? to : to.resolve(from.relativize(file).toString());
                if (!Files.isDirectory(target)) {
                    Files.copy(file, target, LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
        return to;
    }

    private Path refusing(String... programs) throws IOException {
        Path folder = Files.createDirectory(temp.resolve("refusing"));
        for (String program : programs) {
            Path file = Files.writeString(folder.resolve(program),
                    "#!/bin/sh\necho " + program + " is refused >&2\nexit 1\n");
            file.toFile().setExecutable(true);
        }
        return folder;
    }

    private static void open(Path folder) {
        folder.toFile().setReadable(true, false);
        folder.toFile().setExecutable(true, false);
    }

    private static void assertEmpty(Path folder) throws IOException {
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(List.of(), left.toList());
        }
    }
}
