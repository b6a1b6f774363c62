//DEPS org.commonmark:commonmark:0.32.0
//SOURCES Hash.java

package lib;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.Heading;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.IndentedCodeBlock;
import org.commonmark.node.Node;
import org.commonmark.node.Paragraph;
import org.commonmark.node.ThematicBreak;
import org.commonmark.parser.IncludeSourceSpans;
import org.commonmark.parser.Parser;

/** MIGRATIONS.md: what developers noted for the next release, entry by entry, and the template it goes back to. */
public record Notes(String template, List<Entry> entries) {
    public static final String FILE = "MIGRATIONS.md";
    // A comment inside an entry may say "below" too; the template's says what is to be put there.
    private static final Pattern MARKER = Pattern.compile(
            "(?is)<!--[^>]*\\b(add|put|write|log|append|insert|place|entr(y|ies)|notes?)\\b[^>]*\\bbelow\\b.*?-->");
    private static final Pattern FILE_NAME = Pattern.compile("[\\w./-]+\\.sql\\b|\\b\\d{4}_\\w+|\\b\\d{14}_\\w+");
    private static final Pattern CHANGES = Pattern.compile("(?im)^\\s*(?:update\\s+\\S+\\s+set\\s"
            + "|insert\\s+into\\s+\\S+\\s*(?:\\(|values|select)|delete\\s+from\\s+\\S+|truncate\\s+\\S+"
            + "|(?:alter|drop|create)\\s+(?:table|index|type|view|unique\\s+index)\\s+\\S+\\s+\\S)");
    private static final Set<String> SQL = Set.of("sql", "postgres", "postgresql", "psql", "pgsql", "plpgsql");

    /**
     * One entry: a heading and everything below it up to the next entry.
     *
     * @param title the heading's text; the first line for an entry without a heading
     * @param text the whole entry as written
     * @param prose the entry without its code fences
     * @param sql the SQL of its code fences, each kept whole
     * @param files migration files it names
     * @param unmarked what looks like statements that change something, and stands in no fence that says sql
     */
    public record Entry(String title, String text, String prose, List<String> sql, Set<String> files,
                        List<String> unmarked) {
        /** What a stored decision hangs on: another text, another hash. */
        public String hash() {
            return Hash.of(text.strip());
        }

        /** Whether the entry speaks of a word as a name of its own, in backticks or in running text. */
        public boolean mentions(String word) {
            return Pattern.compile("(?<![\\w$])" + Pattern.quote(word) + "(?![\\w$])").matcher(text).find();
        }
    }

    /** Reads the file; no text at all means no entries and an empty template. */
    public static Notes of(String text) {
        if (text == null || text.isBlank()) {
            return new Notes(text == null ? "" : text, List.of());
        }
        Node document = parse(text);
        int start = templateEnd(document, text);
        List<Heading> headings = new ArrayList<>();
        for (Node node = document.getFirstChild(); node != null; node = node.getNext()) {
            if (node instanceof Heading heading && offset(node) >= start) {
                headings.add(heading);
            }
        }
        // Entries hang on the highest heading that occurs; deeper ones are parts of an entry.
        int level = headings.stream().mapToInt(Heading::getLevel).min().orElse(0);
        List<Integer> cuts = headings.stream().filter(heading -> heading.getLevel() == level).map(Notes::offset)
                .toList();
        String before = text.substring(start, cuts.isEmpty() ? text.length() : cuts.get(0));
        List<Entry> entries = new ArrayList<>();
        if (!before.replaceAll("(?s)<!--.*?-->", "").isBlank()) {
            entries.add(entry(before));
        }
        for (int i = 0; i < cuts.size(); i++) {
            entries.add(entry(text.substring(cuts.get(i), i + 1 < cuts.size() ? cuts.get(i + 1) : text.length())));
        }
        return new Notes(text.substring(0, start), entries);
    }

    /** The file's text without any entry. */
    public String cleared() {
        return template;
    }

    // The template ends at its marker comment. A file without one has its title and the prose below it, up to the first
    // heading, list or fence: what somebody noted must not be taken for a template, and be lost.
    private static int templateEnd(Node document, String text) {
        for (Node node = document.getFirstChild(); node != null; node = node.getNext()) {
            if (node instanceof HtmlBlock && MARKER.matcher(source(node, text)).find()) {
                return endOfLine(text, end(node));
            }
        }
        Node first = document.getFirstChild();
        if (!(first instanceof Heading title) || title.getLevel() != 1) {
            return 0;
        }
        for (Node node = first.getNext(); node != null; node = node.getNext()) {
            if (!(node instanceof Paragraph || node instanceof HtmlBlock || node instanceof ThematicBreak)) {
                return startOfLine(text, offset(node));
            }
        }
        return text.length();
    }

    private static Entry entry(String text) {
        List<String> sql = new ArrayList<>();
        List<String> unmarked = new ArrayList<>();
        StringBuilder prose = new StringBuilder();
        int[] at = {0};
        parse(text).accept(new AbstractVisitor() {
            @Override
            public void visit(FencedCodeBlock fence) {
                prose.append(text, at[0], offset(fence));
                at[0] = end(fence);
                String info = fence.getInfo() == null ? "" : fence.getInfo().strip().toLowerCase();
                if (SQL.contains(info.split("[\\s{,]")[0])) {
                    sql.add(fence.getLiteral());
                } else if (info.isEmpty()) {
                    unmarked(fence.getLiteral());
                }
            }

            @Override
            public void visit(IndentedCodeBlock block) {
                unmarked(block.getLiteral());
            }

            @Override
            public void visit(Code code) {
                unmarked(code.getLiteral());
            }

            private void unmarked(String literal) {
                if (CHANGES.matcher(literal).find()) {
                    unmarked.add(literal.strip());
                }
            }
        });
        prose.append(text.substring(at[0]));
        Set<String> files = new LinkedHashSet<>();
        Matcher names = FILE_NAME.matcher(text);
        while (names.find()) {
            files.add(names.group());
        }
        String title = text.strip().lines().findFirst().orElse("").replaceFirst("^#+\\s*", "")
                .replaceFirst("\\s*#+$", "");
        return new Entry(title, text, prose.toString(), sql, files, List.copyOf(unmarked));
    }

    private static Node parse(String text) {
        return Parser.builder().includeSourceSpans(IncludeSourceSpans.BLOCKS).build().parse(text);
    }

    private static int offset(Node node) {
        return node.getSourceSpans().get(0).getInputIndex();
    }

    private static int end(Node node) {
        var last = node.getSourceSpans().get(node.getSourceSpans().size() - 1);
        return last.getInputIndex() + last.getLength();
    }

    private static String source(Node node, String text) {
        return text.substring(offset(node), end(node));
    }

    private static int startOfLine(String text, int at) {
        return text.lastIndexOf('\n', at - 1) + 1;
    }

    private static int endOfLine(String text, int at) {
        int end = text.indexOf('\n', at);
        return end < 0 ? text.length() : end + 1;
    }
}
