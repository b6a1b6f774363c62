//SOURCES Console.java Count.java DatabaseLock.java Extent.java Failure.java Gate.java Interrupt.java Postgres.java
//SOURCES Progress.java Project.java Run.java Situation.java Target.java sql/Statement.java
//SOURCES plan/Acceptance.java plan/Certificate.java plan/Executor.java plan/Journal.java plan/Patience.java
//SOURCES plan/Plan.java triage/Scene.java triage/Triage.java

package lib;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import lib.plan.Acceptance;
import lib.plan.Certificate;
import lib.plan.Executor;
import lib.plan.Journal;
import lib.plan.Patience;
import lib.plan.Plan;
import lib.sql.Statement;
import lib.triage.Scene;
import lib.triage.Triage;

/** The change of production: the rehearsed SQL, held against its rehearsal, and what is left to do where it fails. */
public final class Apply {
    private final Project project;
    private final Run run;
    private final Console console;
    private final Situation situation;
    private final Extent extent;
    private final Certificate certificate;
    private final DatabaseLock lock;
    private final Path before;

    private Apply(Project project, Run run, Console console, Situation situation, Extent extent,
                  Certificate certificate, DatabaseLock lock, String before) {
        this.project = project;
        this.run = run;
        this.console = console;
        this.situation = situation;
        this.extent = extent;
        this.certificate = certificate;
        this.lock = lock;
        this.before = run.file(before);
    }

    /** Applies the release SQL; the situation is told of every step on the way. */
    public static Apply release(Project project, Run run, Console console, Situation situation,
                                Certificate certificate, DatabaseLock lock) {
        return new Apply(project, run, console, situation, situation.database(), certificate, lock,
                "schema-before.json");
    }

    /** Applies the data SQL that waits for the deploy, on what the release SQL has left. */
    public static Apply data(Project project, Run run, Console console, Situation situation, Certificate certificate,
                             DatabaseLock lock) {
        return new Apply(project, run, console, situation, situation.data(), certificate.waiting(), lock,
                "schema-after.json");
    }

    /**
     * Runs what production does not have yet: all of the plan, if that is the database and the schema of the rehearsal;
     * else what is left of it, if nobody changed the schema since.
     */
    public void run(Plan plan) throws SQLException {
        run(plan, plan.segments().size());
    }

    /** The same up to this segment; the others follow by another {@link #run}. */
    public void run(Plan plan, int last) throws SQLException {
        if (extent.complete() || extent.next() > last) {
            console.mark("pass", (extent.complete() ? "all of the " + extent.sql() + " is"
                    : Count.of(last, "segment") + " " + Count.are(last)) + " committed already");
            return;
        }
        // Fetched again: minutes have passed, and a provider may have moved the database meanwhile.
        Target target = project.address().target();
        Optional<Journal> journal = fitting(target, plan);
        console.mark("pass", journal.isEmpty() ? "the same database, with the schema of the rehearsal"
                : "the same database; " + journal.get().far() + " " + Count.are(journal.get().segments())
                + " committed there");
        execute(target, plan, journal.orElse(null), last);
    }

    /**
     * Stops when production is not what the plan, or what is left of it, was rehearsed on.
     *
     * @return the journal of what is committed; empty when nothing is
     */
    public Optional<Journal> fitting(Target target, Plan plan) throws SQLException {
        try (Connection connection = Postgres.read(target, "release")) {
            if (!extent.changed()) {
                acceptance().beforehand(connection);
                return Optional.empty();
            }
            Optional<Journal> found = Journal.settled(connection, new Patience(), console::say)
                    .map(Journal::standing);
            Journal own = found.filter(one -> one.plan().equals(plan.sha256())).orElseThrow(() -> gone(run, found));
            acceptance().between(connection, own);
            return Optional.of(own);
        }
    }

    /** The failure that says that production cannot tell how far a release came; found is what it has instead. */
    static Failure gone(Run run, Optional<Journal> found) {
        String back = run.part("rollback").at("/certificate/sql/sha256").asText();
        if (found.isPresent() && found.get().plan().equals(back)) {
            return Failure.stop("this release is being taken back: " + found.get().far() + " of that "
                    + Count.are(found.get().segments()) + " committed", "jbang release.java rollback");
        }
        return Failure.stop(found.map(other -> "production holds the journal of another release, and none of this one"
                + " any more: " + other.words()).orElse("production holds no journal of this release any more"),
                "see what is there: jbang release.java status; then what is left: jbang release.java --sql FILE");
    }

