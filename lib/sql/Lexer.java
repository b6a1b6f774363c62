//SOURCES Name.java Sql.java

package lib.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Cuts SQL into tokens the way PostgreSQL does, so that a semicolon or a keyword inside a string is never mistaken. */
final class Lexer {

    enum Kind { WORD, QUOTED, STRING, NUMBER, SYMBOL, BACKSLASH, BREAKPOINT }

    /** One token; comments and white space are not tokens. */
    record Token(Kind kind, String text, int from, int to, int line) {

        /** Tells whether this is the keyword, in any case, and not a quoted name that looks like it. */
        boolean is(String keyword) {
            return kind == Kind.WORD && text.equalsIgnoreCase(keyword);
        }

        boolean symbol(char c) {
            return kind == Kind.SYMBOL && text.charAt(0) == c && text.length() == 1;
        }

        /** The identifier it stands for, or null when it cannot be one. */
        String identifier() {
            return switch (kind) {
                case WORD -> Name.fold(text);
                case QUOTED -> text.substring(1, text.length() - 1).replace("\"\"", "\"");
                default -> null;
            };
        }
    }

    private static final String BREAKPOINT = "--> statement-breakpoint";

    private final String text;
    private Consumer<Sql.Comment> comments = comment -> { };
    private int at;
    private int line = 1;
    private int counted;

    Lexer(String text) {
        this.text = text;
    }

    /** All tokens of one statement. */
    static List<Token> tokens(String text) {
        Lexer lexer = new Lexer(text);
        List<Token> tokens = new ArrayList<>();
        for (Token token = lexer.next(); token != null; token = lexer.next()) {
            tokens.add(token);
        }
        return List.copyOf(tokens);
    }

    /** Who is told of the comments that begin with two dashes. */
    void comments(Consumer<Sql.Comment> listener) {
        comments = listener;
    }

    /** Reads all tokens that start before a place. */
    void readTo(int place) {
        for (skipBlanks(); at < place; skipBlanks()) {
            read();
        }
    }

    /** Goes on at a later place. */
    void jump(int place) {
        at = Math.max(at, Math.min(place, text.length()));
    }

    /** The next token, or null at the end. */
    Token next() {
        skipBlanks();
        if (at >= text.length()) {
            return null;
        }
        int from = at;
        int onLine = line();
        Kind kind = read();
        return new Token(kind, text.substring(from, at), from, at, onLine);
    }

    /** Moves behind the end of the current line and returns what was left of it. */
    String restOfLine() {
        int end = text.indexOf('\n', at);
        String rest = text.substring(at, end < 0 ? text.length() : end);
        at = end < 0 ? text.length() : end + 1;
        return rest.endsWith("\r") ? rest.substring(0, rest.length() - 1) : rest;
    }

    int position() {
        return at;
    }

    boolean finished() {
        return at >= text.length();
    }

    int line() {
        for (; counted < at; counted++) {
            if (text.charAt(counted) == '\n') {
                line++;
            }
        }
        return line;
    }

    private void skipBlanks() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (Character.isWhitespace(c) || c == '\uFEFF') {
                at++;
            } else if (text.startsWith("--", at) && !text.startsWith(BREAKPOINT, at)) {
                int onLine = line();
                comments.accept(new Sql.Comment(restOfLine().substring(2).strip(), onLine));
            } else if (text.startsWith("/*", at)) {
                skipComment();
            } else {
                return;
            }
        }
    }

    private void skipComment() {
        int opened = line();
        int depth = 0;
        do {
            if (text.startsWith("/*", at)) {
                depth++;
                at += 2;
            } else if (text.startsWith("*/", at)) {
                depth--;
                at += 2;
            } else if (++at >= text.length()) {
                throw unterminated("comment", opened);
            }
        } while (depth > 0);
    }

    private Kind read() {
        char c = text.charAt(at);
        if (text.startsWith(BREAKPOINT, at)) {
            at += BREAKPOINT.length();
            return Kind.BREAKPOINT;
        }
        if (c == '\'') {
            string(false);
            return Kind.STRING;
        }
        if (c == '"') {
            quoted('"', false, "quoted identifier");
            return Kind.QUOTED;
        }
        if (c == '$') {
            return dollar();
        }
        if (starts(c)) {
            return word();
        }
        if (digit(c) || c == '.' && at + 1 < text.length() && digit(text.charAt(at + 1))) {
            return number();
        }
        at += text.startsWith("::", at) ? 2 : 1;
        return c == '\\' ? Kind.BACKSLASH : Kind.SYMBOL;
    }

    private Kind number() {
        while (at < text.length() && (starts(text.charAt(at)) || digit(text.charAt(at)) || text.charAt(at) == '.')) {
            at++;
        }
        return Kind.NUMBER;
    }

    private Kind word() {
        int from = at;
        while (at < text.length() && (starts(text.charAt(at)) || digit(text.charAt(at)) || text.charAt(at) == '$')) {
            at++;
        }
        if (at - from == 1 && at < text.length() && text.charAt(at) == '\''
                && "eEbBxXnN".indexOf(text.charAt(from)) >= 0) {
            string("eE".indexOf(text.charAt(from)) >= 0);
            return Kind.STRING;
        }
        return Kind.WORD;
    }

    private void string(boolean escapes) {
        quoted('\'', escapes, "string");
        // A string goes on after a line break, and E'' keeps its backslashes there.
        int next = at;
        while (next < text.length() && Character.isWhitespace(text.charAt(next))) {
            next++;
        }
        if (escapes && next < text.length() && text.charAt(next) == '\'' && text.substring(at, next).contains("\n")) {
            at = next;
            string(true);
        }
    }

    private void quoted(char quote, boolean escapes, String what) {
        int opened = line();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '\\' && escapes) {
                at++;
            } else if (c == quote) {
                at++;
                if (at >= text.length() || text.charAt(at) != quote) {
                    return;
                }
            }
        }
        at = text.length();
        throw unterminated(what, opened);
    }

    private Kind dollar() {
        int end = at + 1;
        while (end < text.length() && (starts(text.charAt(end)) || digit(text.charAt(end)))) {
            end++;
        }
        boolean parameter = end > at + 1 && digit(text.charAt(at + 1));
        if (parameter || end >= text.length() || text.charAt(end) != '$') {
            at = parameter ? end : at + 1;
            return parameter ? Kind.NUMBER : Kind.SYMBOL;
        }
        String tag = text.substring(at, end + 1);
        int close = text.indexOf(tag, end + 1);
        if (close < 0) {
            throw unterminated("dollar quote " + tag, line());
        }
        at = close + tag.length();
        return Kind.STRING;
    }

    private static IllegalArgumentException unterminated(String what, int line) {
        return new IllegalArgumentException(what + " opened on line " + line + " is never closed");
    }

    private static boolean starts(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80 && c != '\uFEFF';
    }

    private static boolean digit(char c) {
        return c >= '0' && c <= '9';
    }
}
