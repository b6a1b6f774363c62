//SOURCES ValidateCase.java ../lib/Hash.java ../lib/Json.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import lib.Hash;
import lib.Json;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** The release SQL: written or taken as it is, rehearsed and certified; its faults are told by their place. */
@Order(1)
class ValidateSqlTest extends ValidateCase {
    /** Commits an entry; nothing is pushed. */
    private void entry(String text) {
        world.write("MIGRATIONS.md", world.read("MIGRATIONS.md") + "\n## Another\n" + text + "\n");
        world.commit("entry");
    }

    private static String own() {
        return World.read(World.FIXTURE.resolve("release.sql"));
    }

    @Test
    void theSqlIsWrittenRehearsedAndCertified() throws IOException {
        World.Result seen = world.run("validate", "--json");
        assertEquals(0, seen.exit(), seen::all);
        JsonNode certificate = seen.json().at("/facts/certificate");
        String file = certificate.at("/sql/file").asText();
        assertEquals(Hash.of(world.repo.resolve(file)), certificate.at("/sql/sha256").asText());
        assertEquals(seen.json().at("/facts/sql"), certificate.path("sql"));
        assertEquals(Hash.of(backup()), certificate.path("dump").asText());
        assertEquals(world.git("rev-parse", "HEAD"), certificate.path("commit").asText());
        assertEquals(world.git("rev-parse", "origin/release"), certificate.path("released").asText());
        assertEquals(world.production.database(), certificate.at("/production/database").asText());
        assertTrue(certificate.path("rehearsed").asBoolean(), seen::all);
        assertEquals(Json.MAPPER.readTree(record).at("/backup/facts/schema"), certificate.path("schemaBefore"));
        assertEquals(1, certificate.path("segments").size());
        assertNotEquals(certificate.path("schemaBefore"), certificate.at("/segments/0/schema"));
        assertEquals(2, seen.json().at("/facts/historyRows").asInt());
        assertEquals("drizzle.__drizzle_migrations holds 2 new rows, and drizzle has nothing left to run",
                seen.gate("rehearsal.history").path("message").asText());
        assertEquals("rw-------", java.nio.file.attribute.PosixFilePermissions.toString(
                Files.getPosixFilePermissions(world.repo.resolve(file))));
        assertTrue(Files.exists(world.repo.resolve("_migrations/schema-before.json")));
        World.Result plain = world.run("validate");
        assertEquals(file + " " + certificate.at("/sql/sha256").asText() + "\n", plain.out(),
                "the same input, the same bytes");
    }

    @Test
    void sqlThatFailsOnTheCopyIsNamedByLineAndStatementAndNoRowIsQuoted() {
        entry("```sql\nUPDATE food_logs SET amount = food_name::numeric WHERE food_name LIKE 'Orphan%';\n```");
        World.Result seen = stops(10, "rehearsal.run", "the SQL fails on the copy, line ");
        String message = seen.gate("rehearsal.run").path("message").asText();
        int line = Integer.parseInt(message.replaceFirst("(?s).*?line (\\d+).*", "$1"));
        assertTrue(sql().lines().skip(line - 1).findFirst().orElseThrow().startsWith("UPDATE food_logs SET amount"),
                seen::all);
        assertTrue(message.contains("\nUPDATE food_logs SET amount = food_name::numeric"), seen::all);
        assertFalse(seen.all().contains("Orphan toast"), "a row's value is nobody's business: " + seen.all());
        assertTrue(hint(seen, "rehearsal.run").startsWith("production was not touched"), seen::all);
    }

    @Test
    void rowsThatBreakAConstraintAreNotQuotedEither() {
        world.migration("0007_once", "CREATE UNIQUE INDEX once ON food_logs (food_name);");
        world.commit("once");
        World.Result seen = stops(10, "rehearsal.run", "could not create unique index \"once\"");
        assertFalse(seen.all().contains("Empanada") || seen.all().contains("Oatmeal"), seen::all);
    }

