//SOURCES Failure.java PasswordFile.java Secrets.java

package lib;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a URL asks of TLS, settled so that libpq's programs and the JDBC driver protect the connection alike: the same
 * files for both, and nothing that only one of them would obey.
 */
final class Tls {
    private static final List<String> MODES = List.of("disable", "allow", "prefer", "require", "verify-ca",
            "verify-full");
    private static final List<String> STRICT = List.of("require", "verify-ca", "verify-full");
    private static final Map<String, String> FILES = Map.of("sslrootcert", "PGSSLROOTCERT", "sslcert", "PGSSLCERT",
            "sslkey", "PGSSLKEY");
    private static final Map<String, String> USUAL = Map.of("sslrootcert", "root.crt", "sslcert", "postgresql.crt",
            "sslkey", "postgresql.key");
    /** Where systems keep the certificates that everybody trusts, in one file. */
    private static final List<String> TRUSTED = List.of("/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
            "/opt/homebrew/etc/ca-certificates/cert.pem", "/usr/local/etc/ca-certificates/cert.pem");
    private static final List<String> DRIVER_LACKS = List.of("sslcrl", "sslcrldir", "ssl_max_protocol_version");

    private Tls() {
    }

    /** Puts the parameters of a URL into one form, with files that are there; refuses what only one of both keeps. */
    static void settle(Map<String, String> parameters, Map<String, String> environment) {
        String mode = mode(parameters, environment);
        if (mode != null) {
            parameters.put("sslmode", mode);
        }
        if ("disable".equals(mode)) {
            return;
        }
        refuse(parameters);
        FILES.forEach((name, variable) -> file(name, variable, parameters, environment));
        if (String.valueOf(mode).startsWith("verify-") && !parameters.containsKey("sslrootcert")) {
            throw Failure.usage("sslmode=" + mode + " compares with an authority's certificate, and there is none:"
                    + " neither sslrootcert nor " + PasswordFile.home(environment).resolve(".postgresql/root.crt"),
                    "add the file your provider gives: &sslrootcert=/path/to/ca.crt; for a public authority write"
                    + " &sslrootcert=system");
        }
        if (!parameters.containsKey("sslcert")) {
            parameters.remove("sslkey");
            return;
        }
        if (!parameters.containsKey("sslkey")) {
            throw Failure.usage("there is a client certificate and no key to it: " + parameters.get("sslcert"),
                    "add &sslkey=FILE to the URL");
        }
        key(Path.of(parameters.get("sslkey")));
    }

    private static String mode(Map<String, String> parameters, Map<String, String> environment) {
        String ssl = parameters.getOrDefault("ssl", parameters.getOrDefault("requiressl", ""));
        String mode = parameters.get("sslmode");
        if (mode == null && !ssl.isEmpty()) {
            // As the driver and Node write it.
            mode = ssl.matches("(?i)false|0|off") ? "disable" : "require";
        }
        if ("no-verify".equals(mode)) {
            // Node's word for what libpq calls require.
            mode = "require";
        }
        boolean system = "system".equals(parameters.get("sslrootcert"));
        String outside = environment.get("PGSSLMODE");
        if (mode == null && system) {
            mode = "verify-full";
        } else if (mode == null && outside != null && STRICT.contains(outside)) {
            // What makes a connection less safe is not taken from there.
            mode = outside;
        }
        if (mode != null && !MODES.contains(mode)) {
            throw Failure.usage("the database URL has sslmode=" + Secrets.mask(mode) + ", which is none there is",
                    "use sslmode=require, or one of " + String.join(", ", MODES));
        }
        if (system && !"verify-full".equals(mode)) {
            throw Failure.usage("sslrootcert=system proves nothing with sslmode=" + mode
                    + ": anybody can have a certificate of a public authority", "use sslmode=verify-full");
        }
        if ("direct".equals(parameters.get("sslnegotiation")) && !STRICT.contains(String.valueOf(mode))) {
            throw Failure.usage("sslnegotiation=direct needs TLS, and the database URL does not insist on it",
                    "add &sslmode=require to the URL, or verify-full");
        }
        return mode;
    }

    private static void refuse(Map<String, String> parameters) {
        for (String name : DRIVER_LACKS) {
            if (!parameters.getOrDefault(name, "").isEmpty()) {
                throw Failure.usage("the database URL has " + name + ", which the JDBC driver does not obey",
                        "leave it out of the URL that is used here");
            }
        }
        if ("TLSv1.3".equals(parameters.get("ssl_min_protocol_version"))) {
            throw Failure.usage("the database URL asks for TLSv1.3 at least, and the JDBC driver takes TLSv1.2 too",
                    "let the server insist on it: ssl_min_protocol_version = 'TLSv1.3' in its postgresql.conf");
        }
        if (parameters.containsKey("sslidentity")) {
            throw Failure.usage("the database URL has Prisma's sslidentity, which PostgreSQL's programs do not know",
                    "give certificate and key as files: &sslcert=FILE&sslkey=FILE");
        }
        if (parameters.containsKey("sslaccept") && parameters.containsKey("sslcert")
                && !parameters.containsKey("sslkey")) {
            // What Prisma calls sslcert is the authority's certificate.
            parameters.putIfAbsent("sslrootcert", parameters.remove("sslcert"));
        }
        if (parameters.containsKey("sslpassword")) {
            throw Failure.usage("the key of the client certificate has a password, which pg_dump takes as an"
                    + " argument only", "make a key without one, closed to others: umask 077;"
                    + " openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW");
        }
    }

