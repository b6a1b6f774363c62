//SOURCES DraftCase.java ../lib/plan/Problem.java ../lib/plan/Waiting.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import lib.Notes;
import lib.plan.Problem;
import lib.plan.Waiting;
import org.junit.jupiter.api.Test;

/** The SQL of an entry runs where it can, and where the words of the entry want it. */
class DraftEntriesTest extends DraftCase {
    // SQL in fences

    @Test
    void aFenceFillsAColumn() {
        database(NOTES_BY_EMAIL);
        release(fence("UPDATE notes SET rank = id * 10;"), "ALTER TABLE notes ADD COLUMN rank integer NOT NULL;");
        assertInOrder("ADD COLUMN rank", "UPDATE notes SET rank", "SET NOT NULL");
        assertEquals("10 20 30", one("SELECT string_agg(rank::text, ' ' ORDER BY id) FROM notes"));
    }

    @Test
    void aFenceReadsAColumnThatIsRenamedLater() {
        database(NOTES_BY_EMAIL);
        release(fence("UPDATE notes SET rank = length(body);"),
                "ALTER TABLE notes RENAME COLUMN body TO words; ALTER TABLE notes ADD COLUMN rank integer NOT NULL;");
        assertEquals("1", one("SELECT max(rank) FROM notes"));
    }

    @Test
    void aFenceReadsTheNewNameOfAColumn() {
        database(NOTES_BY_EMAIL);
        release(fence("UPDATE notes SET words = words || '!';"), "CREATE TABLE other (id integer);",
                "ALTER TABLE notes RENAME COLUMN body TO words;");
        assertEquals("1!", one("SELECT min(words) FROM notes"));
    }

    @Test
    void aFenceMayNameTheOldNameOfAnotherTablesColumn() {
        database(NOTES_BY_EMAIL
                + "CREATE TABLE copies (note_id integer, body text); INSERT INTO copies VALUES (1, NULL);");
        release(fence("UPDATE copies AS c SET body = n.words FROM notes n WHERE n.id = c.note_id;"),
                "ALTER TABLE notes RENAME COLUMN body TO words;");
        assertEquals("1", one("SELECT body FROM copies"));
    }

    @Test
    void aFenceWithBothNamesOfARenameRunsWhereItsColumnsAre() {
        database(NOTES_BY_EMAIL
                + "CREATE TABLE copies (note_id integer, words text); INSERT INTO copies VALUES (1, NULL);");
        release(fence("UPDATE copies SET words = notes.body FROM notes WHERE notes.id = copies.note_id;"),
                "ALTER TABLE notes RENAME COLUMN body TO words;");
        assertEquals("1", one("SELECT words FROM copies"));
    }

    @Test
    void aFenceReadsAColumnThatIsDroppedLater() {
        database(NOTES_BY_EMAIL);
        release(fence("UPDATE notes SET shout = upper(body);"),
                "ALTER TABLE notes DROP COLUMN body;", "ALTER TABLE notes ADD COLUMN shout text;");
        assertEquals("3", one("SELECT count(shout) FROM notes"));
    }

    @Test
    void aFenceFillsTheNewTableAndTheReferencesFollow() {
        database(NOTES_BY_EMAIL);
        release(fence("INSERT INTO users (email) SELECT DISTINCT email FROM notes UNION SELECT 'root@x.org';"),
                USERS + REFER + GIVE_UP);
        assertEquals("3", one("SELECT count(*) FROM users"));
        assertEquals("3", one(ALL_FILLED));
    }

    @Test
    void aFenceThatFillsTheNewTableByConflictWaitsForTheIndexItCounts() {
        database(NOTES_BY_EMAIL);
        release(fence("INSERT INTO users (email) SELECT email FROM notes ON CONFLICT (email) DO NOTHING;"),
                "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL);"
                + "ALTER TABLE notes ADD COLUMN user_id integer NOT NULL REFERENCES users(id);"
                + "CREATE UNIQUE INDEX users_email ON users (email);" + GIVE_UP);
        assertEquals("3", one(ALL_FILLED));
    }

