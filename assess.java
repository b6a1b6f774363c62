///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Say what a release will do to the database, before anything runs.
//JAVA 17+

//SOURCES lib/Cli.java lib/Failure.java lib/Gate.java lib/History.java lib/Json.java lib/Migration.java lib/Notes.java
//SOURCES lib/Phase.java lib/Postgres.java lib/Project.java lib/Run.java lib/Variables.java
//SOURCES lib/assess/Banned.java lib/assess/Drifting.java lib/assess/Generate.java lib/assess/Personal.java
//SOURCES lib/assess/Status.java
//SOURCES lib/hazards/Context.java lib/hazards/Finding.java lib/hazards/Format.java lib/hazards/Hazard.java
//SOURCES lib/hazards/Inventory.java lib/hazards/Review.java lib/hazards/Selection.java
//SOURCES lib/migrations/Histories.java
//SOURCES lib/plan/Catalog.java lib/plan/Check.java lib/plan/Classes.java lib/plan/Decisions.java lib/plan/Draft.java
//SOURCES lib/plan/Probes.java lib/plan/Problem.java lib/trash/Trash.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dfile.encoding=UTF-8

import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import lib.Cli;
import lib.Console;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Holds;
import lib.Json;
import lib.Migration;
import lib.Notes;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.Variables;
import lib.assess.Banned;
import lib.assess.Drifting;
import lib.assess.Generate;
import lib.assess.Personal;
import lib.assess.Status;
import lib.hazards.Context;
import lib.hazards.Finding;
import lib.hazards.Format;
import lib.hazards.Hazard;
import lib.hazards.Inventory;
import lib.hazards.Review;
import lib.hazards.Selection;
import lib.migrations.Histories;
import lib.plan.Catalog;
import lib.plan.Check;
import lib.plan.Classes;
import lib.plan.Decisions;
import lib.plan.Draft;

import lib.plan.Probes;
import lib.plan.Problem;
import lib.trash.Trash;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * Compares what the repository wants with what the database has, classes each entry, and asks what only a person knows.
 */
@Command(name = "assess", mixinStandardHelpOptions = true, versionProvider = Cli.Version.class,
        scope = ScopeType.INHERIT,
        description = "Says what a release will do to the database, before anything runs. Reads only.",
        footer = {"%nExamples:", "  jbang assess.java                              what is pending, and how hard it is",
            "  jbang assess.java --json                       the same for a program",
            "  jbang assess.java --decide 1a2b3c4d=accept     answer a problem without a terminal",
            "  jbang assess.java review --since origin/main   hazards of the SQL files that changed",
            "%nEnvironment:", "  PROD_DATABASE_URL   the database of production", Cli.EXIT_CODES})
class assess implements Callable<Integer> {
    /** Bytes from which on the size of a table decides how long a statement takes. */
    private static final long LARGE = 8 << 20;

    @Mixin
    Cli.Options common;

    @Spec
    CommandSpec spec;

    @Option(names = "--decide", paramLabel = "PROBLEM=CHOICE",
            description = "Answer a problem that an earlier run named.")
    Map<String, String> decide = new LinkedHashMap<>();

    @Option(names = "--by-hand", description = "The release SQL is written by hand: show problems, ask nothing.")
    boolean byHand;

    @Option(names = "--strict-drift",
            description = "Stop when the pending SQL touches what is not as the migrations make it.")
    boolean strictDrift;

    private Notes notes;
    private Optional<History> history;
    private List<Variables.Change> variables;
    private List<Migration> pending = List.of();
    private History.State state;
    private Draft draft;
    private List<Finding> findings = List.of();

    public static void main(String... args) {
        System.exit(Cli.run(new assess(), args));
    }

    @Override
    public Integer call() throws Exception {
        Project project = new Project(common);
        Run run = Run.open(project.repo);
        try (AutoCloseable lock = run.lock()) {
            Phase phase = common.phase("assess");
            phase.fact("commit", project.git.commit("HEAD"));
            phase.gate("assess.entries", () -> entries(project, phase));
            phase.gate("assess.banned", () -> Banned.finding(Banned.in(project.files())));
            phase.gate("assess.env", () -> variables(project, phase));
            boolean known = phase.gate("assess.tool", () -> tool(project, phase));
            if (known) {
                Connection[] production = new Connection[1];
                if (phase.gate("db.reach", () -> reach(project, production))) {
                    try (Connection connection = production[0]) {
                        boolean healthy = phase.gate("assess.history", () -> history(project, phase, connection));
                        if (healthy && phase.gate("assess.draft", () -> draft(project, phase, connection))) {
                            phase.gate("assess.drift", () -> drift(project, phase, connection));
                            phase.gate("assess.data", () -> data(phase, connection));
                            phase.gate("assess.hazards", () -> hazards(phase, connection));
                            phase.gate("assess.privacy", () -> privacy(phase, connection));
                            phase.gate("assess.class", () -> decide(project, run, phase));
                        }
                    }
                }
            }
            return phase.finish(run, phase.facts().path("class").asText("None"));
        }
    }