    private static void file(String name, String variable, Map<String, String> parameters,
                             Map<String, String> environment) {
        String wish = parameters.getOrDefault(name, "");
        if (wish.isEmpty()) {
            wish = environment.getOrDefault(variable, "");
        }
        if (wish.isEmpty()) {
            Path usual = PasswordFile.home(environment).resolve(".postgresql").resolve(USUAL.get(name));
            parameters.remove(name);
            if (Files.isRegularFile(usual)) {
                parameters.put(name, usual.toString());
            }
            return;
        }
        if (name.equals("sslrootcert") && wish.equals("system")) {
            wish = trusted(environment);
        }
        Path file = Path.of(wish).toAbsolutePath();
        if (!Files.isReadable(file)) {
            throw Failure.usage(name + " of the database URL is not there, or not to be read: " + file,
                    "give the whole path of the file: " + name + "=/path/to/" + USUAL.get(name));
        }
        parameters.put(name, file.toString());
    }

    private static String trusted(Map<String, String> environment) {
        Optional<String> bundle = Stream.concat(Stream.ofNullable(environment.get("SSL_CERT_FILE")), TRUSTED.stream())
                .filter(file -> Files.isRegularFile(Path.of(file))).findFirst();
        return bundle.orElseThrow(() -> Failure.usage("sslrootcert=system: no file with this system's certificates is"
                + " known here", "name it: export SSL_CERT_FILE=/path/to/ca-bundle.crt"));
    }

    // libpq reads every form of a key in PEM, the driver one of them; both refuse a key that others may read.
    private static void key(Path key) {
        try {
            String mode = PasswordFile.openTo(key);
            boolean roots = mode != null && mode.endsWith("---") && mode.startsWith("r--", 3)
                    && Integer.valueOf(0).equals(Files.getAttribute(key, "unix:uid"));
            if (mode != null && !roots) {
                throw Failure.usage("the key " + key + " can be read by others (" + mode
                        + "), and PostgreSQL's programs refuse it then", "chmod 600 '" + key + "'");
            }
            String text = new String(Files.readAllBytes(key), StandardCharsets.ISO_8859_1);
            if (key.toString().matches("(?i).*\\.(p12|pfx)")) {
                throw Failure.usage("the key " + key + " is in PKCS 12, which pg_dump does not read",
                        "umask 077; openssl pkcs12 -in '" + key + "' -nodes -nocerts -out '" + key + ".pem'");
            }
            if (text.contains("-----BEGIN ") && !text.contains("-----BEGIN PRIVATE KEY-----")) {
                throw Failure.usage("the key " + key + " is in a form that the JDBC driver does not read: "
                        + text.substring(text.indexOf("-----BEGIN ") + 11).replaceAll("(?s)-----.*", ""),
                        "umask 077; openssl pkcs8 -topk8 -nocrypt -in '" + key + "' -out '" + key
                        + ".pk8.pem'   # and name that one in sslkey");
            }
        } catch (IOException e) {
            throw Failure.usage("the key " + key + " cannot be read", "ls -l '" + key + "'");
        }
    }

    /** What the driver needs to be told in other words than libpq. */
    static Map<String, String> driver(Map<String, String> parameters) {
        Map<String, String> properties = new LinkedHashMap<>();
        if ("require".equals(parameters.get("sslmode")) && parameters.containsKey("sslrootcert")) {
            // With an authority's certificate at hand libpq checks it in this mode too.
            properties.put("sslmode", "verify-ca");
        }
        if (parameters.containsKey("sslcert") && !"disable".equals(parameters.get("sslmode"))) {
            try (InputStream in = Files.newInputStream(Path.of(parameters.get("sslcert")))) {
                properties.put("pemKeyAlgorithm", CertificateFactory.getInstance("X.509").generateCertificates(in)
                        .iterator().next().getPublicKey().getAlgorithm());
            } catch (IOException | CertificateException | RuntimeException e) {
                throw Failure.usage("sslcert is no certificate: " + parameters.get("sslcert"),
                        "openssl x509 -noout -subject -in '" + parameters.get("sslcert") + "'");
            }
        }
        return properties;
    }
}
