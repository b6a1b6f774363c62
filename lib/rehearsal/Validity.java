//SOURCES ../Gate.java ../Postgres.java ../plan/Executor.java Proof.java Rehearsal.java

package lib.rehearsal;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import lib.Gate;
import lib.Postgres;
import lib.plan.Executor;

/** No constraint is left unvalidated, no index invalid. */
public final class Validity implements Proof {
    private final Rehearsal rehearsal;

    public Validity(Rehearsal rehearsal) {
        this.rehearsal = rehearsal;
    }

    @Override
    public String gate() {
        return "rehearsal.valid";
    }

    @Override
    public Gate.Finding after(Executor.Result result) throws SQLException {
        try (Connection connection = rehearsal.read()) {
            List<String> invalid = Postgres.rows(connection, """
                    SELECT 'constraint ' || conname || ' is not validated' FROM pg_constraint WHERE NOT convalidated
                    UNION ALL SELECT 'index ' || indexrelid::regclass || ' is not valid'
                    FROM pg_index WHERE NOT indisvalid OR NOT indisready
                    """).stream().map(row -> row.get(0)).toList();
            return invalid.isEmpty() ? Gate.passed("every constraint is validated, every index valid")
                    : Gate.warned(String.join("\n", invalid), "validate or rebuild it in this release or the next one");
        }
    }
}
