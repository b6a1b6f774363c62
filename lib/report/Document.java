//SOURCES ../Gate.java Contents.java Data.java Facts.java HazardList.java Markdown.java Now.java Page.java Queries.java
//SOURCES Section.java Statements.java Timeline.java ToDo.java WayBack.java

package lib.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import lib.Gate;

/** The report of a release: one list of sections, as Markdown and as a page for a browser. */
public final class Document {
    private static final List<Function<Facts, List<Section>>> PARTS = List.of(Now::stopped,
            facts -> List.of(Now.truth(facts)), ToDo::of, Timeline::of, Statements::of, Data::of, HazardList::of,
            Queries::of, WayBack::of, Contents::of);

    private final Facts facts;
    private final List<Section> sections = new ArrayList<>();

    /** Puts together whatever the record holds; a part that is not there is left out. */
    public Document(Facts facts) {
        this.facts = facts;
        for (Function<Facts, List<Section>> part : PARTS) {
            try {
                sections.addAll(part.apply(facts));
            } catch (RuntimeException e) {
                // A fact in a form that nobody foresaw must not end a release that went well.
                sections.add(new Section("unread" + sections.size(), "A part that could not be made", Gate.words(e),
                        List.of()));
            }
        }
    }

    public String markdown() {
        return Markdown.of(facts, sections);
    }

    /** One file that needs no other, no network and no script. */
    public String html() {
        return Page.of(facts, sections);
    }
}
