//SOURCES BackupCase.java

import lib.Clients;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** What the tests of backup.java share that take turns in one world: each finds its environment as it was. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class BackupWorldCase extends BackupCase {
    World world;

    @BeforeAll
    void makeTheWorld() {
        world = World.drizzle();
    }

    @AfterEach
    void putBack() {
        world.environment.put("PROD_DATABASE_URL", world.url());
        world.environment.remove(Clients.VARIABLE);
        world.environment.put("LC_ALL", "C.UTF-8");
    }

    @AfterAll
    void removeTheWorld() {
        world.close();
    }
}
