//SOURCES Console.java Failure.java Git.java History.java Holds.java Json.java Migration.java Postgres.java Project.java Run.java Services.java Situation.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Where a release stands: what its record says, and what database, git and run folder show at this moment. */
public final class Status {
    private final Project project;
    private final Run run;
    private final Map<String, String> lines = new LinkedHashMap<>();
    private final ObjectNode record;

    public Status(Project project, Run run, Services services) {
        this.project = project;
        this.run = run;
        JsonNode release = run.part("release");
        Situation situation = new Situation(services);
        boolean begun = release.isObject();
        if (begun) {
            situation.restore(release);
        }
        String error = release.path("error").asText();
        String reason = error.isEmpty() ? "" : ": " + error.lines().findFirst().orElse("");
        lines.put("release", begun ? "stopped at " + release.path("step").asText() + reason
                : "none is under way; last finished: " + last());
        lines.put("database", database());
        lines.put("git", git());
        lines.put("backup", backup());
        Failure.Exit exit = situation.changed() ? Failure.Exit.UNFINISHED
                : begun ? Failure.Exit.STOP
                : Failure.Exit.PASSED;
        if (begun) {
            situation.lines(exit).forEach((name, line) -> lines.put(name.equals("next") ? name : name + " then", line));
        } else {
            lines.put("next", "jbang release.java");
        }
        this.record = begun ? (ObjectNode) release : Json.object();
    }

    private String last() {
        try (var runs = Files.list(run.file("runs"))) {
            return runs.map(path -> path.getFileName().toString()).filter(name -> name.endsWith(".json"))
                    .max(Comparator.naturalOrder()).orElse("none");
        } catch (java.nio.file.NoSuchFileException e) {
            return "none";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // Looked at, not remembered: the record may be older than what somebody did since.
    private String database() {
        try (Connection connection = Postgres.read(project.address().target(), "status")) {
            Optional<History> history = project.history();
            if (history.isEmpty()) {
                return "reachable; no migration tool is known";
            }
            History.State state = history.get().state(connection);
            Holds holds = project.holds(history.get(), state.pending());
            List<String> pending = holds.due().stream().map(Migration::id).toList();
            return state.applied().size() + " migrations applied, "
                    + (pending.isEmpty() ? "none pending" : "pending: " + String.join(", ", pending))
                    + (holds.none() ? "" : "; held back: " + holds.words());
        } catch (Failure failure) {
            return failure.exit == Failure.Exit.STOP ? failure.getMessage() : "not reachable: " + failure.getMessage();
        } catch (SQLException e) {
            return "not reachable: " + Gate.words(e);
        }
    }

    private String git() {
        String remote = project.git.remote(project.source);
        if (remote == null || !project.git.fetch(remote).ok()) {
            return "the remote cannot be reached";
        }
        String released = project.git.commit(project.released());
        if (released == null) {
            return remote + " has no branch " + project.release;
        }
        if (project.git.contains(released, "HEAD")) {
            return project.released() + " holds all of " + project.source;
        }
        int lacking = project.git.log(project.released() + "..HEAD").size();
        return project.released() + " lacks " + lacking + (lacking == 1 ? " commit of " : " commits of ")
                + project.source;
    }

    private String backup() {
        try (var files = Files.list(run.folder())) {
            Optional<Path> newest = files.filter(path -> path.getFileName().toString().matches("backup-.*\\.dump"))
                    .max(Comparator.naturalOrder());
            if (newest.isEmpty()) {
                return "none";
            }
            Duration age = Duration.between(Files.getLastModifiedTime(newest.get()).toInstant(), Instant.now());
            String old = age.toHours() > 48 ? age.toDays() + " days"
                    : age.toMinutes() > 120 ? age.toHours() + " hours"
                    : age.toMinutes() + " minutes";
            return project.repo.relativize(newest.get()) + ", " + old + " old";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String text() {
        StringBuilder text = new StringBuilder();
        lines.forEach((name, line) -> text.append(String.format("%-14s %s%n", name, line)));
        return text.toString().stripTrailing();
    }

    public String json() {
        ObjectNode node = Json.object();
        node.put("phase", "status");
        node.set("facts", Json.object().set("now", Json.tree(lines)));
        node.set("record", record);
        return Json.pretty(node);
    }
}
