package lib.backup;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Where the packed files of an archive's folder end. One that ends too early pg_restore takes for a whole one, and
 * leaves out the rows that are missing without a word: with zstd, and in 18 with gzip as well.
 */
final class Endings {
    private static final String GZIP = ".gz";
    private static final String ZSTD = ".zst";
    private static final String LARGE_OBJECT = "blob_";
    private static final int FRAME = 0xFD2FB528;
    /** Frames of anybody's own data, which every reader passes over, have sixteen numbers from this one on. */
    private static final int SKIPPED = 0x184D2A50;

    private Endings() {
    }

    /** What is wrong with the first table that has no file, or else with the first file that ends too early. */
    static Optional<String> wrong(Path folder, Listing listing) throws IOException {
        try (Stream<Path> found = Files.list(folder)) {
            List<Path> files = found.sorted().toList();
            Set<String> names = files.stream().map(file -> file.getFileName().toString().replaceFirst("\\.dat.*", ""))
                    .collect(Collectors.toSet());
            Optional<String> missing = listing.tables().stream()
                    .filter(entry -> !names.contains(entry.substring(0, entry.indexOf(';')))).findFirst();
            if (missing.isPresent()) {
                return missing.map(entry -> "it has no file for " + entry);
            }
            return files.parallelStream().filter(file -> !whole(file)).findFirst()
                    .map(file -> "its file " + file.getFileName() + " ends too early, or is damaged");
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static boolean whole(Path file) {
        String name = file.getFileName().toString();
        try {
            if (name.endsWith(GZIP)) {
                unpack(file);
            } else if (name.endsWith(ZSTD)) {
                frames(file);
            }
            return true;
        } catch (EOFException | ZipException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void unpack(Path file) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(file), 1 << 16)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
    }

    private static void frames(Path file) throws IOException {
        // Of a large object without a byte nothing is written, of a table without a row its end.
        if (Files.size(file) == 0 && file.getFileName().toString().startsWith(LARGE_OBJECT)) {
            return;
        }
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            do {
                frame(in);
            } while (in.getFilePointer() < in.length());
        }
    }

    // A frame of zstd is a header and blocks of which each tells its size, and the last one that it is the last: RFC
    // 8878, 3.1.1. What is in them is not looked at.
    private static void frame(RandomAccessFile in) throws IOException {
        int magic = Integer.reverseBytes(in.readInt());
        if ((magic & 0xFFFFFFF0) == SKIPPED) {
            skip(in, Integer.toUnsignedLong(Integer.reverseBytes(in.readInt())));
            return;
        }
        if (magic != FRAME) {
            throw new EOFException();
        }
        int header = in.readUnsignedByte();
        boolean single = (header & 0x20) != 0;
        int size = new int[] {single ? 1 : 0, 2, 4, 8}[header >> 6];
        int dictionary = new int[] {0, 1, 2, 4}[header & 3];
        skip(in, (single ? 0 : 1) + dictionary + size);
        boolean last;
        do {
            int block = in.readUnsignedByte() | in.readUnsignedByte() << 8 | in.readUnsignedByte() << 16;
            last = (block & 1) != 0;
            // One that repeats a single byte holds that byte alone.
            skip(in, (block >> 1 & 3) == 1 ? 1 : block >> 3);
        } while (!last);
        skip(in, (header & 4) != 0 ? 4 : 0);
    }

    private static void skip(RandomAccessFile in, long bytes) throws IOException {
        long place = in.getFilePointer() + bytes;
        if (place > in.length()) {
            throw new EOFException();
        }
        in.seek(place);
    }
}
