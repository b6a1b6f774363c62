//SOURCES ../Address.java ../Compose.java ../Failure.java ../Gate.java ../History.java ../Postgres.java ../Project.java
//SOURCES ../Settings.java ../Target.java Backlog.java Standing.java

package lib.assess;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import lib.Address;
import lib.Cli;
import lib.Compose;
import lib.DotEnv;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Postgres;
import lib.Project;
import lib.Target;

/** The databases an application has: the developer's own, those of release.json, staging and production. */
public final class Environments {
    private static final List<String> USUAL = List.of("local", "staging", "production");

    private final Cli.Options options;
    private final Project project;
    private final boolean asked;
    private final List<String> names;

    /** Those that were named; without any, all that are known. */
    public Environments(Cli.Options options, Project project, List<String> named) {
        this.options = options;
        this.project = project;
        this.asked = !named.isEmpty();
        Set<String> all = new LinkedHashSet<>(USUAL);
        all.addAll(project.settings.environments().keySet());
        // Production stands last, next to nothing that could be taken for it.
        all.remove("production");
        all.add("production");
        this.names = asked ? named : List.copyOf(all);
    }

    /**
     * Where the database of an environment is.
     *
     * @param failure why its URL cannot be had; null when it can
     */
    record Place(String environment, Target target, String source, Failure failure, boolean optional) {
        String place() {
            return target == null ? null : target.place();
        }
    }

    /** Asks all of them, the connections side by side. */
    public List<Standing> standings(History history) {
        List<Place> places = names.stream().map(this::place).toList();
        List<CompletableFuture<Connection>> connections = places.stream().map(place -> place.target == null ? null
                : CompletableFuture.supplyAsync(() -> Postgres.read(place.target, "status"))).toList();
        List<Standing> standings = new ArrayList<>();
        for (int i = 0; i < places.size(); i++) {
            standings.add(standing(places.get(i), connections.get(i), history));
        }
        return standings;
    }

    private Standing standing(Place place, CompletableFuture<Connection> connecting, History history) {
        if (connecting == null) {
            return Standing.without(place, place.optional ? Standing.Verdict.unset : Standing.Verdict.unreachable,
                    place.failure.getMessage(), place.failure.hint);
        }
        try (Connection connection = connecting.join()) {
            return Standing.of(place, Backlog.of(project, history, connection));
        } catch (CompletionException e) {
            if (e.getCause() instanceof Failure failure) {
                return Standing.without(place, place.optional ? Standing.Verdict.unset
                        : Standing.Verdict.unreachable, failure.getMessage(), failure.hint);
            }
            throw e;
        } catch (SQLException e) {
            return Standing.without(place, Standing.Verdict.unreachable, Gate.words(e),
                    "jbang preflight.java --only db --env " + place.environment);
        }
    }

    private Place place(String name) {
        boolean production = name.equals("production");
        if (!production && !project.settings.environments().isEmpty()
                && !project.settings.environments().containsKey(name)) {
            return undescribed(name);
        }
        try {
            Project other = new Project(options, name);
            boolean described = project.settings.environments().get(name) != null
                    && project.settings.environment(name).url() != null;
            Address.Found found = described ? other.found()
                    : Address.peek(project.repo, project.settings, name);
            if (found != null) {
                other.way().open(found::target);
                return new Place(name, found.target(), found.source(), null, false);
            }
            Optional<Place> local = name.equals("local") ? local() : Optional.empty();
            return local.orElseGet(() -> new Place(name, null, null, Failure.missing("no database URL is known: "
                    + Address.variable(name) + " is neither set nor in .env", "export " + Address.variable(name)
                    + "=postgresql://USER:PASSWORD@HOST:PORT/DATABASE"), !asked && !production));
        } catch (Failure failure) {
            return new Place(name, null, null, failure, false);
        }
    }

    // Found by its variable or as the developer's own; where it is not, nobody misses what nobody described.
    private Place undescribed(String name) {
        try {
            Address.Found found = Address.usual(project.repo, name);
            if (found != null) {
                return new Place(name, found.target(), found.source(), null, false);
            }
        } catch (Failure failure) {
            return new Place(name, null, null, failure, false);
        }
        Optional<Place> local = name.equals("local") ? local() : Optional.empty();
        if (local.isEmpty() && asked) {
            project.settings.environment(name);
        }
        return local.orElseGet(() -> new Place(name, null, null, Failure.missing("release.json describes no " + name
                + ", and " + Address.variable(name) + " is neither set nor in .env", null), true));
    }

    // The developer's own: DATABASE_URL when it leads to this machine, else the compose file's.
    private Optional<Place> local() {
        String url = System.getenv("DATABASE_URL");
        String source = "DATABASE_URL";
        Path file = project.repo.resolve(".env");
        if ((url == null || url.isBlank()) && Files.isRegularFile(file)) {
            url = DotEnv.of(file).get("DATABASE_URL", System.getenv());
            source = "DATABASE_URL in .env";
        }
        if (url != null && !url.isBlank()) {
            Target target = new Address.Found(url, source).target();
            if (Set.of("localhost", "127.0.0.1", "::1").contains(target.host()) || target.socket() != null) {
                return Optional.of(new Place("local", target, source, null, true));
            }
        }
        try {
            return Compose.database(project.repo).map(database -> new Place("local", database.target(),
                    "compose service " + database.service(), null, true));
        } catch (Failure down) {
            return Optional.of(new Place("local", null, null, down, true));
        }
    }
}
