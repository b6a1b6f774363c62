import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What the guards on ourselves read: the files of the project, their lines and their directives. */
abstract class GuardCase {
    static final Path REPO = Path.of(System.getProperty("repo"));
    static final List<String> SCRIPTS = List.of("preflight", "backup", "assess", "validate", "release");

    /** A file and all it leads to by //SOURCES. */
    static Set<Path> sourcesFrom(Path first) throws IOException {
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
    static List<String> values(Path file, String word) throws IOException {
        return lines(file).stream()
                .filter(line -> line.text().startsWith("//" + word + " "))
                .map(line -> line.text().substring(word.length() + 3).replaceFirst(" // .*", ""))
                .flatMap(values -> Arrays.stream(values.strip().split("[\\s,;]+")))
                .toList();
    }

    static List<Path> javaFiles() throws IOException {
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
    static List<Path> projectFiles() throws IOException {
        Process git = new ProcessBuilder("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
                "--exclude-standard")
                .directory(REPO.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String names = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertFalse(names.isEmpty(), "git knows no files in " + REPO);
        return Arrays.stream(names.split("\0")).sorted().map(REPO::resolve).filter(Files::isRegularFile).toList();
    }

    static List<Line> lines(Path file) throws IOException {
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

    record Line(String file, int number, String text, boolean textBlock) {
        @Override
        public String toString() {
            return file + ":" + number;
        }
    }

    static Path source(String script) {
        return REPO.resolve(script + ".java");
    }

    static boolean in(String folder, Path file) {
        return file.startsWith(REPO.resolve(folder));
    }

    static String name(Path file) {
        return REPO.relativize(file).toString();
    }

    static void assertNone(List<String> wrong) {
        assertEquals("", String.join("\n", wrong));
    }
}
