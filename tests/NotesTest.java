//SOURCES ../lib/plan/Check.java World.java ../lib/Notes.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import lib.Notes;
import lib.plan.Check;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is an entry of MIGRATIONS.md, what is its template, and what of it is kept whole. */
class NotesTest {
    private static final String TEMPLATE = """
            # Pending Production Migrations

            Log `tables` here. Do NOT write code.

            ```sql
            -- an example, not a step
            DROP TABLE example;
            ```

            ## Example
            <!-- Add entries below this line -->
            """;

    private static List<String> titles(String text) {
        return Notes.of(text).entries().stream().map(Notes.Entry::title).toList();
    }

    @Test
    void theFixturesEntryIsRead() {
        Notes notes = Notes.of(World.read(World.FIXTURE.resolve("MIGRATIONS.md")));
        assertEquals(List.of("Multi-user: users table, user_id everywhere"),
                notes.entries().stream().map(Notes.Entry::title).toList());
        assertTrue(notes.entries().get(0).text().startsWith("## Multi-user")
                && notes.entries().get(0).text().contains("ALLOWED_EMAILS"));
        assertTrue(notes.cleared().endsWith("<!-- Add entries below this line -->\n"), notes::cleared);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void headingsOfAnyLevelBeginEntries(int level) {
        String mark = "#".repeat(level);
        assertEquals(List.of("One", "Two"),
                titles(TEMPLATE + "\n" + mark + " One\ntext\n\n" + mark + " Two ##\n- bullet\n"));
        assertEquals(List.of("One", "Two"), titles(TEMPLATE + "One\n---\ntext\n\nTwo\n---\ntext\n"));
    }

    @Test
    void deeperHeadingsArePartsOfAnEntry() {
        Notes notes = Notes.of(TEMPLATE + "## One\n### Data\nfill it\n## Two\n");
        assertEquals(2, notes.entries().size());
        assertEquals("## One\n### Data\nfill it\n", notes.entries().get(0).text());
    }

    @Test
    void proseBeforeTheFirstHeadingIsAnEntryToo() {
        assertEquals(List.of("Something about `users`.", "One"),
                titles(TEMPLATE + "\nSomething about `users`.\n\n## One\n"));
    }

    @Test
    void bulletsNeedNoHeading() {
        Notes notes = Notes.of(TEMPLATE + "- table `users`\n- `A_B` is gone\n");
        assertEquals(List.of("- table `users`"), notes.entries().stream().map(Notes.Entry::title).toList());
        assertTrue(notes.entries().get(0).mentions("users") && notes.entries().get(0).mentions("A_B"));
    }

    @Test
    void theTemplateIsNeverRead() {
        Notes notes = Notes.of(TEMPLATE);
        assertEquals(List.of(), notes.entries());
        assertEquals(List.of(), Notes.of(TEMPLATE + "\n\n<!-- nothing\nyet -->\n").entries());
        assertEquals(List.of(), Notes.of(TEMPLATE + "## One\n").entries().get(0).sql());
    }

    @Test
    void withoutAMarkerTheTitleAndItsProseAreTheTemplate() {
        Notes notes = Notes.of("# Pending\n\nWrite things down.\n\n## One\ntext\n");
        assertEquals(List.of("One"), notes.entries().stream().map(Notes.Entry::title).toList());
        assertEquals("# Pending\n\nWrite things down.\n\n", notes.cleared());
        assertEquals(List.of(), Notes.of("# Pending\n\nWrite things down.\n").entries());
        assertEquals(List.of("One", "Two"), titles("## One\n\n## Two\n"));
        assertEquals(List.of("plain words"), titles("plain words\n"));
    }

    @Test
    void withoutAMarkerABulletOrAFenceUnderTheTitleIsAnEntry() {
        Notes notes = Notes.of("# Pending\n\nWrite things down.\n\n- table `users`\n- more\n");
        assertEquals(List.of("- table `users`"), notes.entries().stream().map(Notes.Entry::title).toList());
        assertEquals("# Pending\n\nWrite things down.\n\n", notes.cleared());
        assertEquals(List.of("UPDATE t SET a = 1;\n"),
                Notes.of("# Pending\n```sql\nUPDATE t SET a = 1;\n```\n").entries().get(0).sql());
    }

    @Test
    void aCommentInAnEntryIsNoMarker() {
        assertEquals(List.of("One", "Two"), titles("## One\n\n<!-- see the table below -->\n\n## Two\n"));
    }

    @Test
    void noFileNoTextAndOnlySpaceHaveNoEntries() {
        assertEquals(List.of(), Notes.of(null).entries());
        assertEquals("", Notes.of(null).cleared());
        assertEquals(List.of(), Notes.of("").entries());
        assertEquals(" \n", Notes.of(" \n").cleared());
    }

    @Test
    void fencesAreKeptWholeWithWhatLooksLikeHeadings() {
        String sql = "# not a heading\nUPDATE a SET b = '## neither';\n\n## Two\nSELECT 1;\n";
        Notes notes = Notes.of(TEMPLATE + "## One\n```sql\n" + sql + "```\nafter\n## Three\n");
        assertEquals(List.of("One", "Three"), notes.entries().stream().map(Notes.Entry::title).toList());
        assertEquals(List.of(sql), notes.entries().get(0).sql());
        assertEquals("## One\n\nafter\n", notes.entries().get(0).prose());
    }

    @Test
    void severalFencesAreReadInOrderAndOnlyThoseOfSql() {
        Notes notes = Notes.of(TEMPLATE + """
                ## One
                ```SQL title="x"
                SELECT 1;
                ```
                - in a list:
                  ~~~postgresql
                  SELECT 2;
                  ~~~
                ```sh
                rm -rf /
                ```
                ```
                DROP TABLE a;
                ```
                ````sql
                SELECT '```';
                ````
                """);
        assertEquals(List.of("SELECT 1;\n", "SELECT 2;\n", "SELECT '```';\n"), notes.entries().get(0).sql());
        assertFalse(notes.entries().get(0).prose().contains("rm -rf"), notes.entries().get(0)::prose);
    }

    @Test
    void windowsLineEndsAreRead() {
        String text = (TEMPLATE + "## One\n```sql\nSELECT 1;\n```\n## Two\nwords\n").replace("\n", "\r\n");
        Notes notes = Notes.of(text);
        assertEquals(List.of("One", "Two"), notes.entries().stream().map(Notes.Entry::title).toList());
        assertEquals("SELECT 1;", notes.entries().get(0).sql().get(0).strip());
        assertEquals(TEMPLATE.replace("\n", "\r\n"), notes.cleared());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "## One\n", "\n\ntext\n## One\n"})
    void clearedIsTheTemplateByteForByte(String entries) {
        assertEquals(TEMPLATE, Notes.of(TEMPLATE + entries).cleared());
        String bare = TEMPLATE.strip();
        assertEquals(bare, Notes.of(bare).cleared());
    }

