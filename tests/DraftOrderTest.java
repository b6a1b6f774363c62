//SOURCES DraftCase.java ../lib/plan/Plan.java ../lib/plan/Problem.java ../lib/sql/Statement.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import lib.plan.Plan;
import lib.plan.Problem;
import lib.sql.Statement;
import org.junit.jupiter.api.Test;

/** In which order the statements of the migrations run, and in which segments. */
class DraftOrderTest extends DraftCase {
    /** The server's own estimate decides; a million real rows would only cost time. */
    private static final String BIG_IS_LARGE = "UPDATE pg_class SET reltuples = 1000001 WHERE relname = 'big';";

    /** The place of a statement that a data step waits for, in the middle of a file. */
    private static final int AWAITED = 10;

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
        database("CREATE TABLE owners (id integer PRIMARY KEY); INSERT INTO owners VALUES (1);"
                + "CREATE TABLE big (id integer, owner_id integer, word text); INSERT INTO big SELECT i, 1, 'w' FROM "
                + "generate_series(1, 20) i;" + BIG_IS_LARGE);
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
        database("CREATE TABLE owners (id integer PRIMARY KEY, old text);"
                + "CREATE TABLE big (id integer, word text, CONSTRAINT big_word CHECK (word <> '') NOT VALID);"
                + "CREATE TABLE small (id integer); INSERT INTO small VALUES (1); INSERT INTO big VALUES (1, 'w');"
                + BIG_IS_LARGE);
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
    }

    @Test
    void allThatIsLeftAloneComesFirstInTheOrderOfTheFile() {
        database("CREATE TABLE owners (id integer PRIMARY KEY, old text); CREATE TABLE big (id integer, word text);"
                + "CREATE TABLE small (id integer); INSERT INTO big VALUES (1, 'w');" + BIG_IS_LARGE);
        release("", """
                ALTER TABLE owners ADD COLUMN name text;
                CREATE INDEX big_words ON big (word);
                CREATE INDEX big_ids ON big (id);
                CREATE INDEX CONCURRENTLY small_ids ON small (id);
                """);
        assertInOrder("CREATE INDEX CONCURRENTLY big_words", "CREATE INDEX CONCURRENTLY big_ids",
                "CREATE INDEX CONCURRENTLY small_ids", "BEGIN;", "ADD COLUMN name", "INSERT INTO history", "COMMIT;");
        assertEquals(3, Plan.parse(script, "x").ahead());
    }

    @Test
    void anIndexWaitsForTheOneWhoseNameItTakes() {
        database("CREATE TABLE big (id integer, word text); CREATE INDEX big_word ON big (id);" + BIG_IS_LARGE);
        release("", "DROP INDEX big_word; CREATE INDEX CONCURRENTLY big_word ON big (word);");
        assertInOrder("DROP INDEX big_word", "COMMIT;", "CREATE INDEX CONCURRENTLY big_word");
        assertEquals("word", one("SELECT attname FROM pg_attribute WHERE attrelid = 'big_word'::regclass"));
    }

    @Test
    void anIndexWaitsForTheFunctionThatItCalls() {
        database("CREATE TABLE big (id integer, word text); INSERT INTO big VALUES (1, 'w');" + BIG_IS_LARGE);
        release("", "CREATE FUNCTION f(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN $1; "
                + "CREATE INDEX big_f ON big (f(word));");
        assertInOrder("CREATE FUNCTION f", "COMMIT;", "CREATE INDEX CONCURRENTLY big_f");
        assertEquals("t", one("SELECT indisvalid FROM pg_index WHERE indexrelid = 'big_f'::regclass"));
    }

    @Test
    void aLargePartitionedTableKeepsTheFormsThatItTakes() {
        database("CREATE TABLE owners (id integer PRIMARY KEY); CREATE TABLE big (id integer, owner_id integer) "
                + "PARTITION BY RANGE (id);"
                + "CREATE TABLE big_1 PARTITION OF big FOR VALUES FROM (0) TO (100); INSERT INTO owners VALUES (1);"
                + "INSERT INTO big VALUES (1, 1);" + BIG_IS_LARGE);
        release("", "ALTER TABLE big ADD CONSTRAINT big_owner FOREIGN KEY (owner_id) REFERENCES owners(id);"
                + "CREATE INDEX big_ids ON big (id);");
        assertFalse(script.contains("NOT VALID") || script.contains("CONCURRENTLY"), script);
    }

    @Test
    void aConstraintOfALargeTableThatGetsAnotherNameStaysWhole() {
        database("CREATE TABLE big (id integer, word text); INSERT INTO big VALUES (1, 'w');" + BIG_IS_LARGE);
        release("", "ALTER TABLE big ADD CONSTRAINT big_word CHECK (word <> ''); CREATE INDEX big_words ON big (word);"
                + "ALTER TABLE big RENAME COLUMN word TO term; ALTER TABLE big RENAME TO huge;");
        assertInOrder("BEGIN;", "ALTER TABLE big ADD CONSTRAINT big_word CHECK (word <> '');",
                "CREATE INDEX big_words ON big (word);", "RENAME COLUMN word TO term;", "RENAME TO huge;", "COMMIT;");
        assertFalse(script.contains("VALID") || script.contains("CONCURRENTLY"), script);
        assertEquals(1, Plan.parse(script, "x").segments().size());
        assertEquals("t", one("SELECT convalidated FROM pg_constraint WHERE conname = 'big_word'"));
    }

    // Order

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

    /** Whatever two statements of files touch keeps their order, with data steps and code of all kinds between them. */
    @Test
    void statementsAboutTheSameObjectKeepTheirOrder() {
        database("CREATE TABLE a (id integer, x text); CREATE TABLE b (id integer, x text);"
                + "CREATE TABLE c (id integer, x text);");
        for (int seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            List<String> tables = new ArrayList<>();
            StringBuilder file = new StringBuilder();
            for (int i = 0; i < 20; i++) {
                String table = "abc".substring(random.nextInt(3)).substring(0, 1);
                String mark = "m" + i + "_";
                boolean awaited = i == AWAITED;
                boolean block = i > AWAITED && random.nextInt(12) == 0;
                tables.add(awaited ? "b" : block ? "" : table);
                file.append(awaited ? "ALTER TABLE b ADD COLUMN " + mark + " numeric;\n"
                        : block ? "DO $$ BEGIN RAISE NOTICE '" + mark + "'; END $$;\n" : List.of(
                        "ALTER TABLE " + table + " ADD COLUMN " + mark + " text;\n",
                        "COMMENT ON TABLE " + table + " IS '" + mark + "';\n",
                        "INSERT INTO " + table + " (id, x) VALUES (1, '" + mark + "');\n",
                        "UPDATE " + table + " SET x = '" + mark + "';\n",
                        // It waits for the data step, and whatever is behind it waits, too.
                        "ALTER TABLE " + table + " ADD CONSTRAINT " + mark + " CHECK (x <> '" + mark + "');\n")
                        .get(random.nextInt(5)));
            }
            draft(fence("UPDATE a SET x = (SELECT max(m" + AWAITED + "_)::text FROM b);"), file.toString());
            assertEquals(List.of(), messages());
            for (int i = 0; i < tables.size(); i++) {
                for (int j = i + 1; j < tables.size(); j++) {
                    if (tables.get(i).isEmpty() || tables.get(j).isEmpty() || tables.get(i).equals(tables.get(j))) {
                        assertInOrder("m" + i + "_", "m" + j + "_");
                    }
                }
            }
        }
    }

    /** Compared pair by pair, and tied to one another, as many would fill the memory. */
    @Test
    void thousandsOfRowsInAFileAreTiedOneToTheNext() {
        database(NOTES_BY_EMAIL);
        int rows = 8000;
        StringBuilder file = new StringBuilder(USERS + REFER);
        for (int i = 0; i < rows; i++) {
            file.append("INSERT INTO seeds VALUES (").append(i).append(");\n");
        }
        draft("", "CREATE TABLE seeds (id integer);\n" + file + GIVE_UP);
        assertEquals(List.of(), messages());
        List<String> inserts = Plan.parse(script, "x").statements().stream().map(Statement::sql)
                .filter(sql -> sql.startsWith("INSERT INTO seeds")).toList();
        assertEquals(rows, inserts.size());
        for (int i = 0; i < rows; i++) {
            assertTrue(inserts.get(i).contains("(" + i + ")"), inserts.get(i));
        }
        assertInOrder("CREATE TABLE seeds", "INSERT INTO seeds VALUES (0)", "INSERT INTO seeds VALUES (7999)");
        run();
        assertEquals("3", one(ALL_FILLED));
    }
}
