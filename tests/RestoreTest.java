//SOURCES BackupCase.java Staging.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Exec;
import lib.Failure;
import lib.Postgres;
import lib.Scratch;
import lib.Target;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** backup.java restore, as a process: what is replaced, what is carried over, and what is refused before it begins. */
class RestoreTest {
    private static World world;
    private static Path dump;

    @BeforeAll
    static void makeABackup() {
        world = World.drizzle("Réstore \"it\"");
        world.execute("CREATE TABLE big AS SELECT i, md5(i::text) AS noise FROM generate_series(1, 3000) i");
        dump = BackupCase.backup(world);
    }

    @AfterAll
    static void removeTheWorld() {
        world.close();
    }

    @Test
    void theBackupTakesTheLiveDatabasesPlaceWithAllThatBelongsToIt() {
        try (Staging staging = Staging.of(world, "App's \"staging\"")) {
            String live = "\"App's \"\"staging\"\"\"";
            staging.execute("CREATE TABLE big (i int, noise text)", "GRANT SELECT (noise), UPDATE ON big TO reader",
                    "CREATE TABLE gone (i int)", "GRANT ALL ON gone TO reader", "ALTER DATABASE " + live
                    + " SET search_path = \"$user\", public, \"Odd Schema\"",
                    "REVOKE ALL ON DATABASE " + live + " FROM PUBLIC",
                    "GRANT CONNECT ON DATABASE " + live + " TO reader",
                    "COMMENT ON DATABASE " + live + " IS 'our staging'",
                    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader");
            staging.administrate("ALTER DATABASE " + live + " CONNECTION LIMIT 42",
                    "ALTER DATABASE " + live + " SET app.secret = 'S3cret, it''s'");
            String number = staging.sql("SELECT oid FROM pg_database WHERE datname = current_database()");
            String traits = traits(staging);

            World.Result refused = staging.restore(dump);
            assertEquals(10, refused.exit(), refused::all);
            String message = refused.gate("restore.load").path("message").asText();
            assertTrue(message.contains("permission denied to set parameter \"app.secret\""), refused::all);
            assertTrue(message.contains("is live and was not touched") && message.contains("was removed"), message);
            assertTrue(staging.untouched() && staging.beside().isEmpty());

            staging.administrate("GRANT SET ON PARAMETER app.secret TO app");
            World.Result result = staging.restore(dump);
            assertEquals(0, result.exit(), result::all);
            JsonNode facts = result.json().path("facts");
            assertEquals("3000", staging.sql("SELECT count(*) FROM big"));
            assertEquals(null, staging.sql("SELECT to_regclass('mark')"));
            assertEquals(traits, traits(staging));
            assertEquals(facts.at("/identity/oid").asText(),
                    staging.sql("SELECT oid FROM pg_database WHERE datname = current_database()"));
            assertEquals("t", staging.sql("SELECT has_table_privilege('reader', 'big', 'UPDATE')"
                    + " AND has_column_privilege('reader', 'big', 'noise', 'SELECT')"
                    + " AND NOT has_column_privilege('reader', 'big', 'i', 'SELECT')"));
            assertEquals("t", staging.sql("SELECT count(*) > 0 FROM pg_stats WHERE tablename = 'big'"), "analyzed");

            String kept = facts.path("kept").asText();
            assertEquals(List.of(kept), staging.beside());
            Target before = staging.on.target(kept);
            assertEquals("old staging", Staging.sql(before, "SELECT text FROM mark"));
            assertEquals(number, Staging.sql(before, "SELECT oid FROM pg_database WHERE datname = current_database()"));
        }
    }

    @Test
    void aSessionInTheWayIsNamedBeforeAnythingIsMadeAndEndedOnlyWhenAskedFor() throws Exception {
        try (Staging staging = Staging.of(world, "busy")) {
            Thread pool = pool(staging);
            World.Result refused = staging.restore(dump);
            assertEquals(10, refused.exit(), refused::all);
            JsonNode gate = refused.gate("restore.target");
            assertTrue(gate.path("message").asText().contains("sessions are connected to busy: 1 of app (release web)"),
                    refused::all);
            assertTrue(gate.path("hint").asText().contains("--terminate"), refused::all);
            assertTrue(refused.gate("restore.load").isMissingNode() && staging.beside().isEmpty(), refused::all);

            // It connects again within a millisecond, as a pool does.
            World.Result swapped = staging.restore(dump, "--terminate");
            assertEquals(0, swapped.exit(), swapped::all);
            assertEquals("3000", staging.sql("SELECT count(*) FROM big"));
            pool.interrupt();
            pool.join();
        }
    }

    /** A client that always comes back. */
    private static Thread pool(Staging staging) throws InterruptedException {
        Thread pool = new Thread(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                try (Connection connection = Postgres.write(staging.target, "web")) {
                    while (!Thread.currentThread().isInterrupted()) {
                        Postgres.one(connection, "SELECT 1");
                        Thread.sleep(1);
                    }
                } catch (SQLException | Failure e) {
                    continue;
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
        pool.start();
        for (int i = 0; i < 200 && web(staging).equals("0"); i++) {
            Thread.sleep(20);
        }
        return pool;
    }

    private static String web(Staging staging) {
        return Staging.sql(staging.on.target(null), "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                + Postgres.literal(staging.target.database()) + " AND application_name = 'release web'");
    }

    @Test
    void aSessionThatComesDuringTheLoadCostsTheSwapAndNotTheRestoredCopy() throws Exception {
        try (Staging staging = Staging.of(world, "late")) {
            staging.standIn("echo $$ > \"$pids\"; sleep 3; exec \"$real\" \"$@\"");
            World.Running running = world.begin("backup", "restore", dump.toString(), "--to", "staging", "--json");
            Staging.await(() -> !staging.pid().isEmpty(), "the load has begun");
            try (Connection guest = Postgres.write(staging.target, "guest")) {
                World.Result result = running.end();
                assertEquals(10, result.exit(), result::all);
                JsonNode gate = result.gate("restore.swap");
                String message = gate.path("message").asText();
                assertTrue(message.contains("sessions are connected to late: 1 of app"), result::all);
                assertTrue(staging.untouched());
                String copy = staging.beside().get(0);
                assertTrue(message.contains(copy + " is proven and was kept"), result::all);

                World.Result status = world.run("backup", "restore", "--status", "--to", "staging");
                assertEquals(0, status.exit(), status::all);
                assertTrue(status.out().contains(copy + ": restored and proven, not swapped in"), status::all);
                String finish = "jbang backup.java restore --to staging --finish " + copy;
                assertTrue(status.out().contains(finish) && gate.path("hint").asText().contains(finish), result::all);

                World.Result busy = world.run("backup", "restore", "--to", "staging", "--finish", copy);
                assertEquals(10, busy.exit(), busy::all);
                assertTrue(staging.untouched());
                World.Result finished = world.run("backup", "restore", "--to", "staging", "--finish", copy,
                        "--terminate");
                assertEquals(0, finished.exit(), finished::all);
                assertEquals("late\n", finished.out());
                assertEquals("3000", staging.sql("SELECT count(*) FROM big"));
                assertFalse(guest.isValid(2));
            }
        }
    }

    @Test
    void whatWasReplacedComesBackAndGoesWhenItIsNamed() {
        try (Staging staging = Staging.of(world, "there and back")) {
            String kept = staging.restore(dump).json().at("/facts/kept").asText();
            World.Result back = world.run("backup", "restore", "--to", "staging", "--undo", kept, "--json");
            assertEquals(0, back.exit(), back::all);
            assertTrue(staging.untouched());
            String undone = back.json().at("/facts/kept").asText();
            assertEquals(List.of(undone), staging.beside());
            assertEquals("3000", Staging.sql(staging.on.target(undone), "SELECT count(*) FROM big"));

            for (String wrong : List.of("there and back", "postgres", kept)) {
                World.Result refused = world.run("backup", "restore", "--to", "staging", "--drop-old", wrong);
                assertEquals(10, refused.exit(), refused::all);
                assertTrue(refused.err().contains("is none of the databases that a restore"), refused::all);
            }
            World.Result dropped = world.run("backup", "restore", "--to", "staging", "--drop-old", undone);
            assertEquals(0, dropped.exit(), dropped::all);
            assertEquals(List.of(), staging.beside());
            assertTrue(staging.untouched());
        }
    }

    @Test
    void aDatabaseThatIsNotThereYetIsMadeAndAnotherOneBesideTheLiveOne() {
        try (Staging staging = Staging.absent(Staging.server(), world, "first")) {
            World.Result made = staging.restore(dump);
            assertEquals(0, made.exit(), made::all);
            assertEquals("3000", staging.sql("SELECT count(*) FROM big"));
            assertEquals(List.of(), staging.beside());

            World.Result beside = staging.restore(dump, "--new-database", "first_look");
            assertEquals(0, beside.exit(), beside::all);
            assertEquals("first_look", beside.json().at("/facts/made").asText());
            assertEquals(List.of("first_look"), staging.beside());
            World.Result taken = staging.restore(dump, "--new-database", "first_look");
            assertEquals(10, taken.exit(), taken::all);
            assertTrue(taken.all().contains("there is a database first_look already"), taken::all);
        }
    }

    @Test
    void singleTablesComeBackBesideTheLiveOnesAndTheirRowsByThePrintedCommands() {
        try (Staging staging = Staging.of(world, "some")) {
            staging.execute("CREATE TABLE big (i int PRIMARY KEY, noise text)",
                    "INSERT INTO big SELECT i, 'mine' FROM generate_series(1, 10) i");
            World.Result none = staging.restore(dump, "--table", "bigg");
            assertEquals(10, none.exit(), none::all);
            assertTrue(none.gate("restore.tables").path("message").asText().contains("no table bigg"), none::all);

            World.Result result = staging.restore(dump, "--table", "big", "--table", "public.sessions");
            assertEquals(0, result.exit(), result::all);
            String beside = result.json().at("/facts/made").asText();
            assertEquals(List.of(beside), staging.beside());
            Target tables = staging.target.database(beside);
            assertEquals("3000", Staging.sql(tables, "SELECT count(*) FROM big"));
            assertEquals("0", Staging.sql(tables, "SELECT count(*) FROM food_logs"));
            assertEquals("10", staging.sql("SELECT count(*) FROM big"));

            String message = result.gate("restore.compare").path("message").asText();
            String commands = message.substring(message.indexOf("psql"), message.indexOf("remove it"));
            Exec.Result copied = Exec.of("sh", "-ec", commands).with(staging.target.environment()).run();
            assertTrue(copied.ok(), copied.err());
            assertEquals("3000", staging.sql("SELECT count(*) FROM big"));
            assertEquals("10", staging.sql("SELECT count(*) FROM big WHERE noise = 'mine'"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 17, 18})
    void aNewerServerTakesTheBackup(int major) {
        try (Scratch server = Staging.started(major); Staging staging = Staging.on(server, world, "newer")) {
            World.Result result = staging.restore(dump);
            assertEquals(0, result.exit(), result::all);
            assertEquals("3000", staging.sql("SELECT count(*) FROM big"));
            String kept = result.json().at("/facts/kept").asText();
            assertEquals(0, world.run("backup", "restore", "--to", "staging", "--undo", kept).exit());
            assertTrue(staging.untouched());
        }
    }

    private static String traits(Staging staging) {
        return staging.sql("SELECT ROW(datdba, encoding, datcollate, datctype, datconnlimit, datistemplate, spcname,"
                + " (SELECT array_agg(a::text ORDER BY a::text) FROM aclexplode(datacl) a),"
                + " (SELECT array_agg(setconfig) FROM pg_db_role_setting WHERE setdatabase = d.oid),"
                + " shobj_description(d.oid, 'pg_database'))::text FROM pg_database d"
                + " JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname = current_database()");
    }
}
