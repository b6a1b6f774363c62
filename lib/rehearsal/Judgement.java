//SOURCES ../Count.java ../Json.java ../plan/Attribution.java ../sql/Name.java

package lib.rehearsal;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import lib.Count;
import lib.plan.Attribution;
import lib.sql.Name;

/**
 * What a plan did to one table, and which of its statements account for it.
 *
 * @param before its rows before the plan; after: its rows at the end
 * @param changed surviving columns with other values, and columns that are gone
 * @param lost whether rows or values are gone for good
 * @param unexplained what no statement accounts for, for people
 */
record Judgement(String table, long before, long after, List<String> changed, List<String> explainedBy, boolean lost,
                 @JsonIgnore List<String> unexplained) {
    /** A table with its rows before and after. */
    record Counted(Name table, long before, long after) {
    }

    /**
     * A column whose values are not what they were.
     *
     * @param before how many values it had
     * @param after how many it has; -1 when the column is gone
     * @param kept whether the trash has them
     * @param converted whether it got a type that shows the same values in another way
     */
    record Column(String name, long before, long after, boolean kept, boolean converted) {
        boolean gone() {
            return after < 0;
        }
    }

    /** A table that is gone. */
    static Judgement dropped(Name table, long rows, List<String> by, boolean kept) {
        List<String> wrong = by.isEmpty() && rows > 0
                ? List.of("table " + table + " is gone with its " + Count.of(rows, "row"))
                : List.of();
        return new Judgement(table.toString(), rows, 0, List.of(), by, rows > 0 && !kept, wrong);
    }

    /** A table that no statement names and that is not what it was. */
    static Judgement unnamed(Counted counted, boolean comparable) {
        String what = counted.before != counted.after ? Count.of(counted.after, "row") + " instead of " + counted.before
                : comparable ? "the same " + Count.of(counted.before, "row") + " in number, but other values"
                : "other columns, and no statement names the table";
        return new Judgement(counted.table.toString(), counted.before, counted.after, List.of(), List.of(),
                counted.after < counted.before, List.of("table " + counted.table + ": " + what));
    }

    /** A table whose columns were compared one by one. */
    static Judgement of(Counted counted, List<Column> columns, Attribution plan) {
        List<String> wrong = new ArrayList<>();
        Set<String> by = new LinkedHashSet<>();
        Attribution.Rows rows = plan.rows(counted.table);
        long expected = counted.before + rows.in() - rows.out();
        if (counted.before != counted.after) {
            by.addAll(rows.by());
        }
        if (rows.exact() && expected != counted.after || rows.by().isEmpty() && counted.before != counted.after) {
            wrong.add("table " + counted.table + ": " + Count.of(counted.after, "row") + " instead of " + counted.before
                    + (rows.by().isEmpty() ? "" : "; its statements account for " + expected));
        }
        boolean moved = rows.in() + rows.out() > 0 || !rows.exact();
        List<String> changed = new ArrayList<>();
        boolean lost = counted.after < counted.before;
        for (Column column : columns) {
            List<String> setting = column.gone() ? plan.dropping(counted.table, column.name)
                    : plan.setting(counted.table, column.name, column.converted);
            by.addAll(setting);
            boolean byRows = !column.gone() && setting.isEmpty() && moved;
            if (!byRows) {
                changed.add(column.name);
            }
            lost |= column.gone() && column.before > 0 && !column.kept
                    || !column.gone() && !setting.isEmpty() && column.after < column.before
                    && counted.after >= counted.before;
            if (setting.isEmpty() && !byRows && !(column.gone() && column.before == 0)) {
                wrong.add("column " + counted.table + "." + column.name + (column.gone()
                        ? " is gone with its " + Count.of(column.before, "value") : column.before == column.after
                        ? ": the same " + Count.of(column.before, "value") + " in number, but others"
                        : ": " + Count.of(column.after, "value") + " instead of " + column.before));
            }
        }
        return new Judgement(counted.table.toString(), counted.before, counted.after, changed, List.copyOf(by), lost,
                wrong);
    }

    /** The loss in one line. */
    @JsonIgnore
    String loss() {
        String what = after < before ? before - after + " of " + Count.of(before, "row") + " "
                + Count.are(before) + " gone"
                : "values of " + String.join(", ", changed) + " are gone";
        return table + ": " + what + " (" + String.join("; ", explainedBy) + ")";
    }
}
