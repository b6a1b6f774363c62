//SOURCES ../sql/Change.java ../Migration.java ../sql/Name.java ../Notes.java ../Place.java ../Settings.java
//SOURCES ../sql/Statement.java Backfill.java Catalog.java Discard.java Losses.java Node.java Online.java Order.java
//SOURCES Pending.java Problem.java Views.java Waiting.java

package lib.plan;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import lib.Migration;
import lib.Notes;
import lib.Place;
import lib.Settings;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

/**
 * The release SQL in the making: the pending migrations in safe form, the data steps between them, and what only a
 * person can answer.
 *
 * @param steps the statements in the order in which they are to run; without the history rows
 * @param problems what stands in the way; the steps are no use before each is answered
 * @param unverified statements that the grammar does not know
 */
public record Draft(List<Node> steps, List<Problem> problems, List<String> unverified) {

    /** Drafts a release from what is pending, what the entries say and what the database holds. */
    public static Draft of(List<Migration> pending, List<Notes.Entry> entries, Catalog catalog) {
        return of(pending, entries, catalog, Online.LARGE_ROWS, new Settings.Trash(null));
    }

    /** The same where another number of rows makes a table large. */
    public static Draft of(List<Migration> pending, List<Notes.Entry> entries, Catalog catalog, long largeRows) {
        return of(pending, entries, catalog, largeRows, new Settings.Trash(null));
    }

    /** The same where what is dropped is kept for another time. */
    public static Draft of(List<Migration> pending, List<Notes.Entry> entries, Catalog catalog,
                           Settings.Trash trash) {
        return of(pending, entries, catalog, Online.LARGE_ROWS, trash);
    }

    private static Draft of(List<Migration> pending, List<Notes.Entry> entries, Catalog catalog, long largeRows,
                            Settings.Trash trash) {
        return new Writer(new Pending(pending, entries, catalog), entries, catalog, largeRows, trash.days()).draft();
    }

    /** How many of the steps change rows. */
    public long dataSteps() {
        return steps.stream().filter(step -> step.kind() == Node.Kind.DATA).count();
    }

    private static final class Writer {
        private final Pending release;
        private final List<Notes.Entry> entries;
        private final Catalog catalog;
        private final Backfill backfill;
        private final Online online;
        private final Discard discard;
        private final int days;
        private final List<Node> nodes = new ArrayList<>();
        private final List<Problem> problems = new ArrayList<>();
        private final Set<String> unverified = new LinkedHashSet<>();
        private final List<Backfill.Open> open = new ArrayList<>();

        Writer(Pending release, List<Notes.Entry> entries, Catalog catalog, long largeRows, int days) {
            this.release = release;
            this.entries = entries;
            this.catalog = catalog;
            this.backfill = new Backfill(catalog, release, entries);
            this.online = new Online(release, catalog, largeRows);
            this.discard = new Discard(release, catalog, days);
            this.days = days;
        }

        Draft draft() {
            Views views = new Views(release, catalog);
            for (Pending.Part part : release.parts) {
                nodes.addAll(views.before(part));
                file(part);
                nodes.addAll(views.after(part));
            }
            backfill.derive(open);
            nodes.addAll(backfill.steps);
            Set<Name> tables = release.tables();
            List<Node> later = new ArrayList<>();
            for (Pending.Written each : release.written) {
                Node step = Node.written(each.statement(), each.entry(), each.place(), tables);
                (each.place().when() == Place.When.LATER ? later : nodes).add(step);
            }
            for (Backfill.Open column : open) {
                if (column.required()) {
                    nodes.add(Node.finish(column.table(), column.column().name(), column.origin()));
                }
            }
            problems.addAll(backfill.problems);
            problems.addAll(new Losses(release, catalog, this::source, days).except(backfill.carried));
            List<Node> ordered = Order.of(nodes).orElseGet(() -> {
                problems.add(Problem.order("the release", "the data steps cannot be put after what they need and before"
                        + " what removes it", String.join("\n", nodes.stream().map(Node::sql).toList())));
                return nodes;
            });
            later.forEach(this::canWait);
            return new Draft(Stream.concat(checked(ordered).stream(), later.stream()).toList(), problems,
                    List.copyOf(unverified));
        }

        // Words put a step behind the deploy only where no statement of the release counts on it.
        private void canWait(Node step) {
            String tag = step.facts().tag();
            boolean rows = Waiting.DATA.contains(tag) || Set.of("DO", "CALL").contains(tag);
            String why = !rows ? "only SQL that changes rows waits; what changes the schema is a migration, of this"
                    + " release or of the next" : nodes.stream()
                    .filter(node -> node.kind() == Node.Kind.FINISH && node.needs().stream()
                    .anyMatch(need -> need.column() != null && step.fills().contains(need))
                    || node.kind() == Node.Kind.FILE && node.removes().stream().anyMatch(step.needs()::contains))
                    .map(node -> "the release itself needs it before: " + node.sql()).findFirst().orElse(null);
            if (why != null) {
                problems.add(Problem.order(step.origin(), "the SQL under \"" + step.origin() + "\" in " + Notes.FILE
                        + " is to wait for the deploy, and cannot (" + step.sql().lines().findFirst().orElse("") + "): "
                        + why, step.sql()));
            }
        }

