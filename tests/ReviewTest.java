//SOURCES World.java
//SOURCES ../lib/hazards/Context.java ../lib/hazards/Hazards.java ../lib/hazards/Review.java ../lib/hazards/Source.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** assess.java review at the command line. */
class ReviewTest {
    private static final String INDEX = "-- why\nSELECT 1;\n  CREATE INDEX i ON orders (a);\n";

    private World world;

    @BeforeEach
    void open() {
        world = World.drizzle();
    }

    @AfterEach
    void close() {
        world.close();
    }

    private World.Result review(String... arguments) {
        List<String> all = new ArrayList<>(List.of("review"));
        all.addAll(List.of(arguments));
        return world.run("assess", all.toArray(String[]::new));
    }

    private static List<String> ids(World.Result seen) {
        List<String> ids = new ArrayList<>();
        seen.json().at("/facts/findings").forEach(finding -> ids.add(finding.path("id").asText()));
        return ids;
    }

    @Test
    void aDangerousFileStopsWithItsPlaceTheLockAndTheSafeForm() {
        world.write("a.sql", INDEX);
        World.Result seen = review("a.sql", "--transaction", "none");
        assertEquals(10, seen.exit(), seen::all);
        assertTrue(seen.out().contains("a.sql:3:3: IDX01 DANGEROUS"), seen::all);
        assertTrue(seen.out().contains("CREATE INDEX CONCURRENTLY i ON orders (a);"), seen::all);
        assertTrue(seen.out().contains("locks: SHARE, stops writes while an index is built"), seen::all);
        assertTrue(seen.out().strip().lines().reduce((one, other) -> other).orElse("").startsWith("NOT safe to deploy"),
                seen::all);
        assertTrue(seen.out().lines().allMatch(line -> line.length() <= 80), seen::all);
    }

    @Test
    void aCleanFilePassesAndStrictStopsOnCaution() {
        world.write("a.sql", "CREATE TABLE t (id bigint PRIMARY KEY);\nCREATE INDEX i ON t (id);\n");
        World.Result clean = review("a.sql");
        assertEquals(0, clean.exit(), clean::all);
        assertTrue(clean.out().startsWith("safe to deploy: 2 statements in 1 file"), clean::all);
        world.write("b.sql", "CREATE TABLE IF NOT EXISTS t (id bigint PRIMARY KEY);\n");
        World.Result caution = review("b.sql");
        assertEquals(0, caution.exit(), caution::all);
        assertTrue(caution.out().contains("safe to deploy with caution: 1 to look at"), caution::all);
        assertTrue(caution.err().contains("--strict"), caution::all);
        assertEquals(10, review("b.sql", "--strict").exit());
    }

    @Test
    void theJsonHoldsEveryFindingAndNothingElseIsOnStdout() {
        world.write("a.sql", INDEX);
        World.Result seen = review("a.sql", "--json");
        assertEquals(10, seen.exit(), seen::all);
        assertEquals("stop", seen.json().path("status").asText());
        JsonNode finding = seen.json().at("/facts/findings/0");
        assertEquals("a.sql", finding.path("file").asText(), seen::all);
        assertEquals(3, finding.path("line").asInt(), seen::all);
        assertEquals(3, finding.path("column").asInt(), seen::all);
        assertEquals(seen.json(), review("a.sql", "--format", "json").json());
    }

    @Test
    void theSarifLogHasWhatCodeScanningRequires() throws IOException {
        world.write("dir one/a.sql", INDEX);
        JsonNode log = lib.Json.MAPPER.readTree(review("dir one", "--format", "sarif").out());
        assertEquals("2.1.0", log.path("version").asText());
        assertTrue(log.path("$schema").asText().contains("sarif-2.1.0"));
        JsonNode driver = log.at("/runs/0/tool/driver");
        assertFalse(driver.path("name").asText().isEmpty());
        for (JsonNode rule : driver.path("rules")) {
            assertTrue(rule.path("id").asText().matches("[A-Z]{3}\\d\\d"), rule::toString);
            assertFalse(rule.at("/shortDescription/text").asText().isEmpty(), rule::toString);
            assertFalse(rule.at("/help/text").asText().isEmpty(), rule::toString);
            assertTrue(Set.of("error", "warning", "note").contains(
                    rule.at("/defaultConfiguration/level").asText()), rule::toString);
        }
        assertFalse(log.at("/runs/0/results").isEmpty());
        for (JsonNode result : log.at("/runs/0/results")) {
            assertFalse(result.at("/message/text").asText().isEmpty(), result::toString);
            assertEquals(result.path("ruleId").asText(),
                    driver.path("rules").path(result.path("ruleIndex").asInt()).path("id").asText());
            JsonNode place = result.at("/locations/0/physicalLocation");
            assertEquals("dir%20one/a.sql", place.at("/artifactLocation/uri").asText());
            assertTrue(place.at("/region/startLine").asInt() >= 1 && place.at("/region/startColumn").asInt() >= 1);
        }
    }

