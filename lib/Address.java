//DEPS io.github.cdimascio:dotenv-java:3.2.0@fatjar
//SOURCES Console.java Exec.java Failure.java Json.java Settings.java Target.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.cdimascio.dotenv.Dotenv;
import io.github.cdimascio.dotenv.DotenvEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where an environment's database URL comes from: release.json, the environment, .env or a person. */
public final class Address {
    /** How a URL that was typed once reaches the phases that a release starts. */
    static final String TYPED = "RELEASE_TYPED_URL";
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Pattern PLACEHOLDER = Pattern.compile("(?i)<[a-z_ -]+>|\\[[a-z_ -]*password[a-z_ -]*]"
            + "|\\bchange[-_]?me\\b|\\.\\.\\.|…|your[-_]password|\\$\\{\\{?[a-z0-9_. -]+}|(?-i:\\bPASSWORD(?=@))");

    private Address() {
    }

    /** A database URL together with the words that say where it was found; the words may be shown, the URL may not. */
    public record Found(String url, String source) {
        public Target target() {
            String placeholder = placeholder(url);
            if (placeholder != null) {
                throw Failure.usage("the database URL from " + source + " still holds the placeholder " + placeholder,
                        "put the real value there; where it really is part of the password, write it as %XX");
            }
            try {
                return Target.parse(url);
            } catch (Failure failure) {
                throw Failure.usage(source + ": " + failure.getMessage(), failure.hint);
            }
        }
    }

    /** Finds the URL of an environment, asking on a terminal when nothing else has it. */
    public static Found find(Path repo, Settings settings, String environment, Console console) {
        JsonNode wish = settings.environment(environment).url();
        if (wish == null || wish.isNull()) {
            return common(repo, environment, console);
        }
        if (wish.isTextual() && wish.asText().equals("prompt")) {
            return typed(environment, console);
        }
        String kind = wish.isObject() && wish.size() == 1 ? wish.fieldNames().next() : "";
        JsonNode value = wish.path(kind);
        if (List.of("env", "dotenv").contains(kind) && (!value.isTextual() || value.asText().isBlank())) {
            throw Failure.usage("release.json: environments." + environment + ".url." + kind
                    + " is not the name of a variable", "write it as {\"" + kind + "\": \"PROD_DATABASE_URL\"}");
        }
        return switch (kind) {
            case "env" -> variable(value.asText(), environment);
            case "dotenv" -> dotenv(repo, value.asText(), environment);
            case "command" -> command(repo, words(value), environment);
            case "railway" -> railway(repo, value, environment);
            case "prompt" -> typed(environment, console);
            default -> throw Failure.usage("release.json: environments." + environment + ".url "
                    + (wish.asText().contains("://") ? "is a URL, and git would keep its password"
                    : "is none of the known ways to a URL"), "use one of {\"env\": NAME}, {\"dotenv\": NAME}, "
                    + "{\"command\": [...]}, {\"railway\": {...}}, \"prompt\"");
        };
    }

    /** What a child of ours needs in its environment so that it need not ask again. */
    public static Map<String, String> handOver(Found found) {
        return found.source().equals("the prompt") ? Map.of(TYPED, found.url()) : Map.of();
    }

