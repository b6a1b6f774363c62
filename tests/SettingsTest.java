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
    void anEnvironmentThatIsNotDescribedIsRefusedAndNoOtherOneIsProposedForIt() throws IOException {
        Settings settings = read("{\"environments\": {\"production\": {}, \"demo\": {}}}");
        Failure failure = assertThrows(Failure.class, () -> settings.environment("pre-prod"));
        assertEquals(Failure.Exit.USAGE, failure.exit);
        assertEquals("release.json has no environment \"pre-prod\"; it has production, demo", failure.getMessage());
        assertEquals("describe it there: \"environments\": {\"pre-prod\": {\"url\":"
                + " {\"env\": \"PRE_PROD_DATABASE_URL\"}}}", failure.hint);
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
        refused("branches: main", "line 1 column", "release.json is JSON, not YAML");
        refused("environments:\n  production:\n    url: prompt\n", "line 1 column", "release.json is JSON, not YAML");
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
                "did you mean \"stop\"? Known here: deploy, deployed, expect, health, railway, start, stop");
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
    void mistakesAboutATunnelAndAFirewallAreNamedWithTheirPlace() throws IOException {
        String form = "{\"environments\": {\"live\": {\n %s}}}";
        refused(form.formatted("\"tunnel\": []"), "environments.live.tunnel holds a command without words", "");
        refused(form.formatted("\"tunnel\": \"ssh -N db\""),
                "line 2 column 2: environments.live.tunnel has a value", "");
        refused(form.formatted("\"firewall\": {\"aws\": {}}"), "line 2 column 15: unknown key \"aws\"",
                "Known here: digitalocean");
        refused(form.formatted("\"firewall\": {}"), "line 2 column 2: environments.live.firewall names no provider",
                "");
        String cloud = form.formatted("\"firewall\": {\"digitalocean\": {%s}}");
        refused(cloud.formatted(""), "firewall.digitalocean.database is missing", "doctl databases list");
        refused(cloud.formatted("\"database\": \"a/../b\""), "database is no id of a database cluster", "");
        refused(cloud.formatted("\"database\": \"ab-1\""), "digitalocean.token is missing", "\"env\"");
        refused(cloud.formatted("\"database\": \"ab-1\", \"token\": \"dop_v1_secret\""),
                "firewall.digitalocean.token has a value of the wrong kind: an object in { } belongs there", "README");
        String token = "\"database\": \"ab-1\", \"token\": {\"env\": \"%s\"}";
        refused(cloud.formatted(token.formatted("MY TOKEN")), "token is not the name of a variable", "");
        refused(cloud.formatted(token.formatted("TOKEN") + ", \"address\": 7"), "address is neither an address nor",
                "");
        assertEquals("TOKEN", read(cloud.formatted(token.formatted("TOKEN"))).environment("live").firewall()
                .digitalocean().token().env());
    }

    @Test
    void servicesWindowsAndVersionsAreRefusedWhenTheyAreWrong() {
        String form = "{\"environments\": {\"live\": {%s}}}";
        refused(form.formatted("\"windows\": [\"Sat 02:00-05:00\"]"),
                "environments.live.windows \"Sat 02:00-05:00\" is no window: days, hours and a time zone belong there",
                "Sat 02:00-05:00 Europe/London");
        refused(form.formatted("\"windows\": [\"Sat 02:00-05:00 Europe/Atlantis\"]"), "Unknown time-zone ID", "write");
        refused(form.formatted("\"windows\": [\"Sat 25:00-26:00 UTC\"]"), "is no window", "write");
        refused(form.formatted("\"windows\": [\"Funday 02:00-03:00 UTC\"]"), "Funday is no day", "write");
        refused(form.formatted("\"windows\": [\"Sat 02:00-02:00 UTC\"]"), "it ends when it begins", "write");
        refused(form.formatted("\"windows\": [\"Sat 02:00-03:00 CET\"]"), "CET is no time zone with a place", "write");
        refused(form.formatted("\"stop\": \"never\""), "the only word for it is \"always\"", "remove it");
        String web = form.formatted("\"services\": {\"web\": {%s}}");
        refused(web.formatted("\"health\": \"example.com\""), "web.health is no http:// or https:// URL", "README");
        refused(web.formatted("\"expect\": \"{commit}\""), "web.expect says what \"health\" must answer", "README");
        refused(web.formatted("\"railway\": {}"), "web.railway.service is missing", "README");
        refused(web.formatted("\"railway\": {\"service\": \"web\"}, \"stop\": [\"x\"]"), "says twice", "README");
        refused(form.formatted("\"variables\": {\"list\": [\"x\"]}"), "variables needs \"railway\", or all of", "");
        refused("{\"version\": {\"bump\": \"huge\"}}", "version.bump is \"huge\"", "README");
        refused("{\"version\": {\"tag\": \"v\"}}", "version.tag has no {version} in it", "README");
    }

    @Test
    void anUnknownEnvironmentIsNamedWithTheNearestKnownOne() throws IOException {
        Settings settings = read("{\"environments\": {\"staging\": {}, \"demo\": {}}}");
        Failure failure = assertThrows(Failure.class, () -> settings.environment("stagign"));
        assertEquals(Failure.Exit.USAGE, failure.exit);
        assertTrue(failure.hint.contains("--env staging"), failure.hint);
        assertNull(settings.environment("production").url());
    }

    @Test
    void aMarkAtTheBeginningIsNoMistakeAndAnotherEncodingIsNamed() throws IOException {
        assertEquals("trunk", read("\ufeff{\"branches\": {\"source\": \"trunk\"}}").branches().source());
        for (String encoding : List.of("UTF-16", "ISO-8859-1")) {
            Files.write(repo.resolve(Settings.FILE), "{\"branches\": {\"source\": \"größe\"}}".getBytes(encoding));
            Failure failure = assertThrows(Failure.class, () -> Settings.of(repo));
            assertEquals(Failure.Exit.USAGE, failure.exit);
            assertTrue(failure.getMessage().contains("is not written in UTF-8"), failure.getMessage());
            assertTrue(failure.hint.startsWith("iconv -f " + encoding), failure.hint);
        }
    }

    @Test
    void whatIsNoFileIsNamed() throws IOException {
        Files.createDirectory(repo.resolve(Settings.FILE));
        Failure folder = assertThrows(Failure.class, () -> Settings.of(repo));
        assertEquals("release.json is a folder", folder.getMessage());
        Files.delete(repo.resolve(Settings.FILE));
        Files.createSymbolicLink(repo.resolve(Settings.FILE), repo.resolve("nowhere"));
        Failure link = assertThrows(Failure.class, () -> Settings.of(repo));
        assertEquals(Failure.Exit.USAGE, link.exit);
        assertTrue(link.getMessage().startsWith("release.json cannot be read"), link.getMessage());
    }

    @Test
    void aNumberIsNoNameAndTheKeyIsNamedWithItsPlace() {
        String kind = " has a value of the wrong kind: a text in quotes";
        refused("{\"branches\": {\n  \"source\": 5}}", "line 2 column 3: branches.source" + kind, "README");
        refused("{\"migrations\": {\"tool\": true}}", "line 1 column 17: migrations.tool" + kind, "README");
        refused("{\"checks\": [[\"npm\",\n 1.5]]}", "line 2 column 2: checks[0][1]" + kind, "README");
        refused("{\"environments\": {\"production\": {\"services\": {\"web\": {\n\"stop\": \"x\"}}}}}",
                "line 2 column 1: environments.production.services.web.stop has a value of the wrong kind", "README");
    }

    @Test
    void anUnknownKeyIsFoundAtEveryDepth() {
        refused("{\"environments\": {\"live\": {\n \"services\": {\"web\": {\n  \"strat\": []}}}}}", "line 3 column 3",
                "did you mean \"start\"?");
        refused("{\n\"environments\": {\"live\": {\n  \"windws\": []}}}", "line 3 column 3",
                "did you mean \"windows\"?");
        refused("{\"migrations\": {\n\n    \"fodler\": \"x\"}}", "line 3 column 5", "did you mean \"folder\"?");
    }

    @Test
    void aSourceOfAUrlThatIsNoneIsNamedWithItsPlace() {
        String form = "{\"environments\": {\"live\": {\n\"url\": %s}}}";
        String place = "release.json line 2 column 1: environments.live.url";
        refused(form.formatted("\"postgresql://u:S3cret@db/x\""), place + " is a URL, and git would keep", "\"env\"");
        refused(form.formatted("{\"env\": \"postgresql://u:S3cret@db/x\"}"), place + ".env is not the name", "\"env\"");
        refused(form.formatted("{\"envi\": \"X\"}"), place + " is none of the known ways", "\"env\"");
        refused(form.formatted("{\"env\": \"X\", \"dotenv\": \"Y\"}"), place + " is none of the known ways", "\"env\"");
        refused(form.formatted("{\"command\": \"vault read\"}"), place + ".command is not a list of words",
                "\"command\"");
        refused(form.formatted("{\"railway\": {\"servise\": \"x\"}}"),
                place + ".railway has the unknown key \"servise\"",
                "\"railway\"");
        refused(form.formatted("5"), place + " is none of the known ways", "\"prompt\"");
    }
}
