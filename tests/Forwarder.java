import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What ssh -L does: a port of this machine that leads to another one. Also a program, as which it is a tunnel. */
final class Forwarder implements AutoCloseable {
    private final ServerSocket local;
    private final int port;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    /** Leads a local port to another one of this machine. */
    Forwarder(int local, int port) throws IOException {
        this(InetAddress.getByName("127.0.0.1"), local, port);
    }

    /** The same on any address of this machine; a local port of 0 stands for one that is free. */
    Forwarder(InetAddress address, int local, int port) throws IOException {
        this.local = new ServerSocket(local, 50, address);
        this.port = port;
        thread(this::accept);
    }

    /** The port that it listens on. */
    int port() {
        return local.getLocalPort();
    }

    /** A port that nobody listens on. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }

    /** Arguments: the local port, the one it leads to. */
    public static void main(String[] ports) throws Exception {
        System.out.println("listening on " + ports[0]);
        try (Forwarder forwarder = new Forwarder(Integer.parseInt(ports[0]), Integer.parseInt(ports[1]))) {
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    private void accept() {
        while (!local.isClosed()) {
            try {
                Socket near = local.accept();
                Socket far = new Socket(InetAddress.getByName("127.0.0.1"), port);
                open.add(near);
                open.add(far);
                thread(() -> copy(near, far));
                thread(() -> copy(far, near));
            } catch (IOException e) {
                continue;
            }
        }
    }

    private void copy(Socket from, Socket to) {
        try (from; to; InputStream in = from.getInputStream(); OutputStream out = to.getOutputStream()) {
            byte[] bytes = new byte[8192];
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                out.write(bytes, 0, read);
                out.flush();
            }
        } catch (IOException e) {
            return;
        } finally {
            open.remove(from);
            open.remove(to);
        }
    }

    private static void thread(Runnable work) {
        Thread thread = new Thread(work, "forwarder");
        thread.setDaemon(true);
        thread.start();
    }

    /** Closes the port and every connection through it. */
    @Override
    public void close() {
        try {
            local.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
