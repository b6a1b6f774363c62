//SOURCES ../sql/Change.java ../Failure.java ../Migration.java ../sql/Name.java ../Notes.java ../Place.java
//SOURCES ../sql/Statement.java ../sql/Unfit.java Catalog.java Node.java

package lib.plan;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.Failure;
import lib.Migration;
import lib.Notes;
import lib.Place;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;
import lib.sql.Unfit;

/** All statements of one release together: its migration files and the SQL of its entries, asked as one. */
final class Pending {
    // A fence may open and close a transaction of its own; here the segments are the transactions.
    private static final Set<String> IDLE = Set.of("BEGIN", "START TRANSACTION", "COMMIT", "EXPLAIN", "SHOW");
    private static final Pattern ACTS =
            Pattern.compile("(?is)\\b(setval|nextval|set_config)\\s*\\(|^(?!.*\\bFROM\\b).*\\w\\s*\\(");

    /** One action of one statement, with the migration it comes from. */
    record Part(Migration migration, Statement statement, Statement.Action action) {
        Change change() {
            return action.change();
        }
    }

    /** One statement of an entry, and where its words want it. */
    record Written(Statement statement, String entry, Place place) {
    }

    final List<Part> parts = new ArrayList<>();
    final List<Written> written = new ArrayList<>();
    private final Catalog catalog;

    /** Reads the migration files; what cannot be split is told by file and line. */
    Pending(List<Migration> migrations, List<Notes.Entry> entries, Catalog catalog) {
        this.catalog = catalog;
        for (Migration migration : migrations) {
            for (Statement statement : read(migration.sql(), migration.file())) {
                statement.actions().forEach(action -> parts.add(new Part(migration, statement, action)));
            }
        }
        for (Notes.Entry entry : entries) {
            for (Notes.Fence fence : entry.steps()) {
                for (Statement statement : read(fence.sql(), "the SQL under \"" + entry.title() + "\" in "
                        + Notes.FILE)) {
                    // A question is not a step; it changes nothing.
                    if (!asks(statement)) {
                        written.add(new Written(statement, entry.title(), fence.place()));
                    }
                }
            }
        }
    }

    /** Whether a statement only asks, so that it is a check and no step. */
    static boolean asks(Statement statement) {
        return statement.tag().equals("SELECT") && !ACTS.matcher(statement.sql()).find();
    }

    private static List<Statement> read(String sql, String place) {
        try {
            return Statement.parse(sql).stream().filter(statement -> !IDLE.contains(statement.tag())).toList();
        } catch (IllegalArgumentException e) {
            throw Failure.stop(place + ": " + e.getMessage(), way(e));
        }
    }

    private static String way(IllegalArgumentException trouble) {
        if (!(trouble instanceof Unfit unfit)) {
            return "correct it, commit it, and run this again";
        }
        return switch (unfit.kind) {
            case COPY -> "write the rows as INSERT statements: pg_dump --data-only --inserts -t TABLE DATABASE";
            case INCLUDE -> "put the SQL of that file in its place";
            case CONNECT -> "take it out: a release goes to one database, which the settings name";
            case COMMAND -> "write it as SQL, or take it out";
        };
    }

    /** The CREATE TABLE of a table that this release makes, or null. */
    Change.CreateTable created(Name table) {
        for (Part part : parts) {
            if (part.change() instanceof Change.CreateTable made && made.table().equals(table)
                    && !(made.ifNotExists() && catalog.has(table))) {
                return made;
            }
        }
        return null;
    }

    /** The column as this release adds it, or null. */
    Change.Column added(Name table, String column) {
        return changes().filter(change -> change instanceof Change.AddColumn added && added.table().equals(table)
                && added.column().name().equals(column)).map(change -> ((Change.AddColumn) change).column())
                .findFirst().orElse(null);
    }

    /** What a column refers to by a foreign key of this release, or null. */
    Change.Reference reference(Name table, Change.Column column) {
        if (column.references() != null) {
            return column.references();
        }
        for (Part part : parts) {
            if (part.change() instanceof Change.AddConstraint added && added.table().equals(table)
                    && added.constraint().kind() == Change.Constraint.Kind.FOREIGN_KEY
                    && added.constraint().columns().equals(List.of(column.name()))) {
                return added.constraint().references();
            }
        }
        return null;
    }

