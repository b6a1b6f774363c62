//SOURCES Held.java World.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import lib.Json;
import lib.Postgres;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** What surrounds the apply: services, the final backup, variables, version, deploy, data after it. */
@Order(1)
class FlowsTest {
    /**
     * Railway: the last write comes while it goes down, a push of the release branch is deployed, and a value is taken
     * from standard input only.
     */
    private static final String RAILWAY = """
            here=$(dirname "$0")
            echo "$*" >> "$here/log"
            case "$1 $2" in
              'deployment list') echo "[$(cat "$here/deployments" | paste -sd, -)]" ;;
              'down -y') sed -i 's/SUCCESS/REMOVED/' "$here/deployments"
                  "$PSQL" -Xqc "INSERT INTO sessions (email, expires_at) VALUES ('last@example.com', now())" ;;
              'variable list') echo "{$(cat "$here/variables" | paste -sd, -)}" ;;
              'variable set') printf '"%s": "%s"\\n' "$3" "$(cat)" >> "$here/variables" ;;
              'variable delete') sed -i "/\\"$3\\"/d" "$here/variables" ;;
              *) echo "no such command: $*" >&2; exit 2 ;;
            esac
            """;
    private static final String DEPLOYED = """
            while read old new ref; do
              test "$ref" = refs/heads/release || continue
              printf '{"id":"new","status":"SUCCESS","createdAt":"2026-11-29","meta":{"commitHash":"%%s"}}\\n' "$new" \\
                >> '%s/deployments'
            done
            """;
    private static final String TIDY = "\n## Tidy\n```sql\n%s;\n```\n";

    private static void settings(World world, String production, String more) {
        world.write("release.json", "{\"checks\": [[\"git\", \"--version\"]], " + more
                + "\"environments\": {\"production\": {\"url\": {\"env\": \"PROD_DATABASE_URL\"}, " + production + "},"
                + " \"staging\": {\"url\": {\"env\": \"STAGING_DATABASE_URL\"}}}}\n");
    }

    private static World.Result approved(World world, String... options) {
        World.Result asked = world.run("release", with(List.of("--json"), options));
        assertEquals(11, asked.exit(), asked::all);
        String[] words = asked.json().at("/facts/approve").asText().split(" ");
        String hashes = words[List.of(words).indexOf("--approve") + 1];
        return world.run("release", with(List.of("--json", "--approve", hashes), options));
    }

    private static String[] with(List<String> first, String... options) {
        List<String> all = new java.util.ArrayList<>(List.of(options));
        all.addAll(first);
        return all.toArray(String[]::new);
    }

