import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher, run for real: with JBang's jar, and with stand-ins for what it calls. */
class LauncherTest {
    private static final Path LAUNCHER = Path.of(System.getProperty("repo"), "jbang");
    private static final String JAVA_HOME = System.getProperty("java.home");
    private static final List<String> BASIC_TOOLS = List.of("sh", "cat", "mkdir", "mktemp", "mv", "rm", "sed", "sleep");

    /** Shared by all tests: its .jbang is filled once. */
    @TempDir
    static Path shared;

    private static Path home;
    private static Path tools;

    @TempDir
    Path temp;

    @BeforeAll
    static void fill() throws Exception {
        home = Files.createDirectories(shared.resolve("a home"));
        tools = Files.createDirectory(shared.resolve("tools"));
        for (String tool : BASIC_TOOLS) {
            Files.createSymbolicLink(tools.resolve(tool), onPath(tool));
        }
        Path fetched = jbangFolder().resolve(jarName());
        if (Files.exists(fetched)) {
            Files.createDirectories(home.resolve(".jbang"));
            Files.copy(fetched, home.resolve(".jbang").resolve(jarName()));
        }
        Files.writeString(shared.resolve("tell.java"), """
                ///usr/bin/env jbang "$0" "$@" ; exit $?
                //JAVA 17+
                class tell {
                    public static void main(String[] args) throws Exception {
                        switch (args[0]) {
                            case "args" -> System.out.print(String.join("|", args));
                            case "stdin" -> System.in.transferTo(System.out);
                            case "exit" -> System.exit(Integer.parseInt(args[1]));
                            case "env" -> System.out.print(System.getenv(args[1]));
                            default -> {
                                System.out.println("sleeping");
                                Thread.sleep(60_000);
                            }
                        }
                    }
                }
                """);
        Ran built = launch(Map.of(), "build", shared.resolve("tell.java").toString());
        assertEquals(0, built.exit, built.toString());
    }

    @AfterAll
    static void removeLinks() throws IOException {
        delete(tools);
    }

    @BeforeEach
    void nothingIsLeft() throws Exception {
        assertEquals(List.of(), leftovers(home.resolve(".jbang")));
    }

    @Test
    void oddArgumentsSurvive() throws Exception {
        String[] odd = {"args", "two words", "it's", "say \"hi\"", "$HOME `id` $(id)", "back\\slash\\n", "line\nbreak",
            "", "*", "~", "#", "!", "-x", "--", "a;b&c|d<e>f", " ", "''", "end\\", ""};
        assertEquals(String.join("|", odd), tell(odd).out);
    }

    /** The letters stand in a file: without a locale of its own the JVM of the tests could not hand them over. */
    @Test
    void lettersBeyondAsciiSurvive() throws Exception {
        Path command = executable("command", "exec '%s' \"$1\" args 'größe €'".formatted(LAUNCHER));
        String script = shared.resolve("tell.java").toString();
        assertEquals("args|größe €", run(temp, environment(Map.of()), "", List.of(command.toString(), script)).out);
    }

    @Test
    void standardInputReachesTheScript() throws Exception {
        assertEquals("some\ninput \\n", run(temp, environment(Map.of()), "some\ninput \\n", tellCommand("stdin")).out);
    }

    @Test
    void exitCodesPassThrough() throws Exception {
        for (int code : new int[] {0, 1, 7, 20, 130, 255}) {
            Ran ran = tell("exit", String.valueOf(code));
            assertEquals(code, ran.exit, ran.toString());
            assertEquals("", ran.out + ran.err);
        }
    }

    @Test
    void jbangsOwnFailuresAndOutputPassThrough() throws Exception {
        assertEquals(2, launch(Map.of(), "no-such-script.java").exit);
        Ran version = launch(Map.of(), "--version");
        assertEquals("jbang-" + (version.out + version.err).strip() + ".jar", jarName());
        assertEquals(0, version.exit);
    }

