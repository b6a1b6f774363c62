//SOURCES ../Failure.java ../Target.java

package lib.way;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import lib.Failure;
import lib.Target;

/** Whether something takes connections at a target's place; what it speaks is another question. */
final class Reach {
    private static final int PATIENCE = 2000;
    private static final int PAUSE = 250;

    private Reach() {
    }

    static boolean answers(Target target) {
        try {
            if (target.socket() != null) {
                SocketAddress file = UnixDomainSocketAddress.of(Path.of(target.socket()));
                try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                    return channel.connect(file);
                }
            }
            for (InetAddress address : InetAddress.getAllByName(target.host())) {
                if (answers(new InetSocketAddress(address, target.port()))) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean answers(SocketAddress address) {
        try (Socket socket = new Socket()) {
            socket.connect(address, PATIENCE);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** A moment between two looks. */
    static void pause() {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted while waiting for the database", null, e);
        }
    }
}
