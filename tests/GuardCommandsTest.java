//SOURCES GuardCase.java Ran.java ../lib/Exec.java ../lib/PhaseProcess.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.util.JavacTask;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import lib.Exec;
import lib.PhaseProcess;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Guards on what is run: each script where nothing but its own files is, and the commands that README shows. */
@Order(1)
class GuardCommandsTest extends GuardCase {
    @TempDir
    Path temp;

    /** What a reader copies to another repository: the script and the lib files it leads to, nothing else. */
    @ParameterizedTest
    @ValueSource(strings = {"preflight", "backup", "assess", "validate", "release"})
    void buildsAloneAndRunsFromACopiedFolder(String script) throws Exception {
        for (Path file : sourcesFrom(source(script))) {
            Path copy = temp.resolve("a copy").resolve(REPO.relativize(file));
            Files.createDirectories(copy.getParent());
            Files.copy(file, copy);
        }
        Ran ran = jbang(temp.resolve("a copy"), "--quiet", script + ".java", "--help");
        assertEquals(0, ran.exit(), ran.toString());
        assertTrue(ran.out().contains("--repo"), ran.toString());
        assertEquals("", ran.err());
    }

    /** Among all tests it compiles together with JUnit and much else that it does not name. */
    @ParameterizedTest
    @ValueSource(strings = {"tests/benchmark", "tests/reference"})
    void whatStandsBesideTheTestsCompilesAlone(String script) throws Exception {
        String libraries = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(jar -> !jar.matches(".*(junit|/all\\.jar).*")).collect(Collectors.joining(File.pathSeparator));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(found, null, StandardCharsets.UTF_8)) {
            JavacTask task = (JavacTask) compiler.getTask(null, files, found,
                    List.of("-proc:none", "-cp", libraries, "-sourcepath", ""), null,
                    files.getJavaFileObjectsFromPaths(sourcesFrom(source(script))));
            task.analyze();
        }
        assertNone(found.getDiagnostics().stream().filter(each -> each.getKind() == Diagnostic.Kind.ERROR)
                .map(Object::toString).toList());
    }

    @Test
    void readmeShowsCommandsThatExist() throws Exception {
        List<String> commands = readmeCommands();
        assertTrue(commands.containsAll(List.of("./jbang release.java demo", "./jbang tests/all.java")),
                "README shows neither the demo nor the tests: " + commands);
        List<String> wrong = new ArrayList<>();
        Map<String, String> helps = new HashMap<>();
        for (String command : commands) {
            List<String> words = words(command);
            String script = words.get(1);
            if (!Files.isRegularFile(REPO.resolve(script)) || !script.endsWith(".java")) {
                wrong.add(command + ": no script " + script);
                continue;
            }
            if (in("tests", REPO.resolve(script))) {
                continue;
            }
            String subcommand = words.size() > 2 && words.get(2).matches("[a-z]+") ? words.get(2) : "";
            String help = help(helps, script, "");
            if (!subcommand.isEmpty()) {
                if (!Pattern.compile("(?m)^ +" + subcommand + "\\b").matcher(help).find()) {
                    wrong.add(command + ": no sub-command " + subcommand);
                    continue;
                }
                help = help(helps, script, subcommand);
            }
            for (String word : words.subList(2, words.size())) {
                String option = word.replaceFirst("=.*", "");
                Pattern whole = Pattern.compile("(?<![\\w-])" + Pattern.quote(option) + "(?![\\w-])");
                if (option.startsWith("-") && !whole.matcher(help).find()) {
                    wrong.add(command + ": no option " + option);
                }
            }
        }
        assertNone(wrong);
    }

    private static String help(Map<String, String> known, String script, String subcommand) {
        String key = script + " " + subcommand;
        if (!known.containsKey(key)) {
            List<String> line = new ArrayList<>(PhaseProcess.java(script.replace(".java", "")));
            line.addAll(subcommand.isEmpty() ? List.of("--help") : List.of(subcommand, "--help"));
            Exec.Result ran = Exec.of(line).run();
            assertEquals(0, ran.exit(), ran.toString());
            known.put(key, ran.out());
        }
        return known.get(key);
    }

    /** The lines of README's shell fences that start with the launcher, continued lines joined. */
    private static List<String> readmeCommands() throws IOException {
        List<String> commands = new ArrayList<>();
        Matcher fence = Pattern.compile("(?ms)^```sh\\n(.*?)^```").matcher(Files.readString(REPO.resolve("README.md")));
        while (fence.find()) {
            fence.group(1).replace("\\\n", " ").lines()
                    .filter(line -> line.startsWith("./jbang "))
                    .map(line -> line.replaceFirst("\\s+# .*", "").strip())
                    .forEach(commands::add);
        }
        return commands;
    }

    private static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        Matcher word = Pattern.compile("(?:[^\\s'\"]|'[^']*'|\"[^\"]*\")+").matcher(command);
        while (word.find()) {
            words.add(word.group().replaceAll("['\"]", ""));
        }
        return words;
    }

    private static Ran jbang(Path folder, String... arguments) throws Exception {
        Stream<String> launcher = Stream.of(REPO.resolve("jbang").toString());
        List<String> command = Stream.concat(launcher, Arrays.stream(arguments)).toList();
        Map<String, String> environment = Ran.ownEnvironment();
        // The compiler itself starts faster so.
        environment.put("JBANG_COMPILE_OPTIONS", "-encoding UTF-8 -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC");
        return Ran.of(folder, environment, "", command);
    }
}
