//SOURCES PreflightCase.java

/** Each gate of preflight.java: open, and closed for its own reason. */
import java.io.IOException;
import java.net.ServerSocket;
import java.util.Map;
import lib.Target;
import org.junit.jupiter.api.Test;

/** Each reason for which production cannot be reached, told apart. */
class ReachTest extends PreflightCase {
    @Test
    void aClosedPortIsNamed() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        url(at("127.0.0.1", port));
        World.Result seen = stops("db.reach", 12,
                "127.0.0.1:" + port + " refuses the connection: no server listens there",
                "pg_isready -h 127.0.0.1 -p " + port);
        saw(seen, "tools.version", "skip", "db.reach comes first");
    }

    @Test
    void aServerThatDoesNotAnswerIsToldFromOneThatRefuses() throws IOException {
        try (ServerSocket silent = new ServerSocket(0)) {
            url(at("127.0.0.1", silent.getLocalPort()));
            stops("db.reach", 12, " did not answer within 1 s", "firewall");
        }
    }

    @Test
    void anUnknownHostIsNamed() {
        url(at("nowhere.invalid", 5432));
        stops("db.reach", 12, "no such host: nowhere.invalid", "nslookup nowhere.invalid");
        url(at("postgres.railway.internal", 5432));
        stops("db.reach", 12, "no such host: postgres.railway.internal", "use the public URL");
    }

    @Test
    void aWrongPasswordAMissingOneAndAnUnknownDatabaseAreToldApart() {
        Target target = world.production;
        String place = target.host() + ":" + target.port();
        url(new Target(target.host(), target.port(), target.database(), "app", "S3cret-but-wrong",
                target.parameters()));
        stops("db.reach", 12, place + " refuses the password of user app", "special characters are written as %XX");
        url(new Target(target.host(), target.port(), target.database(), "app", null, target.parameters()));
        world.environment.put("PGPASSFILE", "/dev/null");
        stops("db.reach", 12, place + " asks for the password of user app, and the URL has none",
                "put it into the URL");
        url(target.database("No Such"));
        stops("db.reach", 12, place + " has no database No Such", "the last part of the URL");
    }

    @Test
    void aServerWithoutTlsIsRefusedWhenTheUrlAsksForIt() {
        Target target = world.production;
        url(new Target(target.host(), target.port(), target.database(), "app", World.PASSWORD, Map.of("sslmode",
                "require")));
        stops("db.reach", 12, "offers no TLS, and the URL asks for it", "sslmode");
    }
}
