//SOURCES Console.java Demo.java Failure.java Project.java plan/Certificate.java plan/Plan.java
//SOURCES plan/SqlFile.java

package lib;

import java.nio.file.Path;
import java.util.List;
import lib.plan.Certificate;
import lib.plan.Plan;
import lib.plan.SqlFile;

/** The explicit yes to one SQL file and no other: given by its SHA-256, or typed on a terminal. */
public final class Approval {
    private final Project project;
    private final Certificate certificate;
    private final String command;

    /** What is to be approved, and the command that does so without a terminal. */
    public Approval(Project project, Certificate certificate, String command) {
        this.project = project;
        this.certificate = certificate;
        this.command = command;
    }

    /** The file as it is at this moment; other bytes than the rehearsed ones are a STOP. */
    public Plan plan() {
        Path file = project.repo.resolve(certificate.sql().file());
        Plan plan = Plan.parse(SqlFile.read(file), certificate.sql().file());
        if (!plan.sha256().equals(certificate.sql().sha256())) {
            throw Failure.stop(certificate.sql().file() + " was edited after its rehearsal: SHA-256 "
                    + shortened(plan.sha256()) + " instead of " + shortened(certificate.sql().sha256()),
                    "jbang release.java   # rehearses it as it is now");
        }
        return plan;
    }

    private static String shortened(String hash) {
        return hash.substring(0, 12) + "…";
    }

    /** Comes back when the plan is approved; a release without SQL needs a yes on a terminal only. */
    public static void obtain(Plan plan, Approval approval, List<String> approved, Console console, Project project) {
        if (!approved.isEmpty() && approval != null) {
            approval.given(plan, approved);
            console.mark("pass", "approved by its SHA-256");
        } else if (Demo.answers(project.repo)) {
            console.say("Type yes to release: yes   (answered by the demo)");
        } else if (Console.interactive()) {
            String answer = console.ask("Type yes to release:");
            if (answer == null || !answer.strip().equalsIgnoreCase("yes")) {
                throw Failure.decide("not approved; nothing was changed", "when you are ready: jbang release.java");
            }
        } else if (!plan.isEmpty()) {
            throw Failure.decide("the SQL is not approved, and there is no terminal to ask on",
                    "read " + approval.certificate.sql().file() + ", then: " + approval.command);
        }
    }

    private void given(Plan plan, List<String> approved) {
        if (approved.stream().noneMatch(plan.sha256()::equalsIgnoreCase)) {
            throw Failure.decide("the SQL is not the one that was approved: its SHA-256 is " + plan.sha256()
                    + ", approved was " + String.join(", ", approved),
                    "read " + certificate.sql().file() + ", then: " + command);
        }
    }
}
