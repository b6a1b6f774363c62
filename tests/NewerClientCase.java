//SOURCES BackupCase.java World.java ../lib/Clients.java

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Optional;
import lib.Clients;
import lib.Exec;
import lib.Scratch;
import lib.Servers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/**
 * What the tests of newer clients share: pg_dump and pg_restore that know zstd, as they are from 16 on, and are all
 * that a machine has; and a production of their own major. Where they are not installed, RELEASE_TEST_CLIENT names
 * their folder.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class NewerClientCase extends BackupCase {
    private static final String VARIABLE = "RELEASE_TEST_CLIENT";
    static final int KNOWS_ZSTD = 16;

    Clients.Client newer;
    World world;
    /** A backup of it, with what lies beside it. */
    Path good;
    private Scratch server;

    @BeforeAll
    void makeABackup() {
        Optional<Clients.Client> found = found();
        assumeTrue(found.isPresent(), "no pg_dump of " + KNOWS_ZSTD + " or newer is here; " + VARIABLE
                + " names the folder of one: .ci/newer-client trixie 17 FOLDER makes it");
        newer = found.get();
        server = Scratch.start(Servers.fitting(newer.major()));
        world = World.drizzleOn(server.target(null));
        makeBallast(world);
        world.execute("CREATE FUNCTION odd() RETURNS int LANGUAGE sql AS '/*\n\\restrict x\n*/ SELECT 1'");
        // Production's server is none to rehearse on, and the one that all tests share is older.
        world.environment.put("RELEASE_SCRATCH_URL", null);
        has(world, newer);
        good = backup(world);
    }

    private static Optional<Clients.Client> found() {
        String named = System.getenv(VARIABLE);
        if (named == null) {
            return Clients.all().stream().filter(client -> client.major() >= KNOWS_ZSTD).findFirst();
        }
        String said = Exec.of(Path.of(named, "pg_dump").toString(), "--version").run().orStop(VARIABLE, null).out();
        String version = said.replaceFirst(".*\\(PostgreSQL\\) (\\S+).*", "$1");
        return Optional.of(new Clients.Client(Integer.parseInt(version.replaceFirst("\\D.*", "")), version,
                Path.of(named)));
    }

    static Optional<Clients.Client> old() {
        return Clients.all().stream().filter(client -> client.major() < KNOWS_ZSTD).findFirst();
    }

    @AfterEach
    void putBack() {
        if (newer != null) {
            has(world, newer);
        }
    }

    @AfterAll
    void removeAll() {
        if (world != null) {
            world.forget();
        }
        if (server != null) {
            server.close();
        }
    }

    /** From now on the world's machine has these clients and no others. */
    static void has(World world, Clients.Client client) {
        world.environment.put(Clients.VARIABLE, client.bin().toString());
    }

    String list(Path archive) {
        return Exec.of(newer.tool("pg_restore").toString(), "--list", archive.toString()).run().orStop("", null).out();
    }
}
