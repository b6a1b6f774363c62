//SOURCES Cli.java Exec.java Failure.java

package lib;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What a release, or an apply without promotion, can be told on the command line. */
@Command
public final class ReleaseOptions {
    @Option(names = "--approve", paramLabel = "SHA256", split = ",",
            description = "Approve the SQL with this hash; nothing else is applied.")
    public List<String> approved = new ArrayList<>();

    @Option(names = "--sql", paramLabel = "FILE",
            description = "A release script of your own, instead of a written one.")
    public Path script;

    @Option(names = "--scratch", paramLabel = "URL", defaultValue = "${env:RELEASE_SCRATCH_URL}",
            description = "A server to rehearse on; not production's (or RELEASE_SCRATCH_URL).")
    public String scratch;

    @Option(names = "--skip-build",
            description = "Leave the project's own tests and build out; the report says so.")
    public boolean skipBuild;

    @Option(names = "--unrehearsed",
            description = "Go on when there is no server to rehearse on; the report says so.")
    public boolean unrehearsed;

    @Option(names = "--decide", paramLabel = "PROBLEM=CHOICE", description = "Answer a problem that assess named.")
    public Map<String, String> decide = new LinkedHashMap<>();

    @Option(names = "--dry-run",
            description = "Do everything except touch production and remotes, and say what would follow.")
    public boolean dryRun;

    @Option(names = "--service", paramLabel = "NAME",
            description = "Stop, start and await this service only; may be given more than once.")
    public List<String> services = new ArrayList<>();

    @Option(names = "--stop", description = "Stop the services even for SQL that blocks nobody.")
    public boolean stop;

    @Option(names = "--no-final-backup",
            description = "Make no second backup after the stop; the last writes are then in no backup.")
    public boolean noFinalBackup;

    @Option(names = "--outside-window", paramLabel = "ENVIRONMENT",
            description = "Go on outside of the windows of the environment with this name.")
    public String outsideWindow;

    /** Refuses what cannot be meant. */
    public void check(String environment) {
        if (script != null && !Files.isRegularFile(script)) {
            throw Failure.usage("--sql " + script + ": there is no such file",
                    "ls -l " + script.toAbsolutePath().getParent());
        }
        if (outsideWindow != null && !outsideWindow.equals(environment)) {
            throw Failure.usage("--outside-window " + outsideWindow + " is not the environment that is changed: "
                    + environment, "if it really is to be changed now: --outside-window " + environment);
        }
    }

    /** The command that does the same with an approval, as it can be typed. */
    public String approving(String command, String environment, String approval) {
        List<String> words = new ArrayList<>(List.of("jbang", "release.java"));
        if (!command.isEmpty()) {
            words.addAll(List.of(command.split(" ")));
        }
        words.addAll(List.of("--approve", approval));
        if (script != null) {
            words.addAll(List.of("--sql", script.toString()));
        }
        flag(words, skipBuild, "--skip-build");
        flag(words, unrehearsed, "--unrehearsed");
        flag(words, stop, "--stop");
        flag(words, noFinalBackup, "--no-final-backup");
        services.forEach(service -> words.addAll(List.of("--service", service)));
        if (outsideWindow != null) {
            words.addAll(List.of("--outside-window", outsideWindow));
        }
        if (!environment.equals("production")) {
            words.addAll(List.of("--env", environment));
        }
        return Exec.typed(words);
    }

    private static void flag(List<String> words, boolean set, String name) {
        if (set) {
            words.add(name);
        }
    }
}
