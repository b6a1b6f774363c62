//SOURCES World.java ../lib/Exec.java ../lib/Target.java

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lib.Exec;
import lib.Target;

/** A small application that waits for its release: a bare origin, a clone, a production on a default server. */
final class BenchApp {
    /** What the recipe asks at the end: whether every row has found its user. */
    static final String QUERY = "SELECT count(*), count(user_id) FROM food_logs";

    private static final String DATABASE = "app";

    final Path clone;
    final Target production;
    private final Path folder;
    private final BenchServer server;
    private final Map<String, String> environment;

    /**
     * Makes it anew: production and release at five migrations, main at seven.
     *
     * @param folder an empty one whose name begins as a demo's, so that the release answers its own prompts
     * @param times how often each row of the largest table is there
     * @param settings the text of release.json
     */
    BenchApp(Path folder, BenchServer server, int times, String settings) throws IOException, SQLException {
        this.folder = folder;
        this.server = server;
        clone = folder.resolve("app");
        production = server.target(DATABASE);
        environment = new HashMap<>(World.isolated(folder));
        environment.values().removeIf(value -> value == null);
        environment.put("PROD_DATABASE_URL", production.url());
        environment.put("RELEASE_DEMO_ANSWERS", clone.toString());
        database(times);
        Path origin = folder.resolve("origin.git");
        git(folder, "init", "-q", "--bare", "--initial-branch=main", origin.toString());
        git(folder, "clone", "-q", origin.toString(), clone.toString());
        git(clone, "checkout", "-q", "-b", "main");
        String notes = World.read(World.FIXTURE.resolve("MIGRATIONS.md"));
        World.copy(World.FIXTURE.resolve("drizzle-release5"), clone.resolve("drizzle"));
        World.write(clone.resolve("drizzle.config.ts"), World.read(World.FIXTURE.resolve("drizzle.config.ts")));
        World.write(clone.resolve("MIGRATIONS.md"), notes.replaceFirst("(?s)(below this line -->\n).*", "$1"));
        World.write(clone.resolve(".gitignore"), "_migrations/\nnode_modules/\n.env\n");
        World.write(clone.resolve("release.json"), settings);
        commit("app at five migrations");
        git(clone, "push", "-q", "origin", "main", "main:release");
        World.copy(World.FIXTURE.resolve("drizzle"), clone.resolve("drizzle"));
        World.write(clone.resolve("MIGRATIONS.md"), notes);
        commit("users");
        git(clone, "push", "-q", "-u", "origin", "main");
    }

    private void database(int times) throws SQLException {
        String template = DATABASE + "_" + times;
        Target made = server.database(template, List.of());
        // Filled once: a second look at the same template finds its table.
        if (Exec.of(server.client.tool("psql").toString(), "-Xqc", "SELECT 1 FROM food_logs LIMIT 1")
                .with(made.environment()).run().exit() != 0) {
            World.psql(made, World.read(World.FIXTURE.resolve("prod-at-5.sql")));
            // Other days, so that no unique key is met twice.
            server.execute(made, List.of("INSERT INTO food_logs (email, food_name, amount, calories, logged_at, meal)"
                    + " SELECT email, food_name, amount, calories, logged_at + n * interval '1 year', meal"
                    + " FROM food_logs, generate_series(2, " + times + ") n", "VACUUM ANALYZE"));
        }
        server.execute(server.target("postgres"), List.of(
                "DROP DATABASE IF EXISTS " + DATABASE + " WITH (FORCE)",
                "CREATE DATABASE " + DATABASE + " TEMPLATE " + template, "CHECKPOINT"));
    }

    BenchScripts scripts() {
        return new BenchScripts(clone, environment);
    }

    /** The whole release as the recipe has it, typed by a robot that does not think. */
    void recipe(BenchRecipe recipe) {
        Path sql = World.FIXTURE.resolve("release.sql");
        Path dump = folder.resolve("backup.dump");
        git(clone, "status", "--porcelain");
        git(clone, "fetch", "-q", "origin");
        git(clone, "--version");
        recipe.dump(production, dump);
        Target copy = recipe.copy(production, dump);
        recipe.file(copy, sql);
        recipe.query(copy, QUERY);
        recipe.drop(copy);
        recipe.file(production, sql);
        recipe.query(production, QUERY);
        git(clone, "checkout", "-q", "-b", "release", "origin/release");
        git(clone, "merge", "-q", "--no-edit", "main");
        git(clone, "push", "-q", "origin", "main", "release");
        git(clone, "checkout", "-q", "main");
    }

    private void commit(String message) {
        git(clone, "add", "--all");
        git(clone, "commit", "-q", "-m", message);
    }

    private void git(Path where, String... arguments) {
        List<String> command = new java.util.ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        Exec.of(command).in(where).with(environment).run().orStop("the application cannot be made",
                Exec.typed(command));
    }

    /** The SQL that a release of it wrote, which lies where finished runs are kept. */
    Path written() throws IOException {
        try (var files = Files.walk(clone.resolve("_migrations"))) {
            return files.filter(file -> file.getFileName().toString().matches("release-\\d+.*\\.sql")).findFirst()
                    .orElseThrow(() -> new IOException("the release left no SQL in " + clone.resolve("_migrations")));
        }
    }
}
