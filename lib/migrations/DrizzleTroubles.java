//SOURCES ../Decoded.java ../History.java ../Migration.java ../Postgres.java DrizzleFolder.java DrizzleTable.java
//SOURCES ../Count.java Troubles.java

package lib.migrations;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import lib.Count;
import lib.Decoded;
import lib.History;
import lib.Migration;
import lib.Postgres;

/** What can be wrong between a folder of Drizzle and a database, each in words with its values and its way out. */
final class DrizzleTroubles {
    private final DrizzleFolder folder;
    private final String table;
    private final List<History.Trouble> all = new ArrayList<>();

    DrizzleTroubles(DrizzleFolder folder, DrizzleTable table) {
        this.folder = folder;
        this.table = DrizzleTable.sql(table.name());
        all.addAll(folder.troubles());
        all.addAll(table.troubles());
    }

    List<History.Trouble> all() {
        return List.copyOf(all);
    }

    void tableOfOne() {
        add("unknown", table, ("%s has the shape of Drizzle 1.0, and %s that of 0.x: 1.0 would not count rows without"
                + " a name, and run their migrations again").formatted(table, folder.path()),
                "npx drizzle-kit up, with drizzle-orm 1.0", true);
    }

    void timeless(DrizzleTable.Row row, Migration of) {
        add("unknown", of == null ? row.place() : of.id(),
                ("the row %s has no created_at: Drizzle takes it for the newest"
                + " and would run all %s again").formatted(row.place(),
                Count.of(folder.migrations().size(), "migration")),
                of == null ? delete(row) : at(row, of), true);
    }

    /** {@code of} is the migration of the newest row, null when it is of none. */
    void skipped(Migration migration, DrizzleTable.Row newest, long mark, Migration of) {
        boolean wrong = of != null && newest.time() != null && newest.time() != of.time();
        add("skipped", migration.id(), ("%s was never applied, and its `when` %s is not after the newest created_at %s"
                + " (%s%s): Drizzle skips it for ever and says nothing").formatted(migration.id(),
                time(migration.time()),
                time(mark), newest.place(), of == null ? "" : ", " + of.id()),
                wrong ? at(newest, of)
                : "%s and commit; in a database that has it already: UPDATE %s SET created_at = %d"
                        .formatted(when(migration, mark + 1), table, mark + 1) + " WHERE created_at = "
                        + migration.time(),
                true);
    }

    void otherTime(Migration migration, DrizzleTable.Row row, boolean again) {
        add("order", migration.id(),
                "the row of %s (%s) has created_at %s, the journal says %s%s".formatted(migration.id(),
                row.place(), time(row.time()), time(migration.time()), again ? ": Drizzle would run it again" : ""),
                at(row, migration), again);
    }

    void order(Migration migration, Migration before) {
        add("order", migration.id(),
                ("`when` of %s (%s) is not after that of %s before it (%s): a database that has only"
                + " the first skips the second for ever").formatted(migration.id(), time(migration.time()), before.id(),
                time(before.time())), when(migration, before.time() + 1), false);
    }

    void ahead(Migration migration, long better, boolean stops) {
        add("future", migration.id(),
                ("`when` of %s lies ahead: %s; once it is applied, every migration generated before"
                + " that moment is skipped").formatted(migration.id(), time(migration.time())), when(migration, better),
                stops);
    }

    void ahead(DrizzleTable.Row row, Migration of) {
        add("future", row.place(), ("the row %s has a created_at that lies ahead: %s; every migration generated before"
                + " that moment is skipped").formatted(row.place(), time(row.time())),
                of == null ? delete(row) : at(row, of), true);
    }

    void otherName(DrizzleTable.Row row, Migration migration) {
        add(row.name() == null ? "unknown" : "deleted", migration.id(),
                ("the row %s has %s and is that of %s: Drizzle 1.0"
                + " goes by the name, and would run it again").formatted(row.place(),
                row.name() == null ? "no name" : "the name " + row.name(), migration.id()),
                update(row, "name = " + Postgres.literal(migration.id())), true);
    }

    void nameless(DrizzleTable.Row row) {
        add("unknown", row.place(), "the row " + row.place() + " has no name, and Drizzle 1.0 does not count it",
                delete(row), false);
    }

