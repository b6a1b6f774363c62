//SOURCES ../Gate.java ../Postgres.java ../plan/Executor.java ../plan/Plan.java ../sql/Change.java ../sql/Name.java
//SOURCES ../sql/Statement.java Complaint.java Offenders.java Triage.java

package lib.triage;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import lib.Gate;
import lib.Postgres;
import lib.plan.Executor;
import lib.plan.Plan;
import lib.sql.Name;
import lib.sql.Statement;

/**
 * The copy as it was when a statement failed on it: what ran before in the same transaction runs once more, and all of
 * it is taken back at the end. Only for a copy, never for a database that others use.
 *
 * @param triage the cause, found with the database at hand
 * @param rows how many rows are to blame; -1 when it could not be counted
 * @param sample the first of them, one line each; empty unless they were asked for
 */
public record Scene(Triage triage, long rows, List<String> sample) {
    private static final int SAMPLE = 10;
    private static final String PATIENCE = "120s";
    private static final Set<String> WRITING = Set.of("INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "SELECT");

    /** Looks at a failure; on a connection of its own to the copy. */
    public static Scene of(Connection connection, Plan plan, Executor.Trouble trouble, boolean show)
            throws SQLException {
        Plan.Segment segment = plan.segments().stream().filter(one -> one.number() == trouble.segment()).findFirst()
                .orElse(null);
        Statement failed = failed(plan, trouble);
        Complaint complaint = complaint(plan, trouble);
        if (segment == null || failed == null) {
            return new Scene(Triage.of(complaint), -1, List.of());
        }
        connection.setAutoCommit(false);
        try {
            Postgres.execute(connection, "SET LOCAL statement_timeout = '" + PATIENCE + "'");
            for (Statement before : segment.statements()) {
                if (before == failed || !segment.transactional()) {
                    break;
                }
                Postgres.execute(connection, before.sql());
            }
            Triage triage = Triage.of(complaint, query -> answer(connection, query));
            if (triage.offenders() == null) {
                return new Scene(triage, -1, List.of());
            }
            if (WRITING.contains(failed.tag())) {
                without(connection, complaint);
                Postgres.execute(connection, failed.sql());
            }
            return counted(connection, triage, show);
        } catch (SQLException e) {
            return new Scene(Triage.of(complaint), -1, List.of());
        } finally {
            Postgres.rollBack(connection);
            Postgres.restoreAutoCommit(connection);
        }
    }

    /** What the server said, with the whole statement that it said it of. */
    public static Complaint complaint(Plan plan, Executor.Trouble trouble) {
        Statement failed = failed(plan, trouble);
        return Complaint.of(trouble, failed == null ? "" : failed.sql());
    }

    private static Statement failed(Plan plan, Executor.Trouble trouble) {
        return plan.statements().stream().filter(one -> one.line() == trouble.line()
                && begins(one, trouble.statement())).findFirst().orElse(null);
    }

    // Several statements may stand in one line.
    private static boolean begins(Statement statement, String head) {
        return statement.sql().replaceAll("\\s+", " ").startsWith(head.replaceFirst("…$", ""));
    }

    // Where a statement writes the rows that a rule refuses, only a table without that rule ever holds them.
    private static void without(Connection connection, Complaint complaint) throws SQLException {
        String table = complaint.named("relation") == null ? complaint.named("table") : complaint.named("relation");
        String constraint = complaint.named("constraint");
        if (complaint.state().equals("23502") && table != null) {
            Postgres.execute(connection, "ALTER TABLE " + Name.quote(table) + " ALTER COLUMN "
                    + Name.quote(complaint.named("column")) + " DROP NOT NULL");
        } else if (constraint != null) {
            String drop = Postgres.one(connection, "SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT '"
                    + " || quote_ident(conname) || ' CASCADE' FROM pg_constraint WHERE conrelid <> 0 AND conname = "
                    + Postgres.literal(constraint));
            Postgres.execute(connection, drop == null ? "DROP INDEX " + Name.quote(constraint) : drop);
        }
    }

    private static Scene counted(Connection connection, Triage triage, boolean show) throws SQLException {
        Offenders offenders = triage.offenders();
        if (!offenders.setup().isEmpty()) {
            Postgres.execute(connection, offenders.setup());
        }
        long rows = Long.parseLong(Postgres.one(connection, offenders.count()));
        List<String> sample = new ArrayList<>();
        if (show) {
            Postgres.rows(connection, offenders.query().replaceFirst(";$", " LIMIT " + SAMPLE))
                    .forEach(row -> sample.add(String.join(" | ", row.stream().map(String::valueOf).toList())));
        }
        return new Scene(triage, rows, sample);
    }

    private static String answer(Connection connection, String query) {
        try {
            return Postgres.one(connection, query);
        } catch (SQLException e) {
            throw new IllegalStateException(Gate.words(e), e);
        }
    }

    /** All of it for a person. */
    public String text() {
        String text = triage.text();
        if (rows >= 0) {
            text = text.replaceFirst("\nto see the ", "\n" + rows + " on the copy; to see the ");
        }
        return sample.isEmpty() ? text : text + "\nthe first of them:\n  " + String.join("\n  ", sample);
    }
}
