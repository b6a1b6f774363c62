//SOURCES ../Failure.java ../Gate.java ../Migration.java ../Notes.java ../Place.java

package lib.assess;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lib.Failure;
import lib.Gate;
import lib.Migration;
import lib.Notes;
import lib.Place;

/** What MIGRATIONS.md holds, and what of its SQL a release passes over. */
public final class Entries {
    /** A name that is meant for a migration's; of a number alone that is not sure. */
    private static final Pattern SURE = Pattern.compile(".*\\.sql|\\d{4,}_\\w+|V\\d.*__\\w+");

    private Entries() {
    }

    /** The entries by name; SQL that is not run is never passed over in silence. */
    public static Gate.Finding finding(Notes notes) {
        List<String> lines = new ArrayList<>(List.of(notes.entries().isEmpty() ? Notes.FILE + " has no entry"
                : Notes.FILE + ": " + String.join("; ", notes.entries().stream().map(Notes.Entry::title).toList())));
        String unmarked = titles(notes, entry -> !entry.unmarked().isEmpty());
        String never = titles(notes, entry -> entry.steps().size() < entry.fences().size());
        if (!unmarked.isEmpty()) {
            lines.add("SQL that is not run, because nothing says that it is: under " + unmarked);
        }
        if (!never.isEmpty()) {
            lines.add("SQL that is not run, because the words before it call it a way back, or done: under " + never);
        }
        String text = String.join("\n", lines);
        return lines.size() == 1 ? Gate.passed(text) : Gate.warned(text, !unmarked.isEmpty()
                ? "put it into a fence that begins with ```sql, or take it out"
                : "nothing, if that is so; else say above it what it is for");
    }

    /**
     * Stops where words want some SQL before a migration that has run, or beside one that there is not: it would run,
     * and not where somebody meant it.
     */
    public static void timely(Notes notes, List<Migration> applied, List<Migration> pending) {
        List<String> lines = new ArrayList<>();
        for (Notes.Entry entry : notes.entries()) {
            String sql = "the SQL under \"" + entry.title() + "\" in " + Notes.FILE;
            for (Place place : entry.steps().stream().map(Notes.Fence::place).distinct().toList()) {
                for (Migration migration : applied) {
                    if (place.before(migration.id())) {
                        lines.add(sql + " is to run before " + migration.id() + ", and that is applied already");
                    }
                }
                Stream.concat(place.before().stream(), place.after().stream())
                        .filter(name -> SURE.matcher(name).matches() && Stream.concat(applied.stream(),
                        pending.stream()).noneMatch(migration -> Place.names(name, migration.id())))
                        .forEach(name -> lines.add(sql + " is placed by " + name + ", and no such migration is"
                        + " applied or pending"));
            }
        }
        if (!lines.isEmpty()) {
            throw Failure.decide(String.join("\n", lines), "when it has run already, take it out of " + Notes.FILE
                    + " or write \"already run\" above it; else name the migration that it belongs to");
        }
    }

    private static String titles(Notes notes, Predicate<Notes.Entry> wanted) {
        return String.join(", ", notes.entries().stream().filter(wanted).map(entry -> "\"" + entry.title() + "\"")
                .toList());
    }
}
