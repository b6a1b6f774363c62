//SOURCES World.java ../lib/plan/Executor.java ../lib/plan/Plan.java ../lib/triage/Log.java ../lib/triage/Scene.java
//SOURCES ../lib/triage/Triage.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Exec;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.plan.Executor;
import lib.plan.Plan;
import lib.triage.Complaint;
import lib.triage.Log;
import lib.triage.Scene;
import lib.triage.Triage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Migrations that fail on a real server, each in its own way: the cause is named, and the rows are counted. */
@Timeout(120)
class TriageTest {
    private static Scratch server;
    private static Target target;

    @BeforeAll
    static void aDatabaseWithBadRows() {
        server = Scratch.start(Servers.fitting(15));
        target = server.target(null);
        World.execute(target, "CREATE TABLE people (id int PRIMARY KEY, mail text, age text, boss int)",
                "INSERT INTO people VALUES (1, 'secret@x.org', '40', 1), (2, 'secret@x.org', 'forty', 9),"
                + " (3, NULL, '41', 8), (4, NULL, '', NULL), (5, 'e@x.org', '7', 1)",
                "CREATE TABLE teams (id int PRIMARY KEY, lead int NOT NULL REFERENCES people, size int CHECK (size"
                        + " > 0),"
                + " code text UNIQUE)", "INSERT INTO teams VALUES (1, 1, 3, 'a')",
                "CREATE VIEW mails AS SELECT mail FROM people", "CREATE TYPE mood AS ENUM ('good')",
                "CREATE ROLE limited LOGIN PASSWORD 'x'",
                // As preflight asks of every role that releases: the journal needs it.
                "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO limited', current_database()); END $$",
                "CREATE TABLE parts (id int) PARTITION BY RANGE (id)");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** Runs a plan as the rehearsal does, and looks at what stopped it. */
    private static Scene fails(String sql) {
        return fails(sql, target, false);
    }

    private static Scene fails(String sql, Target where, boolean show) {
        Plan plan = Plan.parse(sql, "test.sql");
        Executor.Result result = new Executor(where, (connection, done) -> { }, done -> { }, line -> { }).run(plan);
        assertTrue(result.trouble() != null, "it does not fail: " + sql);
        try (Connection connection = Postgres.write(target, "test")) {
            Scene scene = Scene.of(connection, plan, result.trouble(), show);
            assertFalse(!show && (scene.text().contains("secret") || scene.text().contains("forty")), scene::text);
            assertFalse(scene.triage().fix().isBlank(), scene::text);
            return scene;
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private static void counted(String cause, long rows, String sql) {
        Scene scene = fails(sql);
        assertEquals(cause, scene.triage().id(), scene::text);
        assertEquals(rows, scene.rows(), scene::text);
        // What is printed is what can be pasted: as many rows as were counted, or groups of them.
        assertTrue(scene.text().contains(rows + " on the copy; to see the rows of "), scene::text);
    }

    @Test
    void rowsThatBreakANewRuleAreCounted() {
        counted("nulls", 2, "ALTER TABLE people ALTER COLUMN mail SET NOT NULL;");
        counted("nulls", 5, "ALTER TABLE people ADD COLUMN rank int NOT NULL;");
        counted("nulls", 4, "BEGIN; ALTER TABLE people ADD COLUMN rank int; UPDATE people SET rank = 1 WHERE id = 1;"
                + " ALTER TABLE people ALTER COLUMN rank SET NOT NULL; COMMIT;");
        counted("duplicates", 2, "CREATE UNIQUE INDEX once ON people (mail);");
        counted("duplicates", 2, "CREATE UNIQUE INDEX once ON people (lower(mail)) WHERE id < 5;");
        counted("duplicates", 2, "ALTER TABLE people ADD CONSTRAINT once UNIQUE (mail);");
        counted("orphans", 2, "ALTER TABLE people ADD CONSTRAINT boss FOREIGN KEY (boss) REFERENCES people;");
        counted("orphans", 2, "ALTER TABLE people ADD CONSTRAINT boss FOREIGN KEY (boss) REFERENCES people (id);");
        counted("check", 3, "ALTER TABLE people ADD CONSTRAINT few CHECK (id < 3);");
        counted("conversion", 2, "ALTER TABLE people ALTER COLUMN age TYPE int USING age::int;");
        counted("conversion", 2, "ALTER TABLE people ALTER COLUMN age TYPE int;");
        counted("conversion", 1, "ALTER TABLE people ALTER COLUMN age TYPE varchar(4);");
    }

    @Test
    void rowsThatAStatementWritesAgainstARuleAreCountedToo() throws SQLException {
        counted("nulls", 1, "INSERT INTO teams (id, size) SELECT 7, 1;");
        counted("duplicates", 3, "INSERT INTO teams SELECT id, 1, 1, 'a' FROM people WHERE id IN (2, 3);");
        counted("orphans", 2, "INSERT INTO teams SELECT id + 10, id + 50, 1, id::text FROM people WHERE id < 3;");
        counted("check", 1, "UPDATE teams SET size = -1;");
        try (Connection connection = Postgres.read(target, "test")) {
            assertEquals("1", Postgres.one(connection, "SELECT count(*) FROM teams"), "and nothing of it stays");
            assertEquals("4", Postgres.one(connection, "SELECT count(*) FROM pg_constraint WHERE conrelid ="
                    + " 'teams'::regclass AND contype <> 'n'"), "nor is a rule gone");
        }
    }

    @Test
    void rowsAreShownOnlyToWhoAsks() {
        String sql = "ALTER TABLE people ADD CONSTRAINT few CHECK (id > 1);";
        assertEquals(List.of(), fails(sql).sample());
        assertEquals(List.of("1 | secret@x.org | 40 | 1"), fails(sql, target, true).sample());
    }

    private static void named(String cause, String words, String sql) {
        Scene scene = fails(sql);
        assertEquals(cause, scene.triage().id(), scene::text);
        assertTrue(scene.text().contains(words), scene::text);
    }

    @Test
    void whatIsNotAboutRowsIsNamedWithItsWayOut() {
        named("extension", "the server has no files of nowhere", "CREATE EXTENSION nowhere;");
        named("extension", "CREATE EXTENSION IF NOT EXISTS citext;", "ALTER TABLE people ADD COLUMN c citext;");
        named("extension", "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\";", "SELECT uuid_generate_v4();");
        named("missing", "LIKE '%nobody%'", "ALTER TABLE nobody ADD COLUMN a int;");
        named("missing", "phone is made later", "UPDATE people SET phone = '1';");
        named("exists", "jbang assess.java", "CREATE TABLE people (id int);");
        named("dependent", "pg_describe_object", "ALTER TABLE people DROP COLUMN mail;");
        named("dependent", "'people'::regclass", "ALTER TABLE people ALTER COLUMN mail TYPE varchar;");
        named("enum", "COMMIT;", "BEGIN; ALTER TYPE mood ADD VALUE 'bad'; SELECT 'bad'::mood; COMMIT;");
        named("transaction", "COMMIT;", "DO $$ BEGIN EXECUTE 'CREATE INDEX CONCURRENTLY i ON people (id)'; END $$;");
        named("syntax", "SELECT version()", "ALTER TABLE people ADD COLUM;");
        named("partition", "PARTITION OF parts DEFAULT", "INSERT INTO parts VALUES (1);");
        named("raised", "RAISE", "DO $$ BEGIN RAISE 'not yet'; END $$;");
        named("timeout", "statement_timeout = 0", "BEGIN; SET LOCAL statement_timeout = 50; SELECT pg_sleep(9);"
                + " COMMIT;");
        named("connection", "assess.java", "SELECT pg_terminate_backend(pg_backend_pid());");
        // No disk is filled for a test: the server's own code and words have to do.
        named("disk", "pg_total_relation_size", "DO $$ BEGIN RAISE 'could not extend file \"base/1/2\": No space"
                + " left on"
                + " device' USING ERRCODE = '53100'; END $$;");
        named("unknown", "Appendix A", "DO $$ BEGIN RAISE 'odd' USING ERRCODE = 'XY123'; END $$;");
    }

    @Test
    void permissionsAndLocksAreToldByTheRoleAndTheTableTheyMiss() throws SQLException {
        try (Connection connection = Postgres.write(target, "test")) {
            // What another test has left unfinished belongs to another role.
            Postgres.execute(connection, "DROP SCHEMA IF EXISTS release_journal CASCADE");
        }
        Target limited = new Target(target.host(), target.port(), target.database(), "limited", "x",
                target.parameters());
        Scene owner = fails("ALTER TABLE people ADD COLUMN a int;", limited, false);
        assertEquals("permission", owner.triage().id(), owner::text);
        assertTrue(owner.text().contains("ALTER TABLE people OWNER TO"), owner::text);
        Scene schema = fails("CREATE TABLE mine (id int);", limited, false);
        assertTrue(schema.text().contains("GRANT USAGE, CREATE ON SCHEMA public TO"), schema::text);
        try (Connection holder = Postgres.write(target, "test"); Connection other = Postgres.write(target, "test")) {
            holder.setAutoCommit(false);
            Postgres.execute(holder, "LOCK TABLE people");
            SQLException refused = org.junit.jupiter.api.Assertions.assertThrows(SQLException.class,
                    () -> Postgres.execute(other, "SET lock_timeout = 50; ALTER TABLE people ADD COLUMN a int"));
            Triage lock = Triage.of(new Complaint(refused.getSQLState(), refused.getMessage(),
                    "ALTER TABLE people ADD COLUMN a int", ""));
            assertEquals("lock", lock.id());
            assertTrue(lock.fix().contains("relation = 'people'::regclass"), lock::fix);
            holder.rollback();
        }
    }

    // Logs

    private static Triage explained(String log) {
        List<Complaint> complaints = Log.read(log);
        assertEquals(1, complaints.size(), complaints::toString);
        return Triage.of(complaints.get(0));
    }

    @Test
    void psqlsRealOutputIsUnderstood() {
        String file = "ALTER TABLE people ADD CONSTRAINT once UNIQUE (mail);\nSELECT 1;\n";
        Exec.Result run = Exec.of(lib.Clients.newest().tool("psql").toString(), "-X", "-v", "ON_ERROR_STOP=1", "-v",
                "VERBOSITY=verbose").input(file.getBytes()).with(target.environment()).run();
        Triage triage = explained(run.err());
        assertEquals("duplicates", triage.id());
        assertEquals("23505", triage.complaint().state());
        assertFalse(triage.toString().contains("secret"), triage::toString);
        Triage place = explained("psql:db/0007.sql:12: ERROR:  column \"a\" of relation \"t\" contains null values\n");
        assertEquals("nulls", place.id());
        assertEquals("db/0007.sql line 12", place.complaint().place());
        assertTrue(place.text().contains("SELECT * FROM t WHERE a IS NULL;"), place::text);
    }

    @Test
    void theLogsOfMigrationToolsAreUnderstood() {
        Triage drizzle = explained("""
                [⣷] applying migrations...DrizzleQueryError: Failed query: ALTER TABLE "users" ADD CONSTRAINT "u"
                UNIQUE("email");
                params:
                    at PgDialect.migrate (file:///app/node_modules/drizzle-orm/pg-core/dialect.js:42:9) {
                  [cause]: error: could not create unique index "u"
                      at Parser.parseErrorMessage (/app/node_modules/pg-protocol/dist/parser.js:285:98) {
                    length: 200,
                    code: '23505',
                    detail: 'Key (email)=(secret@x.org) is duplicated.',
                """);
        assertEquals("duplicates", drizzle.id());
        assertTrue(drizzle.text().contains("GROUP BY email HAVING count(*) > 1"), drizzle::text);
        assertFalse(drizzle.toString().contains("secret"), drizzle::toString);

        Triage prisma = explained("""
                Applying migration `20261120_team`
                Error: P3018

                A migration failed to apply. New migrations cannot be applied before the error is recovered from.

                Migration name: 20261120_team

                Database error code: 23502

                Database error:
                ERROR: column "team_id" of relation "users" contains null values

                DbError { severity: "ERROR", parsed_severity: Some(Error), code: SqlState(E23502), message: "…" }
                """);
        assertEquals("nulls", prisma.id());
        assertEquals("20261120_team", prisma.complaint().place());
        assertEquals("23502", prisma.complaint().state());
        assertEquals("history", explained("Error: P3009\n\nmigrate found failed migrations in the target"
                + " database\n").id());
        assertEquals("connection", explained("Error: P1001: Can't reach database server at `db:5432`\n").id());

        Triage flyway = explained("""
                ERROR: Script V7__team.sql failed
                -------------------------
                SQL State  : 23503
                Error Code : 0
                Message    : ERROR: insert or update on table "orders" violates foreign key constraint "orders_user_fk"
                  Detail: Key (user_id)=(77) is not present in table "users".
                Location   : db/migration/V7__team.sql
                Line       : 3
                Statement  : ALTER TABLE orders ADD CONSTRAINT orders_user_fk
                FOREIGN KEY (user_id) REFERENCES users (id)
                """);
        assertEquals("orphans", flyway.id());
        assertTrue(flyway.text().contains("NOT EXISTS (SELECT FROM users AS p WHERE p.id = c.user_id)"), flyway::text);

        Triage supabase = explained("Applying migration 20261120_x.sql...\nERROR: relation \"t\" already exists"
                + " (SQLSTATE"
                + " 42P07)\nAt statement: 0\nCREATE TABLE t (id int)\n");
        assertEquals("exists", supabase.id());
        assertEquals("42P07", supabase.complaint().state());
        assertEquals("CREATE TABLE t (id int)", supabase.complaint().statement());

        Triage server = explained("2026-11-20 10:00:00.000 UTC [77] app@db ERROR:  canceling statement due to lock"
                + " timeout"
                + "\n2026-11-20 10:00:00.000 UTC [77] app@db STATEMENT:  ALTER TABLE t ADD COLUMN a int;\n");
        assertEquals("lock", server.id());
        assertTrue(server.fix().contains("'t'::regclass"), server::fix);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            error: invalid input syntax for type integer: "secret"     | conversion
            ERROR: deadlock detected                                   | deadlock
            ERROR: permission denied for table people                  | permission
            FATAL: password authentication failed for user "app"       | login
            FATAL: sorry, too many clients already                     | connections
            Error: connect ECONNREFUSED 127.0.0.1:5432                 | connection
            ERROR: cannot execute ALTER TABLE in a read-only transaction | read-only
            ERROR: out of shared memory                                | memory
            ERROR: current transaction is aborted, commands ignored until end of transaction block | aborted
            Validate failed: Migration checksum mismatch for migration version 2 | history
            ERROR: conflicting key value violates exclusion constraint "e" | exclusion
            foods (queries/f.sql:1) 3.0 times: cost 8 -> 24            | regression
            """)
    void aMessageAloneIsEnough(String line, String cause) {
        Triage triage = explained(line);
        assertEquals(cause, triage.id(), triage::text);
        assertFalse(triage.toString().contains("secret"), triage::toString);
    }

    @Test
    void theCommandReadsALogAndOurOwnRecord() {
        World world = World.of("Triage", "template0");
        try {
            World.write(world.folder.resolve("deploy.log"), "ERROR:  value too long for type character varying(3)\n"
                    + "STATEMENT:  INSERT INTO people (mail) VALUES ('secret')\n");
            World.Result seen = world.run("validate", "triage", world.folder.resolve("deploy.log").toString());
            assertEquals(0, seen.exit(), seen::all);
            assertTrue(seen.out().contains("cause: conversion (values do not fit into the new type)"), seen::all);
            assertFalse(seen.all().contains("secret"), seen::all);

            world.write("_migrations/run.json", "{\"validate\": {\"gates\": [{\"status\": \"stop\", \"message\":"
                    + " \"the SQL"
                    + " fails on the copy, line 12: ERROR: column \\\"a\\\" of relation \\\"t\\\" contains null"
                    + " values\\n"
                    + "ALTER TABLE t ALTER a SET NOT NULL\"}]}}");
            World.Result record = world.run("validate", "triage", "_migrations/run.json", "--json");
            JsonNode error = record.json().at("/facts/errors/0");
            assertEquals("nulls", error.path("cause").asText(), record::all);
            assertEquals("line 12", error.path("place").asText());
            assertEquals("SELECT * FROM t WHERE a IS NULL;", error.path("query").asText());

            World.write(world.folder.resolve("fine.log"), "all is well\nSELECT 1\n");
            World.Result fine = world.run("validate", "triage", world.folder.resolve("fine.log").toString());
            assertEquals(10, fine.exit(), fine::all);
            assertTrue(fine.err().contains("holds no error of PostgreSQL"), fine::all);
            World.Result none = world.run("validate", "triage", "nowhere.log");
            assertEquals(2, none.exit(), none::all);
            assertTrue(none.err().contains("nowhere.log cannot be read: there is no such file"), none::all);
        } finally {
            world.close();
        }
    }
}
