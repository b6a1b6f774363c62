//SOURCES DigitalOceanServer.java PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import lib.Exec;
import lib.Json;
import lib.Target;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** This machine let through a provider's firewall as long as it works with the database, and not a moment longer. */
@Order(1)
class FirewallTest extends PreflightCase {
    private static final String OWN = "ip_addr:" + DigitalOceanServer.OWN;
    private static final List<String> OTHERS = List.of("tag:backend", "droplet:163973392");

    private DigitalOceanServer ocean;

    @BeforeEach
    void makeFirewall() {
        ocean = new DigitalOceanServer(world.production.port());
        world.environment.put("DIGITALOCEAN_API_URL", ocean.url());
        world.environment.put("DIGITALOCEAN_API_TOKEN", DigitalOceanServer.TOKEN);
        url(behind(ocean, world.production));
        setting("\"address\": \"" + DigitalOceanServer.OWN + "\"");
    }

    @AfterEach
    void removeFirewall() {
        ocean.close();
    }

    @Override
    String only() {
        return "db.reach";
    }

    private static Target behind(DigitalOceanServer ocean, Target production) {
        return new Target("127.0.0.1", ocean.door, production.database(), production.user(), production.password(),
                production.parameters());
    }

    private void setting(String address) {
        write(world, """
                {"database": "%s", "token": {"env": "DIGITALOCEAN_API_TOKEN"}%s}
                """.strip().formatted(DigitalOceanServer.DATABASE, address.isEmpty() ? "" : ", " + address));
    }

    private static void write(World world, String digitalocean) {
        world.write("release.json", "{\"checks\": [[\"git\", \"--version\"]], \"environments\": {\"production\": "
                + "{\"url\": {\"env\": \"PROD_DATABASE_URL\"}, \"firewall\": {\"digitalocean\": " + digitalocean
                + "}}}}");
    }

    private List<Path> leases() {
        return leases(world);
    }

    private static List<Path> leases(World world) {
        try (var files = Files.newDirectoryStream(world.repo.resolve("_migrations"), "firewall-*.json")) {
            List<Path> found = new ArrayList<>();
            files.forEach(found::add);
            return found;
        } catch (IOException e) {
            return List.of();
        }
    }

    private static List<String> and(String rule) {
        List<String> all = new ArrayList<>(OTHERS);
        all.add(rule);
        return all;
    }

    private static void await(BooleanSupplier state, World.Running running) throws InterruptedException {
        for (int i = 0; i < 600 && !state.getAsBoolean(); i++) {
            assertTrue(running.process().isAlive(), () -> World.read(running.err()));
            Thread.sleep(50);
        }
        assertTrue(state.getAsBoolean(), () -> World.read(running.err()));
    }

    /** A preflight that waits before a firewall which never opens. */
    private World.Running waiting() throws InterruptedException {
        ocean.delay = -1;
        World.Running running = world.begin("preflight", "--json", "--only", "db.reach");
        await(() -> World.read(running.err()).contains("waiting until the firewall lets 203.0.113.7 in"), running);
        assertEquals(and(OWN), ocean.trusted());
        return running;
    }

