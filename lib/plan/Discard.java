//SOURCES ../Count.java ../sql/Change.java ../sql/Name.java ../sql/Statement.java ../trash/Trash.java
//SOURCES Belongings.java Catalog.java Definitions.java Node.java Pending.java Restore.java

package lib.plan;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import lib.Count;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;
import lib.trash.Trash;

/**
 * The form of a DROP that keeps what it drops for some days: a table moves to a trash schema, a column leaves its
 * values by primary key there. For the application the schema is the same as after the plain DROP.
 */
final class Discard {
    // What these remove a kept table may still need: then its rows are copied into one that needs nothing.
    private static final Set<String> TAKING = Set.of("DROP TYPE", "DROP DOMAIN", "DROP FUNCTION", "DROP PROCEDURE",
            "DROP ROUTINE", "DROP AGGREGATE", "DROP EXTENSION", "DROP SEQUENCE", "DROP SCHEMA", "DROP COLLATION",
            "DROP OWNED");

    private final Pending release;
    private final Catalog catalog;
    private final int days;
    private int number;

    /** Keeps what is dropped for so many days; for 0 days nothing. */
    Discard(Pending release, Catalog catalog, int days) {
        this.release = release;
        this.catalog = catalog;
        this.days = days;
    }

    /** Whether a statement of this release takes another form here. */
    boolean reforms(Pending.Part part) {
        return part.change() instanceof Change.DropTable dropped && keeps(part, dropped.table())
                || part.change() instanceof Change.DropColumn gone && keeps(part, gone.table());
    }

    /** The node that stands for a DROP, or nothing when it stays as it is because it loses nothing. */
    Optional<Node> of(Pending.Part part, Statement alone) {
        if (!reforms(part)) {
            return Optional.empty();
        }
        if (part.change() instanceof Change.DropTable dropped) {
            return Optional.of(table(part, dropped, alone));
        }
        return column(part, (Change.DropColumn) part.change(), alone);
    }

    private boolean keeps(Pending.Part part, Name table) {
        return days > 0 && catalog.has(before(part, table)) && earlier(part).map(Pending.Part::change)
                .noneMatch(change -> change instanceof Change.CreateTable made && made.table().equals(table)
                        && !made.ifNotExists());
    }

    private Name before(Pending.Part part, Name table) {
        return release.before(part, table, null).table();
    }

    private Node table(Pending.Part part, Change.DropTable dropped, Statement alone) {
        Name table = dropped.table();
        Name before = before(part, table);
        Belongings belongings = Belongings.of(catalog, before);
        boolean copied = takes() || dropped.cascade() && belongings.others() > 0 || belongings.children();
        String schema = schema();
        Name there = Name.of(schema, table.name());
        List<String> undo = new ArrayList<>();
        List<String> steps = new ArrayList<>();
        if (copied) {
            steps.add("CREATE TABLE " + there.sql() + " AS TABLE " + table.sql());
            belongings.typed().forEach(column -> steps.add("ALTER TABLE " + there.sql() + " ALTER COLUMN "
                    + Name.quote(column) + " TYPE text USING " + Name.quote(column) + "::text"));
            undo.add("ALTER TABLE " + there.sql() + " SET SCHEMA " + Name.quote(table.schema()));
            steps.add(alone.sql());
        } else {
            move(part, table, there, belongings, steps, undo);
        }
        List<String> all = new ArrayList<>(
                Trash.open(schema, table.full(), "table", copied ? "copied" : "moved", days, undo));
        all.addAll(steps);
        return node(part, alone, all, copied ? "its rows are kept" : "it is kept");
    }

    private void move(Pending.Part part, Name table, Name there, Belongings belongings, List<String> steps,
                      List<String> undo) {
        String here = "ALTER TABLE " + table.sql() + " ";
        belongings.publications().forEach(publication -> steps.add("ALTER PUBLICATION " + Name.quote(publication)
                + " DROP TABLE " + table.sql()));
        boolean free = belongings.parent() == null || detached(part, table);
        if (!free) {
            String parent = "ALTER TABLE " + belongings.parent().sql();
            steps.add(belongings.bound() == null ? here + "NO INHERIT " + belongings.parent().sql()
                    : parent + " DETACH PARTITION " + table.sql());
        }
        belongings.foreignKeys().forEach(key -> steps.add(here + "DROP CONSTRAINT IF EXISTS "
                + Name.quote(key.name())));
        belongings.partitions().forEach(partition -> steps.add("ALTER TABLE " + partition.sql() + " SET SCHEMA "
                + there.schema()));
        steps.add(here + "SET SCHEMA " + there.schema());
        undo.add("ALTER TABLE " + there.sql() + " SET SCHEMA " + Name.quote(table.schema()));
        belongings.partitions().forEach(partition -> undo.add("ALTER TABLE "
                + Name.of(there.schema(), partition.name()).sql() + " SET SCHEMA " + Name.quote(partition.schema())));
        if (!free) {
            undo.add(belongings.bound() == null ? here + "INHERIT " + belongings.parent().sql()
                    : "ALTER TABLE " + belongings.parent().sql() + " ATTACH PARTITION " + table.sql() + " "
                    + belongings.bound());
        }
        belongings.foreignKeys().forEach(key -> undo.add(here + "ADD CONSTRAINT " + Name.quote(key.name()) + " "
                + key.definition()));
        belongings.publications().forEach(publication -> undo.add("ALTER PUBLICATION " + Name.quote(publication)
                + " ADD TABLE " + table.sql()));
    }

