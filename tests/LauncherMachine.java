//SOURCES Ran.java

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A machine for the launcher: a home, the few programs on its PATH, and stand-ins for those that it calls. */
final class LauncherMachine implements AutoCloseable {
    static final Path LAUNCHER = Path.of(System.getProperty("repo"), "jbang");
    static final String JAVA_HOME = System.getProperty("java.home");
    private static final List<String> BASIC_TOOLS = List.of("sh", "cat", "mkdir", "mktemp", "mv", "rm", "sed", "sleep");

    final Path home;
    final Path tools;

    /** Its home gets what the launcher has fetched for us already. */
    LauncherMachine(Path folder) throws IOException {
        home = Files.createDirectories(folder.resolve("a home"));
        tools = Files.createDirectory(folder.resolve("tools"));
        for (String tool : BASIC_TOOLS) {
            Files.createSymbolicLink(tools.resolve(tool), onPath(tool));
        }
        Path fetched = jbangFolder().resolve(jarName());
        if (Files.exists(fetched)) {
            Files.createDirectories(home.resolve(".jbang"));
            Files.copy(fetched, home.resolve(".jbang").resolve(jarName()));
        }
    }

    /** Its folder can be removed then: what its tools point to stays. */
    @Override
    public void close() throws IOException {
        Ran.delete(tools);
    }

    Ran launch(Map<String, String> more, String... arguments) throws Exception {
        List<String> command = Stream.concat(Stream.of(LAUNCHER.toString()), Arrays.stream(arguments)).toList();
        return Ran.of(home, environment(more), "", command);
    }

    Map<String, String> environment(Map<String, String> more) {
        Map<String, String> environment = new HashMap<>();
        environment.put("HOME", home.toString());
        environment.put("PATH", tools.toString());
        environment.put("JAVA_HOME", JAVA_HOME);
        environment.put("LC_ALL", "C.UTF-8");
        environment.putAll(more);
        return environment;
    }

    /** A folder of JBang's in which there is nothing yet. */
    Map<String, String> emptyJbangFolder(Path temp) {
        return new HashMap<>(Map.of("JBANG_DIR", temp.resolve("j b").toString()));
    }

    /** The same, and a Maven that does this. */
    Map<String, String> withMaven(Path temp, String body) throws IOException {
        Map<String, String> environment = emptyJbangFolder(temp);
        environment.put("PATH", executable(temp.resolve("maven/mvn"), body).getParent() + ":" + tools);
        return environment;
    }

    /** A stand-in for a JDK: tells this version, and does this when run. */
    Path java(Path temp, String version, String body) throws IOException {
        executable(temp.resolve("jdk/bin/javac"), "");
        executable(temp.resolve("jdk/bin/java"), """
                if [ "$1" = -version ]; then
                    echo 'openjdk version "%s" 2021-01-19' >&2
                    exit
                fi
                """.formatted(version) + body);
        return temp.resolve("jdk");
    }

    /** Makes a program, by a shell of its own. */
    Path executable(Path file, String body) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!" + tools.resolve("sh") + "\n" + body + "\n");
        if (!file.toFile().setExecutable(true)) {
            throw new IOException(file + " cannot be made a program");
        }
        return file;
    }

    /** What of a launch is still in a folder of JBang's. */
    List<String> leftovers(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("run.")).toList();
        }
    }

    static String jarName() throws IOException {
        String version = Files.readString(LAUNCHER).lines()
                .filter(line -> line.startsWith("version="))
                .map(line -> line.substring("version=".length()))
                .findFirst()
                .orElseThrow();
        return "jbang-" + version + ".jar";
    }

    private static Path jbangFolder() {
        String set = System.getenv("JBANG_DIR");
        return set == null || set.isEmpty() ? Path.of(System.getProperty("user.home"), ".jbang") : Path.of(set);
    }

    private static Path onPath(String tool) {
        Path found = find(tool);
        if (found == null) {
            throw new IllegalStateException(tool + " is not on PATH");
        }
        return found;
    }

    static Path find(String tool) {
        return Arrays.stream(System.getenv("PATH").split(":"))
                .map(folder -> Path.of(folder, tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }
}
