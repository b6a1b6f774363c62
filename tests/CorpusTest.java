//SOURCES SqlTest.java
//SOURCES ../lib/sql/Change.java
//SOURCES ../lib/sql/Name.java
//SOURCES ../lib/sql/Sql.java
//SOURCES ../lib/sql/Statement.java

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Sql;
import lib.sql.Statement;
import org.junit.jupiter.api.Test;

/** What is read from a statement, checked against the annotated corpus. */
class CorpusTest {
    private static final Pattern ANNOTATION = Pattern.compile("--@ (?:V=\\d+ )?T=(.*?) F=(.*?) ?R=(.*)");

    /** What a change says about itself beyond its name; the corpus knows more, such as IF EXISTS. */
    private static final Map<String, Set<String>> FLAGS = Map.of(
        "create_table", Set.of("if_not_exists"),
        "drop_table", Set.of("cascade"),
        "add_column", Set.of("notnull", "default", "generated", "pk", "unique", "fk"),
        "alter_type", Set.of("using"),
        "add_constraint", Set.of("pk", "unique", "fk", "check", "exclude", "notnull", "not_valid", "using_index"),
        "create_index", Set.of("unique", "concurrently"),
        "drop_index", Set.of("concurrently"),
        "update", Set.of("no_where"),
        "delete", Set.of("no_where"));

    private static final Set<String> VERBS = Set.of("create_table", "drop_table", "rename_table", "add_column",
        "drop_column", "rename_column", "set_not_null", "drop_not_null", "alter_type", "set_default", "drop_default",
        "add_constraint", "drop_constraint", "validate_constraint", "create_index", "drop_index", "create_type",
        "add_enum_value", "insert", "update", "delete", "truncate");

    @Test
    void agreesWithTheCorpusOnTags() throws IOException {
        // The server's own word is DISCARD ALL.
        assertEquals(Set.of("DISCARD ALL   => DISCARD ALL"), differences((statement, annotation) ->
            statement.tag().equals(annotation.group(1)) ? null : statement.tag()));
    }

    @Test
    void agreesWithTheCorpusOnChanges() throws IOException {
        assertEquals(Set.of(
            "ALTER VIEW v RENAME TO v2   => "),
            differences((statement, annotation) -> {
                String expected = Stream.of(annotation.group(2).split(" \\| ")).map(CorpusTest::modelled)
                    .filter(fact -> VERBS.contains(fact.split(" ")[0])).collect(Collectors.joining(" | "));
                String found = facts(statement);
                return found.equals(expected) ? null : found;
            }));
    }

    @Test
    void agreesWithTheCorpusOnRelations() throws IOException {
        assertEquals(Set.of(
            "ALTER TYPE addr ADD ATTRIBUTE city text, DROP ATTRIBUTE zip CASCADE   => []",
            "CREATE OR REPLACE FUNCTION f(x int) RETURNS TABLE (id int, name text) LANGUAGE SQL BEGIN ATOMIC "
                + "SELECT CASE WHEN x > 0 THEN 1 ELSE 2 END, 'a;b'; SELECT id, name FROM users WHERE id = x; END"
                + "   => [users]",
            "SELECT (data)['a']['b'], EXTRACT(epoch FROM ts), substring(s FROM 1 FOR 2), trim(both 'x' from s), "
                + "overlay(s placing 'z' from 1), position('a' in s) FROM t GROUP BY DISTINCT CUBE (a, b)"
                + "   => [s, t, ts]"),
            differences((statement, annotation) -> {
                Set<String> expected = Stream.of(annotation.group(3).split(",")).filter(name -> !name.isBlank())
                    .map(name -> name.replaceFirst("^public\\.", "")).collect(Collectors.toCollection(TreeSet::new));
                Set<String> found = statement.relations().stream().map(Name::toString)
                    .collect(Collectors.toCollection(TreeSet::new));
                return found.equals(expected) ? null : found.toString();
            }));
    }

    @Test
    void theGrammarKnowsAllButTheseStatements() throws IOException {
        Set<String> rejected = differences((statement, annotation) -> statement.verified() ? null : "");
        assertEquals(Set.of(
            "ALTER SYSTEM SET max_wal_size = '4GB'",
            "ALTER TABLE ALL IN TABLESPACE old OWNED BY app SET TABLESPACE new NOWAIT",
            "GRANT readers TO app WITH INHERIT TRUE, SET FALSE GRANTED BY CURRENT_ROLE",
            "SELECT (data)['a']['b'], EXTRACT(epoch FROM ts), substring(s FROM 1 FOR 2), trim(both 'x' from s), "
                + "overlay(s placing 'z' from 1), position('a' in s) FROM t GROUP BY DISTINCT CUBE (a, b)",
            "SELECT 5 - - 3, 2*/* c; */3, @ -5, |/ 25, 10 !~~* 'x', 'a' <-> 'b', 1_000_000, 0xFF, 0b10, 0o17, 1e-5, .5",
            "grant select, insert (id, username), update (username) on table public.profiles to authenticated"),
            rejected.stream().map(line -> line.replace("   => ", "")).collect(Collectors.toSet()));
    }