    @Test
    void exportsWhatJBangsLauncherExports() throws Exception {
        assertEquals(LAUNCHER.toString(), tell("env", "JBANG_LAUNCH_CMD").out);
        assertEquals("bash", tell("env", "JBANG_RUNTIME_SHELL").out);
        assertEquals("true", tell("env", "JBANG_STDIN_NOTTY").out);
        Path script = shared.resolve("tell.java");
        Ran relative = run(LAUNCHER.getParent(), environment(Map.of()), "",
                List.of("./jbang", script.toString(), "env", "JBANG_LAUNCH_CMD"));
        assertEquals(LAUNCHER.toString(), relative.out);
    }

    @Test
    void startedThroughPathItIsFoundAgain() throws Exception {
        Map<String, String> environment = environment(Map.of("PATH", LAUNCHER.getParent() + ":" + tools));
        String script = shared.resolve("tell.java").toString();
        List<String> command = List.of("sh", "-c", "jbang \"$0\" env JBANG_LAUNCH_CMD", script);
        Ran ran = run(temp, environment, "", command);
        assertEquals(LAUNCHER.toString(), ran.out, ran.toString());
    }

    @Test
    void prefersTheJBangOnPath() throws Exception {
        Path standIn = executable("bin/jbang", "printf '%s|' \"$@\"; cat; exit 9");
        String path = LAUNCHER.getParent() + ":" + standIn.getParent() + ":" + tools;
        Ran ran = run(temp, environment(Map.of("PATH", path)), "in", List.of(LAUNCHER.toString(), "a b", "", "c'd"));
        assertEquals(new Ran(9, "a b||c'd|in", ""), ran);
    }

    @Test
    void twoCopiesOnPathDoNotCallEachOtherForEver() throws Exception {
        Path copy = Files.copy(LAUNCHER, Files.createDirectory(temp.resolve("copy")).resolve("jbang"));
        assertTrue(copy.toFile().setExecutable(true));
        String path = LAUNCHER.getParent() + ":" + copy.getParent() + ":" + tools;
        Ran ran = launch(Map.of("PATH", path), "--version");
        assertEquals(0, ran.exit, ran.toString());
    }

    @Test
    void aFolderNamedJbangIsNotAProgram() throws Exception {
        Files.createDirectories(temp.resolve("bin/jbang"));
        assertEquals(0, launch(Map.of("PATH", temp.resolve("bin") + ":" + tools), "--version").exit);
    }

    @Test
    void saysThatJavaIsMissing() throws Exception {
        Ran ran = launch(withoutJavaHome(tools.toString()), "--version");
        assertMissing("no JDK found: install JDK 17 or newer", ran);
    }

    @Test
    void saysThatJavaIsTooOld() throws Exception {
        for (String version : List.of("1.8.0_292", "11.0.2", "16")) {
            Path java = java(version, "exit 99");
            Ran ran = launch(Map.of("JAVA_HOME", java.toString()), "x");
            assertMissing("Java " + version + " is too old: install JDK 17", ran);
        }
    }

    @Test
    void anyNewerJavaWillDo() throws Exception {
        for (String version : List.of("17", "21.0.1", "25-ea")) {
            Path java = java(version, "echo asked; exit 3");
            assertEquals(new Ran(3, "asked\n", ""), launch(Map.of("JAVA_HOME", java.toString()), "x"));
        }
    }

    @Test
    void aWrongJavaHomeIsToldAndPathTried() throws Exception {
        String path = tools + ":" + Path.of(JAVA_HOME, "bin");
        Ran ran = launch(Map.of("JAVA_HOME", temp.toString(), "PATH", path), "--version");
        assertEquals(0, ran.exit, ran.toString());
        assertTrue(ran.err.startsWith("jbang: JAVA_HOME=" + temp + " holds no bin/javac, trying PATH\n"), ran.err);
    }

    @Test
    void saysThatMavenIsMissing() throws Exception {
        assertMissing("neither JBang nor Maven found: install one", launch(emptyJbangFolder(), "--version"));
        assertEquals(List.of(), leftovers(temp.resolve("j b")));
    }

