//SOURCES ../History.java ../Migration.java ../Postgres.java DrizzleFolder.java DrizzleTable.java

package lib.migrations;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import lib.History;
import lib.Migration;
import lib.Postgres;

/** Compares a folder of Drizzle migrations with the rows of one database, by the rules of drizzle-orm itself. */
final class DrizzleState {
    private static final long DAY = 86_400_000;

    private final DrizzleFolder folder;
    private final DrizzleTable table;
    private final long now;
    private final List<Migration> local;
    private final Map<String, Set<String>> hashes = new HashMap<>();
    private final Map<Migration, DrizzleTable.Row> applied = new LinkedHashMap<>();
    private final Map<DrizzleTable.Row, Migration> owner = new HashMap<>();
    private final List<DrizzleTable.Row> twice = new ArrayList<>();
    private final List<DrizzleTable.Row> foreign = new ArrayList<>();
    private final List<History.Trouble> troubles = new ArrayList<>();
    private List<Migration> pending = List.of();

    private DrizzleState(DrizzleFolder folder, DrizzleTable table, Clock clock) {
        this.folder = folder;
        this.table = table;
        this.now = clock.millis();
        this.local = folder.migrations();
        troubles.addAll(folder.troubles());
        troubles.addAll(table.troubles());
    }

    static History.State of(DrizzleFolder folder, DrizzleTable table, Clock clock) {
        DrizzleState state = new DrizzleState(folder, table, clock);
        if (folder.style() == DrizzleFolder.Style.JOURNAL) {
            state.journal();
        } else if (table.named() || !table.exists()) {
            state.names();
        } else {
            state.upgrade();
        }
        state.rows();
        state.contents();
        return new History.State(table.name(), table.exists(), table.columns(),
                state.local.stream().filter(state.applied::containsKey).toList(), state.pending, List.copyOf(state.troubles));
    }

    /** 0.x: what is newer than the newest row runs (drizzle-orm/src/pg-core/dialect.ts); no row is looked at but that one. */
    private void journal() {
        if (table.named()) {
            trouble("unknown", DrizzleTable.sql(table.name()), DrizzleTable.sql(table.name()) + " has the shape of Drizzle 1.0, and "
                    + folder.path() + " that of 0.x: 1.0 would not count rows without a name, and run their migrations again",
                    "npx drizzle-kit up, with drizzle-orm 1.0", true);
        }
        pair((row, migration) -> same(row, migration) && at(row, migration));
        pair(DrizzleState::at);
        pair(this::same);
        leftOver((row, migration) -> same(row, migration) || at(row, migration));
        DrizzleTable.Row newest = table.rows().stream()
                // NULL sorts first in "order by created_at desc".
                .max(Comparator.comparing(DrizzleTable.Row::time, Comparator.nullsLast(Comparator.naturalOrder()))).orElse(null);
        // Number(null) is 0 in JavaScript.
        long mark = newest == null ? Long.MIN_VALUE : newest.time() == null ? 0 : newest.time();
        pending = local.stream().filter(migration -> migration.time() > mark).toList();
        if (newest != null && newest.time() == null) {
            Migration of = owner.get(newest);
            trouble("unknown", of == null ? newest.place() : of.id(), "the row " + newest.place() + " has no created_at: Drizzle takes it for "
                    + "the newest and would run all " + local.size() + " migrations again",
                    of == null ? delete(newest) : update(newest, "created_at = " + of.time()), true);
        }
        for (Migration migration : local) {
            DrizzleTable.Row row = applied.get(migration);
            if (row == null && migration.time() <= mark) {
                skipped(migration, newest, mark);
            } else if (row != null && row.time() != null && row.time() != migration.time()) {
                boolean again = migration.time() > mark;
                trouble("order", migration.id(), "the row of " + migration.id() + " (" + row.place() + ") has created_at " + time(row.time())
                        + ", the journal says " + time(migration.time()) + (again ? ": Drizzle would run it again" : ""),
                        update(row, "created_at = " + migration.time()), again);
            }
        }
        order(mark);
    }

    private void skipped(Migration migration, DrizzleTable.Row newest, long mark) {
        Migration of = owner.get(newest);
        boolean wrong = of != null && newest.time() != null && newest.time() != of.time();
        trouble("skipped", migration.id(), migration.id() + " was never applied, and its `when` " + time(migration.time())
                + " is not after the newest created_at " + time(mark) + " (" + newest.place() + (of == null ? "" : ", " + of.id())
                + "): Drizzle skips it for ever and says nothing",
                wrong ? update(newest, "created_at = " + of.time())
                        : "in " + DrizzleFolder.in(folder.path(), "meta/_journal.json") + " set \"when\" of " + migration.id() + " to " + (mark + 1)
                                + " and commit; in a database that has it already: UPDATE " + DrizzleTable.sql(table.name())
                                + " SET created_at = " + (mark + 1) + " WHERE created_at = " + migration.time(), true);
    }

