//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Phrase.java ../sql/Statement.java Catalog.java Narrowing.java
//SOURCES Node.java Pending.java

package lib.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Phrase;
import lib.sql.Statement;

/**
 * What to count before a statement runs: the rows that it would not bear.
 *
 * @param table as the database knows it now
 * @param columns an index that begins with one of them makes the count cheap
 * @param query null where nothing can be counted, and {@code what} says why
 */
record Question(String statement, String what, Name table, List<String> columns, String query) {

    /** The questions that one part of a release raises; names are those from before the release. */
    static List<Question> of(Pending.Part part, Pending release, Catalog catalog, int major) {
        return new Writer(part, release, catalog, major).questions();
    }

    /** The rows of a table that gets a column which must have a value, and has none for them. */
    static Optional<Question> unfilled(Pending.Part part, Pending release, Catalog catalog) {
        if (part.change() instanceof Change.SetNotNull set && catalog.has(set.table())
                && release.created(set.table()) == null) {
            Change.Column added = release.added(set.table(), set.column());
            if (added != null && added.defaultExpression() == null && !added.generated()
                    && !catalog.columns(set.table()).containsKey(set.column())) {
                return Optional.of(new Question(part.action().alone(), set.table() + "." + set.column()
                        + " NOT NULL, which is new and has no value yet", set.table(), List.of(),
                        "SELECT count(*) FROM " + set.table().full()));
            }
        }
        return Optional.empty();
    }

    private static final class Writer {
        private final Pending.Part part;
        private final Pending release;
        private final Catalog catalog;
        private final int major;
        private final List<Question> questions = new ArrayList<>();

        Writer(Pending.Part part, Pending release, Catalog catalog, int major) {
            this.part = part;
            this.release = release;
            this.catalog = catalog;
            this.major = major;
        }

        List<Question> questions() {
            Change change = part.change();
            if (change instanceof Change.SetNotNull set) {
                notNull(set.table(), List.of(set.column()));
            } else if (change instanceof Change.AddConstraint added && checked(added)) {
                constraint(added.table(), added.constraint());
            } else if (change instanceof Change.ValidateConstraint validated) {
                validated(validated);
            } else if (change instanceof Change.CreateIndex index && index.unique()) {
                index(index);
            } else if (change instanceof Change.SetType type) {
                type(type);
            }
            return questions;
        }

        // A constraint that is NOT VALID is a question when it is validated.
        private static boolean checked(Change.AddConstraint added) {
            return !added.constraint().notValid() && added.constraint().enforced()
                    && added.constraint().usingIndex() == null;
        }

        private void constraint(Name table, Change.Constraint constraint) {
            switch (constraint.kind()) {
                case NOT_NULL -> notNull(table, constraint.columns());
                case PRIMARY_KEY -> {
                    notNull(table, constraint.columns());
                    unique(table, columns(constraint.columns()), "", "a primary key");
                }
                case UNIQUE -> unique(table, columns(constraint.columns()),
                        Phrase.of(part.action().alone()).has("NULLS NOT DISTINCT") ? null : "", "a unique constraint");
                case FOREIGN_KEY -> reference(table, constraint);
                case CHECK -> add(table, List.of(), "CHECK (" + constraint.condition() + ")", "SELECT count(*) FROM "
                        + before(table).full() + " WHERE NOT (" + constraint.condition() + ")");
                default -> add(table, List.of(), "an exclusion constraint, which only the server can check", null);
            }
        }

        private void validated(Change.ValidateConstraint validated) {
            for (Pending.Part other : release.parts) {
                if (other.change() instanceof Change.AddConstraint added && added.table().equals(validated.table())
                        && validated.name().equals(added.constraint().name())) {
                    constraint(added.table(), added.constraint());
                    return;
                }
            }
            Name table = before(validated.table());
            String definition = catalog.constraint(table, validated.name());
            if (definition != null) {
                String sql = "ALTER TABLE " + table.full() + " ADD " + definition.replaceFirst(" NOT VALID$", "");
                if (Statement.of(sql, 0).actions().get(0).change() instanceof Change.AddConstraint added) {
                    constraint(validated.table(), added.constraint());
                }
            }
        }

        private void notNull(Name table, List<String> columns) {
            for (String column : columns) {
                Node.Ref was = release.before(part, table, column);
                if (catalog.columns(was.table()).containsKey(was.column())
                        && !catalog.columns(was.table()).get(was.column()).notNull()) {
                    add(table, List.of(was.column()), was.table() + "." + was.column() + " NOT NULL",
                            "SELECT count(*) FROM " + was.table().full() + " WHERE " + Name.quote(was.column())
                            + " IS NULL");
                }
            }
        }

