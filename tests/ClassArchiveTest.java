//SOURCES World.java ../lib/ClassArchive.java ../lib/PhaseProcess.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
            List<Path> made = files.toList();
            assertEquals(1, made.size(), made::toString);
            archive = made.get(0);
        }
    }

    /** Makes an archive in the cache folder that its environment names, and says which options it gives. */
    static final class Maker {
        public static void main(String... arguments) {
            lib.ClassArchive.make();
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
    void anotherJavaOrOtherJarsHaveAnArchiveOfTheirOwn() {
        Exec.Result again = Exec.of(PhaseProcess.java("ClassArchiveTest$Maker"))
                .with("XDG_CACHE_HOME", cache.toString()).run();
        assertTrue(again.out().contains("-XX:SharedArchiveFile=" + archive), again.out());
        List<String> command = new ArrayList<>(PhaseProcess.java("ClassArchiveTest$Maker"));
        int path = command.indexOf("-cp") + 1;
        List<String> jars = new ArrayList<>(List.of(command.get(path).split(java.io.File.pathSeparator)));
        jars.add(jars.remove(1));
        command.set(path, String.join(java.io.File.pathSeparator, jars));
        Exec.Result other = Exec.of(command).with("XDG_CACHE_HOME", cache.toString()).run();
        assertTrue(other.out().contains("-XX:SharedArchiveFile="), other.out() + other.err());
        assertFalse(other.out().contains(archive.toString()), other.out());
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
                .collect(java.util.stream.Collectors.toCollection(ArrayList::new));
        command.addAll(1, List.of("-XX:SharedArchiveFile=" + file, "-Xlog:disable"));
        command.addAll(3, List.of(options));
        command.add("--help");
        Exec.Result result = Exec.of(command).with(Map.of("LC_ALL", "C.UTF-8")).run();
        assertEquals(0, result.exit(), result.err());
        return result.out() + result.err();
    }
}
