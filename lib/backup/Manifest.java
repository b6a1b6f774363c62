//SOURCES ../Clients.java ../Failure.java ../Fingerprint.java ../Gate.java ../Hash.java ../Json.java ../Postgres.java
//SOURCES ../Run.java ../Target.java Contents.java

package lib.backup;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Clients;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.Hash;
import lib.Json;
import lib.Postgres;
import lib.Run;
import lib.Target;

/**
 * What lies beside an archive, in a file of its name with {@code .json} behind it: where the archive comes from and all
 * that it must hold. It ends with a hash of itself, so that a changed one is as useless as a lost one.
 *
 * @param commit which the project was at
 * @param client the version of pg_dump
 * @param created when, as an ISO instant
 * @param entries the objects of the archive's table of contents
 * @param sha256 of the archive's bytes
 * @param contents rows and hashes in the dump's own snapshot
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Manifest(String environment, Postgres.Identity identity, String commit, String client, String created,
                       long bytes, int entries, String sha256, Fingerprint schema, Contents contents) {
    private static final String SEAL = ",\n  \"seal\" : \"";

    /** Where the manifest of an archive lies, whether there is one or not. */
    public static Path file(Path archive) {
        return archive.resolveSibling(archive.getFileName() + ".json");
    }

    public static boolean exists(Path archive) {
        return Files.exists(file(archive));
    }

    /** Reads the manifest of an archive; a missing and a changed one are the same failure, with other words. */
    public static Manifest of(Path archive) {
        Path file = file(archive);
        String wrong = "was changed after it was written";
        try {
            String text = Files.readString(file);
            int end = text.lastIndexOf(SEAL);
            if (end > 0 && text.equals(sealed(text.substring(0, end)))) {
                return Json.as(Json.MAPPER.readTree(text), Manifest.class);
            }
        } catch (IOException | UncheckedIOException e) {
            wrong = Files.exists(file) ? "cannot be read: " + Gate.words(e) : "is missing";
        }
        throw Failure.stop("the manifest " + file + " " + wrong
                + "; without it nothing tells what the archive must hold", "make a new backup: jbang backup.java");
    }

    /** The client that reads the archive: of the major that made it, else the next newer one. */
    public Clients.Client reader() {
        return Clients.reading(Integer.parseInt(client.replaceFirst("\\D.*", "")));
    }

    /** What a database restored from the archive has otherwise than it was saved: the schema, then rows and values. */
    public List<String> differences(Target copy, int most, Contents.Listener listener) throws SQLException {
        try (Connection connection = Postgres.read(copy, "backup")) {
            List<String> differences = Fingerprint.of(connection).differences(schema, most);
            return differences.isEmpty() ? contents.again(copy, listener).differences(contents, most) : differences;
        }
    }

    /** Writes it beside its archive. */
    void save(Path archive) {
        String text = Json.pretty(Json.tree(this));
        Run.write(file(archive), sealed(text.substring(0, text.lastIndexOf('}')).stripTrailing()));
    }

    // Every byte before the seal counts, and nothing may stand behind it.
    private static String sealed(String body) {
        return body + SEAL + Hash.of(body) + "\"\n}\n";
    }
}
