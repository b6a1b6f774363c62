//SOURCES Count.java Promotion.java Project.java Services.java Standstill.java deploy/Deploy.java deploy/VariableChanges.java
//SOURCES plan/Plan.java

package lib;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.deploy.Deploy;
import lib.deploy.VariableChanges;
import lib.plan.Plan;

/**
 * What a release will do beside its SQL, as the proposal tells it.
 *
 * @param promotion null where nothing is promoted
 * @param variables null where nobody changes them
 * @param finalBackup whether a second backup follows the stop
 */
public record Outlook(Project project, Services services, Standstill standstill, Promotion promotion,
                      VariableChanges variables, boolean finalBackup) {
    /** Its lines, by what they are about. */
    public Map<String, String> lines(Plan plan) {
        Map<String, String> lines = new LinkedHashMap<>();
        Standstill.Need need = standstill.need();
        if (!plan.isEmpty()) {
            lines.put("downtime", need.stop() ? standstill.words(finalBackup) : standstill.unserved()
                    ? "NOT KNOWN: the application should stand still, and no service is configured to be"
                    + " stopped; stop it yourself before you go on" : "none");
        }
        if (standstill.ahead() > 0) {
            lines.put("ahead", standstill.ahead() + " of " + Count.of(plan.segments().size(), "segment")
                    + " before the stop: nobody waits for that, and no code sees it");
        }
        lines.put("stops", need.stop() ? String.join("; ", services.stopCommands()) + " (" + need.why() + ")"
                : "nothing: " + need.why());
        if (need.stop() && !finalBackup) {
            lines.put("unsaved", "no final backup: what is written until the stop is in no backup");
        }
        if (variables != null) {
            lines.put("variables", variables.lines().isEmpty() ? "nothing is left to change there"
                    : String.join("; ", variables.lines()));
        }
        if (promotion != null) {
            lines.put("pushes", promotion.typed(project));
            lines.put("then", services.startCommands().isEmpty() ? "the push deploys"
                    : String.join("; ", services.startCommands()));
            List<String> blind = Deploy.blind(services);
            if (!blind.isEmpty()) {
                lines.put("deploy", "nothing tells the new version of " + String.join(", ", blind) + " from the old:"
                        + " let its health show the commit, and add \"expect\": \"{commit}\"");
            }
        }
        return lines;
    }
}
