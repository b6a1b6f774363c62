import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import lib.Failure;
import lib.Secrets;
import lib.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Database URLs as people and providers write them. */
class TargetTest {
    private static void is(String url, String host, int port, String database, String user, String password) {
        Target target = Target.parse(url);
        assertEquals(new Target(host, port, database, user, password, target.parameters()), target);
        Target again = Target.parse(target.url());
        assertEquals(target, again, "its own URL leads to the same database");
        assertEquals(target.url(), again.url());
    }

    private static void refused(String url, String message) {
        Failure failure = assertThrows(Failure.class, () -> Target.parse(url));
        assertEquals(Failure.Exit.USAGE, failure.exit);
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
        assertFalse((failure.getMessage() + failure.hint).contains("hush"), "it shows a part of the password");
    }

    @Test
    void aPlainUrlIsTakenApart() {
        is("postgresql://app:pw@db.example.com:6543/shop", "db.example.com", 6543, "shop", "app", "pw");
        is("postgres://app:pw@db.example.com/shop", "db.example.com", 5432, "shop", "app", "pw");
        is(" postgresql://app:pw@db/shop\n", "db", 5432, "shop", "app", "pw");
    }

    @Test
    void whatIsLeftOutHasItsUsualValue() {
        String me = System.getProperty("user.name");
        is("postgresql://app@db", "db", 5432, "app", "app", null);
        is("postgresql://db/shop", "db", 5432, "shop", me, null);
        is("postgresql:///shop", "localhost", 5432, "shop", me, null);
        is("postgresql://app:@db:/shop", "db", 5432, "shop", "app", "");
    }

    @Test
    void aPasswordIsUnderstoodEncodedAndAsItIs() {
        is("postgresql://app:p%40ss%3Aw%2Frd%2541@db/shop", "db", 5432, "shop", "app", "p@ss:w/rd%41");
        is("postgresql://app:p@ss:w/rd@db:1/shop", "db", 1, "shop", "app", "p@ss:w/rd");
        is("postgresql://app:100%@db/shop", "db", 5432, "shop", "app", "100%");
        is("postgresql://app:a+b%20c#d@db/shop", "db", 5432, "shop", "app", "a+b c#d");
        is("postgresql://app:w?y=1@db/shop?sslmode=require", "db", 5432, "shop", "app", "w?y=1");
        is("postgresql://app:p@s?w@db/shop", "db", 5432, "shop", "app", "p@s?w");
        is("postgresql://app:größe€@db/shop", "db", 5432, "shop", "app", "größe€");
        is("postgresql://us%40er%3A:pw@db/shop", "db", 5432, "shop", "us@er:", "pw");
    }

    @Test
    void ipv6AddressesStandInBrackets() {
        is("postgresql://app:pw@[::1]:6543/shop", "::1", 6543, "shop", "app", "pw");
        is("postgresql://app:pw@[2001:db8::2]/shop", "2001:db8::2", 5432, "shop", "app", "pw");
        assertEquals("postgresql://app:pw@[::1]:5432/shop", Target.parse("postgresql://app:pw@[::1]/shop").url());
    }

    @Test
    void databaseNamesMayBeOdd() {
        is("postgresql://app:pw@db/App%20%22One%22", "db", 5432, "App \"One\"", "app", "pw");
        is("postgresql://app:pw@db/a/b", "db", 5432, "a/b", "app", "pw");
        is("postgresql://app:pw@db/a%3Fb%40c%25d", "db", 5432, "a?b@c%d", "app", "pw");
        is("postgresql://app:pw@db/größe", "db", 5432, "größe", "app", "pw");
    }

    @Test
    void parametersAreKeptAndHandedOn(@TempDir Path folder) throws IOException {
        String file = Files.writeString(folder.resolve("ca x.pem"), "").toString();
        Target target = Target.parse("postgresql://app:pw@db/shop?sslmode=verify-full&sslrootcert="
                + file.replace("/", "%2F").replace(" ", "%20")
                + "&channel_binding=require&application_name=a@b&pgbouncer=true&schema=public");
        assertEquals("db", target.host());
        assertEquals(file, target.parameters().get("sslrootcert"));
        assertEquals("verify-full", target.environment().get("PGSSLMODE"));
        assertEquals("require", target.environment().get("PGCHANNELBINDING"));
        assertEquals("verify-full", target.properties().getProperty("sslmode"));
        assertEquals(file, target.properties().getProperty("sslrootcert"));
        assertEquals(Set.of(), target.properties().stringPropertyNames().stream()
                .filter(name -> name.matches("pgbouncer|schema|application_name")).collect(Collectors.toSet()));
        assertEquals("require", target.properties().getProperty("channelBinding"));
        assertEquals(target, Target.parse(target.url()));
        assertEquals("require", Target.parse("postgresql://db/shop?ssl=true").parameters().get("sslmode"));
        assertEquals(Map.of(), Target.parse("postgresql://db/shop?").parameters());
    }

    @Test
    void theWaitForAnAnswerCanBeSet() {
        assertEquals("15", Target.parse("postgresql://db/shop").environment().get("PGCONNECT_TIMEOUT"));
        Target patient = Target.parse("postgresql://db/shop?connect_timeout=3");
        assertEquals("3", patient.environment().get("PGCONNECT_TIMEOUT"));
        assertEquals("15", Target.parse("postgresql://db/shop?connect_timeout=0").patience());
    }

