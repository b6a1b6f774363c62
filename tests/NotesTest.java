//SOURCES ../lib/plan/Check.java World.java ../lib/Git.java ../lib/Notes.java ../lib/Place.java ../lib/Variables.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import lib.Git;
import lib.Notes;
import lib.Place;
import lib.Variables;
import lib.plan.Check;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    /** Each entry on a line of its own, and below it its SQL with its place, its files and its variables. */
    private static String summary(String sample) {
        Notes notes = Notes.of(World.read(World.ROOT.resolve("tests/fixtures/notes/" + sample + ".md")));
        StringBuilder text = new StringBuilder();
        for (Notes.Entry entry : notes.entries()) {
            text.append(entry.title()).append('\n');
            if (!entry.files().isEmpty()) {
                text.append("  files ").append(String.join(" ", entry.files())).append('\n');
            }
            for (Notes.Fence fence : entry.fences()) {
                Place place = fence.place();
                text.append("  ").append(place.when()).append(place.before().isEmpty() ? "" : " before "
                        + String.join(" ", place.before())).append(place.after().isEmpty() ? "" : " after "
                        + String.join(" ", place.after())).append(": ");
                text.append(String.join(" ", Arrays.stream(fence.sql().replaceAll("(?m)^--.*$", "").strip()
                        .split("\\s+")).limit(4).toList())).append('\n');
            }
            List<String> changes = Variables.of(new Notes("", List.of(entry)), new Git(World.ROOT), "no such ref")
                    .stream().map(Variables.Change::text).toList();
            if (!changes.isEmpty()) {
                text.append("  env ").append(String.join(", ", changes)).append('\n');
            }
        }
        return text.toString();
    }

    @Test
    void stepsOfADrizzleTeamArePlacedByTheirWords() {
        assertEquals("""
                Split display name (#412)
                  files 0021_split_name.sql 0021 0022
                  ANY before 0021: UPDATE users SET name
                  ANY before 0022 after 0021_split_name.sql: UPDATE users SET first_name
                  LATER: DELETE FROM sessions WHERE
                  NEVER: ALTER TABLE users DROP
                Faster feed
                  files 0023_feed_idx
                  env +FEED_CACHE_TTL, FEED_REDIS_URL -> CACHE_REDIS_URL, -FEED_MODE
                """, summary("drizzle"));
    }

    @Test
    void headingsThatOnlyHoldEntriesTogetherAreNone() {
        assertEquals("""
                Team plans
                  files 20261102090000_team_plan
                  RELEASE: UPDATE "Team" SET plan
                  ANY: SELECT count(*) FROM "Team"
                Audit log
                  env +AUDIT_SINK
                1.8.0 (2026-10-04)
                """, summary("prisma"));
        assertEquals("""
                Invoices get numbers
                  files V12__invoice_number.sql V12
                  ANY before V12: DELETE FROM invoices WHERE
                Tax ids
                  ANY: UPDATE customers SET tax_id
                2.6
                  files V13__regions.sql
                  LATER: UPDATE customers SET region
                Clean the queue
                  LATER: DELETE FROM jobs WHERE
                Warm the cache
                """, summary("versions"));
    }

    @Test
    void aRunbookKeepsItsPartsTogether() {
        assertEquals("""
                Runbook 2026-12-01
                  files 20261128101500_handles.sql
                  RELEASE: select count(*) from profiles
                  ANY after 20261128101500_handles.sql: update profiles set handle
                  LATER: update posts set search
                  NEVER: update profiles set handle
                  env -SMTP_HOST, +MAIL_FROM
                """, summary("supabase"));
    }

    @Test
    void whatWasDoneByHandIsNotDoneAgain() {
        assertEquals("""
                Archive old orders
                  files migrations/014_archive.sql
                  NEVER: INSERT INTO orders_archive SELECT
                Currency is a column
                  ANY: UPDATE orders o SET
                  ANY: UPDATE orders SET total
                  env SHOP_CURRENCY -> DEFAULT_CURRENCY, +FX_API_KEY, -LEGACY_VAT_RATE
                """, summary("plain"));
    }

    @Test
    void bulletsAndPiecesOfEnvFilesAreRead() {
        assertEquals("""
                - 0031 adds `orders.note`, nothing to fill
                  LATER: UPDATE orders SET note
                  env +ORDER_NOTE_MAX, +ORDER_NOTE_MIN, +NOTE_SALT, -OLD_SALT, +ORDER_QUEUE_URL, +PORT, \
                -ORDER_LEGACY_URL
                """, summary("terse"));
    }

    @Test
    void wordsThatCallItHarmlessDoNotMoveIt() {
        assertEquals("""
                Cosmetic: tidy comments table
                  ANY: ALTER TABLE comments DROP
                Docs only
                Example for later
                  NEVER: TRUNCATE comments;
                """, summary("harmless"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "Run this after the deploy:                     | LATER",
        "Post-deploy                                    | LATER",
        "As soon as version 2 is live, run              | LATER",
        "When done, deploy. Then:                       | ANY",
        "Run the following for this release:            | ANY",
        "Run once per release:                          | ANY",
        "After the backfill, before the release:        | RELEASE",
        "Pre-deploy                                     | RELEASE",
        "To roll back:                                  | NEVER",
        "Undo                                           | NEVER",
        "If the deploy fails, restore them:             | NEVER",
        "There is no way back from this:                | ANY",
        "This can't be undone. Fill the new column:     | ANY",
        "Reverting is not possible without the old rows | ANY",
        "Fill it from the old column                    | ANY"})
    void aSentenceSaysWhen(String words, String when) {
        assertEquals(when, Place.of(List.of(words)).when().toString());
    }

    @ParameterizedTest
    @CsvSource({"0021,0021_split,true", "0021_split.sql,0021_split,true", "drizzle/0021_split.sql,0021_split,true",
        "021,0021_split,false", "0021,00210_split,false", "V7,V7__orders,true", "V7,V70__orders,false",
        "20261102090000_team/migration.sql,20261102090000_team,true", "split,0021_split,false"})
    void aMigrationIsMeantByItsNumberOrItsName(String word, String migration, boolean meant) {
        assertEquals(meant, Place.names(word, migration));
    }
}
