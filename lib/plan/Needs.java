//SOURCES ../sql/Change.java ../sql/Name.java ../sql/Sql.java ../sql/Statement.java Node.java

package lib.plan;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Sql;
import lib.sql.Statement;

/**
 * Which columns of which tables a statement names. A column behind a table's name or alias is that table's, so is one
 * that is set or inserted into; any other may be a column of each of the statement's tables.
 */
final class Needs {
    private static final String WORD = "(\"(?:[^\"]|\"\")+\"|[A-Za-z_\\u0080-\\uffff][\\w$\\u0080-\\uffff]*)";
    private static final Pattern STRING = Pattern.compile("'(?:[^']|'')*'");
    private static final Pattern TABLE =
            Pattern.compile("(?i)(?:\\b(?:from|join|update|into|using|only)\\s+|,\\s*)((?:" + WORD
            + "\\s*\\.\\s*)?" + WORD + ")(?:\\s+as)?(?:\\s+" + WORD + ")?");
    private static final Pattern QUALIFIED = Pattern.compile(WORD + "\\s*\\.\\s*" + WORD);
    private static final Pattern ONE = Pattern.compile(WORD);

    private final Set<Node.Ref> refs = new HashSet<>();
    private final Map<String, Name> aliases = new HashMap<>();
    private String text;

    private Needs() {
    }

    static Set<Node.Ref> of(Statement statement) {
        Needs needs = new Needs();
        needs.text = STRING.matcher(Sql.withoutComments(statement.sql())).replaceAll("''");
        needs.read(statement);
        return needs.refs;
    }

    private void read(Statement statement) {
        for (Name table : statement.relations()) {
            refs.add(new Node.Ref(table, null));
            aliases.put(table.name(), table);
        }
        Matcher tables = TABLE.matcher(text);
        for (int at = 0; tables.find(at); at = tables.end(1)) {
            Name table = Name.parse(tables.group(1));
            if (statement.relations().contains(table) && tables.group(4) != null) {
                aliases.put(plain(tables.group(4)), table);
            }
        }
        text = QUALIFIED.matcher(text).replaceAll(this::qualified);
        statement.actions().forEach(action -> target(action.change()));
        Set<String> loose = new HashSet<>();
        ONE.matcher(text).results().forEach(word -> loose.add(plain(word.group())));
        loose.retainAll(statement.identifiers());
        statement.relations().forEach(table -> loose.forEach(name -> refs.add(new Node.Ref(table, name))));
    }

    private String qualified(MatchResult found) {
        Name table = aliases.get(plain(found.group(1)));
        if (table == null) {
            return Matcher.quoteReplacement(found.group());
        }
        refs.add(new Node.Ref(table, plain(found.group(2))));
        return " ";
    }

    private void target(Change change) {
        if (change instanceof Change.Update update) {
            update.columns().forEach(column -> {
                refs.add(new Node.Ref(update.table(), column));
                text = text.replaceFirst("(?i)(\\bset\\s|,|\\()(\\s*)\"?" + Pattern.quote(column) + "\"?(?=\\s*[=,)])",
                        "$1$2");
            });
        } else if (change instanceof Change.Insert insert) {
            insert.columns().forEach(column -> refs.add(new Node.Ref(insert.table(), column)));
            if (!insert.columns().isEmpty()) {
                text = text.replaceFirst("(?is)(\\binto\\s[^(]*)\\([^)]*\\)", "$1");
            }
        }
    }

    private static String plain(String word) {
        return word.startsWith("\"") ? word.substring(1, word.length() - 1).replace("\"\"", "\"")
                : Name.parse(word).name();
    }
}
