//SOURCES ../sql/LockMode.java ../sql/Change.java ../sql/Name.java Context.java Hazard.java IndexHazards.java
//SOURCES NullHazards.java Rule.java Spot.java Story.java

package lib.hazards;

import java.util.List;
import java.util.stream.Collectors;
import lib.sql.Change.Constraint.Kind;
import lib.sql.Change;
import lib.sql.LockMode;
import lib.sql.Name;

/** Adding and dropping constraints of tables. */
final class ConstraintHazards {
    private static final String TWO_STEPS = "ADD ... NOT VALID, and VALIDATE CONSTRAINT in a later transaction";

    static final List<Rule> RULES = List.of(
            new Rule(Hazard.dangerous("CON01", "a CHECK is added and every row is read for it")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "scan").unless("the table is new in this release, or empty")
                    .instead(TWO_STEPS), spot -> valid(spot, Kind.CHECK)),
            new Rule(Hazard.dangerous("CON02", "a foreign key is added and both tables are read for it")
                    .locks(LockMode.SHARE_ROW_EXCLUSIVE, "scan").unless("the table is new in this release, or empty")
                    .instead(TWO_STEPS), spot -> valid(spot, Kind.FOREIGN_KEY)),
            new Rule(Hazard.dangerous("CON03", "a constraint is validated in the transaction that added it")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "scan").unless("the two are in transactions of their own")
                    .instead("COMMIT between the two"), ConstraintHazards::together),
            new Rule(Hazard.dangerous("CON04", "a UNIQUE constraint builds its index while everybody waits")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "build")
                    .unless("USING INDEX, or the table is new in this release")
                    .instead("CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX"),
                    spot -> built(spot, Kind.UNIQUE)),
            new Rule(Hazard.dangerous("CON05", "a primary key builds its index while everybody waits")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "build")
                    .unless("USING INDEX, or the table is new in this release")
                    .instead("CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX"),
                    spot -> built(spot, Kind.PRIMARY_KEY)),
            new Rule(Hazard.caution("CON06", "a primary key reads the table unless its columns are NOT NULL already")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "scan").unless("the columns are known to be NOT NULL")
                    .instead("prove NOT NULL first, see CON08"), ConstraintHazards::nullableKey),
            new Rule(Hazard.dangerous("CON07", "an EXCLUDE constraint builds its index while everybody waits")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "build").unless("the table is new in this release, or empty")
                    .instead("no online way: a new table, or a window"), ConstraintHazards::exclude),
            new Rule(Hazard.caution("CON11", "dropping a foreign key locks the other table too")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").instead("a short lock_timeout, and both tables planned for"),
                    ConstraintHazards::dropForeignKey),
            new Rule(Hazard.caution("CON12", "dropping a key with CASCADE drops the foreign keys that need it")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").instead("drop the foreign keys by name first"),
                    ConstraintHazards::dropKey),
            new Rule(Hazard.note("CON13", "a foreign key without an index makes deletes in the other table slow")
                    .instead("CREATE INDEX CONCURRENTLY on its columns"), ConstraintHazards::withoutIndex),
            new Rule(Hazard.note("CON14", "a constraint without a name is hard to drop again").instead("name it"),
                    ConstraintHazards::unnamed),
            new Rule(Hazard.caution("CON17", "NOT VALID is refused for a foreign key of a partitioned table")
                    .versions(12, 17).unless("PostgreSQL 18").instead("one foreign key per partition"),
                    ConstraintHazards::partitioned),
            new Rule(Hazard.note("CON18", "a constraint that is NOT ENFORCED protects nothing").versions(18, 99)
                    .instead("enforce it, or write it as a comment"), ConstraintHazards::notEnforced));

    private ConstraintHazards() {
    }

    /** The constraint an action adds to a table somebody may use; null when it adds none. */
    private static Change.AddConstraint added(Spot spot, Kind kind) {
        return spot.change() instanceof Change.AddConstraint added && added.constraint().kind() == kind
                && spot.used(added.table()) ? added : null;
    }

    private static Rule.Hit valid(Spot spot, Kind kind) {
        Change.AddConstraint added = added(spot, kind);
        if (added == null || added.constraint().notValid() || !added.constraint().enforced()) {
            return null;
        }
        String other = added.constraint().references() == null ? ""
                : " and " + spot.sized(added.constraint().references().table());
        return Rule.Hit.of(words(kind) + " on " + spot.sized(added.table()) + " stops "
                + (kind == Kind.CHECK ? "reads and writes" : "writes to it" + other) + " while all rows are checked",
                twoSteps(spot, added)).as(spot.bySize(added.table()));
    }

    /** The same constraint NOT VALID and validated afterwards. */
    static String twoSteps(Spot spot, Change.AddConstraint added) {
        String name = name(added);
        return named(spot, added) + " NOT VALID;\n" + spot.commit() + "ALTER TABLE " + added.table().sql()
                + " VALIDATE CONSTRAINT " + Name.quote(name) + ";";
    }

    private static String named(Spot spot, Change.AddConstraint added) {
        return added.constraint().name() != null ? spot.action().alone()
                : spot.action().alone().replaceFirst("(?i)\\bADD\\s+(?=CHECK|FOREIGN|UNIQUE|PRIMARY|NOT|EXCLUDE)",
                        "ADD CONSTRAINT " + Name.quote(name(added)) + " ");
    }

    /** The constraint's name, or one in the style of the server's own. */
    static String name(Change.AddConstraint added) {
        return added.constraint().name() != null ? added.constraint().name()
                : IndexHazards.name(added.table(), added.constraint().columns(), switch (added.constraint().kind()) {
                    case FOREIGN_KEY -> "fkey";
                    case UNIQUE -> "key";
                    case PRIMARY_KEY -> "pkey";
                    case CHECK -> "check";
                    default -> "constraint";
                }).replace("__", "_");
    }

    /** The kind as people write it. */
    static String words(Kind kind) {
        return kind == Kind.FOREIGN_KEY ? "FOREIGN KEY" : kind.name().replace('_', ' ');
    }

    private static Rule.Hit together(Spot spot) {
        return spot.change() instanceof Change.ValidateConstraint valid && !spot.context().managed()
                && spot.story().unproven.contains(Story.key(valid.table(), valid.name())) && spot.used(valid.table())
                ? Rule.Hit.of(valid.name() + " was added in this transaction: its lock on " + spot.sized(valid.table())
                + " is held while all rows are read", "COMMIT;\n" + spot.action().alone() + ";")
                .as(spot.bySize(valid.table())) : null;
    }

    private static Rule.Hit built(Spot spot, Kind kind) {
        Change.AddConstraint added = added(spot, kind);
        if (added == null || added.constraint().usingIndex() != null) {
            return null;
        }
        String name = name(added);
        String columns = added.constraint().columns().stream().map(Name::quote).collect(Collectors.joining(", "));
        String table = added.table().sql();
        return Rule.Hit.of(words(kind) + " on " + spot.sized(added.table()) + " stops reads and writes while its index "
                + "is built", "CREATE UNIQUE INDEX CONCURRENTLY " + Name.quote(name) + " ON " + table + " (" + columns
                + ");\nALTER TABLE " + table + " ADD CONSTRAINT " + Name.quote(name) + " " + words(kind)
                + " USING INDEX " + Name.quote(name) + ";").as(spot.bySize(added.table()));
    }

    private static Rule.Hit nullableKey(Spot spot) {
        Change.AddConstraint added = added(spot, Kind.PRIMARY_KEY);
        if (added == null || added.constraint().usingIndex() == null) {
            return null;
        }
        List<String> columns = spot.story().columns(Name.of(added.table().schema(), added.constraint().usingIndex()));
        List<String> open = columns.stream().filter(column -> !spot.story().neverNull(added.table(), column)).toList();
        return !columns.isEmpty() && open.isEmpty() ? null
                : Rule.Hit.of("the primary key of " + spot.sized(added.table()) + " makes its columns NOT NULL, and "
                + "reads all rows for that unless they are already", open.stream()
                .map(column -> NullHazards.threeSteps(spot, added.table(), column))
                .collect(Collectors.joining("\n")));
    }

    private static Rule.Hit exclude(Spot spot) {
        Change.AddConstraint added = added(spot, Kind.EXCLUDE);
        return added == null ? null : Rule.Hit.of("EXCLUDE on " + spot.sized(added.table())
                + " stops reads and writes while its index is built; there is no other way",
                "-- make a new table with the constraint and move the rows, or plan a window")
                .as(spot.bySize(added.table()));
    }

    private static Rule.Hit dropForeignKey(Spot spot) {
        if (!(spot.change() instanceof Change.DropConstraint dropped) || spot.fresh(dropped.table())) {
            return null;
        }
        // Without a database its name says what it is, as tools and people give it.
        Context.Table known = spot.context().tables().get(dropped.table());
        Name other = known == null ? null : known.foreignKeys().get(dropped.name());
        boolean foreign = known == null ? dropped.name().matches("(?i)fk_.*|.*_(fk|fkey|foreign)(_.*)?")
                : other != null;
        boolean used = spot.used(dropped.table()) || other != null && spot.used(other);
        return !foreign || !used ? null : Rule.Hit.of("DROP CONSTRAINT " + dropped.name() + " locks " + dropped.table()
                + " and " + (other == null ? "the table it refers to" : other), "SET LOCAL lock_timeout = '2s';\n"
                + spot.action().alone() + ";");
    }

    private static Rule.Hit dropKey(Spot spot) {
        return spot.change() instanceof Change.DropConstraint dropped && spot.has("CASCADE")
                ? Rule.Hit.of("DROP CONSTRAINT " + dropped.name() + " CASCADE drops the foreign keys of other tables "
                + "that need it", "SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f' AND "
                + "confrelid = '" + dropped.table().sql().replace("'", "''") + "'::regclass;") : null;
    }

    private static Rule.Hit withoutIndex(Spot spot) {
        Change.AddConstraint added = added(spot, Kind.FOREIGN_KEY);
        return added == null || added.constraint().columns().isEmpty()
                || spot.story().indexed(added.table(), added.constraint().columns().get(0))
                || spot.story().beginning(added.table(), added.constraint().columns().subList(0, 1)) != null ? null
                : Rule.Hit.of("no index " + (spot.context().tables().isEmpty() ? "of this release " : "")
                + "helps deletes in "
                + added.constraint().references().table() + " to find rows of " + added.table(),
                "CREATE INDEX CONCURRENTLY " + Name.quote(IndexHazards.name(added.table(),
                        added.constraint().columns(), "idx")) + " ON " + added.table().sql() + " ("
                + added.constraint().columns().stream().map(Name::quote).collect(Collectors.joining(", ")) + ");");
    }

    private static Rule.Hit unnamed(Spot spot) {
        return spot.change() instanceof Change.AddConstraint added && added.constraint().name() == null
                ? Rule.Hit.of("the server will choose the constraint's name on " + added.table(),
                named(spot, added) + ";") : null;
    }

    private static Rule.Hit partitioned(Spot spot) {
        return spot.change() instanceof Change.AddConstraint added && added.constraint().notValid()
                && added.constraint().kind() == Kind.FOREIGN_KEY && spot.partitioned(added.table())
                && spot.context().mayBeBefore(18)
                ? Rule.Hit.of(added.table() + " is partitioned: a foreign key NOT VALID is refused before PostgreSQL "
                + "18", "-- add it to each partition, NOT VALID, and validate it there") : null;
    }

    private static Rule.Hit notEnforced(Spot spot) {
        return spot.change() instanceof Change.AddConstraint added && !added.constraint().enforced()
                ? Rule.Hit.of(name(added) + " is NOT ENFORCED: rows that break it are taken", "") : null;
    }
}
