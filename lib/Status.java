//SOURCES Console.java Count.java DatabaseLock.java Failure.java Gate.java History.java Holder.java Holds.java Json.java
//SOURCES LastRelease.java Migration.java Postgres.java Project.java Recovery.java Run.java Services.java
//SOURCES Situation.java Times.java plan/Journal.java

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
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lib.plan.Journal;

/** Where a release stands: what its record says, and what database, git and run folder show at this moment. */
public final class Status {
    private static final int NAME = 15;

    private final Project project;
    private final Run run;
    private final Map<String, String> lines = new LinkedHashMap<>();
    private final Situation situation;
    private final ObjectNode record;
    private String back;

    public Status(Project project, Run run, Services services) {
        this.project = project;
        this.run = run;
        JsonNode release = run.part("release");
        situation = new Situation(services);
        boolean begun = release.isObject();
        if (begun) {
            Recovery.recall(run, situation);
        }
        String error = release.path("error").asText();
        String reason = error.isEmpty() ? "" : ": " + error.lines().findFirst().orElse("");
        String step = release.path("step").asText();
        lines.put("release", run.atWork().map(process -> "AT WORK (process " + process + "), at " + step)
                .orElse(begun ? "stopped " + (situation.isDone(step) ? "after " : "at ") + step + reason
                : "none is under way; last finished: " + last()));
        if (begun && run.edited()) {
            lines.put("record", "NOT as the release wrote it: run.json was edited; what follows \"then\" may be wrong");
        }
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
        if (back != null) {
            lines.put("rollback", back);
            lines.put("next", "jbang release.java rollback   # it looks first, and goes on from there");
        }
        this.record = begun ? (ObjectNode) release : Json.object();
    }

    private String last() {
        try (var runs = Files.list(run.file("runs"))) {
            return runs.map(path -> path.getFileName().toString()).filter(name -> name.matches("run-[\\d-]+\\.json"))
                    .max(Comparator.naturalOrder()).map(name -> name + takenBack()).orElse("none");
        } catch (java.nio.file.NoSuchFileException e) {
            return "none";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String takenBack() {
        return LastRelease.of(run, project.environment).map(LastRelease::rolledBack).filter(when -> !when.isEmpty())
                .map(when -> " (taken back " + when + ")").orElse("");
    }

    private static String takenBack(LastRelease.Begun begun, Optional<Journal> found) {
        Optional<Journal> own = found.filter(journal -> journal.plan().equals(begun.certificate().sql().sha256()));
        return "begun " + begun.when() + ", and not ended: " + own.map(Journal::committed).orElse(0) + " of "
                + Count.of(begun.certificate().sql().segments(), "segment") + " of " + begun.file() + " "
                + Count.are(begun.certificate().sql().segments()) + " committed";
    }

    // Looked at, not remembered: the record may be older than what happened since.
    private String database() {
        try (Connection connection = Postgres.read(project.address().target(), "status")) {
            Optional<Journal> found = Journal.of(connection);
            back = LastRelease.of(run, project.environment).flatMap(LastRelease::begun)
                    .map(begun -> takenBack(begun, found)).orElse(null);
            // Of a release that is being taken back the record tells what it was.
            Optional<Journal> journal = found.map(own -> back != null && own.over() != null ? own.over()
                    : own.standing());
            situation.looked(journal, journal.isPresent() && journal.get().atWork(connection).isPresent());
            StringBuilder text = new StringBuilder();
            Optional<String> holder = DatabaseLock.holder(connection);
            holder.ifPresent(who -> text.append("a release is at work on it (").append(who).append("); "));
            if (journal.isPresent()) {
                text.append(words(connection, journal.get())).append("; ");
            }
            Optional<History> history = project.history();
            if (history.isEmpty()) {
                return text + "reachable; no migration tool is known";
            }
            History.State state = history.get().state(connection);
            Holds holds = project.holds(history.get(), state.pending());
            List<String> pending = holds.due().stream().map(Migration::id).toList();
            return text + Count.of(state.applied().size(), "migration") + " applied, "
                    + (pending.isEmpty() ? "none pending" : "pending: " + String.join(", ", pending))
                    + (holds.none() ? "" : "; held back: " + holds.words());
        } catch (Failure failure) {
            return failure.exit == Failure.Exit.STOP ? failure.getMessage() : "not reachable: " + failure.getMessage();
        } catch (SQLException e) {
            return "not reachable: " + Gate.words(e);
        }
    }

    private static String words(Connection connection, Journal journal) throws SQLException {
        Optional<Duration> work = journal.atWork(connection);
        return journal.words() + (journal.alone() == 0 ? "" : ", segment " + journal.alone() + " was begun")
                + work.map(age -> ", its session is at work for " + Holder.words(age)).orElse("");
    }

    private String git() {
        String remote = project.followed().orElse(null);
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
            return project.repo.relativize(newest.get()) + ", "
                    + Times.age(Files.getLastModifiedTime(newest.get()).toInstant());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Its lines, for a person; each goes on below itself where it takes more columns than the terminal has. */
    public String text(Console console) {
        StringBuilder text = new StringBuilder();
        lines.forEach((name, line) -> text.append(String.format("%-" + NAME + "s%s%n", name, name.equals("next") ? line
                : console.below(line, NAME))));
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
