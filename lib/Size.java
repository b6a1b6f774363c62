package lib;

/** A number of bytes as people read it. */
public final class Size {
    private static final String[] UNITS = {"bytes", "kB", "MB", "GB", "TB"};

    private Size() {
    }

    /** At most four digits and a unit, a thousand of one being one of the next: {@code 8231 kB}. */
    public static String of(long bytes) {
        long size = bytes;
        int unit = 0;
        for (; size >= 10_000 && unit < UNITS.length - 1; unit++) {
            size /= 1000;
        }
        return size + " " + UNITS[unit];
    }
}
