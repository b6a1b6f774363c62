//SOURCES ../Address.java ../Cli.java ../Clients.java ../Failure.java ../Gate.java ../Phase.java ../Postgres.java
//SOURCES ../Count.java ../Project.java ../Run.java ../Size.java ../Target.java
//SOURCES Backups.java Dump.java Guard.java Mask.java Neighbours.java Pace.java Steps.java

package lib.backup;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.Address;
import lib.Cli;
import lib.Clients;
import lib.Count;
import lib.Failure;
import lib.Gate;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.Size;
import lib.Target;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/**
 * One environment made a copy of another: staging of production. Whatever fails, the environment stays as it was; what
 * it was before is kept once, until the next refresh.
 */
public final class Refresh {
    private static final String PRODUCTION = "production";

    /** What {@code backup.java refresh} takes. */
    public static final class Wish extends Steps.Options {
        @Option(names = "--from", paramLabel = "ENV", defaultValue = PRODUCTION,
                description = "The environment that is copied (default: ${DEFAULT-VALUE}).")
        private String from;
        @Option(names = "--to", paramLabel = "ENV", defaultValue = "staging",
                description = "The environment that becomes its copy (default: ${DEFAULT-VALUE}).")
        private String to;
        @Option(names = "--file", paramLabel = "FILE", description = "Take this backup instead of a new one.")
        private Path file;
        @Option(names = "--last", description = "Take the newest proven backup instead of a new one.")
        private boolean last;
        @Option(names = "--sql", paramLabel = "FILE",
                description = "Run this SQL in the copy, in one transaction, before anybody sees it: to mask data.")
        private Path sql;

        /** What would be typed to bring this backup into an environment; the SQL masks it, or is null. */
        public static Wish of(String environment, Path backup, Path mask) {
            List<String> words = new ArrayList<>(List.of("--to", environment, "--file", backup.toString()));
            if (mask != null) {
                words.addAll(List.of("--sql", mask.toString()));
            }
            return CommandLine.populateCommand(new Wish(), words.toArray(String[]::new));
        }

        /** Refreshes, as gates of the phase; the name of the refreshed database, null when it stopped. */
        public String run(Cli.Options common, Phase phase, Project project, Run run) {
            if (file != null && last) {
                throw Failure.usage("--file and --last do not go together", "give one of them");
            }
            try (Steps steps = new Steps(common, this, phase, project, "refresh")) {
                return new Refresh(steps, run, this).run();
            }
        }
    }

    private final Steps steps;
    private final Run run;
    private final Wish wish;
    private final String from;
    private final String to;
    private Target source;
    private Postgres.Identity identity;
    private Mask mask;

    private Refresh(Steps steps, Run run, Wish wish) {
        this.steps = steps;
        this.run = run;
        this.wish = wish;
        this.from = wish.from;
        this.to = wish.to;
    }

    private String run() {
        boolean ready = steps.gate("sql", () -> mask(wish.sql)) && steps.gate("source", this::source)
                && steps.gate("target", this::target) && steps.gate("leftovers", steps::leftovers)
                && (wish.file == null && !wish.last ? steps.gate("dump", this::dump)
                    : steps.gate("archive", () -> archive(wish.last ? newest() : wish.file)));
        boolean swapped = ready && steps.gate("extensions", steps::requirements) && steps.gate("load", steps::load)
                && steps.gate("compare", steps::compare) && steps.gate("mask", this::masked)
                && steps.gate("owners", steps::owners)
                && steps.gate("swap", () -> steps.swap(Neighbours.Kind.REFRESHED, false))
                && steps.gate("previous", this::removePrevious);
        return swapped ? steps.server.live.database() : null;
    }

    private Gate.Finding mask(Path sql) {
        if (sql == null) {
            return from.equals(PRODUCTION) ? Gate.warned("personal data goes over as it is",
                    "mask it before anybody sees it: --sql FILE") : Gate.skipped("no SQL file was given");
        }
        mask = Mask.of(sql);
        steps.phase.fact("sql", Map.of("file", sql.toString(), "sha256", mask.sha256()));
        return Gate.passed(sql + ": " + Count.of(mask.size(), "statement") + ", run before anybody sees the data");
    }

    private Gate.Finding source() throws SQLException {
        Address.Found found = Address.find(steps.project.repo, steps.project.settings, from, steps.console);
        source = found.target();
        try (Connection connection = Postgres.read(source, "refresh")) {
            identity = Postgres.identity(connection);
        }
        steps.phase.fact("from", identity);
        return Gate.passed(source.place() + ", PostgreSQL " + identity.version() + ", from " + found.source());
    }

