//SOURCES Failure.java Gate.java Git.java Json.java Secrets.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;

/** The run record: {@code _migrations/run.json}, to which each phase adds its part, and the files beside it. */
public final class Run {
    /** The folder in the repository; git must ignore it, because it holds production's data. */
    public static final String FOLDER = "_migrations";
    private static final String OWNER = "RELEASE_RUN_OWNER";
    private static final DateTimeFormatter SECOND = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    private final Path folder;

    private Run(Path folder) {
        this.folder = folder;
    }

    /** Opens the record of a repository, an empty one when there is none yet; the folder is made for its owner only. */
    public static Run open(Path repo) {
        Path folder = repo.resolve(FOLDER);
        try {
            Files.createDirectories(folder);
            permit(folder, "rwx------");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Run run = new Run(folder);
        // A record that cannot be read is told now, not in the middle of something.
        read(run.file("run.json"));
        return run;
    }

    private static ObjectNode read(Path file) {
        if (!Files.exists(file)) {
            return Json.object();
        }
        try {
            return (ObjectNode) Json.MAPPER.readTree(file.toFile());
        } catch (IOException | ClassCastException e) {
            throw new Failure(Failure.Exit.STOP, FOLDER + "/run.json cannot be read: " + firstLine(e.getMessage()),
                    "mv " + FOLDER + "/run.json " + FOLDER + "/run.json.broken   # and start the release again", e);
        }
    }

    private static String firstLine(String text) {
        return String.valueOf(text).lines().findFirst().orElse("");
    }

    public Path folder() {
        return folder;
    }

    /** A file of this run, by name. */
    public Path file(String name) {
        return folder.resolve(name);
    }

    /** Today's file of a kind: {@code release-20261121.sql}. */
    public Path today(String kind, String ending) {
        return file(kind + "-" + LocalDate.now().format(DateTimeFormatter.BASIC_ISO_DATE) + "." + ending);
    }

    /** The moment as it stands in file names. */
    public static String stamp() {
        return LocalDateTime.now().format(SECOND);
    }

    /** What a phase left; a missing node when it has not run. */
    public JsonNode part(String phase) {
        // Each phase is a process of its own and adds its part to the file.
        return read(file("run.json")).path(phase);
    }

    /** The facts of a phase that passed, else the failure that names the phase to run first. */
    public JsonNode facts(String phase) {
        JsonNode part = part(phase);
        if (!"pass".equals(part.path("status").asText())) {
            throw Failure.stop(part.isMissingNode() ? "there is no " + phase + " in this run yet"
                    : "the last " + phase + " of this run ended with: " + part.path("status").asText(),
                    "jbang " + phase + ".java");
        }
        return part.path("facts");
    }

    /** Sets a part and replaces the record at once, so that no reader ever sees half of it. */
    public synchronized void put(String name, JsonNode part) {
        ObjectNode record = read(file("run.json"));
        record.set(name, part);
        write(file("run.json"), Secrets.mask(Json.pretty(record) + "\n"));
    }

    /** Writes a text file of the run, for its owner only, whole or not at all. */
    public static void write(Path file, String text) {
        try {
            Path half = Files.createTempFile(file.getParent(), "." + file.getFileName(), ".part");
            permit(half, "rw-------");
            try (FileChannel channel = FileChannel.open(half, StandardOpenOption.WRITE)) {
                channel.write(java.nio.ByteBuffer.wrap(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
                channel.force(true);
            }
            Files.move(half, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new Failure(Failure.Exit.MISSING, file + " cannot be written: " + e.getMessage(),
                    "make room on that disk, or check who owns " + file.getParent(), e);
        }
    }

    /** Moves the finished record to {@code runs/}, beside the earlier ones. */
    public Path archive() {
        try {
            Path runs = Files.createDirectories(file("runs"));
            Path target = runs.resolve("run-" + stamp() + ".json");
            Files.move(file("run.json"), target, StandardCopyOption.ATOMIC_MOVE);
            return target;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts with an empty record; what the last unfinished run left stays readable under {@code runs/}. */
    public void begin() {
        if (Files.exists(file("run.json"))) {
            archive();
        }
    }

    /**
     * Keeps a second run away for as long as the result is open. The operating system lets go of the lock when its owner
     * dies, so a file left by a killed run holds nobody up. A phase that the release itself started is let through.
     */
    public AutoCloseable lock() {
        Path file = file("lock");
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            permit(file, "rw-------");
            FileLock lock;
            try {
                lock = channel.tryLock();
            } catch (OverlappingFileLockException e) {
                lock = null;
            }
            if (lock == null) {
                channel.close();
                String owner = Files.readString(file).strip();
                if (owner.equals(System.getenv(OWNER))) {
                    return () -> { };
                }
                throw Failure.stop("another run (process " + owner + ") is at work in " + folder,
                        "wait for it to end, or look at it: ps -fp " + owner);
            }
            channel.truncate(0);
            channel.write(java.nio.ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes()));
            return channel;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a phase started by us needs in its environment to get past our own lock. */
    public static java.util.Map<String, String> owner() {
        return java.util.Map.of(OWNER, String.valueOf(ProcessHandle.current().pid()));
    }

    /** Whether git keeps the run folder out of commits: it holds production's data. */
    public static Gate.Finding ignored(Git git) {
        if (git.tracked(FOLDER)) {
            throw Failure.stop(FOLDER + "/ is in git's history: it holds production's data", "git rm -r --cached " + FOLDER);
        }
        if (!git.ignored(FOLDER + "/")) {
            throw Failure.stop(FOLDER + "/ is not ignored by git, and it will hold production's data",
                    "echo '" + FOLDER + "/' >> .gitignore && git commit -m 'Ignore the run folder' .gitignore");
        }
        return Gate.passed(FOLDER + "/ stays out of git");
    }

    /** Sets permissions where the file system knows them (Windows does not). */
    public static void permit(Path path, String permissions) throws IOException {
        if (Files.getFileStore(path).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
        }
    }
}
