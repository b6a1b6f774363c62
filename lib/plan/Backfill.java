//SOURCES ../sql/Change.java ../sql/Name.java ../Notes.java Catalog.java Node.java Pending.java Problem.java

package lib.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import lib.sql.Change;
import lib.sql.Name;
import lib.Notes;

/**
 * The data steps of the classic case: a new table keyed by a natural key (users by e-mail) which the tables that refer to it
 * hold today and give up in the same release. The new table is filled from all of them, then each of them refers to it.
 */
final class Backfill {
    private static final Pattern CASELESS = Pattern.compile(
            "(?i)lower[- ]?cas|case[- ]?insensitiv|ignor\\w*\\s+(the\\s+)?case|\\blower\\s*\\(|regardless of case");

    private final Catalog catalog;
    private final Pending release;
    private final List<Notes.Entry> entries;
    final List<Node> steps = new ArrayList<>();
    final List<Problem> problems = new ArrayList<>();
    /** Columns whose values live on in a new table. */
    final Set<Node.Ref> carried = new LinkedHashSet<>();

    Backfill(Catalog catalog, Pending release, List<Notes.Entry> entries) {
        this.catalog = catalog;
        this.release = release;
        this.entries = entries;
    }

    /**
     * A column that arrives without values on a table that has rows.
     *
     * @param required whether it must have a value at the end
     */
    record Open(Name table, Change.Column column, boolean required, String origin, String source) {
        String object() {
            return table + "." + column.name();
        }
    }

    /** A referring table and the column in which it holds the natural key today. */
    private record Holder(Open open, String key) {
    }

    /** Finds the source of each open column, or says which one has none. */
    void derive(List<Open> open) {
        Map<Change.Reference, List<Holder>> byTable = new LinkedHashMap<>();
        Map<Change.Reference, String> keys = new LinkedHashMap<>();
        for (Open column : open) {
            Change.Reference reference = release.reference(column.table(), column.column());
            Change.CreateTable made = reference == null ? null : release.created(reference.table());
            Change.Column natural = made == null ? null : naturalKey(column, made, reference);
            if (natural == null) {
                unsourced(column, reference);
                continue;
            }
            Change.Reference whole = new Change.Reference(reference.table(), List.of(target(made, reference)));
            keys.put(whole, natural.name());
            byTable.computeIfAbsent(whole, key -> new ArrayList<>()).add(new Holder(column, heldAs(column, natural.name(), reference)));
        }
        byTable.forEach((reference, holders) -> fill(reference, keys.get(reference), holders));
    }

    private void unsourced(Open column, Change.Reference reference) {
        if (!column.required()) {
            return;
        }
        String why = column.object() + " must not be NULL, " + column.table() + " has rows, and "
                + (reference == null ? "nothing says where its values come from"
                : "nothing says which row of " + reference.table() + " each of them belongs to");
        problems.add(Problem.source(column.object(), column.origin(), why, column.source(),
                "UPDATE " + column.table().sql() + " SET " + Name.quote(column.column().name()) + " = …;"));
    }

    // A unique column of the new table that the referring table holds under a matching name and gives up in this release.
    private Change.Column naturalKey(Open column, Change.CreateTable made, Change.Reference reference) {
        for (Change.Column candidate : made.columns()) {
            if (release.unique(made, candidate.name()) && !candidate.name().equals(target(made, reference))
                    && heldAs(column, candidate.name(), reference) != null) {
                return candidate;
            }
        }
        return null;
    }

    private String heldAs(Open column, String key, Change.Reference reference) {
        String base = column.column().name().replaceFirst("(?i)_?id$", "");
        String singular = reference.table().name().replaceFirst("s$", "");
        for (String name : List.of(key, base + "_" + key, singular + "_" + key)) {
            if (catalog.columns(column.table()).containsKey(name) && release.givesUp(column.table(), name)) {
                return name;
            }
        }
        return null;
    }

    private String target(Change.CreateTable made, Change.Reference reference) {
        return reference.columns().isEmpty() ? release.primaryKey(made) : reference.columns().get(0);
    }

