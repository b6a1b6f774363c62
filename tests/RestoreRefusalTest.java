//SOURCES BackupCase.java Staging.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.Exec;
import lib.PhaseProcess;
import lib.Postgres;
import lib.Scratch;
import lib.Target;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What backup.java restore refuses: production without its name, a wrong archive, a server that lacks something. */
@Order(1)
class RestoreRefusalTest {
    private static World world;
    private static Path dump;

    @BeforeAll
    static void makeABackup() {
        world = World.drizzle("Refuse \"it\"");
        world.execute("CREATE TABLE big AS SELECT i, md5(i::text) AS noise FROM generate_series(1, 3000) i");
        dump = BackupCase.backup(world);
    }

    @AfterAll
    static void removeTheWorld() {
        world.close();
    }

    @Test
    void productionIsReplacedOnlyByWhoeverWritesItsNameWhateverTheEnvironmentIsCalled() {
        World other = world.again();
        try (Staging staging = Staging.of(world, "production")) {
            Target admin = staging.on.target("production");
            String localhost = new Target("localhost", admin.port(), "production", "app", World.PASSWORD,
                    admin.parameters()).url();
            other.environment.put("PROD_DATABASE_URL", staging.target.url());
            other.environment.put("STAGING_DATABASE_URL", localhost);
            for (String to : List.of("production", "staging")) {
                World.Result refused = other.run("backup", "restore", dump.toString(), "--to", to, "--json");
                assertEquals(11, refused.exit(), refused::all);
                assertTrue(refused.gate("restore.target").path("message").asText().contains(to.equals("production")
                        ? "this is production" : "staging is production's own database"), refused::all);
                World.Result wrong = other.run("backup", "restore", dump.toString(), "--to", to, "--type-name", "prod");
                assertEquals(11, wrong.exit(), wrong::all);
                assertTrue(staging.untouched() && staging.beside().isEmpty());
            }
            // Nobody can say that it is not production.
            other.environment.put("PROD_DATABASE_URL", null);
            World.Result unknown = other.run("backup", "restore", dump.toString(), "--to", "staging", "--json");
            assertEquals(11, unknown.exit(), unknown::all);
            assertTrue(unknown.all().contains("production cannot be asked whether this is it"), unknown::all);
            assertTrue(staging.untouched());
            World.Result typed = other.run("backup", "restore", dump.toString(), "--to", "staging", "--type-name",
                    "production");
            assertEquals(0, typed.exit(), typed::all);
            assertEquals("3000", staging.sql("SELECT count(*) FROM big"));
        } finally {
            other.forget();
        }
    }

