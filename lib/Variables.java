//SOURCES Git.java Notes.java

package lib;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Environment variables that a release renames, adds or removes: from the entries and from what .env.example gained and lost. */
public final class Variables {
    private static final String NAME = "`?\\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\\b`?";
    private static final Pattern RENAMED = Pattern.compile(NAME
            + "\\s*(?:->|→|=>|\\|\\s*|(?:is |was |has been |gets )?(?:now|renamed(?: to)?|becomes|replaced by)(?: called)?)\\s*" + NAME);
    private static final Pattern ADDED = Pattern.compile("(?i:\\b(?:new|add(?:s|ed)?|introduces?|requires?|set|needs?)\\b)[^.\\n]{0,40}?" + NAME);
    private static final Pattern REMOVED = Pattern.compile("(?i:\\b(?:remove[sd]?|drop(?:s|ped)?|delete[sd]?|no longer (?:needs?|uses?))\\b)[^.\\n]{0,40}?" + NAME);
    private static final Pattern LINE = Pattern.compile("(?m)^\\s*(?:export\\s+)?([A-Za-z_]\\w*)\\s*=");
    private static final List<String> EXAMPLES = List.of(".env.example", ".env.sample", ".env.template", ".env.dist");

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

    /** All changes between the released state and this one; a rename that an entry tells explains an addition and a removal. */
    public static List<Change> of(Notes notes, Git git, String released) {
        List<Change> changes = new ArrayList<>();
        Set<String> told = new LinkedHashSet<>();
        for (Notes.Entry entry : notes.entries()) {
            String prose = entry.text().replaceAll("(?s)```.*?```", "");
            Matcher renames = RENAMED.matcher(prose);
            while (renames.find()) {
                if (told.add(renames.group(1)) | told.add(renames.group(2))) {
                    changes.add(new Change("rename", renames.group(1), renames.group(2), entry.title()));
                }
            }
            found(ADDED, prose, "add", entry.title(), told, changes);
            found(REMOVED, prose, "remove", entry.title(), told, changes);
        }
        for (String example : EXAMPLES) {
            Set<String> before = names(git.file(released, example));
            Set<String> after = names(git.file("HEAD", example));
            after.stream().filter(name -> !before.contains(name) && told.add(name))
                    .forEach(name -> changes.add(new Change("add", name, null, example)));
            before.stream().filter(name -> !after.contains(name) && told.add(name))
                    .forEach(name -> changes.add(new Change("remove", name, null, example)));
        }
        return changes;
    }

    private static void found(Pattern pattern, String prose, String kind, String source, Set<String> told, List<Change> changes) {
        Matcher matcher = pattern.matcher(prose);
        while (matcher.find()) {
            if (told.add(matcher.group(1))) {
                changes.add(new Change(kind, matcher.group(1), null, source));
            }
        }
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