    @Test
    void aFenceChangesTheNewTableAfterItWasFilled() {
        database(NOTES_BY_EMAIL);
        release(fence("UPDATE users SET email = 'x' || email;"), USERS + REFER + GIVE_UP);
        assertEquals("xa@x.org xb@x.org", one("SELECT string_agg(email, ' ' ORDER BY email) FROM users"));
        assertEquals("3", one(ALL_FILLED));
    }

    @Test
    void aTableFilledByHandStillGivesItsKeysToTheNewTable() {
        database(NOTES_BY_EMAIL
                + "CREATE TABLE tags (id serial PRIMARY KEY, email text); INSERT INTO tags (email) VALUES "
                + "('t@x.org');");
        release(fence("UPDATE tags SET user_id = u.id FROM users u WHERE u.email = tags.email;"), USERS + REFER
                + "ALTER TABLE tags ADD COLUMN user_id uuid NOT NULL REFERENCES users(id);" + GIVE_UP
                + "ALTER TABLE tags DROP COLUMN email;");
        assertEquals("3", one("SELECT count(*) FROM users"));
        assertEquals("1", one("SELECT count(*) FROM tags JOIN users u ON u.id = tags.user_id"));
    }

    @Test
    void aQuestionInAFenceIsNoStepButACallIs() {
        database(NOTES_BY_EMAIL);
        release(fence("SELECT count(*) FROM notes;\nSELECT setval('notes_id_seq', 900);\nEXPLAIN SELECT 1;"),
                "ALTER TABLE notes ADD COLUMN rank integer;");
        assertFalse(script.contains("count(*)") || script.contains("EXPLAIN"), script);
        assertEquals("900", one("SELECT last_value FROM notes_id_seq"));
    }

    @Test
    void transactionsOfAFenceAreOurs() {
        database(NOTES_BY_EMAIL);
        release(fence("BEGIN;\nUPDATE notes SET rank = 1;\nCOMMIT;"),
                "ALTER TABLE notes ADD COLUMN rank integer NOT NULL;");
        assertEquals("3", one("SELECT count(*) FROM notes WHERE rank = 1"));
    }

    @Test
    void aBlockInAFenceFillsAColumn() {
        database(NOTES_BY_EMAIL);
        release(fence("DO $$ BEGIN UPDATE notes SET rank = 4; END $$;"),
                "ALTER TABLE notes ADD COLUMN rank integer NOT NULL;");
        assertEquals("3", one("SELECT count(*) FROM notes WHERE rank = 4"));
    }

    @Test
    void rowsAreCorrectedBeforeTheConstraintThatWantsThemCorrect() {
        database(NOTES_BY_EMAIL);
        release(fence("UPDATE notes SET body = 'one' WHERE body = '1';"),
                "CREATE TABLE a (id integer); CREATE TABLE b (id integer);",
                "ALTER TABLE notes ADD CONSTRAINT notes_body CHECK (body <> '1');", USERS + REFER + GIVE_UP);
        assertEquals("1", one("SELECT count(*) FROM notes WHERE body = 'one'"));
        assertEquals("3", one(ALL_FILLED));
    }

    @Test
    void sqlThatCannotBeSplitIsToldByItsPlace() {
        database("");
        lib.Failure failure = org.junit.jupiter.api.Assertions.assertThrows(lib.Failure.class,
                () -> draft(fence("COPY notes FROM STDIN;\n1\n\\."), "CREATE TABLE a (id integer);"));
        assertTrue(failure.getMessage().startsWith("the SQL under \"An entry\" in MIGRATIONS.md: COPY data on line 2"),
                failure::getMessage);
    }

    // Where the words of an entry want its SQL

    /** The first words of what waits for the deploy. */
    private List<String> waiting(String notes) {
        return Waiting.of(draft, Notes.of(notes).entries(), pending).later().steps().stream().map(step -> step.sql())
                .toList();
    }

