//DEPS org.apache.commons:commons-text:1.14.0
//SOURCES Failure.java Gate.java Json.java

package lib;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** What release.json says; everything has a default, so that the common case needs no file at all. */
public record Settings(Branches branches, Migrations migrations, List<List<String>> checks,
                       Map<String, Environment> environments) {
    public static final String FILE = "release.json";
    // Written twice, a key would silently lose its first value; what follows the end would be lost altogether.
    private static final ObjectReader READER = Json.MAPPER.readerFor(Settings.class)
            .with(StreamReadFeature.STRICT_DUPLICATE_DETECTION).with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** The branch that is promoted and the one that is deployed. */
    public record Branches(String source, String release) {
        public Branches {
            source = source == null ? "main" : source;
            release = release == null ? "release" : release;
        }
    }

    /** The migration tool and its folder; null where they are to be found. */
    public record Migrations(String tool, String folder) {
    }

    /** One place where the application runs. */
    public record Environment(JsonNode url, List<String> tunnel, Map<String, Service> services, JsonNode firewall,
                              List<String> windows) {
        public Environment {
            services = services == null ? Map.of() : services;
        }
    }

    /** A service of the application, stopped and started by commands. */
    public record Service(List<String> stop, List<String> start, @JsonProperty("health") String health) {
        public Service {
            stop = stop == null ? List.of() : stop;
            start = start == null ? List.of() : start;
        }
    }

    public Settings {
        branches = branches == null ? new Branches(null, null) : branches;
        migrations = migrations == null ? new Migrations(null, null) : migrations;
        environments = environments == null ? Map.of() : environments;
    }

    /** Reads release.json of a repository; a mistake is named with its line and the nearest key that would be right. */
    public static Settings of(Path repo) {
        Path file = repo.resolve(FILE);
        if (!Files.exists(file)) {
            return new Settings(null, null, null, null);
        }
        String text = "";
        try {
            text = Files.readString(file);
            Settings settings = text.isBlank() ? null : READER.readValue(text);
            if (settings == null) {
                throw Failure.usage(FILE + " is empty", "write {} into it, or remove it");
            }
            settings.check();
            return settings;
        } catch (UnrecognizedPropertyException e) {
            List<String> known = e.getKnownPropertyIds().stream().map(String::valueOf).sorted().toList();
            throw Failure.usage(where(text, e) + ": unknown key \"" + e.getPropertyName() + "\"", "did you mean \""
                    + nearest(e.getPropertyName(), known) + "\"? Known here: " + String.join(", ", known));
        } catch (JsonMappingException e) {
            if (e.getCause() instanceof JsonProcessingException syntax) {
                throw malformed(syntax);
            }
            boolean more = e.getOriginalMessage().startsWith("Trailing token");
            throw Failure.usage(more ? FILE + " goes on after its end" : where(text, e) + ": " + key(e)
                    + "has a value of the wrong kind" + wanted(e),
                    "compare it with the example in README, section Settings");
        } catch (JsonProcessingException e) {
            throw malformed(e);
        } catch (IOException e) {
            throw Failure.usage(FILE + " cannot be read: " + Gate.words(e), "ls -l " + FILE);
        }
    }

    private static Failure malformed(JsonProcessingException error) {
        return Failure.usage(at(error.getLocation()) + ": "
                + error.getOriginalMessage().lines().findFirst().orElse("not JSON"), "correct that line of " + FILE);
    }

    private void check() {
        for (String branch : List.of(branches.source, branches.release)) {
            if (branch.isBlank()) {
                throw Failure.usage(FILE + ": branches holds an empty name",
                        "write {\"branches\": {\"source\": \"main\", \"release\": \"release\"}}");
            }
        }
        if (branches.source.equals(branches.release)) {
            throw Failure.usage(FILE + ": branches.source and branches.release are both \"" + branches.source + "\"",
                    "name two branches: the one that is worked on, and the one that is deployed");
        }
        command("checks", checks == null ? List.of() : checks);
        environments.forEach((name, environment) -> {
            if (environment != null) {
                refuseUnbuilt("environments." + name, environment);
                environment.services.forEach((service, commands) -> {
                    String key = "environments." + name + ".services." + service;
                    if (commands == null) {
                        throw Failure.usage(FILE + ": " + key + " is null", "describe that service, or remove it");
                    }
                    if (commands.health != null) {
                        throw unbuilt(key + ".health");
                    }
                    command(key, Stream.of(commands.stop, commands.start).filter(words -> !words.isEmpty()).toList());
                });
            }
        });
    }

    private static void command(String key, List<List<String>> commands) {
        for (List<String> command : commands) {
            if (command == null || command.isEmpty() || command.contains(null) || command.get(0).isBlank()) {
                throw Failure.usage(FILE + ": " + key + " holds a command without words",
                        "a command is a list of words: [\"npm\", \"test\"]");
            }
        }
    }

    // A setting that is read and then not obeyed would be worse than one that is refused.
    private static void refuseUnbuilt(String key, Environment environment) {
        String unbuilt = environment.tunnel != null ? "tunnel" : environment.firewall != null ? "firewall"
                : environment.windows != null ? "windows" : null;
        if (unbuilt != null) {
            throw unbuilt(key + "." + unbuilt);
        }
    }

    private static Failure unbuilt(String key) {
        return Failure.usage(FILE + ": " + key + " is not obeyed by this version yet",
                "remove it from " + FILE + ", and do that part by hand");
    }

    /** The environment of that name; an empty one when release.json does not describe it. */
    public Environment environment(String name) {
        Environment environment = environments.get(name);
        if (!environments.isEmpty() && !environments.containsKey(name) && !name.equals("production")) {
            throw Failure.usage("release.json has no environment \"" + name + "\"",
                    "did you mean --env " + nearest(name, environments.keySet()) + "?");
        }
        return environment == null ? new Environment(null, null, null, null, null) : environment;
    }

    private static String nearest(String word, Collection<String> known) {
        LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
        return known.stream().min(Comparator.comparing(key -> distance.apply(key, word))).orElse("");
    }

    private static String wanted(JsonMappingException error) {
        Class<?> type = error instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : null;
        return type == null ? "" : Collection.class.isAssignableFrom(type) ? ": a list in [ ] belongs there"
                : type == String.class ? ": a text in quotes belongs there" : ": an object in { } belongs there";
    }

    // Jackson tells where it noticed, which is the end of the object; people look for the key.
    private static String where(String text, JsonMappingException error) {
        StringBuilder path = new StringBuilder();
        error.getPath().forEach(step -> path.append('/').append(step.getFieldName() == null ? "" + step.getIndex()
                : step.getFieldName().replace("~", "~0").replace("/", "~1")));
        try (JsonParser parser = Json.MAPPER.createParser(text)) {
            while (parser.nextToken() != null) {
                if (parser.getParsingContext().pathAsPointer().toString().contentEquals(path)) {
                    return at(parser.currentTokenLocation());
                }
            }
        } catch (IOException e) {
            // Then the place that Jackson gives has to do.
        }
        return at(error.getLocation());
    }

    private static String at(JsonLocation at) {
        return FILE + (at == null ? "" : " line " + at.getLineNr() + " column " + at.getColumnNr());
    }

    private static String key(JsonMappingException error) {
        StringBuilder path = new StringBuilder();
        error.getPath().forEach(step -> path.append(path.isEmpty() || step.getFieldName() == null ? "" : ".")
                .append(step.getFieldName() == null ? "[" + step.getIndex() + "]" : step.getFieldName()));
        return path.isEmpty() ? "it " : path + " ";
    }
}
