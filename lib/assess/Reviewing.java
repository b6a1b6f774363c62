//SOURCES ../Cli.java ../Failure.java ../Gate.java ../Json.java ../Phase.java ../Project.java ../hazards/Context.java
//SOURCES ../hazards/Finding.java ../hazards/Format.java ../hazards/Hazard.java ../hazards/Review.java
//SOURCES ../hazards/Selection.java

package lib.assess;

import java.nio.file.Path;
import java.util.List;
import lib.Cli;
import lib.Failure;
import lib.Gate;
import lib.Json;
import lib.Phase;
import lib.Project;
import lib.hazards.Context;
import lib.hazards.Finding;
import lib.hazards.Format;
import lib.hazards.Hazard;
import lib.hazards.Review;
import lib.hazards.Selection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A review of SQL files, as it is asked for on the command line. */
@Command
public final class Reviewing {
    @Parameters(paramLabel = "FILE", arity = "0..*", description = "SQL files, or folders of them.")
    List<Path> files;

    @Option(names = "--since", paramLabel = "REF", description = "The files changed since a branch or commit.")
    String since;

    @Option(names = "--format", paramLabel = "FORMAT", defaultValue = "text",
            description = "text, json, sarif or github (default: ${DEFAULT-VALUE}).")
    Format format;

    @Option(names = "--strict", description = "Stop on everything that is to be looked at.")
    boolean strict;

    @Option(names = "--notes", description = "Show what is good to know as well.")
    boolean notes;

    @Option(names = "--released", description = "As release.java runs them: timeouts, service stopped.")
    boolean released;

    @Option(names = "--stopped", description = "The application is stopped meanwhile.")
    boolean stopped;

    @Option(names = "--transaction", paramLabel = "SHAPE",
            description = "What shares a transaction: all, file or none (default: as the tool found does).")
    Context.Shape shape;

    @Option(names = "--server", paramLabel = "MAJOR", description = "The server's version: 15.")
    int server;

    /** Reviews, and prints what was found in the format that was asked for. */
    public int of(Cli.Options common) {
        Project project = new Project(common);
        Selection selection = selection(project);
        Review.Result result = Review.of(selection.sources(), context(selection), selection.names(project.repo));
        Phase phase = common.phase("review");
        phase.fact("verdict", result.verdict());
        phase.fact("findings", result.findings());
        phase.fact("files", result.files());
        phase.fact("statements", result.statements());
        phase.fact("excused", result.excused());
        phase.gate("assess.review", () -> judged(selection, result));
        String text = text(phase, result, common.json ? Format.json : format);
        if (!text.isEmpty()) {
            common.console().result(text);
        }
        return phase.exit().code;
    }

    private Selection selection(Project project) {
        if (files != null && since != null) {
            throw Failure.usage("FILE and --since are two ways to choose files", "leave one of them out");
        }
        return files != null ? Selection.named(project, files)
                : since != null ? Selection.since(project, since) : Selection.pending(project);
    }

    private Context context(Selection selection) {
        Context context = selection.context().stopped(stopped);
        context = shape == null ? context : context.shape(shape);
        context = server == 0 ? context : context.server(server);
        return released ? context.released() : context;
    }

    private Gate.Finding judged(Selection selection, Review.Result result) {
        String seen = selection.what() + ": " + result.verdict();
        long caution = result.count(Hazard.Severity.CAUTION);
        boolean dangerous = result.count(Hazard.Severity.DANGEROUS) > 0;
        if (dangerous || strict && caution > 0) {
            throw Failure.stop(seen + (dangerous ? "" : ", and with --strict that is not enough"),
                    "use the safe form below each, or say why it is all right here: -- hazard-ok: ID reason");
        }
        return caution > 0 ? Gate.warned(seen, "--strict stops on these too") : Gate.passed(seen);
    }

    private String text(Phase phase, Review.Result result, Format how) {
        List<Finding> shown = result.findings().stream()
                .filter(finding -> notes || finding.severity() != Hazard.Severity.SAFE).toList();
        return switch (how) {
            case text -> Format.text(shown, result.verdict());
            case github -> Format.github(shown);
            case sarif -> Json.pretty(Format.sarif(result.findings()));
            case json -> Json.pretty(phase.toJson());
        };
    }
}
