//SOURCES Git.java MarkdownTable.java Notes.java

package lib;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Environment variables that a release renames, adds or removes, by its entries and by its .env.example. */
public final class Variables {
    private static final String WORD = "[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+";
    private static final String NAME = "`?\\b(" + WORD + ")\\b`?";
    private static final String NAMES = "(`?\\b" + WORD + "\\b`?(?:\\s*(?:,|and|&|,\\s*and)\\s+`?\\b" + WORD
            + "\\b`?)*)";
    private static final String SPACE = "(?:(?!\\n\\s*\\n)\\s)+";
    // What may stand between the verb and the variable; a value or a column between them makes it another thing, and
    // only a colon leads into a list.
    private static final String GAP =
            "(?:" + SPACE + "(?!(?i:values?|enum|columns?|tables?|types?|status(?:es)?|states?|constraints?"
            + "|index|flags?|roles?|to|from|into|is|are|not)\\b)(?!" + WORD + ")(?![#*+-]+\\s)[^\\s.;]+){0,5}?"
            + "(?::\\s+(?:[-*+]\\s+)?|" + SPACE + ")";
    private static final Pattern RENAMED = Pattern.compile(NAME
            + "\\s*(?:->|→|=>|⇒|\\|\\s*|(?:is |was |has been |gets |got )?"
            + "(?:now|renamed(?: to)?|becomes?|replaced (?:by|with))"
            + "(?: called)?)\\s*" + NAME);
    private static final Pattern RENAME =
            Pattern.compile("(?i:\\b(?:renam(?:e[ds]?|ing)|replac(?:e[ds]?|ing))\\b)" + GAP + NAME
            + "\\s+(?:to|with|by|as|into)\\s+" + NAME);
    private static final Pattern REMOVED =
            Pattern.compile("(?i:\\b(?:remov(?:e[ds]?|ing)|drop(?:s|ped)?|delete[ds]?|unset"
            + "|(?:no longer|not|n't|never) (?:needs?|uses?|reads?|requires?|set)(?: any more)?"
            + "|obsolete|unused|gone)\\b)"
            + GAP + NAMES);
    private static final Pattern IS_REMOVED =
            Pattern.compile(NAMES + "\\s+(?i:(?:is|are|was|were|has been|have been|can be)\\s+"
            + "(?:now\\s+)?(?:removed|dropped|deleted|gone|obsolete|unused|not (?:needed|used|read)|no longer \\w+)"
            + "|goes\\b|go\\b)");
    private static final Pattern ADDED =
            Pattern.compile("(?i:(?<!no longer )(?<!not )(?<!n't )\\b(?:new|add(?:s|ed|ing)?"
            + "|introduc(?:e[ds]?|ing)|requires?|set|needs?)\\b)" + GAP + NAMES);
    private static final Pattern IS_ADDED = Pattern.compile(NAMES
            + "\\s+(?i:(?:is|are|was|were|has been|have been|must be)\\s+"
            + "(?:now\\s+)?(?:added|new|required|needed|introduced|set)\\b)");
    // In a line about the environment the verb alone is enough, behind the variable.
    private static final String THEN = "\\s*(?:[-–—:(]+\\s*)?(?:(?:is|are|was|were)\\s+)?(?:now\\s+)?";
    private static final Pattern THEN_REMOVED = Pattern.compile(NAMES + THEN + "(?i:removed|dropped|deleted|unset|gone"
            + "|obsolete|unused|not (?:needed|used|read)|no longer (?:needed|used|read|set))\\b");
    private static final Pattern THEN_ADDED = Pattern.compile(NAMES + THEN + "(?i:added|new|required|needed"
            + "|introduced|must be set)\\b");
    private static final Pattern ENVIRONMENT = Pattern.compile("(?i)\\b(env\\w*|variables?|secrets?)\\b");
    // A table of these is about the database.
    private static final Pattern OTHER = Pattern.compile("(?i)\\b(values?|enums?|columns?|tables?|types?|status(es)?"
            + "|states?|roles?|constraints?|index(es)?)\\b");
    private static final Pattern TO = Pattern.compile("(?:(?i:renamed|replaced|becomes|now)\\b[^|]{0,12}?"
            + "|->|→|=>|⇒)\\s*`?(" + WORD + ")\\b");
    private static final Pattern GONE = Pattern.compile("(?i)\\b(remov\\w*|delet\\w*|drop(s|ped)?|unset|gone|obsolete"
            + "|unused|no longer|not (needed|used|read)|deprecated)\\b");
    private static final Pattern COMES = Pattern.compile("(?i)\\b(new|add\\w*|set|introduc\\w*|required?|needed)\\b");
    private static final Pattern UNCHANGED = Pattern.compile("(?i)\\b(unchanged|no change|as before|stays?|same)\\b");
    // As the providers' own tools are called.
    private static final Pattern SET = Pattern.compile("\\b(?:railway variables? (?:--set|set)|fly(?:ctl)? secrets set"
            + "|heroku config:set|vercel env add|netlify env:set|supabase secrets set)\\s+[\"']?(" + WORD + ")");
    private static final Pattern UNSET = Pattern.compile("\\b(?:railway variables? (?:--remove|delete)"
            + "|fly(?:ctl)? secrets unset|heroku config:unset|vercel env rm|netlify env:unset|supabase secrets unset)"
            + "\\s+[\"']?(" + WORD + ")");
    private static final Pattern FENCE = Pattern.compile("(?ms)(^[^\\n]*\\S[^\\n]*\\n)?\\s*^[ \\t]*(?:```|~~~)"
            + "(?:env|dotenv|ini|properties)\\b[^\\n]*\\n(.*?)^[ \\t]*(?:```|~~~)");
    private static final Pattern LINE = Pattern.compile("(?m)^\\s*(?:export\\s+)?([A-Za-z_]\\w*)\\s*=");
    private static final List<String> EXAMPLES = List.of(".env.example", ".env.sample", ".env.template", ".env.dist");