    /** The one thing that must never happen is that production itself is replaced, under whatever name or URL. */
    private Gate.Finding target() throws SQLException {
        if (to.equals(PRODUCTION)) {
            throw Failure.usage("production is never refreshed from anything",
                    "bring a backup back instead: jbang backup.java restore FILE --to production");
        }
        steps.reach(to);
        String place = steps.server.live.place();
        if (steps.old != 0) {
            refuseTheSame(place);
            return steps.sessions(place);
        }
        return Gate.passed(place + ": there is no such database yet, it will be made");
    }

    private void refuseTheSame(String place) throws SQLException {
        Target target = steps.server.live;
        try (Connection one = Postgres.read(source, "refresh"); Connection other = Postgres.read(target, "refresh")) {
            if (Guard.same(one, other)) {
                throw Failure.stop(to + " and " + from + " are one and the same database, " + place
                        + ", whatever their URLs say", "give " + to + " a database of its own. Where it was made as a"
                        + " copy of " + from + "'s disk, bring a backup in once:"
                        + " jbang backup.java restore FILE --to " + to);
            }
        }
        Guard.Answer answer = new Guard(steps.project, steps.console).ask(to, target);
        if (answer.production()) {
            throw Failure.stop(answer.why() + (answer.certain() ? ": production is never refreshed" : ""),
                    answer.certain() ? "give " + to + " a database of its own"
                            : "let production be asked: put its URL where it is found, then run this again");
        }
    }

    private Gate.Finding dump() throws SQLException, InterruptedException {
        Path file = run.fresh("backup", "dump");
        Clients.Client client = Clients.fitting(identity.major());
        try (Pace pace = Pace.of(steps.console, source)) {
            steps.archive = pace.follow(Dump.of(source, client, file))
                    .make(from, identity, steps.project.git.commit("HEAD"));
        }
        steps.phase.fact("file", steps.project.repo.relativize(file).toString());
        steps.phase.fact("sha256", steps.archive.sha256());
        return Gate.passed(steps.project.repo.relativize(file) + ": " + Size.of(steps.archive.bytes()) + ", "
                + Count.of(steps.archive.entries(), "object") + ", read back whole");
    }

    private Path newest() {
        return Backups.in(run.folder()).stream()
                .filter(backup -> backup.state() == Backups.State.PROVEN && from.equals(backup.environment()))
                .findFirst().map(Backups.Backup::file)
                .orElseThrow(() -> Failure.stop("there is no proven backup of " + from + " in " + Run.FOLDER + "/",
                        "leave --last out: a new one is made"));
    }

    private Gate.Finding archive(Path file) {
        Gate.Finding finding = steps.verify(file, false);
        String of = steps.archive.manifest().environment();
        if (!from.equals(of)) {
            throw Failure.stop(file + " is a backup of " + of + ", not of " + from,
                    "name the right one, or --from " + of);
        }
        return finding;
    }

    private Gate.Finding masked() {
        if (mask == null) {
            return Gate.skipped("no SQL file was given");
        }
        return steps.guarded(() -> {
            long rows = mask.run(steps.replacement.target());
            steps.phase.fact("masked", rows);
            return Gate.passed(Count.of(mask.size(), "statement") + ", " + Count.of(rows, "row")
                    + ", committed together");
        });
    }

    /** Exactly one is kept: the one this refresh replaced. */
    private Gate.Finding removePrevious() throws SQLException {
        List<Neighbours.Neighbour> earlier = new ArrayList<>(steps.neighbours.all(steps.server.connection()));
        String kept = steps.phase.facts().path("kept").asText();
        earlier.removeIf(one -> one.kind() != Neighbours.Kind.REFRESHED || one.name().equals(kept));
        for (Neighbours.Neighbour one : earlier) {
            try {
                steps.server.drop(one.name());
            } catch (SQLException e) {
                return Gate.warned(one.name() + ", which the refresh before had kept, is not removed: " + Gate.words(e),
                        steps.command("--drop-old", one.name()));
            }
        }
        List<String> names = earlier.stream().map(Neighbours.Neighbour::name).toList();
        steps.phase.fact("dropped", names);
        return names.isEmpty() ? Gate.skipped("no earlier refresh left a database")
                : Gate.passed("removed what the refresh before had kept: " + String.join(", ", names));
    }
}
