//SOURCES DrizzleFiles.java World.java ../lib/Exec.java ../lib/History.java ../lib/Postgres.java ../lib/Target.java

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import lib.Exec;
import lib.History;
import lib.Migration;
import lib.Postgres;
import lib.Target;
import lib.migrations.Drizzle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Databases, the real drizzle-orm that migrates them, and what our own look at its history says. */
abstract class DrizzleCase extends DrizzleFiles {
    private static final AtomicInteger COUNT = new AtomicInteger();

    @TempDir
    Path temp;

    private final List<String> databases = new ArrayList<>();

    @BeforeAll
    static void installed() {
        assertTrue(Files.isDirectory(World.ROOT.resolve("tests/node/node_modules/drizzle-orm")),
                "the real migrators are not installed: npm ci --prefix tests/node");
    }

    @AfterEach
    void dropDatabases() {
        databases.forEach(name ->
                World.execute(World.rehearsal().target(null), "DROP DATABASE " + name + " WITH (FORCE)"));
    }

    Target database() {
        String name = "drizzle" + COUNT.incrementAndGet();
        World.execute(World.rehearsal().target(null), "CREATE DATABASE " + name);
        databases.add(name);
        return World.rehearsal().target(name);
    }

    /** A database that the real migrator has brought to these migrations. */
    Target at(Map<String, byte[]> files) throws Exception {
        Target target = database();
        assertWorks(migrate(target, files, "drizzle", "node-postgres"));
        return target;
    }

    /** Runs the real migrate() of a real drizzle-orm on these files. */
    Exec.Result migrate(Target target, Map<String, byte[]> files, String folder, String driver,
            String... options) throws IOException {
        Path home = Files.createTempDirectory(temp, "app");
        for (var file : files.entrySet()) {
            Files.createDirectories(home.resolve(file.getKey()).getParent());
            Files.write(home.resolve(file.getKey()), file.getValue());
        }
        List<String> command = new ArrayList<>(List.of("node", World.FIXTURE.resolve("migrate.mjs").toString(),
                target.url(), home.resolve(folder).toString(), driver));
        command.addAll(List.of(options));
        return Exec.of(command).run();
    }

    static void apply(Connection connection, Drizzle history, History.State state) throws Exception {
        for (Migration migration : state.pending()) {
            run(connection, migration.sql());
        }
        for (String row : history.rows(state, state.pending())) {
            Postgres.execute(connection, row);
        }
    }

    static void run(Target target, String sql) throws Exception {
        try (Connection connection = Postgres.write(target, "test")) {
            Postgres.execute(connection, sql);
        }
    }

    static void run(Connection connection, String sql) throws Exception {
        for (String statement : sql.split("--> statement-breakpoint")) {
            Postgres.execute(connection, statement);
        }
    }

    static History.State state(Target target, Map<String, byte[]> files) throws Exception {
        try (Connection connection = Postgres.read(target, "test")) {
            return history(files).state(connection);
        }
    }

    static History.Trouble trouble(History.State state, String kind) {
        return state.troubles().stream().filter(trouble -> trouble.kind().equals(kind)).findFirst()
                .orElseThrow(() -> new AssertionError("no trouble " + kind + " in " + state.troubles()));
    }

    static List<String> ids(List<Migration> migrations) {
        return migrations.stream().map(Migration::id).toList();
    }

    static void assertWorks(Exec.Result result) {
        assertTrue(result.ok(), result.out() + result.err());
    }

    static void assertRunsNothing(Exec.Result result) {
        assertWorks(result);
        assertTrue(result.out().contains(", 0 of them migration statements"), result.out());
    }
}
