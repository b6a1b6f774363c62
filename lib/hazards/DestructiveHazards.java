//SOURCES ../sql/LockMode.java ../sql/Change.java ../sql/Name.java ../sql/Phrase.java Hazard.java Rule.java Spot.java Types.java

package lib.hazards;

import java.util.List;
import java.util.Set;
import lib.sql.Change;
import lib.sql.LockMode;
import lib.sql.Name;
import lib.sql.Phrase;

/** What takes rows, values or guarantees away and does not give them back. */
final class DestructiveHazards {
    private static final String TRASH = "release_trash";
    private static final Set<String> CODE = Set.of("DROP TYPE", "DROP DOMAIN", "DROP FUNCTION", "DROP PROCEDURE",
            "DROP ROUTINE", "DROP AGGREGATE", "DROP OPERATOR", "DROP CAST", "DROP COLLATION");

    static final List<Rule> RULES = List.of(
            new Rule(Hazard.dangerous("DES01", "DROP TABLE takes the rows with it").locks(LockMode.ACCESS_EXCLUSIVE, "")
                    .unless("the table is new in this release").instead("move it to a trash schema, drop it later"),
                    DestructiveHazards::table),
            new Rule(Hazard.dangerous("DES02", "DROP COLUMN takes the values with it")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "")
                    .unless("the table is new in this release")
                    .instead("stop using it first, keep a copy of key and value"), DestructiveHazards::column),
            new Rule(Hazard.dangerous("DES03", "DROP SCHEMA or DROP DATABASE takes everything in it").instead("a dump"),
                    spot -> of(spot, List.of("DROP SCHEMA", "DROP DATABASE"))),
            new Rule(Hazard.dangerous("DES04", "TRUNCATE empties a table, CASCADE those that refer to it too")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").unless("the table is new in this release")
                    .instead("DELETE in batches with a WHERE"), DestructiveHazards::truncate),
            new Rule(Hazard.dangerous("DES05", "one UPDATE or DELETE of every row")
                    .unless("the table is new in this release; of rows without a value also where it is small")
                    .instead("batches with a WHERE"), DestructiveHazards::allRows),
            new Rule(Hazard.dangerous("DES06", "CASCADE drops what nobody named")
                    .instead("drop by name; the rehearsal lists the victims"), DestructiveHazards::cascade),
            new Rule(Hazard.dangerous("DES07", "a narrower type cuts, rounds or refuses values")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "rewrite").unless("the table is new in this release, or empty")
                    .instead("count the values that do not fit, keep the old column"), DestructiveHazards::narrower),
            new Rule(Hazard.caution("DES08", "a guarantee of the data goes away").locks(LockMode.ACCESS_EXCLUSIVE, "")
                    .unless("the table is new in this release"), DestructiveHazards::weaker),
            new Rule(Hazard.dangerous("DES09", "what is dropped may be used by columns and indexes")
                    .instead("drop it without CASCADE after its last use is gone"), DestructiveHazards::dependants),
            new Rule(Hazard.caution("DES10", "ON CONFLICT DO NOTHING loses rows without a word")
                    .instead("count what was left out, and compare"), DestructiveHazards::lostRows));

    private DestructiveHazards() {
    }

    private static Rule.Hit table(Spot spot) {
        if (!(spot.change() instanceof Change.DropTable dropped) || spot.fresh(dropped.table())) {
            return null;
        }
        return Rule.Hit.of("DROP TABLE " + spot.sized(dropped.table()) + " cannot be undone; it locks the tables it "
                + "refers to as well", "CREATE SCHEMA IF NOT EXISTS " + TRASH + ";\nALTER TABLE "
                + dropped.table().sql() + " SET SCHEMA " + TRASH + ";");
    }

    private static Rule.Hit column(Spot spot) {
        if (!(spot.change() instanceof Change.DropColumn dropped) || spot.fresh(dropped.table())) {
            return null;
        }
        String place = dropped.table() + "." + dropped.column();
        return Rule.Hit.of("DROP COLUMN " + place + " cannot be undone, and code that still names it fails",
                "CREATE SCHEMA IF NOT EXISTS " + TRASH + ";\nCREATE TABLE " + TRASH + "."
                + Name.quote(dropped.table().name() + "_" + dropped.column()) + " AS SELECT id, "
                + Name.quote(dropped.column()) + " FROM " + dropped.table().sql() + ";\n" + spot.action().alone()
                + ";");
    }

    private static Rule.Hit of(Spot spot, List<String> tags) {
        return spot.first() && tags.contains(spot.tag())
                ? Rule.Hit.of(spot.statement().sql().replaceAll("\\s+", " ") + " takes everything in it", "") : null;
    }

    private static Rule.Hit truncate(Spot spot) {
        if (!(spot.change() instanceof Change.Truncate emptied)
                || emptied.tables().stream().allMatch(table -> !spot.used(table))) {
            return null;
        }
        Name first = emptied.tables().stream().filter(spot::used).findFirst().orElseThrow();
        return Rule.Hit.of("TRUNCATE empties " + spot.sized(first) + (spot.has("CASCADE")
                ? " and, without naming them, all tables that refer to it" : ""),
                "DELETE FROM " + first.sql() + " WHERE ...;   -- in batches");
    }

    private static Rule.Hit allRows(Spot spot) {
        boolean update = spot.change() instanceof Change.Update updated && !updated.where();
        boolean delete = spot.change() instanceof Change.Delete deleted && !deleted.where();
        if (!update && !delete) {
            return spot.change() instanceof Change.Update updated ? filling(spot, updated) : null;
        }
        Name table = spot.change().tables().get(0);
        boolean added = spot.change() instanceof Change.Update updated && updated.columns().stream()
                .allMatch(column -> spot.story().added(table, column));
        return !spot.used(table) ? null : Rule.Hit.of((update ? "UPDATE" : "DELETE") + " without WHERE touches every "
                + "row of " + spot.sized(table), update ? spot.statement().sql() + " WHERE id BETWEEN ... AND ...;"
                : "DELETE FROM " + table.sql() + " WHERE ...;")
                // A column that is as new as the release has no value that could be lost.
                .as(added ? Hazard.Severity.CAUTION : null);
    }

    /** WHERE column IS NULL of what is filled: all rows of a new column, and who knows how many of another. */
    private static Rule.Hit filling(Spot spot, Change.Update update) {
        Phrase phrase = spot.phrase();
        phrase.until(p -> p.take("WHERE"));
        String column = phrase.seesIdentifier() ? phrase.identifier() : "";
        boolean all = update.columns().contains(column) && phrase.take("IS NULL") && phrase.done();
        return !all || !spot.used(update.table()) || spot.small(update.table()) || spot.context().stopped() ? null
                : Rule.Hit.of("every row of " + spot.sized(update.table()) + " without " + column
                + " is locked until this one UPDATE is committed", "-- in batches:\n" + spot.statement().sql()
                + " AND id BETWEEN ... AND ...;").as(Hazard.Severity.CAUTION);
    }

    private static Rule.Hit cascade(Spot spot) {
        boolean drops = spot.tag().startsWith("DROP ") && spot.first() || spot.change() instanceof Change.DropColumn
                || spot.change() instanceof Change.DropConstraint || spot.tag().equals("ALTER TYPE")
                || spot.change() instanceof Change.Truncate || spot.tag().equals("REVOKE") && spot.first();
        return drops && spot.has("CASCADE") ? Rule.Hit.of("CASCADE: what hangs on it goes too, and nothing says what",
                spot.action().alone().replaceFirst("(?i)\\s+CASCADE\\b", "") + ";") : null;
    }

    private static Rule.Hit narrower(Spot spot) {
        if (!(spot.change() instanceof Change.SetType typed) || !spot.used(typed.table())) {
            return null;
        }
        String old = spot.story().type(typed.table(), typed.column());
        Types.Answer answer = Types.narrows(old, typed.type());
        boolean cast = typed.using() != null && !typed.using().replace("\"", "").equalsIgnoreCase(typed.column())
                && !Set.of("text", "varchar", "jsonb").contains(Types.name(typed.type()));
        if (answer == Types.Answer.NO || answer == Types.Answer.PERHAPS && !cast) {
            return null;
        }
        String column = Name.quote(typed.column());
        return Rule.Hit.of("values of " + typed.table() + "." + typed.column() + (old == null ? "" : " (" + old + ")")
                + " may not fit " + typed.type(), "SELECT " + column + " FROM " + typed.table().sql() + " WHERE "
                + column + " IS DISTINCT FROM CAST(CAST(" + column + " AS " + typed.type() + ") AS "
                + (old == null ? "text" : old) + ") LIMIT 10;");
    }

    private static Rule.Hit weaker(Spot spot) {
        String what = spot.change() instanceof Change.DropNotNull dropped ? "NOT NULL of " + dropped.column()
                : spot.change() instanceof Change.DropConstraint dropped ? "constraint " + dropped.name()
                : spot.change() instanceof Change.SetDefault set && set.expression() == null
                ? "default of " + set.column() : null;
        Name table = what == null ? null : spot.change().tables().get(0);
        return what == null || spot.fresh(table) ? null
                : Rule.Hit.of("the " + what + " goes away: " + table + " takes rows that it refused before", "");
    }

    private static Rule.Hit dependants(Spot spot) {
        boolean code = CODE.contains(spot.tag()) && spot.has("CASCADE");
        return spot.first() && (code || spot.tag().equals("DROP EXTENSION"))
                ? Rule.Hit.of(spot.tag() + (spot.has("CASCADE") ? " CASCADE drops every column and index that uses it"
                : " takes its types and functions with it"), "SELECT pg_describe_object(classid, objid, objsubid) "
                + "FROM pg_depend WHERE refobjid = ...;") : null;
    }

    private static Rule.Hit lostRows(Spot spot) {
        return spot.change() instanceof Change.Insert insert && spot.has("SELECT")
                && spot.has("ON CONFLICT") && spot.has("DO NOTHING")
                ? Rule.Hit.of("rows that " + insert.table() + " refuses are left out and not counted",
                "-- compare SELECT count(*) of the source with the rows inserted") : null;
    }
}
