//SOURCES Change.java
//SOURCES Phrase.java

package lib.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads the declarations of columns and constraints in CREATE TABLE and ALTER TABLE. */
final class Columns {

    private static final Set<String> SERIAL =
        Set.of("smallserial", "serial", "bigserial", "serial2", "serial4", "serial8");

    private static final List<String> AFTER_TYPE = List.of("COLLATE", "NOT", "NULL", "DEFAULT", "CHECK", "UNIQUE",
        "PRIMARY", "REFERENCES", "GENERATED", "CONSTRAINT", "STORAGE", "COMPRESSION", "OPTIONS", "USING");

    private static final List<String> AFTER_DEFAULT = List.of("COLLATE", "NOT", "NULL", "CHECK", "UNIQUE", "PRIMARY",
        "REFERENCES", "GENERATED", "CONSTRAINT", "DEFERRABLE", "INITIALLY", "ENFORCED", "STORAGE", "COMPRESSION");

    // What the loop over the parts of one column has found so far.
    private boolean notNull;
    private String defaultExpression;
    private boolean generated;
    private boolean primaryKey;
    private boolean unique;
    private Change.Reference references;
    private Change.Span notNullAt;
    private Change.Column.How how = Change.Column.How.GIVEN;
    private boolean check;

    private Columns() { }

    /** Reads a column from its name to the end of the phrase. */
    static Change.Column column(Phrase phrase) {
        String name = phrase.identifier();
        String type = phrase.take("WITH OPTIONS") ? "" : type(phrase);
        Columns found = new Columns();
        found.generated = SERIAL.contains(type);
        found.how = found.generated ? Change.Column.How.SERIAL : Change.Column.How.GIVEN;
        while (!phrase.done()) {
            found.part(phrase);
        }
        return new Change.Column(name, type, found.notNull, found.defaultExpression, found.generated,
            found.primaryKey, found.unique, found.references, found.notNullAt,
            found.how, found.check);
    }

    /** Reads a type and stops before what may follow it in a declaration. */
    static String type(Phrase phrase) {
        return phrase.until(p -> AFTER_TYPE.contains(p.keyword())).folded();
    }

    private void part(Phrase phrase) {
        int from = phrase.from();
        if (phrase.take("CONSTRAINT")) {
            phrase.identifier();
        }
        if (phrase.take("NOT NULL")) {
            phrase.take("NO INHERIT");
            notNull = true;
            notNullAt = new Change.Span(from, phrase.to());
        } else if (phrase.take("DEFAULT")) {
            defaultExpression = expression(phrase);
        } else if (phrase.take("GENERATED")) {
            // Else BY DEFAULT would be read as a default.
            phrase.takeAny("ALWAYS", "BY DEFAULT");
            generated = true;
            how = phrase.take("AS IDENTITY") ? Change.Column.How.IDENTITY : computed(phrase);
        } else if (phrase.take("CHECK")) {
            check = true;
        } else if (phrase.take("PRIMARY KEY")) {
            primaryKey = true;
        } else if (phrase.take("UNIQUE")) {
            unique = true;
        } else if (phrase.take("REFERENCES")) {
            references = reference(phrase);
        } else if (!phrase.done()) {
            phrase.skip();
        }
    }

    /** From PostgreSQL 18 on an expression is not stored unless it says so. */
    private static Change.Column.How computed(Phrase phrase) {
        phrase.take("AS");
        phrase.group();
        return phrase.take("STORED") ? Change.Column.How.STORED : Change.Column.How.VIRTUAL;
    }

    private static String expression(Phrase phrase) {
        int from = phrase.position();
        return phrase.until(p -> p.position() > from && AFTER_DEFAULT.contains(p.keyword())
            && !(p.sees("NOT") && p.previous().is("IS"))).source();
    }

    /** Reads what follows REFERENCES, up to and with its actions: SET NULL there is no constraint of the column. */
    static Change.Reference reference(Phrase phrase) {
        Change.Reference reference = new Change.Reference(phrase.name(), phrase.columns());
        while (phrase.take("MATCH") || phrase.sees("ON DELETE") || phrase.sees("ON UPDATE")) {
            if (phrase.takeAny("ON DELETE", "ON UPDATE")) {
                boolean set = phrase.take("SET");
                phrase.take("NO");
                phrase.next();
                if (set) {
                    phrase.list();
                }
            } else {
                phrase.next();
            }
        }
        return reference;
    }

    /** Tells whether a constraint of the table comes next, not a column. */
    static boolean constraintNext(Phrase phrase) {
        Phrase copy = phrase.copy();
        return List.of("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "NOT").contains(phrase.keyword())
            || copy.take("EXCLUDE") && (copy.sees("USING") || copy.sees('('));
    }

    /** Reads a constraint of the table to the end of the phrase; null when it is of no known kind. */
    static Change.Constraint constraint(Phrase phrase) {
        String name = phrase.take("CONSTRAINT") ? phrase.identifier() : null;
        Change.Constraint.Kind kind = kind(phrase);
        if (kind == null) {
            return null;
        }
        List<String> columns = List.of();
        Change.Reference references = null;
        String index = null;
        String condition = null;
        if (kind == Change.Constraint.Kind.NOT_NULL) {
            columns = List.of(phrase.identifier());
        } else if (kind == Change.Constraint.Kind.CHECK) {
            condition = phrase.sees('(') ? phrase.group().source() : null;
        } else if (kind != Change.Constraint.Kind.EXCLUDE) {
            phrase.until(p -> p.sees('(') || p.sees("USING INDEX"));
            index = phrase.take("USING INDEX") ? phrase.identifier() : null;
            columns = phrase.columns();
            references = phrase.take("REFERENCES") ? reference(phrase) : null;
            if (kind == Change.Constraint.Kind.FOREIGN_KEY && references == null) {
                throw new Phrase.Unreadable("REFERENCES");
            }
        }
        return new Change.Constraint(name, kind, columns, references, phrase.has("NOT VALID"), index, condition,
            !phrase.has("NOT ENFORCED"));
    }

    private static Change.Constraint.Kind kind(Phrase phrase) {
        return phrase.take("PRIMARY KEY") ? Change.Constraint.Kind.PRIMARY_KEY
            : phrase.take("UNIQUE") ? Change.Constraint.Kind.UNIQUE
            : phrase.take("FOREIGN KEY") ? Change.Constraint.Kind.FOREIGN_KEY
            : phrase.take("CHECK") ? Change.Constraint.Kind.CHECK
            : phrase.take("EXCLUDE") ? Change.Constraint.Kind.EXCLUDE
            : phrase.take("NOT NULL") ? Change.Constraint.Kind.NOT_NULL : null;
    }

    /** Reads what stands in the parentheses of CREATE TABLE into the two lists. */
    static void elements(List<Phrase> elements, List<Change.Column> columns, List<Change.Constraint> constraints) {
        for (Phrase element : elements) {
            if (element.sees("LIKE")) {
                continue;
            }
            if (constraintNext(element)) {
                Change.Constraint constraint = constraint(element);
                if (constraint != null) {
                    constraints.add(constraint);
                }
            } else if (element.seesIdentifier()) {
                columns.add(column(element));
            }
        }
    }

    /** The columns of an index, an expression as it is written. */
    static List<String> indexed(List<Phrase> items) {
        List<String> columns = new ArrayList<>();
        for (Phrase item : items) {
            Phrase copy = item.copy();
            String column = copy.seesIdentifier() ? copy.identifier() : null;
            boolean plain = column != null && !copy.sees('(') && !copy.sees('.');
            columns.add(plain ? column : item.source());
        }
        return List.copyOf(columns);
    }
}
