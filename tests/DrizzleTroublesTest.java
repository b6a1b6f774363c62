//SOURCES DrizzleCase.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lib.Exec;
import lib.History;
import lib.Postgres;
import lib.Target;
import lib.migrations.Drizzle;
import org.junit.jupiter.api.Test;

/** Files and rows that do not go together: what the real drizzle-orm makes of them is told, and the hint mends it. */
class DrizzleTroublesTest extends DrizzleCase {
    @Test
    void whatDrizzleSkipsIsNamedAndTheHintMendsIt() throws Exception {
        Target target = at(five());
        Map<String, byte[]> files = edited(journal -> ((ObjectNode) journal.get(5)).put("when", 1795174125000L));
        History.State state = state(target, files);
        assertEquals(List.of(SEVENTH), ids(state.pending()));
        History.Trouble skipped = trouble(state, "skipped");
        assertEquals(SIXTH, skipped.migration());
        assertTrue(skipped.stops());
        assertTrue(skipped.hint().contains("set \"when\" of " + SIXTH + " to 1795174126000"), skipped.hint());
        Map<String, byte[]> mended = edited(journal -> ((ObjectNode) journal.get(5)).put("when", 1795174126000L));
        assertEquals(List.of(SIXTH, SEVENTH), ids(state(target, mended).pending()));
        // The real one: nothing said, and the table of 0005 is missing when 0006 wants it.
        Exec.Result real = migrate(target, files, "drizzle", "node-postgres");
        assertFalse(real.out().contains("CREATE TABLE \"users\""), real.out());
        Map<String, byte[]> alone = edited(journal -> {
            ((ObjectNode) journal.get(5)).put("when", 1795174125000L);
            journal.remove(6);
        });
        assertRunsNothing(migrate(target, alone, "drizzle", "node-postgres"));
        assertTrue(state(target, alone).pending().isEmpty());
    }

    @Test
    void aRepairRowWithTheTimeOfNowIsSeenThrough() throws Exception {
        Target target = at(five());
        run(target, "UPDATE drizzle.__drizzle_migrations SET created_at = 1795219200000 WHERE id = 5");
        History.State state = state(target, seven());
        assertEquals(List.of(), state.pending());
        assertEquals(2, state.troubles().stream().filter(trouble -> trouble.kind().equals("skipped")).count());
        assertRunsNothing(migrate(target, seven(), "drizzle", "node-postgres"));
        String hint = trouble(state, "skipped").hint();
        assertEquals("UPDATE \"drizzle\".\"__drizzle_migrations\" SET created_at = 1795174125999 WHERE id = 5", hint);
        run(target, hint);
        assertEquals(List.of(SIXTH, SEVENTH), ids(state(target, seven()).pending()));
        run(target, "UPDATE drizzle.__drizzle_migrations SET created_at = 1895219200000 WHERE id = 5");
        assertTrue(trouble(state(target, seven()), "future").stops());
    }

    @Test
    void aRowWithoutATimeMakesDrizzleRunEverythingAgain() throws Exception {
        Target target = at(seven());
        run(target, "UPDATE drizzle.__drizzle_migrations SET created_at = NULL WHERE id = 3");
        History.State state = state(target, seven());
        assertEquals(7, state.pending().size());
        assertTrue(trouble(state, "unknown").message().contains("run all 7 migrations again"));
        assertTrue(migrate(target, seven(), "drizzle", "node-postgres").out().contains("42P07"));
        run(target, trouble(state, "unknown").hint());
        assertEquals(List.of(), state(target, seven()).troubles());
        assertRunsNothing(migrate(target, seven(), "drizzle", "node-postgres"));
    }

