//SOURCES ScratchCase.java ../lib/Scratch.java ../lib/Servers.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import lib.Failure;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The throw-away server: what it is while it lives, and that nothing of it stays. */
class ScratchTest extends ScratchCase {
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
            // Hashed at once for each of many connections; that it is random is what protects it.
            assertTrue(ask(target, "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
                    .startsWith("SCRAM-SHA-256$1:"));
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
        long pid = pid(child.data());
        child.process().destroy();
        assertTrue(child.process().waitFor(20, TimeUnit.SECONDS));
        assertFalse(alive(pid));
        assertFalse(Files.exists(child.data().getParent()));
    }

    @Test
    void aKilledOwnersLeftoverGoesWithTheNextStart() throws Exception {
        Running dead = child(anyServer());
        Running living = child(anyServer());
        long pid = pid(dead.data());
        dead.process().destroyForcibly().waitFor();
        assertTrue(alive(pid), "kill -9 should have left the server");
        try (Scratch next = Scratch.start(anyServer())) {
            assertFalse(alive(pid), "the leftover still runs");
            assertFalse(Files.exists(dead.data().getParent()));
            assertTrue(alive(pid(living.data())), "a living owner's server was stopped");
            assertEquals("1", ask(next.target(null), "SELECT 1"));
        }
        end(living);
    }

    private Running child(Path bin) throws Exception {
        Path place = Path.of(System.getProperty("java.io.tmpdir"));
        return start(List.of(), Map.of(), place, List.of(bin.toString()), classPath());
    }

    @Test
    void aKeptOneOutlivesItsOwnerUntilItIsRemoved() throws Exception {
        Running child = start(List.of(), Map.of(), temp, List.of(anyServer().toString(), "keep"), classPath());
        long pid = pid(child.data());
        end(child);
        assertTrue(alive(pid));
        // A start in the same temporary folder looks for leftovers there; a kept one is none.
        end(start(List.of(), Map.of(), temp, List.of(anyServer().toString()), classPath()));
        assertTrue(alive(pid));
        assertThrows(Failure.class, () -> Scratch.remove(temp.resolve("elsewhere")));
        Scratch.remove(child.data());
        assertFalse(alive(pid));
        assertFalse(Files.exists(child.data().getParent()));
        Scratch.remove(child.data());
    }

    @Test
    void fewBytesAreKeptInMemoryAndNothingOfThemStays() throws Exception {
        Path usual = Path.of("/tmp");
        Running large = start(List.of(), Map.of(), usual, List.of(anyServer().toString(),
                String.valueOf(Long.MAX_VALUE / 2)), classPath());
        assertFalse(Files.isSymbolicLink(large.data()), large.toString());
        end(large);
        Running elsewhere = start(List.of(), Map.of(), temp, List.of(anyServer().toString(), "0"), classPath());
        assertFalse(Files.isSymbolicLink(elsewhere.data()), elsewhere.toString());
        end(elsewhere);
        Running ended = start(List.of(), Map.of(), usual, List.of(anyServer().toString(), "0"), classPath());
        assumeTrue(Files.isSymbolicLink(ended.data()), "this machine has not the memory for it");
        Path memory = Files.readSymbolicLink(ended.data());
        assertEquals(Path.of("/dev/shm").resolve(ended.data().getParent().getFileName()), memory);
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(memory)));
        Running stopped = start(List.of(), Map.of(), usual, List.of(anyServer().toString(), "0"), classPath());
        Running killed = start(List.of(), Map.of(), usual, List.of(anyServer().toString(), "0"), classPath());
        Path left = Files.readSymbolicLink(killed.data());
        long pid = pid(killed.data());
        end(ended);
        assertFalse(Files.exists(memory), "it is there after an orderly end");
        memory = Files.readSymbolicLink(stopped.data());
        stopped.process().destroy();
        assertTrue(stopped.process().waitFor(20, TimeUnit.SECONDS));
        assertFalse(Files.exists(memory), "it is there after a stop from outside");
        killed.process().destroyForcibly().waitFor();
        end(start(List.of(), Map.of(), usual, List.of(anyServer().toString()), classPath()));
        assertFalse(alive(pid), "the leftover still runs");
        assertFalse(Files.exists(left), "the next start has not seen to it");
        assertFalse(Files.exists(killed.data().getParent()));
    }

    @Test
    void spacesInTheTemporaryFolderDoNoHarm() throws Exception {
        Path odd = Files.createDirectory(temp.resolve("a b'c"));
        Running child = start(List.of(), Map.of(), odd, List.of(anyServer().toString()), classPath());
        assertEquals("ready", child.word(), child.toString());
        assertTrue(child.data().startsWith(odd.toRealPath()));
        end(child);
        assertEmpty(odd);
    }

    @Test
    void foldersWithoutAServerAreNamed() {
        Failure failure = assertThrows(Failure.class, () -> Scratch.start(temp));
        assertEquals(Failure.Exit.MISSING, failure.exit);
        assertTrue(failure.getMessage().contains(temp.toString()));
        assertEquals(Failure.Exit.MISSING, assertThrows(Failure.class, () -> Servers.embedded(13)).exit);
        assertEquals(Failure.Exit.MISSING, assertThrows(Failure.class, () -> Servers.fitting(99)).exit);
    }
}
