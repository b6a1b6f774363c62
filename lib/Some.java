package lib;

import java.util.List;

/** The first few of many, in words. */
public final class Some {
    private Some() {
    }

    /** The first of them, and how many are left out; all where no more than that are there. */
    public static String of(List<String> all, int most, String separator) {
        int left = all.size() - most;
        return String.join(separator, all.subList(0, Math.min(most, all.size())))
                + (left > 0 ? separator + "and " + left + " more" : "");
    }
}
