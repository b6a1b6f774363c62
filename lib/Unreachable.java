//SOURCES Failure.java Gate.java Provider.java Target.java

package lib;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;

/** Why a server cannot be used, told apart by what the driver and the server said, each with its own way out. */
final class Unreachable {
    /** To learn whether anybody takes the call at all, when the driver only says that it took too long. */
    private static final int MILLIS_TO_KNOCK = 2000;

    private final Target target;
    private final SQLException error;
    private final String place;
    private final String said;

    private Unreachable(Target target, SQLException error) {
        this.target = target;
        this.error = error;
        this.place = target.socket() == null ? target.host() + ":" + target.port() : target.socket();
        this.said = String.valueOf(error.getMessage()).lines().findFirst().orElse("").replaceFirst("^FATAL: +", "");
    }

    static Failure of(Target target, SQLException error) {
        Unreachable reasons = new Unreachable(target, error);
        return Stream.<Optional<Failure>>of(reasons.certificate(), reasons.road(), reasons.protocol(),
                reasons.startUp()).flatMap(Optional::stream).findFirst().orElseGet(reasons::login);
    }

    /** The server speaks TLS and shows a certificate that does not do. */
    private Optional<Failure> certificate() {
        String look = "openssl s_client -starttls postgres -connect " + place + " -showcerts";
        if (has(CertificateExpiredException.class) || has(CertificateNotYetValidException.class)) {
            return because("TLS with " + place + " fails, its certificate is out of date: " + deepest(),
                    "renew it at the server, and check this machine's clock: date");
        }
        if (said.contains("could not be verified")) {
            return because("the certificate that " + place + " shows is another host's",
                    "put the host it is made for into the URL; it is shown by: openssl s_client -starttls postgres"
                    + " -connect " + place + " </dev/null | openssl x509 -noout -subject -ext subjectAltName");
        }
        if (has(FileNotFoundException.class) || said.startsWith("Could not open SSL root certificate file")) {
            return because("sslmode=" + target.parameters().getOrDefault("sslmode", "prefer")
                    + " needs the certificate of your provider's CA: " + said,
                    "download it from your provider and name it in the URL: sslrootcert=/path/ca.crt");
        }
        if (has(SSLException.class) && (deepest().contains("certification path")
                || deepest().contains("Path does not chain") || deepest().contains("trust anchor"))) {
            return because("TLS with " + place + " fails, its certificate is of a CA that sslrootcert does not hold: "
                    + deepest(), "download your provider's CA and name it in the URL: sslrootcert=/path/ca.crt; "
                    + "what the server shows: " + look);
        }
        return Optional.empty();
    }

