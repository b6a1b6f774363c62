//SOURCES ../Count.java ../Failure.java ../History.java ../Migration.java ../sql/Name.java ../Postgres.java
//SOURCES DrizzleConfig.java

package lib.migrations;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import lib.Count;
import lib.Failure;
import lib.History;
import lib.Migration;
import lib.Postgres;
import lib.sql.Name;

/**
 * The table in which Drizzle keeps its history, as one database has it.
 *
 * @param columns empty when the table is not there
 * @param troubles what is odd about the place of the table
 */
record DrizzleTable(Name name, List<String> columns, List<Row> rows, List<History.Trouble> troubles) {
    /**
     * One row of it.
     *
     * @param place the condition that finds it again: {@code id = 3}
     * @param time milliseconds since 1970, null where created_at is NULL
     * @param name the folder of a migration of 1.0, null before that
     */
    record Row(String place, String hash, Long time, String name) {
    }

    boolean exists() {
        return !columns.isEmpty();
    }

    boolean named() {
        return columns.contains("name");
    }

    /** Finds the table where the repository says it is, else wherever rows of these migrations are. */
    static DrizzleTable find(Connection connection, DrizzleConfig config,
            List<Migration> migrations) throws SQLException {
        List<History.Trouble> troubles = new ArrayList<>();
        List<DrizzleTable> found = new ArrayList<>();
        for (Name name : config.tables()) {
            List<String> columns = columns(connection, name);
            if (!columns.isEmpty()) {
                found.add(read(connection, name, columns, troubles));
            }
        }
        if (found.isEmpty()) {
            for (Name name : elsewhere(connection, migrations)) {
                found.add(read(connection, name, columns(connection, name), troubles));
            }
            if (!found.isEmpty()) {
                Name there = found.get(0).name;
                troubles.add(new History.Trouble("unknown", sql(there), "the history is in " + sql(there)
                        + ", and not in "
                        + sql(config.tables().get(0)) + " (" + config.said()
                        + "): a migrator that looks there runs every migration again",
                        "say where it is: migrations: { schema: \"" + there.schema() + "\", table: \"" + there.name()
                        + "\" } in "
                                + (config.file() == null ? "drizzle.config.ts" : config.file())
                                + ", and migrationsSchema, migrationsTable where "
                                + "migrate() is called", config.certain()));
            }
        }
        if (found.isEmpty()) {
            return new DrizzleTable(config.tables().get(0), List.of(), List.of(), troubles);
        }
        List<DrizzleTable> filled = found.stream().filter(table -> table.of(migrations) > 0).toList();
        if (filled.size() > 1) {
            troubles.add(new History.Trouble("duplicated", sql(filled.get(1).name),
                    "two tables have rows of these migrations: "
                    + filled.stream().map(table -> sql(table.name) + " (" + Count.of(table.rows.size(), "row") + ")")
                    .collect(Collectors.joining(", "))
                    + ", and what runs with the one does not see the other",
                    "give drizzle.config and migrate() the same table, then DROP TABLE the one nothing uses", true));
        }
        return filled.isEmpty() ? found.get(0) : filled.get(0);
    }

    private long of(List<Migration> migrations) {
        return rows.stream().filter(row -> migrations.stream().anyMatch(migration -> migration.hash().equals(row.hash)))
                .count();
    }

    private static List<String> columns(Connection connection, Name name) throws SQLException {
        return Postgres.rows(connection, "SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = " + Postgres.literal(name.schema())
                + " AND c.relname = " + Postgres.literal(name.name()) + " AND c.relkind IN ('r', 'p') AND a.attnum > 0"
                + " AND NOT a.attisdropped ORDER BY a.attnum").stream().map(row -> row.get(0)).toList();
    }

    /** Tables of the right shape that hold a hash of these migrations. */
    private static List<Name> elsewhere(Connection connection, List<Migration> migrations) throws SQLException {
        List<Name> names = new ArrayList<>();
        // An application may have a column "hash" too, but hardly beside a created_at that counts milliseconds.
        for (List<String> row : Postgres.rows(connection, "SELECT n.nspname, c.relname FROM pg_class c"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%'"
                + " AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')"
                + " AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'hash' AND "
                + "a.atttypid = 'text'::regtype)"
                + " AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'created_at'"
                + " AND a.atttypid IN ('bigint'::regtype, 'numeric'::regtype)) ORDER BY 1, 2")) {
            Name name = new Name(row.get(0), row.get(1));
            String hashes = migrations.stream().map(migration -> Postgres.literal(migration.hash()))
                    .collect(Collectors.joining(", "));
            if (!migrations.isEmpty() && Postgres.one(connection, "SELECT 1 FROM " + sql(name) + " WHERE hash IN ("
                    + hashes + ") LIMIT 1") != null) {
                names.add(name);
            }
        }
        return names;
    }

    private static DrizzleTable read(Connection connection, Name name, List<String> columns,
            List<History.Trouble> troubles)
            throws SQLException {
        if (!columns.contains("hash") || !columns.contains("created_at")) {
            throw Failure.stop(sql(name) + " is not a history this tool knows: it has the columns " + String.join(", ",
                    columns),
                    "expected are id, hash, created_at, and since Drizzle 1.0 name, applied_at; which Drizzle made "
                    + "it?");
        }
        String place = columns.contains("id") ? "'id = ' || id" : "'ctid = ''' || ctid || ''''";
        String query = "SELECT " + place + ", hash, created_at::text" + (columns.contains("name") ? ", name" : ", NULL")
                + " FROM " + sql(name)
                + " ORDER BY created_at" + (columns.contains("id") ? ", id" : "");
        List<Row> rows = new ArrayList<>();
        try {
            for (List<String> row : Postgres.rows(connection, query)) {
                rows.add(new Row(row.get(0), row.get(1), row.get(2) == null ? null : new BigDecimal(row.get(2))
                        .longValue(), row.get(3)));
            }
        } catch (NumberFormatException e) {
            throw Failure.stop("created_at of " + sql(name) + " holds something that is no number of milliseconds",
                    "SELECT * FROM " + sql(name) + " ORDER BY id");
        } catch (SQLException e) {
            if (!"42501".equals(e.getSQLState())) {
                throw e;
            }
            throw new Failure(Failure.Exit.STOP, sql(name) + " may not be read by this user: " + e.getMessage(),
                    "GRANT USAGE ON SCHEMA " + quoted(name.schema()) + " TO CURRENT_USER; GRANT SELECT ON " + sql(name)
                            + " TO CURRENT_USER (with the user's name, run by the owner)", e);
        }
        return new DrizzleTable(name, columns, rows, troubles);
    }

    /** The table's name with its schema, quoted as Drizzle quotes it: no search path can lead elsewhere. */
    static String sql(Name name) {
        return quoted(name.schema()) + "." + quoted(name.name());
    }

    static String quoted(String identifier) {
        return '"' + identifier.replace("\"", "\"\"") + '"';
    }
}
