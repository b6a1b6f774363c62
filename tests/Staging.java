//SOURCES World.java

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import lib.Clients;
import lib.Postgres;
import lib.Scratch;
import lib.Servers;
import lib.Target;
import lib.sql.Name;

/**
 * A staging beside a world's production: a database on a server of its own, whose role may make databases and no more.
 * The server is shared by all tests of a run; each asks for a database of its own name.
 */
final class Staging implements AutoCloseable {
    private static Scratch server;

    final World world;
    final Scratch on;
    final Target target;

    private Staging(World world, Scratch on, Target target) {
        this.world = world;
        this.on = on;
        this.target = target;
        world.environment.put("STAGING_DATABASE_URL", target.url());
    }

    static synchronized Scratch server() {
        if (server == null) {
            server = started(15);
        }
        return server;
    }

    /** A server with the role app, as its major has it. */
    static Scratch started(int major) {
        Scratch scratch = Scratch.start(Servers.fitting(major));
        World.execute(scratch.target(null), "CREATE ROLE app LOGIN CREATEDB PASSWORD "
                + Postgres.literal(World.PASSWORD), "CREATE ROLE reader LOGIN PASSWORD 'Long-3nough'");
        return scratch;
    }

    /** A staging with one table of its own: marks that tell whether it was replaced. */
    static Staging of(World world, String database) {
        return on(server(), world, database);
    }

    static Staging on(Scratch server, World world, String database) {
        World.execute(server.target(null), "DROP DATABASE IF EXISTS " + Name.quote(database) + " WITH (FORCE)",
                "CREATE DATABASE " + Name.quote(database) + " OWNER app TEMPLATE template0");
        Staging staging = absent(server, world, database);
        staging.execute("CREATE TABLE mark (text text)", "INSERT INTO mark VALUES ('old staging')");
        return staging;
    }

    /** The same before there is such a database. */
    static Staging absent(Scratch server, World world, String database) {
        Target admin = server.target(database);
        return new Staging(world, server, new Target(admin.host(), admin.port(), database, "app", World.PASSWORD,
                admin.parameters()));
    }

    void execute(String... statements) {
        World.execute(target, statements);
    }

    /** As the server's superuser. */
    void administrate(String... statements) {
        World.execute(on.target(null), statements);
    }

    String sql(String query) {
        return sql(target, query);
    }

    static String sql(Target target, String query) {
        try (Connection connection = Postgres.write(target, "test")) {
            return Postgres.one(connection, query);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** What stands beside the live database, by name; templates and postgres itself left out. */
    List<String> beside() {
        try (Connection connection = Postgres.write(on.target(null), "test")) {
            List<String> names = new ArrayList<>();
            Postgres.rows(connection, "SELECT datname FROM pg_database WHERE starts_with(datname, "
                    + Postgres.literal(target.database() + "_") + ") ORDER BY 1").forEach(row -> names.add(row.get(0)));
            return names;
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** Whether the live database is still the one it was. */
    boolean untouched() {
        return "old staging".equals(sql("SELECT text FROM mark"));
    }

    /** A backup of production. */
    Path backup() {
        World.Result result = world.run("backup");
        if (result.exit() != 0) {
            throw new AssertionError(result.all());
        }
        return world.repo.resolve(result.out().strip());
    }

    World.Result restore(Path file, String... more) {
        List<String> words = new ArrayList<>(List.of("restore", file.toString(), "--to", "staging", "--json"));
        words.addAll(List.of(more));
        return world.run("backup", words.toArray(String[]::new));
    }

    World.Result refresh(String... more) {
        List<String> words = new ArrayList<>(List.of("refresh", "--json"));
        words.addAll(List.of(more));
        return world.run("backup", words.toArray(String[]::new));
    }

    /** Client programs of which pg_restore does something else when it loads; $real is the real one. */
    void standIn(String misdeed) {
        Path bin = world.folder.resolve("clients");
        Path real = Clients.fitting(15).bin();
        bin.resolve("pids").toFile().delete();
        for (String name : List.of("pg_dump", "pg_dumpall", "psql")) {
            World.script(bin.resolve(name), "exec '" + real.resolve(name) + "' \"$@\"\n");
        }
        World.script(bin.resolve("pg_restore"), """
                real='%s'
                pids='%s'
                psql='%s'
                case "$*" in *--dbname=*) ;; *) exec "$real" "$@";; esac
                for word; do case "$word" in --dbname=*) db="${word#--dbname=}";; esac; done
                %s
                """.formatted(real.resolve("pg_restore"), bin.resolve("pids"), real.resolve("psql"), misdeed));
        world.environment.put("RELEASE_PG_CLIENTS", bin.toString());
    }

    /** What the stand-in wrote down: its process. */
    String pid() {
        Path pids = world.folder.resolve("clients/pids");
        try {
            return Files.exists(pids) ? Files.readString(pids).strip() : "";
        } catch (IOException e) {
            return "";
        }
    }

    static void await(BooleanSupplier condition, String what) throws InterruptedException {
        for (int tries = 0; !condition.getAsBoolean(); tries++) {
            if (tries == 600) {
                throw new AssertionError("not seen in 30 s: " + what);
            }
            Thread.sleep(50);
        }
    }

    @Override
    public void close() {
        world.environment.remove("RELEASE_PG_CLIENTS");
        beside().forEach(name -> administrate("DROP DATABASE IF EXISTS " + Name.quote(name) + " WITH (FORCE)"));
        administrate("DROP DATABASE IF EXISTS " + Name.quote(target.database()) + " WITH (FORCE)");
    }
}
