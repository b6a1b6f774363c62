//SOURCES ../Count.java ../sql/Change.java ../sql/Name.java ../sql/Statement.java Catalog.java Node.java Pending.java
//SOURCES Problem.java

package lib.plan;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import lib.Count;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

/** The rows and values that the migration files give up without saving them elsewhere first. */
final class Losses {
    private final Pending release;
    private final Catalog catalog;
    private final BiFunction<Pending.Part, Name, String> source;
    private final int days;
    private final List<Problem> problems = new ArrayList<>();
    private final Set<Name> emptied = new HashSet<>();

    /** Looks for them; the source of a problem is what its decision hangs on, dropped things are kept some days. */
    Losses(Pending release, Catalog catalog, BiFunction<Pending.Part, Name, String> source, int days) {
        this.release = release;
        this.catalog = catalog;
        this.source = source;
        this.days = days;
    }

    /** The losses, without the columns whose values live on elsewhere. */
    List<Problem> except(Set<Node.Ref> carried) {
        for (Pending.Part part : release.parts) {
            if (part.change() instanceof Change.DropTable dropped) {
                rows(part, dropped.table(), " is dropped with its ");
            } else if (part.change() instanceof Change.Truncate truncated) {
                truncated.tables().forEach(table -> rows(part, table, " is emptied of its "));
            } else if (part.change() instanceof Change.Delete deleted && !deleted.where()) {
                rows(part, deleted.table(), " is emptied of its ");
            } else if (part.change() instanceof Change.DropColumn dropped
                    && !carried.contains(new Node.Ref(dropped.table(), dropped.column()))) {
                values(part, dropped);
            }
        }
        release.written.forEach(each -> written(each.statement(), each.entry()));
        return problems;
    }

    // What an entry drops was written by a person, who may not have known how much there is.
    private void written(Statement statement, String entry) {
        for (Statement.Action action : statement.actions()) {
            Change change = action.change();
            List<Name> tables = change instanceof Change.DropTable dropped ? List.of(dropped.table())
                    : change instanceof Change.Truncate truncated ? truncated.tables()
                    : change instanceof Change.Delete deleted && !deleted.where() ? List.of(deleted.table())
                    : List.of();
            for (Name table : tables) {
                if (catalog.populated(table) && !saved(new Node.Ref(table, null), new Node.Ref(table, null))
                        && emptied.add(table)) {
                    problems.add(Problem.loss(table.toString(), entry, table + " loses its "
                            + Count.of(catalog.count("SELECT count(*) FROM " + table.sql()), "row")
                            + " by the SQL of this entry, and nothing reads them first", statement.sql(), 0));
                }
            }
            if (change instanceof Change.DropColumn dropped && catalog.columns(dropped.table())
                    .containsKey(dropped.column()) && !emptied.contains(dropped.table())) {
                Node.Ref column = new Node.Ref(dropped.table(), dropped.column());
                long values = saved(column, column) ? 0 : catalog.count("SELECT count("
                        + Name.quote(dropped.column()) + ") FROM " + dropped.table().sql());
                if (values > 0) {
                    String object = dropped.table() + "." + dropped.column();
                    problems.add(Problem.loss(object, entry, object + " loses its " + Count.of(values, "value")
                            + " by the SQL of this entry, and nothing reads them first", statement.sql(), 0));
                }
            }
        }
    }

    private void rows(Pending.Part part, Name table, String how) {
        Name before = release.before(part, table, null).table();
        Node.Ref all = new Node.Ref(table, null);
        if (catalog.populated(before) && !saved(all, new Node.Ref(before, null)) && emptied.add(before)) {
            lose(part, table, table.toString(), table + how
                    + Count.of(catalog.count("SELECT count(*) FROM " + before.sql()), "row"));
        }
    }

    private void values(Pending.Part part, Change.DropColumn dropped) {
        Node.Ref before = release.before(part, dropped.table(), dropped.column());
        if (emptied.contains(before.table()) || !catalog.columns(before.table()).containsKey(before.column())
                || saved(new Node.Ref(dropped.table(), dropped.column()), before)) {
            return;
        }
        long values = catalog.count("SELECT count(" + Name.quote(before.column()) + ") FROM " + before.table().sql());
        if (values > 0) {
            String object = dropped.table() + "." + dropped.column();
            lose(part, dropped.table(), object, object + " is dropped with its " + Count.of(values, "value"));
        }
    }

    private boolean saved(Node.Ref now, Node.Ref before) {
        return release.saves(now) || release.saves(before);
    }

    private void lose(Pending.Part part, Name table, String object, String how) {
        boolean dropped = part.change() instanceof Change.DropTable || part.change() instanceof Change.DropColumn;
        problems.add(Problem.loss(object, part.migration().id(), how + ", and nothing reads them first",
                source.apply(part, table), dropped ? days : 0));
    }
}
