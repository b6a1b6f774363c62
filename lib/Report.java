//SOURCES Failure.java Project.java Run.java Secrets.java Situation.java
//SOURCES plan/Certificate.java plan/Executor.java plan/Plan.java

package lib;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.plan.Certificate;
import lib.plan.Executor;
import lib.plan.Plan;

/**
 * What a release did or proposes, for people: the proposal before the answer, the terminal's summary, the Markdown
 * file.
 */
public final class Report {
    private final Project project;
    private final Run run;
    private final Map<String, ObjectNode> phases;
    private final Situation situation;

    public Report(Project project, Run run, Map<String, ObjectNode> phases, Situation situation) {
        this.project = project;
        this.run = run;
        this.phases = phases;
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
        text.append(line("SQL", plan.statements().size() + " statements, " + plan.segments().size()
                + (plan.segments().size() == 1 ? " transaction" : " segments")));
        if (!plan.isEmpty()) {
            text.append(line("rehearsal", certificate.rehearsed() ? rehearsal(certificate)
                    : "NOT REHEARSED: there was no server for it"));
            JsonNode rows = fact("validate", "historyRows");
            text.append(line("history", rows.isMissingNode() ? "none"
                    : rows.asText() + " rows: " + list(fact("validate", "pending"))));
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
        return "passed on " + certificate.server() + ", " + rows + " rows touched";
    }

    private List<String> variables() {
        List<String> changes = new ArrayList<>();
        fact("assess", "variables").forEach(change -> changes.add(switch (change.path("kind").asText()) {
            case "rename" -> "rename " + change.path("name").asText() + " to " + change.path("to").asText();
            case "add" -> "add " + change.path("name").asText();
            default -> "remove " + change.path("name").asText();
        } + " (" + change.path("source").asText() + ")"));
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
            text.append(line("downtime", String.format("%.1f s from the stop until it was up again",
                    situation.downtime())));
        }
        variables().forEach(change -> text.append(line("to do", change + " in the provider's settings")));
        text.append(line("report", project.repo.relativize(markdown()).toString()));
        return text.toString().stripTrailing();
    }

    private Path markdown() {
        return run.today("report", "md");
    }

    /** Writes the Markdown report, also of a release that a gate stopped, and returns its path. */
    public Path write(Failure.Exit exit) {
        StringBuilder text = new StringBuilder();
        text.append("# Release of ").append(project.source).append(" to ").append(project.environment).append("\n\n");
        text.append(exit == Failure.Exit.PASSED ? "**Passed.** "
                : "**" + Phase.status(exit).toUpperCase() + "** at " + situation.step() + ". ");
        text.append(LocalDateTime.now().truncatedTo(ChronoUnit.SECONDS)).append("\n");
        if (!situation.error().isEmpty()) {
            text.append("\n```\n").append(situation.error()).append("\n```\n");
        }
        text.append("\n## What is true now\n\n| | |\n|---|---|\n");
        situation.lines(exit).forEach((name, value) -> text.append("| ").append(name)
                .append(" | ").append(cell(value)).append(" |\n"));
        commits(text);
        gates(text);
        entries(text);
        statements(text);
        List<String> variables = variables();
        if (!variables.isEmpty()) {
            text.append("\n## Environment variables\n\n");
            variables.forEach(change -> text.append("- [ ] ").append(change).append('\n'));
        }
        Run.write(markdown(), Secrets.mask(text.toString()));
        return markdown();
    }

    private void commits(StringBuilder text) {
        if (!fact("preflight", "commits").isEmpty()) {
            text.append("\n## Commits\n\n").append(fact("preflight", "diffstat").asText()).append("\n\n");
            fact("preflight", "commits").forEach(commit -> text.append("- ").append(commit.asText()).append('\n'));
        }
    }

    private void gates(StringBuilder text) {
        text.append("\n## Gates\n\n| gate | | found |\n|---|---|---|\n");
        phases.values().forEach(phase -> phase.path("gates").forEach(gate -> text
                .append("| ").append(gate.path("id").asText())
                .append(" | ").append(gate.path("status").asText())
                .append(" | ").append(cell(gate.path("message").asText())).append(" |\n")));
    }

    private void entries(StringBuilder text) {
        JsonNode entries = fact("assess", "entries");
        if (!entries.isEmpty()) {
            text.append("\n## Entries of MIGRATIONS.md\n\n| entry | class | because |\n|---|---|---|\n");
            entries.forEach(entry -> text
                    .append("| ").append(cell(entry.path("title").asText()))
                    .append(" | ").append(entry.path("class").asText())
                    .append(" | ").append(cell(entry.path("reason").asText())).append(" |\n"));
        }
    }

    private void statements(StringBuilder text) {
        Certificate certificate = situation.certificate();
        if (certificate == null || certificate.sql().statements() == 0) {
            return;
        }
        text.append("\n## SQL\n\n`").append(certificate.sql().file())
                .append("`, SHA-256 `").append(certificate.sql().sha256()).append("`, ")
                .append(certificate.rehearsed() ? "rehearsed on " + certificate.server() : "**not rehearsed**")
                .append(".\n");
        List<Executor.Outcome> rehearsed = certificate.segments().stream()
                .flatMap(segment -> segment.outcomes().stream()).toList();
        List<Executor.Outcome> applied = situation.result() == null ? List.of() : situation.result().outcomes();
        text.append("\n| | statement | rows | rehearsed ms | rows | applied ms |\n|---|---|---|---|---|---|\n");
        for (int i = 0; i < Math.max(rehearsed.size(), applied.size()); i++) {
            Executor.Outcome there = i < rehearsed.size() ? rehearsed.get(i) : null;
            Executor.Outcome here = i < applied.size() ? applied.get(i) : null;
            String statement = cell((there == null ? here : there).statement()).replace("`", "'");
            text.append("| ").append(i + 1).append(" | `").append(statement).append("` | ")
                    .append(there == null ? " | " : there.rows() + " | " + there.millis()).append(" | ")
                    .append(here == null ? " | " : here.rows() + " | " + here.millis()).append(" |\n");
        }
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>");
    }
}
