//SOURCES ../Address.java ../Count.java ../Failure.java ../Gate.java ../Migration.java ../Postgres.java ../Project.java
//SOURCES ../plan/Probes.java ../plan/Violation.java

package lib.assess;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.Address;
import lib.Count;
import lib.Failure;
import lib.Gate;
import lib.Migration;
import lib.Postgres;
import lib.Project;
import lib.plan.Probes;
import lib.plan.Violation;

/**
 * How many rows of real databases the statements of a new migration would not bear, those that are commented out too.
 *
 * @param violations what was counted, by environment
 * @param notes what could not be, in words
 */
record Counted(Map<String, List<Violation>> violations, List<String> notes) {

    /** Asks the database that the schema comes from, and production, as far as its URL need not be typed. */
    static Counted of(Project from, Connection source, Project production, List<String> statements)
            throws SQLException {
        Migration all = new Migration("generated", "the new migration", String.join(";\n", statements) + ";", null, 0);
        Counted counted = new Counted(new LinkedHashMap<>(), new ArrayList<>());
        counted.ask(from.environment, source, all);
        if (!from.environment.equals(production.environment)) {
            try {
                Address.Found found = production.unasked();
                if (found == null) {
                    counted.notes.add("the rows of " + production.environment + " were not asked: its URL is not set");
                    return counted;
                }
                try (Connection connection = Postgres.read(found.target(), "generate")) {
                    counted.ask(production.environment, connection, all);
                }
            } catch (Failure e) {
                counted.notes.add("the rows of " + production.environment + " were not asked: "
                        + Gate.words(e).lines().findFirst().orElse(""));
            }
        }
        return counted;
    }

    private void ask(String environment, Connection connection, Migration all) throws SQLException {
        Probes probes = Probes.of(connection, List.of(all));
        violations.put(environment, probes.violations());
        probes.skipped().forEach(why -> notes.add("not counted in " + environment + ": " + why));
        if (probes.violations().isEmpty() && probes.counted() > 0) {
            notes.add("no row of " + environment + " stands in the way (" + Count.of(probes.counted(), "question")
                    + " asked)");
        }
    }

    /** The points of a checklist: the number, the rule, and the query that shows it. */
    List<String> points() {
        List<String> points = new ArrayList<>();
        violations.forEach((environment, found) -> found.forEach(each -> points.add(Count.of(each.rows(), "row")
                + " of " + environment + (each.rows() == 1 ? " stands" : " stand") + " in the way of " + each.what()
                + ":\n--     " + each.query().replace("\n", "\n--     ") + ";")));
        return points;
    }
}
