//SOURCES ../Cli.java ../Console.java ../Emptying.java ../Exec.java ../Json.java ../Phases.java ../Project.java
//SOURCES ../Count.java ../Run.java ../Target.java

package lib.commands;

import java.util.List;
import java.util.concurrent.Callable;
import lib.Cli;
import lib.Console;
import lib.Count;
import lib.Emptying;
import lib.Exec;
import lib.Json;
import lib.Phases;
import lib.Project;
import lib.Run;
import lib.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Empties a local or staging database. */
@Command(name = "reset", description = {"Empty a local or staging database, after a backup. Production never.",
    "Its name is typed; whether it is production is asked of the databases themselves."},
        footer = {"%nExamples:", "  jbang release.java reset --env staging",
            "  jbang release.java reset --env local --type-name shop_dev --no-backup"})
public final class Reset implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(names = "--type-name", paramLabel = "NAME", description = "The database's name, typed here.")
    String name;

    @Option(names = "--no-backup", description = "Make no backup first.")
    boolean noBackup;

    @Override
    public Integer call() throws Exception {
        Cli.Options options = Cli.options(spec.commandLine());
        Console console = options.console();
        Project project = new Project(options);
        Run run = Run.open(project.repo);
        try (AutoCloseable lock = run.lock()) {
            Emptying emptying = new Emptying(project, console);
            Target target = emptying.allowed(name);
            String backup = noBackup ? "" : Phases.saved(project, console).path("file").asText();
            int dropped = emptying.empty(target);
            console.result(options.json ? Json.pretty(Json.object().put("phase", "reset").put("status", "pass")
                    .set("facts", Json.object().put("dropped", dropped).put("backup", backup)))
                    : target.place() + " is empty: " + Count.of(dropped, "object") + " dropped; "
                    + (noBackup ? "no backup was made" : "as it was: " + backup));
            console.say("next: " + Exec.typed(List.of("jbang", "release.java", "apply", "--env", project.environment)));
            return 0;
        }
    }
}
