//SOURCES Change.java
//SOURCES Changes.java
//SOURCES Grammar.java
//SOURCES Lexer.java
//SOURCES Name.java
//SOURCES Phrase.java
//SOURCES Sql.java
//SOURCES Tag.java
//SOURCES Unfit.java

package lib.sql;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** One SQL statement and what is known about it before it runs. */
public record Statement(String sql, int line, String tag, List<Action> actions, Set<Name> relations, Set<Name> writes,
                        Set<String> identifiers, boolean transactional, boolean verified) {

    /** One thing a statement does, and the statement that would do only this. */
    public record Action(Change change, String alone) { }

    /** Characters; a longer one is a list of rows, and its tree would take a hundred times its size in memory. */
    public static final int LONGEST = 300_000;

    private static final Set<String> HARMLESS =
        Set.of("\\restrict", "\\unrestrict", "\\set", "\\unset", "\\echo", "\\qecho", "\\warn", "\\timing");

    /** Reads one statement; the line is where it starts in its file. */
    public static Statement of(String sql, int line) {
        Phrase phrase = Phrase.of(sql);
        String tag = Tag.of(phrase);
        List<Action> actions = Changes.of(sql, tag, phrase.copy());
        boolean transactional = Tag.transactional(tag, phrase.copy());
        Grammar.Facts facts = Grammar.check(sql);
        // Both must understand it: what only the grammar can read would look harmless here.
        boolean verified = facts != null && actions != null;
        if (actions == null) {
            actions = List.of(new Action(new Change.Other(tag), sql));
        }
        if (facts == null) {
            facts = guess(phrase, actions);
        }
        return new Statement(sql, line, tag, actions, facts.relations(), facts.writes(), facts.identifiers(),
            transactional, verified);
    }

    /** Reads a file; what only psql can do is refused, because statements are run over a connection. */
    public static List<Statement> parse(String text) {
        List<Statement> statements = new ArrayList<>();
        for (Sql.Piece piece : Sql.split(text)) {
            switch (piece.kind()) {
                case STATEMENT -> {
                    refuseCommands(piece);
                    statements.add(of(piece.text(), piece.line()));
                }
                case META -> {
                    String command = piece.text().split("\\s", 2)[0];
                    if (!HARMLESS.contains(command)) {
                        throw Unfit.command(command, piece.line());
                    }
                }
                default -> throw Unfit.data(piece.line());
            }
        }
        return List.copyOf(statements);
    }

    /** The action's statement with the NOT NULL of its new column left out; unchanged when it has none. */
    public static String nullable(Action action) {
        if (!(action.change() instanceof Change.AddColumn add) || add.column().notNullAt() == null) {
            return action.alone();
        }
        Change.Span span = add.column().notNullAt();
        String before = action.alone().substring(0, span.from());
        String after = action.alone().substring(span.to());
        return (after.isEmpty() || Character.isWhitespace(after.charAt(0)) ? before.stripTrailing() : before) + after;
    }

    private static void refuseCommands(Sql.Piece piece) {
        for (Lexer.Token token : Lexer.tokens(piece.text())) {
            if (token.kind() == Lexer.Kind.BACKSLASH) {
                String command = piece.text().substring(token.from()).split("\\s", 2)[0];
                throw Unfit.command(command, piece.line() + token.line() - 1);
            }
        }
    }

    /** Names found by keywords: rather too many than too few, as the statement is not verified. */
    private static Grammar.Facts guess(Phrase statement, List<Action> actions) {
        Set<Name> relations = new LinkedHashSet<>();
        Set<Name> writes = new LinkedHashSet<>();
        for (Action action : actions) {
            writes.addAll(action.change().tables());
        }
        relations.addAll(writes);
        Set<String> identifiers = new LinkedHashSet<>();
        for (Phrase phrase = statement.copy(); !phrase.done();) {
            boolean named = phrase.takeAny("FROM ONLY", "JOIN ONLY", "FROM", "JOIN", "INTO", "UPDATE", "TABLE",
                "REFERENCES", "USING", "ON TABLE", "ON");
            if (named && phrase.seesIdentifier() && !Name.reserved(phrase.peek().text())) {
                relations.add(phrase.copy().name());
            } else if (!named) {
                Lexer.Token token = phrase.next();
                if (token.identifier() != null && !(token.kind() == Lexer.Kind.WORD && Name.reserved(token.text()))) {
                    identifiers.add(token.identifier());
                }
            }
        }
        return new Grammar.Facts(Set.copyOf(relations), Set.copyOf(writes), Set.copyOf(identifiers));
    }
}
