//SOURCES ../Place.java ../sql/Change.java ../sql/Name.java ../sql/Statement.java Catalog.java Needs.java

package lib.plan;

import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import lib.Place;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

/**
 * One statement of a plan in the making, with what it creates, needs and removes, which decides where it may stand.
 *
 * @param kind where the statement comes from; FINISH is the SET NOT NULL that a backfill makes
 *     possible, EARLY and LATER run in segments of their own before and after the rest, LAST what LATER made
 *     possible, with the history rows
 * @param origin the migration or the entry it comes from
 * @param note what a reader of the plan is told about it
 * @param touches every table, type and index it names: two statements of files that share one keep their order
 * @param fills tables it puts rows into (a reference without a column), columns whose values it sets or clears away
 * @param barrier whether nothing may be moved past it, because what it touches is not known
 * @param place where the words of an entry want it
 */
public record Node(Kind kind, String sql, Statement facts, String origin, String note, Set<Name> touches,
                   Set<Ref> creates, Set<Ref> removes, Set<Ref> needs, Set<Ref> fills, boolean barrier,
                   Place place) {
    public enum Kind { FILE, DATA, FINISH, EARLY, LATER, LAST }

    /** A table, or one column of it. */
    public record Ref(Name table, String column) {
    }

    /** A statement of a migration file; the table of an index that it drops is known to the catalog. */
    static Node file(Statement facts, String origin, String note, Catalog catalog) {
        Set<Name> touches = new HashSet<>(facts.relations());
        Set<Ref> creates = new HashSet<>();
        Set<Ref> removes = new HashSet<>();
        boolean barrier = !facts.verified();
        for (Statement.Action action : facts.actions()) {
            Change change = action.change();
            if (change instanceof Change.CreateTable made) {
                creates.add(new Ref(made.table(), null));
                made.columns().forEach(column -> {
                    creates.add(new Ref(made.table(), column.name()));
                    touches.add(type(column));
                });
            } else if (change instanceof Change.AddColumn added) {
                creates.add(new Ref(added.table(), added.column().name()));
                touches.add(type(added.column()));
            } else if (change instanceof Change.DropColumn dropped) {
                removes.add(new Ref(dropped.table(), dropped.column()));
            } else if (change instanceof Change.DropTable dropped) {
                removes.add(new Ref(dropped.table(), null));
                barrier |= dropped.cascade();
            } else if (change instanceof Change.RenameColumn renamed) {
                removes.add(new Ref(renamed.table(), renamed.from()));
                creates.add(new Ref(renamed.table(), renamed.to()));
            } else if (change instanceof Change.RenameTable renamed) {
                Name to = Name.of(renamed.table().schema(), renamed.to());
                removes.add(new Ref(renamed.table(), null));
                creates.add(new Ref(to, null));
                touches.add(to);
            } else if (change instanceof Change.DropIndex dropped) {
                Name table = catalog.tableOf(dropped.index());
                barrier |= table == null;
                touches.add(table == null ? dropped.index() : table);
            } else if (change instanceof Change.CreateType type) {
                touches.add(type.type());
            } else if (change instanceof Change.AddEnumValue value) {
                touches.add(value.type());
            } else if (change instanceof Change.Other) {
                barrier |= !facts.tag().equals("ALTER TABLE");
            }
        }
        return new Node(Kind.FILE, facts.sql(), facts, origin, note, touches, creates, removes, Set.of(),
                isBlock(facts) ? worded(facts, catalog.tables()) : fills(facts, Needs.of(facts)), barrier,
                Place.ANY);
    }

    /** The same step, written in another way. */
    Node as(String otherSql) {
        return new Node(kind, otherSql, facts, origin, note, touches, creates, removes, needs, fills, barrier, place);
    }

    /** A data step of our own, whose needs are known exactly. */
    static Node data(String sql, String note, Set<Ref> needs, Ref fills) {
        Statement facts = Statement.of(sql, 0);
        return new Node(Kind.DATA, sql, facts, "data", note, facts.relations(), Set.of(), Set.of(), needs,
                Set.of(fills), false, Place.ANY);
    }

    /** A data step somebody wrote: it needs what it names; of a block of code only the words are known. */
    static Node written(Statement statement, String origin, Place place, Set<Name> tables) {
        Set<Ref> needs = isBlock(statement) ? worded(statement, tables) : Needs.of(statement);
        Set<Name> touches = new HashSet<>(statement.relations());
        needs.forEach(need -> touches.add(need.table()));
        return new Node(Kind.DATA, statement.sql(), statement, origin, "from the entry \"" + origin + "\"", touches,
                Set.of(), Set.of(), needs, isBlock(statement) ? needs : fills(statement, needs), false, place);
    }

    /** The SET NOT NULL that stands after the backfill of its column. */
    static Node finish(Name table, String column, String origin) {
        String sql = "ALTER TABLE " + table.sql() + " ALTER COLUMN " + Name.quote(column) + " SET NOT NULL";
        return new Node(Kind.FINISH, sql, Statement.of(sql, 0), origin, "every row has its value now", Set.of(table),
                Set.of(), Set.of(), Set.of(new Ref(table, column), new Ref(table, null)), Set.of(), false,
                Place.ANY);
    }

    /** A statement that runs outside the one transaction of the rest. */
    static Node apart(Kind kind, String sql, String origin, String note) {
        Statement facts = Statement.of(sql, 0);
        return new Node(kind, sql, facts, origin, note, facts.relations(), Set.of(), Set.of(), Set.of(), Set.of(),
                false, Place.ANY);
    }

    /** Whether this is code whose tables and columns no grammar tells. */
    static boolean isBlock(Statement statement) {
        return Set.of("DO", "CALL").contains(statement.tag()) || !statement.verified();
    }

    /** Whether a text names an object as a word of its own. */
    static boolean names(String sql, String word) {
        return Pattern.compile("(?i)(?<![\\w$])" + Pattern.quote(word) + "(?![\\w$])").matcher(sql).find();
    }

    /** Whether this statement changes rows, whoever wrote it. */
    boolean changesRows() {
        return kind == Kind.DATA || isBlock(facts)
                || facts.actions().stream().map(Statement.Action::change).anyMatch(change ->
                change instanceof Change.Insert || change instanceof Change.Update || change instanceof Change.Delete);
    }

    private static Set<Ref> worded(Statement block, Set<Name> tables) {
        Set<Ref> refs = new HashSet<>();
        tables.stream().filter(table -> names(block.sql(), table.name())).forEach(table -> {
            refs.add(new Ref(table, null));
            Pattern.compile("[\\w$]+").matcher(block.sql()).results()
                    .forEach(word -> refs.add(new Ref(table, word.group())));
        });
        return refs;
    }

    private static Set<Ref> fills(Statement statement, Set<Ref> needs) {
        Set<Ref> fills = new HashSet<>();
        for (Statement.Action action : statement.actions()) {
            if (action.change() instanceof Change.Insert insert) {
                fills.add(new Ref(insert.table(), null));
                insert.columns().forEach(column -> fills.add(new Ref(insert.table(), column)));
            } else if (action.change() instanceof Change.Update update) {
                update.columns().forEach(column -> fills.add(new Ref(update.table(), column)));
            } else if (action.change() instanceof Change.Delete gone) {
                needs.stream().filter(need -> need.table().equals(gone.table()) && need.column() != null)
                        .forEach(fills::add);
            }
        }
        return fills;
    }

    private static Name type(Change.Column column) {
        try {
            return Name.parse(column.type().replaceAll("(\\(.*\\)|\\[])+$", ""));
        } catch (IllegalArgumentException e) {
            // A type of several words (timestamp with time zone) is the server's own and never created by a release.
            return Name.of("pg_catalog", column.type());
        }
    }
}
