//SOURCES ../Count.java ../Failure.java ../Fingerprint.java ../Postgres.java Certificate.java Executor.java Journal.java

package lib.plan;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import lib.Count;
import lib.Failure;
import lib.Fingerprint;
import lib.Postgres;

/**
 * Holds production against the rehearsal: before the first statement, and inside each transaction before its COMMIT.
 */
public final class Acceptance implements Executor.Acceptance {
    // Production went on since the backup; more than this means that another database was rehearsed than is there now.
    private static final double ROWS_SHARE = 0.2;
    private static final long ROWS_SLACK = 100;
    private static final long ROWS_NOTICED = 10;

    private final Certificate certificate;
    private final Path schemaBefore;

    public Acceptance(Certificate certificate, Path schemaBefore) {
        this.certificate = certificate;
        this.schemaBefore = schemaBefore;
    }

    /** The database is the one that was backed up, and its schema is the one that the SQL was written for. */
    public void beforehand(Connection connection) throws SQLException {
        database(connection);
        Fingerprint schema = Fingerprint.of(connection);
        if (!schema.hash().equals(certificate.schemaBefore())) {
            throw Failure.stop("the schema of production has changed since the rehearsal:\n  "
                    + String.join("\n  ", schema.differences(Fingerprint.load(schemaBefore), 8)),
                    "find out who changed it, then start again: jbang release.java");
        }
    }

    /**
     * The same before the segments that are left: nobody has changed the schema since the last one was committed. What
     * a segment left that broke off outside of a transaction is looked at when its turn comes.
     */
    public void between(Connection connection, Journal journal) throws SQLException {
        database(connection);
        Optional<String> changed = changed(connection, journal, schemaBefore.resolveSibling("schema-after.json"));
        if (changed.isPresent()) {
            throw Failure.stop("the schema of production has changed since segment " + journal.committed() + " of "
                    + journal.segments() + " was committed" + changed.get(),
                    "take back what was changed by hand, then: jbang release.java resume");
        }
    }

    /**
     * What else happened to the schema since the last segment that a journal tells of, in words that follow; empty when
     * nothing did, or when that cannot be told before the segment that is open is looked at.
     *
     * @param after the schema that the SQL leaves
     */
    public Optional<String> changed(Connection connection, Journal journal, Path after) throws SQLException {
        Fingerprint now = Fingerprint.of(connection);
        return journal.alone() > 0 || now.hash().equals(journal.schema()) ? Optional.empty()
                : Optional.of(strange(now, after));
    }

    /**
     * What somebody else did to a schema while the SQL was half way, in words that follow, as far as it can be told:
     * what is neither as before the SQL nor as after it is theirs.
     *
     * @param after the schema that the SQL leaves
     */
    public String strange(Fingerprint now, Path after) {
        if (!Files.exists(after)) {
            return "";
        }
        List<String> planned = now.differences(Fingerprint.load(after), Integer.MAX_VALUE);
        List<String> strange = now.differences(Fingerprint.load(schemaBefore), Integer.MAX_VALUE).stream()
                .filter(planned::contains).toList();
        return strange.isEmpty() ? ": each object is as before or as after, so that something of what is left"
                + " was done by hand, or something that was committed is taken back"
                : ":\n  " + String.join("\n  ", strange.subList(0, Math.min(8, strange.size())));
    }

    /** The database is the one that was backed up. */
    public void database(Connection connection) throws SQLException {
        Postgres.Identity now = Postgres.identity(connection);
        if (!now.same(certificate.production())) {
            throw Failure.stop("the database is not the one that was backed up: "
                    + now.database() + " (" + now.oid() + ") instead of "
                    + certificate.production().database() + " (" + certificate.production().oid() + ")",
                    "see where the database URL leads to: jbang preflight.java --only db");
        }
    }

    @Override
    public String schemaAfter(int segment) {
        return certificate.rehearsed() ? certificate.segments().get(segment - 1).schema() : null;
    }

    @Override
    public void look(Connection connection, Executor.Done done) {
        if (!certificate.rehearsed()) {
            return;
        }
        Executor.Done rehearsed = certificate.segments().get(done.segment() - 1);
        if (!done.schema().equals(rehearsed.schema())) {
            throw Failure.stop("segment " + done.segment() + " left another schema than in the rehearsal", null);
        }
        List<Executor.Outcome> outcomes = done.outcomes();
        for (int i = 0; i < outcomes.size(); i++) {
            long now = outcomes.get(i).rows();
            long then = rehearsed.outcomes().get(i).rows();
            boolean vanished = now == 0 && then >= ROWS_NOTICED;
            if (vanished || Math.abs(now - then) > Math.max(ROWS_SLACK, ROWS_SHARE * then)) {
                throw Failure.stop("a statement touched " + Count.of(now, "row") + ", in the rehearsal " + then + ": "
                        + outcomes.get(i).statement(), null);
            }
        }
    }
}
