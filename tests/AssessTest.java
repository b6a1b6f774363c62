//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The phase that says what a release will do: the script as a process, on a Drizzle application and its production. */
@Order(1)
@Timeout(120)
class AssessTest {
    private static final String TEMPLATE = "# Notes\n\n<!-- Add entries below this line -->\n";

    private World world;

    @BeforeEach
    void makeAWorld() {
        world = World.drizzle();
    }

    @AfterEach
    void removeIt() {
        world.close();
    }

    private void notes(String entries) {
        world.write("MIGRATIONS.md", TEMPLATE + entries);
        world.commit("notes");
    }

    /** Adds a migration to the folder, as drizzle-kit would. */
    private void migration(String name, String sql) {
        world.migration(name, sql);
        world.commit(name);
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    @Test
    void theClassicCaseIsSimpleAndEachFactIsNamed() {
        World.Result seen = world.run("assess", "--json");
        assertEquals(0, seen.exit(), seen::all);
        JsonNode facts = seen.json().path("facts");
        assertEquals("Simple", facts.path("class").asText());
        assertEquals(List.of("0005_careless_black_queen", "0006_warm_calypso"), texts(facts.path("pending")));
        assertEquals(5, facts.path("applied").asInt());
        assertEquals("drizzle.__drizzle_migrations", facts.path("history").asText());
        JsonNode entry = facts.path("entries").path(0);
        assertEquals("Multi-user: users table, user_id everywhere", entry.path("title").asText());
        assertEquals("Simple", entry.path("class").asText());
        assertEquals(List.of("0005_careless_black_queen", "0006_warm_calypso"), texts(entry.path("migrations")));
        assertTrue(texts(entry.path("statements")).stream().anyMatch(sql -> sql.startsWith("INSERT INTO users")),
                seen::all);
        assertTrue(texts(entry.path("tables")).containsAll(List.of("users", "custom_foods")), seen::all);
        assertTrue(texts(entry.path("columns")).containsAll(List.of("user_id", "email", "food_name", "name")),
                seen::all);
        assertEquals(List.of("ALLOWED_EMAIL -> ALLOWED_EMAILS"), texts(entry.path("variables")));
        assertEquals("ALLOWED_EMAILS", facts.at("/variables/0/to").asText());
        assertEquals("pass", seen.gate("assess.names").path("status").asText(), seen::all);
        assertTrue(seen.err().contains("✓ assess.class     Simple: 2 pending migrations, 6 data steps"), seen::all);
        assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"), "assess only reads");
    }

    @Test
    void withoutAnEntryThePendingFilesStillDecide() {
        notes("");
        World.Result seen = world.run("assess", "--json");
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("Simple", seen.json().at("/facts/class").asText());
        assertEquals(0, seen.json().at("/facts/entries").size());
        assertEquals(2, seen.json().at("/facts/pending").size());
        assertTrue(seen.err().contains("MIGRATIONS.md has no entry"), seen::all);
    }

    @Test
    void eachEntryHasItsOwnClass() {
        notes("""
                ## Users
                New table `users`.
                ## Wording
                Buttons are blue now, set `BUTTON_COLOR`.
                ## Tidy
                ```sql
                UPDATE sessions SET expires_at = created_at WHERE expires_at < created_at;
                ```
                """);
        World.Result seen = world.run("assess", "--json");
        assertEquals(0, seen.exit(), seen::all);
        JsonNode entries = seen.json().at("/facts/entries");
        assertEquals(List.of("Simple", "None", "Simple"),
                List.of(entries.at("/0/class").asText(), entries.at("/1/class").asText(),
                entries.at("/2/class").asText()), seen::all);
        assertEquals(List.of("+BUTTON_COLOR"), texts(entries.at("/1/variables")));
    }

    @Test
    void dataAloneIsDataOnlyAndNothingIsNone() {
        world.git("rm", "-rq", "drizzle");
        World.copy(World.FIXTURE.resolve("drizzle-release5"), world.repo.resolve("drizzle"));
        notes("## Tidy\n```sql\nUPDATE sessions SET expires_at = created_at WHERE expires_at < created_at;\n```\n");
        World.Result data = world.run("assess", "--json");
        assertEquals(0, data.exit(), data::all);
        assertEquals("Data-only", data.json().at("/facts/class").asText());
        assertEquals("Data-only", data.json().at("/facts/entries/0/class").asText());
        assertEquals("1 data step, no schema change", data.json().at("/facts/entries/0/reason").asText());
        notes("");
        World.Result none = world.run("assess");
        assertEquals(0, none.exit(), none::all);
        assertEquals("None\n", none.out());
    }

    @Test
    void whatCannotBeDerivedStopsWithNumberedOptions() {
        migration("0007_rank", "ALTER TABLE \"sessions\" ADD COLUMN \"rank\" integer NOT NULL;");
        World.Result seen = world.run("assess");
        assertEquals(11, seen.exit(), seen::all);
        assertTrue(seen.err()
                .contains("Complex: sessions.rank must not be NULL, sessions has rows, and nothing says where its "
                + "values"
                + " come from (0007_rank, problem "), seen::all);
        assertTrue(seen.err().contains("1. write the SQL that fills it into a ```sql fence"), seen::all);
        assertTrue(seen.err().contains("UPDATE sessions SET rank = …;"), seen::all);
        assertTrue(seen.err().contains("3. stop here"), seen::all);
        assertEquals("", seen.out(), "no result of a phase that did not pass");
        notes("## Rank\n```sql\nUPDATE sessions SET rank = 1;\n```\n");
        World.Result answered = world.run("assess");
        assertEquals(0, answered.exit(), answered::all);
    }

    @Test
    void aLossIsAcceptedByTheCommandThatIsShownAndAskedAnewWhenTheEntryChanges() {
        notes("## Gone\n`favourites` is not needed any more.\n");
        migration("0007_gone", "DROP TABLE \"favourites\";");
        World.Result asked = world.run("assess", "--json");
        assertEquals(11, asked.exit(), asked::all);
        assertEquals("Complex", asked.json().at("/facts/class").asText());
        assertEquals("decide", asked.json().path("status").asText());
        String id = asked.json().at("/facts/open/0").asText();
        String command = "jbang assess.java --decide " + id + "=accept";
        assertTrue(asked.gate("assess.class").path("hint").asText().startsWith(command + "   # "), asked::all);

        World.Result stopped = world.run("assess", "--decide", id + "=stop");
        assertEquals(11, stopped.exit(), stopped::all);
        World.Result accepted = world.run("assess", "--decide", id + "=accept", "--json");
        assertEquals(0, accepted.exit(), accepted::all);
        assertEquals(0, accepted.json().at("/facts/open").size());
        assertEquals(0, world.run("assess").exit(), "a decision is kept");

        notes("## Gone\n`favourites` is needed after all.\n");
        World.Result anew = world.run("assess", "--json");
        assertEquals(11, anew.exit(), anew::all);
        assertNotEquals(id, anew.json().at("/facts/open/0").asText());
    }

    @Test
    void aWrongDecisionIsRefusedWithTheRightOnes() {
        migration("0007_gone", "DROP TABLE \"favourites\";");
        World.Result unknown = world.run("assess", "--decide", "00000000=accept");
        assertEquals(2, unknown.exit(), unknown::all);
        assertTrue(unknown.err().contains("--decide 00000000=accept: this release has no problem 00000000"),
                unknown::all);
        assertTrue(unknown.err().contains("-> jbang assess.java --decide "), unknown::all);
        String id = world.run("assess", "--json").json().at("/facts/open/0").asText();
        World.Result choice = world.run("assess", "--decide", id + "=maybe");
        assertEquals(2, choice.exit(), choice::all);
        assertTrue(choice.err().contains("maybe is not offered for favourites"), choice::all);
        World.Result form = world.run("assess", "--decide", "accept");
        assertEquals(2, form.exit(), form::all);
        assertFalse(form.err().contains("\tat "), form::all);
    }

    @Test
    void aDecisionThatNothingAsksForIsRefused() {
        World.Result seen = world.run("assess", "--decide", "00000000=accept");
        assertEquals(2, seen.exit(), seen::all);
        assertTrue(seen.err().contains("leave --decide out"), seen::all);
    }

    @Test
    void aDecisionFileThatIsNoJsonIsSaid() {
        world.write("_migrations/decisions.json", "not json");
        World.Result seen = world.run("assess");
        assertEquals(10, seen.exit(), seen::all);
        assertTrue(seen.err().contains("decisions.json cannot be read"), seen::all);
        assertTrue(seen.err().contains("-> rm "), seen::all);
    }

    @Test
    void aScriptByHandTurnsQuestionsIntoWarnings() {
        migration("0007_gone", "DROP TABLE \"favourites\";");
        World.Result seen = world.run("assess", "--by-hand", "--json");
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("warn", seen.gate("assess.class").path("status").asText());
        assertTrue(seen.gate("assess.class").path("message").asText().contains("has to answer favourites"), seen::all);
    }

    @Test
    void troubleInTheHistoryStops() {
        world.execute("UPDATE drizzle.__drizzle_migrations SET hash = 'edited' WHERE id = 5");
        world.write("drizzle/0007_not_yet.sql", "SELECT 1;\n");
        World.Result seen = world.run("assess", "--json");
        assertEquals(10, seen.exit(), seen::all);
        assertEquals("warn", seen.gate("assess.tool").path("status").asText());
        assertTrue(seen.gate("assess.tool").path("message").asText()
                .endsWith("; not committed, and so not looked at: drizzle/0007_not_yet.sql"), seen::all);
        assertEquals("[\"drizzle/0007_not_yet.sql\"]", seen.json().at("/facts/uncommitted").toString());
        assertEquals("stop", seen.gate("assess.history").path("status").asText());
        assertTrue(seen.gate("assess.history").path("message").asText().contains("0004_chunky_strong_guy"), seen::all);
        assertTrue(seen.gate("assess.draft").isMissingNode(), "nothing is drafted on a broken history");
        assertFalse(seen.json().at("/facts/troubles").isEmpty(), seen::all);
    }

    @Test
    void aNameUnlikeTheOthersAndAnEmptyFileAreTold() {
        migration("7_Late", "-- Custom SQL migration file, put your code below! --\n");
        World.Result seen = world.run("assess", "--json");
        assertEquals(0, seen.exit(), seen::all);
        JsonNode gate = seen.gate("assess.names");
        assertEquals("warn", gate.path("status").asText());
        assertTrue(gate.path("message").asText().contains("drizzle/7_Late.sql holds no statement"), seen::all);
        assertTrue(gate.path("message").asText().contains("drizzle/7_Late.sql: its number has 1 digit, those of the"
                + " others 4: it is sorted elsewhere; it has capitals, and none of the others has"), seen::all);
        assertTrue(gate.path("hint").asText().contains("git mv drizzle/7_Late.sql drizzle/0007_late.sql"), seen::all);
        assertEquals("drizzle/7_Late.sql", seen.json().at("/facts/names/0/file").asText());
    }

    @Test
    void whatTheDatabaseHasAlreadyIsNotMadeAgain() {
        world.execute("ALTER TABLE sessions ADD COLUMN rank int");
        migration("0007_rank", "ALTER TABLE \"sessions\" ADD COLUMN \"rank\" integer;");
        World.Result seen = world.run("assess", "--json");
        assertEquals(10, seen.exit(), seen::all);
        assertEquals("pass", seen.gate("assess.tool").path("status").asText(), seen::all);
        JsonNode gate = seen.gate("assess.history");
        assertEquals("0007_rank is pending, and what it makes is there already: column sessions.rank: its statement"
                + " would fail", gate.path("message").asText());
        assertTrue(gate.path("hint").asText().contains("INSERT INTO \"drizzle\".\"__drizzle_migrations\""), seen::all);
        assertEquals(0, world.run("assess", "--by-hand").exit(), "a script of somebody's own may know better");
        world.write("drizzle/0007_rank.sql", "ALTER TABLE \"sessions\" ADD COLUMN IF NOT EXISTS \"rank\" integer;");
        world.commit("it may be there");
        assertEquals("pass", world.run("assess", "--json").gate("assess.history").path("status").asText());
    }

    @Test
    void wordsThatPlaceSqlByWhatHasRunAreAQuestion() {
        notes("## Tidy\nBefore `0004_chunky_strong_guy`:\n```sql\nUPDATE sessions SET expires_at = created_at WHERE"
                + " expires_at < created_at;\n```\n");
        World.Result late = world.run("assess", "--json");
        assertEquals(11, late.exit(), late::all);
        assertEquals("the SQL under \"Tidy\" in MIGRATIONS.md is to run before 0004_chunky_strong_guy, and that is"
                + " applied already", late.gate("assess.draft").path("message").asText());
        notes("## Tidy\nAfter 0104_other:\n```sql\nUPDATE sessions SET expires_at = created_at WHERE"
                + " expires_at < created_at;\n```\n");
        World.Result unknown = world.run("assess", "--json");
        assertEquals(11, unknown.exit(), unknown::all);
        assertTrue(unknown.gate("assess.draft").path("message").asText().contains("is placed by 0104_other, and no such"
                + " migration is applied or pending"), unknown::all);
    }

    @Test
    void aRepositoryWithoutACommitIsToldSo() {
        world.git("update-ref", "-d", "HEAD");
        for (String[] command : List.of(new String[] {"assess"}, new String[] {"assess", "status"},
                new String[] {"assess", "review"}, new String[] {"assess", "drift"})) {
            World.Result seen = world.run(command[0], java.util.Arrays.copyOfRange(command, 1, command.length));
            assertEquals(10, seen.exit(), seen::all);
            assertTrue(seen.err().startsWith("\u2717 this repository has no commit yet"), seen::all);
            assertTrue(seen.err().contains("-> git add --all && git commit"), seen::all);
        }
    }

    @Test
    void aFileThatCannotBeReadIsToldByItsPlace() {
        migration("0007_copy", "SELECT 1;--> statement-breakpoint\nCOPY favourites FROM stdin;\n1\n\\.\n");
        World.Result seen = world.run("assess");
        assertEquals(10, seen.exit(), seen::all);
        assertTrue(seen.err().contains("drizzle/0007_copy.sql: COPY data on line "), seen::all);
    }

    @Test
    void productionOutOfReachIsMissingAndNothingIsGuessed() {
        world.environment.put("PROD_DATABASE_URL", "postgresql://app:x@127.0.0.1:1/nowhere");
        World.Result seen = world.run("assess", "--json");
        assertEquals(12, seen.exit(), seen::all);
        assertEquals("missing", seen.json().path("status").asText());
        assertEquals("stop", seen.gate("db.reach").path("status").asText());
        assertTrue(seen.gate("db.reach").path("message").asText().contains("127.0.0.1:1"), seen::all);
        assertTrue(seen.json().at("/facts/class").isMissingNode(), seen::all);
    }

    @Test
    void withoutAMigrationToolTheEntriesAreStillAssessed() {
        world.git("rm", "-rq", "drizzle", "drizzle.config.ts");
        notes("## Tidy\n```sql\nDELETE FROM favourites WHERE id = 1;\n```\n");
        World.Result seen = world.run("assess", "--json");
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("warn", seen.gate("assess.tool").path("status").asText());
        assertEquals("Data-only", seen.json().at("/facts/class").asText());
    }

    @Test
    void anEntryIsNeverMoreHarmlessThanItsStatements() {
        notes("## Harmless\nNo data migration.\n```sql\nALTER TABLE custom_foods ADD COLUMN note text;\n"
                + "SELECT count(*) FROM custom_foods;\n```\n"
                + "## Tidy\nData only.\n```sql\nDELETE FROM favourites;\n```\n");
        World.Result seen = world.run("assess", "--json");
        assertEquals(11, seen.exit(), seen::all);
        assertEquals("Simple", seen.json().at("/facts/entries/0/class").asText(), seen::all);
        assertEquals("Complex", seen.json().at("/facts/entries/1/class").asText(), seen::all);
        assertEquals("SELECT count(*) FROM custom_foods", seen.json().at("/facts/checks/0/sql").asText(), seen::all);
        assertEquals("pass", seen.gate("assess.banned").path("status").asText(), seen::all);
    }
}
