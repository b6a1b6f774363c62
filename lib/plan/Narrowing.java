package lib.plan;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which values of a column do not fit into another type. */
public final class Narrowing {
    private static final Pattern CHARACTERS =
            Pattern.compile("(?:character varying|varchar|character|char|bpchar)\\s*\\(\\s*(\\d+)\\s*\\)");
    private static final Pattern DECIMAL =
            Pattern.compile("(?:numeric|decimal)\\s*\\(\\s*(\\d+)\\s*(?:,\\s*(\\d+)\\s*)?\\)");
    private static final Map<String, String> RANGES = Map.of("smallint", "-32768 AND 32767", "int2",
            "-32768 AND 32767", "integer", "-2147483648 AND 2147483647", "int", "-2147483648 AND 2147483647", "int4",
            "-2147483648 AND 2147483647", "bigint", "-9223372036854775808 AND 9223372036854775807", "int8",
            "-9223372036854775808 AND 9223372036854775807");
    private static final List<String> WHOLE = List.of("smallint", "integer", "bigint");
    private static final Pattern TEXT = Pattern.compile("text|citext|(character|bpchar).*");
    private static final Pattern NUMBER = Pattern.compile("smallint|integer|bigint|real|double precision|numeric.*");
    private static final int SOFT = 16;

    private Narrowing() {
    }

    /**
     * The condition that such values meet; empty when there can be none, and an empty text when nothing here can tell.
     *
     * @param column as it stands in SQL
     * @param from the type as the server prints it
     * @param to the type as the migration writes it
     * @param using how the migration converts, or null
     * @param major the server's, for what only newer ones can count
     */
    public static Optional<String> condition(String column, String from, String to, String using, int major) {
        String type = to.toLowerCase(Locale.ROOT).strip();
        String cast = using == null ? "" : using.replaceAll("\\s|\"|[()]", "").toLowerCase(Locale.ROOT);
        boolean plain = using == null || cast.startsWith(column.replace("\"", "").toLowerCase(Locale.ROOT) + "::");
        if (!plain) {
            return Optional.of("");
        }
        Matcher characters = CHARACTERS.matcher(type);
        if (characters.matches()) {
            // What is too long by spaces alone is cut without an error.
            return TEXT.matcher(from).matches() || NUMBER.matcher(from).matches()
                    ? Optional.of("length(rtrim(" + column + "::text)) > " + characters.group(1)) : Optional.of("");
        }
        boolean text = TEXT.matcher(from).matches();
        if (text && (type.equals("text") || type.equals("varchar") || type.equals("character varying"))
                || !text && type.equals("text")) {
            return Optional.empty();
        }
        if (text) {
            return Optional.of(major >= SOFT ? column + " IS NOT NULL AND NOT pg_input_is_valid(" + column + "::text, '"
                    + type.replace("'", "''") + "')" : RANGES.containsKey(type) ? column + " !~ '^\\s*[-+]?\\d+\\s*$'"
                    : type.equals("uuid") ? column + " !~* '^[{]?([0-9a-f]{4}-?){7}[0-9a-f]{4}[}]?$'" : "");
        }
        if (!NUMBER.matcher(from).matches()) {
            return from.equals(type) ? Optional.empty() : Optional.of("");
        }
        if (RANGES.containsKey(type)) {
            boolean wider = WHOLE.contains(from) && RANGES.get(type).length() >= RANGES.get(from).length();
            return wider ? Optional.empty() : Optional.of("round(" + column + "::numeric) NOT BETWEEN "
                    + RANGES.get(type));
        }
        Matcher decimal = DECIMAL.matcher(type);
        if (decimal.matches()) {
            int scale = decimal.group(2) == null ? 0 : Integer.parseInt(decimal.group(2));
            int whole = Integer.parseInt(decimal.group(1)) - scale;
            return Optional.of("abs(round(" + column + "::numeric, " + scale + ")) >= 1e" + whole);
        }
        return NUMBER.matcher(type).matches() ? Optional.empty() : Optional.of("");
    }
}
