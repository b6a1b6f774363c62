//SOURCES BackupCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lib.Exec;
import lib.PhaseProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How far a long backup is: a bar on a terminal, lines elsewhere, nothing where it is short. */
class ProgressTest extends BackupCase {
    /** Nothing is dumped before the other side has seen enough. */
    private static final String SLOW = """
            echo 'pg_dump: dumping contents of table "public.ballast"' >&2
            echo 'pg_dump: dumping contents of table "public.od\033[2Jd"' >&2
            until [ -e "$here/go" ] || grep -qs 'backing up' "$here/shown"; do sleep 0.1; done
            exec "$real" "$@"
            """;
    private static World world;

    @BeforeAll
    static void makeTheWorld() {
        world = World.drizzle();
        makeBallast(world);
    }

    @BeforeEach
    void clear() throws Exception {
        Files.deleteIfExists(world.folder.resolve("go"));
        Files.deleteIfExists(world.folder.resolve("shown"));
        world.environment.remove("RELEASE_PG_CLIENTS");
        world.environment.remove("TERM");
    }

    @AfterAll
    static void removeTheWorld() {
        world.close();
    }

    @Test
    void withoutATerminalThereAreLinesOnStandardErrorAlone() throws Exception {
        standIn(world, "pg_dump", SLOW);
        world.environment.put("TERM", "xterm");
        World.Running running = world.begin("backup", "--json");
        await(() -> World.read(running.err()).contains("backing up"), "a line");
        World.write(world.folder.resolve("go"), "");
        World.Result result = running.end();
        assertEquals(0, result.exit(), result::all);
        assertEquals("backup", result.json().path("phase").asText());
        String line = result.err().lines().filter(each -> each.startsWith("backing up")).findFirst().orElseThrow();
        // What is done is the ballast, by its size on disk; the table that is at work counts when it is finished.
        assertTrue(line.matches("backing up: [1-9]\\d? %, wrote 0 bytes, public\\.od\\?\\[2Jd, \\d+ s"), line);
        assertFalse(result.err().contains("\r") || result.err().contains("\u001b"), result::all);
    }

    @ParameterizedTest
    @CsvSource({"'', 0", "pg_dump: finished item 7 TABLE DATA ballast, [1-9]\\d?"})
    void ofSeveralConnectionsATableCountsWhenItIsSaidToBeDone(String last, String share) throws Exception {
        standIn(world, "pg_dump", SLOW.replace("until", "echo '" + last + "' >&2\nuntil"));
        World.Running running = world.begin("backup", "--jobs", "2");
        await(() -> World.read(running.err()).contains("backing up"), "a line");
        World.write(world.folder.resolve("go"), "");
        World.Result result = running.end();
        assertEquals(0, result.exit(), result::all);
        String line = result.err().lines().filter(each -> each.startsWith("backing up")).findFirst().orElseThrow();
        assertTrue(line.matches("backing up: " + share + " %, wrote 0 bytes, .*"), line);
    }

    @Test
    void aRestoreIsAsFarAsTheRowsOfTheTablesThatAreDone() throws Exception {
        backup(world);
        standIn(world, "pg_restore", "case \" $* \" in *--dbname*) ;; *) exec \"$real\" \"$@\";; esac\n"
                + SLOW.replace("pg_dump: dumping contents of", "pg_restore: processing data for"));
        World.Running running = world.begin("validate");
        await(() -> World.read(running.err()).contains("restoring"), "a line");
        World.write(world.folder.resolve("go"), "");
        World.Result result = running.end();
        assertEquals(0, result.exit(), result::all);
        String line = result.err().lines().filter(each -> each.startsWith("restoring")).findFirst().orElseThrow();
        long all = Long.parseLong(result.err().replaceFirst("(?s).* and its (\\d+) rows in .*", "$1"));
        assertTrue(line.startsWith("restoring: " + 100 * 20000 / all + " %, public.od?[2Jd, "), line);
    }

    @Test
    void whatIsDoneAtOnceIsNotToldOf() {
        World.Result result = world.run("backup");
        assertEquals(0, result.exit(), result::all);
        assertFalse(result.err().contains("backing up"), result::all);
    }

    @ParameterizedTest
    @CsvSource({"80, xterm, true", "40, xterm, true", "39, xterm, false", "20, xterm, false", "80, dumb, false"})
    void onATerminalThereIsABarThatFitsItAndThatTheGateTakesThePlaceOf(int columns, String term, boolean bar)
            throws Exception {
        assumeTrue(Exec.of("script", "--version").run().ok(), "script(1) of util-linux is not installed");
        standIn(world, "pg_dump", SLOW);
        Exec.Result result = onATerminal(columns, Map.of("TERM", term, "NO_COLOR", "1"));
        assertEquals(0, result.exit(), result.out());
        List<String> lines = result.out().lines().filter(line -> line.contains("backing up")).toList();
        assertFalse(lines.isEmpty(), result.out());
        if (!bar) {
            assertTrue(lines.get(0).startsWith("backing up: "), result.out());
            assertFalse(result.out().contains("\u001b"), result.out());
            return;
        }
        int shown = 0;
        for (String line : result.out().split("\r|\n")) {
            if (line.startsWith("backing up")) {
                String text = line.replace("\u001b[K", "");
                assertTrue(text.matches("backing up +\\d+% \\|[^|]+\\| +\\d+/\\d+ [kM]B.*"), line);
                assertTrue(text.length() < columns, line);
                assertFalse(text.contains("\u001b"), "neither colours nor what a table is called");
                shown++;
            }
        }
        assertTrue(shown > 0, result.out());
        assertTrue(result.out().contains("\r\u001b[K✓ backup.dump"), "the bar goes: " + result.out());
    }

    @Test
    void aBarIsNotWrittenIntoAFileThatStandardErrorGoesTo() throws Exception {
        assumeTrue(Exec.of("script", "--version").run().ok(), "script(1) of util-linux is not installed");
        standIn(world, "pg_dump", SLOW.replace("/shown", "/log"));
        Exec.Result result = onATerminal(80, Map.of("TERM", "xterm", "LOG", world.folder.resolve("log").toString()));
        assertEquals(0, result.exit(), result.out());
        String log = World.read(world.folder.resolve("log"));
        assertTrue(log.contains("backing up: "), log);
        assertFalse(log.contains("\u001b[K") || log.contains("\r"), log);
        assertFalse(result.out().contains("backing up"), result.out());
    }

    /** Runs a backup on a terminal of that width; what it shows is kept in a file while it does. */
    private static Exec.Result onATerminal(int columns, Map<String, String> environment) {
        List<String> command = new ArrayList<>(PhaseProcess.java("backup"));
        Path shown = world.folder.resolve("shown");
        String log = environment.containsKey("LOG") ? " 2>\"$LOG\"" : "";
        return Exec.of("script", "--quiet", "--return", "--flush", "--command",
                "stty cols " + columns + "; " + Exec.typed(command) + log, shown.toString())
                .in(world.repo).with(world.environment).with(environment).run();
    }
}
