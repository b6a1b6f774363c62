//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import lib.DotEnv;
import lib.Failure;
import lib.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** .env files, read as Node's own dotenv reads them: the fixture holds what it made of each text. */
class DotEnvTest {
    private static final Path MEASURED = World.ROOT.resolve("tests/fixtures/dotenv/measured.json");

    @TempDir
    private Path folder;

    private DotEnv env(String text) throws IOException {
        return DotEnv.of(Files.writeString(folder.resolve(".env"), text));
    }

    private void refused(String text, String message) throws IOException {
        DotEnv file = env(text);
        Failure failure = assertThrows(Failure.class, () -> file.get("URL", Map.of()));
        assertEquals(Failure.Exit.USAGE, failure.exit);
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
        assertFalse((failure.getMessage() + failure.hint).contains("S3cret"), failure.getMessage());
    }

    @Test
    void everyTextIsReadAsDotenvReadsIt() throws IOException {
        JsonNode cases = Json.MAPPER.readTree(MEASURED.toFile()).path("parsed");
        assertTrue(cases.size() > 40, "there are " + cases.size() + " cases");
        for (JsonNode each : cases) {
            assertEquals(each.path("values"), Json.tree(env(each.path("text").asText()).values()), each::toString);
        }
    }

    @Test
    void referencesLeadWhereDotenvExpandLeads() throws IOException {
        for (JsonNode each : Json.MAPPER.readTree(MEASURED.toFile()).path("expanded")) {
            DotEnv file = env(each.path("text").asText());
            Map<String, String> values = new TreeMap<>();
            file.values().keySet().forEach(name -> values.put(name, file.get(name, Map.of("OUT", "outside"))));
            // Which of both a name itself is taken from is not the file's affair.
            values.computeIfPresent("OUT", (name, value) -> "outside");
            assertEquals(Json.MAPPER.convertValue(each.path("values"), TreeMap.class), values, each::toString);
        }
    }

    /** Here we differ on purpose: an application without dotenv-expand takes it for what it is, a character. */
    @Test
    void aDollarThatLeadsNowhereStays() throws IOException {
        String url = "postgresql://u:pa$word$1@h/d";
        assertEquals(url, env("URL=" + url).get("URL", Map.of()));
        assertEquals("a${NONE}b", env("URL=a${NONE}b").get("URL", Map.of()));
        assertEquals("a$P", env("P=1\nURL='a$P'").get("URL", Map.of()));
        refused("URL=$A\nA=$B\nB=$A", "refers to itself");
    }

    @Test
    void aLineThatIsNeededAndCannotBeMeantIsNamedByItsNumber() throws IOException {
        refused("A=1\nURL=\"postgresql://u:S3cret@h/d\nB=2\n", ".env line 2: the quote before the value of URL");
        refused("URL 'postgresql://u:S3cret@h/d'", "names URL, but not as NAME=VALUE");
        refused("URL=postgresql://u:S3cret#1@h/d", "is cut off at #");
        refused("URL=encrypted:BDqS3cret", "encrypted by dotenvx");
        assertNull(env("# URL is set elsewhere\nURL of production: ask\n").get("URL", Map.of()));
        assertEquals("1", env("URL=\"open\nURL=1").get("URL", Map.of()));
        assertEquals("x", env("URL=x # why\n").get("URL", Map.of()));
        assertEquals("b", env("OTHER_URL='open\nURL=b\n").get("URL", Map.of()));
    }

    @Test
    void whatIsNotUtf8IsRefused() throws IOException {
        for (String[] each : new String[][] {{"UTF-16", "UTF-16"}, {"ISO-8859-1", "UTF-8"}}) {
            Path file = Files.write(folder.resolve(".env"), "URL=größe".getBytes(each[0]));
            Failure failure = assertThrows(Failure.class, () -> DotEnv.of(file));
            assertTrue(failure.getMessage().contains(each[1]), failure.getMessage());
            assertTrue(failure.hint.startsWith("iconv -f " + each[0]), failure.hint);
        }
        assertEquals(Map.of("A", "größe"), DotEnv.of(Files.write(folder.resolve(".env"),
                "A=größe".getBytes(StandardCharsets.UTF_8))).values());
    }

    @Test
    void aLongValueNeedsNoDeepStack() throws IOException {
        String key = "x".repeat(70).concat("\n").repeat(3000);
        assertEquals(key, env("KEY=\"" + key + "\"\nURL=1").values().get("KEY"));
    }
}