    private void fill(Change.Reference reference, String key, List<Holder> holders) {
        Name table = reference.table();
        Change.CreateTable made = release.created(table);
        for (Change.Column column : made.columns()) {
            if (column.notNull() && column.defaultExpression() == null && !column.generated() && !column.name().equals(key)
                    && !column.name().equals(reference.columns().get(0))) {
                problems.add(Problem.source(table + "." + column.name(), holders.get(0).open().origin(), table + "." + column.name()
                        + " must not be NULL, and no table that holds " + table + "." + key + " says what it is",
                        holders.get(0).open().source(), "INSERT INTO " + table.sql() + " (" + Name.quote(key) + ", "
                                + Name.quote(column.name()) + ") SELECT DISTINCT " + Name.quote(key) + ", … FROM …;"));
            }
        }
        for (Holder holder : holders) {
            holder(table, holder);
        }
        boolean text = holders.stream().allMatch(this::isText);
        String why = text ? caseless(table, key, holders) : null;
        // Where somebody wrote how the new table is filled, only the references are still ours to set.
        if (!release.hasData(table)) {
            steps.add(insert(table, key, holders, why));
        }
        for (Holder holder : holders) {
            steps.add(update(reference, key, holder, why != null));
        }
    }

    private void holder(Name table, Holder holder) {
        Open open = holder.open();
        carried.add(new Node.Ref(open.table(), holder.key()));
        long missing = open.required() ? catalog.count("SELECT count(*) FROM " + open.table().sql() + " WHERE "
                + Name.quote(holder.key()) + " IS NULL") : 0;
        if (missing > 0) {
            problems.add(Problem.source(open.object(), open.origin(), open.object() + " must not be NULL, and " + missing
                    + (missing == 1 ? " row of " : " rows of ") + open.table() + " hold no " + holder.key()
                    + " to find their row of " + table + " by", open.source(),
                    "UPDATE " + open.table().sql() + " SET " + Name.quote(holder.key()) + " = … WHERE " + Name.quote(holder.key()) + " IS NULL;"));
        }
    }

    private boolean isText(Holder holder) {
        String type = catalog.columns(holder.open().table()).get(holder.key()).type();
        return type.equals("text") || type.startsWith("character");
    }

    // Why keys are compared in lower case: the entry says so, or the rows do; null when they are compared as they are.
    private String caseless(Name table, String key, List<Holder> holders) {
        for (Notes.Entry entry : entries) {
            if (CASELESS.matcher(entry.text()).find() && (entry.mentions(table.name()) || entry.mentions(key))) {
                return "compared in lower case, as the entry \"" + entry.title() + "\" says";
            }
        }
        long collisions = catalog.count("SELECT count(DISTINCT key) - count(DISTINCT lower(key)) FROM (" + held(holders, false) + ") AS held");
        // No number: the text of the plan must not change with every new row.
        return collisions == 0 ? null : "compared in lower case, because some would otherwise occur twice";
    }

    private static String held(List<Holder> holders, boolean lower) {
        List<String> parts = new ArrayList<>();
        for (Holder holder : holders) {
            String column = Name.quote(holder.key());
            parts.add("SELECT " + (lower ? "lower(" + column + ")" : column) + " AS key FROM " + holder.open().table().sql()
                    + " WHERE " + column + " IS NOT NULL");
        }
        return "\n    " + String.join("\n    UNION\n    ", parts) + "\n";
    }

    private Node insert(Name table, String key, List<Holder> holders, String caseless) {
        String sql = "INSERT INTO " + table.sql() + " (" + Name.quote(key) + ")\nSELECT key FROM (" + held(holders, caseless != null)
                + ") AS held\nORDER BY key";
        Set<Node.Ref> needs = new LinkedHashSet<>(Set.of(new Node.Ref(table, null)));
        holders.forEach(holder -> needs.add(new Node.Ref(holder.open().table(), holder.key())));
        return Node.data(sql, "one row in " + table + " for each " + key + " that any of its " + holders.size() + " tables holds"
                + (caseless == null ? "" : "; " + caseless), needs);
    }

    private Node update(Change.Reference reference, String key, Holder holder, boolean lower) {
        Open open = holder.open();
        String held = "t." + Name.quote(holder.key());
        String column = Name.quote(open.column().name());
        String sql = "UPDATE " + open.table().sql() + " AS t SET " + column + " = k." + Name.quote(reference.columns().get(0))
                + "\nFROM " + reference.table().sql() + " AS k\nWHERE k." + Name.quote(key) + " = " + (lower ? "lower(" + held + ")" : held)
                + " AND t." + column + " IS NULL";
        return Node.data(sql, open.object() + " by " + holder.key(), Set.of(new Node.Ref(open.table(), holder.key()),
                new Node.Ref(open.table(), open.column().name()), new Node.Ref(reference.table(), null)));
    }
}
