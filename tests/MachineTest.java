//SOURCES PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lib.Exec;
import lib.Scratch;
import lib.Servers;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The gates of the programs and containers of this machine. */
class MachineTest extends PreflightCase {
    @Override
    String only() {
        return "ignored,container,tools.client,tools.version,disk";
    }

    @Test
    void withoutPgDumpItsPackageIsNamed() {
        world.environment.put("RELEASE_PG_CLIENTS", world.folder.toString());
        World.Result seen = stops("tools.client", 12, "there is no working pg_dump on this machine", "install");
        saw(seen, "tools.version", "stop", "the server is PostgreSQL 15 and there is no working pg_dump");
    }

    @Test
    void aPgDumpOlderThanTheServerStops() {
        for (String version : List.of("9.6.24", "13.22")) {
            Path old = world.folder.resolve("old " + version);
            for (String tool : List.of("pg_dump", "pg_restore", "psql")) {
                World.script(old.resolve(tool), "echo '" + tool + " (PostgreSQL) " + version + "'\n");
            }
            world.environment.put("RELEASE_PG_CLIENTS", old.toString());
            World.Result seen = stops("tools.version", 12, "found: " + version + " in " + old,
                    "install pg_dump 15 or newer");
            saw(seen, "tools.client", "pass", "pg_dump " + version);
        }
    }

    @Test
    void withoutAComposeFileNoContainerIsLookedFor() throws IOException {
        saw(gates(), "container", "skip", "no compose file");
    }