        private void index(Change.CreateIndex index) {
            Phrase phrase = Phrase.of(part.action().alone());
            phrase.until(p -> p.sees('('));
            phrase.group();
            boolean together = phrase.has("NULLS NOT DISTINCT");
            phrase.until(p -> p.take("WHERE"));
            String where = phrase.done() ? "" : phrase.source();
            List<String> keys = index.columns().stream().map(key -> catalogued(index.table(), key)
                    ? quoted(index.table(), key) : "(" + bare(key) + ")").toList();
            unique(index.table(), keys, together ? null : where, "the unique index "
                    + (index.name() == null ? "" : index.name() + " ") + "on " + String.join(", ", index.columns()));
        }

        // How an index sorts, and by which operators, does not matter to what is equal.
        private static String bare(String key) {
            return key.replaceFirst("(?i)(\\s+nulls\\s+(first|last))?$", "").replaceFirst("(?i)\\s+(asc|desc)$", "")
                    .replaceFirst("(?i)\\s+\\w+_ops$", "");
        }

        private boolean catalogued(Name table, String column) {
            Node.Ref was = release.before(part, table, column);
            return catalog.columns(was.table()).containsKey(was.column());
        }

        private String quoted(Name table, String column) {
            return Name.quote(release.before(part, table, column).column());
        }

        private List<String> columns(List<String> columns) {
            Name table = part.change().tables().get(0);
            return columns.stream().map(column -> quoted(table, column)).toList();
        }

        /** Where is null when empty values count as equal. */
        private void unique(Name table, List<String> keys, String where, String what) {
            List<String> conditions = new ArrayList<>();
            if (where != null) {
                keys.forEach(key -> conditions.add(key + " IS NOT NULL"));
                if (!where.isEmpty()) {
                    conditions.add("(" + where + ")");
                }
            }
            add(table, keys, before(table) + ": " + what + ", rows that share their key", "SELECT coalesce(sum(n), 0)"
                    + " FROM (SELECT count(*) AS n FROM " + before(table).full() + (conditions.isEmpty() ? ""
                    : " WHERE " + String.join(" AND ", conditions)) + " GROUP BY " + String.join(", ", keys)
                    + " HAVING count(*) > 1) AS shared");
        }

        private void reference(Name table, Change.Constraint constraint) {
            Name to = before(constraint.references().table());
            List<String> keys = constraint.references().columns().isEmpty() ? catalog.primaryKey(to)
                    : constraint.references().columns();
            List<String> from = columns(constraint.columns());
            if (!catalog.has(to) || keys.size() != from.size()) {
                return;
            }
            List<String> equal = new ArrayList<>();
            for (int i = 0; i < keys.size(); i++) {
                equal.add("there." + Name.quote(keys.get(i)) + " = here." + from.get(i));
            }
            add(table, from, before(table) + " (" + String.join(", ", from) + ") refers to " + to
                    + ", rows without one there", "SELECT count(*) FROM " + before(table).full() + " AS here WHERE "
                    + from.stream().map(key -> "here." + key + " IS NOT NULL").collect(Collectors.joining(" AND "))
                    + " AND NOT EXISTS (SELECT FROM " + to.full() + " AS there WHERE " + String.join(" AND ", equal)
                    + ")");
        }

        private void type(Change.SetType type) {
            Node.Ref was = release.before(part, type.table(), type.column());
            Catalog.Column column = catalog.columns(was.table()).get(was.column());
            if (column == null) {
                return;
            }
            String what = was.table() + "." + was.column() + " becomes " + type.type();
            Optional<String> lost = Narrowing.condition(Name.quote(was.column()), column.type(), type.type(),
                    type.using(), major);
            lost.ifPresent(condition -> add(type.table(), List.of(), condition.isEmpty() ? what
                    + ": which values that bears cannot be counted on PostgreSQL " + major : what,
                    condition.isEmpty() ? null : "SELECT count(*) FROM " + was.table().full() + " WHERE "
                    + condition));
        }

        private Name before(Name table) {
            return release.before(part, table, null).table();
        }

        private void add(Name table, List<String> columns, String what, String query) {
            // A table that the release makes has no rows yet.
            if (catalog.has(before(table)) && release.created(table) == null) {
                questions.add(new Question(part.action().alone(), what, before(table), columns, query));
            }
        }
    }
}
