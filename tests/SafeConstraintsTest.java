//SOURCES SafeFormsCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import lib.plan.Executor;
import org.junit.jupiter.api.Test;

/** Constraints come in the safe form: checked while others work, and what they find is told at their validation. */
class SafeConstraintsTest extends SafeFormsCase {
    @Test
    void foreignKeysAndChecksAreValidatedInSegmentsOfTheirOwn() {
        onBoth(NOTES, """
                ALTER TABLE notes ADD FOREIGN KEY (owner_id) REFERENCES owners (id) ON DELETE CASCADE,
                    ADD CONSTRAINT has_rank CHECK (rank > 0);
                """, ALL, "BEGIN;\nSET LOCAL lock_timeout = '5s';",
                "ADD CONSTRAINT notes_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES owners (id) ON DELETE CASCADE "
                + "NOT VALID", "has_rank CHECK (rank > 0) NOT VALID", "COMMIT;", "BEGIN;", "lock_timeout",
                "VALIDATE CONSTRAINT notes_owner_id_fkey", "COMMIT;", "BEGIN;", "VALIDATE CONSTRAINT has_rank",
                "COMMIT;")
                .segments(true, true, true);
    }

    @Test
    void notNullIsProvenBeforeItIsSet() {
        same(World.rehearsal(), NOTES, "ALTER TABLE notes ALTER COLUMN rank SET NOT NULL;", ALL,
                "CHECK (rank IS NOT NULL) NOT VALID", "COMMIT;", "VALIDATE CONSTRAINT", "COMMIT;", "BEGIN;",
                "ALTER COLUMN rank SET NOT NULL;", "DROP CONSTRAINT", "COMMIT;")
                .segments(true, true, true);
        same(newest, NOTES, "ALTER TABLE notes ALTER COLUMN rank SET NOT NULL;", ALL,
                "ADD CONSTRAINT notes_rank_not_null NOT NULL rank NOT VALID", "COMMIT;",
                "VALIDATE CONSTRAINT notes_rank_not_null")
                .segments(true, true);
    }

    @Test
    void aProofThatTheFileBringsItselfKeepsItsText() {
        onBoth(NOTES, """
                ALTER TABLE notes ADD CONSTRAINT proof CHECK (rank IS NOT NULL) NOT VALID;
                ALTER TABLE notes VALIDATE CONSTRAINT proof;
                ALTER TABLE notes ALTER COLUMN rank SET NOT NULL;
                ALTER TABLE notes DROP CONSTRAINT proof;
                """, ALL, "ADD CONSTRAINT proof CHECK (rank IS NOT NULL) NOT VALID;", "COMMIT;",
                "ALTER TABLE notes VALIDATE CONSTRAINT proof;", "COMMIT;",
                "ALTER TABLE notes ALTER COLUMN rank SET NOT NULL;", "ALTER TABLE notes DROP CONSTRAINT proof;")
                .segments(true, true, true);
        same(World.rehearsal(), NOTES + "ALTER TABLE notes ADD CHECK (rank IS NOT NULL);",
                "ALTER TABLE notes ALTER COLUMN rank SET NOT NULL;", ALL, "SET NOT NULL")
                .segments(true);
    }

    @Test
    void keysAreMadeOfAnIndexThatWasBuiltConcurrently() {
        onBoth(NOTES, """
                ALTER TABLE notes ADD CONSTRAINT one_rank UNIQUE (rank) INCLUDE (body) DEFERRABLE INITIALLY DEFERRED;
                ALTER TABLE "notes" ADD PRIMARY KEY ("id");
                ALTER TABLE notes ADD UNIQUE (owner_id, rank);
                """, ALL, "SET lock_timeout = '15min';\nSET statement_timeout = 0;\n"
                + "CREATE UNIQUE INDEX CONCURRENTLY one_rank ON notes (rank) INCLUDE (body);",
                "CREATE UNIQUE INDEX CONCURRENTLY notes_pkey ON notes (\"id\");",
                "CREATE UNIQUE INDEX CONCURRENTLY notes_owner_id_rank_key", "BEGIN;",
                "UNIQUE USING INDEX one_rank DEFERRABLE INITIALLY DEFERRED;", "PRIMARY KEY USING INDEX notes_pkey;",
                "UNIQUE USING INDEX notes_owner_id_rank_key;", "COMMIT;")
                .segments(false, false, false, true);
    }

    @Test
    void aPrimaryKeyOnColumnsThatMayBeNullIsProvenFirst() {
        onBoth(NOTES, "ALTER TABLE notes ADD CONSTRAINT notes_key PRIMARY KEY (rank, id);", ALL, "NOT VALID",
                "VALIDATE", "CREATE UNIQUE INDEX CONCURRENTLY notes_key", "PRIMARY KEY USING INDEX notes_key");
    }

    @Test
    void aKeyThatTheReleaseCountsOnIsThereAtOnce() {
        onBoth(NOTES, """
                ALTER TABLE notes ADD CONSTRAINT one_id UNIQUE (id);
                CREATE TABLE tags (note_id integer REFERENCES notes (id));
                INSERT INTO tags SELECT id FROM notes;
                """, "SELECT count(*) FROM tags")
                .times(0, "CONCURRENTLY");
    }

    @Test
    void constraintsWrittenWithANewColumnAreTakenApart() {
        onBoth(NOTES, """
                ALTER TABLE notes ADD COLUMN code text CONSTRAINT one_code UNIQUE CHECK (code <> '') DEFAULT NULL,
                    ADD COLUMN state text NOT NULL DEFAULT 'new' CONSTRAINT known_state CHECK (state IN ('new', 'old'));
                """, ALL, "ADD COLUMN code text DEFAULT NULL;", "notes_code_check CHECK (code <> '') NOT VALID;",
                "ADD COLUMN state text NOT NULL DEFAULT 'new';", "known_state CHECK (state IN ('new', 'old')) NOT"
                + " VALID;",
                "VALIDATE CONSTRAINT notes_code_check", "CREATE UNIQUE INDEX CONCURRENTLY one_code ON notes (code);",
                "VALIDATE CONSTRAINT known_state", "UNIQUE USING INDEX one_code");
    }

    @Test
    void aConstraintOfADomainIsValidatedLater() {
        onBoth("CREATE DOMAIN score AS integer; CREATE TABLE games (id integer, points score);"
                + "INSERT INTO games SELECT i, i FROM generate_series(1, 20) i;",
                "ALTER DOMAIN score ADD CONSTRAINT positive CHECK (VALUE > 0);", "SELECT sum(points) FROM games",
                "CHECK (VALUE > 0) NOT VALID", "COMMIT;", "ALTER DOMAIN score VALIDATE CONSTRAINT positive");
    }

    @Test
    void rowsThatBreakAConstraintStopAtItsValidationAndLeaveTheRestCommitted() {
        database(newest, NOTES + "INSERT INTO notes VALUES (51, 77, 'orphan', NULL);");
        Executor.Result result = release("ALTER TABLE notes ADD COLUMN extra integer;"
                + "ALTER TABLE notes ADD CONSTRAINT to_owner FOREIGN KEY (owner_id) REFERENCES owners (id);");
        assertEquals("23503", result.trouble().state());
        assertEquals(2, result.trouble().segment());
        assertFalse(result.trouble().open());
        assertEquals("f", one("SELECT convalidated FROM pg_constraint WHERE conname = 'to_owner'"));
        assertEquals("1", one("SELECT count(*) FROM information_schema.columns WHERE column_name = 'extra'"));
    }
}
