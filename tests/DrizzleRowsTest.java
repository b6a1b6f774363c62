//SOURCES DrizzleCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.util.List;
import java.util.Map;
import lib.Exec;
import lib.History;
import lib.Migration;
import lib.Postgres;
import lib.Target;
import lib.migrations.Drizzle;
import lib.sql.Name;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows of a release in Drizzle's table, wherever that is: after them the real drizzle-orm runs nothing. */
class DrizzleRowsTest extends DrizzleCase {
    @ParameterizedTest
    @CsvSource({"drizzle-orm, node-postgres", "drizzle-orm, postgres-js", "drizzle-orm, pg-proxy",
        "drizzle-orm-036, node-postgres", "drizzle-orm-036, pg-proxy", "drizzle-orm-029, node-postgres",
        "drizzle-orm-029, pg-proxy"})
    void afterTheRowsTheRealMigratorRunsNothing(String orm, String driver) throws Exception {
        Target target = database();
        assertWorks(migrate(target, five(), "drizzle", driver, "--orm", orm));
        try (Connection connection = Postgres.write(target, "test")) {
            Drizzle history = history(seven());
            History.State state = history.state(connection);
            assertEquals(List.of(), state.troubles());
            assertEquals(List.of(SIXTH, SEVENTH), ids(state.pending()));
            assertEquals(5, state.applied().size());
            apply(connection, history, state);
            History.State after = history.state(connection);
            assertEquals(List.of(), after.pending());
            assertEquals(List.of(), after.troubles());
            assertEquals(7, after.applied().size());
        }
        assertRunsNothing(migrate(target, seven(), "drizzle", driver, "--orm", orm));
    }

    @ParameterizedTest
    @ValueSource(strings = {"drizzle-orm", "drizzle-orm-1"})
    void withoutTheRowsTheRealMigratorRunsItAgain(String orm) throws Exception {
        boolean one = orm.equals("drizzle-orm-1");
        Target target = database();
        Map<String, byte[]> files = one ? folders("drizzle") : seven();
        try (Connection connection = Postgres.write(target, "test")) {
            assertWorks(migrate(target, one ? first(files, 5) : five(), "drizzle", "node-postgres", "--orm", orm));
            for (Migration migration : history(files).state(connection).pending()) {
                run(connection, migration.sql());
            }
        }
        Exec.Result result = migrate(target, files, "drizzle", "node-postgres", "--orm", orm);
        assertEquals(1, result.exit());
        assertTrue(result.out().contains("42P07 relation \"users\" already exists"), result.out());
    }

    @ParameterizedTest
    @CsvSource({"node-postgres, upgraded", "node-postgres, fresh", "node-postgres, old", "postgres-js, upgraded",
        "postgres-js, fresh", "postgres-js, old", "pg-proxy, upgraded", "pg-proxy, fresh", "pg-proxy, old"})
    void drizzleOneRunsNothingEither(String driver, String table) throws Exception {
        Target target = database();
        Map<String, byte[]> files = folders("drizzle");
        if (!table.equals("upgraded")) {
            assertWorks(table.equals("old") ? migrate(target, five(), "drizzle", driver)
                    : migrate(target, first(files, 5), "drizzle", driver, "--orm", "drizzle-orm-1"));
        } else {
            assertWorks(migrate(target, five(), "drizzle", "node-postgres"));
            assertRunsNothing(migrate(target, first(files, 5), "drizzle", driver, "--orm", "drizzle-orm-1"));
        }
        try (Connection connection = Postgres.write(target, "test")) {
            Drizzle history = history(files);
            History.State state = history.state(connection);
            assertEquals(List.of(), state.troubles());
            assertEquals(!table.equals("old"), state.columns().contains("name"));
            assertEquals(ids(history.local().subList(5, 7)), ids(state.pending()));
            apply(connection, history, state);
            assertEquals(List.of(), history.state(connection).pending());
        }
        assertRunsNothing(migrate(target, files, "drizzle", driver, "--orm", "drizzle-orm-1"));
        try (Connection connection = Postgres.read(target, "test")) {
            History.State after = history(files).state(connection);
            assertEquals(7, after.applied().size());
            assertEquals(List.of(), after.troubles());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"drizzle-orm", "drizzle-orm-1"})
    void theFirstReleaseMakesTheTableThatDrizzleMakes(String orm) throws Exception {
        Map<String, byte[]> files = orm.equals("drizzle-orm-1") ? folders("drizzle") : seven();
        Target real = database();
        Target ours = database();
        assertWorks(migrate(real, files, "drizzle", "node-postgres", "--orm", orm));
        try (Connection connection = Postgres.write(ours, "test"); Connection other = Postgres.read(real, "test")) {
            Drizzle history = history(files);
            History.State state = history.state(connection);
            assertFalse(state.exists());
            assertEquals(7, state.pending().size());
            apply(connection, history, state);
            String shape = "SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns"
                    + " WHERE table_schema = 'drizzle' ORDER BY ordinal_position";
            assertEquals(Postgres.rows(other, shape), Postgres.rows(connection, shape));
            String rows = "SELECT id, hash, created_at FROM drizzle.__drizzle_migrations ORDER BY id";
            assertEquals(Postgres.rows(other, rows), Postgres.rows(connection, rows));
        }
        assertRunsNothing(migrate(ours, files, "drizzle", "node-postgres", "--orm", orm));
    }