    @Test
    void editedFilesAreToldFromOtherLineEnds() throws Exception {
        Target target = at(five());
        Map<String, byte[]> files = seven();
        files.put("drizzle/" + FIFTH + ".sql", bytes("SELECT 1;"));
        History.State state = state(target, files);
        assertEquals(FIFTH, trouble(state, "edited").migration());
        assertTrue(trouble(state, "edited").stops());
        assertEquals(List.of(SIXTH, SEVENTH), ids(state.pending()));
        Map<String, byte[]> only = five();
        only.put("drizzle/" + FIFTH + ".sql", bytes("SELECT 1;"));
        assertRunsNothing(migrate(target, only, "drizzle", "node-postgres"));
        Map<String, byte[]> windows = crlf(seven());
        History.State same = state(target, windows);
        assertEquals(5, same.troubles().stream().filter(trouble -> trouble.kind().equals("edited")).count());
        assertTrue(same.troubles().stream().noneMatch(History.Trouble::stops), same.troubles().toString());
        Target other = at(crlf(five()));
        assertTrue(state(other, seven()).troubles().stream().noneMatch(History.Trouble::stops));
        run(target, "UPDATE drizzle.__drizzle_migrations SET hash = repeat('0', 64) WHERE id = 2");
        assertTrue(trouble(state(target, seven()), "edited").hint().contains("WHERE id = 2"));
    }

    @Test
    void aByteThatIsNoUtf8IsHashedAsNodeHashesIt() throws Exception {
        Map<String, byte[]> files = seven();
        byte[] bad = new byte[] {'-', '-', ' ', (byte) 0xE9, (byte) 0xED, (byte) 0xA0, (byte) 0x80, (byte) 0xF0, '\n'};
        byte[] sql = files.get("drizzle/" + SEVENTH + ".sql");
        byte[] both = java.util.Arrays.copyOf(bad, bad.length + sql.length);
        System.arraycopy(sql, 0, both, bad.length, sql.length);
        files.put("drizzle/" + SEVENTH + ".sql", both);
        assertTrue(trouble(state(at(five()), files), "encoding").stops());
        Target target = at(files);
        try (Connection connection = Postgres.read(target, "test")) {
            assertEquals(Postgres.one(connection, "SELECT hash FROM drizzle.__drizzle_migrations WHERE id = 7"),
                    history(files).local().get(6).hash());
        }
        assertEquals(List.of(), state(target, files).troubles());
    }

    @Test
    void rowsWithoutAMigrationAreNamed() throws Exception {
        Target target = at(seven());
        History.Trouble deleted = trouble(state(target, edited(journal -> journal.remove(2))), "deleted");
        assertTrue(deleted.stops() && deleted.hint().contains("WHERE id = 3"), deleted.toString());
        assertRunsNothing(migrate(target, edited(journal -> journal.remove(2)), "drizzle", "node-postgres"));
        History.State older = state(target, five());
        assertEquals(2, older.troubles().stream().filter(trouble -> trouble.kind().equals("unknown")).count());
        assertTrue(older.troubles().get(0).message().contains("had a release that this commit does not hold"));
        run(target, "UPDATE drizzle.__drizzle_migrations SET hash = id, created_at = id");
        assertTrue(trouble(state(target, seven()), "unknown").message().contains("none of the 7 rows"));
    }

    @Test
    void doubleRowsStop() throws Exception {
        Target target = at(five());
        run(target, "INSERT INTO drizzle.__drizzle_migrations (hash, created_at)"
                + " SELECT hash, created_at FROM drizzle.__drizzle_migrations WHERE id = 4");
        History.Trouble twice = trouble(state(target, seven()), "duplicated");
        assertTrue(twice.stops());
        assertEquals("DELETE FROM \"drizzle\".\"__drizzle_migrations\" WHERE id = 6", twice.hint());
        run(target, twice.hint());
        History.State healed = state(target, seven());
        assertEquals(List.of(), healed.troubles());
        assertEquals(List.of(SIXTH, SEVENTH), ids(healed.pending()));
        assertWorks(migrate(target, seven(), "drizzle", "node-postgres"));
        assertEquals(List.of(), state(target, seven()).pending(), "and the real one goes on from there");
        assertEquals(List.of(), state(target, seven()).troubles());
    }

