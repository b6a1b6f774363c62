//SOURCES Held.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import lib.Hash;
import lib.Postgres;
import org.junit.jupiter.api.Test;

/** Ctrl-C where a release asks or waits; the waits for a lock and for a deploy are in CrashTest and FlowsTest. */
class InterruptTest {
    private static final String CTRL_C = "\u0003";

    private static void toldOnce(String shown, String... words) {
        assertEquals(2, shown.split("What is true now:", -1).length, shown);
        assertFalse(shown.contains("Exception") || shown.contains("\tat "), shown);
        Held.says(shown, words);
    }

    @Test
    void atEveryQuestionItEndsTheReleaseAndNothingIsChanged() throws Exception {
        try (World world = World.drizzle()) {
            Held held = new Held(world);
            world.write("release.json", "{\"checks\": [[\"%s\", \"checks\"]]}\n".formatted(held.gate));
            world.migration("0007_less", "ALTER TABLE \"food_logs\" DROP COLUMN \"meal\";");
            world.push("no meals");
            String[] truth = {"database  not changed", "service   not touched", "git       nothing was pushed"};

            held.hold("checks");
            Held.Terminal together = held.new Terminal("release");
            held.reached(null, "checks");
            together.type(CTRL_C);
            assertEquals(130, together.end(), together::shown);
            toldOnce(together.shown(), truth);
            held.letGo("checks");
            held.hold("checks");
            World.Running alone = world.begin("release");
            held.reached(alone, "checks");
            List<ProcessHandle> started = alone.process().descendants().toList();
            assertFalse(started.isEmpty());
            Held.interrupt(alone);
            assertEquals(130, alone.end().exit(), () -> World.read(alone.err()));
            toldOnce(World.read(alone.err()), truth);
            Held.until(null, () -> started.stream().noneMatch(ProcessHandle::isAlive));
            held.letGo("checks");

            String url = world.environment.put("PROD_DATABASE_URL", null);
            Held.Terminal secret = held.new Terminal("release").answer("(not shown):", CTRL_C);
            assertEquals(130, secret.end(), secret::shown);
            toldOnce(secret.shown(), truth);
            world.environment.put("PROD_DATABASE_URL", url);

            Held.Terminal decide = held.new Terminal("release").answer("1. these values are not needed", CTRL_C);
            assertEquals(130, decide.end(), decide::shown);
            toldOnce(decide.shown(), truth);
            Held.says(held.status(), "stopped at assess");

            Held.Terminal confirm = held.new Terminal("release").answer("1. these values are not needed", "1\n")
                    .answer("Type yes to release:", CTRL_C);
            assertEquals(130, confirm.end(), confirm::shown);
            toldOnce(confirm.shown(), truth);
            Held.says(held.status(), "stopped at confirm");
            assertEquals("5", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        }
    }

    @Test
    void whileSessionsAreWaitedForItSaysThatTheServiceIsStopped() throws Exception {
        try (World world = World.drizzle()) {
            world.write("release.json", """
                    {"checks": [["git", "--version"]], "environments": {"production": {
                      "url": {"env": "PROD_DATABASE_URL"},
                      "services": {"web": {"stop": ["true"], "start": ["echo", "back"]}}}}}
                    """);
            world.push("settings");
            Path script = World.FIXTURE.resolve("release.sql");
            try (Connection web = Postgres.write(world.production, "web")) {
                World.Running release = world.begin("release", "--sql", script.toString(), "--approve",
                        Hash.of(script));
                Held.until(release, () -> World.read(release.err()).contains("waiting for app (release web)"));
                Held.interrupt(release);
                World.Result result = release.end();
                assertEquals(130, result.exit(), result::all);
                toldOnce(result.err(), "database  not changed", "service   STOPPED; start it: echo back");
                assertEquals("1", Postgres.one(web, "SELECT 1"), "nobody's session is ended");

                // Those that come next get nowhere, and do not forget what stands still; staging is another matter.
                World.Result staging = world.run("release", "apply", "--env", "staging");
                assertNotEquals(0, staging.exit(), staging::all);
                assertFalse(staging.err().contains("STOPPED"), staging::all);
                world.write("stray.txt", "not committed\n");
                World.Result next = world.run("release");
                assertEquals(10, next.exit(), next::all);
                String down = "not touched by this release, and STOPPED by the one before; start it: echo back";
                Held.says(next.err(), "the services are " + down, "service   " + down);
                World.Result status = world.run("release", "status");
                Held.says(status.out(), "service then   " + down);
            }
        }
    }
}
