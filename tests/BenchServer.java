//SOURCES ../lib/Clients.java ../lib/Exec.java ../lib/Failure.java ../lib/Postgres.java ../lib/Servers.java
//SOURCES ../lib/Target.java

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.Clients;
import lib.Exec;
import lib.Failure;
import lib.Postgres;
import lib.Servers;
import lib.Target;

/** A server as a package leaves it: default settings, durable. Production, and what the plain commands restore on. */
final class BenchServer implements AutoCloseable {
    private static final String PASSWORD = "benchmark-of-nothing-secret";

    final Clients.Client client;
    private final Path bin;
    private final Path data;
    private final int port;
    private final Thread cleaner = new Thread(this::stop, "benchmark server");

    /** Sets one up in a folder and starts it; the newest client's major, so that its pg_dump fits. */
    BenchServer(Path folder) {
        client = Clients.newest();
        bin = Servers.fitting(client.major());
        data = folder;
        port = freePort();
        try {
            Path secret = Files.writeString(Files.createTempFile("benchmark", null), PASSWORD);
            run("initdb", "-D", data.toString(), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A",
                    "scram-sha-256", "--pwfile=" + secret);
            Files.delete(secret);
        } catch (IOException e) {
            throw Failure.missing("no server can be set up in " + folder + ": " + e.getMessage(), null);
        }
        Runtime.getRuntime().addShutdownHook(cleaner);
        run("pg_ctl", "start", "-w", "-s", "-D", data.toString(), "-l", data.resolve("log").toString(), "-o",
                "-p " + port + " -c listen_addresses=127.0.0.1 -c unix_socket_directories=");
    }

    Target target(String database) {
        return new Target("127.0.0.1", port, database, "postgres", PASSWORD, Map.of("sslmode", "disable"));
    }

    /** The database with this content, made once. */
    Target database(String name, List<String> statements) throws SQLException {
        Target target = target(name);
        try (Connection connection = Postgres.write(target("postgres"), "benchmark")) {
            if (Postgres.one(connection, "SELECT 1 FROM pg_database WHERE datname = " + Postgres.literal(name))
                    != null) {
                return target;
            }
            Postgres.execute(connection, "CREATE DATABASE " + name);
        }
        execute(target, statements);
        return target;
    }

    void execute(Target target, List<String> statements) throws SQLException {
        try (Connection connection = Postgres.write(target, "benchmark")) {
            for (String statement : statements) {
                Postgres.execute(connection, statement);
            }
        }
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(cleaner);
        stop();
    }

    private void stop() {
        Exec.of(command("pg_ctl", "stop", "-m", "immediate", "-s", "-D", data.toString())).run();
    }

    private void run(String program, String... arguments) {
        // A server that is started keeps the streams it was given: they must not be pipes of ours.
        ProcessBuilder builder = new ProcessBuilder(command(program, arguments)).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        try {
            if (builder.start().waitFor() != 0) {
                throw Failure.missing(Exec.typed(builder.command()) + " failed", "run it by hand to see why");
            }
        } catch (IOException e) {
            throw Failure.missing(program + " cannot be started: " + e.getMessage(), null);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted", null, e);
        }
    }

    private List<String> command(String program, String... arguments) {
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            // PostgreSQL does not run as root; inside a user namespace we are nobody.
            command.addAll(List.of("unshare", "-U"));
        }
        command.add(bin.resolve(program).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw Failure.missing("there is no free port: " + e.getMessage(), null);
        }
    }
}
