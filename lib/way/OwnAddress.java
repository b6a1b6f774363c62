//SOURCES ../Failure.java ../Gate.java Addresses.java Https.java

package lib.way;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import lib.Failure;
import lib.Gate;

/**
 * The address under which the provider sees this machine. Behind a router only somebody outside can tell; no such host
 * is asked unless release.json names one.
 */
final class OwnAddress {
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final String WAYS = "say it in release.json, beside \"database\": \"address\": {\"env\":"
            + " \"MY_ADDRESS\"} (then: export MY_ADDRESS=ADDRESS), or let a host tell it: \"address\": {\"url\":"
            + " \"https://…\"}, one that answers with the caller's address alone";

    private OwnAddress() {
    }

    /**
     * The address or the range that the setting gives; without one this machine's own, if that is a public one.
     *
     * @param towards a host that the system would take that address for
     */
    static Addresses find(JsonNode wish, String key, String towards) {
        if (wish == null || wish.isNull()) {
            return own(towards);
        }
        if (wish.isTextual()) {
            return range(wish.asText(), "release.json: " + key);
        }
        if (wish.path("env").isTextual()) {
            String name = wish.path("env").asText();
            String value = System.getenv(name);
            if (value == null || value.isBlank()) {
                throw Failure.usage("the variable " + name + " (this machine's address) is not set",
                        "export " + name + "=ADDRESS");
            }
            return range(value, name);
        }
        return range(asked(Https.uri(wish.path("url").asText(), "release.json: " + key + ".url")),
                "the answer of " + wish.path("url").asText());
    }

    private static Addresses range(String text, String where) {
        String said = text.strip();
        Addresses range = Addresses.parse(said);
        if (range == null) {
            boolean six = said.matches("[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(/\\d+)?");
            throw Failure.usage(where + (six ? " is an IPv6 address; DigitalOcean does not take one as a trusted source"
                    : " is no IPv4 address: " + (said.length() > 40 ? said.length() + " characters" : said)),
                    "give this machine's public IPv4 address, or a range of addresses like 203.0.113.0/24");
        }
        if (range.bits() < Addresses.FEWEST_BITS) {
            throw Failure.usage(where + " lets " + range + " in: that is half of the world", "give this machine's"
                    + " address alone, or the range of your own network: /" + Addresses.FEWEST_BITS + " or narrower");
        }
        return range;
    }

    private static String asked(URI uri) {
        try {
            HttpResponse<String> answer = Https.CLIENT.send(HttpRequest.newBuilder(uri).timeout(PATIENCE).build(),
                    HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() == 200) {
                return answer.body();
            }
            throw Failure.missing(uri + " does not tell this machine's address: it answers with " + answer.statusCode(),
                    WAYS);
        } catch (IOException e) {
            throw Failure.missing(uri + " cannot be asked for this machine's address: " + Gate.words(e), WAYS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted while " + uri + " was asked", null, e);
        }
    }

    // The system chooses the address as for a connection; connecting a datagram socket sends nothing.
    private static Addresses own(String towards) {
        String seen = "it has none on the way to " + towards;
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(towards, 443));
            InetAddress local = socket.getLocalAddress();
            Addresses range = local instanceof Inet4Address ? Addresses.parse(local.getHostAddress()) : null;
            if (range != null && range.open()) {
                return range;
            }
            seen = "its own is " + local.getHostAddress() + ", which stays behind a router";
        } catch (IOException | RuntimeException e) {
            // A host that is not known, or no network at all: said below, with what to do about the address.
            seen = "it has none on the way to " + towards;
        }
        throw Failure.usage("this machine's public IPv4 address is not known: " + seen, WAYS);
    }
}
