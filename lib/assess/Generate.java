//SOURCES ../Cli.java ../Copy.java ../Count.java ../Exec.java ../Failure.java ../Gate.java ../History.java
//SOURCES ../Migration.java ../Phase.java ../Postgres.java ../Project.java ../migrations/NewMigration.java
//SOURCES ../schema/Differ.java ../schema/Drift.java ../schema/Guarded.java ../schema/Replay.java ../sql/Name.java
//SOURCES Counted.java Drifting.java Status.java

package lib.assess;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import lib.Address;
import lib.Cli;
import lib.Copy;
import lib.Count;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Migration;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Target;
import lib.migrations.NewMigration;
import lib.schema.Difference;
import lib.schema.Differ;
import lib.schema.Drift;
import lib.schema.Guarded;
import lib.schema.Replay;
import lib.sql.Name;

/** Writes what a database has and no migration makes as a new migration, tried on a throw-away server before. */
public final class Generate {
    /** Kinds of which no draft knows: they are told, and not written. */
    private static final Set<String> BLIND = Set.of("publication", "default privileges", "invalid index");
    private static final String PRODUCTION = "production";
    private static final String UNKNOWN = "jbang assess.java drift   # names what differs";

    private final Cli.Options options;
    private final Project project;
    private final String description;
    private final History history;
    private final Phase phase;

    private Generate(Cli.Options options, String description, String from) {
        this.options = options;
        this.project = new Project(options, from);
        this.description = description;
        this.history = Status.history(project);
        this.phase = options.phase("generate").silent();
    }

    /**
     * Writes the files of one migration, or of two when values of enums are among it.
     *
     * @param from the environment whose schema is wanted
     */
    public static int of(Cli.Options options, String description, String from) throws SQLException {
        return new Generate(options, description, from).run();
    }

    private int run() throws SQLException {
        refuseUncommitted();
        Address.Found found = project.address();
        Target wanted = found.target();
        try (Connection connection = Postgres.read(wanted, "generate")) {
            History.State state = history.state(connection);
            refuseTrouble(state);
            Postgres.Identity identity = Postgres.identity(connection);
            Supplier<Copy> server = () -> Copy.aside(project.repo, identity);
            // From what that database has: a draft must not take back what is only pending there.
            try (Replay replay = Replay.of(server.get(), history.tool(), state.applied())) {
                return write(replay, connection, wanted, state, server);
            }
        } catch (Replay.Stuck e) {
            throw Failure.stop("the migrations of this repository cannot be tried: " + e.getMessage(), UNKNOWN);
        }
    }

    private void refuseUncommitted() {
        List<String> changed = project.git.changes(List.of(history.folder()));
        if (!changed.isEmpty()) {
            throw Failure.stop(history.folder() + " holds what is not committed, and the next number depends on it",
                    "git add " + history.folder() + " && git commit   # or: git stash --include-untracked -- "
                    + history.folder());
        }
    }

    private void refuseTrouble(History.State state) {
        state.troubles().stream().filter(History.Trouble::stops).findFirst().ifPresent(trouble -> {
            throw Failure.stop(trouble.message(), trouble.hint());
        });
        if (state.applied().isEmpty() && !history.local().isEmpty()) {
            throw Failure.stop(project.environment + " has none of the migrations of this repository: the difference"
                    + " would be all of it", "jbang assess.java status --env " + project.environment);
        }
    }

    // It will stand behind what is pending in that database, and must run there as well.
    private String behind(Map<String, String> files, History.State state, Supplier<Copy> server) throws SQLException {
        if (state.pending().isEmpty()) {
            return null;
        }
        try (Replay all = Replay.of(server.get(), history.tool(), history.local())) {
            for (Migration migration : NewMigration.migrations(files)) {
                all.run(migration);
            }
            return null;
        } catch (Replay.Stuck e) {
            return "behind what is pending in " + project.environment + " it fails: " + e.getMessage();
        }
    }

