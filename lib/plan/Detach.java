//SOURCES ../Postgres.java ../sql/Statement.java

package lib.plan;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Postgres;
import lib.sql.Statement;

/**
 * A partition that is taken off its table CONCURRENTLY, in two transactions: where it broke off between them the server
 * refuses to begin again, and only FINALIZE leads on.
 */
final class Detach {
    private static final String NAME = "((?:\"(?:[^\"]|\"\")+\"|[\\w$.])+)";
    private static final Pattern STATEMENT = Pattern.compile("(?is)ALTER\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?"
            + NAME + "\\s*\\*?\\s+DETACH\\s+PARTITION\\s+" + NAME + "\\s+CONCURRENTLY");

    private Detach() {
    }

    /** The statement that completes what this one began; empty when nothing of it is pending. */
    static Optional<String> pending(Connection connection, Statement statement) throws SQLException {
        Matcher detach = STATEMENT.matcher(statement.sql().strip());
        if (!detach.matches()) {
            return Optional.empty();
        }
        return Optional.ofNullable(Postgres.one(connection,
                "SELECT format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', inhparent::regclass, inhrelid::regclass)"
                + " FROM pg_inherits WHERE inhdetachpending AND inhparent = to_regclass("
                + Postgres.literal(detach.group(1)) + ") AND inhrelid = to_regclass("
                + Postgres.literal(detach.group(2)) + ")"));
    }
}
