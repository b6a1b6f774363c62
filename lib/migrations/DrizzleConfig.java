//SOURCES ../Failure.java ../Json.java ../sql/Name.java DrizzleFolder.java JavaScript.java

package lib.migrations;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Failure;
import lib.Json;
import lib.sql.Name;

/**
 * Where a repository says that Drizzle's migrations are and in which table their history is kept.
 *
 * @param file the drizzle.config file, null when there is none
 * @param home the folder that holds it, "" for the top of the repository
 * @param folder the folder of the migrations
 * @param tables where the history may be, the likeliest first
 * @param said what names the first of these tables
 * @param certain false when only the running program knows the table's name, or nothing in the repository says it
 */
public record DrizzleConfig(String file, String home, String folder, List<Name> tables, String said, boolean certain) {
    /** Where every version of drizzle-orm keeps its history unless told otherwise. */
    public static final Name USUAL = Name.of("drizzle", "__drizzle_migrations");

    private static final Pattern FILE = Pattern.compile("(.*/)?drizzle\\.config\\.(ts|js|mjs|cjs|json)");
    private static final Pattern OTHER_DIALECT = Pattern.compile(
            "[\"']?(?:dialect|driver)[\"']?\\s*:\\s*[\"'`](?:mysql2?|sqlite|turso|better-sqlite|libsql|singlestore|gel"
                    + "|mssql|cockroach|d1|expo)[\\w-]*[\"'`]");
    private static final Pattern OPTION =
            Pattern.compile("(?<!(?:const|let|var)\\s{1,4})(?<![\\w.$])migrations(?:Table|Schema)\\b");
    private static final Pattern MIGRATOR =
            Pattern.compile("drizzle-orm/([\\w-]+(?:/[\\w-]+)*)/migrator(?:\\.[cm]?js)?");

    /** Finds the one Drizzle project of a repository; {@code wanted} is the folder release.json names, or null. */
    static Optional<DrizzleConfig> find(Map<String, byte[]> files, String wanted) {
        Map<String, List<String>> configs = new LinkedHashMap<>();
        for (String path : new TreeSet<>(files.keySet())) {
            if (FILE.matcher(path).matches() && !JavaScript.installed(path)) {
                String code = JavaScript.code(files.get(path));
                if (!OTHER_DIALECT.matcher(code).find()) {
                    configs.computeIfAbsent(out(files, path, code), folder -> new ArrayList<>()).add(path);
                }
            }
        }
        if (wanted != null) {
            String folder = normal("", wanted);
            if (!holds(files, folder)) {
                throw Failure.usage("release.json names the migrations folder " + wanted
                        + ", and nothing of Drizzle's is committed there",
                        folders(files).isEmpty() ? "git add " + folder : "write \"migrations\": {\"folder\": \""
                        + folders(files).iterator().next()
                                + "\"} in release.json");
            }
            return Optional.of(of(files, configs.getOrDefault(folder, List.of()), folder));
        }
        Set<String> folders = new LinkedHashSet<>(configs.keySet());
        folders.removeIf(folder -> !holds(files, folder));
        if (folders.isEmpty() && !configs.isEmpty() && !migrators(files).isEmpty()) {
            String folder = configs.keySet().iterator().next();
            throw Failure.stop(migrators(files).keySet().iterator().next() + " runs Drizzle's migrations, and " + folder
                    + " (of " + configs.get(folder).get(0) + ") has no committed file", "git add -f " + folder
                    + " && git commit");
        }
        if (folders.isEmpty() && configs.isEmpty()) {
            folders.addAll(folders(files));
        }
        if (folders.size() > 1) {
            List<String> named = new ArrayList<>();
            folders.forEach(folder -> named.add(folder + (configs.containsKey(folder) ? " (" + configs.get(folder)
                    .get(0) + ")" : "")));
            throw Failure.decide("this repository has " + folders.size() + " folders of Drizzle migrations: "
                    + String.join(", ", named),
                    "say which one this release is about, in release.json: \"migrations\": {\"folder\": \""
                            + folders.iterator().next() + "\"}");
        }
        return folders.stream().findFirst().map(folder -> of(files, configs.getOrDefault(folder, List.of()), folder));
    }

    private static String out(Map<String, byte[]> files, String path, String code) {
        String home = DrizzleFolder.parent(path);
        Optional<JavaScript.Value> out = JavaScript.property(code, "out", code);
        if (out.isPresent() && !out.get().literal()) {
            // An expression; what is committed below the configuration says as well where the migrations are.
            List<String> below = folders(files).stream().filter(folder -> folder.startsWith(home)).toList();
            if (below.size() == 1) {
                return below.get(0);
            }
            if (out.get().text() == null) {
                throw Failure.decide(path + " works its `out` folder out as it runs, and " + below.size()
                        + " folders could be meant",
                        "name the folder in release.json: \"migrations\": {\"folder\": \""
                                + (below.isEmpty() ? "drizzle" : below.get(0)) + "\"}");
            }
        }
        return normal(home, out.map(JavaScript.Value::text).orElse("drizzle"));
    }

