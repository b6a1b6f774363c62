//SOURCES ../Postgres.java ../sql/Change.java ../sql/Name.java ../sql/Statement.java Case.java Cause.java Offenders.java

package lib.triage;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lib.Postgres;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

/** Failures that rows are to blame for: they break a rule that the migration makes or that was there. */
final class RowCauses {
    static final List<Cause> ALL = List.of(
            Cause.of("nulls", "rows have no value where one is needed", "23502", "null values|null value in column",
                    RowCauses::nulls),
            Cause.of("duplicates", "rows are alike where each must be unique", "23505",
                    "could not create unique index|duplicate key value", RowCauses::duplicates),
            Cause.of("orphans", "rows refer to others that are not there", "23503", "foreign key constraint",
                    RowCauses::orphans),
            Cause.of("partition", "rows belong to no partition", "23514",
                    "no partition of relation|partition constraint", failure -> Cause.Answer.of("",
                    "-- a partition for them, before the rows come:\nCREATE TABLE " + sql(failure.table(), "parent")
                    + "_rest PARTITION OF " + sql(failure.table(), "parent") + " DEFAULT;")),
            Cause.of("check", "rows do not fulfil a condition", "23514", "", RowCauses::check),
            Cause.of("check", "rows do not fulfil a condition", "", "violates check constraint|is violated by some row"
                    + "|violate the new constraint", RowCauses::check),
            Cause.of("exclusion", "rows overlap where none may", "23P01", "exclusion constraint", failure ->
                    Cause.Answer.of("",
                    "-- look for pairs that overlap, and change one of each before the constraint comes")),
            Cause.of("conversion", "values do not fit into the new type", "22001", "", RowCauses::tooLong),
            Cause.of("conversion", "values do not fit into the new type", "", "value too long", RowCauses::tooLong),
            Cause.of("conversion", "values cannot be converted to the new type", "22 42804 42846",
                    "invalid input|out of range|cannot be cast|date/time field|byte sequence|invalid value|"
                    + "division by zero|could not convert|is of type", RowCauses::conversion));

    private static final Pattern LENGTH = Pattern.compile("\\((\\d+)\\)");

    private RowCauses() {
    }

    private static String sql(Name table, String otherwise) {
        return table == null ? otherwise : table.sql();
    }

    private static Cause.Answer nulls(Case failure) {
        String column = failure.complaint().named("column");
        Name table = failure.table();
        if (table == null || column == null) {
            return Cause.Answer.of("", "-- fill the column before it becomes NOT NULL");
        }
        String filled = "UPDATE " + table.sql() + " SET " + Name.quote(column) + " = …   -- the value they should have"
                + "\nWHERE " + Name.quote(column) + " IS NULL;";
        boolean added = failure.all(Change.AddColumn.class).anyMatch(add -> add.column().name().equals(column));
        return added ? new Cause.Answer("the new column has no default, so every row is without a value",
                Offenders.all(table, "none of which can have a value in a column that is new"),
                "ALTER TABLE " + table.sql() + " ADD COLUMN " + Name.quote(column) + " …;   -- without NOT NULL\n"
                + filled + "\nALTER TABLE " + table.sql() + " ALTER COLUMN " + Name.quote(column) + " SET NOT NULL;")
                : new Cause.Answer("", Offenders.nulls(table, column),
                "-- before the statement that failed:\n" + filled);
    }

    private static Cause.Answer duplicates(Case failure) {
        Change.CreateIndex index = failure.all(Change.CreateIndex.class).filter(Change.CreateIndex::unique)
                .findFirst().orElse(null);
        Change.AddConstraint added = index == null ? added(failure) : null;
        List<String> columns = index != null ? index.columns()
                : added != null ? added.constraint().columns() : List.of();
        Name table = index != null ? index.table() : added != null ? added.table() : null;
        if (columns.isEmpty()) {
            return Cause.Answer.of("", "-- keep one row of each group before the index comes");
        }
        List<String> written = columns.stream().map(RowCauses::written).toList();
        String alike = columns.stream().allMatch(RowCauses::plain) ? written.stream()
                .map(column -> "a." + column + " = b." + column).collect(Collectors.joining(" AND "))
                : "…   -- a and b are alike in " + String.join(", ", written);
        return new Cause.Answer("", Offenders.duplicates(table, written, condition(failure.complaint().statement())),
                "-- keeps one row of each group; look at them first, and move what refers to the others\n"
                + "DELETE FROM " + table.sql() + " AS a USING " + table.sql() + " AS b\nWHERE a.ctid > b.ctid AND "
                + alike + ";");
    }

    private static boolean plain(String column) {
        return column.matches("[\\p{L}_][\\p{L}\\d_$]*");
    }

    private static String written(String column) {
        return plain(column) ? Name.quote(column) : column;
    }

    // Of a partial index.
    private static String condition(String statement) {
        Matcher where = Pattern.compile("(?is)\\)\\s*WHERE\\s+(.*)$").matcher(statement);
        return where.find() ? where.group(1).strip() : null;
    }