    private Gate.Finding entries(Project project, Phase phase) {
        notes = project.notes();
        phase.fact("checks", Check.of(notes.entries()));
        String titles = notes.entries().isEmpty() ? Notes.FILE + " has no entry" : Notes.FILE + ": "
                + String.join("; ", notes.entries().stream().map(Notes.Entry::title).toList());
        List<String> unmarked = notes.entries().stream().filter(entry -> !entry.unmarked().isEmpty())
                .map(entry -> "\"" + entry.title() + "\"").toList();
        return unmarked.isEmpty() ? Gate.passed(titles) : Gate.warned(titles + "\nSQL that is not run, because nothing"
                + " says that it is: under " + String.join(", ", unmarked),
                "put it into a fence that begins with ```sql, or take it out");
    }

    private Gate.Finding variables(Project project, Phase phase) {
        variables = Variables.of(notes, project.git, project.released());
        phase.fact("variables", variables);
        return Gate.passed(variables.isEmpty() ? "no environment variable changes"
                : String.join(", ", variables.stream().map(Variables.Change::text).toList()));
    }

    private Gate.Finding tool(Project project, Phase phase) {
        history = project.history();
        phase.fact("tool", history.map(History::tool).orElse(null));
        return history.map(found ->
                Gate.passed(found.tool() + " in " + found.folder() + "/, " + found.local().size() + " migrations"))
                .orElseGet(() -> Gate.warned("no migration tool was found in this repository",
                        "name tool and folder in release.json: {\"migrations\": "
                        + "{\"tool\": \"sql\", \"folder\": \"…\"}}"));
    }

    private Gate.Finding reach(Project project, Connection[] production) {
        var found = project.address();
        production[0] = Postgres.read(found.target(), "assess");
        return Gate.passed(found.target().place() + ", from " + found.source());
    }

    private Gate.Finding history(Project project, Phase phase, Connection connection) throws Exception {
        if (history.isEmpty()) {
            phase.fact("pending", List.of());
            List<History.Trouble> left = Histories.beside(connection, history, null);
            return left.isEmpty() ? Gate.skipped("without a migration tool there is no history")
                    : Gate.warned(String.join("\n", left.stream().map(History.Trouble::message).toList()),
                    left.get(0).hint());
        }
        state = history.get().state(connection);
        List<History.Trouble> troubles = new ArrayList<>(state.troubles());
        troubles.addAll(Histories.beside(connection, history, state));
        Holds holds = project.holds(history.get(), state.pending());
        pending = holds.due();
        phase.fact("held", holds.held());
        phase.fact("pending", pending.stream().map(Migration::id).toList());
        phase.fact("applied", state.applied().size());
        phase.fact("history", state.table().toString());
        phase.fact("troubles", troubles);
        List<History.Trouble> stops = troubles.stream()
                .filter(byHand ? History.Trouble::stopsAll : History.Trouble::stops).toList();
        if (!stops.isEmpty()) {
            throw Failure.stop(String.join("\n", stops.stream().map(History.Trouble::message).toList()),
                    stops.get(0).hint());
        }
        String found = state.applied().size() + " applied, " + (pending.isEmpty() ? "none pending"
                : pending.size() + " pending: " + String.join(", ", pending.stream().map(Migration::id).toList()))
                + (holds.none() ? "" : "; held back: " + holds.words());
        return troubles.isEmpty() ? Gate.passed(found) : Gate.warned(found + "\n"
                + String.join("\n", troubles.stream().map(History.Trouble::message).toList()),
                troubles.get(0).hint());
    }

    private Gate.Finding draft(Project project, Phase phase, Connection connection) throws Exception {
        draft = Draft.of(pending, notes.entries(), new Catalog(connection), project.settings.trash());
        if (draft.steps().stream().anyMatch(step -> step.sql().startsWith("CREATE SCHEMA " + Trash.PREFIX))) {
            Trash.permitted(connection);
        }
        long data = draft.dataSteps();
        phase.fact("statements", draft.steps().size());
        return draft.unverified().isEmpty()
                ? Gate.passed(draft.steps().size() + " statements, " + data + " of them data steps")
                : Gate.warned(draft.steps().size() + " statements; not verified by the grammar: "
                        + String.join("; ", draft.unverified()),
                        "the rehearsal decides about these");
    }

