//SOURCES ../Console.java ../Failure.java ../Gate.java ../Json.java ../Retry.java ../Secrets.java Https.java

package lib.way;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import lib.Console;
import lib.Failure;
import lib.Gate;
import lib.Json;
import lib.Retry;
import lib.Secrets;

/**
 * The trusted sources of one DigitalOcean database cluster, as its public API has them: GET and PUT
 * {@code /v2/databases/{id}/firewall}, where PUT replaces the whole list. Source: DigitalOcean's OpenAPI description,
 * databases_list_firewall_rules and databases_update_firewall_rules.
 */
final class DigitalOcean {
    private static final String API = "https://api.digitalocean.com";
    /** The name that doctl and Terraform use as well. */
    private static final String API_VARIABLE = "DIGITALOCEAN_API_URL";
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration PAUSE = Duration.ofSeconds(2);
    /** An answer that asks for more is not waited for. */
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
    private static final ReentrantLock CHANGE = new ReentrantLock();

    final String database;
    private final String variable;
    private final String token;
    private final URI rules;

    /**
     * A cluster, reached with a token from the environment.
     *
     * @param database the cluster's id
     * @param variable the name of the environment variable that holds the token
     */
    DigitalOcean(String database, String variable) {
        this.database = database;
        this.variable = variable;
        String value = System.getenv(variable);
        if (value == null || value.isBlank()) {
            throw Failure.usage("the variable " + variable + " (token for DigitalOcean's firewall) is not set",
                    "export " + variable + "=TOKEN");
        }
        this.token = value.strip();
        Secrets.add(token);
        if (!token.matches("[\\x21-\\x7e]+")) {
            throw Failure.usage("the token in " + variable + " holds blanks or letters that no token has",
                    "export " + variable + "=TOKEN   # the token alone");
        }
        this.rules = URI.create(api() + "/v2/databases/" + database + "/firewall");
    }

    /** Where the API is, as this process is told. */
    static String api() {
        String wish = System.getenv(API_VARIABLE);
        return wish == null || wish.isBlank() ? API : Https.uri(wish, API_VARIABLE).toString().replaceFirst("/+$", "");
    }

    // With all that the API says of each rule: it goes back as it came.
    private List<ObjectNode> rules() {
        HttpResponse<String> answer = send(request().GET().build());
        try {
            JsonNode list = Json.MAPPER.readTree(answer.body()).path("rules");
            if (list.isArray()) {
                List<ObjectNode> found = new ArrayList<>();
                for (JsonNode rule : list) {
                    found.add((ObjectNode) rule);
                }
                return found;
            }
        } catch (JsonProcessingException | ClassCastException e) {
            throw unreadable(e);
        }
        // Nothing may be built on it: a list that is taken for empty would be written back as one.
        throw unreadable(null);
    }

    private Failure unreadable(Exception cause) {
        return new Failure(Failure.Exit.MISSING, rules.getHost() + " answered with something that is no list of rules",
                "is " + API_VARIABLE + " right? Without it " + API + " is asked", cause);
    }

    /**
     * Reads the rules, writes them where the wish differs, and reads them again; gives those that stand there in the
     * end.
     *
     * @param wish the rules to write, made of those just read; may be asked again for a later list
     * @param done whether the rules are as wished; when not, somebody else wrote at the same time
     */
    List<ObjectNode> change(int tries, Console console, UnaryOperator<List<ObjectNode>> wish,
                            Predicate<List<ObjectNode>> done) {
        return Retry.of(tries, () -> {
            CHANGE.lock();
            try {
                List<ObjectNode> before = rules();
                List<ObjectNode> wanted = wish.apply(before);
                if (wanted.equals(before)) {
                    return before;
                }
                replace(wanted);
                List<ObjectNode> after = rules();
                if (!done.test(after)) {
                    throw new Retry.Passing(Failure.missing("somebody else writes the trusted sources of database "
                            + database + " at the same time", "run it again in a moment"), PAUSE);
                }
                tellLost(wanted.stream().filter(before::contains).map(DigitalOcean::name).toList(), after, console);
                return after;
            } finally {
                CHANGE.unlock();
            }
        });
    }