    @Test
    void aBackupThatIsDamagedOrUnknownIsRefusedBeforeTheServerIsAsked() throws IOException {
        try (Staging staging = Staging.of(world, "damage")) {
            Path bad = world.folder.resolve("bad.dump");
            byte[] bytes = Files.readAllBytes(dump);
            Files.write(bad, bytes);
            World.Result unknown = staging.restore(bad);
            assertEquals(10, unknown.exit(), unknown::all);
            assertTrue(unknown.gate("restore.archive").path("message").asText().contains("no manifest"), unknown::all);
            World.Result taken = staging.restore(bad, "--unproven");
            assertEquals(0, taken.exit(), taken::all);
            assertEquals("warn", taken.gate("restore.compare").path("status").asText(), taken::all);

            bytes[bytes.length / 2] ^= 1;
            Files.write(bad, bytes);
            Files.copy(Path.of(dump + ".json"), Path.of(bad + ".json"));
            World.Result damaged = staging.restore(bad);
            assertEquals(10, damaged.exit(), damaged::all);
            assertTrue(damaged.gate("restore.archive").path("message").asText()
                    .contains("is not the backup that was made"), damaged::all);
            assertTrue(damaged.gate("restore.target").isMissingNode(), damaged::all);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "$real" "$@"; "$psql" -Xqc 'DELETE FROM big WHERE i = 7' -d "$db" | restore.compare | big: 2999 instead
            "$real" "$@"; "$psql" -Xqc 'CREATE INDEX x ON big (i)' -d "$db"   | restore.compare | index x is new
            "$real" "$@"; echo 'pg_restore: error: one line failed' >&2; exit 1 | restore.load  | one line failed
            kill -9 $$                                                        | restore.load    | does not restore
            """)
    void whatIsNotRestoredExactlyIsNeverSwappedIn(String misdeed, String gate, String words) {
        try (Staging staging = Staging.of(world, "inexact")) {
            staging.standIn(misdeed);
            World.Result result = staging.restore(dump);
            assertEquals(10, result.exit(), result::all);
            String message = result.gate(gate).path("message").asText();
            assertTrue(message.contains(words) && message.contains("inexact is live and was not touched"), result::all);
            assertTrue(staging.untouched());
            assertEquals(List.of(), staging.beside());
        }
    }

    @Test
    void extensionsAndRolesThatTheServerLacksAreNamedBeforeAnythingIsMade() {
        try (Staging staging = Staging.of(world, "poor"); World rich = World.of("rich", "template0")) {
            World.execute(World.productionServer().target(null), "CREATE ROLE \"Ten ant\"", "GRANT \"Ten ant\" TO app");
            rich.execute("CREATE TABLE t (i int)", "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
                    "CREATE POLICY p ON t TO \"Ten ant\", app USING (i > 0)");
            World.Result made = rich.run("backup");
            assertEquals(0, made.exit(), made::all);
            Path policed = rich.repo.resolve(made.out().strip());
            World.Result refused = staging.restore(policed);
            assertEquals(10, refused.exit(), refused::all);
            assertTrue(refused.gate("restore.extensions").path("message").asText().endsWith("does not have: Ten ant"),
                    refused::all);
            assertTrue(refused.gate("restore.load").isMissingNode() && staging.beside().isEmpty(), refused::all);

            staging.administrate("ALTER ROLE app CREATEROLE");
            World.Result created = staging.restore(policed, "--create-roles");
            assertEquals(0, created.exit(), created::all);
            assertEquals("Ten ant", staging.sql("SELECT rolname FROM pg_policy, pg_roles r WHERE r.oid = ANY (polroles)"
                    + " AND rolname <> 'app'"));
            staging.administrate("ALTER ROLE app NOCREATEROLE");

            // An archive that needs what no server here has: said by the list of its contents.
            staging.standIn("exec \"$real\" \"$@\"");
            Path tool = world.folder.resolve("clients/pg_restore");
            World.script(tool, World.read(tool).replace("#!/bin/sh\n", "").replace("case \"$*\" in",
                    "case \"$1\" in --list) echo '9; 3079 9 EXTENSION - vector '; echo '8; 3079 8 EXTENSION - postgis '"
                    + ";; esac\ncase \"$*\" in"));
            World.Result missing = staging.restore(dump);
            assertEquals(10, missing.exit(), missing::all);
            assertTrue(missing.gate("restore.extensions").path("message").asText()
                    .contains("does not have the extensions postgis, vector"), missing::all);
            assertTrue(missing.gate("restore.load").isMissingNode(), missing::all);
        } finally {
            World.execute(World.productionServer().target(null), "DROP ROLE \"Ten ant\"");
        }
    }

    @Test
    void aRoleThatCouldNotComeToTheEndIsToldWhatItLacks() {
        // A server of its own: what is taken from everybody here would be missed by tests that run at the same time.
        try (Scratch server = Staging.started(15); Staging staging = Staging.on(server, world, "rights")) {
            staging.administrate("ALTER ROLE app NOCREATEDB");
            World.Result may = staging.restore(dump);
            staging.administrate("ALTER ROLE app CREATEDB");
            assertEquals(10, may.exit(), may::all);
            assertTrue(may.gate("restore.target").path("message").asText().contains("app may not make databases"),
                    may::all);
            assertTrue(may.gate("restore.target").path("hint").asText().contains("ALTER ROLE app CREATEDB"), may::all);

            staging.administrate("ALTER DATABASE rights OWNER TO postgres");
            World.Result owner = staging.restore(dump);
            staging.administrate("ALTER DATABASE rights OWNER TO app");
            assertEquals(10, owner.exit(), owner::all);
            assertTrue(owner.all().contains("belongs to postgres"), owner::all);

            staging.administrate("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC", "CREATE DATABASE door");
            World.Result alone = staging.restore(dump);
            assertEquals(12, alone.exit(), alone::all);
            assertTrue(alone.gate("restore.target").path("hint").asText().contains("--maintenance-db"), alone::all);
            World.Result through = staging.restore(dump, "--maintenance-db", "door");
            staging.administrate("GRANT CONNECT ON DATABASE postgres, template1 TO PUBLIC", "DROP DATABASE door");
            assertEquals(0, through.exit(), through::all);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"restore", "restore --to staging", "restore x.dump --to staging --status",
        "restore x.dump --to staging --table a --new-database b", "restore --to staging --undo a --drop-old b"})
    void whatDoesNotGoTogetherIsWrongUsage(String words) {
        World.Result result = world.run("backup", words.split(" "));
        assertEquals(2, result.exit(), result::all);
    }

    @Test
    void aSessionThatTheRoleMayNotEndIsSeenAndNamed() throws Exception {
        try (Staging staging = Staging.of(world, "guarded")) {
            Target admin = staging.on.target("guarded");
            Target reader = new Target(admin.host(), admin.port(), "guarded", "reader", "Long-3nough",
                    admin.parameters());
            try (Connection guest = Postgres.write(reader, "guest")) {
                World.Result seen = staging.restore(dump);
                assertEquals(10, seen.exit(), seen::all);
                assertTrue(seen.gate("restore.target").path("message").asText().contains("1 of reader"), seen::all);
                World.Result kept = staging.restore(dump, "--terminate");
                assertEquals(10, kept.exit(), kept::all);
                JsonNode gate = kept.gate("restore.swap");
                assertTrue(gate.path("message").asText().contains("cannot be ended: 1 of reader"), kept::all);
                assertTrue(gate.path("hint").asText().contains("GRANT pg_signal_backend TO app"), kept::all);
                assertTrue(guest.isValid(2) && staging.untouched());

                staging.administrate("GRANT pg_signal_backend TO app");
                World.Result finished = world.run("backup", "restore", "--to", "staging", "--terminate", "--finish",
                        staging.beside().get(0));
                staging.administrate("REVOKE pg_signal_backend FROM app");
                assertEquals(0, finished.exit(), finished::all);
                assertEquals("3000", staging.sql("SELECT count(*) FROM big"));
            }
        }
    }

    @Test
    void onATerminalTheNameIsAskedForAndNothingElseWillDo() {
        assumeTrue(Exec.of("script", "--version").run().ok(), "script(1) of util-linux is not installed");
        World other = world.again();
        try (Staging staging = Staging.of(world, "typed")) {
            other.environment.put("PROD_DATABASE_URL", staging.target.url());
            for (String answer : List.of("yes", "", "typed")) {
                List<String> command = new ArrayList<>(PhaseProcess.java("backup"));
                command.addAll(List.of("restore", dump.toString(), "--to", "production"));
                Exec.Result result = Exec.of("script", "--quiet", "--return", "--command", Exec.typed(command),
                        "/dev/null").in(other.repo).with(other.environment).with(Map.of("TERM", "xterm"))
                        .input((answer + "\n").getBytes(StandardCharsets.UTF_8)).run();
                assertTrue(result.out().contains("Type the name of the database that is to be replaced:"),
                        result.out());
                assertEquals(answer.equals("typed") ? 0 : 11, result.exit(), result.out());
                if (!answer.equals("typed")) {
                    assertTrue(staging.untouched() && staging.beside().isEmpty());
                }
            }
            assertEquals("3000", staging.sql("SELECT count(*) FROM big"));
        } finally {
            other.forget();
        }
    }
}
