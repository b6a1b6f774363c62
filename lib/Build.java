//SOURCES Exec.java Failure.java Gate.java Json.java Settings.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The project's own checks: what release.json names, else the build and the tests of the tool the project is built with. */
public final class Build {
    private static final Map<String, String> PACKAGE_MANAGERS = Map.of("pnpm-lock.yaml", "pnpm", "yarn.lock", "yarn", "bun.lockb", "bun",
            "bun.lock", "bun");
    private static final List<String> SCRIPTS = List.of("typecheck", "lint", "test", "build");
    private static final int TAIL = 15;

    private Build() {
    }

    /** The commands to run, in order; empty when the project has none. */
    public static List<List<String>> commands(Path repo, Settings settings) {
        if (settings.checks() != null) {
            return settings.checks();
        }
        if (Files.exists(repo.resolve("package.json"))) {
            return packageScripts(repo);
        }
        boolean windows = System.getProperty("os.name").startsWith("Windows");
        if (Files.exists(repo.resolve("pom.xml"))) {
            return List.of(List.of(Files.exists(repo.resolve("mvnw")) ? windows ? "mvnw.cmd" : "./mvnw" : "mvn", "--batch-mode", "--quiet", "verify"));
        }
        if (Files.exists(repo.resolve("build.gradle")) || Files.exists(repo.resolve("build.gradle.kts"))) {
            return List.of(List.of(Files.exists(repo.resolve("gradlew")) ? windows ? "gradlew.bat" : "./gradlew" : "gradle", "--quiet", "build"));
        }
        if (Files.exists(repo.resolve("Cargo.toml"))) {
            return List.of(List.of("cargo", "test", "--quiet"));
        }
        if (Files.exists(repo.resolve("go.mod"))) {
            return List.of(List.of("go", "build", "./..."), List.of("go", "test", "./..."));
        }
        if (Files.exists(repo.resolve("Makefile")) && Pattern.compile("(?m)^(test|check)\\s*:").matcher(read(repo.resolve("Makefile"))).find()) {
            return List.of(List.of("make", Pattern.compile("(?m)^test\\s*:").matcher(read(repo.resolve("Makefile"))).find() ? "test" : "check"));
        }
        return List.of();
    }

    private static List<List<String>> packageScripts(Path repo) {
        String manager = PACKAGE_MANAGERS.entrySet().stream().filter(entry -> Files.exists(repo.resolve(entry.getKey())))
                .map(Map.Entry::getValue).findFirst().orElse("npm");
        JsonNode scripts;
        try {
            scripts = Json.MAPPER.readTree(repo.resolve("package.json").toFile()).path("scripts");
        } catch (IOException e) {
            throw Failure.stop("package.json cannot be read: " + Gate.words(e).lines().findFirst().orElse(""), "correct package.json");
        }
        List<List<String>> commands = new ArrayList<>();
        for (String script : SCRIPTS) {
            String body = scripts.path(script).asText();
            // What npm init leaves there fails by design.
            if (!body.isEmpty() && !body.contains("no test specified")) {
                commands.add(List.of(manager, "run", script));
            }
        }
        return commands;
    }

    /** Runs the commands one after the other; the first that fails stops, with the end of its output. */
    public static void run(Path repo, List<List<String>> commands, Path folder, java.util.function.Consumer<String> say) {
        int number = 0;
        for (List<String> command : commands) {
            Path log = folder.resolve("build-" + ++number + ".log");
            say.accept("running " + Exec.typed(command));
            Exec.Result result = Exec.of(command).in(repo).log(log).with("CI", "true").run();
            if (!result.ok()) {
                String out = read(log).strip();
                List<String> lines = out.lines().toList();
                throw Failure.stop(Exec.typed(command) + " ended with " + result.exit() + ":\n  "
                        + String.join("\n  ", lines.subList(Math.max(0, lines.size() - TAIL), lines.size())),
                        "the whole output: " + repo.relativize(log));
            }
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
