//SOURCES ../plan/Catalog.java ../plan/Narrowing.java ../sql/Change.java ../sql/Name.java ../sql/Sql.java
//SOURCES ../sql/Statement.java ../trash/Trash.java

package lib.schema;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.plan.Catalog;
import lib.plan.Narrowing;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Sql;
import lib.sql.Statement;
import lib.trash.Trash;

/**
 * A script between two schemas made safe: what would lose values is held back, each with its reason, and what would
 * fail on rows is taken apart.
 *
 * @param enums values of enums, which must be committed before anything uses them
 * @param active what may stand in a migration
 * @param held what a person has to decide about
 * @param steps what has to be done between statements
 */
public record Guarded(List<String> enums, List<String> active, List<Held> held, List<String> steps) {
    private static final Pattern IDENTITY = Pattern.compile("(?is)ALTER TABLE (?:ONLY )?(\\S+)\\s+ALTER COLUMN (\\S+)"
            + " ADD (GENERATED (?:ALWAYS|BY DEFAULT) AS IDENTITY\\b.*)");
    private static final Pattern DROPPED = Pattern.compile("(?is)DROP (TYPE|DOMAIN|SEQUENCE|SCHEMA|VIEW"
            + "|MATERIALIZED VIEW|FUNCTION|PROCEDURE|AGGREGATE|INDEX|EXTENSION|COLLATION|OPERATOR|STATISTICS|SERVER"
            + "|TRIGGER|POLICY|RULE|EVENT TRIGGER|CAST|PUBLICATION)\\s+(?:IF EXISTS )?(.*)");

    /** What holds no values, so that it may be made again. */
    private static final Set<String> CODE = Set.of("VIEW", "FUNCTION", "PROCEDURE", "AGGREGATE", "TRIGGER", "POLICY",
            "RULE");

    /** Statements that are commented out, and why; one with a question may be answered by another statement. */
    public record Held(List<String> statements, String why, String instead) {
    }

    /** One statement of the script, or one action of it. */
    private record Part(String sql, Statement statement, Change change) {
    }

    /**
     * Guards a script.
     *
     * @param before what the database holds that the script starts from, and after where it leads
     * @param aside tables that are a tool's own
     */
    static Guarded of(String script, Catalog before, Catalog after, Set<Name> aside) {
        return new Writer(before, after, aside).read(script);
    }

    private static final class Writer {
        private final Catalog before;
        private final Catalog after;
        private final Set<Name> aside;
        private final List<Part> parts = new ArrayList<>();
        private final Map<Part, String> reasons = new LinkedHashMap<>();
        private final List<Held> held = new ArrayList<>();
        private final Set<Part> gone = new LinkedHashSet<>();
        private final List<String> steps = new ArrayList<>();

        Writer(Catalog before, Catalog after, Set<Name> aside) {
            this.before = before;
            this.after = after;
            this.aside = aside;
        }

        Guarded read(String script) {
            for (Sql.Piece piece : Sql.split(script)) {
                Statement statement = Statement.of(Sql.withoutComments(piece.text()), piece.line());
                boolean ours = statement.relations().stream().noneMatch(aside::contains)
                        && !piece.text().contains(Trash.PREFIX);
                if (ours && !Set.of("SET", "SELECT").contains(statement.tag()) && !owner(statement)) {
                    statement.actions().forEach(action -> parts.add(new Part(action.alone(), statement,
                            action.change())));
                }
            }
            renames();
            losses();
            dependents();
            return write();
        }

        private static boolean owner(Statement statement) {
            return statement.sql().matches("(?is)ALTER .* OWNER TO \\S+");
        }

        // A column or a table that goes while one of the same kind comes may be the same under another name.
        private void renames() {
            for (Part part : List.copyOf(parts)) {
                if (part.change instanceof Change.DropColumn dropped) {
                    parts.stream().filter(other -> !gone.contains(other)
                            && other.change instanceof Change.AddColumn added
                            && added.table().equals(dropped.table()) && sameType(dropped, added)).findFirst()
                            .ifPresent(other -> renamedColumn(part, dropped, other));
                } else if (part.change instanceof Change.DropTable dropped) {
                    parts.stream().filter(other -> !gone.contains(other)
                            && other.change instanceof Change.CreateTable made
                            && !made.table().equals(dropped.table()) && columns(before, dropped.table())
                            .equals(columns(after, made.table()))).findFirst()
                            .ifPresent(other -> renamedTable(part, dropped, other));
                }
            }
        }

