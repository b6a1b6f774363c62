///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Say what a release will do to the database, before anything runs.
//JAVA 17+

//SOURCES lib/Cli.java lib/Count.java lib/Exec.java lib/Failure.java lib/Gate.java lib/History.java
//SOURCES lib/Migration.java lib/Notes.java lib/Phase.java lib/Postgres.java lib/Project.java lib/Run.java
//SOURCES lib/Some.java lib/Variables.java
//SOURCES lib/assess/Backlog.java lib/assess/Banned.java lib/assess/Dangers.java lib/assess/Drifting.java
//SOURCES lib/assess/Entries.java lib/assess/Generate.java lib/assess/Naming.java lib/assess/Personal.java
//SOURCES lib/assess/Reviewing.java lib/assess/Status.java
//SOURCES lib/hazards/Finding.java
//SOURCES lib/plan/Catalog.java lib/plan/Check.java lib/plan/Classes.java lib/plan/Decisions.java lib/plan/Draft.java
//SOURCES lib/plan/Probes.java lib/plan/Problem.java lib/trash/Trash.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dfile.encoding=UTF-8

import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import lib.Cli;
import lib.Console;
import lib.Count;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Migration;
import lib.Notes;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.Some;
import lib.Variables;
import lib.assess.Backlog;
import lib.assess.Banned;
import lib.assess.Dangers;
import lib.assess.Drifting;
import lib.assess.Entries;
import lib.assess.Generate;
import lib.assess.Naming;
import lib.assess.Personal;
import lib.assess.Reviewing;
import lib.assess.Status;
import lib.hazards.Finding;
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

    private Project project;
    private Run run;
    private Phase phase;
    private Notes notes = Notes.of(null);
    private List<Variables.Change> variables = List.of();
    private Optional<History> history;
    private Connection production;
    private Optional<Backlog> backlog = Optional.empty();
    private List<Migration> pending = List.of();
    private Draft draft;
    private List<Finding> findings = List.of();

    public static void main(String... args) {
        System.exit(Cli.run(new assess(), args));
    }

    @Override
    public Integer call() throws Exception {
        project = new Project(common);
        run = Run.open(project.repo);
        phase = common.phase("assess");
        try (AutoCloseable lock = run.lock(); AutoCloseable end = this::disconnect) {
            phase.fact("commit", project.head());
            phase.gate("assess.entries", this::entries);
            phase.gate("assess.banned", () -> Banned.finding(Banned.in(project.files())));
            phase.gate("assess.env", this::variables);
            // Each of these needs the one before.
            boolean known = phase.gate("assess.tool", this::tool)
                    && phase.gate("db.reach", this::reach)
                    && phase.gate("assess.history", this::history);
            if (known) {
                phase.gate("assess.names", this::names);
            }
            if (known && phase.gate("assess.draft", this::draft)) {
                phase.gate("assess.drift", this::drift);
                phase.gate("assess.data", this::data);
                phase.gate("assess.hazards", this::hazards);
                phase.gate("assess.privacy", this::privacy);
                phase.gate("assess.class", this::decide);
            }
            return phase.finish(run, phase.facts().path("class").asText("None"));
        }
    }

    private Gate.Finding entries() {
        notes = project.notes();
        phase.fact("checks", Check.of(notes.entries()));
        return Entries.finding(notes);
    }

    private Gate.Finding variables() {
        variables = Variables.of(notes, project.git, project.released());
        phase.fact("variables", variables);
        return Gate.passed(variables.isEmpty() ? "no environment variable changes"
                : String.join(", ", variables.stream().map(Variables.Change::text).toList()));
    }

    private Gate.Finding tool() {
        history = project.history();
        phase.fact("tool", history.map(History::tool).orElse(null));
        if (history.isEmpty()) {
            return Gate.warned("no migration tool was found in this repository",
                    "name tool and folder in release.json: {\"migrations\": "
                    + "{\"tool\": \"sql\", \"folder\": \"…\"}}");
        }
        String found = history.get().tool() + " in " + history.get().folder() + "/, "
                + Count.of(history.get().local().size(), "migration");
        List<String> uncommitted = project.git.changes(List.of(Notes.FILE, history.get().folder()));
        phase.fact("uncommitted", uncommitted);
        return uncommitted.isEmpty() ? Gate.passed(found)
                : Gate.warned(found + "; not committed, and so not looked at: " + Some.of(uncommitted, 4, ", "),
                "git add " + Exec.typed(uncommitted) + " && git commit   # then run this again");
    }

    private Gate.Finding reach() {
        var found = project.address();
        production = Postgres.read(found.target(), "assess");
        return Gate.passed(found.target().place() + ", from " + found.source());
    }

    private void disconnect() throws SQLException {
        if (production != null) {
            production.close();
        }
    }

    private Gate.Finding history() throws SQLException {
        if (history.isEmpty()) {
            phase.fact("pending", pending);
            return Backlog.without(production);
        }
        Backlog found = Backlog.of(project, history.get(), production);
        found.tell(phase);
        backlog = Optional.of(found);
        pending = found.due();
        return found.finding(byHand);
    }

    private Gate.Finding names() {
        if (history.isEmpty()) {
            return Gate.skipped("without a migration tool nothing says how its files are called");
        }
        Naming naming = Naming.of(history.get(), pending);
        phase.fact("names", naming.notes());
        return naming.finding();
    }

    private Gate.Finding draft() throws SQLException {
        if (!byHand) {
            Entries.timely(notes, backlog.map(found -> found.state().applied()).orElse(List.of()), pending);
        }
        draft = Draft.of(pending, notes.entries(), new Catalog(production), project.settings.trash());
        if (draft.steps().stream().anyMatch(step -> step.sql().startsWith("CREATE SCHEMA " + Trash.PREFIX))) {
            Trash.permitted(production);
        }
        phase.fact("statements", draft.steps().size());
        String found = Count.of(draft.steps().size(), "statement");
        return draft.unverified().isEmpty()
                ? Gate.passed(found + ", " + draft.dataSteps() + " of them data steps")
                : Gate.warned(found + "; not verified by the grammar: " + String.join("; ", draft.unverified()),
                        "the rehearsal decides about these");
    }

    private Gate.Finding drift() throws SQLException {
        return backlog.isEmpty() ? Gate.skipped("without a migration tool nothing says what the schema should be")
                : Drifting.gate(project, phase, production, history.get(), backlog.get().state(), draft, strictDrift);
    }

    private Gate.Finding data() throws SQLException {
        Probes probes = Probes.of(production, pending, notes.entries(), draft);
        phase.fact("violations", probes.violations());
        phase.fact("notCounted", probes.skipped());
        return probes.finding(byHand);
    }

    private Gate.Finding hazards() throws SQLException {
        Dangers dangers = Dangers.of(production, pending, draft);
        dangers.tell(phase);
        findings = dangers.findings();
        return dangers.finding();
    }

    private Gate.Finding privacy() throws SQLException {
        Personal personal = Personal.of(production, pending);
        phase.fact("personal", personal.matches());
        return personal.finding(findings);
    }

    private Gate.Finding decide() {
        Decisions decisions = new Decisions(run);
        decisions.take(decide, draft.problems());
        if (Console.interactive() && !byHand) {
            decisions.ask(common.console(), draft.problems());
        }
        Classes classes = Classes.of(notes.entries(), pending, draft, variables);
        phase.fact("entries", classes.entries());
        phase.fact("class", classes.overall().label);
        phase.fact("problems", draft.problems());
        List<Problem> open = decisions.open(draft.problems());
        phase.fact("open", open.stream().map(Problem::id).toList());
        if (open.isEmpty()) {
            return Gate.passed(classes.overall().label + ": " + classes.reason());
        }
        if (byHand) {
            return Gate.warned(classes.overall().label + ": the script given with --sql has to answer "
                    + String.join(", ", open.stream().map(Problem::object).toList()),
                    "the rehearsal shows whether it does");
        }
        throw Failure.decide("Complex: " + String.join("\n", open.stream().map(Decisions::text).toList()).strip(),
                Decisions.ways(open));
    }

    @Command(name = "status", modelTransformer = Status.Several.class,
            description = "Which environment has which migrations, in one screen.",
            footer = {"%nExamples:", "  jbang assess.java status",
                "  jbang assess.java status --env staging --env production",
                "%nWithout --env: local, staging, production and what else release.json describes.",
                "Whoever can reach what is unreachable from here finds instructions in _migrations/hand-over-*.md.",
                "%nExit codes: 0 all ready or held back, 10 trouble in a history, 11 migrations are pending,",
                "12 one cannot be reached, 2 wrong usage."})
    int status() {
        return Status.of(common, Status.named(spec.commandLine().getParseResult()));
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
    int review(@Mixin Reviewing review) {
        return review.of(common);
    }
}