    private final List<Change> changes = new ArrayList<>();
    private final Set<String> told = new LinkedHashSet<>();

    private Variables() {
    }

    /**
     * One change of the environment that a person or the provider must make.
     *
     * @param kind rename, add or remove
     * @param to the new name of a rename, else null
     * @param source where it was read
     */
    public record Change(String kind, String name, String to, String source) {
        public String text() {
            return switch (kind) {
                case "rename" -> name + " -> " + to;
                case "add" -> "+" + name;
                default -> "-" + name;
            };
        }
    }

    /**
     * All changes between the released state and this one; a rename that an entry tells explains an addition and a
     * removal.
     */
    public static List<Change> of(Notes notes, Git git, String released) {
        Variables variables = new Variables();
        for (Notes.Entry entry : notes.entries()) {
            MarkdownTable.Found prose = MarkdownTable.in(entry.prose());
            prose.tables().forEach(table -> variables.table(table, entry.title()));
            variables.renamed(RENAMED, prose.rest(), entry.title());
            variables.renamed(RENAME, prose.rest(), entry.title());
            String environment = environment(prose.rest());
            variables.found(THEN_REMOVED, "remove", environment, entry.title());
            variables.found(THEN_ADDED, "add", environment, entry.title());
            for (Pattern pattern : List.of(REMOVED, IS_REMOVED)) {
                variables.found(pattern, "remove", prose.rest(), entry.title());
            }
            for (Pattern pattern : List.of(ADDED, IS_ADDED)) {
                variables.found(pattern, "add", prose.rest(), entry.title());
            }
            variables.found(SET, "add", entry.text(), entry.title());
            variables.found(UNSET, "remove", entry.text(), entry.title());
            variables.lines(entry);
        }
        // Without a released state all of it would look new.
        for (String example : git.commit(released) == null ? List.<String>of() : EXAMPLES) {
            Set<String> before = names(git.file(released, example));
            Set<String> after = names(git.file("HEAD", example));
            variables.added("add", after, before, example);
            variables.added("remove", before, after, example);
        }
        return variables.changes;
    }

    // Lines that speak of the environment, and those of the list or part of an entry that does.
    private static String environment(String text) {
        StringBuilder lines = new StringBuilder();
        boolean part = false;
        for (String line : text.lines().toList()) {
            boolean own = ENVIRONMENT.matcher(line).find() && !OTHER.matcher(line).find();
            boolean item = line.matches("\\s*([-*+]|\\d+[.)])\\s.*");
            if (line.startsWith("#") || !item && !line.isBlank() || own && line.stripTrailing().endsWith(":")) {
                part = own;
            }
            if (own || part) {
                lines.append(line).append('\n');
            }
        }
        return lines.toString();
    }

