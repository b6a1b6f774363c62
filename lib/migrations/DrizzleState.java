//SOURCES ../Decoded.java ../History.java ../Migration.java DrizzleFolder.java DrizzleTable.java DrizzleTroubles.java

package lib.migrations;

import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import lib.Decoded;
import lib.History;
import lib.Migration;

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
    private final DrizzleTroubles troubles;
    private List<Migration> pending = List.of();

    private DrizzleState(DrizzleFolder folder, DrizzleTable table, Clock clock) {
        this.folder = folder;
        this.table = table;
        this.now = clock.millis();
        this.local = folder.migrations();
        this.troubles = new DrizzleTroubles(folder, table);
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
        state.texts();
        return new History.State(table.name(), table.exists(), table.columns(),
                state.local.stream().filter(state.applied::containsKey).toList(), state.pending, state.troubles.all());
    }

    /** 0.x: what is newer than the newest row runs, and no other row counts (drizzle-orm/src/pg-core/dialect.ts). */
    private void journal() {
        if (table.named()) {
            troubles.tableOfOne();
        }
        pair((row, migration) -> same(row, migration) && at(row, migration));
        pair(DrizzleState::at);
        pair(this::same);
        leftOver((row, migration) -> same(row, migration) || at(row, migration));
        // NULL sorts first in "order by created_at desc", and Number(null) is 0 in JavaScript.
        DrizzleTable.Row newest = table.rows().stream().max(Comparator.comparing(DrizzleTable.Row::time,
                Comparator.nullsLast(Comparator.naturalOrder()))).orElse(null);
        long mark = newest == null ? Long.MIN_VALUE : newest.time() == null ? 0 : newest.time();
        pending = local.stream().filter(migration -> migration.time() > mark).toList();
        if (newest != null && newest.time() == null) {
            troubles.timeless(newest, owner.get(newest));
        }
        for (Migration migration : local) {
            DrizzleTable.Row row = applied.get(migration);
            if (row == null && migration.time() <= mark) {
                troubles.skipped(migration, newest, mark, owner.get(newest));
            } else if (row != null && row.time() != null && !at(row, migration)) {
                troubles.otherTime(migration, row, migration.time() > mark);
            }
        }
        order(mark);
    }

    private void order(long mark) {
        for (int i = 1; i < local.size(); i++) {
            Migration migration = local.get(i);
            if (migration.time() <= local.get(i - 1).time() && migration.time() > mark) {
                troubles.order(migration, local.get(i - 1));
            }
        }
        for (Migration migration : pending) {
            if (migration.time() > now + DAY) {
                // A database that is ahead already gets no worse by it.
                troubles.ahead(migration, Math.max(now, mark + 1), mark <= now + DAY);
            }
        }
        for (DrizzleTable.Row row : table.rows()) {
            Migration of = owner.get(row);
            if (row.time() != null && row.time() > now + DAY && (of == null || !at(row, of))) {
                troubles.ahead(row, of);
            }
        }
    }

    /** 1.0: a folder whose name is in no row runs, whatever its time (drizzle-orm/src/migrator.utils.ts). */
    private void names() {
        pair((row, migration) -> migration.id().equals(row.name()));
        leftOver((row, migration) -> migration.id().equals(row.name()));
        pending = local.stream().filter(migration -> !applied.containsKey(migration)).toList();
        for (DrizzleTable.Row row : List.copyOf(foreign)) {
            Migration meant = pending.stream()
                    .filter(migration -> same(row, migration) || row.name() == null && at(row, migration))
                    .findFirst().orElse(null);
            if (meant != null) {
                troubles.otherName(row, meant);
                foreign.remove(row);
            } else if (row.name() == null) {
                troubles.nameless(row);
                foreign.remove(row);
            }
        }
    }

    /** 1.0 before a table of 0.x, whose rows it names first (drizzle-orm/src/up-migrations/pg.ts). */
    private void upgrade() {
        Map<Long, List<Migration>> seconds = local.stream().collect(Collectors.groupingBy(Migration::time));
        for (DrizzleTable.Row row : table.rows()) {
            Migration migration = upgraded(row, row.time() == null ? List.of()
                    : seconds.getOrDefault(row.time() / 1000 * 1000, List.of()));
            if (migration == null) {
                troubles.refused(row);
            } else {
                owner.put(row, migration);
                if (applied.putIfAbsent(migration, row) != null) {
                    twice.add(row);
                }
            }
        }
        pending = local.stream().filter(migration -> !applied.containsKey(migration)).toList();
    }

    /** The migration of an old row: the only one of its second, else the one with its hash; null where 1.0 gives up. */
    private Migration upgraded(DrizzleTable.Row row, List<Migration> ofThatSecond) {
        if (ofThatSecond.size() == 1) {
            return ofThatSecond.get(0);
        }
        List<Migration> equal = (ofThatSecond.isEmpty() ? local : ofThatSecond).stream()
                .filter(migration -> migration.hash().equals(row.hash())).toList();
        // Of all migrations with the hash it takes the last one, of those of one second the first.
        return equal.isEmpty() ? null : equal.get(ofThatSecond.isEmpty() ? equal.size() - 1 : 0);
    }

    private void pair(BiPredicate<DrizzleTable.Row, Migration> rule) {
        for (DrizzleTable.Row row : table.rows()) {
            if (!owner.containsKey(row)) {
                local.stream().filter(migration -> !applied.containsKey(migration) && rule.test(row, migration))
                        .findFirst().ifPresent(migration -> {
                            owner.put(row, migration);
                            applied.put(migration, row);
                        });
            }
        }
    }

    private void leftOver(BiPredicate<DrizzleTable.Row, Migration> rule) {
        for (DrizzleTable.Row row : table.rows()) {
            if (!owner.containsKey(row)) {
                Migration of = local.stream().filter(migration -> rule.test(row, migration)).findFirst().orElse(null);
                (of == null ? foreign : twice).add(row);
                if (of != null) {
                    owner.put(row, of);
                }
            }
        }
    }

    /** What is odd about rows, whatever the rule. */
    private void rows() {
        twice.forEach(row -> troubles.twice(owner.get(row), applied.get(owner.get(row)), row));
        if (foreign.size() > 1 && applied.isEmpty()) {
            troubles.strangers(foreign.size());
            return;
        }
        long last = local.stream().mapToLong(Migration::time).max().orElse(Long.MIN_VALUE);
        foreign.forEach(row -> troubles.stranger(row, row.time() != null && row.time() > last));
    }

    /** What is odd about the text of migrations. */
    private void texts() {
        for (Migration migration : local) {
            DrizzleTable.Row row = applied.get(migration);
            boolean runs = pending.contains(migration);
            boolean edited = row != null && !same(row, migration);
            if (edited) {
                troubles.edited(migration, row);
            } else if (row != null && !migration.hash().equals(row.hash())) {
                troubles.lineEnds(migration);
            }
            if (folder.broken().containsKey(migration.id()) && (runs || edited)) {
                troubles.broken(migration, folder.broken().get(migration.id()), runs);
            } else if (runs && Decoded.marked(migration.sql())) {
                troubles.marked(migration);
            } else if (runs && migration.sql().contains("\r\n")) {
                troubles.windows(migration);
            }
        }
    }

    /** Whether a row is of this text, whatever its line ends were. */
    private boolean same(DrizzleTable.Row row, Migration migration) {
        return hashes.computeIfAbsent(migration.id(), id -> {
            String lf = migration.sql().replace("\r\n", "\n");
            return new TreeSet<>(List.of(migration.hash(), DrizzleFolder.hash(lf),
                    DrizzleFolder.hash(lf.replace("\n", "\r\n"))));
        }).contains(row.hash());
    }

    private static boolean at(DrizzleTable.Row row, Migration migration) {
        return row.time() != null && row.time() == migration.time();
    }
}
