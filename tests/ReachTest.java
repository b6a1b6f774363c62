//SOURCES OwnServer.java PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.Failure;
import lib.Postgres;
import lib.Target;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Each reason for which production cannot be reached, told apart. */
class ReachTest extends PreflightCase {
    private OwnServer server;

    @BeforeAll
    void startServer() {
        server = new OwnServer();
        server.execute("CREATE ROLE app LOGIN PASSWORD " + Postgres.literal(World.PASSWORD));
    }

    @AfterAll
    void stopServer() {
        server.close();
    }

    @Override
    String only() {
        return "db.reach,tools.version,db.locks";
    }

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
        saw(seen, "db.locks", "skip", "db.reach comes first");
        assertFalse(seen.json().path("facts").has("tls"), seen::all);
    }

    @Test
    void aFilteredPortIsToldFromAServerThatTakesTheCallAndStaysSilent() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            url(at("127.0.0.1", silent.getLocalPort()));
            stops("db.reach", 12, " takes the connection and then did not answer within 1 s", "pg_isready");
            // With its queue full, Linux drops what else knocks, as a firewall does.
            List<Socket> queue = new ArrayList<>();
            try {
                for (int i = 0; i < 4; i++) {
                    Socket socket = new Socket();
                    queue.add(socket);
                    socket.connect(silent.getLocalSocketAddress(), 300);
                }
            } catch (IOException full) {
                // Full enough.
            }
            stops("db.reach", 12, " did not answer within 1 s", "a firewall stands between");
            for (Socket socket : queue) {
                socket.close();
            }
        }
    }

    @Test
    void anUnknownHostIsNamed() {
        url(at("nowhere.invalid", 5432));
        stops("db.reach", 12, "no such host: nowhere.invalid", "nslookup nowhere.invalid");
        url(at("postgres.railway.internal", 5432));
        stops("db.reach", 12, "no such host: postgres.railway.internal", "use the public URL");
    }

    /** Which of the two a machine says depends on its network; here it is said for it. */
    @Test
    void aHostWithoutAnAddressForIpv4IsToldWhereThereIsNoRoad() {
        SQLException error = new SQLException("The connection attempt failed.", "08001",
                new NoRouteToHostException("Network is unreachable"));
        Failure newer = Postgres.unreachable(at("2001:db8::1", 5432), error);
        assertTrue(newer.getMessage().contains("which has an IPv6 address only"), newer.getMessage());
        assertTrue(newer.hint.contains("the address your provider has for IPv4"), newer.hint);
        Failure older = Postgres.unreachable(at("192.0.2.1", 5432), error);
        assertTrue(older.getMessage().contains("no road leads from this machine to 192.0.2.1:5432"),
                older.getMessage());
        assertTrue(older.hint.contains("network and VPN"), older.hint);
    }

    @Test
    void anotherProtocolAndACallThatIsCutAreTold() throws IOException {
        HttpServer web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.start();
        url(at("127.0.0.1", web.getAddress().getPort()));
        stops("db.reach", 12, " takes the connection and then did not answer", "a web server waits like this");
        web.stop(0);
        try (ServerSocket cutting = answering(new byte[0])) {
            url(at("127.0.0.1", cutting.getLocalPort()));
            stops("db.reach", 12, " takes the connection and closes it without a word", "a proxy without its server");
        }
        try (ServerSocket shell = answering("SSH-2.0-OpenSSH_9\r\n".getBytes(StandardCharsets.UTF_8))) {
            url(at("127.0.0.1", shell.getLocalPort()));
            stops("db.reach", 12, " does not speak PostgreSQL's protocol", "check the port in the URL");
        }
    }

    @Test
    void aServerThatIsStartingIsToldFromOneThatIsShuttingDown() throws IOException, SQLException {
        try (ServerSocket starting = answering(error("57P03", "the database system is starting up"))) {
            url(at("127.0.0.1", starting.getLocalPort()));
            stops("db.reach", 12, "is up, but not ready: the database system is starting up", "wait until it is");
        }
        try (OwnServer leaving = new OwnServer();
                Connection last = Postgres.write(leaving.scratch.target(null), "test")) {
            leaving.leave();
            url(leaving.target());
            stops("db.reach", 12, "is up, but not ready: the database system is shutting down", "run it again");
            Postgres.execute(last, "SELECT 1");
        }
    }

    /** Says no to TLS, reads the greeting, and answers with these bytes; with none it hangs up at once. */
    private static ServerSocket answering(byte[] answer) throws IOException {
        ServerSocket listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(() -> {
            while (!listening.isClosed()) {
                try (Socket caller = listening.accept(); OutputStream out = caller.getOutputStream()) {
                    DataInputStream in = new DataInputStream(caller.getInputStream());
                    while (answer.length > 0) {
                        byte[] message = in.readNBytes(in.readInt() - 4);
                        if (message.length > 4) {
                            out.write(answer);
                            break;
                        }
                        out.write('N');
                    }
                } catch (IOException e) {
                    // The caller has heard enough.
                    continue;
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        return listening;
    }

    private static byte[] error(String state, String message) {
        byte[] fields = ("SFATAL\0VFATAL\0C" + state + "\0M" + message + "\0\0").getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(fields.length + 5).put((byte) 'E').putInt(fields.length + 4).put(fields)
                .array();
    }

    @Test
    void aPoolerThatRefusesAParameterIsNamedAsOne() throws IOException {
        try (ServerSocket pooler = answering(error("08P01", "unsupported startup parameter: extra_float_digits"))) {
            url(at("127.0.0.1", pooler.getLocalPort()));
            stops("db.reach", 10, " is a connection pooler: unsupported startup parameter", "leads to the server");
        }
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
    void whomTheServerDoesNotLetInIsToldWhy() {
        server.execute("DROP ROLE IF EXISTS closed", "CREATE ROLE closed NOLOGIN PASSWORD 'x'");
        server.admits("host all nobody,closed 127.0.0.1/32 trust\nhost all banned 127.0.0.1/32 reject\n");
        url(server.as("closed", "x"));
        stops("db.reach", 12, " does not let user closed log in", "ALTER ROLE … LOGIN;");
        url(server.as("nobody", "x"));
        stops("db.reach", 12, " has no user nobody", "check the user in the URL");
        url(server.as("banned", "x"));
        stops("db.reach", 12, " does not let user banned in", "pg_hba.conf");
        url(server.as("app", World.PASSWORD));
        stops("db.reach", 12, "without TLS: no pg_hba.conf entry for host \"127.0.0.1\"", "add sslmode=require");
        server.admits(OwnServer.ANYBODY);
        server.execute("ALTER DATABASE template1 ALLOW_CONNECTIONS false");
        url(server.as("app", World.PASSWORD).database("template1"));
        stops("db.reach", 12, " takes no connections to database template1", "ALLOW_CONNECTIONS true");
        server.execute("ALTER DATABASE template1 ALLOW_CONNECTIONS true",
                "REVOKE CONNECT ON DATABASE template1 FROM PUBLIC");
        stops("db.reach", 12, " keeps user app out of database template1", "GRANT CONNECT ON DATABASE");
        server.execute("GRANT CONNECT ON DATABASE template1 TO PUBLIC");
    }

    @Test
    void aRoleADatabaseAndAServerWithoutAFreeConnectionAreToldApart() throws SQLException {
        server.admits(OwnServer.ANYBODY);
        server.execute("ALTER ROLE app CONNECTION LIMIT 0");
        url(server.as("app", World.PASSWORD));
        stops("db.reach", 12, " lets user app have no more connections", "ALTER ROLE … CONNECTION LIMIT -1;");
        server.execute("ALTER ROLE app CONNECTION LIMIT -1", "CREATE DATABASE small CONNECTION LIMIT 0");
        url(server.as("app", World.PASSWORD).database("small"));
        stops("db.reach", 12, " lets database small have no more connections", "ALTER DATABASE … CONNECTION LIMIT");
        url(server.as("app", World.PASSWORD));
        List<Connection> others = new ArrayList<>();
        try {
            for (int i = 0; i < 97; i++) {
                others.add(Postgres.write(server.target(), "test"));
            }
            stops("db.reach", 12, " has no free connection: remaining connection slots are reserved", "close some");
        } finally {
            for (Connection other : others) {
                other.close();
            }
        }
    }

    @Test
    void tlsThatIsMissingOnOneSideIsTold() {
        Target target = world.production;
        url(new Target(target.host(), target.port(), target.database(), "app", World.PASSWORD, Map.of("sslmode",
                "require")));
        stops("db.reach", 12, "offers no TLS, and the URL asks for it", "sslmode");
        server.certificate("dns:localhost", -1, 30);
        server.admits("hostssl all app 127.0.0.1/32 scram-sha-256\n");
        url(server.as("app", World.PASSWORD, "sslmode", "disable"));
        stops("db.reach", 12, " does not let user app in without TLS", "add sslmode=require to the URL");
        url(server.as("app", World.PASSWORD, "sslmode", "require"));
        World.Result seen = gates("--only", "db.reach");
        saw(seen, "db.reach", "pass", "PostgreSQL 15.");
    }

    @Test
    void eachFaultOfACertificateIsTold() {
        server.admits(OwnServer.ANYBODY);
        String valid = server.certificate("dns:localhost", -1, 30).toString();
        url(server.as("app", World.PASSWORD, "sslmode", "verify-full", "sslrootcert", valid));
        stops("db.reach", 12, "shows is another host's", "openssl s_client -starttls postgres");
        String other = server.certificate("dns:127.0.0.1", -1, 30).toString();
        url(server.as("app", World.PASSWORD, "sslmode", "verify-ca", "sslrootcert", valid));
        stops("db.reach", 12, "is of a CA that sslrootcert does not hold", "sslrootcert=/path/ca.crt");
        url(server.as("app", World.PASSWORD, "sslmode", "verify-ca", "sslrootcert", other));
        saw(gates("--only", "db.reach"), "db.reach", "pass", "PostgreSQL 15.");
        String old = server.certificate("dns:localhost", -30, -1).toString();
        url(server.as("app", World.PASSWORD, "sslmode", "verify-ca", "sslrootcert", old));
        stops("db.reach", 12, "its certificate is out of date", "renew it at the server");
    }

    @Test
    void aStandbyStopsAndADatabaseThatIsReadOnlyByDefaultIsAWarning() {
        try (OwnServer standby = new OwnServer()) {
            standby.execute("CREATE ROLE app LOGIN PASSWORD " + Postgres.literal(World.PASSWORD),
                    "ALTER ROLE app SET default_transaction_read_only = on", "ALTER SYSTEM SET wal_level = replica");
            url(standby.as("app", World.PASSWORD));
            World.Result seen = gates("--only", "db.reach");
            assertEquals(0, seen.exit(), seen::all);
            saw(seen, "db.reach", "warn", ", read-only by default");
            standby.restart();
            standby.write("standby.signal", "");
            standby.restart();
            stops("db.reach", 10, " is a standby, which can only be read", "use the URL of the primary");
        }
    }
}