    private int write(Replay replay, Connection source, Target wanted, History.State state, Supplier<Copy> server)
            throws Replay.Stuck, SQLException {
        Name table = state.table();
        Differ differ = table == null || table.schema().equals("public") ? new Differ()
                : new Differ().without(table.schema());
        Guarded guarded = differ.draft(replay.target(), wanted, table == null ? Set.of() : Set.of(table));
        phase.fact("held", guarded.held());
        phase.fact("steps", guarded.steps());
        List<Difference> before = Drift.own(differ.compare(replay.target(), wanted), history, state);
        phase.fact("differences", before);
        if (before.isEmpty()) {
            return end(Map.of(), "nothing to write: " + project.environment + " has the schema that "
                    + Drifting.made(state), null);
        }
        Counted counted = Counted.of(project, source, new Project(options, PRODUCTION), statements(guarded));
        phase.fact("violations", counted.violations());
        Map<String, String> files = new NewMigration(project.files(), history, Clock.systemUTC())
                .files(description, texts(guarded, counted, List.of(), null));
        if (guarded.enums().isEmpty() && guarded.active().isEmpty()) {
            return end(Map.of(), String.join("\n", files.values()), "everything in it is for a person to decide: "
                    + "no file is written");
        }
        for (Migration migration : NewMigration.migrations(files)) {
            replay.run(migration);
        }
        List<Difference> left = Drift.own(differ.compare(replay.target(), wanted), history, state);
        List<Difference> unexplained = left.stream().filter(each -> !held(each, guarded)).toList();
        List<Difference> wrong = unexplained.stream().filter(each -> touched(each, guarded)).toList();
        phase.fact("left", left);
        if (!wrong.isEmpty()) {
            throw Failure.stop("the draft does not lead to the schema of " + project.environment + ": "
                    + wrong.stream().map(Difference::toString).collect(Collectors.joining(", ")),
                    "write this one by hand; " + UNKNOWN);
        }
        files = new NewMigration(project.files(), history, Clock.systemUTC())
                .files(description, texts(guarded, counted, unexplained, behind(files, state, server)));
        keep(files);
        return end(files, String.join("\n", files.keySet()) + "\n\n" + files.entrySet().stream()
                .filter(file -> file.getKey().endsWith(".sql")).map(Map.Entry::getValue)
                .collect(Collectors.joining("\n")), null);
    }

    private static boolean held(Difference difference, Guarded guarded) {
        return guarded.held().stream().flatMap(each -> each.statements().stream()).anyMatch(sql ->
                names(sql, difference));
    }

    private static boolean touched(Difference difference, Guarded guarded) {
        return !BLIND.contains(difference.kind())
                && guarded.active().stream().anyMatch(sql -> names(sql, difference));
    }

    private static boolean names(String sql, Difference difference) {
        String[] words = difference.object().replaceAll("\\(.*", "").split("\\.");
        return words[words.length - 1].isEmpty() || sql.contains(words[words.length - 1]);
    }

    // Those that a person has to decide about are counted for too.
    private static List<String> statements(Guarded guarded) {
        List<String> all = new ArrayList<>(guarded.active());
        guarded.held().forEach(each -> all.addAll(each.statements()));
        return all;
    }

    private List<NewMigration.Text> texts(Guarded guarded, Counted counted, List<Difference> unwritten,
            String behind) {
        List<NewMigration.Text> texts = new ArrayList<>();
        if (!guarded.enums().isEmpty()) {
            texts.add(new NewMigration.Text("-- " + description + ": values of enums, in a migration of their own,\n"
                    + "-- because nothing may use a value before it is committed.\n\n", guarded.enums(), ""));
        }
        if (!guarded.active().isEmpty() || !guarded.held().isEmpty()) {
            texts.add(new NewMigration.Text(checklist(guarded, counted, unwritten, behind),
                    guarded.active().isEmpty() ? List.of("SELECT 1") : guarded.active(), commented(guarded)));
        }
        return texts;
    }

    private String checklist(Guarded guarded, Counted counted, List<Difference> unwritten, String behind) {
        StringBuilder text = new StringBuilder("-- " + description + "\n-- What " + project.environment
                + " has and the migrations applied there do not make. Tried on an empty database.\n");
        List<String> points = new ArrayList<>();
        guarded.steps().forEach(points::add);
        guarded.held().forEach(each -> points.add(each.why() + (each.instead() == null ? " (commented out below)"
                : " (below)")));
        points.addAll(counted.points());
        unwritten.forEach(each -> points.add("not written: " + each));
        if (behind != null) {
            points.add(behind);
        }
        points.stream().distinct().forEach(point -> text.append("-- [ ] ").append(point).append('\n'));
        counted.notes().forEach(note -> text.append("-- ").append(note).append('\n'));
        return text.append('\n').toString();
    }

    private static String commented(Guarded guarded) {
        StringBuilder text = new StringBuilder();
        for (Guarded.Held each : guarded.held()) {
            text.append("\n-- ").append(each.why()).append('\n');
            if (each.instead() != null) {
                text.append("-- ").append(each.instead()).append(";\n-- or:\n");
            }
            each.statements().forEach(sql -> text.append("-- ").append(sql.strip().replace("\n", "\n-- "))
                    .append(";\n"));
        }
        return text.toString();
    }

    private void keep(Map<String, String> files) {
        files.forEach((name, text) -> {
            Path file = project.repo.resolve(name);
            try {
                Files.createDirectories(file.getParent());
                Files.writeString(file, text);
            } catch (IOException e) {
                throw new Failure(Failure.Exit.MISSING, name + " cannot be written: " + Gate.words(e),
                        "ls -ld " + Exec.typed(List.of(file.getParent().toString())), e);
            }
        });
    }

    private int end(Map<String, String> files, String text, String undecided) {
        phase.fact("files", new ArrayList<>(files.keySet()));
        phase.gate("generate", () -> {
            if (undecided != null) {
                throw Failure.decide(undecided, "answer the questions of the checklist in a migration of your own");
            }
            return Gate.passed(files.isEmpty() ? text : Count.of(files.size(), "file") + " written");
        });
        if (!options.json) {
            options.console().result(text);
        }
        return phase.finish(null, null);
    }
}
