//SOURCES Held.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import lib.Exec;
import lib.Hash;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * A release of one of two services, with variables at a provider, that is killed in each of the steps that CrashTest
 * leaves out; and the releases after it, on the same day.
 */
@Order(1)
class KillTest {
    private static final String STORE = """
            case "$1" in
              list) '%1$s' list; cat "$0.values" ;;
              set) '%1$s' set; printf '%%s=%%s\\n' "$2" "$(cat)" >> "$0.values" ;;
              remove) '%1$s' remove; sed -i "/^$2=/d" "$0.values" ;;
            esac
            """;

    private static final String RECORD = "_migrations/run.json";

    private World world;
    private Held held;
    private Path values;
    private Path script;
    private String[] options;

    private void make() {
        world = World.drizzle();
        held = new Held(world);
        Path store = World.script(world.folder.resolve("store"), STORE.formatted(held.gate));
        values = world.folder.resolve("store.values");
        World.write(values, "ALLOWED_EMAIL=boss@example.com\n");
        settings("");
        world.push("settings");
        script = world.folder.resolve("mine.sql");
        String text = World.read(World.FIXTURE.resolve("release.sql"));
        World.write(script, text);
        options = new String[] {"--service", "web", "--apply-env", "--sql", script.toString(), "--approve",
            Hash.of(text)};
    }

    // The worker can neither be stopped nor started: whoever touches it fails.
    private void settings(String more) {
        world.write("release.json", """
                {"checks": [["git", "--version"]], "environments": {"production": {%3$s
                  "url": {"env": "PROD_DATABASE_URL"},
                  "services": {"web": {"stop": ["%1$s", "stop"], "start": ["%1$s", "start"],
                                       "deployed": ["%1$s", "deployed"]},
                               "worker": {"stop": ["false"], "start": ["false"], "deployed": ["false"]}},
                  "variables": {"list": ["%2$s", "list"], "set": ["%2$s", "set", "{name}"],
                                "remove": ["%2$s", "remove", "{name}"]}}}}
                """.formatted(held.gate, world.folder.resolve("store"), more));
    }

    private World.Running release() {
        return world.begin("release", options);
    }

    private void assertUntouched() {
        assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        assertNull(world.sql("SELECT to_regclass('users')"));
        assertEquals("1", world.git(world.origin, "rev-list", "--count", "release"));
        Held.says(held.resume(10).err(), "there is no release to finish");
    }

    private String killed(String step, World.Running running) throws InterruptedException {
        Held.kill(running);
        String status = held.status();
        Held.says(status, "stopped at " + step);
        assertFalse(status.contains("AT WORK"), status);
        assertFalse(status.contains("false"), "the worker is no part of this release: " + status);
        return status;
    }

    @Test
    void whereverItIsKilledStatusTellsTheTruthAndTheNextCommandWorks() throws Exception {
        make();
        try (World ended = world) {
            beforeAnythingChanges();
            whileTheServiceIsDown();
            afterTheSqlIsCommitted();
            theNextOnTheSameDayWithoutAFinalBackup();
            theCodeAlone();
        }
    }

    private void beforeAnythingChanges() throws Exception {
        // Without a server that is given one is started, and must not outlive the release.
        String scratch = world.environment.put("RELEASE_SCRATCH_URL", null);
        World.Running assess = release();
        // The phase that lives on sees the end of its owner, and ends the server; between two phases the next run does.
        phase(assess, "assess");
        Held.says(killed("assess", assess), "not changed", "nothing was pushed", "not touched");
        Held.until(null, () -> servers(assess.process().pid()).isEmpty());
        assertUntouched();

        World.Running left = release();
        ProcessHandle validate = phase(left, "validate");
        validate.destroyForcibly();
        World.Result alone = left.end();
        assertEquals(10, alone.exit(), alone::all);
        Held.says(alone.err(), "validate ended with 137 and said nothing that can be read", "not changed");
        Held.until(null, () -> servers(left.process().pid()).isEmpty());
        world.environment.put("RELEASE_SCRATCH_URL", scratch);
        assertUntouched();

        held.hold("list");
        World.Running prepare = release();
        held.reached(prepare, "list");
        Held.says(killed("prepare", prepare), "not changed", "nothing was pushed", "not touched");
        held.letGo("list");

        Held.Terminal confirm = held.new Terminal("release", "--service", "web", "--apply-env", "--sql",
                script.toString());
        confirm.kill("Type yes to release:");
        Held.says(held.status(), "stopped at confirm", "not changed", "nothing was pushed", "not touched",
                "jbang release.java   # when the cause is gone");
        assertUntouched();
    }

