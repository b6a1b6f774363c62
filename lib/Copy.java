//SOURCES Clients.java Compose.java Exec.java Failure.java Gate.java Postgres.java Scratch.java Servers.java Target.java sql/Name.java

package lib;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import lib.sql.Name;

/** A copy of production made from its backup, on a server that is not production's; it goes when it is closed. */
public final class Copy implements AutoCloseable {
    // pg_restore 17 and newer sets a parameter that older servers do not know; every row is there all the same.
    private static final String HARMLESS = "unrecognized configuration parameter \"transaction_timeout\"";

    private final Target admin;
    private final Target target;
    private final String server;
    private final Scratch scratch;
    private final Thread cleaner = new Thread(this::drop);

    private Copy(Target admin, String server, Scratch scratch) {
        this.admin = admin;
        this.server = server;
        this.scratch = scratch;
        String name = "release_rehearsal_" + ProcessHandle.current().pid();
        this.target = admin.database(name);
        try (Connection connection = Postgres.write(admin, "rehearsal")) {
            Runtime.getRuntime().addShutdownHook(cleaner);
            Postgres.execute(connection, "DROP DATABASE IF EXISTS " + Name.quote(name));
            Postgres.execute(connection, "CREATE DATABASE " + Name.quote(name) + " TEMPLATE template0 ENCODING 'UTF8'");
        } catch (SQLException e) {
            close();
            throw new Failure(Failure.Exit.MISSING, "the rehearsal server " + admin.place() + " does not make a database: " + Gate.words(e),
                    "give another one: --scratch postgresql://USER:PASSWORD@HOST:PORT/DATABASE", e);
        }
    }

    /**
     * Finds a server for the copy, in this order: the one that was named, the compose file's, one started from binaries of
     * production's major (installed, else fetched), one of a newer major.
     *
     * @param production which the server must not be
     */
    public static Copy on(String scratchUrl, Path repo, Postgres.Identity production) {
        if (scratchUrl != null) {
            Target target = Target.parse(scratchUrl);
            String unfit = unfit(target, production);
            if (unfit != null) {
                throw Failure.stop("--scratch " + target.place() + ": " + unfit, "name another server, or leave --scratch out");
            }
            return new Copy(target, target.place(), null);
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
            return new Copy(target, "compose service " + database.service(), null);
        }).orElse(null));
        if (copy == null) {
            copy = attempt(passed, () -> {
                Scratch scratch = Scratch.start(Servers.fitting(production.major()));
                return new Copy(scratch.target("postgres"), "throw-away server, PostgreSQL " + scratch.major(), scratch);
            });
        }
        if (copy == null) {
            throw Failure.missing("there is no server to rehearse on: " + String.join("; ", passed),
                    "name one: --scratch postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
        }
        return copy;
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
            return identity.major() < production.major() ? "PostgreSQL " + identity.major() + " is older than production's "
                    + production.major() : null;
        } catch (SQLException e) {
            throw Postgres.unreachable(target, e);
        }
    }

    public Target target() {
        return target;
    }

    /** What the copy runs on, for people. */
    public String server() {
        return server;
    }

    /** Whether its own server was started for it alone. */
    public boolean own() {
        return scratch != null;
    }

    /** Restores a backup whole; the only error that is let pass is one that says nothing about the data. */
    public void restore(Path dump, Clients.Client client) {
        Exec.Result result = Exec.of(client.tool("pg_restore").toString(), "--no-owner", "--no-privileges", "--no-password", "--jobs=2",
                "--dbname=" + target.database(), dump.toString()).with(target.environment()).run();
        if (result.ok()) {
            return;
        }
        List<String> errors = result.err().lines().filter(line -> line.contains("ERROR:") || line.startsWith("pg_restore: error:")
                && !line.contains("could not execute query")).filter(line -> !line.contains(HARMLESS)).toList();
        boolean only = result.err().contains(HARMLESS) && errors.isEmpty() && result.exit() == 1;
        if (!only) {
            String first = errors.isEmpty() ? result.tail(2) : errors.get(0);
            throw Failure.stop("the backup does not restore on " + server + ": " + first.replaceFirst(".*ERROR: +", ""),
                    first.contains("extension") ? "rehearse on a server that has the extension: --scratch URL"
                    : "look at it: " + Exec.typed(List.of("pg_restore", "--list", dump.toString())));
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
        if (scratch != null) {
            scratch.close();
            return;
        }
        try (Connection connection = Postgres.write(admin, "rehearsal")) {
            Postgres.execute(connection, "DROP DATABASE IF EXISTS " + Name.quote(target.database()) + " WITH (FORCE)");
        } catch (SQLException | Failure e) {
            // A server that went away took the copy with it.
            return;
        }
    }
}
