//SOURCES ../Failure.java ../Gate.java ../History.java ../Json.java Drizzle.java DrizzleConfig.java DrizzleFolder.java DrizzleSource.java DrizzleTable.java

package lib.migrations;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import lib.Failure;
import lib.Gate;
import lib.History;
import lib.Json;

/** Checks that the drizzle-orm an application has installed migrates as this project believes it does. */
public final class DrizzleMigrator {
    /** The packages with which an application reaches PostgreSQL, and the driver of drizzle-orm for each. */
    private static final Map<String, String> PACKAGES = new LinkedHashMap<>();
    private static final String OTHER_DATABASES =
            ".*(sqlite|sql-js|mysql|libsql|planetscale|tidb|turso|singlestore|mssql|cockroach|gel|^d1$).*";

    static {
        PACKAGES.put("pg", "node-postgres");
        PACKAGES.put("postgres", "postgres-js");
        PACKAGES.put("@vercel/postgres", "vercel-postgres");
        PACKAGES.put("@neondatabase/serverless", "neon-serverless");
        PACKAGES.put("@electric-sql/pglite", "pglite");
    }

    private DrizzleMigrator() {
    }

    /** Who migrates: a source of the application, or drizzle-kit; then {@code source} is its configuration's folder. */
    private record Use(String source, String driver, boolean kit) {
        String folder() {
            return kit ? source : DrizzleFolder.parent(source);
        }
    }

    /** Reads the files that the application's own driver runs; a difference that matters is a STOP that names it. */
    public static Gate.Finding check(Path repo, Map<String, byte[]> files, History history) {
        if (!(history instanceof Drizzle drizzle)) {
            return Gate.skipped("the migrations are not Drizzle's");
        }
        Set<String> passed = new LinkedHashSet<>();
        Set<String> warned = new LinkedHashSet<>();
        Set<String> missing = new LinkedHashSet<>();
        for (Use use : uses(files, drizzle)) {
            Path home = installed(repo, use.folder(), drizzle.config().home());
            if (home == null) {
                missing.add(use.kit() ? "drizzle-kit" : use.source());
                continue;
            }
            look(home, repo, use, drizzle, passed, warned);
        }
        if (!missing.isEmpty() && passed.isEmpty()) {
            return Gate.warned("drizzle-orm is not installed" + (files.containsKey(".pnp.cjs")
                    || Files.exists(repo.resolve(".pnp.cjs"))
                    ? " in a folder (Yarn Plug'n'Play keeps it in an archive)" : "")
                    + ": what its migrator does was not checked",
                    install(repo, files, drizzle.config().home()));
        }
        String found = String.join("; ", passed);
        return warned.isEmpty() ? Gate.passed(found) : Gate.warned(found + "; " + String.join("; ", warned),
                "rehearse it; where the application migrates itself, take a driver with transactions: "
                + "drizzle-orm/neon-serverless, node-postgres");
    }

    private static Collection<Use> uses(Map<String, byte[]> files, Drizzle drizzle) {
        Set<Use> uses = new LinkedHashSet<>();
        DrizzleConfig.migrators(files).forEach((path, drivers) -> drivers.stream()
                .filter(driver -> !driver.matches(OTHER_DATABASES)).forEach(driver -> uses.add(new Use(path, driver,
                false))));
        if (uses.isEmpty()) {
            uses.add(new Use(drizzle.config().home(), driver(files, drizzle.config().home()), true));
        }
        return uses;
    }

    /** The driver that drizzle-kit takes: the first of those that the nearest package.json names. */
    private static String driver(Map<String, byte[]> files, String home) {
        for (String folder : upward(home)) {
            byte[] bytes = files.get(DrizzleFolder.in(folder, "package.json"));
            for (var known : PACKAGES.entrySet()) {
                if (bytes != null && depends(bytes, known.getKey())) {
                    return known.getValue();
                }
            }
        }
        return "node-postgres";
    }

    private static boolean depends(byte[] bytes, String name) {
        try {
            JsonNode json = Json.MAPPER.readTree(bytes);
            return json.path("dependencies").has(name) || json.path("devDependencies").has(name);
        } catch (IOException e) {
            return false;
        }
    }

