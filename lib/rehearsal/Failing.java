//SOURCES ../Failure.java ../Gate.java ../Postgres.java ../plan/Executor.java ../triage/Offenders.java
//SOURCES ../triage/Scene.java Rehearsal.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lib.Failure;
import lib.Gate;
import lib.Postgres;
import lib.plan.Executor;
import lib.triage.Offenders;
import lib.triage.Scene;

/** A plan that failed on the copy, with its cause, the rows behind it and the way out. */
public final class Failing {
    private Failing() {
    }

    /** Looks at what is left on the copy; the rows themselves are told only when somebody asked for them. */
    public static Failure of(Rehearsal rehearsal, Executor.Trouble trouble, boolean show) {
        String file = rehearsal.project().repo.relativize(rehearsal.sql()).toString();
        String words = "the SQL fails on the copy, line " + trouble.line() + ": " + trouble.message() + "\n"
                + trouble.statement();
        String hint = "production was not touched. Correct the migration or its entry, or edit " + file
                + "; then: jbang validate.java";
        try (Connection connection = Postgres.write(rehearsal.copy().target(), "rehearsal")) {
            Scene scene = Scene.of(connection, rehearsal.plan(), trouble, show);
            rehearsal.phase().fact("cause", scene.triage().id());
            rehearsal.phase().fact("violations", violations(scene, trouble));
            scene.sample().forEach(rehearsal.console()::say);
            return Failure.stop(words + "\n" + scene.text(), hint);
        } catch (SQLException | Failure e) {
            return Failure.stop(words + "\nthe copy cannot be asked any more: " + Gate.words(e), hint);
        }
    }

    private static List<Map<String, Object>> violations(Scene scene, Executor.Trouble trouble) {
        Offenders offenders = scene.triage().offenders();
        if (offenders == null) {
            return List.of();
        }
        Map<String, Object> violation = new LinkedHashMap<>();
        violation.put("statement", trouble.statement());
        violation.put("what", offenders.what());
        violation.put("rows", scene.rows());
        violation.put("query", offenders.pasted());
        return List.of(violation);
    }
}
