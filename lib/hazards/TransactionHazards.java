//SOURCES ../sql/Locks.java ../sql/LockMode.java ../sql/Change.java ../sql/Name.java ../sql/Phrase.java Context.java Hazard.java Targets.java
//SOURCES Rule.java Spot.java

package lib.hazards;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import lib.sql.Change;
import lib.sql.LockMode;
import lib.sql.Locks;
import lib.sql.Name;
import lib.sql.Phrase;

/** Where transactions begin and end, and what they hold while they go on; release.java cuts them itself. */
final class TransactionHazards {
    private static final Set<String> BEGIN = Set.of("BEGIN", "START TRANSACTION");
    private static final Set<String> REPEATABLE = Set.of("CREATE TABLE", "CREATE INDEX", "DROP TABLE", "DROP INDEX",
            "CREATE TYPE", "CREATE SCHEMA", "CREATE SEQUENCE", "DROP TYPE", "DROP VIEW", "DROP SCHEMA",
            "CREATE EXTENSION", "CREATE MATERIALIZED VIEW", "CREATE VIEW", "CREATE TRIGGER", "CREATE FUNCTION");

    /** Found at the end of a file, not in a statement. */
    static final Hazard UNCOMMITTED = Hazard.dangerous("TXN01", "BEGIN without COMMIT: nothing of it is kept")
            .unless("release.java runs it: it takes BEGIN and COMMIT out").instead("COMMIT at the end");
    static final Hazard PSQL = Hazard.caution("TXN07", "a psql command is no SQL: only psql knows it")
            .instead("write it as SQL");

    static final List<Rule> RULES = List.of(
            new Rule(UNCOMMITTED, spot -> null),
            new Rule(Hazard.caution("TXN02", "BEGIN or COMMIT inside a transaction that is open already")
                    .unless("release.java runs it: it takes BEGIN and COMMIT out").instead("leave it out"),
                    TransactionHazards::nested),
            new Rule(Hazard.dangerous("TXN03", "a slow statement while this transaction locks a table for everybody")
                    .unless("release.java runs it: the application is stopped")
                    .instead("COMMIT first, or the slow statement first"), TransactionHazards::held),
            new Rule(Hazard.caution("TXN04", "one transaction locks several tables for everybody")
                    .unless("release.java runs it: the application is stopped")
                    .instead("one transaction for each table"), TransactionHazards::severalTables),
            new Rule(Hazard.dangerous("TXN05", "rows are moved while this transaction locks their table")
                    .unless("release.java runs it: the application is stopped")
                    .instead("rows in a transaction of their own"), TransactionHazards::rows),
            new Rule(Hazard.caution("TXN06", "this statement cannot run inside a transaction")
                    .unless("release.java runs it: it gets a segment of its own")
                    .instead("a file of its own, without a transaction"), TransactionHazards::refused),
            new Rule(PSQL, spot -> null),
            new Rule(Hazard.caution("IDM01", "a script without a transaction cannot be run again after a failure")
                    .unless("the statement can be repeated, or a transaction holds it")
                    .instead("BEGIN and COMMIT, or IF [NOT] EXISTS and a look at what is there"),
                    TransactionHazards::notRepeatable));

    private TransactionHazards() {
    }

    private static Rule.Hit nested(Spot spot) {
        if (spot.context().managed()) {
            return null;
        }
        boolean shared = spot.context().shape() != Context.Shape.NONE;
        boolean begins = BEGIN.contains(spot.tag()) && (spot.story().open() || shared);
        boolean ends = spot.tag().equals("COMMIT") && !spot.story().open() && shared;
        return !begins && !ends ? null : Rule.Hit.of(spot.story().open() ? "a transaction is open already in this file"
                : "the migration tool opens a transaction itself: " + spot.tag() + " here breaks it", "");
    }

    /** The table that this transaction locks for everybody, or null. */
    private static Name locked(Spot spot) {
        return spot.context().managed() || !spot.story().inTransaction() || spot.story().held.isEmpty() ? null
                : spot.story().held.keySet().iterator().next();
    }

