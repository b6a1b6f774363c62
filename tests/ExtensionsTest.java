//SOURCES PreflightCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import lib.Servers;
import lib.Target;
import org.junit.jupiter.api.Test;

/** The gate db.extensions: on production, on the server of the rehearsal, on staging. */
class ExtensionsTest extends PreflightCase {
    private Target admin() {
        return World.productionServer().target(world.production.database());
    }

    private void entry(String sql) {
        world.write("MIGRATIONS.md", "# Notes\n\n## Search\n\n```sql\n" + sql + "\n```\n");
        world.push("an entry");
    }

    /** A folder of binaries like that of the real server, with these extensions only. */
    private Path serverWith(String... extensions) {
        Path home = world.folder.resolve("pg");
        Path bin = home.resolve("bin");
        for (String program : List.of("postgres", "initdb", "pg_ctl")) {
            World.script(bin.resolve(program), "exec '" + Servers.fitting(15).resolve(program) + "' \"$@\"\n");
        }
        for (String extension : extensions) {
            World.write(home.resolve("share/extension/" + extension + ".control"), "");
        }
        world.environment.put("RELEASE_SCRATCH_URL", null);
        world.environment.put("RELEASE_PG_BINS", bin.toString());
        return bin;
    }

    @Test
    void withoutAnyThereIsNothingToCompare() {
        World.Result seen = gates("--only", "db.extensions");
        assertEquals(0, seen.exit(), seen::all);
        saw(seen, "db.extensions", "pass", "none but plpgsql");
    }

    @Test
    void oneThatProductionsServerDoesNotHaveStops() {
        entry("CREATE EXTENSION IF NOT EXISTS \"no-such\" WITH SCHEMA public;\nCREATE EXTENSION nor_this;");
        stops("db.extensions", 10, "the release makes extensions no-such, nor_this, which production's server does not",
                "SELECT name FROM pg_available_extensions;");
    }

    @Test
    void theServerOfTheRehearsalMustHaveThemToo() {
        World.execute(admin(), "CREATE EXTENSION IF NOT EXISTS pg_trgm");
        try {
            World.Result same = gates("--only", "db.extensions");
            assertEquals(0, same.exit(), same::all);
            saw(same, "db.extensions", "pass", "extension pg_trgm here and on the rehearsal's server");
            Path bin = serverWith("plpgsql");
            stops("db.extensions", 12, "the rehearsal's server (" + bin + ") does not have extension pg_trgm",
                    "postgresql-15-pg_trgm");
            World.write(bin.resolve("../share/extension/pg_trgm.control").normalize(), "");
            World.Result there = gates("--only", "db.extensions");
            assertEquals(0, there.exit(), there::all);
            assertEquals("[\"pg_trgm\"]", there.json().at("/facts/extensions").toString());
        } finally {
            World.execute(admin(), "DROP EXTENSION pg_trgm");
        }
    }

    @Test
    void oneThatOnlyAnAdministratorMayMakeIsAWarning() {
        entry("CREATE EXTENSION pg_trgm;");
        World.Result trusted = gates("--only", "db.extensions");
        assertEquals(0, trusted.exit(), trusted::all);
        saw(trusted, "db.extensions", "pass", "extension pg_trgm");
        entry("CREATE EXTENSION pg_buffercache;");
        World.Result closed = gates("--only", "db.extensions");
        assertEquals(0, closed.exit(), closed::all);
        saw(closed, "db.extensions", "warn", "this user may not make pg_buffercache unless the provider lets it");
        assertTrue(closed.gate("db.extensions").path("hint").asText().contains("CREATE EXTENSION pg_buffercache;"),
                closed::all);
    }

    @Test
    void stagingThatIsOutOfReachIsAWarning() {
        entry("CREATE EXTENSION pg_trgm;");
        world.write("release.json", "{\"environments\": {\"staging\": {\"url\": {\"env\": \"STAGING_URL\"}}}}");
        world.push("staging");
        World.Result unset = gates("--only", "db.extensions");
        assertEquals(0, unset.exit(), unset::all);
        saw(unset, "db.extensions", "warn", "staging was not looked at: the variable STAGING_URL");
        world.environment.put("STAGING_URL", world.production.url());
        saw(gates("--only", "db.extensions"), "db.extensions", "pass", "extension pg_trgm here");
        world.environment.put("STAGING_URL", at("127.0.0.1", 1).url());
        saw(gates("--only", "db.extensions"), "db.extensions", "warn",
                "staging was not looked at: 127.0.0.1:1 refuses");
    }
}
