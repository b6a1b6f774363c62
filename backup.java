///usr/bin/env jbang "$0" "$@" ; exit $?
//DESCRIPTION Back up a PostgreSQL database before a release, and prove that the backup can be read.
//JAVA 17+

//SOURCES lib/Address.java lib/Cli.java lib/Clients.java lib/Count.java lib/Exec.java lib/Fingerprint.java lib/Size.java
//SOURCES lib/Gate.java lib/Phase.java lib/Pooler.java lib/Postgres.java lib/Project.java lib/Run.java lib/Target.java
//SOURCES lib/backup/Archive.java lib/backup/Backups.java lib/backup/Contents.java lib/backup/Dump.java
//SOURCES lib/backup/Pace.java lib/backup/Proof.java lib/backup/Prune.java lib/backup/Refresh.java
//SOURCES lib/backup/Restore.java lib/backup/Script.java lib/backup/Storage.java

//RUNTIME_OPTIONS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dfile.encoding=UTF-8

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import lib.Address;
import lib.Cli;
import lib.Clients;
import lib.Count;
import lib.Exec;
import lib.Failure;
import lib.Fingerprint;
import lib.Gate;
import lib.Phase;
import lib.Pooler;
import lib.Postgres;
import lib.Project;
import lib.Run;
import lib.Size;
import lib.Target;
import lib.backup.Archive;
import lib.backup.Backups;
import lib.backup.Contents;
import lib.backup.Dump;
import lib.backup.Pace;
import lib.backup.Proof;
import lib.backup.Prune;
import lib.backup.Refresh;
import lib.backup.Restore;
import lib.backup.Script;
import lib.backup.Storage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** Backs up the database of an environment, reads the whole archive back, and records its SHA-256. */
@Command(name = "backup", mixinStandardHelpOptions = true, versionProvider = Cli.Version.class,
        scope = ScopeType.INHERIT,
        description = "Backs up the database of an environment and proves that the backup can be read.",
        footer = {"%nExamples:", "  jbang backup.java                     back up production into _migrations/",
            "  jbang backup.java --env staging       another environment of release.json",
            "  jbang backup.java --jobs 1            one file, however large the database is",
            "  jbang backup.java verify FILE.dump    read it again, compare its SHA-256",
            "  jbang backup.java verify --restore FILE.dump   and restore it for a test",
            "  jbang backup.java list                what lies in _migrations/",
            "  jbang backup.java prune --keep 3      remove the older ones",
            "  jbang backup.java restore FILE --to staging    bring one back",
            "  jbang backup.java refresh --sql mask.sql       make staging a copy of production",
            "%nEnvironment:", "  PROD_DATABASE_URL   the database of production",
            "  RELEASE_PG_CLIENTS  folders with pg_dump and its kin, not the usual ones", Cli.EXIT_CODES})
class backup implements Callable<Integer> {
    private static final int MOST_JOBS = 64;

    @Mixin
    Cli.Options common;

    @Option(names = "--jobs", paramLabel = "N",
            description = {"How many connections pg_dump reads by: 1 makes one file, more a folder.",
                "Default: one below 256 MB, else as many as there are cores, at most 4."})
    Integer jobs;

    private Project project;
    private Run run;
    private Phase phase;
    private Target target;
    private Clients.Client client;
    private Postgres.Identity identity;
    private String commit;
    private Path file;
    private CompletableFuture<Script> globals;

    public static void main(String... args) {
        System.exit(Cli.run(new backup(), args));
    }

    @Override
    public Integer call() throws Exception {
        if (jobs != null && (jobs < 1 || jobs > MOST_JOBS)) {
            throw Failure.usage("--jobs " + jobs + " is not a number of connections from 1 to " + MOST_JOBS,
                    "leave it out, or make one file: jbang backup.java --jobs 1");
        }
        project = new Project(common);
        phase = common.phase("backup");
        // Production's data must not be one careless commit away from everybody: nothing is written before this.
        if (!phase.gate("backup.ignored", this::open)) {
            return phase.finish(null, null);
        }
        try (AutoCloseable lock = run.lock()) {
            file = run.fresh("backup", "dump");
            boolean made = phase.gate("db.reach", this::reach) && phase.gate("backup.dump", this::dump)
                    && phase.gate("backup.schema", this::schema) && phase.gate("backup.globals", this::globals);
            return phase.finish(run, made ? name() : null);
        }
    }

    private Gate.Finding open() {
        run = Run.open(project.repo);
        return Run.OUT_OF_GIT;
    }

    private String name() {
        return project.repo.relativize(file).toString();
    }

    private Gate.Finding reach() throws SQLException {
        Address.Found found = project.address();
        target = found.target();
        try (Connection connection = Postgres.read(target, "backup")) {
            Pooler.refuse(connection, target);
            identity = Postgres.identity(connection);
            client = Clients.fitting(identity.major());
            phase.fact("environment", project.environment);
            phase.fact("identity", identity);
            commit = project.git.commit("HEAD");
            phase.fact("commit", commit);
            phase.fact("client", client.version());
            phase.fact("databaseBytes", Postgres.bytes(connection));
            return Gate.passed(target.place() + ", PostgreSQL " + identity.version() + ", from " + found.source());
        }
    }

