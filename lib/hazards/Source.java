//SOURCES ../Decoded.java ../Exec.java ../Failure.java ../Links.java Names.java

package lib.hazards;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import lib.Decoded;
import lib.Exec;
import lib.Failure;
import lib.Links;

/**
 * A file of SQL as it is read.
 *
 * @param path below the repository with slashes; a file outside of it by its whole path
 * @param text null when the bytes are no text
 * @param trouble why they are none, or null
 */
public record Source(String path, String text, Trouble trouble) {
    private static final String LINK = "is a symbolic link to ";

    /**
     * Why a file is not read.
     *
     * @param words go on after its path
     * @param mend the command that takes the trouble away
     */
    public record Trouble(String words, String mend) {
    }

    /** Reads what people name: files, and folders with all {@code .sql} files below them. */
    public static List<Source> named(Path repo, List<Path> names) {
        List<Source> sources = new ArrayList<>();
        for (Path name : names) {
            if (Files.isDirectory(name)) {
                inside(repo, name);
                List<Path> below = below(name);
                if (below.isEmpty()) {
                    throw Failure.usage(name + " is a folder without .sql files", "name a file, or another folder");
                }
                below.forEach(file -> sources.add(read(repo, file)));
            } else if (Files.isRegularFile(name) || Files.isSymbolicLink(name)) {
                sources.add(read(repo, name));
            } else {
                throw Failure.usage(name + (Files.exists(name) ? " is no file with a text" : " is not there"),
                        "name files or folders from " + Path.of("").toAbsolutePath());
            }
        }
        return sources;
    }

    // The files of a folder outside can be looked at, but not under a name inside.
    private static void inside(Path repo, Path folder) {
        try {
            if (folder.toAbsolutePath().normalize().startsWith(repo.toAbsolutePath()) && !committed(folder, repo)) {
                throw Failure.usage(folder + " " + LINK + folder.toRealPath() + ", which is no folder of this"
                        + " repository", "jbang assess.java review " + Exec.typed(List.of(folder.toRealPath()
                        .toString())));
            }
        } catch (IOException e) {
            throw unreadable(folder, e);
        }
    }

    /** The {@code .sql} files of a folder and below it, numbers in their names by value; no link is followed below. */
    public static List<Path> below(Path folder) {
        // The folder itself may be a link: somebody named it.
        Path start = Files.isSymbolicLink(folder) ? folder.resolve(".") : folder;
        try (Stream<Path> files = Files.walk(start)) {
            return files.map(file -> folder.resolve(start.relativize(file)))
                    .filter(file -> file.toString().endsWith(".sql")
                    && (Files.isRegularFile(file) || Files.isSymbolicLink(file)))
                    .filter(file -> !folder.relativize(file).toString()
                    .matches("(.*[/\\\\])?(node_modules|\\.git)[/\\\\].*"))
                    .sorted((one, other) -> Names.compare(one.toString(), other.toString())).toList();
        } catch (IOException | UncheckedIOException e) {
            throw unreadable(folder, e);
        }
    }

    /** Reads one file; bytes that are no text become a trouble, not an error. */
    public static Source read(Path repo, Path file) {
        Path real = file.toAbsolutePath().normalize();
        Path top = repo.toAbsolutePath().normalize();
        String path = (real.startsWith(top) ? top.relativize(real) : real).toString().replace('\\', '/');
        try {
            if (real.startsWith(top) && !committed(real, top)) {
                return new Source(path, null, new Trouble(LINK + (Files.isSymbolicLink(real)
                        ? Files.readSymbolicLink(real) : real.toRealPath()) + ", which is no file of this repository",
                        Links.mend(path)));
            }
            return of(path, Files.readAllBytes(real));
        } catch (IOException e) {
            throw unreadable(Path.of(path), e);
        }
    }

    // What a link leads to is in a commit only where it stays inside.
    private static boolean committed(Path file, Path top) throws IOException {
        return Files.exists(file) && file.toRealPath().startsWith(top.toRealPath());
    }

    private static Failure unreadable(Path path, Exception cause) {
        String why = cause.getMessage() == null || cause.getMessage().equals(path.toString())
                || cause.getMessage().endsWith(path.toString()) ? cause.getClass().getSimpleName()
                .replace("Exception", "") : cause.getMessage();
        return new Failure(Failure.Exit.USAGE, path + " cannot be read: " + why,
                Exec.typed(List.of("ls", "-ld", path.toString())), cause);
    }

    /** A file's bytes as text. */
    public static Source of(String path, byte[] bytes) {
        Decoded read = Decoded.of(bytes);
        return read.flaw() == null ? new Source(path, read.text(), null)
                : new Source(path, null, new Trouble(read.flaw().words(), read.flaw().mend(path)));
    }
}
