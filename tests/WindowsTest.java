import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import lib.Failure;
import lib.Windows;
import org.junit.jupiter.api.Test;

/** When an environment may be changed: over midnight, and when clocks change. */
class WindowsTest {
    private static boolean open(String window, String moment) {
        return Windows.of(List.of(window)).at(Instant.parse(moment)).isPresent();
    }

    @Test
    void aWindowIsOpenFromItsFirstMomentToTheOneBeforeItsEnd() {
        String saturday = "Sat 02:00-05:00 Europe/London";
        assertFalse(open(saturday, "2026-11-28T01:59:59Z"));
        assertTrue(open(saturday, "2026-11-28T02:00:00Z"));
        assertTrue(open(saturday, "2026-11-28T04:59:59Z"));
        assertFalse(open(saturday, "2026-11-28T05:00:00Z"));
        assertFalse(open(saturday, "2026-11-29T03:00:00Z"), "a Sunday");
        assertTrue(open("Mon,sat 02:00-05:00 UTC", "2026-11-28T03:00:00Z"));
        assertTrue(open("daily 3:00-4:00 America/New_York", "2026-11-28T08:30:00Z"));
    }

    @Test
    void aWindowMayReachOverMidnightAndTheEndOfTheWeek() {
        String nights = "Fri-Mon 22:00-04:00 UTC";
        assertTrue(open(nights, "2026-11-28T03:59:00Z"), "the night from Friday");
        assertTrue(open(nights, "2026-12-01T03:59:00Z"), "the night from Monday");
        assertFalse(open(nights, "2026-12-01T22:30:00Z"), "a Tuesday");
        assertTrue(open("Sat 20:00-24:00 UTC", "2026-11-28T23:59:00Z"));
        assertFalse(open("Sat 20:00-24:00 UTC", "2026-11-29T00:00:00Z"));
        assertTrue(open("daily 00:00-24:00 UTC", "2026-11-29T00:00:00Z"), "the whole day");
    }

    @Test
    void theHourThatAClockSkipsIsLeftOutAndTheOneItRepeatsIsInTwice() {
        String skipped = "Sun 01:30-02:30 Europe/London";
        assertFalse(open(skipped, "2026-03-29T00:59:59Z"));
        assertTrue(open(skipped, "2026-03-29T01:00:00Z"), "02:00 in summer time, after 01:00 to 02:00 were skipped");
        assertFalse(open(skipped, "2026-03-29T01:30:00Z"));
        String repeated = "Sun 01:00-02:00 Europe/London";
        assertTrue(open(repeated, "2026-10-25T00:30:00Z"), "01:30 for the first time");
        assertTrue(open(repeated, "2026-10-25T01:30:00Z"), "01:30 for the second time");
        assertFalse(open(repeated, "2026-10-25T02:00:00Z"));
    }

    @Test
    void whatBeginsOutsideOrWouldNotEndInsideIsStoppedWithTheNextOpening() {
        Windows windows = Windows.of(List.of("Sat 02:00-05:00 Europe/London"));
        Failure early = assertThrows(Failure.class, () -> windows.check("production",
                Instant.parse("2026-11-27T23:00:00Z"), Duration.ZERO, "jbang release.java"));
        assertEquals(Failure.Exit.STOP, early.exit);
        assertTrue(early.getMessage().endsWith("opens Sat 2026-11-28 02:00 GMT, in 3 h 0 min"), early.getMessage());
        assertTrue(early.hint.endsWith("jbang release.java --outside-window production"), early.hint);
        Failure late = assertThrows(Failure.class, () -> windows.check("production",
                Instant.parse("2026-11-28T04:59:00Z"), Duration.ofSeconds(90), "jbang release.java"));
        assertTrue(late.getMessage().contains("closes in 1 min, and this takes about 1 min"), late.getMessage());
        assertTrue(windows.check("production", Instant.parse("2026-11-28T04:00:00Z"), Duration.ofSeconds(90), "")
                .isPresent());
        assertTrue(Windows.of(null).check("production", Instant.now(), Duration.ofDays(9), "").isEmpty());
    }
}
