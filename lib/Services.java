//SOURCES Exec.java Failure.java Postgres.java Settings.java Target.java

package lib;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The services of an environment: stopped and started by their own commands, and proven quiet by the database. */
public final class Services {
    /** How long to wait for sessions to end, in seconds; a deployment that drains slowly may need more. */
    private static final String PATIENCE = "RELEASE_QUIET_SECONDS";
    private static final int USUAL_PATIENCE = 60;
    private static final Duration LOOK = Duration.ofMillis(250);
    private static final int QUIET_LOOKS = 4;

    private final Path repo;
    private final Map<String, Settings.Service> services;

    public Services(Path repo, Settings.Environment environment) {
        this.repo = repo;
        this.services = environment.services();
    }

    /** The services that a command can stop. */
    public List<String> stoppable() {
        return services.entrySet().stream().filter(service -> !service.getValue().stop().isEmpty())
                .map(Map.Entry::getKey).toList();
    }

    /** The commands that stop them, as they could be typed. */
    public List<String> stopCommands() {
        return services.values().stream().filter(service -> !service.stop().isEmpty())
                .map(service -> Exec.typed(service.stop())).toList();
    }

    /** The commands that start them again, as they could be typed; empty where the next deploy does it. */
    public List<String> startCommands() {
        return services.values().stream().filter(service -> !service.start().isEmpty())
                .map(service -> Exec.typed(service.start())).toList();
    }

    /** Runs each stop command; the first that fails ends it, and the services after it are left alone. */
    public void stop() {
        for (String name : stoppable()) {
            Exec.Result result = Exec.of(services.get(name).stop()).in(repo).within(Duration.ofMinutes(10)).run();
            if (!result.ok()) {
                throw Failure.stop("service " + name + " cannot be stopped: " + services.get(name).stop().get(0)
                        + " ended with " + result.exit() + (result.tail(3).isBlank() ? "" : "\n" + result.tail(3)),
                        "try it: " + Exec.typed(services.get(name).stop()));
            }
        }
    }

    /** Runs each start command. */
    public void start() {
        for (Map.Entry<String, Settings.Service> service : services.entrySet()) {
            if (!service.getValue().start().isEmpty()) {
                Exec.of(service.getValue().start()).in(repo).within(Duration.ofMinutes(10)).run().orStop(
                        "service " + service.getKey() + " cannot be started", Exec.typed(service.getValue().start()));
            }
        }
    }

    /**
     * Waits until nobody else is connected to the database and nothing is written any more; that a command said
     * "stopped" proves neither.
     */
    public static String quiet(Target target, Consumer<String> say) throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + patience().toNanos();
        int quiet = 0;
        String written = "";
        String said = "";
        try (Connection connection = Postgres.read(target, "release")) {
            while (true) {
                List<String> others = others(connection);
                String now = Postgres.one(connection,
                        "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables");
                quiet = others.isEmpty() && (now.equals(written) || written.isEmpty()) ? quiet + 1 : 0;
                written = now;
                if (quiet > QUIET_LOOKS) {
                    return "nobody else is connected, and nothing is written";
                }
                if (System.nanoTime() > deadline) {
                    throw Failure.stop(others.isEmpty() ? "the database is still being written to"
                            : "the database is still in use by " + String.join(", ", others),
                            "end these sessions, then start the release again");
                }
                String waiting = String.join(", ", others);
                if (!waiting.isEmpty() && !waiting.equals(said)) {
                    say.accept("waiting for " + waiting);
                    said = waiting;
                }
                Thread.sleep(LOOK.toMillis());
            }
        }
    }

    private static Duration patience() {
        String seconds = System.getenv(PATIENCE);
        if (seconds == null || seconds.isBlank()) {
            return Duration.ofSeconds(USUAL_PATIENCE);
        }
        if (!seconds.strip().matches("\\d{1,5}")) {
            throw Failure.usage(PATIENCE + " is not a number of seconds: " + seconds,
                    "export " + PATIENCE + "=" + USUAL_PATIENCE);
        }
        return Duration.ofSeconds(Long.parseLong(seconds.strip()));
    }

    /** Who else is connected at this moment, as words. */
    public static String connected(Target target) throws SQLException {
        try (Connection connection = Postgres.read(target, "release")) {
            List<String> others = others(connection);
            return others.isEmpty() ? "nobody" : String.join(", ", others);
        }
    }

    // User and application of each session.
    private static List<String> others(Connection connection) throws SQLException {
        // The kind of another user's session is hidden from an ordinary role; what is hidden counts as a client.
        return Postgres.rows(connection, """
                SELECT format('%s (%s%s)', usename, coalesce(nullif(application_name, ''), 'no application name'),
                              CASE WHEN count(*) > 1 THEN ', ' || count(*) || ' sessions' END)
                FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL
                  AND coalesce(backend_type, 'client backend') = 'client backend'
                GROUP BY usename, application_name ORDER BY 1""").stream().map(row -> row.get(0)).toList();
    }
}
