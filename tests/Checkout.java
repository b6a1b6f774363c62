//SOURCES ../lib/Exec.java ../lib/Json.java ../lib/PhaseProcess.java

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lib.Exec;
import lib.Json;
import lib.PhaseProcess;

/** A bare origin and a clone of it in a folder of their own, and the real scripts run there as processes. */
class Checkout {
    static final Path ROOT = Path.of(System.getProperty("repo", ".")).toAbsolutePath().normalize();

    final Path folder;
    final Path origin;
    final Path repo;
    final Map<String, String> environment = new HashMap<>();

    Checkout(Path folder) {
        this.folder = folder;
        this.origin = folder.resolve("origin.git");
        this.repo = folder.resolve("work tree");
        environment.putAll(isolated(folder));
    }

    /** Nothing of the user's git configuration reaches a test. */
    static Map<String, String> isolated(Path home) {
        Map<String, String> variables = new HashMap<>(Map.of(
                "GIT_CONFIG_GLOBAL", home.resolve("gitconfig").toString(), "GIT_CONFIG_NOSYSTEM", "1",
                "GIT_AUTHOR_NAME", "Test", "GIT_AUTHOR_EMAIL", "test@example.com", "GIT_COMMITTER_NAME", "Test",
                "GIT_COMMITTER_EMAIL", "test@example.com", "LC_ALL", "C.UTF-8"));
        variables.put("NO_COLOR", null);
        variables.put("PGPASSWORD", null);
        return variables;
    }

    /** A new folder for one. */
    static Path folder() {
        try {
            return Files.createTempDirectory("world ").toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes a bare origin, and a clone of it with a .gitignore and a check that passes. */
    void make() {
        git(folder, "init", "-q", "--bare", "--initial-branch=main", origin.toString());
        git(folder, "clone", "-q", origin.toString(), repo.toString());
        git("checkout", "-q", "-b", "main");
        write(".gitignore", "_migrations/\nnode_modules/\n.env\n");
        write("release.json", "{\"checks\": [[\"git\", \"--version\"]]}\n");
    }

    /** Takes over what lies in the folder of another one. */
    void take(Path made) {
        copy(made, folder);
        for (String config : List.of("origin.git/config", "work tree/.git/config")) {
            Path file = folder.resolve(config);
            write(file, read(file).replace(made.toString(), folder.toString()));
        }
        // A copied file is another one to git until it has looked.
        git("update-index", "-q", "--refresh");
    }

    String git(String... arguments) {
        return git(repo, arguments);
    }

    String git(Path where, String... arguments) {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        Exec.Result result = Exec.of(command).in(where).with(environment).run();
        if (!result.ok()) {
            throw new AssertionError(String.join(" ", command) + ": " + result.err());
        }
        return result.out();
    }

    /** Commits everything in the clone. */
    void commit(String message) {
        git("add", "--all");
        git("commit", "-q", "-m", message);
    }

    /** Commits everything and pushes main. */
    void push(String message) {
        commit(message);
        git("push", "-q", "-u", "origin", "main");
    }

    /** What a script left; nothing of it ever holds the password. */
    record Result(int exit, String out, String err) {
        JsonNode json() {
            try {
                return Json.MAPPER.readTree(out);
            } catch (IOException e) {
                throw new AssertionError("not JSON: " + out + "\n" + err, e);
            }
        }

        /** Both streams, for failure messages and for looking something up. */
        String all() {
            return "exit " + exit + "\n" + out + "\n" + err;
        }

        /** The gate of that id in the JSON result; missing when it is not there. */
        JsonNode gate(String id) {
            for (JsonNode gate : json().path("gates")) {
                if (gate.path("id").asText().equals(id)) {
                    return gate;
                }
            }
            return Json.MAPPER.missingNode();
        }
    }

    /** Runs a script as a process in the clone, without a terminal. */
    Result run(String script, String... arguments) {
        Result seen = begin(script, arguments).end();
        if (seen.out().contains("S3cret") || seen.err().contains("S3cret")) {
            throw new AssertionError("the password was shown: " + seen.all());
        }
        return seen;
    }

    /** A script at work. */
    record Running(Process process, Path out, Path err) {
        /** Waits for its end. */
        Result end() {
            try {
                return new Result(process.waitFor(), read(out), read(err));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    /**
     * Starts a script as a process in the clone, without a terminal, and does not wait. Not by Exec, which masks what
     * it reads: what is looked for here is what it would hide.
     */
    Running begin(String script, String... arguments) {
        try {
            List<String> command = new ArrayList<>(PhaseProcess.java(script));
            command.addAll(List.of(arguments));
            Path out = Files.createTempFile(folder, "out", null);
            Path err = Files.createTempFile(folder, "err", null);
            ProcessBuilder builder = new ProcessBuilder(command).directory(repo.toFile())
                    .redirectInput(new java.io.File("/dev/null"))
                    .redirectOutput(out.toFile()).redirectError(err.toFile());
            environment.forEach((name, value) -> {
                builder.environment().remove(name);
                if (value != null) {
                    builder.environment().put(name, value);
                }
            });
            return new Running(builder.start(), out, err);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    void write(String path, String text) {
        write(repo.resolve(path), text);
    }

    static void write(Path file, String text) {
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a stand-in executable. */
    static Path script(Path file, String text) {
        write(file, "#!/bin/sh\n" + text);
        file.toFile().setExecutable(true);
        return file;
    }

    String read(String path) {
        return read(repo.resolve(path));
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The newest file of the run folder whose name matches; fails when there is none. */
    Path newest(String pattern) {
        try (var files = Files.list(repo.resolve("_migrations"))) {
            return files.filter(file -> file.getFileName().toString().matches(pattern)).max(Comparator.naturalOrder())
                    .orElseThrow(() -> new AssertionError("no " + pattern + " in _migrations"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void copy(Path from, Path to) {
        try (var files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Removes the repositories and leaves production alone. */
    void forget() {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
