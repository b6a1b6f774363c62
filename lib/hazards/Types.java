package lib.hazards;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What ALTER COLUMN TYPE does to the rows, as measured on PostgreSQL 15 and 18. */
final class Types {
    /** Whether the table is rewritten, and whether values can be lost, as far as the two types tell. */
    enum Answer { YES, NO, PERHAPS }

    private static final Pattern TYPE = Pattern.compile("^([a-z_ ]+?)\\s*"
            + "(?:\\(\\s*(\\d+)\\s*(?:,\\s*(-?\\d+)\\s*)?\\))?"
            + "(\\s+with(?:out)? time zone)?((?:\\[\\])*)$");
    private static final Map<String, String> SAME = Map.ofEntries(Map.entry("character varying", "varchar"),
            Map.entry("int", "integer"), Map.entry("int4", "integer"), Map.entry("int8", "bigint"),
            Map.entry("int2", "smallint"), Map.entry("decimal", "numeric"), Map.entry("character", "char"),
            Map.entry("bpchar", "char"), Map.entry("bool", "boolean"), Map.entry("float8", "double precision"),
            Map.entry("float4", "real"), Map.entry("timestamp without time zone", "timestamp"),
            Map.entry("timestamp with time zone", "timestamptz"), Map.entry("time without time zone", "time"),
            Map.entry("time with time zone", "timetz"), Map.entry("bit varying", "varbit"));
    private static final List<String> NUMBERS =
            List.of("smallint", "integer", "bigint", "real", "double precision", "numeric");
    private static final Set<String> TEXTS = Set.of("varchar", "text", "citext");
    /** Types whose length is that of the fractions of a second: 6 when it is not said. */
    private static final Set<String> TIMES = Set.of("timestamp", "timestamptz", "time", "timetz", "interval");
    /** Other pairs whose rows are bytes of one form. */
    private static final Map<String, String> ALIKE = Map.of("cidr", "inet", "integer", "oid");

    /** A type taken apart; -1 where it has no length. */
    private record Parts(String name, int first, int second) {
    }

    private Types() {
    }

    private static Parts parts(String type) {
        Matcher matcher = TYPE.matcher(type == null ? "" : type.strip());
        if (!matcher.matches()) {
            return new Parts(type == null ? "" : type.strip(), -1, -1);
        }
        String written = matcher.group(1) + (matcher.group(4) == null ? "" : matcher.group(4));
        String name = SAME.getOrDefault(written, written);
        int first = number(matcher.group(2));
        int second = number(matcher.group(3));
        return new Parts(name + matcher.group(5), first < 0 && TIMES.contains(name) ? 6 : first,
                name.equals("numeric") && first >= 0 && second < 0 ? 0 : second);
    }

    private static int number(String text) {
        return text == null ? -1 : Integer.parseInt(text);
    }

    /** The type's one spelling. */
    static String name(String type) {
        return parts(type).name();
    }

    /** Whether a column of one type becomes another without its rows being written anew. */
    static Answer rewrites(String from, String to) {
        if (from == null) {
            return perhapsKept(parts(to)) ? Answer.PERHAPS : Answer.YES;
        }
        Parts old = parts(from);
        Parts made = parts(to);
        if (old.equals(made)) {
            return Answer.NO;
        }
        boolean kept = TEXTS.contains(old.name) && TEXTS.contains(made.name)
                && (made.first < 0 || old.name.equals("varchar") && old.first >= 0 && made.first >= old.first);
        boolean longer = made.first < 0 || old.first >= 0 && made.first >= old.first && made.second == old.second;
        kept |= old.name.equals(made.name) && grows(old.name) && longer;
        kept |= made.name.equals(ALIKE.get(old.name));
        if (old.name.startsWith("timestamp") && made.name.startsWith("timestamp") && !old.name.equals(made.name)) {
            return longer ? Answer.PERHAPS : Answer.YES;
        }
        return kept ? Answer.NO : Answer.YES;
    }

    private static boolean perhapsKept(Parts type) {
        return TEXTS.contains(type.name) || grows(type.name) || ALIKE.containsValue(type.name);
    }

    /** Whether rows of this type stay as they are when its length grows. */
    private static boolean grows(String name) {
        return TIMES.contains(name) || name.equals("varbit") || name.equals("numeric");
    }

    /** Whether values of the one type may not fit the other. */
    static Answer narrows(String from, String to) {
        Parts made = parts(to);
        if (from == null) {
            return Answer.PERHAPS;
        }
        Parts old = parts(from);
        if (old.name.equals(made.name)) {
            boolean shorter = made.first >= 0 && (old.first < 0 || made.first < old.first)
                    || made.second >= 0 && made.second < old.second
                    || old.name.equals("numeric") && old.first >= 0 && made.first >= 0
                    && made.first - Math.max(0, made.second) < old.first - Math.max(0, old.second);
            return shorter ? Answer.YES : Answer.NO;
        }
        int before = NUMBERS.indexOf(old.name);
        int after = NUMBERS.indexOf(made.name);
        if (before >= 0 && after >= 0) {
            return after < before || made.first >= 0 ? Answer.YES : Answer.NO;
        }
        if (TEXTS.contains(made.name)) {
            return made.first >= 0 && (old.first < 0 || made.first < old.first) ? Answer.YES : Answer.NO;
        }
        return TEXTS.contains(old.name) || old.name.equals("char") || made.name.equals("date") ? Answer.YES
                : Answer.PERHAPS;
    }
}
