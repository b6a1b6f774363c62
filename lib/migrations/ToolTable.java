//SOURCES ../Postgres.java ../sql/Name.java

package lib.migrations;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.Postgres;
import lib.sql.Name;

/**
 * How the history table of a migration tool is recognised.
 *
 * @param schema where it always is, null when it may be anywhere
 * @param columns what it must have
 * @param beside a table that must be in the same schema, or null
 */
record ToolTable(String tool, String schema, String table, List<String> columns, String beside) {
    /** The first that fits counts: several tools call theirs schema_migrations, and differ by its columns. */
    static final List<ToolTable> ALL = List.of(
            any("drizzle", "__drizzle_migrations", "hash", "created_at"),
            any("prisma", "_prisma_migrations", "migration_name", "checksum"),
            new ToolTable("supabase", "supabase_migrations", "schema_migrations", List.of("version"), null),
            any("flyway", "flyway_schema_history", "installed_rank", "script", "checksum"),
            any("flyway", "schema_version", "installed_rank", "script", "checksum"),
            any("node-pg-migrate", "pgmigrations", "name", "run_on"),
            any("golang-migrate", "schema_migrations", "version", "dirty"),
            any("ecto", "schema_migrations", "version", "inserted_at"),
            new ToolTable("rails", null, "schema_migrations", List.of("version"), "ar_internal_metadata"),
            any("dbmate", "schema_migrations", "version"),
            any("liquibase", "databasechangelog", "md5sum", "orderexecuted"),
            new ToolTable("sqitch", "sqitch", "changes", List.of("change_id"), null),
            any("alembic", "alembic_version", "version_num"),
            any("knex", "knex_migrations", "name", "batch"),
            any("typeorm", "migrations", "timestamp", "name"),
            any("typeorm", "typeorm_migrations", "timestamp", "name"),
            any("laravel", "migrations", "migration", "batch"),
            any("sequelize", "SequelizeMeta", "name"),
            any("goose", "goose_db_version", "version_id", "is_applied"),
            any("django", "django_migrations", "app", "name"),
            any("entity-framework", "__EFMigrationsHistory", "MigrationId"),
            any("diesel", "__diesel_schema_migrations", "version"),
            any("sqlx", "_sqlx_migrations", "version", "checksum"),
            any("mikro-orm", "mikro_orm_migrations", "name"),
            any("kysely", "kysely_migration", "name"),
            new ToolTable("graphile-migrate", "graphile_migrate", "migrations", List.of("hash"), null),
            new ToolTable("atlas", "atlas_schema_revisions", "atlas_schema_revisions", List.of("version"), null));

    /** Schemas that Supabase fills by itself: the histories in them are those of its own services. */
    private static final List<String> SERVICES = List.of("auth", "storage", "realtime", "_realtime", "_analytics",
            "supabase_functions", "pgsodium", "vault", "net", "cron");

    private static ToolTable any(String tool, String table, String... columns) {
        return new ToolTable(tool, null, table, List.of(columns), null);
    }

    /** A history that a database has, whatever the repository says. */
    record Found(String tool, Name table, List<String> columns) {
    }

    /** Every history table of a tool that is known by name. */
    static List<Found> in(Connection connection) throws SQLException {
        Map<Name, List<String>> tables = new LinkedHashMap<>();
        for (List<String> row : Postgres.rows(connection, "SELECT n.nspname, c.relname, a.attname FROM pg_class c"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid"
                + " AND a.attnum > 0 AND NOT a.attisdropped WHERE c.relkind IN ('r', 'p')"
                + " AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2, a.attnum")) {
            tables.computeIfAbsent(new Name(row.get(0), row.get(1)), name -> new ArrayList<>()).add(row.get(2));
        }
        Map<String, List<ToolTable>> byTable = new HashMap<>();
        ALL.forEach(each -> byTable.computeIfAbsent(each.table, name -> new ArrayList<>()).add(each));
        List<Found> found = new ArrayList<>();
        tables.forEach((name, columns) -> byTable.getOrDefault(name.name(), List.of()).stream()
                .filter(each -> !SERVICES.contains(name.schema()) && each.fits(name, columns, tables)).findFirst()
                .ifPresent(each -> found.add(new Found(each.tool, name, columns))));
        return found;
    }

    private boolean fits(Name name, List<String> has, Map<Name, List<String>> tables) {
        return (schema == null || schema.equals(name.schema())) && has.containsAll(columns)
                && (beside == null || tables.containsKey(new Name(name.schema(), beside)));
    }
}
