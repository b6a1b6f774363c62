package lib;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What examples and dashboards put where a real value belongs: {@code <PASSWORD>}, {@code changeme}, {@code …}. */
public final class Placeholder {
    /** In brackets that an address never holds unless they are encoded. */
    private static final String BRACKETS = "<[a-z][a-z0-9_ -]*>|\\[[a-z0-9_ -]*password[a-z0-9_ -]*]"
            + "|\\$\\{\\{?[^{}]*}}?|\\{\\{[^{}]*}}|…";
    /** Words that are the whole of a user, a password, a host or a name; inside of one they are let be. */
    private static final String WORDS = "\\.{3}|x{3,}|\\*{3,}|•{3,}|change[-_]?me|replace[-_]?me|password[-_]?here"
            + "|(?:your|my|insert|enter)[-_]?(?:db[-_]?)?(?:user(?:name)?|password|host(?:name)?|database|db)"
            + "(?:[-_]?name)?(?:[-_]?here)?|(?-i:USER|USERNAME|PASSWORD|HOST|HOSTNAME|PORT|DATABASE|DBNAME)";
    private static final Pattern PATTERN = Pattern.compile(
            "(?i)" + BRACKETS + "|(?<=[:/@])(?:" + WORDS + ")(?=[@:/?]|$)");
    private static final Pattern IN_BRACKETS = Pattern.compile("(?i)" + BRACKETS);

    private Placeholder() {
    }

    /** The first one in a database URL; null where there is none. */
    public static String in(String url) {
        Matcher found = PATTERN.matcher(url);
        return found.find() ? found.group() : null;
    }

    /** The first one in another text, where only brackets are a sign; null where there is none. */
    public static String inText(String text) {
        Matcher found = IN_BRACKETS.matcher(text);
        return found.find() ? found.group() : null;
    }
}