    @Test
    void aTableOfItsOwnIsFoundInConfigurationAndCode() throws Exception {
        Name own = Name.of("app", "My \"history\"");
        Target target = database();
        assertWorks(migrate(target, five(), "drizzle", "node-postgres", "--schema", "app", "--table", own.name()));
        Map<String, byte[]> config = seven();
        config.put("drizzle.config.ts", bytes("export default { dialect: 'postgresql', migrations: {"
                + " table: 'My \"history\"', /* schema: 'x', */ schema: `app` } }"));
        Map<String, byte[]> code = seven();
        code.put("src/migrate.ts", bytes("import { migrate } from 'drizzle-orm/node-postgres/migrator';\n"
                + "const HISTORY = 'My \"history\"';\n// migrationsTable: 'no'\nconst migrationsSchema = 'app' as "
                + "const;\n"
                + "await migrate(db, { migrationsFolder: './drizzle', migrationsTable: HISTORY, migrationsSchema });"));
        for (Map<String, byte[]> files : List.of(config, code)) {
            try (Connection connection = Postgres.write(target, "test")) {
                Drizzle history = history(files);
                assertTrue(history.config().certain());
                History.State state = history.state(connection);
                assertEquals(own, state.table());
                assertEquals(List.of(), state.troubles());
                if (!state.pending().isEmpty()) {
                    assertEquals(List.of(SIXTH, SEVENTH), ids(state.pending()));
                    apply(connection, history, state);
                }
            }
            assertRunsNothing(migrate(target, seven(), "drizzle", "node-postgres", "--schema", "app",
                    "--table", own.name()));
        }
    }

    @Test
    void aTableNobodySpokeOfIsSearchedFor() throws Exception {
        Target target = database();
        assertWorks(migrate(target, five(), "drizzle", "node-postgres", "--schema", "elsewhere"));
        Map<String, byte[]> dynamic = seven();
        dynamic.put("src/migrate.ts", bytes("import { migrate } from 'drizzle-orm/node-postgres/migrator';\n"
                + "await migrate(db, { migrationsFolder: 'drizzle', migrationsSchema: process.env.SCHEMA });"));
        try (Connection connection = Postgres.read(target, "test")) {
            History.State state = history(seven()).state(connection);
            assertEquals(Name.of("elsewhere", "__drizzle_migrations"), state.table());
            assertEquals(List.of(SIXTH, SEVENTH), ids(state.pending()));
            assertTrue(trouble(state, "unknown").stops(), "drizzle.config.ts says otherwise");
            assertFalse(trouble(history(dynamic).state(connection), "unknown").stops(), "only the program knows");
        }
    }
}
