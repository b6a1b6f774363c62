//SOURCES GuardCase.java ../lib/Json.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Guards on what is written here: what JBang ignores silently, and what drifts when nobody looks. */
class GuardTest extends GuardCase {
    private static final String LAUNCHER_LINE = "///usr/bin/env jbang \"$0\" \"$@\" ; exit $?";

    /** Every word JBang 0.132 knows; it ignores all others. */
    private static final Set<String> DIRECTIVES = Set.of("CDS", "COMPILE_OPTIONS", "DEPS", "DESCRIPTION", "DOCS",
            "FILES", "GAV", "JAVA", "JAVAAGENT", "JAVAC_OPTIONS", "JAVA_OPTIONS", "MAIN", "MANIFEST", "MODULE",
            "NATIVE_OPTIONS", "NOINTEGRATIONS", "PREVIEW", "REPOS", "RUNTIME_OPTIONS", "SOURCES");

    private static final List<String> HEAD = List.of("DESCRIPTION", "JAVA", "DEPS", "SOURCES", "COMPILE_OPTIONS",
            "RUNTIME_OPTIONS");
    private static final int COLUMNS = 120;
    private static final int LIB_LINES = 350;

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
                Matcher matcher = word.matcher(line.text());
                if (matcher.matches() && DIRECTIVES.contains(matcher.group(2)) != matcher.group(1).isEmpty()) {
                    wrong.add(line + ": a directive has a known word right after //, a comment a space");
                }
                if (!line.textBlock() && line.text().matches("\\s+//[A-Z_]+ .*")) {
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
        assertEquals(LAUNCHER_LINE, lines.get(0).text());
        List<String> words = new ArrayList<>();
        boolean code = false;
        for (Line line : lines.subList(1, lines.size())) {
            Matcher directive = Pattern.compile("^//([A-Z_]+)\\b.*").matcher(line.text());
            code |= !line.text().isBlank() && !directive.matches();
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
                    .map(line -> line.text())
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
                if (!line.text().equals(line.text().stripTrailing())) {
                    wrong.add(line + ": trailing blank");
                }
            }
        }
        for (Path file : javaFiles()) {
            boolean continued = false;
            for (Line line : lines(file)) {
                int indent = line.text().length() - line.text().stripLeading().length();
                int extra = line.text().strip().startsWith("*") ? 1 : 0;
                if (!line.textBlock() && !continued && !line.text().isBlank() && indent % 4 != extra) {
                    wrong.add(line + ": indented by " + indent);
                }
                continued = line.text().endsWith(",");
                if (line.text().codePointCount(0, line.text().length()) > COLUMNS && !line.text().startsWith("//")) {
                    wrong.add(line + ": longer than " + COLUMNS + " columns");
                }
                if (line.text().matches("import .*\\*;")) {
                    wrong.add(line + ": wildcard import");
                }
                if (line.text().startsWith("// /usr/bin") || line.text().startsWith("/// usr/bin")) {
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
                if (registry.matcher(line.text()).find()) {
                    wrong.add(line + ": host of a registry");
                }
                if (machine.matcher(line.text()).find()) {
                    wrong.add(line + ": path of a machine");
                }
            }
        }
        assertNone(wrong);
    }
}