    @Test
    void anOpenQuestionStopsBeforeAnythingIsWritten() {
        world.migration("0007_rank", "ALTER TABLE \"sessions\" ADD COLUMN \"rank\" integer NOT NULL;");
        world.commit("rank");
        World.Result seen = stops(11, "sql.write", "sessions.rank must not be NULL");
        assertEquals("do what 1 says, commit it, then: jbang release.java", hint(seen, "sql.write"));
        World.Result plain = world.run("validate");
        assertEquals(11, plain.exit(), plain::all);
        assertEquals("", plain.out());
    }

    @Test
    void nothingPendingNeedsNoSql() {
        world.git("rm", "-rq", "drizzle");
        World.copy(World.FIXTURE.resolve("drizzle-release5"), world.repo.resolve("drizzle"));
        world.commit("nothing pending");
        World.Result seen = world.run("validate", "--json");
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("", sql());
        assertEquals("skip", seen.gate("rehearsal.run").path("status").asText());
        assertEquals(0, seen.json().at("/facts/sql/segments").asInt());
    }

    // A script of one's own

    @Test
    void aScriptOfOnesOwnIsToldTheHistoryRowsToPasteAndWithThemGoesThroughTheSameGates() {
        String text = own().replaceFirst("(?s)-- Step 4.*?;\n", "");
        World.Result seen = stops(10, "rehearsal.history", "drizzle would run again after the release: "
                + "0005_careless_black_queen, 0006_warm_calypso", "--sql", script(text).toString());
        String hint = hint(seen, "rehearsal.history");
        assertTrue(hint.contains("INSERT INTO \"drizzle\".\"__drizzle_migrations\""), seen::all);
        String whole = text.replace("COMMIT;", hint.substring(hint.indexOf("INSERT")) + "\nCOMMIT;");
        Path file = script(whole);
        World.Result pasted = world.run("validate", "--json", "--sql", file.toString());
        assertEquals(0, pasted.exit(), pasted::all);
        assertEquals(whole, sql(), "byte for byte");
        assertEquals(Hash.of(file), pasted.json().at("/facts/certificate/sql/sha256").asText());
        assertEquals(2, pasted.json().at("/facts/historyRows").asInt());
    }

    @Test
    void aScriptThatIsNotThereOrNotTextIsRefused() throws IOException {
        World.Result missing = stops(2, "sql.write", "no where.sql: there is no such file", "--sql", "no where.sql");
        assertEquals("ls -l .", hint(missing, "sql.write"));
        Path latin = temp.resolve("latin.sql");
        Files.write(latin, "SELECT 'é';".getBytes(StandardCharsets.ISO_8859_1));
        World.Result seen = stops(10, "sql.write", "latin.sql is not UTF-8", "--sql", latin.toString());
        assertTrue(hint(seen, "sql.write").startsWith("iconv -f ISO-8859-1 -t UTF-8 "), seen::all);
        stops(10, "sql.read", "BEGIN without COMMIT", "--sql", script("BEGIN;\nSELECT 1;\n").toString());
    }

    @Test
    void whatWasEditedByHandIsKeptAndRehearsed() throws IOException {
        assertEquals(0, world.run("validate").exit());
        Path file = world.newest("release-.*sql");
        String edited = World.read(file).replace("COMMIT;", "UPDATE custom_foods SET name = name || '!';\nCOMMIT;");
        Files.writeString(file, edited);
        World.Result seen = world.run("validate", "--json");
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("warn", seen.gate("sql.write").path("status").asText());
        assertTrue(seen.gate("sql.write").path("message").asText().contains("was edited by hand"), seen::all);
        assertEquals(edited, World.read(file));
        assertEquals(Hash.of(edited), seen.json().at("/facts/certificate/sql/sha256").asText());
        assertTrue(seen.json().at("/facts/certificate/segments/0/outcomes").toString().contains("name || '!'"),
                seen::all);

        World.Result over = stops(10, "sql.write", "was edited by hand, and --sql", "--sql", script(own()).toString());
        assertTrue(hint(over, "sql.write").startsWith("mv "), over::all);
        assertEquals(edited, World.read(file), "what somebody wrote is not lost");
        World.Result same = world.run("validate", "--sql", file.toString());
        assertEquals(0, same.exit(), same::all);
    }
}
