//SOURCES ../Console.java ../Json.java ../Project.java ../Run.java ../Variables.java VariableChanges.java
//SOURCES VariableStore.java

package lib.deploy;

import java.util.ArrayList;
import java.util.List;
import lib.Console;
import lib.Json;
import lib.Project;
import lib.Run;
import lib.Variables;

/** The variables at the provider in the course of a release: planned, set before the push, removed after the deploy. */
public final class ProviderVariables {
    private final Project project;
    private final Run run;
    private final Console console;
    private final boolean wanted;
    private VariableChanges planned;

    /** The variables of one release; where nobody wants them changed here they are left alone. */
    public ProviderVariables(Project project, Run run, Console console, boolean wanted) {
        this.project = project;
        this.run = run;
        this.console = console;
        this.wanted = wanted;
    }

    /** Read early: a value that is missing, or a login, is found before anything stops. */
    public void plan() {
        if (wanted) {
            planned = changes();
        }
    }

    /** What will be changed; null where nothing was planned. */
    public VariableChanges planned() {
        return planned;
    }

    public void set() {
        if (!wanted) {
            console.mark("skip", "the variables are changed by hand; --apply-env changes them");
            return;
        }
        List<String> set = (planned == null ? changes() : planned).set();
        console.mark("pass", set.isEmpty() ? "every variable is there" : "set: " + String.join(", ", set));
    }

    /** Removes what nobody reads any more, if the new version is known to answer. */
    public void tidy(boolean answers) {
        if (!wanted) {
            console.mark("skip", "nothing is removed without --apply-env");
        } else if (!answers) {
            console.mark("warn", "old variables stay: nothing tells whether the new version answers");
        } else {
            List<String> removed = changes().remove();
            run.put("variables", Json.object().put("applied", true));
            console.mark("pass", removed.isEmpty() ? "nothing to remove" : "removed: " + String.join(", ", removed));
        }
    }

    private VariableChanges changes() {
        List<Variables.Change> changes = new ArrayList<>();
        run.facts("assess").path("variables").forEach(change -> changes.add(Json.as(change, Variables.Change.class)));
        return VariableChanges.of(changes, VariableStore.of(project), console);
    }
}
