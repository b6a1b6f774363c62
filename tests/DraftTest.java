//SOURCES World.java
//SOURCES ../lib/plan/Catalog.java ../lib/plan/Draft.java ../lib/plan/Plan.java ../lib/plan/Script.java
//SOURCES ../lib/plan/Waiting.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import lib.Migration;
import lib.Notes;
import lib.Postgres;
import lib.Target;
import lib.plan.Catalog;
import lib.plan.Draft;
import lib.plan.Plan;
import lib.plan.Problem;
import lib.plan.Script;
import lib.plan.Waiting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The release SQL that is written from migrations, entries and a database: always run by psql, then the rows are looked
 * at.
 */
@Timeout(120)
class DraftTest {
    private static final AtomicInteger COUNT = new AtomicInteger();

    /** A new table keyed by e-mail, as drizzle-kit writes it. */
    private static final String USERS = """
            CREATE TABLE "users" (
                "id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
                "email" text NOT NULL,
                CONSTRAINT "users_email_unique" UNIQUE("email")
            );
            """;
    private static final String NOTES_BY_EMAIL = """
            CREATE TABLE notes (id serial PRIMARY KEY, email text NOT NULL, body text);
            INSERT INTO notes (email, body) VALUES ('a@x.org', '1'), ('b@x.org', '2'), ('a@x.org', '3');
            """;
    private static final String REFER = """
            ALTER TABLE "notes" ADD COLUMN "user_id" uuid NOT NULL;
            ALTER TABLE "notes" ADD CONSTRAINT "notes_user_id_fk" FOREIGN KEY ("user_id")
                REFERENCES "public"."users"("id");
            """;
    private static final String GIVE_UP = "ALTER TABLE \"notes\" DROP COLUMN \"email\";\n";
    private static final String ALL_FILLED = "SELECT count(*) FROM notes n JOIN users u ON u.id = n.user_id";

    private final List<String> databases = new ArrayList<>();
    private final List<Migration> pending = new ArrayList<>();
    private Target target;
    private Draft draft;
    private String script;

    @AfterEach
    void dropDatabases() {
        databases.forEach(name ->
                World.execute(World.rehearsal().target(null), "DROP DATABASE " + name + " WITH (FORCE)"));
    }

    // Each case has a database of its own, with a stand-in for a migration tool's history.
    private void database(String setup) {
        String name = "draft_" + COUNT.incrementAndGet();
        World.execute(World.rehearsal().target(null), "CREATE DATABASE " + name);
        databases.add(name);
        target = World.rehearsal().target(name);
        World.psql(target, "CREATE TABLE history (id text);\n" + setup);
    }

    private void draft(String notes, String... files) {
        pending.clear();
        for (String file : files) {
            String id = String.format("%04d_step", pending.size() + 1);
            pending.add(new Migration(id, "drizzle/" + id + ".sql", file, "hash", pending.size()));
        }
        try (Connection connection = Postgres.read(target, "test")) {
            draft = Draft.of(pending, Notes.of(notes).entries(), new Catalog(connection));
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        script = Script.of(draft, pending, List.of(), "drizzle", List.of("INSERT INTO history VALUES ('done')"));
        Plan.parse(script, "release.sql");
    }

    /** Drafts without a problem, runs it with psql, and finds the history row. */
    private void release(String notes, String... files) {
        draft(notes, files);
        assertEquals(List.of(), messages());
        run();
    }

    private void run() {
        try {
            World.psql(target, script);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "\n" + script, e);
        }
        assertEquals("1", one("SELECT count(*) FROM history"));
    }

    private List<String> messages() {
        return draft.problems().stream().map(Problem::message).toList();
    }

    private Problem onlyProblem() {
        assertEquals(1, draft.problems().size(), () -> messages().toString());
        return draft.problems().get(0);
    }