    private static Rule.Hit held(Spot spot) {
        Name locked = locked(spot);
        Change change = spot.change();
        boolean slow = change instanceof Change.CreateIndex index && spot.used(index.table())
                || change instanceof Change.AddConstraint added && !added.constraint().notValid()
                && added.constraint().usingIndex() == null && spot.used(added.table())
                || change instanceof Change.SetNotNull set && spot.used(set.table())
                && !spot.story().neverNull(set.table(), set.column())
                || change instanceof Change.SetType typed && spot.used(typed.table())
                || change instanceof Change.ValidateConstraint valid && spot.used(valid.table())
                || spot.tag().equals("REFRESH MATERIALIZED VIEW");
        return locked == null || !slow || change.tables().stream().allMatch(spot::small) && !change.tables().isEmpty()
                ? null : Rule.Hit.of("since an earlier statement of this transaction nobody can read " + locked
                + ", and this one takes long", "COMMIT;\n" + spot.action().alone() + ";").as(spot.byService());
    }

    private static Rule.Hit severalTables(Spot spot) {
        if (locked(spot) == null) {
            return null;
        }
        Map<Name, LockMode> held = spot.story().held;
        String added = Locks.of(spot.statement()).entrySet().stream()
                .filter(entry -> entry.getValue() == LockMode.ACCESS_EXCLUSIVE && !held.containsKey(entry.getKey())
                && spot.used(entry.getKey())).map(entry -> entry.getKey().toString())
                .collect(Collectors.joining(", "));
        return added.isEmpty() || !spot.first() ? null : Rule.Hit.of("while this waits for " + added
                + " nobody can use " + held.keySet().stream().map(Name::toString).collect(Collectors.joining(", ")),
                "COMMIT;\n" + spot.statement().sql() + ";");
    }

    private static Rule.Hit rows(Spot spot) {
        boolean moves = spot.change() instanceof Change.Update || spot.change() instanceof Change.Delete
                || spot.change() instanceof Change.Insert && spot.has("SELECT");
        return locked(spot) != null && moves && spot.used(spot.change().tables().get(0)) && spot.first()
                && !spot.small(spot.change().tables().get(0))
                ? Rule.Hit.of(spot.tag() + " of " + spot.sized(spot.change().tables().get(0)) + " while nobody can use "
                + locked(spot), "COMMIT;\n" + spot.statement().sql() + ";").as(spot.byService()) : null;
    }

    private static Rule.Hit refused(Spot spot) {
        return spot.first() && !spot.statement().transactional() && spot.story().inTransaction()
                && !spot.context().managed() && !spot.statement().sql().matches("(?is).*\\bCONCURRENTLY\\b.*")
                ? Rule.Hit.of(spot.tag() + " fails inside a transaction", "COMMIT;\n" + spot.statement().sql() + ";")
                : null;
    }

    private static Rule.Hit notRepeatable(Spot spot) {
        if (!spot.first() || spot.story().inTransaction() && spot.statement().transactional()
                || !REPEATABLE.contains(spot.tag())) {
            return null;
        }
        Phrase phrase = spot.phrase();
        boolean repeatable = phrase.has("IF NOT EXISTS") || phrase.has("IF EXISTS") || phrase.has("OR REPLACE")
                || spot.change() instanceof Change.CreateIndex index && index.name() != null
                && spot.story().guarded(Name.of(index.table().schema(), index.name()));
        return repeatable || spot.context().managed() && spot.statement().transactional()
                || spot.statement().transactional() && !spot.story().first("IDM01") ? null
                : Rule.Hit.of(spot.tag() + " outside a transaction: after a failure further on the file cannot be run "
                + "again", spot.statement().transactional() ? "BEGIN;\n" + spot.statement().sql() + ";\nCOMMIT;"
                : spot.change() instanceof Change.CreateIndex index && index.name() != null
                ? "DROP INDEX CONCURRENTLY IF EXISTS " + Name.of(index.table().schema(), index.name()).sql() + ";\n"
                + spot.statement().sql() + ";"
                : spot.statement().sql().replaceFirst("(?i)\\bCONCURRENTLY\\b", "CONCURRENTLY IF EXISTS") + ";");
    }
}
