//SOURCES ../Failure.java ../Gate.java ../History.java ../Scratch.java ../Servers.java ../Target.java
//SOURCES ../sql/Name.java
//SOURCES Drizzle.java DrizzleApp.java DrizzleConfig.java DrizzleFolder.java DrizzleNode.java DrizzleSource.java
//SOURCES DrizzleTable.java DrizzleTrial.java

package lib.migrations;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.sql.Name;

/**
 * Checks that the drizzle-orm an application has installed migrates as this project believes it does: it is run on a
 * throw-away server where Node is there, and read in any case.
 */
public final class DrizzleMigrator {
    /** How long a run of two small migrations may take on a machine that does much else. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int NAMED = 3;

    private final Drizzle drizzle;
    private final DrizzleApp app;
    private final Path repo;
    private final Map<String, byte[]> files;
    private final Set<String> passed = new LinkedHashSet<>();
    private final Set<String> warned = new LinkedHashSet<>();
    private final Set<String> ways = new LinkedHashSet<>();
    private final Supplier<Target> server;

    private DrizzleMigrator(Path repo, Map<String, byte[]> files, Drizzle drizzle, Supplier<Target> server) {
        this.repo = repo;
        this.files = files;
        this.server = server;
        this.drizzle = drizzle;
        this.app = new DrizzleApp(repo, files, drizzle);
    }

    /** Looks at what the application's own driver runs; a difference that matters is a STOP that names it. */
    public static Gate.Finding check(Path repo, Map<String, byte[]> files, History history) {
        try (Throwaway server = new Throwaway()) {
            return check(repo, files, history, server);
        }
    }

    /**
     * The same on a server of the caller's.
     *
     * @param server gives a database that may be emptied; asked only when there is something to run, and a failure of
     *     it leaves the check at reading
     */
    public static Gate.Finding check(Path repo, Map<String, byte[]> files, History history, Supplier<Target> server) {
        return history instanceof Drizzle drizzle ? new DrizzleMigrator(repo, files, drizzle, server).check()
                : Gate.skipped("the migrations are not Drizzle's");
    }

    /** A server of our own, started when it is first asked for. */
    private static final class Throwaway implements Supplier<Target>, AutoCloseable {
        private Scratch scratch;

        @Override
        public Target get() {
            if (scratch == null) {
                scratch = Scratch.start(Servers.any());
            }
            return scratch.target(null);
        }

        @Override
        public void close() {
            if (scratch != null) {
                scratch.close();
            }
        }
    }

    private Gate.Finding check() {
        Set<String> missing = new LinkedHashSet<>();
        for (DrizzleApp.Use use : app.uses()) {
            Path home = app.installed(use);
            if (home == null) {
                missing.add(use.who());
            } else {
                look(home, use);
            }
        }
        if (!missing.isEmpty() && !passed.isEmpty()) {
            warned.add("for " + String.join(", ", missing) + " it is not installed, and was not checked");
            ways.add(app.install());
        } else if (!missing.isEmpty()) {
            return Gate.warned("drizzle-orm is not installed" + (app.plugAndPlay()
                    ? " in a folder (Yarn Plug'n'Play keeps it in an archive)" : "")
                    + ": what its migrator does was not checked", app.install());
        }
        app.others().entrySet().stream().limit(NAMED).forEach(other ->
                passed.add("queries go through " + other.getKey() + " (" + other.getValue() + ")"));
        String found = String.join("; ", passed);
        return warned.isEmpty() ? Gate.passed(found) : Gate.warned(found + "; " + String.join("; ", warned),
                String.join("; ", ways));
    }

