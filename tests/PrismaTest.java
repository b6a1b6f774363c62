//SOURCES HistoryCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import lib.Failure;
import lib.History;
import org.junit.jupiter.api.Test;

/** Prisma's history, in a database that the real prisma migrate deploy filled. */
class PrismaTest {
    private static final String FOLDER = "prisma/migrations/";
    private static final String FIRST = "20260101120000_init";
    private static final String LATE = "20260101130000_late";
    private static final String LAST = "20260106120000_rel";

    private static HistoryCase prisma() {
        return new HistoryCase("prisma", "prisma");
    }

    private static String sql(String name) {
        return FOLDER + name + "/migration.sql";
    }

    @Test
    void theRealStateIsReadWithoutTrouble() {
        try (HistoryCase test = prisma()) {
            History history = test.history();
            assertEquals("prisma", history.tool());
            assertEquals("prisma/migrations", history.folder());
            assertEquals("481547b0516e7b24d5c46deac974dc1f08fdac632288d82c27a8d2e6b14d665a",
                    history.local().get(0).hash());
            History.State state = test.state();
            assertEquals(List.of(FIRST, LATE, "20260102120000_add_name", "20260103120000_bad", LAST),
                    HistoryCase.ids(state.applied()));
            assertEquals(List.of(), state.pending());
            assertEquals(List.of(), state.troubles(), "a try that was rolled back is no trouble any more");
        }
    }

    @Test
    void theRowsAreThoseOfPrisma() {
        try (HistoryCase test = prisma()) {
            test.file(sql("20260107120000_next"), "CREATE TABLE next (id int);\n");
            assertEquals(List.of("20260107120000_next"), HistoryCase.ids(test.state().pending()));
            test.release();
            assertEquals(List.of(), test.state().pending());
            assertEquals(List.of(), test.state().troubles());
            String shape = "SELECT concat_ws(' ', length(id), id ~ '^[0-9a-f-]{36}$', length(checksum),"
                    + " finished_at IS NOT NULL, logs IS NULL, rolled_back_at IS NULL, applied_steps_count)"
                    + " FROM _prisma_migrations WHERE migration_name = ";
            assertEquals(test.sql(shape + "'" + FIRST + "'"), test.sql(shape + "'20260107120000_next'"));
            assertEquals(test.history().local().get(5).hash(), test.sql("SELECT checksum FROM _prisma_migrations"
                    + " WHERE migration_name = '20260107120000_next'"));
        }
    }

    @Test
    void anEmptyDatabaseGetsTheTableAsPrismaMakesIt() {
        try (HistoryCase real = prisma(); HistoryCase test = new HistoryCase(null, null)) {
            test.files.putAll(real.files);
            test.file(sql(LAST), "ALTER TABLE \"User\" ADD COLUMN role text;\n");
            assertEquals(5, test.state().pending().size());
            test.release();
            String columns = "SELECT string_agg(concat_ws(' ', column_name, data_type, character_maximum_length,"
                    + " is_nullable, column_default), ', ' ORDER BY ordinal_position) FROM information_schema.columns"
                    + " WHERE table_name = '_prisma_migrations'";
            assertEquals(real.sql(columns), test.sql(columns));
            assertEquals(5, test.state().applied().size());
        }
    }

    @Test
    void anEditedMigrationIsToldAndLineEndsAreNone() {
        try (HistoryCase test = prisma()) {
            String text = test.text(sql(FIRST));
            test.file(sql(FIRST), text.replace("\n", "\r\n"));
            assertEquals(List.of(), test.state().troubles());
            test.file(sql(FIRST), text + "-- more\n");
            String told = HistoryCase.only(test.state(), "edited", true);
            assertTrue(told.contains("481547b0516e") && told.contains("UPDATE public._prisma_migrations"), told);
        }
    }

    @Test
    void aFailedMigrationStopsAsPrismaDoes() {
        try (HistoryCase test = prisma()) {
            test.execute("UPDATE _prisma_migrations SET finished_at = NULL, logs = E'no such table\\nmore'"
                    + " WHERE migration_name = '" + LAST + "'");
            History.State state = test.state();
            assertEquals(List.of(), state.pending(), "Prisma runs nothing before it is resolved");
            String told = HistoryCase.only(state, "failed", true);
            assertTrue(told.contains("P3009") && told.contains("no such table")
                    && told.contains("migrate resolve --rolled-back " + LAST), told);
        }
    }

