//SOURCES ../Count.java ../Failure.java ../Holder.java ../Json.java ../Postgres.java ../sql/Name.java Patience.java Plan.java

package lib.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import lib.Count;
import lib.Failure;
import lib.Holder;
import lib.Json;
import lib.Postgres;
import lib.sql.Name;

/**
 * How far a plan came, kept in the database that it changes: the transaction that commits a segment notes it as well.
 * It is the comment of a schema that holds nothing, so that no dump of rows and no replication carries it on.
 *
 * @param plan the SHA-256 of the SQL
 * @param committed how many of the segments are committed
 * @param alone the segment that was begun outside of a transaction and is not known to have ended; 0 for none
 * @param invalid the indexes that were invalid before it began, by oid: they are somebody else's
 * @param schema the fingerprint that the last committed segment left
 * @param database the oid of the database: a journal that came along with a backup says nothing
 * @param owner who released, {@code user@machine}
 * @param since when, by the server's clock
 * @param pid the server process that worked on it
 * @param began when that process began, in seconds: its number alone may be another's by now
 * @param over the journal of an unfinished plan that this one stands on, a release that is taken back say: it counts
 *     again when this one comes to nothing; null where there is none
 */
public record Journal(String plan, int segments, int committed, int alone, List<Long> invalid, String schema,
                      long database, String owner, String since, int pid, String began, Journal over) {
    /** The schema whose comment it is; fingerprints leave it out. */
    public static final String SCHEMA = "release_journal";
    private static final String DATABASE = "SELECT oid FROM pg_database WHERE datname = current_database()";
    private static final String SESSION = "SELECT pg_backend_pid(), extract(epoch FROM backend_start)::text,"
            + " to_char(now(), 'YYYY-MM-DD HH24:MI:SS TZ') FROM pg_stat_activity WHERE pid = pg_backend_pid()";
    private static final Duration LOOK = Duration.ofMillis(200);
    private static final Duration TO_END = Duration.ofSeconds(30);

    /** The journal of a database; empty when no release is under way there, or none that was begun in this database. */
    public static Optional<Journal> of(Connection connection) throws SQLException {
        String text = Postgres.one(connection, "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace"
                + " WHERE nspname = " + Postgres.literal(SCHEMA));
        if (text == null) {
            return Optional.empty();
        }
        try {
            Journal journal = Json.MAPPER.readValue(text, Journal.class);
            return journal.database == Long.parseLong(Postgres.one(connection, DATABASE)) ? Optional.of(journal)
                    : Optional.empty();
        } catch (JsonProcessingException e) {
            throw new Failure(Failure.Exit.STOP, "the comment of schema " + SCHEMA + " is not the journal of a release",
                    "look at it: SELECT obj_description('" + SCHEMA + "'::regnamespace);   -- and, if nobody needs it: "
                    + "DROP SCHEMA " + SCHEMA + ";", e);
        }
    }

    /** That of a plan that began here and did not end, whoever runs it; empty when there is none. */
    public static Optional<Journal> unfinished(Connection connection) throws SQLException {
        return of(connection).map(Journal::standing).filter(Journal::unfinished);
    }

    /** Begins the journal of a plan, of which nothing is committed yet; one that can tell nothing more gives way. */
    static Journal begin(Connection connection, Plan plan, String schema, String owner) throws SQLException {
        List<String> session = Postgres.rows(connection, SESSION).get(0);
        Journal over = unfinished(connection).filter(old -> !old.plan.equals(plan.sha256())).orElse(null);
        Journal journal = new Journal(plan.sha256(), plan.segments().size(), 0, 0, List.of(), schema,
                Long.parseLong(Postgres.one(connection, DATABASE)), owner, session.get(2),
                Integer.parseInt(session.get(0)), session.get(1), over);
        connection.setAutoCommit(false);
        try {
            if (Postgres.one(connection, "SELECT 1 FROM pg_namespace WHERE nspname = " + Postgres.literal(SCHEMA))
                    == null) {
                Postgres.execute(connection, "CREATE SCHEMA " + SCHEMA);
            }
            journal.write(connection);
            connection.commit();
            return journal;
        } catch (SQLException e) {
            Postgres.rollBack(connection);
            if (!"42501".equals(e.getSQLState())) {
                throw e;
            }
            String database = Name.quote(Postgres.one(connection, "SELECT current_database()"));
            String role = Name.quote(Postgres.one(connection, "SELECT current_user"));
            // One that an earlier release of another role has left can be written by that role alone.
            boolean there = Postgres.one(connection, "SELECT 1 FROM pg_namespace WHERE nspname = "
                    + Postgres.literal(SCHEMA)) != null;
            throw new Failure(Failure.Exit.STOP, role + " may not keep the journal of the release, schema " + SCHEMA
                    + (there ? ", which is another role's" : ""), there ? "ALTER SCHEMA " + SCHEMA + " OWNER TO " + role
                    + ";" : "GRANT CREATE ON DATABASE " + database + " TO " + role + ";", e);
        } finally {
            Postgres.restoreAutoCommit(connection);
        }
    }

    /** The same journal in the hands of another session, which goes on with the plan. */
    Journal taken(Connection connection) throws SQLException {
        List<String> session = Postgres.rows(connection, SESSION).get(0);
        return new Journal(plan, segments, committed, alone, invalid, schema, database, owner, since,
                Integer.parseInt(session.get(0)), session.get(1), over).written(connection);
    }

    /** One more segment is committed; true once the transaction that this is called in is. */
    Journal committed(Connection connection, int segment, String schema) throws SQLException {
        return new Journal(plan, segments, segment, 0, List.of(), schema, database, owner, since, pid, began, over)
                .written(connection);
    }

    /** A segment begins that no transaction can hold. */
    Journal alone(Connection connection, int segment, List<Long> invalid) throws SQLException {
        return new Journal(plan, segments, committed, segment, invalid, schema, database, owner, since, pid, began,
                over).written(connection);
    }

    private Journal written(Connection connection) throws SQLException {
        write(connection);
        return this;
    }

    // The plan may have taken on another role; the journal belongs to the one that connected.
    private void write(Connection connection) throws SQLException {
        String role = Postgres.one(connection, "SELECT current_setting('role')");
        boolean other = !"none".equals(role);
        boolean alone = connection.getAutoCommit();
        if (other) {
            connection.setAutoCommit(false);
            Postgres.execute(connection, "SET LOCAL ROLE NONE");
        }
        Postgres.execute(connection, "COMMENT ON SCHEMA " + SCHEMA + " IS "
                + Postgres.literal(Json.tree(this).toString()));
        if (other) {
            Postgres.execute(connection, "SET LOCAL ROLE " + Name.quote(role));
            if (alone) {
                connection.commit();
                connection.setAutoCommit(true);
            }
        }
    }

    /** The plan is over, or never came to anything: nothing of it stays behind, and what it stood on counts again. */
    public static void end(Connection connection) throws SQLException {
        Optional<Journal> standing = unfinished(connection);
        if (standing.isPresent()) {
            standing.get().write(connection);
        } else {
            drop(connection);
        }
    }

    /** Nobody is to go on with what it tells of any more. */
    public static void drop(Connection connection) throws SQLException {
        Postgres.execute(connection, "DROP SCHEMA IF EXISTS " + SCHEMA);
    }

    /** The journal that counts once nobody is at work: the one below, as long as nothing of this plan is committed. */
    public Journal standing() {
        return over != null && committed == 0 && alone == 0 ? over : this;
    }

    /** Whether every segment is committed. */
    public boolean complete() {
        return committed == segments;
    }

    /** Whether something of the plan is committed, or may be, and something is left. */
    public boolean unfinished() {
        return !complete() && (committed > 0 || alone > 0);
    }

    /** How far it came, in words: 2 of 3 segments. */
    public String far() {
        return committed + " of " + Count.of(segments, "segment");
    }

    /** How far it came and whose it is, in words. */
    public String words() {
        return far() + " of a release by " + owner + ", begun " + since + ", " + Count.are(segments) + " committed";
    }

    /** How long the session that works on the plan has been at its statement; empty when it is gone. */
    public Optional<Duration> atWork(Connection connection) throws SQLException {
        String seconds = Postgres.one(connection, "SELECT extract(epoch FROM clock_timestamp()"
                + " - coalesce(query_start, backend_start))::bigint FROM pg_stat_activity WHERE pid = " + pid
                + " AND pid <> pg_backend_pid() AND extract(epoch FROM backend_start)::text = "
                + Postgres.literal(began));
        return seconds == null ? Optional.empty() : Optional.of(Duration.ofSeconds(Long.parseLong(seconds)));
    }

    /**
     * Waits until the session of a release that died is gone, so that what the journal says stays so: a transaction,
     * which nobody can commit any more, is ended; a statement outside of one is waited for.
     */
    public static Optional<Journal> settled(Connection connection, Patience patience, Consumer<String> say)
            throws SQLException {
        Optional<Journal> journal = of(connection);
        String said = "";
        long deadline = System.nanoTime() + TO_END.toNanos();
        while (journal.isPresent()) {
            Optional<Duration> work = journal.get().atWork(connection);
            if (work.isEmpty()) {
                // It may have noted one more before it went.
                return of(connection);
            }
            String session = "pid " + journal.get().pid + ", the session of the release that broke off";
            if (journal.get().alone == 0) {
                Postgres.one(connection, "SELECT pg_terminate_backend(" + journal.get().pid + ")");
                if (System.nanoTime() > deadline) {
                    throw Failure.stop(session + ", does not end", "SELECT pg_terminate_backend("
                            + journal.get().pid + ");   -- as its own user or a superuser");
                }
            } else if (said.isEmpty()) {
                said = session + ", is still at segment " + journal.get().alone + " (for "
                        + Holder.words(work.get()) + "); waiting for its end";
                say.accept(said);
            }
            patience.pause(LOOK);
            journal = of(connection);
        }
        return journal;
    }
}
