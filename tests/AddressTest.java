//SOURCES PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import lib.Placeholder;
import org.junit.jupiter.api.Test;

/** Where the URL of production comes from, and what is wrong with it. */
class AddressTest extends PreflightCase {
    @Override
    String only() {
        return "settings,db.reach,tools.version";
    }

    @Test
    void withoutAUrlThereIsNothingToReachAndABareDatabaseUrlIsNeverTaken() {
        world.environment.put("PROD_DATABASE_URL", null);
        world.environment.put("DATABASE_URL", world.url());
        world.write(".env", "DATABASE_URL=" + world.url() + "\n");
        World.Result seen = stops("settings", 2,
                "no database URL for production: PROD_DATABASE_URL is neither set nor in .env",
                "export PROD_DATABASE_URL=postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
        saw(seen, "db.reach", "skip", "settings comes first");
        saw(seen, "tools.version", "skip", "db.reach comes first");
    }

    @Test
    void dotEnvIsReadThoughAnotherOfItsLinesIsBroken() {
        world.environment.put("PROD_DATABASE_URL", " ");
        world.write(".env", "# ours\nthis is S3cret and no setting\nexport OTHER=1\n"
                + "PROD_DATABASE_URL=\"" + world.url() + "\"\n");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "settings", "warn", "from PROD_DATABASE_URL in .env: AddressTest's \"Own\" on ");
    }

    @Test
    void releaseJsonNamesAVariableWhichMayBeDatabaseUrl() {
        source("{\"env\": \"DATABASE_URL\"}");
        world.environment.put("DATABASE_URL", world.url());
        saw(gates(), "settings", "pass", "from DATABASE_URL: ");
        world.environment.put("DATABASE_URL", null);
        stops("settings", 2, "the variable DATABASE_URL (database URL of production) is not set",
                "export DATABASE_URL=");
    }

    private void source(String url) {
        world.write("release.json", "{\"checks\": [], \"environments\": {\"production\": {\"url\": " + url + "}}}");
    }