    private Gate.Finding drift(Project project, Phase phase, Connection connection) throws Exception {
        return state == null ? Gate.skipped("without a migration tool nothing says what the schema should be")
                : Drifting.gate(project, phase, connection, history.get(), state, draft, strictDrift);
    }

    private Gate.Finding data(Phase phase, Connection connection) throws Exception {
        Probes probes = Probes.of(connection, pending, notes.entries(), draft);
        phase.fact("violations", probes.violations());
        phase.fact("notCounted", probes.skipped());
        return probes.finding(byHand);
    }

    /** Weighed by the sizes of production's tables, and as the release runs them: timeouts set, service stopped. */
    private Gate.Finding hazards(Phase phase, Connection connection) throws Exception {
        Context context = Inventory.of(connection, Context.of(Context.Shape.ALL)).released()
                .planned(draft.steps().stream().map(step -> step.sql()).collect(Collectors.toSet()));
        Review.Result result = Review.of(Selection.of(pending), context);
        findings = result.findings();
        phase.fact("hazards", findings);
        phase.fact("sizes", sizes(context));
        List<Finding> found = findings.stream()
                .filter(finding -> finding.severity() != Hazard.Severity.SAFE || finding.cured()).toList();
        if (found.isEmpty()) {
            return Gate.passed("no hazards in " + result.statements() + " statements");
        }
        // One line a kind: all of them are in the facts, in the report, and in a review.
        Map<String, List<Finding>> kinds = found.stream().collect(Collectors.groupingBy(finding ->
                (finding.cured() ? "cured" : finding.severity()) + " " + finding.id(), LinkedHashMap::new,
                Collectors.toList()));
        String list = String.join("\n", kinds.entrySet().stream().map(kind -> kind.getKey() + " "
                + kind.getValue().get(0).place() + ": " + kind.getValue().get(0).message()
                + (kind.getValue().size() == 1 ? "" : "; " + (kind.getValue().size() - 1) + " more like it")).toList());
        return found.stream().allMatch(Finding::cured) ? Gate.passed(list)
                : Gate.warned(result.verdict() + "\n" + list, "jbang assess.java review   # each with its safe form");
    }

    // For the rehearsal, whose copy is as small as a fresh one is.
    private static Map<String, Long> sizes(Context context) {
        Map<String, Long> sizes = new TreeMap<>();
        context.tables().forEach((name, table) -> {
            if (table.bytes() >= LARGE) {
                sizes.put(name.toString(), table.bytes());
            }
        });
        return sizes;
    }

    private Gate.Finding privacy(Phase phase, Connection connection) throws Exception {
        Personal personal = Personal.of(connection, pending);
        phase.fact("personal", personal.matches());
        return personal.finding(findings);
    }

    private Gate.Finding decide(Project project, Run run, Phase phase) {
        Decisions decisions = new Decisions(run);
        decisions.take(decide, draft.problems());
        if (Console.interactive() && !byHand) {
            decisions.ask(common.console(), draft.problems());
        }
        Classes classes = Classes.of(notes.entries(), pending, draft, variables == null ? List.of() : variables);
        phase.fact("entries", classes.entries());
        phase.fact("class", classes.overall().label);
        phase.fact("problems", draft.problems());
        List<Problem> open = decisions.open(draft.problems());
        phase.fact("open", open.stream().map(Problem::id).toList());
        if (byHand && !open.isEmpty()) {
            return Gate.warned(classes.overall().label + ": the script given with --sql has to answer "
                    + String.join(", ", open.stream().map(Problem::object).toList()),
                    "the rehearsal shows whether it does");
        }
        if (!open.isEmpty()) {
            throw Failure.decide("Complex: " + String.join("\n", open.stream().map(Decisions::text).toList()).strip(),
                    Decisions.ways(open));
        }
        return Gate.passed(classes.overall().label + ": " + classes.reason());
    }

    @Command(name = "status", description = "Which environment has which migrations, in one screen.",
            footer = {"%nExamples:", "  jbang assess.java status",
                "  jbang assess.java status --env staging --env production",
                "%nWithout --env: local, staging, production and what else release.json describes.",
                "Whoever can reach what is unreachable from here finds instructions in _migrations/hand-over-*.md.",
                "%nExit codes: 0 all ready, 10 trouble in a history, 11 migrations are pending,",
                "12 one cannot be reached, 2 wrong usage."})
    int status() {
        return Status.of(common, common.environments(spec.commandLine().getParseResult()));
    }

