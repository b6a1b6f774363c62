//SOURCES Failure.java ScratchMemory.java

package lib;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The temporary folder of a throw-away server: who owns it, how it goes, and what to do with those of dead owners. */
final class ScratchFolder {
    /** The user that owns nothing, for servers started by root. */
    static final int NOBODY = 65534;
    private static final String PREFIX = "jbang-release-pg-";
    private static final boolean WINDOWS = File.separatorChar == '\\';
    private static final String DATA = "data";
    private static final String OWNED = "owner";
    private static final String KEPT = "kept";
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration DRAFT = Duration.ofHours(1);
    private static final int LOOK_MILLIS = 5;
    private static final int STATUS_LINE = 8;
    /** What this process owns; asking the system for a lock of our own would lose it. */
    private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();

    final Path path;
    private final FileChannel marker;

    private ScratchFolder(Path path, FileChannel marker) {
        this.path = path;
        this.marker = marker;
    }

    /** A fresh folder that nobody else may enter; those of killed processes of the same user are gone then. */
    static ScratchFolder create() throws IOException {
        // Real, so that the same folder has the same name when it is listed.
        Path path = Files.createTempDirectory(PREFIX).toRealPath();
        OURS.add(path);
        // The lock says that the owner lives: the system drops it with the process. It is taken before the file bears
        // the name others look for, which so is never seen free.
        Path draft = path.resolve(OWNED + ".new");
        FileChannel marker = FileChannel.open(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        String name = OWNED;
        try {
            marker.lock();
        } catch (IOException e) {
            // A file system without locks cannot tell the living from the dead: nobody may judge then.
            name = KEPT;
        }
        // Through this channel: closing another one of the same file would drop the lock.
        marker.write(ByteBuffer.wrap(owner().getBytes(StandardCharsets.UTF_8)));
        Files.move(draft, path.resolve(name));
        sweep(path);
        return new ScratchFolder(path, marker);
    }

    /** Removes what killed processes of the same user left: whoever makes a folder does so. */
    static void sweep() {
        try {
            create().remove();
        } catch (IOException e) {
            // The next server that starts here does it.
            return;
        }
    }

    /** The folder of the data folder of a server that was kept. */
    static Path of(Path data) {
        Path folder = data.toAbsolutePath().normalize().getParent();
        if (folder == null || folder.getFileName() == null || !folder.getFileName().toString().startsWith(PREFIX)) {
            throw Failure.usage(data + " is not the data folder of a throw-away server",
                    "give the one named when it was kept");
        }
        return folder;
    }

    /** Gives it up for good: with another marker nobody takes it for a leftover. */
    void keep() throws IOException {
        if (Files.exists(path.resolve(OWNED))) {
            Files.move(path.resolve(OWNED), path.resolve(KEPT));
        }
        marker.close();
        OURS.remove(path);
    }

    /** The folder of the server's data, or the link to it. */
    Path data() {
        return path.resolve(DATA);
    }

    /** Makes the data folder, empty; in memory, where so many bytes have plenty of room there. */
    void makeData(long bytes) throws IOException {
        if (!ScratchMemory.make(data(), bytes)) {
            Files.createDirectory(data());
        }
    }

    /** Removes all that is in the data folder. */
    void clearData() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(data())) {
            files.forEach(ScratchFolder::delete);
        }
    }

    /** Gives a file to the user that owns nothing. */
    static void give(Path path) throws IOException {
        Files.setAttribute(path, "unix:uid", NOBODY, LinkOption.NOFOLLOW_LINKS);
    }

    /** Copies a server's programs in here, out of a home that is closed to that user; where they are then. */
    Path borrow(Path bin) throws IOException {
        Path home = bin.getParent();
        Path copy = path.resolve("server");
        for (String part : new String[] {"bin", "lib", "share"}) {
            if (!Files.isDirectory(home.resolve(part))) {
                continue;
            }
            try (Stream<Path> files = Files.walk(home.resolve(part))) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    Path target = copy.resolve(home.relativize(file).toString());
                    Files.createDirectories(target.getParent());
                    Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
                    give(target);
                }
            }
        }
        give(copy);
        return copy.resolve("bin");
    }

    /** Stops its server and deletes it. */
    void remove() {
        stop(data());
        try {
            marker.close();
        } catch (IOException e) {
            // The server is stopped; the lock goes with the process at the latest.
        }
        deleteAll(path);
        OURS.remove(path);
    }

    private static String owner() {
        ProcessHandle self = ProcessHandle.current();
        return "pid " + self.pid() + self.info().startInstant().map(start -> ", started " + start).orElse("") + "\n";
    }

    private static void sweep(Path fresh) {
        try (DirectoryStream<Path> others = Files.newDirectoryStream(fresh.getParent(), PREFIX + "*")) {
            for (Path other : others) {
                if (!OURS.contains(other)) {
                    removeOrphan(other, fresh);
                }
            }
        } catch (IOException | RuntimeException e) {
            // Tidying up must not keep a new server from starting.
        }
    }

    private static void removeOrphan(Path other, Path fresh) {
        try {
            if (!Files.isDirectory(other, LinkOption.NOFOLLOW_LINKS) || Files.exists(other.resolve(KEPT))
                    || !Files.getOwner(other, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(fresh))) {
                return;
            }
            if (Files.exists(other.resolve(OWNED))) {
                try (FileChannel channel = FileChannel.open(other.resolve(OWNED), StandardOpenOption.WRITE)) {
                    if (channel.tryLock() == null) {
                        return;
                    }
                    stop(other.resolve(DATA));
                }
            } else if (Files.getLastModifiedTime(other).toInstant().isAfter(Instant.now().minus(DRAFT))) {
                // Just being made, or just going; only one that stays like this was left in the middle of it.
                return;
            }
            deleteAll(other);
        } catch (IOException e) {
            // Whoever cannot be asked is taken for alive.
        }
    }

    /** Waits until a server takes connections, or pg_ctl gives it up; pg_ctl itself looks only ten times a second. */
    static boolean started(Process starter, Path data) throws InterruptedException {
        while (!starter.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
            if (ready(data)) {
                return true;
            }
        }
        return starter.exitValue() == 0;
    }

    // What it is up to stands in the eighth line (src/include/miscadmin.h, LOCK_FILE_LINE_PM_STATUS).
    private static boolean ready(Path data) {
        try {
            List<String> lines = Files.readAllLines(data.resolve("postmaster.pid"));
            return lines.size() >= STATUS_LINE && lines.get(STATUS_LINE - 1).strip().equals("ready");
        } catch (IOException e) {
            return false;
        }
    }

    /** Ends the server of a data folder at once; its data is not worth an orderly stop. */
    static void stop(Path data) {
        ProcessHandle server = server(data).orElse(null);
        if (server == null) {
            return;
        }
        boolean gone = false;
        if (!WINDOWS) {
            try {
                // SIGQUIT is "immediate"; Java itself knows only TERM, which waits for the clients, and KILL.
                new ProcessBuilder("/bin/sh", "-c", "kill -QUIT " + server.pid()).redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
                gone = gone(data);
            } catch (IOException e) {
                // Then the hard way below.
            }
        }
        if (!gone) {
            server.destroyForcibly();
            gone(data);
        }
    }

    private static boolean gone(Path data) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (server(data).isPresent()) {
            if (System.nanoTime() > end) {
                return false;
            }
            pause();
        }
        return true;
    }

    /** The process that serves a data folder; neither a zombie nor another process that got its number since. */
    private static Optional<ProcessHandle> server(Path data) {
        try {
            List<String> lines = Files.readAllLines(data.resolve("postmaster.pid"));
            ProcessHandle handle = ProcessHandle.of(Long.parseLong(lines.get(0).strip())).orElse(null);
            if (handle == null) {
                return Optional.empty();
            }
            Path line = Path.of("/proc", String.valueOf(handle.pid()), "cmdline");
            String command = Files.exists(line) ? Files.readString(line)
                    : handle.info().commandLine().or(() -> handle.info().command()).orElse("");
            // Windows does not tell the arguments of a process, but when it started.
            long begun = handle.info().startInstant().orElse(Instant.EPOCH).getEpochSecond();
            boolean ours = WINDOWS
                    ? command.contains("postgres") && Math.abs(Long.parseLong(lines.get(2).strip()) - begun) < 10
                    : command.contains(data.toString());
            return ours ? Optional.of(handle) : Optional.empty();
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(5);
        } catch (InterruptedException e) {
            // Stopping goes on to its end; who interrupted us finds the flag afterwards.
            Thread.currentThread().interrupt();
        }
    }

    /** Deletes the folder of a server that is stopped, and its data wherever it is. */
    static void deleteAll(Path folder) {
        ScratchMemory.delete(folder.resolve(DATA));
        delete(folder);
    }

    /** Deletes a folder with all that is in it, following no link; again while a dying process still writes there. */
    static void delete(Path folder) {
        for (int attempt = 0; attempt < 200 && Files.exists(folder, LinkOption.NOFOLLOW_LINKS); attempt++) {
            try (Stream<Path> walk = Files.walk(folder)) {
                List<Path> paths = new ArrayList<>(walk.toList());
                Collections.reverse(paths);
                for (Path path : paths) {
                    Files.deleteIfExists(path);
                }
            } catch (IOException | RuntimeException e) {
                pause();
            }
        }
    }
}
