//SOURCES Git.java Notes.java

package lib;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Environment variables that a release renames, adds or removes, by its entries and by its .env.example. */
public final class Variables {
    private static final String WORD = "[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+";
    private static final String NAME = "`?\\b(" + WORD + ")\\b`?";
    private static final String NAMES = "(`?\\b" + WORD + "\\b`?(?:\\s*(?:,|and|&|,\\s*and)\\s+`?\\b" + WORD
            + "\\b`?)*)";
    // What may stand between the verb and the variable; a value or a column between them makes it another thing.
    private static final String GAP =
            "(?:\\s+(?!(?i:values?|enum|columns?|tables?|types?|status(?:es)?|states?|constraints?"
            + "|index|flags?|roles?|to|from|into|is|are|not)\\b)(?!" + WORD + ")[^\\s.;]+){0,5}?:?\\s+";
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
            variables.renamed(RENAMED, entry);
            variables.renamed(RENAME, entry);
            for (Pattern pattern : List.of(REMOVED, IS_REMOVED)) {
                variables.found(pattern, "remove", entry);
            }
            for (Pattern pattern : List.of(ADDED, IS_ADDED)) {
                variables.found(pattern, "add", entry);
            }
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

    private void renamed(Pattern pattern, Notes.Entry entry) {
        Matcher renames = pattern.matcher(entry.prose());
        while (renames.find()) {
            if (told.add(renames.group(1)) | told.add(renames.group(2))) {
                changes.add(new Change("rename", renames.group(1), renames.group(2), entry.title()));
            }
        }
    }

    private void found(Pattern pattern, String kind, Notes.Entry entry) {
        Matcher sentences = pattern.matcher(entry.prose());
        while (sentences.find()) {
            Pattern.compile(WORD).matcher(sentences.group(1)).results().filter(name -> told.add(name.group()))
                    .forEach(name -> changes.add(new Change(kind, name.group(), null, entry.title())));
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