    private void renamed(Pattern pattern, String text, String title) {
        Matcher renames = pattern.matcher(text);
        while (renames.find()) {
            rename(renames.group(1), renames.group(2), title);
        }
    }

    private void rename(String from, String to, String title) {
        if (told.add(from) | told.add(to)) {
            changes.add(new Change("rename", from, to, title));
        }
    }

    private void found(Pattern pattern, String kind, String text, String title) {
        Matcher sentences = pattern.matcher(text);
        while (sentences.find()) {
            Pattern.compile(WORD).matcher(sentences.group(1)).results().map(MatchResult::group)
                    .forEach(name -> change(kind, name, title));
        }
    }

    private void change(String kind, String name, String title) {
        if (told.add(name)) {
            changes.add(new Change(kind, name, null, title));
        }
    }

    /** Rows of "old, new", or of a variable and what is done with it; tables of anything else are passed over. */
    private void table(MarkdownTable table, String title) {
        String around = table.lead() + " " + title + " " + String.join(" ", table.head());
        int from = column(table, "(?i)(old|before|from|was|previous)( (name|variable|key))?");
        int to = column(table, "(?i)(new|after|to|now|becomes|replacement)( (name|variable|key))?");
        if (from >= 0 && to >= 0 && !OTHER.matcher(table.lead() + " " + String.join(" ", table.head())).find()) {
            for (List<String> row : table.rows()) {
                String before = variable(row.get(from));
                String after = variable(row.get(to));
                if (before != null && after != null) {
                    rename(before, after, title);
                } else if (before != null || after != null) {
                    change(before == null ? "add" : "remove", before == null ? after : before, title);
                }
            }
            return;
        }
        int name = column(table, "(?i).*\\b(variables?|env\\w*|secrets?)\\b.*");
        name = name >= 0 || !ENVIRONMENT.matcher(around).find() ? name : column(table, "(?i)(name|key|setting|what)");
        for (List<String> row : name < 0 ? List.<List<String>>of() : table.rows()) {
            List<String> cells = new ArrayList<>(row);
            String variable = variable(cells.remove(name));
            String rest = String.join(" ", cells);
            Matcher renamed = TO.matcher(rest);
            if (variable != null && renamed.find()) {
                rename(variable, renamed.group(1), title);
            } else if (variable != null && !UNCHANGED.matcher(rest).find()) {
                boolean gone = GONE.matcher(rest).find()
                        || !COMES.matcher(rest).find() && GONE.matcher(table.lead()).find();
                change(gone ? "remove" : "add", variable, title);
            }
        }
    }

    private static int column(MarkdownTable table, String heading) {
        for (int i = 0; i < table.head().size(); i++) {
            if (table.head().get(i).replaceAll("[`*]", "").matches(heading)) {
                return i;
            }
        }
        return -1;
    }

    // In a table of variables one word is enough: PORT.
    private static String variable(String cell) {
        Matcher name = Pattern.compile("\\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\\b").matcher(cell);
        return name.find() && name.group().length() > 2 ? name.group() : null;
    }

    /** Lines of a fence that is the piece of an .env file. */
    private void lines(Notes.Entry entry) {
        Matcher fences = FENCE.matcher(entry.text());
        while (fences.find()) {
            boolean gone = fences.group(1) != null && GONE.matcher(fences.group(1)).find();
            Matcher lines = LINE.matcher(fences.group(2));
            while (lines.find()) {
                change(gone ? "remove" : "add", lines.group(1), entry.title());
            }
        }
    }

    private void added(String kind, Set<String> names, Set<String> known, String source) {
        names.stream().filter(name -> !known.contains(name) && told.add(name))
                .forEach(name -> changes.add(new Change(kind, name, null, source)));
    }

    private static Set<String> names(byte[] file) {
        Set<String> names = new LinkedHashSet<>();
        if (file != null) {
            Matcher lines = LINE.matcher(new String(file, StandardCharsets.UTF_8));
            while (lines.find()) {
                names.add(lines.group(1));
            }
        }
        return names;
    }
}
