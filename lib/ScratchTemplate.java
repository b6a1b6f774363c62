//SOURCES Clients.java Failure.java Hash.java ScratchFolder.java ScratchIdentity.java ScratchPassword.java Servers.java

package lib;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What initdb made, kept in the cache folder: to copy it takes a fraction of initdb's time. It is a help and never a
 * need: where there is none, or a damaged one, or none can be kept, initdb does the work.
 */
final class ScratchTemplate {
    private static final boolean WINDOWS = File.separatorChar == '\\';
    private static final String NOTE = "note";
    private static final String PREFIX = "cluster-";
    private static final String PART = "cluster.part-";
    private static final int BUFFER = 1 << 18;
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(BUFFER);
    private static final Duration DRAFT = Duration.ofHours(1);

    /** Null where nothing can be kept. */
    private final Path folder;
    private final Path bin;
    private final String key;

    /** The template of the server in a folder; another version there, or other options of initdb, replace it. */
    ScratchTemplate(Path bin, Clients.Version version, List<String> options) {
        this.bin = bin;
        // A home folder may be shared by machines whose C libraries know different locales.
        key = Hash.of(bin + "\n" + version.text() + "\n" + options + "\n" + ScratchPassword.ITERATIONS + "\n"
                + System.getProperty("os.name") + release());
        folder = folder(PREFIX + version.major() + "-" + Hash.of(bin.toString()).substring(0, 8));
    }

    private static Path folder(String name) {
        try {
            return WINDOWS ? null : Servers.cache().resolve(name);
        } catch (Failure noHome) {
            return null;
        }
    }

    private static String release() {
        try {
            return Files.readString(Path.of("/etc/os-release"));
        } catch (IOException e) {
            return "";
        }
    }

    /** Copies it into an empty data folder and returns its superuser's password; null when initdb has to do it. */
    String fill(Path data) {
        if (folder == null || !Files.exists(folder.resolve(NOTE))) {
            return null;
        }
        try {
            List<String> note = Files.readAllLines(folder.resolve(NOTE));
            // The sum is of every byte: a power cut may have left files that look whole.
            if (note.size() == 4 && note.get(0).equals(key)
                    && note.get(2).equals(copy(folder.resolve("data"), data, key + note.get(1)))) {
                ScratchIdentity.renew(data);
                return note.get(1);
            }
        } catch (IOException | RuntimeException e) {
            // Another process may be replacing it just now; whatever it is, initdb needs no template.
        }
        forget();
        return null;
    }

    /** Keeps a copy of a data folder as initdb left it; whoever is first wins. */
    void keep(Path data, String password) {
        if (folder == null) {
            return;
        }
        Path part = null;
        try {
            Files.createDirectories(folder.getParent());
            sweep();
            // For nobody else to enter, as the password and later the data demand.
            part = Files.createTempDirectory(folder.getParent(), PART);
            String sum = copy(data, Files.createDirectory(part.resolve("data")), key + password);
            Files.write(part.resolve(NOTE), List.of(key, password, sum, bin.toString()));
            Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException e) {
            // No room, no right to write there, or somebody else was faster: the server starts all the same.
            if (part != null) {
                ScratchFolder.delete(part);
            }
        }
    }

    /** Removes it, so that the next server makes a new one. */
    void forget() {
        if (folder != null) {
            ScratchFolder.delete(folder);
        }
    }

    // Drafts of processes that were killed, and templates of servers that are not there any more.
    private void sweep() throws IOException {
        try (DirectoryStream<Path> drafts = Files.newDirectoryStream(folder.getParent(), PART + "*")) {
            for (Path draft : drafts) {
                if (Files.getLastModifiedTime(draft).toInstant().isBefore(Instant.now().minus(DRAFT))) {
                    ScratchFolder.delete(draft);
                }
            }
        }
        try (DirectoryStream<Path> notes = Files.newDirectoryStream(folder.getParent(), PREFIX + "*")) {
            for (Path other : notes) {
                Path note = other.resolve(NOTE);
                if (Files.exists(note) && !Files.exists(Path.of(Files.readAllLines(note).get(3)))) {
                    ScratchFolder.delete(other);
                }
            }
        }
    }

    /** Copies all that is in a folder, and returns a sum of the text, of the names and of every byte read. */
    private static String copy(Path from, Path to, String text) throws IOException {
        CRC32C sum = new CRC32C();
        sum.update(text.getBytes(StandardCharsets.UTF_8));
        Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rwx------"));
        copy(from.toFile(), to.toFile(), sum, ByteBuffer.allocateDirect(BUFFER));
        return String.format("%08x", sum.getValue());
    }

    // A thousand small files: the old classes of java.io take half the time of the new ones.
    private static void copy(File from, File to, CRC32C sum, ByteBuffer buffer) throws IOException {
        String[] names = from.list();
        if (names == null) {
            throw new IOException(from + " cannot be listed");
        }
        Arrays.sort(names);
        for (String name : names) {
            sum.update(name.getBytes(StandardCharsets.UTF_8));
            File source = new File(from, name);
            File copy = new File(to, name);
            if (!source.isDirectory()) {
                copyFile(source, copy, sum, buffer);
            } else if (copy.mkdir()) {
                copy(source, copy, sum, buffer);
            } else {
                throw new IOException(copy + " cannot be made");
            }
        }
    }

    // What is all zeros, most of a fresh log file, is not written: such blocks take no room and no time.
    private static void copyFile(File from, File to, CRC32C sum, ByteBuffer buffer) throws IOException {
        try (FileInputStream in = new FileInputStream(from);
                RandomAccessFile out = new RandomAccessFile(to, "rw")) {
            long length = 0;
            for (int read = read(in, buffer); read > 0; read = read(in, buffer)) {
                sum.update(buffer);
                buffer.rewind();
                if (!buffer.equals(ZEROS.duplicate().limit(read))) {
                    out.getChannel().write(buffer, length);
                }
                length += read;
            }
            if (out.length() < length) {
                out.setLength(length);
            }
        }
    }

    private static int read(FileInputStream in, ByteBuffer buffer) throws IOException {
        buffer.clear();
        int read = in.getChannel().read(buffer);
        buffer.flip();
        return read;
    }
}
