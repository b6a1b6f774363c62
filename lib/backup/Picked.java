//SOURCES ../Failure.java ../Run.java

package lib.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lib.Failure;
import lib.Run;

/** Entries of an archive's list in a file, for pg_restore to read these alone; the file goes when it is closed. */
final class Picked implements AutoCloseable {
    private final Path file;

    private Picked(Path file) {
        this.file = file;
    }

    static Picked of(List<String> entries) {
        Path file = null;
        try {
            file = Files.createTempFile("entries", ".list");
            return new Picked(Files.write(file, entries));
        } catch (IOException e) {
            Run.discard(file);
            throw new Failure(Failure.Exit.MISSING, "no temporary file can be made: " + Run.reason(e),
                    "make room: df -h " + System.getProperty("java.io.tmpdir"), e);
        }
    }

    /** The option that tells pg_restore of it. */
    String option() {
        return "--use-list=" + file;
    }

    @Override
    public void close() {
        Run.discard(file);
    }
}
