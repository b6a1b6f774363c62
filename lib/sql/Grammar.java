//DEPS org.pgcodekeeper:pgcodekeeper-core:13.1.0@fatjar
//DEPS org.antlr:antlr4-runtime:4.13.2

//SOURCES Lexer.java
//SOURCES Name.java
//SOURCES Phrase.java

package lib.sql;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.tree.ParseTree;
import org.antlr.v4.runtime.tree.TerminalNode;
import org.pgcodekeeper.core.parsers.antlr.base.AntlrParser;
import org.pgcodekeeper.core.parsers.antlr.pg.generated.SQLParser;

/** Checks a statement with pgCodeKeeper's PostgreSQL grammar and finds the names in it; no other class knows it. */
final class Grammar {

    /** What the grammar knows about a statement: the tables it touches, those it changes, its other identifiers. */
    record Facts(Set<Name> relations, Set<Name> writes, Set<String> identifiers) { }

    private enum Role { READ, WRITE, COLUMN, NONE }

    /** The statements whose own names are tables, views, sequences or indexes that they change. */
    private static final Set<String> CHANGING = Set.of("insert_stmt_for_psql", "update_stmt_for_psql",
        "delete_stmt_for_psql", "merge_stmt_for_psql", "into_table", "create_table_statement",
        "create_table_as_statement", "create_foreign_table_statement", "create_view_statement",
        "create_sequence_statement", "create_index_statement", "create_policy_statement", "create_trigger_statement",
        "create_rewrite_statement", "alter_table_statement", "alter_view_statement",
        "alter_materialized_view_statement", "alter_sequence_statement", "alter_index_statement", "index_def_action",
        "alter_policy_statement", "alter_trigger_statement", "drop_policy_statement", "drop_trigger_statement",
        "drop_rule_statement", "define_partition", "partition_table_value", "alter_partition", "cluster_stmt");

    private static final Set<String> TABLE_LIKE = Set.of("TABLE", "VIEW", "SEQUENCE");

    /** Pending statements are read for what is there already, for the plan, for hazards and for personal values. */
    private static final Map<String, Optional<Facts>> CHECKED = new ConcurrentHashMap<>();

    private final String sql;
    private final Set<Name> reads = new TreeSet<>();
    private final Set<Name> writes = new TreeSet<>();
    private final Set<String> identifiers = new TreeSet<>();
    private final Set<Name> queries = new HashSet<>();

    private Grammar(String sql) {
        this.sql = sql;
    }

    /** Parses one statement; null when the grammar does not accept all of it, or when it is too long to try. */
    static Facts check(String sql) {
        if (sql.length() > Statement.LONGEST) {
            return null;
        }
        return CHECKED.computeIfAbsent(sql, Grammar::attempt).orElse(null);
    }

    private static Optional<Facts> attempt(String sql) {
        try {
            return Optional.ofNullable(parse(sql));
        } catch (StackOverflowError e) {
            // Thousands of nested parentheses or ORs; the server has its own limit for them.
            return Optional.empty();
        }
    }

    private static Facts parse(String sql) {
        List<Object> errors = new ArrayList<>();
        SQLParser.SqlContext tree = AntlrParser.createSQLParser(plain(sql), "statement", errors).sql();
        // The parser returns a tree in any case, with the errors left out or filled in.
        if (!errors.isEmpty() || tree.statement().size() != 1) {
            return null;
        }
        Grammar grammar = new Grammar(sql);
        grammar.walk(tree);
        grammar.reads.removeAll(grammar.queries);
        grammar.reads.addAll(grammar.writes);
        return new Facts(Set.copyOf(grammar.reads), Set.copyOf(grammar.writes), Set.copyOf(grammar.identifiers));
    }

    /** This grammar takes the quote of E'it\\'s' for the end; what a string says does not matter to it. */
    private static String plain(String sql) {
        StringBuilder plain = new StringBuilder(sql);
        for (Lexer.Token token : Lexer.tokens(sql)) {
            if (token.kind() == Lexer.Kind.STRING && (token.text().startsWith("E'") || token.text().startsWith("e'"))) {
                plain.replace(token.from(), token.to(), token.text().replaceAll("(?s)\\\\.", "xx"));
            }
        }
        return plain.toString();
    }

    private void walk(ParserRuleContext node) {
        String rule = rule(node);
        if (rule.equals("schema_qualified_name")) {
            name(node);
        } else if (rule.startsWith("identifier") && !rule.startsWith("identifier_list") || rule.endsWith("col_label")) {
            identifiers.add(Phrase.of(source(node)).identifier());
        } else if (!rule.equals("data_type")
                && !(rule.equals("schema_qualified_name_nontype") && rule(node.getParent()).equals("function_call"))) {
            if (rule.equals("with_query")) {
                queries.add(Name.of(null, Phrase.of(source((ParserRuleContext) node.getChild(0))).identifier()));
            }
            children(node);
        }
    }

