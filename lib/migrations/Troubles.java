//SOURCES ../Decoded.java ../History.java ../Migration.java

package lib.migrations;

import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.format.ResolverStyle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.Decoded;
import lib.History;
import lib.Migration;

/** What is not as it should be in a history, in the words that several tools have in common. */
final class Troubles {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMddHHmmss").withResolverStyle(ResolverStyle.STRICT);

    private final List<History.Trouble> all = new ArrayList<>();

    List<History.Trouble> all() {
        return all;
    }

    void add(String kind, String migration, String message, String hint, boolean stops) {
        all.add(new History.Trouble(kind, migration, message, hint, stops));
    }

    /** A file that would be sent or hashed otherwise than its author sees it. */
    void broken(Iterable<Migration> pending, Map<String, Decoded.Flaw> broken) {
        for (Migration migration : pending) {
            Decoded.Flaw flaw = broken.get(migration.id());
            if (flaw != null) {
                add("encoding", migration.id(), migration.file() + " " + flaw.words()
                        + ": no server takes it as it is", flaw.mend(migration.file()), true);
            } else if (Decoded.marked(migration.sql())) {
                all.add(marked(migration));
            }
        }
    }

    /** A byte order mark: a release leaves it out, and so do psql and Flyway, but no tool that sends whole files. */
    static History.Trouble marked(Migration migration) {
        return new History.Trouble("encoding", migration.id(), migration.file() + " begins with a byte order mark,"
                + " which is left out here: a tool that sends it along is refused by the server (\"syntax error\")",
                Decoded.unmark(migration.file()), false);
    }

    /** A row of a migration that is not in the folder. */
    void stranger(String id, String what, String folder, boolean newest, boolean stops, String rule, String hint) {
        if (newest) {
            add("unknown", id, what + " is newer than every migration in " + folder
                    + ": this database had a release that this commit does not hold",
                    "merge the branch it came from; git log --all --oneline -- " + folder, true);
        } else {
            add("deleted", id, what + " is of a migration that is no longer in " + folder + ": " + rule, hint, stops);
        }
    }

    /** A migration dated more than a day ahead of now. */
    void future(Migration migration, Clock clock, String effect) {
        long time = millis(migration.id());
        if (time > clock.millis() + 86_400_000L) {
            add("future", migration.id(), migration.id() + " is dated ahead of now: " + effect,
                    "give " + migration.file() + " the time of today in its name, as long as no database has it",
                    false);
        }
    }

    /** The UTC time that the first 14 digits of a name are; {@link Long#MIN_VALUE} when they are none. */
    static long millis(String name) {
        try {
            return name.matches("\\d{14}(\\D.*)?") ? LocalDateTime.parse(name.substring(0, 14), STAMP)
                    .toInstant(ZoneOffset.UTC).toEpochMilli() : Long.MIN_VALUE;
        } catch (DateTimeParseException e) {
            return Long.MIN_VALUE;
        }
    }
}
