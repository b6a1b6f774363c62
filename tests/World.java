import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import lib.Clients;
import lib.Exec;
import lib.Json;
import lib.PhaseProcess;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.sql.Name;

/**
 * An application with a production of its own for one test: a bare origin, a clone of it, a database, and the real
 * scripts as processes. Production and rehearsals have a server each, shared by all tests of a run.
 */
final class World implements AutoCloseable {
    /** Everything in it means something in a URL; every output is searched for it. */
    static final String PASSWORD = "p@ss:w/rd%41-S3cret";
    static final Path ROOT = Path.of(System.getProperty("repo", ".")).toAbsolutePath().normalize();
    static final Path FIXTURE = ROOT.resolve("tests/fixtures/drizzle");

    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final Map<String, Path> MADE = new HashMap<>();
    private static Scratch productionServer;
    private static Scratch rehearsalServer;

    final Path folder;
    final Path origin;
    final Path repo;
    final Target production;
    final Map<String, String> environment = new HashMap<>();

    private World(Path folder, Target production) {
        this.folder = folder;
        this.origin = folder.resolve("origin.git");
        this.repo = folder.resolve("work tree");
        this.production = production;
        environment.put("PROD_DATABASE_URL", production.url());
        environment.put("RELEASE_SCRATCH_URL", rehearsal().target(null).url());
        environment.putAll(isolated(folder));
    }

    /** Nothing of the user's git configuration reaches a test. */
    static Map<String, String> isolated(Path home) {
        Map<String, String> variables = new HashMap<>(Map.of(
                "GIT_CONFIG_GLOBAL", home.resolve("gitconfig").toString(), "GIT_CONFIG_NOSYSTEM", "1",
                "GIT_AUTHOR_NAME", "Test", "GIT_AUTHOR_EMAIL", "test@example.com", "GIT_COMMITTER_NAME", "Test",
                "GIT_COMMITTER_EMAIL", "test@example.com", "LC_ALL", "C.UTF-8"));
        variables.put("NO_COLOR", null);
        variables.put("PGPASSWORD", null);
        return variables;
    }

    static synchronized Scratch productionServer() {
        if (productionServer == null) {
            productionServer = Scratch.start(Servers.fitting(15));
            fill(productionServer.target(null), "drizzle_at_5");
        }
        return productionServer;
    }

    private static void fill(Target admin, String database) {
        execute(admin, "CREATE ROLE app LOGIN PASSWORD " + Postgres.literal(PASSWORD),
                "CREATE DATABASE " + database + " OWNER app");
        psql(admin.database(database), read(FIXTURE.resolve("prod-at-5.sql")).replace("OWNER TO postgres",
                "OWNER TO app"));
    }

    static synchronized Scratch rehearsal() {
        if (rehearsalServer == null) {
            rehearsalServer = Scratch.start(Servers.fitting(15));
        }
        return rehearsalServer;
    }

    /** Runs a script through psql. */
    static void psql(Target target, String script) {
        Exec.Result result = Exec.of(Clients.newest().tool("psql").toString(), "-Xq", "-v", "ON_ERROR_STOP=1")
                .input(script.getBytes(java.nio.charset.StandardCharsets.UTF_8)).with(target.environment()).run();
        if (!result.ok()) {
            throw new AssertionError(result.err());
        }
    }

