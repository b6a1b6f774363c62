//SOURCES ../Failure.java ../Hash.java ../Run.java Archive.java

package lib.backup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import lib.Failure;
import lib.Hash;
import lib.Run;

/** How an archive lies on disk: as one file, or as a folder with a file for each table, both under the same name. */
public final class Storage {
    /** What is being written, or being removed, and nobody's backup. */
    static final String HALF = ".part";
    private static final String CONTENTS = "toc.dat";

    private Storage() {
    }

    /** Whether there is an archive of either kind. */
    public static boolean exists(Path archive) {
        return Files.isRegularFile(archive) || isFolder(archive);
    }

    /** Whether it is a folder that pg_dump wrote. */
    static boolean isFolder(Path archive) {
        return Files.isRegularFile(archive.resolve(CONTENTS));
    }

    /** Its size in bytes. */
    static long bytes(Path archive) {
        try {
            long bytes = 0;
            for (Path file : files(archive)) {
                bytes += Files.size(file);
            }
            return bytes;
        } catch (IOException e) {
            throw unreadable(archive, e);
        }
    }

    /**
     * The SHA-256 of a file; of a folder that of the list which {@code sha256sum *} writes in it, so that one file more
     * or less changes it as well.
     */
    public static String sha256(Path archive) {
        if (!Files.isDirectory(archive)) {
            return Hash.of(archive);
        }
        StringBuilder list = new StringBuilder();
        try {
            for (Path file : files(archive)) {
                list.append(Files.isRegularFile(file) ? Hash.of(file) : "no file").append("  ")
                        .append(file.getFileName()).append('\n');
            }
        } catch (IOException e) {
            throw unreadable(archive, e);
        }
        return Hash.of(list.toString());
    }

    /** The command that tells the same hash. */
    public static String summing(Path archive) {
        String name = Archive.typed(archive);
        return isFolder(archive) ? "(cd " + name + " && LC_ALL=C && sha256sum * | sha256sum)" : "sha256sum " + name;
    }

    /** Makes an empty place for a dump, which nobody else may read; what was there goes. */
    static void prepare(Path half, boolean folder) throws IOException {
        discard(half);
        if (folder) {
            Files.createDirectory(half);
        } else {
            Files.createFile(half);
        }
        Run.permit(half, folder ? "rwx------" : "rw-------");
    }

    /** Has everything written to the disk itself: from here on a power cut does not take it away. */
    static void force(Path archive) throws IOException {
        try {
            // Several at a time are written together.
            files(archive).parallelStream().forEach(Storage::forceFile);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        if (Files.isDirectory(archive)) {
            Run.settle(archive);
        }
    }

    private static void forceFile(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Removes an archive; stopped in the middle it leaves nothing that bears a backup's name. */
    static void remove(Path archive) throws IOException {
        if (!Files.isDirectory(archive, LinkOption.NOFOLLOW_LINKS)) {
            Files.deleteIfExists(archive);
            return;
        }
        // Under its old name a pg_dump that is just being ended would put further files into it.
        Path going = archive.resolveSibling(archive.getFileName() + "." + ProcessHandle.current().pid() + HALF);
        Files.move(archive, going, StandardCopyOption.ATOMIC_MOVE);
        // pg_dump's folders hold no folders.
        for (Path file : files(going)) {
            Files.deleteIfExists(file);
        }
        Files.deleteIfExists(going);
    }

    /** Removes what was left half done; what cannot be removed stays, under a name that nobody takes for anything. */
    static void discard(Path half) {
        try {
            remove(half);
        } catch (IOException e) {
            return;
        }
    }

    private static List<Path> files(Path archive) throws IOException {
        if (!Files.isDirectory(archive)) {
            return List.of(archive);
        }
        try (Stream<Path> files = Files.list(archive)) {
            return files.sorted().toList();
        }
    }

    /** That an archive, or what is told of it, cannot be read. */
    static Failure unreadable(Path archive, IOException e) {
        return new Failure(Failure.Exit.MISSING, archive + " cannot be read: " + Run.reason(e),
                "ls -l " + Archive.typed(archive), e);
    }
}
