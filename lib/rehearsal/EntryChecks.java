//SOURCES ../Count.java ../Gate.java ../Postgres.java ../plan/Executor.java Proof.java Rehearsal.java

package lib.rehearsal;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.Count;
import lib.Gate;
import lib.Postgres;
import lib.plan.Executor;

/** The queries that entries of MIGRATIONS.md give for a look at the data: what they answer before and after. */
public final class EntryChecks implements Proof {
    private static final String PATIENCE = "60s";

    private final Rehearsal rehearsal;
    private final List<Map<String, Object>> facts = new ArrayList<>();
    private List<String> before = List.of();

    public EntryChecks(Rehearsal rehearsal) {
        this.rehearsal = rehearsal;
    }

    @Override
    public String gate() {
        return "rehearsal.checks";
    }

    private JsonNode checks() {
        return rehearsal.run().part("assess").at("/facts/checks");
    }

    @Override
    public void before() throws SQLException {
        before = answers();
    }

    private List<String> answers() throws SQLException {
        List<String> answers = new ArrayList<>();
        try (Connection connection = rehearsal.read()) {
            Postgres.execute(connection, "SET statement_timeout = '" + PATIENCE + "'");
            for (JsonNode check : checks()) {
                answers.add(answer(connection, check.path("sql").asText()));
            }
        }
        return answers;
    }

    // A number or a truth is told; what else a query answers are rows of somebody, and these are counted.
    private static String answer(Connection connection, String sql) {
        try {
            List<List<String>> rows = Postgres.rows(connection, sql);
            String only = rows.size() == 1 && rows.get(0).size() == 1 ? String.valueOf(rows.get(0).get(0)) : "";
            return only.matches("-?\\d+(\\.\\d+)?|t|f|null") ? only : Count.of(rows.size(), "row");
        } catch (SQLException e) {
            return "fails: " + Gate.words(e).lines().findFirst().orElse("").replaceFirst("^ERROR: ", "");
        }
    }

    @Override
    public Gate.Finding after(Executor.Result result) throws SQLException {
        if (checks().isEmpty()) {
            return Gate.skipped("no entry of MIGRATIONS.md gives a query to check with");
        }
        List<String> after = answers();
        List<String> lines = new ArrayList<>();
        boolean failed = false;
        for (int i = 0; i < after.size(); i++) {
            JsonNode check = checks().get(i);
            Map<String, Object> fact = new LinkedHashMap<>();
            fact.put("entry", check.path("entry").asText());
            fact.put("sql", check.path("sql").asText());
            fact.put("before", before.get(i));
            fact.put("after", after.get(i));
            facts.add(fact);
            failed |= before.get(i).startsWith("fails") && after.get(i).startsWith("fails");
            lines.add(check.path("entry").asText() + ": " + before.get(i) + " -> " + after.get(i) + "   "
                    + head(check.path("sql").asText()));
        }
        rehearsal.phase().fact("checks", facts);
        String text = String.join("\n", lines);
        return failed ? Gate.warned(text, "one of them runs neither before nor after: correct it in MIGRATIONS.md")
                : Gate.passed(text);
    }

    private static String head(String sql) {
        String line = sql.replaceAll("\\s+", " ").strip();
        return line.length() > 60 ? line.substring(0, 59) + "…" : line;
    }
}
