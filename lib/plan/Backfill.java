//SOURCES ../sql/Change.java ../sql/Name.java ../Notes.java Catalog.java Node.java Pending.java Problem.java

package lib.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import lib.Notes;
import lib.sql.Change;
import lib.sql.Name;

/**
 * The data steps of the classic case: a new table keyed by a natural key (users by e-mail) which the tables that refer
 * to it hold today and give up in the same release. The new table is filled from all of them, then each of them refers
 * to it.
 */
final class Backfill {
    private static final Pattern CASELESS = Pattern.compile(
            "(?i)lower[- ]?cas|case[- ]?insensitiv|ignor\\w*\\s+(the\\s+)?case|\\blower\\s*\\(|regardless of case");
    private static final Pattern CASED = Pattern.compile("(?i)case[- ]?sensitiv|\\b(not?|never|without|don't)\\b"
            + "[^.;\\n]{0,30}(lower[- ]?cas|case[- ]?insensitiv|ignor\\w*\\s+(the\\s+)?case|\\blower\\s*\\()");

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

    /** A new table, the column of it that others refer to, and the natural key by which they find their row. */
    private record Home(Change.CreateTable made, String target, String key) {
        Name table() {
            return made.table();
        }
    }

    /** A referring table and the column in which it holds the natural key today. */
    private record Holder(Open open, String key) {
    }

    /** Finds the source of each open column that nobody wrote one for, or says which one has none. */
    void derive(List<Open> open) {
        Map<Home, List<Holder>> homes = new LinkedHashMap<>();
        for (Open column : open) {
            Change.Reference reference = release.reference(column.table(), column.column());
            Change.CreateTable made = reference == null ? null : release.created(reference.table());
            Home home = made == null ? null : home(column, open, made, reference);
            if (home != null) {
                homes.computeIfAbsent(home, key -> new ArrayList<>())
                        .add(new Holder(column, heldAs(column, open, home.key(), made)));
            } else if (column.required() && !byHand(column)) {
                unsourced(column, reference);
            }
        }
        homes.forEach(this::fill);
    }

    private boolean byHand(Open open) {
        return release.hasData(open.table(), open.column().name());
    }

    private void unsourced(Open column, Change.Reference reference) {
        String why = column.object() + " must not be NULL, " + column.table() + " has rows, and "
                + (reference == null ? "nothing says where its values come from"
                : "nothing says which row of " + reference.table() + " each of them belongs to");
        problems.add(Problem.source(column.object(), column.origin(), why, column.source(),
                "UPDATE " + column.table().sql() + " SET " + Name.quote(column.column().name()) + " = …;"));
    }

    // A unique column of the new table that the referring table holds under a matching name and gives up now.
    private Home home(Open column, List<Open> all, Change.CreateTable made, Change.Reference reference) {
        String target = reference.columns().isEmpty() ? release.primaryKey(made) : reference.columns().get(0);
        for (Change.Column candidate : made.columns()) {
            if (release.unique(made, candidate.name()) && !candidate.name().equals(target)
                    && heldAs(column, all, candidate.name(), made) != null) {
                return new Home(made, target, candidate.name());
            }
        }
        return null;
    }

    private String heldAs(Open column, List<Open> all, String key, Change.CreateTable made) {
        String base = column.column().name().replaceFirst("(?i)_?id$", "");
        String singular = made.table().name().replaceFirst("s$", "");
        List<String> names = new ArrayList<>(List.of(base + "_" + key));
        // Of two references from one table to another, the plain name says nothing about which of them it is.
        boolean alone = all.stream().filter(other -> other.table().equals(column.table())
                && refersTo(other, made.table())).count() == 1;
        if (alone || base.equalsIgnoreCase(singular)) {
            names.addAll(List.of(key, singular + "_" + key));
        }
        return names.stream().filter(name -> catalog.columns(release.before(column.table())).containsKey(name)
                && release.givesUp(column.table(), name)).findFirst().orElse(null);
    }

    private boolean refersTo(Open open, Name table) {
        Change.Reference reference = release.reference(open.table(), open.column());
        return reference != null && reference.table().equals(table);
    }

    private void fill(Home home, List<Holder> holders) {
        // Where somebody wrote how the new table is filled, only the references are still ours to set.
        boolean given = release.hasData(home.table());
        if (!given) {
            unknown(home, holders.get(0).open());
        }
        for (Holder holder : holders) {
            carried.add(new Node.Ref(holder.open().table(), holder.key()));
            if (!byHand(holder.open())) {
                keyless(home.table(), holder);
            }
        }
        String caseless = holders.stream().allMatch(this::isText) ? caseless(home, holders) : null;
        if (!given) {
            steps.add(insert(home, holders, caseless));
        }
        for (Holder holder : holders) {
            if (!byHand(holder.open())) {
                steps.add(update(home, holder, caseless != null, given));
            }
        }
    }

