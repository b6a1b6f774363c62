//SOURCES DatabaseLock.java Exec.java Failure.java Postgres.java Project.java ServiceSetting.java Target.java
//SOURCES deploy/Health.java deploy/Railway.java

package lib;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import lib.deploy.Health;
import lib.deploy.Railway;

/** The services of an environment: stopped and started by their own commands. */
public final class Services {
    private static final Duration COMMAND = Duration.ofMinutes(10);
    private static final Duration DEPLOY = Duration.ofHours(1);

    private final Path repo;
    private final String environment;
    private final Map<String, ServiceSetting> services = new LinkedHashMap<>();

    /** All services of an environment. */
    public Services(Project project) {
        this(project, List.of());
    }

    /** The services of an environment with these names; all of them where none is named. */
    public Services(Project project, List<String> names) {
        this.repo = project.repo;
        this.environment = project.environment;
        Map<String, ServiceSetting> all = project.settings.environment(environment).services();
        for (String name : names) {
            if (!all.containsKey(name)) {
                throw Failure.usage(environment + " has no service \"" + name + "\"" + (all.isEmpty() ? ""
                        : "; it has " + String.join(", ", all.keySet())), "describe it in release.json: "
                        + "\"services\": {\"" + name + "\": {\"stop\": [\"PROGRAM\", …]}}");
            }
        }
        all.forEach((name, service) -> {
            if (names.isEmpty() || names.contains(name)) {
                services.put(name, service);
            }
        });
    }

    /** The services by name, as release.json describes them. */
    public Map<String, ServiceSetting> settings() {
        return services;
    }

    /** A service that runs at Railway. */
    public Railway railway(String name) {
        return new Railway(repo, services.get(name).railway(), environment);
    }

    /** The services that can be stopped. */
    public List<String> stoppable() {
        return services.entrySet().stream().filter(service -> service.getValue().stoppable())
                .map(Map.Entry::getKey).toList();
    }

    /** The commands that stop them, as they could be typed. */
    public List<String> stopCommands() {
        return stoppable().stream().map(name -> services.get(name).railway() != null ? railway(name).stopCommand()
                : Exec.typed(services.get(name).stop())).toList();
    }

    /** The commands that follow the push, as they could be typed; empty where the push itself is enough. */
    public List<String> startCommands() {
        return services.values().stream().flatMap(service -> Stream.of(service.deploy(), service.start()))
                .filter(command -> !command.isEmpty()).map(Exec::typed).toList();
    }

    /** The commands that bring back what was stopped while the branches stay as they are, as they could be typed. */
    public List<String> backCommands() {
        return stoppable().stream().map(name -> services.get(name).railway() != null ? railway(name).backCommand()
                : Exec.typed(services.get(name).start())).filter(command -> !command.isEmpty()).toList();
    }

    /** Stops before anything is done where a service is in no state to be stopped. */
    public void settled() {
        services.forEach((name, service) -> {
            if (service.railway() != null) {
                railway(name).settled();
            }
        });
    }

    /** The services that can be stopped and that work now, by their health or their provider's word. */
    public List<String> answering() {
        return stoppable().stream().filter(name -> {
            ServiceSetting service = services.get(name);
            return service.railway() != null ? railway(name).up()
                    : service.health() != null && new Health(service).ask().works();
        }).toList();
    }

    /** Stops each service; the first that fails ends it, and the services after it are left alone. */
    public void stop(Consumer<String> say) throws InterruptedException {
        for (String name : stoppable()) {
            ServiceSetting service = services.get(name);
            if (service.railway() != null) {
                say.accept(railway(name).stop(say));
                continue;
            }
            Exec.Result result = Exec.of(service.stop()).in(repo).within(COMMAND).run();
            if (!result.ok()) {
                throw Failure.stop("service " + name + " cannot be stopped: " + service.stop().get(0)
                        + " ended with " + result.exit() + (result.tail(3).isBlank() ? "" : "\n" + result.tail(3)),
                        "try it: " + Exec.typed(service.stop()));
            }
        }
    }

    /** Runs what follows the push: each deploy command, then each start command. */
    public void start(String commit) {
        services.forEach((name, service) -> run(name, "deployed", service.deploy(), DEPLOY, commit));
        services.forEach((name, service) -> run(name, "started", service.start(), COMMAND, commit));
    }

    /** Brings back what was stopped, as the branches stand. */
    public void back(Consumer<String> say) {
        services.forEach((name, service) -> {
            if (service.railway() != null) {
                railway(name).back(say);
            } else if (service.stoppable()) {
                run(name, "started", service.start(), COMMAND, "");
            }
        });
    }

    private void run(String name, String what, List<String> command, Duration patience, String commit) {
        if (!command.isEmpty()) {
            Exec.of(withCommit(command, commit)).in(repo).with("RELEASE_COMMIT", commit).within(patience).run()
                    .orStop("service " + name + " cannot be " + what, Exec.typed(command));
        }
    }

    /** A command with the commit in the place that was left for it. */
    public static List<String> withCommit(List<String> command, String commit) {
        return command.stream().map(word -> word.replace(ServiceSetting.COMMIT, commit)).toList();
    }

    /** A number of seconds that a variable may set. */
    public static Duration seconds(String name, int usual) {
        String seconds = System.getenv(name);
        if (seconds == null || seconds.isBlank()) {
            return Duration.ofSeconds(usual);
        }
        if (!seconds.strip().matches("\\d{1,5}")) {
            throw Failure.usage(name + " is not a number of seconds: " + seconds, "export " + name + "=" + usual);
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

    /** User and application of each session that is somebody else's. */
    static List<String> others(Connection connection) throws SQLException {
        // The kind of another user's session is hidden from an ordinary role; what is hidden counts as a client.
        return Postgres.rows(connection, """
                SELECT format('%s (%s%s)', usename, coalesce(nullif(application_name, ''), 'no application name'),
                              CASE WHEN count(*) > 1 THEN ', ' || count(*) || ' sessions' END)
                FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL
                  AND coalesce(backend_type, 'client backend') = 'client backend'
                  AND pid NOT IN (""" + DatabaseLock.HOLDER + ") GROUP BY usename, application_name ORDER BY 1")
                .stream().map(row -> row.get(0)).toList();
    }
}
