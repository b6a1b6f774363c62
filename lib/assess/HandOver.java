//SOURCES ../Address.java ../History.java ../Holds.java ../Migration.java ../Run.java Standing.java

package lib.assess;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import lib.Address;
import lib.History;
import lib.Holds;
import lib.Migration;
import lib.Run;

/** Instructions for somebody who can reach a database that could not be reached from here; no secret is in them. */
final class HandOver {
    /** The tool's own command, with the setting that tells it the database. */
    private static final Map<String, String> COMMANDS = Map.of("drizzle", "npx drizzle-kit migrate",
            "prisma", "npx prisma migrate deploy", "supabase", "supabase db push --db-url \"$DATABASE_URL\"",
            "flyway", "flyway migrate", "node-pg-migrate", "npx node-pg-migrate up");
    private static final Map<String, String> QUERIES = Map.of(
            "drizzle", "SELECT id, hash, created_at FROM %s ORDER BY created_at",
            "prisma", "SELECT migration_name, checksum, finished_at, rolled_back_at FROM %s ORDER BY started_at",
            "supabase", "SELECT version, name FROM %s ORDER BY version",
            "flyway", "SELECT installed_rank, version, script, checksum, success FROM %s ORDER BY installed_rank",
            "node-pg-migrate", "SELECT id, name, run_on FROM %s ORDER BY id");
    private static final Map<String, String> TABLES = Map.of("drizzle", "drizzle.__drizzle_migrations",
            "prisma", "_prisma_migrations", "supabase", "supabase_migrations.schema_migrations",
            "flyway", "flyway_schema_history", "node-pg-migrate", "pgmigrations");

    private final Standing standing;
    private final History history;
    private final String commit;
    private final String known;
    private final List<Holds.Held> held;

    /**
     * Instructions for one environment.
     *
     * @param table the history table as another environment of the same application has it; null when none answered
     * @param held migrations that must wait, wherever they are missing
     */
    HandOver(Standing standing, History history, String commit, String table, List<Holds.Held> held) {
        this.standing = standing;
        this.history = history;
        this.commit = commit;
        this.held = held;
        this.known = table != null ? table : TABLES.get(history.tool());
    }

    /** Writes them into the run folder. */
    Path write(Run run) {
        Path file = run.today("hand-over-" + standing.environment().replaceAll("[^\\w.-]", "_"), "md");
        Run.write(file, text());
        return file;
    }

    String text() {
        String environment = standing.environment();
        String place = standing.place() == null ? "unknown here" : standing.place();
        return """
                # Is %1$s up to date?

                For somebody who can reach the database of %1$s. From here it could not be asked.

                - Database: %2$s
                - What was tried, and what came of it: %3$s
                - What to try first: %4$s
                - Application: commit %5$s, %6$d migrations of %7$s in %8$s/

                Nothing below changes the database before step 5. Send back what steps 2 and 3 print.

                ## 1. Tell psql where it is

                The password is typed and not shown, and is in no command line.

                ```sh
                export PGHOST=… PGPORT=5432 PGDATABASE=… PGUSER=… PGSSLMODE=require
                read -rs PGPASSWORD && export PGPASSWORD
                ```

                ## 2. Check: it answers, and it is the right one

                ```sh
                pg_isready
                psql -X -c "SELECT current_database(), current_user, version(), pg_is_in_recovery()"
                ```

                `no response` from pg_isready: a firewall, a VPN or a tunnel is in between. `pg_is_in_recovery` true:
                this is a read replica; ask the primary.

                ## 3. Check: what is applied

                ```sh
                %9$s
                ```

                Expected when everything is applied, in this order:

                %10$s
                A line that is missing there is pending. A line that is there and not here comes from another commit:
                stop, and ask whoever deployed it. Do not apply anything while the lists differ in another way.

                ## 4. The same with this repository

                ```sh
                git fetch && git switch --detach %5$s
                read -rs %11$s && export %11$s     # postgresql://USER:PASSWORD@HOST:PORT/DATABASE
                jbang assess.java status --env %1$s
                ```

                It only reads. Exit 0: everything is applied. 11: migrations are pending. 10: the history has trouble,
                and the message says which. 12: it could not be reached from there either.

                ## 5. When migrations are pending

                In this order; each stops when it finds a reason, and says what to do:

                ```sh
                jbang preflight.java --env %1$s
                jbang backup.java --env %1$s
                jbang assess.java --env %1$s
                jbang validate.java --env %1$s
                jbang release.java --env %1$s
                ```

                Without these scripts, the least that must be done:

                ```sh
                pg_dump --format=custom --file=before.dump     # then: pg_restore --list before.dump
                %12$s
                ```

                Then repeat step 3: nothing may be missing. When it fails, do not try again: keep what it printed, and
                send it with the result of step 3.
                """.formatted(environment, place, oneLine(standing.reason()), oneLine(standing.hint()), commit,
                history.local().size(), history.tool(), history.folder(), query(), list(),
                Address.variable(environment), apply());
    }

    private String query() {
        if (known == null) {
            return "psql -X -c \"SELECT n.nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
                    + " WHERE relkind = 'r' AND relname ~ 'migration|schema_version'\"\n"
                    + "psql -X -c \"TABLE …\"     # the one that the line above names";
        }
        return "psql -X -c \"" + QUERIES.getOrDefault(history.tool(), "TABLE %s").formatted(known) + "\"";
    }

    private String list() {
        StringBuilder list = new StringBuilder("| migration | the row holds |\n|---|---|\n");
        for (Migration migration : history.local()) {
            String row = switch (history.tool()) {
                case "drizzle" -> "hash " + migration.hash().substring(0, 12) + "…, created_at " + migration.time();
                default -> migration.hash() == null ? "its name" : migration.hash().length() > 12
                        ? "checksum " + migration.hash().substring(0, 12) + "…" : "checksum " + migration.hash();
            };
            String wait = held.stream().filter(each -> each.migration().equals(migration.id())).findFirst()
                    .map(each -> "; it waits " + each.when() + ", and is not missing before").orElse("");
            list.append("| ").append(migration.id()).append(" | ").append(row).append(wait).append(" |\n");
        }
        return list.toString();
    }

    private String apply() {
        String command = COMMANDS.get(history.tool());
        if (command != null) {
            return command;
        }
        List<Migration> local = history.local();
        return "psql -X -v ON_ERROR_STOP=1 --single-transaction -f FILE     # each pending one of " + history.folder()
                + "/, in their order, up to " + (local.isEmpty() ? "the last" : local.get(local.size() - 1).id());
    }

    private static String oneLine(String text) {
        return text == null ? "nothing is known" : text.strip().replaceAll("\\s*\\n\\s*", "; ");
    }
}
