//SOURCES ../Json.java Drizzle.java DrizzleConfig.java DrizzleFolder.java JavaScript.java

package lib.migrations;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Json;

/** What an application's committed sources say about who runs Drizzle's migrations, and which drizzle-orm that is. */
public final class DrizzleApp {
    /** The packages with which drizzle-kit reaches PostgreSQL, in the order in which it looks for them. */
    private static final Map<String, String> PACKAGES = new LinkedHashMap<>();
    private static final Pattern OTHER_DATABASES = Pattern.compile(
            ".*(sqlite|sql-js|mysql|libsql|planetscale|tidb|turso|singlestore|mssql|cockroach|gel).*|(.*-)?d1(/.*)?");
    /** The drivers of drizzle-orm for PostgreSQL, as an application imports them beside its migrator. */
    private static final Pattern DRIVER = Pattern.compile("drizzle-orm/(node-postgres|postgres-js|pg-proxy|neon"
            + "|neon-http|neon-serverless|vercel-postgres|pglite|bun-sql|bun-sql/postgres|aws-data-api/pg|xata-http"
            + "|netlify-db|effect-postgres|effect-pglite|supabase)");

    static {
        PACKAGES.put("pg", "node-postgres");
        PACKAGES.put("postgres", "postgres-js");
        PACKAGES.put("@vercel/postgres", "vercel-postgres");
        PACKAGES.put("@neondatabase/serverless", "neon-serverless");
        PACKAGES.put("@electric-sql/pglite", "pglite");
    }

    private final Path repo;
    private final Map<String, byte[]> files;
    private final Drizzle drizzle;

    /**
     * @param files the committed files of the repository
     * @param drizzle the migrations among them
     */
    public DrizzleApp(Path repo, Map<String, byte[]> files, Drizzle drizzle) {
        this.repo = repo;
        this.files = files;
        this.drizzle = drizzle;
    }

    /**
     * Who migrates: a source of the application, or drizzle-kit; then {@code source} is its configuration's folder.
     *
     * @param driver the part of drizzle-orm it imports: {@code node-postgres}
     */
    public record Use(String source, String driver, boolean kit) {
        /** The folder from which drizzle-orm is looked for. */
        String folder() {
            return kit ? source : DrizzleFolder.parent(source);
        }

        String who() {
            return kit ? "drizzle-kit" : source;
        }
    }

    /** Everybody who migrates: those of the package that holds Drizzle's configuration, else all there are. */
    public List<Use> uses() {
        Set<Use> all = new LinkedHashSet<>();
        DrizzleConfig.migrators(files).forEach((path, drivers) -> drivers.stream()
                .filter(driver -> !OTHER_DATABASES.matcher(driver).matches())
                .forEach(driver -> all.add(new Use(path, driver, false))));
        String home = home(drizzle.config().home());
        List<Use> own = all.stream().filter(use -> home(use.folder()).equals(home)).toList();
        if (!own.isEmpty()) {
            return own;
        }
        return all.isEmpty() ? List.of(new Use(drizzle.config().home(), kit(), true)) : List.copyOf(all);
    }

    /** The drivers that the application imports for its queries and migrates with nowhere, with one source of each. */
    Map<String, String> others() {
        Set<String> migrating = new TreeSet<>();
        DrizzleConfig.migrators(files).values().forEach(migrating::addAll);
        Map<String, String> others = new TreeMap<>();
        for (String path : DrizzleConfig.sources(files, "drizzle-orm/")) {
            for (String module : JavaScript.modules(files.get(path))) {
                Matcher driver = DRIVER.matcher(module);
                if (driver.matches() && !migrating.contains(driver.group(1))) {
                    others.putIfAbsent(driver.group(1), path);
                }
            }
        }
        return others;
    }

    /** The folder of the package that a folder belongs to: the nearest upward with a package.json. */
    private String home(String folder) {
        return upward(folder).stream().filter(one -> files.containsKey(DrizzleFolder.in(one, "package.json")))
                .findFirst().orElse("");
    }

    /** The driver that drizzle-kit takes: what its configuration says, else the first package that is named. */
    private String kit() {
        if (drizzle.config().file() != null) {
            String code = JavaScript.code(files.get(drizzle.config().file()));
            String said = JavaScript.property(code, "driver", code).map(JavaScript.Value::text).orElse("");
            if (said.equals("pglite") || said.equals("aws-data-api")) {
                return said.equals("pglite") ? said : "aws-data-api/pg";
            }
        }
        for (String folder : upward(drizzle.config().home())) {
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

    /**
     * Where Node finds drizzle-orm: in the nearest node_modules from the importing file up, else from the folder of
     * drizzle.config up; links, as pnpm makes them, are followed. Null where it is not installed.
     */
    Path installed(Use use) {
        for (String start : List.of(use.folder(), drizzle.config().home())) {
            for (String folder : upward(start)) {
                Path home = repo.resolve(DrizzleFolder.in(folder, "node_modules/drizzle-orm"));
                if (Files.isRegularFile(home.resolve("package.json"))) {
                    return home;
                }
            }
        }
        return null;
    }

    /** Whether Yarn keeps the packages in archives, where only its own loader reads them. */
    boolean plugAndPlay() {
        return upward(drizzle.config().home()).stream().anyMatch(folder -> has(DrizzleFolder.in(folder, ".pnp.cjs")));
    }

    /** The command that installs what the lock file nearest to the application says. */
    String install() {
        for (String folder : upward(drizzle.config().home())) {
            Set<String> here = new TreeSet<>();
            for (String lock : List.of("pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb", "package-lock.json",
                    "npm-shrinkwrap.json")) {
                if (has(DrizzleFolder.in(folder, lock))) {
                    here.add(lock.replaceFirst("[-.].*", ""));
                }
            }
            String go = folder.isEmpty() ? "" : "cd " + folder + " && ";
            if (here.contains("pnpm")) {
                return go + "pnpm install --frozen-lockfile";
            }
            if (here.contains("yarn")) {
                return go + (has(DrizzleFolder.in(folder, ".pnp.cjs"))
                        ? "yarn config set nodeLinker node-modules && yarn install"
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

    private boolean has(String path) {
        return files.containsKey(path) || Files.exists(repo.resolve(path));
    }

    /** A folder of the repository and all above it, the nearest first; "" is the top. */
    private static List<String> upward(String folder) {
        List<String> folders = new ArrayList<>(List.of(folder));
        for (String at = folder; !at.isEmpty(); ) {
            at = DrizzleFolder.parent(at);
            folders.add(at);
        }
        return folders;
    }
}