    @Test
    void aStepRunsBeforeOrAfterTheMigrationThatItsWordsName() {
        database(NOTES_BY_EMAIL + "CREATE TABLE log (at timestamptz DEFAULT now(), what text);");
        String notes = entry("""
                Before 0002:
                ```sql
                INSERT INTO log (what) VALUES ('between');
                ```
                After `0003_step.sql`:
                ```sql
                INSERT INTO log (what) VALUES ('behind');
                ```
                Before `drizzle/0001_step.sql`:
                ```sql
                INSERT INTO log (what) VALUES ('first');
                ```""");
        release(notes, "CREATE TABLE a (id int);", "CREATE TABLE b (id int);", "CREATE TABLE c (id int);",
                "CREATE TABLE d (id int);");
        assertInOrder("'first'", "CREATE TABLE a");
        assertInOrder("'between'", "CREATE TABLE b", "CREATE TABLE c", "'behind'");
        assertEquals("3", one("SELECT count(*) FROM log"));
        assertEquals(List.of(), waiting(notes));
    }

    @Test
    void wordsAgainstWhatAStatementNeedsAreAProblem() {
        database(NOTES_BY_EMAIL);
        draft(entry("Before 0001:\n```sql\nUPDATE notes SET rank = 1;\n```"),
                "ALTER TABLE notes ADD COLUMN rank integer;");
        assertEquals(Problem.Kind.ORDER, onlyProblem().kind());
    }

    @Test
    void aStepWaitsForTheDeployByItsWordsUnlessTheReleaseNeedsIt() {
        database(NOTES_BY_EMAIL);
        String notes = entry("After the deploy:\n```sql\nUPDATE notes SET rank = 1 WHERE id = 1;\n```\n"
                + "Before the deploy:\n```sql\nUPDATE notes SET rank = 2 WHERE id = 2;\n```");
        draft(notes, "ALTER TABLE notes ADD COLUMN rank integer;");
        assertEquals(List.of(), messages());
        assertEquals(List.of("UPDATE notes SET rank = 1 WHERE id = 1"), waiting(notes));
        assertInOrder("ADD COLUMN rank", "SET rank = 2", "SET rank = 1");
        run();

        draft(entry("After the deploy:\n```sql\nUPDATE notes SET body = 'x';\n```"),
                "ALTER TABLE notes ADD COLUMN code text NOT NULL DEFAULT '';");
        assertEquals(List.of(), messages());
        draft(entry("After the deploy:\n```sql\nUPDATE notes SET size = 1;\n```"),
                "ALTER TABLE notes ADD COLUMN size integer NOT NULL;");
        assertTrue(onlyProblem().message().contains("is to wait for the deploy, and cannot (UPDATE notes SET size = 1)"
                + ": the release itself needs it before: ALTER TABLE notes ALTER COLUMN size SET NOT NULL"),
                onlyProblem()::message);
        draft(entry("After the deploy:\n```sql\nUPDATE notes SET rank = length(body);\n```"),
                "ALTER TABLE notes DROP COLUMN body;");
        assertTrue(messages().toString().contains("needs it before: "), messages()::toString);
        draft(entry("After the deploy:\n```sql\nCREATE INDEX later ON notes (rank);\n```"));
        assertTrue(onlyProblem().message().contains("only SQL that changes rows waits"), onlyProblem()::message);
    }

    @Test
    void dataAloneWaitsUnlessItsWordsKeepItInTheRelease() {
        database(NOTES_BY_EMAIL);
        String notes = entry("```sql\nUPDATE notes SET body = 'a' WHERE id = 1;\n```\nBefore the deploy:\n"
                + "```sql\nUPDATE notes SET body = 'b' WHERE id = 2;\n```");
        draft(notes);
        assertEquals(List.of("UPDATE notes SET body = 'a' WHERE id = 1"), waiting(notes));
    }

    @Test
    void aWayBackIsNoStepAndTheSameSqlUnderTwoEntriesIsTwo() {
        database(NOTES_BY_EMAIL + "CREATE TABLE log (what text);");
        String same = "```sql\nINSERT INTO log VALUES ('again');\n```\n";
        release(entry(same + "### Rollback\n```sql\nDROP TABLE notes;\n```\n## Another\n" + same));
        assertEquals("2", one("SELECT count(*) FROM log"));
        assertEquals("3", one("SELECT count(*) FROM notes"));
    }
}
