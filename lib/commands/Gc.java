//SOURCES ../Cli.java ../DatabaseLock.java ../Project.java ../Run.java ../trash/Bin.java

package lib.commands;

import java.util.concurrent.Callable;
import lib.Cli;
import lib.DatabaseLock;
import lib.Project;
import lib.Run;
import lib.trash.Bin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Removes for good what was dropped so long ago that its time is over. */
@Command(name = "gc", description = "Remove for good what was dropped and has expired; shows it and asks first.",
        footer = {"%nExamples:", "  jbang release.java gc                   show what has expired, and ask",
            "  jbang release.java gc --approve SHA256  without a terminal"})
public final class Gc implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(names = "--approve", paramLabel = "SHA256", description = "Approve this SQL and no other.")
    String sha256;

    @Override
    public Integer call() throws Exception {
        Cli.Options options = Cli.options(spec.commandLine());
        Project project = new Project(options);
        Run run = Run.open(project.repo);
        try (AutoCloseable lock = run.lock(); DatabaseLock turn = new DatabaseLock()) {
            turn.take(project.address().target());
            Bin bin = new Bin(project, run, options.console());
            bin.collect(sha256);
            bin.show(options.json);
            return 0;
        }
    }
}
