package lib;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.net.SocketFactory;

/** Connections through the socket file of a server on this machine; the JDBC driver itself knows TCP only. */
public final class UnixSocket extends SocketFactory {
    private final Path file;

    /** Named to the driver as {@code socketFactory}; the file is its {@code socketFactoryArg}. */
    public UnixSocket(String file) {
        this.file = Path.of(file);
    }

    @Override
    public Socket createSocket() throws IOException {
        return new Line(file);
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return createSocket();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
        return createSocket();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return createSocket();
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
        return createSocket();
    }

    /** A channel in the shape of a socket: Java gives the one for such files and the driver wants the other. */
    private static final class Line extends Socket {
        private final Path file;
        private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        private final Selector readable = Selector.open();
        private final Selector writable = Selector.open();
        private int patience;

        Line(Path file) throws IOException {
            this.file = file;
        }

        @Override
        public void connect(SocketAddress place) throws IOException {
            connect(place, 0);
        }

        @Override
        public void connect(SocketAddress place, int timeout) throws IOException {
            if (!Files.exists(file)) {
                throw new ConnectException("Connection refused: there is no " + file);
            }
            channel.connect(UnixDomainSocketAddress.of(file));
            channel.configureBlocking(false);
            channel.register(readable, SelectionKey.OP_READ);
            channel.register(writable, SelectionKey.OP_WRITE);
        }

        @Override
        public InputStream getInputStream() {
            return new InputStream() {
                @Override
                public int read() throws IOException {
                    byte[] one = new byte[1];
                    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
                }

                @Override
                public int read(byte[] bytes, int from, int length) throws IOException {
                    ByteBuffer buffer = ByteBuffer.wrap(bytes, from, length);
                    int count = channel.read(buffer);
                    while (count == 0 && length > 0) {
                        readable.selectedKeys().clear();
                        if (readable.select(patience) == 0 && patience > 0) {
                            throw new SocketTimeoutException("nothing came within " + patience + " ms");
                        }
                        count = channel.read(buffer);
                    }
                    return count;
                }
            };
        }

        @Override
        public OutputStream getOutputStream() {
            return new OutputStream() {
                @Override
                public void write(int letter) throws IOException {
                    write(new byte[] {(byte) letter}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int from, int length) throws IOException {
                    ByteBuffer buffer = ByteBuffer.wrap(bytes, from, length);
                    while (buffer.hasRemaining()) {
                        if (channel.write(buffer) == 0) {
                            writable.selectedKeys().clear();
                            writable.select();
                        }
                    }
                }
            };
        }

        @Override
        public boolean isConnected() {
            return channel.isConnected();
        }

        @Override
        public boolean isClosed() {
            return !channel.isOpen();
        }

        @Override
        public void setSoTimeout(int milliseconds) {
            patience = milliseconds;
        }

        @Override
        public int getSoTimeout() {
            return patience;
        }

        // What only TCP has.
        @Override
        public void setTcpNoDelay(boolean on) {
            return;
        }

        @Override
        public void setKeepAlive(boolean on) {
            return;
        }

        @Override
        public void setSendBufferSize(int size) {
            return;
        }

        @Override
        public int getSendBufferSize() {
            return 1 << 16;
        }

        @Override
        public void setReceiveBufferSize(int size) {
            return;
        }

        @Override
        public int getReceiveBufferSize() {
            return 1 << 16;
        }

        @Override
        public synchronized void close() throws IOException {
            channel.close();
            readable.close();
            writable.close();
        }
    }
}