    @Test
    void gitHubGetsOneEscapedAnnotationForEach() {
        world.write("a,b.sql", "DROP TABLE \"50%\";\n");
        World.Result seen = review("a,b.sql", "--format", "github");
        assertEquals(10, seen.exit(), seen::all);
        assertTrue(seen.out().contains("::error file=a%2Cb.sql,line=1,col=1,title=DES01 DANGEROUS::DROP TABLE 50%25"),
                seen::all);
        assertTrue(seen.out().contains("%0AInstead:%0A"), seen::all);
        assertTrue(seen.out().lines().allMatch(line -> line.startsWith("::")), seen::all);
    }

    @Test
    void aReasonExcusesAndWhatIsWrongWithACommentIsFound() {
        world.write("a.sql", """
                -- hazard-ok: DES01 empty since 2019
                DROP TABLE a;
                DROP TABLE b; -- hazard-ok: DES01 same
                -- hazard-ok: DES01
                DROP TABLE c;
                -- hazard-ok: DES0l typo
                SELECT '-- hazard-ok: DES01 in a string';
                -- hazard-ok: IDX01 not needed
                SELECT 1;
                """);
        World.Result seen = review("a.sql", "--json");
        List<String> places = new ArrayList<>();
        seen.json().at("/facts/findings").forEach(finding -> {
            if (finding.path("id").asText().matches("DES01|SUP..")) {
                places.add(finding.path("id").asText() + " " + finding.path("line").asInt());
            }
        });
        assertEquals(List.of("SUP02 4", "DES01 5", "SUP02 6", "SUP01 8"), places, seen::all);
        assertTrue(seen.out().contains("did you mean DES01?"), seen::all);
        assertEquals(2, seen.json().at("/facts/excused").asInt(), seen::all);
    }

    @Test
    void sinceLooksAtChangedNewAndUncommittedFilesOnly() {
        world.write("old.sql", "DROP TABLE a;\n");
        world.commit("old");
        world.git("tag", "before");
        world.write("new.sql", "DROP TABLE b;\n");
        world.commit("new");
        world.write("work.sql", "DROP TABLE c;\n");
        World.Result seen = review("--since", "before", "--json");
        List<String> files = new ArrayList<>();
        seen.json().at("/facts/findings").forEach(finding -> files.add(finding.path("file").asText()));
        assertEquals(Set.of("new.sql", "work.sql"), Set.copyOf(files), seen::all);
        assertEquals(2, seen.json().at("/facts/files").asInt(), seen::all);
    }

    @Test
    void wrongUsageIsToldWithTheWayOut() {
        for (String[] arguments : new String[][] {{"--since", "nothing/there"}, {"--since=--output=x"},
                {"missing.sql"}, {"a.sql", "--since", "HEAD"}, {"--format", "xml"}}) {
            World.Result seen = review(arguments);
            assertEquals(2, seen.exit(), seen::all);
            assertTrue(seen.err().contains("-> "), seen::all);
            assertFalse(seen.err().contains("\tat "), seen::all);
        }
    }

    @Test
    void withoutAFileThePendingMigrationsAreReviewedWithTheSizesOfProduction() {
        World.Result seen = review("--json");
        assertTrue(seen.gate("assess.review").path("message").asText().contains("2 pending in production"), seen::all);
        world.environment.put("PROD_DATABASE_URL", null);
        World.Result offline = review("--json");
        assertTrue(offline.gate("assess.review").path("message").asText().contains("all 7 migrations"), offline::all);
    }

    @Test
    void whatCannotBeReadIsNeverSafe() throws IOException {
        Files.write(world.repo.resolve("latin.sql"), "SELECT 'caf\u00e9';".getBytes(StandardCharsets.ISO_8859_1));
        Files.write(world.repo.resolve("wide.sql"), "\ufeffSELECT 1;".getBytes(StandardCharsets.UTF_16LE));
        world.write("nul.sql", "SELECT 1;\0");
        world.write("typo.sql", "ALTER TABEL t ADD c int;\n");
        world.write("psql.sql", "\\i other.sql\n");
        World.Result seen = review("typo.sql", "psql.sql");
        assertEquals(0, seen.exit(), seen::all);
        assertTrue(seen.out().contains("not known to be safe to deploy: 2 to look at"), seen::all);
        assertTrue(seen.out().contains("typo.sql:1:1: SYN01 CAUTION")
                && seen.out().contains("psql.sql:1:1: TXN07 CAUTION"), seen::all);
        World.Result bytes = review("latin.sql", "wide.sql", "nul.sql");
        assertEquals(10, bytes.exit(), bytes::all);
        for (String file : List.of("latin.sql", "wide.sql", "nul.sql")) {
            assertTrue(bytes.out().contains(file + ":1:1: SYN01 DANGEROUS"), bytes::all);
        }
        assertTrue(bytes.out().contains("iconv -f WINDOWS-1252 -t UTF-8 latin.sql"), bytes::all);
        world.write("quote.sql", "SELECT 1;\nDROP TABLE 'a;\n");
        World.Result torn = review("quote.sql");
        assertEquals(10, torn.exit(), torn::all);
        assertTrue(torn.out().contains("quote.sql:2:1: SYN01 DANGEROUS"), torn::all);
    }