        private void file(Pending.Part part) {
            String origin = part.migration().id();
            Change change = part.change();
            Statement statement = part.statement();
            if (!statement.verified()) {
                unverified.add(part.migration().file() + " line " + statement.line() + ": " + statement.tag());
            }
            // Actions of one ALTER TABLE are taken apart only where one of them has to wait for the data.
            boolean first = statement.actions().get(0) == part.action();
            boolean apart = statement.actions().size() > 1 && release.parts.stream()
                    .anyMatch(other -> other.statement() == statement && waits(other));
            if (!apart && !first) {
                return;
            }
            String sql = apart ? part.action().alone() : statement.sql();
            String note = origin;
            if (change instanceof Change.AddColumn added && opens(added.table(), added.column())) {
                open(added.table(), added.column(), added.column().notNull(), part);
                if (added.column().notNull()) {
                    sql = Statement.nullable(part.action());
                    note = origin + ": nullable until its rows have a value";
                }
            } else if (change instanceof Change.SetNotNull set && lacks(part, set)) {
                Change.Column added = release.added(set.table(), set.column());
                open(set.table(), added != null ? added
                        : new Change.Column(set.column(), "", true, null, false, false, false,
                        null, null), true, part);
                return;
            }
            Statement alone = apart || !sql.equals(statement.sql()) ? Statement.of(sql, statement.line()) : statement;
            Optional<Node> kept = discard.of(part, alone);
            if (kept.isPresent()) {
                nodes.add(kept.get());
                return;
            }
            nodes.addAll(online.of(part).orElse(List.of(Node.file(alone, origin, note, catalog))));
        }

        // A column that one migration adds and a later one makes NOT NULL is one question, not two.
        private void open(Name table, Change.Column column, boolean required, Pending.Part part) {
            open.removeIf(known -> known.table().equals(table) && known.column().name().equals(column.name()));
            open.add(new Backfill.Open(table, column, required, part.migration().id(), source(part, table)));
        }

        private boolean waits(Pending.Part part) {
            Change change = part.change();
            return change instanceof Change.AddColumn added && opens(added.table(), added.column())
                    || change instanceof Change.SetNotNull set && lacks(part, set)
                    || change instanceof Change.DropColumn
                    || discard.reforms(part)
                    || online.of(part).isPresent();
        }

        // A new column without values on rows that exist: it must be given some, or it points to a new table.
        private boolean opens(Name table, Change.Column column) {
            Name before = release.before(table);
            if (release.created(table) != null || column.defaultExpression() != null || column.generated()
                    || !catalog.populated(before) || catalog.columns(before).containsKey(column.name())
                    && !release.givesUp(table, column.name())) {
                return false;
            }
            Change.Reference reference = release.reference(table, column);
            return column.notNull() || reference != null && release.created(reference.table()) != null;
        }

        private boolean lacks(Pending.Part part, Change.SetNotNull set) {
            Node.Ref before = release.before(part, set.table(), set.column());
            if (!catalog.populated(before.table()) || release.created(set.table()) != null) {
                return false;
            }
            Change.Column added = release.added(set.table(), set.column());
            return added != null ? added.defaultExpression() == null && !added.generated()
                    : catalog.columns(before.table()).containsKey(before.column())
                    && catalog.count("SELECT count(*) FROM "
                            + before.table().sql() + " WHERE " + Name.quote(before.column()) + " IS NULL") > 0;
        }

        // A deferred constraint that waits for its rows keeps the table from being altered in the same transaction.
        private List<Node> checked(List<Node> ordered) {
            if (!catalog.defers() && nodes.stream().noneMatch(node -> Node.names(node.sql(), "INITIALLY DEFERRED"))) {
                return ordered;
            }
            List<Node> checked = new ArrayList<>();
            boolean changed = false;
            for (Node node : ordered) {
                if (changed && !node.changesRows()) {
                    checked.add(Node.apart(Node.Kind.FINISH, "SET CONSTRAINTS ALL IMMEDIATE", node.origin(),
                            "what was deferred is checked now, so that tables can be altered"));
                }
                changed = node.changesRows();
                checked.add(node);
            }
            return checked;
        }

        // A decision holds for the statement and for what the entries said when it was made.
        private String source(Pending.Part part, Name table) {
            StringBuilder source = new StringBuilder(part.statement().sql());
            entries.stream().filter(entry -> entry.mentions(table.name()) || entry.mentions(part.migration().id()))
                    .forEach(entry -> source.append('\n').append(entry.hash()));
            return source.toString();
        }
    }
}