    @Test
    void dotenvMeansTheFileWhateverTheEnvironmentHolds() {
        source("{\"dotenv\": \"LIVE_URL\"}");
        world.environment.put("LIVE_URL", "postgresql://elsewhere.invalid/app");
        stops("settings", 2, ".env has no LIVE_URL (database URL of production)", ">> .env");
        world.write(".env", "LIVE_URL=" + world.url() + "\n");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "settings", "pass", "from LIVE_URL in .env: AddressTest's \"Own\" on ");
    }

    @Test
    void aCommandPrintsTheUrlAloneOrIsRefused() {
        source("{\"command\": [\"vault\", \"read it\"]}");
        Path record = standIn("vault", "cat '" + world.folder.resolve("answer") + "'\n");
        World.write(world.folder.resolve("answer"), world.url() + "\n");
        saw(gates(), "settings", "pass", "from the output of vault: ");
        assertEquals("read it\n", World.read(record));
        World.write(world.folder.resolve("answer"), "hello\n" + world.url() + "\n");
        stops("settings", 2, "printed 2 lines, not one", "vault 'read it'");
        standIn("vault", "echo 'sealed' >&2\nexit 3\n");
        stops("settings", 12, "gave none (exit 3): sealed", "try it: vault 'read it'");
        source("{\"command\": [\"no-such-vault\"]}");
        stops("settings", 12, "no-such-vault cannot be started", "PATH");
    }

    @Test
    void railwayIsAskedForTheVariableOfTheService() {
        source("{\"railway\": {\"service\": \"web\"}}");
        Path record = standIn("railway", "cat <<'.'\n{\"OTHER\": \"x\", \"DATABASE_PUBLIC_URL\": \""
                + world.url() + "\"}\n.\n");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "settings", "pass", "from DATABASE_PUBLIC_URL of railway web: ");
        assertEquals("variable list -e production --json -s web\n", World.read(record), "asked once, and only to read");
    }

    @Test
    void anOlderRailwayIsAskedInItsOwnWords() {
        source("{\"railway\": {\"service\": \"web\", \"variable\": \"PG\", \"environment\": \"live\"}}");
        Path record = standIn("railway", "[ \"$1\" = variables ] || { echo 'unknown command' >&2; exit 2; }\n"
                + "echo '{\"PG\": \"" + world.url() + "\"}'\n");
        assertEquals(0, gates().exit());
        assertEquals("variable list -e live --json -s web\nvariables -e live --json -s web\n", World.read(record));
    }

    @Test
    void whatRailwayCannotGiveIsSaidForWhatItIs() {
        source("{\"railway\": {\"service\": \"web\"}}");
        standIn("railway", "echo 'Unauthorized. Please login with railway login' >&2\nexit 1\n");
        stops("settings", 12, "railway does not list the variables of web: Unauthorized.", "railway login");
        standIn("railway", "echo '{}'\n");
        stops("settings", 2, "railway has no variable DATABASE_PUBLIC_URL in production/web", "release.json");
        standIn("railway", "echo Welcome\n");
        stops("settings", 12, "not JSON", "railway upgrade");
        standIn("railway",
                "echo '{\"DATABASE_PUBLIC_URL\": \"postgresql://u:S3cret-x@pg.railway.internal:5432/x\"}'\n");
        stops("settings", 2, "the private address", "DATABASE_PUBLIC_URL");
        standIn("railway", "echo '{\"DATABASE_PUBLIC_URL\": \"${{Postgres.DATABASE_URL}}\"}'\n");
        stops("settings", 2, "the database URL from DATABASE_PUBLIC_URL of railway web", "put the real value there");
    }

    @Test
    void aPlaceholderIsNoValue() {
        for (String[] example : new String[][] {{"postgresql://app:<PASSWORD>@db.example.com/app", "<PASSWORD>"},
                {"postgresql://postgres:[YOUR-PASSWORD]@db.example.com/app", "[YOUR-PASSWORD]"},
                {"postgresql://app:changeme@db.example.com/app", "changeme"},
                {"postgresql://USER:PASSWORD@HOST:PORT/DATABASE", "USER"},
                {"postgresql://app:…@db/app", "…"}}) {
            world.environment.put("PROD_DATABASE_URL", example[0]);
            stops("settings", 2, "from PROD_DATABASE_URL still holds the placeholder " + example[1],
                    "put the real value");
        }
    }

    @Test
    void whatIsNoUrlIsRefusedWithoutBeingShown() {
        world.environment.put("PROD_DATABASE_URL", "PGPASSWORD=S3cret-1 psql -h db");
        stops("settings", 2, "PROD_DATABASE_URL: this is not a PostgreSQL URL", "postgresql://USER:PASSWORD@HOST");
        world.environment.put("PROD_DATABASE_URL", "postgresql://app:S3cret-2/app");
        stops("settings", 2, "where the port of the database URL belongs stands no number", "postgresql://USER");
    }

    @Test
    void aMistakeInReleaseJsonStopsBeforeAnyGate() {
        world.write("release.json", "{\"chekcs\": []}");
        World.Result seen = gates();
        assertEquals(2, seen.exit(), seen::all);
        assertEquals("stop", seen.json().path("status").asText());
        saw(seen, "preflight", "stop", "unknown key \"chekcs\"");
        assertTrue(seen.gate("preflight").path("hint").asText().contains("did you mean \"checks\"?"), seen::all);
    }

    @Test
    void anotherFileThatHasItIsNamedAndNotRead() {
        world.environment.put("PROD_DATABASE_URL", null);
        world.write(".gitignore", "_migrations/\n.env*\n");
        world.write(".env.production", "PROD_DATABASE_URL=" + world.url() + "\n");
        world.write(".env.local", "OTHER=1\n");
        stops("settings", 2, "PROD_DATABASE_URL is neither set nor in .env",
                "/DATABASE   # .env.production has it, but is not read");
    }

    @Test
    void theLastLineCountsReferencesLeadOnAndWindowsEndsItsLinesInItsOwnWay() {
        world.environment.put("PROD_DATABASE_URL", null);
        world.environment.put("PART", null);
        world.write(".env", "\ufeffPROD_DATABASE_URL=postgresql://elsewhere.invalid/app\r\nPART=" + world.url()
                + "\r\nexport PROD_DATABASE_URL = \"${PART}\" # ours\r\n");
        saw(gates("--only", "db.reach"), "db.reach", "pass", "PostgreSQL 15.");
    }

    @Test
    void aLineThatIsCutOffIsNamedAndNotShown() {
        world.environment.put("PROD_DATABASE_URL", null);
        world.write(".env", "A=1\nPROD_DATABASE_URL=postgresql://app:S3cret#1@db.eu.acme.dev/app\n");
        stops("settings", 2, ".env line 2: the value of PROD_DATABASE_URL is cut off at #", "PROD_DATABASE_URL='");
    }

    @Test
    void theQuotesOfAFileThatKeepsThemAreNoPartOfTheUrl() {
        world.environment.put("PROD_DATABASE_URL", "'" + world.url() + "'\n");
        saw(gates("--only", "db.reach"), "db.reach", "pass", "PostgreSQL 15.");
    }

    @Test
    void aRealPasswordIsNoPlaceholder() {
        for (String password : new String[] {"%3CPASSWORD%3E", "xxxy", "my-changeme-9", "a...b", "%5BYOUR-PASSWORD%5D",
            "passwordless", "%24%7Bx%7D", "PASSWORD1", "%2E%2E%2E"}) {
            assertNull(Placeholder.in("postgresql://app:" + password + "@db.eu.acme.dev:5432/app"), password);
        }
        for (String text : new String[] {"xxx", "your-password-here", "YOUR_DB_PASSWORD", "****", "${{Postgres.PW}}",
            "{{ password }}", "...", "password_here", "[YOUR-PASSWORD]", "<your password>"}) {
            assertEquals(text, Placeholder.in("postgresql://app:" + text + "@db.eu.acme.dev:5432/app"));
        }
        assertEquals("your-host", Placeholder.in("postgresql://app:pw@your-host:5432/app"));
    }
}
