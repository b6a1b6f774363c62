//SOURCES ../Beside.java ../Clients.java ../Exec.java ../Failure.java ../Fingerprint.java ../Gate.java ../Hash.java
//SOURCES ../Postgres.java ../Run.java ../Target.java Archive.java Backups.java Contents.java Manifest.java Reading.java
//SOURCES Sequences.java Snapshot.java

package lib.backup;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.Beside;
import lib.Clients;
import lib.Exec;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.Hash;
import lib.Postgres;
import lib.Run;
import lib.Target;

/**
 * The making of an archive: pg_dump, and beside it the counts and hashes of all tables in the very snapshot it reads.
 * The file gets its name only after it was read back and described, so whatever bears a backup's name is one; what an
 * earlier, killed run left half-written is removed.
 */
public final class Dump {
    private static final String HALF = ".part";
    private static final String LOCK_PATIENCE = "60000";
    // Level 1 of gzip takes a fifth of its default's time. That of zstd takes half of that to write, a quarter to read,
    // and makes smaller archives; pg_restore sees less of what was damaged in them, which the SHA-256 sees all.
    private static final String GZIP = "1";
    private static final String ZSTD = "zstd:1";
    private static final int KNOWS_ZSTD = 16;
    private static final int SIGNAL = 128;
    private static final int LOOK_MILLIS = 200;
    private static final Pattern CHATTER = Pattern.compile("^pg_dump\\S*: (?!(error|warning|detail|hint):)");
    private static final Pattern GONE = Pattern.compile("terminating connection|server closed the connection"
            + "|could not receive data|no connection to the server|is shutting down");

    private final Target target;
    private final Clients.Client client;
    private final Path file;
    private final Path half;
    private LongConsumer bytes = size -> { };
    private Consumer<String> lines = line -> { };
    private Consumer<String> stages = words -> { };
    private Contents.Listener tables = (table, read, all) -> { };

    private Dump(Target target, Clients.Client client, Path file) {
        this.target = target;
        this.client = client;
        this.file = file;
        this.half = file.resolveSibling(file.getFileName() + HALF);
    }

    /** A dump of a database into a file that does not exist yet, by a client that fits the server. */
    public static Dump of(Target target, Clients.Client client, Path file) {
        return new Dump(target, client, file);
    }

    /** Hears every now and then how large the archive has become, in bytes. */
    public Dump bytes(LongConsumer listener) {
        this.bytes = listener;
        return this;
    }

    /** Hears each line that pg_dump says of its work. */
    public Dump lines(Consumer<String> listener) {
        this.lines = listener;
        return this;
    }

    /** Hears what is done with the archive once pg_dump has ended. */
    public Dump stages(Consumer<String> listener) {
        this.stages = listener;
        return this;
    }

    /** Hears of each table that was counted and hashed. */
    public Dump tables(Contents.Listener listener) {
        this.tables = listener;
        return this;
    }

