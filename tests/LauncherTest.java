//SOURCES LauncherMachine.java Ran.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher, run for real with JBang's jar: what passes through it, and what an interrupt ends. */
class LauncherTest {
    private static final Path LAUNCHER = LauncherMachine.LAUNCHER;

    /** Shared by all tests: its .jbang is filled once. */
    @TempDir
    static Path shared;

    private static LauncherMachine machine;

    @TempDir
    Path temp;

    @BeforeAll
    static void fill() throws Exception {
        machine = new LauncherMachine(shared);
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
        Ran built = machine.launch(Map.of(), "build", shared.resolve("tell.java").toString());
        assertEquals(0, built.exit(), built.toString());
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
    void oddArgumentsSurvive() throws Exception {
        String[] odd = {"args", "two words", "it's", "say \"hi\"", "$HOME `id` $(id)", "back\\slash\\n", "line\nbreak",
            "", "*", "~", "#", "!", "-x", "--", "a;b&c|d<e>f", " ", "''", "end\\", ""};
        assertEquals(String.join("|", odd), tell(odd).out());
    }

    /** The letters stand in a file: without a locale of its own the JVM of the tests could not hand them over. */
    @Test
    void lettersBeyondAsciiSurvive() throws Exception {
        Path command = machine.executable(temp.resolve("command"),
                "exec '%s' \"$1\" args 'größe €'".formatted(LAUNCHER));
        String script = shared.resolve("tell.java").toString();
        Ran ran = Ran.of(temp, machine.environment(Map.of()), "", List.of(command.toString(), script));
        assertEquals("args|größe €", ran.out());
    }

    @Test
    void standardInputReachesTheScript() throws Exception {
        assertEquals("some\ninput \\n",
                Ran.of(temp, machine.environment(Map.of()), "some\ninput \\n", tellCommand("stdin")).out());
    }

    @Test
    void exitCodesPassThrough() throws Exception {
        for (int code : new int[] {0, 1, 7, 20, 130, 255}) {
            Ran ran = tell("exit", String.valueOf(code));
            assertEquals(code, ran.exit(), ran.toString());
            assertEquals("", ran.out() + ran.err());
        }
    }

    @Test
    void jbangsOwnFailuresAndOutputPassThrough() throws Exception {
        assertEquals(2, machine.launch(Map.of(), "no-such-script.java").exit());
        Ran version = machine.launch(Map.of(), "--version");
        assertEquals("jbang-" + (version.out() + version.err()).strip() + ".jar", LauncherMachine.jarName());
        assertEquals(0, version.exit());
    }

    @Test
    void exportsWhatJBangsLauncherExports() throws Exception {
        assertEquals(LAUNCHER.toString(), tell("env", "JBANG_LAUNCH_CMD").out());
        assertEquals("bash", tell("env", "JBANG_RUNTIME_SHELL").out());
        assertEquals("true", tell("env", "JBANG_STDIN_NOTTY").out());
        Path script = shared.resolve("tell.java");
        Ran relative = Ran.of(LAUNCHER.getParent(), machine.environment(Map.of()), "",
                List.of("./jbang", script.toString(), "env", "JBANG_LAUNCH_CMD"));
        assertEquals(LAUNCHER.toString(), relative.out());
    }

    @Test
    void startedThroughPathItIsFoundAgain() throws Exception {
        String path = LAUNCHER.getParent() + ":" + machine.tools;
        String script = shared.resolve("tell.java").toString();
        List<String> command = List.of("sh", "-c", "jbang \"$0\" env JBANG_LAUNCH_CMD", script);
        Ran ran = Ran.of(temp, machine.environment(Map.of("PATH", path)), "", command);
        assertEquals(LAUNCHER.toString(), ran.out(), ran.toString());
    }

    @Test
    void anInterruptedFetchLeavesNothing() throws Exception {
        for (String signal : List.of("INT", "TERM", "HUP")) {
            Map<String, String> environment = machine.withMaven(temp,
                    "echo half >x.jar; echo $$ >'" + temp + "/pid'; exec sleep 60");
            assertInterrupted(signal, environment);
            assertEquals(List.of(), machine.leftovers(temp.resolve("j b")));
        }
    }

    @Test
    void anInterruptStopsTheBuild() throws Exception {
        for (String signal : List.of("INT", "TERM")) {
            Path java = machine.java(temp, "17", "echo $$ >'" + temp + "/pid'; exec sleep 60");
            assertInterrupted(signal, Map.of("JAVA_HOME", java.toString()));
            assertEquals(List.of(), machine.leftovers(machine.home.resolve(".jbang")));
        }
    }

    @Test
    void anInterruptReachesTheScript() throws Exception {
        for (String signal : List.of("INT", "TERM")) {
            Process process = Ran.start(temp, machine.environment(Map.of()), temp, tellCommand("sleep"));
            awaitText(temp.resolve("out"), "sleeping");
            send(signal, process.pid());
            assertTrue(process.waitFor(20, TimeUnit.SECONDS));
            assertEquals(signal.equals("INT") ? 130 : 143, process.exitValue());
        }
    }

    private static Ran tell(String... arguments) throws Exception {
        return Ran.of(machine.home, machine.environment(Map.of()), "", tellCommand(arguments));
    }

    private static List<String> tellCommand(String... arguments) {
        Stream<String> start = Stream.of(LAUNCHER.toString(), shared.resolve("tell.java").toString());
        return Stream.concat(start, Arrays.stream(arguments)).toList();
    }

    private void assertInterrupted(String signal, Map<String, String> environment) throws Exception {
        Process process = Ran.start(temp, machine.environment(environment), temp,
                List.of(LAUNCHER.toString(), "x"));
        awaitText(temp.resolve("pid"), "\n");
        String pid = Files.readString(temp.resolve("pid")).strip();
        ProcessHandle child = ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
        send(signal, process.pid());
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        assertEquals(128 + Map.of("HUP", 1, "INT", 2, "TERM", 15).get(signal), process.exitValue());
        assertFalse(child.isAlive(), "what the launcher started still runs");
        Files.delete(temp.resolve("pid"));
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
}