    @Test
    void oddJournalsAreToldFromHarmlessOnes() throws Exception {
        Target target = at(five());
        Map<String, byte[]> files = edited(journal -> ((ObjectNode) journal.get(6)).put("idx", 5).put("when",
                1795174127795L));
        History.State state = state(target, files);
        assertEquals(List.of(SIXTH, SEVENTH), ids(state.pending()));
        assertEquals(List.of("order", "order"), state.troubles().stream().map(History.Trouble::kind).toList());
        assertTrue(state.troubles().stream().noneMatch(History.Trouble::stops));
        Map<String, byte[]> ahead = edited(journal -> ((ObjectNode) journal.get(6)).put("when", 1895174127795L));
        assertTrue(trouble(state(target, ahead), "future").stops());
        Map<String, byte[]> stray = seven();
        stray.put("drizzle/0007_by_hand.sql", bytes("SELECT 1;"));
        stray.put("drizzle/seed.sql", bytes("SELECT 1;"));
        List<History.Trouble> unknown = state(target, stray).troubles();
        assertEquals(List.of(true, false), unknown.stream().map(History.Trouble::stops).toList());
        Map<String, byte[]> restamped = edited(journal -> ((ObjectNode) journal.get(4)).put("when", 1795174126500L));
        assertEquals(List.of(FIFTH, SIXTH, SEVENTH), ids(state(target, restamped).pending()));
        assertTrue(trouble(state(target, restamped), "order").stops(), "0004 would run again");
        Map<String, byte[]> forked = seven();
        String snapshot = "drizzle/meta/0006_snapshot.json";
        String parent = new String(forked.get("drizzle/meta/0005_snapshot.json"), StandardCharsets.UTF_8)
                .replaceFirst("(?s).*?\"prevId\": \"([^\"]+)\".*", "$1");
        forked.put(snapshot, bytes(new String(forked.get(snapshot), StandardCharsets.UTF_8)
                .replaceFirst("\"prevId\": \"[^\"]+\"", "\"prevId\": \"" + parent + "\"")));
        History.Trouble fork = trouble(state(target, forked), "order");
        assertTrue(fork.message().startsWith(snapshot + " and drizzle/meta/0005_snapshot.json were made from the"));
        assertFalse(fork.stops());
    }

    @Test
    void drizzleOneGoesByTheName() throws Exception {
        Target target = database();
        Map<String, byte[]> files = folders("drizzle");
        assertWorks(migrate(target, first(files, 5), "drizzle", "node-postgres", "--orm", "drizzle-orm-1"));
        Map<String, byte[]> late = new TreeMap<>(files);
        late.put("drizzle/20200101000000_late/migration.sql", bytes("CREATE TABLE late (id int);"));
        History.State state = state(target, late);
        assertEquals("20200101000000_late", state.pending().get(0).id());
        assertEquals(3, state.pending().size());
        assertEquals(List.of(), state.troubles());
        run(target, "UPDATE drizzle.__drizzle_migrations SET name = NULL WHERE id = 5");
        History.State nameless = state(target, files);
        assertEquals(3, nameless.pending().size());
        assertTrue(trouble(nameless, "unknown").stops());
        assertEquals(1, migrate(target, files, "drizzle", "node-postgres", "--orm", "drizzle-orm-1").exit());
        run(target, trouble(nameless, "unknown").hint());
        assertEquals(2, state(target, files).pending().size());
        run(target, "UPDATE drizzle.__drizzle_migrations SET name = name || '_old' WHERE id = 5");
        assertTrue(trouble(state(target, files), "deleted").message().contains("would run it again"));
        assertTrue(trouble(state(at(five()), first(files, 4)), "unknown").message().contains("would refuse to start"));
        assertEquals(1, migrate(at(five()), first(files, 4), "drizzle", "node-postgres", "--orm", "drizzle-orm-1")
                .exit());
        assertTrue(trouble(state(target, five()), "unknown").message().contains("has the shape of Drizzle 1.0"));
    }

    private static Map<String, byte[]> crlf(Map<String, byte[]> files) {
        files.replaceAll((path, bytes) -> path.endsWith(".sql")
                ? bytes(new String(bytes, StandardCharsets.UTF_8).replace("\n", "\r\n") + "\r\n") : bytes);
        files.replaceAll((path, bytes) -> path.endsWith(".sql")
                ? bytes(new String(bytes, StandardCharsets.UTF_8).replaceFirst("\r\n$", "")) : bytes);
        return files;
    }
}
