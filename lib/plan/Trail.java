//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Statement.java

package lib.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;

/** What tables and columns were called before a plan, seen from each of its statements, and which of them it made. */
public final class Trail {
    private static final Pattern SCHEMA = Pattern.compile("(?is).*\\bSET\\s+SCHEMA\\s+(\\S+)\\s*");

    private final Map<Name, Name> tables = new HashMap<>();
    private final Map<Node.Ref, String> columns = new HashMap<>();
    private final Set<Name> made = new HashSet<>();
    private final Set<Node.Ref> added = new HashSet<>();

    private Trail() {
    }

    /** One trail for each statement of a plan, as things stand just before it runs, and one for the plan's end. */
    static List<Trail> of(List<Statement> statements) {
        List<Trail> trails = new ArrayList<>();
        Trail now = new Trail();
        for (Statement statement : statements) {
            trails.add(now.copy());
            statement.actions().forEach(action -> now.follow(action.change(), statement));
        }
        trails.add(now);
        return trails;
    }

    private Trail copy() {
        Trail copy = new Trail();
        copy.tables.putAll(tables);
        copy.columns.putAll(columns);
        copy.made.addAll(made);
        copy.added.addAll(added);
        return copy;
    }

    private void follow(Change change, Statement statement) {
        if (change instanceof Change.CreateTable table) {
            made.add(table.table());
        } else if (change instanceof Change.DropTable dropped) {
            made.remove(dropped.table());
        } else if (change instanceof Change.RenameTable renamed) {
            rename(renamed.table(), Name.of(renamed.table().schema(), renamed.to()));
        } else if (change instanceof Change.AddColumn column) {
            added.add(new Node.Ref(column.table(), column.column().name()));
        } else if (change instanceof Change.DropColumn dropped) {
            added.remove(new Node.Ref(dropped.table(), dropped.column()));
        } else if (change instanceof Change.RenameColumn renamed) {
            Node.Ref from = new Node.Ref(renamed.table(), renamed.from());
            Node.Ref to = new Node.Ref(renamed.table(), renamed.to());
            if (added.remove(from)) {
                added.add(to);
            } else {
                String before = columns.remove(from);
                columns.put(to, before == null ? renamed.from() : before);
            }
        } else if (change instanceof Change.Other && newSchema(statement) != null) {
            Name table = statement.writes().stream().findFirst().orElse(null);
            if (table != null) {
                rename(table, Name.of(newSchema(statement), table.name()));
            }
        }
    }

    /** The schema that an ALTER TABLE … SET SCHEMA moves its table to; null for any other statement. */
    static String newSchema(Statement statement) {
        Matcher matcher = SCHEMA.matcher(statement.sql());
        return statement.tag().equals("ALTER TABLE") && matcher.matches() ? Name.parse(matcher.group(1)).name() : null;
    }

    private void rename(Name from, Name to) {
        if (made.remove(from)) {
            made.add(to);
        } else {
            Name before = tables.remove(from);
            tables.put(to, before == null ? from : before);
        }
        for (Node.Ref ref : List.copyOf(added)) {
            if (ref.table().equals(from) && added.remove(ref)) {
                added.add(new Node.Ref(to, ref.column()));
            }
        }
        Map.copyOf(columns).forEach((ref, before) -> {
            if (ref.table().equals(from)) {
                columns.put(new Node.Ref(to, ref.column()), columns.remove(ref));
            }
        });
    }

    /** Whether the plan itself made this table. */
    boolean made(Name table) {
        return made.contains(table);
    }

    /** Whether the plan itself made this column, or the table that it is in. */
    boolean made(Name table, String column) {
        return made(table) || added.contains(new Node.Ref(table, column));
    }

    /** What a table was called before the plan. */
    Name before(Name table) {
        return tables.getOrDefault(table, table);
    }

    /** What a table of before the plan is called here. */
    Name now(Name before) {
        return tables.entrySet().stream().filter(entry -> entry.getValue().equals(before)).map(Map.Entry::getKey)
                .findFirst().orElse(before);
    }

    /** What a column was called before the plan. */
    String before(Name table, String column) {
        return columns.getOrDefault(new Node.Ref(table, column), column);
    }
}
