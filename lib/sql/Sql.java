//SOURCES Lexer.java

package lib.sql;

import java.util.ArrayList;
import java.util.List;

/** Splits SQL text into statements, psql commands and COPY data. */
public final class Sql {

    /** What a piece of a file is. */
    public enum Kind { STATEMENT, META, COPY_DATA }

    /** One piece of a file, from its first to its last token and without the closing semicolon. */
    public record Piece(String text, int offset, int line, Kind kind) { }

    private final String text;
    private final Lexer lexer;
    private final List<Piece> pieces = new ArrayList<>();

    // State of the statement being read.
    private final List<Lexer.Token> head = new ArrayList<>();
    private Lexer.Token first;
    private Lexer.Token last;
    private int parens;
    private int bodies;
    private boolean dataFollows;

    private Sql(String text) {
        this.text = text;
        this.lexer = new Lexer(text);
    }

    /** Splits the text of a file. */
    public static List<Piece> split(String text) {
        Sql sql = new Sql(text);
        for (Lexer.Token token = sql.lexer.next(); token != null; token = sql.lexer.next()) {
            sql.read(token);
        }
        sql.end();
        return List.copyOf(sql.pieces);
    }

    /** Cuts comments out of a statement and leaves strings as they are. */
    public static String withoutComments(String text) {
        StringBuilder out = new StringBuilder();
        int end = 0;
        for (Lexer.Token token : Lexer.tokens(text)) {
            String gap = text.substring(end, token.from());
            // A string that goes on in the next line needs its line break.
            out.append(gap.isBlank() ? gap : gap.contains("\n") ? "\n" : " ");
            out.append(token.text());
            end = token.to();
        }
        return out.toString().strip();
    }

    /**
     * The words of a statement without the values in it, on one line: what may be shown of a session's query. What is
     * cut off in the middle of a string ends before it.
     */
    public static String withoutValues(String text) {
        StringBuilder out = new StringBuilder();
        Lexer lexer = new Lexer(text);
        int end = 0;
        try {
            for (Lexer.Token token = lexer.next(); token != null; token = lexer.next()) {
                boolean value = token.kind() == Lexer.Kind.STRING || token.kind() == Lexer.Kind.NUMBER;
                out.append(token.from() > end && end > 0 ? " " : "").append(value ? "?" : token.text());
                end = token.to();
                if (token.text().endsWith("\\'")) {
                    // Where backslashes escape in every string, this one goes on.
                    return out.append(" …").toString();
                }
            }
        } catch (IllegalArgumentException e) {
            // The server shows only the first part of a long query.
            return out.append(" …").toString();
        }
        return out.toString();
    }

    /** A comment up to the end of its line, without its dashes. */
    public record Comment(String text, int line) { }

    /** The comments of a file that begin with two dashes, none that only look like it inside a string. */
    public static List<Comment> comments(String text) {
        List<Comment> comments = new ArrayList<>();
        Lexer lexer = new Lexer(text);
        lexer.comments(comments::add);
        // Data of a COPY is read for its lines only: a quote in it opens no string.
        for (Piece piece : split(text)) {
            if (piece.kind() != Kind.STATEMENT) {
                int end = piece.kind() == Kind.META ? -1 : text.indexOf("\n\\.", piece.offset() - 1);
                lexer.readTo(piece.offset());
                lexer.jump(end >= 0 ? end + 3 : piece.offset() + piece.text().length());
            }
        }
        lexer.readTo(text.length());
        return List.copyOf(comments);
    }

    /** Tells whether there is nothing but white space, comments, semicolons and breakpoints. */
    public static boolean blank(String text) {
        return split(text).isEmpty();
    }

    private void read(Lexer.Token token) {
        if (token.kind() == Lexer.Kind.BREAKPOINT || token.symbol(';') && !inside()) {
            boolean data = dataFollows && token.symbol(';');
            end();
            if (data) {
                copyData();
            }
        } else if (token.kind() == Lexer.Kind.BACKSLASH && first == null) {
            String command = token.text() + lexer.restOfLine();
            pieces.add(new Piece(command.strip(), token.from(), token.line(), Kind.META));
        } else if (token.kind() == Lexer.Kind.BACKSLASH && text.startsWith("\\g", token.from())) {
            String tail = lexer.restOfLine().stripTrailing();
            last = new Lexer.Token(token.kind(), token.text() + tail, token.from(),
                token.to() + tail.length(), token.line());
            end();
        } else {
            take(token);
        }
    }

    private void take(Lexer.Token token) {
        if (token.symbol('(')) {
            parens++;
        } else if (token.symbol(')')) {
            parens = Math.max(0, parens - 1);
        } else if (parens == 0 && token.kind() == Lexer.Kind.WORD) {
            if (token.is("ATOMIC") && last != null && last.is("BEGIN") && routine()) {
                bodies++;
            } else if (token.is("CASE") && bodies > 0) {
                bodies++;
            } else if (token.is("END") && bodies > 0) {
                bodies--;
            }
            if (token.is("STDIN") && last != null && last.is("FROM") && first.is("COPY")) {
                dataFollows = true;
            }
        }
        if (first == null) {
            first = token;
        }
        if (head.size() < 4) {
            head.add(token);
        }
        last = token;
    }

    /** Only rules hold semicolons in parentheses: a forgotten ')' must not swallow the statements behind it. */
    private boolean inside() {
        return bodies > 0 || parens > 0 && created("RULE", "RULE");
    }

    private boolean routine() {
        return created("FUNCTION", "PROCEDURE");
    }

    private boolean created(String one, String other) {
        return first != null && first.is("CREATE")
            && head.stream().anyMatch(token -> token.is(one) || token.is(other));
    }

    private void end() {
        if (first != null) {
            pieces.add(new Piece(text.substring(first.from(), last.to()), first.from(), first.line(), Kind.STATEMENT));
        }
        first = null;
        last = null;
        head.clear();
        parens = 0;
        bodies = 0;
        dataFollows = false;
    }

    private void copyData() {
        lexer.restOfLine();
        int from = lexer.position();
        int line = lexer.line();
        StringBuilder data = new StringBuilder();
        while (!lexer.finished()) {
            String row = lexer.restOfLine();
            if (row.equals("\\.")) {
                break;
            }
            data.append(row).append('\n');
        }
        pieces.add(new Piece(data.toString(), from, line, Kind.COPY_DATA));
    }
}