    private Optional<Node> column(Pending.Part part, Change.DropColumn dropped, Statement alone) {
        Node.Ref before = release.before(part, dropped.table(), dropped.column());
        Definitions definitions = catalog.definitions();
        Definitions.Column column = definitions.columns(before.table()).get(before.column());
        if (column == null || column.generated() != null || !catalog.populated(before.table())) {
            return Optional.empty();
        }
        List<String> key = definitions.primaryKey(before.table()).stream()
                .map(name -> now(part, before.table(), name)).toList();
        boolean keyed = !key.isEmpty() && !key.contains(null) && !key.contains(dropped.column());
        String schema = schema();
        // Under names of its own: whoever looks for the column in every schema must not find it here.
        Name there = Name.of(schema, dropped.table().name() + "_" + dropped.column());
        String name = Name.quote(dropped.column());
        boolean own = takes() && Belongings.of(catalog, before.table()).typed().contains(before.column());
        List<String> steps = new ArrayList<>();
        List<String> undo = new ArrayList<>();
        if (keyed) {
            String keys = String.join(", ", key.stream().map(Name::quote).toList());
            steps.add("CREATE TABLE " + there.sql() + " AS SELECT " + keys + ", " + name
                    + (own ? "::text" : "") + " AS value FROM " + dropped.table().sql() + " WHERE " + name
                    + " IS NOT NULL");
            steps.add("ALTER TABLE " + there.sql() + " ADD PRIMARY KEY (" + keys + ")");
            undo.addAll(Restore.column(dropped.table(), dropped.column(), column, there, key, own));
            undo.addAll(Restore.belongings(definitions, before.table(), before.column()));
        } else {
            steps.add("CREATE TABLE " + there.sql() + " AS TABLE " + dropped.table().sql());
            if (takes()) {
                Belongings.of(catalog, before.table()).typed().forEach(typed -> steps.add("ALTER TABLE " + there.sql()
                        + " ALTER COLUMN " + Name.quote(typed) + " TYPE text USING " + Name.quote(typed) + "::text"));
            }
        }
        List<String> all = new ArrayList<>(Trash.open(schema, dropped.table().full() + "." + name, "column",
                keyed ? "keyed" : "copied", days, undo));
        all.addAll(steps);
        all.add(alone.sql());
        return Optional.of(node(part, alone, all, keyed ? "its values are kept by " + String.join(", ", key)
                : "all rows are kept, because no primary key tells them apart"));
    }

    // What a column of the database is called when this part of the release runs; null when it is gone by then.
    private String now(Pending.Part part, Name table, String column) {
        for (Pending.Part earlier : earlier(part).toList()) {
            if (column != null && earlier.change() instanceof Change.RenameColumn renamed
                    && before(earlier, renamed.table()).equals(table) && renamed.from().equals(column)) {
                column = renamed.to();
            } else if (earlier.change() instanceof Change.DropColumn dropped
                    && before(earlier, dropped.table()).equals(table) && dropped.column().equals(column)) {
                return null;
            }
        }
        return column;
    }

    private boolean takes() {
        return release.parts.stream().anyMatch(part -> TAKING.contains(part.statement().tag()));
    }

    private Stream<Pending.Part> earlier(Pending.Part part) {
        return release.parts.subList(0, release.parts.indexOf(part)).stream();
    }

    private boolean detached(Pending.Part part, Name table) {
        return earlier(part).map(Pending.Part::statement)
                .anyMatch(statement -> statement.sql().matches("(?is).*\\b(DETACH\\s+PARTITION|NO\\s+INHERIT)\\b.*")
                        && Node.names(statement.sql(), table.name()));
    }

    private String schema() {
        String schema;
        do {
            schema = Trash.schema(LocalDate.now(), ++number);
        } while (catalog.schemas().contains(schema));
        return schema;
    }

    private Node node(Pending.Part part, Statement alone, List<String> all, String how) {
        String origin = part.migration().id();
        Node plain = Node.file(alone, origin, origin + ": " + how + " for " + Count.of(days, "day")
                + " (release.java undrop)", catalog);
        return plain.as(String.join(";\n", all));
    }
}
