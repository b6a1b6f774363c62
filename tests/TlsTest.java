//SOURCES Forwarder.java OwnServer.java PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.HashMap;
import java.util.Map;
import lib.Target;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The gate db.tls, on this machine's loopback and on an address that others could reach. */
class TlsTest extends PreflightCase {
    private OwnServer server;
    private InetAddress address;
    private Forwarder forward;

    @BeforeAll
    void startServer() throws IOException {
        server = new OwnServer();
        address = NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses)
                .filter(found -> found instanceof Inet4Address && !found.isLoopbackAddress()).findFirst().orElse(null);
        assumeTrue(address != null, "this machine has no address but its loopback");
        forward = new Forwarder(address, 0, server.target().port());
    }

    @AfterAll
    void stopServer() {
        if (forward != null) {
            forward.close();
        }
        server.close();
    }

    private Target remote(String... parameters) {
        Target target = server.target(parameters);
        return new Target(address.getHostAddress(), forward.port(), target.database(), target.user(),
                target.password(), target.parameters());
    }

    @Test
    void productionWithoutTlsIsRefusedUnlessItsNetworkIsDeclaredPrivate() {
        server.execute("ALTER SYSTEM SET ssl = off", "SELECT pg_reload_conf()", "SELECT pg_sleep(0.3)");
        Map<String, String> none = new HashMap<>(remote().parameters());
        none.remove("sslmode");
        Target target = remote();
        url(new Target(target.host(), target.port(), target.database(), target.user(), target.password(), none));
        World.Result seen = stops("db.tls", 10, "no TLS: everybody between here and " + address.getHostAddress(),
                "{\"environments\": {\"production\": {\"network\": \"private\"}}}");
        assertEquals("false", seen.json().at("/facts/tls/on").asText(), seen::all);
        world.write("release.json", "{\"checks\": [[\"git\", \"--version\"]],"
                + " \"environments\": {\"production\": {\"network\": \"private\"}, \"staging\": {}}}");
        world.push("a private network");
        World.Result declared = gates("--only", "db.tls");
        if (address.isSiteLocalAddress() || address.isLinkLocalAddress()) {
            assertEquals(0, declared.exit(), declared::all);
            saw(declared, "db.tls", "pass", "is on a network that release.json declares private");
        } else {
            assertEquals(10, declared.exit(), declared::all);
            saw(declared, "db.tls", "stop", "is a public address, though release.json declares the network");
        }
        world.write("release.json", "{\"environments\": {\"staging\": {}}}");
        world.environment.put("STAGING_DATABASE_URL", world.environment.get("PROD_DATABASE_URL"));
        World.Result staging = gates("--only", "db.tls", "--env", "staging");
        assertEquals(0, staging.exit(), staging::all);
        saw(staging, "db.tls", "warn", "no TLS: everybody between");
    }

    @Test
    void theVersionIsShownAndAServerThatIsNotVerifiedIsAWarning() {
        String root = server.certificate("ip:" + address.getHostAddress(), -1, 30).toString();
        url(remote("sslmode", "require"));
        World.Result seen = gates("--only", "db.tls");
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "db.tls", "warn", "TLSv1.3, TLS_");
        saw(seen, "db.tls", "warn", "but sslmode=require does not verify who is at the other end");
        assertEquals("TLSv1.3", seen.json().at("/facts/tls/version").asText(), seen::all);
        url(remote("sslmode", "verify-full", "sslrootcert", root));
        saw(gates("--only", "db.tls"), "db.tls", "pass", "certificate and host verified");
        url(remote("sslmode", "disable"));
        World.Result off = gates("--only", "db.tls");
        assertEquals(10, off.exit(), off::all);
        assertTrue(off.gate("db.tls").path("hint").asText().contains("sslmode=require"), off::all);
    }
}
