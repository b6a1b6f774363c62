//SOURCES ../Cli.java ../Failure.java ../History.java ../Holds.java ../Phase.java ../Project.java ../Run.java
//SOURCES Board.java Environments.java HandOver.java Standing.java

package lib.assess;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import lib.Cli;
import lib.Failure;
import lib.History;
import lib.Holds;
import lib.Phase;
import lib.Project;
import lib.Run;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Which environment has which migrations, as a phase: a gate for each, so that the exit code tells the worst. */
public final class Status {
    private static final String ENVIRONMENT = "--env";

    private Status() {
    }

    /** Lets this sub-command alone take --env more than once. */
    public static final class Several implements IModelTransformer {
        @Override
        public CommandSpec transform(CommandSpec status) {
            OptionSpec one = status.findOption(ENVIRONMENT);
            // It is asked twice: before the script's own options are there, and after.
            if (one != null) {
                status.remove(one);
                status.addOption(OptionSpec.builder(ENVIRONMENT).paramLabel(one.paramLabel()).type(List.class)
                        .auxiliaryTypes(String.class)
                        .description("An environment, once or more (default: all that are known).").build());
            }
            return status;
        }
    }

    /** The environments that were named on the command line, in their order; empty when none was. */
    public static List<String> named(ParseResult parsed) {
        Set<String> named = new LinkedHashSet<>();
        for (ParseResult each = parsed; each != null; each = each.subcommand()) {
            Object value = each.matchedOptionValue(ENVIRONMENT, List.of());
            (value instanceof List<?> several ? several : List.of(value)).forEach(one -> named.add(one.toString()));
        }
        return List.copyOf(named);
    }

    /** The migrations of a repository, without which there is nothing to compare a database with. */
    static History history(Project project) {
        return project.history().orElseThrow(() -> Failure.usage("no migration tool was found in this repository",
                "name tool and folder in release.json: {\"migrations\": {\"tool\": \"sql\", \"folder\": \"…\"}}"));
    }

    /** Asks the environments that were named, or all that are known, and prints one screen. */
    public static int of(Cli.Options options, List<String> named) {
        Project project = new Project(options, named.isEmpty() ? "production" : named.get(0));
        History history = history(project);
        List<Standing> standings = new Environments(options, project, named).standings(history);
        Board board = new Board(history, standings);
        Phase phase = options.phase("status").silent();
        String commit = project.head();
        phase.fact("commit", commit);
        phase.fact("tool", history.tool());
        phase.fact("environments", standings);
        phase.fact("migrations", board.rows());
        phase.fact("verdict", board.verdict());
        standings.forEach(each -> phase.gate("status." + each.environment(), each::finding));
        StringBuilder text = new StringBuilder(board.text());
        String table = standings.stream().filter(Standing::known).map(Standing::history).findFirst().orElse(null);
        List<Standing> unreachable = standings.stream()
                .filter(each -> each.verdict() == Standing.Verdict.unreachable).toList();
        List<Holds.Held> held = unreachable.isEmpty() ? List.of() : project.waiting(history.local()).held();
        for (Standing each : unreachable) {
            Path file = new HandOver(each, history, commit, table, held).write(Run.open(project.repo));
            phase.fact("handOver." + each.environment(), project.repo.relativize(file).toString());
            text.append(String.format("%n%-11s %s   # for somebody who can reach %s", "hand over",
                    project.repo.relativize(file), each.environment()));
        }
        if (!options.json) {
            options.console().result(text.toString());
        }
        return phase.finish(null, null);
    }
}
