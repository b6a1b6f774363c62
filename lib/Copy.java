//SOURCES Clients.java Compose.java Exec.java Failure.java Gate.java Postgres.java Scratch.java Servers.java StandBy.java
//SOURCES Target.java
//SOURCES backup/Load.java backup/Manifest.java backup/Script.java backup/Verbose.java sql/Name.java

package lib;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import lib.backup.Load;
import lib.backup.Manifest;
import lib.backup.Script;
import lib.backup.Verbose;
import lib.sql.Name;

/** A copy of production made from its backup, on a server that is not production's; it goes when it is closed. */
public final class Copy implements AutoCloseable {
    private static final String PREFIX = "release_rehearsal_";
    private static final String THROW_AWAY = "throw-away server, PostgreSQL ";
    private static final String UTF8 = "UTF8";
    /** Half of the advisory lock that a copy's owner holds on the server; the other half is the copy's name. */
    private static final int LOCK = 0x7265;

    private static final Pattern ROLE = Pattern.compile("(?m)^CREATE ROLE (.+);$");
    private static final String EXISTS = "42710";

    private final Target admin;
    private final Target target;
    private final String server;
    /** The server that was started for this copy; null where it lives on another one. */
    private final Scratch scratch;
    private final boolean own;
    private final Thread cleaner = new Thread(this::drop);
    private Connection owner;
    private boolean gone;