    // They were in what was written: whoever wrote after us took them out, perhaps on purpose.
    private void tellLost(List<String> kept, List<ObjectNode> after, Console console) {
        List<String> stand = after.stream().map(DigitalOcean::name).toList();
        for (String rule : kept) {
            if (!stand.contains(rule)) {
                console.mark("warn", "the trusted source " + rule + " of database " + database
                        + " is gone since a moment ago; it was written back, so somebody else removed it");
                console.say("  -> if it is missed: doctl databases firewalls append " + database + " --rule " + rule);
            }
        }
    }

    private static String name(ObjectNode rule) {
        return rule.path("type").asText() + ":" + rule.path("value").asText();
    }

    /** Waits until no change of this process is under way; not longer than the slowest takes. */
    static void awaitChange() {
        try {
            if (CHANGE.tryLock(3 * PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                CHANGE.unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void replace(List<ObjectNode> wanted) {
        ObjectNode body = Json.object();
        wanted.forEach(body.putArray("rules")::add);
        send(request().PUT(HttpRequest.BodyPublishers.ofString(body.toString()))
                .header("Content-Type", "application/json").build());
    }

    private HttpRequest.Builder request() {
        return HttpRequest.newBuilder(rules).timeout(PATIENCE).header("Authorization", "Bearer " + token)
                .header("Accept", "application/json");
    }

    private HttpResponse<String> send(HttpRequest request) {
        HttpResponse<String> answer;
        try {
            answer = Https.CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new Retry.Passing(new Failure(Failure.Exit.MISSING,
                    "DigitalOcean's API does not answer: " + rules.getHost() + ": " + Gate.words(e),
                    "try it: curl -sS -o /dev/null -w '%{http_code}\\n' " + api()
                    + "/v2/account   # 401 means that it is there", e), PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Exit.INTERRUPTED, "interrupted while DigitalOcean was asked", null, e);
        }
        if (answer.statusCode() / 100 == 2) {
            return answer;
        }
        throw refused(answer);
    }

    private RuntimeException refused(HttpResponse<String> answer) {
        int status = answer.statusCode();
        String said = " (" + status + said(answer.body()) + ")";
        String scopes = "a token with the scopes database:read and database:update is needed; make one at DigitalOcean"
                + " under API, then: export " + variable + "=TOKEN";
        if (status == 429) {
            Duration pause = pause(answer);
            Failure failure = Failure.missing("DigitalOcean takes no more requests for now" + said,
                    "wait " + Math.max(1, pause.toSeconds()) + " s, then run it again");
            return pause.compareTo(LONGEST_PAUSE) > 0 ? failure : new Retry.Passing(failure, pause);
        }
        if (status >= 500) {
            return new Retry.Passing(Failure.missing("DigitalOcean's API is in trouble" + said,
                    "run it again in some minutes; or add this machine's address in the control panel: Databases, "
                    + "Network Access, Trusted sources"), PAUSE);
        }
        return switch (status) {
            case 401 -> Failure.missing("DigitalOcean refuses the token of " + variable + said, scopes);
            case 403 -> Failure.missing("the token of " + variable + " may not see or change who is trusted by"
                    + " database " + database + said, scopes);
            case 404 -> Failure.missing("DigitalOcean has no database " + database + " that the token of " + variable
                    + " may see" + said, "doctl databases list   # the ID belongs into release.json");
            default -> Failure.missing("DigitalOcean does not do it for database " + database + said,
                    "doctl databases firewalls list " + database + "   # see what stands there now");
        };
    }

    private static Duration pause(HttpResponse<String> answer) {
        String seconds = answer.headers().firstValue("Retry-After").orElse("").strip();
        return seconds.matches("\\d{1,6}") ? Duration.ofSeconds(Long.parseLong(seconds)) : PAUSE;
    }

    private static String said(String body) {
        try {
            String message = Secrets.mask(Json.MAPPER.readTree(body).path("message").asText()).strip();
            return message.isEmpty() ? "" : ": " + message.lines().findFirst().orElse("");
        } catch (JsonProcessingException | IllegalArgumentException e) {
            return "";
        }
    }
}
