//SOURCES ../History.java Drizzle.java DrizzleApp.java

package lib.migrations;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.History;

/** What runs a migration tool when the application is deployed or started, as far as its committed files tell. */
public final class Deploys {
    private static final Map<String, String> COMMANDS = Map.of(
            "drizzle", "drizzle-kit(?:\\.js)?\\W+migrate",
            "prisma", "prisma\\W+migrate\\W+deploy",
            "supabase", "supabase\\W+(?:db\\W+push|migration\\W+up)",
            "node-pg-migrate", "node-pg-migrate\\W+(?:.*\\W)?up\\b",
            "flyway", "flyway\\b[^\\n]*\\bmigrate\\b|flyway-core");
    private static final Pattern PLACES = Pattern.compile("(?:.*/)?(?:Procfile|Dockerfile[^/]*|[^/]*\\.Dockerfile"
            + "|railway\\.(?:json|toml)|nixpacks\\.toml|fly\\.toml|render\\.yaml|app\\.json|vercel\\.json"
            + "|netlify\\.toml|(?:docker-)?compose[^/]*\\.ya?ml|pom\\.xml|build\\.gradle(?:\\.kts)?"
            + "|[^/]*(?:start|deploy|entrypoint)[^/]*\\.sh)|\\.github/workflows/[^/]*\\.ya?ml");
    private static final Pattern SCRIPT = Pattern.compile("\"([\\w:.-]+)\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final Set<String> AT_START = Set.of("start", "prestart", "poststart", "start:prod", "prestart:prod",
            "postinstall", "deploy", "predeploy", "postdeploy", "release", "heroku-postbuild", "vercel-build",
            "railway:start");

    private Deploys() {
    }

    /** The place and its words, or null where nothing is found. */
    public static String found(Path repo, Map<String, byte[]> files, History history) {
        if (history instanceof Drizzle drizzle) {
            List<DrizzleApp.Use> own = new DrizzleApp(repo, files, drizzle).uses().stream()
                    .filter(use -> !use.kit()).toList();
            if (!own.isEmpty()) {
                return own.get(0).source() + " runs all that is pending";
            }
        }
        String command = COMMANDS.get(history.tool());
        if (command == null) {
            return null;
        }
        Pattern runs = Pattern.compile(command);
        List<String> scripts = new ArrayList<>();
        for (String path : new TreeSet<>(files.keySet())) {
            if (path.matches("(.*/)?package\\.json") && !JavaScript.installed(path)) {
                Matcher script = SCRIPT.matcher(text(files, path));
                while (script.find()) {
                    if (runs.matcher(script.group(2)).find()) {
                        if (AT_START.contains(script.group(1))) {
                            return path + " says \"" + script.group(1) + "\": \"" + script.group(2) + "\"";
                        }
                        scripts.add(script.group(1));
                    }
                }
            }
        }
        for (String script : scripts) {
            command += "|\\b(?:npm|pnpm|yarn|bun)(?:\\W+run)?\\W+" + Pattern.quote(script) + "\\b(?!:)";
        }
        return place(files, Pattern.compile(command));
    }

    private static String place(Map<String, byte[]> files, Pattern runs) {
        for (String path : new TreeSet<>(files.keySet())) {
            boolean packages = path.matches("(.*/)?package\\.json") && !JavaScript.installed(path);
            if (packages) {
                Matcher script = SCRIPT.matcher(text(files, path));
                while (script.find()) {
                    if (AT_START.contains(script.group(1)) && runs.matcher(script.group(2)).find()) {
                        return path + " says \"" + script.group(1) + "\": \"" + script.group(2) + "\"";
                    }
                }
            } else if (PLACES.matcher(path).matches()) {
                Matcher line = runs.matcher(text(files, path));
                if (line.find()) {
                    return path + " says \"" + line.group().strip() + "\"";
                }
            }
        }
        return null;
    }

    private static String text(Map<String, byte[]> files, String path) {
        return new String(files.get(path), StandardCharsets.UTF_8);
    }
}
