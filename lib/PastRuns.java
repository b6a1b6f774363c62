//SOURCES Run.java

package lib;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The records of the runs that are over. The last run is the one whose name comes last, whatever clocks do. */
final class PastRuns {
    private static final Pattern NAME = Pattern.compile("run-(\\d{8}-\\d{6}).*\\.json");

    private PastRuns() {
    }

    /**
     * Moves a record to the others, into a folder that is made for its owner only, with copies of files of its run.
     *
     * @return its new place
     */
    static Path put(Path folder, Path record, List<Path> files) throws IOException {
        Run.permit(Files.createDirectories(folder), "rwx------");
        String stem = "run-" + later(folder);
        for (Path file : files) {
            String name = file.getFileName().toString();
            if (Files.exists(file)) {
                Path kept = folder.resolve(stem + name.substring(name.lastIndexOf('.')));
                // The short name with .json is the record's.
                boolean taken = name.endsWith(".json") || Files.exists(kept);
                Files.copy(file, taken ? folder.resolve(stem + "-" + name) : kept, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        // Last of all: whoever is killed before it puts the run away once more.
        return Files.move(record, folder.resolve(stem + ".json"), StandardCopyOption.ATOMIC_MOVE);
    }

    /** The records, the newest first. */
    static List<Path> newestFirst(Path folder) {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches("run-[\\d-]+\\.json"))
                    .sorted(Comparator.comparing((Path file) -> file.getFileName().toString()).reversed()).toList();
        } catch (NoSuchFileException none) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // This second, or the one after the newest record when two end in one second or the clock was set back.
    private static String later(Path folder) throws IOException {
        String now = Run.stamp();
        try (var files = Files.list(folder)) {
            String newest = files.map(file -> NAME.matcher(file.getFileName().toString())).filter(Matcher::matches)
                    .map(name -> name.group(1)).sorted().reduce("", (before, name) -> name);
            return now.compareTo(newest) > 0 ? now
                    : LocalDateTime.parse(newest, Run.SECOND).plusSeconds(1).format(Run.SECOND);
        }
    }
}
