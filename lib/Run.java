//SOURCES Failure.java Gate.java Git.java Json.java PastRuns.java ScratchFolder.java Seal.java Secrets.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/** The run record: {@code _migrations/run.json}, to which each phase adds its part, and the files beside it. */
public final class Run {
    /** The folder in the repository; git must ignore it, because it holds production's data. */
    public static final String FOLDER = "_migrations";
    /** What a gate says that has opened the record. */
    public static final Gate.Finding OUT_OF_GIT = Gate.passed(FOLDER + "/ stays out of git");
    private static final String OWNER = "RELEASE_RUN_OWNER";
    /** How a moment stands in file names. */
    public static final DateTimeFormatter SECOND = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    /** Whether the end of our owner is waited for already. */
    private static final AtomicBoolean WATCHED = new AtomicBoolean();

    private final Path folder;

    private Run(Path folder) {
        this.folder = folder;
    }

    /**
     * Opens the record of a repository, an empty one when there is none yet; the folder is made for its owner only, and
     * not at all while git would commit it.
     */
    public static Run open(Path repo) {
        endWithOwner();
        ignored(new Git(repo));
        Path folder = repo.resolve(FOLDER);
        try {
            Files.createDirectories(folder);
            permit(folder, "rwx------");
        } catch (FileAlreadyExistsException e) {
            throw new Failure(Failure.Exit.STOP, FOLDER + " is not a folder",
                    "move it away: mv " + FOLDER + " " + FOLDER + ".old", e);
        } catch (IOException e) {
            throw unwritable(folder, e);
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
        String wrong = "it does not hold a JSON object";
        IOException cause = null;
        try {
            JsonNode record = Json.MAPPER.readTree(file.toFile());
            if (record instanceof ObjectNode object) {
                return object;
            }
        } catch (IOException e) {
            cause = e;
            wrong = Gate.words(e).lines().findFirst().orElse("");
        }
        throw new Failure(Failure.Exit.STOP, FOLDER + "/run.json cannot be read: " + wrong,
                "mv " + FOLDER + "/run.json " + FOLDER + "/run.json.broken   # and start the release again", cause);
    }

    private static Failure unwritable(Path file, IOException error) {
        return new Failure(Failure.Exit.MISSING, file + " cannot be written: " + reason(error),
                "make room on that disk, or see who owns the folder: ls -ld " + file.getParent(), error);
    }

    /** Why a file could not be used, in words: the messages of Java's own classes are file names. */
    public static String reason(IOException error) {
        if (error instanceof AccessDeniedException) {
            return "permission denied";
        }
        boolean wordless = error instanceof FileSystemException system && system.getReason() == null;
        return wordless ? error.getClass().getSimpleName() : error instanceof FileSystemException system
                ? system.getReason() : Gate.words(error);
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

    /** A file named after this moment, or after the next second when this one has its file already. */
    public Path fresh(String kind, String ending) throws InterruptedException {
        Path file = file(kind + "-" + stamp() + "." + ending);
        while (Files.exists(file)) {
            Thread.sleep(50);
            file = file(kind + "-" + stamp() + "." + ending);
        }
        return file;
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

    /** All parts. */
    public ObjectNode record() {
        return read(file("run.json"));
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

    /** A part of the record, by its JSON pointer, as what it was written from. */
    public <T> T as(String pointer, Class<T> type) {
        try {
            return Optional.ofNullable(Json.as(record().at(pointer), type)).orElseThrow();
        } catch (UncheckedIOException | NoSuchElementException e) {
            throw Seal.broken(pointer.substring(1).replace('/', '.') + " is not what a release writes", e);
        }
    }

    /** Sets a part and replaces the record at once, so that no reader ever sees half of it. */
    public synchronized void put(String name, JsonNode part) {
        ObjectNode record = read(file("run.json"));
        record.remove("seal");
        record.set(name, part);
        String text = Secrets.mask(Json.pretty(record));
        write(file("run.json"), edited() ? text + "\n" : Seal.on(text));
    }

    /** Goes on only when the record is as it was written: what a person changed in it cannot be told from the truth. */
    public void refuseEdited() {
        if (edited()) {
            throw Seal.broken("it was edited, or comes from another version of these scripts", null);
        }
    }

    /** Whether it was: what was edited does not become true by what is written beside it. */
    boolean edited() {
        try {
            return Files.exists(file("run.json")) && !Seal.holds(Files.readString(file("run.json")));
        } catch (IOException e) {
            throw unwritable(file("run.json"), e);
        }
    }

    /** Writes a text file of the run, for its owner only, whole or not at all. */
    public static void write(Path file, String text) {
        write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The same for bytes. */
    public static void write(Path file, byte[] content) {
        Path half = null;
        try {
            half = Files.createTempFile(file.getParent(), "." + file.getFileName(), ".part");
            permit(half, "rw-------");
            try (FileChannel channel = FileChannel.open(half, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(content);
                // On a disk that is nearly full only a part is taken, without a word; the next try says why.
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(half, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            settle(file.getParent());
        } catch (IOException e) {
            discard(half);
            throw unwritable(file, e);
        }
    }

    /** Makes the names in a folder survive a power failure, where a folder can be flushed (not on Windows). */
    public static void settle(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // The files themselves are on disk; only their names may be younger than they look.
            return;
        }
    }

    /** Deletes a file that nobody needs any more; one that cannot be deleted stays. */
    public static void discard(Path file) {
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // It is named .part, so nobody takes it for anything.
            return;
        }
    }

    /** Moves the record to {@code runs/}, beside the earlier ones. */
    public Path archive() {
        return archive(List.of());
    }

    /** Puts a finished run away: its record, and copies of the files that the next run of the day will write over. */
    public Path archive(List<Path> files) {
        try {
            return PastRuns.put(file("runs"), file("run.json"), files);
        } catch (IOException e) {
            throw unwritable(file("runs"), e);
        }
    }

    /** Starts with a record of its own; what the last unfinished run left stays readable under {@code runs/}. */
    public void begin(String environment) {
        if (Files.exists(file("run.json"))) {
            archive();
        }
        put("environment", Json.tree(environment));
    }

    /**
     * Keeps a second run away for as long as the result is open. The operating system lets go of the lock when its
     * owner dies, so a file left by a killed run holds nobody up. A phase that the release started is let through.
     */
    public AutoCloseable lock() {
        Path file = file("lock");
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            permit(file, "rw-------");
            if (taken(channel)) {
                channel.truncate(0);
                channel.write(StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"));
                return channel;
            }
            channel.close();
            String owner = Files.readString(file).strip();
            if (!owner.isEmpty() && owner.equals(System.getenv(OWNER))) {
                return () -> { };
            }
            // Between taking the lock and writing its number an owner has no name.
            throw Failure.stop("another run" + (owner.isEmpty() ? "" : " (process " + owner + ")") + " is at work in "
                    + folder, "wait for it to end" + (owner.isEmpty() ? "" : ", or look at it: ps -fp " + owner));
        } catch (IOException e) {
            throw unwritable(file, e);
        }
    }

    /** The process that holds the lock, for whoever only looks; empty when no run is at work. */
    public Optional<String> atWork() {
        if (!Files.exists(file("lock"))) {
            return Optional.empty();
        }
        try (FileChannel channel = FileChannel.open(file("lock"), StandardOpenOption.WRITE)) {
            return taken(channel) ? Optional.empty() : Optional.of(Files.readString(file("lock")).strip());
        } catch (IOException e) {
            throw unwritable(file("lock"), e);
        }
    }

    private static boolean taken(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    // A phase whose release was killed works for nobody any more, nor does the server that was started for it.
    private static void endWithOwner() {
        String owner = System.getenv(OWNER);
        if (owner != null && owner.matches("\\d{1,18}") && WATCHED.compareAndSet(false, true)) {
            // Also one that is gone before we could look at it.
            ProcessHandle.of(Long.parseLong(owner)).map(ProcessHandle::onExit)
                    .orElse(CompletableFuture.completedFuture(null)).thenRun(() -> {
                        ScratchFolder.sweep();
                        System.exit(Failure.Exit.INTERRUPTED.code);
                    });
        }
    }

    /** What a phase started by us needs in its environment to get past our own lock. */
    public static Map<String, String> owner() {
        return Map.of(OWNER, String.valueOf(ProcessHandle.current().pid()));
    }

    // Whether git keeps the run folder out of commits: it holds production's data.
    private static void ignored(Git git) {
        if (git.tracked(FOLDER)) {
            throw Failure.stop(FOLDER + "/ is in git's history: it holds production's data",
                    "git rm -r --cached " + FOLDER);
        }
        // A name without an ending: only a rule for the whole folder covers it.
        if (!git.ignored(FOLDER + "/any")) {
            // The file may be new, and its last line may have no end.
            throw Failure.stop(FOLDER + "/ is not ignored by git, and it will hold production's data",
                    "printf '\\n" + FOLDER + "/\\n' >> .gitignore && git add .gitignore"
                    + " && git commit -m 'Ignore the run folder' .gitignore");
        }
    }

    /** Sets permissions where the file system knows them (Windows does not). */
    public static void permit(Path path, String permissions) throws IOException {
        if (Files.getFileStore(path).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
        }
    }
}
