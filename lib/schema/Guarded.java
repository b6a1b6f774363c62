//SOURCES ../plan/Catalog.java ../sql/Change.java ../sql/Name.java ../sql/Statement.java Loss.java Part.java

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
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

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

    /** Statements that are commented out, and why; one with a question may be answered by another statement. */
    public record Held(List<String> statements, String why, String instead) {
    }

    /**
     * Guards a script.
     *
     * @param before what the database holds that the script starts from, and after where it leads
     * @param aside tables that are a tool's own
     */
    static Guarded of(String script, Catalog before, Catalog after, Set<Name> aside) {
        return new Writer(Part.of(script, aside), before, after).read();
    }

    private static final class Writer {
        private final Catalog before;
        private final Catalog after;
        private final List<Part> parts;
        private final Loss loss;
        private final Map<Part, String> reasons = new LinkedHashMap<>();
        private final List<Held> held = new ArrayList<>();
        private final Set<Part> gone = new LinkedHashSet<>();
        private final List<String> steps = new ArrayList<>();

        Writer(List<Part> parts, Catalog before, Catalog after) {
            this.parts = parts;
            this.before = before;
            this.after = after;
            this.loss = new Loss(parts, before);
        }

        Guarded read() {
            renames();
            losses();
            dependents();
            return write();
        }

        // A column or a table that goes while one of the same kind comes may be the same under another name.
        private void renames() {
            for (Part part : List.copyOf(parts)) {
                if (part.change() instanceof Change.DropColumn dropped) {
                    parts.stream().filter(other -> !gone.contains(other)
                            && other.change() instanceof Change.AddColumn added
                            && added.table().equals(dropped.table()) && sameType(dropped, added)).findFirst()
                            .ifPresent(other -> renamedColumn(part, dropped, other));
                } else if (part.change() instanceof Change.DropTable dropped) {
                    parts.stream().filter(other -> !gone.contains(other)
                            && other.change() instanceof Change.CreateTable made
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
            String to = ((Change.AddColumn) add.change()).column().name();
            held.add(new Held(List.of(add.sql(), drop.sql()), "Is " + dropped.table() + "." + dropped.column()
                    + " now called " + to + "? Then use RENAME, which keeps its values; the other two lose them",
                    "ALTER TABLE " + dropped.table().full() + " RENAME COLUMN " + Name.quote(dropped.column()) + " TO "
                    + Name.quote(to)));
            gone.add(drop);
            gone.add(add);
        }

        private void renamedTable(Part drop, Change.DropTable dropped, Part make) {
            Name to = ((Change.CreateTable) make.change()).table();
            held.add(new Held(List.of(make.sql(), drop.sql()), "Is the table " + dropped.table() + " now called " + to
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
                String why = gone.contains(part) ? null : loss.of(part);
                if (why != null) {
                    reasons.put(part, why);
                }
            }
        }

        // What needs an object that is not made cannot stand either.
        private void dependents() {
            Set<Name> lacking = new LinkedHashSet<>();
            parts.stream().filter(part -> gone.contains(part) || reasons.containsKey(part)).forEach(part -> {
                if (part.change() instanceof Change.CreateTable made && !before.has(made.table())) {
                    lacking.add(made.table());
                }
            });
            Set<String> columns = new LinkedHashSet<>();
            parts.stream().filter(gone::contains).forEach(part -> {
                if (part.change() instanceof Change.AddColumn added) {
                    columns.add(added.table() + "." + added.column().name());
                }
            });
            for (Part part : parts) {
                if (gone.contains(part) || reasons.containsKey(part)) {
                    continue;
                }
                boolean table = part.statement().relations().stream().anyMatch(lacking::contains);
                boolean column = part.statement().relations().stream().anyMatch(name -> part.statement().identifiers()
                        .stream().anyMatch(identifier -> columns.contains(name + "." + identifier)));
                if (table || column) {
                    reasons.put(part, part.sql().replaceAll("\\s+", " ").replaceFirst("^((?:\\S+ ){3}).*", "$1")
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
                    held.add(new Held(List.of(part.sql()), reasons.get(part), null));
                } else if (part.change() instanceof Change.AddEnumValue) {
                    enums.add(part.sql());
                } else if (!merged(part)) {
                    write(part, active, later);
                }
            }
            active.addAll(later);
            return new Guarded(List.copyOf(enums), List.copyOf(active), List.copyOf(held), List.copyOf(steps));
        }

        // An identity column has its values from the server: NOT NULL first and identity later would fail on rows.
        private boolean merged(Part part) {
            return IDENTITY.matcher(part.sql()).matches() && parts.stream().anyMatch(other ->
                    other.change() instanceof Change.AddColumn added && part.sql().contains(added.table().full())
                    && column(part).equals(added.column().name()));
        }

        private static String column(Part identity) {
            Matcher matcher = IDENTITY.matcher(identity.sql());
            return matcher.matches() ? Name.parse(matcher.group(2)).name() : "";
        }

        private void write(Part part, List<String> active, List<String> later) {
            if (!(part.change() instanceof Change.AddColumn added) || !added.column().notNull()
                    || added.column().defaultExpression() != null || added.column().generated()) {
                active.add(part.sql());
                return;
            }
            String table = added.table().full();
            String column = Name.quote(added.column().name());
            for (Part other : parts) {
                Matcher identity = IDENTITY.matcher(other.sql());
                if (identity.matches() && Name.parse(identity.group(1)).equals(added.table())
                        && column(other).equals(added.column().name())) {
                    active.add("ALTER TABLE " + table + " ADD COLUMN " + column + " " + added.column().type() + " "
                            + identity.group(3));
                    return;
                }
            }
            active.add(Statement.nullable(part.statement().actions().stream()
                    .filter(action -> action.change() == part.change()).findFirst().orElseThrow()));
            String shown = added.table() + "." + added.column().name();
            steps.add(shown + " must have a value in every row: write the UPDATE that gives it one");
            later.add("-- UPDATE " + table + " SET " + column + " = … WHERE " + column + " IS NULL;\n"
                    + "ALTER TABLE " + table + " ALTER COLUMN " + column + " SET NOT NULL");
        }
    }
}
