//SOURCES BackupWorldCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import lib.Exec;
import lib.Target;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** No backup comes about: what is wrong or missing is said, and nothing is left that looks like one. */
class BackupRefusalTest extends BackupWorldCase {
    @BeforeAll
    void fillTheWorld() {
        makeBallast(world);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            printf half > "$file"; echo 'pg_dump: error: half of it failed' >&2; exit 1 | half of it failed
            "$real" "$@"; size=$(stat -c %s "$file"); truncate -s $((size / 2)) "$file" | cannot be read back whole
            "$real" "$@"; size=$(stat -c %s "$file"); truncate -s $((size - 1)) "$file" | cannot be read back whole
            :                                                                           | what pg_dump wrote is empty
            rm "$file"                                                                  | NoSuchFile
            head -c 100000 /dev/urandom > "$file"                                       | cannot be read back whole
            printf half > "$file"; kill -9 $$                                           | was killed by signal 9
            printf half > "$file"; kill -SEGV $$                                        | was killed by signal 11
            echo 'pg_dump: error: could not write: No space left on device' >&2; exit 1 | make room: df -h
            """)
    void aDumpThatFailsOrIsNotWholeLeavesNothingThatLooksLikeABackup(String misdeed, String words) throws IOException {
        standIn(world, "pg_dump", misdeed);
        Set<String> before = files(world);
        World.Result result = world.run("backup", "--json");
        assertEquals(words.startsWith("NoSuch") ? 12 : 10, result.exit(), result::all);
        JsonNode gate = result.gate("backup.dump");
        assertEquals("stop", gate.path("status").asText(), result::all);
        assertTrue((gate.path("message").asText() + gate.path("hint").asText()).contains(words), result::all);
        assertEquals(before, files(world), result::all);
        assertEquals("stop", json(world.repo.resolve("_migrations/run.json")).at("/backup/status").asText()
                .replace("missing", "stop"), "what follows must not build on it");
    }

    @Test
    void aTableThatTheRoleMayNotReadStopsTheBackupWithTheGrantThatIsMissing() {
        Target admin = World.productionServer().target(world.production.database());
        String role = "\"Re\"\"ader\"";
        World.execute(admin, "DROP ROLE IF EXISTS " + role, "CREATE ROLE " + role + " LOGIN PASSWORD 'Long-3nough'",
                "GRANT USAGE ON SCHEMA drizzle TO " + role,
                "GRANT SELECT ON ALL TABLES IN SCHEMA public, drizzle TO " + role,
                "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public, drizzle TO " + role,
                "REVOKE SELECT ON sessions FROM " + role);
        try {
            Target reader = new Target(admin.host(), admin.port(), admin.database(), "Re\"ader", "Long-3nough",
                    admin.parameters());
            world.environment.put("PROD_DATABASE_URL", reader.url());
            Set<String> before = files(world);
            World.Result result = world.run("backup", "--json");
            assertEquals(10, result.exit(), result::all);
            String message = result.gate("backup.dump").path("message").asText();
            assertTrue(message.contains("permission denied for table sessions"), result::all);
            assertEquals(before, files(world));
            String hint = result.gate("backup.dump").path("hint").asText();
            World.execute(admin, hint.substring(hint.indexOf("GRANT")));
            World.Result granted = world.run("backup");
            assertEquals(0, granted.exit(), granted::all);

            World.execute(admin, "ALTER TABLE sessions ENABLE ROW LEVEL SECURITY");
            World.Result policed = world.run("backup", "--json");
            assertEquals(10, policed.exit(), policed::all);
            String way = policed.gate("backup.dump").path("hint").asText();
            World.execute(admin, way.substring(way.indexOf("ALTER ROLE")));
            assertEquals(0, world.run("backup").exit());
        } finally {
            World.execute(admin, "ALTER TABLE sessions DISABLE ROW LEVEL SECURITY", "DROP OWNED BY " + role,
                    "DROP ROLE " + role);
        }
    }

    @Test
    void withoutAClientThatFitsTheServerTheInstallCommandIsNamed() {
        world.environment.put("RELEASE_PG_CLIENTS", world.folder.toString());
        World.Result none = world.run("backup", "--json");
        assertEquals(12, none.exit(), none::all);
        assertEquals("missing", none.json().path("status").asText());
        assertTrue(none.gate("db.reach").path("message").asText().contains("no working pg_dump"), none::all);
        assertTrue(none.gate("db.reach").path("hint").asText().contains("install"), none::all);

        Path old = world.folder.resolve("old bin");
        World.script(old.resolve("pg_dump"), "echo 'pg_dump (PostgreSQL) 14.9'");
        world.environment.put("RELEASE_PG_CLIENTS", old.toString());
        World.Result tooOld = world.run("backup", "--json");
        assertEquals(12, tooOld.exit(), tooOld::all);
        assertTrue(tooOld.gate("db.reach").path("message").asText().contains("14.9 in " + old), tooOld::all);
        assertTrue(tooOld.gate("db.reach").path("hint").asText().contains("15"), tooOld::all);
    }

    @Test
    void aProductionOutOfReachIsMissingAndNotBroken() {
        Target away = new Target("127.0.0.1", 1, "app", "app", World.PASSWORD, world.production.parameters());
        world.environment.put("PROD_DATABASE_URL", away.url());
        World.Result result = world.run("backup", "--json");
        assertEquals(12, result.exit(), result::all);
        assertTrue(result.gate("db.reach").path("message").asText().contains("127.0.0.1:1 refuses the connection"),
                result::all);
        assertTrue(result.gate("backup.dump").isMissingNode(), result::all);
    }

    @Test
    void nothingIsWrittenIntoAFolderThatGitWouldCommitAndTheHintMendsIt() throws IOException {
        World careless = World.of("careless", "template0");
        try (careless) {
            // Without an end of its last line, which a plain echo >> would glue the rule to.
            careless.write(".gitignore", "node_modules/\n*.dump");
            careless.commit("first");
            World.Result open = careless.run("backup", "--json");
            assertEquals(10, open.exit(), open::all);
            assertTrue(open.gate("backup.ignored").path("message").asText().contains("not ignored by git"), open::all);
            assertFalse(Files.exists(careless.repo.resolve("_migrations")));
            for (String phase : List.of("assess", "validate")) {
                World.Result other = careless.run(phase);
                assertEquals(10, other.exit(), other::all);
                assertFalse(Files.exists(careless.repo.resolve("_migrations")), phase);
            }
            Exec.Result mended = Exec.of("sh", "-c", open.gate("backup.ignored").path("hint").asText())
                    .in(careless.repo).with(careless.environment).run();
            assertTrue(mended.ok(), mended.err());
            assertEquals(0, careless.run("backup").exit());

            careless.git("rm", "-q", ".gitignore");
            careless.git("commit", "-q", "-m", "without");
            careless.write("_migrations/old.sql", "SELECT 1;\n");
            careless.git("add", "-f", "_migrations/old.sql");
            careless.git("commit", "-q", "-m", "oh no");
            Set<String> before = names(careless);
            World.Result tracked = careless.run("backup", "--json");
            assertEquals(10, tracked.exit(), tracked::all);
            assertTrue(tracked.gate("backup.ignored").path("message").asText().contains("is in git's history"),
                    tracked::all);
            assertEquals(before, names(careless));
        }
    }

    @Test
    void aFullDiskIsSaidAndLeavesNothing() throws IOException {
        try (World small = World.drizzle()) {
            Path folder = Files.createDirectories(small.repo.resolve("_migrations"));
            assumeTrue(Exec.of("mount", "-t", "tmpfs", "-o", "size=40k", "none", folder.toString()).run().ok(),
                    "only root may make a small disk");
            try {
                World.Result result = small.run("backup", "--json");
                assertNotEquals(0, result.exit(), result::all);
                assertTrue(result.all().contains("No space left"), result::all);
                assertTrue(result.all().contains("make room"), result::all);
                assertFalse(result.err().contains("Exception"), result::all);
                assertTrue(names(small).stream().noneMatch(name -> name.matches("backup.*|.*part")),
                        result::all);
            } finally {
                Exec.of("umount", folder.toString()).run();
            }
        }
    }
}
