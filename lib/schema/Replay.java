//SOURCES ../Copy.java ../Gate.java ../Migration.java ../Postgres.java ../sql/Name.java ../sql/Sql.java Platform.java

package lib.schema;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Copy;
import lib.Gate;
import lib.Migration;
import lib.Postgres;
import lib.sql.Name;
import lib.sql.Sql;

/** An empty database of a throw-away server in which an application's migrations were run, one after the other. */
public final class Replay implements AutoCloseable {
    private static final Pattern ROLE = Pattern.compile("role \"(.+)\" does not exist");
    private static final String UNDEFINED_OBJECT = "42704";
    private static final Set<String> HARMLESS = Set.of("\\restrict", "\\unrestrict", "\\set", "\\unset", "\\echo",
            "\\qecho", "\\warn", "\\timing");

    private final Copy copy;

    private Replay(Copy copy) {
        this.copy = copy;
    }

    /** A migration that does not run on an empty database, so that nobody knows what it makes. */
    public static final class Stuck extends Exception {
        private static final long serialVersionUID = 1;

        Stuck(String message) {
            super(message);
        }
    }

    /**
     * Runs migrations as they stand, each statement by itself.
     *
     * @param copy an empty database, closed together with this
     * @throws Stuck when one fails, or is not SQL alone
     */
    public static Replay of(Copy copy, String tool, List<Migration> migrations) throws Stuck, SQLException {
        Replay replay = new Replay(copy);
        try (Connection connection = Postgres.write(copy.target(), "replay")) {
            replay.prepare(connection, tool);
            for (Migration migration : migrations) {
                replay.run(connection, migration);
            }
            return replay;
        } catch (Stuck | SQLException | RuntimeException e) {
            copy.close();
            throw e;
        }
    }

    public lib.Target target() {
        return copy.target();
    }

    private void prepare(Connection connection, String tool) throws SQLException {
        if (tool.equals("supabase") && copy.own()) {
            for (Sql.Piece piece : Sql.split(Platform.SUPABASE)) {
                Postgres.execute(connection, piece.text());
            }
        }
    }

    /** Runs the statements of one more migration. */
    public void run(Migration migration) throws Stuck, SQLException {
        try (Connection connection = Postgres.write(copy.target(), "replay")) {
            run(connection, migration);
        }
    }

    private void run(Connection connection, Migration migration) throws Stuck, SQLException {
        if (migration.sql().isBlank()) {
            throw new Stuck(migration.file() + " is no SQL, and what it does is known to its tool alone");
        }
        for (Sql.Piece piece : pieces(migration)) {
            if (piece.kind() == Sql.Kind.STATEMENT) {
                run(connection, migration, piece);
            } else if (piece.kind() == Sql.Kind.COPY_DATA || !HARMLESS.contains(piece.text().split("\\s", 2)[0])) {
                throw new Stuck(migration.file() + " line " + piece.line() + " is for psql alone");
            }
        }
        // A file that sets a search path, or ends inside a transaction, does not set it for the next one.
        Postgres.execute(connection, "ROLLBACK");
        Postgres.execute(connection, "RESET ALL");
    }

    private static List<Sql.Piece> pieces(Migration migration) throws Stuck {
        try {
            return Sql.split(migration.sql());
        } catch (IllegalArgumentException e) {
            throw new Stuck(migration.file() + ": " + e.getMessage());
        }
    }

    private void run(Connection connection, Migration migration, Sql.Piece piece) throws Stuck {
        try {
            Postgres.execute(connection, piece.text());
        } catch (SQLException e) {
            if (!created(connection, e)) {
                throw new Stuck(migration.file() + " line " + piece.line() + " fails on an empty database: "
                        + Gate.words(e).lines().findFirst().orElse(""));
            }
            run(connection, migration, piece);
        }
    }

    // On a server of our own a role costs nothing.
    private boolean created(Connection connection, SQLException error) {
        Matcher role = ROLE.matcher(Gate.words(error));
        if (!copy.own() || !UNDEFINED_OBJECT.equals(error.getSQLState()) || !role.find()) {
            return false;
        }
        try {
            Postgres.execute(connection, "CREATE ROLE " + Name.quote(role.group(1)) + " NOLOGIN");
            return true;
        } catch (SQLException e) {
            // Inside a transaction that is broken already: the first error is the one to tell.
            return false;
        }
    }

    @Override
    public void close() {
        copy.close();
    }
}
