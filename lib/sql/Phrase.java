//SOURCES Lexer.java
//SOURCES Name.java

package lib.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * Reads a stretch of a statement token by token: keywords, names, lists and expressions. What has no {@link Change} of
 * its own is read with it.
 */
public final class Phrase {

    /** Says that a statement is not written the way its keywords promise. */
    @SuppressWarnings("serial")
    public static final class Unreadable extends RuntimeException {
        Unreadable(String expected) {
            super("expected " + expected, null, false, false);
        }
    }

    private final String text;
    private final List<Lexer.Token> tokens;
    private int at;

    private Phrase(String text, List<Lexer.Token> tokens) {
        this.text = text;
        this.tokens = tokens;
    }

    /** Reads a statement from its start; a quote that is never closed is an IllegalArgumentException. */
    public static Phrase of(String text) {
        return new Phrase(text, Lexer.tokens(text));
    }

    /** Whether nothing is left. */
    public boolean done() {
        return at >= tokens.size();
    }

    Lexer.Token peek() {
        return peek(0);
    }

    private Lexer.Token peek(int ahead) {
        return at + ahead < tokens.size() && at + ahead >= 0 ? tokens.get(at + ahead) : null;
    }

    Lexer.Token next() {
        return done() ? null : tokens.get(at++);
    }

    /** Tells whether these keywords come next. */
    public boolean sees(String words) {
        String[] expected = words.split(" ");
        for (int i = 0; i < expected.length; i++) {
            if (peek(i) == null || !peek(i).is(expected[i])) {
                return false;
            }
        }
        return true;
    }

    /** Tells whether this sign comes next. */
    public boolean sees(char symbol) {
        return !done() && peek().symbol(symbol);
    }

    /** Steps over these keywords if they come next. */
    public boolean take(String words) {
        boolean found = sees(words);
        if (found) {
            at += words.split(" ").length;
        }
        return found;
    }

    /** Steps over the first of these that comes next. */
    public boolean takeAny(String... alternatives) {
        for (String words : alternatives) {
            if (take(words)) {
                return true;
            }
        }
        return false;
    }

    /** The keyword that comes next in capitals, empty when it is none. */
    public String keyword() {
        return done() || peek().kind() != Lexer.Kind.WORD ? "" : peek().text().toUpperCase(Locale.ROOT);
    }

    /** Tells whether a name comes next, quoted or not. */
    public boolean seesIdentifier() {
        return !done() && peek().identifier() != null;
    }

    /** Steps over an identifier. */
    public String identifier() {
        if (!seesIdentifier()) {
            throw new Unreadable("an identifier");
        }
        return next().identifier();
    }

    /** Steps over a name with or without schema. */
    public Name name() {
        String schema = null;
        String name = identifier();
        while (sees('.') && peek(1) != null && peek(1).identifier() != null) {
            at++;
            schema = name;
            name = identifier();
        }
        return Name.of(schema, name);
    }

    /** Steps over the list in parentheses that comes next and returns its items; empty when there is none. */
    public List<Phrase> list() {
        return sees('(') ? group().items() : List.of();
    }

    /** The first identifier of every item of the list that comes next. */
    public List<String> columns() {
        List<String> columns = new ArrayList<>();
        for (Phrase item : list()) {
            if (item.sees("PERIOD") && item.peek(1) != null) {
                item.next();
            }
            if (item.seesIdentifier()) {
                columns.add(item.identifier());
            }
        }
        return List.copyOf(columns);
    }

    /** Steps over a pair of parentheses or brackets and returns what is inside. */
    public Phrase group() {
        int from = at + 1;
        skip();
        boolean closed = at > from && (tokens.get(at - 1).symbol(')') || tokens.get(at - 1).symbol(']'));
        return part(from, closed ? at - 1 : at);
    }

    /** Steps over one token or over everything in the parentheses, brackets or CASE ... END that start here. */
    public void skip() {
        if (done()) {
            throw new Unreadable("more");
        }
        int depth = 0;
        do {
            Lexer.Token token = next();
            if (opens(token)) {
                depth++;
            } else if (closes(token)) {
                depth--;
            }
        } while (depth > 0 && !done());
    }

    /** Steps over everything before the first token outside of parentheses that fits, and returns it. */
    public Phrase until(Predicate<Phrase> stop) {
        int from = at;
        while (!done() && !stop.test(this)) {
            skip();
        }
        return part(from, at);
    }

    /** The rest of the stretch. */
    Phrase rest() {
        return until(phrase -> false);
    }

    /** What stands between the commas outside of parentheses. */
    public List<Phrase> items() {
        List<Phrase> items = new ArrayList<>();
        while (!done()) {
            Phrase item = until(phrase -> phrase.sees(','));
            next();
            if (!item.done()) {
                items.add(item);
            }
        }
        return items;
    }

    /** Tells whether these keywords come anywhere outside of parentheses. */
    public boolean has(String words) {
        Phrase copy = part(at, tokens.size());
        copy.until(phrase -> phrase.sees(words));
        return !copy.done();
    }

    /** All identifiers that are left, keywords among them, those in parentheses too. */
    public List<String> identifiers() {
        return tokens.subList(Math.min(at, tokens.size()), tokens.size()).stream().map(Lexer.Token::identifier)
            .filter(Objects::nonNull).toList();
    }

    /** The strings that are left as they are written, those in parentheses too. */
    public List<String> strings() {
        return tokens.subList(Math.min(at, tokens.size()), tokens.size()).stream()
            .filter(token -> token.kind() == Lexer.Kind.STRING).map(Lexer.Token::text).toList();
    }

    /** The token before the next one, or null. */
    Lexer.Token previous() {
        return peek(-1);
    }

    int position() {
        return at;
    }

    /** Where the next token starts in the statement's text. */
    int from() {
        return done() ? to() : peek().from();
    }

    /** Where the token before the next one ends in the statement's text. */
    int to() {
        return at > 0 ? tokens.get(at - 1).to() : tokens.isEmpty() ? 0 : tokens.get(0).from();
    }

    /** Another reader of the same stretch, from the next token on. */
    public Phrase copy() {
        return part(at, tokens.size());
    }

    /** The stretch from the next token on as it is written. */
    public String source() {
        return done() ? "" : text.substring(peek().from(), tokens.get(tokens.size() - 1).to());
    }

    /** The stretch from the next token on with unquoted words in lower case and single spaces. */
    public String folded() {
        StringBuilder out = new StringBuilder();
        Lexer.Token before = null;
        for (Lexer.Token token : tokens.subList(Math.min(at, tokens.size()), tokens.size())) {
            out.append(before != null && before.to() < token.from() ? " " : "");
            out.append(token.kind() == Lexer.Kind.WORD ? Name.fold(token.text()) : token.text());
            before = token;
        }
        return out.toString();
    }

    private Phrase part(int from, int to) {
        return new Phrase(text, tokens.subList(Math.min(from, to), to));
    }

    private static boolean opens(Lexer.Token token) {
        return token.symbol('(') || token.symbol('[') || token.is("CASE");
    }

    private static boolean closes(Lexer.Token token) {
        return token.symbol(')') || token.symbol(']') || token.is("END");
    }
}
