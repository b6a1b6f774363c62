//SOURCES WaysServer.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import lib.Exec;
import lib.Failure;
import lib.Target;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Every way into one database: the JDBC driver and libpq's programs get to the same place, or both do not. */
class WaysInTest {
    private static final String LOGIN = encode(WaysServer.USER) + ":" + encode(World.PASSWORD);
    private static final String DATABASE = encode(WaysServer.DATABASE);
    private static final String THERE = WaysServer.DATABASE + " " + WaysServer.USER + " ";
    private static WaysServer server;

    @BeforeAll
    static void start() {
        assumeTrue(Exec.of("openssl", "version").run().ok(), "openssl is not installed");
        server = new WaysServer();
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static Target parse(String url, String... variables) {
        Map<String, String> environment = new HashMap<>(Map.of("HOME", server.file("home")));
        for (int at = 0; at < variables.length; at += 2) {
            environment.put(variables[at], variables[at + 1]);
        }
        return Target.parse(url, environment);
    }

    /** Both lead there, and so does the URL that is handed to our own programs. */
    private static void leads(String expected, String url, String... variables) {
        Target target = parse(url, variables);
        assertEquals(expected, WaysServer.both(target).replaceFirst(" 4MB \"\\$user\", public$", "")
                .replaceFirst(" 32MB \"\\$user\", public$", ""), target.place());
        assertEquals(target, parse(target.url()), "its own URL leads to the same database");
    }

    private static void refusedByBoth(String url, String driver, String libpq, String... variables) {
        String answer = WaysServer.both(parse(url, variables));
        assertTrue(answer.startsWith("no: "), answer);
        assertTrue(answer.lines().findFirst().orElse("").contains(driver), answer);
        assertTrue(answer.contains(libpq), answer);
        assertFalse(answer.contains("S3cret"), answer);
    }

    private static void refused(String url, String message, String hint, String... variables) {
        Failure failure = assertThrows(Failure.class, () -> parse(url, variables));
        assertEquals(Failure.Exit.USAGE, failure.exit);
        assertTrue(failure.getMessage().contains(message), failure.getMessage());
        assertTrue(failure.hint.contains(hint), failure.hint);
    }

    private static String tcp(String parameters) {
        return "postgresql://" + LOGIN + "@localhost:" + server.port + "/" + DATABASE + parameters;
    }

    private static String overTcp(String tls) {
        return THERE + "127.0.0.1 " + server.port + " " + tls;
    }

    @Test
    void tcpWithAHostAnAddressAndIpv6() throws IOException {
        leads(overTcp("f"),
                "postgresql://" + LOGIN + "@127.0.0.1:" + server.port + "/" + DATABASE + "?sslmode=disable");
        assumeTrue(InetAddress.getByName("::1") instanceof Inet6Address && Files.exists(
                java.nio.file.Path.of("/proc/net/if_inet6")), "this machine has no IPv6");
        leads(THERE + "::1 " + server.port + " t", "postgresql://" + LOGIN + "@[::1]:" + server.port + "/" + DATABASE);
    }

    @Test
    void aUnixSocketHoweverItIsWritten() {
        String there = THERE + "f";
        leads(there, "postgresql://" + LOGIN + "@" + encode(server.sockets.toString()) + ":" + server.port + "/"
                + DATABASE);
        leads(there, "postgresql:///" + DATABASE + "?host=" + encode(server.sockets.toString()) + "&port="
                + server.port + "&user=" + encode(WaysServer.USER) + "&password=" + encode(World.PASSWORD));
        // As Prisma and Google write it; TLS has no meaning there, whatever the URL asks for.
        leads(there, "postgresql://" + LOGIN + "@localhost:" + server.port + "/" + DATABASE + "?host="
                + encode(server.sockets.toString()) + "&sslmode=require&schema=public");
    }

    @Test
    void aSocketThatIsNotThereIsNamed() {
        String nowhere = encode(server.file("none"));
        refusedByBoth("postgresql://" + LOGIN + "@" + nowhere + "/" + DATABASE,
                server.file("none") + "/.s.PGSQL.5432 refuses the connection: no server listens there",
                ".s.PGSQL.5432");
        assertEquals(server.sockets + "/.s.PGSQL.7", parse("postgresql://u@" + encode(server.sockets.toString())
                + ":7/x").socket());
    }

    @Test
    void aSocketCarriesLongValuesBothWays() throws Exception {
        Target target = parse("postgresql://" + LOGIN + "@" + encode(server.sockets.toString()) + ":" + server.port
                + "/" + DATABASE);
        String text = "ä".repeat(3_000_000);
        try (var connection = lib.Postgres.read(target, "test")) {
            assertEquals("6000000", lib.Postgres.one(connection, "SELECT octet_length('" + text + "')"));
            assertEquals(text, lib.Postgres.one(connection, "SELECT repeat('ä', 3000000)"));
        }
    }

    @Test
    void wordsInsteadOfAUrl() {
        leads(overTcp("t"), "host=localhost port=" + server.port + " dbname='" + WaysServer.DATABASE.replace("'", "\\'")
                + "' user=" + WaysServer.USER + " password = '" + World.PASSWORD + "' sslmode=require");
    }

    @Test
    void aServiceGivesWhatTheUrlLeavesOut() {
        World.write(server.folder.resolve("services.conf"), "# ours\n[other]\nhost=elsewhere.invalid\n\n[shop]\n"
                + "host=localhost\nport=" + server.port + "\ndbname=" + WaysServer.DATABASE + "\nuser="
                + WaysServer.USER + "\npassword=" + World.PASSWORD + "\nsslmode=require\n");
        String[] place = {"PGSERVICEFILE", server.file("services.conf")};
        leads(overTcp("t"), "postgresql://?service=shop", place);
        leads(overTcp("t"), "service=shop", place);
        leads("postgres " + WaysServer.USER + " 127.0.0.1 " + server.port + " f",
                "postgresql:///postgres?service=shop&sslmode=disable", place);
        refused("service=shopp", "there is no service \"shopp\" in " + place[1], "name one of: other, shop", place);
        refused("service=shop", "there is no service \"shop\" in any pg_service.conf", "~/.pg_service.conf",
                "PGSYSCONFDIR", "/none");
        World.write(server.folder.resolve("home/.pg_service.conf"), "[mine]\nhost=localhost\nS3cret line\n");
        refused("service=mine", "home/.pg_service.conf line 3 is neither", "correct that line");
    }

    @Test
    void aPasswordFileGivesThePassword() {
        String line = "*:" + server.port + ":*:" + WaysServer.USER.replace(":", "\\:") + ":"
                + World.PASSWORD.replace(":", "\\:") + "\n";
        World.write(server.folder.resolve("pass"), "# ours\nlocalhost:1:*:*:wrong\n" + line);
        server.close("pass");
        String url = tcp("").replace(":" + encode(World.PASSWORD) + "@", "@");
        leads(overTcp("t"), url, "PGPASSFILE", server.file("pass"));
        leads(overTcp("t"), url + "?passfile=" + server.encoded("pass"));
        leads(overTcp("t"), url.replace("@", ":@"), "PGPASSFILE", server.file("pass"));
        server.permit("pass", "rw-r--r--");
        refused(url, "can be read by others (rw-r--r--)", "chmod 600 '" + server.file("pass") + "'", "PGPASSFILE",
                server.file("pass"));
        assertEquals(WaysServer.USER, parse(tcp(""), "PGPASSFILE", server.file("pass")).user(), "it is not needed");
        leads(overTcp("t"), url, "PGPASSWORD", World.PASSWORD);
    }

    @Test
    void everyCharacterOfAPasswordIsKept() {
        StringBuilder printable = new StringBuilder();
        for (char letter = ' '; letter < 127; letter++) {
            printable.append(letter);
        }
        for (String password : new String[] {printable.toString(), "größe €  ", "%41", "\\'\"`$", "a+b c", "日本"}) {
            World.execute(parse(admin()), "ALTER ROLE nobody PASSWORD " + lib.Postgres.literal(password));
            leads("postgres nobody 127.0.0.1 " + server.port + " t",
                    "postgresql://nobody:" + encode(password) + "@localhost:" + server.port + "/postgres");
            leads("postgres nobody 127.0.0.1 " + server.port + " t", "host=localhost port=" + server.port
                    + " dbname=postgres user=nobody password='" + password.replace("\\", "\\\\").replace("'", "\\'")
                    + "'");
        }
        refusedByBoth("postgresql://nobody:S3cret-but-wrong@localhost:" + server.port + "/postgres",
                "refuses the password of user nobody", "password authentication failed");
    }

    private static String admin() {
        return server.admin().url();
    }

    @Test
    void tlsIsAsStrictOnBothWays() {
        String ca = "&sslrootcert=" + server.encoded("ca.crt");
        String stranger = "&sslrootcert=" + server.encoded("stranger.crt");
        leads(overTcp("f"), tcp("?sslmode=disable"));
        leads(overTcp("f"), tcp("?sslmode=allow"));
        for (String parameters : new String[] {"", "?sslmode=prefer", "?sslmode=require", "?sslmode=no-verify",
            "?ssl=true", "?sslmode=require" + ca, "?sslmode=verify-ca" + ca, "?sslmode=verify-full" + ca,
            "?sslmode=verify-full&channel_binding=require" + ca, "?sslmode=require&gssencmode=disable",
            "?sslmode=require&target_session_attrs=read-write&application_name=x&connect_timeout=5",
            "?pgbouncer=true&schema=public&connection_limit=1&pool_timeout=0&sslaccept=strict"}) {
            leads(overTcp("t"), tcp(parameters));
        }
        String address = tcp("").replace("@localhost", "@127.0.0.1");
        leads(overTcp("t"), address + "?sslmode=verify-ca" + ca);
        refusedByBoth(address + "?sslmode=verify-full" + ca, "the certificate that 127.0.0.1",
                "does not match host name");
        for (String mode : new String[] {"require", "verify-ca", "verify-full"}) {
            refusedByBoth(tcp("?sslmode=" + mode + stranger), "TLS with localhost", "certificate verify failed");
        }
        refused(tcp("?sslmode=verify-full"), "there is none: neither sslrootcert nor " + server.file("home"), "system");
        String options = tcp("?options=-c%20work_mem%3D5MB%20-c%20search_path%3Da");
        assertTrue(WaysServer.both(parse(options)).endsWith("t 5MB a"), options);
    }

    @Test
    void theAuthorityOfTheSystemIsOneFileForBoth() {
        String system = "?sslrootcert=system";
        leads(overTcp("t"), tcp(system), "SSL_CERT_FILE", server.file("ca.crt"));
        refusedByBoth(tcp(system), "TLS with localhost", "certificate verify failed", "SSL_CERT_FILE",
                server.file("stranger.crt"));
        refused(tcp(system + "&sslmode=require"), "proves nothing with sslmode=require", "verify-full");
    }

    @Test
    void theUsualFilesAndTheStricterModeOfTheEnvironmentCount() throws IOException {
        Files.createDirectories(server.folder.resolve("other/.postgresql"));
        Files.copy(server.folder.resolve("stranger.crt"), server.folder.resolve("other/.postgresql/root.crt"));
        refusedByBoth(tcp("?sslmode=require"), "TLS with localhost", "certificate verify failed", "HOME",
                server.file("other"));
        leads(overTcp("t"), tcp(""), "PGSSLMODE", "verify-full", "PGSSLROOTCERT", server.file("ca.crt"));
        leads(overTcp("t"), tcp(""), "PGSSLMODE", "disable");
    }

    @Test
    void aClientCertificateInEachFormOfItsKey() {
        String url = "postgresql://certified@localhost:" + server.port + "/postgres?sslmode=verify-full&sslrootcert="
                + server.encoded("ca.crt") + "&sslcert=" + server.encoded("client.crt") + "&sslkey=";
        String there = "postgres certified 127.0.0.1 " + server.port + " t /CN=certified";
        leads(there, url + server.encoded("client.key"));
        leads(there, url + server.encoded("client.pk8"));
        leads(there, (url + server.encoded("curve.key")).replace("client.crt", "curve.crt"));
        refusedByBoth("postgresql://certified@localhost:" + server.port + "/postgres?sslmode=require",
                "localhost", "certificate");
        refused((url + server.encoded("sec1.key")).replace("client.crt", "curve.crt"), "EC PRIVATE KEY",
                "openssl pkcs8 -topk8 -nocrypt -in '" + server.file("sec1.key") + "'");
        refused(url + server.encoded("none.key"), "sslkey of the database URL is not there", "whole path");
        refused(url.replace("&sslkey=", ""), "no key to it", "&sslkey=FILE");
        refused(url + server.encoded("client.key") + "&sslpassword=S3cret", "has a password", "-nocrypt");
        server.permit("client.pk8", "rw-r--r--");
        refused(url + server.encoded("client.pk8"), "can be read by others", "chmod 600");
        server.close("client.pk8");
    }

    @Test
    void whatOnlyOneOfBothWouldObeyIsRefused() {
        refused(tcp("?sslmode=require&sslcrl=/x"), "sslcrl, which the JDBC driver does not obey", "leave it out");
        refused(tcp("?ssl_min_protocol_version=TLSv1.3"), "TLSv1.3", "postgresql.conf");
        refused(tcp("?sslnegotiation=direct"), "needs TLS", "sslmode=require");
        refused(tcp("?sslmode=requir"), "sslmode=requir", "sslmode=require");
        refused(tcp("?hostaddr=127.0.0.1"), "both host and hostaddr", "leave hostaddr out");
        refused(tcp("").replace("@localhost", "@one,two"), "more than one host", "takes writes");
        refused("postgresql://u@%40abstract/x", "socket without a file", "unix_socket_directories");
    }
}