    /** Makes the archive with its manifest; after any failure neither is there. */
    public Archive make(String environment, Postgres.Identity identity, String commit) throws SQLException {
        removeHalves(file.getParent());
        Thread cleaner = new Thread(this::clean);
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            return made(environment, identity, commit);
        } catch (IOException e) {
            throw unwritable(e);
        } catch (Failure | SQLException e) {
            if (ending(cleaner)) {
                throw new Failure(Failure.Exit.INTERRUPTED, "interrupted; nothing was kept", null, e);
            }
            if (e instanceof SQLException && String.valueOf(((SQLException) e).getSQLState()).matches("57P0.|08...")) {
                throw gone(Gate.words(e));
            }
            throw e;
        } finally {
            if (!ending(cleaner)) {
                clean();
            }
        }
    }

    // After a success there is no half file any more, and the manifest has its archive.
    private void clean() {
        Run.discard(half);
        if (!Files.exists(file)) {
            Run.discard(Manifest.file(file));
        }
    }

    private Archive made(String environment, Postgres.Identity identity, String commit)
            throws IOException, SQLException {
        try (Snapshot snapshot = Snapshot.of(target)) {
            Files.createFile(half);
            Run.permit(half, "rw-------");
            Reading reading = new Reading(target, snapshot.name(), tables);
            Beside<Contents> counted = Beside.of(() -> reading.contents(null));
            Beside<Fingerprint> schema = Beside.of(() -> Fingerprint.of(snapshot.connection()));
            Exec.Result result = pgDump(snapshot.name(), client.major() < KNOWS_ZSTD ? GZIP : ZSTD);
            if (result.err().contains(Archive.NOT_BUILT_IN)) {
                result = pgDump(snapshot.name(), GZIP);
            }
            if (!result.ok()) {
                reading.stop();
                throw failed(result);
            }
            stages.accept("reading back");
            Beside<Path> onDisk = Beside.of(this::forced);
            Beside<String> hash = Beside.of(() -> Hash.of(half));
            Archive.Listing listing = Archive.readBack(half, client, "what pg_dump wrote");
            stages.accept("counting the rows");
            Contents contents = counted.join().with(Sequences.of(half, listing.entries(), client));
            String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
            Manifest manifest = new Manifest(environment, identity, commit, client.version(), now, Files.size(half),
                    listing.entries().size(), hash.join(), schema.join(), contents);
            manifest.save(file);
            Files.move(onDisk.join(), file, StandardCopyOption.ATOMIC_MOVE);
            Run.settle(file.getParent());
            return new Archive(file, manifest.bytes(), manifest.entries(), listing.packing(), manifest.sha256(),
                    manifest);
        }
    }

    // From here on a power cut does not take it away.
    private Path forced() {
        try (FileChannel channel = FileChannel.open(half, StandardOpenOption.WRITE)) {
            channel.force(true);
            return half;
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    private Failure unwritable(IOException e) {
        return new Failure(Failure.Exit.MISSING, file + " cannot be written: " + Run.reason(e),
                "make room: df -h " + Archive.typed(file.toAbsolutePath().getParent()), e);
    }

    private Exec.Result pgDump(String snapshot, String compression) {
        Map<String, String> environment = target.environment();
        environment.put("PGAPPNAME", "release backup");
        // The archive is in the database's own encoding, whatever the caller's terminal likes.
        environment.put("PGCLIENTENCODING", null);
        // What it says is read here, in English.
        environment.put("LC_ALL", "C");
        Thread watch = new Thread(this::watch, "size of the archive");
        watch.setDaemon(true);
        watch.start();
        try {
            return Exec.of(client.tool("pg_dump").toString(), "--format=custom", "--compress=" + compression,
                    "--no-owner", "--no-privileges", "--no-password", "--verbose",
                    "--lock-wait-timeout=" + LOCK_PATIENCE, "--snapshot=" + snapshot, "--file=" + half)
                    .with(environment).errorLines(lines).run();
        } finally {
            watch.interrupt();
        }
    }

    private void watch() {
        try {
            while (true) {
                Thread.sleep(LOOK_MILLIS);
                bytes.accept(Files.size(half));
            }
        } catch (InterruptedException | IOException e) {
            // The dump has ended, and with it what there is to watch.
            return;
        }
    }

    // Once the hooks run none can be taken back: that is how a stop from outside shows.
    private static boolean ending(Thread cleaner) {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
            return false;
        } catch (IllegalStateException e) {
            return true;
        }
    }

    private Failure failed(Exec.Result result) {
        // Without what --verbose adds.
        List<String> lines = result.tail(Integer.MAX_VALUE).lines().filter(line -> !CHATTER.matcher(line).find())
                .toList();
        String said = String.join("\n", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
        String gone = lines.stream().filter(line -> GONE.matcher(line).find()).findFirst().orElse(null);
        String how = result.exit() > SIGNAL ? "was killed by signal " + (result.exit() - SIGNAL)
                : "ended with " + result.exit();
        String role = "\"" + target.user().replace("\"", "\"\"") + "\"";
        String way = "nothing was kept; try it again: jbang backup.java";
        if (said.contains("row-level security") || said.contains("row security")) {
            way = "let the role see every row: ALTER ROLE " + role + " BYPASSRLS;";
        } else if (said.contains("permission denied")) {
            way = "use the URL of the tables' owner, or let this role read: GRANT pg_read_all_data TO " + role + ";";
        } else if (said.contains("lock timeout")) {
            way = "a session holds a lock on it: SELECT pid, state, query FROM pg_stat_activity WHERE state <> 'idle';";
        } else if (gone != null) {
            return gone(gone);
        } else if (said.contains("No space left")) {
            way = "make room: df -h " + Archive.typed(file.toAbsolutePath().getParent());
        }
        return Failure.stop("pg_dump " + how + (said.isBlank() ? "" : ": " + said), way);
    }

    private static Failure gone(String said) {
        return Failure.missing("the server ended the connection in the middle of the backup: " + said,
                "nothing was kept; see what became of the server, then: jbang backup.java");
    }

    private static void removeHalves(Path folder) {
        List<Path> left = Backups.leftBehind(folder);
        if (!left.isEmpty()) {
            endLeftDumps(folder);
        }
        left.forEach(Run::discard);
    }

    // A run that was killed could not end its pg_dump, which goes on reading for a file that nobody wants.
    private static void endLeftDumps(Path folder) {
        String start = "--file=" + folder.resolve("backup-");
        ProcessHandle.allProcesses().filter(process -> Stream.of(process.info().arguments().orElse(new String[0]))
                .anyMatch(word -> word.startsWith(start) && word.endsWith(HALF))).forEach(ProcessHandle::destroy);
    }
}
