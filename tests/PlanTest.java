//SOURCES World.java ../lib/Failure.java ../lib/Hash.java ../lib/plan/Plan.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import lib.Failure;
import lib.Hash;
import lib.plan.Plan;
import lib.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a release script is read into segments, and what is refused before any of it runs. */
class PlanTest {
    private static String shape(String text) {
        StringBuilder shape = new StringBuilder();
        for (Plan.Segment segment : Plan.parse(text, "r.sql").segments()) {
            List<String> tags = segment.statements().stream().map(Statement::tag).toList();
            shape.append(segment.number()).append(segment.transactional() ? "(" : "[").append(String.join(", ", tags))
                    .append(segment.transactional() ? ")" : "]");
        }
        return shape.toString();
    }

    @Test
    void aTransactionIsASegmentAndSoIsEachStatementThatCannotBeInOne() {
        assertEquals("1(INSERT, UPDATE)2[CREATE INDEX]3[VACUUM]4(DELETE)", shape("""
                BEGIN;
                INSERT INTO a VALUES (1);
                UPDATE a SET b = 1;
                COMMIT;
                CREATE INDEX CONCURRENTLY i ON a (b);
                VACUUM a;
                START TRANSACTION;
                DELETE FROM a WHERE b = 2;
                END;
                """));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "1 | CREATE INDEX CONCURRENTLY i ON a (b); BEGIN; ALTER TABLE a DROP COLUMN c; COMMIT;",
        "2 | SET lock_timeout = 1; CREATE INDEX CONCURRENTLY i ON a (b); BEGIN; SET LOCAL lock_timeout = '5s';"
            + " ALTER TABLE a VALIDATE CONSTRAINT c; COMMIT; DELETE FROM a WHERE b = 1;",
        "2 | ALTER TYPE m ADD VALUE 'x'; CREATE INDEX CONCURRENTLY i ON a (b);",
        "0 | CREATE UNIQUE INDEX CONCURRENTLY i ON a (b);",
        "0 | CREATE INDEX i ON a (b);",
        "0 | DROP INDEX CONCURRENTLY i;",
        "0 | ALTER TYPE m ADD VALUE 'x';",
        "0 | BEGIN; ALTER TABLE a VALIDATE CONSTRAINT c; DELETE FROM a WHERE b = 1; COMMIT;",
        "0 | ALTER TABLE a VALIDATE CONSTRAINT c, DROP COLUMN d;",
        "0 | INSERT INTO a VALUES (1); CREATE INDEX CONCURRENTLY i ON a (b);"})
    void onlyWhatNobodySeesOrWaitsForCanRunBeforeTheStop(int ahead, String sql) {
        assertEquals(ahead, Plan.parse(sql, "r.sql").ahead());
    }

    @Test
    void settingsBelongToTheStatementThatStandsAloneBehindThem() {
        assertEquals("1(INSERT)2[SET, SET, CREATE INDEX]3(SET, INSERT)4[VACUUM]", shape("""
                BEGIN; INSERT INTO a VALUES (1); COMMIT;
                SET lock_timeout = '15min'; SET statement_timeout = 0;
                CREATE INDEX CONCURRENTLY i ON a (b);
                SET lock_timeout = '5s'; INSERT INTO a VALUES (2);
                VACUUM a;
                """));
        Plan plan = Plan.parse("INSERT INTO a VALUES (1); SET x.y = 1; INSERT INTO a VALUES (2);", "r.sql");
        assertEquals(1, plan.segments().size());
    }

    @Test
    void neighboursOutsideOfATransactionAreOneSegment() {
        assertEquals("1(INSERT, INSERT)2(INSERT)3(INSERT)4[VACUUM]5(INSERT)", shape("""
                INSERT INTO a VALUES (1); INSERT INTO a VALUES (2);
                BEGIN; INSERT INTO a VALUES (3); COMMIT;
                INSERT INTO a VALUES (4);
                VACUUM;
                INSERT INTO a VALUES (5)
                """));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '#', value = {
        "BEGIN; SELECT 1;                                    # r.sql line 1: BEGIN without COMMIT: nothing of it "
                + "would be kept",
        "BEGIN; SELECT 1; BEGIN; COMMIT;                     # r.sql line 1: BEGIN inside a transaction that is open "
        + "since line 1",
        "SELECT 1; COMMIT;                                   # r.sql line 1: COMMIT without BEGIN",
        "BEGIN; SELECT 1; COMMIT; END;                       # r.sql line 1: COMMIT without BEGIN",
        "BEGIN; SELECT 1; ROLLBACK;                          # r.sql line 1: ROLLBACK would undo what was rehearsed",
        "BEGIN; SELECT 1; ABORT;                             # r.sql line 1: ROLLBACK would undo what was rehearsed",
        "BEGIN; SAVEPOINT a; ROLLBACK TO SAVEPOINT a; COMMIT;# r.sql line 1: ROLLBACK would undo what was rehearsed",
        "BEGIN; SELECT 1; PREPARE TRANSACTION 'x';           # r.sql line 1: PREPARE TRANSACTION would undo what was "
        + "rehearsed",
        "BEGIN ISOLATION LEVEL SERIALIZABLE; COMMIT;         # r.sql line 1: BEGIN ISOLATION LEVEL SERIALIZABLE says "
        + "more than BEGIN",
        "BEGIN; SELECT 1; COMMIT AND CHAIN; SELECT 2; COMMIT;# r.sql line 1: COMMIT AND CHAIN says more than COMMIT",
        "BEGIN; CREATE INDEX CONCURRENTLY i ON a (b); COMMIT;# r.sql line 1: CREATE INDEX cannot run inside a "
        + "transaction",
        "BEGIN; VACUUM a; COMMIT;                            # r.sql line 1: VACUUM cannot run inside a transaction",
        "\\i other.sql                                       # r.sql: psql command \\i on line 1 cannot be run over a "
        + "connection",
        "SELECT 1 \\gexec                                    # r.sql: psql command \\gexec on line 1 cannot be run "
        + "over a connection",
        "COPY a FROM stdin;                                  # r.sql: COPY data on line 1 cannot be run over a "
        + "connection"})
    void whatWouldNotBeWhatWasRehearsedIsRefused(String text, String message) {
        Failure failure = assertThrows(Failure.class, () -> Plan.parse(text, "r.sql"));
        assertEquals(message, failure.getMessage());
        assertEquals(Failure.Exit.STOP, failure.exit);
        assertTrue(failure.hint != null && !failure.hint.isBlank(), "a way out is named");
    }

    @Test
    void theLineOfTheTroubleIsCountedInTheFile() {
        Failure failure = assertThrows(Failure.class,
                () -> Plan.parse("-- one\nBEGIN;\n/* three\nfour */ BEGIN;\nCOMMIT;", "r.sql"));
        assertEquals("r.sql line 4: BEGIN inside a transaction that is open since line 2", failure.getMessage());
    }

    @Test
    void harmlessPsqlCommandsAreLetPass() {
        assertEquals("1(INSERT)",
                shape("\\set ON_ERROR_STOP on\n\\echo hello\nBEGIN;\nINSERT INTO a VALUES (1);\nCOMMIT;\n"));
    }

    @Test
    void textInQuotesIsNoTransaction() {
        Plan plan = Plan.parse("""
                BEGIN;
                CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $body$
                BEGIN
                  PERFORM 'COMMIT;';
                END;
                $body$;
                DO $$ BEGIN RAISE NOTICE '; BEGIN;'; END $$;
                INSERT INTO a VALUES ('COMMIT; -- no');
                COMMIT;
                """, "r.sql");
        assertEquals(1, plan.segments().size());
        assertEquals(List.of("CREATE FUNCTION", "DO", "INSERT"),
                plan.statements().stream().map(Statement::tag).toList());
        assertEquals(2, plan.statements().get(0).line());
    }

    @Test
    void anEmptyScriptHasNoSegments() {
        assertTrue(Plan.parse("", "r.sql").isEmpty());
        assertTrue(Plan.parse("-- nothing\nBEGIN;\nCOMMIT;\n", "r.sql").isEmpty());
    }

    @Test
    void theHashIsThatOfTheBytes() {
        String text = "INSERT INTO a VALUES ('é');\r\n";
        assertEquals(Hash.of(text), Plan.parse(text, "r.sql").sha256());
        assertEquals("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Hash.of("abc"));
    }

    @Test
    void theRestOfAPlanIsAPlan() {
        Plan plan = Plan.parse("""
                BEGIN; INSERT INTO a VALUES (1); COMMIT;
                CREATE INDEX CONCURRENTLY i ON a (b);
                BEGIN; INSERT INTO a VALUES (2); INSERT INTO a VALUES (3); COMMIT;
                """, "r.sql");
        assertEquals("1[CREATE INDEX]2(INSERT, INSERT)", shape(plan.from(2)));
        assertEquals("1(INSERT, INSERT)", shape(plan.from(3)));
        assertEquals(plan.statements().stream().map(Statement::sql).toList(),
                Plan.parse(plan.from(1), "r.sql").statements().stream().map(Statement::sql).toList());
        assertTrue(Plan.parse(plan.from(4), "r.sql").isEmpty());
    }

    @Test
    void theFixturesScriptIsOneTransaction() {
        Plan plan = Plan.parse(World.read(World.FIXTURE.resolve("release.sql")), "release.sql");
        assertEquals(1, plan.segments().size());
        assertTrue(plan.statements().size() > 30, () -> plan.statements().size() + " statements");
    }
}
