//SOURCES ../Exec.java ../Failure.java ../Json.java ../Project.java ../RailwaySetting.java ../ServiceSetting.java ../VariablesSetting.java Railway.java

package lib.deploy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.Exec;
import lib.Failure;
import lib.Json;
import lib.Project;
import lib.RailwaySetting;
import lib.ServiceSetting;
import lib.VariablesSetting;

/** Where a provider keeps the variables of an application; a value never stands in an argument list. */
public interface VariableStore {
    /** All variables with their values, which are secrets. */
    Map<String, String> all();

    /** Sets one, without a deploy of its own where the provider can. */
    void set(String name, String value);

    /** Removes one. */
    void remove(String name);

    /** The place, as people say it. */
    String words();

    /** The store of an environment: what release.json says, else its only service at Railway. */
    static VariableStore of(Project project) {
        var environment = project.settings.environment(project.environment);
        VariablesSetting setting = environment.variables();
        if (setting != null) {
            return setting.railway() != null ? railway(project, setting.railway()) : new Commands(project, setting);
        }
        List<RailwaySetting> services = environment.services().values().stream().map(ServiceSetting::railway)
                .filter(railway -> railway != null).toList();
        if (services.size() != 1) {
            throw Failure.usage("--apply-env does not know where " + project.environment + " keeps its variables: "
                    + (services.isEmpty() ? "no service" : services.size() + " services") + " of it at Railway",
                    "say it in release.json: \"variables\": {\"railway\": {\"service\": \"web\"}}"
                    + " or {\"list\": […], \"set\": […, \"{name}\"], \"remove\": […, \"{name}\"]}");
        }
        return railway(project, services.get(0));
    }

    private static VariableStore railway(Project project, RailwaySetting setting) {
        Railway railway = new Railway(project.repo, setting, project.environment);
        return new VariableStore() {
            @Override
            public Map<String, String> all() {
                return railway.variables();
            }

            @Override
            public void set(String name, String value) {
                railway.set(name, value);
            }

            @Override
            public void remove(String name) {
                railway.remove(name);
            }

            @Override
            public String words() {
                return railway.words();
            }
        };
    }

    /** Any provider, by the commands of its own client. */
    record Commands(Project project, VariablesSetting setting) implements VariableStore {
        private static final Duration PATIENCE = Duration.ofMinutes(2);

        @Override
        public Map<String, String> all() {
            Exec.Result result = Exec.of(setting.list()).in(project.repo).within(PATIENCE).run()
                    .orStop("the variables cannot be listed", Exec.typed(setting.list()));
            Map<String, String> variables = new LinkedHashMap<>();
            if (result.out().startsWith("{")) {
                json(result).properties().forEach(entry -> variables.put(entry.getKey(), entry.getValue().asText()));
            } else {
                result.lines().stream().filter(line -> line.matches("\\w+=.*")).forEach(line ->
                        variables.put(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1)));
            }
            return variables;
        }

        private JsonNode json(Exec.Result result) {
            try {
                return Json.MAPPER.readTree(result.out());
            } catch (JsonProcessingException e) {
                throw Failure.missing(setting.list().get(0) + " answered with something that is not JSON",
                        Exec.typed(setting.list()));
            }
        }

        @Override
        public void set(String name, String value) {
            List<String> command = named(setting.set(), name);
            Exec.of(command).in(project.repo).within(PATIENCE).input(value.getBytes(StandardCharsets.UTF_8)).run()
                    .orStop(name + " cannot be set", Exec.typed(command) + "   # the value on its standard input");
        }

        @Override
        public void remove(String name) {
            List<String> command = named(setting.remove(), name);
            Exec.of(command).in(project.repo).within(PATIENCE).run()
                    .orStop(name + " cannot be removed", Exec.typed(command));
        }

        private static List<String> named(List<String> command, String name) {
            return command.stream().map(word -> word.replace(VariablesSetting.NAME, name)).toList();
        }

        @Override
        public String words() {
            return setting.set().get(0);
        }
    }
}