    private void unknown(Home home, Open open) {
        for (Change.Column column : home.made().columns()) {
            if (!column.name().equals(home.key()) && release.mustBeGiven(home.made(), column)) {
                String object = home.table() + "." + column.name();
                problems.add(Problem.source(object, open.origin(),
                        object + " must not be NULL, and no table that holds " + home.table() + "." + home.key()
                                + " says what it is", open.source(),
                        "INSERT INTO " + home.table().sql() + " (" + Name.quote(home.key()) + ", "
                                + Name.quote(column.name()) + ") SELECT DISTINCT " + Name.quote(home.key())
                                + ", … FROM …;"));
            }
        }
    }

    private void keyless(Name home, Holder holder) {
        Open open = holder.open();
        boolean answered = release.hasData(open.table(), holder.key()) || release.deletes(open.table(), holder.key())
                || release.deletes(open.table(), open.column().name());
        if (!open.required() || answered) {
            return;
        }
        String key = Name.quote(holder.key());
        long missing = catalog.count("SELECT count(*) FROM " + release.before(open.table()).sql()
                + " WHERE " + key + " IS NULL");
        if (missing > 0) {
            boolean one = missing == 1;
            String rows = (one ? " row of " : " rows of ") + open.table() + (one ? " holds no " : " hold no ");
            problems.add(Problem.source(open.object(), open.origin(),
                    open.object() + " must not be NULL, and " + missing + rows + holder.key()
                            + " to find " + (one ? "its" : "their") + " row of " + home + " by",
                    open.source(),
                    "UPDATE " + open.table().sql() + " SET " + key + " = … WHERE " + key + " IS NULL;"));
        }
    }

    private boolean isText(Holder holder) {
        String type = catalog.columns(release.before(holder.open().table())).get(holder.key()).type();
        return type.equals("text") || type.startsWith("character");
    }

    // Why keys are compared in lower case: the entry, the index or the rows say so; null when they are compared as is.
    private String caseless(Home home, List<Holder> holders) {
        List<Notes.Entry> about = entries.stream()
                .filter(entry -> entry.mentions(home.table().name()) || entry.mentions(home.key()))
                .toList();
        if (about.stream().anyMatch(entry -> CASED.matcher(entry.text()).find())) {
            return null;
        }
        for (Notes.Entry entry : about) {
            if (CASELESS.matcher(entry.text()).find()) {
                return "compared in lower case, as the entry \"" + entry.title() + "\" says";
            }
        }
        if (release.caseless(home.made(), home.key())) {
            return "compared in lower case, as its unique index does";
        }
        long collisions = catalog.count("SELECT count(DISTINCT key) - count(DISTINCT lower(key)) FROM ("
                + held(holders, false, true)
                + ") AS held");
        // No number: the text of the plan must not change with every new row.
        return collisions == 0 ? null : "compared in lower case, because some would otherwise occur twice";
    }

    private String held(List<Holder> holders, boolean lower, boolean before) {
        List<String> parts = new ArrayList<>();
        for (Holder holder : holders) {
            String column = Name.quote(holder.key());
            Name table = before ? release.before(holder.open().table()) : holder.open().table();
            parts.add("SELECT " + (lower ? "lower(" + column + ")" : column) + " AS key FROM " + table.sql()
                    + " WHERE " + column + " IS NOT NULL");
        }
        return "\n    " + String.join("\n    UNION ALL\n    ", parts) + "\n";
    }

    private Node insert(Home home, List<Holder> holders, String caseless) {
        String sql = "INSERT INTO " + home.table().sql() + " (" + Name.quote(home.key())
                + ")\nSELECT DISTINCT key FROM ("
                + held(holders, caseless != null, false) + ") AS held\nORDER BY key";
        Set<Node.Ref> needs = new LinkedHashSet<>(Set.of(new Node.Ref(home.table(), null)));
        holders.forEach(holder -> needs.addAll(List.of(new Node.Ref(holder.open().table(), holder.key()),
                new Node.Ref(holder.open().table(), null))));
        return Node.data(sql, "one row in " + home.table() + " for each " + home.key() + " that "
                + (holders.size() == 1 ? holders.get(0).open().table() : "any of its " + holders.size() + " tables")
                + " holds"
                + (caseless == null ? "" : "; " + caseless), needs, new Node.Ref(home.table(), null));
    }

    private Node update(Home home, Holder holder, boolean lower, boolean given) {
        Open open = holder.open();
        String held = "t." + Name.quote(holder.key());
        String key = "k." + Name.quote(home.key());
        String column = Name.quote(open.column().name());
        String sql = "UPDATE " + open.table().sql() + " AS t SET " + column + " = k." + Name.quote(home.target())
                + "\nFROM " + home.table().sql() + " AS k\nWHERE " + (lower && given ? "lower(" + key + ")" : key)
                + " = "
                + (lower ? "lower(" + held + ")" : held) + " AND t." + column + " IS NULL";
        Node.Ref filled = new Node.Ref(open.table(), open.column().name());
        return Node.data(sql, open.object() + " by " + holder.key(), Set.of(new Node.Ref(open.table(), holder.key()),
                new Node.Ref(open.table(), null), filled, new Node.Ref(home.table(), null)), filled);
    }
}
