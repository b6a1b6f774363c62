//SOURCES ../sql/LockMode.java ../sql/Change.java ../sql/Name.java ../sql/Phrase.java Hazard.java Targets.java Rule.java Spot.java

package lib.hazards;

import java.util.List;
import lib.sql.Change;
import lib.sql.LockMode;
import lib.sql.Name;
import lib.sql.Phrase;

/** Partitions, materialized views, and what keeps a database in order. */
final class PartitionHazards {
    static final List<Rule> RULES = List.of(
            new Rule(Hazard.caution("PAR01", "ATTACH PARTITION reads the new partition, and the default one")
                    .locks(LockMode.SHARE_UPDATE_EXCLUSIVE, "scan").unless("the partition is new in this release")
                    .instead("a validated CHECK that says the same as the bounds first"), PartitionHazards::attach),
            new Rule(Hazard.dangerous("PAR02", "DETACH PARTITION locks the parent")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").instead("DETACH PARTITION ... CONCURRENTLY (14 or newer)"),
                    PartitionHazards::detach),
            new Rule(Hazard.caution("PAR03", "CREATE TABLE ... PARTITION OF locks the parent")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").unless("the parent is new in this release")
                    .instead("CREATE TABLE ... (LIKE parent), then ATTACH PARTITION"), PartitionHazards::create),
            new Rule(Hazard.caution("PAR04", "ALTER TABLE of a partitioned table locks every partition")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").instead("one partition at a time, where that is possible"),
                    PartitionHazards::parent),
            new Rule(Hazard.dangerous("MNT01", "VACUUM FULL and CLUSTER rewrite a table while everybody waits")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "rewrite")
                    .instead("VACUUM, or pg_repack"), PartitionHazards::rewrite),
            new Rule(Hazard.dangerous("MNT02", "REFRESH MATERIALIZED VIEW stops readers")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "rewrite")
                    .instead("REFRESH MATERIALIZED VIEW CONCURRENTLY, with a unique index"), PartitionHazards::refresh),
            new Rule(Hazard.caution("MNT03", "LOCK TABLE without a mode stops readers too")
                    .locks(LockMode.ACCESS_EXCLUSIVE, "").instead("name the weakest mode that will do"),
                    PartitionHazards::lock),
            new Rule(Hazard.note("MNT04", "an extension needs rights and files on the server")
                    .instead("look whether production has it: preflight does"), PartitionHazards::extension));

    private PartitionHazards() {
    }

    private static Rule.Hit attach(Spot spot) {
        if (!spot.kind().equals("ALTER TABLE ATTACH PARTITION")) {
            return null;
        }
        Name child = Targets.after(spot.phrase(), "PARTITION");
        return child == null || !spot.used(child) ? null : Rule.Hit.of("all rows of " + spot.sized(child)
                + " are read under ACCESS EXCLUSIVE, and those of a default partition", "ALTER TABLE " + child.sql()
                + " ADD CONSTRAINT " + Name.quote(child.name() + "_bounds") + " CHECK (...) NOT VALID;\nALTER TABLE "
                + child.sql() + " VALIDATE CONSTRAINT " + Name.quote(child.name() + "_bounds") + ";\n"
                + spot.action().alone() + ";").as(spot.small(child) ? Hazard.Severity.SAFE : null);
    }

    private static Rule.Hit detach(Spot spot) {
        if (!spot.kind().equals("ALTER TABLE DETACH PARTITION") || spot.has("CONCURRENTLY")) {
            return null;
        }
        Name parent = Targets.altered(spot.phrase());
        return !spot.used(parent) ? null : Rule.Hit.of("DETACH PARTITION stops reads and writes of " + parent,
                spot.context().server() > 0 && spot.context().major() < 14
                        ? "SET LOCAL lock_timeout = '2s';\n" + spot.action().alone() + ";"
                        : spot.action().alone() + " CONCURRENTLY;").as(spot.byService());
    }

    private static Rule.Hit create(Spot spot) {
        Name parent = spot.change() instanceof Change.CreateTable ? Targets.partitionOf(spot.action()) : null;
        if (parent == null || spot.fresh(parent)) {
            return null;
        }
        Phrase phrase = spot.phrase();
        Name made = spot.change().tables().get(0);
        phrase.until(p -> p.sees("FOR VALUES") || p.sees("DEFAULT"));
        return Rule.Hit.of("reads and writes of " + parent + " wait for this CREATE TABLE", "CREATE TABLE " + made.sql()
                + " (LIKE " + parent.sql() + " INCLUDING ALL);\nALTER TABLE " + parent.sql() + " ATTACH PARTITION "
                + made.sql() + " " + phrase.source() + ";");
    }

    private static Rule.Hit parent(Spot spot) {
        if (!spot.tag().equals("ALTER TABLE") || spot.kind().contains("PARTITION") || spot.has("ONLY")) {
            return null;
        }
        Name table = Targets.altered(spot.phrase());
        return spot.partitioned(table) ? Rule.Hit.of(table + " is partitioned: every partition is locked until the "
                + "last one is done", "") : null;
    }

    private static Rule.Hit rewrite(Spot spot) {
        boolean full = spot.tag().equals("VACUUM") && (spot.has("FULL")
                || spot.statement().sql().matches("(?is)VACUUM\\s*\\([^)]*\\bFULL\\b.*"));
        return full || spot.tag().equals("CLUSTER") ? Rule.Hit.of((full ? "VACUUM FULL" : "CLUSTER")
                + " rewrites " + (spot.statement().relations().isEmpty() ? "every table"
                : spot.sized(spot.statement().relations().iterator().next())) + " while reads and writes wait",
                full ? "VACUUM " + (spot.statement().relations().isEmpty() ? ""
                : spot.statement().relations().iterator().next().sql()) + ";" : "").as(spot.byService()) : null;
    }

    private static Rule.Hit refresh(Spot spot) {
        return spot.tag().equals("REFRESH MATERIALIZED VIEW") && !spot.has("CONCURRENTLY") && !spot.has("WITH NO DATA")
                ? Rule.Hit.of("readers of the view wait until its query is done",
                spot.statement().sql().replaceFirst("(?i)\\bVIEW\\b", "VIEW CONCURRENTLY") + ";").as(spot.byService())
                : null;
    }

    private static Rule.Hit lock(Spot spot) {
        if (!spot.tag().equals("LOCK TABLE")) {
            return null;
        }
        if (!spot.story().inTransaction() && !spot.context().managed()) {
            return Rule.Hit.of("LOCK TABLE fails outside a transaction", "BEGIN;\n" + spot.statement().sql() + ";")
                    .as(Hazard.Severity.DANGEROUS);
        }
        LockMode mode = Targets.mode(spot.statement().sql());
        return Targets.blocks(mode) ? Rule.Hit.of("LOCK TABLE takes " + mode.sql() + ": it stops " + Targets.stops(mode)
                + " until the transaction ends", mode == LockMode.ACCESS_EXCLUSIVE
                ? spot.statement().sql().replaceFirst("(?is)\\s+IN\\s+ACCESS\\s+EXCLUSIVE\\s+MODE.*", "")
                + " IN SHARE UPDATE EXCLUSIVE MODE;" : "") : null;
    }

    private static Rule.Hit extension(Spot spot) {
        return List.of("CREATE EXTENSION", "ALTER EXTENSION").contains(spot.tag())
                ? Rule.Hit.of(spot.tag() + " works only where the server has it and the role may", "") : null;
    }
}
