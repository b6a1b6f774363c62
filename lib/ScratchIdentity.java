package lib;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.zip.CRC32C;

/**
 * The number by which PostgreSQL tells clusters apart. A copied data folder needs one of its own: it is what keeps
 * production and the rehearsal server apart. It stands in global/pg_control, which ends with a checksum, and at the
 * start of each log file (src/include/catalog/pg_control.h and access/xlog_internal.h, alike in 14 to 18).
 */
final class ScratchIdentity {
    /** The control data never outgrows one disk sector. */
    private static final int SECTOR = 512;
    private static final int LOG_FLAGS = 2;
    private static final int LOG_LONG_HEADER = 0x0002;
    private static final int LOG_IDENTIFIER = 24;

    private ScratchIdentity() {
    }

    /** Gives the stopped cluster in a data folder a new number; what does not look as expected is an error. */
    static void renew(Path data) throws IOException {
        Path file = data.resolve("global/pg_control");
        ByteBuffer control = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
        int checksum = checksum(control, file);
        long old = control.getLong(0);
        long fresh = new SecureRandom().nextLong() & Long.MAX_VALUE;
        control.putLong(0, fresh);
        control.putInt(checksum, sum(control, checksum));
        try (DirectoryStream<Path> logs = Files.newDirectoryStream(data.resolve("pg_wal"), "[0-9A-F]*[0-9A-F]")) {
            for (Path log : logs) {
                renew(log, old, fresh);
            }
        }
        Files.write(file, control.array());
    }

    private static void renew(Path log, long old, long fresh) throws IOException {
        try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer head = ByteBuffer.allocate(LOG_IDENTIFIER + Long.BYTES).order(ByteOrder.nativeOrder());
            boolean known = channel.read(head, 0) == head.capacity()
                    && (head.getShort(LOG_FLAGS) & LOG_LONG_HEADER) != 0 && head.getLong(LOG_IDENTIFIER) == old;
            if (!known) {
                throw new IOException(log + " does not begin as a log file of this cluster");
            }
            channel.write(head.putLong(LOG_IDENTIFIER, fresh).rewind(), 0);
        }
    }

    // Its place differs from major to major: it is where the sum of all before it stands.
    private static int checksum(ByteBuffer control, Path file) throws IOException {
        for (int at = Long.BYTES; at + Integer.BYTES <= Math.min(SECTOR, control.capacity()); at += Integer.BYTES) {
            if (control.getInt(at) == sum(control, at)) {
                return at;
            }
        }
        throw new IOException(file + " has no valid checksum");
    }

    private static int sum(ByteBuffer control, int length) {
        CRC32C sum = new CRC32C();
        sum.update(control.array(), 0, length);
        return (int) sum.getValue();
    }
}
