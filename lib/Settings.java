//DEPS org.apache.commons:commons-text:1.14.0
//SOURCES Failure.java Json.java

package lib;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** What release.json says; everything has a default, so that the common case needs no file at all. */
public record Settings(Branches branches, Migrations migrations, List<List<String>> checks,
                       Map<String, Environment> environments) {
    public static final String FILE = "release.json";

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
        try {
            Settings settings = Json.MAPPER.readValue(Files.readString(file), Settings.class);
            if (settings == null) {
                throw Failure.usage(FILE + " is empty", "write {} into it, or remove it");
            }
            settings.environments.forEach(Settings::refuseUnbuilt);
            return settings;
        } catch (UnrecognizedPropertyException e) {
            List<String> known = e.getKnownPropertyIds().stream().map(String::valueOf).sorted().toList();
            throw Failure.usage(where(e) + ": unknown key \"" + e.getPropertyName() + "\"",
                    "did you mean \"" + nearest(e.getPropertyName(), known) + "\"? Known here: " + String.join(", ", known));
        } catch (JsonMappingException e) {
            throw Failure.usage(where(e) + ": " + key(e) + "has a value of the wrong kind",
                    "compare it with the example in README, section Settings");
        } catch (JsonProcessingException e) {
            throw Failure.usage(where(e) + ": " + e.getOriginalMessage().lines().findFirst().orElse("not JSON"),
                    "correct that line of " + FILE);
        } catch (IOException e) {
            throw Failure.usage(FILE + " cannot be read: " + e.getMessage(), "ls -l " + FILE);
        }
    }

    // A setting that is read and then not obeyed would be worse than one that is refused.
    private static void refuseUnbuilt(String name, Environment environment) {
        String unbuilt = environment == null ? null : environment.tunnel != null ? "tunnel" : environment.firewall != null ? "firewall"
                : environment.windows != null ? "windows" : null;
        if (unbuilt != null) {
            throw Failure.usage(FILE + ": environments." + name + "." + unbuilt + " is not obeyed by this version yet",
                    "remove it from " + FILE + ", and do that part by hand before the release");
        }
    }

    /** The environment of that name; an empty one when release.json does not describe it. */
    public Environment environment(String name) {
        Environment environment = environments.get(name);
        if (environment == null && !environments.isEmpty() && !name.equals("production")) {
            throw Failure.usage("release.json has no environment \"" + name + "\"",
                    "did you mean --env " + nearest(name, environments.keySet()) + "?");
        }
        return environment == null ? new Environment(null, null, null, null, null) : environment;
    }

    private static String nearest(String word, Collection<String> known) {
        return known.stream().min(Comparator.comparing(key -> LevenshteinDistance.getDefaultInstance().apply(key, word))).orElse("");
    }

    private static String where(JsonProcessingException error) {
        JsonLocation at = error.getLocation();
        return FILE + (at == null ? "" : " line " + at.getLineNr() + " column " + at.getColumnNr());
    }

    private static String key(JsonMappingException error) {
        StringBuilder path = new StringBuilder();
        error.getPath().forEach(step -> path.append(path.isEmpty() || step.getFieldName() == null ? "" : ".")
                .append(step.getFieldName() == null ? "[" + step.getIndex() + "]" : step.getFieldName()));
        return path.isEmpty() ? "it " : path + " ";
    }
}
