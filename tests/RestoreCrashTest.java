//SOURCES BackupCase.java Staging.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import lib.Exec;
import lib.Postgres;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A restore that is interrupted or killed: while it loads, and between the two renames of the swap. */
class RestoreCrashTest {
    private static World world;
    private static Path dump;

    @BeforeAll
    static void makeABackup() {
        world = World.drizzle("crashing");
        dump = BackupCase.backup(world);
    }

    @AfterAll
    static void removeTheWorld() {
        world.close();
    }

    private static World.Running begin() {
        return world.begin("backup", "restore", dump.toString(), "--to", "staging", "--json");
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143"})
    void stoppedWhileItLoadsItLeavesNothing(String signal, int exit) throws Exception {
        try (Staging staging = Staging.of(world, "stopped")) {
            staging.standIn("echo $$ > \"$pids\"; exec sleep 60");
            World.Running running = begin();
            Staging.await(() -> !staging.pid().isEmpty(), "the load has begun");
            assertEquals(1, staging.beside().size());
            Exec.of("kill", "-" + signal, String.valueOf(running.process().pid())).run();
            assertTrue(running.process().waitFor(20, TimeUnit.SECONDS), "it ends by itself");
            World.Result result = running.end();
            assertEquals(exit, result.exit(), result::all);
            assertFalse(result.err().contains("Exception"), result::all);
            assertEquals(List.of(), staging.beside());
            assertTrue(staging.untouched());
            assertFalse(Exec.of("kill", "-0", staging.pid()).run().ok(), "pg_restore is at work still");
        }
    }

    @Test
    void killedWhileItLoadsItsDatabaseIsNamedAndGoesWithTheNextRun() throws Exception {
        try (Staging staging = Staging.of(world, "killed")) {
            staging.standIn("echo $$ > \"$pids\"; exec sleep 60");
            World.Running running = begin();
            Staging.await(() -> !staging.pid().isEmpty(), "the load has begun");
            World elsewhere = world.again();
            elsewhere.environment.put("STAGING_DATABASE_URL", staging.target.url());
            World.Result second = elsewhere.run("backup", "restore", dump.toString(), "--to", "staging");
            elsewhere.forget();
            assertEquals(10, second.exit(), second::all);
            assertTrue(second.all().contains("another restore or refresh of killed is at work"), second::all);
            running.process().destroyForcibly().waitFor();
            Exec.of("kill", staging.pid()).run();
            String half = staging.beside().get(0);
            assertTrue(staging.untouched());

            World.Result status = world.run("backup", "restore", "--status", "--to", "staging");
            assertTrue(status.out().contains(half + ": half restored by a run that did not end"), status::all);
            World.Result finish = world.run("backup", "restore", "--finish", half, "--to", "staging");
            assertEquals(10, finish.exit(), finish::all);
            assertTrue(staging.untouched());

            world.environment.remove("RELEASE_PG_CLIENTS");
            World.Result next = staging.restore(dump);
            assertEquals(0, next.exit(), next::all);
            assertTrue(next.gate("restore.leftovers").path("message").asText().contains(half), next::all);
            assertFalse(staging.beside().contains(half));
        }
    }

    @Test
    void killedBetweenTheTwoRenamesNeitherHasHappenedAndTheProvenCopyIsFinishedLater() throws Exception {
        try (Staging staging = Staging.of(world, "between"); Connection holder = between(staging)) {
            World.Running running = swapping(staging, holder);
            running.process().destroyForcibly().waitFor();
            holder.rollback();
            assertTrue(staging.untouched());
            String copy = staging.beside().get(0);
            assertEquals(1, staging.beside().size());
            World.Result status = world.run("backup", "restore", "--status", "--to", "staging");
            assertTrue(status.out().contains(copy + ": restored and proven, not swapped in"), status::all);
            World.Result finished = world.run("backup", "restore", "--finish", copy, "--to", "staging", "--json");
            assertEquals(0, finished.exit(), finished::all);
            assertEquals("5", staging.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertEquals(List.of(finished.json().at("/facts/kept").asText()), staging.beside());
        }
    }

    @Test
    void interruptedBetweenTheTwoRenamesItEndsWithBothOrNeither() throws Exception {
        try (Staging staging = Staging.of(world, "either"); Connection holder = between(staging)) {
            World.Running running = swapping(staging, holder);
            Exec.of("kill", "-INT", String.valueOf(running.process().pid())).run();
            Thread.sleep(300);
            holder.rollback();
            assertTrue(running.process().waitFor(30, TimeUnit.SECONDS), "it ends by itself");
            assertEquals(130, running.end().exit());
            assertEquals("5", staging.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertTrue(staging.beside().get(0).startsWith("either_before_"));
        }
    }

    @Test
    void aConnectionThatIsCutBetweenTheTwoRenamesIsAskedAboutAndTheTruthIsSaid() throws Exception {
        try (Staging staging = Staging.of(world, "severed"); Connection holder = between(staging)) {
            World.Running running = swapping(staging, holder);
            staging.administrate("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    + " WHERE query LIKE 'ALTER DATABASE % RENAME TO severed'");
            World.Result result = running.end();
            holder.rollback();
            assertEquals(10, result.exit(), result::all);
            String message = result.gate("restore.swap").path("message").asText();
            assertTrue(message.contains("the names were not swapped"), result::all);
            assertTrue(message.contains("severed is live and was not touched; " + staging.beside().get(0)
                    + " is proven and was kept"), result::all);
            assertTrue(staging.untouched());
        }
    }

    private static Connection between(Staging staging) throws Exception {
        Connection holder = Postgres.write(staging.on.target(null), "holder");
        holder.setAutoCommit(false);
        return holder;
    }

    /** Comes back when the first rename is done and the second one waits for a lock that is held here. */
    private static World.Running swapping(Staging staging, Connection holder) throws Exception {
        staging.standIn("echo $$ > \"$pids\"; sleep 2; exec \"$real\" \"$@\"");
        World.Running running = begin();
        Staging.await(() -> !staging.pid().isEmpty(), "the load has begun");
        // The mildest lock there is on a database: it stands in the way of a rename only.
        Postgres.execute(holder, "ALTER ROLE reader IN DATABASE \"" + staging.beside().get(0)
                + "\" SET work_mem = '5MB'");
        String live = staging.target.database();
        Staging.await(() -> "1".equals(Staging.sql(staging.on.target(null), "SELECT count(*) FROM pg_stat_activity"
                + " WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER DATABASE % RENAME TO " + live + "'")),
                "the second rename waits");
        return running;
    }
}
