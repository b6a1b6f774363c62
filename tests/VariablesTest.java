//SOURCES World.java ../lib/Git.java ../lib/Notes.java ../lib/Variables.java

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lib.Exec;
import lib.Git;
import lib.Notes;
import lib.Variables;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which environment variables a release changes, by the words of its entries and by its .env.example. */
@Timeout(60)
class VariablesTest {
    @TempDir
    static Path folder;

    @BeforeAll
    static void makeARepository() throws IOException {
        git("init", "-q", "--initial-branch=main");
        Files.writeString(folder.resolve("README"), "nothing\n");
        commit("first");
        git("branch", "release");
    }

    private static void git(String... arguments) {
        List<String> command = new java.util.ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        Exec.Result result = Exec.of(command).in(folder).with(World.isolated(folder)).run();
        if (!result.ok()) {
            throw new AssertionError(result.err());
        }
    }

    private static void commit(String message) {
        git("add", "--all");
        git("commit", "-q", "-m", message);
    }

    private static String changes(String entry) {
        return changes(entry, "release");
    }

    private static String changes(String entry, String released) {
        return String.join(" ", Variables.of(Notes.of("## Entry\n" + entry + "\n"), new Git(folder), released).stream()
                .map(change -> change.text().replace(" ", "")).toList());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '#', value = {
        "Environment: `ALLOWED_EMAIL` -> `ALLOWED_EMAILS`.      # ALLOWED_EMAIL->ALLOWED_EMAILS",
        "ALLOWED_EMAIL → ALLOWED_EMAILS                         # ALLOWED_EMAIL->ALLOWED_EMAILS",
        "ALLOWED_EMAIL => ALLOWED_EMAILS                        # ALLOWED_EMAIL->ALLOWED_EMAILS",
        "`OLD_KEY` is now `NEW_KEY`                             # OLD_KEY->NEW_KEY",
        "`OLD_KEY` was renamed to `NEW_KEY`                     # OLD_KEY->NEW_KEY",
        "Rename `OLD_KEY` to `NEW_KEY` before the deploy        # OLD_KEY->NEW_KEY",
        "Renamed the variable OLD_KEY to NEW_KEY                # OLD_KEY->NEW_KEY",
        "`OLD_KEY` becomes `NEW_KEY`                            # OLD_KEY->NEW_KEY",
        "| `OLD_KEY` | `NEW_KEY` |                              # OLD_KEY->NEW_KEY",
        "Add `API_TOKEN` to production                          # +API_TOKEN",
        "New environment variable: `API_TOKEN`                  # +API_TOKEN",
        "New variables `API_TOKEN`, `API_URL` and `API_USER`.   # +API_TOKEN +API_URL +API_USER",
        "The app now requires the env var API_TOKEN             # +API_TOKEN",
        "`API_TOKEN` must be set                                # +API_TOKEN",
        "Remove `OLD_FLAG_X`                                    # -OLD_FLAG_X",
        "The app no longer needs OLD_KEY                        # -OLD_KEY",
        "`OLD_KEY` is no longer used                            # -OLD_KEY",
        "OLD_KEY and OLD_URL were removed                       # -OLD_KEY -OLD_URL",
        "Remove OLD_KEY and add NEW_KEY                         # -OLD_KEY +NEW_KEY",
        "- Environment: `OLD_KEY` removed                       # -OLD_KEY",
        "- Environment: OLD_KEY, OLD_URL: no longer needed      # -OLD_KEY -OLD_URL",
        "Env: `API_TOKEN` (new)                                 # +API_TOKEN",
        "Variables: `NEW_KEY` added and `OLD_KEY` removed       # -OLD_KEY +NEW_KEY",
        "Remove these: OLD_KEY                                  # -OLD_KEY",
        "Secrets: added `NEW_KEY`, removed `OLD_KEY`            # -OLD_KEY +NEW_KEY"})
    void sentencesAreUnderstood(String entry, String expected) {
        assertEquals(expected, changes(entry));
    }

    /** As people lay them out: \\n is the end of a line. */
    @ParameterizedTest
    @CsvSource(delimiter = '#', value = {
        "old | new\\n--- | ---\\nA_URL | B_URL                                  # A_URL->B_URL",
        "1. Set:\\n\\n   | old | new |\\n   |:-|-:|\\n   | `A_URL` | `B_URL` |   # A_URL->B_URL",
        "- | old | new |\\n  |---|---|\\n  | A_URL | B_URL |                    # A_URL->B_URL",
        "> | Variable | |\\n> |---|---|\\n> | A_URL | new |                    # +A_URL",
        "| Variable | why |\\n|---|---|\\n| A_URL | `a \\| b`, no longer used |  # -A_URL",
        "| Variable | |\\n|---|---|\\n| A_URL | new |\\nRemove `B_URL`.         # +A_URL -B_URL"})
    void tablesAreUnderstood(String entry, String expected) {
        assertEquals(expected, changes(entry.replace("\\n", "\n")));
    }

    @Test
    void aPartAboutTheEnvironmentNeedsNoMoreThanAVerb() {
        assertEquals("-OLD_KEY +NEW_KEY", changes("### Environment\n\n- `NEW_KEY` added\n- `OLD_KEY`: removed\n\n"
                + "### Data\n\n- `OLD_STATE` removed\n"));
        assertEquals("-OLD_KEY", changes("The environment changes:\n- `OLD_KEY` removed\n\nKinds:\n- `OLD_STATE`"
                + " removed\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "Kinds: `OLD_STATE` removed",
        "Environments of the enum: value `OLD_STATE` removed",
        "New enum value `IN_PROGRESS` for orders",
        "Set the status to `IN_PROGRESS`",
        "Add column `USER_ID` to users",
        "The table holds MAX_VALUE rows",
        "new index on (USER_ID)",
        "```sql\nALTER TYPE s ADD VALUE 'IN_PROGRESS';\n-- new variable API_TOKEN\n```",
        "~~~sql\nUPDATE a SET kind = 'NEW_KIND' WHERE kind = 'OLD_KIND'; -- OLD_KIND -> NEW_KIND\n~~~",
        "New column `user_id`, NOT NULL"})
    void otherCapitalsAreNoVariables(String entry) {
        assertEquals("", changes(entry));
    }

    @Test
    void theExampleFileTellsWhatIsNewAndWhatIsGone() throws IOException {
        Path example = folder.resolve(".env.example");
        Files.writeString(example, "# OPTIONAL_ONE=1\nDATABASE_URL=\nOLD_KEY=x\nexport PORT=1\n");
        commit("example");
        git("tag", "-f", "before");
        Files.writeString(example, "DATABASE_URL=postgres://x\nNEW_KEY=\nexport PORT=2\nSECRET=\n");
        commit("example changed");
        assertEquals("+NEW_KEY +SECRET -OLD_KEY", changes("nothing", "before"));
        assertEquals("OLD_KEY->NEW_KEY +SECRET", changes("`OLD_KEY` -> `NEW_KEY`", "before"),
                "a rename that an entry tells explains both");
        Files.delete(example);
        commit("example gone");
        assertEquals("-DATABASE_URL -OLD_KEY -PORT", changes("nothing", "before"));
        assertEquals("", changes("nothing", "release"), "neither state has the file");
    }
}
