//SOURCES DraftCase.java ../lib/plan/Problem.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import lib.plan.Problem;
import org.junit.jupiter.api.Test;

/** What a draft does not decide by itself: values that come from nowhere, and values that would be lost. */
class DraftQuestionsTest extends DraftCase {
    // Values that come from nowhere

    @Test
    void twoReferencesAndOneKeyAreAsked() {
        database(NOTES_BY_EMAIL);
        draft("", USERS + """
                ALTER TABLE notes ADD COLUMN owner_id uuid NOT NULL REFERENCES users(id);
                ALTER TABLE notes ADD COLUMN editor_id uuid NOT NULL REFERENCES users(id);
                """ + GIVE_UP);
        assertTrue(messages().stream().anyMatch(m -> m.contains("notes.owner_id must not be NULL")),
                () -> messages().toString());
        assertTrue(messages().stream().anyMatch(m -> m.contains("notes.editor_id must not be NULL")),
                () -> messages().toString());
    }

    @Test
    void missingKeysAreCounted() {
        database(NOTES_BY_EMAIL
                + "ALTER TABLE notes ALTER email DROP NOT NULL; INSERT INTO notes (email) VALUES (NULL), (NULL);");
        draft("", USERS + REFER + GIVE_UP);
        assertEquals("notes.user_id must not be NULL, and 2 rows of notes hold no email to find their row of users by",
                onlyProblem().message());
        assertEquals(Problem.Kind.SOURCE, onlyProblem().kind());
    }

    @Test
    void missingKeysGivenInAFenceAreNoProblemAnyMore() {
        database(NOTES_BY_EMAIL
                + "ALTER TABLE notes ALTER email DROP NOT NULL; INSERT INTO notes (email) VALUES (NULL), (NULL);");
        release(fence("UPDATE notes SET email = 'nobody@x.org' WHERE email IS NULL;"), USERS + REFER + GIVE_UP);
        assertEquals("5", one(ALL_FILLED));
        assertEquals("1", one("SELECT count(*) FROM users WHERE email = 'nobody@x.org'"));
    }

    @Test
    void anotherColumnThatMustHaveAValueIsAsked() {
        database(NOTES_BY_EMAIL);
        draft("", "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL);"
                + "ALTER TABLE notes ADD COLUMN user_id integer NOT NULL REFERENCES users(id);" + GIVE_UP);
        assertEquals("users.name", onlyProblem().object());
        assertTrue(onlyProblem().message().contains("users.name must not be NULL"), onlyProblem()::message);
    }

    @Test
    void anotherColumnGivenInAFenceIsNoProblemAnyMore() {
        database(NOTES_BY_EMAIL);
        release(fence("INSERT INTO users (email, name) SELECT DISTINCT email, split_part(email, '@', 1) FROM notes;"),
                "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL);"
                + "ALTER TABLE notes ADD COLUMN user_id integer NOT NULL REFERENCES users(id);" + GIVE_UP);
        assertEquals("a b", one("SELECT string_agg(name, ' ' ORDER BY name) FROM users"));
        assertEquals("3", one(ALL_FILLED));
    }

    @Test
    void anIdThatOnlyTheApplicationMakesIsAsked() {
        database(NOTES_BY_EMAIL);
        draft("", "CREATE TABLE users (id text PRIMARY KEY, email text NOT NULL UNIQUE);"
                + "ALTER TABLE notes ADD COLUMN user_id text NOT NULL REFERENCES users(id);" + GIVE_UP);
        assertEquals("users.id", onlyProblem().object());
    }

    @Test
    void aTableThatKeepsItsKeyIsNeverGuessed() {
        database(NOTES_BY_EMAIL);
        draft("", USERS + REFER);
        assertEquals("notes.user_id must not be NULL, notes has rows, and nothing says which row of users each of "
                + "them belongs to",
                onlyProblem().message());
        assertFalse(script.contains("INSERT INTO users"), script);
    }

    @Test
    void aColumnWithoutAnySourceIsAsked() {
        database(NOTES_BY_EMAIL);
        draft("", "ALTER TABLE notes ADD COLUMN rank integer NOT NULL;");
        assertEquals("notes.rank must not be NULL, notes has rows, and nothing says where its values come from",
                onlyProblem().message());
        assertEquals("UPDATE notes SET rank = …;",
                onlyProblem().options().get(0).text().lines().skip(1).findFirst().orElseThrow());
    }

    @Test
    void anEmptyTableNeedsNothing() {
        database("CREATE TABLE notes (id serial PRIMARY KEY, email text NOT NULL, body text);");
        release("", USERS + REFER + GIVE_UP + "ALTER TABLE notes ADD COLUMN rank integer NOT NULL;");
        assertFalse(script.contains("UPDATE"), script);
        assertEquals("0", one("SELECT count(*) FROM users"));
    }

