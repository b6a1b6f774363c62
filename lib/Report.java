//SOURCES Count.java Failure.java Project.java Run.java Secrets.java Situation.java
//SOURCES plan/Certificate.java plan/Executor.java plan/Plan.java report/Document.java report/Facts.java
//SOURCES report/ToDo.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.plan.Certificate;
import lib.plan.Executor;
import lib.plan.Plan;
import lib.report.Document;
import lib.report.Facts;
import lib.report.ToDo;

/**
 * What a release did or proposes, for people: the proposal before the answer, the terminal's summary, the files.
 */
public final class Report {
    private final Project project;
    private final Run run;
    private final Situation situation;

    public Report(Project project, Run run, Situation situation) {
        this.project = project;
        this.run = run;
        this.situation = situation;
    }

    /**
     * Everything somebody needs to see before the answer: the SQL, what the rehearsal measured, what else will happen.
     */
    public String proposal(Plan plan, Certificate certificate, Map<String, String> outlook) {
        StringBuilder text = new StringBuilder();
        if (plan.isEmpty()) {
            text.append("There is no SQL to apply.\n");
        } else {
            text.append("----- ").append(certificate.sql().file()).append(" -----\n").append(plan.text().strip())
                    .append("\n----- SHA-256 ").append(plan.sha256()).append(" -----\n\n");
        }
        text.append(line("SQL", Count.of(plan.statements().size(), "statement") + ", "
                + (plan.segments().size() == 1 ? "1 transaction" : plan.segments().size() + " segments")));
        if (!plan.isEmpty()) {
            text.append(line("rehearsal", certificate.rehearsed() ? rehearsal(certificate)
                    : "NOT REHEARSED: there was no server for it"));
            JsonNode rows = fact("validate", "historyRows");
            String pending = list(fact("validate", "pending"));
            text.append(line("history", rows.isMissingNode() ? "none" : rows.asInt() == 0 && !pending.isEmpty()
                    ? "no rows, for no table keeps it: " + pending : Count.of(rows.asInt(), "row") + ": " + pending));
            fact("validate", "held").forEach(held -> text.append(line("held back", held.path("migration").asText()
                    + ", " + (held.path("until").asText().isEmpty()
                    ? held.path("hold").asText() + " from this release on"
                    : "until " + held.path("until").asText()))));
        }
        variables().forEach(change -> text.append(line("variable", change)));
        outlook.forEach((name, what) -> text.append(line(name, what)));
        return text.toString();
    }

    private static String line(String name, String value) {
        return String.format("  %-10s %s%n", name, value);
    }

    private static String rehearsal(Certificate certificate) {
        long rows = certificate.segments().stream().flatMap(segment -> segment.outcomes().stream())
                .mapToLong(Executor.Outcome::rows).sum();
        return "passed on " + certificate.server() + ", " + Count.of(rows, "row") + " touched";
    }

    private List<String> variables() {
        List<String> changes = new ArrayList<>();
        fact("assess", "variables").forEach(change -> changes.add(ToDo.variable(change)));
        return changes;
    }

    private JsonNode fact(String phase, String name) {
        return run.part(phase).path("facts").path(name);
    }

    private static String list(JsonNode names) {
        List<String> words = new ArrayList<>();
        names.forEach(name -> words.add(name.asText()));
        return String.join(", ", words);
    }

    /** The summary that ends a release on a terminal. */
    public String terminal() {
        boolean promoted = !fact("preflight", "commits").isEmpty();
        StringBuilder text = new StringBuilder(promoted ? "Released " + project.source + " to " + project.environment
                + ".\n\n" : "Migrated " + project.environment + ".\n\n");
        if (promoted) {
            text.append(line("commits", fact("preflight", "commits").size()
                    + " (" + fact("preflight", "diffstat").asText() + ")"));
        }
        text.append(line("backup", situation.backup()));
        JsonNode migrated = fact("assess", "pending");
        text.append(line("migrated", migrated.isEmpty() ? "nothing was pending" : list(migrated)));
        if (situation.downtime() != null) {
            JsonNode forecast = situation.downtimeFacts().at("/forecast/seconds");
            text.append(line("downtime", String.format("%.1f s from the stop until it was up again",
                    situation.downtime()) + (forecast.isNumber() ? String.format(
                    "\n             (forecast: about %.1f s, and the time to stop and deploy)", forecast.asDouble())
                    : "")));
        }
        run.part("unproven").forEach(service -> text.append(line("to do", ToDo.unproven(service))));
        boolean changed = run.part("variables").path("applied").asBoolean();
        variables().forEach(change -> text.append(changed ? line("variable", change + ": done")
                : line("to do", change + " in the provider's settings")));
        text.append(line("report", project.repo.relativize(html()) + " (and .md)"));
        return text.toString().stripTrailing();
    }

    private Path markdown() {
        return run.today("report", "md");
    }

    /** The page for a browser. */
    public Path html() {
        return run.today("report", "html");
    }

    /** Writes the report, also of a release that a gate stopped: Markdown, and a page for a browser beside it. */
    public Path write(Failure.Exit exit) {
        ObjectNode record = run.record();
        record.set("release", situation.record());
        Document document = new Document(new Facts(project.repo.getFileName().toString(), project.source,
                project.environment, Instant.now(), exit, situation.lines(exit), record));
        Run.write(html(), Secrets.mask(document.html()));
        Run.write(markdown(), Secrets.mask(document.markdown()));
        return markdown();
    }
}
