//SOURCES ../Exec.java ../Failure.java ../Gate.java ../Hash.java ../Postgres.java ../Target.java ../sql/Sql.java Server.java

package lib.backup;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.Hash;
import lib.Postgres;
import lib.Target;
import lib.sql.Sql;

/** SQL that makes production's data fit for another environment; all of it runs in one transaction, or none of it. */
public final class Mask {
    private static final Pattern BEGIN = Pattern.compile("(?i)(begin|start)(\\s+(work|transaction))?");
    private static final Pattern COMMIT = Pattern.compile("(?i)(commit|end)(\\s+(work|transaction))?");
    private static final Pattern FRAME = Pattern.compile("(?is)(begin|start\\s+transaction|commit|end|rollback|abort"
            + "|savepoint|release|prepare\\s+transaction)\\b.*");
    private static final Pattern FROM_CLIENT = Pattern.compile("(?is)copy\\b.*\\bfrom\\s+stdin\\b.*");

    private final Path file;
    private final String sha256;
    private final List<Sql.Piece> statements;

    private Mask(Path file, String sha256, List<Sql.Piece> statements) {
        this.file = file;
        this.sha256 = sha256;
        this.statements = statements;
    }

    /** Reads a file, and refuses what could not run as a whole or would mask nothing. */
    public static Mask of(Path file) {
        if (!Files.isRegularFile(file)) {
            throw Failure.usage("--sql " + file + ": there is no such file",
                    Exec.typed(List.of("ls", "-l", file.toAbsolutePath().getParent().toString())));
        }
        String text;
        try {
            text = Files.readString(file).replaceFirst("^\uFEFF", "");
        } catch (CharacterCodingException e) {
            throw Failure.usage(file + " is not UTF-8",
                    Exec.typed(List.of("iconv", "-f", "ISO-8859-1", "-t", "UTF-8", file.toString()))
                    + " > " + Exec.typed(List.of(file + ".utf8")) + "   # then use that one");
        } catch (IOException e) {
            throw Failure.usage(file + " cannot be read: " + Gate.words(e), "ls -l " + file);
        }
        List<Sql.Piece> pieces = new ArrayList<>(Sql.split(text));
        if (!pieces.isEmpty() && BEGIN.matcher(plain(pieces.get(0))).matches()) {
            pieces.remove(0);
        }
        if (!pieces.isEmpty() && COMMIT.matcher(plain(pieces.get(pieces.size() - 1))).matches()) {
            pieces.remove(pieces.size() - 1);
        }
        if (pieces.isEmpty()) {
            throw Failure.usage(file + " holds no statement, so nothing would be masked",
                    "write one, or leave --sql out");
        }
        for (Sql.Piece piece : pieces) {
            refuse(file, piece);
        }
        return new Mask(file, Hash.of(text), List.copyOf(pieces));
    }

    private static String plain(Sql.Piece piece) {
        return Sql.withoutComments(piece.text());
    }

    private static void refuse(Path file, Sql.Piece piece) {
        String where = file + " line " + piece.line() + ": ";
        if (piece.kind() == Sql.Kind.META) {
            throw Failure.usage(where + piece.text() + " is a command of psql", "write it as SQL");
        }
        if (piece.kind() == Sql.Kind.COPY_DATA || FROM_CLIENT.matcher(plain(piece)).matches()) {
            throw Failure.usage(where + "COPY FROM STDIN is not understood here", "write INSERT statements");
        }
        if (FRAME.matcher(plain(piece)).matches()) {
            throw Failure.usage(where + plain(piece) + " would end or divide the transaction of the whole file",
                    "take it out: all of the file is committed together, or nothing of it");
        }
    }

    public String sha256() {
        return sha256;
    }

    public int size() {
        return statements.size();
    }

    /** Runs the file in a database and returns the number of rows it touched. */
    public long run(Target target) throws SQLException {
        long rows = 0;
        try (Connection connection = Postgres.write(target, "refresh")) {
            Postgres.rows(connection, Server.UNLIMITED);
            connection.setAutoCommit(false);
            String transaction = Postgres.one(connection, "SELECT txid_current()");
            for (Sql.Piece piece : statements) {
                try {
                    rows += Postgres.execute(connection, piece.text());
                } catch (SQLException e) {
                    throw new Failure(Failure.Exit.STOP, file + " line " + piece.line() + ": " + words(e),
                            "correct that statement, then run this again", e);
                }
            }
            if (!transaction.equals(Postgres.one(connection, "SELECT txid_current()"))) {
                throw Failure.stop(file + " ended its own transaction half-way", "take out what commits");
            }
            connection.commit();
            connection.setAutoCommit(true);
            // Old versions of rows and the planner's samples still hold what was masked.
            Postgres.execute(connection, "VACUUM (ANALYZE)");
        }
        return rows;
    }

    // The messages of class 22 (data exception) end with the value that was refused; it may be somebody's.
    private static String words(SQLException error) {
        String words = Gate.words(error);
        return String.valueOf(error.getSQLState()).startsWith("22") ? words.replaceAll("\"[^\n]*\"", "\"…\"") : words;
    }
}
