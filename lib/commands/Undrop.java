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
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists what releases dropped and the database still keeps, or brings one of it back. */
@Command(name = "undrop", description = "List what was dropped and is still kept, or bring one of it back.",
        footer = {"%nExamples:", "  jbang release.java undrop              what is still kept",
            "  jbang release.java undrop orders.note  bring that column's values back"})
public final class Undrop implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "OBJECT", description = "A table, or a column: orders.note.")
    String object;

    @Option(names = "--approve", paramLabel = "SHA256", description = "Approve this SQL and no other.")
    String sha256;

    @Override
    public Integer call() throws Exception {
        Cli.Options options = Cli.options(spec.commandLine());
        Project project = new Project(options);
        Run run = Run.open(project.repo);
        try (AutoCloseable lock = run.lock(); DatabaseLock turn = new DatabaseLock()) {
            Bin bin = new Bin(project, run, options.console());
            if (object != null) {
                turn.take(project.address().target());
                bin.undrop(object, sha256);
            }
            bin.show(options.json);
            return 0;
        }
    }
}