    @Test
    void saysWhyMavenCouldNotFetch() throws Exception {
        Ran ran = launch(withMaven("echo '[ERROR] unknown host'; exit 1"), "--version");
        assertEquals(12, ran.exit);
        assertTrue(ran.err.contains("unknown host\njbang: Maven could not fetch JBang"), ran.err);
        assertEquals(List.of(), leftovers(temp.resolve("j b")));
    }

    @Test
    void twoFirstFetchesAtOnceLeaveOneWholeJar() throws Exception {
        assumeTrue(find("mvn") != null, "mvn is not installed: the fetch is not tried");
        Map<String, String> environment = emptyJbangFolder();
        environment.put("PATH", pathWithoutJbang());
        Process first = start(temp, environment(environment), temp, List.of(LAUNCHER.toString(), "--version"));
        Ran second = launch(environment, "--version");
        assertAll(
                () -> assertEquals(0, first.waitFor()),
                () -> assertEquals(0, second.exit, second.toString()),
                () -> assertTrue(Files.exists(temp.resolve("j b").resolve(jarName()))),
                () -> assertEquals(List.of(), leftovers(temp.resolve("j b"))));
    }

    @Test
    void anInterruptedFetchLeavesNothing() throws Exception {
        for (String signal : List.of("INT", "TERM", "HUP")) {
            Map<String, String> environment = withMaven("echo half >x.jar; echo $$ >'" + temp + "/pid'; exec sleep 60");
            assertInterrupted(signal, environment);
            assertEquals(List.of(), leftovers(temp.resolve("j b")));
        }
    }

    @Test
    void anInterruptStopsTheBuild() throws Exception {
        for (String signal : List.of("INT", "TERM")) {
            Path java = java("17", "echo $$ >'" + temp + "/pid'; exec sleep 60");
            assertInterrupted(signal, Map.of("JAVA_HOME", java.toString()));
            assertEquals(List.of(), leftovers(home.resolve(".jbang")));
        }
    }

    @Test
    void anInterruptReachesTheScript() throws Exception {
        for (String signal : List.of("INT", "TERM")) {
            Process process = start(temp, environment(Map.of()), temp, tellCommand("sleep"));
            awaitText(temp.resolve("out"), "sleeping");
            send(signal, process.pid());
            assertTrue(process.waitFor(20, TimeUnit.SECONDS));
            assertEquals(signal.equals("INT") ? 130 : 143, process.exitValue());
        }
    }

    /** What a command left. */
    record Ran(int exit, String out, String err) {
    }

    /** Runs a command to its end in exactly this environment. */
    static Ran run(Path folder, Map<String, String> environment, String input, List<String> command) throws Exception {
        Path files = Files.createTempDirectory("ran");
        try {
            Files.writeString(files.resolve("in"), input);
            Process process = start(folder, environment, files, command);
            if (!process.waitFor(5, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError("still running after 5 minutes: " + String.join(" ", command));
            }
            String out = Files.readString(files.resolve("out"));
            return new Ran(process.exitValue(), out, Files.readString(files.resolve("err")));
        } finally {
            delete(files);
        }
    }

    /** The environment of these tests without what a launcher above them exported. */
    static Map<String, String> ownEnvironment() {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.keySet().removeIf(name -> name.startsWith("JBANG_") && !name.equals("JBANG_DIR"));
        return environment;
    }

    static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }

