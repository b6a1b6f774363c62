//SOURCES ../Failure.java ../Fingerprint.java ../Gate.java ../Postgres.java ../Target.java ../sql/Name.java
//SOURCES Archive.java Contents.java Grants.java Load.java Manifest.java Neighbours.java Requirements.java
//SOURCES Server.java Swap.java Traits.java Verbose.java

package lib.backup;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.Postgres;
import lib.Target;
import lib.sql.Name;

/**
 * A new database beside a live one that is filled, proven and then put in its place. Until then it bears another name,
 * lets nobody in who does not own it, and goes away when this process ends; what a killed process left is recognised by
 * the note that the server keeps.
 */
final class Replacement implements AutoCloseable {
    private static final int MOST = 5;

    private final Server server;
    private final Target target;
    private final String sha256;
    private final long like;
    private final Thread cleaner = new Thread(this::remove, "half restored database");
    private boolean made;
    private boolean kept;

    /**
     * Nothing is made yet.
     *
     * @param like the database whose encoding, locale and tablespace it gets; 0 for none
     */
    Replacement(Server server, String name, long like, String sha256) {
        this.server = server;
        this.target = server.live.database(name);
        this.like = like;
        this.sha256 = sha256;
    }

    String name() {
        return target.database();
    }

    Target target() {
        return target;
    }

    /** Makes the empty database; whatever would refuse its swap later is found out now. */
    synchronized void create() throws SQLException {
        Runtime.getRuntime().addShutdownHook(cleaner);
        Connection connection = server.connection();
        try {
            if (server.oid(name()) != 0) {
                throw Failure.stop("there is a database " + name() + " already", "run it again in a second");
            }
            // From here on: the answer may be lost, and the database made all the same.
            made = true;
            Postgres.execute(connection, Traits.create(connection, name(), like));
            Postgres.execute(connection, Neighbours.note(name(), "loading", sha256));
            Postgres.execute(connection, "REVOKE ALL ON DATABASE " + Name.quote(name()) + " FROM PUBLIC");
        } catch (SQLException e) {
            throw Server.failure("no database can be made on " + target.host() + ":" + target.port(), e,
                    "if its disk is full or its plan allows one database only, restore on another server");
        }
        if (like != 0) {
            Traits.rehearse(connection, like, name());
        }
    }

    /** Loads the archive. */
    void load(Archive archive, Requirements requirements, Verbose.Listener rows) throws SQLException {
        requirements.tryExtensions(target);
        Load.of(archive.file(), archive.reader()).rows(rows).into(target).orStop(target.place());
    }

    /** Compares every table and the schema with what stood in the database when the backup was made. */
    Contents compare(Manifest manifest, Contents.Listener listener) throws SQLException {
        Contents contents = manifest.contents().again(target, listener);
        List<String> differences = new ArrayList<>(contents.differences(manifest.contents(), MOST));
        try (Connection connection = Postgres.read(target, "restore")) {
            // No dump holds an index that is invalid; without it nothing of the data is missing.
            TreeMap<String, String> objects = new TreeMap<>(manifest.schema().objects());
            objects.keySet().removeIf(object -> object.startsWith("invalid index "));
            differences.addAll(Fingerprint.of(connection)
                    .differences(new Fingerprint(manifest.schema().hash(), objects), MOST));
        }
        if (!differences.isEmpty()) {
            throw Failure.stop("what was restored is not what was saved: " + String.join(", ", differences),
                    "find out whether it is the archive or this server: jbang backup.java verify --restore FILE");
        }
        return contents;
    }

    /** Gives its objects the owners and privileges that the live database's have. */
    Grants.Result grants() throws SQLException {
        return Grants.carry(server.live, target);
    }

    /** Gathers the planner's statistics, which no backup holds: without them the first queries may take for ever. */
    void analyze() throws SQLException {
        try (Connection connection = Postgres.write(target, "restore")) {
            Postgres.rows(connection, Server.UNLIMITED);
            Postgres.execute(connection, "ANALYZE");
        }
    }

    /** Notes on the server that it is whole, and keeps it from now on. */
    synchronized void prove() throws SQLException {
        refuseAtTheEnd();
        Postgres.execute(server.connection(), Neighbours.note(name(), "proven", sha256));
        kept = true;
    }

    /** Puts it in the live database's place; held to its end, so that a stop in between waits for one or the other. */
    synchronized void swap(String aside, boolean terminate) throws SQLException {
        refuseAtTheEnd();
        new Swap(server).to(name(), aside, true, terminate);
        kept = true;
    }

    /** Gives it a name of its own beside the live one. */
    synchronized void rename(String name) throws SQLException {
        refuseAtTheEnd();
        try {
            Postgres.execute(server.connection(),
                    "ALTER DATABASE " + Name.quote(name()) + " RENAME TO " + Name.quote(name));
            kept = true;
            Postgres.execute(server.connection(), "COMMENT ON DATABASE " + Name.quote(name) + " IS NULL");
        } catch (SQLException e) {
            throw Server.failure(name() + " cannot be renamed to " + name, e, "run it again");
        }
    }

    // Once the hooks run none can be taken back: that is how a stop from outside shows.
    private boolean ending() {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
            Runtime.getRuntime().addShutdownHook(cleaner);
            return false;
        } catch (IllegalStateException e) {
            return true;
        }
    }

    private void refuseAtTheEnd() {
        if (ending()) {
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted; " + server.live.database() + " was not touched",
                    null);
        }
    }

    /** The same failure with what is true now, after everything half-made was taken away. */
    Failure undone(Exception error) {
        if (ending()) {
            return new Failure(Failure.Exit.INTERRUPTED, "interrupted; " + server.live.database() + " was not touched",
                    null, error);
        }
        if (error instanceof Failure failure && failure.exit == Failure.Exit.UNFINISHED) {
            // Nobody knows what is true.
            return failure;
        }
        boolean gone = remove();
        String truth = like == 0 ? "there is no database " + server.live.database() + " yet"
                : server.live.database() + " is live and was not touched";
        truth += kept ? "; " + name() + " is proven and was kept" : gone ? "; " + name() + " was removed"
                : "; " + name() + " could not be removed: " + Server.dropCommand(name());
        Failure known = error instanceof Failure failure ? failure : null;
        return new Failure(known == null ? Failure.Exit.STOP : known.exit, Gate.words(error) + "\n" + truth,
                known == null ? Gate.UNFORESEEN : known.hint, error);
    }

    private synchronized boolean remove() {
        if (!made || kept) {
            return true;
        }
        try {
            // A connection of its own: the other one may be at work, or cut.
            server.dropAnew(name());
            made = false;
            return true;
        } catch (SQLException | Failure e) {
            // Named by the next run, which finds the note on the server.
            return false;
        }
    }

    @Override
    public void close() {
        remove();
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // The hooks are running already, this one among them.
            return;
        }
    }
}
