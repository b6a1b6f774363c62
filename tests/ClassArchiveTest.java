//SOURCES World.java ../lib/ClassArchive.java ../lib/PhaseProcess.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import lib.Exec;
import lib.PhaseProcess;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive of classes: made once, used by every process after it, and never in the way. */
class ClassArchiveTest {
    @TempDir
    private static Path cache;
    private static Path archive;

    // As a process of its own: the tests' own archive stands in another cache folder.
    @BeforeAll
    static void makeOne() throws Exception {
        List<String> command = PhaseProcess.java("ClassArchiveTest$Maker");
        Exec.Result result = Exec.of(command).with("XDG_CACHE_HOME", cache.toString()).run();
        assertEquals(0, result.exit(), result.err());
        try (var files = Files.list(cache.resolve("jbang-release"))) {
            List<Path> made = files.filter(file -> !file.endsWith("classes.lock")).toList();
            assertEquals(1, made.size(), made::toString);
            archive = made.get(0);
        }
    }

    /** Makes an archive in the cache folder that its environment names, and says which options it gives. */
    static final class Maker {
        public static void main(String... arguments) throws Exception {
            if (arguments.length == 0) {
                lib.ClassArchive.make();
            } else {
                lib.ClassArchive.makeBeside().join();
                lib.ClassArchive.makeBeside().join();
            }
            System.out.println(String.join("\n", PhaseProcess.java("none")));
        }
    }

    @Test
    void isUsedByTheNextProcess() {
        String loaded = help(archive, "-Xlog:class+load:file=" + cache.resolve("loaded"));
        assertTrue(loaded.contains("Usage: backup"), loaded);
        String classes = World.read(cache.resolve("loaded"));
        assertTrue(classes.lines().anyMatch(line -> line.matches(".* lib\\.Cli .*shared objects file.*")), classes);
    }

    @Test
    void aDamagedOneIsPassedOverWithoutAWord() throws Exception {
        Path damaged = cache.resolve("damaged.jsa");
        byte[] bytes = Files.readAllBytes(archive);
        for (int i = 0; i < 4096; i++) {
            bytes[i] ^= 0x55;
        }
        Files.write(damaged, bytes);
        String said = help(damaged);
        assertTrue(said.startsWith("Usage: backup"), said);
    }

    @Test
    void theNextRunWithTheSameJarsUsesIt() {
        Exec.Result again = Exec.of(PhaseProcess.java("ClassArchiveTest$Maker"))
                .with("XDG_CACHE_HOME", cache.toString()).run();
        assertTrue(again.out().contains("-XX:SharedArchiveFile=" + archive), again.out());
    }

    @Test
    void otherJarsHaveAnArchiveOfTheirOwnFromTheSecondRunOnAndNothingElseIsLeft(@TempDir Path home) throws Exception {
        List<String> command = new ArrayList<>(PhaseProcess.java("ClassArchiveTest$Maker"));
        command.add("beside");
        int path = command.indexOf("-cp") + 1;
        List<String> jars = new ArrayList<>(List.of(command.get(path).split(java.io.File.pathSeparator)));
        jars.add(jars.remove(1));
        command.set(path, String.join(java.io.File.pathSeparator, jars));
        Path folder = home.resolve("jbang-release");
        // What somebody who was killed left.
        Files.createDirectories(folder.resolve("classes-1234/repository"));
        Exec.Result first = Exec.of(command).with("XDG_CACHE_HOME", home.toString()).run();
        assertEquals(0, first.exit(), first.err());
        assertFalse(first.out().contains("SharedArchiveFile"), first.out());
        List<String> left = names(folder);
        assertTrue(left.toString().matches("\\[classes-[0-9a-f]{16}\\.met, classes\\.lock]"), left::toString);

        // Java would die of one that is cut off.
        Path own = folder.resolve(left.get(0).replace(".met", ".jsa"));
        Files.write(own, Arrays.copyOf(Files.readAllBytes(archive), 1 << 24));
        Exec.Result second = Exec.of(command).with("XDG_CACHE_HOME", home.toString()).run();
        assertEquals(0, second.exit(), second.err());
        assertTrue(second.out().contains("-XX:SharedArchiveFile=" + own), second.out());
        assertFalse(own.endsWith(archive.getFileName()), "another class path, another name");
        assertEquals(3, names(folder).size(), () -> names(folder).toString());
    }

    private static List<String> names(Path folder) {
        return Arrays.stream(folder.toFile().list()).sorted().toList();
    }

    @Test
    void whereNoneCanBeKeptEverythingWorks() throws Exception {
        Path file = Files.writeString(cache.resolve("a-file"), "");
        Exec.Result result = Exec.of(PhaseProcess.java("ClassArchiveTest$Maker"))
                .with("XDG_CACHE_HOME", file.toString()).run();
        assertEquals(0, result.exit(), result.err());
        assertFalse(result.out().contains("SharedArchiveFile"), result.out());
    }

    private static String help(Path file, String... options) {
        List<String> command = PhaseProcess.java("backup").stream()
                .filter(word -> !word.startsWith("-XX:SharedArchiveFile") && !word.equals("-Xlog:disable"))
                .collect(Collectors.toCollection(ArrayList::new));
        command.addAll(1, List.of("-XX:SharedArchiveFile=" + file, "-Xlog:disable"));
        command.addAll(3, List.of(options));
        command.add("--help");
        Exec.Result result = Exec.of(command).with(Map.of("LC_ALL", "C.UTF-8")).run();
        assertEquals(0, result.exit(), result.err());
        return result.out() + result.err();
    }
}
