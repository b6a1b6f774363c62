//SOURCES World.java benchmark.java

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import lib.Exec;
import lib.Json;
import lib.PhaseProcess;
import org.junit.jupiter.api.Test;

/** The benchmark's command line and its arithmetic; what it measures is no matter for tests. */
class BenchmarkTest {
    @Test
    void medianAndSpreadAreThoseOfTheRuns() {
        BenchFigures odd = new BenchFigures(List.of(9.0, 1.0, 2.0));
        assertEquals(2.0, odd.median());
        assertEquals(1.0, odd.least());
        assertEquals(9.0, odd.most());
        assertEquals(2.5, new BenchFigures(List.of(4.0, 1.0, 2.0, 3.0)).median());
        assertEquals(0.5, odd.ratio(new BenchFigures(List.of(4.0))));
        assertThrows(IllegalArgumentException.class, () -> new BenchFigures(List.of()));
    }

    @Test
    void aMissedGoalIsSaidPlainly() throws Exception {
        BenchTable table = new BenchTable("small", 1);
        BenchFigures one = new BenchFigures(List.of(1.0));
        table.add(new BenchGoal.Outcome(BenchGoal.S3, new BenchFigures(List.of(1.4)), one, ""));
        table.add(new BenchGoal.Outcome(BenchGoal.S2, new BenchFigures(List.of(1.1)), one, "a note"));
        table.add(new BenchGoal.Outcome(BenchGoal.S8, new BenchFigures(List.of(3.0)), null, ""));
        table.skip(BenchGoal.S6, "not built yet");
        List<String> lines = table.text().lines().toList();
        assertTrue(lines.get(2).matches("S3 .* 1\\.40 x +<= 1\\.50 x +met"), lines.get(2));
        assertTrue(lines.get(3).matches("S2 .* 1\\.10 x +<= 1\\.00 x +MISSED"), lines.get(3));
        assertTrue(lines.get(4).contains("a note"), lines.get(4));
        assertTrue(lines.get(5).matches("S8 .* <= 3 s +met"), lines.get(5));
        assertTrue(lines.get(6).endsWith("not built yet"), lines.get(6));
        JsonNode goals = Json.MAPPER.readTree(table.json()).path("goals");
        assertFalse(goals.path("S2").path("met").asBoolean());
        assertEquals(1.4, goals.path("S3").path("ours").path(0).asDouble());
        assertEquals("not built yet", goals.path("S6").path("skipped").asText());
    }

    @Test
    void helpNamesTheGoalsAndWrongUsageIsRefused() {
        Exec.Result help = run("--help");
        assertEquals(0, help.exit(), help.err());
        for (BenchGoal goal : BenchGoal.values()) {
            assertTrue(help.out().contains(goal.name()), help.out());
        }
        Exec.Result unknown = run("S11");
        assertEquals(2, unknown.exit(), unknown.err());
        assertTrue(unknown.err().contains("S11"), unknown.err());
        assertEquals(2, run("--runs", "0").exit());
    }

    private static Exec.Result run(String... arguments) {
        List<String> command = new ArrayList<>(PhaseProcess.java("benchmark"));
        command.addAll(List.of(arguments));
        return Exec.of(command).in(World.ROOT).run();
    }
}