    @Test
    void programsGetEverythingByTheirEnvironmentAndNothingOfTheCallers() {
        Map<String, String> variables = Target.parse("postgresql://app:p%40ss@db:6543/Sh%22op").environment();
        assertEquals("db", variables.get("PGHOST"));
        assertEquals("6543", variables.get("PGPORT"));
        assertEquals("Sh\"op", variables.get("PGDATABASE"));
        assertEquals("app", variables.get("PGUSER"));
        assertEquals("p@ss", variables.get("PGPASSWORD"));
        for (String other : new String[] {"PGSERVICE", "PGHOSTADDR", "PGSSLMODE", "PGOPTIONS"}) {
            assertTrue(variables.containsKey(other), other);
            assertNull(variables.get(other), other);
        }
        assertTrue(Target.parse("postgresql://app@db").environment().containsKey("PGPASSWORD"));
        assertNull(Target.parse("postgresql://app@db").properties().getProperty("password"));
    }

    @Test
    void whatCannotBeUnderstoodSafelyIsRefusedAndNeverShown() {
        refused("", "this is not a PostgreSQL URL: it is empty");
        refused("mysql://app:hush@db/shop", "this is not a PostgreSQL URL: mysql://…");
        refused("jdbc:postgresql://db/shop?password=hush", "jdbc:postgresql://…");
        refused("PGPASSWORD=hush psql postgresql://db", "postgresql://…");
        refused("hush", "a text without ://");
        refused("postgresql://app:hush", "stands no number from 1 to 65535");
        refused("postgresql://app:123456@db:hush/shop", "stands no number from 1 to 65535");
        refused("postgresql://app:hush@db:0/shop", "stands no number from 1 to 65535");
        refused("postgresql://app:hush@db:65536/shop", "stands no number from 1 to 65535");
        refused("postgresql://app:hush@one:5432,two:5432/shop", "more than one host");
        refused("postgresql://app:hush@db/shop?sslmode=requir", "sslmode=requir, which is none there is");
        refused("postgresql://app:hush@db/shop?hostaddr=1.2.3.4", "gives both host and hostaddr");
        refused("host=db password='hush", "after host=… this is no list");
        refused("secret=hush host=db", "this is not a PostgreSQL URL: a text without ://");
    }

    @Test
    void whatStandsBehindTheQuestionMarkGoesBeforeTheRest() {
        is("postgresql://app@/shop?host=/cloudsql/project:region:db&password=p%26w", "/cloudsql/project:region:db",
                5432, "shop", "app", "p&w");
        is("postgresql://app:pw@localhost/shop?host=db&port=1&dbname=other", "db", 1, "other", "app", "pw");
        is("postgresql://db:1/shop?application_name=a@b", "db", 1, "shop", System.getProperty("user.name"), null);
        is("postgresql://app:p/w?y=1@db/shop", "db", 5432, "shop", "app", "p/w?y=1");
    }

    @Test
    void wordsAreReadAsLibpqReadsThem() {
        is("host=db port=1 dbname=shop user=app password=pw", "db", 1, "shop", "app", "pw");
        is("host = db\n dbname = 'a b' user='o\\'x' password=a\\ b'c", "db", 5432, "a b", "o'x", "a b'c");
        is("hostaddr=::1 dbname='' user=app", "::1", 5432, "app", "app", null);
        is("user=app host=/run", "/run", 5432, "app", "app", null);
    }

    @Test
    void aPasswordBehindTheQuestionMarkIsMaskedToo() {
        assertEquals("postgresql://db/x?password=****&a=b", Secrets.mask("postgresql://db/x?password=release&a=b"));
    }

    @Test
    void whereItIsCanBeShown() {
        Target target = Target.parse("postgresql://app:correct-horse@db:6543/shop");
        assertEquals("shop on db:6543", target.place());
        assertEquals("shop on db:6543", target.toString());
        assertEquals("Target: shop on db:6543", "Target: " + target);
    }

    @Test
    void aPasswordThatWasMetIsMaskedInEveryForm() {
        Target.parse("postgresql://app:p%40s\"s\\w%2Frd@db/shop");
        String password = "p@s\"s\\w/rd";
        for (String form : new String[] {password, "p%40s%22s%5Cw%2Frd", "p%40s\"s\\w%2Frd", "p@s\\\"s\\\\w/rd"}) {
            assertEquals("it is ****!", Secrets.mask("it is " + form + "!"));
        }
    }

    @Test
    void aPasswordThatIsAWordDoesNotTearOtherWordsApart() {
        Target.parse("postgresql://postgres:release@db:5432/shop");
        Target.parse("postgresql://postgres:5432@db:5432/shop");
        String words = "_migrations/release-20261121.sql on db:5432";
        assertEquals(words, Secrets.mask(words));
        assertEquals("postgresql://postgres:****@db:5432/shop",
                Secrets.mask("postgresql://postgres:release@db:5432/shop"));
    }

    @Test
    void thePasswordOfAnyUrlIsMaskedAndTheFormInAHintIsNot() {
        assertEquals("push to https://me:****@git.example.com/x failed",
                Secrets.mask("push to https://me:ghp_unknown@git.example.com/x failed"));
        String hint = "export PROD_DATABASE_URL=postgresql://USER:PASSWORD@HOST:PORT/DATABASE";
        assertEquals(hint, Secrets.mask(hint));
        assertEquals("http://localhost:5173/@vite/client", Secrets.mask("http://localhost:5173/@vite/client"));
    }
}
