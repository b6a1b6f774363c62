//SOURCES World.java ../lib/History.java ../lib/Migration.java ../lib/Postgres.java ../lib/Settings.java ../lib/Target.java
//SOURCES ../lib/migrations/Histories.java ../lib/plan/Plan.java

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import lib.History;
import lib.Migration;
import lib.Postgres;
import lib.Settings;
import lib.Target;
import lib.migrations.Histories;
import lib.plan.Plan;

/** A database in a state that a real migration tool left, and the files of that tool, for one test. */
final class HistoryCase implements AutoCloseable {
    static final Clock THEN = Clock.fixed(Instant.parse("2026-11-21T00:00:00Z"), ZoneOffset.UTC);
    private static final AtomicInteger COUNT = new AtomicInteger();

    final Target database;
    final Map<String, byte[]> files = new TreeMap<>();

    /** A database from a fixture's dump with the files below the fixture's folder; both are left out when null. */
    HistoryCase(String fixture, String folder) {
        String name = "history_" + COUNT.incrementAndGet();
        World.execute(World.productionServer().target(null), "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)",
                "CREATE DATABASE " + name + " TEMPLATE template0");
        database = World.productionServer().target(name);
        if (fixture != null) {
            Path home = World.ROOT.resolve("tests/fixtures").resolve(fixture);
            World.psql(database, World.read(home.resolve("db.sql")));
            files.putAll(files(home, folder));
        }
    }

    static Map<String, byte[]> files(Path home, String folder) {
        Map<String, byte[]> files = new TreeMap<>();
        try (var all = Files.walk(home.resolve(folder))) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(home.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    HistoryCase file(String path, String text) {
        files.put(path, text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    String text(String path) {
        return new String(files.get(path), StandardCharsets.UTF_8);
    }

    History history() {
        return find(files, null, null);
    }

    static History find(Map<String, byte[]> files, String tool, String folder) {
        return Histories.find(files, new Settings.Migrations(tool, folder), THEN).orElseThrow();
    }

    History.State state() {
        return state(history());
    }

    History.State state(History history) {
        try (Connection connection = Postgres.read(database, "test")) {
            return history.state(connection);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    List<History.Trouble> beside(History history) {
        try (Connection connection = Postgres.read(database, "test")) {
            return Histories.beside(connection, java.util.Optional.ofNullable(history),
                    history == null ? null : history.state(connection));
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** Runs what is pending and writes its rows, as a release does. */
    void release() {
        History history = history();
        History.State state = state(history);
        List<String> all = new ArrayList<>();
        state.pending().forEach(each -> Plan.parse(each.sql(), each.file()).statements()
                .forEach(statement -> all.add(statement.sql())));
        all.addAll(history.rows(state, state.pending()));
        execute(all.toArray(String[]::new));
    }

    void execute(String... statements) {
        World.execute(database, statements);
    }

    String sql(String query) {
        try (Connection connection = Postgres.read(database, "test")) {
            return Postgres.one(connection, query);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    static List<String> ids(List<Migration> migrations) {
        return migrations.stream().map(Migration::id).toList();
    }

    /** The one trouble there is, of this kind; its text is returned for a closer look. */
    static String only(History.State state, String kind, boolean stops) {
        assertEquals(List.of(kind + " " + stops), state.troubles().stream()
                .map(trouble -> trouble.kind() + " " + trouble.stops()).toList(), state.troubles()::toString);
        return state.troubles().get(0).message() + "\n" + state.troubles().get(0).hint();
    }

    @Override
    public void close() {
        World.execute(World.productionServer().target(null),
                "DROP DATABASE IF EXISTS " + database.database() + " WITH (FORCE)");
    }
}
