package lib.sql;

/** What a file of SQL may hold and no connection takes: commands of psql, and the data of a COPY. */
public final class Unfit extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** What it is, for the way out. */
    public enum Kind { COPY, INCLUDE, CONNECT, COMMAND }

    public final Kind kind;

    private Unfit(Kind kind, String what, int line) {
        super(what + " on line " + line + " cannot be run over a connection");
        this.kind = kind;
    }

    /** The data lines behind a COPY. */
    static Unfit data(int line) {
        return new Unfit(Kind.COPY, "COPY data", line);
    }

    /** A command of psql with its backslash. */
    static Unfit command(String command, int line) {
        Kind kind = switch (command) {
            case "\\copy" -> Kind.COPY;
            case "\\i", "\\ir", "\\include", "\\include_relative" -> Kind.INCLUDE;
            case "\\c", "\\connect" -> Kind.CONNECT;
            default -> Kind.COMMAND;
        };
        return new Unfit(kind, "psql command " + command, line);
    }
}
