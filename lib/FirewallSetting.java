//SOURCES Json.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What release.json may say about a provider's firewall.
 *
 * @param digitalocean the only provider whose firewall is opened by us
 */
public record FirewallSetting(DigitalOcean digitalocean) {
    static final String FORM = "write {\"digitalocean\": {\"database\": \"ID\", \"token\": {\"env\": "
            + "\"DIGITALOCEAN_API_TOKEN\"}}}; doctl databases list shows the ID";

    /**
     * A database cluster of DigitalOcean.
     *
     * @param database the cluster's id
     * @param address this machine's address, {@code {"env": NAME}} or {@code {"url": "https://…"}}; null where it is to
     *     be found
     */
    public record DigitalOcean(String database, Token token, JsonNode address) {
    }

    /** The variable that holds a token; the token itself is not for a file that git keeps. */
    public record Token(String env) {
    }

    /** What is wrong with it, as the end of a sentence; null when nothing is. */
    String mistake() {
        if (digitalocean == null) {
            return " names no provider";
        }
        String id = digitalocean.database;
        if (id == null || !id.matches("[A-Za-z0-9-]+")) {
            return ".digitalocean.database is " + (id == null ? "missing" : "no id of a database cluster");
        }
        Token token = digitalocean.token;
        if (token == null || token.env == null || !token.env.matches("[A-Za-z_][A-Za-z0-9_]*")) {
            return ".digitalocean.token is " + (token == null ? "missing" : "not the name of a variable");
        }
        JsonNode address = digitalocean.address;
        boolean known = address == null || address.isNull() || address.isTextual() || address.size() == 1
                && (address.path("env").isTextual() || address.path("url").isTextual());
        return known ? null : ".digitalocean.address is neither an address nor {\"env\": …} nor {\"url\": …}";
    }
}
