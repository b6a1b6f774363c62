//SOURCES ../sql/Statement.java Definitions.java Plan.java Reversal.java Trail.java

package lib.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lib.sql.Statement;

/**
 * The script that takes a release back, written from its own statements in reverse.
 *
 * @param text one transaction; empty when there is nothing to take back
 * @param losses what it cannot bring back, for people
 * @param remains objects, as the fingerprint names them, that stay different because PostgreSQL knows no way back
 * @param tables qualified names of the tables whose rows do not come back as they were
 */
public record Rollback(String text, List<String> losses, Set<String> remains, Set<String> tables) {

    /**
     * What reversing one statement gives.
     *
     * @param late definitions as they were before the plan, which fit only when every name is what it was
     */
    record Step(List<String> statements, List<String> late, List<String> losses, Set<String> remains,
                Set<String> tables) {
        static Step empty() {
            return new Step(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new LinkedHashSet<>(),
                    new LinkedHashSet<>());
        }
    }

    /**
     * Writes it.
     *
     * @param before how everything was defined before the plan
     * @param after and after it: names that the server chose are known from there
     * @param rows how many rows each statement touched in the rehearsal, in the order of the plan
     */
    public static Rollback of(Plan plan, Definitions before, Definitions after, List<Long> rows) {
        List<Statement> statements = plan.statements();
        List<Trail> trails = Trail.of(statements);
        Map<String, List<String>> script = new LinkedHashMap<>();
        Step all = Step.empty();
        for (int i = statements.size() - 1; i >= 0; i--) {
            Statement statement = statements.get(i);
            Step step = new Reversal(statements, i, trails, before, after, i < rows.size() ? rows.get(i) : 0).step();
            if (!step.statements().isEmpty()) {
                script.computeIfAbsent("line " + statement.line() + ": " + head(statement), key -> new ArrayList<>())
                        .addAll(step.statements());
            }
            step.late().stream().filter(sql -> !all.late().contains(sql)).forEach(all.late()::add);
            all.losses().addAll(0, step.losses());
            all.remains().addAll(step.remains());
            all.tables().addAll(step.tables());
        }
        if (!all.late().isEmpty()) {
            script.put("what was defined on tables and columns that have their names again", all.late());
        }
        return new Rollback(script.isEmpty() ? "" : text(script, all.losses()), all.losses(), all.remains(),
                all.tables());
    }

    private static String text(Map<String, List<String>> script, List<String> losses) {
        StringBuilder text = new StringBuilder("-- Takes the release back: its statements in reverse, one transaction."
                + "\n-- By hand: psql -X -v ON_ERROR_STOP=1 -f FILE\n");
        losses.forEach(loss -> text.append("-- Does not come back: ").append(loss.replace("\n", " ")).append('\n'));
        text.append("BEGIN;\nSET LOCAL lock_timeout = '5s';\nSET LOCAL statement_timeout = 0;\n"
                + "SET LOCAL check_function_bodies = off;\n");
        script.forEach((what, statements) -> {
            text.append("\n-- ").append(what).append('\n');
            statements.forEach(statement -> text.append(statement).append(";\n"));
        });
        return text.append("COMMIT;\n").toString();
    }

    static String head(Statement statement) {
        String line = statement.sql().replaceAll("\\s+", " ");
        return line.length() > 60 ? line.substring(0, 59) + "…" : line;
    }
}
