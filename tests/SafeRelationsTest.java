//SOURCES SafeFormsCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Fingerprint;
import lib.Postgres;
import lib.Scratch;
import lib.plan.Executor;
import org.junit.jupiter.api.Test;

/** Indexes, views, columns, types and partitions change in the safe form. */
class SafeRelationsTest extends SafeFormsCase {
    // Indexes

    @Test
    void indexesComeAndGoConcurrently() {
        onBoth(NOTES + "CREATE INDEX old_rank ON notes (rank); CREATE INDEX old_body ON notes (body);", """
                DROP INDEX IF EXISTS old_rank, old_body;
                CREATE INDEX ON notes (owner_id);
                CREATE UNIQUE INDEX IF NOT EXISTS notes_ids ON notes USING btree (id) WHERE rank > 2;
                """, ALL, "DROP INDEX CONCURRENTLY IF EXISTS old_rank", "DROP INDEX CONCURRENTLY IF EXISTS old_body",
                "CREATE INDEX CONCURRENTLY ON notes (owner_id)",
                "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS notes_ids")
                .segments(false, false, false, false);
    }

    @Test
    void anIndexOfAPartitionedTableIsBuiltPartitionByPartition() {
        onBoth("""
                CREATE TABLE days (id integer, day date, word text) PARTITION BY RANGE (day);
                CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
                CREATE TABLE days_rest PARTITION OF days DEFAULT;
                INSERT INTO days SELECT i, date '2026-01-20' + i, 'w' FROM generate_series(1, 30) i;
                """, "CREATE INDEX days_words ON days USING btree (word DESC, day);", "SELECT count(*) FROM days",
                "CREATE INDEX days_words ON ONLY days USING btree (word DESC, day);", "COMMIT;",
                "CREATE INDEX CONCURRENTLY days_1_word_day_idx ON days_1 USING btree (word DESC, day);",
                "CREATE INDEX CONCURRENTLY days_rest_word_day_idx",
                "BEGIN;", "ALTER INDEX days_words ATTACH PARTITION days_1_word_day_idx;", "COMMIT;")
                .segments(true, false, false, true);
    }

    @Test
    void aMaterializedViewIsRefreshedWhileItIsRead() {
        onBoth(NOTES + "CREATE MATERIALIZED VIEW ranks AS SELECT id, rank FROM notes;"
                + "CREATE UNIQUE INDEX ranks_ids ON ranks (id); INSERT INTO notes VALUES (99, 1, 'late', 99);",
                "REFRESH MATERIALIZED VIEW ranks;", "SELECT sum(rank) FROM ranks",
                "REFRESH MATERIALIZED VIEW CONCURRENTLY ranks;");
    }

    // Types

    @Test
    void viewsOnAColumnThatGetsAnotherTypeComeBackWithAllThatBelongsToThem() {
        for (Scratch server : both()) {
            database(server, NOTES + """
                    DROP ROLE IF EXISTS reader; DROP ROLE IF EXISTS keeper; CREATE ROLE reader; CREATE ROLE keeper;
                    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
                    CREATE VIEW ranked WITH (security_barrier = true, check_option = 'local') AS
                      SELECT id, rank, body FROM notes WHERE rank > 1;
                    REVOKE ALL ON ranked FROM PUBLIC;
                    ALTER VIEW ranked ALTER COLUMN body SET DEFAULT 'none';
                    GRANT SELECT, UPDATE ON ranked TO reader; GRANT SELECT (id) ON ranked TO keeper WITH GRANT OPTION;
                    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                    CREATE TRIGGER guard INSTEAD OF DELETE ON ranked FOR EACH ROW EXECUTE FUNCTION refuse();
                    COMMENT ON VIEW ranked IS 'it''s $$ranked$$'; COMMENT ON COLUMN ranked.rank IS 'the rank';
                    CREATE MATERIALIZED VIEW best AS SELECT r.rank, count(*) AS n FROM ranked r GROUP BY 1;
                    GRANT SELECT ON best, notes TO keeper; CREATE UNIQUE INDEX best_ranks ON best (rank);
                    COMMENT ON MATERIALIZED VIEW best IS 'the best';
                    CREATE VIEW "Top" AS SELECT b.rank, n.id FROM best b JOIN notes n USING (rank);
                    GRANT USAGE, CREATE ON SCHEMA public TO keeper; ALTER VIEW "Top" OWNER TO keeper;
                    CREATE RULE quiet AS ON INSERT TO "Top" DO INSTEAD NOTHING;
                    CREATE TRIGGER watch AFTER UPDATE OF rank ON notes FOR EACH ROW EXECUTE FUNCTION refuse();
                    ALTER TABLE notes DISABLE TRIGGER watch;
                    CREATE POLICY high ON notes FOR SELECT TO reader USING (rank > 3);
                    """);
            Fingerprint before = schema(target);
            String rights = rights();
            Executor.Result result = release("ALTER TABLE notes ADD COLUMN extra integer, ALTER COLUMN rank TYPE bigint"
                    + " USING rank::bigint;");
            assertEquals(null, result.trouble(), () -> result.trouble() + "\n" + script);
            assertEquals(List.of("column best.rank is different", "column notes.rank is different",
                    "column ranked.rank is different", "column \"Top\".rank is different".replace("\"", ""),
                    "column notes.extra is new").stream().sorted().toList(),
                    schema(target).differences(before, 20).stream().sorted().toList(), script);
            assertEquals(rights, rights(), script);
            assertEquals("49", one("SELECT count(*) FROM best"));
            assertEquals("49", one("SELECT count(*) FROM \"Top\""));
            new Written(List.of(script)).segments(true);
            World.execute(target, "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC");
        }
    }

