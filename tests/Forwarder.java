import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What ssh -L does: a port of this machine that leads to another one. Also a program, as which it is a tunnel. */
final class Forwarder implements AutoCloseable {
    private final ServerSocket local;
    private final int port;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    /** Servers whose next answer is lost. */
    private final Set<Socket> swallowed = ConcurrentHashMap.newKeySet();
    /** Servers whose answers nobody gets any more. */
    private final Set<Socket> muted = ConcurrentHashMap.newKeySet();
    private volatile String cutAt;
    private volatile String muteAt;
    private volatile boolean delivered;
    private volatile boolean dark;

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

    /**
     * Breaks every connection when a client next sends this text, once: with it, or before it arrives.
     *
     * @param arrives whether the server gets it; its answer is lost then
     */
    void cut(String text, boolean arrives) {
        delivered = arrives;
        cutAt = text;
    }

    /** From when a client next sends this text, once, nothing comes back to it, and nothing tells it so. */
    void mute(String text) {
        muteAt = text;
    }

    /** While it is dark nobody gets through, and whoever is through already is cut off. */
    void dark(boolean now) {
        dark = now;
        if (now) {
            drop();
        }
    }

    private void accept() {
        while (!local.isClosed()) {
            try {
                Socket near = local.accept();
                if (dark) {
                    near.close();
                    continue;
                }
                Socket far = new Socket(InetAddress.getByName("127.0.0.1"), port);
                open.add(near);
                open.add(far);
                thread(() -> copy(near, far, true));
                thread(() -> copy(far, near, false));
            } catch (IOException e) {
                continue;
            }
        }
    }

    private void copy(Socket from, Socket to, boolean fromClient) {
        try (from; to; InputStream in = from.getInputStream(); OutputStream out = to.getOutputStream()) {
            byte[] bytes = new byte[8192];
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                String sent = fromClient ? new String(bytes, 0, read, StandardCharsets.ISO_8859_1) : "";
                if (muteAt != null && sent.contains(muteAt)) {
                    muteAt = null;
                    muted.add(to);
                }
                if (muted.contains(from)) {
                    continue;
                }
                boolean cut = fromClient && cutAt != null && sent.contains(cutAt);
                if (cut) {
                    cutAt = null;
                }
                if (cut && !delivered || !fromClient && swallowed.remove(from)) {
                    drop();
                    return;
                }
                if (cut) {
                    swallowed.add(to);
                }
                out.write(bytes, 0, read);
                out.flush();
            }
        } catch (IOException e) {
            return;
        } finally {
            open.remove(from);
        }
    }

    private void drop() {
        for (Socket socket : open) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
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
            drop();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
