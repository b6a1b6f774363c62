//SOURCES World.java ../lib/Exec.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lib.Exec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What nobody should commit, and somebody will: each is told in one line, with the way out, and nothing of it runs. */
@Order(1)
@Timeout(120)
class BadInputTest {
    private static final String ADD = "ALTER TABLE \"sessions\" ADD COLUMN \"caf\u00e9\" text;\n";
    private static final String JOURNAL = "drizzle/meta/_journal.json";

    private static World production;
    private World world;

    @BeforeAll
    static void makeAProduction() {
        production = World.drizzle();
    }

    @AfterAll
    static void removeIt() {
        production.close();
    }

    @BeforeEach
    void open() {
        world = production.again();
    }

    @AfterEach
    void close() {
        world.forget();
    }

    private void drizzle() {
        World.copy(World.FIXTURE.resolve("drizzle"), world.repo.resolve("drizzle"));
        world.write("drizzle.config.ts", World.read(World.FIXTURE.resolve("drizzle.config.ts")));
    }

    /** The Drizzle application with one more migration, whatever its bytes are. */
    private void migration(String name, byte[] bytes) {
        if (!Files.exists(world.repo.resolve(JOURNAL))) {
            drizzle();
        }
        world.migration(name, "");
        bytes("drizzle/" + name + ".sql", bytes);
    }