    @Test
    void withoutDockerTheOtherServerIsNamedAndTheReleaseGoesOn() throws IOException {
        compose();
        barePath();
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "container", "warn", "docker is not installed; the rehearsal uses the server of RELEASE_SCRATCH_URL");
        assertTrue(seen.gate("container").path("hint").asText().contains("docker"), seen::all);
        world.environment.put("RELEASE_SCRATCH_URL", null);
        saw(gates(), "container", "warn", "docker is not installed; the rehearsal uses the server in ");
    }

    @Test
    void anEngineThatDoesNotAnswerAndAMissingPluginAreToldApart() {
        compose();
        standIn("docker", "echo 'Cannot connect to the Docker daemon' >&2\nexit 1\n");
        saw(gates(), "container", "warn", "docker is installed, but its engine does not answer; ");
        standIn("docker", "echo 'permission denied while trying to connect' >&2\nexit 1\n");
        saw(gates(), "container", "warn", "this user may not talk to its engine");
        standIn("docker", "[ $1 = info ] && { echo 27.1; exit; }\n"
                + "echo 'docker: unknown command: docker compose' >&2\nexit 1\n");
        saw(gates(), "container", "warn", "not its compose plugin");
    }

    private static final String COMPOSE = """
            case "$*" in
                info*) echo 27.1;;
                *config*) echo '{"services": {"web": {"image": "node"}, "store": {"image": "postgres:15"},
                          "rest": {"image": "postgrest/postgrest"}}}';;
                *ps*) cat _migrations/up 2>/dev/null;;
                *up*) [ %1$s = 0 ] && echo store > _migrations/up; exit %1$s;;
            esac
            """;

    @Test
    void aDatabaseServiceThatIsDownIsStarted() throws IOException {
        compose();
        Path record = standIn("docker", COMPOSE.formatted("0"));
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "container", "pass", "docker 27.1, service store started");
        assertTrue(World.read(record).contains("compose up --detach --wait store\n"), () -> World.read(record));
        saw(gates(), "container", "pass", "docker 27.1, service store running");
        assertEquals(1, World.read(record).lines().filter(line -> line.contains(" up ")).count());
        Files.delete(world.repo.resolve("_migrations/up"));
        standIn("docker", COMPOSE.formatted("1"));
        saw(gates(), "container", "warn", "the compose service store does not start");
    }

    @Test
    void onAMacOrbStackAtRestIsStarted() {
        compose();
        world.environment.put("JAVA_TOOL_OPTIONS", "\"-Dos.name=Mac OS X\"");
        standIn("docker", COMPOSE.formatted("0"));
        Path record = standIn("orb", "[ $1 = status ] && echo Stopped\nexit 0\n");
        saw(gates(), "container", "pass", "OrbStack, started, service store started");
        assertEquals("status\nstart\n", World.read(record));
    }

    @Test
    void anOlderComposeIsAskedWhereThePluginIsMissing() {
        compose();
        standIn("docker", "[ $1 = info ] && { echo 27.1; exit; }\n"
                + "echo \"docker: 'compose' is not a docker command.\" >&2\nexit 1\n");
        Path record = standIn("docker-compose", COMPOSE.formatted("0"));
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "container", "pass", "docker 27.1, service store started");
        assertTrue(World.read(record).contains("up --detach --wait store\n"), () -> World.read(record));
    }

    @Test
    void aPortThatIsTakenIsToldWithTheWayToSeeWhoHasIt() {
        compose();
        standIn("docker", COMPOSE.formatted("1").replace("exit 1;;",
                "echo 'Bind for 0.0.0.0:5432 failed: port is already allocated' >&2; exit 1;;"));
        World.Result seen = gates();
        saw(seen, "container", "warn", "port is already allocated; the rehearsal uses the server of RELEASE");
        assertTrue(seen.gate("container").path("hint").asText().startsWith("docker ps --format"), seen::all);
    }

    @Test
    void aServiceOlderThanProductionAndTwoServicesAreNoServerToRehearseOn() {
        compose();
        standIn("docker", COMPOSE.formatted("0").replace("postgres:15", "postgis/postgis:13-3.4"));
        saw(gates(), "container", "warn", "service store is PostgreSQL 13, older than production's 15");
        standIn("docker", COMPOSE.formatted("0").replace("postgrest/postgrest", "pgvector/pgvector:pg16"));
        saw(gates(), "container", "warn", "more than one database: store, rest");
    }

    @Test
    void anOrbStackThatDoesNotStartAndAMacWithNothingAreToldApart() throws IOException {
        compose();
        barePath();
        world.environment.put("JAVA_TOOL_OPTIONS", "\"-Dos.name=Mac OS X\"");
        World.Result seen = gates();
        saw(seen, "container", "warn", "docker is not installed; the rehearsal uses");
        assertEquals("brew install orbstack", seen.gate("container").path("hint").asText());
        standIn("orb", "[ $1 = status ] && { echo Stopped; exit; }\necho 'no license' >&2\nexit 1\n");
        seen = gates();
        saw(seen, "container", "warn", "OrbStack does not start: no license; ");
        assertEquals("orb start", seen.gate("container").path("hint").asText());
    }

    @Test
    void withoutAnyServerTheReleaseStopsNowUnlessThatWasAccepted() {
        World.write(world.folder.resolve("file"), "");
        world.environment.put("RELEASE_SCRATCH_URL", null);
        world.environment.put("RELEASE_PG_BINS", world.folder.toString());
        world.environment.put("XDG_CACHE_HOME", world.folder.resolve("file").toString());
        stops("tools.version", 12, "there is no server to rehearse on: ", "add --unrehearsed");
        World.Result seen = gates("--unrehearsed");
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "tools.version", "warn", "accepted by --unrehearsed");
        compose();
        standIn("docker", "echo 'Cannot connect to the Docker daemon' >&2\nexit 1\n");
        stops("container", 12, "its engine does not answer; and there is no other server: ", "systemctl start docker");
    }

    @Test
    void aServerToRehearseOnThatIsOlderThanProductionStops() {
        try (Scratch older = Scratch.start(Servers.fitting(14))) {
            world.environment.put("RELEASE_SCRATCH_URL", older.target(null).url());
            stops("tools.version", 12, "is PostgreSQL 14, and production's 15 needs one that is not older",
                    "unset RELEASE_SCRATCH_URL");
        }
    }

    @Test
    void aDiskThatIsTooSmallForTheBackupStopsBeforeItIsMade() throws IOException {
        World.Result enough = gates();
        saw(enough, "disk", "pass", "free");
        assertTrue(enough.json().at("/facts/databaseBytes").asLong() > 1_000_000);
        Path folder = world.repo.resolve("_migrations");
        Assumptions.assumeTrue(Exec.of("mount", "-t", "tmpfs", "-o", "size=1m", "none", folder.toString()).run().ok(),
                "no right to mount a small disk");
        try {
            stops("disk", 12, "there is not enough room: about ", "df -h '" + folder);
        } finally {
            Exec.of("umount", folder.toString()).run();
        }
    }
}
