//SOURCES ../sql/LockMode.java ../sql/Change.java ../sql/Name.java ../sql/Phrase.java Hazard.java Targets.java
//SOURCES Padding.java Rule.java SessionHazards.java Spot.java Types.java

package lib.hazards;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sql.Change.Column.How;
import lib.sql.Change;
import lib.sql.LockMode;
import lib.sql.Name;
import lib.sql.Phrase;
import lib.sql.Statement;

/** New columns, other types, and what rewrites a table. */
final class ColumnHazards {
    private static final Pattern CALL = Pattern.compile("(?i)(?<![\\w.\"])([a-z_][\\w$]*(?:\\.[a-z_][\\w$]*)?)\\s*\\(");
    /** Functions of the server that give another value in every row. */
    private static final Set<String> VOLATILE = Set.of("clock_timestamp", "timeofday", "random", "random_normal",
            "gen_random_uuid", "uuidv4", "uuidv7", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4",
            "gen_random_bytes", "gen_salt", "nextval", "currval", "setval", "pg_sleep");
    /** Functions of the server that do not; one that is in neither list may do either. */
    private static final Set<String> STEADY = Set.of("now", "transaction_timestamp", "statement_timestamp", "timezone",
            "date_trunc", "date_part", "extract", "lower", "upper", "md5", "coalesce", "nullif", "greatest", "least",
            "concat", "concat_ws", "format", "to_char", "to_date", "to_timestamp", "make_date", "make_interval",
            "make_timestamp", "jsonb_build_object", "jsonb_build_array", "json_build_object", "json_build_array",
            "to_jsonb", "to_json", "current_setting", "current_database", "length", "substring", "substr", "replace",
            "trim", "btrim", "ltrim", "rtrim", "round", "floor", "ceil", "abs", "cast", "interval", "varchar",
            "numeric", "array", "row", "localtime", "localtimestamp", "current_time", "current_timestamp", "point",
            "decode", "encode", "sha256", "digest", "array_fill", "string_to_array", "repeat", "any", "in", "and",
            "or", "not", "case", "when", "then", "else", "char", "bit", "time", "timestamp", "timestamptz", "decimal",
            "txid_current");
    private static final List<String> BRIEF = List.of("ALTER COLUMN SET STORAGE", "ALTER COLUMN SET COMPRESSION",
            "REPLICA IDENTITY", "OWNER TO", "ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY",
            "FORCE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY", "SET SCHEMA", "INHERIT", "NO INHERIT");