    /** Where Node finds drizzle-orm from a folder: in the nearest node_modules upward, links of pnpm followed. */
    private static Path installed(Path repo, String... from) {
        for (String start : from) {
            for (String folder : upward(start)) {
                Path home = repo.resolve(DrizzleFolder.in(folder, "node_modules/drizzle-orm"));
                if (Files.isRegularFile(home.resolve("package.json"))) {
                    return home;
                }
            }
        }
        return null;
    }

    private static List<String> upward(String folder) {
        List<String> folders = new ArrayList<>(List.of(folder));
        for (String at = folder; !at.isEmpty(); ) {
            at = DrizzleFolder.parent(at);
            folders.add(at);
        }
        return folders;
    }

    private static void look(Path home, Path repo, Use use, Drizzle drizzle, Set<String> passed, Set<String> warned) {
        DrizzleSource source = new DrizzleSource(home, version(home));
        DrizzleFolder.Style style = source.style();
        if (style != drizzle.style()) {
            boolean old = style == DrizzleFolder.Style.JOURNAL;
            throw Failure.stop("drizzle-orm " + source.version + " is installed, and " + drizzle.folder()
                    + " is a folder of Drizzle "
                            + (old ? "1.0: it would stop with \"Can't find meta/_journal.json file\""
                                    : "0.x: it would stop with \"We detected that you have old drizzle-kit migration "
                                    + "folders\""),
                    old ? "npm install drizzle-orm@1.0.0-rc.5, or bring the journal back from git"
                            : "npx drizzle-kit up (of drizzle-kit 1.0), or npm install drizzle-orm@0.45.4");
        }
        String runner = source.runner(use.driver());
        source.check(runner, style);
        if (source.fixed(runner) && !drizzle.config().tables().get(0).equals(DrizzleConfig.USUAL)) {
            throw Failure.stop((use.kit() ? "drizzle-kit" : use.source()) + " migrates with " + use.driver()
                    + ", which knows no other history than "
                            + DrizzleTable.sql(DrizzleConfig.USUAL) + "; " + drizzle.config().said() + " says "
                            + DrizzleTable.sql(drizzle.config().tables().get(0)),
                    "take migrationsTable and migrationsSchema out of " + drizzle.config().said()
                    + ", or use another driver");
        }
        passed.add("drizzle-orm " + source.version + ": " + use.driver() + (use.kit() ? " (drizzle-kit)" : "")
                + " runs " + runner + ", as expected");
        Boolean transactional = source.transactional(runner);
        if (Boolean.FALSE.equals(transactional)) {
            warned.add(use.driver() + " migrates without a transaction: what fails half-way stays half done");
        } else if (transactional == null) {
            passed.add("whether a migration is one transaction is up to the callback in " + use.source());
        }
    }

    private static String version(Path home) {
        try {
            return Json.MAPPER.readTree(Files.readAllBytes(home.resolve("package.json"))).path("version").asText("?");
        } catch (IOException e) {
            throw new Failure(Failure.Exit.STOP, home.resolve("package.json") + " cannot be read: " + e.getMessage(),
                    "npm ci", e);
        }
    }

    /** The command that installs what the lock file nearest to the application says. */
    private static String install(Path repo, Map<String, byte[]> files, String home) {
        for (String folder : upward(home)) {
            Set<String> here = new TreeSet<>();
            for (String lock : List.of("pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb", "package-lock.json",
                    "npm-shrinkwrap.json")) {
                if (files.containsKey(DrizzleFolder.in(folder, lock))
                        || Files.exists(repo.resolve(DrizzleFolder.in(folder, lock)))) {
                    here.add(lock.replaceFirst("[-.].*", ""));
                }
            }
            String go = folder.isEmpty() ? "" : "cd " + folder + " && ";
            if (here.contains("pnpm")) {
                return go + "pnpm install --frozen-lockfile";
            }
            if (here.contains("yarn")) {
                boolean plugAndPlay = Files.exists(repo.resolve(DrizzleFolder.in(folder, ".pnp.cjs")));
                return go + (plugAndPlay ? "yarn config set nodeLinker node-modules && yarn install"
                        : files.containsKey(DrizzleFolder.in(folder, ".yarnrc.yml")) ? "yarn install --immutable"
                        : "yarn install --frozen-lockfile");
            }
            if (here.contains("bun")) {
                return go + "bun install --frozen-lockfile";
            }
            if (!here.isEmpty()) {
                return go + "npm ci";
            }
        }
        return "npm install";
    }
}
