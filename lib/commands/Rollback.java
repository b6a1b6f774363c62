//SOURCES ../Cli.java ../DatabaseLock.java ../Json.java ../Project.java ../Run.java
//SOURCES ../Services.java ../rehearsal/WayBack.java

package lib.commands;

import java.util.concurrent.Callable;
import lib.Cli;
import lib.DatabaseLock;
import lib.Json;
import lib.Project;
import lib.Run;
import lib.Services;
import lib.rehearsal.WayBack;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Takes the last release back, after trying that on a copy of production as it is now. */
@Command(name = "rollback", description = "Take the last release back: its schema, its rows, its history.",
        footer = {"%nExamples:", "  jbang release.java rollback                   try it on a copy, show it, and ask",
            "  jbang release.java rollback --approve SHA256  without a terminal, this SQL and no other"})
public final class Rollback implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(names = "--approve", paramLabel = "SHA256", description = "Approve this SQL and no other.")
    String sha256;

    @Option(names = "--scratch", paramLabel = "URL", defaultValue = "${env:RELEASE_SCRATCH_URL}",
            description = "A server to try it on; not production's.")
    String server;

    @Override
    public Integer call() throws Exception {
        Cli.Options options = Cli.options(spec.commandLine());
        Project project = new Project(options);
        Run run = Run.open(project.repo);
        try (AutoCloseable lock = run.lock(); DatabaseLock turn = new DatabaseLock()) {
            turn.take(project.address().target());
            WayBack.Outcome outcome = new WayBack(project, run, options.console(), new Services(project), server)
                    .run(sha256);
            options.console().say("  -> " + outcome.next());
            options.console().result(options.json ? Json.pretty(Json.tree(outcome))
                    : "rolled back by " + outcome.file() + " " + outcome.sha256());
            return 0;
        }
    }
}