    private Gate.Finding dump() throws SQLException {
        long start = System.nanoTime();
        globals = CompletableFuture.supplyAsync(() -> Script.globals(client, target));
        Archive archive;
        try (Pace pace = Pace.of(common.console(), target)) {
            archive = pace.follow(Dump.of(target, client, file).jobs(jobs == null ? 0 : jobs))
                    .make(project.environment, identity, commit);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        Fingerprint schema = archive.manifest().schema();
        Contents contents = archive.manifest().contents();
        phase.fact("file", name());
        phase.fact("sha256", archive.sha256());
        phase.fact("bytes", archive.bytes());
        phase.fact("entries", archive.entries());
        phase.fact("packing", archive.packing());
        phase.fact("folder", archive.folder());
        phase.fact("tables", contents.tables().size());
        phase.fact("rows", contents.rows());
        phase.fact("seconds", Math.round(seconds * 100) / 100.0);
        phase.fact("schema", schema.hash());
        String found = String.format("%s: %s, %s, %s in %s, read back whole, %.1f s", name(),
                archive.size(), Count.of(archive.entries(), "object"), Count.of(contents.rows(), "row"),
                Count.of(contents.tables().size(), "table"), seconds);
        List<String> invalid = schema.objects().keySet().stream().filter(name -> name.startsWith("invalid ")).toList();
        return invalid.isEmpty() ? Gate.passed(found)
                : Gate.warned(found + "; no dump holds " + String.join(", ", invalid),
                "the rehearsal stops at this difference: drop it, or REINDEX INDEX CONCURRENTLY");
    }

    private Gate.Finding schema() {
        return beside("schemaFile", Script.schema(client, file), Script.schemaOf(file));
    }

    private Gate.Finding globals() {
        try {
            return beside("globalsFile", globals.join(), Script.globalsOf(file));
        } catch (CompletionException e) {
            if (e.getCause() instanceof Failure failure && failure.exit != Failure.Exit.INTERRUPTED) {
                return Gate.skipped("roles and tablespaces are not saved: " + failure.getMessage());
            }
            throw e;
        }
    }

    private Gate.Finding beside(String fact, Script script, Path path) {
        script.write(path);
        String name = project.repo.relativize(path).toString();
        phase.fact(fact, name);
        return Gate.passed(name + ": " + Size.of(script.size()));
    }

    /** Reads a backup again, whole, and compares it with what its manifest says. */
    @Command(name = "verify", description = {"Reads a backup again, whole, and compares it with its manifest.",
        "With --restore it is brought back on a throw-away server, and every table compared."},
            footer = {"%nExamples:", "  jbang backup.java verify FILE.dump             read whole",
                "  jbang backup.java verify --restore FILE.dump   restored on a throw-away server"})
    int verify(@Parameters(paramLabel = "FILE",
            description = "A backup made by backup.java or by pg_dump.") Path backup,
            @Option(names = "--restore", description = "Restore it on a throw-away server, and compare all data.")
            boolean restore) {
        phase = common.phase("verify");
        Archive[] read = new Archive[1];
        boolean good = phase.gate("backup.verify", () -> {
            Archive archive = Archive.verify(backup);
            read[0] = archive;
            phase.fact("file", backup.toString());
            phase.fact("sha256", archive.sha256());
            phase.fact("bytes", archive.bytes());
            phase.fact("entries", archive.entries());
            phase.fact("packing", archive.packing());
            phase.fact("folder", archive.folder());
            String what = String.format("%s: %s, %d objects, read back whole, ", backup, archive.size(),
                    archive.entries());
            if (archive.described()) {
                return Gate.passed(what + "SHA-256 as when it was made");
            }
            String unproven = what + "but not proven: no manifest stands beside it";
            return archive.summed() ? Gate.warned(unproven, "compare it yourself, if you have its hash: "
                    + Storage.summing(backup))
                    : Gate.warned(unproven + ", and most damages of its rows do not show (compression: "
                    + archive.packing() + ")", "see whether it restores: "
                    + Exec.typed(List.of("jbang", "backup.java", "verify", "--restore", backup.toString())));
        });
        if (good && restore) {
            phase.gate("backup.restore", () -> prove(read[0]));
        }
        return phase.finish(null, null);
    }

    private Gate.Finding prove(Archive archive) throws SQLException {
        long start = System.nanoTime();
        Proof proof = Proof.of(archive, (table, done, all) -> { });
        double seconds = (System.nanoTime() - start) / 1e9;
        phase.fact("server", proof.server());
        if (!archive.described()) {
            return Gate.warned(String.format("it restores (%s, %.1f s), but without a manifest nothing tells what it"
                    + " must hold", proof.server(), seconds), "make one that is proven: jbang backup.java");
        }
        Contents contents = archive.manifest().contents();
        phase.fact("tables", contents.tables().size());
        phase.fact("rows", contents.rows());
        return Gate.passed(String.format("restored (%s): the schema, and %s in %s, as they were saved, %.1f s",
                proof.server(), Count.of(contents.rows(), "row"), Count.of(contents.tables().size(), "table"),
                seconds));
    }

    /** Lists the backups of the run folder. */
    @Command(name = "list", description = {"Lists the backups: age, size, server, environment, commit and state.",
        "A proven one has a manifest and the size it had; verify reads it whole."},
            footer = {"%nExamples:", "  jbang backup.java list", "  jbang backup.java list --json"})
    int list() {
        phase = common.phase("list");
        List<Backups.Backup> backups = Backups.in(common.repo().resolve(Run.FOLDER));
        phase.fact("backups", backups.stream().map(Backups.Backup::toJson).toList());
        if (backups.isEmpty()) {
            common.console().say("there is no backup yet; make one: jbang backup.java");
        }
        return phase.finish(null, backups.isEmpty() ? null : Backups.table(backups, Instant.now()));
    }

    /** Removes the old backups of an environment. */
    @Command(name = "prune", description = {"Removes the old backups of an environment, with what stands beside them.",
        "The newest good one stays, and whatever a run of the last 30 days or the last run refers to."},
            footer = {"%nExamples:", "  jbang backup.java prune --dry-run   what would go, and why the rest stays",
                "  jbang backup.java prune --keep 3    three good backups of production stay",
                "  jbang backup.java prune --env staging", Cli.EXIT_CODES})
    int prune(@Option(names = "--keep", paramLabel = "N", defaultValue = "5",
            description = "How many good backups stay (default: ${DEFAULT-VALUE}).") int keep,
            @Option(names = "--dry-run", description = "Say it, and remove nothing.") boolean dry) throws Exception {
        phase = common.phase("prune");
        run = Run.open(common.repo());
        StringBuilder text = new StringBuilder();
        try (AutoCloseable lock = run.lock()) {
            phase.gate("backup.prune", () -> prune(Prune.of(run.folder(), common.environment(), keep), dry, text));
        }
        return phase.finish(null, text.isEmpty() ? null : text.toString());
    }

    private Gate.Finding prune(Prune prune, boolean dry, StringBuilder text) {
        text.append(prune.text(dry ? "would remove" : "removed"));
        phase.fact("dryRun", dry);
        phase.fact("leftBehind", prune.leftBehind().stream().map(left -> left.getFileName().toString()).toList());
        phase.fact("removed", prune.fates(false));
        phase.fact("kept", prune.fates(true));
        if (!dry) {
            prune.remove();
        }
        return Gate.passed(String.format("%s: %d %s, %s; %d kept", common.environment(), prune.fates(false).size(),
                dry ? "would be removed" : "removed", Size.of(prune.freed()), prune.fates(true).size()));
    }

    /** Brings a backup back into a new database, proves it, and swaps it in by renaming. */
    @Command(name = "restore", description = {"Restores a backup into a new database, compares it with what was saved,"
            + " and puts it in the live one's place, which is renamed and kept.",
        "Nothing is ever written over a live table. Production is replaced only when its name is typed."},
            footer = {"%nExamples:", "  jbang backup.java restore FILE --to staging",
                "  jbang backup.java restore FILE --to production --new-database look   replaces nothing",
                "  jbang backup.java restore FILE --to production --table orders        one table, beside the live one",
                "  jbang backup.java restore --to staging --status     what earlier restores left, and the way on",
                "  jbang backup.java restore --to staging --undo app_before_20261121_101500",
                "  jbang backup.java restore --to staging --drop-old app_before_20261121_101500", Cli.EXIT_CODES})
    int restore(@Mixin Restore.Wish wish) throws Exception {
        if (!wish.changes()) {
            phase = common.phase("restore");
            return phase.finish(null, wish.run(common, phase, new Project(common)));
        }
        return recorded("restore", run -> wish.run(common, phase, project));
    }

    /** Makes one environment a copy of another. */
    @Command(name = "refresh", description = {
        "Makes staging a copy of production, masked by an SQL file if one is given.",
        "What staging was before is kept until the next refresh. Production is never refreshed."},
            footer = {"%nExamples:", "  jbang backup.java refresh --sql mask.sql",
                "  jbang backup.java refresh --last --sql mask.sql    from the newest proven backup",
                "  jbang backup.java refresh --from staging --to preview", Cli.EXIT_CODES})
    int refresh(@Mixin Refresh.Wish wish) throws Exception {
        return recorded("refresh", run -> wish.run(common, phase, project, run));
    }

    private interface Work {
        String result(Run run);
    }

    private int recorded(String name, Work work) throws Exception {
        project = new Project(common);
        phase = common.phase(name);
        if (!phase.gate(name + ".ignored", this::open)) {
            return phase.finish(null, null);
        }
        try (AutoCloseable lock = run.lock()) {
            return phase.finish(run, work.result(run));
        }
    }
}
