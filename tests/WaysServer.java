//SOURCES World.java

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import lib.Clients;
import lib.Exec;
import lib.Failure;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.sql.Name;

/** A server with every way in: TCP over IPv4 and IPv6, a Unix socket, TLS with an authority of its own. */
final class WaysServer implements AutoCloseable {
    static final String DATABASE = "Sh \"op\"/1?&%41@x'y";
    static final String USER = "us@er:1/%";

    final Path folder;
    final Path sockets;
    final int port;
    private final Scratch server;

    WaysServer() {
        try {
            folder = Files.createTempDirectory("ways ").toRealPath();
            sockets = Files.createDirectory(folder.resolve("sock"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        Path bin = Servers.fitting(Clients.newest().major());
        server = Scratch.start(bin);
        Target admin = server.target(null);
        port = admin.port();
        certificates();
        World.execute(admin, "CREATE ROLE " + Name.quote(USER) + " LOGIN PASSWORD " + Postgres.literal(World.PASSWORD),
                "CREATE ROLE certified LOGIN", "CREATE ROLE nobody LOGIN PASSWORD ''",
                "CREATE DATABASE " + Name.quote(DATABASE) + " OWNER " + Name.quote(USER),
                "ALTER SYSTEM SET listen_addresses = '127.0.0.1,::1'",
                "ALTER SYSTEM SET unix_socket_directories = " + Postgres.literal(sockets.toString()),
                "ALTER SYSTEM SET ssl = on",
                "ALTER SYSTEM SET ssl_cert_file = " + Postgres.literal(file("server.crt")),
                "ALTER SYSTEM SET ssl_key_file = " + Postgres.literal(file("server.key")),
                "ALTER SYSTEM SET ssl_ca_file = " + Postgres.literal(file("ca.crt")));
        World.write(server.data().resolve("pg_hba.conf"), """
                hostssl all certified all cert
                local all all scram-sha-256
                host all all all scram-sha-256
                """);
        restart(bin);
    }

    private void restart(Path bin) {
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            // PostgreSQL does not run as root; inside a user namespace we are nobody.
            command.addAll(List.of("unshare", "-U"));
        }
        command.addAll(List.of(bin.resolve("pg_ctl").toString(), "restart", "-w", "-s", "-m", "fast", "-D",
                server.data().toString(), "-l", server.data().resolve("server.log").toString()));
        // A server that is started keeps the streams it was given: they must not be pipes of ours.
        try {
            int exit = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(folder.resolve("restart.log").toFile()).start().waitFor();
            if (exit != 0) {
                throw new AssertionError(World.read(folder.resolve("restart.log"))
                        + World.read(server.data().resolve("server.log")));
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    // An authority, a server that is called localhost, a client that is called certified, and a stranger's authority.
    private void certificates() {
        authority("ca", "Ways Authority");
        authority("stranger", "Another Authority");
        signed("server", "localhost", "subjectAltName=DNS:localhost");
        signed("client", "certified", "basicConstraints=CA:FALSE");
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", "client.key", "-outform", "DER", "-out", "client.pk8");
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "sec1.key");
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", "sec1.key", "-out", "curve.key");
        certify("curve", "certified", "basicConstraints=CA:FALSE");
        for (String key : List.of("server.key", "client.key", "client.pk8", "curve.key", "sec1.key")) {
            close(key);
        }
    }

    private void authority(String name, String subject) {
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + subject,
                "-keyout", name + ".key", "-out", name + ".crt");
    }

    private void signed(String name, String subject, String extension) {
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", name + ".key");
        certify(name, subject, extension);
    }

    private void certify(String name, String subject, String extension) {
        World.write(folder.resolve("extension"), extension + "\n");
        openssl("req", "-new", "-key", name + ".key", "-subj", "/CN=" + subject, "-out", name + ".csr");
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", "extension", "-out", name + ".crt");
    }

    Exec.Result openssl(String... arguments) {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(Arrays.asList(arguments));
        return Exec.of(command).in(folder).run().orStop("openssl failed", null);
    }

    /** The superuser's database. */
    Target admin() {
        return server.target(null);
    }

    /** A file of the server's folder, for a setting or, encoded, for a URL. */
    String file(String name) {
        return folder.resolve(name).toString();
    }

    String encoded(String name) {
        return file(name).replace(" ", "%20");
    }

    /** Leaves a file to its owner alone. */
    Path close(String name) {
        return permit(name, "rw-------");
    }

    Path permit(String name, String permissions) {
        try {
            return Files.setPosixFilePermissions(folder.resolve(name),
                    java.nio.file.attribute.PosixFilePermissions.fromString(permissions));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static final String WHO = "SELECT concat_ws(' ', current_database(), current_user, inet_server_addr(),"
            + " inet_server_port(), s.ssl, s.client_dn, current_setting('work_mem'), current_setting('search_path'))"
            + " FROM pg_stat_ssl s WHERE pid = pg_backend_pid()";

    /** What the JDBC driver and libpq's programs reach; where both do not reach the same, that is said. */
    static String both(Target target) {
        String driver;
        try (Connection connection = Postgres.read(target, "test")) {
            driver = Postgres.one(connection, WHO);
        } catch (SQLException | Failure e) {
            driver = "no: " + e.getMessage();
        }
        Exec.Result psql = Exec.of(Clients.newest().tool("psql").toString(), "-XAtw", "-v", "ON_ERROR_STOP=1", "-c",
                WHO).with(target.environment()).with(Map.of("PGAPPNAME", "test")).run();
        String libpq = psql.ok() ? psql.out() : "no: " + psql.err();
        boolean refused = driver.startsWith("no: ") && libpq.startsWith("no: ");
        return driver.equals(libpq) ? driver : refused ? driver + "\n" + libpq
                : "NOT THE SAME\ndriver " + driver + "\nlibpq " + libpq;
    }

    @Override
    public void close() {
        server.close();
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
