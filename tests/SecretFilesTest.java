//SOURCES PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Secrets stay out of git: what it has of them, and what the next commit would take, is named. */
class SecretFilesTest extends PreflightCase {
    private static final String REMOTE = "postgresql://app:S3cret-words@db.eu.acme.dev/app";

    private void add(String path, String text) {
        world.write(path, text);
        world.git("add", "--force", path);
        world.git("commit", "-q", "-m", "add " + path);
    }

    private World.Result ignored() {
        return gates("--only", "ignored");
    }

    @Test
    void everyFileWithSecretsIsNamedAndTheWayOutCanBePasted() {
        add("apps/my web/.env.local", "A=1\n");
        add(".env.production", "DATABASE_URL=" + REMOTE + "\n");
        add(".env.staging", "STRIPE_SECRET_KEY=sk_live_S3cret\n");
        add(".pgpass", "db.eu.acme.dev:5432:app:app:S3cret\n");
        add("pg_service.conf", "[a]\nhost=x\npassword=S3cret\n");
        World.Result seen = ignored();
        assertEquals(10, seen.exit(), seen::all);
        saw(seen, "ignored", "stop", ".env.production, .env.staging, .pgpass, apps/my web/.env.local, pg_service.conf"
                + " are in git, and they hold secrets");
        paste(seen, "ignored");
        World.Result after = ignored();
        assertEquals(0, after.exit(), after::all);
        assertTrue(java.nio.file.Files.exists(world.repo.resolve("apps/my web/.env.local")), "the files stay");
        assertEquals("", world.git("status", "--porcelain"));
    }

    @Test
    void whatHoldsNoSecretIsLetBe() {
        add(".env.production", "NEXT_PUBLIC_API=https://api.acme.dev\nPORT=3000\nAPI_TOKEN=\n"
                + "DB=postgresql://app:${PASSWORD}@db.eu.acme.dev/app\nJWT_SECRET=changeme\n");
        add(".env.test", "DATABASE_URL=postgresql://app:app@localhost:5432/test\nJWT_SECRET=for-tests-only\n");
        add(".env.example", "DATABASE_URL=postgresql://app:secret@db.example.com/app\nTOKEN=abcdefghijkl\n");
        add(".env.vault", "DOTENV_VAULT_PRODUCTION=\"S3cretless\"\n");
        add("tests/fixtures/server.pem", "-----BEGIN PRIVATE KEY-----\nx\n");
        add("ca.pem", "-----BEGIN CERTIFICATE-----\nx\n");
        World.Result seen = ignored();
        saw(seen, "ignored", "pass", "_migrations/ stays out of git");
        assertFalse(seen.gate("ignored").path("message").asText().contains(".env"), seen::all);
    }

    @Test
    void anExampleThatLeadsToARealServerAndAKeyAreDoubted() {
        add(".env.example", "DATABASE_URL=" + REMOTE + "\n");
        add("deploy.key", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n");
        World.Result seen = ignored();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "ignored", "warn", ".env.example is an example, and its DATABASE_URL leads to a real server");
        saw(seen, "ignored", "warn", "deploy.key is a private key, and it is in git");
    }

    @Test
    void theKeyThatADatabaseUrlNamesIsNamed() throws Exception {
        add("certs/app.pem", "-----BEGIN PRIVATE KEY-----\nx\n");
        java.nio.file.Files.setPosixFilePermissions(world.repo.resolve("certs/app.pem"),
                java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
        String file = world.repo.resolve("certs/app.pem").toString().replace(" ", "%20");
        world.environment.put("PROD_DATABASE_URL", world.url() + (world.url().contains("?") ? "&" : "?")
                + "sslmode=require&sslcert=" + file + "&sslkey=" + file);
        saw(ignored(), "ignored", "stop", "certs/app.pem is in git, and it holds secrets");
    }

    @Test
    void whatTheNextCommitWouldTakeIsNamed() {
        world.write(".env.production", "A=1\n");
        world.write("web/.env.local", "A=1\n");
        world.write(".env.example", "A=1\n");
        World.Result seen = ignored();
        assertEquals(10, seen.exit(), seen::all);
        saw(seen, "ignored", "stop", ".env.production, web/.env.local are not ignored by git");
        paste(seen, "ignored");
        assertEquals(0, ignored().exit());
        assertEquals("?? .env.example", world.git("status", "--porcelain"));
    }
}
