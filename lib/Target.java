//SOURCES Failure.java Secrets.java

package lib;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/**
 * One database to connect to, taken apart from its URL so that the password never travels in an argument list.
 *
 * @param host a name or an address
 * @param parameters what stood after the question mark: {@code sslmode=require}
 */
public record Target(String host, int port, String database, String user, String password, Map<String, String> parameters) {
    private static final Map<String, String> LIBPQ = Map.of("sslmode", "PGSSLMODE", "sslrootcert", "PGSSLROOTCERT",
            "sslcert", "PGSSLCERT", "sslkey", "PGSSLKEY", "options", "PGOPTIONS", "channel_binding", "PGCHANNELBINDING",
            "target_session_attrs", "PGTARGETSESSIONATTRS", "gssencmode", "PGGSSENCMODE");

    public Target {
        Secrets.add(password);
        parameters = Map.copyOf(parameters);
    }

    /**
     * Reads a {@code postgresql://user:password@host:port/database?parameters} URL. A password that holds {@code @:/%} is
     * understood both encoded and as it is: the last @ ends it, and a % that begins no code stands for itself.
     */
    public static Target parse(String url) {
        String text = url.strip();
        if (!text.matches("(?s)postgres(ql)?://.+")) {
            throw Failure.usage("this is not a PostgreSQL URL: " + (text.isEmpty() ? "(empty)" : scheme(text)),
                    "give it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
        }
        String rest = text.substring(text.indexOf("://") + 3);
        // The first question mark begins the parameters, unless it stands in a password that was not encoded.
        int question = rest.indexOf('?');
        if (question >= 0 && rest.lastIndexOf('@', question) < 0 && rest.indexOf('@') > question) {
            question = rest.indexOf('?', rest.lastIndexOf('@'));
        }
        String query = question < 0 ? "" : rest.substring(question + 1);
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
        String host = (portAt < 0 ? hostAndPort : hostAndPort.substring(0, portAt)).replaceAll("^\\[|]$", "");
        String login2 = user.isEmpty() ? System.getProperty("user.name") : user;
        return new Target(host.isEmpty() ? "localhost" : decode(host), port(portAt < 0 ? "5432" : hostAndPort.substring(portAt + 1)),
                database.isEmpty() ? login2 : database, login2, password, parameters(query));
    }

    private static String scheme(String text) {
        return text.contains("://") ? text.substring(0, text.indexOf("://") + 3) + "…" : "a text without ://";
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            if (port > 0 && port < 65536) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Said below, with the same words as a number out of range.
        }
        throw Failure.usage("the port of the database URL is not a number from 1 to 65535: " + Secrets.mask(text),
                "give it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, special characters in the password as %XX");
    }

    private static Map<String, String> parameters(String query) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String pair : query.split("&")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                parameters.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
            }
        }
        return parameters;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replaceAll("%(?![0-9A-Fa-f]{2})", "%25").replace("+", "%2B"), StandardCharsets.UTF_8);
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
        variables.put("PGCONNECT_TIMEOUT", "15");
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
        for (String known : new String[] {"sslmode", "sslrootcert", "sslcert", "sslkey", "options"}) {
            if (parameters.containsKey(known)) {
                properties.setProperty(known, parameters.get(known));
            }
        }
        return properties;
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
        text.append('@').append(host.contains(":") ? "[" + host + "]" : host).append(':').append(port).append('/').append(encode(database));
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
