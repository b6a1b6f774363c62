//SOURCES World.java
//SOURCES ../lib/Fingerprint.java ../lib/plan/Catalog.java ../lib/plan/Draft.java ../lib/plan/Executor.java
//SOURCES ../lib/plan/Plan.java ../lib/plan/Script.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import lib.Fingerprint;
import lib.Migration;
import lib.Notes;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.plan.Catalog;
import lib.plan.Draft;
import lib.plan.Executor;
import lib.plan.Plan;
import lib.plan.Problem;
import lib.plan.Script;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The safe form of each kind of change, on tables that count as large: run by the executor that changes production, it
 * leaves the schema and the rows that the files leave when psql runs them as they are.
 */
@Timeout(180)
class SafeFormsTest {
    private static final Set<Scratch> DATABASES = new HashSet<>();
    private static final String NOTES = """
            CREATE TABLE owners (id integer PRIMARY KEY);
            INSERT INTO owners SELECT generate_series(1, 5);
            CREATE TABLE notes (id integer NOT NULL, owner_id integer, body text, rank integer);
            INSERT INTO notes SELECT i, i % 5 + 1, 'note ' || i, i FROM generate_series(1, 50) i;
            """;
    private static final String ALL = "SELECT md5(string_agg(n::text, ',' ORDER BY id)) FROM notes n";

    private static Scratch newest;

    private Target target;
    private String script;
    private Plan plan;

    @BeforeAll
    static void startTheOtherServer() {
        newest = Scratch.start(Servers.fitting(18));
    }

    @AfterAll
    static void stopTheOtherServer() {
        World.execute(World.rehearsal().target(null), "DROP DATABASE IF EXISTS forms WITH (FORCE)");
        newest.close();
    }

    private static List<Scratch> both() {
        return List.of(World.rehearsal(), newest);
    }

    private String one(String query) {
        return one(target, query);
    }

