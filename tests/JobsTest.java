//SOURCES BackupWorldCase.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.sql.Connection;
import lib.Postgres;
import lib.backup.Archive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** By how many connections a database is read, and so whether its backup is a folder or one file. */
class JobsTest extends BackupWorldCase {
    @Test
    void whereSomebodyWantsATableForHimselfItBecomesOneFile() throws Exception {
        // Time enough between pg_dump's first lock and its connections' own ones, which give up behind a waiting one.
        standIn(world, "pg_dump", """
                case " $* " in *--jobs*) touch "$here/begun";; esac
                exec "$real" "$@"
                """);
        StringBuilder tables = new StringBuilder();
        for (int i = 0; i < 150; i++) {
            tables.append("CREATE TABLE many.t").append(i).append(" AS SELECT 1 AS i;");
        }
        World.psql(world.production, "CREATE SCHEMA many;" + tables);
        try (Connection wants = Postgres.write(world.production, "holder")) {
            World.Running running = world.begin("backup", "--jobs", "2", "--json");
            await(() -> "1".equals(world.sql("SELECT count(*) FROM pg_locks WHERE relation = 'many.t149'::regclass"
                    + " AND mode = 'AccessShareLock' AND pid <> pg_backend_pid()")), "pg_dump has its locks");
            wants.setAutoCommit(false);
            Postgres.execute(wants, "LOCK TABLE many.t149");
            wants.rollback();
            World.Result result = running.end();
            assertEquals(0, result.exit(), result::all);
            assertTrue(Files.exists(world.folder.resolve("begun")), "it was begun by several");
            assertFalse(result.json().at("/facts/folder").asBoolean(), result::all);
            Archive.verify(world.repo.resolve(result.json().at("/facts/file").asText()));
        } finally {
            World.psql(world.production, "DROP SCHEMA many CASCADE");
        }
    }

    @Test
    void whereTheRoleHasNoConnectionsLeftItBecomesOneFile() {
        // The snapshot's, those that count, pg_dump's, pg_dumpall's, and two that may just be ending.
        int needed = 5 + Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() - 1));
        limit(needed);
        try {
            World.Result result = world.run("backup", "--jobs", "8", "--json");
            assertEquals(0, result.exit(), result::all);
            assertFalse(result.json().at("/facts/folder").asBoolean(), result::all);
        } finally {
            limit(-1);
        }
    }

    // How many connections the role may have; -1 is any number.
    private void limit(int connections) {
        World.execute(World.productionServer().target(world.production.database()),
                "ALTER ROLE " + world.production.user() + " CONNECTION LIMIT " + connections);
    }

    @Test
    void aLargeDatabaseIsReadBySeveralUnlessToldOtherwise() {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "a machine with one core makes one file");
        makeLarge(world);
        try {
            World.Result result = world.run("backup", "--json");
            assertTrue(result.json().at("/facts/folder").asBoolean(), result::all);
            World.Result one = world.run("backup", "--jobs", "1", "--json");
            assertFalse(one.json().at("/facts/folder").asBoolean(), one::all);
            assertEquals(result.json().at("/facts/rows"), one.json().at("/facts/rows"));
            limit(7);
            World.Result few = world.run("backup", "--json");
            assertFalse(few.json().at("/facts/folder").asBoolean(), few::all);
            limit(-1);
            world.execute("SELECT count(lo_from_bytea(0, 'x')) FROM generate_series(1, 400)");
            World.Result objects = world.run("backup", "--json");
            assertFalse(objects.json().at("/facts/folder").asBoolean(), objects::all);
        } finally {
            limit(-1);
            world.execute("DROP TABLE large",
                    "SELECT count(lo_unlink(oid)) FROM pg_largeobject_metadata");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "65", "two", "2.5"})
    void aNumberOfConnectionsThatIsNoneIsRefused(String jobs) {
        World.Result result = world.run("backup", "--jobs", jobs);
        assertEquals(2, result.exit(), result::all);
        assertTrue(result.err().contains("--jobs") && result.err().contains(jobs), result::all);
        assertFalse(result.err().contains("Exception"), result::all);
    }
}
