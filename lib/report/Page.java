//DEPS com.j2html:j2html:1.6.0
//SOURCES Facts.java Outcome.java Section.java Style.java

package lib.report;

import static j2html.TagCreator.a;
import static j2html.TagCreator.body;
import static j2html.TagCreator.code;
import static j2html.TagCreator.details;
import static j2html.TagCreator.div;
import static j2html.TagCreator.each;
import static j2html.TagCreator.footer;
import static j2html.TagCreator.h1;
import static j2html.TagCreator.h2;
import static j2html.TagCreator.h3;
import static j2html.TagCreator.head;
import static j2html.TagCreator.header;
import static j2html.TagCreator.html;
import static j2html.TagCreator.li;
import static j2html.TagCreator.main;
import static j2html.TagCreator.meta;
import static j2html.TagCreator.nav;
import static j2html.TagCreator.p;
import static j2html.TagCreator.pre;
import static j2html.TagCreator.rawHtml;
import static j2html.TagCreator.section;
import static j2html.TagCreator.span;
import static j2html.TagCreator.style;
import static j2html.TagCreator.summary;
import static j2html.TagCreator.table;
import static j2html.TagCreator.tbody;
import static j2html.TagCreator.td;
import static j2html.TagCreator.th;
import static j2html.TagCreator.thead;
import static j2html.TagCreator.title;
import static j2html.TagCreator.tr;
import static j2html.TagCreator.ul;

import j2html.tags.DomContent;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A report as a page for a browser. Every word of it goes through j2html, which escapes; the style alone is ours. */
final class Page {
    /** Nothing is loaded and nothing runs, whatever a table may be called. */
    private static final String POLICY = "default-src 'none'; style-src 'unsafe-inline'";
    private static final DateTimeFormatter MOMENT =
            DateTimeFormatter.ofPattern("d MMMM yyyy, HH:mm 'UTC'", Locale.ENGLISH).withZone(ZoneOffset.UTC);
    private static final double PERCENT = 100;
    /** A bar too short to be seen is still one. */
    private static final double SHORTEST = 0.4;

    private Page() {
    }

    static String of(Facts facts, List<Section> sections) {
        Outcome outcome = Outcome.of(facts);
        return "<!DOCTYPE html>\n" + html(
                head(meta().withCharset("utf-8"),
                        meta().withName("viewport").withContent("width=device-width, initial-scale=1"),
                        meta().withName("color-scheme").withContent("light dark"),
                        meta().attr("http-equiv", "Content-Security-Policy").withContent(POLICY),
                        title(outcome.word() + ": " + facts.application() + ", " + facts.environment()),
                        style(rawHtml(Style.CSS))),
                body(div(top(facts, outcome),
                        div(links(sections), main(each(sections, Page::part))).withClass("columns"),
                        footer(p("Made from the run record of this release. It holds no row of any table.")))
                        .withClass("page"))).withLang("en").render() + "\n";
    }

    private static DomContent top(Facts facts, Outcome outcome) {
        return header(
                p(facts.application() + " · " + facts.environment() + " · " + MOMENT.format(facts.when()))
                        .withClass("eyebrow"),
                h1(outcome.word()).withClass(tone(outcome.tone())),
                p(outcome.sentence()).withClass("lead"),
                div(each(outcome.figures(), figure -> div(
                        span(figure.name()).withClass("name"), span(figure.value()).withClass("value"),
                        span(figure.note()).withClass("note")).withClass("figure"))).withClass("figures"));
    }

    private static DomContent links(List<Section> sections) {
        return nav(ul(each(sections, part -> li(a(part.title()).withHref("#" + part.id()))))).attr("aria-label",
                "Parts of this report");
    }

    private static DomContent part(Section part) {
        List<DomContent> content = new ArrayList<>(List.of(h2(part.title())));
        if (!part.lead().isEmpty()) {
            content.add(p(part.lead()).withClass("lead"));
        }
        part.blocks().forEach(block -> content.add(block(block)));
        return section(content.toArray(DomContent[]::new)).withId(part.id());
    }