    private static Found common(Path repo, String environment, Console console) {
        String name = (environment.equals("production") ? "PROD"
                : environment.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_")) + "_DATABASE_URL";
        String value = System.getenv(name);
        if (value != null && !value.isBlank()) {
            return new Found(value, name);
        }
        value = inFile(repo, name);
        if (value != null && !value.isBlank()) {
            return new Found(value, name + " in .env");
        }
        if (System.getenv(TYPED) == null && !Console.interactive()) {
            // DATABASE_URL is the developer's own database far too often to be taken for production.
            throw Failure.usage("no database URL for " + environment + ": " + name + " is neither set nor in .env",
                    "export " + name + "=postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
        }
        return typed(environment, console);
    }

    private static Found typed(String environment, Console console) {
        String handed = System.getenv(TYPED);
        if (handed != null) {
            return new Found(handed, "the prompt");
        }
        if (!Console.interactive()) {
            throw Failure.usage("the database URL of " + environment + " is to be typed, and there is no terminal",
                    "run it on a terminal, or name another source in release.json: "
                    + "{\"url\": {\"env\": \"PROD_DATABASE_URL\"}}");
        }
        String url = console.askSecret("Database URL of " + environment + " (not shown):");
        if (url.isBlank()) {
            throw Failure.usage("no database URL was typed for " + environment, "run it again");
        }
        return new Found(url, "the prompt");
    }

    private static Found variable(String name, String environment) {
        String value = System.getenv(name);
        if (value == null || value.isBlank()) {
            throw Failure.usage("the variable " + name + " (database URL of " + environment + ") is not set",
                    "export " + name + "=postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
        }
        return new Found(value, name);
    }

    // Of the file alone: asked by name, the library prefers the environment, which may hold another database. A line
    // that it cannot read is none of ours, and its text may be a secret.
    private static String inFile(Path repo, String name) {
        if (!Files.isRegularFile(repo.resolve(".env"))) {
            return null;
        }
        return Dotenv.configure().directory(repo.toString()).ignoreIfMissing().ignoreIfMalformed().load()
                .entries(Dotenv.Filter.DECLARED_IN_ENV_FILE).stream().filter(entry -> entry.getKey().equals(name))
                .map(DotenvEntry::getValue).findFirst().orElse(null);
    }

    private static Found dotenv(Path repo, String name, String environment) {
        String value = inFile(repo, name);
        if (value == null || value.isBlank()) {
            throw Failure.usage(".env has no " + name + " (database URL of " + environment + ")",
                    "printf '\\n%s\\n' '" + name + "=postgresql://USER:PASSWORD@HOST:PORT/DATABASE' >> .env");
        }
        return new Found(value, name + " in .env");
    }

    private static Found command(Path repo, List<String> command, String environment) {
        Exec.Result result = Exec.of(command).in(repo).within(PATIENCE).run();
        if (!result.ok() || result.out().isBlank()) {
            String said = result.err().lines().findFirst().map(line -> ": " + line).orElse("");
            throw Failure.missing("the command for the database URL of " + environment + " gave none (exit "
                    + result.exit() + ")" + said, "try it: " + Exec.typed(command));
        }
        if (result.lines().size() > 1) {
            throw Failure.usage("the command for the database URL of " + environment + " printed "
                    + result.lines().size() + " lines, not one", "let it print the URL alone: " + Exec.typed(command));
        }
        return new Found(result.out(), "the output of " + command.get(0));
    }

    private static List<String> words(JsonNode list) {
        List<String> words = new ArrayList<>();
        list.forEach(word -> words.add(word.asText()));
        if (words.isEmpty()) {
            throw Failure.usage("release.json: a command is a list of words",
                    "write it as [\"program\", \"argument\"]");
        }
        return words;
    }

    // Not "railway run": it answers with the developer's own value when the service lacks the variable.
    private static Found railway(Path repo, JsonNode value, String environment) {
        String service = value.path("service").asText();
        String name = value.path("variable").asText("DATABASE_PUBLIC_URL");
        String place = value.path("environment").asText(environment);
        List<String> command = new ArrayList<>(List.of("railway", "variable", "list", "-e", place, "--json"));
        if (!service.isEmpty()) {
            command.addAll(List.of("-s", service));
        }
        Exec.Result result = Exec.of(command).in(repo).within(PATIENCE).run();
        if (!result.ok()) {
            // Before 2026 the command had another name.
            List<String> older = new ArrayList<>(command);
            older.subList(1, 3).clear();
            older.add(1, "variables");
            Exec.Result second = Exec.of(older).in(repo).within(PATIENCE).run();
            result = second.ok() ? second : result;
        }
        if (!result.ok()) {
            throw Failure.missing("railway does not list the variables of "
                    + (service.isEmpty() ? "the service" : service) + ": " + result.tail(1),
                    "railway login   # then: railway link");
        }
        String url;
        try {
            url = Json.MAPPER.readTree(result.out()).path(name).asText("");
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw Failure.missing("railway answered with something that is not JSON",
                    "railway upgrade   # then run it again");
        }
        if (url.isBlank()) {
            throw Failure.usage("railway has no variable " + name + " in " + place
                    + (service.isEmpty() ? "" : "/" + service), "name the right one in release.json: "
                    + "\"url\": {\"railway\": {\"service\": …, \"variable\": …}}");
        }
        Found found = new Found(url, name + " of railway " + (service.isEmpty() ? place : service));
        if (found.target().host().endsWith(".railway.internal")) {
            throw Failure.usage(name + " of railway is the private address, known only inside Railway",
                    "use the public one: \"variable\": \"DATABASE_PUBLIC_URL\"");
        }
        return found;
    }

    /** The placeholder a value still holds, or null. */
    public static String placeholder(String value) {
        Matcher found = PLACEHOLDER.matcher(value);
        return found.find() ? found.group() : null;
    }
}