    private String one(String query) {
        try (Connection connection = Postgres.read(target, "test")) {
            return Postgres.one(connection, query);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private void assertInOrder(String... parts) {
        int at = -1;
        for (String part : parts) {
            int next = script.indexOf(part, at + 1);
            assertTrue(next > at, () -> part + " is not where it should be in\n" + script);
            at = next;
        }
    }

    private static String entry(String text) {
        return "# Notes\n\n<!-- Add entries below this line -->\n\n## An entry\n" + text + "\n";
    }

    private static String fence(String sql) {
        return entry("```sql\n" + sql + "\n```");
    }

    // The classic case

    @Test
    void theFixturesUsersComeFromAllFiveTables() {
        database("");
        World.psql(target, World.read(World.FIXTURE.resolve("prod-at-5.sql")));
        long held = Long.parseLong(one("""
                SELECT count(DISTINCT lower(email)) FROM (SELECT email FROM sessions
                UNION SELECT email FROM fitbit_tokens UNION SELECT email FROM custom_foods
                UNION SELECT email FROM food_logs UNION SELECT email FROM favourites) AS h"""));
        String rows = one("SELECT count(*) FROM food_logs");
        release(World.read(World.FIXTURE.resolve("MIGRATIONS.md")), file("0005_careless_black_queen"),
                file("0006_warm_calypso"));
        assertEquals(241, held);
        assertEquals("241", one("SELECT count(*) FROM users"));
        assertEquals("1", one("SELECT count(*) FROM users WHERE email = 'only.in.logs@example.com'"));
        assertEquals("0", one("SELECT count(*) FROM users WHERE email <> lower(email)"));
        assertEquals(rows, one("SELECT count(*) FROM food_logs l JOIN users u ON u.id = l.user_id"));
        assertEquals("only.in.logs@example.com", one("""
                SELECT u.email FROM food_logs l JOIN users u ON u.id = l.user_id
                WHERE l.food_name = 'Orphan toast'"""));
        assertEquals("5", one("SELECT count(*) FROM information_schema.columns WHERE column_name = 'user_id' AND "
                + "is_nullable = 'NO'"));
        assertEquals("1", one("SELECT count(*) FROM information_schema.columns WHERE column_name = 'email'"));
    }

    private static String file(String name) {
        Path folder = World.FIXTURE.resolve("drizzle");
        return World.read(folder.resolve(name + ".sql"));
    }

    @Test
    void keysThatCollideByCaseAloneAreLoweredWithoutAWord() {
        database("""
                CREATE TABLE notes (id serial PRIMARY KEY, email text NOT NULL, body text);
                INSERT INTO notes (email) VALUES ('A@x.org'), ('a@x.org'), ('b@x.org');""");
        release("", USERS + REFER + GIVE_UP);
        assertEquals("a@x.org b@x.org", one("SELECT string_agg(email, ' ' ORDER BY email) FROM users"));
        assertEquals("3", one(ALL_FILLED));
    }

    @Test
    void keysStayAsTheyAreWhenNothingAsksForMore() {
        database("""
                CREATE TABLE notes (id serial PRIMARY KEY, email text NOT NULL, body text);
                INSERT INTO notes (email) VALUES ('A@x.org'), ('b@x.org');""");
        release("", USERS + REFER + GIVE_UP);
        assertEquals("A@x.org b@x.org", one("SELECT string_agg(email, ' ' ORDER BY email) FROM users"));
        assertFalse(script.contains("lower("), script);
    }

    @Test
    void anEntryThatWantsCaseKeptIsObeyed() {
        database("""
                CREATE TABLE notes (id serial PRIMARY KEY, email text NOT NULL, body text);
                INSERT INTO notes (email) VALUES ('A@x.org'), ('a@x.org');""");
        release(entry("- new `users`, by `email`; addresses are not lower-cased, they are case-sensitive"),
                USERS + REFER + GIVE_UP);
        assertEquals("2", one("SELECT count(*) FROM users"));
    }

    @Test
    void anIndexOnTheLoweredKeyMakesItAKeyToo() {
        database("""
                CREATE TABLE notes (id serial PRIMARY KEY, email text NOT NULL, body text);
                INSERT INTO notes (email) VALUES ('A@x.org'), ('b@x.org');""");
        release("", "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL);\n"
                + "CREATE UNIQUE INDEX users_email ON users (lower(email));\n"
                + "ALTER TABLE notes ADD COLUMN user_id integer NOT NULL REFERENCES users(id);\n" + GIVE_UP);
        assertEquals("a@x.org b@x.org", one("SELECT string_agg(email, ' ' ORDER BY email) FROM users"));
        assertEquals("2", one(ALL_FILLED));
    }

    @Test
    void addsAndDropsMayStandInterleavedInOneFile() {
        database(NOTES_BY_EMAIL + """
                CREATE TABLE tags (id serial PRIMARY KEY, email text NOT NULL, tag text, UNIQUE (email, tag));
                INSERT INTO tags (email, tag) VALUES ('c@x.org', 't');""");
        release("", """
                ALTER TABLE notes DROP COLUMN email;
                ALTER TABLE notes ADD COLUMN user_id uuid NOT NULL;
                """ + USERS + """
                ALTER TABLE tags ADD COLUMN user_id uuid NOT NULL;
                ALTER TABLE tags DROP COLUMN email;
                ALTER TABLE tags ADD CONSTRAINT tags_u UNIQUE (user_id, tag);
                ALTER TABLE notes ADD CONSTRAINT n_fk FOREIGN KEY (user_id) REFERENCES users(id);
                ALTER TABLE tags ADD CONSTRAINT t_fk FOREIGN KEY (user_id) REFERENCES users(id);
                """);
        assertEquals("3", one("SELECT count(*) FROM users"));
        assertEquals("3", one(ALL_FILLED));
    }

    @Test
    void anAlterTableOfSeveralActionsIsTakenApart() {
        database(NOTES_BY_EMAIL);
        release("", USERS + """
                ALTER TABLE notes
                    ADD COLUMN user_id uuid NOT NULL,
                    ADD COLUMN pinned boolean DEFAULT false NOT NULL,
                    ADD CONSTRAINT notes_fk FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE SET NULL,
                    DROP COLUMN email;""");
        assertEquals("3", one(ALL_FILLED));
        assertEquals("3", one("SELECT count(*) FROM notes WHERE NOT pinned"));
        assertEquals("user_id",
                one("SELECT attname FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attname = 'user_id' "
                + "AND attnotnull"));
    }

    @Test
    void aForeignKeyMayBeWrittenInline() {
        database(NOTES_BY_EMAIL);
        release("", USERS + "ALTER TABLE notes ADD COLUMN user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE;"
                + GIVE_UP);
        assertEquals("3", one(ALL_FILLED));
        assertEquals("f", one("SELECT contype FROM pg_constraint WHERE conrelid = 'notes'::regclass AND contype = "
                + "'f'"));
    }

    @Test
    void aNullableColumnIsFilledTooAndMayStayEmpty() {
        database(NOTES_BY_EMAIL
                + "ALTER TABLE notes ALTER email DROP NOT NULL; INSERT INTO notes (email) VALUES (NULL);");
        release("", USERS + "ALTER TABLE notes ADD COLUMN user_id uuid REFERENCES users(id);" + GIVE_UP);
        assertEquals("3", one(ALL_FILLED));
        assertEquals("1", one("SELECT count(*) FROM notes WHERE user_id IS NULL"));
    }

    @Test
    void aColumnMadeNotNullByALaterMigrationIsFilledFirst() {
        database(NOTES_BY_EMAIL
                + "CREATE TABLE tags (id serial PRIMARY KEY, email text); INSERT INTO tags (email) VALUES "
                + "('t@x.org');");
        release("", USERS + "ALTER TABLE notes ADD COLUMN user_id uuid REFERENCES users(id);"
                + "ALTER TABLE notes ALTER COLUMN user_id SET NOT NULL;",
                "ALTER TABLE tags ADD COLUMN user_id uuid REFERENCES users(id); ALTER TABLE tags ALTER COLUMN user_id "
                + "SET NOT NULL;",
                GIVE_UP + "ALTER TABLE tags DROP COLUMN email;");
        assertEquals("3", one(ALL_FILLED));
        assertEquals("2", one("SELECT count(*) FROM pg_attribute WHERE attname = 'user_id' AND attnotnull"));
    }

    @Test
    void aColumnAddedBareAndMadeNotNullLaterIsAskedFor() {
        database(NOTES_BY_EMAIL);
        draft("", "ALTER TABLE notes ADD COLUMN rank integer;", "ALTER TABLE notes ALTER COLUMN rank SET NOT NULL;");
        assertEquals("notes.rank", onlyProblem().object());
    }

    @Test
    void theReferenceMayGoToAnotherUniqueColumn() {
        database(NOTES_BY_EMAIL);
        release("", """
                CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE,
                    handle uuid DEFAULT gen_random_uuid() NOT NULL UNIQUE);
                ALTER TABLE notes ADD COLUMN user_id uuid NOT NULL REFERENCES users(handle);
                """ + GIVE_UP);
        assertEquals("3", one("SELECT count(*) FROM notes n JOIN users u ON u.handle = n.user_id"));
    }

    @Test
    void theKeyMayBeHeldUnderTheTablesName() {
        database("CREATE TABLE notes (id serial PRIMARY KEY, user_email text, body text);"
                + "INSERT INTO notes (user_email) VALUES ('a@x.org'), ('b@x.org');");
        release("", USERS + REFER + "ALTER TABLE notes DROP COLUMN user_email;");
        assertEquals("2", one(ALL_FILLED));
    }

    @Test
    void twoReferencesOfOneTableEachHaveTheirKey() {
        database("CREATE TABLE mails (id serial, sender_email text NOT NULL, recipient_email text);"
                + "INSERT INTO mails (sender_email, recipient_email) VALUES ('a@x.org', 'b@x.org'), ('b@x.org', "
                + "NULL);");
        release("", USERS + """
                ALTER TABLE mails ADD COLUMN sender_id uuid NOT NULL REFERENCES users(id),
                    ADD COLUMN recipient_id uuid REFERENCES users(id);
                ALTER TABLE mails DROP COLUMN sender_email, DROP COLUMN recipient_email;
                """);
        assertEquals("a@x.org>b@x.org b@x.org>", one("""
                SELECT string_agg(s.email || '>' || coalesce(r.email, ''), ' ' ORDER BY m.id)
                FROM mails m JOIN users s ON s.id = m.sender_id LEFT JOIN users r ON r.id = m.recipient_id"""));
    }

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
    void aPrimaryKeyOfTheNewColumnWaitsForItsValues() {
        database("CREATE TABLE notes (email text PRIMARY KEY, body text); INSERT INTO notes VALUES ('a@x.org', '1'), "
                + "('b@x.org', '2');");
        release("", USERS + "ALTER TABLE notes DROP CONSTRAINT notes_pkey;" + REFER
                + "ALTER TABLE notes ADD PRIMARY KEY (user_id);" + GIVE_UP);
        assertEquals("2", one(ALL_FILLED));
    }

    @Test
    void deferredConstraintsDoNotHoldLaterStatementsUp() {
        database(NOTES_BY_EMAIL + """
                CREATE TABLE kinds (id integer PRIMARY KEY);
                INSERT INTO kinds VALUES (1);
                ALTER TABLE notes ADD COLUMN kind integer DEFAULT 1 REFERENCES kinds DEFERRABLE INITIALLY DEFERRED;
                """);
        release(fence("UPDATE notes SET kind = 1;"), USERS + "ALTER TABLE notes ADD COLUMN user_id uuid NOT NULL "
                + "REFERENCES users DEFERRABLE INITIALLY DEFERRED;" + GIVE_UP);
        assertEquals("3", one(ALL_FILLED));
    }

    // What cannot be derived is asked

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
    void aFileThatFillsItsColumnItselfKeepsItsOrder() {
        database(NOTES_BY_EMAIL + "INSERT INTO notes (email, body) VALUES ('c@x.org', NULL);");
        release("", """
                CREATE TABLE unrelated (id integer);
                ALTER TABLE notes ADD COLUMN rank integer;
                UPDATE notes SET body = '' WHERE body IS NULL;
                UPDATE notes SET rank = 7;
                ALTER TABLE notes ALTER COLUMN body SET NOT NULL;
                ALTER TABLE notes ALTER COLUMN rank SET NOT NULL;
                ALTER TABLE notes RENAME COLUMN body TO words;
                """);
        assertEquals("4", one("SELECT count(*) FROM notes WHERE rank = 7 AND words IS NOT NULL"));
        assertEquals("2", one("SELECT count(*) FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attnotnull "
                + "AND attname IN ('rank', 'words')"));
    }

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

    // Segments

    @Test
    void anEnumValueUsedInTheSameReleaseIsCommittedFirst() {
        database("CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE days (id integer, mood mood); INSERT INTO days VALUES "
                + "(1, 'ok');");
        release("", "ALTER TYPE mood ADD VALUE 'sad'; ALTER TABLE days ALTER COLUMN mood SET DEFAULT 'sad'; UPDATE "
                + "days SET mood = 'sad';");
        assertInOrder("-- Segment 1:", "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'sad';", "-- Segment 2:", "BEGIN;",
                "UPDATE days");
        assertEquals("sad", one("SELECT mood FROM days"));
    }

    @Test
    void anEnumValueThatNobodyUsesStaysInTheTransaction() {
        database("CREATE TYPE mood AS ENUM ('ok');");
        release("", "ALTER TYPE mood ADD VALUE 'sad'; CREATE TABLE days (id integer, mood mood);");
        assertEquals(1, Plan.parse(script, "x").segments().size());
    }

    @Test
    void whatCannotBeInATransactionStandsAloneAndTheHistoryComesAfterIt() {
        database(NOTES_BY_EMAIL);
        release("", "ALTER TABLE notes ADD COLUMN rank integer; CREATE INDEX CONCURRENTLY notes_body ON notes (body); "
                + "ALTER TABLE notes ADD COLUMN late integer;");
        assertInOrder("BEGIN;", "ADD COLUMN rank", "COMMIT;", "CREATE INDEX CONCURRENTLY notes_body", "BEGIN;",
                "ADD COLUMN late",
                "INSERT INTO history", "COMMIT;");
        List<Plan.Segment> segments = Plan.parse(script, "x").segments();
        assertEquals(List.of(true, false, true), segments.stream().map(Plan.Segment::transactional).toList());
    }

    @Test
    void aLargeTableIsNotHeldUp() {
        // The server's own estimate decides; a million real rows would only cost time.
        database("CREATE TABLE owners (id integer PRIMARY KEY); INSERT INTO owners VALUES (1);"
                + "CREATE TABLE big (id integer, owner_id integer, word text); INSERT INTO big SELECT i, 1, 'w' FROM "
                + "generate_series(1, 20) i;"
                + "UPDATE pg_class SET reltuples = 1000001 WHERE relname = 'big';");
        release("", """
                ALTER TABLE big ADD COLUMN note text, ADD CONSTRAINT big_word CHECK (word <> '');
                ALTER TABLE big ADD CONSTRAINT big_owner FOREIGN KEY (owner_id) REFERENCES owners(id);
                CREATE INDEX big_words ON big (word);
                CREATE UNIQUE INDEX big_ids ON big (id);
                CREATE INDEX big_notes ON big (note);
                ALTER TABLE big DROP COLUMN note;
                """);
        assertInOrder("big_word CHECK (word <> '') NOT VALID",
                "big_owner FOREIGN KEY (owner_id) REFERENCES owners(id) NOT VALID",
                "COMMIT;", "VALIDATE CONSTRAINT big_word", "VALIDATE CONSTRAINT big_owner",
                "CREATE INDEX CONCURRENTLY big_words",
                "CREATE UNIQUE INDEX CONCURRENTLY big_ids", "BEGIN;", "INSERT INTO history", "COMMIT;");
        assertFalse(script.contains("CONCURRENTLY big_notes"), script);
        assertEquals("0", one("SELECT count(*) FROM pg_constraint WHERE NOT convalidated"));
        assertEquals("0", one("SELECT count(*) FROM pg_index WHERE NOT indisvalid"));
    }

    @Test
    void workOnATableThatIsOtherwiseLeftAloneComesFirst() {
        database("CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE owners (id integer PRIMARY KEY, old text);"
                + "CREATE TABLE big (id integer, word text, CONSTRAINT big_word CHECK (word <> '') NOT VALID);"
                + "CREATE TABLE small (id integer); INSERT INTO small VALUES (1); INSERT INTO big VALUES (1, 'w');"
                + "UPDATE pg_class SET reltuples = 1000001 WHERE relname = 'big';");
        release("", """
                ALTER TABLE owners ADD COLUMN name text;
                CREATE INDEX big_words ON big (word);
                CREATE INDEX CONCURRENTLY small_ids ON small (id);
                ALTER TABLE big VALIDATE CONSTRAINT big_word;
                CREATE UNIQUE INDEX small_one ON small (id);
                """);
        // A unique index keeps the others of its table where they were.
        assertInOrder("CREATE INDEX CONCURRENTLY big_words", "VALIDATE CONSTRAINT big_word", "ADD COLUMN name",
                "CREATE INDEX CONCURRENTLY small_ids", "UNIQUE INDEX small_one", "INSERT INTO history");
        assertEquals(2, Plan.parse(script, "x").ahead());
        database("CREATE TABLE owners (id integer PRIMARY KEY, old text); CREATE TABLE big (id integer, word text);"
                + "CREATE TABLE small (id integer); INSERT INTO big VALUES (1, 'w');"
                + "UPDATE pg_class SET reltuples = 1000001 WHERE relname = 'big';");
        release("", """
                ALTER TABLE owners ADD COLUMN name text;
                CREATE INDEX big_words ON big (word);
                CREATE INDEX big_ids ON big (id);
                CREATE INDEX CONCURRENTLY small_ids ON small (id);
                """);
        assertInOrder("CREATE INDEX CONCURRENTLY big_words", "CREATE INDEX CONCURRENTLY big_ids",
                "CREATE INDEX CONCURRENTLY small_ids", "BEGIN;", "ADD COLUMN name", "INSERT INTO history", "COMMIT;");
        assertEquals(3, Plan.parse(script, "x").ahead());
        database("CREATE TABLE big (id integer, word text); INSERT INTO big VALUES (1, 'w');"
                + "UPDATE pg_class SET reltuples = 1000001 WHERE relname = 'big';");
        database("CREATE TABLE big (id integer, word text); CREATE INDEX big_word ON big (id);"
                + "UPDATE pg_class SET reltuples = 1000001 WHERE relname = 'big';");
        release("", "DROP INDEX big_word; CREATE INDEX CONCURRENTLY big_word ON big (word);");
        assertInOrder("DROP INDEX big_word", "COMMIT;", "CREATE INDEX CONCURRENTLY big_word");
        database("CREATE TABLE big (id integer, word text); INSERT INTO big VALUES (1, 'w');"
                + "UPDATE pg_class SET reltuples = 1000001 WHERE relname = 'big';");
        release("", "CREATE FUNCTION f(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN $1; "
                + "CREATE INDEX big_f ON big (f(word));");
        assertInOrder("CREATE FUNCTION f", "COMMIT;", "CREATE INDEX CONCURRENTLY big_f");
        assertEquals("0", one("SELECT count(*) FROM pg_index WHERE NOT indisvalid"));
    }

    @Test
    void aLargePartitionedTableKeepsTheFormsThatItTakes() {
        database("CREATE TABLE owners (id integer PRIMARY KEY); CREATE TABLE big (id integer, owner_id integer) "
                + "PARTITION BY RANGE (id);"
                + "CREATE TABLE big_1 PARTITION OF big FOR VALUES FROM (0) TO (100); INSERT INTO owners VALUES (1);"
                + "INSERT INTO big VALUES (1, 1); UPDATE pg_class SET reltuples = 1000001 WHERE relname = 'big';");
        release("", "ALTER TABLE big ADD CONSTRAINT big_owner FOREIGN KEY (owner_id) REFERENCES owners(id);"
                + "CREATE INDEX big_ids ON big (id);");
        assertFalse(script.contains("NOT VALID") || script.contains("CONCURRENTLY"), script);
    }

    @Test
    void aConstraintOfALargeTableThatGetsAnotherNameStaysWhole() {
        database("CREATE TABLE big (id integer, word text); INSERT INTO big VALUES (1, 'w');"
                + "UPDATE pg_class SET reltuples = 1000001 WHERE relname = 'big';");
        release("", "ALTER TABLE big ADD CONSTRAINT big_word CHECK (word <> ''); CREATE INDEX big_words ON big (word);"
                + "ALTER TABLE big RENAME COLUMN word TO term; ALTER TABLE big RENAME TO huge;");
        assertEquals("0", one("SELECT count(*) FROM pg_constraint WHERE NOT convalidated"));
    }

    // Names and order

    @Test
    void namesOfEveryKindAreQuotedWhereTheyMustBe() {
        database("""
                CREATE SCHEMA "Crm";
                CREATE TABLE "Crm"."Order" (id serial PRIMARY KEY, "group" text NOT NULL, "eMail" text NOT NULL);
                INSERT INTO "Crm"."Order" ("group", "eMail") VALUES ('g', 'a@x.org'), ('h', 'b@x.org');
                """);
        release("", """
                CREATE TABLE "Crm"."user" ("Id" serial PRIMARY KEY NOT NULL, "eMail" text NOT NULL,
                    CONSTRAINT "u e" UNIQUE ("eMail"));
                ALTER TABLE "Crm"."Order" ADD COLUMN "userId" integer NOT NULL;
                ALTER TABLE "Crm"."Order" ADD CONSTRAINT "Order_fk" FOREIGN KEY ("userId")
                    REFERENCES "Crm"."user"("Id");
                ALTER TABLE "Crm"."Order" DROP COLUMN "eMail";
                """);
        assertEquals("2", one("SELECT count(*) FROM \"Crm\".\"Order\" o JOIN \"Crm\".\"user\" u ON u.\"Id\" = "
                + "o.\"userId\""));
    }

    @Test
    void blocksAndFunctionsKeepTheirOrder() {
        database(NOTES_BY_EMAIL);
        release("", """
                CREATE FUNCTION first() RETURNS integer LANGUAGE sql AS 'SELECT 1';
                DO $$ BEGIN EXECUTE 'CREATE TABLE made (id integer)'; END $$;
                INSERT INTO made VALUES (first());
                DROP FUNCTION first();
                """ + USERS + REFER + GIVE_UP + """
                DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'notes'
                    AND column_name = 'email'); END $$;
                """);
        assertInOrder("CREATE FUNCTION first", "DO $$", "INSERT INTO made", "DROP FUNCTION", "DROP COLUMN \"email\"",
                "DO $$");
        assertEquals("3", one(ALL_FILLED));
    }

    @Test
    void aBlockInAFileMayFillTheColumn() {
        database(NOTES_BY_EMAIL);
        release("", "ALTER TABLE notes ADD COLUMN rank integer NOT NULL; DO $$ BEGIN UPDATE notes SET rank = 5; END "
                + "$$;");
        assertEquals("3", one("SELECT count(*) FROM notes WHERE rank = 5"));
    }

    @Test
    void whatCannotBeOrderedIsSaid() {
        database(NOTES_BY_EMAIL);
        // The block between them may read either column, so the old one must be gone before the new one can be.
        draft(fence("UPDATE notes SET text = body;"), "ALTER TABLE notes RENAME COLUMN body TO kept;",
                "DO $$ BEGIN PERFORM 1; END $$;", "ALTER TABLE notes ADD COLUMN text text NOT NULL;");
        assertEquals(Problem.Kind.ORDER, onlyProblem().kind());
        assertEquals("script", onlyProblem().options().get(0).choice());
    }

    @Test
    void theSameInputGivesTheSameBytes() {
        database(NOTES_BY_EMAIL);
        String[] files = {USERS + REFER, GIVE_UP};
        draft("", files);
        String first = script;
        World.execute(target, "INSERT INTO notes (email) SELECT 'm' || i || '@x.org' FROM generate_series(1, 50) i");
        draft("", files);
        assertEquals(first, script);
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
