import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What a command left that ran to its end, in exactly the environment that it was given. */
record Ran(int exit, String out, String err) {
    /** Runs a command to its end, at most five minutes. */
    static Ran of(Path folder, Map<String, String> environment, String input, List<String> command) throws Exception {
        Path files = Files.createTempDirectory("ran");
        try {
            Files.writeString(files.resolve("in"), input);
            Process process = start(folder, environment, files, command);
            if (!process.waitFor(5, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError("still running after 5 minutes: " + String.join(" ", command));
            }
            String out = Files.readString(files.resolve("out"));
            return new Ran(process.exitValue(), out, Files.readString(files.resolve("err")));
        } finally {
            delete(files);
        }
    }

    /** Starts a command whose standard input and output are the files in, out and err of a folder. */
    static Process start(Path folder, Map<String, String> environment, Path files, List<String> command)
            throws IOException {
        Path input = files.resolve("in");
        if (!Files.exists(input)) {
            Files.createFile(input);
        }
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectInput(input.toFile())
                .redirectOutput(files.resolve("out").toFile())
                .redirectError(files.resolve("err").toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** The environment of these tests without what a launcher above them exported. */
    static Map<String, String> ownEnvironment() {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.keySet().removeIf(name -> name.startsWith("JBANG_") && !name.equals("JBANG_DIR"));
        return environment;
    }

    static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }
}
