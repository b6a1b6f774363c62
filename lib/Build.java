//SOURCES Address.java Exec.java Failure.java Gate.java Git.java Json.java Run.java Settings.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** The project's own checks: what release.json names, else build and tests of the tool the project is built with. */
public final class Build {
    /** The first lock file that is there tells the package manager. */
    private static final List<List<String>> LOCKS = List.of(List.of("pnpm-lock.yaml", "pnpm"),
            List.of("yarn.lock", "yarn"), List.of("bun.lockb", "bun"), List.of("bun.lock", "bun"));
    private static final List<String> SCRIPTS = List.of("typecheck", "lint", "test", "build");
    private static final Pattern TEST = Pattern.compile("(?m)^test\\s*:");
    private static final Pattern CHECK = Pattern.compile("(?m)^check\\s*:");
    private static final Pattern COLOUR = Pattern.compile("\\x1b\\[[0-9;?]*[A-Za-z]");
    private static final int TAIL = 15;

    private Build() {
    }

    /** The commands to run, in order; empty when the project has none. */
    public static List<List<String>> commands(Path repo, Settings settings) {
        if (settings.checks() != null) {
            return settings.checks();
        }
        List<List<String>> scripts = packageScripts(repo);
        if (!scripts.isEmpty()) {
            return scripts;
        }
        if (Files.exists(repo.resolve("pom.xml"))) {
            return List.of(List.of(wrapper(repo, "mvnw", "mvnw.cmd", "mvn"), "--batch-mode", "--quiet", "verify"));
        }
        if (Files.exists(repo.resolve("build.gradle")) || Files.exists(repo.resolve("build.gradle.kts"))) {
            return List.of(List.of(wrapper(repo, "gradlew", "gradlew.bat", "gradle"), "--quiet", "build"));
        }
        if (Files.exists(repo.resolve("Cargo.toml"))) {
            return List.of(List.of("cargo", "test", "--quiet"));
        }
        if (Files.exists(repo.resolve("go.mod"))) {
            return List.of(List.of("go", "build", "./..."), List.of("go", "test", "./..."));
        }
        String rules = Files.exists(repo.resolve("Makefile")) ? read(repo.resolve("Makefile")) : "";
        return TEST.matcher(rules).find() ? List.of(List.of("make", "test"))
                : CHECK.matcher(rules).find() ? List.of(List.of("make", "check")) : List.of();
    }

    private static String wrapper(Path repo, String script, String windows, String installed) {
        return !Files.exists(repo.resolve(script)) ? installed
                : System.getProperty("os.name").startsWith("Windows") ? windows : "./" + script;
    }

    private static List<List<String>> packageScripts(Path repo) {
        if (!Files.exists(repo.resolve("package.json"))) {
            return List.of();
        }
        String manager = LOCKS.stream().filter(lock -> Files.exists(repo.resolve(lock.get(0)))).map(lock -> lock.get(1))
                .findFirst().orElse("npm");
        JsonNode scripts;
        try {
            scripts = Json.MAPPER.readTree(repo.resolve("package.json").toFile()).path("scripts");
        } catch (IOException e) {
            throw Failure.stop("package.json cannot be read: " + Gate.words(e).lines().findFirst().orElse(""),
                    "correct package.json");
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
    public static void run(Path repo, List<List<String>> commands, Path folder, Consumer<String> say) {
        int number = 0;
        for (List<String> command : commands) {
            Path log = folder.resolve("build-" + ++number + ".log");
            // Made first, for its owner only; what the command prints is nobody else's business.
            Run.write(log, "");
            say.accept("running " + Exec.typed(command));
            Exec.Result result = Exec.of(command).in(repo).log(log).with("CI", "true").with(Address.TYPED, null).run();
            if (!result.ok()) {
                List<String> lines = COLOUR.matcher(read(log)).replaceAll("").strip().lines().toList();
                throw Failure.stop(Exec.typed(command) + " ended with " + result.exit() + ":\n  "
                        + String.join("\n  ", lines.subList(Math.max(0, lines.size() - TAIL), lines.size())),
                        "less " + repo.relativize(log));
            }
        }
        List<String> left = new Git(repo).changes();
        if (!left.isEmpty()) {
            // The release would find them later, when the service is down already.
            throw Failure.stop("the checks changed the work tree: "
                    + String.join(", ", left.stream().limit(8).toList()),
                    "git status   # then let git ignore what a build makes, or commit it");
        }
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
