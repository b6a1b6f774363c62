//SOURCES SqlTest.java
//SOURCES ../lib/sql/Change.java
//SOURCES ../lib/sql/Name.java
//SOURCES ../lib/sql/Sql.java
//SOURCES ../lib/sql/Statement.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

/** What is read from a statement, checked against the annotated corpus and real migrations. */
class StatementTest {

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
                String expected = Stream.of(annotation.group(2).split(" \\| ")).map(StatementTest::modelled)
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

    @Test
    void readsEveryStatementOfDrizzle() throws IOException {
        List<Statement> statements = new ArrayList<>();
        Path folder = SqlTest.FIXTURES.resolve("drizzle/drizzle");
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.sql")) {
            List<Path> sorted = new ArrayList<>();
            files.forEach(sorted::add);
            sorted.sort(null);
            for (Path file : sorted) {
                statements.addAll(Statement.parse(Files.readString(file)));
            }
        }
        assertEquals(42, statements.size());
        for (Statement statement : statements) {
            assertTrue(statement.verified() && statement.transactional(), statement.sql());
            assertEquals(1, statement.actions().size());
            assertFalse(statement.actions().get(0).change() instanceof Change.Other, statement.sql());
        }
        Statement users = statements.stream().filter(s -> s.writes().contains(Name.of(null, "users")))
            .findFirst().get();
        Change.CreateTable table = (Change.CreateTable) users.actions().get(0).change();
        assertEquals(List.of("id", "email", "name", "created_at", "updated_at"),
            table.columns().stream().map(Change.Column::name).toList());
        assertEquals("gen_random_uuid()", table.columns().get(0).defaultExpression());
        assertEquals("timestamp with time zone", table.columns().get(3).type());
        assertTrue(table.columns().get(3).notNull());
        assertFalse(table.columns().get(2).notNull());
        assertEquals(List.of(new Change.Constraint("users_email_unique", Change.Constraint.Kind.UNIQUE,
            List.of("email"), null, false, null)), table.constraints());
    }

    @Test
    void cutsAnAlterTableIntoItsActions() {
        Statement statement = one("ALTER TABLE IF EXISTS ONLY app.\"T\" -- why\n"
            + " ADD COLUMN a int DEFAULT (1, 2) NOT NULL, /* x */ ADD b text CONSTRAINT n NOT NULL DEFAULT 'x, y',\n"
            + "DROP c, OWNER TO me");
        assertEquals(List.of(
            "ALTER TABLE IF EXISTS ONLY app.\"T\" ADD COLUMN a int DEFAULT (1, 2) NOT NULL",
            "ALTER TABLE IF EXISTS ONLY app.\"T\" ADD b text CONSTRAINT n NOT NULL DEFAULT 'x, y'",
            "ALTER TABLE IF EXISTS ONLY app.\"T\" DROP c",
            "ALTER TABLE IF EXISTS ONLY app.\"T\" OWNER TO me"),
            statement.actions().stream().map(Statement.Action::alone).toList());
        assertEquals(List.of(
            "ALTER TABLE IF EXISTS ONLY app.\"T\" ADD COLUMN a int DEFAULT (1, 2)",
            "ALTER TABLE IF EXISTS ONLY app.\"T\" ADD b text DEFAULT 'x, y'",
            "ALTER TABLE IF EXISTS ONLY app.\"T\" DROP c",
            "ALTER TABLE IF EXISTS ONLY app.\"T\" OWNER TO me"),
            statement.actions().stream().map(Statement::nullable).toList());
        assertEquals(new Change.DropColumn(Name.of("app", "T"), "c"), statement.actions().get(2).change());
        assertEquals(new Change.Other("ALTER TABLE OWNER TO"), statement.actions().get(3).change());
    }

    @Test
    void nullableKeepsTheRestOfTheColumn() {
        assertEquals("ALTER TABLE t ADD c int REFERENCES p (id) ON DELETE SET NULL",
            nullable("ALTER TABLE t ADD c int NOT NULL REFERENCES p (id) ON DELETE SET NULL"));
        assertEquals("ALTER TABLE t ADD c text DEFAULT 'NOT NULL' /* NOT NULL */",
            nullable("ALTER TABLE t ADD c text DEFAULT 'NOT NULL' /* NOT NULL */ not\n null"));
        assertEquals("ALTER TABLE t ADD c text CHECK (c IS NOT NULL)",
            nullable("ALTER TABLE t ADD c text CHECK (c IS NOT NULL)"));
    }

    @Test
    void readsColumnsAsTheyAreDeclared() {
        assertEquals(new Change.Column("c", "numeric(12, 2)[]", true, "CASE WHEN 1 IS NOT NULL THEN '{}' END", false,
            false, true, new Change.Reference(Name.of("s", "p"), List.of("id")), new Change.Span(83, 91)),
            column("ALTER TABLE t ADD c NUMERIC(12, 2)[] DEFAULT CASE WHEN 1 IS NOT NULL THEN '{}' END NOT NULL UNIQUE "
                + "REFERENCES s.p(id) ON UPDATE SET DEFAULT"));
        assertTrue(column("ALTER TABLE t ADD id BIGSERIAL PRIMARY KEY").generated());
        assertNull(column("ALTER TABLE t ADD id int GENERATED BY DEFAULT AS IDENTITY").defaultExpression());
        assertEquals("NULL", column("ALTER TABLE t ADD c int DEFAULT NULL").defaultExpression());
        assertEquals("\"Mood\"", column("ALTER TABLE t ADD c \"Mood\" DEFAULT 'ok'").type());
    }

    @Test
    void readsTypesDefaultsAndConstraints() {
        assertEquals(new Change.SetType(T, "c", "timestamp with time zone", "c AT TIME ZONE 'UTC'"),
            change("ALTER TABLE t ALTER c TYPE timestamp with time zone USING c AT TIME ZONE 'UTC'"));
        assertEquals(new Change.SetDefault(T, "c", "a || 'x'"), change("ALTER TABLE t ALTER c SET DEFAULT a || 'x'"));
        assertEquals(new Change.SetDefault(T, "c", null), change("ALTER TABLE t ALTER c DROP DEFAULT"));
        assertEquals(new Change.AddConstraint(T, new Change.Constraint("f", Change.Constraint.Kind.FOREIGN_KEY,
            List.of("a", "B"), new Change.Reference(Name.of(null, "p"), List.of()), true, null)),
            change("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a, \"B\") REFERENCES p ON DELETE CASCADE NOT VALID"));
        assertEquals(new Change.AddConstraint(T, new Change.Constraint("u", Change.Constraint.Kind.UNIQUE, List.of(),
            null, false, "i")), change("ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i"));
        assertEquals(new Change.CreateIndex(null, T, true, true, List.of("a", "lower(b)")),
            change("CREATE UNIQUE INDEX CONCURRENTLY ON t (a DESC, lower(b)) WHERE c"));
        assertEquals(new Change.AddEnumValue(Name.of(null, "mood"), "it's"),
            change("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'it''s' AFTER 'ok'"));
    }

    @Test
    void readsTheColumnsOfRows() {
        assertEquals(new Change.Insert(T, List.of("a", "B")), change("INSERT INTO t (a, \"B\") SELECT 1, 2"));
        assertEquals(new Change.Insert(T, List.of()), change("INSERT INTO t (SELECT 1)"));
        assertEquals(new Change.Update(T, List.of("a", "b", "c"), true),
            change("UPDATE t SET a = b IS DISTINCT FROM 1, (b, c) = (SELECT 1, 2) FROM u WHERE x"));
        assertEquals(new Change.Update(T, List.of("a"), false),
            change("UPDATE t SET a = (SELECT 1 FROM u WHERE true)"));
        assertEquals(List.of(new Change.Delete(Name.of(null, "a"), false), new Change.Insert(T, List.of())),
            one("WITH x AS (DELETE FROM a RETURNING *) INSERT INTO t SELECT * FROM x").actions().stream()
                .map(Statement.Action::change).toList());
    }

    @Test
    void namesWhatIsReadWrittenAndMentioned() {
        Statement statement = one("UPDATE t SET \"userId\" = u.id::text FROM s.users AS u WHERE lower(Email) = 'x'");
        assertEquals(Set.of(T, Name.of("s", "users")), statement.relations());
        assertEquals(Set.of(T), statement.writes());
        assertTrue(statement.identifiers().containsAll(Set.of("userId", "id", "email")), statement.toString());
        assertFalse(statement.identifiers().contains("lower"));
        assertFalse(statement.identifiers().contains("text"));
    }

    @Test
    void dropsOneByOne() {
        assertEquals(List.of("DROP TABLE IF EXISTS a CASCADE", "DROP TABLE IF EXISTS s.b CASCADE"),
            one("DROP TABLE IF EXISTS a, s.b CASCADE").actions().stream().map(Statement.Action::alone).toList());
    }

    @Test
    void knowsWhatATransactionCannotHold() {
        for (String sql : List.of("CREATE INDEX CONCURRENTLY i ON t (a)", "DROP INDEX CONCURRENTLY i", "VACUUM t",
                "REINDEX (VERBOSE, CONCURRENTLY) TABLE t", "CREATE DATABASE d", "ALTER SYSTEM SET a = 1",
                "ALTER TABLE t DETACH PARTITION p CONCURRENTLY", "CLUSTER", "REINDEX SCHEMA s")) {
            assertFalse(one(sql).transactional(), sql);
        }
        for (String sql : List.of("CREATE INDEX i ON \"concurrently\" (a)", "ALTER TYPE m ADD VALUE 'x'", "CLUSTER t",
                "REFRESH MATERIALIZED VIEW CONCURRENTLY m", "REINDEX TABLE t", "ANALYZE", "DO $$ BEGIN END $$")) {
            assertTrue(one(sql).transactional(), sql);
        }
    }

    @Test
    void whatTheGrammarRejectsIsClassifiedAndNotVerified() {
        Statement statement = one("ALTER TABLE t ADD COLUMN c int AFTER b");
        assertFalse(statement.verified());
        assertEquals("ALTER TABLE", statement.tag());
        assertEquals(Set.of(T), statement.relations());
        for (String sql : List.of("ALTER TABLE", "CREATE TABLE (", "UPDATE t SET", "DROP", "(", ")", "WITH", "1")) {
            assertFalse(one(sql).verified(), sql);
        }
        assertFalse(one("SELECT 1 WHERE a" + " OR a".repeat(50_000)).verified());
    }

    @Test
    void refusesWhatOnlyPsqlCanDo() {
        assertEquals(1, Statement.parse("\\restrict x\n\\set a b\nSELECT 1;\n\\unrestrict x\n").size());
        assertRefused("psql command \\i on line 2", "SELECT 1;\n\\i other.sql");
        assertRefused("psql command \\gexec on line 2", "SELECT\n 1 \\gexec\n");
        assertRefused("COPY data on line 2", "COPY t FROM stdin;\n1\n\\.\n");
    }

    private static void assertRefused(String what, String sql) {
        assertEquals(what + " cannot be run over a connection",
            assertThrows(IllegalArgumentException.class, () -> Statement.parse(sql)).getMessage());
    }

    private static final Name T = Name.of(null, "t");

    private static Statement one(String sql) {
        return Statement.of(sql, 1);
    }

    private static Change change(String sql) {
        return one(sql).actions().get(0).change();
    }

    private static Change.Column column(String sql) {
        return ((Change.AddColumn) change(sql)).column();
    }

    private static String nullable(String sql) {
        return Statement.nullable(one(sql).actions().get(0));
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
        return statement.actions().stream().map(Statement.Action::change).flatMap(StatementTest::facts)
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
