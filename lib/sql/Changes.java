//SOURCES Alteration.java
//SOURCES Change.java
//SOURCES Columns.java
//SOURCES Lexer.java
//SOURCES Name.java
//SOURCES Phrase.java
//SOURCES Statement.java
//SOURCES Tag.java

package lib.sql;

import java.util.ArrayList;
import java.util.List;

/** Reads what a statement changes from its keywords; whether they are correct SQL is for the grammar to say. */
final class Changes {

    private final String sql;
    private final String tag;
    private final Phrase phrase;
    private final List<Statement.Action> actions = new ArrayList<>();

    private Changes(String sql, String tag, Phrase phrase) {
        this.sql = sql;
        this.tag = tag;
        this.phrase = phrase;
    }

    /** What the statement does, one action or more; null when it is not written the way its keywords promise. */
    static List<Statement.Action> of(String sql, String tag, Phrase phrase) {
        Changes changes = new Changes(sql, tag, phrase);
        try {
            changes.read();
        } catch (Phrase.Unreadable e) {
            return null;
        }
        if (changes.actions.isEmpty()) {
            changes.add(new Change.Other(tag));
        }
        return List.copyOf(changes.actions);
    }

    private void read() {
        switch (tag) {
            case "CREATE TABLE", "CREATE TABLE AS", "CREATE FOREIGN TABLE" -> createTable();
            case "CREATE INDEX" -> createIndex();
            case "CREATE TYPE" -> {
                phrase.take("CREATE TYPE");
                add(new Change.CreateType(phrase.name()));
            }
            case "ALTER TABLE", "ALTER FOREIGN TABLE" -> alterTable();
            case "ALTER TYPE" -> alterType();
            case "DROP TABLE", "DROP FOREIGN TABLE", "DROP INDEX" -> drop();
            case "TRUNCATE TABLE" -> truncate();
            case "SELECT INTO" -> {
                Phrase into = phrase.copy();
                into.until(p -> p.take("INTO"));
                into.takeAny("TEMPORARY", "TEMP", "UNLOGGED");
                into.take("TABLE");
                add(new Change.CreateTable(into.name(), List.of(), List.of(), false));
            }
            case "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE" -> rows(phrase);
            case "EXPLAIN" -> {
                if (phrase.has("ANALYZE") || sql.matches("(?is)EXPLAIN\\s*\\([^)]*\\bANALYZE\\b.*")) {
                    phrase.until(p -> p.sees("WITH") || p.sees("INSERT") || p.sees("UPDATE") || p.sees("DELETE"));
                    rows(phrase.copy());
                }
            }
            default -> { }
        }
    }

    private void createTable() {
        phrase.until(p -> p.take("TABLE"));
        boolean ifNotExists = phrase.take("IF NOT EXISTS");
        Name table = phrase.name();
        if (phrase.take("PARTITION OF") || phrase.take("OF")) {
            phrase.name();
        }
        List<Change.Column> columns = new ArrayList<>();
        List<Change.Constraint> constraints = new ArrayList<>();
        if (!tag.equals("CREATE TABLE AS")) {
            Columns.elements(phrase.list(), columns, constraints);
        }
        add(new Change.CreateTable(table, List.copyOf(columns), List.copyOf(constraints), ifNotExists));
    }

    private void createIndex() {
        phrase.take("CREATE");
        boolean unique = phrase.take("UNIQUE");
        phrase.take("INDEX");
        boolean concurrently = phrase.take("CONCURRENTLY");
        phrase.take("IF NOT EXISTS");
        String name = phrase.sees("ON") ? null : phrase.identifier();
        phrase.take("ON");
        phrase.take("ONLY");
        Name table = phrase.name();
        phrase.until(p -> p.sees('('));
        add(new Change.CreateIndex(name, table, unique, concurrently, Columns.indexed(phrase.list())));
    }

    private void alterType() {
        phrase.take("ALTER TYPE");
        Name type = phrase.name();
        if (phrase.take("ADD VALUE")) {
            phrase.take("IF NOT EXISTS");
            add(new Change.AddEnumValue(type, literal(phrase)));
        }
    }

