//SOURCES HistoryCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lib.Exec;
import lib.Failure;
import lib.History;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The history of node-pg-migrate, beside the real one of npm on the same database. */
class NodePgMigrateTest {
    private static final Path RUNNER =
            World.ROOT.resolve("tests/node/node_modules/node-pg-migrate/bin/node-pg-migrate.js");
    private static final String FOLDER = "migrations/";
    private static final String THIRD = "1795175074270_third";

    @TempDir
    Path temp;

    @BeforeAll
    static void theRealOneIsThere() {
        assertTrue(Files.isRegularFile(RUNNER), "node-pg-migrate is not installed: npm ci --prefix tests/node");
    }

    private static HistoryCase nodePgMigrate() {
        HistoryCase test = new HistoryCase("node-pg-migrate", "");
        test.files.remove("db.sql");
        return test;
    }

    private Exec.Result real(HistoryCase test) {
        Path folder = temp.resolve(test.database.database());
        World.write(folder.resolve("package.json"), "{\"type\": \"module\"}");
        try (var old = Files.exists(folder.resolve("migrations")) ? Files.walk(folder.resolve("migrations"))
                : java.util.stream.Stream.<Path>empty()) {
            for (Path file : old.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
        test.files.forEach((path, bytes) -> {
            if (path.startsWith(FOLDER)) {
                World.write(folder.resolve(path), test.text(path));
            }
        });
        return Exec.of("node", RUNNER.toString(), "up", "-m", "migrations").in(folder)
                .with("DATABASE_URL", test.database.url()).run();
    }

    @Test
    void theRealStateIsReadWithoutTrouble() {
        try (HistoryCase test = nodePgMigrate()) {
            History history = test.history();
            assertEquals("node-pg-migrate in migrations", history.tool() + " in " + history.folder());
            assertEquals(List.of("1795175072783_init", "1795175073590_add-name", THIRD, "9970000000000_ccjs",
                    "9980000000000_hand", "9990000000010_g", "9990000000020_g"), HistoryCase.ids(history.local()));
            assertTrue(history.local().get(0).sql().contains("CREATE TABLE people"));
            assertTrue(!history.local().get(0).sql().contains("DROP TABLE"), "the way back is not run");
            History.State state = test.state();
            assertEquals(7, state.applied().size());
            assertEquals(List.of(), state.pending());
            assertEquals(List.of(), state.troubles());
            Exec.Result real = real(test);
            assertTrue(real.ok() && real.out().contains("No migrations to run"), real.out() + real.err());
        }
    }

    @Test
    void afterOurRowsTheRealOneHasNothingToRun() {
        try (HistoryCase test = nodePgMigrate()) {
            test.file(FOLDER + "9990000000030_b.sql", "-- Up Migration\nCREATE TABLE b (id int);\n"
                    + "-- Down Migration\nDROP TABLE b;\n").file(FOLDER + "9990000000031_a.sql", "CREATE TABLE a ();");
            assertEquals(List.of("9990000000030_b", "9990000000031_a"), HistoryCase.ids(test.state().pending()));
            test.release();
            assertEquals(List.of(), test.state().pending());
            Exec.Result real = real(test);
            assertTrue(real.ok() && real.out().contains("No migrations to run"), real.out() + real.err());
            test.file(FOLDER + "9990000000040_next.sql", "CREATE TABLE next (id int);");
            assertTrue(real(test).ok());
            assertEquals("0", test.sql("SELECT count(*) FROM next"));
        }
    }

    @Test
    void anEmptyDatabaseGetsTheTableAsTheToolMakesIt() {
        try (HistoryCase real = nodePgMigrate(); HistoryCase test = new HistoryCase(null, null)) {
            test.file("package.json", real.text("package.json"))
                    .file(FOLDER + "0001_init.sql", "CREATE TABLE x (id int);");
            test.release();
            String columns = "SELECT string_agg(concat_ws(' ', column_name, data_type, character_maximum_length,"
                    + " is_nullable, column_default), ', ' ORDER BY ordinal_position) FROM information_schema.columns"
                    + " WHERE table_name = 'pgmigrations'";
            assertEquals(real.sql(columns), test.sql(columns));
            assertTrue(real(test).out().contains("No migrations to run"));
        }
    }

    @Test
    void aLateOneStopsAsTheRealOneDoes() {
        try (HistoryCase test = nodePgMigrate()) {
            test.file(FOLDER + "1795175074000_late.sql", "SELECT 1;");
            String told = HistoryCase.only(test.state(), "order", true);
            String said = "Not run migration 1795175074000_late is preceding already run migration " + THIRD;
            assertTrue(told.contains(said), told);
            assertTrue(real(test).err().contains(said) || real(test).out().contains(said));
        }
    }

    @Test
    void deletedTwofoldAndUnknownOnesStop() {
        try (HistoryCase test = nodePgMigrate()) {
            byte[] third = test.files.remove(FOLDER + THIRD + ".sql");
            assertEquals(List.of("deleted", "order"), test.state().troubles().stream().map(History.Trouble::kind)
                    .toList());
            assertTrue(!real(test).ok(), "the real one refuses as well");
            test.files.put(FOLDER + THIRD + ".sql", third);
            test.execute("INSERT INTO pgmigrations (id, name, run_on) VALUES (200, '9990000000020_g', now())");
            assertTrue(HistoryCase.only(test.state(), "duplicated", true).contains("two rows"));
            test.execute("UPDATE pgmigrations SET name = '9999000000000_x' WHERE id = 200");
            assertTrue(HistoryCase.only(test.state(), "unknown", true).contains("does not hold"));
        }
    }

    @Test
    void aNumberOfAnotherKindAndAFolderBelowAreTold() {
        try (HistoryCase test = nodePgMigrate()) {
            test.file(FOLDER + "new/9990000000080_x.sql", "CREATE TABLE never (id int);");
            assertTrue(HistoryCase.only(test.state(), "unknown", true).contains("does not look there"));
            assertTrue(real(test).ok());
            assertEquals("", test.sql("SELECT coalesce(to_regclass('never')::text, '')"), "the trap");
            test.files.remove(FOLDER + "new/9990000000080_x.sql");
            test.file(FOLDER + "20260131120000_x.sql", "SELECT 1;");
            assertTrue(HistoryCase.only(test.state(), "future", false).contains("compared as it is"));
            assertTrue(real(test).ok());
            test.file(FOLDER + "9990000000090_next.sql", "SELECT 1;");
            assertTrue(!real(test).ok(), "and this is what it does later");
        }
    }

    @Test
    void aPendingProgramIsNotWrittenDownAsRun() {
        try (HistoryCase test = nodePgMigrate()) {
            test.file(FOLDER + "9990000000030_x.js", "export const up = (pgm) => pgm.sql('SELECT 1');");
            List<String> kinds = test.state().troubles().stream().map(History.Trouble::kind).toList();
            assertEquals(List.of("unreadable", "future"), kinds);
            assertTrue(test.state().troubles().get(0).hint().contains("migrations/9990000000030_x.sql"));
            test.file(FOLDER + "README.md", "no number");
            assertTrue(assertThrows(Failure.class, test::state).getMessage().contains("numeric prefix"));
        }
    }
}
