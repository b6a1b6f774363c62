//SOURCES HistoryCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import lib.Failure;
import lib.History;
import org.junit.jupiter.api.Test;

/** Numbered SQL without a known tool: what has run is told by a table of the application, or by the catalog. */
class PlainSqlTest {
    private static final String FOLDER = "db/migrations/";

    /** Four files with everything that leaves a trace; none of them has run. */
    private static HistoryCase plain() {
        return new HistoryCase(null, null)
                .file(FOLDER + "001_init.sql", "CREATE EXTENSION IF NOT EXISTS plpgsql;\n"
                        + "CREATE TYPE mood AS ENUM ('sad', 'ok');\n"
                        + "CREATE TABLE person (id int PRIMARY KEY, mail text, old text);\n"
                        + "CREATE INDEX person_mail ON person (mail);\nCREATE INDEX person_old ON person (old);\n")
                .file(FOLDER + "002_more.sql", "ALTER TYPE mood ADD VALUE 'fine';\n"
                        + "ALTER TABLE person ADD COLUMN mood mood, ADD CONSTRAINT mail_u UNIQUE (mail);\n"
                        + "CREATE VIEW people AS SELECT id FROM person;\n"
                        + "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';\n")
                .file(FOLDER + "003_rename.sql", "DROP VIEW people;\nALTER TABLE person RENAME TO human;\n"
                        + "ALTER TABLE human DROP COLUMN old;\nALTER TABLE human ALTER COLUMN mail SET NOT NULL;\n")
                .file(FOLDER + "010_last.sql", "CREATE TABLE \"Last\" (id int);\nDROP INDEX person_mail;\n");
    }

    private static void run(HistoryCase test, String... names) {
        for (String name : names) {
            test.execute(test.text(FOLDER + name + ".sql").split(";\n"));
        }
    }

    @Test
    void theCatalogTellsWhatHasRun() {
        try (HistoryCase test = plain()) {
            assertEquals("sql in db/migrations", test.history().tool() + " in " + test.history().folder());
            List<String> all = List.of("001_init", "002_more", "003_rename", "010_last");
            for (int done = 0; done <= all.size(); done++) {
                History.State state = test.state();
                assertEquals(all.subList(0, done), HistoryCase.ids(state.applied()));
                assertEquals(all.subList(done, all.size()), HistoryCase.ids(state.pending()));
                assertEquals(List.of(), state.troubles());
                assertFalse(state.exists());
                assertEquals(List.of(), test.history().rows(state, state.pending()));
                if (done < all.size()) {
                    run(test, all.get(done));
                }
            }
        }
    }

    @Test
    void aHalfAppliedFileIsToldWithItsParts() {
        try (HistoryCase test = plain()) {
            run(test, "001_init");
            test.execute("ALTER TABLE person ADD COLUMN mood mood");
            History.State state = test.state();
            String told = HistoryCase.only(state, "partial", true);
            assertTrue(told.contains("column person.mood is there") && told.contains("function one")
                    && told.contains("value 'fine' of mood"), told);
            assertEquals(List.of("003_rename", "010_last"), HistoryCase.ids(state.pending()));
        }
    }

    @Test
    void anIndexThatFailedIsNotThere() {
        try (HistoryCase test = new HistoryCase(null, null)) {
            test.file(FOLDER + "1_t.sql", "CREATE TABLE t (a int);")
                    .file(FOLDER + "2_i.sql", "CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a);");
            test.execute("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (1)");
            assertThrows(AssertionError.class, () -> test.execute("CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)"));
            assertEquals(List.of("2_i"), HistoryCase.ids(test.state().pending()));
        }
    }

    @Test
    void filesOfDataOnlyAreToldAsUndecidable() {
        try (HistoryCase test = plain()) {
            test.file(FOLDER + "011_data.sql", "INSERT INTO \"Last\" VALUES (1);");
            run(test, "001_init", "002_more", "003_rename");
            History.State state = test.state();
            assertEquals(List.of("010_last", "011_data"), HistoryCase.ids(state.pending()), "its table is missing");
            assertTrue(HistoryCase.only(state, "undecidable", true).contains("nothing would tell the next release"));
            run(test, "010_last");
            String told = HistoryCase.only(test.state(), "undecidable", true);
            assertTrue(told.contains("leaves no trace") && told.contains("CREATE TABLE schema_migrations"), told);
            test.file(FOLDER + "011_data.sql", "SELECT 'open;");
            told = HistoryCase.only(test.state(), "undecidable", true);
            assertTrue(told.contains("never closed") && told.contains("correct " + FOLDER + "011_data.sql"), told);
            test.file(FOLDER + "011_data.sql", "CREATE TABLE data (id int);")
                    .file(FOLDER + "012_next.sql", "SELECT 'open;");
            told = HistoryCase.only(test.state(), "undecidable", true);
            assertTrue(told.contains("012_next would run now, but string opened on line 1 is never closed")
                    && told.contains("correct " + FOLDER) && !told.contains("CREATE TABLE"), told);
            test.file(FOLDER + "011_data.sql", "INSERT INTO \"Last\" VALUES (1);");
            test.file(FOLDER + "012_next.sql", "CREATE TABLE next (id int);");
            test.execute("CREATE TABLE next (id int)");
            assertTrue(HistoryCase.only(test.state(), "undecidable", false).contains("a later one is"));
            test.execute("CREATE TABLE schema_migrations (filename text PRIMARY KEY, applied_at timestamptz NOT NULL"
                    + " DEFAULT now())", "INSERT INTO schema_migrations (filename) VALUES ('001_init.sql'),"
                    + " ('002_more.sql'), ('003_rename.sql'), ('010_last.sql'), ('012_next.sql')");
            assertEquals(List.of("011_data"), HistoryCase.ids(test.state().pending()), "the way out that it names");
        }
    }

