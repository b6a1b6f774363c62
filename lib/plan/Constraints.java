//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Phrase.java ../sql/Statement.java
//SOURCES Catalog.java Large.java Node.java Pending.java

package lib.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Phrase;
import lib.sql.Statement;

/**
 * Constraints of large tables: added NOT VALID and validated while others go on writing, keys made of an index that was
 * built concurrently, NOT NULL set when a validated constraint has proven it.
 */
final class Constraints {
    // From this version on NOT NULL is a constraint that can be validated later.
    private static final int NOT_NULL_NOT_VALID = 18;
    private static final Set<Change.Constraint.Kind> KEYS =
            Set.of(Change.Constraint.Kind.PRIMARY_KEY, Change.Constraint.Kind.UNIQUE);
    private static final String READS = "reads the whole table while others go on writing";

    private final Large large;
    private final Pending release;
    private final Catalog catalog;

    Constraints(Large large, Pending release, Catalog catalog) {
        this.large = large;
        this.release = release;
        this.catalog = catalog;
    }

    /** The nodes that stand for one action of a statement, or nothing when it stays as it is. */
    Optional<List<Node>> of(Pending.Part part) {
        if (part.change() instanceof Change.Other other && other.tag().equals("ALTER DOMAIN")) {
            return domain(part);
        }
        if (!(part.change() instanceof Change.OfTable change) || !large.is(change.table())) {
            return Optional.empty();
        }
        if (change instanceof Change.AddConstraint added) {
            return KEYS.contains(added.constraint().kind()) ? key(added, part) : checked(added, part);
        }
        if (change instanceof Change.SetNotNull set) {
            return notNull(set, part);
        }
        if (change instanceof Change.ValidateConstraint later && !gone(later.table(), later.name())) {
            boolean early = part.statement().actions().size() == 1
                    && large.leftAlone(later.table(), part.statement());
            return Optional.of(List.of(apart(early ? Node.Kind.EARLY : Node.Kind.LATER, part.action().alone(), part,
                    READS)));
        }
        if (change instanceof Change.DropConstraint dropped && proves(dropped.table(), dropped.name())) {
            return Optional.of(List.of(apart(Node.Kind.LAST, part.action().alone(), part, null)));
        }
        return Optional.empty();
    }

    // FOREIGN KEY, CHECK and NOT NULL: new rows are held to it at once, the rows that are there are read afterwards.
    private Optional<List<Node>> checked(Change.AddConstraint added, Pending.Part part) {
        Change.Constraint constraint = added.constraint();
        boolean foreign = constraint.kind() == Change.Constraint.Kind.FOREIGN_KEY;
        boolean possible = foreign && (catalog.partitions(added.table()) == null
                || catalog.major() >= NOT_NULL_NOT_VALID)
                || constraint.kind() == Change.Constraint.Kind.CHECK
                || constraint.kind() == Change.Constraint.Kind.NOT_NULL && catalog.major() >= NOT_NULL_NOT_VALID;
        String name = possible && !constraint.notValid() && constraint.enforced() ? name(added) : null;
        if (name == null || gone(added.table(), name)) {
            return Optional.empty();
        }
        String sql = (constraint.name() != null ? part.action().alone() : named(part.action().alone(), name))
                + " NOT VALID";
        return Optional.of(List.of(file(sql, part, "NOT VALID, because " + added.table() + " is large"),
                apart(Node.Kind.LATER, validate(added.table(), name), part, READS)));
    }

    // Behind the name that it is given in the file, or the one that the server would choose.
    private String name(Change.AddConstraint added) {
        Change.Constraint constraint = added.constraint();
        if (constraint.name() != null) {
            return constraint.name();
        }
        String columns = String.join("_", constraint.columns());
        return switch (constraint.kind()) {
            case FOREIGN_KEY -> large.free(added.table(), added.table().name() + "_" + columns + "_fkey");
            case UNIQUE -> large.free(added.table(), added.table().name() + "_" + columns + "_key");
            case PRIMARY_KEY -> large.free(added.table(), added.table().name() + "_pkey");
            default -> null;
        };
    }

