//SOURCES ../Count.java ../Failure.java ../Gate.java ../Migration.java ../Notes.java ../Postgres.java ../sql/Name.java
//SOURCES Catalog.java Draft.java Node.java
//SOURCES Pending.java Problem.java Question.java Violation.java

package lib.plan;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import lib.Count;
import lib.Failure;
import lib.Gate;
import lib.Migration;
import lib.Notes;
import lib.Postgres;
import lib.sql.Name;

/**
 * The rows that decide whether a release works, counted in the database itself before anything else is done.
 *
 * @param counted how many questions were answered
 * @param skipped those that were not, each with the reason
 */
public record Probes(List<Violation> violations, int counted, List<String> skipped) {
    /** A count that takes longer says nothing; the rehearsal will. */
    private static final String PATIENCE = "10s";
    /** Rows; a larger table is counted only where an index helps. */
    private static final long HUGE = 5_000_000;
    private static final String CANCELLED = "57014";
    /** A column, a table, a function that the release makes: no row has it yet. */
    private static final Set<String> NOT_YET = Set.of("42703", "42P01", "42883");

    /** Counts; each question in a read-only transaction of its own, with a time limit. */
    public static Probes of(Connection connection, List<Migration> pending, List<Notes.Entry> entries, Draft draft)
            throws SQLException {
        Catalog catalog = new Catalog(connection);
        Set<Name> changed = new TreeSet<>();
        draft.steps().stream().filter(Node::changesRows).forEach(step -> changed.addAll(step.touches()));
        return of(connection, new Pending(pending, entries, catalog), catalog, false, question ->
                changed.contains(question.table()) || asked(draft, question));
    }

    /** The same of migrations alone, for which nobody has written yet what fills their new columns. */
    public static Probes of(Connection connection, List<Migration> migrations) throws SQLException {
        Catalog catalog = new Catalog(connection);
        return of(connection, new Pending(migrations, List.of(), catalog), catalog, true, question -> false);
    }

    private static Probes of(Connection connection, Pending release, Catalog catalog, boolean unfilled,
            Predicate<Question> mended) throws SQLException {
        int major = Postgres.identity(connection).major();
        List<Violation> violations = new ArrayList<>();
        List<String> skipped = new ArrayList<>();
        int counted = 0;
        for (Pending.Part part : release.parts) {
            List<Question> questions = new ArrayList<>(Question.of(part, release, catalog, major));
            if (unfilled) {
                Question.unfilled(part, release, catalog).ifPresent(questions::add);
            }
            for (Question question : questions) {
                String why = question.query() == null ? "" : refused(question, catalog);
                if (why != null) {
                    skipped.add(question.what() + why);
                    continue;
                }
                try {
                    long rows = count(connection, question.query());
                    counted++;
                    if (rows > 0) {
                        violations.add(new Violation(question.statement(), question.what(), rows, question.query(),
                                mended.test(question)));
                    }
                } catch (SQLException e) {
                    if (NOT_YET.contains(e.getSQLState())) {
                        continue;
                    }
                    skipped.add(question.what() + ": " + (CANCELLED.equals(e.getSQLState())
                            ? "not counted within " + PATIENCE : Gate.words(e).lines().findFirst().orElse("")));
                }
            }
        }
        return new Probes(List.copyOf(violations), counted, List.copyOf(skipped));
    }

    // A column that a person is asked about is stopped by that question already.
    private static boolean asked(Draft draft, Question question) {
        return draft.problems().stream().map(Problem::object).anyMatch(object -> question.columns().stream()
                .anyMatch(column -> object.equals(question.table() + "." + column)));
    }

    private static String refused(Question question, Catalog catalog) {
        long rows = catalog.estimate(question.table());
        boolean helped = question.columns().stream().anyMatch(column -> catalog.leads(question.table(), column));
        return rows <= HUGE || helped ? null : ": not counted, " + question.table() + " has about " + rows
                + " rows and no index that helps";
    }

    private static long count(Connection connection, String query) throws SQLException {
        connection.setAutoCommit(false);
        try {
            Postgres.execute(connection, "SET TRANSACTION READ ONLY");
            Postgres.execute(connection, "SET LOCAL statement_timeout = '" + PATIENCE + "'");
            return Long.parseLong(Postgres.one(connection, query));
        } finally {
            Postgres.rollBack(connection);
            Postgres.restoreAutoCommit(connection);
        }
    }

    /**
     * Rows that nothing in the release can mend stop it; others are told.
     *
     * @param byHand whether the SQL that will run is another one, written by a person
     */
    public Gate.Finding finding(boolean byHand) {
        String left = skipped.isEmpty() ? "" : "\nnot counted: " + String.join("\nnot counted: ", skipped);
        if (violations.isEmpty()) {
            return counted == 0 && skipped.isEmpty() ? Gate.passed("no statement depends on what rows hold")
                    : skipped.isEmpty() ? Gate.passed(Count.of(counted, "question")
                    + " asked, no row stands in the way")
                    : Gate.warned(Count.of(counted, "question") + " asked, no row stands in the way" + left,
                    "the rehearsal decides about these");
        }
        String list = violations.stream().map(each -> Count.of(each.rows(), "row") + ": "
                + each.what() + (each.mayBeMended() ? " (the release changes that table: the rehearsal decides)" : ""))
                .collect(Collectors.joining("\n"));
        String query = violations.stream().filter(each -> !each.mayBeMended()).findFirst().orElse(violations.get(0))
                .query();
        if (!byHand && violations.stream().anyMatch(each -> !each.mayBeMended())) {
            throw Failure.stop(list + left, "look at them: " + query + ";\nthen correct them in the database, or"
                    + " write the SQL that does into a ```sql fence in " + Notes.FILE);
        }
        return Gate.warned(list + left, "look at them: " + query + ";");
    }
}