    /** Whether a column alone tells the rows of a new table apart, by any statement of this release. */
    boolean unique(Change.CreateTable made, String column) {
        boolean declared = made.columns().stream()
                .anyMatch(c -> c.name().equals(column) && (c.unique() || c.primaryKey()))
                || made.constraints().stream().anyMatch(c -> isKey(c, column));
        return declared || caseless(made, column) || parts.stream().anyMatch(part ->
                part.change() instanceof Change.AddConstraint added && added.table().equals(made.table())
                && isKey(added.constraint(), column) || uniqueIndex(part.change(), made, column));
    }

    /** Whether it does so in lower case, by a unique index on {@code lower(column)}. */
    boolean caseless(Change.CreateTable made, String column) {
        return parts.stream().anyMatch(part -> uniqueIndex(part.change(), made, "lower(" + column + ")")
                || uniqueIndex(part.change(), made, "lower(\"" + column + "\")"));
    }

    private static boolean uniqueIndex(Change change, Change.CreateTable made, String column) {
        return change instanceof Change.CreateIndex index && index.table().equals(made.table()) && index.unique()
                && index.columns().size() == 1 && index.columns().get(0).replaceAll("(?i)\\s|::text", "")
                .replaceFirst("(?i)^lower", "lower").equals(column);
    }

    private static boolean isKey(Change.Constraint constraint, String column) {
        return (constraint.kind() == Change.Constraint.Kind.UNIQUE
                || constraint.kind() == Change.Constraint.Kind.PRIMARY_KEY)
                && constraint.columns().equals(List.of(column));
    }

    /** The single column of a new table's primary key; "id" when it has none of one column. */
    String primaryKey(Change.CreateTable made) {
        return made.columns().stream().filter(Change.Column::primaryKey).map(Change.Column::name).findFirst()
                .or(() -> constraints(made).filter(c -> c.kind() == Change.Constraint.Kind.PRIMARY_KEY
                        && c.columns().size() == 1).map(c -> c.columns().get(0)).findFirst()).orElse("id");
    }

    private Stream<Change.Constraint> constraints(Change.CreateTable made) {
        return Stream.concat(made.constraints().stream(), parts.stream().map(Part::change)
                .filter(change -> change instanceof Change.AddConstraint added && added.table().equals(made.table()))
                .map(change -> ((Change.AddConstraint) change).constraint()));
    }

    /** Whether a row of a new table must be given this column, because nothing else gives it a value. */
    boolean mustBeGiven(Change.CreateTable made, Change.Column column) {
        boolean required = column.notNull() || column.primaryKey() || column.name().equals(primaryKey(made));
        return required && column.defaultExpression() == null && !column.generated() && changes().noneMatch(change ->
                change instanceof Change.SetDefault set && set.table().equals(made.table())
                && set.column().equals(column.name()) && set.expression() != null);
    }

    /** Whether this release drops a column. */
    boolean givesUp(Name table, String column) {
        return parts.stream().anyMatch(part -> part.change() instanceof Change.DropColumn dropped
                && dropped.table().equals(table) && dropped.column().equals(column));
    }

    /** The name a table had before this release. */
    Name before(Name table) {
        return before(null, table, null).table();
    }

    /** What a table and a column were called before this release, as a part of it names them. */
    Node.Ref before(Part part, Name table, String column) {
        int end = part == null ? parts.size() : parts.indexOf(part);
        for (int i = end - 1; i >= 0; i--) {
            if (parts.get(i).change() instanceof Change.RenameTable renamed
                    && Name.of(renamed.table().schema(), renamed.to()).equals(table)) {
                table = renamed.table();
            } else if (parts.get(i).change() instanceof Change.RenameColumn renamed && renamed.table().equals(table)
                    && renamed.to().equals(column)) {
                column = renamed.from();
            }
        }
        return new Node.Ref(table, column);
    }

    /** Whether somebody wrote an INSERT into a table, in a file or in an entry. */
    boolean hasData(Name table) {
        Pattern insert = Pattern.compile("(?is)\\binsert\\s+into\\s+(\\S+\\.)?\"?" + Pattern.quote(table.name())
                + "\\b");
        return changes().anyMatch(change -> change instanceof Change.Insert made && made.table().equals(table))
                || blocks().anyMatch(block -> insert.matcher(block.sql()).find());
    }