    private static DrizzleConfig of(Map<String, byte[]> files, List<String> configs, String folder) {
        String file = configs.isEmpty() ? null : configs.get(0);
        Map<Name, String> tables = new LinkedHashMap<>();
        boolean certain = tablesOfCode(files, tables);
        boolean named = !tables.isEmpty();
        for (String config : configs) {
            String code = JavaScript.code(files.get(config));
            Matcher at = Pattern.compile("(?<![\\w.$])[\"']?migrations[\"']?\\s*:\\s*\\{").matcher(code);
            String block = at.find() ? JavaScript.block(code, at.start()) : "";
            certain &= table(block, "table", "schema", code, config, tables);
            named = true;
        }
        tables.putIfAbsent(USUAL, "Drizzle's default");
        return new DrizzleConfig(file, file == null ? DrizzleFolder.parent(folder) : DrizzleFolder.parent(file), folder,
                List.copyOf(tables.keySet()),
                tables.values().iterator().next(), certain && named);
    }

    /** What the application gives to migrate(); false when some of it is known only to the running program. */
    private static boolean tablesOfCode(Map<String, byte[]> files, Map<Name, String> tables) {
        boolean certain = true;
        for (String path : sources(files, "migrations")) {
            String code = JavaScript.code(files.get(path));
            Matcher at = OPTION.matcher(code);
            while (at.find() && code.contains("drizzle-orm")) {
                String block = JavaScript.around(code, at.start());
                // A mention outside an object, such as the declaration of a constant, is no option.
                if (block.length() < code.length() && block.contains("migrations")) {
                    certain &= table(block, "migrationsTable", "migrationsSchema", code, path, tables);
                }
            }
        }
        if (tables.isEmpty() && certain) {
            migrators(files).keySet().stream().findFirst().ifPresent(path -> tables.put(USUAL, path));
        }
        return certain;
    }

    private static boolean table(String block, String table, String schema, String code, String path, Map<Name,
            String> tables) {
        Optional<JavaScript.Value> name = JavaScript.property(block, table, code);
        Optional<JavaScript.Value> home = JavaScript.property(block, schema, code);
        boolean certain = name.map(JavaScript.Value::literal).orElse(true) && home.map(JavaScript.Value::literal)
                .orElse(true);
        if (certain || name.or(() -> home).map(JavaScript.Value::text).orElse(null) != null) {
            tables.putIfAbsent(Name.of(home.map(JavaScript.Value::text).orElse(USUAL.schema()),
                    name.map(JavaScript.Value::text).orElse(USUAL.name())), path);
        }
        return certain;
    }

    /** The sources that import a migrator of drizzle-orm, and which drivers'; tests only where nothing else does. */
    static Map<String, List<String>> migrators(Map<String, byte[]> files) {
        Map<String, List<String>> importers = new LinkedHashMap<>();
        for (String path : sources(files, "/migrator")) {
            List<String> drivers = JavaScript.modules(files.get(path)).stream().map(MIGRATOR::matcher)
                    .filter(Matcher::matches).map(module -> module.group(1)).distinct().toList();
            if (!drivers.isEmpty()) {
                importers.put(path, drivers);
            }
        }
        return importers;
    }

    /** The sources of the application that hold a word, without its tests unless nothing else does. */
    static List<String> sources(Map<String, byte[]> files, String word) {
        List<String> all = files.keySet().stream().filter(JavaScript::source)
                .filter(path -> new String(files.get(path), StandardCharsets.ISO_8859_1).contains(word)).sorted()
                .toList();
        List<String> own = all.stream()
                .filter(path -> !path.matches("(.*/)?(tests?|__tests__|specs?|e2e)/.*|.*\\.(test|spec)\\.\\w+"))
                .toList();
        return own.isEmpty() ? all : own;
    }

    /** Every committed folder that looks like Drizzle's for PostgreSQL. */
    private static Set<String> folders(Map<String, byte[]> files) {
        Set<String> folders = new TreeSet<>();
        for (String path : files.keySet()) {
            if (JavaScript.installed(path)) {
                continue;
            }
            if (path.endsWith("/meta/_journal.json") && postgres(files.get(path))) {
                folders.add(path.substring(0, path.length() - "/meta/_journal.json".length()));
            }
            Matcher folder = Pattern.compile("(.+)/\\d{14}_[^/]+/snapshot\\.json").matcher(path);
            if (folder.matches() && DrizzleFolder.folders(files, folder.group(1))) {
                folders.add(folder.group(1));
            }
        }
        return folders;
    }

    private static boolean postgres(byte[] journal) {
        try {
            String dialect = Json.MAPPER.readTree(journal).path("dialect").asText("postgresql");
            return dialect.equals("postgresql") || dialect.equals("pg");
        } catch (JsonProcessingException e) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether a folder holds migrations of either shape, or SQL files that lack their journal. */
    private static boolean holds(Map<String, byte[]> files, String folder) {
        return files.containsKey(DrizzleFolder.in(folder, "meta/_journal.json")) || DrizzleFolder.folders(files, folder)
                || files.keySet().stream().anyMatch(path -> path.endsWith(".sql") && DrizzleFolder.parent(path)
                .equals(folder));
    }

    private static String normal(String home, String path) {
        return Path.of(home).resolve(path.isEmpty() ? "." : path).normalize().toString().replace('\\', '/');
    }
}
