import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.SocketTimeoutException;
import java.sql.SQLException;
import java.util.Map;
import lib.Failure;
import lib.Postgres;
import lib.Provider;
import lib.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where each provider lets an address in, for a database that does not answer. */
class ProviderTest {
    @ParameterizedTest
    @CsvSource({"db-1.b.db.ondigitalocean.com,Trusted sources", "db.abc.supabase.co,Network Restrictions",
        "aws-0-eu-west-2.pooler.supabase.com,Network Restrictions", "ep-cool.eu-central-1.aws.NEON.tech,IP Allow",
        "app.abc.eu-west-1.rds.amazonaws.com,security group",
        "app.postgres.database.azure.com,az postgres flexible-server",
        "1234.abc.europe-west2.sql.goog,cloud-sql-proxy", "dpg-1-a.frankfurt-postgres.render.com,Inbound IP",
        "roundhouse.proxy.rlwy.net,Railway", "db.example.com,your provider's dashboard"})
    void aHostThatDoesNotAnswerLeadsToItsProvidersOwnPage(String host, String where) {
        Target target = new Target(host, 5432, "app", "app", "secret-123456", Map.of());
        Failure failure = Postgres.unreachable(target,
                new SQLException("The connection attempt failed.", "08001", new SocketTimeoutException("timed out")));
        assertTrue(failure.getMessage().contains("did not answer within"), failure.getMessage());
        assertTrue(failure.hint.startsWith("a firewall stands between"), failure.hint);
        assertTrue(failure.hint.contains(where), failure.hint);
    }

    @Test
    void aHostThatOnlyLooksLikeOneIsNobodys() {
        assertEquals(Provider.allow("db.example.com"), Provider.allow("neon.tech.example.com"));
    }
}