    private void children(ParserRuleContext node) {
        for (int i = 0; i < node.getChildCount(); i++) {
            if (node.getChild(i) instanceof ParserRuleContext child) {
                walk(child);
            }
        }
    }

    private void name(ParserRuleContext node) {
        switch (role(node)) {
            case READ -> reads.add(Name.parse(source(node)));
            case WRITE -> writes.add(Name.parse(source(node)));
            case COLUMN -> {
                ParserRuleContext column = (ParserRuleContext) node.getChild(node.getChildCount() - 1);
                identifiers.add(Phrase.of(source(column)).identifier());
                String whole = source(node);
                reads.add(Name.parse(whole.substring(0, whole.length() - source(column).length() - 1)));
            }
            default -> children(node);
        }
    }

    private static Role role(ParserRuleContext node) {
        ParserRuleContext parent = node.getParent();
        String above = rule(parent.getParent());
        String keyword = keywordBefore(node);
        return switch (rule(parent)) {
            case "from_primary", "select_primary", "inheritance_specified_table_cols", "table_column_def" -> Role.READ;
            case "constr_body" -> keyword.equals("REFERENCES") ? Role.READ : Role.NONE;
            case "create_statistics_statement" -> keyword.equals("FROM") ? Role.READ : Role.NONE;
            case "table_action" -> follows(node, "inherit_option") ? Role.READ : Role.NONE;
            case "additional_statement" -> keyword.equals("VIEW") || keyword.equals("CONCURRENTLY")
                ? Role.WRITE : Role.NONE;
            case "owner_member_object" -> TABLE_LIKE.contains(keyword) ? Role.WRITE : Role.NONE;
            case "only_table_multiply" -> above.equals("truncate_stmt") ? Role.WRITE : Role.READ;
            case "table_cols" -> above.equals("copy_from_statement") ? Role.WRITE : Role.READ;
            case "reindex_stmt" -> parent.getText().toUpperCase(Locale.ROOT)
                .matches("(?s)REINDEX(\\(.*?\\))?(SCHEMA|DATABASE|SYSTEM).*") ? Role.NONE : Role.READ;
            case "comment_member_object", "label_member_object" -> keyword.equals("COLUMN") ? Role.COLUMN
                : TABLE_LIKE.contains(keyword) || keyword.equals("ON") ? Role.READ : Role.NONE;
            case "names_references" -> listed(parent);
            default -> CHANGING.contains(rule(parent)) ? Role.WRITE : Role.NONE;
        };
    }

    /** A list of names is one of tables in DROP, GRANT and INHERITS. */
    private static Role listed(ParserRuleContext list) {
        ParserRuleContext parent = list.getParent();
        String above = rule(parent.getParent());
        return switch (rule(parent)) {
            case "if_exist_names_restrict_cascade" ->
                TABLE_LIKE.contains(keywordBefore(parent)) ? Role.WRITE : Role.NONE;
            case "rule_member_object" -> keywordBefore(list).isEmpty() || TABLE_LIKE.contains(keywordBefore(list))
                ? Role.READ : Role.NONE;
            case "names_in_parens" -> above.equals("define_columns") ? Role.READ : Role.NONE;
            default -> Role.NONE;
        };
    }

    private static boolean follows(ParserRuleContext node, String rule) {
        return before(node) instanceof ParserRuleContext other && rule(other).equals(rule);
    }

    private static ParseTree before(ParserRuleContext node) {
        int at = node.getParent().children.indexOf(node);
        return at > 0 ? node.getParent().getChild(at - 1) : null;
    }

    private static String keywordBefore(ParserRuleContext node) {
        ParseTree before = before(node);
        return before instanceof TerminalNode ? before.getText().toUpperCase(Locale.ROOT) : "";
    }

    private static String rule(ParserRuleContext node) {
        return node == null ? "" : SQLParser.ruleNames[node.getRuleIndex()];
    }

    /** The text as written: the tokens of the grammar have lost their quotes, and count in code points. */
    private String source(ParserRuleContext node) {
        int from = sql.offsetByCodePoints(0, node.getStart().getStartIndex());
        return sql.substring(from, sql.offsetByCodePoints(from,
            node.getStop().getStopIndex() + 1 - node.getStart().getStartIndex()));
    }
}
