package lib.migrations;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * JavaScript, TypeScript or JSON text, read just far enough to find the literals that settings are written as and the
 * modules that are loaded.
 */
final class JavaScript {
    private static final String LITERAL = "(?:'([^'\\n]*)'|\"([^\"\\n]*)\"|`([^`$]*)`)";
    /** What stands before the name of a module that is loaded as the program runs. */
    private static final Pattern LOADS =
            Pattern.compile("(?<![\\w$.])(?:from|import|(?<!typeof\\s{1,4})import\\s*\\(|require\\s*\\()\\s*$");
    /** The beginning of a statement of which nothing is left when TypeScript is compiled. */
    private static final Pattern TYPES =
            Pattern.compile("\\b(?:import|export)\\s+type\\s+(?!from\\b)[\\w$*{][^;'\"`]*\\bfrom\\s*$");

    private JavaScript() {
    }

    /**
     * What a property is set to.
     *
     * @param text the literal, or the one literal an expression falls back on; null when there is none
     * @param literal false for an expression, whose value only the running program knows
     */
    record Value(String text, boolean literal) {
    }

    /** Whether a committed path is source of the application: no package it installed and no type declarations. */
    static boolean source(String path) {
        return path.matches(".*\\.[mc]?[jt]sx?") && !path.matches(".*\\.d\\.[mc]?ts") && !installed(path);
    }

    static boolean installed(String path) {
        return path.startsWith("node_modules/") || path.contains("/node_modules/");
    }

    /** The text without its comments; strings, templates and regular expressions stay as they are. */
    static String code(byte[] bytes) {
        return code(bytes, new ArrayList<>());
    }

    /** The modules that a source loads, by import, export … from or require; never those that only types come from. */
    static List<String> modules(byte[] bytes) {
        List<int[]> strings = new ArrayList<>();
        String code = code(bytes, strings);
        List<String> modules = new ArrayList<>();
        for (int[] string : strings) {
            String before = code.substring(Math.max(0, string[0] - 1000), string[0]);
            if (LOADS.matcher(before).find() && !TYPES.matcher(before).find()) {
                modules.add(code.substring(string[0] + 1, Math.max(string[0] + 1, string[1] - 1)));
            }
        }
        return modules;
    }

    /** The same, with the place in the answer of each string and template. */
    private static String code(byte[] bytes, List<int[]> strings) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        StringBuilder code = new StringBuilder(text.length());
        char before = ';';
        for (int i = 0; i < text.length(); ) {
            char c = text.charAt(i);
            int end = i + 1;
            if (text.startsWith("//", i)) {
                end = indexOr(text.indexOf('\n', i), text);
            } else if (text.startsWith("/*", i)) {
                end = indexOr(text.indexOf("*/", i + 2) + 2, text);
                code.append(' ');
            } else {
                if (c == '"' || c == '\'' || c == '`') {
                    end = stringEnd(text, i);
                    strings.add(new int[] {code.length(), code.length() + end - i});
                } else if (c == '/' && "(,=:[!&|?{};".indexOf(before) >= 0) {
                    end = stringEnd(text, i);
                }
                code.append(text, i, end);
                before = Character.isWhitespace(c) ? before : text.charAt(end - 1);
            }
            i = end;
        }
        return code.toString();
    }

    private static int indexOr(int index, String text) {
        return index < 2 ? text.length() : index;
    }

    /** Where the string, template or regular expression that begins here is over; only a template goes over lines. */
    private static int stringEnd(String text, int from) {
        char quote = text.charAt(from);
        int holes = 0;
        boolean set = false;
        for (int i = from + 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '\n' && quote != '`') {
                return i;
            } else if (quote == '/' && (c == '[' || c == ']')) {
                set = c == '[';
            } else if (quote == '`' && c == '{' && (holes > 0 || text.charAt(i - 1) == '$')) {
                holes++;
            } else if (quote == '`' && c == '}' && holes > 0) {
                holes--;
            } else if (c == quote && holes == 0 && !set) {
                return i + 1;
            }
        }
        return text.length();
    }

    /** What a property is set to anywhere in a piece of code; a constant of the same file is followed. */
    static Optional<Value> property(String piece, String name, String whole) {
        Matcher at = Pattern.compile("(?<![\\w.$/-])[\"']?" + name + "[\"']?\\s*(:|,|}|$)").matcher(piece);
        if (!at.find()) {
            return Optional.empty();
        }
        String rest = at.group(1).equals(":") ? piece.substring(at.end()) : name;
        return Optional.of(value(rest, whole));
    }

    private static Value value(String expression, String whole) {
        Matcher literal = Pattern.compile("\\s*" + LITERAL
                + "(?:\\s*(?:as const|satisfies string))?\\s*(?=[,;})]|$|\\n)").matcher(expression);
        if (literal.lookingAt()) {
            return new Value(text(literal), true);
        }
        Matcher fallback = Pattern.compile("[^,;{}\\n]*?(?:\\?\\?|\\|\\|)\\s*" + LITERAL).matcher(expression);
        if (fallback.lookingAt()) {
            return new Value(text(fallback), false);
        }
        Matcher constant = Pattern.compile("\\s*([A-Za-z_$][\\w$]*)\\s*(?=[,;})]|$|\\n)").matcher(expression);
        if (constant.lookingAt()) {
            Matcher declared = Pattern.compile("\\b(?:const|let|var)\\s+" + Pattern.quote(constant.group(1))
                    + "\\s*(?::[^=\\n]+)?=")
                    .matcher(whole);
            if (declared.find()) {
                // The declaration is taken away so that two constants naming each other end.
                return value(whole.substring(declared.end()), whole.substring(0, declared.start()));
            }
        }
        return new Value(null, false);
    }

    private static String text(Matcher literal) {
        for (int i = 1; i <= 3; i++) {
            if (literal.group(i) != null) {
                return literal.group(i);
            }
        }
        return "";
    }

    /** What stands between the braces around a place, or the whole text when there are none. */
    static String around(String code, int place) {
        int depth = 0;
        int from = place;
        while (from > 0 && depth < 1) {
            from--;
            depth += code.charAt(from) == '{' ? 1 : code.charAt(from) == '}' ? -1 : 0;
        }
        return depth < 1 ? code : block(code, from);
    }

    /** What stands between the next opening brace and the one that closes it. */
    static String block(String code, int from) {
        int open = code.indexOf('{', from);
        int depth = 0;
        for (int i = Math.max(open, 0); open >= 0 && i < code.length(); i++) {
            depth += code.charAt(i) == '{' ? 1 : code.charAt(i) == '}' ? -1 : 0;
            if (depth == 0) {
                return code.substring(open + 1, i);
            }
        }
        return "";
    }
}
