//SOURCES reference.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

    @Test
    void onlyStatusTakesSeveralEnvironments() {
        List<String> several = new ArrayList<>();
        for (CommandLine script : reference.scripts()) {
            List<CommandLine> all = new ArrayList<>(List.of(script));
            all.addAll(script.getSubcommands().values());
            all.stream().filter(command -> command.getCommandSpec().findOption("--env") != null
                            && command.getCommandSpec().findOption("--env").isMultiValue())
                    .forEach(command -> several.add(command.getCommandSpec().qualifiedName()));
        }
        assertEquals(List.of("assess status"), several);
    }

    /** Whoever is stopped by a gate finds its id there. */
    @Test
    void readmeNamesEveryGateThatCanStopARelease() throws Exception {
        StringBuilder text = new StringBuilder();
        for (String script : List.of("preflight.java", "assess.java", "validate.java", "backup.java")) {
            text.append(Files.readString(REPO.resolve(script)));
        }
        for (String folder : List.of("lib/rehearsal", "lib/assess", "lib/preflight")) {
            try (var files = Files.list(REPO.resolve(folder))) {
                for (Path file : files.sorted().toList()) {
                    text.append(Files.readString(file));
                }
            }
        }
        Pattern gate = Pattern.compile("(?:gate|skip|onTheCopy)\\(\"([a-z]+(?:\\.[a-z]+)?)\""
                + "|gate\\(\\) \\{\\s+return \"(.*?)\"");
        List<String> ids = gate.matcher(text).results()
                .map(found -> found.group(1) == null ? found.group(2) : found.group(1)).distinct()
                .filter(id -> !id.matches("(?:checks|restore|triage)\\..*|backup\\.(?:prune|verify|restore)|.*review"))
                .toList();
        assertTrue(ids.size() > 45, ids.toString());
        String readme = Files.readString(REPO.resolve("README.md"));
        assertEquals(List.of(), ids.stream().filter(id -> !readme.contains("`" + id + "`")
                && !readme.contains("`" + id.replaceFirst("\\..*", ".*") + "`")).toList(), "README lacks these gates");
    }

    /** The files exist, and a hazard, a gate, a tool look as the recipes say; RecipesTest follows them. */
    @Test
    void contributingLeadsThroughWhatIsThere() throws Exception {
        String text = Files.readString(REPO.resolve("CONTRIBUTING.md"));
        Matcher path = Pattern.compile("`(?:\\./jbang )?((?:lib|tests|\\.ci)/[\\w./-]*|\\w+\\.java)")
                .matcher(text);
        int named = 0;
        while (path.find()) {
            if (path.group(1).equals("lib/migrations/Ledger.java")) {
                continue; // That one is made.
            }
            assertTrue(Files.exists(REPO.resolve(path.group(1).replace("/ID/", "/IDX01/"))), path.group(1));
            named++;
        }
        assertTrue(named > 12, "only " + named + " files are named");
        assertTrue(Files.readString(REPO.resolve("preflight.java")).contains(".gate(\"git.branch\", git::branch)"));
        assertTrue(Files.readString(REPO.resolve("tests/fixtures/hazards/IDX01/bad.sql")).contains("-- measure: "));
        String index = Files.readString(REPO.resolve("lib/hazards/IndexHazards.java"));
        assertTrue(index.contains("new Rule(") && index.contains("\"IDX01\"") && index.contains(".instead("));
        String histories = Files.readString(REPO.resolve("lib/migrations/Histories.java"));
        assertTrue(histories.contains("KNOWN = List.of(") && histories.contains("\"prisma\""));
        assertTrue(Files.readString(REPO.resolve("lib/migrations/Prisma.java")).contains("implements History"));
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

    /** The same script in a zsh of its own terminal, which nobody has set up. */
    @Test
    void zshCompletesThemAsWell() throws Exception {
        assumeTrue(Exec.of("sh", "-c", "command -v zsh").run().ok(), "zsh is not installed");
        CommandLine release = reference.scripts().get(4);
        Path folder = Files.createTempDirectory("zsh");
        Path script = Files.writeString(folder.resolve("completion"), AutoComplete.bash("release", release));
        Exec.Result seen = Exec.of("timeout", "60", "zsh", "-f", "-c", """
                zmodload zsh/zpty
                zpty -b z zsh -f -i
                zpty -w z "source $1; echo rea''dy"
                zpty -r z line '*ready*'
                zpty -w -n z $'release stat\\t'
                zpty -r z line '*release status*'
                print -r -- "$line"
                zpty -d z
                """, "zsh", script.toString()).with("HOME", folder.toString()).run();
        assertTrue(seen.out().contains("release status"), seen.out() + seen.err());
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
