//SOURCES Failure.java PasswordFile.java Secrets.java ServiceFile.java

package lib;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A way to a database in libpq's words ({@code host}, {@code port}, {@code dbname}, {@code user}, {@code password} and
 * the parameters), whatever it was written as.
 *
 * @param origins where a part came from that is not in the text itself, for people: {@code password from ~/.pgpass}
 */
record Conninfo(Map<String, String> words, List<String> origins) {
    static final String FORM = "give it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE";
    private static final Pattern QUERY = Pattern.compile("([A-Za-z_][\\w.]*=[^&]*(&[A-Za-z_][\\w.]*=[^&]*)*)?");
    /** One word of {@code host=db password='it''s'}: bare, or in single quotes; a backslash takes the next as it is. */
    private static final Pattern WORD = Pattern.compile(
            "\\s*([a-z_]+)\\s*=\\s*(?:'((?:[^'\\\\]|\\\\.)*+)'(?=\\s|$)|((?!')(?:[^\\s\\\\]|\\\\.)*+))\\s*",
            Pattern.DOTALL);
    /** A host, perhaps its port, and a database: no user and no password stand before it. */
    private static final Pattern PLACE = Pattern.compile("([^:/@]*|\\[[^]/@]*])(:\\d+)?/.*", Pattern.DOTALL);
    private static final Set<String> BEGINS = Set.of("host", "hostaddr", "port", "dbname", "user", "password",
            "service", "sslmode", "passfile");

    /** What the text says, completed from the service it names, from PGPASSWORD and from a password file. */
    static Conninfo of(String text, Map<String, String> environment) {
        String stripped = text.strip();
        List<String> origins = new ArrayList<>();
        Map<String, String> words = stripped.matches("(?s)postgres(ql)?://.+") ? url(stripped) : list(stripped);
        secrets(words);
        String service = words.remove("service");
        if (service != null) {
            ServiceFile.Section section = ServiceFile.find(service, environment);
            secrets(section.words());
            section.words().forEach(words::putIfAbsent);
            origins.add("service " + service + " of " + section.file());
        }
        settle(words);
        if (words.getOrDefault("password", "").isEmpty() && !environment.getOrDefault("PGPASSWORD", "").isEmpty()) {
            words.put("password", environment.get("PGPASSWORD"));
            origins.add("password from PGPASSWORD");
        }
        String passfile = words.remove("passfile");
        if (words.getOrDefault("password", "").isEmpty()) {
            PasswordFile.find(passfile, words, environment).ifPresent(found -> {
                words.put("password", found.password());
                origins.add("password from " + found.file());
            });
        }
        secrets(words);
        return new Conninfo(words, origins);
    }

    private static void secrets(Map<String, String> words) {
        Secrets.add(words.get("password"));
        Secrets.add(words.get("sslpassword"));
    }

    // A password that holds @:/%? is understood both encoded and as it is: the last @ ends it, and a % that begins no
    // code stands for itself.
    private static Map<String, String> url(String text) {
        String rest = text.substring(text.indexOf("://") + 3);
        int question = question(rest);
        String place = question < 0 ? rest : rest.substring(0, question);
        int at = place.lastIndexOf('@');
        String login = at < 0 ? "" : place.substring(0, at);
        String address = place.substring(at + 1);
        int colon = login.indexOf(':');
        Map<String, String> words = new LinkedHashMap<>();
        put(words, "user", decode(colon < 0 ? login : login.substring(0, colon)));
        if (colon >= 0) {
            words.put("password", decode(login.substring(colon + 1)));
            Secrets.add(login.substring(colon + 1));
        }
        int slash = address.indexOf('/');
        String hostAndPort = slash < 0 ? address : address.substring(0, slash);
        put(words, "dbname", slash < 0 ? "" : decode(address.substring(slash + 1)));
        int portAt = hostAndPort.lastIndexOf(':');
        if (portAt >= 0 && hostAndPort.indexOf(']') > portAt) {
            portAt = -1;
        }
        put(words, "host", decode((portAt < 0 ? hostAndPort : hostAndPort.substring(0, portAt))
                .replaceAll("^\\[|]$", "")));
        put(words, "port", portAt < 0 ? "" : hostAndPort.substring(portAt + 1));
        // As in libpq and in Node, what is said behind the question mark goes before the rest.
        words.putAll(parameters(question < 0 ? "" : rest.substring(question + 1)));
        return words;
    }

