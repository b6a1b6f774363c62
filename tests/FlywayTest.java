//DEPS org.flywaydb:flyway-core:13.12.0
//DEPS org.flywaydb:flyway-database-postgresql:13.12.0
//SOURCES HistoryCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import lib.Failure;
import lib.History;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Flyway's history, beside the real Flyway on the same database. */
class FlywayTest {
    private static final String FOLDER = "src/main/resources/db/migration/";
    private static final String LATE = "V1_5__late.sql";

    @TempDir
    Path temp;

    /** The fixture: 1, 2, 2.1, a repeatable one, then 1.5 out of order. */
    private static HistoryCase flyway() {
        HistoryCase test = new HistoryCase("flyway", "sql");
        Map<String, byte[]> files = Map.copyOf(test.files);
        test.files.clear();
        files.forEach((path, bytes) -> test.files.put(FOLDER + path.substring(4), bytes));
        return test.file(FOLDER + LATE, "CREATE TABLE late(id int);\n");
    }

    private Flyway real(HistoryCase test) {
        try {
            Path folder = Files.createTempDirectory(temp, "sql");
            for (Map.Entry<String, byte[]> file : test.files.entrySet()) {
                if (file.getKey().startsWith(FOLDER)) {
                    Path to = folder.resolve(file.getKey().substring(FOLDER.length()));
                    Files.createDirectories(to.getParent());
                    Files.write(to, file.getValue());
                }
            }
            return Flyway.configure().dataSource("jdbc:postgresql://" + test.database.host() + ":"
                    + test.database.port() + "/" + test.database.database(), test.database.user(),
                    test.database.password())
                    .locations("filesystem:" + folder).load();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String refusal(HistoryCase test) {
        return assertThrows(FlywayException.class, () -> real(test).migrate()).getMessage();
    }

    @Test
    void theRealStateIsReadWithoutTrouble() {
        try (HistoryCase test = flyway()) {
            History history = test.history();
            assertEquals("flyway in src/main/resources/db/migration", history.tool() + " in " + history.folder());
            assertEquals(List.of("V1__init", "V1_5__late", "V2__add_name", "V2_1__idx", "R__view"),
                    HistoryCase.ids(history.local()));
            assertEquals("317458739", history.local().get(0).hash());
            History.State state = test.state();
            assertEquals(5, state.applied().size());
            assertEquals(List.of(), state.pending());
            assertEquals(List.of(), state.troubles());
            assertTrue(real(test).validateWithResult().validationSuccessful);
        }
    }

    @Test
    void afterOurRowsFlywayHasNothingToRun() {
        try (HistoryCase test = flyway()) {
            test.file(FOLDER + "V10__ten.sql", "\ufeffCREATE TABLE ten (id int);\r\n-- \u00e4\r\n\r\n")
                    .file(FOLDER + "V3__three_things.sql", "").file(FOLDER + "sub/V3.0.1__x.sql", "SELECT 1")
                    .file(FOLDER + "R__view.sql", "CREATE OR REPLACE VIEW v AS SELECT id, email FROM people")
                    .file(FOLDER + "R__another_view.sql", "CREATE OR REPLACE VIEW w AS SELECT 1 AS one;");
            test.execute("DROP VIEW v");
            assertEquals(List.of("V3__three_things", "sub/V3.0.1__x", "V10__ten", "R__another_view", "R__view"),
                    HistoryCase.ids(test.state().pending()));
            test.release();
            assertEquals(List.of(), test.state().pending());
            assertEquals(List.of(), test.state().troubles());
            assertTrue(real(test).validateWithResult().validationSuccessful,
                    () -> real(test).validateWithResult().getAllErrorMessages());
            assertEquals(0, real(test).migrate().migrationsExecuted);
            assertEquals("10", test.sql("SELECT max(installed_rank) FROM flyway_schema_history"));
            // And it is not asleep.
            test.file(FOLDER + "V11__next.sql", "CREATE TABLE next (id int);");
            assertEquals(1, real(test).migrate().migrationsExecuted);
        }
    }

    @Test
    void anEmptyDatabaseGetsTheTableAsFlywayMakesIt() {
        try (HistoryCase real = flyway(); HistoryCase test = new HistoryCase(null, null)) {
            test.files.putAll(real.files);
            test.release();
            assertEquals(0, real(test).migrate().migrationsExecuted);
            String columns = "SELECT string_agg(concat_ws(' ', column_name, data_type, character_maximum_length,"
                    + " is_nullable, column_default), ', ' ORDER BY ordinal_position) FROM information_schema.columns"
                    + " WHERE table_name = 'flyway_schema_history'";
            assertEquals(real.sql(columns), test.sql(columns));
            String indexes = "SELECT string_agg(indexdef, ', ' ORDER BY indexdef) FROM pg_indexes"
                    + " WHERE tablename = 'flyway_schema_history'";
            assertEquals(real.sql(indexes), test.sql(indexes));
        }
    }

    @Test
    void anEditStopsAndLineEndsAreNone() {
        try (HistoryCase test = flyway()) {
            String text = test.text(FOLDER + "V2_1__idx.sql");
            test.file(FOLDER + "V2_1__idx.sql", "\ufeff" + text.replace("\n", "\r\n"));
            assertEquals(List.of(), test.state().troubles());
            assertTrue(real(test).validateWithResult().validationSuccessful);
            test.file(FOLDER + "V2_1__idx.sql", text + "-- more");
            String told = HistoryCase.only(test.state(), "edited", true);
            assertTrue(told.contains("checksum mismatch for migration version 2.1") && told.contains("-1686236884"),
                    told);
            assertTrue(refusal(test).contains("checksum mismatch for migration version 2.1"));
        }
    }

    @Test
    void aLateOneStopsUnlessOutOfOrderIsAllowed() {
        try (HistoryCase test = flyway()) {
            test.file(FOLDER + "V1_7__later.sql", "SELECT 1;");
            History.State state = test.state();
            assertEquals(List.of(), state.pending(), "Flyway would not run it");
            assertTrue(HistoryCase.only(state, "order", true).contains("not applied to database: 1.7"));
            assertTrue(refusal(test).contains("not applied to database: 1.7"));
            test.file("flyway.toml", "[flyway]\noutOfOrder = true\n");
            assertEquals(List.of("V1_7__later"), HistoryCase.ids(test.state().pending()));
            HistoryCase.only(test.state(), "order", false);
            test.files.remove("flyway.toml");
            test.file("src/main/resources/application.yml", "spring:\n  flyway:\n    out-of-order: true\n");
            assertEquals(List.of("V1_7__later"), HistoryCase.ids(test.state().pending()));
        }
    }

    @Test
    void deletedFailedAndUnknownOnesStop() {
        try (HistoryCase test = flyway()) {
            byte[] late = test.files.remove(FOLDER + LATE);
            assertTrue(HistoryCase.only(test.state(), "deleted", true).contains("not resolved locally: version 1.5"));
            assertTrue(refusal(test).contains("not resolved locally: 1.5"));
            test.files.put(FOLDER + LATE, late);
            test.execute("UPDATE flyway_schema_history SET success = false WHERE version = '2.1'");
            assertTrue(HistoryCase.only(test.state(), "failed", true).contains("flyway repair"));
            assertTrue(refusal(test).contains("failed migration to version 2.1"));
            test.execute("UPDATE flyway_schema_history SET success = true",
                    "UPDATE flyway_schema_history SET version = '99' WHERE version = '1.5'");
            test.files.remove(FOLDER + LATE);
            assertTrue(HistoryCase.only(test.state(), "unknown", true).contains("version 99"));
        }
    }

    @Test
    void whatFlywayMarkedItselfIsUnderstood() {
        try (HistoryCase test = flyway()) {
            test.files.remove(FOLDER + LATE);
            real(test).repair();
            assertEquals(List.of(), test.state().troubles(), "a row of type DELETE takes the migration back");
            test.execute("TRUNCATE flyway_schema_history", "INSERT INTO flyway_schema_history VALUES (1, '2',"
                    + " '<< Flyway Baseline >>', 'BASELINE', '<< Flyway Baseline >>', NULL, 'me', now(), 0, true)");
            History.State state = test.state();
            assertEquals(List.of("V2_1__idx", "R__view"), HistoryCase.ids(state.pending()));
            assertEquals(List.of(), state.troubles());
            assertEquals(2, Stream.of(real(test).info().pending()).count());
        }
    }

    @Test
    void aFilledSchemaWithoutHistoryStops() {
        try (HistoryCase test = flyway()) {
            test.execute("DROP TABLE flyway_schema_history");
            assertTrue(HistoryCase.only(test.state(), "unknown", true).contains("non-empty schema"));
            assertTrue(refusal(test).contains("non-empty schema"));
        }
    }

    @Test
    void namesThatDoNotParseAndVersionsTwiceAreTold() {
        try (HistoryCase test = flyway()) {
            test.file(FOLDER + "V3_oops.sql", "SELECT 1;").file(FOLDER + "U2__back.sql", "SELECT 1;");
            assertTrue(HistoryCase.only(test.state(), "unknown", true).contains("V3_oops.sql"));
            for (String trap : List.of("3__oops.sql", "v3__oops.sql", "R_oops.sql", "r__oops.sql",
                    "V3__oops.sql.txt")) {
                test.file(FOLDER + trap, "SELECT 1;");
                assertTrue(test.state().troubles().toString().contains(trap), trap);
                assertEquals(0, real(test).migrate().migrationsExecuted, "Flyway says nothing about " + trap);
            }
            test.file(FOLDER + "V3__loud.SQL", "SELECT 1;");
            assertEquals(List.of("V3__loud"), HistoryCase.ids(test.state().pending()), "this one it takes");
            assertEquals(1, real(test).migrate().migrationsExecuted);
            test.file(FOLDER + "V2.0__same.sql", "SELECT 1;");
            assertTrue(assertThrows(Failure.class, test::history).getMessage().contains("Flyway would not start"));
            assertTrue(refusal(test).contains("more than one migration with version 2"));
        }
    }

    @Test
    void whatOnlyFlywayCanRunIsNotWrittenDownAsRun() {
        try (HistoryCase test = flyway()) {
            test.file(FOLDER + "V3__hole.sql", "CREATE TABLE ${prefix}_x (id int);")
                    .file(FOLDER + "V4__code.java", "class V4__code {}");
            History.State state = test.state();
            assertEquals(List.of("unreadable true", "unreadable true"), state.troubles().stream()
                    .map(trouble -> trouble.kind() + " " + trouble.stops()).toList());
            assertTrue(state.troubles().get(0).message().contains("${prefix}"));
            assertFalse(state.troubles().get(0).stopsAll(), "a script of somebody's own may do it");
        }
    }
}