    private Copy(Target admin, String server, Scratch scratch, boolean own) {
        this.admin = admin;
        this.server = server;
        this.scratch = scratch;
        this.own = own;
        // A name that nobody else has: two containers often have the same process numbers.
        this.target = admin.database(PREFIX + UUID.randomUUID().toString().replace("-", ""));
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            create();
        } catch (SQLException e) {
            close();
            throw new Failure(Failure.Exit.MISSING,
                    "the rehearsal server " + admin.place() + " does not make a database: " + Gate.words(e),
                    "give another one: --scratch postgresql://USER:PASSWORD@HOST:PORT/DATABASE", e);
        } catch (Failure e) {
            close();
            throw e;
        }
    }

    // Held to its end, so that a stop in between finds the whole database and not one that is just being made.
    private synchronized void create() throws SQLException {
        if (gone) {
            throw new Failure(Failure.Exit.INTERRUPTED, "stopped before the copy was made", null);
        }
        owner = Postgres.write(admin, "rehearsal");
        Postgres.execute(owner,
                "SELECT pg_advisory_lock(" + LOCK + ", " + half(Postgres.literal(target.database())) + ")");
        removeLeftovers();
        make(UTF8);
    }

    private void make(String encoding) throws SQLException {
        // Every encoding goes with this locale, and few with any other.
        Postgres.execute(owner, "CREATE DATABASE " + Name.quote(target.database()) + " TEMPLATE template0 ENCODING "
                + Postgres.literal(encoding) + (encoding.equals(UTF8) ? "" : " LC_COLLATE 'C' LC_CTYPE 'C'"));
    }

    private void makeAgain(String encoding) throws SQLException {
        Postgres.execute(owner, "DROP DATABASE " + Name.quote(target.database()) + " WITH (FORCE)");
        make(encoding);
    }

    // Copies whose owner is not connected any more; one that somebody looks at just now is let be.
    private void removeLeftovers() throws SQLException {
        List<List<String>> leftovers = Postgres.rows(owner, "SELECT datname FROM pg_database"
                + " WHERE starts_with(datname, '" + PREFIX + "')"
                + " AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = " + LOCK
                + " AND objid = (" + half("datname") + ")::oid)");
        for (List<String> row : leftovers) {
            try {
                Postgres.execute(owner, "DROP DATABASE IF EXISTS " + Name.quote(row.get(0)));
            } catch (SQLException e) {
                // It is somebody else's after all, and no hindrance.
                continue;
            }
        }
    }

    private static String half(String name) {
        return "hashtext(" + name + ") & 2147483647";
    }

    /**
     * Finds a server for the copy, in this order: the one that was named, the compose file's, one started from binaries
     * of production's major (installed, else fetched), one of a newer major.
     *
     * @param production which the server must not be
     */
    public static Copy on(String scratchUrl, Path repo, Postgres.Identity production) {
        return on(scratchUrl, repo, production, Scratch.UNKNOWN);
    }

    /** The same, where it is known what production takes on disk, in bytes. */
    public static Copy on(String scratchUrl, Path repo, Postgres.Identity production, long bytes) {
        if (scratchUrl != null) {
            Target target = Target.parse(scratchUrl);
            String unfit = unfit(target, production);
            if (unfit != null) {
                throw Failure.stop("--scratch " + target.place() + ": " + unfit,
                        "name another server, or leave --scratch out");
            }
            return new Copy(target, target.place(), null, false);
        }
        List<String> passed = new ArrayList<>();
        Copy copy = attempt(passed, () -> Compose.database(repo).map(database -> {
            Compose.runtime();
            database.start();
            Target target = database.target();
            String unfit = unfit(target, production);
            if (unfit != null) {
                throw Failure.missing("compose service " + database.service() + ": " + unfit, null);
            }
            return new Copy(target, "compose service " + database.service(), null, false);
        }).orElse(null));
        if (copy == null) {
            copy = attempt(passed, () -> throwAway(production, bytes));
        }
        if (copy == null) {
            throw Failure.missing("there is no server to rehearse on: " + String.join("; ", passed),
                    "name one: --scratch postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
        }
        return copy;
    }

    /** For a look that needs no rows: on the server that RELEASE_SCRATCH_URL names, else on one that is thrown away. */
    public static Copy aside(Path repo, Postgres.Identity production) {
        String scratch = System.getenv("RELEASE_SCRATCH_URL");
        return scratch == null ? throwAway(production, 0) : on(scratch, repo, production);
    }

    /** On a server of its own, of a major or a newer one, that is gone with the copy. */
    public static Copy throwAway(int major) {
        return throwAway(major, Scratch.UNKNOWN);
    }

    private static Copy throwAway(int major, long bytes) {
        Scratch scratch = Scratch.start(Servers.fitting(major), bytes);
        return new Copy(scratch.target("postgres"), THROW_AWAY + scratch.major(), scratch, true);
    }

    // On the server that a release has started for its phases, else on one of its own.
    private static Copy throwAway(Postgres.Identity production, long bytes) {
        return standBy(production).orElseGet(() -> throwAway(production.major(), bytes));
    }

    // The server that the release has started for us, as long as it is what we would start ourselves.
    private static Optional<Copy> standBy(Postgres.Identity production) {
        Target given = StandBy.given();
        if (given == null || unfit(given, production) != null) {
            return Optional.empty();
        }
        try (Connection connection = Postgres.read(given, "rehearsal")) {
            int major = Postgres.identity(connection).major();
            return Optional.of(new Copy(given, THROW_AWAY + major, null, true));
        } catch (SQLException e) {
            throw Postgres.unreachable(given, e);
        }
    }

    private static Copy attempt(List<String> passed, Supplier<Copy> way) {
        try {
            return way.get();
        } catch (Failure failure) {
            if (failure.exit == Failure.Exit.INTERRUPTED) {
                throw failure;
            }
            passed.add(failure.getMessage());
            return null;
        }
    }

    // Why a server cannot be used: it is production's own, or too old to read what production writes.
    private static String unfit(Target target, Postgres.Identity production) {
        try (Connection connection = Postgres.read(target, "rehearsal")) {
            Postgres.Identity identity = Postgres.identity(connection);
            if (!identity.system().isEmpty() && identity.system().equals(production.system())) {
                return "this is the server of production itself";
            }
            return identity.major() < production.major()
                    ? "PostgreSQL " + identity.major() + " is older than production's " + production.major()
                    : null;
        } catch (SQLException e) {
            throw Postgres.unreachable(target, e);
        }
    }

    /** An empty database beside it on the same server, which goes when it is closed. */
    public Copy beside() {
        return new Copy(admin, server, null, own);
    }

    public Target target() {
        return target;
    }

    /** What the copy runs on, for people. */
    public String server() {
        return server;
    }

    /** Whether its server was started for this release alone. */
    public boolean own() {
        return own;
    }

    /** Restores a backup whole, in the encoding of the database that it is of. */
    public void restore(Path dump, Clients.Client client) throws SQLException {
        restore(dump, client, null);
    }

    /** The same, telling of each table whose rows are loaded; null tells nobody. */
    public void restore(Path dump, Clients.Client client, Verbose.Listener rows) throws SQLException {
        String encoding = Manifest.exists(dump) ? Manifest.of(dump).contents().encoding() : UTF8;
        if (!encoding.equals(UTF8)) {
            makeAgain(encoding);
        }
        if (own()) {
            makeRoles(dump);
        }
        Load load = Load.of(dump, client).rows(rows);
        Load.Result result = load.into(target);
        if (!result.ok() && own() && !result.missingRoles().isEmpty()) {
            for (String role : result.missingRoles()) {
                makeRole(Name.quote(role));
            }
            makeAgain(encoding);
            result = load.into(target);
        }
        result.orStop(server);
    }

    // The plan may name any role of production; on a server of our own they cost nothing.
    private void makeRoles(Path dump) throws SQLException {
        Path globals = Script.globalsOf(dump);
        if (Files.exists(globals)) {
            try {
                for (MatchResult role : ROLE.matcher(Files.readString(globals)).results().toList()) {
                    makeRole(role.group(1));
                }
            } catch (IOException e) {
                // Those that the archive itself needs are made when it asks for them.
                return;
            }
        }
    }

    private void makeRole(String quoted) throws SQLException {
        try {
            Postgres.execute(owner, "CREATE ROLE " + quoted + " NOLOGIN");
        } catch (SQLException e) {
            if (!EXISTS.equals(e.getSQLState())) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        drop();
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // The hooks are running already, this one among them.
            return;
        }
    }

    private synchronized void drop() {
        if (gone) {
            return;
        }
        gone = true;
        if (scratch != null) {
            scratch.close();
            return;
        }
        // A connection of its own: the owner's may have been cut, and nobody waits for it.
        try (Connection last = owner; Connection connection = Postgres.write(admin, "rehearsal")) {
            Postgres.execute(connection, "DROP DATABASE IF EXISTS " + Name.quote(target.database()) + " WITH (FORCE)");
        } catch (SQLException | Failure e) {
            // A server that went away took the copy with it.
            return;
        }
    }
}
