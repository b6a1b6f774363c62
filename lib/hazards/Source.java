//SOURCES ../Failure.java Names.java

package lib.hazards;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import lib.Failure;

/**
 * A file of SQL as it is read.
 *
 * @param path below the repository with slashes; a file outside of it by its whole path
 * @param text null when the bytes are no text
 * @param trouble why they are none, or null
 */
public record Source(String path, String text, String trouble) {
    /** Reads what people name: files, and folders with all {@code .sql} files below them. */
    public static List<Source> named(Path repo, List<Path> names) {
        List<Source> sources = new ArrayList<>();
        for (Path name : names) {
            if (Files.isDirectory(name)) {
                List<Path> below = below(name);
                if (below.isEmpty()) {
                    throw Failure.usage(name + " is a folder without .sql files", "name a file, or another folder");
                }
                below.forEach(file -> sources.add(read(repo, file)));
            } else if (Files.isRegularFile(name)) {
                sources.add(read(repo, name));
            } else {
                throw Failure.usage(name + " is not there", "name files or folders from "
                        + Path.of("").toAbsolutePath());
            }
        }
        return sources;
    }

    /** The {@code .sql} files of a folder and below it, numbers in their names by value; no link is followed. */
    public static List<Path> below(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".sql") && Files.isRegularFile(file))
                    .filter(file -> !folder.relativize(file).toString()
                    .matches("(.*[/\\\\])?(node_modules|\\.git)[/\\\\].*"))
                    .sorted((one, other) -> Names.compare(one.toString(), other.toString())).toList();
        } catch (IOException | UncheckedIOException e) {
            throw Failure.usage(folder + " cannot be read: " + e.getMessage(), "ls -l " + folder);
        }
    }

    /** Reads one file; bytes that are no UTF-8 text become a trouble, not an error. */
    public static Source read(Path repo, Path file) {
        Path real = file.toAbsolutePath().normalize();
        Path top = repo.toAbsolutePath().normalize();
        String path = (real.startsWith(top) ? top.relativize(real) : real).toString().replace('\\', '/');
        try {
            return of(path, Files.readAllBytes(real));
        } catch (IOException e) {
            throw Failure.usage(file + " cannot be read: " + e.getMessage(), "ls -l " + file);
        }
    }

    /** A file's bytes as text. */
    public static Source of(String path, byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            int zero = text.indexOf('\0');
            return zero < 0 ? new Source(path, text, null) : new Source(path, null, "a NUL byte at offset " + zero
                    + ", which PostgreSQL refuses");
        } catch (CharacterCodingException e) {
            boolean wide = bytes.length > 1 && (bytes[0] & 0xFF) >= 0xFE && (bytes[1] & 0xFF) >= 0xFE;
            return new Source(path, null, wide ? "UTF-16, where UTF-8 is expected" : "it is not UTF-8");
        }
    }
}
