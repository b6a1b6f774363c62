///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Back up a PostgreSQL database before a release, and prove that the backup can be read.
//JAVA 17+

//SOURCES lib/Address.java lib/Archive.java lib/Cli.java lib/Clients.java lib/Exec.java lib/Fingerprint.java
//SOURCES lib/Gate.java lib/Json.java lib/Phase.java lib/Postgres.java lib/Project.java lib/Run.java lib/Target.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dfile.encoding=UTF-8

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Callable;
import lib.Address;
import lib.Archive;
import lib.Cli;
import lib.Clients;
import lib.Exec;
import lib.Fingerprint;
import lib.Gate;
import lib.Json;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** Backs up the database of an environment, reads the whole archive back, and records its SHA-256. */
@Command(name = "backup", mixinStandardHelpOptions = true, versionProvider = Cli.Version.class,
        scope = ScopeType.INHERIT,
        description = "Backs up the database of an environment and proves that the backup can be read.",
        footer = {"%nExamples:", "  jbang backup.java                     back up production into _migrations/",
            "  jbang backup.java --env staging       another environment of release.json",
            "  jbang backup.java verify FILE.dump    read a backup again, and compare its SHA-256",
            "%nEnvironment:", "  PROD_DATABASE_URL   the database of production", Cli.EXIT_CODES})
class backup implements Callable<Integer> {
    // A role's own limits would end the session that holds the snapshot while pg_dump is still at work.
    private static final String UNLIMITED = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN"
            + " ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')";

    @Mixin
    Cli.Options common;

    private Project project;
    private Phase phase;
    private Target target;
    private Clients.Client client;
    private Path file;

    public static void main(String... args) {
        System.exit(Cli.run(new backup(), args));
    }

    @Override
    public Integer call() throws Exception {
        project = new Project(common);
        phase = common.phase("backup");
        // Production's data must not be one careless commit away from everybody: nothing is written before this.
        if (!phase.gate("backup.ignored", () -> Run.ignored(project.git))) {
            return phase.finish(null, null);
        }
        Run run = Run.open(project.repo);
        try (AutoCloseable lock = run.lock()) {
            file = run.fresh("backup", "dump");
            boolean made = phase.gate("db.reach", this::reach) && phase.gate("backup.dump", this::dump);
            return phase.finish(run, made ? name() : null);
        }
    }

    private String name() {
        return project.repo.relativize(file).toString();
    }

    private Gate.Finding reach() throws SQLException {
        Address.Found found = project.address();
        target = found.target();
        try (Connection connection = Postgres.read(target, "backup")) {
            Postgres.Identity identity = Postgres.identity(connection);
            client = Clients.fitting(identity.major());
            phase.fact("environment", project.environment);
            phase.fact("identity", identity);
            phase.fact("commit", project.git.commit("HEAD"));
            phase.fact("client", client.version());
            return Gate.passed(target.place() + ", PostgreSQL " + identity.version() + ", from " + found.source());
        }
    }

    private Gate.Finding dump() throws SQLException {
        long start = System.nanoTime();
        Archive archive;
        Fingerprint schema;
        // The schema is read in the dump's own snapshot: what is compared later is what was saved.
        try (Connection connection = Postgres.read(target, "backup")) {
            Postgres.rows(connection, UNLIMITED);
            connection.setAutoCommit(false);
            Postgres.execute(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            String snapshot = Postgres.one(connection, "SELECT pg_export_snapshot()");
            schema = Fingerprint.of(connection);
            ObjectNode description = phase.facts().deepCopy();
            description.set("schema", Json.tree(schema));
            archive = Archive.dump(target, client, snapshot, file, description);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        phase.fact("file", name());
        phase.fact("sha256", archive.sha256());
        phase.fact("bytes", archive.bytes());
        phase.fact("entries", archive.entries());
        phase.fact("seconds", Math.round(seconds * 100) / 100.0);
        phase.fact("schema", schema.hash());
        String found = String.format("%s: %s, %d objects, read back whole, %.1f s", name(),
                Archive.size(archive.bytes()), archive.entries(), seconds);
        List<String> invalid = schema.objects().keySet().stream().filter(name -> name.startsWith("invalid ")).toList();
        return invalid.isEmpty() ? Gate.passed(found)
                : Gate.warned(found + "; no dump holds " + String.join(", ", invalid),
                "the rehearsal stops at this difference: drop it, or REINDEX INDEX CONCURRENTLY");
    }

    /** Reads a backup again, whole, and compares it with the SHA-256 that was stored when it was made. */
    @Command(name = "verify",
            description = "Reads a backup again, whole, and compares its SHA-256 with the stored one.")
    int verify(@Parameters(paramLabel = "FILE",
            description = "A backup made by backup.java or by pg_dump.") Path backup) {
        phase = common.phase("verify");
        phase.gate("backup.verify", () -> {
            Archive archive = Archive.verify(backup, Clients.newest());
            phase.fact("file", backup.toString());
            phase.fact("sha256", archive.sha256());
            phase.fact("bytes", archive.bytes());
            phase.fact("entries", archive.entries());
            String what = String.format("%s: %s, %d objects, read back whole, ", backup,
                    Archive.size(archive.bytes()), archive.entries());
            return archive.described() ? Gate.passed(what + "SHA-256 as when it was made")
                    : Gate.warned(what + "but no stored SHA-256 stands beside it",
                            "compare it yourself, if you have its hash: "
                            + Exec.typed(List.of("sha256sum", backup.toString())));
        });
        return phase.finish(null, null);
    }
}
