//SOURCES ../Beside.java ../Compose.java ../Console.java ../Copy.java ../Count.java ../Failure.java ../Fingerprint.java
//SOURCES ../Gate.java ../Json.java ../Phase.java ../Postgres.java ../Project.java ../Run.java ../Scratch.java
//SOURCES ../backup/Manifest.java ../backup/Storage.java ../sql/Statement.java Current.java Hindrance.java Restored.java
//SOURCES Staging.java

package lib.rehearsal;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import lib.Beside;
import lib.Compose;
import lib.Console;
import lib.Copy;
import lib.Count;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.Json;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.Scratch;
import lib.backup.Manifest;
import lib.backup.Storage;
import lib.sql.Statement;

/**
 * What a rehearsal stands on: the backup of this run, and a copy of production that was restored from it and compared.
 * Each step is a gate, in the order backup, current, server, restore; what a step finds out is there for the next one.
 */
public final class Ground implements AutoCloseable {
    private final Project project;
    private final Run run;
    private final Phase phase;
    private final Console console;
    private final String scratch;
    private final boolean unrehearsed;
    private final Staging staging;
    private JsonNode backup;
    private Path dump;
    private Manifest saved;
    private Postgres.Identity production;
    /** The server and its empty database, while backup and production are looked at; null where that has to wait. */
    private Beside<Copy> ahead;
    private Copy copy;
    private Fingerprint schema;
    private Beside<Long> statistics;

    /**
     * A ground that is not laid yet.
     *
     * @param scratch the URL of a server to rehearse on; null where one is to be found
     * @param unrehearsed whether to go on where there is none
     * @param staging the environment to rehearse on instead; null where there is none
     */
    public Ground(Project project, Run run, Phase phase, Console console, String scratch, boolean unrehearsed,
                  Staging staging) {
        this.project = project;
        this.run = run;
        this.phase = phase;
        this.console = console;
        this.scratch = scratch;
        this.unrehearsed = unrehearsed;
        this.staging = staging;
    }

    /** The backup is there, unchanged, and of this environment. */
    public Gate.Finding backup() {
        backup = run.facts("backup");
        dump = project.repo.resolve(backup.path("file").asText());
        production = Json.as(backup.path("identity"), Postgres.Identity.class);
        if (!Storage.exists(dump)) {
            throw Failure.stop("the backup of this run is gone: " + backup.path("file").asText(), "jbang backup.java");
        }
        long bytes = backup.path("databaseBytes").asLong(Scratch.UNKNOWN);
        // Not where a container has to be started: whoever has no good backup is left with nothing that runs.
        if (staging == null && !Compose.present(project.repo)) {
            ahead = Beside.of(() -> Copy.on(scratch, project.repo, production, bytes));
        }
        if (!Storage.sha256(dump).equals(backup.path("sha256").asText())) {
            throw Failure.stop(backup.path("file").asText()
                    + " is not the file that was backed up: its SHA-256 has changed",
                    "jbang backup.java");
        }
        if (!backup.path("environment").asText().equals(project.environment)) {
            throw Failure.stop("the backup of this run is of " + backup.path("environment").asText()
                    + ", not of " + project.environment,
                    "jbang backup.java --env " + project.environment);
        }
        saved = Manifest.of(dump);
        // Where there is none, that is told now, and not behind what takes its time.
        phase.fact("reader", saved.reader().version());
        return Gate.passed(backup.path("file").asText() + ", SHA-256 as when it was made");
    }

    /** Production is the database of the backup, and its schema the same. */
    public Gate.Finding current() throws SQLException {
        return Current.of(project, production, saved);
    }

    /** A server is found that is not production's, or there is none and that was allowed. */
    public Gate.Finding server() throws SQLException {
        try {
            copy = ahead != null ? ahead.join() : Copy.on(scratch == null && staging != null
                    ? staging.server(production) : scratch, project.repo, production);
            phase.fact("server", copy.server());
            return Gate.passed(copy.server());
        } catch (Failure failure) {
            if (failure.exit != Failure.Exit.MISSING) {
                throw failure;
            }
            if (unrehearsed) {
                return Gate.warned("NOT REHEARSED: " + failure.getMessage(),
                        "read every line of the SQL before you approve it");
            }
            if (scratch != null) {
                // A server that somebody named is not left out without a word.
                throw failure;
            }
            throw Failure.decide(failure.getMessage(), (failure.hint == null ? "" : failure.hint + "\nor ")
                    + "go on without a rehearsal: add --unrehearsed");
        }
    }

    /** The copy holds production as it was saved: its schema, and every row. */
    public Gate.Finding restore() throws SQLException {
        long start = System.nanoTime();
        // The grammar takes longer to load than to parse: it loads while the backup is being restored.
        CompletableFuture.runAsync(() -> Statement.of("SELECT 1", 1));
        Restored restored = Restored.of(dump, saved, backup.path("schema").asText(), copy, console);
        schema = restored.schema();
        statistics = restored.statistics();
        return Gate.passed(String.format("the copy has the schema of the backup, and its %s in %s, %.1f s",
                Count.of(restored.contents().rows(), "row"), Count.of(restored.contents().tables().size(), "table"),
                (System.nanoTime() - start) / 1e9));
    }

    /** Waits until the copy's planner knows its tables: before that, no time that is measured says anything. */
    public void settle() throws SQLException {
        statistics.join();
    }

    /** What the record of this run says of the backup. */
    public JsonNode backupFacts() {
        return backup;
    }

    public Path dump() {
        return dump;
    }

    public Manifest saved() {
        return saved;
    }

    public Postgres.Identity production() {
        return production;
    }

    /** The database to rehearse on; null where there is none. */
    public Copy copy() {
        return copy;
    }

    /** The copy's schema; null where there is none. */
    public Fingerprint schema() {
        return schema;
    }

    /** Removes the copy. */
    @Override
    public void close() {
        if (copy != null) {
            copy.close();
        }
    }
}
