//SOURCES ../Phase.java Outcome.java Facts.java Section.java

package lib.report;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import lib.Failure;
import lib.Phase;

/** A report as Markdown: the same sections in the same order, with numbers where the page has bars. */
final class Markdown {
    private static final DateTimeFormatter MOMENT =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'").withZone(ZoneOffset.UTC);
    private final StringBuilder text = new StringBuilder();

    static String of(Facts facts, List<Section> sections) {
        Markdown markdown = new Markdown();
        markdown.head(facts, Outcome.of(facts));
        sections.forEach(markdown::section);
        return markdown.text.toString().stripTrailing() + "\n";
    }

    private void head(Facts facts, Outcome outcome) {
        text.append("# Release of ").append(facts.source()).append(" to ").append(facts.environment()).append("\n\n");
        text.append(facts.exit() == Failure.Exit.PASSED ? "**Passed.** "
                : "**" + Phase.status(facts.exit()).toUpperCase(Locale.ROOT) + "** at " + facts.step() + ". ");
        text.append(outcome.sentence()).append(' ').append(MOMENT.format(facts.when())).append("\n\n");
        outcome.figures().forEach(figure -> text.append("- ").append(figure.name()).append(": ")
                .append(figure.value()).append(figure.note().isEmpty() ? "" : " (" + figure.note() + ")").append('\n'));
    }

    private void section(Section section) {
        text.append("\n## ").append(section.title()).append("\n\n");
        if (!section.lead().isEmpty()) {
            text.append(safe(section.lead())).append("\n\n");
        }
        section.blocks().forEach(this::block);
    }

    private void block(Block block) {
        if (block instanceof Block.Table table) {
            table(table);
        } else if (block instanceof Block.Command command) {
            fence("sh", command.text());
        } else if (block instanceof Block.Listing listing) {
            fence("", listing.text());
        } else if (block instanceof Block.Words words) {
            text.append(safe(words.text())).append("\n\n");
        } else if (block instanceof Block.Points points) {
            String mark = points.boxes() ? "- [ ] " : "- ";
            points.items().forEach(item -> text.append(mark).append(cell(item)).append('\n'));
            text.append('\n');
        } else if (block instanceof Block.Item item) {
            text.append("### ").append(safe(item.badge().text())).append(": ").append(safe(item.title()))
                    .append("\n\n");
            item.blocks().forEach(this::block);
        } else if (block instanceof Block.Folded folded) {
            text.append("**").append(safe(folded.title())).append("**\n\n");
            folded.blocks().forEach(this::block);
        }
    }

    private void table(Block.Table table) {
        text.append("| ").append(String.join(" | ", table.columns())).append(" |\n|");
        text.append("---|".repeat(table.columns().size())).append('\n');
        for (List<Cell> row : table.rows()) {
            text.append("| ").append(String.join(" | ", row.stream().map(Markdown::cell).toList())).append(" |\n");
        }
        text.append('\n');
    }

    // More ticks than the text has in a row, so that it cannot end its own fence.
    private void fence(String language, String content) {
        String ticks = "```";
        while (content.contains(ticks)) {
            ticks += "`";
        }
        text.append(ticks).append(language).append('\n').append(content.strip()).append('\n').append(ticks)
                .append("\n\n");
    }

    private static String cell(Cell cell) {
        if (cell instanceof Cell.Words words) {
            return safe(words.text());
        } else if (cell instanceof Cell.Code code) {
            return code.text().isEmpty() ? "" : "`" + code.text().replace("`", "'").replace("|", "\\|")
                    .replace("\n", " ") + "`";
        } else if (cell instanceof Cell.Amount amount) {
            return safe(amount.text());
        } else if (cell instanceof Cell.Badge badge) {
            return safe(badge.text());
        } else if (cell instanceof Cell.Bar bar) {
            return safe(bar.label());
        } else if (cell instanceof Cell.Stack stack) {
            return String.join("<br>", stack.cells().stream().map(Markdown::cell).toList());
        }
        throw new IllegalArgumentException("no such field: " + cell);
    }

    private static String safe(String text) {
        return text.strip().replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>");
    }
}
