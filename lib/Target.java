//SOURCES Failure.java Secrets.java

package lib;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One database to connect to, taken apart from its URL so that the password never travels in an argument list.
 *
 * @param host a name or an address
 * @param parameters what stood after the question mark: {@code sslmode=require}
 */
public record Target(String host, int port, String database, String user, String password,
                     Map<String, String> parameters) {
    private static final String FORM = "give it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE";
    private static final Map<String, String> LIBPQ = Map.of("sslmode", "PGSSLMODE", "sslrootcert", "PGSSLROOTCERT",
            "sslcert", "PGSSLCERT", "sslkey", "PGSSLKEY", "options", "PGOPTIONS", "channel_binding", "PGCHANNELBINDING",
            "target_session_attrs", "PGTARGETSESSIONATTRS", "gssencmode", "PGGSSENCMODE");
    /** The same for the driver, where it has them. */
    private static final Map<String, String> DRIVER = Map.of("sslmode", "sslmode", "sslrootcert", "sslrootcert",
            "sslcert", "sslcert", "sslkey", "sslkey", "options", "options", "channel_binding", "channelBinding");
    private static final List<String> SSLMODES = List.of("disable", "allow", "prefer", "require", "verify-ca",
            "verify-full");
    private static final String SECONDS_TO_CONNECT = "15";
    private static final Pattern QUERY = Pattern.compile("([A-Za-z_][\\w.]*=[^&]*(&[A-Za-z_][\\w.]*=[^&]*)*)?");

    public Target {
        Secrets.add(password);
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /**
     * Reads a {@code postgresql://user:password@host:port/database?parameters} URL. A password that holds {@code @:/%?}
     * is understood both encoded and as it is: the last @ ends it, and a % that begins no code stands for itself.
     */
    public static Target parse(String url) {
        String text = url.strip();
        if (!text.matches("(?s)postgres(ql)?://.+")) {
            throw Failure.usage("this is not a PostgreSQL URL: " + scheme(text), FORM);
        }
        String rest = text.substring(text.indexOf("://") + 3);
        int question = question(rest);
        Map<String, String> parameters = parameters(question < 0 ? "" : rest.substring(question + 1));
        String place = question < 0 ? rest : rest.substring(0, question);
        int at = place.lastIndexOf('@');
        String login = at < 0 ? "" : place.substring(0, at);
        String address = place.substring(at + 1);
        int colon = login.indexOf(':');
        String user = decode(colon < 0 ? login : login.substring(0, colon));
        String password = colon < 0 ? null : decode(login.substring(colon + 1));
        Secrets.add(colon < 0 ? null : login.substring(colon + 1));
        int slash = address.indexOf('/');
        String hostAndPort = slash < 0 ? address : address.substring(0, slash);
        String database = slash < 0 ? "" : decode(address.substring(slash + 1));
        int portAt = hostAndPort.lastIndexOf(':');
        if (portAt >= 0 && hostAndPort.indexOf(']') > portAt) {
            portAt = -1;
        }
        String host = decode((portAt < 0 ? hostAndPort : hostAndPort.substring(0, portAt)).replaceAll("^\\[|]$", ""));
        refuse(host, parameters);
        String account = user.isEmpty() ? System.getProperty("user.name") : user;
        return new Target(host.isEmpty() ? "localhost" : host,
                port(portAt < 0 ? "" : hostAndPort.substring(portAt + 1)),
                database.isEmpty() ? account : database, account, password, parameters);
    }

    // The first question mark that parameters follow, unless it stands in a password that was not encoded.
    private static int question(String rest) {
        for (int at = rest.indexOf('?'); at >= 0; at = rest.indexOf('?', at + 1)) {
            boolean inPassword = rest.lastIndexOf('@', at) < 0 && rest.indexOf('@') > at;
            if (!inPassword && QUERY.matcher(rest.substring(at + 1)).matches()) {
                return at;
            }
        }
        return -1;
    }

    // What would be understood in another way than by the program that the URL was written for.
    private static void refuse(String host, Map<String, String> parameters) {
        if (host.contains(",")) {
            throw Failure.usage("the database URL names more than one host", "name the one that takes writes: " + FORM);
        }
        if (host.startsWith("/")) {
            throw Failure.usage("the database URL names a socket, which only programs on the same machine can use",
                    "name a host: " + FORM);
        }
        for (String moved : List.of("host", "hostaddr", "port", "dbname", "user", "password", "service")) {
            if (parameters.containsKey(moved)) {
                Secrets.add(moved.equals("password") ? parameters.get(moved) : null);
                throw Failure.usage("the database URL gives " + moved + " behind the question mark",
                        "put it in its place: " + FORM);
            }
        }
        String sslmode = parameters.getOrDefault("sslmode", "prefer");
        if (!SSLMODES.contains(sslmode)) {
            throw Failure.usage("the database URL has sslmode=" + Secrets.mask(sslmode) + ", which is none there is",
                    "use sslmode=require, or one of " + String.join(", ", SSLMODES));
        }
        Secrets.add(parameters.get("sslpassword"));
    }

    private static String scheme(String text) {
        // Nothing more of it: what is no URL may be the password itself.
        Matcher scheme = Pattern.compile("([A-Za-z][A-Za-z+.:-]*)://").matcher(text);
        return text.isEmpty() ? "it is empty" : scheme.find() ? scheme.group() + "…" : "a text without ://";
    }

    private static int port(String text) {
        if (text.isEmpty()) {
            return 5432;
        }
        try {
            int port = Integer.parseInt(text);
            if (port > 0 && port < 65536) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Said below, with the same words as a number out of range.
        }
        throw Failure.usage("where the port of the database URL belongs stands no number from 1 to 65535"
                + " (not shown, it may be part of the password)", FORM + ", special characters in the password as %XX");
    }

    private static Map<String, String> parameters(String query) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String pair : query.split("&")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                parameters.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
            }
        }
        // As the driver and Node write it.
        if ("true".equals(parameters.get("ssl"))) {
            parameters.putIfAbsent("sslmode", "require");
        }
        return parameters;
    }

    private static String decode(String text) {
        String valid = text.replaceAll("%(?![0-9A-Fa-f]{2})", "%25").replace("+", "%2B");
        return URLDecoder.decode(valid, StandardCharsets.UTF_8);
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
        // What stands in the caller's environment would otherwise lead somewhere else.
        for (String other : new String[] {"PGSERVICE", "PGHOSTADDR", "PGSERVICEFILE"}) {
            variables.put(other, null);
        }
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
        return properties;
    }

    /** The seconds to wait for an answer: {@code connect_timeout} of the URL where it has one. */
    public String patience() {
        String wish = parameters.getOrDefault("connect_timeout", SECONDS_TO_CONNECT);
        return wish.matches("[1-9]\\d{0,3}") ? wish : SECONDS_TO_CONNECT;
    }

    /** Where it is, without any secret: what may be shown. */
    public String place() {
        return database + " on " + host + ":" + port;
    }

    /** The URL for a program of our own that takes one through its environment; it holds the password. */
    public String url() {
        StringBuilder text = new StringBuilder("postgresql://").append(encode(user));
        if (password != null) {
            text.append(':').append(encode(password));
        }
        text.append('@').append(host.contains(":") ? "[" + host + "]" : host).append(':').append(port)
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
