//SOURCES LauncherMachine.java Ran.java

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the launcher finds JBang, a JDK and Maven, and what it says where one is missing, too old or fails. */
class LauncherToolsTest {
    private static final Path LAUNCHER = LauncherMachine.LAUNCHER;
    private static LauncherMachine machine;

    @TempDir
    Path temp;

    @BeforeAll
    static void makeTheMachine(@TempDir Path shared) throws IOException {
        machine = new LauncherMachine(shared);
    }

    @AfterAll
    static void removeLinks() throws IOException {
        machine.close();
    }

    @BeforeEach
    void nothingIsLeft() throws Exception {
        assertEquals(List.of(), machine.leftovers(machine.home.resolve(".jbang")));
    }

    @Test
    void prefersTheJBangOnPath() throws Exception {
        Path standIn = machine.executable(temp.resolve("bin/jbang"), "printf '%s|' \"$@\"; cat; exit 9");
        String path = LAUNCHER.getParent() + ":" + standIn.getParent() + ":" + machine.tools;
        Ran ran = Ran.of(temp, machine.environment(Map.of("PATH", path)), "in",
                List.of(LAUNCHER.toString(), "a b", "", "c'd"));
        assertEquals(new Ran(9, "a b||c'd|in", ""), ran);
    }

    @Test
    void twoCopiesOnPathDoNotCallEachOtherForEver() throws Exception {
        Path copy = Files.copy(LAUNCHER, Files.createDirectory(temp.resolve("copy")).resolve("jbang"));
        assertTrue(copy.toFile().setExecutable(true));
        String path = LAUNCHER.getParent() + ":" + copy.getParent() + ":" + machine.tools;
        Ran ran = machine.launch(Map.of("PATH", path), "--version");
        assertEquals(0, ran.exit(), ran.toString());
    }

    @Test
    void aFolderNamedJbangIsNotAProgram() throws Exception {
        Files.createDirectories(temp.resolve("bin/jbang"));
        assertEquals(0, machine.launch(Map.of("PATH", temp.resolve("bin") + ":" + machine.tools), "--version").exit());
    }

    @Test
    void saysThatJavaIsMissing() throws Exception {
        Ran ran = machine.launch(withoutJavaHome(machine.tools.toString()), "--version");
        assertMissing("no JDK found: install JDK 17 or newer", ran);
    }

    @Test
    void saysThatJavaIsTooOld() throws Exception {
        for (String version : List.of("1.8.0_292", "11.0.2", "16")) {
            Path java = machine.java(temp, version, "exit 99");
            Ran ran = machine.launch(Map.of("JAVA_HOME", java.toString()), "x");
            assertMissing("Java " + version + " is too old: install JDK 17", ran);
        }
    }

    @Test
    void anyNewerJavaWillDo() throws Exception {
        for (String version : List.of("17", "21.0.1", "25-ea")) {
            Path java = machine.java(temp, version, "echo asked; exit 3");
            assertEquals(new Ran(3, "asked\n", ""), machine.launch(Map.of("JAVA_HOME", java.toString()), "x"));
        }
    }

    @Test
    void aWrongJavaHomeIsToldAndPathTried() throws Exception {
        String path = machine.tools + ":" + Path.of(LauncherMachine.JAVA_HOME, "bin");
        Ran ran = machine.launch(Map.of("JAVA_HOME", temp.toString(), "PATH", path), "--version");
        assertEquals(0, ran.exit(), ran.toString());
        assertTrue(ran.err().startsWith("jbang: JAVA_HOME=" + temp + " holds no bin/javac, trying PATH\n"), ran.err());
    }

    @Test
    void saysThatMavenIsMissing() throws Exception {
        assertMissing("neither JBang nor Maven found: install one",
                machine.launch(machine.emptyJbangFolder(temp), "--version"));
        assertEquals(List.of(), machine.leftovers(temp.resolve("j b")));
    }

    @Test
    void saysWhyMavenCouldNotFetch() throws Exception {
        Ran ran = machine.launch(machine.withMaven(temp, "echo '[ERROR] unknown host'; exit 1"), "--version");
        assertEquals(12, ran.exit());
        assertTrue(ran.err().contains("unknown host\njbang: Maven could not fetch JBang"), ran.err());
        assertEquals(List.of(), machine.leftovers(temp.resolve("j b")));
    }

    @Test
    void twoFirstFetchesAtOnceLeaveOneWholeJar() throws Exception {
        assumeTrue(LauncherMachine.find("mvn") != null, "mvn is not installed: the fetch is not tried");
        Map<String, String> environment = machine.emptyJbangFolder(temp);
        environment.put("PATH", pathWithoutJbang());
        Process first = Ran.start(temp, machine.environment(environment), temp,
                List.of(LAUNCHER.toString(), "--version"));
        Ran second = machine.launch(environment, "--version");
        assertAll(
                () -> assertEquals(0, first.waitFor()),
                () -> assertEquals(0, second.exit(), second.toString()),
                () -> assertTrue(Files.exists(temp.resolve("j b").resolve(LauncherMachine.jarName()))),
                () -> assertEquals(List.of(), machine.leftovers(temp.resolve("j b"))));
    }

    private static Map<String, String> withoutJavaHome(String path) {
        return Map.of("JAVA_HOME", "", "PATH", path);
    }

    private static void assertMissing(String message, Ran ran) {
        assertEquals(12, ran.exit(), ran.toString());
        assertEquals(1, ran.err().lines().count(), ran.err());
        assertTrue(ran.err().startsWith("jbang: " + message), ran.err());
        assertEquals("", ran.out());
    }

    private static String pathWithoutJbang() {
        return Arrays.stream(System.getenv("PATH").split(":"))
                .filter(folder -> !Files.exists(Path.of(folder, "jbang")))
                .collect(Collectors.joining(":"));
    }
}