    private static String named(String sql, String name) {
        return sql.replaceFirst("(?i)\\bADD\\s+(?=(FOREIGN|UNIQUE|PRIMARY)\\b)",
                "ADD CONSTRAINT " + Matcher.quoteReplacement(Name.quote(name)) + " ");
    }

    private Optional<List<Node>> key(Change.AddConstraint added, Pending.Part part) {
        Change.Constraint constraint = added.constraint();
        Name table = added.table();
        String name = constraint.usingIndex() == null && catalog.partitions(table) == null ? name(added) : null;
        boolean wanted = name == null || large.named(name, part.statement())
                || constraint.columns().stream().anyMatch(column -> large.changes(table, column))
                || release.countsOn(table, part.statement());
        String[] index = wanted ? null : index(part.action().alone());
        if (index == null) {
            return Optional.empty();
        }
        List<Node> nodes = new ArrayList<>();
        boolean primary = constraint.kind() == Change.Constraint.Kind.PRIMARY_KEY;
        for (String column : primary ? constraint.columns() : List.<String>of()) {
            Catalog.Column known = catalog.columns(table).get(column);
            if (known != null && !known.notNull() && !release.requires(table, column)) {
                Optional<List<Node>> proof = proof(table, column, part);
                if (proof.isEmpty()) {
                    return Optional.empty();
                }
                nodes.addAll(proof.get());
            }
        }
        String quoted = Name.quote(name);
        nodes.add(apart(Node.Kind.LATER, "CREATE UNIQUE INDEX CONCURRENTLY " + quoted + " ON " + table.sql() + index[0],
                part, "the index of " + name + ", built while others go on writing"));
        nodes.add(apart(Node.Kind.LAST, "ALTER TABLE " + table.sql() + " ADD CONSTRAINT " + quoted
                + (primary ? " PRIMARY KEY" : " UNIQUE") + " USING INDEX " + quoted + index[1], part, null));
        return Optional.of(nodes);
    }

    // What stands between UNIQUE and the end, for the index and for the constraint; null when an index cannot say it.
    private static String[] index(String sql) {
        Phrase phrase = Phrase.of(sql);
        phrase.until(p -> p.sees("UNIQUE") || p.sees("PRIMARY KEY"));
        phrase.takeAny("UNIQUE", "PRIMARY KEY");
        boolean nulls = phrase.take("NULLS NOT DISTINCT");
        phrase.take("NULLS DISTINCT");
        if (!phrase.sees('(')) {
            return null;
        }
        Phrase inside = phrase.group();
        String columns = " (" + inside.source() + ")";
        String include = phrase.take("INCLUDE") ? " INCLUDE (" + phrase.group().source() + ")" : "";
        String with = phrase.take("WITH") ? " WITH (" + phrase.group().source() + ")" : "";
        if (inside.has("WITHOUT OVERLAPS") || phrase.sees("USING")) {
            return null;
        }
        return new String[] {columns + include + (nulls ? " NULLS NOT DISTINCT" : "") + with,
            phrase.done() ? "" : " " + phrase.source()};
    }

    private Optional<List<Node>> notNull(Change.SetNotNull set, Pending.Part part) {
        Name table = set.table();
        Catalog.Column known = catalog.columns(table).get(set.column());
        boolean plain = known != null && known.notNull() || catalog.partitions(table) != null
                || large.changes(table, set.column()) || release.identity(table, set.column())
                || catalog.proven(table, set.column());
        if (plain) {
            return Optional.empty();
        }
        boolean written = release.parts.stream().anyMatch(other -> isProof(other.change(), table, set.column()));
        return written ? Optional.of(List.of(apart(Node.Kind.LAST, part.action().alone(), part, null)))
                : proof(table, set.column(), part);
    }

