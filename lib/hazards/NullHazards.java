//SOURCES ../sql/LockMode.java ../sql/Change.java ../sql/Name.java ../sql/Phrase.java Hazard.java Rule.java Spot.java
//SOURCES ConstraintHazards.java IndexHazards.java Targets.java

package lib.hazards;

import java.util.List;
import lib.sql.Change;
import lib.sql.LockMode;
import lib.sql.Name;
import lib.sql.Phrase;

/** Columns that must have a value from now on, and the rules of domains. */
final class NullHazards {
    static final List<Rule> RULES = List.of(
            new Rule(Hazard.dangerous("CON08", "SET NOT NULL reads every row").locks(LockMode.ACCESS_EXCLUSIVE, "scan")
                    .unless("a validated CHECK (column IS NOT NULL) proves it, or the table is new or empty")
                    .instead("a CHECK in two steps first; from PostgreSQL 18 on NOT NULL ... NOT VALID"),
                    NullHazards::setNotNull),
            new Rule(Hazard.dangerous("CON09", "a NOT NULL column without a default fails as soon as there are rows")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").unless("the table is new in this release, or empty")
                    .instead("a constant default, or nullable, then filled, then NOT NULL"), NullHazards::required),
            new Rule(Hazard.caution("CON10", "a constraint that comes with the column is checked under the lock")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "scan").unless("the table is new in this release, or empty")
                    .instead("the column first, the constraint afterwards in two steps"), NullHazards::inline),
            new Rule(Hazard.caution("CON15", "a rule added to a domain is checked in every table that uses it")
                    .locks(LockMode.SHARE, "scan").unless("NOT VALID")
                    .instead("ADD CONSTRAINT ... NOT VALID, then VALIDATE"),
                    NullHazards::domain),
            new Rule(Hazard.note("CON16", "a new column of a domain with a CHECK rewrites the table")
                    .instead("a base type, and a CHECK of the table"), NullHazards::newDomain),
            new Rule(Hazard.caution("VAL01", "rows that break the new rule make the release fail")
                    .unless("the table is new in this release, or empty").instead("count them first"),
                    NullHazards::unproved),
            new Rule(Hazard.caution("VAL02", "SET NOT NULL fails while rows have no value")
                    .unless("an UPDATE of this release fills the column").instead("fill it first"),
                    NullHazards::unfilled));

    private NullHazards() {
    }

    /** The column that an action makes NOT NULL, by either spelling; null when it makes none. */
    private static String column(Spot spot) {
        if (spot.change() instanceof Change.SetNotNull set && spot.used(set.table())) {
            return set.column();
        }
        return spot.change() instanceof Change.AddConstraint added && !added.constraint().notValid()
                && added.constraint().kind() == Change.Constraint.Kind.NOT_NULL && spot.used(added.table())
                ? added.constraint().columns().get(0) : null;
    }

    private static Name table(Spot spot) {
        return spot.change().tables().get(0);
    }

    private static Rule.Hit setNotNull(Spot spot) {
        String column = column(spot);
        if (column == null || spot.story().neverNull(table(spot), column)) {
            return null;
        }
        return Rule.Hit.of("NOT NULL on " + table(spot) + "." + column + " stops reads and writes while all rows of "
                + spot.sized(table(spot)) + " are read", threeSteps(spot, table(spot), column))
                .as(spot.bySize(table(spot)));
    }

    /** NOT NULL without a scan under the lock. */
    static String threeSteps(Spot spot, Name table, String column) {
        String alter = "ALTER TABLE " + table.sql();
        String name = Name.quote(table.name() + "_" + column + "_not_null");
        String quoted = Name.quote(column);
        if (spot.context().can(18)) {
            return alter + " ADD CONSTRAINT " + name + " NOT NULL " + quoted + " NOT VALID;\n" + spot.commit() + alter
                    + " VALIDATE CONSTRAINT " + name + ";";
        }
        return alter + " ADD CONSTRAINT " + name + " CHECK (" + quoted + " IS NOT NULL) NOT VALID;\n" + spot.commit()
                + alter + " VALIDATE CONSTRAINT " + name + ";\n" + alter + " ALTER COLUMN "
                + quoted + " SET NOT NULL;\n"
                + alter + " DROP CONSTRAINT " + name + ";";
    }

    private static Rule.Hit required(Spot spot) {
        if (!(spot.change() instanceof Change.AddColumn added) || !spot.used(added.table())) {
            return null;
        }
        Change.Column column = added.column();
        boolean value = column.defaultExpression() != null && !column.defaultExpression().equalsIgnoreCase("NULL")
                || column.generated();
        if (!column.notNull() && !column.primaryKey() || value) {
            return null;
        }
        String quoted = Name.quote(column.name());
        return Rule.Hit.of(added.table() + "." + column.name() + " is NOT NULL and has no default: it fails unless "
                + spot.sized(added.table()) + " is empty", "ALTER TABLE " + added.table().sql() + " ADD COLUMN "
                + quoted + " " + column.type() + ";\n-- UPDATE " + added.table().sql() + " SET " + quoted
                + " = ... WHERE " + quoted + " IS NULL;\n"
                + threeSteps(spot, added.table(), column.name()));
    }

    private static Rule.Hit inline(Spot spot) {
        if (!(spot.change() instanceof Change.AddColumn added) || !spot.used(added.table())) {
            return null;
        }
        Change.Column column = added.column();
        String what = column.unique() || column.primaryKey() ? "UNIQUE builds an index"
                : column.references() != null ? "REFERENCES locks " + column.references().table() + " too"
                : column.check() ? "CHECK reads all rows" : null;
        return what == null ? null : Rule.Hit.of("ADD COLUMN " + column.name() + ": " + what + " while "
                + spot.sized(added.table()) + " is locked", "ALTER TABLE " + added.table().sql() + " ADD COLUMN "
                + Name.quote(column.name()) + " " + column.type() + ";\n-- then the constraint, as for "
                + (column.references() != null ? "CON02" : column.check() ? "CON01" : "CON04"));
    }

    private static Rule.Hit domain(Spot spot) {
        if (!spot.tag().equals("ALTER DOMAIN") || spot.has("NOT VALID")) {
            return null;
        }
        boolean rule = spot.has("SET NOT NULL") || spot.has("ADD CHECK") || spot.has("ADD CONSTRAINT")
                || spot.has("ADD NOT NULL");
        return !rule ? null : Rule.Hit.of("every table with a column of "
                + Targets.after(spot.phrase(), "DOMAIN") + " is read while writes to it wait",
                spot.has("SET NOT NULL") ? "-- use CHECK (VALUE IS NOT NULL) NOT VALID, then VALIDATE CONSTRAINT"
                : spot.statement().sql() + " NOT VALID;\n-- then: ALTER DOMAIN ... VALIDATE CONSTRAINT ...;");
    }

    private static Rule.Hit newDomain(Spot spot) {
        boolean made = spot.tag().equals("CREATE DOMAIN") && spot.has("CHECK");
        if (spot.change() instanceof Change.AddColumn added && spot.used(added.table())) {
            Phrase type = Phrase.of(added.column().type());
            if (type.seesIdentifier() && spot.story().domains.contains(type.name())) {
                return Rule.Hit.of("ADD COLUMN " + added.column().name() + " of a domain with rules rewrites "
                        + spot.sized(added.table()), "-- use the base type and a CHECK ... NOT VALID of the table")
                        .as(Hazard.Severity.DANGEROUS);
            }
        }
        return made ? Rule.Hit.of("columns of this domain that are added to a table rewrite it", "") : null;
    }

    private static Rule.Hit unproved(Spot spot) {
        if (!(spot.change() instanceof Change.AddConstraint added) || !spot.used(added.table())
                || added.constraint().usingIndex() != null || !added.constraint().enforced()) {
            return null;
        }
        Change.Constraint constraint = added.constraint();
        String query = switch (constraint.kind()) {
            case UNIQUE, PRIMARY_KEY -> IndexHazards.duplicates(added.table(), constraint.columns(), "");
            case CHECK -> constraint.condition() == null ? ""
                    : "SELECT count(*) FROM " + added.table().sql() + " WHERE NOT (" + constraint.condition() + ");";
            case FOREIGN_KEY -> orphans(added);
            default -> "";
        };
        return query.isEmpty() ? null : Rule.Hit.of("it fails when rows of " + added.table() + " break "
                + ConstraintHazards.name(added) + "; this query finds them", query);
    }

    private static String orphans(Change.AddConstraint added) {
        Change.Constraint constraint = added.constraint();
        if (constraint.references() == null || constraint.columns().size() != 1) {
            return "";
        }
        List<String> to = constraint.references().columns();
        String column = Name.quote(constraint.columns().get(0));
        return "SELECT count(*) FROM " + added.table().sql() + " c WHERE c." + column + " IS NOT NULL AND NOT EXISTS "
                + "(SELECT FROM " + constraint.references().table().sql() + " p WHERE p."
                + Name.quote(to.isEmpty() ? "id" : to.get(0)) + " = c." + column + ");";
    }

    private static Rule.Hit unfilled(Spot spot) {
        String column = column(spot);
        return column == null || spot.story().filled(table(spot), column)
                || spot.story().neverNull(table(spot), column) ? null
                : Rule.Hit.of("nothing in this release fills " + table(spot) + "." + column + " where it is NULL",
                "UPDATE " + table(spot).sql() + " SET " + Name.quote(column) + " = ... WHERE " + Name.quote(column)
                + " IS NULL;");
    }
}