    @Test
    void aReleaseAtRailwayIsStoppedSavedNumberedDeployedAndCleanedUp() throws IOException {
        try (World world = World.drizzle()) {
            world.knowsPsql();
            Path bin = world.folder.resolve("bin");
            World.script(bin.resolve("railway"), RAILWAY);
            World.write(bin.resolve("deployments"),
                    "{\"id\":\"old\",\"status\":\"SUCCESS\",\"createdAt\":\"2026-11-01\",\"meta\":{}}\n");
            World.write(bin.resolve("variables"), "\"ALLOWED_EMAIL\": \"boss@example.com\"\n");
            World.script(world.origin.resolve("hooks/post-receive"), DEPLOYED.formatted(bin));
            world.environment.put("PATH", bin + ":" + System.getenv("PATH"));
            settings(world, "\"services\": {\"web\": {\"railway\": {\"service\": \"web\"}}}",
                    "\"version\": {\"file\": \"package.json\", \"changelog\": \"CHANGELOG.md\"}, ");
            world.write("package.json", "{\n  \"name\": \"app\",\n  \"version\": \"1.2.3\"\n}\n");
            world.write("MIGRATIONS.md", world.read("MIGRATIONS.md")
                    + TIDY.formatted("UPDATE notes_of_old SET id = 2"));
            world.execute("CREATE TABLE notes_of_old (id int)", "INSERT INTO notes_of_old VALUES (1)");
            world.push("feat: users");

            World.Result released = approved(world, "--apply-env");
            assertEquals(0, released.exit(), released::all);
            assertTrue(released.err().contains("web is removed at Railway"), released::all);
            Path backup = world.repo.resolve(released.json().at("/facts/backup/file").asText());
            JsonNode saved = Json.MAPPER.readTree(Path.of(backup + ".json").toFile());
            assertTrue(saved.toString().contains("sessions"), saved::toString);
            assertTrue(released.err().contains(backup.getFileName() + " holds the last write"), released::all);
            assertEquals(2L, Files.list(backup.getParent()).filter(file -> file.toString().endsWith(".dump")).count()
                    - 1, "one backup of the proposal, two of the release");
            assertTrue(released.err().contains("Railway: SUCCESS"), released::all);
            assertTrue(released.err().contains("nobody could use it for "), released::all);
            JsonNode downtime = released.json().at("/facts/downtime");
            assertTrue(downtime.path("seconds").asDouble() > 0, downtime::toString);
            assertTrue(downtime.at("/forecast/seconds").asDouble() > 0, downtime::toString);
            assertEquals(downtime.at("/forecast/seconds").asDouble(), downtime.at("/forecast/sql").asDouble()
                    + downtime.at("/forecast/backup").asDouble(), 0.0001);
            assertTrue(World.read(world.newest("report-.*\\.md")).contains("forecast were "), released::all);

            assertEquals("\"ALLOWED_EMAILS\": \"boss@example.com\"\n", World.read(bin.resolve("variables")));
            String log = World.read(bin.resolve("log"));
            assertFalse(log.contains("boss"), log);
            assertTrue(log.contains("variable set ALLOWED_EMAILS --stdin --skip-deploys -e production -s web"), log);
            assertTrue(log.indexOf("down -y") < log.indexOf("variable set"), log);
            assertFalse(released.all().contains("boss@example.com"), "no value is shown");

            assertEquals("2", world.sql("SELECT id FROM notes_of_old"), released::all);
            assertTrue(World.read(world.newest("data-.*\\.sql")).contains("UPDATE notes_of_old"));
            assertFalse(World.read(world.newest("release-.*\\.sql")).contains("notes_of_old"));

            assertEquals("v1.3.0", world.git(world.origin, "tag"));
            assertEquals(world.git("rev-parse", "HEAD"), world.git(world.origin, "rev-parse", "v1.3.0^{commit}"));
            assertEquals("release: 1.3.0", world.git("log", "-1", "--format=%s"));
            assertTrue(world.read("package.json").contains("\"version\": \"1.3.0\""));
            assertTrue(world.read("CHANGELOG.md").matches("(?s)# Changelog\n\n## 1\\.3\\.0 - .*\n- feat: users\n.*"));
        }
    }

    // One column more than the five migrations that production has.
    private static void additive(World world) {
        world.git("rm", "-rq", "drizzle");
        World.copy(World.FIXTURE.resolve("drizzle-release5"), world.repo.resolve("drizzle"));
        world.write("MIGRATIONS.md", "# Notes\n<!-- Add entries below this line -->\n");
        world.migration("0005_colour", "ALTER TABLE \"sessions\" ADD COLUMN \"colour\" text;");
    }