    static void execute(Target target, String... statements) {
        try (Connection connection = Postgres.write(target, "test")) {
            for (String statement : statements) {
                Postgres.execute(connection, statement);
            }
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** The Drizzle application of the fixture: production and release at five migrations, main at seven. */
    static World drizzle() {
        return drizzle("App \"" + COUNT.incrementAndGet() + "\"");
    }

    /** The same in a database of that name. */
    static World drizzle(String database) {
        return drizzle(database(database, "drizzle_at_5"));
    }

    /** The same on a server of the test's own, by its administrator; to be ended by {@link #forget()}. */
    static World drizzleOn(Target admin) {
        fill(admin, "app_at_5");
        return drizzle(new Target(admin.host(), admin.port(), "app_at_5", "app", PASSWORD, admin.parameters()));
    }

    private static World drizzle(Target production) {
        return of(production, "drizzle", world -> {
            copy(FIXTURE.resolve("drizzle-release5"), world.repo.resolve("drizzle"));
            world.write("drizzle.config.ts", read(FIXTURE.resolve("drizzle.config.ts")));
            world.write("MIGRATIONS.md",
                    read(FIXTURE.resolve("MIGRATIONS.md")).replaceFirst("(?s)(below this line -->\n).*", "$1"));
            world.commit("app at five migrations");
            world.git("push", "-q", "origin", "main", "main:release");
            copy(FIXTURE.resolve("drizzle"), world.repo.resolve("drizzle"));
            world.write("MIGRATIONS.md", read(FIXTURE.resolve("MIGRATIONS.md")));
            world.push("users");
        });
    }

    /** A repository with an origin, a .gitignore and a check that passes; an empty or a copied production. */
    static World of(String database, String template) {
        return of(database(database, template), "empty", world -> { });
    }

    private static String proposal;

    /** The hash of the SQL that {@link #drizzle()} leads to: the same migrations and entries make the same bytes. */
    static synchronized String proposal() {
        if (proposal == null) {
            try (World world = drizzle()) {
                Result backup = world.run("backup");
                Result written = world.run("validate", "--json");
                proposal = written.json().at("/facts/sql/sha256").asText();
                if (backup.exit() != 0 || written.exit() != 0) {
                    throw new AssertionError(backup.all() + written.all());
                }
            }
        }
        return proposal;
    }

    private static Target database(String database, String template) {
        Scratch server = productionServer();
        synchronized (World.class) {
            // A template must have no other connection while it is copied.
            execute(server.target(null), "DROP DATABASE IF EXISTS " + Name.quote(database) + " WITH (FORCE)",
                    "CREATE DATABASE " + Name.quote(database) + " OWNER app TEMPLATE " + template);
        }
        Target admin = server.target(database);
        return new Target(admin.host(), admin.port(), database, "app", PASSWORD, admin.parameters());
    }

    /** Lets the scripts of a test ask production by themselves: {@code "$PSQL" -Xqc …}. */
    void knowsPsql() {
        environment.put("PSQL", Clients.newest().tool("psql").toString());
        environment.put("PGPASSWORD", PASSWORD);
        environment.put("PGHOST", production.host());
        environment.put("PGPORT", String.valueOf(production.port()));
        environment.put("PGUSER", production.user());
        environment.put("PGDATABASE", production.database());
    }

    /** Another repository with the same production, for tests that only read it; ended by {@link #forget()}. */
    World again() {
        return again("empty", world -> { });
    }

    /** The same, with what is done to it: once in a run under that name. */
    World again(String name, Consumer<World> making) {
        return of(production, name, making);
    }

    /** Another clone with the same production and all that lies in this one; ended by {@link #forget()}. */
    World twin() {
        World twin = new World(folder(), production);
        twin.take(folder);
        return twin;
    }

    // Some hundred tests begin with one of a few repositories: each of these is made once, and copied.
    private static World of(Target production, String name, Consumer<World> making) {
        World world = new World(folder(), production);
        Path made;
        synchronized (MADE) {
            made = MADE.computeIfAbsent(name, key -> made(production, making));
        }
        world.take(made);
        return world;
    }

    private void take(Path made) {
        copy(made, folder);
        for (String config : List.of("origin.git/config", "work tree/.git/config")) {
            Path file = folder.resolve(config);
            write(file, read(file).replace(made.toString(), folder.toString()));
        }
        // A copied file is another one to git until it has looked.
        git("update-index", "-q", "--refresh");
    }

    private static Path made(Target production, Consumer<World> making) {
        World world = new World(folder(), production);
        Runtime.getRuntime().addShutdownHook(new Thread(world::forget));
        world.git(world.folder, "init", "-q", "--bare", "--initial-branch=main", world.origin.toString());
        world.git(world.folder, "clone", "-q", world.origin.toString(), world.repo.toString());
        world.git("checkout", "-q", "-b", "main");
        world.write(".gitignore", "_migrations/\nnode_modules/\n.env\n");
        world.write("release.json", "{\"checks\": [[\"git\", \"--version\"]]}\n");
        making.accept(world);
        return world.folder;
    }

    private static Path folder() {
        try {
            return Files.createTempDirectory("world ").toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a script left; nothing of it ever holds the password. */
    record Result(int exit, String out, String err) {
        JsonNode json() {
            try {
                return Json.MAPPER.readTree(out);
            } catch (IOException e) {
                throw new AssertionError("not JSON: " + out + "\n" + err, e);
            }
        }

        /** Both streams, for failure messages and for looking something up. */
        String all() {
            return "exit " + exit + "\n" + out + "\n" + err;
        }

        /** The gate of that id in the JSON result; missing when it is not there. */
        JsonNode gate(String id) {
            for (JsonNode gate : json().path("gates")) {
                if (gate.path("id").asText().equals(id)) {
                    return gate;
                }
            }
            return Json.MAPPER.missingNode();
        }
    }

    /** Runs a script as a process in the clone, without a terminal. */
    Result run(String script, String... arguments) {
        Result seen = begin(script, arguments).end();
        if (seen.out().contains("S3cret") || seen.err().contains("S3cret")) {
            throw new AssertionError("the password was shown: " + seen.all());
        }
        return seen;
    }

    /** A script at work. */
    record Running(Process process, Path out, Path err) {
        /** Waits for its end. */
        Result end() {
            try {
                return new Result(process.waitFor(), read(out), read(err));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    /**
     * Starts a script as a process in the clone, without a terminal, and does not wait. Not by Exec, which masks what
     * it reads: what is looked for here is what it would hide.
     */
    Running begin(String script, String... arguments) {
        try {
            List<String> command = new ArrayList<>(PhaseProcess.java(script));
            command.addAll(List.of(arguments));
            Path out = Files.createTempFile(folder, "out", null);
            Path err = Files.createTempFile(folder, "err", null);
            ProcessBuilder builder = new ProcessBuilder(command).directory(repo.toFile())
                    .redirectInput(new java.io.File("/dev/null"))
                    .redirectOutput(out.toFile()).redirectError(err.toFile());
            environment.forEach((name, value) -> {
                builder.environment().remove(name);
                if (value != null) {
                    builder.environment().put(name, value);
                }
            });
            return new Running(builder.start(), out, err);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** That these parts stand in a text, one behind the other. */
    static void assertInOrder(String text, String... parts) {
        int at = -1;
        for (String part : parts) {
            int next = text.indexOf(part, at + 1);
            if (next <= at) {
                throw new AssertionError(part + " is not where it should be in\n" + text);
            }
            at = next;
        }
    }

    /** A database URL of production for a file or a setting. */
    String url() {
        return production.url();
    }

    /** The first value that production answers. */
    String sql(String query) {
        try (Connection connection = Postgres.write(production, "test")) {
            return Postgres.one(connection, query);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    void execute(String... statements) {
        execute(production, statements);
    }

    String git(String... arguments) {
        return git(repo, arguments);
    }

    String git(Path where, String... arguments) {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        Exec.Result result = Exec.of(command).in(where).with(environment).run();
        if (!result.ok()) {
            throw new AssertionError(String.join(" ", command) + ": " + result.err());
        }
        return result.out();
    }

    /** Adds a migration behind the others, as drizzle-kit does; it is not committed. */
    void migration(String name, String sql) {
        write("drizzle/" + name + ".sql", sql);
        String journal = read("drizzle/meta/_journal.json");
        int number = journal.split("\"tag\"").length - 1;
        String entry = ",\n{\"idx\": " + number + ", \"version\": \"7\", \"when\": " + (1795174130303L + 1000L * number)
                + ", \"tag\": \"" + name + "\", \"breakpoints\": true}]}\n";
        write("drizzle/meta/_journal.json",
                journal.replaceFirst("(?s)\\s*]\\s*}\\s*$", java.util.regex.Matcher.quoteReplacement(entry)));
    }

    /** Commits everything in the clone. */
    void commit(String message) {
        git("add", "--all");
        git("commit", "-q", "-m", message);
    }

    /** Commits everything and pushes main. */
    void push(String message) {
        commit(message);
        git("push", "-q", "-u", "origin", "main");
    }

    void write(String path, String text) {
        write(repo.resolve(path), text);
    }

    static void write(Path file, String text) {
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a stand-in executable. */
    static Path script(Path file, String text) {
        write(file, "#!/bin/sh\n" + text);
        file.toFile().setExecutable(true);
        return file;
    }

    String read(String path) {
        return read(repo.resolve(path));
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The newest file of the run folder whose name matches; fails when there is none. */
    Path newest(String pattern) {
        try (var files = Files.list(repo.resolve("_migrations"))) {
            return files.filter(file -> file.getFileName().toString().matches(pattern)).max(Comparator.naturalOrder())
                    .orElseThrow(() -> new AssertionError("no " + pattern + " in _migrations"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void copy(Path from, Path to) {
        try (var files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        execute(productionServer().target(null),
                "DROP DATABASE IF EXISTS " + Name.quote(production.database()) + " WITH (FORCE)");
        forget();
    }

    /** Removes the repositories and leaves production alone. */
    void forget() {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
