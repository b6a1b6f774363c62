//SOURCES ../Address.java ../Console.java ../Failure.java ../Postgres.java ../Project.java ../Target.java

package lib.backup;

import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import lib.Address;
import lib.Console;
import lib.Failure;
import lib.Postgres;
import lib.Project;
import lib.Target;

/** Keeps production from being replaced by mistake, whatever name, URL or tunnel leads to it. */
public final class Guard {
    private static final String PRODUCTION = "production";

    private final Project project;
    private final Console console;

    public Guard(Project project, Console console) {
        this.project = project;
        this.console = console;
    }

    /**
     * Whether a database is production.
     *
     * @param certain whether that was found out; what nobody could ask counts as production
     */
    public record Answer(boolean production, boolean certain, String why) {
    }

    /** Asks both databases themselves; the text of a URL says nothing. */
    public Answer ask(String environment, Target target) throws SQLException {
        if (environment.equals(PRODUCTION)) {
            return new Answer(true, true, "this is production");
        }
        Target production;
        try {
            production = Address.find(project.repo, project.settings, PRODUCTION, console).target();
        } catch (Failure failure) {
            return unknown(failure);
        }
        try (Connection one = Postgres.read(production, "restore");
                Connection other = Postgres.read(target, "restore")) {
            return same(one, other) ? new Answer(true, true, environment + " is production's own database, "
                    + production.place()) : new Answer(false, true, "it is not production");
        } catch (Failure failure) {
            return unknown(failure);
        }
    }

    private static Answer unknown(Failure failure) {
        return new Answer(true, false, "production cannot be asked whether this is it: " + failure.getMessage());
    }

    /**
     * Whether two connections lead to one and the same database: by the identifier of the cluster and the number of the
     * database, and by a lock that only sessions of one database see of each other. The second finds it out also where
     * a provider hides the identifier, or shows it to one of the two roles only. Either sign is enough.
     */
    public static boolean same(Connection one, Connection other) throws SQLException {
        Postgres.Identity first = Postgres.identity(one);
        boolean known = !first.system().isEmpty();
        return known && first.same(Postgres.identity(other)) || shareLocks(one, other);
    }

    // In a transaction, so that a pooler in between keeps to one session. Nobody else takes a lock of this number.
    private static boolean shareLocks(Connection one, Connection other) throws SQLException {
        long number = new SecureRandom().nextLong();
        one.setAutoCommit(false);
        try {
            Postgres.rows(one, "SELECT pg_advisory_xact_lock(" + number + ")");
            return "f".equals(Postgres.one(other, "SELECT pg_try_advisory_xact_lock(" + number + ")"));
        } finally {
            one.rollback();
            one.setAutoCommit(true);
        }
    }

    /** Lets only somebody through who writes the name of the database that will be replaced. */
    public void typed(Answer answer, String database, String given) {
        if (given != null) {
            if (!given.equals(database)) {
                throw Failure.decide(answer.why + ", and --type-name " + given + " is not its name",
                        "look again at what you are about to replace; nothing was touched");
            }
            return;
        }
        if (!Console.interactive()) {
            throw Failure.decide(answer.why + ", so the name of the database must be typed, and there is no terminal",
                    "if it is to be replaced: --type-name NAME, with the name of the database");
        }
        console.say(answer.why);
        String typed = console.ask("Type the name of the database that is to be replaced:");
        if (typed == null || !typed.strip().equals(database)) {
            throw Failure.decide("the name was not typed; nothing was touched", "run it again when you are sure");
        }
    }
}