        private boolean sameType(Change.DropColumn dropped, Change.AddColumn added) {
            Catalog.Column old = before.columns(dropped.table()).get(dropped.column());
            Catalog.Column now = after.columns(added.table()).get(added.column().name());
            return old != null && now != null && old.type().equals(now.type())
                    && !dropped.column().equals(added.column().name());
        }

        private void renamedColumn(Part drop, Change.DropColumn dropped, Part add) {
            String to = ((Change.AddColumn) add.change).column().name();
            held.add(new Held(List.of(add.sql, drop.sql), "Is " + dropped.table() + "." + dropped.column()
                    + " now called " + to + "? Then use RENAME, which keeps its values; the other two lose them",
                    "ALTER TABLE " + dropped.table().full() + " RENAME COLUMN " + Name.quote(dropped.column()) + " TO "
                    + Name.quote(to)));
            gone.add(drop);
            gone.add(add);
        }

        private void renamedTable(Part drop, Change.DropTable dropped, Part make) {
            Name to = ((Change.CreateTable) make.change).table();
            held.add(new Held(List.of(make.sql, drop.sql), "Is the table " + dropped.table() + " now called " + to
                    + "? Then use RENAME, which keeps its rows; the other two lose them", dropped.table().schema()
                    .equals(to.schema()) ? "ALTER TABLE " + dropped.table().full() + " RENAME TO "
                    + Name.quote(to.name()) : "ALTER TABLE " + dropped.table().full() + " SET SCHEMA "
                    + Name.quote(to.schema())));
            gone.add(drop);
            gone.add(make);
        }

        private static List<String> columns(Catalog catalog, Name table) {
            return catalog.columns(table).values().stream().map(column -> column.name() + " " + column.type()).sorted()
                    .toList();
        }

        private void losses() {
            for (Part part : parts) {
                String why = gone.contains(part) ? null : loss(part);
                if (why != null) {
                    reasons.put(part, why);
                }
            }
        }

        private String loss(Part part) {
            Change change = part.change;
            if (change instanceof Change.DropTable dropped) {
                return made(dropped.table()) ? "the table " + dropped.table() + " is dropped and made again: its rows"
                        + " are lost" : "the table " + dropped.table() + " and its rows are lost";
            }
            if (change instanceof Change.CreateTable made && before.has(made.table())) {
                return "the table " + made.table() + " is dropped and made again: its rows are lost";
            }
            if (change instanceof Change.DropColumn dropped) {
                return "the values of " + dropped.table() + "." + dropped.column() + " are lost";
            }
            if (change instanceof Change.AddColumn added
                    && before.columns(added.table()).containsKey(added.column().name())) {
                return added.table() + "." + added.column().name() + " is dropped and made again: its values are lost";
            }
            if (change instanceof Change.Update || change instanceof Change.Delete
                    || change instanceof Change.Truncate) {
                return "it changes rows, and nobody asked for that";
            }
            if (change instanceof Change.SetType type) {
                Catalog.Column old = before.columns(type.table()).get(type.column());
                boolean fits = old != null && Narrowing.condition(Name.quote(type.column()), old.type(), type.type(),
                        null, 0).isEmpty();
                return fits ? null : type.table() + "." + type.column() + " becomes " + type.type()
                        + ": values may not fit, or lose what they say";
            }
            if (change instanceof Change.DropConstraint dropped && parts.stream().anyMatch(other ->
                    other.change instanceof Change.DropTable table && table.table().equals(dropped.table()))) {
                return "the table " + dropped.table() + " and its rows are lost";
            }
            if (change instanceof Change.DropConstraint dropped) {
                return again("ADD CONSTRAINT " + Name.quote(dropped.name()), dropped.table().full()) ? null
                        : "the constraint " + dropped.name() + " of " + dropped.table()
                        + " no longer protects its rows";
            }
            if (change instanceof Change.DropIndex dropped) {
                return again("INDEX " + Name.quote(dropped.index().name()), "") ? null
                        : "queries that use the index " + dropped.index() + " become slow";
            }
            return dropped(part);
        }

        private boolean made(Name table) {
            return parts.stream().anyMatch(other -> other.change instanceof Change.CreateTable made
                    && made.table().equals(table));
        }

        private boolean again(String words, String table) {
            return parts.stream().anyMatch(other -> other.sql.contains(words) && other.sql.contains(table)
                    && !other.sql.startsWith("DROP"));
        }

