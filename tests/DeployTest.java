//SOURCES World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import lib.Cli;
import lib.Failure;
import lib.Project;
import lib.Services;
import lib.deploy.Deploy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The new version is told from the old one that goes on answering, whoever runs it. */
class DeployTest {
    private static final String OLD = "1111111111111111111111111111111111111111";
    private static final String NEW = "abcdef1234567890abcdef1234567890abcdef12";

    @TempDir
    private Path repo;
    private final AtomicReference<String> body = new AtomicReference<>("");
    private final List<String> said = new ArrayList<>();
    private HttpServer server;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            byte[] bytes = body.get().getBytes(StandardCharsets.UTF_8);
            // No text at all stands for a service that is down.
            exchange.sendResponseHeaders(bytes.length == 0 ? 503 : 200, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void end() {
        server.stop(0);
    }

    /** A repository whose release.json describes one service, web. */
    private Services services(String web) throws IOException {
        World.write(repo.resolve("release.json"), "{\"environments\": {\"production\": {\"services\": {\"web\": {"
                + web.replace("URL", "http://127.0.0.1:" + server.getAddress().getPort() + "/") + "}}}}}");
        if (!Files.exists(repo.resolve(".git"))) {
            lib.Exec.of("git", "init", "-q", repo.toString()).run();
        }
        Cli.Options options = new Cli.Options();
        new CommandLine(options).parseArgs("--repo", repo.toString());
        return new Services(new Project(options));
    }

    private List<Deploy.End> await(Services services, Map<String, Deploy.Before> before, Runnable meanwhile)
            throws Exception {
        Thread change = new Thread(() -> {
            try {
                Thread.sleep(300);
            } catch (InterruptedException e) {
                return;
            }
            meanwhile.run();
        });
        change.start();
        List<Deploy.End> ends = new Deploy(repo, services, NEW).await(before, said::add);
        change.join();
        return ends;
    }

    @Test
    void theOldVersionThatStillAnswersIsNotTakenForTheNewOne() throws Exception {
        Services services = services("\"health\": \"URL\", \"expect\": \"version {commit}!\"");
        body.set("version " + OLD.substring(0, 12) + "!");
        List<Deploy.End> ends = await(services, Map.of(), () -> body.set("version " + NEW.substring(0, 12) + "!"));
        assertEquals(List.of(new Deploy.End("web", true, "HTTP 200 from abcdef1")), ends);
        assertEquals("waiting for web: HTTP 200 from another version", said.get(0));
        assertEquals(List.of(), Deploy.blind(services));
    }

    @Test
    void aServiceThatWasStoppedAndComesUpAgainMayBeTheOldOne() throws Exception {
        Services services = services("\"stop\": [\"true\"], \"health\": \"URL\"");
        assertEquals(List.of("web"), Deploy.blind(services));
        Map<String, Deploy.Before> before = new Deploy(repo, services, NEW).before(true);
        assertTrue(before.get("web").down());
        List<Deploy.End> ends = await(services, before, () -> body.set("fine"));
        assertEquals(List.of(new Deploy.End("web", false, "HTTP 200, after it had been down")), ends);
    }

    @Test
    void anAnswerThatNeverStoppedIsToldWithWhetherItIsAnotherOne() throws Exception {
        Services services = services("\"health\": \"URL\"");
        body.set("release 7");
        Map<String, Deploy.Before> before = new Deploy(repo, services, NEW).before(false);
        assertEquals(List.of(new Deploy.End("web", false, "HTTP 200 with the same answer as before the push")),
                await(services, before, () -> { }));
        body.set("release 8");
        assertEquals(List.of(new Deploy.End("web", false, "HTTP 200 with another answer than before the push")),
                await(services, before, () -> { }));
        body.set("release 8 of " + NEW);
        assertEquals(List.of(new Deploy.End("web", true, "HTTP 200 from abcdef1")),
                await(services, before, () -> { }));
    }

    @Test
    void whereNothingTellsTheVersionsApartThatIsSaidBefore() throws Exception {
        Services services = services("\"stop\": [\"true\"], \"health\": \"URL\"");
        body.set("fine");
        assertEquals(List.of("web"), Deploy.blind(services));
        Map<String, Deploy.Before> before = new Deploy(repo, services, NEW).before(true);
        assertFalse(before.get("web").down(), "it answers although it was stopped");
        assertFalse(await(services, before, () -> { }).get(0).proven());
    }

    @Test
    void aCommandMaySayItAndIsGivenTheCommit() throws Exception {
        Path command = World.script(repo.resolve("deployed"), """
                test "$1" = "$RELEASE_COMMIT" || exit 9
                test -f up || { echo 'building'; exit 1; }
                """);
        Services services = services("\"deployed\": [\"" + command + "\", \"{commit}\"]");
        List<Deploy.End> ends = await(services, Map.of(), () -> World.write(repo.resolve("up"), ""));
        assertTrue(ends.get(0).proven(), ends::toString);
        assertEquals("waiting for web: " + command + " says not yet: building", said.get(0));
    }

    /** railway as clients know it: down acts on the newest success only, and takes a while to remove it. */
    private static final String RAILWAY = """
            echo "$*" >> "$0.log"
            list="$0.list"
            case "$1 $2" in
              'deployment list') cat "$list"; sed 's/REMOVING/REMOVED/' "$list" > "$list.n"; mv "$list.n" "$list" ;;
              'down -y') awk '!done && /SUCCESS/ { sub("SUCCESS", "REMOVING"); done = 1 } { print }' "$list" > "$list.d"
                         mv "$list.d" "$list" ;;
              *) echo "no such command: $*" >&2; exit 2 ;;
            esac
            """;

    private static String deployment(String id, String status, String made, String commit) {
        return "{\"id\": \"" + id + "\", \"status\": \"" + status + "\", \"createdAt\": \"" + made
                + "\", \"meta\": {\"commitHash\": \"" + commit + "\"}}";
    }

    private void railway(String... deployments) {
        World.write(repo.resolve("bin/railway.list"), "[" + String.join(",\n", deployments) + "]\n");
    }

    // The tests are one process, and what is on its PATH is settled.
    private lib.deploy.Railway railway() throws IOException {
        World.script(repo.resolve("bin/railway"), RAILWAY);
        return new lib.deploy.Railway(repo.resolve("bin/railway").toString(), repo,
                new lib.RailwaySetting("web", null, "p-1"), "production");
    }

    @Test
    void railwayIsStoppedUntilNoSuccessIsLeftAndNotWhileADeploymentIsUnderWay() throws Exception {
        lib.deploy.Railway railway = railway();
        railway(deployment("c", "FAILED", "2026-11-28T03:00:00Z", NEW),
                deployment("b", "SUCCESS", "2026-11-28T02:00:00Z", OLD),
                deployment("a", "SUCCESS", "2026-11-28T01:00:00Z", OLD));
        assertEquals("web is removed at Railway", railway.stop(said::add));
        assertEquals(List.of("waiting for Railway: the deployment of web is REMOVING"), said.subList(0, 1));
        assertTrue(railway.deployments().stream().noneMatch(one -> one.status().equals("SUCCESS")));
        String log = World.read(repo.resolve("bin/railway.log"));
        assertEquals(2, log.split("down -y -p p-1 -e production -s web\n", -1).length - 1, log);
        assertEquals("web does not run at Railway", railway.stop(said::add));

        railway(deployment("d", "BUILDING", "2026-11-28T04:00:00Z", NEW),
                deployment("b", "SUCCESS", "2026-11-28T02:00:00Z", OLD));
        Failure busy = assertThrows(Failure.class, () -> railway.stop(said::add));
        assertTrue(busy.getMessage().contains("a deployment of web is under way at Railway (BUILDING)"),
                busy.getMessage());
        assertTrue(railway.backCommand().endsWith("redeploy --from-source -y -p p-1 -e production -s web"));
    }
}
