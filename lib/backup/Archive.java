//SOURCES ../Clients.java ../Exec.java ../Failure.java ../Hash.java ../Run.java Manifest.java

package lib.backup;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import lib.Clients;
import lib.Exec;
import lib.Failure;
import lib.Hash;
import lib.Run;

/**
 * A backup on disk that was read back whole.
 *
 * @param entries the objects its table of contents lists
 * @param manifest what stood beside it; null when an archive came without one
 */
public record Archive(Path file, long bytes, int entries, String sha256, Manifest manifest) {
    private static final String AGAIN = "make a new one: jbang backup.java";

    /** Reads any archive whole; one that differs from its manifest is refused even if it can be read. */
    public static Archive verify(Path file, Clients.Client client) {
        if (Files.isDirectory(file)) {
            throw Failure.stop(file + " is a folder, not a backup in one file", "ls -l " + typed(file));
        }
        if (!Files.exists(file)) {
            throw Failure.stop("there is no file " + file, "ls -l " + typed(file.toAbsolutePath().getParent()));
        }
        Manifest manifest = Manifest.exists(file) ? Manifest.of(file) : null;
        try {
            CompletableFuture<String> hash = CompletableFuture.supplyAsync(() -> Hash.of(file));
            if (manifest != null && !sha256(hash).equals(manifest.sha256())) {
                throw Failure.stop(file + " is not the backup that was made: SHA-256 " + sha256(hash).substring(0, 12)
                        + "… instead of " + manifest.sha256().substring(0, 12) + "…", AGAIN);
            }
            int entries = readBack(file, client, file.toString()).size();
            return new Archive(file, Files.size(file), entries, sha256(hash), manifest);
        } catch (IOException e) {
            throw Failure.stop(file + " cannot be read: " + Run.reason(e), "ls -l " + typed(file));
        }
    }

    static String sha256(CompletableFuture<String> hash) {
        try {
            return hash.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof Failure failure ? failure : e;
        }
    }

    /** Whether it is the one that was made, which only a manifest can tell. */
    public boolean described() {
        return manifest != null;
    }

    /** Reads every row and returns the entries of its list, which alone passes on most damaged archives. */
    static List<String> readBack(Path file, Clients.Client client, String name) throws IOException {
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
        return list.lines().stream().filter(line -> !line.startsWith(";") && !line.isBlank()).toList();
    }

    private static Failure unreadable(String name, Exec.Result result) {
        String said = result.tail(1);
        return Failure.stop(name + " cannot be read back whole: "
                + (said.isBlank() ? "pg_restore ended with " + result.exit() : said), AGAIN);
    }

    static String typed(Path path) {
        return Exec.typed(List.of(path.toString()));
    }
}
