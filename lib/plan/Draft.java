//SOURCES ../sql/Change.java ../Migration.java ../sql/Name.java ../Notes.java ../sql/Statement.java Backfill.java Catalog.java Node.java Online.java Order.java Pending.java Problem.java

package lib.plan;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import lib.sql.Change;
import lib.Migration;
import lib.sql.Name;
import lib.Notes;
import lib.sql.Statement;

/**
 * The release SQL in the making: the pending migrations in safe form, the data steps between them, and what only a person
 * can answer.
 *
 * @param steps the statements in the order in which they are to run; without the history rows
 * @param problems what stands in the way; the steps are no use before each is answered
 * @param unverified statements that the grammar does not know
 */
public record Draft(List<Node> steps, List<Problem> problems, List<String> unverified) {

    /** Drafts a release from what is pending, what the entries say and what the database holds. */
    public static Draft of(List<Migration> pending, List<Notes.Entry> entries, Catalog catalog) {
        return new Writer(new Pending(pending, entries), entries, catalog).draft();
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
        private final List<Node> nodes = new ArrayList<>();
        private final List<Problem> problems = new ArrayList<>();
        private final Set<String> unverified = new LinkedHashSet<>();
        private final List<Backfill.Open> open = new ArrayList<>();

        Writer(Pending release, List<Notes.Entry> entries, Catalog catalog) {
            this.release = release;
            this.entries = entries;
            this.catalog = catalog;
            this.backfill = new Backfill(catalog, release, entries);
            this.online = new Online(release, catalog);
        }

        Draft draft() {
            for (Pending.Part part : release.parts) {
                file(part);
            }
            backfill.derive(open.stream().filter(column -> !release.hasData(column.table(), column.column().name())).toList());
            nodes.addAll(backfill.steps);
            release.written.forEach((statement, entry) -> nodes.add(Node.written(statement, entry)));
            for (Backfill.Open column : open) {
                if (column.required()) {
                    nodes.add(Node.finish(column.table(), column.column().name(), column.origin()));
                }
            }
            losses();
            problems.addAll(0, backfill.problems);
            List<Node> ordered = Order.of(nodes).orElseGet(() -> {
                problems.add(Problem.order("the release", "the data steps cannot be put after what they need and before what removes it",
                        String.join("\n", nodes.stream().map(Node::sql).toList())));
                return nodes;
            });
            return new Draft(ordered, problems, List.copyOf(unverified));
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
            boolean apart = statement.actions().stream().anyMatch(action -> waits(action.change()));
            if (!apart && !first) {
                return;
            }
            String sql = apart ? part.action().alone() : statement.sql();
            String note = origin;
            if (change instanceof Change.AddColumn added && opens(added.table(), added.column())) {
                open.add(new Backfill.Open(added.table(), added.column(), added.column().notNull(), origin,
                        source(part, added.table())));
                if (added.column().notNull()) {
                    sql = Statement.nullable(part.action());
                    note = origin + ": nullable until its rows have a value";
                }
            } else if (change instanceof Change.SetNotNull set && lacks(set)) {
                Change.Column column = new Change.Column(set.column(), catalog.columns(set.table()).get(set.column()).type(), true, null,
                        false, false, false, null, null);
                open.add(new Backfill.Open(set.table(), column, true, origin, source(part, set.table())));
                return;
            }
            Statement alone = apart || !sql.equals(statement.sql()) ? Statement.of(sql, statement.line()) : statement;
            nodes.addAll(online.of(change, alone, origin).filter(forms -> alone.actions().size() == 1)
                    .orElse(List.of(Node.file(alone, origin, note, catalog))));
        }

        private boolean waits(Change change) {
            return change instanceof Change.AddColumn added && opens(added.table(), added.column())
                    || change instanceof Change.SetNotNull set && lacks(set) || change instanceof Change.DropColumn;
        }

        // A new column without values on rows that exist: it must be given some, or it points to a new table.
        private boolean opens(Name table, Change.Column column) {
            if (release.created(table) != null || column.defaultExpression() != null || column.generated() || !catalog.populated(table)) {
                return false;
            }
            Change.Reference reference = release.reference(table, column);
            return column.notNull() || reference != null && release.created(reference.table()) != null;
        }

        private boolean lacks(Change.SetNotNull set) {
            return catalog.columns(set.table()).containsKey(set.column()) && catalog.populated(set.table())
                    && catalog.count("SELECT count(*) FROM " + set.table().sql() + " WHERE " + Name.quote(set.column()) + " IS NULL") > 0;
        }

        private void losses() {
            Set<Name> emptied = new HashSet<>();
            for (Pending.Part part : release.parts) {
                if (part.change() instanceof Change.DropTable dropped && catalog.populated(dropped.table())
                        && !release.reads(dropped.table(), null) && emptied.add(dropped.table())) {
                    lose(part, dropped.table(), dropped.table().toString(), dropped.table() + " is dropped with its "
                            + catalog.count("SELECT count(*) FROM " + dropped.table().sql()) + " rows, and nothing reads them first");
                } else if (part.change() instanceof Change.DropColumn dropped && catalog.columns(dropped.table()).containsKey(dropped.column())
                        && !backfill.carried.contains(new Node.Ref(dropped.table(), dropped.column()))
                        && !release.reads(dropped.table(), dropped.column())) {
                    long values = catalog.count("SELECT count(" + Name.quote(dropped.column()) + ") FROM " + dropped.table().sql());
                    if (values > 0) {
                        lose(part, dropped.table(), dropped.table() + "." + dropped.column(), dropped.table() + "." + dropped.column()
                                + " is dropped with its " + values + " values, and nothing reads them first");
                    }
                }
            }
        }

        private void lose(Pending.Part part, Name table, String object, String why) {
            problems.add(Problem.loss(object, part.migration().id(), why, source(part, table)));
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
