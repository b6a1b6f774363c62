//SOURCES Forwarder.java

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import lib.Json;

/**
 * DigitalOcean's API for the trusted sources of one database, after its OpenAPI description, with a firewall that obeys
 * them: a port that leads to the server only while an address is trusted.
 */
final class DigitalOceanServer implements AutoCloseable {
    static final String DATABASE = "9cc10173-e9ea-4176-9dbc-a4cee4c4ff30";
    static final String TOKEN = "dop_v1_0123456789-S3cret";
    static final String OWN = "203.0.113.7";
    private static final Set<String> TYPES = Set.of("droplet", "k8s", "ip_addr", "tag", "app");

    /** What came in, as METHOD and body. */
    final List<String> requests = new CopyOnWriteArrayList<>();
    /** Answers given instead of the real ones, first in first out: {@code 429 Retry-After: 1}; each once. */
    final List<String> troubles = new CopyOnWriteArrayList<>();
    /** The same for PUT alone. */
    final List<String> refusals = new CopyOnWriteArrayList<>();
    /** What somebody else makes of the rules right after the next PUT. */
    volatile UnaryOperator<List<ObjectNode>> meanwhile;
    /** How long a change takes to have its effect, in milliseconds; -1 is forever. */
    volatile int delay;
    final int door;
    private final int behind;
    private final HttpServer server;
    private List<ObjectNode> rules = new ArrayList<>();
    private Forwarder forwarder;

    /** A firewall before a port. */
    DigitalOceanServer(int behind) {
        try {
            this.behind = behind;
            this.door = Forwarder.freePort();
            server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
            server.setExecutor(Executors.newCachedThreadPool());
            server.createContext("/", this::answer);
            server.start();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        trust("tag", "backend");
        trust("droplet", "163973392");
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Adds a rule as a colleague would. */
    synchronized void trust(String type, String value) {
        List<ObjectNode> more = new ArrayList<>(rules);
        more.add(Json.object().put("type", type).put("value", value).put("description", "of a colleague"));
        set(more);
    }

    /** Sets all rules as a colleague would. */
    synchronized void set(List<ObjectNode> wanted) {
        rules = new ArrayList<>();
        for (ObjectNode rule : wanted) {
            ObjectNode kept = rule.deepCopy();
            if (!kept.has("uuid")) {
                kept.put("uuid", UUID.randomUUID().toString()).put("created_at", "2026-11-14T20:30:28Z");
            }
            rules.add(kept.put("cluster_uuid", DATABASE));
        }
        obey();
    }

    /** The rules as {@code type:value}. */
    synchronized List<String> trusted() {
        return rules.stream().map(rule -> rule.path("type").asText() + ":" + rule.path("value").asText()).toList();
    }

    synchronized List<ObjectNode> rules() {
        return List.copyOf(rules);
    }

    /** The lists that were written, each rule as {@code type:value}. */
    List<String> written() {
        return requests.stream().filter(request -> request.startsWith("PUT")).toList();
    }

    private synchronized void obey() {
        boolean open = trusted().contains("ip_addr:" + OWN);
        if (!open && forwarder != null) {
            forwarder.close();
            forwarder = null;
        } else if (open && forwarder == null && delay >= 0) {
            Thread later = new Thread(() -> {
                sleep(delay);
                let();
            });
            later.setDaemon(true);
            later.start();
        }
    }

    private synchronized void let() {
        try {
            if (forwarder == null && trusted().contains("ip_addr:" + OWN)) {
                forwarder = new Forwarder(door, behind);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void sleep(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String method = exchange.getRequestMethod();
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            List<String> trouble = method.equals("PUT") && !refusals.isEmpty() ? refusals : troubles;
            if (!trouble.isEmpty()) {
                String[] words = trouble.remove(0).split(" Retry-After: ");
                if (words.length > 1) {
                    exchange.getResponseHeaders().add("Retry-After", words[1]);
                }
                requests.add(method + " answered " + words[0].split(" ")[0]);
                say(exchange, Integer.parseInt(words[0].split(" ")[0]), words[0].replaceFirst("^\\d+ ?", ""));
                return;
            }
            if (!("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                requests.add(method + " answered 401");
                say(exchange, 401, "{\"id\":\"unauthorized\",\"message\":\"Unable to authenticate you.\"}");
            } else if (!exchange.getRequestURI().getPath().equals("/v2/databases/" + DATABASE + "/firewall")) {
                requests.add(method + " answered 404");
                say(exchange, 404,
                        "{\"id\":\"not_found\",\"message\":\"The resource you requested could not be found.\"}");
            } else if (method.equals("GET")) {
                requests.add("GET");
                ObjectNode list = Json.object();
                rules().forEach(list.putArray("rules")::add);
                say(exchange, 200, list.toString());
            } else {
                put(exchange, body);
            }
        }
    }

    private void put(HttpExchange exchange, String body) throws IOException {
        List<ObjectNode> wanted = new ArrayList<>();
        JsonNode list = Json.MAPPER.readTree(body).path("rules");
        boolean valid = list instanceof ArrayNode && list.size() <= 100
                && "application/json".equals(exchange.getRequestHeaders().getFirst("Content-Type"));
        for (JsonNode rule : list) {
            valid &= TYPES.contains(rule.path("type").asText()) && !rule.path("value").asText().isEmpty()
                    && !rule.path("value").asText().contains("::");
            wanted.add((ObjectNode) rule);
        }
        if (!valid) {
            requests.add("PUT answered 422");
            say(exchange, 422, "{\"id\":\"unprocessable_entity\",\"message\":\"invalid rule\"}");
            return;
        }
        synchronized (this) {
            set(wanted);
            requests.add("PUT " + String.join(" ", trusted()));
            if (meanwhile != null) {
                List<ObjectNode> theirs = meanwhile.apply(rules());
                meanwhile = null;
                set(theirs);
            }
        }
        say(exchange, 204, "");
    }

    private static void say(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        if (forwarder != null) {
            forwarder.close();
        }
    }
}