    /**
     * Asks production what became of a release that broke off, once whoever was at it is gone; the journal goes when
     * nothing is left that it could tell.
     *
     * @param patient whether a statement outside of a transaction that the server is still at is waited for
     * @return the journal that it was told by, or another release's; empty when there is none
     */
    public static Optional<Journal> look(Target target, Run run, Console console, Situation situation,
                                         Certificate certificate, boolean patient) throws SQLException {
        Optional<Journal> journal;
        try (Connection connection = Postgres.read(target, "release")) {
            new Acceptance(certificate, null).database(connection);
            journal = Journal.of(connection).map(Journal::standing);
            boolean left = !patient && journal.isPresent() && journal.get().alone() > 0
                    && journal.get().atWork(connection).isPresent();
            if (!left) {
                journal = Journal.settled(connection, new Patience(), console::say).map(Journal::standing);
            }
            situation.looked(journal, left);
        }
        run.put("release", situation.record());
        if (journal.isPresent() && situation.over(journal.get())) {
            end(target, console);
        }
        return journal;
    }

    private Acceptance acceptance() {
        return new Acceptance(certificate, before);
    }

    private void execute(Target target, Plan plan, Journal journal, int last) throws SQLException {
        extent.applying(plan.segments().size(), journal == null ? 0 : journal.committed());
        run.put("release", situation.record());
        Executor executor = new Executor(target, acceptance(), this::committed, console::say)
                .keepingJournal(DatabaseLock.owner()).upTo(last);
        Executor.Result result;
        try (Progress progress = Progress.of(console, "applying", plan.statements().size(), Progress.Unit.STATEMENTS);
                Interrupt ignored = new Interrupt(() -> {
                    console.say("stopping: what is open is rolled back");
                    executor.stop();
                }, () -> Failure.Exit.INTERRUPTED.code)) {
            executor.observed(new Teller(plan, progress));
            result = journal == null ? executor.run(plan) : executor.resume(plan, journal);
        }
        extent.applied(result);
        boolean release = extent == situation.database();
        if (release) {
            situation.outcomes(result);
        }
        // The journal stays for as long as nothing else says what became of the plan.
        if (recorded() && extent.decided()) {
            end(target, console);
        }
        if (result.trouble() != null) {
            if (release) {
                situation.rest(rest(plan, result.committed()));
            }
            throw new Failure(result.trouble().interrupted() ? Failure.Exit.INTERRUPTED : Failure.Exit.STOP,
                    result.trouble().words() + cause(plan, result.trouble()),
                    situation.lines(Failure.Exit.STOP).get("next"));
        }
        console.mark("pass", String.format("%d statements committed in %.2f s, as rehearsed",
                result.outcomes().size(), result.seconds()));
    }

    // From the first commit on production is not what it was: the record says so at once, whatever happens to us next.
    private void committed(Executor.Done segment) {
        extent.committed(segment.segment());
        recorded();
    }

    // What is committed stays committed, and the segments that are left are no less needed, on a full disk as well.
    private boolean recorded() {
        try {
            run.put("release", situation.record());
            return true;
        } catch (Failure unwritten) {
            console.failure(unwritten.getMessage(), unwritten.hint);
            return false;
        }
    }

    private static void end(Target target, Console console) {
        try (Connection connection = Postgres.write(target, "release")) {
            Journal.end(connection);
        } catch (Failure | SQLException e) {
            console.mark("warn", "the journal of this release is still in production (" + Gate.words(e)
                    + "); remove it: DROP SCHEMA " + Journal.SCHEMA + ";");
        }
    }

    // What our own look found wrong says so itself, and so does Ctrl-C; the server's words are explained.
    private static String cause(Plan plan, Executor.Trouble trouble) {
        return trouble.interrupted() || trouble.state() == null || trouble.state().isEmpty() ? ""
                : "\n" + Triage.of(Scene.complaint(plan, trouble)).text();
    }

    // The segments that are not committed, as a script for whoever has to correct them.
    private String rest(Plan plan, int committed) {
        if (committed == 0) {
            return "";
        }
        try {
            Path file = run.today("rest", "sql");
            Run.write(file, plan.from(committed + 1));
            return project.repo.relativize(file).toString();
        } catch (Failure unwritten) {
            return "";
        }
    }

    /** Tells how far it is, and makes sure before each segment that nobody else has begun meanwhile. */
    private final class Teller implements Executor.Observer {
        private final Plan plan;
        private final Progress progress;

        Teller(Plan plan, Progress progress) {
            this.plan = plan;
            this.progress = progress;
        }

        @Override
        public void begins(Connection connection, Plan.Segment segment) throws SQLException {
            lock.keep();
            progress.to(plan.segments().subList(0, segment.number() - 1).stream()
                    .mapToLong(before -> before.statements().size()).sum());
        }

        @Override
        public void before(Plan.Segment segment, Statement statement) {
            progress.note("segment " + segment.number() + ", line " + statement.line());
        }

        @Override
        public void after(Connection connection, Plan.Segment segment, Statement statement, Executor.Outcome outcome,
                          List<String> notices) {
            progress.step(outcome.statement());
        }
    }
}
