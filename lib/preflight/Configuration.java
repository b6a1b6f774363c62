//SOURCES ../Address.java ../Failure.java ../Gate.java ../Json.java ../Placeholder.java
//SOURCES ../Project.java ../Settings.java ../Target.java

package lib.preflight;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import lib.Address;
import lib.Failure;
import lib.Gate;
import lib.Json;
import lib.Placeholder;
import lib.Project;
import lib.Settings;
import lib.Target;

/** What a release has to be told: that it is there, that it is real, and where each value came from. */
final class Configuration {
    private static final String PRODUCTION = "production";

    private final Project project;
    private final List<Failure> problems = new ArrayList<>();
    private final List<String> doubts = new ArrayList<>();
    private final List<String> ways = new ArrayList<>();
    private Address.Found found;
    private Target target;

    Configuration(Project project) {
        this.project = project;
    }

    /** Looks at every setting; all that is wrong is told together. */
    Gate.Finding look() {
        Settings.Environment here = project.settings.environment(project.environment);
        attempt(() -> {
            found = project.found();
            target = found.target();
        });
        attempt(() -> token(here));
        project.settings.environments().forEach((name, environment) -> placeholders(name, environment));
        if (!problems.isEmpty()) {
            throw together();
        }
        local(here);
        others();
        programs(here);
        String finding = "database of " + project.environment + " from " + found.origin() + ": " + target.place();
        return doubts.isEmpty() ? Gate.passed(finding)
                : Gate.warned(finding + "\n" + String.join("\n", doubts), String.join("\n", new LinkedHashSet<>(ways)));
    }

    /** The database; only after {@link #look()}. */
    Target target() {
        return target;
    }

    private void attempt(Runnable look) {
        try {
            look.run();
        } catch (Failure failure) {
            if (failure.exit == Failure.Exit.INTERRUPTED) {
                throw failure;
            }
            problems.add(failure);
        }
    }

    private Failure together() {
        if (problems.size() == 1) {
            return problems.get(0);
        }
        List<String> messages = problems.stream().map(Failure::getMessage).toList();
        List<String> hints = problems.stream().map(problem -> problem.hint).filter(hint -> hint != null).toList();
        return new Failure(problems.get(0).exit, String.join("\n", messages), String.join("\n", hints),
                problems.get(0));
    }

    private void token(Settings.Environment here) {
        var cloud = here.firewall() == null ? null : here.firewall().digitalocean();
        String name = cloud == null || cloud.token() == null ? null : cloud.token().env();
        String value = name == null ? "" : System.getenv(name);
        if (name != null && (value == null || value.isBlank())) {
            throw Failure.usage("the variable " + name + " (the firewall of " + project.environment + ") is not set",
                    "export " + name + "=…");
        }
    }

    // The example of a README, pasted and not filled in.
    private void placeholders(String name, Settings.Environment environment) {
        if (environment != null) {
            placeholders("environments." + name, Json.tree(environment));
        }
    }

    private void placeholders(String key, JsonNode node) {
        String placeholder = node.isTextual() ? Placeholder.inText(node.asText()) : null;
        if (placeholder != null) {
            problems.add(Failure.usage(Settings.FILE + ": " + key + " still holds the placeholder " + placeholder,
                    "put the real value into " + Settings.FILE));
        }
        node.properties().forEach(entry -> placeholders(key + "." + entry.getKey(), entry.getValue()));
        for (int at = 0; node.isArray() && at < node.size(); at++) {
            placeholders(key + "[" + at + "]", node.get(at));
        }
    }

    private void doubt(String doubt, String way) {
        doubts.add(doubt);
        ways.add(way);
    }

    // The developer's own database is near at hand, and so the one that gets in by mistake.
    private void local(Settings.Environment here) {
        boolean meant = here.url() != null && !here.url().isNull();
        if (!project.environment.equals(PRODUCTION) || here.tunnel() != null || meant) {
            return;
        }
        String way = "correct " + found.source() + "; if it is right, say so in " + Settings.FILE
                + ": {\"environments\": {\"production\": {\"url\": {\"env\": \"" + Address.variable(PRODUCTION)
                + "\"}}}}";
        if (near(target)) {
            doubt("this is on your own machine: is it production, and not the database you develop with?", way);
        } else if (!target.host().contains(".") && !target.host().contains(":")) {
            doubt("the host " + target.host() + " has a name like a compose service: is it production?", way);
        }
    }

    private static boolean near(Target target) {
        return target.socket() != null || target.host().equalsIgnoreCase("localhost")
                || target.host().matches("127\\..*|::1|0\\.0\\.0\\.0|host\\.docker\\.internal");
    }

    private void others() {
        Map<String, Settings.Environment> all = project.settings.environments();
        List<String> names = new ArrayList<>(all.isEmpty() ? List.of(PRODUCTION, "staging") : all.keySet());
        names.remove(project.environment);
        for (String name : names) {
            JsonNode wish = all.get(name) == null ? null : all.get(name).url();
            String variable = wish == null ? "" : wish.path("env").asText(wish.path("dotenv").asText(""));
            try {
                Address.Found other = Address.peek(project.repo, project.settings, name);
                if (other == null && !variable.isEmpty()) {
                    doubt(name + ": " + variable + " is not set",
                            "export " + variable + "=…   # before you use --env " + name);
                } else if (other != null && same(other.target(), target)) {
                    doubt(name + " and " + project.environment + " lead to the same database (" + other.source() + ", "
                            + found.source() + ")", "give each a database of its own");
                }
            } catch (Failure failure) {
                doubt(name + ": " + failure.getMessage(), failure.hint);
            }
        }
    }

    private static boolean same(Target one, Target other) {
        return one.host().equalsIgnoreCase(other.host()) && one.port() == other.port()
                && one.database().equals(other.database());
    }

    private void programs(Settings.Environment here) {
        here.services().forEach((name, service) -> {
            for (List<String> command : service.commands()) {
                if (!installed(command.get(0))) {
                    doubt("service " + name + ": " + command.get(0) + " is not on PATH", "install " + command.get(0)
                            + ", or correct environments." + project.environment + ".services." + name);
                }
            }
        });
    }

    private boolean installed(String program) {
        if (program.contains("/") || program.contains("\\")) {
            return Files.isExecutable(project.repo.resolve(program));
        }
        boolean windows = java.io.File.separatorChar == '\\';
        for (String folder : System.getenv().getOrDefault("PATH", "").split(java.io.File.pathSeparator)) {
            for (String ending : windows ? List.of(".exe", ".cmd", ".bat", "") : List.of("")) {
                if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, program + ending))) {
                    return true;
                }
            }
        }
        return false;
    }
}