        // A type that is made again takes the columns of the old one with it; a view or a function holds no values.
        private String dropped(Part part) {
            Matcher drop = DROPPED.matcher(part.sql);
            if (!drop.matches()) {
                return recreatedType(part);
            }
            String kind = drop.group(1).toUpperCase();
            String object = drop.group(2).strip();
            boolean again = parts.stream().anyMatch(other -> other.sql.matches("(?is)CREATE (OR REPLACE )?"
                    + Pattern.quote(kind) + "\\s+" + Pattern.quote(object) + "\\b.*"));
            return again && CODE.contains(kind) ? null : again ? kind.toLowerCase() + " " + object
                    + " is dropped and made again: columns of it lose their values"
                    : kind.toLowerCase() + " " + object + " goes";
        }

        private String recreatedType(Part part) {
            Matcher create = Pattern.compile("(?is)CREATE TYPE\\s+(\\S+)\\b.*").matcher(part.sql);
            return create.matches() && parts.stream().anyMatch(other -> other.sql.matches("(?is)DROP TYPE\\s+"
                    + Pattern.quote(create.group(1)))) ? "type " + create.group(1) + " is dropped and made again"
                    : null;
        }

        // What needs an object that is not made cannot stand either.
        private void dependents() {
            Set<Name> lacking = new LinkedHashSet<>();
            parts.stream().filter(part -> gone.contains(part) || reasons.containsKey(part)).forEach(part -> {
                if (part.change instanceof Change.CreateTable made && !before.has(made.table())) {
                    lacking.add(made.table());
                }
            });
            Set<String> columns = new LinkedHashSet<>();
            parts.stream().filter(gone::contains).forEach(part -> {
                if (part.change instanceof Change.AddColumn added) {
                    columns.add(added.table() + "." + added.column().name());
                }
            });
            for (Part part : parts) {
                if (gone.contains(part) || reasons.containsKey(part)) {
                    continue;
                }
                boolean table = part.statement.relations().stream().anyMatch(lacking::contains);
                boolean column = part.statement.relations().stream().anyMatch(name -> part.statement.identifiers()
                        .stream().anyMatch(identifier -> columns.contains(name + "." + identifier)));
                if (table || column) {
                    reasons.put(part, part.sql.replaceAll("\\s+", " ").replaceFirst("^((?:\\S+ ){3}).*", "$1")
                            + "needs what is commented out");
                }
            }
        }

        private Guarded write() {
            List<String> enums = new ArrayList<>();
            List<String> active = new ArrayList<>();
            List<String> later = new ArrayList<>();
            for (Part part : parts) {
                if (gone.contains(part)) {
                    continue;
                }
                if (reasons.containsKey(part)) {
                    held.add(new Held(List.of(part.sql), reasons.get(part), null));
                } else if (part.change instanceof Change.AddEnumValue) {
                    enums.add(part.sql);
                } else if (!merged(part)) {
                    write(part, active, later);
                }
            }
            active.addAll(later);
            return new Guarded(List.copyOf(enums), List.copyOf(active), List.copyOf(held), List.copyOf(steps));
        }

        // An identity column has its values from the server: NOT NULL first and identity later would fail on rows.
        private boolean merged(Part part) {
            return IDENTITY.matcher(part.sql).matches() && parts.stream().anyMatch(other ->
                    other.change instanceof Change.AddColumn added && part.sql.contains(added.table().full())
                    && column(part).equals(added.column().name()));
        }

        private static String column(Part identity) {
            Matcher matcher = IDENTITY.matcher(identity.sql);
            return matcher.matches() ? Name.parse(matcher.group(2)).name() : "";
        }

        private void write(Part part, List<String> active, List<String> later) {
            if (!(part.change instanceof Change.AddColumn added) || !added.column().notNull()
                    || added.column().defaultExpression() != null || added.column().generated()) {
                active.add(part.sql);
                return;
            }
            String table = added.table().full();
            String column = Name.quote(added.column().name());
            for (Part other : parts) {
                Matcher identity = IDENTITY.matcher(other.sql);
                if (identity.matches() && Name.parse(identity.group(1)).equals(added.table())
                        && column(other).equals(added.column().name())) {
                    active.add("ALTER TABLE " + table + " ADD COLUMN " + column + " " + added.column().type() + " "
                            + identity.group(3));
                    return;
                }
            }
            active.add(Statement.nullable(part.statement.actions().stream()
                    .filter(action -> action.change() == part.change).findFirst().orElseThrow()));
            String shown = added.table() + "." + added.column().name();
            steps.add(shown + " must have a value in every row: write the UPDATE that gives it one");
            later.add("-- UPDATE " + table + " SET " + column + " = … WHERE " + column + " IS NULL;\n"
                    + "ALTER TABLE " + table + " ALTER COLUMN " + column + " SET NOT NULL");
        }
    }
}
