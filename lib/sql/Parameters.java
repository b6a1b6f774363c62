//SOURCES Lexer.java

package lib.sql;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A query whose open places are numbered, as a server takes it: {@code $1}, {@code $2}. Queries in files write them as
 * {@code $1}, as psql's {@code :name} or as sqlc's {@code @name}; statistics of a server write {@code interval $1}.
 *
 * @param names what the places are called, in the order of their numbers; {@code $1} is called 1
 */
public record Parameters(String sql, List<String> names) {
    /** What a literal may stand behind, and a parameter may not. */
    private static final Set<String> TYPED = Set.of("interval", "date", "time", "timestamp", "timestamptz", "timetz");

    /**
     * Numbers the places of a query.
     *
     * @param values what psql's variables stand for, as {@code \set} gave them; these are written in
     */
    public static Parameters of(String query, Map<String, String> values) {
        List<Lexer.Token> tokens = Lexer.tokens(query);
        Map<String, Integer> numbers = new LinkedHashMap<>();
        tokens.stream().filter(Parameters::numbered).map(token -> Integer.parseInt(token.text().substring(1))).sorted()
                .forEach(number -> numbers.put(String.valueOf(number), number));
        StringBuilder out = new StringBuilder();
        int end = 0;
        for (int i = 0; i < tokens.size(); i++) {
            Lexer.Token token = tokens.get(i);
            Lexer.Token next = i + 1 < tokens.size() ? tokens.get(i + 1) : null;
            boolean named = (token.symbol(':') || token.symbol('@')) && next != null && next.from() == token.to()
                    && !follows(tokens, i) && nameable(next, token.symbol(':'));
            if (named) {
                out.append(query, end, token.from()).append(place(next, values, numbers));
                end = next.to();
                i++;
            } else if (numbered(token) && typed(tokens, i)) {
                Lexer.Token type = tokens.get(i - 1);
                out.append(query, end, type.from()).append(token.text()).append("::").append(type.text());
                end = token.to();
            }
        }
        out.append(query.substring(end));
        return new Parameters(out.toString(), new ArrayList<>(numbers.keySet()));
    }

    /** Literals of a comma-separated list: {@code 42, 'open', ARRAY[1, 2]}. */
    public static List<String> list(String text) {
        List<String> items = new ArrayList<>();
        int from = 0;
        int depth = 0;
        for (Lexer.Token token : Lexer.tokens(text)) {
            if (token.symbol('(') || token.symbol('[')) {
                depth++;
            } else if (token.symbol(')') || token.symbol(']')) {
                depth--;
            } else if (token.symbol(',') && depth == 0) {
                items.add(text.substring(from, token.from()).strip());
                from = token.to();
            }
        }
        items.add(text.substring(from).strip());
        return items.stream().filter(item -> !item.isEmpty()).toList();
    }

    private static boolean numbered(Lexer.Token token) {
        return token.kind() == Lexer.Kind.NUMBER && token.text().startsWith("$");
    }

    private static boolean typed(List<Lexer.Token> tokens, int at) {
        return at > 0 && tokens.get(at - 1).kind() == Lexer.Kind.WORD
                && TYPED.contains(Name.fold(tokens.get(at - 1).text()));
    }

    // Behind an operator character the sign is a part of that operator: @> and slices like [1:n] are none of ours.
    private static boolean follows(List<Lexer.Token> tokens, int at) {
        if (at == 0) {
            return false;
        }
        Lexer.Token before = tokens.get(at - 1);
        boolean adjacent = before.to() == tokens.get(at).from();
        return adjacent && (before.kind() != Lexer.Kind.SYMBOL || "@<>|&~!#?".contains(before.text()));
    }

    private static boolean nameable(Lexer.Token token, boolean psql) {
        return token.kind() == Lexer.Kind.WORD
                || psql && (token.kind() == Lexer.Kind.STRING && token.text().startsWith("'")
                || token.kind() == Lexer.Kind.QUOTED);
    }

    private static String place(Lexer.Token token, Map<String, String> values, Map<String, Integer> numbers) {
        boolean bare = token.kind() == Lexer.Kind.WORD;
        String name = bare ? token.text() : token.text().substring(1, token.text().length() - 1);
        String value = values.get(name);
        if (value == null) {
            return "$" + numbers.computeIfAbsent(name,
                    key -> numbers.values().stream().mapToInt(Integer::intValue).max().orElse(0) + 1);
        }
        return bare ? value : token.kind() == Lexer.Kind.QUOTED ? Name.quote(value)
                : "'" + value.replace("'", "''") + "'";
    }
}
