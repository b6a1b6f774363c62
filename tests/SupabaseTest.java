//SOURCES HistoryCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import lib.Failure;
import lib.History;
import org.junit.jupiter.api.Test;

/** Supabase's history, in a database that the real CLI filled. */
class SupabaseTest {
    private static final String FOLDER = "supabase/migrations/";

    private static HistoryCase supabase() {
        return new HistoryCase("supabase", "supabase");
    }

    @Test
    void theRealStateIsReadWithoutTrouble() {
        try (HistoryCase test = supabase()) {
            History history = test.history();
            assertEquals("supabase in supabase/migrations", history.tool() + " in " + history.folder());
            History.State state = test.state();
            assertEquals(List.of("20260101120000_init", "20260101130000_late", "20260102120000_add_name",
                    "20260104120000_cc", "20260106120000_hand"), HistoryCase.ids(state.applied()));
            assertEquals(List.of(), state.pending());
            assertEquals(List.of(), state.troubles());
            assertEquals("supabase_migrations.schema_migrations", state.table().toString());
        }
    }

    @Test
    void theRowsAreThoseOfTheCli() {
        try (HistoryCase real = supabase(); HistoryCase test = new HistoryCase(null, null)) {
            test.files.putAll(real.files);
            test.files.remove(FOLDER + "20260106120000_hand.sql");
            test.execute("CREATE TABLE people (id serial PRIMARY KEY, email text, full_name text)");
            History history = test.history();
            History.State state = test.state(history);
            assertEquals(4, state.pending().size());
            test.execute(history.rows(state, state.pending()).toArray(String[]::new));
            String rows = "SELECT string_agg(concat_ws('|', version, name, statements::text), E'\\n' ORDER BY version)"
                    + " FROM supabase_migrations.schema_migrations WHERE version < '20260106'";
            assertEquals(real.sql(rows), test.sql(rows), "each statement with the comments before it");
            String columns = "SELECT string_agg(concat_ws(' ', column_name, data_type, is_nullable), ', ' ORDER BY"
                    + " ordinal_position) FROM information_schema.columns WHERE table_name = 'schema_migrations'";
            assertEquals(real.sql(columns), test.sql(columns));
            assertEquals(List.of(), test.state().pending());
            assertEquals(List.of(), test.state().troubles());
        }
    }

    @Test
    void anOldTableGetsTheColumnsThatTheCliAdds() {
        try (HistoryCase test = supabase()) {
            test.execute("ALTER TABLE supabase_migrations.schema_migrations DROP COLUMN statements, DROP COLUMN name");
            test.file(FOLDER + "20260107120000_next.sql", "CREATE TABLE next (id int);");
            assertEquals(List.of("20260107120000_next"), HistoryCase.ids(test.state().pending()));
            test.release();
            assertEquals("next {\"CREATE TABLE next (id int)\"}", test.sql("SELECT concat_ws(' ', name, statements)"
                    + " FROM supabase_migrations.schema_migrations ORDER BY version DESC LIMIT 1"));
        }
    }

    @Test
    void aLateOneStopsAsInDbPush() {
        try (HistoryCase test = supabase()) {
            test.file(FOLDER + "20260103000000_late.sql", "SELECT 1;");
            String told = HistoryCase.only(test.state(), "order", true);
            assertTrue(told.contains("before the last migration") && told.contains("--include-all"), told);
        }
    }

    @Test
    void deletedEditedAndUnknownOnesAreTold() {
        try (HistoryCase test = supabase()) {
            String first = test.text(FOLDER + "20260101120000_init.sql");
            test.file(FOLDER + "20260101120000_init.sql", first.replace("\n", "\r\n") + "-- a comment\r\n");
            assertEquals(List.of(), test.state().troubles(), "line ends and comments are no edit");
            test.file(FOLDER + "20260101120000_init.sql", first.replace("'a;b'", "'c'"));
            assertTrue(HistoryCase.only(test.state(), "edited", true).contains("repair --status applied"));
            test.file(FOLDER + "20260101120000_init.sql", first);
            byte[] gone = test.files.remove(FOLDER + "20260101130000_late.sql");
            assertTrue(HistoryCase.only(test.state(), "deleted", true).contains("--status reverted 20260101130000"));
            test.files.put(FOLDER + "20260101130000_late.sql", gone);
            test.files.remove(FOLDER + "20260106120000_hand.sql");
            assertTrue(HistoryCase.only(test.state(), "unknown", true).contains("this commit does not hold"));
        }
    }

    @Test
    void namesAndVersionsAreCheckedAsTheCliReadsThem() {
        try (HistoryCase test = supabase()) {
            test.file(FOLDER + "20990101000000_far.sql", "SELECT 1;").file(FOLDER + "2026-01-07.sql", "SELECT 1;");
            assertEquals(List.of("unknown true", "future false"), test.state().troubles().stream()
                    .map(trouble -> trouble.kind() + " " + trouble.stops()).toList());
            test.file(FOLDER + "20260101120000_again.sql", "SELECT 1;");
            assertTrue(assertThrows(Failure.class, test::history).getMessage().contains("20260101120000"));
        }
    }
}
