//SOURCES ../Clients.java ../Copy.java ../Failure.java Archive.java Contents.java Listing.java Manifest.java

package lib.backup;

import java.sql.SQLException;
import java.util.List;
import lib.Clients;
import lib.Copy;
import lib.Failure;

/**
 * The proof that an archive restores to what was saved: into a throw-away server, and compared with its manifest.
 *
 * @param server what it was restored on, for people
 */
public record Proof(String server) {
    private static final int MOST = 10;

    /** Restores and compares; an archive without a manifest is restored, and has nothing to be compared with. */
    public static Proof of(Archive archive, Contents.Listener listener) throws SQLException {
        Listing listing = archive.listing();
        if (listing.server() == 0 || listing.client() == 0) {
            throw Failure.stop("the archive does not tell which server it is from", null);
        }
        // The client of the server's own major where it can read the archive: a newer one says more than is wrong.
        Clients.Client client = Clients.fitting(Math.max(listing.server(), listing.client()));
        try (Copy copy = Copy.throwAway(listing.server())) {
            copy.restore(archive.file(), client);
            Manifest manifest = archive.manifest();
            List<String> differences = manifest == null ? List.of()
                    : manifest.differences(copy.target(), MOST, listener);
            if (!differences.isEmpty()) {
                throw Failure.stop("what " + archive.file() + " restores to is not what was saved:\n  "
                        + String.join("\n  ", differences), "make a new backup: jbang backup.java");
            }
            return new Proof(copy.server());
        }
    }
}
