import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lib.Failure;
import lib.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What release.json may say, and how each mistake in it is told. */
class SettingsTest {
    @TempDir
    private Path repo;

    private Settings read(String text) throws IOException {
        Files.writeString(repo.resolve(Settings.FILE), text);
        return Settings.of(repo);
    }

    private void refused(String text, String message, String hint) {
        Failure failure = assertThrows(Failure.class, () -> read(text));
        assertEquals(Failure.Exit.USAGE, failure.exit);
        assertTrue(failure.getMessage().startsWith("release.json"), failure.getMessage());
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
        assertEquals(1, failure.getMessage().lines().count(), failure.getMessage());
        assertTrue(failure.hint.contains(hint), failure.hint);
    }

    @Test
    void withoutAFileEverythingHasItsDefault() {
        Settings settings = Settings.of(repo);
        assertEquals("main", settings.branches().source());
        assertEquals("release", settings.branches().release());
        assertNull(settings.checks());
        assertNull(settings.migrations().tool());
        assertNull(settings.environment("production").url());
        assertEquals(0, settings.environment("staging").services().size());
    }

    @Test
    void commentsAndATrailingCommaAreAllowed() throws IOException {
        Settings settings = read("""
                // how we release
                {
                  "branches": {"source": "trunk", "release": "prod/live"}, /* deployed */
                  "checks": [["npm", "test"], ["npm", "run", "build it"]],
                  "environments": {"production": {"services": {"web": {"stop": ["railway", "down"]}}}, "staging": null},
                }
                """);
        assertEquals("trunk", settings.branches().source());
        assertEquals("prod/live", settings.branches().release());
        assertEquals(List.of("npm", "run", "build it"), settings.checks().get(1));
        assertEquals(List.of("railway", "down"), settings.environment("production").services().get("web").stop());
        assertEquals(List.of(), settings.environment("production").services().get("web").start());
        assertNull(settings.environment("staging").url());
    }

    @Test
    void oneBranchMayBeNamedAlone() throws IOException {
        assertEquals("release", read("{\"branches\": {\"source\": \"trunk\"}}").branches().release());
    }

    @Test
    void whatIsNotJsonIsNamedWithItsPlace() {
        refused("{\n  \"checks\": [[\"npm\" \"test\"]]\n}", "release.json line 2 column 2", "correct that line");
        refused("{\"checks\": [", "line 1 column", "correct that line");
        refused("branches: main", "line 1 column", "correct that line");
        refused("", "is empty", "write {}");
        refused("  \n", "is empty", "write {}");
        refused("null", "is empty", "write {}");
        refused("{} {\"checks\": []}", "release.json goes on after its end", "");
    }

    @Test
    void anUnknownKeyIsNamedWithTheNearestKnownOne() {
        refused("{\n  \"enviroments\": {}\n}", "line 2 column 3", "did you mean \"environments\"?");
        refused("{\"branches\": {\"sorce\": \"main\"}}", "unknown key \"sorce\"", "did you mean \"source\"?");
        refused("{\"environments\": {\"production\": {\"urls\": 1}}}", "unknown key \"urls\"", "did you mean \"url\"?");
        refused("{\"environments\": {\"production\": {\"services\": {\"web\": {\"stopp\": []}}}}}", "\"stopp\"",
                "did you mean \"stop\"? Known here: health, start, stop");
    }

    @Test
    void aKeyWrittenTwiceIsRefused() {
        refused("{\"checks\": [],\n \"checks\": [[\"npm\", \"test\"]]}", "line 2 column", "");
    }

    @Test
    void aValueOfTheWrongKindIsNamedWithItsKeyAndTheKindThatBelongsThere() {
        String kind = " has a value of the wrong kind: ";
        refused("{\"branches\": \"main\"}", "branches" + kind + "an object in { } belongs there", "README");
        refused("{\n\"checks\": [\"npm test\"]}", "line 2 column 12: checks[0]" + kind + "a list in [ ]", "README");
        refused("{\"checks\": \"npm test\"}", "checks" + kind + "a list in [ ] belongs there", "README");
        refused("{\"branches\": {\n\"source\": [\"main\"]}}", "line 2 column 1: branches.source" + kind + "a text", "");
        refused("[]", "it has a value of the wrong kind: an object in { } belongs there", "README");
    }

    @Test
    void aCommandWithoutWordsIsRefused() {
        refused("{\"checks\": [[]]}", "checks holds a command without words", "[\"npm\", \"test\"]");
        refused("{\"checks\": [null]}", "checks holds a command without words", "");
        refused("{\"checks\": [[\"npm\", null]]}", "checks holds a command without words", "");
        refused("{\"environments\": {\"production\": {\"services\": {\"web\": {\"stop\": [\"\"]}}}}}",
                "environments.production.services.web holds a command without words", "");
        refused("{\"environments\": {\"production\": {\"services\": {\"web\": null}}}}",
                "environments.production.services.web is null", "describe that service");
    }

    @Test
    void branchNamesThatCannotBeAreRefused() {
        refused("{\"branches\": {\"release\": \" \"}}", "branches holds an empty name", "\"release\": \"release\"");
        refused("{\"branches\": {\"source\": \"release\"}}",
                "branches.source and branches.release are both \"release\"",
                "name two branches");
    }

    @Test
    void whatThisVersionDoesNotObeyIsRefusedRatherThanIgnored() {
        String form = "{\"environments\": {\"live\": {%s}}}";
        refused(form.formatted("\"tunnel\": [\"proxy\"]"), "environments.live.tunnel is not obeyed", "remove it");
        refused(form.formatted("\"firewall\": {\"digitalocean\": {}}"), "environments.live.firewall is not obeyed", "");
        refused(form.formatted("\"windows\": [\"Sat 02:00-05:00\"]"), "environments.live.windows is not obeyed", "");
        refused(form.formatted("\"services\": {\"web\": {\"health\": \"https://x\"}}"),
                "environments.live.services.web.health is not obeyed", "");
    }

    @Test
    void anUnknownEnvironmentIsNamedWithTheNearestKnownOne() throws IOException {
        Settings settings = read("{\"environments\": {\"staging\": {}, \"demo\": {}}}");
        Failure failure = assertThrows(Failure.class, () -> settings.environment("stagign"));
        assertEquals(Failure.Exit.USAGE, failure.exit);
        assertTrue(failure.hint.contains("--env staging"), failure.hint);
        assertNull(settings.environment("production").url());
    }
}
