//SOURCES Name.java

package lib.sql;

import java.util.List;

/** What one statement, or one action of an ALTER TABLE, does to the schema or the data. */
public sealed interface Change {

    /** The tables it changes. */
    default List<Name> tables() {
        return List.of();
    }

    /** A change of one table. */
    sealed interface OfTable extends Change {

        /** The table it changes. */
        Name table();

        @Override
        default List<Name> tables() {
            return List.of(table());
        }
    }

    /** A new table; it has no columns here when a query or another table defines them. */
    record CreateTable(Name table, List<Column> columns, List<Constraint> constraints, boolean ifNotExists)
        implements OfTable { }

    /** A table that goes away with its rows. */
    record DropTable(Name table, boolean cascade) implements OfTable { }

    /** A table that gets another name. */
    record RenameTable(Name table, String to) implements OfTable { }

    /** A new column. */
    record AddColumn(Name table, Column column) implements OfTable { }

    /** A column that goes away with its values. */
    record DropColumn(Name table, String column) implements OfTable { }

    /** A column that gets another name. */
    record RenameColumn(Name table, String from, String to) implements OfTable { }

    /** A column that must have a value from now on. */
    record SetNotNull(Name table, String column) implements OfTable { }

    /** A column that may be without a value from now on. */
    record DropNotNull(Name table, String column) implements OfTable { }

    /** A column that gets another type; using is null when the server converts by itself. */
    record SetType(Name table, String column, String type, String using) implements OfTable { }

    /** A column that gets another default; expression is null when it loses its default. */
    record SetDefault(Name table, String column, String expression) implements OfTable { }

    /** A new constraint. */
    record AddConstraint(Name table, Constraint constraint) implements OfTable { }

    /** A constraint that goes away. */
    record DropConstraint(Name table, String name) implements OfTable { }

    /** A constraint whose existing rows are checked. */
    record ValidateConstraint(Name table, String name) implements OfTable { }

    /** A new index; name is null when the server chooses it, an expression among columns is given as written. */
    record CreateIndex(String name, Name table, boolean unique, boolean concurrently, List<String> columns)
        implements OfTable { }

    /** An index that goes away. */
    record DropIndex(Name index, boolean concurrently) implements Change { }

    /** A new type. */
    record CreateType(Name type) implements Change { }

    /** A new value of an enum type. */
    record AddEnumValue(Name type, String value) implements Change { }

    /** New rows; columns is empty when the statement names none. */
    record Insert(Name table, List<String> columns) implements OfTable { }

    /** Changed rows; without where it is every row. */
    record Update(Name table, List<String> columns, boolean where) implements OfTable { }

    /** Deleted rows; without where it is every row. */
    record Delete(Name table, boolean where) implements OfTable { }

    /** Emptied tables. */
    record Truncate(List<Name> tables) implements Change { }

    /** Anything else; the tag is the statement's, followed by the keywords of the action for an ALTER TABLE. */
    record Other(String tag) implements Change { }

    /**
     * A column as it is declared.
     *
     * @param how where values come from that the statement itself does not give
     * @param check whether a CHECK stands with it
     */
    record Column(String name, String type, boolean notNull, String defaultExpression, boolean generated,
                  boolean primaryKey, boolean unique, Reference references, Span notNullAt, How how, boolean check) {

        /** Where the values of a generated column come from. */
        public enum How { GIVEN, SERIAL, IDENTITY, STORED, VIRTUAL }

        public Column(String name, String type, boolean notNull, String defaultExpression, boolean generated,
                      boolean primaryKey, boolean unique, Reference references, Span notNullAt) {
            this(name, type, notNull, defaultExpression, generated, primaryKey, unique, references, notNullAt,
                How.GIVEN, false);
        }
    }

    /** What a foreign key points to; columns is empty when it is the primary key. */
    record Reference(Name table, List<String> columns) { }

    /**
     * A constraint as it is declared; name, references and usingIndex are null where there is none.
     *
     * @param condition what a CHECK demands, as written; null for other kinds
     * @param enforced false for NOT ENFORCED (PostgreSQL 18)
     */
    record Constraint(String name, Kind kind, List<String> columns, Reference references, boolean notValid,
                      String usingIndex, String condition, boolean enforced) {

        public Constraint(String name, Kind kind, List<String> columns, Reference references, boolean notValid,
                          String usingIndex) {
            this(name, kind, columns, references, notValid, usingIndex, null, true);
        }

        /** The kinds of constraints. */
        public enum Kind { PRIMARY_KEY, UNIQUE, FOREIGN_KEY, CHECK, EXCLUDE, NOT_NULL }
    }

    /** A stretch of a statement's text, the end not included. */
    record Span(int from, int to) { }
}
