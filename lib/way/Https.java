//SOURCES ../Failure.java

package lib.way;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.time.Duration;
import lib.Failure;

/** What is asked of a host over HTTPS: a token, and whom a database trusts, are nothing for an open road. */
final class Https {
    /** It follows no redirection, which would take a token to another host. */
    static final HttpClient CLIENT = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10))
            .followRedirects(HttpClient.Redirect.NEVER).build();

    private Https() {
    }

    /** Reads an https:// URL; plain http:// is for this machine alone. */
    static URI uri(String text, String where) {
        try {
            URI uri = URI.create(text.strip());
            boolean safe = "https".equals(uri.getScheme()) && uri.getHost() != null;
            boolean here = "http".equals(uri.getScheme()) && uri.getHost() != null
                    && InetAddress.getByName(uri.getHost()).isLoopbackAddress();
            if (safe || here) {
                return uri;
            }
        } catch (IllegalArgumentException | UnknownHostException e) {
            throw refused(where);
        }
        throw refused(where);
    }

    private static Failure refused(String where) {
        return Failure.usage(where + " is not an https:// URL", "write it as https://HOST");
    }
}
