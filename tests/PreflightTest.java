//SOURCES PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Each gate of preflight.java: open, and closed for its own reason. */
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What preflight.java shows and records, whatever its gates find. */
class PreflightTest extends PreflightCase {
    private static final List<String> GATES = List.of("ignored", "git.branch", "git.clean", "git.behind", "git.release",
            "git.commits", "git.merge", "git.push", "settings", "firewall", "tunnel", "db.reach", "db.tls",
            "db.pooler", "db.extensions", "db.connections", "db.blockers", "db.locks", "db.role", "tools.client",
            "tools.version", "container", "disk", "migrator", "build");

    @Test
    void everyGateIsOpenAndItsFindingRecorded() throws IOException {
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("preflight", seen.json().path("phase").asText());
        assertEquals("pass", seen.json().path("status").asText());
        List<String> ids = new ArrayList<>();
        seen.json().path("gates").forEach(gate -> {
            ids.add(gate.path("id").asText());
            List<String> keys = new ArrayList<>();
            gate.fieldNames().forEachRemaining(keys::add);
            assertEquals(List.of("id", "status", "message", "hint"), keys);
        });
        assertEquals(GATES, ids);
        JsonNode facts = seen.json().path("facts");
        assertEquals(1, facts.path("commits").size());
        assertTrue(facts.at("/commits/0").asText().endsWith(" second"), seen::all);
        assertEquals("1 file changed, 1 insertion(+), 1 deletion(-)", facts.path("diffstat").asText());
        assertEquals(world.git("rev-parse", "HEAD"), facts.path("commit").asText());
        assertEquals(world.git("rev-parse", "origin/release"), facts.path("released").asText());
        assertEquals("PreflightTest's \"Own\"", facts.at("/identity/database").asText());
        assertFalse(facts.path("buildSkipped").asBoolean());
        saw(seen, "settings", "warn", "database of production from PROD_DATABASE_URL: PreflightTest's \"Own\" on ");
        saw(seen, "db.reach", "pass", "PostgreSQL 15.");
        // What is kept is for its owner only, and says the same.
        Path run = world.repo.resolve("_migrations/run.json");
        assertEquals(seen.json(), lib.Json.MAPPER.readTree(run.toFile()).path("preflight"));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(run)));
        assertEquals("rw-------", PosixFilePermissions.toString(
                Files.getPosixFilePermissions(world.repo.resolve("_migrations/build-1.log"))));
        assertEquals("", world.git("status", "--porcelain"));
    }

    @Test
    void aPersonReadsOneLineForEachGateAndTheResultOnStandardOutput() {
        World.Result seen = world.run("preflight");
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("ready\n", seen.out());
        GATES.forEach(gate -> assertTrue(seen.err().lines().anyMatch(line -> line.matches(". " + gate + " .*")),
                () -> gate + " in " + seen.err()));
        assertTrue(seen.err().contains("✓ git.branch       on main\n"), seen::all);
        assertTrue(seen.err().contains("second\n"), seen::all);
    }

    @Test
    void aQuickLookTakesOnlyWhatWasNamedAndIsNoPreflight() {
        world.write("new.txt", "");
        World.Result seen = gates("--only", "db.reach,ignored");
        assertEquals(0, seen.exit(), seen::all);
        List<String> ids = new ArrayList<>();
        seen.json().path("gates").forEach(gate -> ids.add(gate.path("id").asText()));
        // What a gate builds on is looked at as well; the tree that is not clean was not asked for.
        assertEquals(List.of("ignored", "settings", "firewall", "tunnel", "db.reach"), ids);
        assertEquals(5, seen.json().at("/facts/only").size());
        assertFalse(Files.exists(world.repo.resolve("_migrations/run.json")), "a look is not recorded");
        World.Result stopped = gates("--only", "git");
        assertEquals(10, stopped.exit(), stopped::all);
        saw(stopped, "git.clean", "stop", "1 path is not committed: new.txt");
        World.Result unknown = gates("--only", "db.raech");
        assertEquals(2, unknown.exit(), unknown::all);
        saw(unknown, "preflight", "stop", "there is no gate \"db.raech\"");
    }

    @Test
    void allThatIsWrongIsShownAtOnceAndTheChecksDoNotRun() {
        world.write("release.json", "{\"checks\": [[\"sh\", \"-c\", \"touch ../marker\"]]}");
        world.write("new.txt", "");
        world.environment.put("PROD_DATABASE_URL", null);
        world.environment.put("RELEASE_PG_CLIENTS", world.folder.toString());
        colleague("main", "theirs.txt", "1");
        World.Result seen = world.run("preflight");
        assertEquals(2, seen.exit(), seen::all);
        for (String gate : List.of("git.clean", "git.behind", "settings", "tools.client")) {
            assertTrue(seen.err().contains("✗ " + gate), seen::all);
        }
        assertTrue(seen.err().contains("- git.merge        not looked at: git.commits comes first"), seen::all);
        assertTrue(seen.err().contains("- build            not run: another gate stops the release already"),
                seen::all);
        assertFalse(Files.exists(world.folder.resolve("marker")));
        assertEquals("", seen.out());
    }

    @Test
    void theRunFolderMustBeIgnoredAndTheHintDoesIt() throws IOException {
        // The last line has no end: a plain echo would join the two.
        world.write(".gitignore", ".env");
        world.push("forget the run folder");
        World.Result seen = stops("ignored", 10, "_migrations/ is not ignored by git", ".gitignore");
        assertFalse(Files.exists(world.repo.resolve("_migrations")),
                "nothing may be written where git would commit it");
        paste(seen, "ignored");
        assertEquals(0, gates().exit());
    }

    @Test
    void aRunFolderInGitStops() {
        world.write("_migrations/backup.dump", "data");
        world.git("add", "--force", "_migrations/backup.dump");
        world.push("a backup");
        stops("ignored", 10, "_migrations/ is in git's history", "git rm -r --cached _migrations");
    }

    @Test
    void aDotEnvThatGitWouldTakeStops() throws IOException {
        Files.delete(world.repo.resolve(".gitignore"));
        World.write(world.repo.resolve(".git/info/exclude"), "_migrations/\n");
        world.push("no .gitignore");
        assertEquals(0, gates().exit());
        world.write(".env", "PROD_DATABASE_URL=" + world.url() + "\n");
        World.Result seen = stops("ignored", 10, ".env is not ignored by git", ".gitignore");
        paste(seen, "ignored");
        World.Result after = gates();
        assertEquals(0, after.exit(), after::all);
        saw(after, "ignored", "pass", "_migrations/ stays out of git, and so does .env");
    }

    @Test
    void aDotEnvInGitStops() {
        world.write(".env", "A=1\n");
        world.git("add", "--force", ".env");
        world.push("secrets");
        World.Result seen = stops("ignored", 10, ".env is in git, and it holds secrets", "git rm --cached .env");
        paste(seen, "ignored");
        World.Result after = gates();
        assertEquals(0, after.exit(), after::all);
        assertTrue(Files.exists(world.repo.resolve(".env")));
    }

    @Test
    void aRunRecordThatCannotBeReadStopsAsAGate() {
        world.write("_migrations/run.json", "{\"preflight\": ");
        World.Result seen = stops("ignored", 10, "_migrations/run.json cannot be read", "mv _migrations/run.json");
        assertEquals(GATES.size(), seen.json().path("gates").size());
        assertEquals("{\"preflight\": ", world.read("_migrations/run.json"));
    }

    @Test
    void aMigratorThatIsNotInstalledIsAWarning() {
        try (World drizzle = World.drizzle()) {
            World.Result seen = drizzle.run("preflight", "--json");
            assertEquals(0, seen.exit(), seen::all);
            saw(seen, "migrator", "warn", "drizzle-orm");
            assertEquals(1, seen.json().at("/facts/commits").size());
        }
    }
}