    private static Cause.Answer orphans(Case failure) {
        Offenders offenders = byConstraint(failure);
        String query = offenders == null ? "" : offenders.query().replaceFirst("^SELECT c\\.\\* FROM (\\S+) AS c",
                "DELETE FROM $1 AS c");
        boolean deletes = failure.complaint().message().startsWith("update or delete");
        return deletes ? Cause.Answer.of("the rows to be removed or changed are still referred to",
                "-- remove or move what refers to them first, in the same migration")
                : new Cause.Answer("", offenders, "-- one of: insert the missing rows, set the reference to NULL, or\n"
                + (query.isEmpty() ? "-- delete the rows that refer to nothing" : query)
                + "\n-- or let old rows be: ADD CONSTRAINT … FOREIGN KEY … NOT VALID");
    }

    private static Cause.Answer check(Case failure) {
        Offenders offenders = byConstraint(failure);
        return new Cause.Answer("", offenders, "-- correct the rows before the constraint comes, for example:\nUPDATE "
                + sql(failure.table(), "…") + " SET … WHERE NOT (…);\n"
                + "-- or let old rows be: ADD CONSTRAINT … CHECK (…) NOT VALID");
    }

    // A constraint that the statement adds, else one that was there already and whose definition the database knows.
    private static Change.AddConstraint added(Case failure) {
        String name = failure.complaint().named("constraint");
        Change.AddConstraint added = failure.all(Change.AddConstraint.class)
                .filter(add -> name == null || add.constraint().name() == null
                || add.constraint().name().equals(name)).findFirst().orElse(null);
        return added == null ? known(failure, name) : added;
    }

    private static Offenders byConstraint(Case failure) {
        Change.AddConstraint added = added(failure);
        if (added == null) {
            return null;
        }
        Change.Constraint constraint = added.constraint();
        List<String> keys = constraint.references() == null ? List.of()
                : keys(failure, constraint.references().table());
        return Offenders.of(added.table(), constraint, keys);
    }

    private static Change.AddConstraint known(Case failure, String name) {
        String statement = name == null ? null : failure.answer("SELECT 'ALTER TABLE ' || conrelid::regclass"
                + " || ' ADD CONSTRAINT x ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0"
                + " AND conname = " + Postgres.literal(name)
                + " UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE NOT EXISTS (SELECT FROM"
                + " pg_constraint WHERE conindid = indexrelid) AND indexrelid = to_regclass("
                + Postgres.literal(Name.quote(name)) + ")");
        if (statement == null) {
            return null;
        }
        return Statement.of(statement, 1).actions().stream().map(Statement.Action::change)
                .map(change -> change instanceof Change.CreateIndex index ? new Change.AddConstraint(index.table(),
                        new Change.Constraint(name, Change.Constraint.Kind.UNIQUE, index.columns(), null, false, null))
                        : change)
                .filter(Change.AddConstraint.class::isInstance).map(Change.AddConstraint.class::cast).findFirst()
                .orElse(null);
    }

    private static List<String> keys(Case failure, Name table) {
        String keys = failure.answer("SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_index"
                + " JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey) WHERE indisprimary"
                + " AND indrelid = to_regclass(" + Postgres.literal(table.full()) + ")");
        return keys == null ? List.of() : List.of(keys.split(","));
    }

    private static Cause.Answer tooLong(Case failure) {
        Change.SetType set = failure.all(Change.SetType.class).findFirst().orElse(null);
        Matcher length = LENGTH.matcher(set == null ? "" : set.type());
        return set == null || !length.find() ? Cause.Answer.of("", "-- make the column longer, or cut the values in"
                + " the statement: left(value, N)") : new Cause.Answer("", Offenders.tooLong(set.table(), set.column(),
                Integer.parseInt(length.group(1))), "-- cuts what is too long:\nALTER TABLE " + set.table().sql()
                + " ALTER COLUMN " + Name.quote(set.column()) + " TYPE " + set.type() + " USING left("
                + Name.quote(set.column()) + ", " + length.group(1) + ");");
    }

    private static Cause.Answer conversion(Case failure) {
        Change.SetType set = failure.all(Change.SetType.class).findFirst().orElse(null);
        if (set == null) {
            return Cause.Answer.of("", "-- convert only what can be converted: WHERE value ~ '^[0-9]+$'");
        }
        String column = Name.quote(set.column());
        String expression = set.using() == null ? column + "::" + set.type() : set.using();
        boolean automatic = failure.complaint().message().contains("cannot be cast automatically");
        String head = "ALTER TABLE " + set.table().sql() + " ALTER COLUMN " + column + " TYPE " + set.type()
                + " USING ";
        return new Cause.Answer(automatic ? "the server converts nothing unless it is told how" : "",
                Offenders.unconvertible(set.table(), set.column(), set.type(), expression),
                automatic ? head + column + "::" + set.type() + ";" : "-- what cannot be converted becomes NULL:\n"
                + head + "CASE WHEN " + column + "::text ~ '^[0-9]+$' THEN " + column + "::text::" + set.type()
                + " END;   -- a pattern that fits");
    }
}
