//SOURCES ../Clients.java ../Copy.java ../Exec.java ../Failure.java Archive.java Contents.java Manifest.java

package lib.backup;

import java.sql.SQLException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Clients;
import lib.Copy;
import lib.Exec;
import lib.Failure;

/**
 * The proof that an archive restores to what was saved: into a throw-away server, and compared with its manifest.
 *
 * @param server what it was restored on, for people
 */
public record Proof(String server) {
    private static final Pattern MADE_FROM = Pattern.compile(";\\s+Dumped from database version: (\\d+).*");
    private static final Pattern MADE_BY = Pattern.compile(";\\s+Dumped by pg_dump version: (\\d+).*");
    private static final int MOST = 10;

    /** Restores and compares; an archive without a manifest is restored, and has nothing to be compared with. */
    public static Proof of(Archive archive, Contents.Listener listener) throws SQLException {
        Exec.Result list = Exec.of(Clients.newest().tool("pg_restore").toString(), "--list", archive.file().toString())
                .run().orStop("the archive cannot be listed", null);
        int major = number(MADE_FROM, list);
        // The client of the server's own major where it can read the archive: a newer one says more than is wrong.
        Clients.Client client = Clients.fitting(Math.max(major, number(MADE_BY, list)));
        try (Copy copy = Copy.throwAway(major)) {
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

    private static int number(Pattern pattern, Exec.Result list) {
        return list.lines().stream().map(pattern::matcher).filter(Matcher::matches).findFirst()
                .map(found -> Integer.parseInt(found.group(1)))
                .orElseThrow(() -> Failure.stop("the archive does not tell which server it is from", null));
    }
}