    static final List<Rule> RULES = List.of(
            new Rule(Hazard.dangerous("COL01", "another type rewrites the table and every index")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "rewrite")
                    .unless("the two types are stored alike (COL02), or the table is new or empty")
                    .instead("a new column, filled in batches, and swapped by name"), ColumnHazards::type),
            new Rule(Hazard.note("COL02", "another type that is stored alike needs a short lock only")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").instead("a short lock_timeout"), ColumnHazards::sameStorage),
            new Rule(Hazard.dangerous("COL03", "a default that differs from row to row rewrites the table")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "rewrite").unless("the table is new in this release, or empty")
                    .instead("the column, then SET DEFAULT, then fill the old rows in batches"),
                    ColumnHazards::volatileDefault),
            new Rule(Hazard.note("COL04", "a column with a constant default is added without a rewrite")
                    .locks(LockMode.ACCESS_EXCLUSIVE, ""), ColumnHazards::constantDefault),
            new Rule(Hazard.dangerous("COL05", "a serial or identity column rewrites the table")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "rewrite").unless("the table is new in this release, or empty")
                    .instead("a sequence, a default, and the old rows filled in batches"), ColumnHazards::numbered),
            new Rule(Hazard.dangerous("COL06", "a stored generated column rewrites the table")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "rewrite")
                    .unless("VIRTUAL (PostgreSQL 18), or the table is new or empty")
                    .instead("a plain column and a trigger; from PostgreSQL 18 on VIRTUAL"), ColumnHazards::stored),
            new Rule(Hazard.caution("COL07", "a short ALTER TABLE waits behind the longest query, and all behind it")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").unless("lock_timeout is set, or release.java runs it")
                    .instead("SET LOCAL lock_timeout, and try again"), ColumnHazards::brief),
            new Rule(Hazard.dangerous("COL08", "changing how a table is stored rewrites it")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "rewrite").unless("the table is new in this release, or empty")
                    .instead("a window"), ColumnHazards::storage),
            new Rule(Hazard.caution("COL09", "several ALTER TABLE of one table lock and read it several times")
                    .unless("the table is new in this release").instead("one ALTER TABLE with all actions"),
                    ColumnHazards::several),
            new Rule(Hazard.caution("COL10", "another type of a column with a CHECK reads all rows")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "scan").instead("drop the CHECK, and add it again NOT VALID"),
                    ColumnHazards::checkedType),
            new Rule(Hazard.note("COL11", "the order of the columns leaves bytes of each row empty")
                    .instead("wide types of fixed length first, texts last"), ColumnHazards::padded));

    /** Bytes; a row is a multiple of as many, so that less may not show. */
    private static final int WORTH_TELLING = 8;

    private ColumnHazards() {
    }

    /** The type change of a column that somebody may be using; null when it is none. */
    private static Change.SetType typed(Spot spot) {
        return spot.change() instanceof Change.SetType typed && spot.used(typed.table()) ? typed : null;
    }

    private static Types.Answer rewrites(Spot spot, Change.SetType typed) {
        String using = typed.using() == null ? "" : typed.using().replace("\"", "").strip();
        boolean plain = using.isEmpty() || using.equalsIgnoreCase(typed.column());
        return plain ? Types.rewrites(spot.story().type(typed.table(), typed.column()), typed.type())
                : Types.Answer.YES;
    }

    private static Rule.Hit type(Spot spot) {
        Change.SetType typed = typed(spot);
        Types.Answer answer = typed == null ? Types.Answer.NO : rewrites(spot, typed);
        if (answer == Types.Answer.NO) {
            return null;
        }
        String place = typed.table() + "." + typed.column();
        String old = spot.story().type(typed.table(), typed.column());
        boolean zone = Types.name(typed.type()).startsWith("timestamp");
        return Rule.Hit.of(place + (old == null ? "" : " from " + old) + " to " + typed.type()
                + (answer == Types.Answer.YES ? " rewrites " : " may rewrite ") + spot.sized(typed.table())
                + (answer == Types.Answer.YES ? "" : zone ? ", unless TimeZone is UTC"
                : ", unless the old type is stored alike"), swapped(typed))
                .as(answer == Types.Answer.PERHAPS ? Hazard.Severity.CAUTION : spot.bySize(typed.table()));
    }

    private static String swapped(Change.SetType typed) {
        String table = typed.table().sql();
        String old = Name.quote(typed.column());
        String made = Name.quote(typed.column() + "_new");
        return "ALTER TABLE " + table + " ADD COLUMN " + made + " " + typed.type()
                + ";\n-- write both columns, then in batches:\nUPDATE " + table + " SET " + made + " = "
                + (typed.using() == null ? old : typed.using())
                + " WHERE " + made + " IS NULL;\nALTER TABLE " + table + " RENAME COLUMN " + old + " TO "
                + Name.quote(typed.column() + "_old") + ";\nALTER TABLE " + table + " RENAME COLUMN " + made + " TO "
                + old + ";";
    }

    private static Rule.Hit sameStorage(Spot spot) {
        Change.SetType typed = typed(spot);
        return typed == null || rewrites(spot, typed) != Types.Answer.NO ? null
                : Rule.Hit.of(typed.table() + "." + typed.column() + " to " + typed.type() + " is done at once", "");
    }

    /** Whether a default gives every row its own value. */
    static Types.Answer differs(String expression) {
        Types.Answer answer = Types.Answer.NO;
        String code = expression == null ? "" : expression.replaceAll("(?s)'(?:[^']|'')*'", "''");
        for (Matcher call = CALL.matcher(code); call.find();) {
            String name = Name.parse(call.group(1)).name();
            if (VOLATILE.contains(name)) {
                return Types.Answer.YES;
            }
            answer = STEADY.contains(name) ? answer : Types.Answer.PERHAPS;
        }
        return answer;
    }

    private static Change.AddColumn added(Spot spot) {
        return spot.change() instanceof Change.AddColumn added && spot.used(added.table()) ? added : null;
    }

    private static Rule.Hit volatileDefault(Spot spot) {
        Change.AddColumn added = added(spot);
        Types.Answer answer = added == null ? Types.Answer.NO : differs(added.column().defaultExpression());
        if (answer == Types.Answer.NO) {
            return null;
        }
        Change.Column column = added.column();
        String alter = "ALTER TABLE " + added.table().sql();
        String quoted = Name.quote(column.name());
        return Rule.Hit.of("DEFAULT " + column.defaultExpression() + (answer == Types.Answer.YES ? " rewrites "
                : ", if that function is volatile, rewrites ") + spot.sized(added.table()),
                alter + " ADD COLUMN " + quoted + " " + column.type() + ";\n" + alter + " ALTER COLUMN " + quoted
                + " SET DEFAULT " + column.defaultExpression() + ";\n-- in batches:\nUPDATE " + added.table().sql()
                + " SET " + quoted + " = DEFAULT WHERE " + quoted + " IS NULL;")
                .as(answer == Types.Answer.PERHAPS ? Hazard.Severity.CAUTION : spot.bySize(added.table()));
    }

    private static Rule.Hit constantDefault(Spot spot) {
        Change.AddColumn added = added(spot);
        return added == null || added.column().defaultExpression() == null
                || differs(added.column().defaultExpression()) != Types.Answer.NO ? null
                : Rule.Hit.of("DEFAULT " + added.column().defaultExpression() + " is kept in the catalog", "");
    }

    private static Rule.Hit numbered(Spot spot) {
        Change.AddColumn added = added(spot);
        if (added == null || added.column().how() != How.SERIAL && added.column().how() != How.IDENTITY) {
            return null;
        }
        String name = added.table().name() + "_" + added.column().name() + "_seq";
        String alter = "ALTER TABLE " + added.table().sql();
        String quoted = Name.quote(added.column().name());
        return Rule.Hit.of(added.column().name() + " gets a number in every row of " + spot.sized(added.table()),
                "CREATE SEQUENCE " + Name.quote(name) + ";\n" + alter + " ADD COLUMN " + quoted + " bigint;\n" + alter
                + " ALTER COLUMN " + quoted + " SET DEFAULT nextval('" + Name.quote(name).replace("'", "''")
                + "');\n-- in batches:\nUPDATE " + added.table().sql() + " SET " + quoted + " = DEFAULT WHERE "
                + quoted + " IS NULL;").as(spot.bySize(added.table()));
    }

    private static Rule.Hit stored(Spot spot) {
        Change.AddColumn added = added(spot);
        return added == null || added.column().how() != How.STORED ? null
                : Rule.Hit.of(added.column().name() + " is computed for every row of " + spot.sized(added.table()),
                spot.context().can(18) ? spot.action().alone().replaceFirst("(?i)\\bSTORED\\b", "VIRTUAL") + ";"
                : "ALTER TABLE " + added.table().sql() + " ADD COLUMN " + Name.quote(added.column().name()) + " "
                + added.column().type() + ";\n-- then a BEFORE INSERT OR UPDATE trigger, and fill the old rows")
                .as(spot.bySize(added.table()));
    }

    private static Rule.Hit brief(Spot spot) {
        boolean policy = List.of("CREATE POLICY", "ALTER POLICY", "DROP POLICY").contains(spot.tag());
        boolean alters = spot.tag().equals("ALTER TABLE") && (spot.change() instanceof Change.SetDefault
                || BRIEF.stream().anyMatch(kind -> spot.kind().equals("ALTER TABLE " + kind)));
        if (!policy && !alters || SessionHazards.limited(spot)) {
            return null;
        }
        Name table = policy ? Targets.after(spot.phrase(), "ON") : Targets.altered(spot.phrase());
        return table == null || !spot.used(table) ? null : Rule.Hit.of((policy ? spot.tag() : "ALTER TABLE")
                + " waits for every open query on " + table + ", and everybody waits behind it" + (spot.change()
                instanceof Change.SetDefault set ? "; rows that running code writes without " + set.column()
                + " get another value from then on" : ""),
                "SET LOCAL lock_timeout = '2s';\n" + spot.action().alone() + ";");
    }

    private static Rule.Hit storage(Spot spot) {
        if (!List.of("ALTER TABLE SET LOGGED", "ALTER TABLE SET UNLOGGED", "ALTER TABLE SET ACCESS METHOD",
                "ALTER TABLE SET TABLESPACE").contains(spot.kind())) {
            return null;
        }
        Name table = Targets.altered(spot.phrase());
        return !spot.used(table) ? null : Rule.Hit.of(spot.kind().substring("ALTER TABLE ".length()) + " rewrites "
                + spot.sized(table) + (spot.kind().endsWith("UNLOGGED") ? "; a crash then empties it" : ""), "")
                .as(spot.bySize(table));
    }

    private static Rule.Hit several(Spot spot) {
        Statement before = spot.story().before;
        if (!spot.first() || before == null || !combines(before) || !combines(spot.statement())) {
            return null;
        }
        Name table = Targets.altered(Phrase.of(spot.statement().sql()));
        if (spot.fresh(table) || !table.equals(Targets.altered(Phrase.of(before.sql())))) {
            return null;
        }
        List<String> actions = new ArrayList<>(List.of(actions(before), actions(spot.statement())));
        return Rule.Hit.of("the statement before alters " + table + " too", "ALTER TABLE " + table.sql() + " "
                + String.join(", ", actions) + ";");
    }

    private static boolean combines(Statement statement) {
        return statement.tag().equals("ALTER TABLE") && statement.verified() && statement.actions().stream()
                .map(Statement.Action::change).noneMatch(change -> change instanceof Change.RenameColumn
                || change instanceof Change.RenameTable || change instanceof Change.ValidateConstraint
                || change instanceof Change.Other);
    }

    private static String actions(Statement statement) {
        Phrase phrase = Phrase.of(statement.sql());
        Targets.altered(phrase);
        return phrase.source();
    }

    private static Rule.Hit padded(Spot spot) {
        // Columns that come from another table stand before its own.
        if (!(spot.change() instanceof Change.CreateTable made) || spot.has("INHERITS") || spot.has("PARTITION OF")
                || spot.statement().sql().matches("(?is).*\\bLIKE\\s.*")) {
            return null;
        }
        Padding padding = Padding.of(made.columns());
        return padding.bytes() < WORTH_TELLING ? null : Rule.Hit.of(padding.bytes() + " bytes of each row of "
                + made.table() + " stay empty between its columns", "-- in this order none: "
                + String.join(", ", padding.order()));
    }

    private static Rule.Hit checkedType(Spot spot) {
        Change.SetType typed = typed(spot);
        return typed != null && spot.story().checked(typed.table(), typed.column())
                ? Rule.Hit.of("a CHECK of " + typed.table() + " uses " + typed.column() + ": all rows are read again",
                "-- DROP CONSTRAINT first, and ADD it again NOT VALID") : null;
    }
}