    /** No road leads there, or nobody is at home. */
    private Optional<Failure> road() {
        if (has(UnknownHostException.class)) {
            return because("no such host: " + target.host(), target.host().endsWith(".internal")
                    ? "this name is known only inside the provider's network: use the public URL"
                    : "check the host in the URL: nslookup " + target.host());
        }
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            String words = Gate.words(cause);
            if (cause instanceof ConnectException && words.contains("refused")) {
                return because(place + " refuses the connection: no server listens there",
                        "check host and port, and that the server runs: " + ready());
            }
            if (cause instanceof SocketException && words.contains("nreachable") && newAddressesOnly()) {
                return because("no road leads from this machine to " + place
                        + ", which has an IPv6 address only", "use the address your provider has for IPv4"
                        + Provider.byIpv4(target).map(way -> " (" + way + ")").orElse("") + ", or a network with IPv6");
            }
            if (cause instanceof NoRouteToHostException
                    || cause instanceof SocketException && words.contains("nreachable")) {
                return because("no road leads from this machine to " + place + ": " + words,
                        "check this machine's network and VPN: ping " + target.host());
            }
        }
        boolean late = said.contains("attempt timed out") || has(SocketTimeoutException.class);
        if (late && takesCalls()) {
            return because(place + " takes the connection and then did not answer within " + target.patience() + " s",
                    "something else listens there (a web server waits like this), or the server hangs: " + ready());
        }
        if (late || has(ConnectException.class)) {
            return because(place + " did not answer within " + target.patience() + " s",
                    Provider.allow(target.host()));
        }
        return Optional.empty();
    }

    private boolean newAddressesOnly() {
        try {
            return Arrays.stream(InetAddress.getAllByName(target.host())).allMatch(Inet6Address.class::isInstance);
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private boolean takesCalls() {
        if (target.socket() != null) {
            return true;
        }
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(target.host(), target.port()), MILLIS_TO_KNOCK);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Somebody answers, in another language. */
    private Optional<Failure> protocol() {
        if (said.contains("does not support SSL")) {
            return because(place + " offers no TLS, and the URL asks for it",
                    "turn it on at the server; on a network of your own only, leave sslmode out of the URL");
        }
        if (has(EOFException.class) || has(SocketException.class)) {
            return because(place + " takes the connection and closes it without a word",
                    "a proxy without its server, a database that sleeps, or a firewall: look at it in your provider's "
                    + "dashboard, then: " + ready());
        }
        if (said.contains("Protocol error") || said.contains("setting up the SSL connection")
                && !has(SSLException.class)) {
            return because(place + " does not speak PostgreSQL's protocol",
                    "something else listens there, a web server perhaps: check the port in the URL");
        }
        if (has(SSLException.class)) {
            return because("TLS with " + place + " fails: " + deepest(), "check sslmode and sslrootcert in the URL; "
                    + "what the server shows: openssl s_client -starttls postgres -connect " + place);
        }
        return Optional.empty();
    }

    /** A pooler takes fewer parameters than a server does. */
    private Optional<Failure> startUp() {
        boolean pooler = said.contains("unsupported startup parameter")
                || said.contains("doesn't support command-line options");
        return pooler ? Optional.of(new Failure(Failure.Exit.STOP, place + " is a connection pooler: " + said,
                Provider.direct(target), error)) : Optional.empty();
    }

    /** A server answers and does not let this user in. */
    private Failure login() {
        String user = "user " + target.user();
        if (said.contains("no password was provided")) {
            return failure(place + " asks for the password of " + user + ", and the URL has none",
                    "put it into the URL: postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
        }
        return switch (String.valueOf(error.getSQLState())) {
            // The server says the same for a role that is not there, so that nobody can search for names.
            case "28P01" -> failure(place + " refuses the password of " + user + ", or there is no such user",
                    "check user and password in the URL; special characters are written as %XX");
            case "28000" -> refused(user);
            case "3D000" -> failure(place + " has no database " + target.database(),
                    "check the last part of the URL; psql -l lists the databases");
            case "42501" -> failure(place + " keeps " + user + " out of database " + target.database(),
                    "as its owner: GRANT CONNECT ON DATABASE … TO …;");
            case "53300" -> full(user);
            case "55000" -> failure(place + " takes no connections to database " + target.database() + ": " + said,
                    "as a superuser: ALTER DATABASE … ALLOW_CONNECTIONS true;");
            case "57P03" -> failure(place + " is up, but not ready: " + said,
                    "wait until it is, then run it again: " + ready());
            default -> failure(place + " cannot be used: " + said, "try it: " + ready());
        };
    }

    private Failure refused(String user) {
        if (said.contains("not permitted to log in")) {
            return failure(place + " does not let " + user + " log in: " + said, "ALTER ROLE … LOGIN;");
        }
        if (said.contains("does not exist")) {
            return failure(place + " has no " + user, "check the user in the URL; psql -c '\\du' lists them");
        }
        if (said.contains("client certificate")) {
            return failure(place + " asks for a client certificate: " + said,
                    "name it in the URL: sslcert=/path/client.crt&sslkey=/path/client.key");
        }
        // "no encryption" from 12 on, "SSL off" before.
        if (said.contains("no encryption") || said.contains("SSL off")) {
            return failure(place + " does not let " + user + " in without TLS: " + said,
                    "add sslmode=require to the URL; if it is there, the server offers no TLS and needs "
                    + "a line for this address in its pg_hba.conf");
        }
        return failure(place + " does not let " + user + " in from this address: " + said,
                "allow this machine's address in the server's pg_hba.conf or your provider's dashboard");
    }

    private Failure full(String user) {
        if (said.contains("for role")) {
            return failure(place + " lets " + user + " have no more connections: " + said,
                    "close some of its sessions, or: ALTER ROLE … CONNECTION LIMIT -1;");
        }
        if (said.contains("for database")) {
            return failure(place + " lets database " + target.database() + " have no more connections: " + said,
                    "close some sessions, or: ALTER DATABASE … CONNECTION LIMIT -1;");
        }
        return failure(place + " has no free connection: " + said,
                "close some sessions (a service stopped, or one instance fewer), then run it again");
    }

    private boolean has(Class<? extends Throwable> kind) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (kind.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    private String deepest() {
        Throwable cause = error;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return Gate.words(cause);
    }

    private String ready() {
        return "pg_isready -h " + target.host() + " -p " + target.port();
    }

    private Optional<Failure> because(String message, String hint) {
        return Optional.of(failure(message, hint));
    }

    private Failure failure(String message, String hint) {
        return new Failure(Failure.Exit.MISSING, message, hint, error);
    }
}
