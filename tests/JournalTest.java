//SOURCES ExecutorCase.java ../lib/DatabaseLock.java ../lib/plan/Executor.java ../lib/plan/Journal.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import lib.DatabaseLock;
import lib.Failure;
import lib.Fingerprint;
import lib.Postgres;
import lib.Target;
import lib.plan.Executor;
import lib.plan.Journal;
import lib.plan.Patience;
import lib.plan.Plan;
import org.junit.jupiter.api.Test;

/** The executor's journal, what it leaves half done and takes up again, and who else is at work on the database. */
class JournalTest extends ExecutorCase {
    @Test
    void theJournalIsInTheDatabaseWhileThePlanRunsAndGoesWithIt() throws Exception {
        String before;
        try (Connection connection = Postgres.read(world.production, "test")) {
            before = Fingerprint.of(connection).hash();
        }
        List<String> seen = new ArrayList<>();
        Executor.Result result = new Executor(world.production, (connection, done) -> { }, done -> {
            Journal journal = journal().orElseThrow();
            seen.add(journal.committed() + " of " + journal.segments());
        }, said::add).run(plan(ROWS));
        assertNull(result.trouble());
        assertEquals(List.of("1 of 3", "2 of 3", "3 of 3"), seen);
        assertTrue(journal().isEmpty());
        assertNull(world.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'release_journal'"));

        executor(world.production).keepingJournal("me@here").run(plan(ROWS));
        assertTrue(journal().orElseThrow().complete());
        assertEquals("me@here", journal().orElseThrow().owner());
        try (Connection connection = Postgres.read(world.production, "test")) {
            assertEquals(before, Fingerprint.of(connection).hash(), "it is no part of the schema");
        }
    }

    @Test
    void aRoleThatMayNotKeepAJournalIsToldSoBeforeAnythingIsChanged() {
        Target admin = World.productionServer().target(world.production.database());
        World.execute(admin, "CREATE ROLE narrow LOGIN PASSWORD 'narrow-S3cret'",
                "GRANT ALL ON SCHEMA public TO narrow");
        try {
            Executor.Result result = executor(new Target(admin.host(), admin.port(), admin.database(), "narrow",
                    "narrow-S3cret", admin.parameters())).run(plan("CREATE TABLE more (id int);"));
            assertTrue(result.trouble().message().contains("narrow may not keep the journal"),
                    result.trouble()::message);
            assertNull(world.sql("SELECT to_regclass('more')"));

            // One that another role has left is in the way as well, and no right to make another helps.
            World.execute(admin, "CREATE SCHEMA release_journal");
            Executor.Result left = executor(new Target(admin.host(), admin.port(), admin.database(), "narrow",
                    "narrow-S3cret", admin.parameters())).run(plan("CREATE TABLE more (id int);"));
            assertTrue(left.trouble().message().contains("release_journal, which is another role's"),
                    () -> "" + left.trouble());
            World.execute(admin, "DROP SCHEMA release_journal");
        } finally {
            World.execute(admin, "DROP OWNED BY narrow", "DROP ROLE narrow");
        }
    }

    @Test
    void aPlanThatComesToNothingGivesTheJournalBackToTheOneItStoodOn() throws Exception {
        Plan release = plan("BEGIN;\nINSERT INTO done VALUES ('first');\nCOMMIT;\nBEGIN;\nSELECT 1/0;\nCOMMIT;\n");
        assertFalse(executor(world.production).keepingJournal("me").run(release).trouble().open());
        Plan back = plan("BEGIN;\nDELETE FROM done;\nSELECT 1/0;\nCOMMIT;\n");
        assertEquals(0, executor(world.production).keepingJournal("me").run(back).committed());
        Journal killed = journal().orElseThrow();
        assertEquals(back.sha256(), killed.plan(), "as a kill would leave it");
        assertEquals(release.sha256(), killed.standing().plan());
        assertTrue(killed.standing().unfinished());
        try (Connection connection = Postgres.write(world.production, "test")) {
            Journal.end(connection);
        }
        assertEquals(release.sha256(), journal().orElseThrow().plan());
        assertEquals(1, journal().orElseThrow().committed());

        assertNull(executor(world.production).keepingJournal("me").run(plan("DELETE FROM done;")).trouble());
        try (Connection connection = Postgres.write(world.production, "test")) {
            Journal.end(connection);
        }
        assertTrue(journal().isEmpty(), "what was committed on top of it makes an end of both");
    }

    @Test
    void whoeverIsInTheWayIsNamedWithoutAnyValueAndCtrlCEndsTheWait() throws Exception {
        Executor executor = executor(world.production).keepingJournal("me");
        try (Connection other = Postgres.write(world.production, "web")) {
            other.setAutoCommit(false);
            Postgres.execute(other, "UPDATE people SET mail = 'secret@example.com'");
            CompletableFuture<Executor.Result> run = CompletableFuture.supplyAsync(() -> executor.run(plan(
                    "BEGIN;\nINSERT INTO done VALUES ('x');\nALTER TABLE people ADD COLUMN age int;\nCOMMIT;\n")));
            until(() -> said.stream().anyMatch(line -> line.startsWith("waiting for pid ")));
            String line = String.join("\n", said);
            assertTrue(line.contains("of app (release web)"), line);
            assertTrue(line.contains("idle in transaction for "), line);
            assertTrue(line.contains("UPDATE people SET mail = "), line);
            assertFalse(line.contains("secret"), line);
            long start = System.nanoTime();
            executor.stop();
            Executor.Result result = run.join();
            assertTrue(System.nanoTime() - start < 3_000_000_000L, "it does not wait for the lock");
            assertTrue(result.trouble().interrupted() && !result.trouble().open(), () -> "" + result.trouble());
            assertEquals(0, result.committed());
            assertNull(rows());
        }
    }

    @Test
    void aSecondReleaseIsRefusedWithItsOwnersNameAndAnIndexIsNotHeldUp() throws Exception {
        try (DatabaseLock first = new DatabaseLock(); DatabaseLock second = new DatabaseLock()) {
            first.take(world.production);
            CompletableFuture<Failure> refused = CompletableFuture.supplyAsync(() ->
                    assertThrows(Failure.class, () -> second.take(world.production)));
            Executor.Result built = executor(world.production)
                    .run(plan("CREATE INDEX CONCURRENTLY beside ON people (mail);"));
            assertNull(built.trouble());
            Failure failure = refused.join();
            assertEquals(Failure.Exit.STOP, failure.exit);
            assertTrue(failure.getMessage().matches("(?s)another release is at work on JournalTest: \\w+.*, pid \\d+ of"
                    + " app from 127.0.0.1, since \\d{4}-.*"), failure.getMessage());
            assertEquals("nobody", lib.Services.connected(world.production), "the lock is no user of the database");
            // Other classes of tests hold locks on the same server.
            World.execute(World.productionServer().target(world.production.database()),
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    + " WHERE datname = current_database() AND application_name LIKE 'release lock%'");
            first.keep();
            first.close();
            second.take(world.production);
            assertThrows(Failure.class, first::keep);
        }
    }

    @Test
    void anIndexThatFailsLeavesNothingInvalidAndSomebodyElsesStays() {
        assertThrows(AssertionError.class, () -> world.execute(
                "CREATE UNIQUE INDEX CONCURRENTLY theirs ON people (id)"));
        Executor.Result result = executor(world.production).keepingJournal("me").run(plan("""
                BEGIN;
                INSERT INTO done VALUES ('first');
                COMMIT;
                CREATE UNIQUE INDEX CONCURRENTLY ours ON people (id);
                """));
        assertEquals("23505", result.trouble().state());
        assertFalse(result.trouble().open());
        assertEquals("theirs", world.sql("SELECT string_agg(indexrelid::regclass::text, ',') FROM pg_index"
                + " WHERE NOT indisvalid"));
        assertEquals(1, journal().orElseThrow().committed());
        assertEquals(0, journal().orElseThrow().alone());
    }

    @Test
    void whatASessionThatDiedLeftInvalidIsRemovedAndBuiltAgain() throws Exception {
        world.execute("DELETE FROM people WHERE mail LIKE 'b%'");
        Plan plan = plan("BEGIN;\nINSERT INTO done VALUES ('first');\nCOMMIT;\n"
                + "CREATE INDEX CONCURRENTLY ours ON people (id);\n");
        // The session is ended while it waits for an older snapshot; that is what a kill leaves.
        try (Connection old = Postgres.write(world.production, "old")) {
            old.setAutoCommit(false);
            old.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            Postgres.one(old, "SELECT count(*) FROM people");
            Executor executor = executor(world.production).keepingJournal("me");
            CompletableFuture<Executor.Result> run = CompletableFuture.supplyAsync(() -> executor.run(plan));
            until(() -> said.stream().anyMatch(line -> line.startsWith("waiting for pid ")));
            assertTrue(said.stream().anyMatch(line -> line.contains("waits until these have ended:")
                    && line.contains("release old")), said::toString);
            executor.stop();
            assertTrue(run.join().trouble().interrupted());
            // As kill -9 would leave it: begun, and its index invalid.
            world.execute("COMMENT ON SCHEMA release_journal IS " + Postgres.literal(world.sql(
                    "SELECT obj_description('release_journal'::regnamespace)").replace("\"alone\":0", "\"alone\":2")));
            old.rollback();
        }
        if (world.sql("SELECT to_regclass('ours')") == null) {
            world.execute("CREATE INDEX ours ON people (id)");
            World.execute(World.productionServer().target(world.production.database()),
                    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ours'::regclass");
        }
        try (Connection connection = Postgres.read(world.production, "test")) {
            Journal found = Journal.settled(connection, new Patience(), said::add).orElseThrow();
            assertNull(executor(world.production).resume(plan, found).trouble(), said::toString);
        }
        assertTrue(said.contains("removed index ours, which was left invalid by what broke off"), said::toString);
        assertEquals("t", world.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ours'::regclass"));
        assertEquals("first", rows());
    }

    @Test
    void aPartitionThatWasDetachedHalfWayIsDetachedForGood() throws Exception {
        world.execute("DROP TABLE IF EXISTS parts", "CREATE TABLE parts (id int) PARTITION BY LIST (id)",
                "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1)", "INSERT INTO parts VALUES (1)");
        Plan plan = plan("BEGIN;\nINSERT INTO done VALUES ('first');\nCOMMIT;\n"
                + "ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY;\n");
        // Between its two transactions it waits for whoever still reads the table, and is ended there.
        try (Connection reader = Postgres.write(world.production, "reader")) {
            reader.setAutoCommit(false);
            Postgres.one(reader, "SELECT count(*) FROM parts");
            Executor executor = executor(world.production).keepingJournal("me");
            CompletableFuture<Executor.Result> run = CompletableFuture.supplyAsync(() -> executor.run(plan));
            until(() -> "t".equals(world.sql("SELECT bool_or(inhdetachpending) FROM pg_inherits")));
            executor.stop();
            Executor.Result result = run.join();
            assertTrue(result.trouble().open() && result.trouble().interrupted(), () -> "" + result.trouble());
            assertTrue(result.trouble().message().contains("detached half way"), () -> "" + result.trouble());
            assertEquals(2, journal().orElseThrow().alone());
            reader.rollback();
        }
        try (Connection connection = Postgres.read(world.production, "test")) {
            Journal found = Journal.settled(connection, new Patience(), said::add).orElseThrow();
            assertNull(executor(world.production).resume(plan, found).trouble(), said::toString);
        }
        assertTrue(said.contains("segment 2 had begun: ALTER TABLE parts DETACH PARTITION parts_1 FINALIZE"),
                said::toString);
        assertNull(world.sql("SELECT inhrelid::regclass FROM pg_inherits WHERE inhrelid = 'parts_1'::regclass"));
        assertEquals("1", world.sql("SELECT count(*) FROM parts_1"));
        assertEquals("first", rows());
        world.execute("DROP TABLE parts, parts_1");
    }
}
