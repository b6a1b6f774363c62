//SOURCES Clients.java Exec.java Failure.java Hash.java Json.java Run.java Target.java

package lib;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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

    /**
     * Dumps a database in an exported snapshot. The file gets its name only after it was read back, so whatever lies under a
     * backup's name is one; what an earlier, killed run left half-written is removed.
     */
    public static Archive dump(Target target, Clients.Client client, String snapshot, Path file) {
        removeHalves(file.getParent());
        Path half = file.resolveSibling(file.getFileName() + HALF);
        Thread cleaner = new Thread(() -> remove(half));
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            Files.createFile(half);
            Run.permit(half, "rw-------");
            Map<String, String> environment = target.environment();
            String options = target.parameters().getOrDefault("options", "");
            environment.put("PGOPTIONS", (options + " -c default_transaction_read_only=on").strip());
            environment.put("PGAPPNAME", "release backup");
            Exec.Result result = Exec.of(client.tool("pg_dump").toString(), "--format=custom", "--compress=1", "--no-owner",
                    "--no-privileges", "--no-password", "--snapshot=" + snapshot, "--file=" + half).with(environment).run();
            if (!result.ok()) {
                throw Failure.stop("pg_dump ended with " + result.exit() + ": " + result.tail(3),
                        "nothing was kept; try it again: jbang backup.java");
            }
            int entries = readBack(half, client, file.toString());
            String sha256 = Hash.of(half);
            try (var channel = java.nio.channels.FileChannel.open(half, java.nio.file.StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(half, file, StandardCopyOption.ATOMIC_MOVE);
            return new Archive(file, Files.size(file), entries, sha256, true);
        } catch (IOException e) {
            throw new Failure(Failure.Exit.MISSING, file + " cannot be written: " + Gate.words(e),
                    "make room: df -h " + file.getParent(), e);
        } finally {
            remove(half);
            Runtime.getRuntime().removeShutdownHook(cleaner);
        }
    }

    /** Reads any archive whole; one whose SHA-256 differs from the stored one is refused even if it can be read. */
    public static Archive verify(Path file, Clients.Client client) {
        if (!Files.isRegularFile(file)) {
            throw Failure.stop("there is no file " + file, "ls -l " + (file.getParent() == null ? "." : file.getParent()));
        }
        try {
            String sha256 = Hash.of(file);
            Path description = description(file);
            boolean described = Files.exists(description);
            if (described) {
                String stored = Json.MAPPER.readTree(description.toFile()).path("sha256").asText();
                if (!sha256.equals(stored)) {
                    throw Failure.stop(file + " is not the backup that was made: SHA-256 " + sha256.substring(0, 12) + "… instead of "
                            + stored.substring(0, Math.min(12, stored.length())) + "…", "make a new one: jbang backup.java");
                }
            }
            return new Archive(file, Files.size(file), readBack(file, client, file.toString()), sha256, described);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // The list alone passes on most damaged archives; reading every row does not.
    private static int readBack(Path file, Clients.Client client, String name) throws IOException {
        if (Files.size(file) == 0) {
            throw Failure.stop(name + " is empty", "make a new one: jbang backup.java");
        }
        String restore = client.tool("pg_restore").toString();
        Exec.Result list = Exec.of(restore, "--list", file.toString()).run();
        if (!list.ok()) {
            throw unreadable(name, list);
        }
        Exec.Result all = Exec.of(restore, "--file=" + (System.getProperty("os.name").startsWith("Windows") ? "NUL" : "/dev/null"),
                file.toString()).run();
        if (!all.ok()) {
            throw unreadable(name, all);
        }
        return (int) list.lines().stream().filter(line -> !line.startsWith(";") && !line.isBlank()).count();
    }

    private static Failure unreadable(String name, Exec.Result result) {
        return Failure.stop(name + " cannot be read back whole: " + (result.tail(1).isBlank() ? "pg_restore ended with " + result.exit()
                : result.tail(1)), "make a new one: jbang backup.java");
    }

    /** Writes the description that lies beside the archive: its hash, and which database it is of. */
    public void describe(ObjectNode facts) {
        Run.write(description(file), Json.pretty(facts) + "\n");
    }

    private static Path description(Path file) {
        return file.resolveSibling(file.getFileName() + ".json");
    }

    private static void removeHalves(Path folder) {
        try (var files = Files.newDirectoryStream(folder, "backup-*" + HALF)) {
            files.forEach(Archive::remove);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // It is named .part, and the next backup tries again.
            return;
        }
    }

    /** A size as people read it. */
    public static String size(long bytes) {
        for (String unit : List.of("bytes", "kB", "MB", "GB")) {
            if (bytes < 10_000 || unit.equals("GB")) {
                return bytes + " " + unit;
            }
            bytes /= 1000;
        }
        return bytes + "";
    }
}
