//DEPS org.apache.commons:commons-text:1.14.0
//SOURCES Failure.java FirewallSetting.java Gate.java Json.java QueriesSetting.java ServiceSetting.java
//SOURCES UrlSource.java VariablesSetting.java VersionSetting.java Windows.java

package lib;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** What release.json says; everything has a default, so that the common case needs no file at all. */
public record Settings(Branches branches, Migrations migrations, List<List<String>> checks,
                       Map<String, Environment> environments, VersionSetting version, QueriesSetting queries,
                       Trash trash) {
    public static final String FILE = "release.json";
    /** As many letters may be wrong in a name that was meant to be another. */
    private static final int SLIP = 2;
    // Written twice, a key would silently lose its first value; what follows the end would be lost altogether.
    private static final ObjectReader READER = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS).enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
            // A number where a name belongs is a mistake, not a name.
            .withCoercionConfig(LogicalType.Textual, texts -> texts.setCoercion(CoercionInputShape.Integer,
                    CoercionAction.Fail).setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .build().readerFor(Settings.class).with(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** Loads what reads it. */
    static void load() {
        READER.getTypeFactory();
    }

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

    /** For how many days what a release drops is kept; 0 drops it at once. */
    public record Trash(Integer days) {
        public static final int DAYS = 7;
        private static final int MOST = 3650;

        public Trash {
            days = days == null ? DAYS : days;
        }
    }

    /**
     * One place where the application runs.
     *
     * @param network {@code private} where only machines of one's own can listen on the way to its database
     * @param windows the hours in which it may be changed; null for any time
     * @param stop {@code always} where services are stopped even for SQL that blocks nobody
     * @param finalBackup false where no second backup is made after the stop
     */
    public record Environment(JsonNode url, List<String> tunnel, Map<String, ServiceSetting> services,
                              FirewallSetting firewall, List<String> windows, String network, String stop,
                              Boolean finalBackup, VariablesSetting variables) {
        public Environment {
            services = services == null ? Map.of() : services;
        }
    }

    public Settings {
        branches = branches == null ? new Branches(null, null) : branches;
        migrations = migrations == null ? new Migrations(null, null) : migrations;
        environments = environments == null ? Map.of() : environments;
        queries = queries == null ? new QueriesSetting(null, null, null, null) : queries;
        trash = trash == null ? new Trash(null) : trash;
    }

    /** Reads release.json of a repository; a mistake is named with its line and the nearest key that would be right. */
    public static Settings of(Path repo) {
        Path file = repo.resolve(FILE);
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return new Settings(null, null, null, null, null, null, null);
        }
        if (Files.isDirectory(file)) {
            throw Failure.usage(FILE + " is a folder", "mv " + FILE + " " + FILE + ".d   # give it another name");
        }
        String text = "";
        try {
            text = text(Files.readAllBytes(file));
            Settings settings = text.isBlank() ? null : READER.readValue(text);
            if (settings == null) {
                throw Failure.usage(FILE + " is empty", "write {} into it, or remove it");
            }
            settings.check(text);
            return settings;
        } catch (UnrecognizedPropertyException e) {
            List<String> known = e.getKnownPropertyIds().stream().map(String::valueOf).sorted().toList();
            throw Failure.usage(where(text, e, pointer(e)) + ": unknown key \"" + e.getPropertyName() + "\"",
                    "did you mean \"" + nearest(e.getPropertyName(), known) + "\"? Known here: "
                    + String.join(", ", known));
        } catch (JsonMappingException e) {
            if (e.getCause() instanceof JsonProcessingException syntax) {
                throw malformed(syntax, text);
            }
            boolean more = e.getOriginalMessage().startsWith("Trailing token");
            throw Failure.usage(more ? FILE + " goes on after its end" : where(text, e, pointer(e)) + ": " + key(e)
                    + "has a value of the wrong kind" + wanted(e),
                    "compare it with the example in README, section Settings");
        } catch (JsonProcessingException e) {
            throw malformed(e, text);
        } catch (IOException e) {
            throw Failure.usage(FILE + " cannot be read: " + Gate.words(e), "ls -l " + FILE);
        }
    }

    // UTF-8 with or without a mark at its beginning; whatever else an editor or a shell writes is named.
    private static String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString()
                    .replaceFirst("^\ufeff", "");
        } catch (CharacterCodingException e) {
            boolean wide = bytes.length > 1 && (bytes[0] & bytes[1] & 0xfe) == 0xfe;
            throw Failure.usage(FILE + " is not written in UTF-8"
                    + (wide ? " but in UTF-16, as PowerShell's > does" : ""), "iconv -f "
                    + (wide ? "UTF-16" : "ISO-8859-1") + " -t UTF-8 " + FILE + " > new.json && mv new.json " + FILE);
        }
    }

    private static Failure malformed(JsonProcessingException error, String text) {
        boolean json = text.stripLeading().startsWith("{") || text.stripLeading().startsWith("/");
        return Failure.usage(at(error.getLocation()) + ": "
                + error.getOriginalMessage().lines().findFirst().orElse("not JSON"),
                json ? "correct that line of " + FILE : FILE
                + " is JSON, not YAML or the like: it begins with { and its keys stand in double quotes");
    }

    private void check(String text) {
        for (String branch : List.of(branches.source, branches.release)) {
            if (branch.isBlank()) {
                throw wrong(text, "/branches", "branches holds an empty name",
                        "write {\"branches\": {\"source\": \"main\", \"release\": \"release\"}}");
            }
        }
        if (branches.source.equals(branches.release)) {
            throw wrong(text, "/branches",
                    "branches.source and branches.release are both \"" + branches.source + "\"",
                    "name two branches: the one that is worked on, and the one that is deployed");
        }
        if (trash.days < 0 || trash.days > Trash.MOST) {
            throw wrong(text, "/trash/days", "trash.days is " + trash.days, "write a number of days from 0 (drop at"
                    + " once) to " + Trash.MOST);
        }
        command("checks", checks == null ? List.of() : checks);
        if (version != null && version.mistake() != null) {
            throw wrong(text, "/version", "version" + version.mistake(), "compare it with README, section Settings");
        }
        if (queries.mistake() != null) {
            throw wrong(text, "/queries", "queries" + queries.mistake(),
                    "write {\"queries\": {\"folder\": \"queries\", \"slower\": 20}}");
        }
        environments.forEach((name, environment) -> {
            if (environment != null) {
                check(text, name, environment);
            }
        });
    }

    private static void check(String text, String name, Environment environment) {
        String place = "environments." + name;
        String pointer = "/environments/" + escaped(name);
        String url = UrlSource.mistake(environment.url);
        if (url != null) {
            throw wrong(text, pointer + "/url", place + ".url" + url, UrlSource.FORMS);
        }
        if (environment.network != null && !environment.network.equals("private")) {
            throw wrong(text, pointer + "/network", place + ".network is \"" + environment.network
                    + "\", and the only word for it is \"private\"",
                    "remove it unless only machines of your own are on the way to that database");
        }
        if (environment.stop != null && !environment.stop.equals("always")) {
            throw wrong(text, pointer + "/stop", place + ".stop is \"" + environment.stop
                    + "\", and the only word for it is \"always\"",
                    "remove it: services are stopped whenever the rehearsal does not show that nobody is blocked");
        }
        if (environment.tunnel != null) {
            command(place + ".tunnel", List.of(environment.tunnel));
        }
        String firewall = environment.firewall == null ? null : environment.firewall.mistake();
        if (firewall != null) {
            throw wrong(text, pointer + "/firewall", place + ".firewall" + firewall, FirewallSetting.FORM);
        }
        for (String window : environment.windows == null ? List.<String>of() : environment.windows) {
            if (Windows.mistake(window) != null) {
                throw wrong(text, pointer + "/windows", place + ".windows" + Windows.mistake(window), Windows.FORM);
            }
        }
        String variables = environment.variables == null ? null : environment.variables.mistake();
        if (variables != null) {
            throw wrong(text, pointer + "/variables", place + ".variables" + variables,
                    "compare it with README, section Settings");
        }
        environment.services.forEach((service, setting) -> {
            String key = place + ".services." + service;
            if (setting == null) {
                throw Failure.usage(FILE + ": " + key + " is null", "describe that service, or remove it");
            }
            command(key, setting.commands());
            if (setting.mistake() != null) {
                throw wrong(text, pointer + "/services/" + escaped(service), key + setting.mistake(),
                        "compare it with README, section Settings");
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

    /** The environment of that name; an empty one when release.json does not describe it. */
    public Environment environment(String name) {
        Environment environment = environments.get(name);
        if (!environments.isEmpty() && !environments.containsKey(name) && !name.equals("production")) {
            String nearest = nearest(name, environments.keySet());
            // Only for a slip of the finger: the nearest name may be the very database that is to be kept out of it.
            boolean slip = LevenshteinDistance.getDefaultInstance().apply(nearest, name) <= SLIP;
            throw Failure.usage("release.json has no environment \"" + name + "\"; it has "
                    + String.join(", ", environments.keySet()), slip ? "did you mean --env " + nearest + "?"
                    : "describe it there: \"environments\": {\"" + name + "\": {\"url\": {\"env\": \""
                    + name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_") + "_DATABASE_URL\"}}}");
        }
        return environment == null ? new Environment(null, null, null, null, null, null, null, null, null)
                : environment;
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

    private static Failure wrong(String text, String pointer, String message, String hint) {
        return Failure.usage(where(text, null, pointer) + ": " + message, hint);
    }

    private static String pointer(JsonMappingException error) {
        StringBuilder path = new StringBuilder();
        error.getPath().forEach(step -> path.append('/').append(step.getFieldName() == null ? "" + step.getIndex()
                : escaped(step.getFieldName())));
        return path.toString();
    }

    private static String escaped(String key) {
        return key.replace("~", "~0").replace("/", "~1");
    }

    // Jackson tells where it noticed, which is the end of the object; people look for the key.
    private static String where(String text, JsonMappingException error, String pointer) {
        try (JsonParser parser = Json.MAPPER.createParser(text)) {
            while (parser.nextToken() != null) {
                if (parser.getParsingContext().pathAsPointer().toString().equals(pointer)) {
                    return at(parser.currentTokenLocation());
                }
            }
        } catch (IOException e) {
            // Then the place that Jackson gives has to do.
        }
        return at(error == null ? null : error.getLocation());
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
