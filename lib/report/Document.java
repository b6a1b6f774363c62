//SOURCES Contents.java Data.java Facts.java HazardList.java Markdown.java Now.java Page.java Queries.java Section.java
//SOURCES Statements.java Timeline.java ToDo.java WayBack.java

package lib.report;

import java.util.ArrayList;
import java.util.List;

/** The report of a release: one list of sections, as Markdown and as a page for a browser. */
public final class Document {
    private final Facts facts;
    private final List<Section> sections = new ArrayList<>();

    /** Puts together whatever the record holds; a part that is not there is left out. */
    public Document(Facts facts) {
        this.facts = facts;
        sections.addAll(Now.stopped(facts));
        sections.add(Now.truth(facts));
        sections.addAll(ToDo.of(facts));
        sections.addAll(Timeline.of(facts));
        sections.addAll(Statements.of(facts));
        sections.addAll(Data.of(facts));
        sections.addAll(HazardList.of(facts));
        sections.addAll(Queries.of(facts));
        sections.addAll(WayBack.of(facts));
        sections.addAll(Contents.of(facts));
    }

    public String markdown() {
        return Markdown.of(facts, sections);
    }

    /** One file that needs no other, no network and no script. */
    public String html() {
        return Page.of(facts, sections);
    }
}
