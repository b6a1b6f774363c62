//SOURCES Conninfo.java Console.java DotEnv.java Exec.java Failure.java Json.java Placeholder.java Settings.java
//SOURCES Target.java UrlSource.java way/Way.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import lib.way.Way;

/** Where an environment's database URL comes from: release.json, the environment, .env or a person. */
public final class Address {
    /** How a URL that was typed once reaches the phases that a release starts. */
    public static final String TYPED = "RELEASE_TYPED_URL";
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int TRIES = 3;

    private Address() {
    }

    /** A database URL together with the words that say where it was found; the words may be shown, the URL may not. */
    public record Found(String url, String source) {
        public Found {
            // What was copied with its quotes, or went through a file that keeps them.
            url = url.strip().replaceFirst("(?s)^(['\"`])(.*)\\1$", "$2").strip();
        }

        public Target target() {
            String placeholder = Placeholder.in(url);
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

        /** Where the URL was found, and where what it does not say itself. */
        public String origin() {
            List<String> words = new ArrayList<>(List.of(source));
            words.addAll(Conninfo.of(url, System.getenv()).origins());
            return String.join(", ", words);
        }
    }

    /** Finds the URL of an environment as {@link #look} does, and opens the way to its database. */
    public static Found find(Path repo, Settings settings, String environment, Console console) {
        Found found = look(repo, settings, environment, console);
        Way.of(repo, settings, environment, console).open(found::target);
        return found;
    }

    /** Finds the URL of an environment, asking on a terminal when nothing else has it. */
    public static Found look(Path repo, Settings settings, String environment, Console console) {
        JsonNode wish = settings.environment(environment).url();
        if (wish == null || wish.isNull()) {
            return common(repo, environment, console);
        }
        JsonNode value = wish.path(UrlSource.kind(wish));
        return switch (UrlSource.kind(wish)) {
            case "env" -> variable(repo, value.asText(), environment);
            case "dotenv" -> dotenv(repo, value.asText(), environment);
            case "command" -> command(repo, words(value), environment);
            case "railway" -> railway(repo, value, environment);
            default -> typed(environment, console);
        };
    }

    /** What a child of ours needs in its environment so that it need not ask again. */
    public static Map<String, String> handOver(Found found) {
        return found.source().equals("the prompt") ? Map.of(TYPED, found.url()) : Map.of();
    }

    /** The variable that holds an environment's URL where release.json says nothing else. */
    public static String variable(String environment) {
        return (environment.equals("production") ? "PROD"
                : environment.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_")) + "_DATABASE_URL";
    }

    /** The URL that the variable of an environment holds, in the shell or in .env; null where neither has it. */
    public static Found usual(Path repo, String environment) {
        String name = variable(environment);
        String value = System.getenv(name);
        if (value != null && !value.isBlank()) {
            return new Found(value, name);
        }
        value = inFile(repo, name);
        return value == null || value.isBlank() ? null : new Found(value, name + " in .env");
    }

    private static Found common(Path repo, String environment, Console console) {
        Found usual = usual(repo, environment);
        if (usual != null) {
            return usual;
        }
        String name = variable(environment);
        if (System.getenv(TYPED) == null && !Console.interactive()) {
            // DATABASE_URL is the developer's own database far too often to be taken for production.
            throw Failure.usage("no database URL for " + environment + ": " + name + " is neither set nor in .env",
                    instead(repo, name, "export " + name + "=postgresql://USER:PASSWORD@HOST:PORT/DATABASE"));
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
        for (int attempt = 1; ; attempt++) {
            String url = console.askSecret("Database URL of " + environment + " (not shown):");
            if (url == null) {
                throw Failure.usage("the input ended before a database URL was typed for " + environment,
                        "run it again");
            }
            try {
                // As people copy it, out of a shell's file: export NAME="…"
                String prefix = "^(?:export\\s+)?[A-Za-z_]\\w*=(?=['\"`]?postgres)";
                Found found = new Found(url.strip().replaceFirst(prefix, ""), "the prompt");
                if (found.url.isEmpty()) {
                    throw Failure.usage("no database URL was typed for " + environment, "run it again");
                }
                found.target();
                return found;
            } catch (Failure failure) {
                if (attempt == TRIES) {
                    throw failure;
                }
                console.failure(failure.getMessage(), "type it once more");
            }
        }
    }

    private static Found variable(Path repo, String name, String environment) {
        String value = System.getenv(name);
        if (value == null || value.isBlank()) {
            throw Failure.usage("the variable " + name + " (database URL of " + environment + ") is not set",
                    instead(repo, name, "export " + name + "=postgresql://USER:PASSWORD@HOST:PORT/DATABASE"));
        }
        return new Found(value, name);
    }

    // Of the file alone: the environment may hold another database under that name.
    private static String inFile(Path repo, String name) {
        Path file = repo.resolve(".env");
        return Files.isRegularFile(file) ? DotEnv.of(file).get(name, System.getenv()) : null;
    }

    // Another file may hold it; it is named and not read, for which of them an application takes is its own affair.
    private static String instead(Path repo, String name, String otherwise) {
        List<String> files = new ArrayList<>();
        try (var found = Files.newDirectoryStream(repo, ".env*")) {
            for (Path file : found) {
                if (Files.isRegularFile(file) && holds(file, name)) {
                    files.add(file.getFileName().toString());
                }
            }
        } catch (IOException e) {
            // A hint less.
            return otherwise;
        }
        files.sort(null);
        return files.isEmpty() ? otherwise : otherwise + "   # " + String.join(" and ", files)
                + (files.size() == 1 ? " has it, but is" : " have it, but are") + " not read";
    }

    private static boolean holds(Path file, String name) {
        try {
            return !DotEnv.of(file).values().getOrDefault(name, "").isBlank();
        } catch (Failure unreadable) {
            return false;
        }
    }

    private static Found dotenv(Path repo, String name, String environment) {
        String value = inFile(repo, name);
        if (value == null || value.isBlank()) {
            throw Failure.usage(".env has no " + name + " (database URL of " + environment + ")", instead(repo, name,
                    "printf '\\n%s\\n' '" + name + "=postgresql://USER:PASSWORD@HOST:PORT/DATABASE' >> .env"));
        }
        return new Found(value, name + " in .env");
    }

    /**
     * The URL of another environment as far as it can be found without asking or running anything; null where that
     * would be needed, or where it is not set.
     */
    public static Found peek(Path repo, Settings settings, String environment) {
        JsonNode wish = settings.environment(environment).url();
        boolean usual = wish == null || wish.isNull();
        String name = usual ? variable(environment) : wish.path("env").asText("");
        String value = name.isEmpty() ? null : System.getenv(name);
        if (value != null && !value.isBlank()) {
            return new Found(value, name);
        }
        String inFile = usual ? name : wish.path("dotenv").asText("");
        value = inFile.isEmpty() ? null : inFile(repo, inFile);
        return value == null || value.isBlank() ? null : new Found(value, inFile + " in .env");
    }

    /** The URL of an environment as {@link #find} finds it; null where a person would have to type it. */
    public static Found unasked(Path repo, Settings settings, String environment, Console console) {
        JsonNode wish = settings.environment(environment).url();
        boolean ran = wish != null && List.of("command", "railway").contains(UrlSource.kind(wish));
        return ran || System.getenv(TYPED) != null || peek(repo, settings, environment) != null
                ? find(repo, settings, environment, console) : null;
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
}
