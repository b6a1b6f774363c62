//SOURCES Change.java
//SOURCES Columns.java
//SOURCES Name.java
//SOURCES Phrase.java

package lib.sql;

import java.util.Set;

/** Reads one action of an ALTER TABLE. */
final class Alteration {

    /** Words that still belong to the kind of an action, such as SET LOGGED or ENABLE ROW LEVEL SECURITY. */
    private static final Set<String> KIND = Set.of("ACCESS", "ADD", "ALTER", "ALWAYS", "ATTACH", "CLUSTER",
        "COMPRESSION", "CONSTRAINT", "DETACH", "DISABLE", "DROP", "ENABLE", "EXPRESSION", "FORCE", "GENERATED",
        "IDENTITY", "INHERIT", "LEVEL", "LOGGED", "METHOD", "NO", "NOT", "OF", "ON", "OWNER", "PARTITION", "RENAME",
        "REPLICA", "RESET", "ROW", "RULE", "SCHEMA", "SECURITY", "SET", "STATISTICS", "STORAGE", "TABLESPACE", "TO",
        "TRIGGER", "UNLOGGED", "WITHOUT", "OIDS");

    private final String tag;
    private final Name table;
    private final Phrase phrase;
    private final int moved;

    Alteration(String tag, Name table, Phrase phrase, int moved) {
        this.tag = tag;
        this.table = table;
        this.phrase = phrase;
        this.moved = moved;
    }

    Change read() {
        Phrase start = phrase.copy();
        Change change = null;
        if (phrase.take("ADD")) {
            change = add();
        } else if (phrase.take("DROP")) {
            change = drop();
        } else if (phrase.take("VALIDATE CONSTRAINT")) {
            change = new Change.ValidateConstraint(table, phrase.identifier());
        } else if (phrase.take("RENAME TO")) {
            change = new Change.RenameTable(table, phrase.identifier());
        } else if (phrase.sees("RENAME") && !phrase.sees("RENAME CONSTRAINT")) {
            phrase.next();
            change = rename();
        } else if (phrase.sees("ALTER") && !phrase.sees("ALTER CONSTRAINT")) {
            phrase.next();
            phrase.take("COLUMN");
            if (!phrase.seesIdentifier()) {
                return other(start);
            }
            String column = phrase.identifier();
            start = phrase.copy();
            change = column(column);
            return change == null ? new Change.Other(tag + " ALTER COLUMN" + kind(start)) : change;
        }
        return change == null ? other(start) : change;
    }

    private Change add() {
        if (!phrase.sees("COLUMN") && Columns.constraintNext(phrase)) {
            Change.Constraint constraint = Columns.constraint(phrase);
            return constraint == null ? null : new Change.AddConstraint(table, constraint);
        }
        phrase.take("COLUMN");
        phrase.take("IF NOT EXISTS");
        Change.Column column = Columns.column(phrase);
        Change.Span at = column.notNullAt();
        return new Change.AddColumn(table, at == null ? column : new Change.Column(column.name(), column.type(),
            column.notNull(), column.defaultExpression(), column.generated(), column.primaryKey(), column.unique(),
            column.references(), new Change.Span(at.from() - moved, at.to() - moved), column.how(), column.check()));
    }

    private Change drop() {
        boolean constraint = phrase.take("CONSTRAINT");
        phrase.take("COLUMN");
        phrase.take("IF EXISTS");
        String name = phrase.identifier();
        return constraint ? new Change.DropConstraint(table, name) : new Change.DropColumn(table, name);
    }

    private Change rename() {
        phrase.take("COLUMN");
        String from = phrase.identifier();
        return phrase.take("TO") ? new Change.RenameColumn(table, from, phrase.identifier()) : null;
    }

    private Change column(String column) {
        if (phrase.take("SET NOT NULL")) {
            return new Change.SetNotNull(table, column);
        }
        if (phrase.take("DROP NOT NULL")) {
            return new Change.DropNotNull(table, column);
        }
        if (phrase.take("SET DEFAULT")) {
            return new Change.SetDefault(table, column, phrase.source());
        }
        if (phrase.take("DROP DEFAULT")) {
            return new Change.SetDefault(table, column, null);
        }
        if (phrase.takeAny("TYPE", "SET DATA TYPE")) {
            String type = Columns.type(phrase);
            phrase.until(p -> p.sees("USING"));
            return new Change.SetType(table, column, type, phrase.take("USING") ? phrase.source() : null);
        }
        return null;
    }

    private Change other(Phrase start) {
        return new Change.Other(tag + kind(start));
    }

    private static String kind(Phrase start) {
        StringBuilder kind = new StringBuilder();
        for (; KIND.contains(start.keyword()); start.next()) {
            kind.append(' ').append(start.keyword());
        }
        return kind.toString();
    }
}
