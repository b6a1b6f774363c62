//SOURCES ../Gate.java ../History.java ../Migration.java ../Some.java ../migrations/Astray.java
//SOURCES ../migrations/Convention.java ../sql/Sql.java

package lib.assess;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import lib.Gate;
import lib.History;
import lib.Migration;
import lib.Some;
import lib.migrations.Astray;
import lib.migrations.Convention;
import lib.sql.Sql;

/**
 * How the pending migrations are called and begin, beside those that ran. What a tool would pass over for its name is a
 * trouble of the history and stops; here are matters of style, and files that somebody forgot to fill.
 */
public record Naming(List<Note> notes, int looked) {
    /** Notes on the screen; all of them are in the facts. */
    private static final int SHOWN = 5;

    /** What is said of one file, and what would mend it. */
    public record Note(String file, String message, String hint) {
    }

    /** Looks at the pending ones of a history. */
    public static Naming of(History history, List<Migration> pending) {
        Map<String, Migration> named = new LinkedHashMap<>();
        Map<String, String> texts = new LinkedHashMap<>();
        for (Migration migration : history.local()) {
            named.put(name(migration), migration);
            texts.put(name(migration), sql(migration) ? migration.sql() : null);
        }
        Set<String> fresh = new LinkedHashSet<>();
        List<Note> notes = new ArrayList<>();
        for (Migration migration : pending) {
            fresh.add(name(migration));
            if (sql(migration) && empty(migration.sql())) {
                notes.add(new Note(migration.file(), migration.file() + " holds no statement: once it is applied, what"
                        + " was meant to stand in it never runs", "write it, or take it out: git rm "
                        + migration.file()));
            }
        }
        for (Convention.Deviation each : Convention.of(texts, fresh)) {
            Migration migration = named.get(each.name());
            // Its own rule about numbers that are taken twice is told with the history.
            if (!history.tool().equals("sql") || !each.twice()) {
                notes.add(new Note(migration.file(), migration.file() + ": " + each.message(),
                        each.better() == null ? each.way() : move(history, migration, each)));
            }
        }
        return new Naming(List.copyOf(notes), pending.size());
    }

    private static String name(Migration migration) {
        return migration.id().substring(migration.id().lastIndexOf('/') + 1);
    }

    // The others are programs; Flyway takes .SQL as well.
    private static boolean sql(Migration migration) {
        return migration.file().toLowerCase(Locale.ROOT).endsWith(".sql");
    }

    // What cannot be taken apart is told with its place where the release SQL is drafted.
    private static boolean empty(String sql) {
        try {
            return Sql.blank(sql);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static String move(History history, Migration migration, Convention.Deviation deviation) {
        // A folder for each, as Prisma and Drizzle 1.0 have it, is what carries the name.
        String from = migration.file().endsWith("/" + deviation.name() + "/migration.sql")
                ? migration.file().replaceFirst("/migration\\.sql$", "") : migration.file();
        int at = from.lastIndexOf(deviation.name());
        String to = from.substring(0, at) + deviation.better() + from.substring(at + deviation.name().length());
        boolean journal = history.tool().equals("drizzle") && from.endsWith(".sql");
        return Astray.move(from, to) + "   # while no database has it" + (journal
                ? "; and its \"tag\" in " + history.folder() + "/meta/_journal.json" : "");
    }

    /** Never stops: no tool minds. */
    public Gate.Finding finding() {
        if (notes.isEmpty()) {
            return looked == 0 ? Gate.skipped("nothing is pending, and what has run keeps its name")
                    : Gate.passed(looked == 1 ? "the pending file is called and begins like those before it"
                    : "the pending files are called and begin like those before them");
        }
        return Gate.warned(Some.of(notes.stream().map(Note::message).toList(), SHOWN, "\n"),
                Some.of(notes.stream().map(Note::hint).distinct().toList(), SHOWN, "\n"));
    }
}