    private ProcessHandle phase(World.Running running, String name) {
        held.inStep(running, name);
        Supplier<Optional<ProcessHandle>> found = () -> running.process().children().filter(child ->
                Exec.of("ps", "-ww", "-o", "command=", "-p", String.valueOf(child.pid())).run().out()
                .contains(" " + name + " ")).findFirst();
        Held.until(running, () -> found.get().isPresent());
        return found.get().orElseThrow();
    }

    // What tells whose the servers are that a process started.
    private static List<String> servers(long pid) {
        // By another process: whoever closes a file gives up every lock that he has on it, and some of these are ours.
        return Exec.of("sh", "-c", "grep -ls '^pid " + pid + ",' " + System.getProperty("java.io.tmpdir")
                + "/jbang-release-pg-*/owner").run().lines();
    }

    private void whileTheServiceIsDown() throws Exception {
        World.Running save = release();
        held.inStep(save, "save");
        Held.says(killed("save", save), "not changed", "nothing was pushed",
                "STOPPED; start it: '" + held.gate + "' start");
        assertUntouched();
    }

    private void afterTheSqlIsCommitted() throws Exception {
        held.hold("set");
        World.Running configure = release();
        held.reached(configure, "set");
        Held.says(killed("configure", configure), "changed: all of the release SQL is committed",
                "nothing was pushed", "do not start the old code", "jbang release.java resume");
        held.letGo("set");
        World.Result early = world.run("release");
        assertEquals(20, early.exit(), early::all);
        anEditOfTheRecordIsToldAndNothingIsDone();

        held.hold("deployed");
        World.Running deploy = world.begin("release", "resume");
        held.reached(deploy, "deployed");
        Held.says(killed("deploy", deploy), "changed: all of the release SQL is committed", "pushed",
                "jbang release.java resume");
        held.letGo("deployed");
        String head = world.git(world.origin, "rev-parse", "release");

        held.hold("remove");
        World.Running tidy = world.begin("release", "resume");
        held.reached(tidy, "remove");
        Held.says(killed("tidy", tidy), "pushed", "started", "jbang release.java resume");
        held.letGo("remove");

        World.Result end = held.resume(0);
        assertEquals("ALLOWED_EMAILS=boss@example.com\n", World.read(values), end::all);
        assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        assertEquals("241", world.sql("SELECT count(*) FROM users"));
        assertEquals(head, world.git(world.origin, "rev-parse", "release"), "nothing is pushed twice");
        Held.says(held.status(), "none is under way");

        // Killed between its last word and putting the run away: the record is complete, and still here.
        Path runs = world.repo.resolve("_migrations/runs");
        try (var files = Files.list(runs)) {
            Files.move(files.filter(file -> file.getFileName().toString().matches("run-[\\d-]+\\.json"))
                    .max(Comparator.naturalOrder()).orElseThrow(), world.repo.resolve(RECORD));
        }
        Held.says(held.status(), "stopped after end", "jbang release.java resume");
        World.Result next = world.run("release");
        assertEquals(20, next.exit(), next::all);
        Held.says(held.resume(0).out(), "Released main to production");
        Held.says(held.status(), "none is under way");
    }

