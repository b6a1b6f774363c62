//SOURCES reference.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import lib.Exec;
import org.junit.jupiter.api.Test;
import picocli.AutoComplete;
import picocli.CommandLine;

/** What --help says of every script and sub-command, and what README repeats of it. */
class ReferenceTest {
    private static final Path REPO = Path.of(System.getProperty("repo"));

    @Test
    void readmeSaysWhatHelpSays() throws Exception {
        String readme = Files.readString(REPO.resolve("README.md"));
        assertEquals(reference.renewed(readme), readme, "write it anew: ./jbang tests/reference.java");
    }

    @Test
    void everyCommandShowsExamplesVariablesAndExitCodes() {
        List<String> wrong = new ArrayList<>();
        for (CommandLine script : reference.scripts()) {
            List<CommandLine> all = new ArrayList<>(List.of(script));
            all.addAll(script.getSubcommands().values());
            for (CommandLine command : all) {
                String help = command.getUsageMessage(CommandLine.Help.Ansi.OFF);
                for (String part : List.of("Examples:", "Environment:", "Exit codes:")) {
                    if (!help.contains(part)) {
                        wrong.add(command.getCommandSpec().qualifiedName() + " has no " + part);
                    }
                }
                if (!help.contains("jbang " + script.getCommandName() + ".java")) {
                    wrong.add(command.getCommandSpec().qualifiedName() + " shows no command to type");
                }
            }
        }
        assertEquals("", String.join("\n", wrong));
    }

    /** Asked of a real bash: it takes the script, and offers what begins with the letters typed. */
    @Test
    void aShellCompletesSubCommandsAndOptions() {
        CommandLine release = reference.scripts().get(4);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        release.getSubcommands().get("generate-completion").setOut(new PrintWriter(out, true));
        release.setOut(new PrintWriter(out, true));
        assertEquals(0, release.execute("generate-completion"));
        String script = out.toString(StandardCharsets.UTF_8);
        assertEquals("status", offered(script, "release stat"));
        assertTrue(offered(script, "release --app").contains("--approve"));
        assertTrue(offered(script, "release demo --fail ").contains("promote"));
        assertEquals(script, AutoComplete.bash("release", release) + System.lineSeparator());
    }

    private static String offered(String script, String typed) {
        String words = "COMP_LINE='" + typed + "'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=("
                + typed.strip() + (typed.endsWith(" ") ? " ''" : "") + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
                + "_complete_release; echo \"${COMPREPLY[*]}\"";
        Exec.Result result = Exec.of("bash", "--norc", "-c", script + "\n" + words).run();
        assertEquals(0, result.exit(), result.err());
        return result.out();
    }
}
