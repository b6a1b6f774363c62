//SOURCES ../Console.java ../Failure.java ../Json.java ../Run.java Problem.java

package lib.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.Console;
import lib.Failure;
import lib.Json;
import lib.Run;

/** What people decided about problems, kept in the run folder until the text that a problem follows from changes. */
public final class Decisions {
    private static final String FILE = "decisions.json";

    private final Run run;
    private final ObjectNode stored;

    public Decisions(Run run) {
        this.run = run;
        this.stored = read(run);
    }

    private static ObjectNode read(Run run) {
        if (!Files.exists(run.file(FILE))) {
            return Json.object();
        }
        try {
            return (ObjectNode) Json.MAPPER.readTree(run.file(FILE).toFile());
        } catch (IOException | ClassCastException e) {
            throw Failure.stop(run.file(FILE) + " cannot be read: it is not the JSON that was written there",
                    "rm " + run.file(FILE) + "   # the questions are then asked again");
        }
    }

    /** The problems that nobody has accepted yet. */
    public List<Problem> open(List<Problem> problems) {
        return problems.stream().filter(problem -> !"accept".equals(choice(problem))).toList();
    }

    /** What was decided about a problem, or null. */
    public String choice(Problem problem) {
        return stored.path(problem.id()).path("choice").textValue();
    }

    /** Stores choices given as options, id=choice; only what is offered can be chosen. */
    public void take(Map<String, String> choices, List<Problem> problems) {
        choices.forEach((id, choice) -> {
            Problem problem = problems.stream().filter(known -> known.id().equals(id)).findFirst().orElseThrow(() ->
                    Failure.usage("--decide " + id + "=" + choice + ": this release has no problem " + id,
                            ids(problems)));
            if (problem.options().stream().noneMatch(option -> option.choice().equals(choice))) {
                throw Failure.usage("--decide " + id + "=" + choice + ": " + choice + " is not offered for "
                        + problem.object(), ids(problems));
            }
            store(problem, choice);
        });
    }

    private static String ids(List<Problem> problems) {
        return problems.isEmpty() ? "leave --decide out" : ways(problems);
    }

    /** How problems can be answered without a terminal, as commands. */
    public static String ways(List<Problem> problems) {
        List<String> ways = new ArrayList<>();
        for (Problem problem : problems) {
            problem.options().stream().filter(Decisions::accepts).forEach(option ->
                    ways.add("jbang assess.java --decide " + problem.id() + "=accept   # " + option.text()));
        }
        if (problems.stream().anyMatch(problem -> problem.options().stream().noneMatch(Decisions::accepts))) {
            ways.add((ways.isEmpty() ? "" : "for the others: ")
                    + "do what 1 says, commit it, then: jbang release.java");
        }
        return String.join("\n", ways);
    }

    private static boolean accepts(Problem.Option option) {
        return option.choice().equals("accept");
    }

    /** Asks a person on the terminal about each open problem; the safe answer is to stop. */
    public void ask(Console console, List<Problem> problems) {
        for (Problem problem : open(problems)) {
            console.say(text(problem));
            String answer = console.ask("Number [" + problem.options().size() + "]:");
            int number = answer != null && answer.strip().matches("[1-9]") ? Integer.parseInt(answer.strip())
                    : problem.options().size();
            store(problem, problem.options().get(Math.min(number, problem.options().size()) - 1).choice());
        }
    }

    /** A problem with its numbered options, as people read it. */
    public static String text(Problem problem) {
        StringBuilder text = new StringBuilder("\n" + problem.message() + " (" + problem.origin()
                + ", problem " + problem.id() + ")");
        for (int i = 0; i < problem.options().size(); i++) {
            text.append("\n  ").append(i + 1).append(". ")
                    .append(problem.options().get(i).text().replace("\n", "\n       "));
        }
        return text.toString();
    }

    private void store(Problem problem, String choice) {
        ObjectNode decision = Json.object();
        decision.put("choice", choice);
        decision.put("object", problem.object());
        decision.put("problem", problem.message());
        decision.put("decided", LocalDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString());
        stored.set(problem.id(), decision);
        Run.write(run.file(FILE), Json.pretty(stored) + "\n");
    }
}