    @Test
    void dataThatWaitsForADeployNobodyAwaitsIsRunByResumeAndOnlyOnce() throws Exception {
        try (World world = World.drizzle()) {
            world.git("rm", "-rq", "drizzle");
            World.copy(World.FIXTURE.resolve("drizzle-release5"), world.repo.resolve("drizzle"));
            world.execute("CREATE TABLE counted (n int)", "INSERT INTO counted VALUES (1)");
            world.write("MIGRATIONS.md", "# Notes\n<!-- Add entries below this line -->\n"
                    + TIDY.formatted("UPDATE counted SET n = n + 1"));
            settings(world, "\"services\": {}", "");
            world.push("count");
            World.Result result = approved(world);
            assertEquals(20, result.exit(), result::all);
            assertTrue(result.err().contains("nothing here tells when it answers"), result::all);
            assertTrue(result.err().contains("jbang release.java resume --deployed"), result::all);
            assertEquals("1", world.sql("SELECT n FROM counted"));
            World.Result again = world.run("release", "resume");
            assertEquals(20, again.exit(), again::all);
            Held.Terminal asked = new Held(world).new Terminal("release", "resume")
                    .answer("Type deployed when it does:", "\u0003");
            assertEquals(20, asked.end(), asked::shown);
            Held.says(asked.shown(), "What is true now:", "git       pushed", "next      jbang release.java resume");
            assertEquals("1", world.sql("SELECT n FROM counted"));

            killedBetweenItsCommitAndTheRecord(world);
            World.Result status = world.run("release", "status");
            assertTrue(status.out().contains("all of the data SQL is committed"), status::all);
            World.Result resumed = world.run("release", "resume", "--deployed");
            assertEquals(0, resumed.exit(), resumed::all);
            assertTrue(resumed.err().contains("all of the data SQL is committed already"), resumed::all);
            assertEquals("2", world.sql("SELECT n FROM counted"));
            assertNull(world.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'release_journal'"));
            World.Result nothing = world.run("release", "resume", "--deployed");
            assertEquals(10, nothing.exit(), nothing::all);
            assertEquals("2", world.sql("SELECT n FROM counted"));
        }
    }

    // Held before its COMMIT for a copy of the record, and after it for the kill: production alone knows of the COMMIT.
    private static void killedBetweenItsCommitAndTheRecord(World world) throws Exception {
        String record;
        try (Connection row = Postgres.write(world.production, "row");
                Connection journal = Postgres.write(world.production, "journal")) {
            row.setAutoCommit(false);
            Postgres.execute(row, "SELECT * FROM counted FOR UPDATE");
            World.Running running = world.begin("release", "resume", "--deployed");
            Held.until(running, () -> waits(world, "UPDATE counted"));
            record = world.read("_migrations/run.json");
            journal.setAutoCommit(false);
            Postgres.execute(journal, "CREATE TABLE release_journal.holds (id int)");
            row.rollback();
            Held.until(running, () -> waits(world, "DROP SCHEMA"));
            running.process().destroyForcibly();
            running.end();
            World.execute(World.productionServer().target(null), "SELECT pg_terminate_backend(pid)"
                    + " FROM pg_stat_activity WHERE query LIKE 'DROP SCHEMA%'");
            Held.until(null, () -> !waits(world, "DROP SCHEMA"));
            journal.rollback();
        }
        assertEquals("2", world.sql("SELECT n FROM counted"));
        world.write("_migrations/run.json", record);
    }

    private static boolean waits(World world, String query) {
        return !world.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND wait_event_type = 'Lock' AND query LIKE '" + query + "%'").equals("0");
    }

    @Test
    void withoutAReleaseBranchTheMissingMigrationsAreAppliedAndAStagingDatabaseIsEmptied() {
        try (World world = World.drizzle()) {
            world.git(world.origin, "update-ref", "-d", "refs/heads/release");
            String never = java.time.LocalDate.now(java.time.ZoneOffset.UTC).plusDays(3).getDayOfWeek().name();
            Path start = World.script(world.folder.resolve("start"), """
                    test ! -e '%1$s/begun' || exit 0
                    touch '%1$s/begun'
                    kill -9 "$(cat _migrations/lock)"
                    """.formatted(world.folder));
            settings(world, "\"windows\": [\"" + never + " 02:00-05:00 UTC\"], \"services\": {\"web\": {\"stop\":"
                    + " [\"true\"], \"start\": [\"" + start + "\"]}}", "");
            world.push("a window");
            World.Result closed = world.run("release", "apply");
            assertEquals(10, closed.exit(), closed::all);
            assertTrue(closed.err().contains("production may be changed only in its windows"), closed::all);
            assertTrue(closed.err().contains("jbang release.java apply --outside-window production"), closed::all);
            assertEquals(2, world.run("release", "apply", "--outside-window", "staging").exit());

            World.Result asked = world.run("release", "apply", "--json", "--outside-window", "production");
            assertEquals(11, asked.exit(), asked::all);
            String command = asked.json().at("/facts/approve").asText();
            assertTrue(command.startsWith("jbang release.java apply --approve "), command);
            World.Result applied = world.run("release", command.replaceFirst("jbang release.java ", "").split(" "));
            assertEquals(137, applied.exit(), applied::all);
            Held.says(world.run("release", "status").out(), "stopped at start", "jbang release.java resume");
            applied = world.run("release", "resume");
            assertEquals(0, applied.exit(), applied::all);
            assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertTrue(applied.out().contains("Migrated production."), applied::all);
            assertEquals("", world.git(world.origin, "for-each-ref", "refs/heads/release"));

            world.environment.put("STAGING_DATABASE_URL", world.url());
            World.Result same = world.run("release", "reset", "--env", "staging", "--type-name",
                    world.production.database());
            assertEquals(10, same.exit(), same::all);
            assertTrue(same.err().contains("staging is production's own database"), same::all);
            assertEquals(2, world.run("release", "reset").exit(), "production by name");
            try (World staging = World.of("staging of flows", "drizzle_at_5")) {
                world.environment.put("STAGING_DATABASE_URL", staging.url());
                World.Result unsure = world.run("release", "reset", "--env", "staging", "--type-name", "other");
                assertEquals(11, unsure.exit(), unsure::all);
                World.Result reset = world.run("release", "reset", "--env", "staging", "--type-name",
                        "staging of flows");
                assertEquals(0, reset.exit(), reset::all);
                assertEquals("0", staging.sql("SELECT count(*) FROM pg_class WHERE relnamespace ="
                        + " 'public'::regnamespace"));
                assertEquals(null, staging.sql("SELECT to_regnamespace('drizzle')"));
                assertTrue(reset.out().contains("is empty: "), reset::all);
            }
            assertEquals("7", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
        }
    }

    @Test
    void whatBlocksNobodyIsReleasedWithoutAStopAndAWaitThatIsInterruptedEndsWithTwenty() throws Exception {
        try (World world = World.drizzle()) {
            additive(world);
            settings(world, "\"services\": {\"web\": {\"stop\": [\"false\"], \"deployed\": [\"false\"]}}", "");
            world.push("a column, and a deploy that never ends");
            World.Result forced = approved(world, "--stop");
            assertEquals(10, forced.exit(), forced::all);
            assertTrue(forced.err().contains("service web cannot be stopped"), forced::all);
            String coloured = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'sessions'::regclass"
                    + " AND attname = 'colour'";
            assertEquals("0", world.sql(coloured), forced::all);
            assertEquals("1", world.git(world.origin, "rev-list", "--count", "release"), forced::all);
            World.Result asked = world.run("release", "--json");
            assertTrue(asked.err().contains("stops      nothing: the rehearsal shows that nobody has to wait"),
                    asked::all);
            World.Running running = world.begin("release", "--approve",
                    asked.json().at("/facts/sql/sha256").asText());
            while (!World.read(running.err()).contains("waiting for web")) {
                assertTrue(running.process().isAlive(), () -> World.read(running.err()));
                Thread.sleep(100);
            }
            lib.Exec.of("kill", "-INT", String.valueOf(running.process().pid())).run();
            World.Result result = running.end();
            assertEquals(20, result.exit(), result::all);
            assertTrue(result.err().contains("git       pushed"), result::all);
            assertTrue(result.err().contains("nothing was stopped: what was written since the backup is in the"),
                    result::all);
            assertTrue(result.err().contains("next      jbang release.java resume"), result::all);
            assertEquals("1", world.sql(coloured), result::all);
            assertEquals("6", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"), result::all);
            String released = world.git(world.origin, "rev-parse", "release");
            assertEquals(world.git("rev-parse", "main"), released, result::all);
            world.environment.put("RELEASE_DEPLOY_SECONDS", "0");
            World.Result late = world.run("release", "resume");
            assertEquals(20, late.exit(), late::all);
            assertTrue(late.err().contains("the new version of web did not come up within 0 s"), late::all);
            Held.says(world.run("release", "status").out(), "jbang release.java resume");
            World.Result end = world.run("release", "resume", "--deployed");
            assertEquals(0, end.exit(), end::all);
            assertEquals(released, world.git(world.origin, "rev-parse", "release"), "nothing is pushed twice");
            assertEquals("6", world.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"), "and nothing runs twice");
            Held.says(world.run("release", "status").out(), "none is under way", "6 migrations applied, none pending");
        }
    }
}
