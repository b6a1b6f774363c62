package lib;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the words around some SQL want it to run.
 *
 * @param before the migrations that come after it, as the words call them: 0021, 0021_split, V7
 * @param after those that come first, likewise
 */
public record Place(When when, Set<String> before, Set<String> after) {
    /** ANY is nothing said; RELEASE with the release SQL, LATER after the deploy, NEVER is for another occasion. */
    public enum When { ANY, RELEASE, LATER, NEVER }

    /** Nothing was said. */
    public static final Place ANY = new Place(When.ANY, Set.of(), Set.of());

    private static final String DEPLOY = "(?:(?:re)?deploy\\w*|releas(?:e|es|ed|ing)|roll(?:ed |-)?out|go-?live"
            + "|(?:is|are|goes|went|gone) live|cut-?over)";
    // What stands between may be "the new version is", but no other step.
    private static final String GAP = "(?:(?!\\b(?:before|prior|after)\\b)[^.;,:\\n]){0,50}?";
    private static final Pattern LATER = Pattern.compile("(?i)\\b(?:after|once (?:the|this|it)|as soon as)\\b" + GAP
            + "\\b" + DEPLOY + "\\b|\\bpost-?\\s?(?:deploy\\w*|release)\\b");
    private static final Pattern RELEASE = Pattern.compile("(?i)\\b(?:before|prior to|ahead of|during)\\b" + GAP
            + "\\b" + DEPLOY + "\\b|\\bpre-?\\s?(?:deploy\\w*|release)\\b");
    private static final Pattern NEVER = Pattern.compile("(?i)(?<!\\bno )(?<!\\bnot )(?<!n't )(?<!\\bwithout )\\b"
            + "(?:(?:to )?roll(?:ing)?[ -]?back|(?:to )?revert(?:ing)?|(?:to )?undo|back-?out|down migration|way back"
            + "|(?:if|when|in case) [^.;:\\n]{0,40}\\b(?:fails?|goes wrong|breaks)"
            + "|already (?:run|ran|applied|executed|done)|do(?:n't| not) (?:run|execute|apply))\\b");
    private static final Pattern NEGATED = Pattern.compile("(?i)\\b(?:cannot|can't|can not|no|never|not|without|nothing"
            + " to)\\s+(?:be |to )?(?:roll|revert|undo|undone)|\\b(?:roll|revert|undo)\\w*\\b[^.;]{0,20}\\b(?:not |im)"
            + "possible");
    private static final String FILE = "`?((?:[\\w./-]*/)?(?:[VRU]\\d[\\d._]*(?:__\\w+)?"
            + "|\\d{3,17}(?:_\\w+)?)(?:\\.sql)?)`?";
    private static final Pattern BEFORE = Pattern.compile("\\b(?i:before|prior to|ahead of)\\s+(?:(?:the|file|step"
            + "|migrations?|running|applying|executing)\\s+)*" + FILE);
    private static final Pattern AFTER = Pattern.compile("\\b(?i:after|once)\\s+(?:(?:the|file|step"
            + "|migrations?|running|applying|executing)\\s+)*" + FILE);

    /**
     * Reads the words around some SQL.
     *
     * @param leads the texts that lead to it, the nearest first; the first that says something counts
     */
    public static Place of(List<String> leads) {
        for (String lead : leads) {
            // The last sentence before the SQL is about it, one further up perhaps about something else.
            String[] sentences = lead.strip().split("(?<=[.!?])\\s+(?=\\S)");
            for (int i = sentences.length - 1; i >= 0; i--) {
                Place place = said(sentences[i]);
                if (!place.equals(ANY)) {
                    return place;
                }
            }
        }
        return ANY;
    }

    private static Place said(String sentence) {
        Set<String> before = files(BEFORE, sentence);
        Set<String> after = files(AFTER, sentence);
        When when = NEVER.matcher(sentence).find() && !NEGATED.matcher(sentence).find() ? When.NEVER
                : LATER.matcher(sentence).find() ? When.LATER : RELEASE.matcher(sentence).find() ? When.RELEASE
                : When.ANY;
        return new Place(when, before, after);
    }

    private static Set<String> files(Pattern pattern, String sentence) {
        Set<String> files = new LinkedHashSet<>();
        Matcher found = pattern.matcher(sentence);
        while (found.find()) {
            files.add(found.group(1));
        }
        return files;
    }

    /** Whether a migration is to come after this SQL. */
    public boolean before(String migration) {
        return before.stream().anyMatch(name -> names(name, migration));
    }

    /** Whether a migration is to come first. */
    public boolean after(String migration) {
        return after.stream().anyMatch(name -> names(name, migration));
    }

    /** Whether somebody means this migration: by its number, its name or its path. */
    public static boolean names(String word, String migration) {
        String name = word.replaceFirst("(/migration)?\\.sql$", "").replaceFirst(".*/", "");
        return migration.equals(name) || migration.endsWith("/" + name)
                || name.matches("[VRU]?[\\d._]+") && migration.matches("(?:.*/)?" + Pattern.quote(name) + "[_-].*");
    }
}
