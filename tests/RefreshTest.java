//SOURCES Staging.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import lib.Exec;
import lib.Postgres;
import lib.Target;
import lib.backup.Guard;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** backup.java refresh, as a process: staging becomes production's copy, and production is never anybody's. */
class RefreshTest {
    private static World world;

    @BeforeAll
    static void makeTheWorld() {
        world = World.drizzle("refreshed");
        world.execute("CREATE TABLE people (id int PRIMARY KEY, email text NOT NULL)",
                "INSERT INTO people SELECT i, 'p' || i || '@private.example' FROM generate_series(1, 2000) i");
    }

    @AfterAll
    static void removeTheWorld() {
        world.close();
    }

    private static String mask(String sql) {
        Path file = world.folder.resolve("mask.sql");
        World.write(file, sql);
        return file.toString();
    }

    @Test
    void stagingIsProductionWithEveryAddressMaskedAndOnlyTheLastOneIsKept() {
        try (Staging staging = Staging.of(world, "stage")) {
            World.Result plain = staging.refresh();
            assertEquals(0, plain.exit(), plain::all);
            assertEquals("warn", plain.gate("refresh.sql").path("status").asText(), plain::all);
            assertEquals("2000", staging.sql("SELECT count(*) FROM people"));
            String first = plain.json().at("/facts/kept").asText();
            assertEquals(List.of(first), staging.beside());
            String restored = staging.restore(world.newest("backup-.*\\.dump")).json().at("/facts/kept").asText();

            String file = mask("-- all of it\nBEGIN;\nUPDATE people SET email = md5(email) || '@example.com';\n"
                    + "CREATE TABLE masked AS SELECT now() AS at;\nCOMMIT;\n");
            World.Result masked = staging.refresh("--sql", file);
            assertEquals(0, masked.exit(), masked::all);
            assertEquals("2000", staging.sql("SELECT count(*) FROM people WHERE email LIKE '%@example.com'"));
            assertEquals("0", staging.sql("SELECT count(*) FROM pg_stats WHERE tablename = 'people'"
                    + " AND (most_common_vals::text || histogram_bounds::text) LIKE '%private%'"));
            assertEquals(2001, masked.json().at("/facts/masked").asLong());
            String second = masked.json().at("/facts/kept").asText();
            assertEquals(List.of(restored, second), staging.beside(), "of refreshes one, of restores all");
            assertTrue(masked.gate("refresh.previous").path("message").asText().contains(first), masked::all);
            assertEquals("2000", world.sql("SELECT count(*) FROM people WHERE email LIKE '%@private.example'"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            10 | refresh.mask | UPDATE people SET email = 'x'; UPDATE people SET id = email::int; | invalid input syntax
            10 | refresh.mask | UPDATE people SET email = 'x'; UPDATE nobody SET email = NULL;    | nobody
            10 | refresh.mask | UPDATE people SET email = NULL;                                   | violates not-null
            10 | refresh.mask | VACUUM people;                                                    | transaction block
            10 | refresh.mask | DO $$ BEGIN UPDATE people SET id = -id; COMMIT; END $$; | transaction termination
            2  | refresh.sql  | UPDATE people SET email = 'x'; COMMIT; SELECT 1;                  | would end or divide
            2  | refresh.sql  | \\set ON_ERROR_STOP 0                                             | is a command of psql
            2  | refresh.sql  | -- nothing yet                                                    | holds no statement
            """)
    void aMaskThatFailsLeavesStagingAsItWasAndNothingUnmaskedBeside(int exit, String gate, String sql, String words) {
        try (Staging staging = Staging.of(world, "unmasked")) {
            World.Result result = staging.refresh("--sql", mask(sql));
            assertEquals(exit, result.exit(), result::all);
            assertTrue(result.gate(gate).path("message").asText().contains(words), result::all);
            assertFalse(result.all().contains("@private"), "an error shows somebody's data: " + result.all());
            assertTrue(staging.untouched());
            assertEquals(List.of(), staging.beside());
        }
    }

    @Test
    void untilTheSwapNobodyElseCanLookAtTheUnmaskedData() throws Exception {
        try (Staging staging = Staging.of(world, "peeping")) {
            String file = mask("UPDATE people SET email = 'x' || id; SELECT pg_sleep(2);");
            World.Running running = world.begin("backup", "refresh", "--json", "--sql", file);
            Staging.await(() -> "1".equals(Staging.sql(staging.on.target(null),
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")), "the mask is at work");
            Target admin = staging.on.target(staging.beside().get(0));
            Target reader = new Target(admin.host(), admin.port(), admin.database(), "reader", "Long-3nough",
                    admin.parameters());
            assertTrue(Exec.of("psql", "-Xc", "SELECT 1").with(reader.environment()).run().err()
                    .contains("permission denied"));
            assertTrue(staging.untouched());
            World.Result result = running.end();
            assertEquals(0, result.exit(), result::all);
            assertEquals("2000", staging.sql("SELECT count(*) FROM people WHERE email = 'x' || id"));
        }
    }

    @Test
    void oneDatabaseUnderTwoUrlsIsRefusedAlsoWhereTheServerHidesItsIdentifier() throws Exception {
        World other = world.again();
        try (Staging staging = Staging.of(world, "same")) {
            Target target = staging.target;
            Target localhost = new Target("localhost", target.port(), "same", "app", World.PASSWORD,
                    target.parameters());
            other.environment.put("PROD_DATABASE_URL", target.url());
            other.environment.put("STAGING_DATABASE_URL", localhost.url() + "&application_name=other");
            World.Result result = other.run("backup", "refresh", "--json");
            assertEquals(10, result.exit(), result::all);
            assertTrue(result.gate("refresh.target").path("message").asText().contains("one and the same database"),
                    result::all);

            World.execute(staging.on.target("same"), "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
            World.Result hidden = other.run("backup", "refresh", "--json");
            assertEquals(10, hidden.exit(), hidden::all);
            assertTrue(hidden.gate("refresh.target").path("message").asText().contains("one and the same database"),
                    hidden::all);
            assertTrue(staging.untouched() && staging.beside().isEmpty());
            // Two databases that show no identifier are not the same for that.
            try (Connection one = Postgres.read(target, "test");
                    Connection two = Postgres.read(world.production, "test");
                    Connection three = Postgres.read(localhost, "test")) {
                assertEquals("", Postgres.identity(one).system());
                assertFalse(Guard.same(one, two));
                assertTrue(Guard.same(one, three));
            }
        } finally {
            other.forget();
        }
    }

    @Test
    void productionIsNeverTheTargetUnderAnyName() {
        try (Staging staging = Staging.of(world, "donor")) {
            world.environment.put("LIVE_DATABASE_URL", world.url().replace("127.0.0.1", "localhost"));
            String before = world.sql("SELECT oid FROM pg_database WHERE datname = current_database()");
            World.Result named = staging.refresh("--from", "staging", "--to", "production");
            assertEquals(2, named.exit(), named::all);
            World.execute(World.productionServer().target(null), "ALTER ROLE app CREATEDB");
            World.Result live = staging.refresh("--from", "staging", "--to", "live");
            assertEquals(10, live.exit(), live::all);
            assertTrue(live.gate("refresh.target").path("message").asText()
                    .contains("live is production's own database"), live::all);
            World.Result itself = staging.refresh("--to", "live");
            assertEquals(10, itself.exit(), itself::all);
            world.environment.put("PROD_DATABASE_URL", null);
            World.Result unknown = staging.refresh("--from", "staging", "--to", "live");
            assertEquals(10, unknown.exit(), unknown::all);
            assertTrue(unknown.all().contains("production cannot be asked"), unknown::all);
            assertEquals(before, world.sql("SELECT oid FROM pg_database WHERE datname = current_database()"));
        } finally {
            world.environment.put("PROD_DATABASE_URL", world.url());
            World.execute(World.productionServer().target(null), "ALTER ROLE app NOCREATEDB");
        }
    }

    @Test
    void aBackupThatIsThereIsTakenInsteadOfANewOneIfItIsOfThatEnvironment() throws Exception {
        try (Staging staging = Staging.of(world, "from file")) {
            Path dump = staging.backup();
            long backups = backups();
            World.Result last = staging.refresh("--last");
            assertEquals(0, last.exit(), last::all);
            assertTrue(last.json().at("/facts/file").asText().endsWith(dump.getFileName().toString()), last::all);
            assertEquals(backups, backups());
            World.Result ofStaging = world.run("backup", "--env", "staging");
            assertEquals(0, ofStaging.exit(), ofStaging::all);
            World.Result wrong = staging.refresh("--file", ofStaging.out().strip());
            assertEquals(10, wrong.exit(), wrong::all);
            assertTrue(wrong.gate("refresh.archive").path("message").asText().contains("is a backup of staging"),
                    wrong::all);
            World.Result given = staging.refresh("--file", dump.toString());
            assertEquals(0, given.exit(), given::all);
            assertNotEquals(last.json().at("/facts/kept"), given.json().at("/facts/kept"));
        }
    }

    private static long backups() throws Exception {
        try (var files = Files.list(world.repo.resolve("_migrations"))) {
            return files.filter(file -> file.toString().endsWith(".dump")).count();
        }
    }

    @Test
    void aSessionThatComesLateCostsTheSwapAndNothingIsKept() throws Exception {
        try (Staging staging = Staging.of(world, "guest")) {
            String file = mask("SELECT pg_sleep(3);");
            World.Running running = world.begin("backup", "refresh", "--json", "--sql", file);
            Staging.await(() -> "1".equals(Staging.sql(staging.on.target(null),
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")), "the mask is at work");
            try (Connection guest = Postgres.write(staging.target, "guest")) {
                World.Result result = running.end();
                assertEquals(10, result.exit(), result::all);
                assertTrue(result.gate("refresh.swap").path("message").asText().contains("was removed"), result::all);
                assertTrue(guest.isValid(2) && staging.untouched());
                assertEquals(List.of(), staging.beside());
            }
        }
    }
}
