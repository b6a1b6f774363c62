//SOURCES ../Beside.java ../Clients.java ../Failure.java ../Fingerprint.java ../Gate.java ../Postgres.java ../Run.java
//SOURCES ../Target.java Archive.java Backups.java Contents.java Jobs.java Listing.java Manifest.java PgDump.java Reading.java
//SOURCES Sequences.java Snapshot.java Storage.java Verbose.java

package lib.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import lib.Beside;
import lib.Clients;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.Postgres;
import lib.Run;
import lib.Target;

/**
 * The making of an archive: pg_dump, and beside it the counts and hashes of all tables in the very snapshot it reads.
 * It gets its name only after it was read back and described, so whatever bears a backup's name is one; what an
 * earlier, killed run left half-written is removed.
 */
public final class Dump {
    private static final int LOOK_MILLIS = 200;

    private final Target target;
    private final Clients.Client client;
    private final Path file;
    private final Path half;
    private final PgDump dump;
    private int jobs;
    private LongConsumer bytes = size -> { };
    private Consumer<String> stages = words -> { };
    private Contents.Listener tables = (table, read, all) -> { };

    private Dump(Target target, Clients.Client client, Path file) {
        this.target = target;
        this.client = client;
        this.file = file;
        this.half = file.resolveSibling(file.getFileName() + Storage.HALF);
        this.dump = PgDump.of(target, client, half);
    }

    /** A dump of a database to where nothing is yet, by a client that fits the server. */
    public static Dump of(Target target, Clients.Client client, Path file) {
        return new Dump(target, client, file);
    }

    /** How many connections read side by side: 1 makes one file, more a folder; 0 is what suits the database. */
    public Dump jobs(int number) {
        this.jobs = number;
        return this;
    }

    /** Hears every now and then how large the archive has become, in bytes. */
    public Dump bytes(LongConsumer listener) {
        this.bytes = listener;
        return this;
    }

    /** Hears of each table whose rows pg_dump reads. */
    Dump rows(Verbose.Listener listener) {
        dump.rows(listener);
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
        Thread cleaner = new Thread(this::stop);
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
                throw PgDump.gone(Gate.words(e));
            }
            throw e;
        } finally {
            if (!ending(cleaner)) {
                clean();
            }
        }
    }

    // One that has just been started would make its file or folder when ours is removed already.
    private void stop() {
        dump.stop();
        clean();
    }

    // After a success there is no half file any more, and the manifest has its archive.
    private void clean() {
        Storage.discard(half);
        if (!Files.exists(file)) {
            Run.discard(Manifest.file(file));
        }
    }

    private Archive made(String environment, Postgres.Identity identity, String commit)
            throws IOException, SQLException {
        try (Snapshot snapshot = Snapshot.of(target)) {
            Reading reading = new Reading(target, snapshot.name(), tables);
            int connections = jobs > 0 ? jobs : Jobs.fitting(snapshot.connection());
            Beside<Contents> counted = Beside.of(() -> reading.contents(null));
            Beside<Fingerprint> schema = Beside.of(() -> Fingerprint.of(snapshot.connection()));
            try {
                write(snapshot.name(), connections);
            } catch (Failure | IOException e) {
                reading.stop();
                throw e;
            }
            stages.accept("reading back");
            Beside<Path> onDisk = Beside.of(this::forced);
            Beside<String> hash = Beside.of(() -> Storage.sha256(half));
            Listing listing = Archive.readBack(half, client, "what pg_dump wrote");
            stages.accept("counting the rows");
            Contents contents = counted.join().with(Sequences.of(half, listing, client));
            String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
            Manifest manifest = new Manifest(environment, identity, commit, client.version(), now, Storage.bytes(half),
                    listing.entries().size(), hash.join(), schema.join(), contents);
            manifest.save(file);
            Files.move(onDisk.join(), file, StandardCopyOption.ATOMIC_MOVE);
            Run.settle(file.getParent());
            return new Archive(file, manifest.bytes(), listing, manifest.sha256(), manifest);
        }
    }

    private Path forced() {
        try {
            Storage.force(half);
            return half;
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    private Failure unwritable(IOException e) {
        return new Failure(Failure.Exit.MISSING, file + " cannot be written: " + Run.reason(e),
                "make room: df -h " + Archive.typed(file.toAbsolutePath().getParent()), e);
    }

    private void write(String snapshot, int connections) throws IOException {
        Thread watch = new Thread(this::watch, "size of the archive");
        watch.setDaemon(true);
        watch.start();
        try {
            dump.write(snapshot, connections);
        } finally {
            watch.interrupt();
        }
    }

    private void watch() {
        try {
            while (true) {
                Thread.sleep(LOOK_MILLIS);
                look();
            }
        } catch (InterruptedException e) {
            // The dump has ended, and with it what there is to watch.
            return;
        }
    }

    private void look() {
        try {
            bytes.accept(Storage.bytes(half));
        } catch (Failure e) {
            // It is just being begun anew.
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

    private static void removeHalves(Path folder) {
        List<Path> left = Backups.leftBehind(folder);
        if (!left.isEmpty()) {
            PgDump.endLeft(folder);
        }
        left.forEach(Storage::discard);
    }
}
