//SOURCES ClassArchive.java Console.java Exec.java Failure.java Json.java Phase.java

package lib;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A phase started as a process of its own on our class path: its exit code is real, and a crash stays inside it. */
public final class PhaseProcess {
    private PhaseProcess() {
    }

    /** How a phase ended: its exit, what it printed as JSON, and the words of the gate that stopped it. */
    public record Answer(Failure.Exit exit, ObjectNode json, String message, String hint) {
    }

    /** Runs a phase with {@code --json}; its chatter is shown as it comes. */
    public static Answer run(String name, List<String> arguments, Console console, Map<String, String> environment) {
        List<String> command = java(name);
        ClassArchive.makeBeside();
        command.addAll(arguments);
        command.addAll(List.of("--json", "--color", console.color().name()));
        Exec.Result result = Exec.of(command).with(environment).with(console.width())
                .shownAs("jbang " + name + ".java " + Exec.typed(arguments)).errorLines(console::say).run();
        Failure.Exit exit = Failure.Exit.of(result.exit());
        try {
            ObjectNode json = (ObjectNode) Json.MAPPER.readTree(result.out());
            JsonNode worst = stopping(json, exit);
            String message = name + ": " + worst.path("id").asText("stopped") + ": " + worst.path("message").asText();
            return new Answer(exit, json, message, worst.path("hint").textValue());
        } catch (JsonProcessingException | ClassCastException e) {
            if (exit == Failure.Exit.PASSED) {
                exit = Failure.Exit.STOP;
            }
            ObjectNode json = Json.object().put("phase", name).put("status", Phase.status(exit));
            return new Answer(exit, json, name + " ended with " + result.exit() + " and said nothing that can be read",
                    "look at it alone: jbang " + name + ".java --verbose");
        }
    }

    /** The command that starts a script on our own class path, without JBang. */
    public static List<String> java(String script) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Dfile.encoding=UTF-8"));
        command.addAll(ClassArchive.options());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), script));
        return command;
    }

    private static JsonNode stopping(ObjectNode json, Failure.Exit exit) {
        for (JsonNode gate : json.path("gates")) {
            if (gate.path("status").asText().equals("stop")) {
                return gate;
            }
        }
        return Json.object().put("message", "ended with " + exit.code);
    }
}
