//SOURCES Bouncer.java PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import lib.Postgres;
import lib.Provider;
import lib.Target;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The gate db.pooler, with a real pgbouncer in each of its modes. */
class PoolerTest extends PreflightCase {
    // pgbouncer takes the name of a database as it stands; what needs quoting there is not what is tested here.
    @Override
    String database() {
        return "pooled";
    }

    @BeforeAll
    void aPoolerIsThere() {
        assumeTrue(Bouncer.program().isPresent(), "pgbouncer is not installed");
    }

    @Test
    void withoutAPoolerTheGateIsOpen() {
        World.Result seen = gates("--only", "db.pooler");
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "db.pooler", "pass", "no pooler in between");
        assertEquals("none", seen.json().at("/facts/pooler").asText());
    }

    @Test
    void oneForTransactionsIsRefusedAndNoSettingStaysBehindInIt() throws IOException, SQLException {
        try (Bouncer bouncer = new Bouncer(world.production, "transaction")) {
            url(bouncer.through(world.production));
            World.Result seen = stops("db.pooler", 10,
                    "is a connection pooler that shares its connections between transactions",
                    "use the URL that leads to the server directly");
            saw(seen, "db.reach", "pass", "PostgreSQL 15.");
            // The application's next connections must not be read-only, nor have our limits.
            Set<String> settings = new HashSet<>();
            for (int i = 0; i < 5; i++) {
                try (Connection application = Postgres.write(bouncer.through(world.production), "test")) {
                    settings.add(Postgres.one(application, "SELECT current_setting('default_transaction_read_only')"
                            + " || ' ' || current_setting('lock_timeout')"));
                }
            }
            assertEquals(Set.of("off 0"), settings);
        }
    }

    @Test
    void oneForSingleStatementsIsRefused() throws IOException {
        try (Bouncer bouncer = new Bouncer(world.production, "statement")) {
            url(bouncer.through(world.production));
            stops("db.pooler", 10, "shares its connections between transactions", "directly");
        }
    }

    @Test
    void oneForSessionsIsAWarning() throws IOException {
        try (Bouncer bouncer = new Bouncer(world.production, "session")) {
            url(bouncer.through(world.production));
            World.Result seen = gates("--only", "db.pooler");
            assertEquals(0, seen.exit(), seen::all);
            saw(seen, "db.pooler", "warn", "a session pooler stands in between");
            assertEquals("session", seen.json().at("/facts/pooler").asText());
        }
    }

    @Test
    void aBackupIsRefusedToo() throws IOException {
        try (Bouncer bouncer = new Bouncer(world.production, "transaction")) {
            url(bouncer.through(world.production));
            World.Result seen = world.run("backup", "--json");
            assertEquals(10, seen.exit(), seen::all);
            assertTrue(seen.all().contains("shares its connections between transactions"), seen::all);
        }
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', value = {
        "aws-0-eu-west-1.pooler.supabase.com, 6543, aws-0-eu-west-1.pooler.supabase.com:5432",
        "db.abcdefgh.supabase.co, 6543, Supabase: db.abcdefgh.supabase.co:5432",
        "ep-cool-name-123-pooler.eu-central-1.aws.neon.tech, 5432, ep-cool-name-123.eu-central-1.aws.neon.tech",
        "shop-do-user-1-0.b.db.ondigitalocean.com, 25061, shop-do-user-1-0.b.db.ondigitalocean.com:25060",
        "shop.proxy-abc123.eu-west-1.rds.amazonaws.com, 5432, RDS Proxy: the endpoint of the instance",
        "shop.postgres.database.azure.com, 6432, Azure: shop.postgres.database.azure.com:5432",
        "roundhouse.proxy.rlwy.net, 12345, Railway: DATABASE_PUBLIC_URL of the Postgres service",
        "ec2-1-2-3-4.compute-1.amazonaws.com, 5432, Heroku: DATABASE_URL",
        "db.example.com, 6432, host and port of PostgreSQL itself"})
    void theWayPastAPoolerIsTheProviders(String host, int port, String way) {
        String hint = Provider.direct(new Target(host, port, "shop", "app", null, Map.of()));
        assertTrue(hint.contains(way), hint);
    }
}