    @Test
    void deletedOnesAreToldAndNewerOnesStop() {
        try (HistoryCase test = prisma()) {
            test.files.remove(sql(LATE));
            assertTrue(HistoryCase.only(test.state(), "deleted", false).contains(LATE));
            test.files.remove(sql(LAST));
            assertTrue(test.state().troubles().stream().anyMatch(trouble -> trouble.kind().equals("unknown")
                    && trouble.stops() && trouble.message().contains("this commit does not hold")));
        }
    }

    @Test
    void lateAndFutureOnesRunAndAreTold() {
        try (HistoryCase test = prisma()) {
            test.file(sql("20260101140000_later"), "SELECT 1;").file(sql("20990101000000_far"), "SELECT 1;");
            History.State state = test.state();
            assertEquals(List.of("20260101140000_later", "20990101000000_far"), HistoryCase.ids(state.pending()));
            assertEquals(List.of("order", "future"), state.troubles().stream().map(History.Trouble::kind).toList());
            test.execute("INSERT INTO _prisma_migrations SELECT 'x', checksum, finished_at, migration_name, logs,"
                    + " rolled_back_at, started_at, 1 FROM _prisma_migrations WHERE migration_name = '" + FIRST + "'");
            assertTrue(test.state().troubles().toString().contains("two finished rows"));
        }
    }

    @Test
    void whatPrismaWouldRefuseStops() {
        try (HistoryCase test = prisma()) {
            test.files.remove(sql(LAST));
            test.file(FOLDER + LAST + "/README.md", "the SQL was forgotten");
            assertTrue(test.state().troubles().toString().contains("P3015"));
            test.execute("DROP TABLE _prisma_migrations");
            assertTrue(test.state().troubles().toString().contains("P3005"));
            test.execute("CREATE TABLE _prisma_migrations (id int)");
            assertTrue(assertThrows(Failure.class, test::state).getMessage().contains("columns id"));
        }
    }

    @Test
    void brokenTextIsToldBeforeItRuns() {
        try (HistoryCase test = prisma()) {
            test.files.put(sql("20260107120000_a"), "SELECT 'caf\u00e9'".getBytes(StandardCharsets.ISO_8859_1));
            test.files.put(sql("20260107120001_b"), "SELECT 1;\n\0".getBytes(StandardCharsets.UTF_8));
            test.files.put(sql("20260107120002_c"), "SELECT 1".getBytes(StandardCharsets.UTF_16));
            List<History.Trouble> troubles = test.state().troubles();
            assertEquals(List.of("encoding", "encoding", "encoding"),
                    troubles.stream().map(History.Trouble::kind).toList());
            assertTrue(troubles.get(0).message().contains("UTF-8") && troubles.get(1).message().contains("NUL")
                    && troubles.get(1).message().contains("line 2") && troubles.get(2).message().contains("UTF-16"));
        }
    }

    @Test
    void twoTablesWithTheseRowsAreTold() {
        try (HistoryCase test = prisma()) {
            test.execute("CREATE SCHEMA shop", "CREATE TABLE shop._prisma_migrations AS"
                    + " TABLE public._prisma_migrations");
            assertTrue(HistoryCase.only(test.state(), "duplicated", true).contains("shop._prisma_migrations"));
            test.execute("DROP TABLE public._prisma_migrations");
            assertEquals("shop", test.state().table().schema(), "?schema= of the URL puts it elsewhere");
        }
    }

    @Test
    void anotherDatabasesMigrationsAreNotOurs() {
        Map<String, byte[]> files = Map.of("prisma/migrations/20260101120000_a/migration.sql", new byte[0],
                "prisma/migrations/migration_lock.toml", "provider = \"mysql\"".getBytes(StandardCharsets.UTF_8));
        assertTrue(lib.migrations.Histories.find(files, new lib.Settings.Migrations(null, null)).isEmpty());
    }
}
