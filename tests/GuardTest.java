//SOURCES ../lib/Exec.java ../lib/Json.java ../lib/PhaseProcess.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.Exec;
import lib.Json;
import lib.PhaseProcess;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Guards on ourselves: what JBang ignores silently, and what drifts when nobody looks. */
@Order(1)
class GuardTest {
    private static final Path REPO = Path.of(System.getProperty("repo"));
    private static final List<String> SCRIPTS = List.of("preflight", "backup", "assess", "validate", "release");
    private static final String LAUNCHER_LINE = "///usr/bin/env jbang \"$0\" \"$@\" ; exit $?";

    /** Every word JBang 0.132 knows; it ignores all others. */
    private static final Set<String> DIRECTIVES = Set.of("CDS", "COMPILE_OPTIONS", "DEPS", "DESCRIPTION", "DOCS",
            "FILES", "GAV", "JAVA", "JAVAAGENT", "JAVAC_OPTIONS", "JAVA_OPTIONS", "MAIN", "MANIFEST", "MODULE",
            "NATIVE_OPTIONS", "NOINTEGRATIONS", "PREVIEW", "REPOS", "RUNTIME_OPTIONS", "SOURCES");

    private static final List<String> HEAD = List.of("DESCRIPTION", "JAVA", "DEPS", "SOURCES", "COMPILE_OPTIONS",
            "RUNTIME_OPTIONS");
    private static final int COLUMNS = 120;
    private static final int LIB_LINES = 350;

    @TempDir
    Path temp;

    @Test
    void theFiveScriptsExist() {
        assertEquals(SCRIPTS, SCRIPTS.stream().filter(script -> Files.exists(source(script))).toList());
    }

    @Test
    void directiveWordsAreKnown() throws IOException {
        Pattern word = Pattern.compile("^//(\\s*)([A-Z][A-Z_]+)(\\s|$).*");
        List<String> wrong = new ArrayList<>();
        for (Path file : javaFiles()) {
            for (Line line : lines(file)) {
                Matcher matcher = word.matcher(line.text);
                if (matcher.matches() && DIRECTIVES.contains(matcher.group(2)) != matcher.group(1).isEmpty()) {
                    wrong.add(line + ": a directive has a known word right after //, a comment a space");
                }
                if (!line.textBlock && line.text.matches("\\s+//[A-Z_]+ .*")) {
                    wrong.add(line + ": a directive starts its line");
                }
            }
        }
        assertNone(wrong);
    }