    @Test
    void theGrammarRefusesWhatIsNoSql() throws IOException {
        Set<String> accepted = new TreeSet<>();
        for (SqlTest.Case c : SqlTest.corpus("sql-corpus-invalid.sql")) {
            Statement statement = Statement.of(Sql.split(c.text()).get(0).text(), 1);
            if (statement.verified()) {
                accepted.add(statement.sql());
            }
        }
        assertEquals(Set.of("CREATE UNIQUE INDEX IF NOT EXISTS ON t (a)"), accepted);
    }

    private interface Check {
        String difference(Statement statement, Matcher annotation);
    }

    private static Set<String> differences(Check check) throws IOException {
        Set<String> differences = new TreeSet<>();
        for (SqlTest.Case c : SqlTest.corpus("sql-corpus.sql")) {
            Matcher annotation = ANNOTATION.matcher(c.annotation());
            if (!c.annotation().contains("P=psql") && annotation.matches()) {
                Statement statement = Statement.of(Sql.split(c.text()).get(0).text(), c.line());
                String difference = check.difference(statement, annotation);
                if (difference != null) {
                    differences.add(statement.sql().replaceAll("\\s+", " ") + "   => " + difference);
                }
            }
        }
        return differences;
    }

    /** The annotated fact with only the flags that a change has, in alphabetical order. */
    private static String modelled(String fact) {
        String[] words = fact.replaceAll("\\b(serial|identity|generated_\\w+)\\b", "generated")
            .replaceAll("\\bdefault_\\w+", "default").split(" ");
        String name = words.length < 2 ? "" : " " + words[1].replaceFirst("^public\\.", "");
        return words[0] + name + Stream.of(words).skip(2).sorted()
            .filter(FLAGS.getOrDefault(words[0], Set.of())::contains).map(" "::concat).collect(Collectors.joining());
    }

    private static String facts(Statement statement) {
        return statement.actions().stream().map(Statement.Action::change).flatMap(CorpusTest::facts)
            .collect(Collectors.joining(" | "));
    }

    private static Stream<String> facts(Change change) {
        if (change instanceof Change.Truncate truncate) {
            return truncate.tables().stream().map(table -> "truncate " + table);
        }
        if (change instanceof Change.Other) {
            return Stream.empty();
        }
        return Stream.of(modelled(fact(change)));
    }

    private static String fact(Change change) {
        if (change instanceof Change.CreateTable c) {
            return "create_table " + c.table() + flag(c.ifNotExists(), "if_not_exists");
        } else if (change instanceof Change.DropTable c) {
            return "drop_table " + c.table() + flag(c.cascade(), "cascade");
        } else if (change instanceof Change.RenameTable c) {
            return "rename_table " + c.table();
        } else if (change instanceof Change.AddColumn c) {
            Change.Column column = c.column();
            return "add_column " + c.table() + "." + column.name() + flag(column.notNull(), "notnull")
                + flag(column.defaultExpression() != null, "default") + flag(column.generated(), "generated")
                + flag(column.primaryKey(), "pk") + flag(column.unique(), "unique")
                + flag(column.references() != null, "fk");
        } else if (change instanceof Change.DropColumn c) {
            return "drop_column " + c.table() + "." + c.column();
        } else if (change instanceof Change.RenameColumn c) {
            return "rename_column " + c.table() + "." + c.from();
        } else if (change instanceof Change.SetNotNull c) {
            return "set_not_null " + c.table() + "." + c.column();
        } else if (change instanceof Change.DropNotNull c) {
            return "drop_not_null " + c.table() + "." + c.column();
        } else if (change instanceof Change.SetType c) {
            return "alter_type " + c.table() + "." + c.column() + flag(c.using() != null, "using");
        } else if (change instanceof Change.SetDefault c) {
            return (c.expression() == null ? "drop_default " : "set_default ") + c.table() + "." + c.column();
        } else if (change instanceof Change.AddConstraint c) {
            String kind = switch (c.constraint().kind()) {
                case PRIMARY_KEY -> "pk";
                case FOREIGN_KEY -> "fk";
                case NOT_NULL -> "notnull";
                default -> c.constraint().kind().name().toLowerCase();
            };
            return "add_constraint " + c.table() + " " + kind + flag(c.constraint().notValid(), "not_valid")
                + flag(c.constraint().usingIndex() != null, "using_index");
        } else if (change instanceof Change.DropConstraint c) {
            return "drop_constraint " + c.table();
        } else if (change instanceof Change.ValidateConstraint c) {
            return "validate_constraint " + c.table();
        } else if (change instanceof Change.CreateIndex c) {
            return "create_index " + c.table() + flag(c.unique(), "unique") + flag(c.concurrently(), "concurrently");
        } else if (change instanceof Change.DropIndex c) {
            return "drop_index " + c.index() + flag(c.concurrently(), "concurrently");
        } else if (change instanceof Change.CreateType c) {
            return "create_type " + c.type();
        } else if (change instanceof Change.AddEnumValue c) {
            return "add_enum_value " + c.type();
        } else if (change instanceof Change.Insert c) {
            return "insert " + c.table();
        } else if (change instanceof Change.Update c) {
            return "update " + c.table() + flag(!c.where(), "no_where");
        } else if (change instanceof Change.Delete c) {
            return "delete " + c.table() + flag(!c.where(), "no_where");
        }
        return change.toString();
    }

    private static String flag(boolean set, String name) {
        return set ? " " + name : "";
    }
}
