//SOURCES Exec.java Failure.java Json.java Target.java

package lib;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The database service of a compose file, and the container runtime that runs it. */
public final class Compose {
    private static final List<String> FILES = List.of("compose.yaml", "compose.yml", "docker-compose.yaml",
            "docker-compose.yml");
    private static final Pattern IMAGE = Pattern.compile(
            "(^|/)(postgres(ql)?|postgis|timescaledb(-ha)?|pgvector)(:|@|$)");
    private static final Pattern TAG = Pattern.compile(":(?:pg)?(\\d+)(?:[.-]|$)");
    private static final Pattern PLUGINLESS = Pattern.compile(
            "unknown command|is not a docker command|unknown shorthand flag");
    private static final Pattern TAKEN = Pattern.compile(
            "port is already allocated|address already in use|ports are not available");
    private static final Duration SHORT = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Path repo;
    private final String service;
    private final JsonNode settings;

    private Compose(Path repo, String service, JsonNode settings) {
        this.repo = repo;
        this.service = service;
        this.settings = settings;
    }

    /** Whether the repository describes its containers at all. */
    public static boolean present(Path repo) {
        return FILES.stream().anyMatch(name -> Files.exists(repo.resolve(name)));
    }

    /** Says how the container runtime is, started when it is OrbStack at rest; a failure when there is none to use. */
    public static String runtime() {
        boolean mac = System.getProperty("os.name").startsWith("Mac");
        Path here = Path.of("").toAbsolutePath();
        if (mac && answers(here, SHORT, List.of("orb", "status")).map(result -> !result.out().contains("Running"))
                .orElse(false)) {
            Exec.Result started = Exec.of("orb", "start").within(PATIENCE).run();
            if (!started.ok()) {
                throw Failure.missing("OrbStack does not start: " + started.tail(1), "orb start");
            }
            return "OrbStack, started";
        }
        Optional<Exec.Result> docker = answers(here, SHORT,
                List.of("docker", "info", "--format", "{{.ServerVersion}}"));
        if (docker.isEmpty()) {
            throw Failure.missing("docker is not installed", mac ? "brew install orbstack"
                    : "install Docker Engine: https://docs.docker.com/engine/install");
        }
        if (docker.get().err().contains("permission denied")) {
            throw Failure.missing("docker is installed, but this user may not talk to its engine",
                    "sudo usermod -aG docker $USER   # then log in again");
        }
        // Before any server answered, some versions end with 0 and print an empty version.
        if (!docker.get().ok() || docker.get().out().isEmpty()) {
            throw Failure.missing("docker is installed, but its engine does not answer",
                    mac ? "orb start" : "sudo systemctl start docker");
        }
        return "docker " + docker.get().out();
    }

    private static Optional<Exec.Result> answers(Path folder, Duration patience, List<String> command) {
        try {
            return Optional.of(Exec.of(command).in(folder).within(patience).run());
        } catch (Failure missing) {
            return Optional.empty();
        }
    }

    /** The service called {@code db}, else the only one that runs a PostgreSQL image. */
    public static Optional<Compose> database(Path repo) {
        if (!present(repo)) {
            return Optional.empty();
        }
        Exec.Result config = compose(repo, "config", "--format", "json");
        if (PLUGINLESS.matcher(config.err()).find()) {
            throw Failure.missing("docker is installed, but not its compose plugin",
                    "install the package docker-compose-plugin, then try: docker compose version");
        }
        if (!config.ok()) {
            throw Failure.missing("the compose file cannot be read: " + config.tail(1), "docker compose config");
        }
        JsonNode services;
        try {
            services = Json.MAPPER.readTree(config.out()).path("services");
        } catch (JsonProcessingException e) {
            throw Failure.missing("docker compose config did not answer in JSON",
                    "docker compose config --format json");
        }
        if (services.has("db")) {
            return Optional.of(new Compose(repo, "db", services.path("db")));
        }
        List<Map.Entry<String, JsonNode>> databases = services.properties().stream()
                .filter(entry -> IMAGE.matcher(entry.getValue().path("image").asText()).find()).toList();
        if (databases.size() > 1) {
            throw Failure.missing("the compose file has more than one database: "
                    + String.join(", ", databases.stream().map(Map.Entry::getKey).toList()),
                    "call the one to rehearse on \"db\", or name a server: export RELEASE_SCRATCH_URL=postgresql://…");
        }
        return databases.isEmpty() ? Optional.empty()
                : Optional.of(new Compose(repo, databases.get(0).getKey(), databases.get(0).getValue()));
    }

    // The plugin, else the program of its own that it was before.
    private static Exec.Result compose(Path repo, String... arguments) {
        List<String> command = new ArrayList<>(List.of("docker", "compose"));
        command.addAll(List.of(arguments));
        Exec.Result result = Exec.of(command).in(repo).within(PATIENCE).run();
        if (!PLUGINLESS.matcher(result.err()).find()) {
            return result;
        }
        List<String> older = new ArrayList<>(List.of("docker-compose"));
        older.addAll(List.of(arguments));
        return answers(repo, PATIENCE, older).orElse(result);
    }

    /** The major version that its image is tagged with; empty when the tag does not tell. */
    public Optional<Integer> major() {
        Matcher tag = TAG.matcher(settings.path("image").asText());
        return tag.find() ? Optional.of(Integer.parseInt(tag.group(1))) : Optional.empty();
    }

    public String service() {
        return service;
    }

    /** Starts the service when it is down, and says which of the two it was. */
    public String start() {
        if (compose(repo, "ps", "--status", "running", "--services").lines().contains(service)) {
            return "running";
        }
        Exec.Result up = compose(repo, "up", "--detach", "--wait", service);
        if (!up.ok()) {
            throw Failure.missing("the compose service " + service + " does not start: " + up.tail(2),
                    TAKEN.matcher(up.err()).find() ? "docker ps --format '{{.Names}} {{.Ports}}'   # who has the port;"
                    + " stop that one, or publish another: ports: [\"127.0.0.1:5433:5432\"]"
                    : "docker compose up -d " + service);
        }
        return "started";
    }

    /** Where its server listens, with the login that the compose file gives it. */
    public Target target() {
        Exec.Result port = compose(repo, "port", service, "5432");
        if (!port.ok() || !port.out().contains(":")) {
            throw Failure.missing("the compose service " + service + " does not publish port 5432",
                    "add to it: ports: [\"127.0.0.1:5432:5432\"]");
        }
        String address = port.lines().get(0);
        String host = address.substring(0, address.lastIndexOf(':'));
        JsonNode environment = settings.path("environment");
        String user = environment.path("POSTGRES_USER").asText("postgres");
        return new Target(host.equals("0.0.0.0") || host.equals("[::]") ? "127.0.0.1" : host,
                Integer.parseInt(address.substring(address.lastIndexOf(':') + 1)),
                environment.path("POSTGRES_DB").asText(user), user, environment.path("POSTGRES_PASSWORD").textValue(),
                Map.of());
    }
}
