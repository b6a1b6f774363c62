//SOURCES ../lib/sql/Name.java
//SOURCES ../lib/sql/Sql.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import lib.sql.Name;
import lib.sql.Sql;
import org.junit.jupiter.api.Test;

/** Splitting files into statements, and names. */
class SqlTest {

    static final Path FIXTURES = Path.of(System.getProperty("repo", "."), "tests", "fixtures");

    /** One annotated statement of the corpus. */
    record Case(String annotation, String text, int line) { }

    static List<Case> corpus(String file) throws IOException {
        List<Case> cases = new ArrayList<>();
        List<String> lines = Files.readString(FIXTURES.resolve(file)).lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).startsWith("--@")) {
                int end = i + 1;
                while (end < lines.size() && !lines.get(end).startsWith("--@")) {
                    end++;
                }
                cases.add(new Case(lines.get(i), String.join("\n", lines.subList(i + 1, end)), i + 2));
            }
        }
        return cases;
    }

    private static List<String> texts(String sql) {
        return Sql.split(sql).stream().map(Sql.Piece::text).toList();
    }

    @Test
    void splitsTheCorpusAsOneFile() throws IOException {
        List<Case> cases = corpus("sql-corpus.sql");
        assertEquals(307, cases.stream().filter(c -> !c.annotation().contains("P=psql")).count());
        String file = Files.readString(FIXTURES.resolve("sql-corpus.sql"));
        List<Sql.Piece> pieces = Sql.split(file).stream().filter(p -> p.kind() != Sql.Kind.COPY_DATA).toList();
        assertEquals(319, cases.size());
        for (int i = 0; i < cases.size(); i++) {
            Case expected = cases.get(i);
            Sql.Piece piece = pieces.get(i);
            List<String> alone = texts(expected.text());
            assertEquals(alone.get(0), piece.text().replace("\r", ""), "line " + expected.line());
            int end = i + 1 < cases.size() ? cases.get(i + 1).line() - 1 : Integer.MAX_VALUE;
            assertTrue(piece.line() >= expected.line() && piece.line() < end, "line of " + piece);
            assertTrue(file.startsWith(piece.text(), piece.offset()), "offset of " + piece);
        }
        assertEquals(cases.size(), pieces.size());
    }

    @Test
    void noStatementOfTheCorpusSwallowsTheNext() throws IOException {
        for (Case c : corpus("sql-corpus.sql")) {
            if (!c.annotation().contains("P=psql")) {
                assertEquals("SELECT 'next'", texts(c.text() + "\nSELECT 'next';").get(1), c.text());
            }
        }
    }

    @Test
    void keepsLineNumbersAndOffsets() {
        String sql = "\uFEFF-- first\r\nSELECT 1;\r\n\r\n/* c */ SELECT /* in */ 2 -- end\r\n;";
        assertEquals(List.of(new Sql.Piece("SELECT 1", 11, 2, Sql.Kind.STATEMENT),
            new Sql.Piece("SELECT /* in */ 2", 32, 4, Sql.Kind.STATEMENT)), Sql.split(sql));
    }

    @Test
    void breakpointEndsAStatement() {
        assertEquals(List.of("SELECT 1", "SELECT 2", "SELECT 3"),
            texts("SELECT 1--> statement-breakpoint\nSELECT 2;--> statement-breakpoint\nSELECT 3"));
    }

    @Test
    void copyDataIsAPieceOfItsOwn() {
        List<Sql.Piece> pieces = Sql.split("COPY t FROM stdin;\n1\t'a;\n\\.\nSELECT 2;");
        assertEquals(new Sql.Piece("1\t'a;\n", 19, 2, Sql.Kind.COPY_DATA), pieces.get(1));
        assertEquals("SELECT 2", pieces.get(2).text());
        assertEquals(4, pieces.get(2).line());
    }

    @Test
    void bodiesAndRulesKeepTheirSemicolons() {
        String function = "CREATE OR REPLACE FUNCTION f() RETURNS int "
            + "BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END";
        String rule = "CREATE RULE r AS ON INSERT TO v DO INSTEAD (DELETE FROM a; DELETE FROM b)";
        assertEquals(List.of(function, rule, "BEGIN", "END"), texts(function + ";" + rule + "; BEGIN; END;"));
    }

    @Test
    void forgottenParenthesisSwallowsNothing() {
        assertEquals(List.of("INSERT INTO t (a, b VALUES (1, 2)", "SELECT 1"),
            texts("INSERT INTO t (a, b VALUES (1, 2); SELECT 1;"));
    }

    @Test
    void whatIsNeverClosedIsNamedWithItsLine() {
        assertMessage("string opened on line 2", "SELECT 1;\nSELECT 'a;\n\n");
        assertMessage("string opened on line 1", "SELECT E'a\\';");
        assertMessage("quoted identifier opened on line 3", "\n\nSELECT \"a");
        assertMessage("comment opened on line 2", "SELECT 1\n/* /* */ ;\n");
        assertMessage("dollar quote $x$ opened on line 2", "DO\n$x$ $y$ $$ ;\n");
    }

    private static void assertMessage(String expected, String sql) {
        String message = assertThrows(IllegalArgumentException.class, () -> Sql.split(sql)).getMessage();
        assertEquals(expected + " is never closed", message);
    }

    @Test
    void cutsCommentsOutsideOfStrings() {
        assertEquals("SELECT '--a' , $$/* b */$$",
            Sql.withoutComments("SELECT '--a' /* x /* y */ */, $$/* b */$$ -- z"));
        assertEquals("SELECT 'a'\n'b'", Sql.withoutComments("SELECT 'a' -- c\n  'b'"));
        assertTrue(Sql.blank(" -- a\n/* b; */ ; \n--> statement-breakpoint\n"));
        assertFalse(Sql.blank("\\timing"));
    }

    @Test
    void namesAreNormalised() {
        assertEquals(Name.of(null, "users"), Name.parse("USERS"));
        assertEquals(Name.of("public", "users"), Name.parse("\"public\" . Users"));
        assertEquals("users", Name.parse("public.users").toString());
        assertEquals("App.t\"x", Name.parse("\"App\".\"t\"\"x\"").toString());
        assertEquals("\"App\".\"t\"\"x\"", Name.parse("\"App\".\"t\"\"x\"").sql());
        assertEquals("\"order\"", Name.parse("\"order\"").sql());
        assertEquals("größe", Name.parse("GRöße").name());
        assertThrows(IllegalArgumentException.class, () -> Name.parse("a b"));
        assertThrows(IllegalArgumentException.class, () -> Name.parse(""));
    }

    @Test
    void quotesOnlyWhenNeeded() {
        assertEquals("user_id", Name.quote("user_id"));
        assertEquals("name", Name.quote("name"));
        assertEquals("\"user\"", Name.quote("user"));
        assertEquals("\"userId\"", Name.quote("userId"));
        assertEquals("\"1a\"", Name.quote("1a"));
        assertEquals("\"a\"\"b\"", Name.quote("a\"b"));
        assertEquals("\"\"", Name.quote(""));
    }
}
