//SOURCES DrizzleFiles.java ../lib/Failure.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import lib.Failure;
import lib.Migration;
import lib.migrations.Drizzle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drizzle's migrations in a repository: the folder is found, and its journal is read as Drizzle reads it. */
class DrizzleFolderTest extends DrizzleFiles {
    @Test
    void theJournalIsReadAsDrizzleReadsIt() throws Exception {
        Drizzle history = history(seven());
        assertEquals("drizzle", history.tool());
        assertEquals("drizzle", history.folder());
        assertEquals(7, history.local().size());
        Migration sixth = history.local().get(5);
        assertEquals(SIXTH, sixth.id());
        assertEquals("drizzle/" + SIXTH + ".sql", sixth.file());
        assertEquals(1795174127795L, sixth.time());
        assertEquals("3c4909a0923f6aecc7d95a1077fb1f578793890cd892a7b4f477a216ff1fb9b9", sixth.hash());
    }

    @Test
    void aFolderAloneIsEnough() throws Exception {
        Map<String, byte[]> files = new TreeMap<>();
        seven().forEach((path, bytes) -> files.put("apps/web/" + path.replace("drizzle.config.ts", "x.ts"), bytes));
        assertEquals("apps/web/drizzle", history(files).folder());
        assertEquals("db/m", history(folders("db/m")).folder());
        assertTrue(Drizzle.find(Map.of("README.md", new byte[0]), null).isEmpty());
    }

    @Test
    void prismaIsNotTakenForDrizzle() {
        assertTrue(Drizzle.find(Map.of("prisma/migrations/20260101120000_a/migration.sql", new byte[0],
                "prisma/migrations/migration_lock.toml", new byte[0]), null).isEmpty());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '%', value = {
        "ts | export default defineConfig({ out: './db/m', schema: './src/out', }) | packages/db/db/m",
        "ts | /* out: './x' */ export default { /* out: 'y' */ dialect: \"postgresql\", out: `db/m` } | "
        + "packages/db/db/m",
        "json | { \"dialect\": \"postgresql\", \"out\": \"../../sql\" } | sql",
        "mjs | const out = 'db/m'; export default defineConfig({ out, schema: 'https://x' }) | packages/db/db/m",
        "ts | export default defineConfig({ out: path.join(root, 'sql') }) | packages/db/found",
        "cjs | module.exports = { schema: './s.ts' } | packages/db/drizzle"})
    void theConfigurationSaysWhereTheFolderIs(String kind, String text, String folder) throws Exception {
        Map<String, byte[]> files = moved(folder);
        files.put("packages/db/drizzle.config." + kind, bytes(text));
        files.put("node_modules/x/drizzle.config.ts", bytes("export default { out: 'other' }"));
        assertEquals(folder, history(files).folder());
    }

    @Test
    void twoProjectsNeedADecision() throws Exception {
        Map<String, byte[]> files = moved("a/drizzle");
        files.putAll(moved("b/drizzle"));
        files.put("a/drizzle.config.ts", bytes("export default {}"));
        files.put("b/drizzle.config.ts", bytes("export default {}"));
        Failure failure = assertThrows(Failure.class, () -> Drizzle.find(files, null));
        assertEquals(Failure.Exit.DECIDE, failure.exit);
        assertTrue(failure.getMessage().contains("a/drizzle (a/drizzle.config.ts), b/drizzle"), failure.getMessage());
        assertTrue(failure.hint.contains("\"migrations\": {\"folder\": \"a/drizzle\"}"), failure.hint);
        assertEquals("b/drizzle", Drizzle.find(files, "./b/drizzle/").orElseThrow().folder());
        files.put("b/drizzle.config.ts", bytes("export default { dialect: 'sqlite' }"));
        assertEquals("a/drizzle", Drizzle.find(files, null).orElseThrow().folder());
        assertStops(files, "nowhere", "release.json names the migrations folder nowhere");
    }

    @Test
    void whatDrizzleCannotStartWithStops() throws Exception {
        Map<String, byte[]> files = seven();
        files.remove("drizzle/" + FIFTH + ".sql");
        files.remove("drizzle/" + SIXTH + ".sql");
        assertStops(files, null, "names drizzle/" + FIFTH + ".sql, drizzle/" + SIXTH + ".sql, not committed");
        assertStops(edited(journal -> ((ObjectNode) journal.get(6)).put("tag", SIXTH)), null, "names " + SIXTH
                + " twice");
        assertStops(edited(journal -> ((ObjectNode) journal.get(6)).put("when", "soon")), null,
                "no whole number as `when`");
        Map<String, byte[]> without = seven();
        without.remove(JOURNAL);
        assertStops(without, null, "meta/_journal.json is not committed, 7 .sql files beside it are");
        Map<String, byte[]> conflict = seven();
        conflict.put(JOURNAL, bytes("{\n<<<<<<< HEAD\n"));
        Failure failure = assertStops(conflict, null, "is not JSON");
        assertTrue(failure.hint.contains("conflict marks"), failure.hint);
        conflict.put(JOURNAL, bytes("{\"version\":\"8\",\"entries\":[]}"));
        assertStops(conflict, null, "has version 8");
        assertStops(folders("drizzle", "handmade"), null, "drizzle/handmade does not begin with 14 digits");
    }

    private static Failure assertStops(Map<String, byte[]> files, String folder, String message) {
        Failure failure = assertThrows(Failure.class, () -> Drizzle.find(files, folder));
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
        assertFalse(failure.hint.isBlank());
        return failure;
    }

    private static Map<String, byte[]> moved(String folder) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        seven().forEach((path, bytes) -> files.put(path.replaceFirst("^drizzle/", folder + "/"), bytes));
        files.remove("drizzle.config.ts");
        return files;
    }
}
