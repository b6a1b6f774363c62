//SOURCES ../Gate.java ../Notes.java

package lib.assess;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import lib.Gate;
import lib.Notes;

/** What MIGRATIONS.md holds, and what of its SQL a release passes over. */
public final class Entries {
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

    private static String titles(Notes notes, Predicate<Notes.Entry> wanted) {
        return String.join(", ", notes.entries().stream().filter(wanted).map(entry -> "\"" + entry.title() + "\"")
                .toList());
    }
}