    /** Whether somebody wrote how a column gets its values. */
    boolean hasData(Name table, String column) {
        return changes().anyMatch(change -> change instanceof Change.Update update && update.table().equals(table)
                && update.columns().contains(column))
                || blocks().anyMatch(block -> Node.names(block.sql(), table.name()) && Node.names(block.sql(), column));
    }

    /** Whether somebody wrote which rows go because a column of theirs is empty. */
    boolean deletes(Name table, String column) {
        return statements().anyMatch(statement -> statement.identifiers().contains(column)
                && statement.actions().stream()
                .anyMatch(action -> action.change() instanceof Change.Delete gone && gone.table().equals(table)));
    }

    /** Whether some statement carries a table's values (or one column's) to another place before they go. */
    boolean saves(Node.Ref values) {
        return statements().anyMatch(statement -> statement.relations().contains(values.table())
                && (values.column() == null || statement.identifiers().contains(values.column())
                        || statement.tag().equals("CREATE TABLE AS"))
                && statement.actions().stream().anyMatch(action -> keeps(action.change(), values)))
                || blocks().anyMatch(block -> block.sql().matches("(?is).*\\b(insert|update|create)\\b.*")
                        && Node.names(block.sql(), values.table().name())
                        && (values.column() == null || Node.names(block.sql(), values.column())));
    }

    private static boolean keeps(Change change, Node.Ref values) {
        if (change instanceof Change.Update update) {
            return !update.table().equals(values.table())
                    || values.column() != null && !update.columns().equals(List.of(values.column()));
        }
        return change instanceof Change.Insert insert && !insert.table().equals(values.table())
                || change instanceof Change.CreateTable made && !made.table().equals(values.table());
    }

    // Blocks of code, of which only the words are known.
    private Stream<Statement> blocks() {
        return statements().filter(Node::isBlock);
    }

    /** Every other statement of the release. */
    Stream<Statement> others(Statement one) {
        return statements().filter(statement -> statement != one);
    }

    /** Whether a statement wants the rows of a table to be told apart: it refers to them, or handles conflicts. */
    boolean countsOn(Name table, Statement besides) {
        return others(besides).anyMatch(statement ->
                Node.isBlock(statement) && Node.names(statement.sql(), table.name())
                || statement.writes().contains(table) && statement.sql().matches("(?is).*\\bON\\s+CONFLICT\\b.*")
                || statement.actions().stream().anyMatch(action -> refers(action.change(), table)));
    }

    private static boolean refers(Change change, Name table) {
        return change instanceof Change.AddConstraint added && added.constraint().references() != null
                        && added.constraint().references().table().equals(table)
                || change instanceof Change.AddColumn column && column.column().references() != null
                        && column.column().references().table().equals(table)
                || change instanceof Change.CreateTable made && Stream.concat(
                        made.columns().stream().map(Change.Column::references),
                        made.constraints().stream().map(Change.Constraint::references))
                        .anyMatch(reference -> reference != null && reference.table().equals(table));
    }

    /** Whether the release itself says that a column must have a value. */
    boolean requires(Name table, String column) {
        return changes().anyMatch(change -> change instanceof Change.SetNotNull set && set.table().equals(table)
                && set.column().equals(column));
    }

    /** Whether the release makes a column an identity, which it can be only when it is NOT NULL already. */
    boolean identity(Name table, String column) {
        return statements().anyMatch(statement -> statement.relations().contains(table)
                && statement.identifiers().contains(column)
                && statement.sql().matches("(?is).*\\bADD\\s+GENERATED\\b.*"));
    }

    private Stream<Statement> statements() {
        Set<Statement> statements = new LinkedHashSet<>();
        parts.forEach(part -> statements.add(part.statement()));
        written.forEach(each -> statements.add(each.statement()));
        return statements.stream().filter(Objects::nonNull);
    }

    private Stream<Change> changes() {
        return Stream.concat(parts.stream().map(Part::change),
                written.stream().flatMap(each -> each.statement().actions().stream())
                .map(Statement.Action::change));
    }

    /** Every table there is before or within this release. */
    Set<Name> tables() {
        Set<Name> tables = new LinkedHashSet<>(catalog.tables());
        parts.forEach(part -> tables.addAll(part.change() instanceof Change.CreateTable made ? List.of(made.table())
                : part.change() instanceof Change.RenameTable renamed
                ? List.of(Name.of(renamed.table().schema(), renamed.to())) : List.of()));
        return tables;
    }
}
