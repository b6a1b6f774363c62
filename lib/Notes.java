//DEPS org.commonmark:commonmark:0.32.0
//SOURCES Decoded.java Hash.java Place.java

package lib;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.Document;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.Heading;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.IndentedCodeBlock;
import org.commonmark.node.ListBlock;
import org.commonmark.node.ListItem;
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
    // Headings of parts that an entry has, and no entry of their own.
    private static final Pattern PART = Pattern.compile("(?i)(?:the )?(?:data|schema|sql|steps?|env\\w*( var\\w*)?"
            + "|config\\w*|variables|run-?book|roll-?back|undo|verif\\w*|checks?|pre-?flight.*|before\\b.*|after\\b.*"
            + "|during\\b.*|post-?\\w+|pre-?\\w+|notes?|why|what|how|impact|risks?|migrations?|backfill|deploy\\w*"
            + "|tables?|summary|context|details|background|tests?|testing|manual steps?|(?:step|phase) .*|\\d+[.):].*)"
            + "(?:\\s*\\(.*\\))?:?");
    private static final Set<String> SQL = Set.of("sql", "postgres", "postgresql", "psql", "pgsql", "plpgsql");

    /**
     * The SQL of one code fence, kept whole.
     *
     * @param place where the words around it want it
     */
    public record Fence(String sql, Place place) {
    }

    /**
     * One entry: a heading and everything below it up to the next entry.
     *
     * @param title the heading's text; the first line for an entry without a heading
     * @param text the whole entry as written
     * @param prose the entry without its code fences
     * @param fences the SQL of its code fences
     * @param files migration files it names
     * @param unmarked what looks like statements that change something, and stands in no fence that says sql
     */
    public record Entry(String title, String text, String prose, List<Fence> fences, Set<String> files,
                        List<String> unmarked) {
        /** The SQL that is of this release; a way back is not. */
        public List<String> sql() {
            return steps().stream().map(Fence::sql).toList();
        }

        /** The same with its places. */
        public List<Fence> steps() {
            return fences.stream().filter(fence -> fence.place().when() != Place.When.NEVER).toList();
        }

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
        if (Decoded.marked(text)) {
            Notes notes = of(Decoded.unmarked(text));
            return new Notes(text.charAt(0) + notes.template, notes.entries);
        }
        Node document = parse(text);
        int start = templateEnd(document, text);
        List<Entry> entries = new ArrayList<>();
        take(text, start, text.length(), headings(document, start), List.of(), entries);
        return new Notes(text.substring(0, start), entries);
    }

    private static List<Heading> headings(Node document, int start) {
        List<Heading> headings = new ArrayList<>();
        for (Node node = document.getFirstChild(); node != null; node = node.getNext()) {
            if (node instanceof Heading heading && offset(node) >= start) {
                headings.add(heading);
            }
        }
        return headings;
    }

    // Entries hang on the highest heading that occurs; deeper ones are parts of an entry, but for those below one that
    // only holds entries together: a version, say, with nothing of its own to say.
    private static void take(String text, int from, int to, List<Heading> headings, List<String> above,
                             List<Entry> entries) {
        int level = headings.stream().mapToInt(Heading::getLevel).min().orElse(0);
        List<Heading> tops = headings.stream().filter(heading -> heading.getLevel() == level).toList();
        String before = text.substring(from, tops.isEmpty() ? to : offset(tops.get(0)));
        if (!empty(before)) {
            entries.add(entry(before, above));
        }
        for (int i = 0; i < tops.size(); i++) {
            int end = i + 1 < tops.size() ? offset(tops.get(i + 1)) : to;
            int start = offset(tops.get(i));
            List<Heading> inner = headings.stream().filter(heading -> offset(heading) > start && offset(heading) < end)
                    .toList();
            int below = end(tops.get(i));
            if (!inner.isEmpty() && empty(text.substring(below, offset(inner.get(0)))) && inner.stream()
                    .noneMatch(heading -> PART.matcher(title(source(heading, text))).matches())) {
                List<String> words = new ArrayList<>(List.of(title(source(tops.get(i), text))));
                words.addAll(above);
                take(text, below, end, inner, words, entries);
            } else {
                entries.add(entry(text.substring(start, end), above));
            }
        }
    }

    private static boolean empty(String text) {
        return text.replaceAll("(?s)<!--.*?-->", "").isBlank();
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

    private static Entry entry(String text, List<String> above) {
        List<Fence> fences = new ArrayList<>();
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
                    List<String> leads = leads(fence, text);
                    leads.addAll(above);
                    fences.add(new Fence(fence.getLiteral(), Place.of(leads)));
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
        fences.forEach(fence -> {
            files.addAll(fence.place().before());
            files.addAll(fence.place().after());
        });
        return new Entry(title(text), text, prose.toString(), fences, files, List.copyOf(unmarked));
    }

    private static String title(String text) {
        return text.strip().lines().findFirst().orElse("").replaceFirst("^#+\\s*", "").replaceFirst("\\s*#+$", "");
    }

    // What leads to a fence, the nearest first: its own comment, the texts before it in its list item and outside of
    // it, and the headings that it stands under.
    private static List<String> leads(FencedCodeBlock fence, String text) {
        List<String> leads = new ArrayList<>();
        leads.add(String.join("\n", fence.getLiteral().lines().takeWhile(line -> line.isBlank()
                || line.strip().startsWith("--")).toList()).replaceAll("(?m)^\\s*--+", ""));
        Node top = fence;
        for (Node node = fence; node != null && !(node instanceof Document); node = node.getParent()) {
            Node before = node.getPrevious();
            while (before instanceof FencedCodeBlock || before instanceof HtmlBlock) {
                before = before.getPrevious();
            }
            if (before instanceof ListBlock list && !(node instanceof ListItem)) {
                // Without its indent, a fence that was meant for the last item stands behind the list.
                leads.add(source(list.getLastChild(), text));
            } else if (before instanceof Paragraph) {
                leads.add(source(before, text));
            }
            top = node;
        }
        int level = 7;
        for (Node node = top; node != null; node = node.getPrevious()) {
            if (node instanceof Heading heading && heading.getLevel() < level) {
                level = heading.getLevel();
                leads.add(title(source(node, text)));
            }
        }
        return leads;
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
