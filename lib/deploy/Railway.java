//SOURCES ../Exec.java ../Failure.java ../Json.java ../RailwaySetting.java

package lib.deploy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import lib.Exec;
import lib.Failure;
import lib.Json;
import lib.RailwaySetting;

/** A service at Railway, through its command line: its deployments and its variables. */
public final class Railway {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Set<String> UNDER_WAY = Set.of("BUILDING", "DEPLOYING", "INITIALIZING", "QUEUED", "WAITING",
            "NEEDS_APPROVAL");
    private static final int MOST_DOWNS = 5;

    private final String program;
    private final Path repo;
    private final List<String> place;
    private final String service;

    /** A service of the project that the folder is linked to, or of the one that the setting names. */
    public Railway(Path repo, RailwaySetting setting, String environment) {
        this("railway", repo, setting, environment);
    }

    /** The same with a client of another name. */
    public Railway(String program, Path repo, RailwaySetting setting, String environment) {
        this.program = program;
        this.repo = repo;
        this.service = setting.service();
        List<String> words = new ArrayList<>();
        if (setting.project() != null) {
            words.addAll(List.of("-p", setting.project()));
        }
        words.addAll(List.of("-e", setting.environment() == null ? environment : setting.environment(), "-s", service));
        this.place = words;
    }

    /**
     * One deployment, as Railway lists it.
     *
     * @param commit the commit it was made from; empty where Railway does not say
     */
    public record Deployment(String id, String status, String made, String commit) {
        boolean runs() {
            return status.equals("SUCCESS");
        }

        boolean underWay() {
            return UNDER_WAY.contains(status);
        }
    }

    /** The deployments of the service, the newest first. */
    public List<Deployment> deployments() {
        JsonNode list = json(run(command("deployment", "list", "--json"), null)
                .orStop("railway does not list the deployments of " + service, "railway login   # then: railway link"));
        List<Deployment> deployments = new ArrayList<>();
        list.forEach(node -> deployments.add(new Deployment(node.path("id").asText(),
                node.path("status").asText(), node.path("createdAt").asText(),
                node.path("meta").path("commitHash").asText())));
        deployments.sort(Comparator.comparing(Deployment::made).reversed());
        return deployments;
    }

    /** The command that stops it, as it could be typed. */
    public String stopCommand() {
        return Exec.typed(command("down", "-y"));
    }

    /** The command that brings it back with what its branch holds; a plain redeploy would bring back the old build. */
    public String backCommand() {
        return Exec.typed(back());
    }

    private List<String> back() {
        return command("redeploy", "--from-source", "-y");
    }

    /** Whether nothing is being deployed just now: {@code down} would stop the newest success and leave that alone. */
    public void settled() {
        List<Deployment> deployments = deployments();
        deployments.stream().filter(Deployment::underWay).findFirst().ifPresent(busy -> {
            throw Failure.stop("a deployment of " + service + " is under way at Railway (" + busy.status()
                    + "): it would come up after the stop", "wait for it to end: "
                    + Exec.typed(command("deployment", "list")));
        });
    }

    /**
     * Stops every deployment that runs; {@code down} acts on the newest success only, so it is repeated until none is
     * left.
     *
     * @return what was done, in words
     */
    public String stop(Consumer<String> say) throws InterruptedException {
        settled();
        List<Deployment> running = running();
        if (running.isEmpty()) {
            return service + " does not run at Railway";
        }
        for (int down = 0; !running.isEmpty(); down++) {
            if (down == MOST_DOWNS) {
                throw Failure.stop(service + " still runs at Railway after " + down + " times \"down\"",
                        Exec.typed(command("deployment", "list")));
            }
            run(command("down", "-y"), null).orStop("service " + service + " cannot be stopped", stopCommand());
            gone(running.get(0).id(), say);
            running = running();
        }
        return service + " is removed at Railway";
    }

    /** Whether a deployment of it runs, or is about to. */
    public boolean up() {
        return deployments().stream().anyMatch(deployment -> deployment.runs() || deployment.underWay());
    }

    private List<Deployment> running() {
        return deployments().stream().filter(Deployment::runs).toList();
    }

    private void gone(String id, Consumer<String> say) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        String said = "";
        while (true) {
            String status = deployments().stream().filter(deployment -> deployment.id().equals(id))
                    .map(Deployment::status).findFirst().orElse("REMOVED");
            if (status.equals("REMOVED")) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw Failure.stop("railway down ended, but the deployment of " + service + " is still " + status,
                        Exec.typed(command("deployment", "list")));
            }
            if (!status.equals(said)) {
                say.accept("waiting for Railway: the deployment of " + service + " is " + status);
                said = status;
            }
            Thread.sleep(LOOK.toMillis());
        }
    }

    /** Deploys what its branch holds. */
    public void back(Consumer<String> say) {
        say.accept("$ " + backCommand());
        run(back(), null).orStop("service " + service + " cannot be brought back", backCommand());
    }

    /** The variables of the service; their values are secrets. */
    public Map<String, String> variables() {
        Exec.Result result = run(command("variable", "list", "--json"), null);
        if (!result.ok()) {
            // Before 2026 the command had another name.
            Exec.Result older = run(command("variables", "--json"), null);
            result = older.ok() ? older : result;
        }
        JsonNode node = json(result.orStop("railway does not list the variables of " + service,
                "railway login   # then: railway link"));
        Map<String, String> variables = new LinkedHashMap<>();
        node.properties().forEach(entry -> variables.put(entry.getKey(), entry.getValue().asText()));
        return variables;
    }

    /** Sets a variable without a deploy of its own; the value goes over standard input. */
    public void set(String name, String value) {
        run(command("variable", "set", name, "--stdin", "--skip-deploys"), value)
                .orStop("railway does not set " + name + " of " + service, "railway login   # then: railway link");
    }

    /** Removes a variable. */
    public void remove(String name) {
        run(command("variable", "delete", name), null)
                .orStop("railway does not remove " + name + " of " + service, "railway login   # then: railway link");
    }

    /** The service and its environment, as people say it. */
    public String words() {
        return "Railway, " + service;
    }

    // A project token needs no login; the update that the client would make by itself has its own time.
    private Exec.Result run(List<String> command, String input) {
        Exec exec = Exec.of(command).in(repo).within(PATIENCE).with("RAILWAY_NO_AUTO_UPDATE", "1");
        return (input == null ? exec : exec.input(input.getBytes(StandardCharsets.UTF_8))).run();
    }

    private List<String> command(String... words) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(Arrays.asList(words));
        command.addAll(place);
        return command;
    }

    private static JsonNode json(Exec.Result result) {
        try {
            return Json.MAPPER.readTree(result.out());
        } catch (JsonProcessingException e) {
            throw Failure.missing("railway answered with something that is not JSON",
                    "railway upgrade   # then run it again");
        }
    }
}
