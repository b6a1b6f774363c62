//SOURCES ../Migration.java ../Postgres.java ../sql/Name.java HistoryTable.java

package lib.migrations;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import lib.Migration;
import lib.Postgres;
import lib.sql.Name;

/**
 * A table in which an application notes by itself which of its SQL files ran; known by what it holds.
 *
 * @param form how it names a file: by its name, without the ending, or by its number
 * @param unclear a column whose value only the application's runner knows, or null
 */
record PlainTable(HistoryTable table, String key, Form form, String unclear, Set<String> values) {
    private static final Pattern CALLED = Pattern.compile("(?i).*(migrat|schema_?(version|history|change)|changelog"
            + "|db_?version|(db|schema|sql)_?patch).*");
    /** More rows than any folder has files: an application's own table that is only called like a history. */
    private static final int MANY = 20_000;
    private static final Pattern NUMBERING = Pattern.compile("(?i).*(version|number|migration|revision|patch).*");

    /** The ways in which such a table names a file. */
    enum Form {
        FILE(migration -> migration.file().substring(migration.file().lastIndexOf('/') + 1)),
        STEM(Migration::id),
        PATH(Migration::file),
        DIGITS(migration -> migration.id().replaceFirst("^\\D?(\\d+).*", "$1")),
        NUMBER(migration -> String.valueOf(migration.time()));

        private final Function<Migration, String> of;

        Form(Function<Migration, String> of) {
            this.of = of;
        }

        String of(Migration migration) {
            return of.apply(migration);
        }
    }

    /** The table that holds the name of at least one of these files; null when none does. */
    static PlainTable find(Connection connection, List<Migration> local) throws SQLException {
        PlainTable best = null;
        for (List<String> row : Postgres.rows(connection, "SELECT n.nspname, c.relname FROM pg_class c"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')"
                + " AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
                + " ORDER BY n.nspname <> 'public', 1, 2")) {
            Name name = new Name(row.get(0), row.get(1));
            if (best == null && CALLED.matcher(name.name()).matches() && few(connection, name)) {
                HistoryTable table = HistoryTable.read(connection, name, HistoryTable.columns(connection, name), "");
                best = best(connection, table, local);
            }
        }
        return best;
    }

    private static boolean few(Connection connection, Name name) throws SQLException {
        return Long.parseLong(Postgres.one(connection, "SELECT greatest(c.reltuples, 0)::bigint FROM pg_class c"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = " + Postgres.literal(name.schema())
                + " AND c.relname = " + Postgres.literal(name.name()))) < MANY;
    }

    private static PlainTable best(Connection connection, HistoryTable table, List<Migration> local)
            throws SQLException {
        for (Form form : Form.values()) {
            Set<String> names = new HashSet<>(local.stream().map(form::of).toList());
            for (String column : table.columns()) {
                boolean numbers = form == Form.DIGITS || form == Form.NUMBER;
                Set<String> values = new HashSet<>();
                table.rows().forEach(row -> values.add(row.get(column)));
                if (values.stream().anyMatch(names::contains) && (!numbers || NUMBERING.matcher(column).matches())) {
                    return new PlainTable(table, column, form, unclear(connection, table, column), values);
                }
            }
        }
        return null;
    }

    // A row of the name alone is right only where every other column fills itself, or is empty in every row so far.
    private static String unclear(Connection connection, HistoryTable table, String key) throws SQLException {
        for (List<String> column : Postgres.rows(connection, "SELECT a.attname, a.attnotnull, a.atthasdef"
                + " OR a.attidentity <> '' FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "
                + Postgres.literal(table.name().schema()) + " AND c.relname = "
                + Postgres.literal(table.name().name()) + " AND a.attnum > 0 AND NOT a.attisdropped")) {
            boolean filled = table.rows().stream().anyMatch(row -> row.get(column.get(0)) != null);
            if (!column.get(0).equals(key) && column.get(2).equals("f") && (column.get(1).equals("t") || filled)) {
                return column.get(0);
            }
        }
        return null;
    }

    Name name() {
        return table.name();
    }

    String sql() {
        return table.sql();
    }

    List<String> columns() {
        return table.columns();
    }

    boolean has(Migration migration) {
        return values.contains(form.of(migration));
    }

    /** What it names besides these files. */
    List<String> strangers(List<Migration> local) {
        Set<String> known = new HashSet<>(local.stream().map(form::of).toList());
        List<String> strangers = new ArrayList<>();
        for (Map<String, String> row : table.rows()) {
            if (row.get(key) != null && !known.contains(row.get(key))) {
                strangers.add(row.get(key));
            }
        }
        return strangers;
    }

    String insert(Migration migration) {
        return "INSERT INTO " + sql() + " (" + Name.quote(key) + ") VALUES (" + Postgres.literal(form.of(migration))
                + ")";
    }
}
