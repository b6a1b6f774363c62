//SOURCES BackupWorldCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import lib.Exec;
import lib.Target;
import lib.sql.Name;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** backup.java as a process, on a real database, with the real client programs: what it makes and says. */
class BackupTest extends BackupWorldCase {
    @BeforeAll
    void fillTheWorld() {
        makeBallast(world);
    }

    @Test
    void aBackupIsAnArchiveOfItsOwnerAloneThatPlainPgRestoreReads() throws IOException {
        World.Result result = world.run("backup", "--json");
        assertEquals(0, result.exit(), result::all);
        JsonNode facts = result.json().path("facts");
        assertTrue(facts.path("file").asText().matches("_migrations/backup-\\d{8}-\\d{6}\\.dump"), result::all);
        Path dump = world.repo.resolve(facts.path("file").asText());

        assertEquals("rw-------", permissions(dump));
        assertEquals("rw-------", permissions(Path.of(dump + ".json")));
        assertEquals("rwx------", permissions(dump.getParent()));
        assertEquals(Files.size(dump), facts.path("bytes").asLong());
        assertEquals(Exec.of("sha256sum", dump.toString()).run().out().split(" ")[0], facts.path("sha256").asText());
        assertEquals(facts.path("sha256"), json(Path.of(dump + ".json")).path("sha256"));
        assertEquals(facts, json(world.repo.resolve("_migrations/run.json")).at("/backup/facts"));
        assertEquals(world.production.database(), facts.at("/identity/database").asText());
        assertEquals(world.git("rev-parse", "HEAD"), facts.path("commit").asText());

        Exec.Result script = tool("pg_restore", "--no-owner", "--file=-", dump.toString());
        assertTrue(script.ok(), script.err());
        assertTrue(script.out().lines().noneMatch(line -> line.matches("(GRANT|REVOKE) .*")), "it holds privileges");
        assertTrue(script.out().lines().noneMatch(line -> line.contains("OWNER TO")), "it names owners");
        Target copy = World.rehearsal().target("backup_test");
        World.execute(World.rehearsal().target(null), "DROP DATABASE IF EXISTS backup_test",
                "CREATE DATABASE backup_test");
        Exec.Result restored = Exec.of(REAL.resolve("pg_restore").toString(), "--no-owner", "--dbname=backup_test",
                dump.toString()).with(copy.environment()).run();
        // One of 17 or newer sets a parameter that this server does not know, and ends with 1 after all is loaded.
        assertTrue(restored.ok() || restored.err().contains("\"transaction_timeout\""), restored.err());
        World.execute(copy, "DO $$ BEGIN ASSERT (SELECT count(*) FROM ballast) = 20000; END $$");
        World.execute(World.rehearsal().target(null), "DROP DATABASE backup_test");
    }

    private static Exec.Result tool(String name, String... arguments) {
        List<String> command = new ArrayList<>(List.of(REAL.resolve(name).toString()));
        command.addAll(List.of(arguments));
        return Exec.of(command).run();
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void theResultAloneIsOnStdoutAndWhatWasFoundOnStderr() {
        World.Result result = world.run("backup");
        assertEquals(0, result.exit(), result::all);
        assertTrue(result.out().matches("_migrations/backup-\\d{8}-\\d{6}\\.dump\n"), result::all);
        assertTrue(result.err().contains("db.reach") && result.err().contains("read back whole"), result::all);
    }

    @Test
    void hardNamesWorkAndNoPasswordIsEverInAnArgumentOrAFile() throws Exception {
        try (World odd = World.drizzle("Ünï \"quoted\" App's %41 & 100%")) {
            standIn(odd, "pg_dump", "sleep 0.5; \"$real\" \"$@\"");
            World.Running running = odd.begin("backup", "--json", "--verbose");
            Set<String> seen = new TreeSet<>();
            while (running.process().isAlive()) {
                seen.addAll(processes("pg_dump"));
                seen.addAll(processes("S3cret"));
            }
            World.Result result = running.end();
            assertEquals(0, result.exit(), result::all);
            assertEquals(odd.production.database(), result.json().at("/facts/identity/database").asText());
            assertTrue(seen.stream().anyMatch(line -> line.contains("--format=custom")), "pg_dump was never seen");
            assertTrue(seen.stream().noneMatch(line -> line.contains("S3cret")), seen::toString);
            assertFalse(result.all().contains("S3cret"), result::all);
            try (var files = Files.walk(odd.repo.resolve("_migrations"))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
                    assertFalse(text.contains("S3cret"), file.toString());
                }
            }
        }
    }

    @Test
    void anInvalidIndexIsToldBecauseNoDumpHoldsIt() {
        world.execute("CREATE INDEX half_built ON ballast (i)");
        World.execute(World.productionServer().target(world.production.database()),
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'half_built'::regclass");
        World.Result result = world.run("backup", "--json");
        world.execute("DROP INDEX half_built");
        assertEquals(0, result.exit(), result::all);
        assertEquals("warn", result.gate("backup.dump").path("status").asText(), result::all);
        String message = result.gate("backup.dump").path("message").asText();
        assertTrue(message.contains("no dump holds invalid index half_built"), result::all);
    }

    @Test
    void aLocaleWithoutUnicodeIsNoHindrance() {
        world.environment.put("LC_ALL", "C");
        World.Result result = world.run("backup", "--json");
        assertEquals(0, result.exit(), result::all);
        assertEquals(world.production.database(), result.json().at("/facts/identity/database").asText());
    }

    @Test
    void limitsOfTheRoleDoNotEndASlowBackup() {
        String role = "ALTER ROLE app IN DATABASE " + Name.quote(world.production.database());
        Target admin = World.productionServer().target(null);
        World.execute(admin, role + " SET idle_in_transaction_session_timeout = 200");
        standIn(world, "pg_dump", "sleep 1; \"$real\" \"$@\"");
        World.Result result = world.run("backup");
        World.execute(admin, role + " RESET ALL");
        assertEquals(0, result.exit(), result::all);
    }
}
