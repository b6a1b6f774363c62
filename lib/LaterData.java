//SOURCES Console.java Failure.java Json.java Postgres.java Project.java Run.java Situation.java Target.java
//SOURCES plan/Acceptance.java plan/Certificate.java plan/Executor.java plan/Plan.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import lib.plan.Acceptance;
import lib.plan.Certificate;
import lib.plan.Executor;
import lib.plan.Plan;

/**
 * The data SQL that waits for the deploy. Each segment's transaction is noted before its COMMIT, so that a run that was
 * cut off asks the server what became of it, and nothing is done twice.
 */
public final class LaterData {
    private static final String PART = "data";

    private final Project project;
    private final Run run;
    private final Console console;
    private final Situation situation;
    private final Certificate certificate;

    /** What is needed to run it; the certificate is that of the waiting SQL. */
    public LaterData(Project project, Run run, Console console, Situation situation, Certificate certificate) {
        this.project = project;
        this.run = run;
        this.console = console;
        this.situation = situation;
        this.certificate = certificate;
    }

    /** Runs the segments that are not committed yet. */
    public void run(Plan plan) throws SQLException {
        Target target = project.address().target();
        Acceptance acceptance = new Acceptance(certificate, run.file("schema-after.json"));
        int done;
        try (Connection connection = Postgres.read(target, "release")) {
            done = committed(connection);
            if (done < plan.segments().size()) {
                acceptance.beforehand(connection);
            }
        }
        situation.data(done, plan.segments().size());
        if (done > 0) {
            console.mark("pass", done + " of " + plan.segments().size() + " segments were committed before");
        }
        Plan left = new Plan(plan.text(), plan.sha256(), plan.segments().subList(done, plan.segments().size()));
        Executor.Result result = new Executor(target, (connection, segment) -> {
            acceptance.look(connection, segment);
            note(segment.segment(), Postgres.one(connection, "SELECT txid_current()"));
        }, segment -> situation.data(segment.segment(), plan.segments().size()), console::say).run(left);
        if (result.trouble() != null) {
            boolean open = result.trouble().open();
            situation.data(done + result.done().size(), plan.segments().size());
            throw Failure.stop("the data SQL " + (open ? "may be committed or not" : "was rolled back") + ": "
                    + result.trouble().words(), open ? "jbang release.java resume   # it asks the server which"
                    : "mend the cause, then: jbang release.java resume");
        }
        situation.data(plan.segments().size(), plan.segments().size());
        console.mark("pass", String.format("%d statements committed in %.2f s, as rehearsed",
                result.outcomes().size(), result.seconds()));
    }

    private void note(int segment, String transaction) {
        run.put(PART, Json.object().put("segment", segment).put("transaction", transaction)
                .put("sql", certificate.sql().sha256()));
    }

    // The segments that an earlier process committed, by what the server knows of its last transaction.
    private int committed(Connection connection) throws SQLException {
        JsonNode last = run.part(PART);
        if (!last.path("sql").asText().equals(certificate.sql().sha256())) {
            return 0;
        }
        int segment = last.path("segment").asInt();
        String status = Postgres.one(connection, "SELECT txid_status(" + last.path("transaction").asLong() + ")");
        return switch (String.valueOf(status)) {
            case "committed" -> segment;
            case "aborted" -> segment - 1;
            case "in progress" -> throw Failure.stop("the data SQL of an earlier run is still at work on the server",
                    "wait a moment, then: jbang release.java resume");
            // So long ago that the server has forgotten it: nobody may guess.
            default -> throw Failure.decide("the server does not know any more whether segment " + segment + " of "
                    + certificate.sql().file() + " was committed", "look for its effect; if it is there, take these"
                    + " statements out by hand, else run them: psql -X -v ON_ERROR_STOP=1 -f "
                    + certificate.sql().file());
        };
    }
}
