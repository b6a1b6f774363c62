//SOURCES World.java ../lib/PhaseProcess.java ../lib/Postgres.java ../lib/Scratch.java ../lib/Servers.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lib.Failure;
import lib.PhaseProcess;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What initdb made once and is copied since: the copies are whole, have numbers of their own, and none is needed. */
@Timeout(180)
class ScratchTemplateTest {
    @TempDir
    Path temp;

    /** Started as a process of its own, for its cache is named by the environment: a server, used and stopped. */
    static final class Child {
        public static void main(String[] args) throws Exception {
            try (Scratch scratch = Scratch.start(Path.of(args[0]));
                    Connection connection = Postgres.write(scratch.target(null), "test")) {
                Postgres.execute(connection, "CREATE DATABASE other TEMPLATE template0");
                Postgres.execute(connection, "CREATE TABLE t AS SELECT lower('Ä') FROM generate_series(1, 9)");
                Postgres.execute(connection, "CHECKPOINT");
                System.out.println(Postgres.identity(connection).system() + " "
                        + Postgres.one(connection, "SELECT count(*) FROM t") + " "
                        + Files.getAttribute(scratch.data(), "unix:uid"));
            } catch (Failure failure) {
                System.out.println("failed: " + failure.getMessage());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 16, 17, 18})
    void aCopyIsAServerWithANumberOfItsOwn(int major) throws Exception {
        Path bin = Servers.embedded(major);
        String made = run(bin);
        Path note = template().resolve("note");
        Object when = Files.getLastModifiedTime(note);
        List<String> copies = List.of(run(bin), run(bin));
        assertEquals(when, Files.getLastModifiedTime(note), "the template was made again");
        for (String copy : copies) {
            assertTrue(copy.matches("\\d+ 9 \\d+"), copy);
            assertNotEquals(made.split(" ")[0], copy.split(" ")[0]);
        }
        assertNotEquals(copies.get(0).split(" ")[0], copies.get(1).split(" ")[0]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"data/base/1/1259", "note"})
    void aDamagedTemplateIsMadeAgain(String file) throws Exception {
        Path bin = anyServer();
        run(bin);
        Path damaged = template().resolve(file);
        byte[] bytes = Files.readAllBytes(damaged);
        byte[] other = bytes.clone();
        other[bytes.length / 2] ^= 1;
        Files.write(damaged, other);
        assertTrue(run(bin).matches("\\d+ 9 \\d+"));
        assertEquals(bytes.length, Files.size(template().resolve(file)));
        assertTrue(!Arrays.equals(other, Files.readAllBytes(template().resolve(file))), "the damage is still there");
    }

    @Test
    void aTemplateWithAFileMissingIsMadeAgain() throws Exception {
        Path bin = anyServer();
        run(bin);
        Files.delete(template().resolve("data/PG_VERSION"));
        assertTrue(run(bin).matches("\\d+ 9 \\d+"));
        assertTrue(Files.exists(template().resolve("data/PG_VERSION")));
    }

    @Test
    void aTemplateThatDoesNotStartIsReplaced() throws Exception {
        Path real = anyServer();
        Path bin = Files.createDirectory(temp.resolve("bin"));
        World.script(bin.resolve("pg_ctl"), "exec '" + real.resolve("pg_ctl") + "' \"$@\"\n");
        // The first cluster it makes is one that no server takes.
        Path flag = temp.resolve("made");
        World.script(bin.resolve("initdb"), "'" + real.resolve("initdb") + "' \"$@\" || exit\n[ $1 != -N ] || [ -e '"
                + flag + "' ] || { touch '" + flag + "'; echo 'nonsense = on' >> \"$3/postgresql.conf\"; }\n");
        assertTrue(run(bin).contains("nonsense"), "the first one should have failed");
        assertTrue(Files.readString(template().resolve("data/postgresql.conf")).contains("nonsense"));
        assertTrue(run(bin).matches("\\d+ 9 \\d+"));
        assertTrue(run(bin).matches("\\d+ 9 \\d+"));
    }

    @Test
    void severalAtOnceMakeOne() throws Exception {
        List<Process> children = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            children.add(start(Map.of(), anyServer()));
        }
        for (Process child : children) {
            String said = said(child);
            assertTrue(said.matches("\\d+ 9 \\d+"), said);
        }
        try (var files = Files.list(cache())) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void aServerThatIsGoneLeavesNoTemplate() throws Exception {
        Path bin = temp.resolve("gone");
        for (String program : List.of("initdb", "pg_ctl")) {
            World.script(bin.resolve(program), "exec '" + anyServer().resolve(program) + "' \"$@\"\n");
        }
        run(bin);
        Path old = template();
        Files.move(bin, temp.resolve("elsewhere"));
        run(anyServer());
        assertNotEquals(old, template());
    }

    @Test
    void anotherUserOwnsTheCopy() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root can become others");
        for (Path folder : List.of(temp, Files.createDirectory(temp.resolve("tmp")))) {
            folder.toFile().setReadable(true, false);
            folder.toFile().setExecutable(true, false);
        }
        World.script(temp.resolve("refusing/unshare"), "echo refused >&2; exit 1\n");
        String path = temp.resolve("refusing") + File.pathSeparator + System.getenv("PATH");
        for (int i = 0; i < 2; i++) {
            String said = said(start(Map.of("PATH", path), anyServer()));
            assertTrue(said.matches("\\d+ 9 65534"), said);
        }
    }

    private static Path anyServer() {
        return Servers.installed().stream().findFirst().map(Servers.Installed::bin)
                .orElseGet(() -> Servers.embedded(17));
    }

    private Path cache() {
        return temp.resolve("cache/jbang-release");
    }

    private Path template() throws IOException {
        try (var files = Files.list(cache())) {
            List<Path> all = files.toList();
            assertEquals(1, all.size(), all.toString());
            return all.get(0);
        }
    }

    private String run(Path bin) throws Exception {
        return said(start(Map.of(), bin));
    }

    private Process start(Map<String, String> environment, Path bin) throws IOException {
        List<String> command = PhaseProcess.java("ScratchTemplateTest$Child");
        command.add(bin.toString());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        Map<String, String> all = new HashMap<>(environment);
        all.put("XDG_CACHE_HOME", temp.resolve("cache").toString());
        builder.environment().putAll(all);
        return builder.start();
    }

    private static String said(Process process) throws Exception {
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        process.waitFor();
        return said;
    }
}