    void refused(DrizzleTable.Row row) {
        add("unknown", row.place(),
                ("the row %s (created_at %s, hash %s) is of no folder in %s: Drizzle 1.0 would refuse"
                + " to start (\"While upgrading … do not match any local migration\")").formatted(row.place(),
                time(row.time()), row.hash(), folder.path()), "bring its folder back from git, or " + delete(row),
                true);
    }

    void twice(Migration migration, DrizzleTable.Row first, DrizzleTable.Row second) {
        add("duplicated", migration.id(), "%s has two rows: %s and %s (created_at %s)".formatted(migration.id(),
                first.place(), second.place(), time(second.time())), delete(second), true);
    }

    void strangers(int count) {
        add("unknown", table,
                "none of the %s in %s is of a migration in %s".formatted(Count.of(count, "row"), table,
                folder.path()),
                "is this the right database, branch and folder? SELECT * FROM " + table + " ORDER BY created_at", true);
    }

    void stranger(DrizzleTable.Row row, boolean ahead) {
        String name = row.name() == null ? row.place() : row.name();
        String what = "the row %s (%screated_at %s, hash %s) ".formatted(row.place(),
                row.name() == null ? "" : row.name() + ", ", time(row.time()), row.hash());
        if (ahead) {
            add("unknown", name, what + "is newer than every migration in " + folder.path()
                    + ": this database had a release that this commit does not hold",
                    "merge the branch it came from; git log --all --oneline -- " + folder.path(), true);
        } else {
            add("deleted", name, what + "is of a migration that is no longer in " + folder.path(),
                    "bring it back (git log --diff-filter=D --oneline -- " + folder.path() + "), or " + delete(row),
                    true);
        }
    }

    void edited(Migration migration, DrizzleTable.Row row) {
        add("edited", migration.id(), "%s was changed after it was applied: its hash is %s, %s has %s".formatted(
                migration.id(), migration.hash(), row.place(), row.hash()),
                "git log -p -- " + migration.file()
                + "; put the applied text back and make the change a new migration, or,"
                        + " where the database is as the file says now: "
                        + update(row, "hash = " + Postgres.literal(migration.hash())), true);
    }

    void lineEnds(Migration migration) {
        add("edited", migration.id(), migration.id()
                + " differs from what was applied by its line ends (CRLF), no more",
                "add \"*.sql text eol=lf\" to .gitattributes; Drizzle itself does not mind", false);
    }

    void broken(Migration migration, Decoded.Flaw flaw, boolean stops) {
        add("encoding", migration.id(), migration.file() + " " + flaw.words() + (flaw.foreign()
                ? ": Drizzle turns each bad byte into U+FFFD, in the SQL it sends as in the hash"
                : ": no server takes it as it is"), flaw.mend(migration.file()), stops);
    }

    void marked(Migration migration) {
        all.add(Troubles.marked(migration));
    }

    void windows(Migration migration) {
        add("encoding", migration.id(), migration.file() + " is committed with CRLF line ends: where git converts them"
                + " its hash differs", "add \"*.sql text eol=lf\" to .gitattributes, then git add --renormalize "
                + folder.path(), false);
    }

    private void add(String kind, String migration, String message, String hint, boolean stops) {
        all.add(new History.Trouble(kind, migration, message, hint, stops));
    }

    private String when(Migration migration, long time) {
        return "in " + DrizzleFolder.in(folder.path(), "meta/_journal.json") + " set \"when\" of " + migration.id()
                + " to "
                + time;
    }

    private String at(DrizzleTable.Row row, Migration migration) {
        return update(row, "created_at = " + migration.time());
    }

    private String update(DrizzleTable.Row row, String change) {
        return "UPDATE " + table + " SET " + change + " WHERE " + row.place();
    }

    private String delete(DrizzleTable.Row row) {
        return "DELETE FROM " + table + " WHERE " + row.place();
    }

    private static String time(Long millis) {
        return millis == null ? "NULL"
                : millis + " (" + Instant.ofEpochMilli(millis).toString().replaceFirst("\\.\\d+Z$", "Z") + ")";
    }
}
