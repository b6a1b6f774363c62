//SOURCES World.java ../lib/plan/Probes.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.util.List;
import lib.Failure;
import lib.Gate;
import lib.Migration;
import lib.Postgres;
import lib.Target;
import lib.plan.Catalog;
import lib.plan.Draft;
import lib.plan.Probes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows that a pending statement does not bear, counted; each count is proven by the statement itself, which fails. */
class ProbesTest {
    private static Target target;
    private static Connection connection;

    @BeforeAll
    static void aDatabaseWithBadRows() {
        World.execute(World.rehearsal().target(null), "DROP DATABASE IF EXISTS probes WITH (FORCE)",
                "CREATE DATABASE probes");
        target = World.rehearsal().target("probes");
        World.psql(target, """
                CREATE TABLE team (id int PRIMARY KEY, name text);
                CREATE TABLE person (id int, email text, team_id int, code text, big bigint, price numeric, age int,
                    "Odd Name" text, gone boolean DEFAULT false);
                INSERT INTO team VALUES (1, 'a');
                INSERT INTO person VALUES (1, 'A@x', 1, '12', 1, 1.5, 5, 'x', false),
                    (2, 'a@x', 2, 'twelve', 3000000000, 1000, -1, NULL, false),
                    (3, NULL, NULL, NULL, NULL, NULL, NULL, 'x', true), (3, 'b@x', 7, '99999', 2, 2, 3, 'y', false);
                ALTER TABLE person ADD CONSTRAINT kept CHECK (age > 4) NOT VALID;
                """);
        connection = Postgres.read(target, "test");
    }

    @AfterAll
    static void removeIt() throws Exception {
        connection.close();
        World.execute(World.rehearsal().target(null), "DROP DATABASE probes WITH (FORCE)");
    }

    private static Probes probes(String sql) throws Exception {
        List<Migration> pending = List.of(new Migration("1", "1.sql", sql, null, 1));
        return Probes.of(connection, pending, List.of(), Draft.of(pending, List.of(), new Catalog(connection)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "1|ALTER TABLE person ALTER COLUMN email SET NOT NULL",
        "1|ALTER TABLE person ALTER COLUMN \"Odd Name\" SET NOT NULL",
        "2|ALTER TABLE person ADD PRIMARY KEY (id)",
        "2|ALTER TABLE person ADD CONSTRAINT u UNIQUE (id)",
        "2|ALTER TABLE person ADD CONSTRAINT u UNIQUE (\"Odd Name\")",
        "2|CREATE UNIQUE INDEX u ON person (lower(email) DESC)",
        "2|CREATE UNIQUE INDEX CONCURRENTLY u ON person (id) WHERE code IS NULL OR big = 2",
        "2|ALTER TABLE person ADD CONSTRAINT f FOREIGN KEY (team_id) REFERENCES team",
        "2|ALTER TABLE person ADD CONSTRAINT c CHECK (age >= 5)",
        "2|ALTER TABLE person VALIDATE CONSTRAINT kept",
        "2|ALTER TABLE person ADD CONSTRAINT f CHECK (age > 4) NOT VALID; ALTER TABLE person VALIDATE CONSTRAINT f",
        "2|ALTER TABLE person ALTER code TYPE varchar(4)",
        "1|ALTER TABLE person ALTER code TYPE int USING code::int",
        "1|ALTER TABLE person ALTER big TYPE int",
        "1|ALTER TABLE person ALTER price TYPE numeric(5,2)",
        "2|ALTER TABLE person RENAME age TO years; ALTER TABLE person RENAME TO people; ALTER TABLE people "
            + "ADD CONSTRAINT f FOREIGN KEY (team_id) REFERENCES team (id)",
    })
    void theCountIsRightAndTheStatementFails(long rows, String sql) throws Exception {
        Probes probes = probes(sql);
        assertEquals(1, probes.violations().size(), probes::toString);
        assertEquals(rows, probes.violations().get(0).rows(), probes::toString);
        assertEquals(rows, Long.parseLong(Postgres.one(connection, probes.violations().get(0).query())));
        boolean mended = probes.violations().get(0).mayBeMended();
        if (!mended) {
            Failure failure = assertThrows(Failure.class, () -> probes.finding(false));
            assertTrue(failure.hint.contains(probes.violations().get(0).query()), failure.hint);
            assertTrue(!failure.getMessage().contains("a@x"), failure.getMessage());
        }
        assertThrows(AssertionError.class, () -> World.execute(target, sql.replace("CONCURRENTLY ", "")),
                "it would have worked");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "ALTER TABLE person ALTER age TYPE bigint", "ALTER TABLE person ALTER code TYPE varchar(6)",
        "CREATE UNIQUE INDEX u ON person (id) WHERE NOT gone", "ALTER TABLE person ADD CONSTRAINT n UNIQUE (team_id)",
        "ALTER TABLE person ADD COLUMN new int; ALTER TABLE person ADD CONSTRAINT c UNIQUE (new, id)",
        "CREATE TABLE t (id int); ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0)",
        "ALTER TABLE person ADD CONSTRAINT c CHECK (age >= 5) NOT VALID"})
    void whatWorksIsNotSuspected(String sql) throws Exception {
        Probes probes = probes(sql);
        assertEquals(List.of(), probes.violations(), probes::toString);
        assertEquals(Gate.Status.pass, probes.finding(false).status(), probes::toString);
    }

    @Test
    void whatTheReleaseMayMendOrNobodyCanCountIsToldAndDoesNotStop() throws Exception {
        Probes mended = probes("UPDATE person SET age = 9 WHERE age < 5; ALTER TABLE person ADD CHECK (age >= 5)");
        assertEquals(Gate.Status.warn, mended.finding(false).status(), mended::toString);
        assertTrue(mended.finding(false).message().contains("2 rows: CHECK (age >= 5) (the release changes that table"),
                mended::toString);
        assertEquals(Gate.Status.warn, probes("ALTER TABLE person ADD CHECK (age >= 5)").finding(true).status(),
                "a script by hand has its own answer");
        Probes uncounted = probes("ALTER TABLE person ALTER code TYPE date USING to_date(code, 'YYMMDD')");
        assertTrue(uncounted.finding(false).message().contains("not counted: person.code becomes date"),
                uncounted::toString);
        World.execute(target, "UPDATE pg_class SET reltuples = 1e9 WHERE relname = 'person'");
        Probes huge = probes("ALTER TABLE person ALTER COLUMN email SET NOT NULL");
        assertTrue(huge.skipped().toString().contains("about 1000000000 rows and no index that helps"), huge::toString);
        World.execute(target, "CREATE INDEX by_email ON person (email)",
                "UPDATE pg_class SET reltuples = 1e9 WHERE relname = 'person'");
        assertEquals(1, probes("ALTER TABLE person ALTER COLUMN email SET NOT NULL").violations().size());
        World.execute(target, "DROP INDEX by_email", "UPDATE pg_class SET reltuples = 4 WHERE relname = 'person'");
    }
}
