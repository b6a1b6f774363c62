//SOURCES Console.java Exec.java Failure.java Git.java HeadStart.java Json.java Phase.java Secrets.java

package lib;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.OverwrittenOptionException;
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
        @Option(names = "--repo", scope = ScopeType.INHERIT, paramLabel = "DIR",
                description = "The repository (default: the git top level here).")
        private Path repo;
        @Option(names = "--env", scope = ScopeType.INHERIT, paramLabel = "NAME", defaultValue = "production",
                description = "The environment (default: ${DEFAULT-VALUE}).")
        private String environment;
        @Option(names = "--json", scope = ScopeType.INHERIT,
                description = "Print the result as JSON, and nothing else, on stdout.")
        public boolean json;
        @Option(names = "--verbose", scope = ScopeType.INHERIT,
                description = "Show each external command, and where an error comes from.")
        public boolean verbose;
        @Option(names = "--color", scope = ScopeType.INHERIT, paramLabel = "WHEN", defaultValue = "auto",
                description = "auto, always or never (default: ${DEFAULT-VALUE}).")
        public Console.Color color = Console.Color.auto;
        private Console console;

        public Console console() {
            if (console == null) {
                console = new Console(color, verbose);
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
                throw Failure.usage("--repo " + start + " is not a folder",
                        "name the folder of your repository: --repo DIR");
            }
            return Git.topLevel(start.toAbsolutePath().normalize());
        }

        /** The one environment that is meant. */
        public String environment() {
            return environment;
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
        HeadStart.begin();
        return line(command).execute(args);
    }

    /** A script's command line, with what all of them share. */
    public static CommandLine line(Callable<Integer> command) {
        CommandLine line = new CommandLine(command);
        line.addSubcommand("generate-completion", completion());
        line.getSubcommands().values().forEach(sub -> explain(sub, line));
        return line.setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(false)
                .setParameterExceptionHandler(Cli::misused)
                .setExecutionExceptionHandler((error, where, parsed) -> failed(error, where));
    }

    // The completion of bash and zsh is picocli's; it is asked for by name of the script.
    private static CommandLine completion() {
        CommandLine completion = new CommandLine(new AutoComplete.GenerateCompletion());
        completion.getCommandSpec().usageMessage().footer("%nExamples:",
                "  source <(jbang ${PARENT-COMMAND-NAME}.java generate-completion)",
                "  alias ${PARENT-COMMAND-NAME}='jbang ${PARENT-COMMAND-NAME}.java'   # a name to complete");
        return completion;
    }

    // What holds for a script holds for its sub-commands: they say it too where they say nothing of their own.
    private static void explain(CommandLine sub, CommandLine script) {
        List<String> footer = new ArrayList<>(List.of(sub.getCommandSpec().usageMessage().footer()));
        String own = String.join("\n", footer);
        List<String> common = List.of(script.getCommandSpec().usageMessage().footer());
        int environment = common.indexOf("%nEnvironment:");
        if (!own.contains("Environment:") && environment >= 0) {
            common.subList(environment, common.size()).stream().filter(line -> !line.equals(EXIT_CODES))
                    .forEach(footer::add);
        }
        if (!own.contains("Exit codes:")) {
            footer.add(EXIT_CODES);
        }
        sub.getCommandSpec().usageMessage().footer(footer.toArray(String[]::new));
    }

    private static int misused(ParameterException error, String[] args) {
        // What was typed may be a database URL in the wrong place.
        String message = Secrets.mask(error.getMessage() + given(error, args));
        String help = "jbang " + error.getCommandLine().getCommandSpec().qualifiedName(" ")
                .replaceFirst("^(\\w+)", "$1.java") + " --help";
        System.err.println("error: " + message);
        UnmatchedArgumentException.printSuggestions(error, new java.io.PrintWriter(System.err, true));
        System.err.println("  -> " + help);
        if (List.of(args).contains("--json")) {
            System.out.println(Secrets.mask(Json.pretty(
                    json(error.getCommandLine(), new Failure(Failure.Exit.USAGE, message, help)))));
        }
        return Failure.Exit.USAGE.code;
    }

    // Of an option that is given twice, what it was given.
    private static String given(ParameterException error, String[] args) {
        if (!(error instanceof OverwrittenOptionException twice)
                || !(twice.getOverwritten() instanceof OptionSpec of)) {
            return "";
        }
        List<String> values = new ArrayList<>();
        for (int i = 0; i < args.length; i++) {
            for (String name : of.names()) {
                if (args[i].equals(name) && i + 1 < args.length) {
                    values.add(args[i + 1]);
                } else if (args[i].startsWith(name + "=")) {
                    values.add(args[i].substring(name.length() + 1));
                }
            }
        }
        return values.isEmpty() ? "" : ", and here it is " + String.join(" and ", values);
    }

    private static int failed(Exception error, CommandLine where) {
        Options options = options(where);
        Failure failure = error instanceof Failure known ? known
                : new Failure(Failure.Exit.STOP, Gate.words(error), Gate.UNFORESEEN);
        Console console = options.console();
        console.failure(failure.getMessage(), failure.hint);
        console.trace(error);
        if (options.json) {
            console.result(Json.pretty(json(where, failure)));
        }
        return failure.exit.code;
    }

    /** The contract's JSON for a failure outside every gate: one gate that is called like the command. */
    private static ObjectNode json(CommandLine where, Failure failure) {
        Gate gate = new Gate(where.getCommandName(), Gate.Status.stop, failure.getMessage(), failure.hint, failure.exit,
                failure);
        ObjectNode node = Json.object();
        node.put("phase", where.getCommandName());
        node.put("status", Phase.status(failure.exit));
        node.set("gates", Json.MAPPER.createArrayNode().add(Json.tree(gate)));
        node.set("facts", Json.object());
        return node;
    }

    /** The common options as a sub-command in a class of its own was given them. */
    public static Options options(CommandLine where) {
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