    private void anEditOfTheRecordIsToldAndNothingIsDone() {
        String record = world.read(RECORD);
        String edited = "_migrations/run.json is not as the release wrote it: ";
        String[][] edits = {
            {"\"database\" : \"APPLIED\"", "\"database\" : \"BANANA\"", edited + "there is no state BANANA"},
            {"\"kind\" : \"RELEASE\"", "\"kind\" : \"HOLIDAY\"", edited + "there is no kind of release HOLIDAY"},
            {"\"stoppedAt\" : \".*\"", "\"stoppedAt\" : \"yesterday\"", edited + "Text 'yesterday' could not be"},
            {"\"services\" : \\[ \"web\" ]", "\"services\" : [ \"shop\" ]",
                "production has no service \"shop\"; it has web, worker"},
            {"\"certificate\" : \\{", "\"certificate\" : {\"segments\" : 7, \"was\" : 8, ", edited + "it was edited"}};
        for (String[] edit : edits) {
            String text = record.replaceFirst(edit[0], edit[1]);
            assertFalse(text.equals(record), edit[0]);
            world.write(RECORD, text);
            World.Result refused = world.run("release", "resume");
            assertTrue(List.of(2, 10, 20).contains(refused.exit()), refused::all);
            onlySays(refused, edit[2]);
        }
        World.Result back = world.run("release", "rollback");
        onlySays(back, "_migrations/run.json is not as the release wrote it: a certificate is none");
        world.write(RECORD, record.replaceFirst("\"pushed\" : \"NOTHING\"", "\"pushed\" : \"BOTH\""));
        Held.says(held.status(), "NOT as the release wrote it", "7 migrations applied, none pending",
                "origin/release lacks ");
        world.write(RECORD, record);
        assertEquals("1", world.git(world.origin, "rev-list", "--count", "release"));
    }

    private static void onlySays(World.Result refused, String words) {
        Held.says(refused.err(), words, "  -> ");
        assertFalse(refused.err().contains("Exception") || refused.err().contains("\tat "), refused::all);
    }

    private void theNextOnTheSameDayWithoutAFinalBackup() throws Exception {
        Path first = world.newest("release-.*\\.sql");
        String before = World.read(first);
        settings("\"finalBackup\": false,");
        world.migration("0007_colour", "ALTER TABLE \"sessions\" ADD COLUMN \"colour\" text;");
        world.push("a colour");
        World.write(script, "BEGIN;\nLOCK TABLE sessions IN ACCESS EXCLUSIVE MODE;\n"
                + "ALTER TABLE sessions ADD COLUMN colour text;\n"
                + "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('"
                + Hash.of(world.repo.resolve("drizzle/0007_colour.sql")) + "', 1795174137303);\nCOMMIT;\n");
        World.Result next = world.run("release", "--service", "web", "--stop", "--sql", script.toString(),
                "--approve", Hash.of(script));
        assertEquals(0, next.exit(), next::all);
        Held.says(next.err(), "no final backup: what is written until the stop is in no backup",
                "NO FINAL BACKUP, as it was asked for");
        assertEquals("8", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        try (var files = Files.list(world.repo.resolve("_migrations/runs"))) {
            List<String> kept = files.filter(file -> file.toString().endsWith(".sql")).map(World::read).toList();
            assertTrue(kept.contains(before) && kept.contains(World.read(script)), kept::toString);
        }
    }

    private void theCodeAlone() {
        world.write("drizzle/later.txt", "no migration\n");
        world.push("code");
        World.Result nobody = world.run("release", "--service", "shop");
        assertEquals(2, nobody.exit(), nobody::all);
        Held.says(nobody.err(), "production has no service \"shop\"; it has web, worker", "\"services\": {\"shop\"");
        World.Result released = world.run("release", "--deploy-only", "--service", "web");
        assertEquals(0, released.exit(), released::all);
        assertEquals(world.git("rev-parse", "HEAD"), world.git(world.origin, "rev-parse", "release"));
        world.migration("0008_size", "ALTER TABLE \"sessions\" ADD COLUMN \"size\" int;");
        world.push("a size");
        World.Result pending = world.run("release", "--deploy-only", "--service", "web");
        assertEquals(10, pending.exit(), pending::all);
        Held.says(pending.err(), "--deploy-only, and migrations are pending that the new version may need: 0008_size");
        assertNull(world.sql("SELECT 1 FROM information_schema.columns WHERE column_name = 'size'"));
    }
}
