//SOURCES ../sql/LockMode.java ../sql/Change.java ../sql/Name.java ../sql/Phrase.java ConstraintHazards.java Hazard.java
//SOURCES Targets.java Rule.java Spot.java

package lib.hazards;

import java.util.List;
import lib.sql.Change;
import lib.sql.LockMode;
import lib.sql.Name;
import lib.sql.Phrase;

/** What breaks or stalls the code that runs while the schema changes. */
final class CompatibilityHazards {
    static final List<Rule> RULES = List.of(
            new Rule(Hazard.dangerous("CMP01", "a renamed column is gone for the code that runs")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").unless("the table is new in this release")
                    .instead("a new column, both written, the old one dropped later"), CompatibilityHazards::column),
            new Rule(Hazard.dangerous("CMP02", "a renamed table is gone for the code that runs")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").unless("the table is new in this release")
                    .instead("rename it, and leave a view with the old name"), CompatibilityHazards::table),
            new Rule(Hazard.dangerous("CMP03", "a renamed schema, type or enum value is gone for the code that runs")
                    .instead("add the new one, move, drop the old one later"), CompatibilityHazards::other),
            new Rule(Hazard.caution("CMP04", "code that runs may write rows the new rule refuses")
                    .unless("the application is stopped, or the table is new in this release")
                    .instead("first the code that obeys it, then the rule"), CompatibilityHazards::rule),
            new Rule(Hazard.caution("CMP05", "views, triggers and rules change what running code sees")
                    .locks(LockMode.SHARE_ROW_EXCLUSIVE, "").unless("the table is new in this release")
                    .instead("a short lock_timeout"), CompatibilityHazards::triggers),
            new Rule(Hazard.note("CMP06", "SELECT DISTINCT and UNION fail on a json column").instead("jsonb"),
                    CompatibilityHazards::json));

    private CompatibilityHazards() {
    }

    private static Rule.Hit column(Spot spot) {
        if (!(spot.change() instanceof Change.RenameColumn renamed) || spot.fresh(renamed.table())) {
            return null;
        }
        String table = renamed.table().sql();
        return Rule.Hit.of("code that runs fails on " + renamed.table() + "." + renamed.from() + " once it is "
                + renamed.to(), "ALTER TABLE " + table + " ADD COLUMN " + Name.quote(renamed.to())
                + " ...;\n-- write both, then in batches:\nUPDATE " + table + " SET " + Name.quote(renamed.to()) + " = "
                + Name.quote(renamed.from()) + " WHERE " + Name.quote(renamed.to()) + " IS NULL;")
                .as(spot.byService());
    }

    private static Rule.Hit table(Spot spot) {
        if (!(spot.change() instanceof Change.RenameTable renamed) || spot.fresh(renamed.table())
                || !spot.tag().equals("ALTER TABLE")) {
            return null;
        }
        Name made = Name.of(renamed.table().schema(), renamed.to());
        return Rule.Hit.of("code that runs fails on " + renamed.table() + " once it is " + renamed.to(),
                "BEGIN;\n" + spot.action().alone() + ";\nCREATE VIEW " + renamed.table().sql() + " AS SELECT * FROM "
                + made.sql() + ";\nCOMMIT;").as(spot.byService());
    }

    private static Rule.Hit other(Spot spot) {
        boolean renames = List.of("ALTER SCHEMA", "ALTER TYPE", "ALTER VIEW", "ALTER MATERIALIZED VIEW",
                "ALTER FUNCTION", "ALTER SEQUENCE", "ALTER DOMAIN").contains(spot.tag()) && spot.has("RENAME")
                && !spot.has("RENAME CONSTRAINT");
        return !renames || !spot.first() ? null : Rule.Hit.of(spot.tag() + " ... RENAME: code that runs still uses the "
                + "old name", "").as(spot.byService());
    }

    private static Rule.Hit rule(Spot spot) {
        if (spot.context().stopped()) {
            return null;
        }
        String what = spot.change() instanceof Change.SetNotNull set ? "NOT NULL of " + set.column()
                : spot.change() instanceof Change.AddConstraint added && added.constraint().enforced()
                ? ConstraintHazards.words(added.constraint().kind())
                : spot.change() instanceof Change.CreateIndex index && index.unique() ? "unique index" : null;
        Name table = what == null ? null : spot.change().tables().get(0);
        return table == null || spot.fresh(table) ? null
                : Rule.Hit.of("writes of the code that runs fail where they break the new " + what + " on " + table,
                "");
    }

    private static Rule.Hit triggers(Spot spot) {
        boolean switched = spot.kind().matches("ALTER TABLE (ENABLE|DISABLE)( ALWAYS| REPLICA)? (TRIGGER|RULE)");
        boolean view = spot.tag().equals("CREATE VIEW") && spot.has("REPLACE");
        boolean listed = List.of("CREATE TRIGGER", "DROP TRIGGER", "CREATE RULE", "DROP RULE").contains(spot.tag());
        if (!switched && !view && !listed) {
            return null;
        }
        Phrase phrase = spot.phrase();
        Name table = view ? Targets.after(phrase, "VIEW") : switched ? Targets.altered(phrase)
                : Targets.after(phrase, spot.tag().equals("CREATE RULE") ? "TO" : "ON");
        if (table == null || spot.fresh(table)) {
            return null;
        }
        boolean writes = switched && !spot.kind().endsWith("RULE") || spot.tag().equals("CREATE TRIGGER");
        return Rule.Hit.of((switched ? spot.kind().substring("ALTER TABLE ".length()) : spot.tag()) + " takes "
                + (writes ? LockMode.SHARE_ROW_EXCLUSIVE.sql() + " on " + table + ": writes wait"
                : LockMode.ACCESS_EXCLUSIVE.sql() + " on " + table + ": reads and writes wait"),
                "SET LOCAL lock_timeout = '2s';\n" + spot.action().alone() + ";");
    }

    private static Rule.Hit json(Spot spot) {
        List<Change.Column> columns = spot.change() instanceof Change.AddColumn added ? List.of(added.column())
                : spot.change() instanceof Change.CreateTable made ? made.columns() : List.of();
        return columns.stream().filter(column -> column.type().equals("json")).findFirst().map(column ->
                Rule.Hit.of(column.name() + " is json, which has no equality", spot.action().alone()
                        .replaceFirst("(?i)\\bjson\\b", "jsonb") + ";")).orElse(null);
    }
}
