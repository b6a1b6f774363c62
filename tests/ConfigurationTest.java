//SOURCES PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The gate of settings: all that a release has to be told is there and real, and all that is wrong is told at once. */
class ConfigurationTest extends PreflightCase {
    /** The environments of release.json, without pushing them: only this gate is looked at. */
    private World.Result look(String environments) {
        world.write("release.json", "{\"checks\": [], \"environments\": {" + environments + "}}");
        return gates("--only", "settings");
    }

    private static final String OURS = "\"url\": {\"env\": \"PROD_DATABASE_URL\"}";

    @Test
    void aProductionOnThisMachineIsDoubtedUnlessReleaseJsonMeansIt() {
        World.Result seen = gates("--only", "settings");
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "settings", "warn", "from PROD_DATABASE_URL: ConfigurationTest's \"Own\" on 127.0.0.1");
        saw(seen, "settings", "warn", "this is on your own machine: is it production, and not the database");
        String hint = seen.gate("settings").path("hint").asText();
        world.write("release.json", hint.substring(hint.indexOf('{')));
        saw(gates("--only", "settings"), "settings", "pass", "from PROD_DATABASE_URL: ");
        saw(look(""), "settings", "warn", "this is on your own machine");
        saw(look("\"production\": {\"tunnel\": [\"ssh\", \"-N\", \"x\"]}"), "settings", "pass", "");
    }

    @Test
    void aHostLikeAComposeServiceIsDoubted() {
        world.environment.put("PROD_DATABASE_URL", "postgresql://app:S3cret-1@postgres:5432/app");
        saw(gates("--only", "settings"), "settings", "warn", "the host postgres has a name like a compose service");
        world.environment.put("PROD_DATABASE_URL", "postgresql://app:S3cret-1@db.eu.example.net/app");
        saw(gates("--only", "settings"), "settings", "pass", "app on db.eu.example.net:5432");
        world.environment.put("STAGING_DATABASE_URL", world.url());
        saw(gates("--only", "settings", "--env", "staging"), "settings", "pass", "from STAGING_DATABASE_URL");
    }

    @Test
    void severalProblemsAreToldTogether() {
        world.environment.put("PROD_DATABASE_URL", "postgresql://app:<PASSWORD>@db.eu.example.net/app");
        world.environment.put("CLOUD_TOKEN", null);
        String firewall = "\"firewall\": {\"digitalocean\": {\"database\": \"ab-1\","
                + " \"token\": {\"env\": \"CLOUD_TOKEN\"}}}";
        World.Result seen = look("\"production\": {" + OURS + ", " + firewall
                + ", \"services\": {\"web\": {\"stop\": [\"fly\", \"<APP>\"]}}}");
        assertEquals(2, seen.exit(), seen::all);
        String message = seen.gate("settings").path("message").asText();
        assertEquals("""
                the database URL from PROD_DATABASE_URL still holds the placeholder <PASSWORD>
                the variable CLOUD_TOKEN (the firewall of production) is not set
                release.json: environments.production.services.web.stop[1] still holds the placeholder <APP>""",
                message);
        assertEquals(3, seen.gate("settings").path("hint").asText().lines().count(), seen::all);
    }

    @Test
    void theOtherEnvironmentsAreLookedAtAndNeverStopThisOne() {
        world.environment.put("STAGING_DATABASE_URL", world.url());
        saw(look(""), "settings", "warn",
                "staging and production lead to the same database (STAGING_DATABASE_URL, PROD_DATABASE_URL)");
        String production = "\"production\": {" + OURS + "}, ";
        saw(look(production + "\"qa\": {\"url\": {\"env\": \"QA_URL\"}}"), "settings", "warn", "qa: QA_URL is not set");
        world.write(".env", "QA_URL=postgresql://app:changeme@db.eu.example.net/app\n");
        saw(look(production + "\"qa\": {\"url\": {\"dotenv\": \"QA_URL\"}}"), "settings", "warn",
                "qa: the database URL from QA_URL in .env still holds the placeholder changeme");
        saw(look(production + "\"qa\": {\"url\": {\"command\": [\"no-such-vault\"]}}"), "settings", "pass", "");
    }

    @Test
    void aProgramThatAServiceNeedsIsMissed() {
        String form = "\"production\": {" + OURS + ", \"services\": {\"web\": {\"stop\": [\"%s\", \"down\"]}}}";
        World.Result seen = look(form.formatted("no-such-cloud"));
        saw(seen, "settings", "warn", "service web: no-such-cloud is not on PATH");
        saw(look(form.formatted("git")), "settings", "pass", "");
        World.script(world.repo.resolve("ops/stop"), "exit 0\n");
        saw(look(form.formatted("ops/stop")), "settings", "pass", "");
        assertTrue(seen.gate("settings").path("hint").asText().contains("environments.production.services.web"));
    }

    @Test
    void whatAServiceAndAPasswordFileAddIsNamedAndNotShown() {
        world.write("../service.conf", "[shop]\nhost=db.eu.example.net\ndbname=app\nuser=app\n");
        world.write("../pass", "*:*:*:*:S3cret-of-the-file\n");
        world.folder.resolve("pass").toFile().setReadable(false, false);
        world.folder.resolve("pass").toFile().setReadable(true, true);
        world.environment.put("PGSERVICEFILE", world.folder.resolve("service.conf").toString());
        world.environment.put("PGPASSFILE", world.folder.resolve("pass").toString());
        world.environment.put("PROD_DATABASE_URL", "service=shop");
        World.Result seen = gates("--only", "settings");
        saw(seen, "settings", "pass", "from PROD_DATABASE_URL, service shop of " + world.folder
                + "/service.conf, password from " + world.folder + "/pass: app on db.eu.example.net:5432");
    }
}