    @Test
    void sourcesAreNamedOneByOneAndExist() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path file : javaFiles()) {
            for (String source : values(file, "SOURCES")) {
                if (source.contains("*") && !in("tests", file)) {
                    wrong.add(name(file) + ": " + source + " is a pattern, which JBang does not resolve by URL");
                } else if (!source.contains("*") && !Files.isRegularFile(file.resolveSibling(source))) {
                    wrong.add(name(file) + ": " + source + " is not a file");
                }
            }
        }
        assertNone(wrong);
    }

    @Test
    void eachCoordinateIsPinnedInOneFile() throws IOException {
        Map<String, Set<String>> files = new TreeMap<>();
        List<String> wrong = new ArrayList<>();
        for (Path file : javaFiles()) {
            for (String coordinate : values(file, "DEPS")) {
                String[] parts = coordinate.split("[:@]");
                if (parts.length < 3 || !parts[2].matches("\\d+(\\.\\d+)+([.-]\\w+)*")) {
                    wrong.add(name(file) + ": " + coordinate + " has no full version");
                } else {
                    files.computeIfAbsent(parts[0] + ":" + parts[1], key -> new TreeSet<>()).add(name(file));
                }
            }
        }
        files.forEach((coordinate, in) -> {
            if (in.size() > 1) {
                wrong.add(coordinate + " is pinned in " + String.join(", ", in));
            }
        });
        assertNone(wrong);
    }

    @ParameterizedTest
    @ValueSource(strings = {"preflight", "backup", "assess", "validate", "release", "tests/all", "tests/benchmark"})
    void headsAreInTheSameOrder(String script) throws IOException {
        List<Line> lines = lines(source(script));
        assertEquals(LAUNCHER_LINE, lines.get(0).text);
        List<String> words = new ArrayList<>();
        boolean code = false;
        for (Line line : lines.subList(1, lines.size())) {
            Matcher directive = Pattern.compile("^//([A-Z_]+)\\b.*").matcher(line.text);
            code |= !line.text.isBlank() && !directive.matches();
            if (directive.matches()) {
                assertFalse(code, line + " stands below the head");
                if (words.isEmpty() || !words.get(words.size() - 1).equals(directive.group(1))) {
                    words.add(directive.group(1));
                }
            }
        }
        assertEquals(HEAD.stream().filter(words::contains).toList(), words, "order of the directives in " + script);
        assertTrue(words.containsAll(List.of("DESCRIPTION", "JAVA", "SOURCES")), script + " has only " + words);
        assertEquals(List.of("17+"), values(source(script), "JAVA"));
    }

    /** Before Java 18 the compiler reads sources by the locale, and JBang says nothing to it. */
    @ParameterizedTest
    @ValueSource(strings = {"preflight", "backup", "assess", "validate", "release"})
    void lettersBeyondAsciiCompileWithoutALocale(String script) throws IOException {
        List<String> letters = new ArrayList<>();
        List<String> options = new ArrayList<>();
        for (Path file : sourcesFrom(source(script))) {
            if (!Files.readString(file).chars().allMatch(c -> c < 128)) {
                letters.add(name(file));
            }
            options.addAll(values(file, "COMPILE_OPTIONS"));
        }
        assertTrue(letters.isEmpty() || String.join(" ", options).contains("-encoding UTF-8"),
                script + ".java or a lib file needs //COMPILE_OPTIONS -encoding UTF-8 because of " + letters);
    }

    @Test
    void scriptsAreExecutableAndNamedAfterTheirClass() throws IOException {
        for (String script : SCRIPTS) {
            assertTrue(Files.isExecutable(source(script)), script + ".java is not executable");
            String text = Files.readString(source(script));
            assertFalse(text.contains("\npackage "), script + ".java has a package");
            assertTrue(Pattern.compile("\\bclass " + script + "\\b").matcher(text).find(), "no class " + script);
        }
    }

    @Test
    void catalogAliasesResolve() throws IOException {
        JsonNode aliases = Json.MAPPER.readTree(REPO.resolve("jbang-catalog.json").toFile()).get("aliases");
        List<String> names = new ArrayList<>();
        aliases.fieldNames().forEachRemaining(names::add);
        assertEquals(SCRIPTS, names);
        for (String alias : names) {
            assertEquals(alias + ".java", aliases.get(alias).get("script-ref").asText());
            List<String> description = lines(source(alias)).stream()
                    .map(line -> line.text)
                    .filter(line -> line.startsWith("//DESCRIPTION "))
                    .map(line -> line.substring("//DESCRIPTION ".length()))
                    .toList();
            assertEquals(String.join("\n", description), aliases.get(alias).get("description").asText());
        }
    }

    /** A named package cannot see the default one; only a //SOURCES or reflection could bring a script in. */
    @Test
    void libKnowsNoScript() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path file : javaFiles()) {
            if (!in("lib", file)) {
                continue;
            }
            String text = Files.readString(file);
            String packageName = name(file.getParent()).replace('/', '.');
            if (!text.contains("package " + packageName + ";")) {
                wrong.add(name(file) + " is not in package " + packageName);
            }
            // That one loads whatever is in the jar, and calls none of it a script.
            if (text.contains("Class.forName") && !file.endsWith("Practice.java")) {
                wrong.add(name(file) + " looks classes up by name");
            }
            for (String source : values(file, "SOURCES")) {
                if (!in("lib", file.resolveSibling(source).normalize())) {
                    wrong.add(name(file) + " names " + source + ", outside lib");
                }
            }
        }
        assertNone(wrong);
    }

    @Test
    void libFilesAreShort() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path file : javaFiles()) {
            int count = lines(file).size();
            if (in("lib", file) && count > LIB_LINES) {
                wrong.add(name(file) + " has " + count + " lines: it wants to become two nouns");
            }
        }
        assertNone(wrong);
    }

    /** google-java-format and its kin break directives or need compiler internals: this is what we hold to instead. */
    @Test
    void filesAreFormatted() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path file : projectFiles()) {
            boolean text = name(file).matches(".*\\.(java|json|md|mjs)|jbang|\\.ci/run|\\.gitignore|\\.editorconfig");
            if (!text || in("tests/fixtures", file)) {
                continue;
            }
            String content = Files.readString(file);
            if (content.contains("\r") || content.contains("\t")) {
                wrong.add(name(file) + ": tab or carriage return");
            }
            if (!content.endsWith("\n") || content.endsWith("\n\n")) {
                wrong.add(name(file) + ": ends with one line break, no more");
            }
            for (Line line : lines(file)) {
                if (!line.text.equals(line.text.stripTrailing())) {
                    wrong.add(line + ": trailing blank");
                }
            }
        }
        for (Path file : javaFiles()) {
            boolean continued = false;
            for (Line line : lines(file)) {
                int indent = line.text.length() - line.text.stripLeading().length();
                int extra = line.text.strip().startsWith("*") ? 1 : 0;
                if (!line.textBlock && !continued && !line.text.isBlank() && indent % 4 != extra) {
                    wrong.add(line + ": indented by " + indent);
                }
                continued = line.text.endsWith(",");
                if (line.text.codePointCount(0, line.text.length()) > COLUMNS && !line.text.startsWith("//")) {
                    wrong.add(line + ": longer than " + COLUMNS + " columns");
                }
                if (line.text.matches("import .*\\*;")) {
                    wrong.add(line + ": wildcard import");
                }
                if (line.text.startsWith("// /usr/bin") || line.text.startsWith("/// usr/bin")) {
                    wrong.add(line + ": a launcher line has no space");
                }
            }
        }
        assertNone(wrong);
    }

    /** The patterns name no host themselves: package registries, and folders of somebody's machine. */
    @Test
    void noRegistryHostAndNoMachinePath() throws IOException {
        Pattern registry = Pattern.compile("\\b(repo1?|registry|central|oss)\\.([a-z0-9-]+\\.)+(org|com|io)\\b");
        Pattern machine = Pattern.compile("(?<![\\w.$}~*-])/(work|home/[a-z]\\w*|Users/\\w+|tmp/[a-z]+_jobs[.\\w]*)/");
        List<String> wrong = new ArrayList<>();
        for (Path file : projectFiles()) {
            for (Line line : lines(file)) {
                if (registry.matcher(line.text).find()) {
                    wrong.add(line + ": host of a registry");
                }
                if (machine.matcher(line.text).find()) {
                    wrong.add(line + ": path of a machine");
                }
            }
        }
        assertNone(wrong);
    }

    /** What a reader copies to another repository: the script and the lib files it leads to, nothing else. */
    @ParameterizedTest
    @ValueSource(strings = {"preflight", "backup", "assess", "validate", "release"})
    void buildsAloneAndRunsFromACopiedFolder(String script) throws Exception {
        for (Path file : sourcesFrom(source(script))) {
            Path copy = temp.resolve("a copy").resolve(REPO.relativize(file));
            Files.createDirectories(copy.getParent());
            Files.copy(file, copy);
        }
        LauncherTest.Ran ran = jbang(temp.resolve("a copy"), "--quiet", script + ".java", "--help");
        assertEquals(0, ran.exit(), ran.toString());
        assertTrue(ran.out().contains("--repo"), ran.toString());
        assertEquals("", ran.err());
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

    private static LauncherTest.Ran jbang(Path folder, String... arguments) throws Exception {
        Stream<String> launcher = Stream.of(REPO.resolve("jbang").toString());
        List<String> command = Stream.concat(launcher, Arrays.stream(arguments)).toList();
        Map<String, String> environment = LauncherTest.ownEnvironment();
        // The compiler itself starts faster so.
        environment.put("JBANG_COMPILE_OPTIONS", "-encoding UTF-8 -J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC");
        return LauncherTest.run(folder, environment, "", command);
    }

    /** A file and all it leads to by //SOURCES. */
    private static Set<Path> sourcesFrom(Path first) throws IOException {
        Set<Path> found = new LinkedHashSet<>(List.of(first));
        for (List<Path> next = List.of(first); !next.isEmpty();) {
            List<Path> named = new ArrayList<>();
            for (Path file : next) {
                for (String source : values(file, "SOURCES")) {
                    Path path = file.resolveSibling(source).normalize();
                    if (found.add(path)) {
                        named.add(path);
                    }
                }
            }
            next = named;
        }
        return found;
    }

    /** What stands behind a directive of this word, all lines of it, without the note at the end. */
    private static List<String> values(Path file, String word) throws IOException {
        return lines(file).stream()
                .filter(line -> line.text.startsWith("//" + word + " "))
                .map(line -> line.text.substring(word.length() + 3).replaceFirst(" // .*", ""))
                .flatMap(values -> Arrays.stream(values.strip().split("[\\s,;]+")))
                .toList();
    }

    private static List<Path> javaFiles() throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path file : projectFiles()) {
            boolean ours = file.getParent().equals(REPO) || in("lib", file) || in("tests", file);
            if (ours && name(file).endsWith(".java")) {
                files.add(file);
            }
        }
        assertTrue(files.size() > 2, "only " + files + " found");
        return files;
    }

    /** What is or would be committed, whoever owns the folder. */
    private static List<Path> projectFiles() throws IOException {
        Process git = new ProcessBuilder("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
                "--exclude-standard")
                .directory(REPO.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String names = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertFalse(names.isEmpty(), "git knows no files in " + REPO);
        return Arrays.stream(names.split("\0")).sorted().map(REPO::resolve).filter(Files::isRegularFile).toList();
    }

    private static List<Line> lines(Path file) throws IOException {
        assertTrue(Files.exists(file), name(file) + " does not exist");
        List<Line> lines = new ArrayList<>();
        // Not readString: what is no valid UTF-8, an image say, is looked through as well.
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        boolean textBlock = false;
        for (String line : text.split("\n", -1)) {
            lines.add(new Line(name(file), lines.size() + 1, line, textBlock));
            textBlock ^= line.split("\"\"\"", -1).length % 2 == 0;
        }
        if (text.endsWith("\n")) {
            lines.remove(lines.size() - 1);
        }
        return lines;
    }

    private record Line(String file, int number, String text, boolean textBlock) {
        @Override
        public String toString() {
            return file + ":" + number;
        }
    }

    private static Path source(String script) {
        return REPO.resolve(script + ".java");
    }

    private static boolean in(String folder, Path file) {
        return file.startsWith(REPO.resolve(folder));
    }

    private static String name(Path file) {
        return REPO.relativize(file).toString();
    }

    private static void assertNone(List<String> wrong) {
        assertEquals("", String.join("\n", wrong));
    }
}