    @Test
    void theOwnAddressIsTrustedForThatLongAndEveryOtherRuleStaysAsItWas() {
        List<ObjectNode> before = ocean.rules();
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "firewall", "pass", "203.0.113.7 is a trusted source of database " + DigitalOceanServer.DATABASE
                + " until this ends");
        saw(seen, "tunnel", "skip", "names no tunnel to production");
        saw(seen, "db.reach", "pass", "PostgreSQL 15.");
        assertEquals(List.of("PUT tag:backend droplet:163973392 " + OWN, "PUT tag:backend droplet:163973392"),
                ocean.written());
        assertEquals(before, ocean.rules());
        assertTrue(seen.err().contains("203.0.113.7 is no trusted source of database " + DigitalOceanServer.DATABASE
                + " any more"), seen::all);
        assertEquals(List.of(), leases());
    }

    @Test
    void whatIsAddedStandsInTheRunFolderForItsOwnerOnlyBeforeItIsWritten() throws Exception {
        ocean.refusals.addAll(List.of("500", "500", "500", "500"));
        ocean.troubles.clear();
        World.Result seen = stops("firewall", 12, "DigitalOcean's API is in trouble (500)", "run it again");
        saw(seen, "db.reach", "skip", "firewall comes first");
        assertEquals(OTHERS, ocean.trusted());
        World.Running running = waiting();
        Path lease = leases().get(0);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(lease)));
        var what = Json.MAPPER.readTree(lease.toFile());
        assertEquals(DigitalOceanServer.DATABASE, what.path("database").asText());
        assertEquals(DigitalOceanServer.OWN, what.path("address").asText());
        assertEquals(running.process().pid(), what.at("/owner/pid").asLong());
        assertFalse(World.read(lease).contains("S3cret"));
        Exec.of("kill", "-TERM", String.valueOf(running.process().pid())).run();
        running.end();
        assertEquals(OTHERS, ocean.trusted());
    }

    @Test
    void anAddressThatIsTrustedAlreadyIsLeftAlone() {
        ocean.trust("ip_addr", "203.0.113.0/24");
        ocean.trust("ip_addr", DigitalOceanServer.OWN);
        List<String> before = ocean.trusted();
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "firewall", "pass", "203.0.113.7 is a trusted source of database " + DigitalOceanServer.DATABASE
                + " already");
        assertEquals(List.of("GET"), ocean.requests);
        assertEquals(before, ocean.trusted());
        assertEquals(List.of(), leases());
    }

    @Test
    void aDatabaseThatTrustsEverybodyDoesNotGetAFirstRuleThatShutsTheOthersOut() {
        ocean.set(List.of());
        url(world.production);
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "firewall", "warn", "trusts every address there is");
        assertEquals(List.of(), ocean.written());
    }

    @Test
    void aRuleThatTakesAMomentIsWaitedFor() {
        ocean.delay = 1500;
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertTrue(seen.err().contains("waiting until the firewall lets 203.0.113.7 in"), seen::all);
        assertEquals(OTHERS, ocean.trusted());
    }

    @Test
    void whatAColleagueAddsMeanwhileStays() {
        ocean.meanwhile = rules -> {
            List<ObjectNode> more = new ArrayList<>(rules);
            more.add(Json.object().put("type", "ip_addr").put("value", "198.51.100.9").put("description", "home"));
            return more;
        };
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertEquals(and("ip_addr:198.51.100.9"), ocean.trusted());
        assertEquals("home", ocean.rules().get(2).path("description").asText());
    }

    @Test
    void aColleagueWhoWritesOverOurRuleIsNotWrittenOver() {
        ocean.meanwhile = rules -> List.of(rules.get(0),
                Json.object().put("type", "ip_addr").put("value", "198.51.100.9"));
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertEquals("PUT tag:backend ip_addr:198.51.100.9 " + OWN, ocean.written().get(1));
        assertEquals(List.of("tag:backend", "ip_addr:198.51.100.9"), ocean.trusted());
    }

    @Test
    void aRuleOfOthersThatIsGoneAfterTheWriteIsNamed() {
        ocean.meanwhile = rules -> rules.subList(1, 3);
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertTrue(seen.err().contains("the trusted source tag:backend of database " + DigitalOceanServer.DATABASE
                + " is gone since a moment ago"), seen::all);
        assertTrue(seen.err().contains("append " + DigitalOceanServer.DATABASE + " --rule tag:backend"), seen::all);
        assertEquals(List.of("droplet:163973392"), ocean.trusted());
    }

    @Test
    void theLastRuleStaysBecauseWithoutAnyTheDatabaseIsOpenToEverybody() {
        ocean.meanwhile = rules -> List.of(rules.get(2));
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertTrue(seen.err().contains("203.0.113.7 stays: it is the only trusted source"), seen::all);
        assertEquals(List.of(OWN), ocean.trusted());
        assertEquals(1, leases().size());
    }

    @Test
    void whatTheApiRefusesIsToldApart() {
        ocean.troubles.add("401 {\"message\":\"Unable to authenticate you.\"}");
        stops("firewall", 12, "refuses the token of DIGITALOCEAN_API_TOKEN (401: Unable to authenticate you.)",
                "database:update");
        ocean.refusals.add("403 {\"message\":\"You are not authorized to perform this operation.\"}");
        stops("firewall", 12, "may not see or change who is trusted by database", "database:update");
        ocean.troubles.add("404 {}");
        stops("firewall", 12, "has no database " + DigitalOceanServer.DATABASE, "doctl databases list");
        ocean.troubles.add("429 {} Retry-After: 3000");
        stops("firewall", 12, "takes no more requests for now (429)", "wait 3000 s");
        ocean.troubles.add("200 <html>a portal</html>");
        stops("firewall", 12, "answered with something that is no list of rules", "DIGITALOCEAN_API_URL");
        ocean.troubles.add("200 {\"links\": {}}");
        stops("firewall", 12, "answered with something that is no list of rules", "DIGITALOCEAN_API_URL");
        assertEquals(OTHERS, ocean.trusted());
        assertEquals(List.of("PUT answered 403"), ocean.written());
        assertEquals(List.of(), leases());
    }

    @Test
    void whatMayPassIsTriedAgainAfterTheTimeThatTheApiAsksFor() {
        ocean.troubles.addAll(List.of("429 {} Retry-After: 0", "503"));
        ocean.refusals.add("429 {} Retry-After: 0");
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        assertEquals(List.of("GET answered 429", "GET answered 503", "GET", "PUT answered 429", "GET"),
                ocean.requests.subList(0, 5));
        assertEquals(OTHERS, ocean.trusted());
    }

    @Test
    void mistakesInTheSettingAreNamed() {
        setting("");
        stops("firewall", 2, "this machine's public IPv4 address is not known: its own is 127.0.0.1", "\"address\"");
        setting("\"address\": \"2001:db8::1\"");
        stops("firewall", 2, "is an IPv6 address; DigitalOcean does not take", "IPv4");
        setting("\"address\": \"0.0.0.0/0\"");
        stops("firewall", 2, "lets 0.0.0.0/0 in", "/16 or narrower");
        setting("\"address\": \"my house\"");
        stops("firewall", 2, "is no IPv4 address: my house", "203.0.113.0/24");
        setting("\"address\": {\"url\": \"http://example.com\"}");
        stops("firewall", 2, "is not an https:// URL", "https://");
        setting("\"address\": {\"env\": \"MY_ADDRESS\"}");
        stops("firewall", 2, "MY_ADDRESS (this machine's address) is not set", "export MY_ADDRESS=");
        world.environment.put("DIGITALOCEAN_API_URL", "http://example.com");
        stops("firewall", 2, "DIGITALOCEAN_API_URL is not an https:// URL", "https://");
        world.environment.put("DIGITALOCEAN_API_TOKEN", null);
        assertEquals(2, gates().exit());
        assertEquals(2, world.run("backup").exit());
        assertEquals(List.of(), ocean.requests);
    }

    @Test
    void theAddressMayComeFromAVariableOrFromAHostThatTellsIt() {
        setting("\"address\": {\"env\": \"MY_ADDRESS\"}");
        world.environment.put("MY_ADDRESS", " " + DigitalOceanServer.OWN + "\n");
        assertEquals(0, gates().exit());
        setting("\"address\": {\"url\": \"" + ocean.url() + "/whoami\"}");
        ocean.troubles.add("200 " + DigitalOceanServer.OWN);
        World.Result seen = gates();
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "firewall", "pass", "203.0.113.7 is a trusted source");
        ocean.troubles.add("200 <html>");
        stops("firewall", 2, "is no IPv4 address: <html>", "IPv4");
        assertEquals(OTHERS, ocean.trusted());
    }

    @Test
    void interruptedTheRuleIsTakenBackBeforeTheEnd() throws Exception {
        World.Running running = waiting();
        Exec.of("kill", "-INT", String.valueOf(running.process().pid())).run();
        World.Result seen = running.end();
        assertEquals(130, seen.exit(), seen::all);
        assertEquals(OTHERS, ocean.trusted());
        assertEquals(List.of(), leases());
    }

    @Test
    void theRuleOfAKilledRunIsTakenBackByTheNextScript() throws Exception {
        World.Running running = waiting();
        running.process().destroyForcibly();
        assertNotEquals(0, running.end().exit());
        assertEquals(and(OWN), ocean.trusted());
        assertEquals(1, leases().size());
        // As long as the API is away the next one says so, and leaves it to the one after it.
        world.environment.put("DIGITALOCEAN_API_URL", "http://127.0.0.1:" + Forwarder.freePort());
        World.Result away = world.run("release", "status");
        assertTrue(away.err().contains("203.0.113.7 may still be a trusted source of database"), away::all);
        assertEquals(1, leases().size());
        // Also when release.json has no firewall any more.
        world.environment.put("DIGITALOCEAN_API_URL", ocean.url());
        world.write("release.json", "{}");
        World.Result status = world.run("release", "status");
        assertEquals(0, status.exit(), status::all);
        assertTrue(status.err().contains("process " + running.process().pid()
                + " ended without taking 203.0.113.7 from"), status::all);
        assertEquals(OTHERS, ocean.trusted());
        assertEquals(List.of(), leases());
    }

    @Test
    void aWholeReleaseOpensItOnce() {
        try (World app = World.drizzle();
                DigitalOceanServer before = new DigitalOceanServer(app.production.port())) {
            app.environment.put("PROD_DATABASE_URL", behind(before, app.production).url());
            app.environment.put("DIGITALOCEAN_API_URL", before.url());
            app.environment.put("DIGITALOCEAN_API_TOKEN", DigitalOceanServer.TOKEN);
            write(app, "{\"database\": \"" + DigitalOceanServer.DATABASE + "\", \"token\": {\"env\": "
                    + "\"DIGITALOCEAN_API_TOKEN\"}, \"address\": \"203.0.113.7\"}");
            app.push("firewall");
            World.Result released = app.run("release", "--json", "--approve", World.proposal());
            assertEquals(0, released.exit(), released::all);
            assertEquals("7", app.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"));
            assertEquals(2, before.written().size(), () -> before.requests + released.all());
            assertEquals(OTHERS, before.trusted());
            assertEquals(List.of(), leases(app));
        }
    }
}
