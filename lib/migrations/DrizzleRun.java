//SOURCES ../Failure.java ../Migration.java ../Postgres.java ../Target.java ../sql/Name.java
//SOURCES Drizzle.java DrizzleApp.java DrizzleNode.java DrizzleSource.java DrizzleTable.java

package lib.migrations;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import lib.Failure;
import lib.Postgres;
import lib.Target;
import lib.sql.Name;

/**
 * One run of the application's own migrator, as it is installed, over its committed migrations.
 *
 * @param migrator what ran: {@code drizzle-orm 0.45.4, node-postgres (src/migrate.ts), by node v20.1.0 through pg}
 * @param table where its history is
 * @param statements all that it sent to the database, in order
 * @param replayed those among them that are part of a migration
 * @param before the history before it ran, a line of hash and time for each row
 * @param after the history afterwards
 * @param error the words of the error it ended with, or null
 */
public record DrizzleRun(String migrator, Name table, List<String> statements, List<String> replayed,
        List<String> before, List<String> after, String error) {
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    /** Whether it found everything applied: no statement of a migration, no new row, no error. */
    public boolean nothing() {
        return error == null && replayed.isEmpty() && before.equals(after);
    }

    /**
     * Runs it on a database that is not production's: what is pending there is applied. Only files of drizzle-orm and
     * of its client are loaded, none of the application. MISSING when it cannot be run on this machine.
     *
     * @param files the committed files of the repository
     */
    public static DrizzleRun migrate(Path repo, Map<String, byte[]> files, Drizzle drizzle, DrizzleApp.Use use,
            Target target) {
        DrizzleApp app = new DrizzleApp(repo, files, drizzle);
        Path home = app.installed(use);
        if (home == null) {
            throw Failure.missing("drizzle-orm is not installed where " + use.who() + " looks for it", app.install());
        }
        DrizzleSource source = DrizzleSource.of(home);
        Name table = source.table(source.runner(use.driver()), drizzle.config().tables().get(0));
        try (Connection connection = Postgres.read(target, "migrator");
                DrizzleNode node = DrizzleNode.start(home, use.driver(), repo.resolve(use.folder()), target,
                        PATIENCE)) {
            List<String> before = rows(connection, table);
            DrizzleNode.Outcome outcome = node.migrate(files, drizzle.folder(), table);
            Set<String> parts = drizzle.local().stream()
                    .flatMap(migration -> Arrays.stream(migration.sql().split("--> statement-breakpoint")))
                    .map(String::strip).collect(Collectors.toSet());
            return new DrizzleRun("drizzle-orm " + source.version + ", " + use.driver() + " (" + use.who() + "), by "
                    + node.way(), table, outcome.statements(),
                    outcome.statements().stream().filter(parts::contains).toList(), before, rows(connection, table),
                    outcome.error());
        } catch (DrizzleNode.Unable e) {
            throw new Failure(Failure.Exit.MISSING, "drizzle-orm " + source.version + " cannot be run: "
                    + e.getMessage(), e.damaged ? app.install() : null, e);
        } catch (SQLException e) {
            throw Postgres.unreachable(target, e);
        }
    }

    private static List<String> rows(Connection connection, Name table) throws SQLException {
        boolean there = Postgres.one(connection, "SELECT 1 FROM pg_tables WHERE schemaname = "
                + Postgres.literal(table.schema()) + " AND tablename = " + Postgres.literal(table.name())) != null;
        return !there ? List.of() : Postgres.rows(connection, "SELECT hash || ' ' || coalesce(created_at::text, '-')"
                + " FROM " + DrizzleTable.sql(table) + " ORDER BY id").stream().map(row -> row.get(0)).toList();
    }
}