    @Command(name = "drift", description = "What in a database no migration made: every object by name.",
            footer = {"%nExamples:", "  jbang assess.java drift", "  jbang assess.java drift --env staging --json",
                "%nExit codes: 0 none, 10 some, 12 it cannot be told, 2 wrong usage."})
    int drifting() throws Exception {
        return Drifting.of(common);
    }

    @Command(name = "generate", description = "Write what staging has and no migration makes as a new migration.",
            footer = {"%nExamples:", "  jbang assess.java generate \"notes of guests\"",
                "  jbang assess.java generate --from production \"changed by hand\"",
                "%nNothing that loses values is active in it; a checklist on top says what is yours to decide.",
                "%nExit codes: 0 written, or nothing to write, 10 it does not lead there, 11 all of it is yours to",
                "decide, 12 no server to try it on, 2 wrong usage."})
    int generate(@Parameters(paramLabel = "DESCRIPTION", description = "A few words, for its name.") String description,
            @Option(names = "--from", paramLabel = "ENV", defaultValue = "staging",
                    description = "The environment whose schema is wanted (default: ${DEFAULT-VALUE}).") String from)
            throws Exception {
        return Generate.of(common, description, from);
    }

    @Command(name = "review", description = "Look at SQL files: what each statement locks, breaks or loses.",
            footer = {"%nExamples:", "  jbang assess.java review                              the pending migrations",
                "  jbang assess.java review --since origin/release --format github",
                "  jbang assess.java review --strict db/migration/V7__orders.sql",
                "%nWithout FILE: the pending migrations; all of them when no database says which.",
                "In SQL, on a statement or right above it:", "  -- hazard-ok: ID reason",
                "%nExit codes: 0 nothing dangerous (with --strict: nothing to look at), 10 dangerous,",
                "2 wrong usage."})
    int review(
            @Parameters(paramLabel = "FILE", arity = "0..*", description = "SQL files, or folders of them.")
            List<Path> files,
            @Option(names = "--since", paramLabel = "REF", description = "The files changed since a branch or commit.")
            String since,
            @Option(names = "--format", paramLabel = "FORMAT", defaultValue = "text",
                    description = "text, json, sarif or github (default: ${DEFAULT-VALUE}).") Format format,
            @Option(names = "--strict", description = "Stop on everything that is to be looked at.") boolean strict,
            @Option(names = "--notes", description = "Show what is good to know as well.") boolean notes,
            @Option(names = "--released", description = "As release.java runs them: timeouts, service stopped.")
            boolean released,
            @Option(names = "--stopped", description = "The application is stopped meanwhile.") boolean stopped,
            @Option(names = "--transaction", paramLabel = "SHAPE",
                    description = "What shares a transaction: all, file or none (default: as the tool found does).")
            Context.Shape shape,
            @Option(names = "--server", paramLabel = "MAJOR", description = "The server's version: 15.") int server) {
        if (files != null && since != null) {
            throw Failure.usage("FILE and --since are two ways to choose files", "leave one of them out");
        }
        Project project = new Project(common);
        Selection selection = files != null ? Selection.named(project, files)
                : since != null ? Selection.since(project, since) : Selection.pending(project);
        Context context = selection.context().stopped(stopped);
        context = shape == null ? context : context.shape(shape);
        context = server == 0 ? context : context.server(server);
        Review.Result result = Review.of(selection.sources(), released ? context.released() : context,
                selection.names(project.repo));
        List<Finding> shown = result.findings().stream()
                .filter(finding -> notes || finding.severity() != Hazard.Severity.SAFE).toList();
        Phase phase = common.phase("review");
        phase.fact("verdict", result.verdict());
        phase.fact("findings", result.findings());
        phase.fact("files", result.files());
        phase.fact("statements", result.statements());
        phase.fact("excused", result.excused());
        phase.gate("assess.review", () -> judged(selection, result, strict));
        String text = switch (common.json ? Format.json : format) {
            case text -> Format.text(shown, result.verdict());
            case github -> Format.github(shown);
            case sarif -> Json.pretty(Format.sarif(result.findings()));
            case json -> Json.pretty(phase.toJson());
        };
        if (!text.isEmpty()) {
            common.console().result(text);
        }
        return phase.exit().code;
    }

    private static Gate.Finding judged(Selection selection, Review.Result result, boolean strict) {
        String seen = selection.what() + ": " + result.verdict();
        long caution = result.count(Hazard.Severity.CAUTION);
        if (result.count(Hazard.Severity.DANGEROUS) > 0 || strict && caution > 0) {
            throw Failure.stop(seen, "use the safe form below each, or say why it is all right here: "
                    + "-- hazard-ok: ID reason");
        }
        return caution > 0 ? Gate.warned(seen, "--strict stops on these too") : Gate.passed(seen);
    }
}
