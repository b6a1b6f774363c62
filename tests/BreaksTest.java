//SOURCES ExecutorCase.java Forwarder.java OwnServer.java ../lib/plan/Executor.java ../lib/plan/Journal.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import lib.Postgres;
import lib.Target;
import lib.plan.Executor;
import lib.plan.Journal;
import lib.plan.Patience;
import lib.plan.Plan;
import lib.sql.Statement;
import org.junit.jupiter.api.Test;

/** The executor on a connection that breaks, before a commit or after it, and on a server that is restarted. */
class BreaksTest extends ExecutorCase {
    private Target through(Forwarder forwarder) {
        Target target = world.production;
        return new Target("127.0.0.1", forwarder.port(), target.database(), target.user(), target.password(),
                Map.of("sslmode", "disable"));
    }

    private Forwarder forwarder() throws Exception {
        return new Forwarder(InetAddress.getByName("127.0.0.1"), 0, world.production.port());
    }

    /** Breaks the connection at the next COMMIT after a statement of that text began. */
    private static Executor.Observer cutting(Forwarder forwarder, String statement, boolean arrives) {
        return new Executor.Observer() {
            private boolean cut;

            @Override
            public void before(Plan.Segment segment, Statement now) {
                if (!cut && now.sql().contains(statement)) {
                    cut = true;
                    forwarder.cut("COMMIT", arrives);
                }
            }
        };
    }

    @Test
    void aConnectionThatBreaksBeforeCommitLeavesNothingAndTheSegmentRunsAgain() throws Exception {
        try (Forwarder forwarder = forwarder()) {
            Executor.Result result = executor(through(forwarder)).observed(cutting(forwarder, "second", false))
                    .run(plan(ROWS));
            assertNull(result.trouble(), () -> result.trouble() + " " + said);
            assertEquals("first,second", rows());
            assertTrue(String.join("\n", said).contains("the server rolled it back, try 2 of"), said::toString);
        }
    }

    @Test
    void anAnswerThatIsLostAfterCommitIsFoundOutAndNothingRunsTwice() throws Exception {
        try (Forwarder forwarder = forwarder()) {
            Executor.Result result = executor(through(forwarder)).observed(cutting(forwarder, "first", true))
                    .run(plan(ROWS));
            assertNull(result.trouble(), () -> result.trouble() + " " + said);
            assertEquals("first,second", rows());
            assertTrue(said.contains("segment 1 is committed"), said::toString);
            assertEquals(3, result.committed());
        }
    }

    @Test
    void withoutAnyWayToTheServerTheOutcomeStaysOpenAndIsResolvedByLooking() throws Exception {
        Plan plan = plan(ROWS);
        try (Forwarder forwarder = forwarder()) {
            Executor executor = executor(through(forwarder)).keepingJournal("me");
            executor.observed(cutting(forwarder, "second", true));
            CompletableFuture<Void> stop = CompletableFuture.runAsync(() -> {
                until(() -> said.stream().anyMatch(line -> line.contains("asking the server")));
                forwarder.dark(true);
                executor.stop();
            });
            // Dark from the moment of the cut: whether the new connection was faster decides nothing below.
            Executor.Result result = executor.run(plan);
            stop.join();
            assertEquals("first,second", rows());
            assertEquals(3, journal().orElseThrow().committed());
            assertTrue(result.trouble() == null || result.trouble().open(), () -> "" + result.trouble());
        }
        try (Connection connection = Postgres.read(world.production, "test")) {
            Journal found = Journal.settled(connection, new Patience(), said::add).orElseThrow();
            assertTrue(found.complete());
            assertNull(executor(world.production).resume(plan, found).trouble());
        }
        assertEquals("first,second", rows(), "nothing runs twice");
    }

    @Test
    void aServerThatIsRestartedInTheMiddleOfASegmentGetsItAgain() {
        try (OwnServer server = new OwnServer()) {
            server.execute("CREATE TABLE done (what text)");
            Executor.Observer restart = new Executor.Observer() {
                private boolean restarted;

                @Override
                public void after(Connection connection, Plan.Segment segment, Statement statement,
                                  Executor.Outcome outcome, List<String> notices) {
                    if (!restarted && statement.sql().contains("second")) {
                        restarted = true;
                        server.restart();
                    }
                }
            };
            Executor.Result result = executor(server.target()).observed(restart).run(plan(ROWS));
            assertNull(result.trouble(), () -> result.trouble() + " " + said);
            try (Connection connection = Postgres.read(server.target(), "test")) {
                assertEquals("first,second", Postgres.one(connection,
                        "SELECT string_agg(what, ',' ORDER BY what) FROM done"));
            } catch (SQLException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void settingsAndRolesOfThePlanHoldForTheSegmentsAfterABreak() throws Exception {
        world.execute("CREATE SCHEMA app", "CREATE TABLE app.kept (what text)");
        Plan plan = plan("""
                BEGIN;
                SET search_path = app;
                SET ROLE app;
                COMMIT;
                VACUUM kept;
                BEGIN;
                INSERT INTO kept VALUES ('x');
                COMMIT;
                """);
        try (Forwarder forwarder = forwarder()) {
            Executor.Result result = executor(through(forwarder)).observed(cutting(forwarder, "INSERT", false))
                    .run(plan);
            assertNull(result.trouble(), () -> result.trouble() + " " + said);
        }
        assertEquals("1", world.sql("SELECT count(*) FROM app.kept"));
    }
}
