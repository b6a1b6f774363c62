//SOURCES Conninfo.java Secrets.java Tls.java UnixSocket.java

package lib;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * One database to connect to, taken apart from its URL so that the password never travels in an argument list.
 *
 * @param host a name, an address, or the folder of a Unix socket
 * @param parameters what stood after the question mark: {@code sslmode=require}
 */
public record Target(String host, int port, String database, String user, String password,
                     Map<String, String> parameters) {
    /** The parameters that libpq's programs take from their environment. */
    private static final Map<String, String> LIBPQ = Map.ofEntries(Map.entry("sslmode", "PGSSLMODE"),
            Map.entry("sslrootcert", "PGSSLROOTCERT"), Map.entry("sslcert", "PGSSLCERT"),
            Map.entry("sslkey", "PGSSLKEY"), Map.entry("sslnegotiation", "PGSSLNEGOTIATION"),
            Map.entry("sslsni", "PGSSLSNI"), Map.entry("options", "PGOPTIONS"),
            Map.entry("channel_binding", "PGCHANNELBINDING"), Map.entry("require_auth", "PGREQUIREAUTH"),
            Map.entry("target_session_attrs", "PGTARGETSESSIONATTRS"), Map.entry("gssencmode", "PGGSSENCMODE"),
            Map.entry("krbsrvname", "PGKRBSRVNAME"), Map.entry("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"));
    /** The same for the driver, where it has them. */
    private static final Map<String, String> DRIVER = Map.of("sslmode", "sslmode", "sslrootcert", "sslrootcert",
            "sslcert", "sslcert", "sslkey", "sslkey", "sslnegotiation", "sslNegotiation", "options", "options",
            "channel_binding", "channelBinding", "require_auth", "requireAuth", "gssencmode", "gssEncMode",
            "krbsrvname", "kerberosServerName");
    /** Which server of several is meant, in the driver's words. */
    private static final Map<String, String> KINDS = Map.of("read-write", "primary", "primary", "primary",
            "read-only", "secondary", "standby", "secondary", "prefer-standby", "preferSecondary");
    /** What else in the caller's environment would lead somewhere else, or change what pg_dump writes. */
    private static final List<String> OTHERS = List.of("PGSERVICE", "PGHOSTADDR", "PGSERVICEFILE", "PGCLIENTENCODING",
            "PGSSLCRL", "PGSSLCRLDIR", "PGSSLMAXPROTOCOLVERSION", "PGSSLCERTMODE", "PGREQUIREPEER", "PGREQUIRESSL",
            "PGLOADBALANCEHOSTS", "PGMINPROTOCOLVERSION", "PGMAXPROTOCOLVERSION");
    private static final String SECONDS_TO_CONNECT = "15";

    public Target {
        Secrets.add(password);
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /**
     * Reads {@code postgresql://user:password@host:port/database?parameters} or {@code host=… dbname=…}; what a
     * service, a password file, PGPASSWORD and the usual certificate files add to it is looked up now, so that every
     * program is told the same.
     */
    public static Target parse(String text) {
        return parse(text, System.getenv());
    }

    /** The same with the variables of another environment. */
    public static Target parse(String text, Map<String, String> environment) {
        Map<String, String> words = Conninfo.of(text, environment).words();
        String host = words.remove("host");
        int port = Integer.parseInt(words.remove("port"));
        String database = words.remove("dbname");
        String user = words.remove("user");
        String password = words.remove("password");
        if (!host.startsWith("/")) {
            Tls.settle(words, environment);
        }
        return new Target(host, port, database, user, password, words);
    }

    /** The socket file of a server on this machine; null when it is reached through TCP. */
    public String socket() {
        return host.startsWith("/") ? host.replaceFirst("/+$", "") + "/.s.PGSQL." + port : null;
    }

    /** The same server, another database. */
    public Target database(String name) {
        return new Target(host, port, name, user, password, parameters);
    }

    /** What a libpq program (pg_dump, psql) needs in its environment; nothing of it is in its arguments. */
    public Map<String, String> environment() {
        Map<String, String> variables = new LinkedHashMap<>();
        variables.put("PGHOST", host);
        variables.put("PGPORT", String.valueOf(port));
        variables.put("PGDATABASE", database);
        variables.put("PGUSER", user);
        variables.put("PGPASSWORD", password);
        variables.put("PGCONNECT_TIMEOUT", patience());
        OTHERS.forEach(other -> variables.put(other, null));
        LIBPQ.forEach((parameter, variable) -> variables.put(variable, parameters.get(parameter)));
        return variables;
    }

    /** What the JDBC driver needs; the password is in no URL. */
    public Properties properties() {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        if (password != null) {
            properties.setProperty("password", password);
        }
        DRIVER.forEach((parameter, property) -> {
            if (parameters.containsKey(parameter)) {
                properties.setProperty(property, parameters.get(parameter));
            }
        });
        String kind = KINDS.get(parameters.getOrDefault("target_session_attrs", "any"));
        if (kind != null) {
            properties.setProperty("targetServerType", kind);
        }
        if (socket() == null) {
            Tls.driver(parameters).forEach(properties::setProperty);
        } else {
            properties.setProperty("socketFactory", UnixSocket.class.getName());
            properties.setProperty("socketFactoryArg", socket());
            // On its own machine the server offers no TLS; libpq does not ask for it there.
            properties.setProperty("sslmode", "disable");
        }
        return properties;
    }

    /** The driver's URL: host, port and database, and nothing secret. */
    public String jdbc() {
        String place = socket() != null ? "localhost" : host.contains(":") ? "[" + host + "]" : host;
        return "jdbc:postgresql://" + place + ":" + port + "/" + encode(database);
    }

    /** The seconds to wait for an answer: {@code connect_timeout} of the URL where it has one. */
    public String patience() {
        String wish = parameters.getOrDefault("connect_timeout", SECONDS_TO_CONNECT);
        return wish.matches("[1-9]\\d{0,3}") ? wish : SECONDS_TO_CONNECT;
    }

    /** Where it is, without any secret: what may be shown. */
    public String place() {
        return database + " on " + (socket() == null ? host + ":" + port : socket());
    }

    /** The URL for a program of our own that takes one through its environment; it holds the password. */
    public String url() {
        StringBuilder text = new StringBuilder("postgresql://").append(encode(user));
        if (password != null) {
            text.append(':').append(encode(password));
        }
        String place = socket() != null ? encode(host) : host.contains(":") ? "[" + host + "]" : host;
        text.append('@').append(place).append(':').append(port)
                .append('/').append(encode(database));
        String separator = "?";
        for (var parameter : parameters.entrySet()) {
            text.append(separator).append(encode(parameter.getKey())).append('=').append(encode(parameter.getValue()));
            separator = "&";
        }
        return text.toString();
    }

    private static String encode(String text) {
        return java.net.URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    public String toString() {
        return place();
    }
}
