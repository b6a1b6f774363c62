//SOURCES ../Beside.java ../Console.java ../Copy.java ../Exec.java ../Failure.java ../Fingerprint.java
//SOURCES ../Postgres.java ../Progress.java ../backup/Contents.java ../backup/Filling.java ../backup/Manifest.java

package lib.rehearsal;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import lib.Beside;
import lib.Console;
import lib.Copy;
import lib.Exec;
import lib.Failure;
import lib.Fingerprint;
import lib.Postgres;
import lib.Progress;
import lib.backup.Contents;
import lib.backup.Filling;
import lib.backup.Manifest;

/**
 * A backup restored on a copy, and found to be production as it was: not one row lost, not one value changed on the
 * way.
 *
 * @param schema of the copy
 * @param contents of the copy, as they were saved
 * @param statistics the planner's, which are still being made: nothing is to be measured before they are there
 */
public record Restored(Fingerprint schema, Contents contents, Beside<Long> statistics) {
    private static final int MOST = 5;
    // What has an index knows its rows since that was built.
    private static final String UNCOUNTED = "SELECT format('%I.%I', nspname, relname) FROM pg_class c"
            + " JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'm') AND reltuples <= 0"
            + " AND pg_relation_size(c.oid) > 0 AND nspname !~ '^pg_' AND nspname <> 'information_schema'";

    /**
     * Restores it, and compares schema, rows and values with what was saved; a difference is a {@link Failure}.
     *
     * @param hash of the schema that was saved, as the record of the run has it
     */
    public static Restored of(Path dump, Manifest saved, String hash, Copy copy, Console console) throws SQLException {
        try (Filling filling = Filling.of(console, saved.contents())) {
            copy.restore(dump, saved.reader(), filling);
        }
        Fingerprint schema;
        try (Connection connection = Postgres.read(copy.target(), "rehearsal")) {
            schema = Fingerprint.of(connection);
        }
        if (!schema.hash().equals(hash)) {
            throw Failure.stop("the restored copy is not the schema that was backed up:\n  "
                    + String.join("\n  ", schema.differences(saved.schema(), MOST)),
                    "rehearse on a server of production's own major and extensions: --scratch URL");
        }
        Contents contents;
        try (Progress progress = Progress.of(console, "comparing", 0, Progress.Unit.BYTES)) {
            contents = saved.contents().again(copy.target(), (table, read, all) -> {
                progress.total(all);
                progress.to(read, table);
            });
        }
        List<String> differences = contents.differences(saved.contents(), MOST);
        if (!differences.isEmpty()) {
            throw Failure.stop("the restored copy does not hold the data that was backed up:\n  "
                    + String.join("\n  ", differences), "see whether the backup is at fault: "
                    + Exec.typed(List.of("jbang", "backup.java", "verify", "--restore", dump.toString())));
        }
        count(copy);
        // It reads and sorts on one core alone: the SQL is written and read beside it.
        return new Restored(schema, contents, Beside.of(() -> analyze(copy)));
    }

    // How many rows a table has is asked when the SQL is written.
    private static void count(Copy copy) throws SQLException {
        try (Connection connection = Postgres.write(copy.target(), "rehearsal")) {
            String tables = Postgres.rows(connection, UNCOUNTED).stream().map(row -> row.get(0))
                    .collect(Collectors.joining(", "));
            if (!tables.isEmpty()) {
                Postgres.execute(connection, "ANALYZE " + tables);
            }
        }
    }

    private static long analyze(Copy copy) throws SQLException {
        try (Connection connection = Postgres.write(copy.target(), "rehearsal")) {
            return Postgres.execute(connection, "ANALYZE");
        }
    }
}
