//SOURCES ../lib/Clients.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import lib.Clients;
import lib.Failure;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which pg_dump is taken for which server, shown on stand-ins. */
@Timeout(60)
class ClientsTest {
    @TempDir
    Path temp;

    /** What the tests start as a process of its own, since the search is steered by its environment. */
    static final class Child {
        public static void main(String[] args) {
            try {
                for (String arg : args) {
                    System.out.println(switch (arg) {
                        case "all" -> Clients.all().stream().map(Clients.Client::version).toList();
                        case "newest" -> Clients.newest().version();
                        case "tools" -> List.of(Clients.newest().tool("pg_restore"), Clients.newest().tool("psql"));
                        default -> Clients.fitting(Integer.parseInt(arg)).version();
                    });
                }
            } catch (Failure e) {
                System.out.println(e.exit + ": " + e.getMessage() + " -> " + e.hint);
            }
        }
    }

    @BeforeAll
    static void needsScripts() {
        assumeFalse(File.separatorChar == '\\', "the stand-ins are shell scripts");
    }

    @Test
    void theSameMajorElseTheNextNewerOne() throws Exception {
        List<Path> folders = List.of(client("15.18 (Debian 15.18-0+deb12u1)"), client("18.6"), client("17.2"),
                client("17.11"), client("9.6.24"));
        assertEquals("[18.6, 17.11, 17.2, 15.18, 9.6.24]", ask(folders, "all"));
        assertEquals("18.6", ask(folders, "newest"));
        assertEquals("15.18\n17.11\n17.11\n18.6\n15.18", ask(folders, "15", "16", "17", "18", "13"));
    }

    @Test
    void tooOldIsNamedWithWhatIsNeeded() throws Exception {
        String words = ask(List.of(client("15.18"), client("14.2")), "17");
        assertTrue(words.startsWith("MISSING: the server is PostgreSQL 17"), words);
        assertTrue(words.contains("found: 15.18 in ") && words.contains("14.2 in "), words);
        assertTrue(words.contains("-> install pg_dump 17 or newer: "), words);
    }

    @Test
    void noneIsSaid() throws Exception {
        assertTrue(ask(List.of(temp), "17").startsWith("MISSING: the server is PostgreSQL 17 and there is no working"));
        assertTrue(ask(List.of(temp.resolve("nowhere")), "newest").startsWith("MISSING: there is no working pg_dump"));
    }

    @Test
    void brokenOnesArePassedOver() throws Exception {
        Path failing = script(temp.resolve("failing"), "pg_dump", "echo 'pg_dump (PostgreSQL) 18.6'; exit 127");
        Path silent = script(temp.resolve("silent"), "pg_dump", "exit 0");
        Path foreign = Files.createDirectory(temp.resolve("foreign"));
        Files.writeString(foreign.resolve("pg_dump"), "\177ELF of another processor").toFile().setExecutable(true);
        Path lost = Files.createDirectory(temp.resolve("lost"));
        Files.createSymbolicLink(lost.resolve("pg_dump"), temp.resolve("gone"));
        assertEquals("[16.1]", ask(List.of(failing, silent, foreign, lost, client("16.1")), "all"));
    }

    @Test
    void eachIsFoundOnceAndDebiansWrapperIsNone() throws Exception {
        Path real = client("16.1");
        Path links = Files.createDirectory(temp.resolve("links"));
        Files.createSymbolicLink(links.resolve("pg_dump"), real.resolve("pg_dump"));
        Path wrapper = script(temp.resolve("wrapper"), "pg_wrapper", "echo 'pg_dump (PostgreSQL) 18.6'");
        Files.createSymbolicLink(wrapper.resolve("pg_dump"), wrapper.resolve("pg_wrapper"));
        assertEquals("[16.1]", ask(List.of(links, real, wrapper, real), "all"));
    }

    @Test
    void aToolThatIsNotBesideItIsNamed() throws Exception {
        Path bin = client("17.1");
        assertTrue(ask(List.of(bin), "tools").startsWith("MISSING: pg_restore is not beside pg_dump 17.1 in " + bin));
        script(bin, "pg_restore", "exit 0");
        script(bin, "psql", "exit 0");
        assertEquals(List.of(bin.resolve("pg_restore"), bin.resolve("psql")).toString(), ask(List.of(bin), "tools"));
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, ID=debian, apt-get install postgresql-client-17",
        "Linux, ID=pop|ID_LIKE=\"ubuntu debian\", apt-get install postgresql-client-17",
        "Linux, ID=alpine, apk add postgresql17-client",
        "Linux, ID=\"rocky\"|ID_LIKE=\"rhel centos fedora\", dnf install postgresql17",
        "Linux, ID=fedora, dnf install postgresql17",
        "Linux, ID=nixos, the package of your system",
        "Linux, '', the package of your system",
        "Mac OS X, '', brew install libpq",
        "Windows 11, '', winget install PostgreSQL.PostgreSQL.17"})
    void theHintIsThisSystems(String system, String release, String command) {
        String hint = Clients.install(17, system, release.replace('|', '\n'));
        assertTrue(hint.startsWith(command), hint);
    }

    private Path client(String version) throws IOException {
        Path bin = temp.resolve(version.replaceAll("[ ()]", "_")).resolve("a bin");
        return script(bin, "pg_dump", "echo 'pg_dump (PostgreSQL) " + version + "'");
    }

    private static Path script(Path folder, String name, String body) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve(name), "#!/bin/sh\n" + body + "\n").toFile().setExecutable(true);
        return folder.toRealPath();
    }

    private static String ask(List<Path> folders, String... questions) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), "ClientsTest$Child"));
        command.addAll(List.of(questions));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(Map.of("RELEASE_PG_CLIENTS",
                folders.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator))));
        Process process = builder.start();
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        process.waitFor();
        return answer;
    }
}
