//DEPS org.commonmark:commonmark-ext-gfm-tables:0.32.0

package lib;

import java.util.ArrayList;
import java.util.List;
import org.commonmark.ext.gfm.tables.TableBlock;
import org.commonmark.ext.gfm.tables.TableRow;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.CustomBlock;
import org.commonmark.node.Node;
import org.commonmark.node.SourceSpan;
import org.commonmark.parser.IncludeSourceSpans;
import org.commonmark.parser.Parser;

/**
 * A table in Markdown, as GitHub reads it: a row of headings, a row of dashes, and rows.
 *
 * @param lead the last line with words before it
 * @param head its headings
 * @param rows each as long as the head
 */
public record MarkdownTable(String lead, List<String> head, List<List<String>> rows) {

    /**
     * A text taken apart.
     *
     * @param rest the text without its tables
     */
    public record Found(List<MarkdownTable> tables, String rest) {
    }

    /** Finds all tables of a text. */
    public static Found in(String text) {
        Reader reader = new Reader(text);
        Parser.builder().extensions(List.of(TablesExtension.create()))
                .includeSourceSpans(IncludeSourceSpans.BLOCKS_AND_INLINES).build().parse(text).accept(reader);
        reader.leaveUpTo(text.length());
        return new Found(List.copyOf(reader.tables), reader.rest.toString());
    }

    private static final class Reader extends AbstractVisitor {
        private final String text;
        private final List<MarkdownTable> tables = new ArrayList<>();
        private final StringBuilder rest = new StringBuilder();
        private int at;

        Reader(String text) {
            this.text = text;
        }

        @Override
        public void visit(CustomBlock block) {
            if (!(block instanceof TableBlock)) {
                return;
            }
            String lead = null;
            List<List<String>> rows = new ArrayList<>();
            for (SourceSpan line : block.getSourceSpans()) {
                int from = line.getInputIndex();
                if (row(source(line))) {
                    int start = text.lastIndexOf('\n', from - 1) + 1;
                    leaveUpTo(text.substring(start, from).isBlank() ? start : from);
                    lead = lead == null ? rest.toString().lines().filter(words -> !words.isBlank())
                            .reduce("", (before, last) -> last) : lead;
                    at = Math.max(at, text.indexOf('\n', from) < 0 ? text.length() : text.indexOf('\n', from) + 1);
                }
            }
            rows(block, rows);
            tables.add(new MarkdownTable(lead, rows.get(0), List.copyOf(rows.subList(1, rows.size()))));
        }

        private void leaveUpTo(int end) {
            rest.append(text, at, Math.max(at, end));
            at = Math.max(at, end);
        }

        private void rows(Node node, List<List<String>> rows) {
            for (Node child = node.getFirstChild(); child != null; child = child.getNext()) {
                if (!(child instanceof TableRow)) {
                    rows(child, rows);
                } else if (row(source(child.getSourceSpans().get(0)))) {
                    List<String> cells = new ArrayList<>();
                    for (Node cell = child.getFirstChild(); cell != null; cell = cell.getNext()) {
                        // A row that is too short is filled up with cells that stand nowhere.
                        cells.add(cell.getSourceSpans().isEmpty() ? ""
                                : source(cell.getSourceSpans().get(0)).strip().replace("\\|", "|"));
                    }
                    rows.add(List.copyOf(cells));
                }
            }
        }

        // GitHub takes a line right below a table for one more row: whoever wrote it without a bar meant a sentence.
        private static boolean row(String line) {
            return line.contains("|");
        }

        private String source(SourceSpan span) {
            return text.substring(span.getInputIndex(), span.getInputIndex() + span.getLength());
        }
    }
}