    private void bytes(String path, byte[] bytes) {
        try {
            Files.createDirectories(world.repo.resolve(path).getParent());
            Files.write(world.repo.resolve(path), bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void link(String path, String target) throws IOException {
        Files.createDirectories(world.repo.resolve(path).getParent());
        Files.createSymbolicLink(world.repo.resolve(path), Path.of(target));
    }

    private static byte[] encoded(String text, Charset charset) {
        return text.getBytes(charset);
    }

    private World.Result assess(String... arguments) {
        world.commit("whatever it is");
        World.Result seen = world.run("assess", arguments);
        assertFalse(seen.all().contains("\tat ") || seen.all().contains("--verbose"), seen::all);
        return seen;
    }

    /** Stops at a gate with these words and this way out, and nothing after that gate is tried. */
    private World.Result stopped(String gate, String message, String hint) {
        World.Result seen = assess("--json");
        assertEquals(10, seen.exit(), seen::all);
        assertEquals("stop", seen.gate(gate).path("status").asText(), seen::all);
        assertTrue(seen.gate(gate).path("message").asText().contains(message), seen::all);
        assertTrue(seen.gate(gate).path("hint").asText().contains(hint), seen::all);
        JsonNode gates = seen.json().path("gates");
        assertTrue(gate.equals("assess.entries") || gates.path(gates.size() - 1).path("id").asText().equals(gate),
                seen::all);
        return seen;
    }

    /** Runs the command that a message gives, up to its comment. */
    private void follow(String command) {
        Exec.Result result = Exec.of("sh", "-c", command).in(world.repo).with(world.environment).run();
        assertTrue(result.ok(), () -> command + ": " + result.err());
    }

    private static Map<String, JsonNode> troubles(World.Result seen) {
        Map<String, JsonNode> troubles = new TreeMap<>();
        seen.json().at("/facts/troubles").forEach(each -> troubles.put(each.path("migration").asText(), each));
        return troubles;
    }

    @Test
    void bytesThatNoServerTakesAreNamedAndTheCommandsGivenMendThem() {
        byte[] lf = encoded(ADD, StandardCharsets.UTF_8);
        migration("0007_marked_wide", encoded("\ufeff" + ADD.replace("caf", "a"), StandardCharsets.UTF_16LE));
        migration("0008_wide", encoded(ADD.replace("caf\u00e9", "b"), StandardCharsets.UTF_16LE));
        migration("0009_big", encoded(ADD.replace("caf\u00e9", "c"), StandardCharsets.UTF_16BE));
        migration("0010_latin", encoded(ADD.replace("caf", "d"), StandardCharsets.ISO_8859_1));
        migration("0011_nul", encoded(ADD.replace("caf\u00e9", "e\0"), StandardCharsets.UTF_8));
        migration("0012_mark", encoded("\ufeff" + ADD.replace("caf", "f"), StandardCharsets.UTF_8));
        migration("0013_good", lf);
        World.Result seen = assess("--json");
        assertEquals(10, seen.exit(), seen::all);
        Map<String, JsonNode> troubles = troubles(seen);
        assertEquals(List.of("0007_marked_wide", "0008_wide", "0009_big", "0010_latin", "0011_nul", "0012_mark"),
                List.copyOf(troubles.keySet()), seen::all);
        Map<String, String> words = Map.of("0007_marked_wide", "is UTF-16:", "0008_wide", "is UTF-16LE without",
                "0009_big", "is UTF-16BE without", "0010_latin", "is not valid UTF-8 (line 1)",
                "0011_nul", "holds a NUL byte in line 1", "0012_mark", "begins with a byte order mark");
        words.forEach((name, word) ->
                assertTrue(troubles.get(name).path("message").asText().contains(word), troubles.get(name)::toString));
        World.Result review = world.run("assess", "review", "--json");
        assertEquals(5, review.json().at("/facts/findings").findValuesAsText("message").stream()
                .filter(message -> message.matches("it (is|holds) .*: nothing of this file is verified")).count(),
                review::all);
        troubles.forEach((name, trouble) -> {
            assertEquals(!name.equals("0012_mark"), trouble.path("stops").asBoolean(), trouble::toString);
            follow(trouble.path("hint").asText());
        });
        World.Result mended = assess("--json");
        assertEquals(0, mended.exit(), mended::all);
        assertTrue(troubles(mended).isEmpty(), mended::all);
        assertEquals(lf.length, world.read("drizzle/0013_good.sql").getBytes(StandardCharsets.UTF_8).length);
        assertTrue(world.read("drizzle/0010_latin.sql").contains("\"d\u00e9\"")
                && world.read("drizzle/0007_marked_wide.sql").contains("\"a\u00e9\""), mended::all);
    }

    @Test
    void conflictMarksAndPointersOfLfsAreNoSql() {
        migration("0007_both", encoded("<<<<<<< HEAD\n" + ADD + "=======\nSELECT 1;\n>>>>>>> other\n",
                StandardCharsets.UTF_8));
        migration("0008_pointer", encoded("version https://git-lfs.github.com/spec/v1\noid sha256:" + "0".repeat(64)
                + "\nsize 12\n", StandardCharsets.UTF_8));
        World.Result seen = stopped("assess.history", "0007_both.sql holds conflict marks of git (line 1)",
                "sed -n '/^<<<<<<< /,/^>>>>>>> /p' drizzle/0007_both.sql");
        assertTrue(seen.gate("assess.history").path("message").asText()
                .contains("0008_pointer.sql is a pointer of Git LFS"), seen::all);
        World.Result review = world.run("assess", "review", "drizzle/0007_both.sql", "drizzle/0008_pointer.sql");
        assertEquals(10, review.exit(), review::all);
        assertTrue(review.out().contains("0007_both.sql:1:1: SYN01 DANGEROUS")
                && review.out().contains("0008_pointer.sql:1:1: SYN01 DANGEROUS"), review::all);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "SELECT 1;~COMMENT ON TABLE sessions IS 'a; | string opened on line 2 is never closed        | correct it",
        "DROP TABLE sessions;~DO $x$ BEGIN END $y$; | dollar quote $x$ opened on line 2 is never closed | correct it",
        "/* DROP TABLE sessions;                    | comment opened on line 1 is never closed       | correct it",
        "\\i other.sql                              | psql command \\i on line 1                 | put the SQL of that",
        "\\connect other~DROP TABLE sessions;       | psql command \\connect on line 1           | take it out",
        "\\copy sessions from 'x.csv' csv           | psql command \\copy on line 1              | as INSERT"})
    void whatCannotBeTakenApartStopsByItsPlace(String sql, String message, String hint) {
        migration("0007_bad", encoded(sql.replace("~", "\n") + "\n", StandardCharsets.UTF_8));
        stopped("assess.draft", "drizzle/0007_bad.sql: " + message, hint);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "''                                    | has no list \"entries\"           | git log",
        "not json                              | is not JSON: Unrecognized token   | git log",
        "[]                                    | has no list \"entries\"           | git log",
        "~{\"entries\": []}                    | it begins with a byte order mark  | sed -i",
        "<<<<<<< HEAD                          | is not JSON                       | conflict marks",
        "[[[                                   | is not JSON                       | git log",
        "{\"dialect\": \"mysql\", \"entries\": []} | is of the dialect mysql       | release.json",
        "{\"entries\": [{\"tag\": \"0000_a\", \"when\": 1e30}]} | no whole number as `when` | npx drizzle-kit check",
        "{\"entries\": [{\"tag\": \"0000_gone\", \"when\": 1}]} | names drizzle/0000_gone.sql, not committed "
                + "| git checkout"})
    void aJournalThatIsNoneStops(String text, String message, String hint) {
        drizzle();
        world.write(JOURNAL, text.equals("''") ? "" : text.equals("[[[") ? "[".repeat(100_000)
                : text.replace("~", "\ufeff"));
        World.Result seen = stopped("assess.tool", message, hint);
        assertTrue(seen.gate("assess.tool").path("message").asText().contains(JOURNAL), seen::all);
    }

    @Test
    void aFolderWithoutItsJournalStopsAndItsFilesCanStillBeReviewed() throws IOException {
        drizzle();
        Files.delete(world.repo.resolve(JOURNAL));
        stopped("assess.tool", JOURNAL + " is not committed, 7 .sql files beside it are", "git add -f drizzle/meta");
        World.Result review = world.run("assess", "review", "drizzle", "--json");
        assertEquals(7, review.json().at("/facts/files").asInt(), review::all);
    }

    @Test
    void linksThatLeaveTheRepositoryAreNotFollowed() throws IOException {
        World.write(world.folder.resolve("out.sql"), "DROP TABLE sessions;\n");
        migration("0007_out", new byte[0]);
        Files.delete(world.repo.resolve("drizzle/0007_out.sql"));
        link("drizzle/0007_out.sql", "../../out.sql");
        World.Result seen = stopped("assess.tool", "drizzle/0007_out.sql is a symbolic link to ../../out.sql",
                "cp -RL drizzle/0007_out.sql drizzle/0007_out.sql.copy && rm drizzle/0007_out.sql");
        link("drizzle/0008_nowhere.sql", "nothing.sql");
        World.Result review = world.run("assess", "review", "drizzle", "--json");
        assertEquals(10, review.exit(), review::all);
        assertFalse(review.all().contains("DROP TABLE"), review::all);
        assertEquals(2, review.json().at("/facts/findings").findValuesAsText("message").stream()
                .filter(message -> message.startsWith("it is a symbolic link to ")).count(), review::all);
        follow(seen.gate("assess.tool").path("hint").asText());
        follow("rm drizzle/0008_nowhere.sql");
        World.Result mended = assess("--json");
        assertEquals(11, mended.exit(), mended::all);
        assertTrue(mended.gate("assess.class").path("message").asText().contains("sessions"), "the DROP TABLE is seen");
    }

    @Test
    void aFolderOfMigrationsThatIsALinkIsNotTakenForNone() throws IOException {
        World.copy(World.FIXTURE.resolve("drizzle"), world.folder.resolve("elsewhere"));
        link("drizzle", "../elsewhere");
        World.Result seen = stopped("assess.tool", "drizzle is a symbolic link to ../elsewhere", "rm drizzle");
        World.Result review = world.run("assess", "review", "drizzle");
        assertEquals(2, review.exit(), review::all);
        assertTrue(review.err().contains("drizzle is a symbolic link to ")
                && review.err().contains("-> jbang assess.java review "), review::all);
        follow(seen.gate("assess.tool").path("hint").asText());
        World.Result mended = assess("--json");
        assertEquals(0, mended.exit(), mended::all);
        assertEquals(2, mended.json().at("/facts/pending").size(), mended::all);
    }

    @Test
    void aJournalOrNotesThatAreLinksAreNamedAsSuch() throws IOException {
        drizzle();
        Files.move(world.repo.resolve(JOURNAL), world.folder.resolve("journal.json"));
        link(JOURNAL, "../../../journal.json");
        World.write(world.folder.resolve("notes.md"), "## One\n```sql\nDELETE FROM sessions;\n```\n");
        link("MIGRATIONS.md", "../notes.md");
        World.Result seen = stopped("assess.tool", JOURNAL + " is a symbolic link to ../../../journal.json",
                "cp -RL ");
        assertEquals("stop", seen.gate("assess.entries").path("status").asText(), seen::all);
        follow(seen.gate("assess.entries").path("hint").asText());
        follow(seen.gate("assess.tool").path("hint").asText());
        World.Result mended = assess("--json");
        assertEquals(11, mended.exit(), mended::all);
        assertEquals("Complex", mended.json().at("/facts/entries/0/class").asText(), mended::all);
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16", "ISO-8859-1", "nul", "migrations.md", "MIGRATIONS.md/notes.md"})
    void notesThatCannotBeReadAreNotTakenForNone(String how) {
        drizzle();
        String entry = "## Caf\u00e9\n```sql\nUPDATE sessions SET email = 'caf\u00e9' WHERE email = 'nobody';\n```\n";
        boolean named = how.contains(".md");
        bytes(named ? how : "MIGRATIONS.md", how.equals("nul") ? encoded(entry.replace("nobody", "no\0body"),
                StandardCharsets.UTF_8) : encoded(entry, named ? StandardCharsets.UTF_8 : Charset.forName(how)));
        World.Result seen = assess("--json");
        assertEquals(10, seen.exit(), seen::all);
        JsonNode gate = seen.gate("assess.entries");
        assertEquals("stop", gate.path("status").asText(), seen::all);
        follow(gate.path("hint").asText());
        World.Result mended = assess("--json");
        assertEquals(0, mended.exit(), mended::all);
        assertEquals(List.of("Caf\u00e9"), mended.json().at("/facts/entries").findValuesAsText("title"), mended::all);
        assertTrue(mended.json().at("/facts/entries/0/statements").toString().contains("'caf\u00e9'"), mended::all);
    }

    @Test
    void aMarkBeforeTheNotesAndOtherLineEndsChangeNothing() {
        migration("0007_windows", encoded("ALTER TABLE sessions ADD COLUMN a int;\r\n--> statement-breakpoint\r\n"
                + "ALTER TABLE sessions ADD COLUMN b int;\r\n", StandardCharsets.UTF_8));
        migration("0008_empty", new byte[0]);
        bytes("MIGRATIONS.md", encoded("\ufeff# Pending\r\n\r\n## One\r\nwords\r\n", StandardCharsets.UTF_8));
        World.Result seen = assess("--json");
        assertEquals(0, seen.exit(), seen::all);
        assertEquals(List.of("One"), seen.json().at("/facts/entries").findValuesAsText("title"), seen::all);
        assertEquals(36, seen.json().at("/facts/statements").asInt(), seen::all);
        assertTrue(troubles(seen).get("0007_windows").path("message").asText().contains("CRLF"), seen::all);
    }

    @Test
    void whatCannotBeReadAtAllIsToldByItsName() throws IOException {
        // The memory of the process that reads: there, of the right kind, and no byte of it can be had at 0.
        link("sql/0002_no bytes.sql", "/proc/self/mem");
        world.write("sql/0001_a.sql", "SELECT 1;\n");
        world.write("sql/0003_folder.sql/inside.txt", "no SQL\n");
        world.commit("sql");
        World.Result named = world.run("assess", "review", "/proc/self/mem");
        assertEquals(2, named.exit(), named::all);
        assertTrue(named.err().contains("/proc/self/mem cannot be read: ")
                && named.err().contains("-> ls -ld /proc/self/mem"), named::all);
        World.Result folder = world.run("assess", "review", "sql", "--json");
        assertEquals(10, folder.exit(), folder::all);
        assertEquals(2, folder.json().at("/facts/files").asInt(), folder::all);
        assertTrue(folder.out().contains("it is a symbolic link to /proc/self/mem"), folder::all);
        World.Result inside = world.run("assess", "review", "sql/0003_folder.sql");
        assertEquals(2, inside.exit(), inside::all);
        assertTrue(inside.err().contains("sql/0003_folder.sql is a folder without .sql files"), inside::all);
    }

    @Test
    void oneStatementOfFiveMegabytesIsAssessed() {
        StringBuilder sql = new StringBuilder("INSERT INTO \"sessions\" (\"token\", \"email\") VALUES ");
        while (sql.length() < 5 << 20) {
            sql.append("('x', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'),\n");
        }
        migration("0007_huge", encoded(sql + "('y', 'b');\n", StandardCharsets.UTF_8));
        World.Result seen = assess("--json");
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("warn", seen.gate("assess.draft").path("status").asText());
        assertTrue(seen.gate("assess.draft").path("message").asText().contains("0007_huge.sql line 1: INSERT"));
        assertTrue(seen.err().length() < 20_000, "the statement is not repeated");
    }

    @Test
    void aThousandFilesAreAssessed() {
        for (int i = 1; i <= 1000; i++) {
            world.write("migrations/%04d_t.sql".formatted(i), "CREATE TABLE t" + i + " (id int PRIMARY KEY);\n");
        }
        World.Result seen = assess("--json");
        assertEquals(0, seen.exit(), seen::all);
        assertEquals(1000, seen.json().at("/facts/pending").size());
        assertTrue(seen.gate("assess.history").path("message").asText().length() < 500, seen::all);
        World.Result review = world.run("assess", "review", "migrations", "--json");
        assertEquals(0, review.exit(), review::all);
        assertEquals(1000, review.json().at("/facts/statements").asInt());
    }
}
