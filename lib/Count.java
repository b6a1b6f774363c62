package lib;

/** A number of things, in words: 1 row, 2 rows. */
public final class Count {
    private Count() {
    }

    /** The number and its noun, which is given in the singular. */
    public static String of(long number, String noun) {
        return number + " " + noun(number, noun);
    }

    /** The verb that goes with the number. */
    public static String are(long number) {
        return number == 1 ? "is" : "are";
    }

    /** The noun alone, as it goes with the number. */
    public static String noun(long number, String noun) {
        return number == 1 ? noun : noun.matches(".*[^aeiou]y") ? noun.substring(0, noun.length() - 1) + "ies"
                : noun.matches(".*(s|x|ch|sh)") ? noun + "es" : noun + "s";
    }
}
