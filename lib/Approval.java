//SOURCES Console.java Demo.java Failure.java Project.java plan/Certificate.java plan/Plan.java
//SOURCES plan/SqlFile.java

package lib;

import java.nio.file.Path;
import java.util.ArrayList;
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
            approval.given(approved);
            console.mark("pass", "approved by its SHA-256");
        } else if (Demo.answers(project.repo)) {
            console.say("Type yes to release: yes   (answered by the demo)");
        } else if (Console.interactive()) {
            String answer = console.ask("Type yes to release:");
            if (answer == null || !answer.strip().equalsIgnoreCase("yes")) {
                throw Failure.decide("not approved; nothing was changed", "when you are ready: jbang release.java");
            }
        } else if (!plan.isEmpty() || approval != null && approval.certificate.later() != null) {
            throw Failure.decide("the SQL is not approved, and there is no terminal to ask on",
                    "read " + approval.files() + ", then: " + approval.command);
        }
    }

    /** The hashes that have to be approved: of the release SQL, and of the data SQL that waits for the deploy. */
    public static List<String> hashes(Certificate certificate) {
        List<String> hashes = new ArrayList<>();
        if (certificate.sql().statements() > 0 || certificate.later() == null) {
            hashes.add(certificate.sql().sha256());
        }
        if (certificate.later() != null) {
            hashes.add(certificate.later().sql().sha256());
        }
        return hashes;
    }

    private String files() {
        return certificate.later() == null ? certificate.sql().file()
                : (certificate.sql().statements() == 0 ? "" : certificate.sql().file() + " and ")
                + certificate.later().sql().file();
    }

    private void given(List<String> approved) {
        List<String> open = hashes(certificate).stream()
                .filter(hash -> approved.stream().noneMatch(hash::equalsIgnoreCase)).toList();
        if (!open.isEmpty()) {
            throw Failure.decide("the SQL is not the one that was approved: its SHA-256 is " + String.join(", ", open)
                    + ", approved was " + String.join(", ", approved), "read " + files() + ", then: " + command);
        }
    }
}
