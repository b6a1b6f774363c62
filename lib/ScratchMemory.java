//SOURCES ScratchFolder.java

package lib;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Room in memory for the data of a throw-away server, where it is plenty: a thousand files are made there in a tenth of
 * the time. The data folder is then a link; whoever names another temporary folder keeps the data out of memory.
 */
public final class ScratchMemory {
    private static final Path SHARED = Path.of("/dev/shm");
    private static final String USUAL = "/tmp";
    /** What a server needs besides the data, its log above all. */
    private static final long BESIDES = 1536L << 20;
    /** The data twice, for a release may write all of it anew, and its indexes. */
    private static final int TIMES = 4;
    private static final long LEAST_ROOM = 32 << 20;

    private ScratchMemory() {
    }

    /** Makes an empty data folder in memory, and the link to it; false where it does not fit, or is not to be had. */
    static boolean make(Path data, long bytes) {
        try {
            if (!fits(bytes)) {
                return false;
            }
            Path folder = Files.createDirectory(folder(data),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.createSymbolicLink(data, folder);
            return true;
        } catch (IOException | UnsupportedOperationException e) {
            // The disk does as well.
            return false;
        }
    }

    /** Deletes what the link of a data folder leads to, if it is ours. */
    static void delete(Path data) {
        try {
            if (Files.isSymbolicLink(data) && Files.readSymbolicLink(data).equals(folder(data))) {
                ScratchFolder.delete(folder(data));
            }
        } catch (IOException e) {
            // It is a link no more, then.
            return;
        }
    }

    /** Whether such servers have filled it up. */
    public static boolean crowded() {
        try {
            return tmpfs() && Files.getFileStore(SHARED).getTotalSpace() > BESIDES
                    && Files.getFileStore(SHARED).getUsableSpace() < LEAST_ROOM;
        } catch (IOException e) {
            return false;
        }
    }

    private static Path folder(Path data) {
        return SHARED.resolve(data.getParent().getFileName());
    }

    private static boolean fits(long bytes) throws IOException {
        if (!System.getProperty("java.io.tmpdir").equals(USUAL) || !tmpfs()) {
            return false;
        }
        long most = Math.min(Files.getFileStore(SHARED).getUsableSpace(), available() / 2);
        return bytes < most / TIMES && bytes * TIMES + BESIDES < most;
    }

    private static boolean tmpfs() throws IOException {
        if (!Files.isDirectory(SHARED)) {
            return false;
        }
        FileStore store = Files.getFileStore(SHARED);
        return store.type().equals("tmpfs") && !store.isReadOnly();
    }

    /** The bytes that can be had without anybody else losing them; in a container what is left of its share. */
    private static long available() throws IOException {
        long all = 0;
        long available = 0;
        for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
            if (line.startsWith("MemTotal:")) {
                all = kilobytes(line) << 10;
            } else if (line.startsWith("MemAvailable:")) {
                available = kilobytes(line) << 10;
            }
        }
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean machine
                && machine.getTotalMemorySize() < all ? Math.min(available, machine.getFreeMemorySize()) : available;
    }

    private static long kilobytes(String line) {
        return Long.parseLong(line.replaceAll("\\D", ""));
    }
}