    @Test
    void namesAreWholeWords() {
        Notes.Entry entry = Notes.of("## T\npublic.users and `food_logs.email`, 0005_careless_black_queen, "
                + "drizzle/0006_x.sql\n")
                .entries().get(0);
        assertTrue(entry.mentions("users") && entry.mentions("food_logs") && entry.mentions("email"));
        assertFalse(entry.mentions("user") || entry.mentions("logs") || entry.mentions("mail"));
        assertEquals(Set.of("0005_careless_black_queen", "drizzle/0006_x.sql"), entry.files());
    }

    @Test
    void anotherTextHasAnotherHashAndSpaceAroundItDoesNotCount() {
        String hash = Notes.of("## One\ntext\n").entries().get(0).hash();
        assertEquals(hash, Notes.of(TEMPLATE + "\n\n## One\ntext\n\n\n").entries().get(0).hash());
        assertNotEquals(hash, Notes.of("## One\nother text\n").entries().get(0).hash());
    }

    @Test
    void queriesAreChecksAndSqlThatNothingMarksIsSeen() {
        Notes notes = Notes.of("""
                ## Team
                - Before the release, run the pre-flight check:
                  ```sql
                  SELECT count(*) FROM person WHERE team_id IS NULL;
                  UPDATE person SET team_id = 1;
                  SELECT setval('team_id_seq', 9);
                  ```
                - then `UPDATE person SET code = 1` and look at `update` or `person.code`

                ```
                DELETE FROM team WHERE id = 2;
                ```

                ```sh
                psql -c "DROP TABLE team cascade"
                ```
                """);
        assertEquals(List.of(new Check("Team", "SELECT count(*) FROM person WHERE team_id IS NULL")),
                Check.of(notes.entries()));
        assertEquals(List.of("UPDATE person SET code = 1", "DELETE FROM team WHERE id = 2;"),
                notes.entries().get(0).unmarked());
    }
}
