//SOURCES PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Each gate of preflight.java: open, and closed for its own reason. */
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The gate of the project's own checks. */
class BuildTest extends PreflightCase {
    @Test
    void aCheckThatFailsStopsWithTheEndOfItsOutput() {
        world.write("release.json", """
                {"checks": [["git", "--version"],
                  ["sh", "-c", "for i in $(seq 40); do echo line $i; done; sh ../colour; exit 7"],
                  ["sh", "-c", "touch ../marker"]]}
                """);
        World.script(world.folder.resolve("colour"), "printf '\\033[31m%s\\033[0m\\n' $PROD_DATABASE_URL\n");
        world.push("checks");
        World.Result seen = stops("build", 10, " ended with 7:\n", "less _migrations/build-2.log");
        String message = seen.gate("build").path("message").asText();
        assertTrue(message.contains("\n  line 40") && message.contains("line 30\n") && !message.contains("line 20\n"),
                message);
        assertFalse(message.contains("\u001b"), message);
        assertTrue(message.endsWith("****@" + world.production.host() + ":" + world.production.port()
                + world.url().substring(world.url().lastIndexOf('/'))), message);
        assertTrue(world.read("_migrations/build-2.log").contains("line 1\n"));
        assertEquals("stop", seen.json().path("status").asText());
    }

    @Test
    void theChecksRunInOrderInTheRepositoryAndCanBeLeftOut() {
        world.write("release.json", """
                {"checks": [["sh", "-c", "echo $CI > '../marker'"], ["cat", "../marker"]]}""");
        world.push("checks");
        World.Result left = gates("--skip-build");
        assertEquals(0, left.exit(), left::all);
        saw(left, "build", "skip", "left out by --skip-build");
        assertTrue(left.json().at("/facts/buildSkipped").asBoolean());
        assertFalse(Files.exists(world.folder.resolve("marker")));
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "build", "pass", "; cat ../marker");
        assertEquals("true\n", world.read("_migrations/build-2.log"));
    }

    @Test
    void aCheckWhoseProgramIsMissingIsMissing() {
        world.write("release.json", "{\"checks\": [[\"no-such-tool\", \"test\"]]}");
        world.push("checks");
        stops("build", 12, "no-such-tool cannot be started: No such file or directory", "PATH");
    }

    @Test
    void aCheckThatChangesTheTreeStopsNowAndNotInTheMiddleOfTheRelease() {
        world.write("release.json", "{\"checks\": [[\"sh\", \"-c\", \"echo > built.js\"]]}");
        world.push("checks");
        stops("build", 10, "the checks changed the work tree: built.js", "git status");
    }

    @Test
    void packageScriptsAreTheChecksAndNpmsPlaceholderIsNone() throws IOException {
        Files.delete(world.repo.resolve("release.json"));
        world.write("package.json", "{\"scripts\": {\"build\": \"vite\", \"lint\": \"eslint\", \"dev\": \"vite dev\","
                + "\"test\": \"echo \\\"Error: no test specified\\\" && exit 1\"}}");
        world.push("package.json");
        Path npm = standIn("npm", "");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "build", "pass", "npm run lint; npm run build");
        assertEquals("run lint\nrun build\n", World.read(npm));
        world.write("pnpm-lock.yaml", "");
        world.push("pnpm");
        Path pnpm = standIn("pnpm", "");
        assertEquals(0, gates().exit());
        assertEquals("run lint\nrun build\n", World.read(pnpm));
    }

    @Test
    void otherToolsAreFoundByTheirFiles() throws IOException {
        Files.delete(world.repo.resolve("release.json"));
        // There for a formatter only; the project itself is built by something else.
        world.write("package.json", "{\"devDependencies\": {\"prettier\": \"3\"}}");
        world.push("package.json");
        saw(gates(), "build", "warn", "the project has no checks of its own");
        for (String[] tool : new String[][] {{"Makefile", "make", "all:\n\ncheck:\n\ttrue\n", "check"},
                {"go.mod", "go", "module x\n", "build ./...\ntest ./..."}, {"Cargo.toml", "cargo", "", "test --quiet"},
                {"build.gradle.kts", "gradle", "", "--quiet build"}, {"pom.xml", "mvn", "",
                        "--batch-mode --quiet verify"}}) {
            world.write(tool[0], tool[2]);
            world.push(tool[0]);
            Path record = standIn(tool[1], "");
            World.Result seen = gates();
            assertEquals(0, seen.exit(), seen::all);
            assertEquals(tool[3] + "\n", World.read(record));
        }
    }

    @Test
    void anInterruptedCheckLeavesNothingRunning() throws Exception {
        Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self")));
        Path pid = world.folder.resolve("pid");
        world.write("release.json", """
                {"checks": [["sh", "-c", "sh -c 'echo $$ > ../pid; exec sleep 300' & wait"]]}""");
        world.push("checks");
        World.Running running = world.begin("preflight");
        for (int i = 0; i < 300 && (!Files.exists(pid) || World.read(pid).isBlank()); i++) {
            Thread.sleep(100);
        }
        ProcessHandle check = ProcessHandle.of(Long.parseLong(World.read(pid).strip())).orElseThrow();
        running.process().destroy();
        assertTrue(running.process().waitFor(20, TimeUnit.SECONDS));
        check.onExit().get(10, TimeUnit.SECONDS);
        assertFalse(check.isAlive());
    }
}
