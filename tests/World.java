//SOURCES Checkout.java

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import lib.Clients;
import lib.Exec;
import lib.Postgres;
import lib.Scratch;
import lib.ScratchPassword;
import lib.Servers;
import lib.Target;
import lib.sql.Name;

/**
 * An application with a production of its own for one test: a checkout, a database, and the real scripts as processes.
 * Production and rehearsals have a server each, shared by all tests of a run.
 */
final class World extends Checkout implements AutoCloseable {
    /** Everything in it means something in a URL; every output is searched for it. */
    static final String PASSWORD = "p@ss:w/rd%41-S3cret";
    static final Path FIXTURE = ROOT.resolve("tests/fixtures/drizzle");

    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final Map<String, Path> MADE = new HashMap<>();
    private static Scratch productionServer;
    private static Scratch rehearsalServer;
    private static String proposal;

    final Target production;

    private World(Path folder, Target production) {
        super(folder);
        this.production = production;
        environment.put("PROD_DATABASE_URL", production.url());
        environment.put("RELEASE_SCRATCH_URL", rehearsal().target(null).url());
    }

    static synchronized Scratch productionServer() {
        if (productionServer == null) {
            productionServer = Scratch.start(Servers.fitting(15));
            fill(productionServer.target(null), "drizzle_at_5");
        }
        return productionServer;
    }

    private static void fill(Target admin, String database) {
        // Hashed but once, as thousands of times somebody signs in.
        execute(admin, "CREATE ROLE app LOGIN PASSWORD " + Postgres.literal(ScratchPassword.verifier(PASSWORD)),
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

    private static Path made(Target production, Consumer<World> making) {
        World world = new World(folder(), production);
        Runtime.getRuntime().addShutdownHook(new Thread(world::forget));
        world.make();
        making.accept(world);
        return world.folder;
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

    @Override
    public void close() {
        execute(productionServer().target(null),
                "DROP DATABASE IF EXISTS " + Name.quote(production.database()) + " WITH (FORCE)");
        forget();
    }
}