    // Owner, grants and comments of everything that people can see.
    private String rights() {
        return one("""
                SELECT string_agg(c.relname || ' ' || pg_get_userbyid(relowner) || ' '
                  || (SELECT string_agg(coalesce(nullif(grantee, 0)::regrole::text, 'public') || privilege_type
                      || is_grantable, ',' ORDER BY x::text)
                      FROM (SELECT a.grantee, a.privilege_type, a.is_grantable
                        FROM aclexplode(coalesce(relacl, acldefault('r', relowner))) a) x)
                  || coalesce((SELECT string_agg(attname || attacl::text, ',') FROM pg_attribute
                      WHERE attrelid = c.oid AND attacl IS NOT NULL), '')
                  || coalesce((SELECT string_agg(objsubid || description, ',' ORDER BY objsubid) FROM pg_description
                      WHERE objoid = c.oid), ''), E'\\n' ORDER BY relname)
                FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm', 'r')""");
    }

    @Test
    void aViewThatTheFileItselfDropsAndMakesIsLeftToIt() {
        onBoth(NOTES + "CREATE VIEW ranked AS SELECT id, rank FROM notes;", """
                DROP VIEW ranked;
                ALTER TABLE notes ALTER COLUMN rank TYPE bigint;
                CREATE VIEW ranked AS SELECT id, rank, body FROM notes;
                """, ALL, "DROP VIEW ranked", "TYPE bigint", "CREATE VIEW ranked AS SELECT id, rank, body FROM notes")
                .times(0, "set_config").times(2, "VIEW ranked");
    }

    @Test
    void typesWithUsingColumnsWithDefaultsIdentitiesAndGeneratedOnesKeepTheRows() {
        onBoth(NOTES, """
                ALTER TABLE notes ALTER COLUMN body TYPE varchar(20) USING left(body, 20);
                ALTER TABLE notes ADD COLUMN number bigint GENERATED BY DEFAULT AS IDENTITY, ADD COLUMN place serial;
                ALTER TABLE notes ADD COLUMN twice integer GENERATED ALWAYS AS (rank * 2) STORED;
                ALTER TABLE notes ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
                ALTER TABLE notes RENAME COLUMN body TO text;
                """, "SELECT count(DISTINCT token) || ' ' || sum(number) || ' ' || sum(place) || ' ' || sum(twice)"
                + " || min(text) FROM notes")
                .segments(true);
    }

    // Enums, partitions, splits

    @Test
    void aValueAddedToATypeOfTheSameReleaseCanBeUsed() {
        for (Scratch server : both()) {
            database(server, NOTES);
            Executor.Result result = release("""
                    CREATE TYPE mood AS ENUM ('ok');
                    ALTER TYPE mood ADD VALUE 'sad' BEFORE 'ok';
                    ALTER TABLE notes ADD COLUMN mood mood DEFAULT 'sad' NOT NULL;
                    """);
            assertEquals(null, result.trouble(), () -> result.trouble() + "\n" + script);
            assertEquals("50", one("SELECT count(*) FROM notes WHERE mood = 'sad'"));
            assertEquals("{sad,ok}", one("SELECT enum_range(NULL::mood)::text"));
        }
    }

    @Test
    void aTableIsSplitWithItsRows() {
        onBoth(NOTES, """
                CREATE TABLE ranks (note_id integer PRIMARY KEY, rank integer);
                INSERT INTO ranks SELECT id, rank FROM notes;
                ALTER TABLE notes RENAME TO papers;
                ALTER TABLE papers DROP COLUMN rank;
                """, "SELECT sum(rank) || ' ' || (SELECT count(*) FROM papers) FROM ranks");
    }

