//SOURCES SqlTest.java
//SOURCES ../lib/sql/Change.java
//SOURCES ../lib/sql/Name.java
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
import java.util.Set;
import lib.sql.Change;
import lib.sql.Name;
import lib.sql.Statement;
import org.junit.jupiter.api.Test;

/** What is read from a statement: of a real application's migrations, and of what is hard to read. */
class StatementTest {
    private static final Name T = Name.of(null, "t");

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
}