    private void order(long mark) {
        for (int i = 1; i < local.size(); i++) {
            Migration migration = local.get(i);
            Migration before = local.get(i - 1);
            if (migration.time() <= before.time() && migration.time() > mark) {
                trouble("order", migration.id(), "`when` of " + migration.id() + " (" + time(migration.time()) + ") is not after that of "
                        + before.id() + " before it (" + time(before.time()) + "): a database that has only the first skips the second for ever",
                        "in " + DrizzleFolder.in(folder.path(), "meta/_journal.json") + " set \"when\" of " + migration.id() + " to "
                                + (before.time() + 1), false);
            }
        }
        for (Migration migration : pending) {
            if (migration.time() > now + DAY) {
                trouble("future", migration.id(), "`when` of " + migration.id() + " lies ahead: " + time(migration.time())
                        + "; once it is applied, every migration generated before that moment is skipped",
                        "in " + DrizzleFolder.in(folder.path(), "meta/_journal.json") + " set \"when\" of " + migration.id() + " to "
                                + Math.max(now, mark + 1), mark <= now + DAY);
            }
        }
        for (DrizzleTable.Row row : table.rows()) {
            if (row.time() != null && row.time() > now + DAY && !(owner.containsKey(row) && owner.get(row).time() == row.time())) {
                trouble("future", row.place(), "the row " + row.place() + " has a created_at that lies ahead: " + time(row.time())
                        + "; every migration generated before that moment is skipped",
                        owner.containsKey(row) ? update(row, "created_at = " + owner.get(row).time()) : delete(row), true);
            }
        }
    }

    /** 1.0: a folder whose name is in no row runs, whatever its time (drizzle-orm/src/migrator.utils.ts). */
    private void names() {
        pair((row, migration) -> migration.id().equals(row.name()));
        leftOver((row, migration) -> migration.id().equals(row.name()));
        pending = local.stream().filter(migration -> !applied.containsKey(migration)).toList();
        for (DrizzleTable.Row row : List.copyOf(foreign)) {
            Migration content = pending.stream().filter(migration -> same(row, migration) || row.name() == null && at(row, migration))
                    .findFirst().orElse(null);
            if (content != null) {
                foreign.remove(row);
                trouble(row.name() == null ? "unknown" : "deleted", content.id(), "the row " + row.place() + " has "
                        + (row.name() == null ? "no name" : "the name " + row.name()) + " and is that of " + content.id()
                        + ": Drizzle 1.0 goes by the name, and would run it again", update(row, "name = " + Postgres.literal(content.id())), true);
            } else if (row.name() == null) {
                foreign.remove(row);
                trouble("unknown", row.place(), "the row " + row.place() + " has no name, and Drizzle 1.0 does not count it", delete(row), false);
            }
        }
    }

    /** 1.0 before a table of 0.x: its rows are named first, by their second, by their hash where that is not enough. */
    private void upgrade() {
        Map<Long, List<Migration>> seconds = local.stream().collect(Collectors.groupingBy(Migration::time));
        for (DrizzleTable.Row row : table.rows()) {
            List<Migration> candidates = row.time() == null ? List.of() : seconds.getOrDefault(row.time() / 1000 * 1000, List.of());
            Migration match = candidates.size() == 1 ? candidates.get(0)
                    : candidates.stream().filter(migration -> same(row, migration)).findFirst()
                            // Among equals the last one: drizzle-orm puts them into a map by hash.
                            .or(() -> candidates.isEmpty() ? local.stream().filter(migration -> same(row, migration)).reduce((a, b) -> b)
                                    : Optional.empty()).orElse(null);
            if (match == null) {
                trouble("unknown", row.place(), "the row " + row.place() + " (created_at " + time(row.time()) + ", hash " + row.hash()
                        + ") is of no folder in " + folder.path() + ": Drizzle 1.0 would refuse to start (\"While upgrading … do not match any "
                        + "local migration\")", "bring its folder back from git, or " + delete(row), true);
            } else if (applied.putIfAbsent(match, row) == null) {
                owner.put(row, match);
            } else {
                twice.add(row);
                owner.put(row, match);
            }
        }
        pending = local.stream().filter(migration -> !applied.containsKey(migration)).toList();
    }

    private void pair(BiPredicate<DrizzleTable.Row, Migration> rule) {
        for (DrizzleTable.Row row : table.rows()) {
            if (!owner.containsKey(row)) {
                local.stream().filter(migration -> !applied.containsKey(migration) && rule.test(row, migration)).findFirst().ifPresent(migration -> {
                    owner.put(row, migration);
                    applied.put(migration, row);
                });
            }
        }
    }

