///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Back up a PostgreSQL database before a release, and prove that the backup can be read.
//JAVA 17+

//SOURCES lib/Cli.java lib/Clients.java lib/Failure.java lib/Fingerprint.java lib/Gate.java lib/Hash.java
//SOURCES lib/Phase.java lib/Postgres.java lib/Project.java lib/Run.java lib/Archive.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto

import java.nio.file.Path;
import java.sql.Connection;
import java.util.concurrent.Callable;
import lib.Address;
import lib.Archive;
import lib.Cli;
import lib.Clients;
import lib.Fingerprint;
import lib.Gate;
import lib.Phase;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** Backs up the database of an environment into the run folder, reads the whole archive back, and records its SHA-256. */
@Command(name = "backup", mixinStandardHelpOptions = true, versionProvider = Cli.Version.class, scope = ScopeType.INHERIT,
        description = "Backs up the database of an environment and proves that the backup can be read.",
        footer = {"%nExamples:", "  jbang backup.java                     back up production into _migrations/",
            "  jbang backup.java --env staging       another environment of release.json",
            "  jbang backup.java verify FILE.dump    read a backup again, and compare its SHA-256",
            "%nEnvironment:", "  PROD_DATABASE_URL   the database of production", Cli.EXIT_CODES})
class backup implements Callable<Integer> {
    @Mixin
    Cli.Options common;

    public static void main(String... args) {
        System.exit(Cli.run(new backup(), args));
    }

    @Override
    public Integer call() throws Exception {
        Project project = new Project(common);
        Run run = Run.open(project.repo);
        try (AutoCloseable lock = run.lock()) {
            Phase phase = common.phase("backup");
            Target[] target = new Target[1];
            Clients.Client[] client = new Clients.Client[1];
            Path[] file = new Path[1];
            boolean ready = phase.gate("backup.ignored", () -> ignored(project))
                    && phase.gate("db.reach", () -> reach(project, phase, target, client))
                    && phase.gate("backup.dump", () -> dump(project, phase, run, target[0], client[0], file));
            return phase.finish(run, ready ? project.repo.relativize(file[0]).toString() : null);
        }
    }

    /** Production's data must not be one careless commit away from everybody. */
    private Gate.Finding ignored(Project project) {
        return Run.ignored(project.git);
    }

    private Gate.Finding reach(Project project, Phase phase, Target[] target, Clients.Client[] client) throws Exception {
        Address.Found found = project.address();
        target[0] = found.target();
        try (Connection connection = Postgres.read(target[0], "backup")) {
            Postgres.Identity identity = Postgres.identity(connection);
            client[0] = Clients.fitting(identity.major());
            phase.fact("environment", project.environment);
            phase.fact("identity", identity);
            phase.fact("commit", project.git.commit("HEAD"));
            phase.fact("client", client[0].version());
            return Gate.passed(target[0].place() + ", PostgreSQL " + identity.version() + ", from " + found.source());
        }
    }

    private Gate.Finding dump(Project project, Phase phase, Run run, Target target, Clients.Client client, Path[] file) throws Exception {
        long start = System.nanoTime();
        file[0] = run.file("backup-" + Run.stamp() + ".dump");
        Archive archive;
        // The schema is read in the dump's own snapshot: what is compared later is what was saved.
        try (Connection connection = Postgres.read(target, "backup")) {
            connection.setAutoCommit(false);
            Postgres.execute(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            String snapshot = Postgres.one(connection, "SELECT pg_export_snapshot()");
            Fingerprint schema = Fingerprint.of(connection);
            phase.fact("schema", schema.hash());
            schema.save(file[0].resolveSibling(file[0].getFileName() + ".schema.json"));
            archive = Archive.dump(target, client, snapshot, file[0]);
            connection.rollback();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        phase.fact("file", project.repo.relativize(file[0]).toString());
        phase.fact("sha256", archive.sha256());
        phase.fact("bytes", archive.bytes());
        phase.fact("entries", archive.entries());
        phase.fact("seconds", Math.round(seconds * 100) / 100.0);
        archive.describe(phase.facts());
        return Gate.passed(String.format("%s: %s, %d objects, read back whole, %.1f s", project.repo.relativize(file[0]),
                Archive.size(archive.bytes()), archive.entries(), seconds));
    }

    /** Reads a backup again, whole, and compares it with the SHA-256 that was stored when it was made. */
    @Command(name = "verify", description = "Reads a backup again, whole, and compares its SHA-256 with the stored one.")
    int verify(@Parameters(paramLabel = "FILE", description = "A backup made by backup.java or by pg_dump.") Path file) {
        Phase phase = common.phase("verify");
        phase.gate("backup.verify", () -> {
            Archive archive = Archive.verify(file, Clients.newest());
            phase.fact("file", file.toString());
            phase.fact("sha256", archive.sha256());
            phase.fact("bytes", archive.bytes());
            String what = file + ": " + Archive.size(archive.bytes()) + ", " + archive.entries() + " objects, read back whole, ";
            return archive.described() ? Gate.passed(what + "SHA-256 as when it was made")
                    : Gate.warned(what + "but no stored SHA-256 stands beside it",
                            "compare it yourself, if you have its hash: sha256sum " + file);
        });
        return phase.finish(null, null);
    }
}
