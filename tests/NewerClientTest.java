//SOURCES NewerClientCase.java Staging.java World.java ../lib/backup/Load.java ../lib/backup/Manifest.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import lib.Clients;
import lib.Exec;
import lib.Failure;
import lib.Target;
import lib.backup.Load;
import lib.backup.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client that is newer than the server, or than the machine to which its backup is brought. */
class NewerClientTest extends NewerClientCase {
    // pg_restore 17 and newer sets transaction_timeout, which a server of 15 refuses: it never ends with 0 there.
    @Test
    void anOlderProductionIsBackedUpAndBroughtIntoItsStaging() throws IOException {
        String hash = "SELECT md5(string_agg(noise, ',' ORDER BY i)) FROM ";
        try (World older = World.drizzle("older than the client")) {
            has(older, newer);
            // Large enough to be loaded by several connections.
            for (String table : List.of("one", "two")) {
                older.execute("CREATE TABLE " + table + " AS SELECT i, md5(i::text) || md5((-i)::text) AS noise"
                        + " FROM generate_series(1, 80000) i", "CREATE INDEX ON " + table + " (noise)");
            }
            Path dump = backup(older);
            assertTrue(list(dump).contains("Compression: zstd") && Files.size(dump) > 5 << 20, list(dump));
            World.Result read = older.run("backup", "verify", dump.toString(), "--restore");
            assertEquals(0, read.exit(), read::all);
            try (Staging staging = Staging.of(older, "newer client's")) {
                World.Result restored = staging.restore(dump);
                assertEquals(0, restored.exit(), restored::all);
                assertEquals("pass", restored.gate("restore.compare").path("status").asText(), restored::all);
                assertEquals(older.sql(hash + "two"), staging.sql(hash + "two"));

                older.execute("DELETE FROM two WHERE i % 2 = 0");
                World.Result refreshed = staging.refresh();
                assertEquals(0, refreshed.exit(), refreshed::all);
                assertEquals(older.sql(hash + "two"), staging.sql(hash + "two"));
                assertEquals("40000", staging.sql("SELECT count(*) FROM two"));
            }
            if (old().isPresent()) {
                // Made before this machine got its newer client.
                has(older, old().get());
                Path earlier = backup(older);
                has(older, newer);
                World.Result still = older.run("backup", "verify", earlier.toString(), "--restore");
                assertEquals(0, still.exit(), still::all);
                assertTrue(list(earlier).contains("Compression: gzip"), list(earlier));
            }
        }
    }

    @Test
    void onAnOlderServerOnlyTheOneErrorThatMeansNothingIsLetPass(@TempDir Path folder) throws IOException {
        assumeTrue(newer.major() > 16, "pg_restore " + newer.version() + " sets nothing that an older server refuses");
        // The same words, but here something is missing then.
        Path set = dumped(folder, "CREATE FUNCTION patient() RETURNS int LANGUAGE sql SET transaction_timeout = '5s'"
                + " AS 'SELECT 1'");
        Path whole = dumped(folder, "DROP FUNCTION patient()");
        for (int jobs : new int[] {1, 2}) {
            Target older = empty();
            Load.Result loaded = Load.of(whole, newer).jobs(jobs).into(older);
            assertTrue(loaded.ok(), () -> assertThrows(Failure.class, () -> loaded.orStop("it")).getMessage());
            assertEquals("20000", Staging.sql(older, "SELECT count(*) FROM ballast"));

            Load.Result lacking = Load.of(set, newer).jobs(jobs).into(empty());
            assertFalse(lacking.ok());
            Failure failure = assertThrows(Failure.class, () -> lacking.orStop("it"));
            assertTrue(failure.getMessage().contains("unrecognized configuration parameter"), failure.getMessage());
        }
        World.execute(Staging.server().target(null), "DROP DATABASE newer_client_test");
    }

    private static Target empty() {
        World.execute(Staging.server().target(null), "DROP DATABASE IF EXISTS newer_client_test",
                "CREATE DATABASE newer_client_test");
        return Staging.server().target("newer_client_test");
    }

    private Path dumped(Path folder, String change) throws IOException {
        world.execute(change);
        Path file = Files.createTempFile(folder, "changed", ".dump");
        Exec.of(newer.tool("pg_dump").toString(), "-Fc", "--file=" + file)
                .with(world.production.environment()).run().orStop("no dump", null);
        return file;
    }

    @Test
    void aMachineThatHasOnlyAnOlderClientSaysWhatItNeeds() throws IOException {
        Optional<Clients.Client> old = old();
        assumeTrue(old.isPresent(), "there is no client older than " + KNOWS_ZSTD + " here");
        try (World older = World.drizzle("older client"); Staging staging = Staging.of(older, "older client's")) {
            has(older, old.get());
            Path dump = older.repo.resolve("_migrations").resolve(good.getFileName());
            Files.createDirectories(dump.getParent());
            Files.copy(good, dump);
            Files.copy(Manifest.file(good), Manifest.file(dump));
            var before = files(older);
            for (World.Result result : List.of(older.run("backup", "verify", dump.toString()),
                    older.run("backup", "verify", dump.toString(), "--restore"), staging.restore(dump),
                    staging.refresh("--file", dump.toString()))) {
                assertEquals(12, result.exit(), result::all);
                assertTrue(result.err().contains("the backup was made by pg_dump " + newer.major()), result::all);
                assertTrue(result.err().contains("found: " + old.get().version()), result::all);
                assertTrue(result.err().contains("install pg_dump " + newer.major() + " or newer: "
                        + Clients.install(newer.major())), result::all);
            }

            // Without its manifest only its format tells, in whatever language pg_restore speaks.
            older.environment.put("LANGUAGE", "de");
            Files.delete(Manifest.file(dump));
            for (World.Result result : List.of(older.run("backup", "verify", dump.toString()),
                    staging.restore(dump, "--unproven"))) {
                assertEquals(12, result.exit(), result::all);
                assertTrue(result.err().contains("which no pg_restore here reads: "), result::all);
                int major = Math.min(newer.major(), 17);
                assertTrue(result.err().contains("install pg_dump " + major + " or newer: " + Clients.install(major)),
                        result::all);
            }
            Files.copy(Manifest.file(good), Manifest.file(dump));
            assertEquals(before, files(older));
            assertTrue(staging.untouched() && staging.beside().isEmpty());

            // The release goes no further than that, and begins nothing.
            has(world, old.get());
            World.Result rehearsed = world.run("validate", "--json");
            assertEquals(12, rehearsed.exit(), rehearsed::all);
            assertTrue(rehearsed.gate("rehearsal.backup").path("message").asText()
                    .contains("the backup was made by pg_dump " + newer.major()), rehearsed::all);
            assertTrue(rehearsed.gate("rehearsal.restore").isMissingNode(), rehearsed::all);
        }
    }
}
