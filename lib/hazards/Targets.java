//SOURCES ../sql/LockMode.java ../sql/Name.java ../sql/Phrase.java ../sql/Statement.java

package lib.hazards;

import java.util.Locale;
import lib.sql.LockMode;
import lib.sql.Name;
import lib.sql.Phrase;
import lib.sql.Statement;

/** The table a statement is about, where no change of its own says so. */
final class Targets {
    private Targets() {
    }

    /** The table an ALTER TABLE names. */
    static Name altered(Phrase phrase) {
        phrase.until(p -> p.take("TABLE"));
        phrase.take("IF EXISTS");
        phrase.take("ONLY");
        return phrase.name();
    }

    /** The name that stands behind a keyword, or null. */
    static Name after(Phrase phrase, String word) {
        phrase.until(p -> p.take(word));
        phrase.take("ONLY");
        return phrase.seesIdentifier() ? phrase.name() : null;
    }

    /** The table that a new one is a partition of, or null. */
    static Name partitionOf(Statement.Action action) {
        Phrase phrase = Phrase.of(action.alone());
        phrase.until(p -> p.sees('(') || p.take("PARTITION OF"));
        return phrase.seesIdentifier() ? phrase.name() : null;
    }

    /** The mode LOCK TABLE asks for. */
    static LockMode mode(String sql) {
        Phrase phrase = Phrase.of(sql);
        phrase.until(p -> p.take("IN"));
        String words = phrase.until(p -> p.sees("MODE")).folded().toUpperCase(Locale.ROOT).replaceAll("\\s+", "_");
        for (LockMode lock : LockMode.values()) {
            if (lock.name().equals(words)) {
                return lock;
            }
        }
        return LockMode.ACCESS_EXCLUSIVE;
    }

    /** Whether an application that reads or writes a table has to wait for this lock. */
    static boolean blocks(LockMode mode) {
        return mode.compareTo(LockMode.SHARE) >= 0;
    }

    /** What waits while somebody holds the lock. */
    static String stops(LockMode mode) {
        return mode == LockMode.ACCESS_EXCLUSIVE ? "reads and writes" : blocks(mode) ? "writes"
                : mode == LockMode.SHARE_UPDATE_EXCLUSIVE ? "other DDL and VACUUM" : "DDL";
    }
}
