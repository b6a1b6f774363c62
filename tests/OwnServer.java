//SOURCES ../lib/Postgres.java ../lib/Scratch.java ../lib/Servers.java ../lib/Target.java

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lib.Exec;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;

/** A server whose settings a test may change: who is let in, certificates, how many. */
final class OwnServer implements AutoCloseable {
    static final String ANYBODY = "host all all 127.0.0.1/32 scram-sha-256\n";
    private static final String STORE = "changeit";

    final Scratch scratch = Scratch.start(Servers.fitting(15));

    /** A database of it as the superuser; the parameters are added to its URL. */
    Target target(String... parameters) {
        return as("postgres", scratch.target(null).password(), parameters);
    }

    Target as(String user, String password, String... parameters) {
        Target target = scratch.target(null);
        Map<String, String> all = new HashMap<>(Map.of("connect_timeout", "5", "sslmode", "disable"));
        for (int i = 0; i < parameters.length; i += 2) {
            all.put(parameters[i], parameters[i + 1]);
        }
        return new Target(target.host(), target.port(), target.database(), user, password, all);
    }

    void execute(String... statements) {
        World.execute(scratch.target(null), statements);
    }

    /** Lets in whom these lines of pg_hba.conf let in, from the next connection on; the superuser always gets in. */
    void admits(String lines) {
        write("pg_hba.conf", "host all postgres 127.0.0.1/32 scram-sha-256\n" + lines);
        reload();
    }

    /**
     * Shows a certificate made out to this name ({@code dns:localhost}), valid from so many days from now to so many;
     * the file of the authority that signed it, a new one each time, comes back.
     */
    Path certificate(String name, int from, int to) {
        try {
            Path folder = Files.createTempDirectory(scratch.data().getParent(), "tls");
            Path store = folder.resolve("store.p12");
            Path request = folder.resolve("request");
            Path authority = folder.resolve("root.crt");
            keytool(store, "-genkeypair", "-alias", "ca", "-keyalg", "EC", "-dname", "CN=CA of " + folder.getFileName(),
                    "-ext", "bc:c=ca:true", "-startdate", "-99d", "-validity", "199");
            keytool(store, "-genkeypair", "-alias", "server", "-keyalg", "EC", "-dname", "CN=server");
            keytool(store, "-certreq", "-alias", "server", "-file", request.toString());
            keytool(store, "-gencert", "-alias", "ca", "-infile", request.toString(), "-rfc", "-outfile",
                    folder.resolve("server.crt").toString(), "-ext", "san=" + name, "-startdate", from + "d",
                    "-validity", String.valueOf(to - from));
            keytool(store, "-exportcert", "-alias", "ca", "-rfc", "-file", authority.toString());
            KeyStore keys = KeyStore.getInstance(store.toFile(), STORE.toCharArray());
            write("server.crt", World.read(folder.resolve("server.crt")));
            write("server.key", pem("PRIVATE KEY", keys.getKey("server", STORE.toCharArray()).getEncoded()));
            execute("ALTER SYSTEM SET ssl = on");
            reload();
            return authority;
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static void keytool(Path store, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", STORE));
        Exec.Result made = Exec.of(command).run();
        if (!made.ok()) {
            throw new AssertionError(made.out() + made.err());
        }
    }

    private static String pem(String what, byte[] bytes) {
        return "-----BEGIN " + what + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes)
                + "\n-----END " + what + "-----\n";
    }

    /** Writes a file that belongs to the server, whoever runs it. */
    void write(String name, String text) {
        try {
            Path file = Files.writeString(scratch.data().resolve(name), text);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            Files.setOwner(file, Files.getOwner(scratch.data()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void reload() {
        execute("SELECT pg_reload_conf()", "SELECT pg_sleep(0.3)");
    }

    /** Stops it and starts it again, for settings that are read at the start only. */
    void restart() {
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            // PostgreSQL does not run as root; inside a user namespace we are nobody.
            command.addAll(List.of("unshare", "-U"));
        }
        Path log = scratch.data().resolveSibling("restart.log");
        command.addAll(List.of(Servers.fitting(15).resolve("pg_ctl").toString(), "restart", "-w", "-s", "-m", "fast",
                "-D", scratch.data().toString(), "-l", scratch.data().resolve("server.log").toString()));
        try {
            // A server that is started keeps the streams it was given: they must not be pipes of ours.
            if (new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start()
                    .waitFor() != 0) {
                throw new AssertionError(World.read(log) + World.read(scratch.data().resolve("server.log")));
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Tells it to stop as soon as everybody has left; until then it lets nobody in. */
    void leave() {
        ProcessHandle.of(Long.parseLong(World.read(scratch.data().resolve("postmaster.pid")).lines().findFirst()
                .orElseThrow())).orElseThrow().destroy();
    }

    @Override
    public void close() {
        scratch.close();
    }
}