    @Test
    void aFileThatRanOutOfOrderIsTold() {
        try (HistoryCase test = new HistoryCase(null, null)) {
            test.file(FOLDER + "1_a.sql", "CREATE TABLE a ();").file(FOLDER + "2_b.sql", "CREATE TABLE b ();");
            test.execute("CREATE TABLE b ()");
            assertEquals(List.of("1_a"), HistoryCase.ids(test.state().pending()));
            assertTrue(HistoryCase.only(test.state(), "order", false).contains("2_b after it was"));
        }
    }

    @Test
    void aTableOfTheApplicationIsReadAndContinued() {
        try (HistoryCase test = plain()) {
            test.execute("CREATE TABLE app_migrations (id serial PRIMARY KEY, name text NOT NULL UNIQUE,"
                    + " ran timestamptz DEFAULT now())",
                    "INSERT INTO app_migrations (name) VALUES ('001_init'), ('002_more')");
            History.State state = test.state();
            assertEquals(List.of("003_rename", "010_last"), HistoryCase.ids(state.pending()));
            assertEquals("app_migrations", state.table().toString());
            run(test, "001_init", "002_more");
            test.release();
            assertEquals("001_init 002_more 003_rename 010_last",
                    test.sql("SELECT string_agg(name, ' ' ORDER BY id) FROM app_migrations"));
            test.execute("INSERT INTO app_migrations (name) VALUES ('009_gone')");
            assertTrue(HistoryCase.only(test.state(), "deleted", true).contains("009_gone"));
        }
    }

    @Test
    void aTableWhoseRowsSayMoreIsNotWritten() {
        try (HistoryCase test = plain()) {
            test.execute("CREATE TABLE migrations (version int PRIMARY KEY, checksum text)",
                    "INSERT INTO migrations VALUES (1, 'abc'), (2, 'def')");
            History history = test.history();
            History.State state = test.state(history);
            assertEquals(List.of("001_init", "002_more"), HistoryCase.ids(state.applied()));
            assertTrue(HistoryCase.only(state, "read-only", true).contains("checksum"));
            assertThrows(Failure.class, () -> history.rows(state, state.pending()));
            assertFalse(state.troubles().get(0).stopsAll());
        }
    }

    @Test
    void namesAndNumbersAreCheckedAndWaysBackLeftOut() {
        try (HistoryCase test = new HistoryCase(null, null)) {
            test.file(FOLDER + "1_a.sql", "CREATE TABLE a ();").file(FOLDER + "1_a.down.sql", "DROP TABLE a;")
                    .file(FOLDER + "01_b.sql", "CREATE TABLE b ();").file(FOLDER + "seed.sql", "SELECT 1;")
                    .file(FOLDER + "10_c.sql", "\\connect other\nCREATE TABLE c ();")
                    .file(FOLDER + "9_d.sql", "CREATE TABLE d ();");
            History.State state = test.state();
            assertEquals(List.of("01_b", "1_a", "9_d", "10_c"), HistoryCase.ids(test.history().local()));
            assertEquals(List.of("unknown", "duplicated", "undecidable"), state.troubles().stream()
                    .map(History.Trouble::kind).toList());
            assertTrue(state.troubles().get(2).message().contains("psql command \\connect"));
        }
    }

    @Test
    void aThousandFilesAreReadOnce() {
        try (HistoryCase test = new HistoryCase(null, null)) {
            StringBuilder made = new StringBuilder();
            for (int i = 1; i <= 1000; i++) {
                test.file(FOLDER + "%04d_t.sql".formatted(i), "CREATE TABLE t" + i + " (id int);");
                made.append(i <= 900 ? "CREATE TABLE t" + i + " (id int);" : "");
            }
            test.execute(made.toString());
            History.State state = test.state();
            assertEquals(900, state.applied().size());
            assertEquals("0901_t", state.pending().get(0).id());
        }
    }
}
