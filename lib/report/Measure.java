//SOURCES ../Size.java

package lib.report;

import java.util.Locale;
import lib.Size;

/** Numbers as people read them, the same in every country. */
final class Measure {
    private static final double SECOND = 1000;
    private static final double MINUTE = 60 * SECOND;

    private Measure() {
    }

    /** {@code 0.04 ms}, {@code 0.4 ms}, {@code 140 ms}, {@code 2.1 s}, {@code 3 min 20 s}. */
    static String time(double millis) {
        if (millis >= MINUTE) {
            long seconds = Math.round(millis / SECOND);
            return seconds / 60 + " min" + (seconds % 60 == 0 ? "" : " " + seconds % 60 + " s");
        }
        if (millis >= SECOND) {
            return String.format(Locale.ROOT, "%.1f s", millis / SECOND);
        }
        return String.format(Locale.ROOT, millis >= 10 || millis == 0 ? "%.0f ms" : millis >= 0.1 ? "%.1f ms"
                : "%.2f ms", millis);
    }

    /** {@code 12,022}. */
    static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** {@code 1 row}, {@code 12,022 rows}. */
    static String count(long number, String one) {
        boolean y = one.endsWith("y");
        return count(number) + " " + (number == 1 ? one : y ? one.substring(0, one.length() - 1) + "ies" : one + "s");
    }

    static String bytes(long bytes) {
        return Size.of(bytes);
    }
}