    private static Process start(Path folder, Map<String, String> environment, Path files, List<String> command)
            throws IOException {
        Path input = files.resolve("in");
        if (!Files.exists(input)) {
            Files.createFile(input);
        }
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectInput(input.toFile())
                .redirectOutput(files.resolve("out").toFile())
                .redirectError(files.resolve("err").toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static Ran launch(Map<String, String> more, String... arguments) throws Exception {
        List<String> command = Stream.concat(Stream.of(LAUNCHER.toString()), Arrays.stream(arguments)).toList();
        return run(home, environment(more), "", command);
    }

    private static Ran tell(String... arguments) throws Exception {
        return run(home, environment(Map.of()), "", tellCommand(arguments));
    }

    private static List<String> tellCommand(String... arguments) {
        Stream<String> start = Stream.of(LAUNCHER.toString(), shared.resolve("tell.java").toString());
        return Stream.concat(start, Arrays.stream(arguments)).toList();
    }

    private static Map<String, String> environment(Map<String, String> more) {
        Map<String, String> environment = new HashMap<>();
        environment.put("HOME", home.toString());
        environment.put("PATH", tools.toString());
        environment.put("JAVA_HOME", JAVA_HOME);
        environment.put("LC_ALL", "C.UTF-8");
        environment.putAll(more);
        return environment;
    }

    private static Map<String, String> withoutJavaHome(String path) {
        return Map.of("JAVA_HOME", "", "PATH", path);
    }

    private Map<String, String> emptyJbangFolder() {
        return new HashMap<>(Map.of("JBANG_DIR", temp.resolve("j b").toString()));
    }

    private Map<String, String> withMaven(String body) throws IOException {
        Map<String, String> environment = emptyJbangFolder();
        environment.put("PATH", executable("maven/mvn", body).getParent() + ":" + tools);
        return environment;
    }

    /** A stand-in for a JDK: tells this version, and does this when run. */
    private Path java(String version, String body) throws IOException {
        executable("jdk/bin/javac", "");
        executable("jdk/bin/java", """
                if [ "$1" = -version ]; then
                    echo 'openjdk version "%s" 2021-01-19' >&2
                    exit
                fi
                """.formatted(version) + body);
        return temp.resolve("jdk");
    }

    private Path executable(String name, String body) throws IOException {
        Path file = temp.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!" + tools.resolve("sh") + "\n" + body + "\n");
        assertTrue(file.toFile().setExecutable(true));
        return file;
    }

    private void assertInterrupted(String signal, Map<String, String> environment) throws Exception {
        Process process = start(temp, environment(environment), temp, List.of(LAUNCHER.toString(), "x"));
        awaitText(temp.resolve("pid"), "\n");
        String pid = Files.readString(temp.resolve("pid")).strip();
        ProcessHandle child = ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
        send(signal, process.pid());
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        assertEquals(128 + Map.of("HUP", 1, "INT", 2, "TERM", 15).get(signal), process.exitValue());
        assertFalse(child.isAlive(), "what the launcher started still runs");
        Files.delete(temp.resolve("pid"));
    }

    private static void assertMissing(String message, Ran ran) {
        assertEquals(12, ran.exit, ran.toString());
        assertEquals(1, ran.err.lines().count(), ran.err);
        assertTrue(ran.err.startsWith("jbang: " + message), ran.err);
        assertEquals("", ran.out);
    }

    private static void send(String signal, long pid) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + signal, String.valueOf(pid)).start().waitFor());
    }

    private static void awaitText(Path file, String text) throws Exception {
        for (int tries = 0; tries < 600; tries++) {
            if (Files.exists(file) && Files.readString(file).contains(text)) {
                return;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("no " + text.strip() + " in " + file + " after 30 s");
    }

    private static List<String> leftovers(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("run.")).toList();
        }
    }

    private static String jarName() throws IOException {
        String version = Files.readString(LAUNCHER).lines()
                .filter(line -> line.startsWith("version="))
                .map(line -> line.substring("version=".length()))
                .findFirst()
                .orElseThrow();
        return "jbang-" + version + ".jar";
    }

    private static Path jbangFolder() {
        String set = System.getenv("JBANG_DIR");
        return set == null || set.isEmpty() ? Path.of(System.getProperty("user.home"), ".jbang") : Path.of(set);
    }

    private static String pathWithoutJbang() {
        return Arrays.stream(System.getenv("PATH").split(":"))
                .filter(folder -> !Files.exists(Path.of(folder, "jbang")))
                .collect(Collectors.joining(":"));
    }

    private static Path onPath(String tool) {
        Path found = find(tool);
        if (found == null) {
            throw new IllegalStateException(tool + " is not on PATH");
        }
        return found;
    }

    private static Path find(String tool) {
        return Arrays.stream(System.getenv("PATH").split(":"))
                .map(folder -> Path.of(folder, tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }
}
