//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Phrase.java Hazard.java Rule.java Spot.java

package lib.hazards;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Phrase;

/** Enum types and their values. */
final class EnumHazards {
    private static final Set<String> READING = Set.of("INSERT", "UPDATE", "DELETE", "SELECT", "MERGE", "ALTER TABLE",
            "CREATE INDEX", "CREATE TABLE", "CREATE VIEW", "CREATE TABLE AS", "DO");

    static final List<Rule> RULES = List.of(
            new Rule(Hazard.dangerous("ENM01", "a new enum value cannot be used in the transaction that adds it")
                    .unless("the two are in transactions of their own; release.java commits the value first")
                    .instead("COMMIT between the two, or a file of its own"), EnumHazards::used),
            new Rule(Hazard.caution("ENM02", "before PostgreSQL 12 no transaction can hold ADD VALUE").versions(9, 11)
                    .instead("run it outside a transaction"), EnumHazards::old),
            new Rule(Hazard.caution("ENM03", "a value without a place is sorted last")
                    .unless("BEFORE or AFTER names its place").instead("ADD VALUE ... AFTER 'value'"),
                    EnumHazards::unplaced),
            new Rule(Hazard.dangerous("ENM04", "PostgreSQL cannot take a value out of an enum")
                    .instead("a new type, and ALTER COLUMN TYPE ... USING (a rewrite)"), EnumHazards::removed),
            new Rule(Hazard.note("ENM05", "an enum grows easily and never shrinks").instead("a table of values"),
                    EnumHazards::created));

    private EnumHazards() {
    }

    private static Rule.Hit used(Spot spot) {
        Map<String, Name> values = spot.story().values;
        if (values.isEmpty() || !spot.first() || spot.context().managed() || !READING.contains(spot.tag())
                || !spot.story().inTransaction()) {
            return null;
        }
        List<String> strings = Phrase.of(spot.statement().sql()).strings();
        for (Map.Entry<String, Name> value : values.entrySet()) {
            String literal = "'" + value.getKey().replace("'", "''") + "'";
            if (strings.stream().anyMatch(string -> string.equals(literal)
                    || string.startsWith("$") && string.contains(literal))) {
                boolean made = spot.story().typeInTransaction(value.getValue());
                return made && spot.context().can(18) ? null : Rule.Hit.of("'" + value.getKey() + "' was added to "
                        + value.getValue() + " in this transaction: using it fails, \"unsafe use of new value\"",
                        "COMMIT;\n" + spot.statement().sql() + ";");
            }
        }
        return null;
    }

    private static Rule.Hit old(Spot spot) {
        return spot.change() instanceof Change.AddEnumValue && spot.context().server() > 0
                && spot.context().major() < 12 && spot.story().inTransaction()
                ? Rule.Hit.of("this server is PostgreSQL " + spot.context().major(), "COMMIT;\n"
                + spot.statement().sql() + ";") : null;
    }

    private static Rule.Hit unplaced(Spot spot) {
        return spot.change() instanceof Change.AddEnumValue added && !spot.has("BEFORE") && !spot.has("AFTER")
                ? Rule.Hit.of("'" + added.value() + "' comes last in the order of " + added.type(),
                spot.statement().sql() + " AFTER '...';") : null;
    }

    private static Rule.Hit removed(Spot spot) {
        boolean drops = spot.tag().equals("ALTER TYPE") && spot.has("DROP VALUE");
        boolean edits = spot.statement().writes().stream().anyMatch(name -> name.name().equals("pg_enum"));
        if (!drops && !edits) {
            return null;
        }
        String type = drops ? Phrase.of(spot.statement().sql()).identifiers().stream().skip(2).findFirst().orElse("e")
                : "e";
        return Rule.Hit.of(drops ? "ALTER TYPE ... DROP VALUE does not exist" : "editing pg_enum breaks indexes",
                List.of("CREATE TYPE " + type + "_new AS ENUM (...);",
                        "ALTER TABLE ... ALTER COLUMN ... TYPE " + type + "_new USING ...::text::" + type + "_new;",
                        "DROP TYPE " + type + ";", "ALTER TYPE " + type + "_new RENAME TO " + type + ";")
                        .stream().collect(Collectors.joining("\n")));
    }

    private static Rule.Hit created(Spot spot) {
        return spot.change() instanceof Change.CreateType type && spot.has("AS ENUM")
                ? Rule.Hit.of(type.type() + " is an enum", "") : null;
    }
}
