//SOURCES Clients.java Exec.java Failure.java Fingerprint.java Hash.java Json.java Run.java Target.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/**
 * A backup on disk that was read back whole.
 *
 * @param entries the objects its table of contents lists
 * @param described whether a description beside it holds the same SHA-256
 */
public record Archive(Path file, long bytes, int entries, String sha256, boolean described) {
    private static final String HALF = ".part";
    private static final String AGAIN = "make a new one: jbang backup.java";
    private static final String LOCK_PATIENCE = "60000";
    private static final int SIGNAL = 128;

    /**
     * Dumps a database in an exported snapshot. The file gets its name only after it was read back and described, so
     * whatever bears a backup's name is one; what an earlier, killed run left half-written is removed.
     *
     * @param description what is known of the backup; its own size and hash are added
     */
    public static Archive dump(Target target, Clients.Client client, String snapshot, Path file,
                               ObjectNode description) {
        removeHalves(file.getParent());
        Path half = file.resolveSibling(file.getFileName() + HALF);
        Thread cleaner = new Thread(() -> Run.discard(half));
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            Files.createFile(half);
            Run.permit(half, "rw-------");
            Exec.Result result = pgDump(target, client, snapshot, half);
            if (!result.ok()) {
                throw ending(cleaner) ? new Failure(Failure.Exit.INTERRUPTED, "interrupted; nothing was kept", null)
                        : failed(result, target, file);
            }
            int entries = readBack(half, client, "what pg_dump wrote");
            Archive archive = new Archive(file, Files.size(half), entries, Hash.of(half), true);
            try (FileChannel channel = FileChannel.open(half, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            description.put("sha256", archive.sha256).put("bytes", archive.bytes).put("entries", entries);
            Run.write(description(file), Json.pretty(description) + "\n");
            Files.move(half, file, StandardCopyOption.ATOMIC_MOVE);
            Run.settle(file.getParent());
            return archive;
        } catch (IOException e) {
            throw new Failure(Failure.Exit.MISSING, file + " cannot be written: " + Run.reason(e),
                    "make room: df -h " + typed(file.toAbsolutePath().getParent()), e);
        } finally {
            if (!ending(cleaner)) {
                Run.discard(half);
            }
        }
    }

    private static Exec.Result pgDump(Target target, Clients.Client client, String snapshot, Path half) {
        Map<String, String> environment = target.environment();
        environment.put("PGAPPNAME", "release backup");
        // The archive is in the database's own encoding, whatever the caller's terminal likes.
        environment.put("PGCLIENTENCODING", null);
        // Level 1 takes a fraction of the time of the default, and what it writes is checked on reading all the same.
        return Exec.of(client.tool("pg_dump").toString(), "--format=custom", "--compress=1", "--no-owner",
                "--no-privileges", "--no-password", "--lock-wait-timeout=" + LOCK_PATIENCE, "--snapshot=" + snapshot,
                "--file=" + half).with(environment).run();
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

    private static Failure failed(Exec.Result result, Target target, Path file) {
        String said = result.tail(3);
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
        } else if (said.contains("No space left")) {
            way = "make room: df -h " + typed(file.toAbsolutePath().getParent());
        }
        return Failure.stop("pg_dump " + how + (said.isBlank() ? "" : ": " + said), way);
    }

    /** Reads any archive whole; one whose SHA-256 differs from the stored one is refused even if it can be read. */
    public static Archive verify(Path file, Clients.Client client) {
        if (Files.isDirectory(file)) {
            throw Failure.stop(file + " is a folder, not a backup in one file", "ls -l " + typed(file));
        }
        if (!Files.exists(file)) {
            throw Failure.stop("there is no file " + file, "ls -l " + typed(file.toAbsolutePath().getParent()));
        }
        try {
            String sha256 = Hash.of(file);
            boolean described = Files.exists(description(file));
            String stored = described ? stored(description(file)) : sha256;
            if (!sha256.equals(stored)) {
                throw Failure.stop(file + " is not the backup that was made: SHA-256 " + sha256.substring(0, 12)
                        + "… instead of " + stored.substring(0, 12) + "…", AGAIN);
            }
            int entries = readBack(file, client, file.toString());
            return new Archive(file, Files.size(file), entries, sha256, described);
        } catch (IOException e) {
            throw Failure.stop(file + " cannot be read: " + Run.reason(e), "ls -l " + typed(file));
        }
    }

    private static String stored(Path description) {
        String stored = "";
        try {
            JsonNode facts = Json.MAPPER.readTree(description.toFile());
            stored = facts.path("sha256").asText();
        } catch (IOException e) {
            // Said below, with the same words as a description without a hash.
        }
        if (stored.matches("[0-9a-f]{64}")) {
            return stored;
        }
        throw Failure.stop(description + " does not hold the SHA-256 that was stored when the backup was made", AGAIN);
    }

    // The list alone passes on most damaged archives; reading every row does not.
    private static int readBack(Path file, Clients.Client client, String name) throws IOException {
        if (Files.size(file) == 0) {
            throw Failure.stop(name + " is empty", AGAIN);
        }
        String restore = client.tool("pg_restore").toString();
        Exec.Result list = Exec.of(restore, "--list", file.toString()).run();
        if (!list.ok()) {
            throw unreadable(name, list);
        }
        String nowhere = File.separatorChar == '\\' ? "NUL" : "/dev/null";
        Exec.Result all = Exec.of(restore, "--file=" + nowhere, file.toString()).run();
        if (!all.ok()) {
            throw unreadable(name, all);
        }
        return (int) list.lines().stream().filter(line -> !line.startsWith(";") && !line.isBlank()).count();
    }

    private static Failure unreadable(String name, Exec.Result result) {
        String said = result.tail(1);
        return Failure.stop(name + " cannot be read back whole: "
                + (said.isBlank() ? "pg_restore ended with " + result.exit() : said), AGAIN);
    }

    // What lies beside a backup: its hash, which database it is of, and the schema it holds.
    private static Path description(Path file) {
        return file.resolveSibling(file.getFileName() + ".json");
    }

    /** The schema that a backup holds, as it was when it was made. */
    public static Fingerprint schema(Path file) {
        try {
            return Json.as(Json.MAPPER.readTree(description(file).toFile()).path("schema"), Fingerprint.class);
        } catch (IOException e) {
            throw new Failure(Failure.Exit.STOP, description(file) + " cannot be read: " + Run.reason(e), AGAIN, e);
        }
    }

    private static void removeHalves(Path folder) {
        // The second kind is a description that was being written.
        try (var files = Files.newDirectoryStream(folder, "{backup-,.backup-}*" + HALF)) {
            files.forEach(Run::discard);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String typed(Path path) {
        return Exec.typed(List.of(path.toString()));
    }

    /** A size as people read it. */
    public static String size(long bytes) {
        String[] units = {"bytes", "kB", "MB", "GB"};
        int unit = 0;
        for (; bytes >= 10_000 && unit < units.length - 1; unit++) {
            bytes /= 1000;
        }
        return bytes + " " + units[unit];
    }
}
