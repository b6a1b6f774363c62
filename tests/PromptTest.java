//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import lib.Exec;
import lib.PhaseProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The question for a database URL, on a terminal made by script(1): each answer is given when it is asked for. */
class PromptTest {
    private static final String QUESTION = "Database URL of production (not shown):";
    private static World world;

    @BeforeAll
    static void start() {
        assumeTrue(Exec.of("script", "--version").run().ok(), "script(1) of util-linux is not installed");
        world = World.of("PromptTest", "template0");
        world.environment.put("PROD_DATABASE_URL", null);
        world.environment.put("TERM", "xterm");
    }

    @AfterAll
    static void stop() {
        if (world != null) {
            world.close();
        }
    }

    private record Seen(int exit, String shown) {
        long questions() {
            return shown.split(java.util.regex.Pattern.quote(QUESTION), -1).length - 1;
        }
    }

    /** Waits for each question, then types; not by Exec, which masks what it reads. */
    private static Seen asked(String... answers) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(PhaseProcess.java("preflight"));
        command.addAll(List.of("--only", "db.reach"));
        ProcessBuilder builder = new ProcessBuilder("script", "--quiet", "--return", "--command", Exec.typed(command),
                "/dev/null").directory(world.repo.toFile()).redirectErrorStream(true);
        world.environment.forEach((name, value) -> {
            builder.environment().remove(name);
            if (value != null) {
                builder.environment().put(name, value);
            }
        });
        Process process = builder.start();
        StringBuilder shown = new StringBuilder();
        InputStream out = process.getInputStream();
        int given = 0;
        for (int letter = out.read(); letter >= 0; letter = out.read()) {
            shown.append((char) letter);
            if (shown.toString().endsWith(QUESTION + " ") && given < answers.length) {
                process.getOutputStream().write(answers[given++].getBytes(StandardCharsets.UTF_8));
                process.getOutputStream().flush();
            }
        }
        Seen seen = new Seen(process.waitFor(), shown.toString());
        assertFalse(seen.shown.contains("S3cret"), "the password was shown");
        return seen;
    }

    @Test
    void whatIsPastedWithQuotesSpacesOrItsVariableIsUnderstood() throws Exception {
        for (String form : new String[] {"%s\n", "  '%s'  \n", "export PROD_DATABASE_URL=\"%s\"\n"}) {
            Seen seen = asked(form.formatted(world.url()));
            assertEquals(0, seen.exit, seen.shown);
            assertEquals(1, seen.questions(), seen.shown);
            assertTrue(seen.shown.contains("from the prompt"), seen.shown);
        }
    }

    @Test
    void anAnswerThatIsNoUrlIsAskedForAgainTwice() throws Exception {
        Seen second = asked("\n", world.url() + "\n");
        assertEquals(0, second.exit, second.shown);
        assertTrue(second.shown.contains("no database URL was typed for production"), second.shown);
        Seen third = asked("S3cret-alone\n", "postgresql://app:<PASSWORD>@db/app\n", "mysql://app:S3cret@db/app\n");
        assertEquals(2, third.exit, third.shown);
        assertEquals(3, third.questions(), third.shown);
        assertTrue(third.shown.contains("still holds the placeholder <PASSWORD>"), third.shown);
        assertTrue(third.shown.contains("this is not a PostgreSQL URL: mysql://"), third.shown);
    }

    @Test
    void theEndOfTheInputAndAnInterruptEndTheQuestion() throws Exception {
        Seen end = asked("\u0004");
        assertEquals(2, end.exit, end.shown);
        assertTrue(end.shown.contains("the input ended before a database URL was typed"), end.shown);
        assertEquals(1, end.questions(), end.shown);
        Seen interrupted = asked("\u0003");
        assertEquals(130, interrupted.exit, interrupted.shown);
        assertFalse(interrupted.shown.contains("\tat "), interrupted.shown);
    }
}