    private static void put(Map<String, String> words, String name, String value) {
        if (!value.isEmpty()) {
            words.put(name, value);
        }
    }

    // The first question mark that parameters follow, unless it stands in a password that was not encoded.
    private static int question(String rest) {
        for (int at = rest.indexOf('?'); at >= 0; at = rest.indexOf('?', at + 1)) {
            boolean inPassword = rest.lastIndexOf('@', at) < 0 && rest.indexOf('@') > at
                    && !PLACE.matcher(rest.substring(0, at)).matches();
            if (!inPassword && QUERY.matcher(rest.substring(at + 1)).matches()) {
                return at;
            }
        }
        return -1;
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
        String valid = text.replaceAll("%(?![0-9A-Fa-f]{2})", "%25").replace("+", "%2B");
        return URLDecoder.decode(valid, StandardCharsets.UTF_8);
    }

    private static Map<String, String> list(String text) {
        Map<String, String> words = new LinkedHashMap<>();
        Matcher word = WORD.matcher(text);
        int end = 0;
        while (end < text.length() && word.find(end) && word.start() == end) {
            String value = word.group(2) == null ? word.group(3) : word.group(2);
            words.put(word.group(1), value.replaceAll("(?s)\\\\(.)", "$1"));
            end = word.end();
        }
        String first = words.isEmpty() ? "" : words.keySet().iterator().next();
        if (!BEGINS.contains(first)) {
            throw Failure.usage("this is not a PostgreSQL URL: " + scheme(text), FORM);
        }
        if (end < text.length()) {
            throw Failure.usage("after " + words.keySet().stream().reduce((one, two) -> two).orElse("")
                    + "=… this is no list of KEY=VALUE words any more", "put values with spaces or quotes in '…' and"
                    + " write \\' for a quote in it, or " + FORM);
        }
        return words;
    }

    private static String scheme(String text) {
        // Nothing more of it: what is no URL may be the password itself.
        Matcher scheme = Pattern.compile("([A-Za-z][A-Za-z+.:-]*)://").matcher(text);
        return text.isEmpty() ? "it is empty" : scheme.find() ? scheme.group() + "…" : "a text without ://";
    }

    // What is missing gets its usual value; what two programs would understand in two ways is refused.
    private static void settle(Map<String, String> words) {
        String address = words.remove("hostaddr");
        if (address != null && words.containsKey("host") && !words.get("host").equals(address)) {
            throw Failure.usage("the database URL gives both host and hostaddr, and the JDBC driver knows only one",
                    "leave hostaddr out: " + FORM);
        }
        if (address != null) {
            words.put("host", address);
        }
        words.computeIfAbsent("host", missing -> "localhost");
        if (words.get("host").isEmpty()) {
            words.put("host", "localhost");
        }
        if (words.get("host").contains(",")) {
            // Between two of our connections the servers may change places: a backup of one, a change to the other.
            throw Failure.usage("the database URL names more than one host", "name the one that takes writes: " + FORM);
        }
        if (words.get("host").startsWith("@")) {
            throw Failure.usage("the database URL names a socket without a file, which Java cannot use",
                    "name the folder of the server's socket: show unix_socket_directories");
        }
        if (words.getOrDefault("user", "").isEmpty()) {
            words.put("user", System.getProperty("user.name"));
        }
        if (words.getOrDefault("dbname", "").isEmpty()) {
            words.put("dbname", words.get("user"));
        }
        words.put("port", String.valueOf(port(words.getOrDefault("port", ""))));
        if (words.getOrDefault("replication", "false").toLowerCase(Locale.ROOT).matches("(database|true|on|yes|1)")) {
            throw Failure.usage("the database URL asks for a replication connection", "leave replication out");
        }
    }

    private static int port(String text) {
        if (text.isEmpty()) {
            return 5432;
        }
        try {
            int port = Integer.parseInt(text.strip());
            if (port > 0 && port < 65536) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Said below, with the same words as a number out of range.
        }
        throw Failure.usage("where the port of the database URL belongs stands no number from 1 to 65535"
                + " (not shown, it may be part of the password)", FORM + ", special characters in the password as %XX");
    }
}
