//SOURCES Held.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import lib.Hash;
import lib.Json;
import lib.Run;
import org.junit.jupiter.api.Test;

/** What happens to a release while it is under way: edits, tags, windows, clocks, and old code that goes on running. */
class MeanwhileTest {
    private World world;
    private Held held;
    private Path script;

    /** What runs before the release, and after it as well: no stop ends it, and no deploy replaces it. */
    private HttpServer oldCode;
    private volatile String answer = "fine";

    private void make() throws IOException {
        oldCode = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        oldCode.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 4);
            exchange.getResponseBody().write(answer.getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        oldCode.start();
        world = World.drizzle();
        held = new Held(world);
        world.write("release.json", """
                {"checks": [["%1$s", "checks"]], "version": {"tag": "v{version}"},
                 "environments": {"production": {"url": {"env": "PROD_DATABASE_URL"},
                  "windows": ["daily 00:00-24:00 UTC"],
                  "services": {"web": {"stop": ["%1$s", "stop"], "start": ["%1$s", "start"],
                                       "health": "http://127.0.0.1:%2$d/"}},
                  "variables": {"list": ["%1$s", "list"], "set": ["true", "{name}"], "remove": ["true", "{name}"]}}}}
                """.formatted(held.gate, oldCode.getAddress().getPort()));
        world.environment.put("RELEASE_SET_ALLOWED_EMAILS", "boss@example.com");
        world.push("settings");
        script = world.folder.resolve("mine.sql");
        World.write(script, World.read(World.FIXTURE.resolve("release.sql")));
    }

    private World.Running release(String... more) {
        List<String> options = new ArrayList<>(List.of("--sql", script.toString(), "--approve",
                Hash.of(script)));
        options.addAll(List.of(more));
        return world.begin("release", options.toArray(String[]::new));
    }

    private void stopped(World.Running running, String... words) {
        World.Result result = running.end();
        assertEquals(10, result.exit(), result::all);
        Held.says(result.err(), words);
        Held.says(result.err(), "database  not changed", "service   not touched", "git       nothing was pushed");
        assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
    }

    @Test
    void whatOthersDoIsFoundBeforeTheServiceStopsOrSaidWithAWayOut() throws Exception {
        make();
        try (World ended = world) {
            somebodyCommits();
            notesAreEdited();
            theWindowCloses();
            aTagIsPushed();
            theClockWentBack();
        } finally {
            oldCode.stop(0);
        }
    }

    private void somebodyCommits() {
        held.hold("checks");
        World.Running running = release();
        held.reached(running, "checks");
        world.write("later.txt", "not looked at by any phase\n");
        world.push("later");
        held.letGo("checks");
        stopped(running, "the checked-out commit is not the one any more that preflight looked at: ");
    }

    private void notesAreEdited() {
        held.hold("list");
        World.Running running = release("--apply-env");
        held.reached(running, "list");
        String notes = world.read("MIGRATIONS.md");
        world.write("MIGRATIONS.md", notes + "\n## One more\n- later\n");
        held.letGo("list");
        stopped(running, "the work tree was changed since the release began: MIGRATIONS.md", "git stash");
        assertEquals(notes + "\n## One more\n- later\n", world.read("MIGRATIONS.md"));
        world.write("MIGRATIONS.md", notes);
    }

    // Nobody can wait for a day: the rehearsal is made to say that the SQL takes longer than the window is open.
    private void theWindowCloses() throws IOException {
        held.hold("list");
        World.Running running = release("--apply-env");
        held.reached(running, "list");
        JsonNode record = Json.MAPPER.readTree(world.read("_migrations/run.json"));
        ObjectNode forecast = (ObjectNode) record.at("/validate/facts/forecast");
        assertTrue(forecast.has("seconds"), record::toString);
        forecast.put("seconds", 99_999_999);
        world.write("_migrations/run.json", Json.pretty(record));
        held.letGo("list");
        stopped(running, "the window daily 00:00-24:00 UTC closes in ", "and this takes about 1157 days",
                "--outside-window production");
    }

    private void aTagIsPushed() throws IOException {
        held.hold("stop");
        World.Running running = release();
        held.reached(running, "stop");
        Path clone = world.folder.resolve("clone");
        world.git(world.folder, "clone", "-q", world.origin.toString(), clone.toString());
        world.git(clone, "tag", "v0.0.1", "origin/release");
        world.git(clone, "push", "-q", "origin", "v0.0.1");
        held.letGo("stop");
        World.Result result = running.end();
        assertEquals(20, result.exit(), result::all);
        Held.says(result.err(), "origin has a tag v0.0.1 that somebody pushed since the release began",
                "git push origin :refs/tags/v0.0.1", "database  changed: all of the release SQL is committed",
                "git       nothing was pushed", "next      jbang release.java resume");
        assertEquals("1", world.git(world.origin, "rev-list", "--count", "release"));
        Held.says(held.resume(20).err(), "origin has a tag v0.0.1");
        world.git("push", "-q", "origin", ":refs/tags/v0.0.1");
    }

    // Everything on disk is now of tomorrow: backup, record, and a run that was put away then.
    private void theClockWentBack() throws IOException {
        Path folder = world.repo.resolve("_migrations");
        Instant tomorrow = Instant.now().plus(Duration.ofHours(30));
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.from(tomorrow));
            }
        }
        String ahead = Run.SECOND.format(tomorrow.atZone(ZoneId.systemDefault()));
        World.write(folder.resolve("runs/run-" + ahead + ".json"), "{\"release\": {\"step\": \"end\"}}\n");
        String record = world.read("_migrations/run.json").replaceFirst(",\n  \"seal\" : .*\n}\n$", "\n}")
                .replaceFirst("\"stoppedAt\" : \"[^\"]*\"", "\"stoppedAt\" : \"" + tomorrow + "\"");
        world.write("_migrations/run.json", record.replaceFirst("\n}$", ",\n  \"seal\" : \"" + Hash.of(record)
                + "\"\n}\n"));
        Held.says(held.status(), "from now: the clock of this machine was set back", "jbang release.java resume");
        // Killed when the remote has the push: what was seen before that is what the new version is told by.
        Path hook = World.script(world.origin.resolve("hooks/post-receive"),
                "grep -q refs/heads/release && kill -9 \"$(cat '" + folder.resolve("lock") + "')\"\n");
        held.resume(137);
        Files.delete(hook);
        Held.says(held.status(), "NOT KNOWN", "origin/release holds all of main");
        answer = "else";
        World.Result end = held.resume(0);
        Held.says(end.err(), "release holds main", "! web: HTTP 200 with another answer than before the push;"
                + " whether that is the new version, nothing tells");
        Held.says(end.err(), "how long nobody could use it is not known: this machine's clock was set back");
        Held.says(end.out(), "look whether web runs the new version: nothing here tells");
        assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        assertEquals("v0.0.1", world.git(world.origin, "tag"));
        String last = held.status();
        assertFalse(last.contains("last finished: run-" + ahead), last);
    }
}