    private void leftOver(BiPredicate<DrizzleTable.Row, Migration> rule) {
        for (DrizzleTable.Row row : table.rows()) {
            if (!owner.containsKey(row)) {
                Migration migration = local.stream().filter(other -> rule.test(row, other)).findFirst().orElse(null);
                (migration == null ? foreign : twice).add(row);
                if (migration != null) {
                    owner.put(row, migration);
                }
            }
        }
    }

    /** What is odd about rows, whatever the rule. */
    private void rows() {
        for (DrizzleTable.Row row : twice) {
            Migration migration = owner.get(row);
            trouble("duplicated", migration.id(), migration.id() + " has two rows: " + applied.get(migration).place() + " and " + row.place()
                    + " (created_at " + time(row.time()) + ")", delete(row), true);
        }
        if (foreign.size() > 1 && applied.isEmpty()) {
            trouble("unknown", DrizzleTable.sql(table.name()), "none of the " + foreign.size() + " rows in " + DrizzleTable.sql(table.name())
                    + " is of a migration in " + folder.path(), "is this the right database, branch and folder? SELECT * FROM "
                    + DrizzleTable.sql(table.name()) + " ORDER BY created_at", true);
            return;
        }
        long last = local.stream().mapToLong(Migration::time).max().orElse(Long.MIN_VALUE);
        for (DrizzleTable.Row row : foreign) {
            boolean ahead = row.time() != null && row.time() > last;
            String what = "the row " + row.place() + " (" + (row.name() == null ? "" : row.name() + ", ") + "created_at " + time(row.time())
                    + ", hash " + row.hash() + ") ";
            trouble(ahead ? "unknown" : "deleted", row.name() == null ? row.place() : row.name(),
                    what + (ahead ? "is newer than every migration in " + folder.path() + ": this database had a release that this commit does not hold"
                            : "is of a migration that is no longer in " + folder.path()),
                    ahead ? "merge the branch it came from; git log --all --oneline -- " + folder.path()
                            : "bring it back (git log --diff-filter=D --oneline -- " + folder.path() + "), or " + delete(row), true);
        }
    }

    /** What is odd about the text of migrations. */
    private void contents() {
        Set<Migration> edited = new HashSet<>();
        applied.forEach((migration, row) -> {
            if (!same(row, migration)) {
                edited.add(migration);
                trouble("edited", migration.id(), migration.id() + " was changed after it was applied: its hash is " + migration.hash() + ", "
                        + row.place() + " has " + row.hash(), "git log -p -- " + migration.file() + "; put the applied text back and make the "
                        + "change a new migration, or, where the database is as the file says now: " + update(row, "hash = " + Postgres.literal(migration.hash())),
                        true);
            } else if (!migration.hash().equals(row.hash())) {
                trouble("edited", migration.id(), migration.id() + " differs from what was applied by nothing but its line ends (CRLF)",
                        "add \"*.sql text eol=lf\" to .gitattributes; Drizzle itself does not mind", false);
            }
        });
        for (Migration migration : local) {
            boolean runs = pending.contains(migration);
            if (folder.broken().contains(migration.id()) && (runs || edited.contains(migration))) {
                trouble("encoding", migration.id(), migration.file() + " is not valid UTF-8: Drizzle turns each bad byte into U+FFFD, "
                        + "in the SQL it sends as in the hash", "iconv -f WINDOWS-1252 -t UTF-8 " + migration.file() + " (write the result back and commit)", runs);
            } else if (runs && migration.sql().contains("\r\n")) {
                trouble("encoding", migration.id(), migration.file() + " is committed with CRLF line ends: where git converts them its hash differs",
                        "add \"*.sql text eol=lf\" to .gitattributes, then git add --renormalize " + folder.path(), false);
            }
        }
    }

    /** Whether a row is of this text, whatever its line ends were. */
    private boolean same(DrizzleTable.Row row, Migration migration) {
        return hashes.computeIfAbsent(migration.id(), id -> {
            String lf = migration.sql().replace("\r\n", "\n");
            return new HashSet<>(List.of(migration.hash(), DrizzleFolder.hash(lf), DrizzleFolder.hash(lf.replace("\n", "\r\n"))));
        }).contains(row.hash());
    }

    private static boolean at(DrizzleTable.Row row, Migration migration) {
        return row.time() != null && row.time() == migration.time();
    }

    private String update(DrizzleTable.Row row, String change) {
        return "UPDATE " + DrizzleTable.sql(table.name()) + " SET " + change + " WHERE " + row.place();
    }

    private String delete(DrizzleTable.Row row) {
        return "DELETE FROM " + DrizzleTable.sql(table.name()) + " WHERE " + row.place();
    }

    private static String time(Long millis) {
        return millis == null ? "NULL" : millis + " (" + Instant.ofEpochMilli(millis).toString().replaceFirst("\\.\\d+Z$", "Z") + ")";
    }

    private void trouble(String kind, String migration, String message, String hint, boolean stops) {
        troubles.add(new History.Trouble(kind, migration, message, hint, stops));
    }
}