    private void look(Path home, DrizzleApp.Use use) {
        DrizzleSource source = DrizzleSource.of(home);
        fits(source.style(), source.version);
        String runner = source.runner(use.driver());
        Name told = drizzle.config().tables().get(0);
        if (source.fixed(runner) && !told.equals(DrizzleConfig.USUAL)) {
            throw Failure.stop(use.who() + " migrates with " + use.driver() + ", which knows no other history than "
                    + DrizzleTable.sql(DrizzleConfig.USUAL) + "; " + drizzle.config().said() + " says "
                    + DrizzleTable.sql(told), "take migrationsTable and migrationsSchema out of "
                    + drizzle.config().said() + ", or use another driver");
        }
        Failure read = read(source, runner);
        String what = "drizzle-orm " + source.version + ": " + use.driver() + " (" + use.who() + ") runs " + runner;
        try {
            String way = run(home, use, source, runner, read);
            passed.add(what + ", tried out by " + way + ": as expected");
            if (read != null) {
                warned.add("its text is not one this tool knows (" + read.getMessage() + ")");
                ways.add(read.hint);
            }
        } catch (DrizzleNode.Unable e) {
            if (read != null) {
                throw read;
            }
            passed.add(what + ", read as expected, not run: " + e.getMessage());
            if (e.damaged) {
                warned.add("drizzle-orm is not installed as a whole");
                ways.add(app.install());
            }
        }
        Boolean transactional = transactional(source, runner, use);
        if (Boolean.FALSE.equals(transactional)) {
            warned.add(use.driver() + " migrates without a transaction: what fails half-way stays half done");
            ways.add("rehearse it; where the application migrates itself, take a driver with transactions: "
                    + "drizzle-orm/neon-serverless, node-postgres");
        } else if (transactional == null) {
            passed.add("whether a migration is one transaction is up to the callback in " + use.source());
        }
    }

    private void fits(DrizzleFolder.Style style, String version) {
        if (style == drizzle.style()) {
            return;
        }
        boolean old = style == DrizzleFolder.Style.JOURNAL;
        throw Failure.stop("drizzle-orm " + version + " is installed, and " + drizzle.folder()
                + " is a folder of Drizzle " + (old ? "1.0: it would stop with \"Can't find meta/_journal.json file\""
                : "0.x: it would stop with \"We detected that you have old drizzle-kit migration folders\""),
                old ? "npm install drizzle-orm@1.0.0-rc.5, or bring the journal back from git"
                        : "npx drizzle-kit up (of drizzle-kit 1.0), or npm install drizzle-orm@0.45.4");
    }

    /** What the text of the installed files has that this project does not know, or null. */
    private static Failure read(DrizzleSource source, String runner) {
        try {
            source.check(runner, source.style());
            return null;
        } catch (Failure changed) {
            return changed;
        }
    }

    /** Tries the migrator out and says by what; STOP when it does otherwise than expected. */
    private String run(Path home, DrizzleApp.Use use, DrizzleSource source, String runner, Failure read)
            throws DrizzleNode.Unable {
        Target target = target();
        try (DrizzleNode node = DrizzleNode.start(home, use.driver(), repo.resolve(use.folder()), target, PATIENCE);
                DrizzleTrial trial = new DrizzleTrial(node, target, source.style(),
                        source.table(runner, drizzle.config().tables().get(0)))) {
            String difference = trial.difference(source.transactional(runner));
            if (difference != null) {
                throw Failure.stop("drizzle-orm " + source.version + " (" + use.driver() + ", in " + home
                        + ") does not migrate as this tool expects. " + difference
                        + (read == null ? "" : "\n" + read.getMessage()), source.way());
            }
            if (read != null && source.known()) {
                // Every file of this version is known: whatever a trial shows, somebody changed this copy.
                throw read;
            }
            return node.way() + " on " + trial.server();
        } catch (SQLException e) {
            throw new DrizzleNode.Unable("the throw-away server failed: " + Gate.words(e), false, e);
        }
    }

    private Target target() throws DrizzleNode.Unable {
        if (!DrizzleNode.present()) {
            throw new DrizzleNode.Unable("node is not installed", false, null);
        }
        try {
            return server.get();
        } catch (Failure e) {
            if (e.exit == Failure.Exit.INTERRUPTED) {
                throw e;
            }
            throw new DrizzleNode.Unable("there is no server to try it on (" + e.getMessage() + ")", false, e);
        }
    }

    /** Whether a driver migrates in one transaction; for a callback written on the spot its source is asked. */
    private Boolean transactional(DrizzleSource source, String runner, DrizzleApp.Use use) {
        Boolean said = source.transactional(runner);
        byte[] bytes = files.get(use.source());
        if (said != null || bytes == null) {
            return said;
        }
        String code = JavaScript.code(bytes);
        boolean here = code.matches("(?s).*\\bmigrate\\s*\\([^;]*?(=>|\\bfunction\\b).*");
        return here && !code.matches("(?is).*\\b(begin|(start )?transaction)\\b.*") ? Boolean.FALSE : null;
    }
}
