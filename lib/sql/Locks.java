//SOURCES Change.java LockMode.java Name.java Phrase.java Statement.java

package lib.sql;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * The table locks that a statement takes, as measured on PostgreSQL 15 and 18. What follows from the catalog alone (the
 * other end of a foreign key that is dropped, the partitions of a table) is not told here.
 */
public final class Locks {
    private final Statement statement;
    private final Map<Name, LockMode> modes = new TreeMap<>();

    private Locks(Statement statement) {
        this.statement = statement;
    }

    /** The strongest lock on each table that the statement names. */
    public static Map<Name, LockMode> of(Statement statement) {
        Locks locks = new Locks(statement);
        statement.relations().stream().filter(name -> !statement.writes().contains(name))
                .forEach(name -> locks.add(name, locks.whenRead()));
        statement.actions().forEach(action -> locks.read(action.change()));
        locks.partition();
        return locks.modes;
    }

    /** The other table of a statement about partitions: the parent of a new one, or the one that comes or goes. */
    private void partition() {
        for (Phrase phrase = Phrase.of(statement.sql()); !phrase.done(); phrase.next()) {
            if (phrase.takeAny("PARTITION OF", "ATTACH PARTITION", "DETACH PARTITION") && phrase.seesIdentifier()) {
                add(phrase.name(), LockMode.ACCESS_EXCLUSIVE);
                return;
            }
        }
    }

    /** What a statement of this kind takes of the tables it names without changing them. */
    private LockMode whenRead() {
        return switch (statement.tag()) {
            case "CREATE TABLE", "CREATE FOREIGN TABLE" -> has("REFERENCES") ? LockMode.SHARE_ROW_EXCLUSIVE
                    : has("INHERITS") ? LockMode.SHARE_UPDATE_EXCLUSIVE : LockMode.ACCESS_SHARE;
            case "ALTER TABLE" -> has("REFERENCES") ? LockMode.SHARE_ROW_EXCLUSIVE : LockMode.SHARE_UPDATE_EXCLUSIVE;
            case "COMMENT", "SECURITY LABEL", "CREATE STATISTICS", "ANALYZE" -> LockMode.SHARE_UPDATE_EXCLUSIVE;
            case "VACUUM" -> has("FULL") ? LockMode.ACCESS_EXCLUSIVE : LockMode.SHARE_UPDATE_EXCLUSIVE;
            case "REINDEX" -> has("CONCURRENTLY") ? LockMode.SHARE_UPDATE_EXCLUSIVE : LockMode.SHARE;
            case "LOCK TABLE" -> named();
            default -> has("FOR UPDATE") || has("FOR SHARE") ? LockMode.ROW_SHARE : LockMode.ACCESS_SHARE;
        };
    }

    private LockMode named() {
        return Arrays.stream(LockMode.values()).filter(mode -> has("IN " + mode.sql() + " MODE")).findFirst()
                .orElse(LockMode.ACCESS_EXCLUSIVE);
    }

    private void read(Change change) {
        if (change instanceof Change.Other other) {
            statement.writes().forEach(name -> add(name, whenChanged(other.tag())));
            return;
        }
        LockMode mode = mode(change);
        change.tables().forEach(table -> add(table, mode));
        if (change instanceof Change.AddColumn added && added.column().references() != null) {
            add(added.column().references().table(), LockMode.SHARE_ROW_EXCLUSIVE);
        } else if (change instanceof Change.AddConstraint added && added.constraint().references() != null) {
            add(added.constraint().references().table(), LockMode.SHARE_ROW_EXCLUSIVE);
        }
    }

    private LockMode mode(Change change) {
        if (change instanceof Change.Insert || change instanceof Change.Update || change instanceof Change.Delete) {
            return LockMode.ROW_EXCLUSIVE;
        }
        if (change instanceof Change.CreateIndex index) {
            return index.concurrently() ? LockMode.SHARE_UPDATE_EXCLUSIVE : LockMode.SHARE;
        }
        if (change instanceof Change.ValidateConstraint) {
            return LockMode.SHARE_UPDATE_EXCLUSIVE;
        }
        return change instanceof Change.AddConstraint added
                && added.constraint().kind() == Change.Constraint.Kind.FOREIGN_KEY ? LockMode.SHARE_ROW_EXCLUSIVE
                : LockMode.ACCESS_EXCLUSIVE;
    }

    private LockMode whenChanged(String tag) {
        return switch (tag) {
            case "MERGE", "COPY", "INSERT", "UPDATE", "DELETE" -> LockMode.ROW_EXCLUSIVE;
            case "CREATE TRIGGER", "ALTER TABLE ENABLE TRIGGER", "ALTER TABLE DISABLE TRIGGER" ->
                LockMode.SHARE_ROW_EXCLUSIVE;
            case "ALTER TABLE ALTER COLUMN SET STATISTICS", "ALTER TABLE SET", "ALTER TABLE RESET",
                "ALTER TABLE CLUSTER ON", "ALTER TABLE ATTACH PARTITION" -> LockMode.SHARE_UPDATE_EXCLUSIVE;
            case "ALTER TABLE DETACH PARTITION" -> has("CONCURRENTLY") ? LockMode.SHARE_UPDATE_EXCLUSIVE
                    : LockMode.ACCESS_EXCLUSIVE;
            case "LOCK TABLE" -> named();
            case "REFRESH MATERIALIZED VIEW" -> has("CONCURRENTLY") ? LockMode.EXCLUSIVE : LockMode.ACCESS_EXCLUSIVE;
            default -> LockMode.ACCESS_EXCLUSIVE;
        };
    }

    private boolean has(String words) {
        for (Phrase phrase = Phrase.of(statement.sql()); !phrase.done(); phrase.next()) {
            if (phrase.sees(words)) {
                return true;
            }
        }
        return false;
    }

    private void add(Name table, LockMode mode) {
        modes.merge(table, mode, LockMode::and);
    }
}