    private static String literal(Phrase phrase) {
        Lexer.Token token = phrase.next();
        if (token == null || token.kind() != Lexer.Kind.STRING || token.text().charAt(0) != '\'') {
            throw new Phrase.Unreadable("a string");
        }
        return token.text().substring(1, token.text().length() - 1).replace("''", "'");
    }

    private void drop() {
        phrase.until(p -> p.take("TABLE") || p.take("INDEX"));
        boolean concurrently = phrase.take("CONCURRENTLY");
        phrase.take("IF EXISTS");
        String head = sql.substring(0, phrase.from());
        List<Name> names = names();
        boolean cascade = phrase.sees("CASCADE");
        String tail = phrase.done() ? "" : " " + phrase.source();
        for (Name name : names) {
            Change change = tag.equals("DROP INDEX") ? new Change.DropIndex(name, concurrently)
                : new Change.DropTable(name, cascade);
            actions.add(new Statement.Action(change, names.size() == 1 ? sql : head + name.sql() + tail));
        }
    }

    private void truncate() {
        phrase.take("TRUNCATE");
        phrase.take("TABLE");
        add(new Change.Truncate(names()));
    }

    private List<Name> names() {
        List<Name> names = new ArrayList<>();
        do {
            phrase.take("ONLY");
            names.add(phrase.name());
            if (phrase.sees('*')) {
                phrase.next();
            }
        } while (phrase.sees(',') && phrase.next() != null);
        return List.copyOf(names);
    }

    private void alterTable() {
        phrase.until(p -> p.take("TABLE"));
        if (phrase.sees("ALL IN TABLESPACE")) {
            return;
        }
        phrase.take("IF EXISTS");
        phrase.take("ONLY");
        Name table = phrase.name();
        if (phrase.sees('*')) {
            phrase.next();
        }
        String head = sql.substring(0, phrase.to()) + " ";
        List<Phrase> items = phrase.items();
        for (Phrase item : items) {
            // The text moves when the actions before it are left out, and with it the place of NOT NULL.
            int moved = items.size() == 1 ? 0 : item.from() - head.length();
            String alone = items.size() == 1 ? sql : head + item.source();
            actions.add(new Statement.Action(new Alteration(tag, table, item, moved).read(), alone));
        }
    }

    /** Reads the INSERT, UPDATE or DELETE of a statement and those in its WITH. */
    private void rows(Phrase statement) {
        Phrase with = statement.copy();
        if (with.take("WITH")) {
            while (!with.done()) {
                with.until(p -> p.sees('(') && (p.previous().is("AS") || p.previous().is("MATERIALIZED")));
                if (!with.done()) {
                    rows(with.group());
                }
            }
        }
        Tag.verb(statement);
        if (statement.take("INSERT INTO")) {
            Name table = statement.name();
            if (statement.take("AS")) {
                statement.identifier();
            }
            add(new Change.Insert(table, insertColumns(statement)));
        } else if (statement.take("UPDATE")) {
            Name table = target(statement);
            statement.until(p -> p.take("SET"));
            List<String> columns = new ArrayList<>();
            for (Phrase set : statement.until(p -> p.sees("FROM") && !p.previous().is("DISTINCT") || p.sees("WHERE")
                    || p.sees("RETURNING")).items()) {
                columns.addAll(set.sees('(') ? set.columns() : List.of(set.identifier()));
            }
            add(new Change.Update(table, List.copyOf(columns), statement.has("WHERE")));
        } else if (statement.take("DELETE FROM")) {
            add(new Change.Delete(target(statement), statement.has("WHERE")));
        }
    }

    /** INSERT INTO t (SELECT ...) has a query where the columns would stand. */
    private static List<String> insertColumns(Phrase statement) {
        if (!statement.sees('(')) {
            return List.of();
        }
        Phrase inside = statement.copy().group();
        boolean query = inside.sees("SELECT") || inside.sees("WITH") || inside.sees("VALUES") || inside.sees("TABLE")
            || inside.sees('(');
        return query ? List.of() : statement.columns();
    }

    private static Name target(Phrase statement) {
        statement.take("ONLY");
        return statement.name();
    }

    private void add(Change change) {
        actions.add(new Statement.Action(change, sql));
    }
}
