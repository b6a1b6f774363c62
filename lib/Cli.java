//SOURCES Console.java Exec.java Failure.java Git.java Json.java Phase.java Secrets.java

package lib;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line that all five scripts share: common options, exit codes, and how a failure is shown. */
public final class Cli {
    public static final String VERSION = "0.1.0";
    public static final String EXIT_CODES = """
            %nExit codes:
              0    passed
              2    wrong usage or settings
              10   STOP: a gate failed, nothing was changed
              11   a person must decide
              12   something needed is missing or out of reach
              20   production or a remote was changed, the release is unfinished
              130  interrupted; everything started was stopped""";

    private Cli() {
    }

    /** The options every script takes. */
    @Command
    public static final class Options {
        @Option(names = "--repo", scope = ScopeType.INHERIT, paramLabel = "DIR", description = "The repository (default: the git top level here).")
        private Path repo;
        @Option(names = "--env", scope = ScopeType.INHERIT, paramLabel = "NAME", defaultValue = "production",
                description = "The environment (default: ${DEFAULT-VALUE}).")
        public String env;
        @Option(names = "--json", scope = ScopeType.INHERIT, description = "Print the result as JSON, and nothing else, on stdout.")
        public boolean json;
        @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Show each external command, and where an error comes from.")
        public boolean verbose;
        @Option(names = "--color", scope = ScopeType.INHERIT, paramLabel = "WHEN", defaultValue = "auto",
                description = "auto, always or never (default: ${DEFAULT-VALUE}).")
        public Console.Color color;
        private Console console;

        public Console console() {
            if (console == null) {
                console = new Console(color);
                if (verbose) {
                    Exec.trace(line -> console.say("$ " + line));
                }
            }
            return console;
        }

        /** The top level of the repository that is worked on. */
        public Path repo() {
            Path start = repo == null ? Path.of("") : repo;
            if (!Files.isDirectory(start)) {
                throw Failure.usage("--repo " + start + " is not a folder", "name the folder of your repository: --repo DIR");
            }
            return Git.topLevel(start.toAbsolutePath().normalize());
        }

        public Phase phase(String name) {
            return new Phase(name, console(), json);
        }
    }

    /** The version that --version prints. */
    public static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"${COMMAND-FULL-NAME} " + VERSION};
        }
    }

    /** Runs a script's command and returns its exit code. */
    public static int run(Callable<Integer> command, String... args) {
        CommandLine line = new CommandLine(command)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(false)
                .setParameterExceptionHandler(Cli::misused)
                .setExecutionExceptionHandler((error, where, parsed) -> failed(error, where));
        return line.execute(args);
    }

    private static int misused(ParameterException error, String[] args) {
        System.err.println("error: " + error.getMessage());
        UnmatchedArgumentException.printSuggestions(error, new java.io.PrintWriter(System.err, true));
        System.err.println("  -> jbang " + error.getCommandLine().getCommandSpec().qualifiedName(" ").replaceFirst("^(\\w+)", "$1.java")
                + " --help");
        return Failure.Exit.USAGE.code;
    }

    private static int failed(Exception error, CommandLine where) {
        Options options = options(where);
        Failure failure = error instanceof Failure known ? known
                : new Failure(Failure.Exit.STOP, Gate.words(error), "run it again with --verbose to see where this comes from");
        Console console = options.console();
        console.mark("stop", failure.getMessage());
        if (failure.hint != null) {
            console.say("  -> " + failure.hint.replace("\n", "\n     "));
        }
        if (options.verbose) {
            java.io.StringWriter trace = new java.io.StringWriter();
            error.printStackTrace(new java.io.PrintWriter(trace));
            console.say(trace.toString());
        }
        if (options.json) {
            ObjectNode node = Json.object();
            node.put("phase", where.getCommandName());
            node.put("status", Phase.status(failure.exit));
            node.set("gates", Json.MAPPER.createArrayNode().add(Json.tree(
                    new Gate(where.getCommandName(), Gate.Status.stop, Secrets.mask(failure.getMessage()),
                            Secrets.mask(failure.hint), failure.exit))));
            node.set("facts", Json.object());
            console.result(Json.pretty(node));
        }
        return failure.exit.code;
    }

    private static Options options(CommandLine where) {
        for (CommandLine line = where; line != null; line = line.getParent()) {
            for (var mixin : line.getMixins().values()) {
                if (mixin instanceof Options options) {
                    return options;
                }
            }
        }
        return new Options();
    }
}
