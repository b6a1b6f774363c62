package lib;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;

/** How a throw-away server is tuned: for speed on this machine, and never for durability. */
final class ScratchSettings {
    private ScratchSettings() {
    }

    /** The lines that are added to what initdb writes. */
    static String of(int port) throws IOException {
        // Docker gives 64 MB there, which parallel index builds outgrow; files have no such limit.
        Path shared = Path.of("/dev/shm");
        boolean cramped = Files.isDirectory(shared) && Files.getFileStore(shared).getTotalSpace() < 512L << 20;
        long megabytes = memory() >> 20;
        int workers = Math.min(4, Runtime.getRuntime().availableProcessors());
        return """

                listen_addresses = '127.0.0.1'
                port = %d
                unix_socket_directories = ''
                max_connections = 100
                cluster_name = 'throw-away'
                fsync = off
                synchronous_commit = off
                full_page_writes = off
                wal_level = minimal
                max_wal_senders = 0
                wal_init_zero = off
                max_wal_size = 8GB
                checkpoint_timeout = 1h
                autovacuum = off
                jit = off
                shared_buffers = %dMB
                maintenance_work_mem = %dMB
                work_mem = 32MB
                max_parallel_maintenance_workers = %d
                max_locks_per_transaction = 256
                timezone = 'UTC'
                log_timezone = 'UTC'
                """.formatted(port, clamp(megabytes / 16, 128, 512), clamp(megabytes / 32, 64, 512), workers)
                + (cramped ? "dynamic_shared_memory_type = mmap\n" : "");
    }

    /** A port of this machine's own address that nobody has at this moment. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }

    private static long clamp(long value, long least, long most) {
        return Math.max(least, Math.min(most, value));
    }

    /** The memory of this machine, or of this container. */
    private static long memory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean machine
                ? machine.getTotalMemorySize() : 1L << 30;
    }
}