    @Test
    void aTableBecomesAPartitionWithoutAScanUnderTheLock() {
        onBoth("""
                CREATE TABLE days (id integer, day date NOT NULL) PARTITION BY RANGE (day);
                CREATE TABLE days_rest PARTITION OF days DEFAULT;
                INSERT INTO days SELECT i, date '2026-03-01' + i FROM generate_series(1, 30) i;
                CREATE TABLE days_1 (id integer, day date NOT NULL);
                INSERT INTO days_1 SELECT i, date '2026-01-01' + i FROM generate_series(1, 30) i;
                """, "ALTER TABLE days ATTACH PARTITION days_1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');",
                "SELECT count(*) FROM days", "ALTER TABLE days_1 ADD CONSTRAINT release_days_1_fits CHECK (day IS NOT "
                + "NULL AND day >= '2026-01-01' AND day < '2026-02-01') NOT VALID;",
                "ALTER TABLE days_rest ADD CONSTRAINT release_days_rest_fits CHECK (NOT (", "COMMIT;",
                "VALIDATE CONSTRAINT release_days_1_fits", "VALIDATE CONSTRAINT release_days_rest_fits", "BEGIN;",
                "ALTER TABLE days ATTACH PARTITION days_1", "DROP CONSTRAINT release_days_1_fits;",
                "DROP CONSTRAINT release_days_rest_fits;", "COMMIT;")
                .segments(true, true, true, true);
        onBoth("CREATE TABLE kinds (id integer, kind text) PARTITION BY LIST (kind);"
                + "CREATE TABLE kinds_a (id integer, kind text); INSERT INTO kinds_a VALUES (1, 'a'), (2, 'b');",
                "ALTER TABLE kinds ATTACH PARTITION kinds_a FOR VALUES IN ('a', 'b');", "SELECT count(*) FROM kinds",
                "CHECK (kind IS NOT NULL AND kind IN ('a', 'b')) NOT VALID", "VALIDATE", "ATTACH PARTITION kinds_a");
    }

    @Test
    void theServerTakesTheCheckForProof() throws SQLException {
        database(newest, "CREATE TABLE days (id integer, day date) PARTITION BY RANGE (day); CREATE TABLE days_1 "
                + "(id integer, day date); INSERT INTO days_1 VALUES (1, '2026-01-05'); ALTER TABLE days_1 ADD CHECK ("
                + "day IS NOT NULL AND day >= '2026-01-01' AND day < '2026-02-01');");
        try (Connection connection = Postgres.write(target, "test")) {
            Postgres.execute(connection, "SET client_min_messages = debug1");
            try (java.sql.Statement statement = connection.createStatement()) {
                statement.execute("ALTER TABLE days ATTACH PARTITION days_1 FOR VALUES FROM ('2026-01-01')"
                        + " TO ('2026-02-01')");
                assertTrue(statement.getWarnings().getMessage().contains("is implied by existing constraints"),
                        statement.getWarnings()::getMessage);
            }
        }
    }

    // Size

    @Test
    void aStatementOfFiveMegabytesIsWrittenAndRun() {
        StringBuilder rows = new StringBuilder("INSERT INTO notes (id, body) VALUES (100, 'first')");
        int last = 100;
        while (rows.length() < 5_000_000) {
            last++;
            rows.append(", (").append(last).append(", 'text number ").append(last).append(" of many')");
        }
        database(newest, NOTES);
        Executor.Result result = release("ALTER TABLE notes ADD COLUMN extra text;\n" + rows + ";\n"
                + "ALTER TABLE notes ALTER COLUMN id SET NOT NULL;");
        assertEquals(null, result.trouble(), () -> String.valueOf(result.trouble()));
        int at = script.indexOf(rows + ";");
        assertTrue(at > script.indexOf("ADD COLUMN extra text"), "its text is kept, in its place");
        assertEquals(-1, script.indexOf("INSERT INTO notes", at + 1), "and is there once");
        assertTrue(script.indexOf("ALTER COLUMN id SET NOT NULL", at) > at, "and what follows it comes after it");
        assertEquals(last - 99 + " 100 " + last, one("SELECT count(DISTINCT id) || ' ' || min(id) || ' ' || max(id)"
                + " FROM notes WHERE id > 99 AND extra IS NULL"));
        assertEquals("0", one("SELECT count(*) FROM notes WHERE id > 100 AND body <> 'text number ' || id || ' of"
                + " many'"), "each row has its own text");
        assertEquals("50", one("SELECT count(*) FROM notes WHERE id < 100"), "and those before it are still there");
    }
}