    // The server skips its scan where a validated constraint says the same.
    private Optional<List<Node>> proof(Name table, String column, Pending.Part part) {
        boolean constraint = catalog.major() >= NOT_NULL_NOT_VALID;
        String name = large.free(table, constraint ? table.name() + "_" + column + "_not_null"
                : "release_" + table.name() + "_" + column + "_has_value");
        if (name == null) {
            return Optional.empty();
        }
        String quoted = Name.quote(column);
        List<Node> nodes = new ArrayList<>();
        String head = "ALTER TABLE " + table.sql();
        nodes.add(file(head + " ADD CONSTRAINT " + Name.quote(name) + (constraint ? " NOT NULL " + quoted
                : " CHECK (" + quoted + " IS NOT NULL)") + " NOT VALID", part,
                "NOT NULL without a scan under a lock, because " + table + " is large"));
        nodes.add(apart(Node.Kind.LATER, validate(table, name), part, READS));
        if (!constraint) {
            nodes.add(apart(Node.Kind.LAST, head + " ALTER COLUMN " + quoted + " SET NOT NULL", part,
                    "proven by " + name + ", so it is not read again"));
            nodes.add(apart(Node.Kind.LAST, head + " DROP CONSTRAINT " + Name.quote(name), part,
                    "proven by " + name + ", so it is not read again"));
        }
        return Optional.of(nodes);
    }

    private Optional<List<Node>> domain(Pending.Part part) {
        Phrase phrase = Phrase.of(part.statement().sql());
        phrase.take("ALTER DOMAIN");
        Name domain = phrase.name();
        if (!phrase.take("ADD CONSTRAINT") || part.statement().sql().matches("(?is).*\\bNOT\\s+VALID\\s*")) {
            return Optional.empty();
        }
        String name = phrase.identifier();
        if (!phrase.sees("CHECK") || large.named(name, part.statement()) || !large.is(catalog.domainRows(domain))) {
            return Optional.empty();
        }
        return Optional.of(List.of(
                file(part.statement().sql() + " NOT VALID", part, "NOT VALID, because a table that uses it is large"),
                apart(Node.Kind.LATER, "ALTER DOMAIN " + domain.sql() + " VALIDATE CONSTRAINT " + Name.quote(name),
                        part, "reads every table that uses it")));
    }

    // What is validated at the end must still be there then; what only proves a NOT NULL goes with it, even later.
    private boolean gone(Name table, String constraint) {
        return !proves(table, constraint) && release.parts.stream().map(Pending.Part::change).anyMatch(change ->
                change instanceof Change.DropConstraint dropped && dropped.table().equals(table)
                        && dropped.name().equals(constraint));
    }

    // Whether somebody wrote the proof of a NOT NULL by hand: CHECK (c IS NOT NULL), validated, and then SET NOT NULL.
    private boolean proves(Name table, String constraint) {
        return release.parts.stream().map(Pending.Part::change).anyMatch(change ->
                change instanceof Change.SetNotNull set && set.table().equals(table)
                        && release.parts.stream().map(Pending.Part::change).anyMatch(other ->
                        isProof(other, table, set.column())
                                && constraint.equals(((Change.AddConstraint) other).constraint().name())));
    }

    private static boolean isProof(Change change, Name table, String column) {
        return change instanceof Change.AddConstraint added && added.table().equals(table)
                && added.constraint().kind() == Change.Constraint.Kind.CHECK && added.constraint().name() != null
                && Objects.requireNonNullElse(added.constraint().condition(), "")
                .matches("(?i)\\(*\\s*\"?" + Pattern.quote(column) + "\"?\\s+IS\\s+NOT\\s+NULL\\s*\\)*");
    }

    private static String validate(Name table, String constraint) {
        return "ALTER TABLE " + table.sql() + " VALIDATE CONSTRAINT " + Name.quote(constraint);
    }

    private Node file(String sql, Pending.Part part, String note) {
        return Node.file(Statement.of(sql, part.statement().line()), part.migration().id(),
                part.migration().id() + ": " + note, catalog);
    }

    private static Node apart(Node.Kind kind, String sql, Pending.Part part, String note) {
        return Node.apart(kind, sql, part.migration().id(), part.migration().id() + (note == null ? "" : ": " + note));
    }
}