    private static DomContent block(Block block) {
        if (block instanceof Block.Table table) {
            return grid(table);
        } else if (block instanceof Block.Command command) {
            return pre(code(command.text())).withClass("command");
        } else if (block instanceof Block.Listing listing) {
            return pre(code(listing.text()));
        } else if (block instanceof Block.Words words) {
            return p(words.text());
        } else if (block instanceof Block.Points points) {
            return ul(each(points.items(), item -> li(cell(item)))).withClass(points.boxes() ? "boxes" : "points");
        } else if (block instanceof Block.Item item) {
            List<DomContent> content = new ArrayList<>(List.of(h3(cell(item.badge()), span(" " + item.title()))));
            item.blocks().forEach(inner -> content.add(block(inner)));
            return div(content.toArray(DomContent[]::new)).withClass("item " + tone(item.badge().tone()));
        } else if (block instanceof Block.Folded folded) {
            return details(summary(folded.title()), each(folded.blocks(), Page::block));
        }
        throw new IllegalArgumentException("no such block: " + block);
    }

    private static DomContent grid(Block.Table table) {
        List<DomContent> rows = new ArrayList<>();
        for (List<Cell> row : table.rows()) {
            List<DomContent> cells = new ArrayList<>();
            for (int i = 0; i < row.size(); i++) {
                String name = table.columns().get(i);
                cells.add(td(cell(row.get(i))).attr("data-name", name)
                        .withClass(kind(row.get(i), i)));
            }
            rows.add(tr(cells.toArray(DomContent[]::new)));
        }
        boolean named = table.columns().stream().anyMatch(name -> !name.isEmpty());
        List<DomContent> content = new ArrayList<>();
        if (named) {
            content.add(thead(tr(each(table.columns(), column -> th(column).attr("scope", "col")))));
        }
        content.add(tbody(rows.toArray(DomContent[]::new)));
        return table(content.toArray(DomContent[]::new)).withClass(table.name());
    }

    private static String kind(Cell cell, int column) {
        boolean empty = cell instanceof Cell.Words words && words.text().isEmpty()
                || cell instanceof Cell.Stack stack && stack.cells().isEmpty();
        return "column" + column + (cell instanceof Cell.Amount ? " amount" : "") + (empty ? " empty" : "");
    }

    private static DomContent cell(Cell cell) {
        if (cell instanceof Cell.Words words) {
            return lines(words.text());
        } else if (cell instanceof Cell.Code code) {
            return code(code.text());
        } else if (cell instanceof Cell.Amount amount) {
            return span(amount.text());
        } else if (cell instanceof Cell.Badge badge) {
            return span(badge.text()).withClass("badge " + tone(badge.tone()));
        } else if (cell instanceof Cell.Bar bar) {
            return bar(bar);
        } else if (cell instanceof Cell.Stack stack) {
            return div(each(stack.cells(), inner -> div(cell(inner)))).withClass("stack");
        }
        throw new IllegalArgumentException("no such field: " + cell);
    }

    private static DomContent lines(String text) {
        return span(text.strip()).withClass("words");
    }

    private static DomContent bar(Cell.Bar bar) {
        double width = Math.max(SHORTEST, PERCENT * (bar.to() - bar.from()) / bar.whole());
        double left = Math.min(PERCENT * bar.from() / bar.whole(), PERCENT - width);
        return div(div(span().withClass("bar " + tone(bar.tone())).withStyle(
                String.format(Locale.ROOT, "left:%.2f%%;width:%.2f%%", Math.max(0, left), width))).withClass("track")
                        .attr("aria-hidden", "true"),
                span(bar.label()).withClass("label")).withClass("stretch");
    }

    private static String tone(Cell.Tone tone) {
        return tone.name().toLowerCase(Locale.ROOT);
    }
}