    @Test
    void emptyFilesFoldersAndFilesOutsideAreReviewed() throws IOException {
        world.write("empty.sql", "");
        assertEquals(0, review("empty.sql").exit());
        Path outside = Files.writeString(world.folder.resolve("outside.sql"), "DROP TABLE a;\n");
        World.Result seen = review(outside.toString());
        assertEquals(10, seen.exit(), seen::all);
        assertTrue(seen.out().contains(outside + ":1:1: DES01"), seen::all);
        World.Result folder = review("drizzle", "--json");
        assertEquals(7, folder.json().at("/facts/files").asInt(), folder::all);
        Files.createDirectories(world.repo.resolve("nothing"));
        assertEquals(2, review("nothing").exit());
    }

    @Test
    void aHugeStatementIsReviewedAndNotVerified() {
        world.write("huge.sql", "INSERT INTO orders VALUES " + "(1, 'aaaaaaaaaaaaaaaaaaaaaaaa'),\n".repeat(170_000)
                + "(2, 'b');\n");
        World.Result seen = review("huge.sql");
        assertEquals(0, seen.exit(), seen::all);
        assertTrue(seen.out().contains("SYN01 CAUTION"), seen::all);
        assertTrue(seen.out().length() < 10_000, "the statement is not repeated");
    }

    @Test
    void personalValuesAreRefusedAndNeverShownInFull() {
        List<String> values = List.of("mary.major@gmail.com", "+44 20 7946 0958", "4111 1111 1111 1111",
                "ghp_" + "a1B2".repeat(9), "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2lnbmF0dXJlaGVyZQ");
        StringBuilder sql = new StringBuilder();
        values.forEach(value -> sql.append("UPDATE users SET x = '").append(value).append("' WHERE id = 1;\n"));
        world.write("a.sql", sql + "COPY users FROM stdin;\n1\t" + values.get(0) + "\n\\.\n");
        for (String format : List.of("text", "json", "sarif", "github")) {
            World.Result seen = review("a.sql", "--format", format);
            assertEquals(10, seen.exit(), seen::all);
            values.forEach(value -> assertFalse(seen.all().contains(value), seen::all));
        }
        assertEquals(6, ids(review("a.sql", "--json")).stream().filter("PRV01"::equals).count());
        world.write("a.sql", "UPDATE users SET x = 'mary@example.com', y = '4111 1111 1111 1112', z = '2024-01-01' "
                + "WHERE id = '550e8400-e29b-41d4-a716-446655440000';\n");
        assertFalse(ids(review("a.sql", "--json")).contains("PRV01"));
    }

    @Test
    void numberedFilesKeepTheirOrder() {
        for (String name : List.of("001_a.sql", "002_b.sql", "002_c.sql", "005_d.sql", "006_Big Name.sql", "7_e.sql")) {
            world.write("sql/" + name, "SELECT 1;\n");
        }
        World.Result seen = review("sql", "--json");
        List<String> messages = new ArrayList<>();
        seen.json().at("/facts/findings").forEach(finding -> messages.add(finding.path("message").asText()));
        assertEquals(List.of("number 2 is taken twice: 002_b, 002_c", "number 2 is taken twice: 002_b, 002_c",
                "after 2 comes 5: numbers are missing", "it has blanks or letters that not every system writes alike",
                "its number has 1 digit, those of the others 3: it is sorted elsewhere"), messages, seen::all);
        assertEquals("-- in a shell: git mv sql/7_e.sql sql/007_e.sql",
                seen.json().at("/facts/findings/4/fix").asText(), seen::all);
    }

    @Test
    void assessListsTheHazardsOfTheReleaseAndGoesOn() {
        world.migration("0007_more", "ALTER TABLE \"food_logs\" ADD COLUMN \"token\" uuid DEFAULT gen_random_uuid();"
                + "--> statement-breakpoint\nCREATE INDEX \"food_logs_meal_idx\" ON \"food_logs\" (\"meal\");");
        world.push("more");
        World.Result seen = world.run("assess", "--json");
        assertTrue(seen.exit() == 0 || seen.exit() == 11, seen::all);
        JsonNode gate = seen.gate("assess.hazards");
        assertEquals("warn", gate.path("status").asText(), seen::all);
        assertTrue(gate.path("message").asText().contains("COL03"), seen::all);
        assertTrue(gate.path("message").asText().contains("about "), "the rows of production are told");
        assertFalse(seen.json().at("/facts/hazards").isEmpty());
    }
}