    private static String one(Target target, String query) {
        try (Connection connection = Postgres.read(target, "test")) {
            return Postgres.one(connection, query);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private static Fingerprint schema(Target target) {
        try (Connection connection = Postgres.read(target, "test")) {
            return Fingerprint.of(connection);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    // One database for each server, emptied between cases: that is faster than making a new one.
    private void database(Scratch server, String setup) {
        target = server.target("forms");
        if (DATABASES.add(server)) {
            World.execute(server.target(null), "DROP DATABASE IF EXISTS forms", "CREATE DATABASE forms");
        }
        World.execute(target, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public", setup, "ANALYZE");
    }

    /** Writes the release of one file and runs it as a release does. */
    private Executor.Result release(String file) {
        List<Migration> pending = List.of(new Migration("0001_step", "drizzle/0001_step.sql", file, "hash", 1));
        try (Connection connection = Postgres.read(target, "test")) {
            Draft draft = Draft.of(pending, Notes.of("").entries(), new Catalog(connection), 1);
            assertEquals(List.of(), draft.problems().stream().map(Problem::message).toList());
            script = Script.of(draft, pending, List.of(), "drizzle", List.of());
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        plan = Plan.parse(script, "release.sql");
        return new Executor(target, (connection, done) -> { }, done -> { }, line -> { }).run(plan);
    }

    /** The file run plainly and its safe form leave the same schema and the same answer to a query. */
    private void same(Scratch server, String setup, String file, String query, String... parts) {
        database(server, setup);
        Fingerprint schema;
        String answer;
        try (Connection connection = Postgres.write(target, "test")) {
            connection.setAutoCommit(false);
            Postgres.execute(connection, file);
            schema = Fingerprint.of(connection);
            answer = Postgres.one(connection, query);
            connection.rollback();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        Executor.Result result = release(file);
        assertEquals(null, result.trouble(), () -> result.trouble() + "\n" + script);
        assertEquals(List.of(), schema(target).differences(schema, 20), script);
        assertNotNull(answer, query);
        assertEquals(answer, one(query), script);
        inOrder(parts);
    }

    private void onBoth(String setup, String file, String query, String... parts) {
        both().forEach(server -> same(server, setup, file, query, parts));
    }

    private void inOrder(String... parts) {
        int at = -1;
        for (String part : parts) {
            int next = script.indexOf(part, at + 1);
            assertTrue(next > at, () -> part + " is not where it should be in\n" + script);
            at = next;
        }
    }

    private void segments(Boolean... transactional) {
        assertEquals(List.of(transactional), plan.segments().stream().map(Plan.Segment::transactional).toList(),
                script);
    }

    // Constraints

    @Test
    void foreignKeysAndChecksAreValidatedInSegmentsOfTheirOwn() {
        onBoth(NOTES, """
                ALTER TABLE notes ADD FOREIGN KEY (owner_id) REFERENCES owners (id) ON DELETE CASCADE,
                    ADD CONSTRAINT has_rank CHECK (rank > 0);
                """, ALL, "BEGIN;\nSET LOCAL lock_timeout = '5s';",
                "ADD CONSTRAINT notes_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES owners (id) ON DELETE CASCADE "
                + "NOT VALID", "has_rank CHECK (rank > 0) NOT VALID", "COMMIT;", "BEGIN;", "lock_timeout",
                "VALIDATE CONSTRAINT notes_owner_id_fkey", "COMMIT;", "BEGIN;", "VALIDATE CONSTRAINT has_rank",
                "COMMIT;");
        segments(true, true, true);
    }

    @Test
    void notNullIsProvenBeforeItIsSet() {
        same(World.rehearsal(), NOTES, "ALTER TABLE notes ALTER COLUMN rank SET NOT NULL;", ALL,
                "CHECK (rank IS NOT NULL) NOT VALID", "COMMIT;", "VALIDATE CONSTRAINT", "COMMIT;", "BEGIN;",
                "ALTER COLUMN rank SET NOT NULL;", "DROP CONSTRAINT", "COMMIT;");
        same(newest, NOTES, "ALTER TABLE notes ALTER COLUMN rank SET NOT NULL;", ALL,
                "ADD CONSTRAINT notes_rank_not_null NOT NULL rank NOT VALID", "COMMIT;",
                "VALIDATE CONSTRAINT notes_rank_not_null");
        segments(true, true);
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
                "ALTER TABLE notes ALTER COLUMN rank SET NOT NULL;", "ALTER TABLE notes DROP CONSTRAINT proof;");
        segments(true, true, true);
        same(World.rehearsal(), NOTES + "ALTER TABLE notes ADD CHECK (rank IS NOT NULL);",
                "ALTER TABLE notes ALTER COLUMN rank SET NOT NULL;", ALL, "SET NOT NULL");
        segments(true);
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
                "UNIQUE USING INDEX notes_owner_id_rank_key;", "COMMIT;");
        segments(false, false, false, true);
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
                """, "SELECT count(*) FROM tags");
        assertFalse(script.contains("CONCURRENTLY"), script);
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

    // Indexes

    @Test
    void indexesComeAndGoConcurrently() {
        onBoth(NOTES + "CREATE INDEX old_rank ON notes (rank); CREATE INDEX old_body ON notes (body);", """
                DROP INDEX IF EXISTS old_rank, old_body;
                CREATE INDEX ON notes (owner_id);
                CREATE UNIQUE INDEX IF NOT EXISTS notes_ids ON notes USING btree (id) WHERE rank > 2;
                """, ALL, "DROP INDEX CONCURRENTLY IF EXISTS old_rank", "DROP INDEX CONCURRENTLY IF EXISTS old_body",
                "CREATE INDEX CONCURRENTLY ON notes (owner_id)",
                "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS notes_ids");
        segments(false, false, false, false);
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
                "BEGIN;", "ALTER INDEX days_words ATTACH PARTITION days_1_word_day_idx;", "COMMIT;");
        segments(true, false, false, true);
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
            segments(true);
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
                """, ALL, "DROP VIEW ranked", "TYPE bigint", "CREATE VIEW ranked AS SELECT id, rank, body FROM notes");
        assertFalse(script.contains("set_config"), script);
        assertEquals(2, script.split("VIEW ranked").length - 1, script);
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
                + " || min(text) FROM notes");
        segments(true);
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
                "DROP CONSTRAINT release_days_rest_fits;", "COMMIT;");
        segments(true, true, true, true);
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
        for (int i = 101; rows.length() < 5_000_000; i++) {
            rows.append(", (").append(i).append(", 'text number ").append(i).append(" of many')");
        }
        database(newest, NOTES);
        long start = System.nanoTime();
        Executor.Result result = release("ALTER TABLE notes ADD COLUMN extra text;\n" + rows + ";\n"
                + "ALTER TABLE notes ALTER COLUMN id SET NOT NULL;");
        assertEquals(null, result.trouble(), () -> String.valueOf(result.trouble()));
        assertTrue(script.contains(rows), "its text is kept");
        assertEquals("t", one("SELECT count(*) > 100000 FROM notes"));
        assertTrue(System.nanoTime() - start < 20_000_000_000L, "and it does not take minutes");
    }

    // What goes wrong

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
