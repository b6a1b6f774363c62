//SOURCES ../lib/Target.java World.java

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import lib.Target;

/** A real pgbouncer in front of a server. */
final class Bouncer implements AutoCloseable {
    private static final List<String> USUAL = List.of("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin");

    private final Path folder;
    private final Process process;
    private final int port;

    /** One in front of the server of a target, for its user; the mode is transaction, session or statement. */
    Bouncer(Target target, String mode) throws IOException {
        folder = Files.createTempDirectory("bouncer");
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        World.write(folder.resolve("users.txt"), '"' + target.user() + "\" \"" + target.password() + "\"\n");
        World.write(folder.resolve("pgbouncer.ini"), """
                [databases]
                * = host=127.0.0.1 port=%d
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                unix_socket_dir =
                auth_type = scram-sha-256
                auth_file = %s
                pool_mode = %s
                ignore_startup_parameters = extra_float_digits
                """.formatted(target.port(), port, folder.resolve("users.txt"), mode));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> command = new ArrayList<>(List.of(program().orElseThrow().toString(),
                folder.resolve("pgbouncer.ini").toString()));
        if (Files.getOwner(folder).getName().equals("root")) {
            // It refuses to run as root.
            command.addAll(1, List.of("-u", "nobody"));
        }
        process = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile()).start();
        for (int i = 0; i < 100 && !listens(); i++) {
            sleep();
        }
        if (!listens()) {
            throw new AssertionError(World.read(folder.resolve("log")));
        }
    }

    static Optional<Path> program() {
        return Stream.concat(Stream.of(System.getenv("PATH").split(":")), USUAL.stream())
                .map(bin -> Path.of(bin, "pgbouncer")).filter(Files::isExecutable).findFirst();
    }

    /** The same database through it. */
    Target through(Target target) {
        return new Target("127.0.0.1", port, target.database(), target.user(), target.password(),
                target.parameters());
    }

    private boolean listens() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        process.destroy();
        try (Stream<Path> files = Files.list(folder)) {
            process.waitFor();
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(folder);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
