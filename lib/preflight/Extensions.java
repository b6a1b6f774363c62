//SOURCES ../Compose.java ../Exec.java ../Failure.java ../Gate.java ../Phase.java ../Postgres.java ../Project.java
//SOURCES ../Servers.java ../Settings.java ../Target.java Database.java Planned.java

package lib.preflight;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.Compose;
import lib.Exec;
import lib.Failure;
import lib.Gate;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Servers;
import lib.Settings;
import lib.Target;

/** The gate of the extensions: what production has and what the release makes must be there on every server. */
public final class Extensions {
    private static final String STAGING = "staging";
    /** Every server has it. */
    private static final String OWN = "plpgsql";
    private static final String AVAILABLE = "SELECT name FROM pg_available_extensions";

    private final Project project;
    private final Phase phase;
    private final Database database;
    private final Planned planned;
    private final List<String> notes = new ArrayList<>();

    public Extensions(Project project, Phase phase, Database database, Planned planned) {
        this.project = project;
        this.phase = phase;
        this.database = database;
        this.planned = planned;
    }

    /** A server's extensions, and what it is called. */
    private record Place(String name, Set<String> extensions, String way) {
    }

    /** Each extension is there where it will be needed: on production, on the rehearsal's server, on staging. */
    public Gate.Finding look() throws SQLException {
        Set<String> made = new TreeSet<>(planned.facts().extensions());
        Set<String> installed = names("SELECT extname FROM pg_extension", database.shared());
        Set<String> needed = new TreeSet<>(installed);
        needed.addAll(made);
        needed.remove(OWN);
        phase.fact("extensions", needed);
        made.removeAll(installed);
        Set<String> absent = new TreeSet<>(made);
        absent.removeAll(names(AVAILABLE, database.shared()));
        if (!absent.isEmpty()) {
            throw Failure.stop("the release makes " + words(absent) + ", which production's server does not have",
                    "install it there, or take it out of the release; what there is: " + AVAILABLE + ";");
        }
        if (needed.isEmpty()) {
            return Gate.passed("none but " + OWN);
        }
        rehearsal(needed).ifPresent(place -> {
            Set<String> missing = new TreeSet<>(needed);
            missing.removeAll(place.extensions);
            if (!missing.isEmpty()) {
                throw Failure.missing("the rehearsal's server (" + place.name + ") does not have " + words(missing)
                        + ", so no backup can be restored there", place.way);
            }
        });
        staging(needed);
        String closed = closed(made);
        String found = words(needed) + (notes.isEmpty() ? "" : "; " + String.join("; ", notes));
        return closed != null ? Gate.warned(found + "; this user may not make " + closed
                + " unless the provider lets it", "CREATE EXTENSION " + closed + ";   -- as an administrator, before "
                + "the release") : notes.isEmpty() ? Gate.passed(found + " here and on the rehearsal's server")
                : Gate.warned(found, "look at that server before the release reaches it");
    }

    // One that is not trusted is for superusers, or for those whom the provider treats alike.
    private String closed(Set<String> made) throws SQLException {
        for (String name : made) {
            if (database.rows("SELECT 1 FROM pg_roles WHERE rolname = current_user AND rolsuper UNION ALL SELECT 1 FROM"
                    + " pg_available_extension_versions WHERE name = " + Postgres.literal(name) + " AND trusted"
                    + " AND has_database_privilege(current_database(), 'CREATE')").isEmpty()) {
                return name;
            }
        }
        return null;
    }

    /** The server that the rehearsal will choose, as far as it can be told without starting one. */
    private Optional<Place> rehearsal(Set<String> needed) throws SQLException {
        String url = System.getenv("RELEASE_SCRATCH_URL");
        if (url != null && !url.isBlank()) {
            return asked(Target.parse(url), "RELEASE_SCRATCH_URL", "install it there, or name another server: "
                    + "RELEASE_SCRATCH_URL=postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
        }
        if (Compose.present(project.repo)) {
            try {
                Optional<Compose> service = Compose.database(project.repo);
                if (service.isPresent()) {
                    return asked(service.get().target(), "compose service " + service.get().service(),
                            "use an image that has it, for that service of the compose file");
                }
            } catch (Failure failure) {
                return note("the rehearsal's server", failure);
            }
        }
        return installed(needed);
    }

    private Optional<Place> installed(Set<String> needed) {
        int major = database.identity().major();
        Path bin;
        try {
            bin = Servers.fitting(major);
        } catch (Failure failure) {
            return note("the rehearsal's server", failure);
        }
        String way = "install the package that brings it (postgresql-contrib, postgresql-" + major + "-"
                + needed.iterator().next() + "), or name a server that has it: RELEASE_SCRATCH_URL=…";
        for (Path folder : folders(bin, major)) {
            try (Stream<Path> files = Files.list(folder)) {
                return Optional.of(new Place(bin.toString(), files.map(file -> file.getFileName().toString())
                        .filter(name -> name.endsWith(".control")).map(name -> name.replaceFirst("\\.control$", ""))
                        .collect(Collectors.toCollection(TreeSet::new)), way));
            } catch (IOException e) {
                // Then another folder tells.
                continue;
            }
        }
        notes.add("which extensions the server in " + bin + " has is not known");
        return Optional.empty();
    }

    private static List<Path> folders(Path bin, int major) {
        List<Path> folders = new ArrayList<>(List.of(bin.resolve("../share/extension").normalize(),
                bin.resolve("../share/postgresql/extension").normalize(),
                Path.of("/usr/share/postgresql", String.valueOf(major), "extension")));
        Path config = bin.resolve("pg_config");
        if (Files.isExecutable(config)) {
            folders.add(0, Path.of(Exec.of(config.toString(), "--sharedir").run().out(), "extension"));
        }
        return folders;
    }

    // Staging is a convenience: its absence never keeps a release from production.
    private void staging(Set<String> needed) throws SQLException {
        if (project.environment.equals(STAGING) || !project.settings.environments().containsKey(STAGING)) {
            return;
        }
        Settings.Environment staging = project.settings.environment(STAGING);
        if (staging.tunnel() != null || staging.firewall() != null) {
            notes.add("staging was not looked at: its tunnel or firewall is not opened for that");
            return;
        }
        JsonNode url = staging.url();
        if (url == null ? System.getenv("STAGING_DATABASE_URL") == null : !url.isObject() || url.has("prompt")) {
            notes.add("staging was not looked at: its URL would have to be typed");
            return;
        }
        try {
            asked(project.found(STAGING).target(), STAGING, null).ifPresent(place -> {
                Set<String> missing = new TreeSet<>(needed);
                missing.removeAll(place.extensions);
                if (!missing.isEmpty()) {
                    notes.add("staging does not have " + words(missing));
                }
            });
        } catch (Failure failure) {
            note(STAGING, failure);
        }
    }

    private Optional<Place> asked(Target target, String name, String way) throws SQLException {
        try (Connection connection = Postgres.read(target, "preflight")) {
            return Optional.of(new Place(name, names(AVAILABLE, connection), way));
        } catch (Failure failure) {
            return note(name, failure);
        }
    }

    private Optional<Place> note(String name, Failure failure) {
        if (failure.exit == Failure.Exit.INTERRUPTED) {
            throw failure;
        }
        notes.add(name + " was not looked at: " + failure.getMessage());
        return Optional.empty();
    }

    private static Set<String> names(String query, Connection connection) throws SQLException {
        return Postgres.rows(connection, query).stream().map(row -> row.get(0))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String words(Set<String> names) {
        return (names.size() == 1 ? "extension " : "extensions ") + String.join(", ", names);
    }
}
