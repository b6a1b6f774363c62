//SOURCES ../Failure.java ../Gate.java ../Phase.java ../Pooler.java ../Postgres.java ../Project.java ../Provider.java
//SOURCES ../Target.java Database.java

package lib.preflight;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import lib.Failure;
import lib.Gate;
import lib.Phase;
import lib.Pooler;
import lib.Postgres;
import lib.Project;
import lib.Provider;
import lib.Target;

/** The gates of the way to the server: encrypted where strangers could listen, and nothing in between. */
public final class Server {
    private static final int CARRIER_NAT = 100;

    private final Project project;
    private final Phase phase;
    private final Database database;

    public Server(Project project, Phase phase, Database database) {
        this.project = project;
        this.phase = phase;
        this.database = database;
    }

    /** Nobody on the way can read or change what is sent. */
    public Gate.Finding tls() throws SQLException, UnknownHostException {
        Target target = database.target();
        String mode = target.parameters().getOrDefault("sslmode", "prefer");
        // As libpq has it: an authority's certificate that is named is compared with.
        mode = mode.equals("require") && target.parameters().containsKey("sslrootcert") ? "verify-ca" : mode;
        List<String> row = database.rows(
                "SELECT ssl, version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()").get(0);
        boolean direct = Postgres.direct(database.shared());
        // What stands in between speaks TLS itself; the server then tells of its own side, not of ours.
        boolean encrypted = direct && row.get(0).equals("t")
                || (!direct || row.get(0).equals("f")) && !List.of("disable", "allow").contains(mode) && offered();
        Map<String, Object> fact = new LinkedHashMap<>(Map.of("on", encrypted, "sslmode", mode));
        String found = "TLS, up to a proxy in front of the server";
        if (encrypted && direct && row.get(0).equals("t")) {
            fact.put("version", row.get(1));
            fact.put("cipher", row.get(2));
            found = row.get(1) + ", " + row.get(2);
        }
        phase.fact("tls", fact);
        if (target.socket() != null) {
            return Gate.passed("no TLS, and no need of it: a socket of this machine");
        }
        InetAddress[] addresses = InetAddress.getAllByName(target.host());
        if (Arrays.stream(addresses).allMatch(InetAddress::isLoopbackAddress)) {
            return Gate.passed(encrypted ? found : "no TLS, and no need of it: " + target.host() + " is this machine");
        }
        return encrypted ? verified(found, mode) : unencrypted(target, addresses);
    }

    private boolean offered() throws SQLException {
        Target target = database.target();
        Map<String, String> parameters = new LinkedHashMap<>(target.parameters());
        parameters.put("sslmode", "require");
        try (Connection encrypted = Postgres.read(new Target(target.host(), target.port(), target.database(),
                target.user(), target.password(), parameters), "preflight")) {
            return encrypted.isValid(0);
        } catch (Failure refused) {
            return false;
        }
    }

    private static Gate.Finding verified(String found, String mode) {
        return switch (mode) {
            case "verify-full" -> Gate.passed(found + ", certificate and host verified");
            case "verify-ca" -> Gate.passed(found + ", certificate verified");
            default -> Gate.warned(found + ", but sslmode=" + mode + " does not verify who is at the other end",
                    "use sslmode=verify-full in the URL, with your provider's CA: &sslrootcert=/path/ca.crt, or "
                    + "&sslrootcert=system for a public one");
        };
    }

    private Gate.Finding unencrypted(Target target, InetAddress[] addresses) {
        String address = addresses[0].getHostAddress();
        if ("private".equals(project.settings.environment(project.environment).network())) {
            if (Arrays.stream(addresses).allMatch(Server::isPrivate)) {
                return Gate.passed("no TLS; " + target.host() + " (" + address
                        + ") is on a network that release.json declares private");
            }
            throw Failure.stop("no TLS, and " + target.host() + " (" + address + ") is a public address, though "
                    + "release.json declares the network of " + project.environment + " private",
                    "use sslmode=require in the URL, or the host's private address");
        }
        String hint = "use sslmode=require in the URL; where only your own machines can listen, declare it in "
                + "release.json: {\"environments\": {\"" + project.environment + "\": {\"network\": \"private\"}}}";
        String message = "no TLS: everybody between here and " + target.host() + " (" + address
                + ") can read the data and the password's proof";
        if (project.environment.equals("production")) {
            throw Failure.stop(message, hint);
        }
        return Gate.warned(message, hint);
    }

    // What no router of the internet passes on: 10/8, 172.16/12, 192.168/16, 169.254/16, 100.64/10, fc00::/7.
    private static boolean isPrivate(InetAddress address) {
        byte[] bytes = address.getAddress();
        return address.isLoopbackAddress() || address.isSiteLocalAddress() || address.isLinkLocalAddress()
                || address instanceof Inet6Address && (bytes[0] & 0xfe) == 0xfc
                || bytes.length == 4 && bytes[0] == CARRIER_NAT && (bytes[1] & 0xc0) == 0x40;
    }

    /** No pooler in between, or one that leaves a session its server process. */
    public Gate.Finding pooler() throws SQLException {
        Pooler.Kind kind = Pooler.refuse(database.shared(), database.target());
        phase.fact("pooler", kind.name().toLowerCase(Locale.ROOT));
        // Not refused: at some providers a session pooler is the only way in by IPv4, and dumps work through it.
        return kind == Pooler.Kind.NONE ? Gate.passed("no pooler in between") : Gate.warned(
                "a session pooler stands in between: each session has its own server process, but session settings "
                + "may stay behind for the next one", Provider.direct(database.target()));
    }
}