    @Test
    void setNotNullOnAColumnWithGapsIsAskedAndAFenceAnswers() {
        database(NOTES_BY_EMAIL + "INSERT INTO notes (email, body) VALUES ('c@x.org', NULL);");
        String file = "ALTER TABLE notes ALTER COLUMN body SET NOT NULL;";
        draft("", file);
        assertEquals("notes.body", onlyProblem().object());
        release(fence("UPDATE notes SET body = '' WHERE body IS NULL;"), file);
        assertEquals("1", one("SELECT count(*) FROM notes WHERE body = ''"));
        assertEquals("t", one("SELECT attnotnull FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attname = "
                + "'body'"));
    }

    @Test
    void aColumnAddedBareAndMadeNotNullLaterIsAskedFor() {
        database(NOTES_BY_EMAIL);
        draft("", "ALTER TABLE notes ADD COLUMN rank integer;", "ALTER TABLE notes ALTER COLUMN rank SET NOT NULL;");
        assertEquals("notes.rank", onlyProblem().object());
    }

    // Losses

    @Test
    void aDroppedTableWithRowsIsALossUntilSomebodyAccepts() {
        database(NOTES_BY_EMAIL);
        draft(entry("- `notes` is gone"), "DROP TABLE notes;");
        Problem loss = onlyProblem();
        assertEquals("notes is dropped with its 3 rows, and nothing reads them first", loss.message());
        assertEquals(Problem.Kind.LOSS, loss.kind());
        draft(entry("- `notes` is gone, really"), "DROP TABLE notes;");
        assertNotEquals(loss.id(), onlyProblem().id(), "the entry says something else now");
        draft(entry("- `notes` is gone"), "DROP TABLE notes;");
        assertEquals(loss.id(), onlyProblem().id());
        World.execute(target, "INSERT INTO notes (email) VALUES ('new@x.org')");
        draft(entry("- `notes` is gone"), "DROP TABLE notes;");
        assertEquals(loss.id(), onlyProblem().id(), "another row is no other question");
        run();
        assertEquals(null, one("SELECT to_regclass('notes')"));
    }

    @Test
    void aDroppedColumnWithValuesIsALossAndAnEmptyOneIsNot() {
        database(NOTES_BY_EMAIL + "ALTER TABLE notes ADD COLUMN blank text;");
        draft("", "ALTER TABLE notes DROP COLUMN body, DROP COLUMN blank;");
        assertEquals("notes.body is dropped with its 3 values, and nothing reads them first", onlyProblem().message());
    }

    @Test
    void aRenameDoesNotHideALoss() {
        database(NOTES_BY_EMAIL);
        draft("", "ALTER TABLE notes RENAME COLUMN body TO old_body; ALTER TABLE notes RENAME TO old_notes;",
                "ALTER TABLE old_notes DROP COLUMN old_body;");
        assertTrue(onlyProblem().message().startsWith("old_notes.old_body is dropped with its 3 values"),
                onlyProblem()::message);
        draft("", "ALTER TABLE notes RENAME TO old_notes;", "DROP TABLE old_notes;");
        assertTrue(onlyProblem().message().startsWith("old_notes is dropped with its 3 rows"), onlyProblem()::message);
    }

    @Test
    void deletingValuesFirstDoesNotSaveThem() {
        database(NOTES_BY_EMAIL);
        draft(fence("DELETE FROM notes;"), "DROP TABLE notes;");
        assertEquals("notes", onlyProblem().object());
        draft("", "UPDATE notes SET body = NULL; ALTER TABLE notes DROP COLUMN body;");
        assertEquals("notes.body", onlyProblem().object());
    }

    @Test
    void emptyingATableIsALossToo() {
        database(NOTES_BY_EMAIL);
        draft("", "TRUNCATE notes;");
        assertTrue(onlyProblem().message().startsWith("notes is emptied of its 3 rows"), onlyProblem()::message);
        draft("", "DELETE FROM notes;");
        assertEquals("notes", onlyProblem().object());
    }

    @Test
    void savedElsewhereIsNoLoss() {
        database(NOTES_BY_EMAIL);
        release(fence("INSERT INTO archive SELECT id, body FROM notes;"),
                "CREATE TABLE archive (id integer, body text);", "DROP TABLE notes;");
        assertEquals("3", one("SELECT count(*) FROM archive"));
    }

    @Test
    void aTableMadeOfAnotherSavesIt() {
        database(NOTES_BY_EMAIL);
        release("", "CREATE TABLE archive AS SELECT * FROM notes; DROP TABLE notes;");
        assertEquals("3", one("SELECT count(*) FROM archive"));
    }

    @Test
    void aColumnThatAnEntryDropsIsAskedAbout() {
        database(NOTES_BY_EMAIL);
        draft(entry("Cosmetic, no data migration.\n```sql\nALTER TABLE notes DROP COLUMN body;\n```"));
        assertEquals("notes.body loses its 3 values by the SQL of this entry, and nothing reads them first",
                onlyProblem().message());
        database("CREATE TABLE notes (id int, body text); INSERT INTO notes VALUES (1, NULL);");
        draft(entry("```sql\nALTER TABLE notes DROP COLUMN body;\n```"));
        assertEquals(List.of(), messages());
    }
}
