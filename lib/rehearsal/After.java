//SOURCES ../Copy.java ../Fingerprint.java ../Postgres.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import lib.Copy;
import lib.Fingerprint;
import lib.Postgres;

/** The copy as the plan has left it, looked at once for all proofs: none of them may leave another schema. */
public final class After {
    private final Copy copy;
    private Fingerprint schema;

    public After(Copy copy) {
        this.copy = copy;
    }

    /** The schema; the first call looks, when the plan has run. */
    public Fingerprint schema() throws SQLException {
        if (schema == null) {
            try (Connection connection = Postgres.read(copy.target(), "rehearsal")) {
                schema = Fingerprint.of(connection);
            }
        }
        return schema;
    }
}
