//SOURCES ../Count.java ConventionHeader.java Troubles.java

package lib.migrations;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.Count;

/**
 * How the migrations of one folder are called and begin, as those that are already there show it. No tool minds what is
 * told here; people do, who look for a file where the others of its kind are.
 */
public final class Convention {
    /**
     * A new migration that is not like those before it.
     *
     * @param name without the ending
     * @param better the name that it would have among them; null when its name is not the matter
     * @param way what to do about it where no other name helps; null when one does
     * @param twice whether its number is another one's too
     */
    public record Deviation(String name, String message, String better, String way, boolean twice) {
    }

    /** How many there must be, before what they have in common is a habit. */
    static final int ENOUGH = 3;
    /** Digits from which on a number is a moment in time and does not count files. */
    private static final int STAMP = 8;
    /** Digits of the largest number that is compared. */
    private static final int LONGEST = 18;
    private static final Pattern FLYWAY = Pattern.compile("([VRU])([\\d._]*)(__)(.*)");
    private static final Pattern NUMBERED = Pattern.compile("([A-Za-z]?)(\\d+)([._ -]*)(.*)");
    private static final Pattern BACK = Pattern.compile("(?i).*[._-](up|down|undo|rollback|revert)|undo.*");

    /** A name taken apart. */
    private record Part(String name, String letter, String digits, String between, String words) {
        /** Null for a name of another shape. */
        static Part of(String name) {
            Matcher flyway = FLYWAY.matcher(name);
            Matcher part = flyway.matches() ? flyway : NUMBERED.matcher(name);
            return part.matches() && part.group(2).length() <= LONGEST
                    ? new Part(name, part.group(1), part.group(2), part.group(3), part.group(4)) : null;
        }

        /** Whether its tool orders it by the parts of a version, or by its words. */
        boolean flyway() {
            return between.equals("__") && !letter.isEmpty();
        }

        boolean counts() {
            return digits.matches("\\d{1," + (STAMP - 1) + "}");
        }

        boolean stamp() {
            return digits.matches("\\d{" + STAMP + ",}");
        }

        long number() {
            return Long.parseLong(digits);
        }

        boolean plain() {
            return words.matches("[A-Za-z0-9._-]*");
        }

        boolean capitals() {
            return !words.equals(words.toLowerCase(Locale.ROOT));
        }

        Part with(String otherLetter, String otherDigits, String otherBetween, String otherWords) {
            String called = otherLetter + otherDigits + otherBetween + otherWords;
            return new Part(called, otherLetter, otherDigits, otherBetween, otherWords);
        }
    }

    private final List<Part> all = new ArrayList<>();
    private final List<Part> before = new ArrayList<>();
    private final Set<Long> numbers = new TreeSet<>();
    private final List<Deviation> found = new ArrayList<>();

    private Convention(Set<String> names, Set<String> fresh) {
        for (String name : names) {
            Part part = BACK.matcher(name).matches() ? null : Part.of(name);
            if (part != null) {
                all.add(part);
                if (!fresh.contains(name)) {
                    before.add(part);
                }
                if (part.counts() && !part.flyway()) {
                    numbers.add(part.number());
                }
            }
        }
    }

    /**
     * Compares the new migrations of a folder with the others of it.
     *
     * @param texts what stands in each, by its name without the ending; null where that is not known
     * @param fresh the names that can still be changed; only they are told of
     */
    public static List<Deviation> of(Map<String, String> texts, Set<String> fresh) {
        Convention convention = new Convention(texts.keySet(), fresh);
        for (Part part : convention.all) {
            if (fresh.contains(part.name)) {
                convention.name(part);
            }
        }
        Map<String, String> asked = new TreeMap<>(texts);
        asked.keySet().removeIf(name -> BACK.matcher(name).matches());
        convention.found.addAll(ConventionHeader.of(asked, fresh));
        return List.copyOf(convention.found);
    }

    private void name(Part part) {
        List<Part> others = before.isEmpty() ? all.stream().filter(other -> other != part).toList() : before;
        List<String> differs = new ArrayList<>();
        Part better = taken(part, differs);
        boolean twice = better != part;
        if (better == part) {
            better = width(part, others, differs);
        }
        if (better == part) {
            gap(part);
        }
        better = between(better, others, differs);
        better = words(better, others, differs);
        if (!differs.isEmpty()) {
            boolean same = better.name.equals(part.name);
            found.add(new Deviation(part.name, String.join("; ", differs), same ? null : better.name,
                    same ? "give it the time at which it was made" : null, twice));
        }
    }

    // Flyway itself refuses one version for two.
    private Part taken(Part part, List<String> differs) {
        List<String> same = part.flyway() || part.digits.isEmpty() ? List.of() : all.stream()
                .filter(other -> !other.flyway() && other.number() == part.number()).map(Part::name).sorted().toList();
        if (same.size() < 2) {
            return part;
        }
        differs.add("number " + part.number() + " is taken twice: " + String.join(", ", same));
        long next = part.counts() ? numbers.stream().reduce(0L, Math::max) + 1 : part.number() + 1;
        String digits = String.valueOf(next);
        return part.with(part.letter, "0".repeat(Math.max(0, part.digits.length() - digits.length())) + digits,
                part.between, part.words);
    }

    // Numbers in steps of ten have their gaps on purpose; one file alone shows nothing, unless it is the first.
    private void gap(Part part) {
        List<Long> below = part.counts() && !part.flyway()
                ? numbers.stream().filter(number -> number < part.number()).toList() : List.of();
        if (below.isEmpty() || below.size() == 1 && below.get(0) > 1) {
            return;
        }
        long last = below.get(below.size() - 1);
        if (part.number() > last + 1 && last - below.get(0) == below.size() - 1) {
            found.add(new Deviation(part.name, "after " + last + " comes " + part.number() + ": "
                    + (part.number() - last == 2 ? "number " + (last + 1) + " is" : "numbers are") + " missing", null,
                    "git log --all --oneline -- '*" + (last + 1) + "[!0-9]*'   # is it still on a branch?", false));
        }
    }

    private Part width(Part part, List<Part> others, List<String> differs) {
        Set<Integer> widths = common(others, other -> other.digits.length());
        boolean kind = others.stream().allMatch(Part::stamp);
        boolean zeros = others.stream().anyMatch(other -> other.digits.startsWith("0"));
        if (part.flyway() || part.digits.isEmpty() || widths.size() != 1) {
            return part;
        }
        int width = widths.iterator().next();
        int own = part.digits.length();
        if (part.stamp() != kind && others.size() >= ENOUGH || part.stamp() && kind && own != width) {
            differs.add("its number has " + Count.of(own, "digit") + ", those of the others " + width);
            return part.with(part.letter, kind ? stamp(part.digits, width) : next(width), part.between, part.words);
        }
        if (part.counts() && !kind && own != width && (own < width ? zeros : part.digits.startsWith("0"))) {
            differs.add("its number has " + Count.of(own, "digit") + ", those of the others " + width
                    + ": it is sorted elsewhere");
            String digits = String.valueOf(part.number());
            return part.with(part.letter, zeros ? "0".repeat(Math.max(0, width - digits.length())) + digits : digits,
                    part.between, part.words);
        }
        if (part.digits.length() == 14 && Troubles.millis(part.digits) == Long.MIN_VALUE
                && others.stream().allMatch(other -> Troubles.millis(other.digits) > Long.MIN_VALUE)) {
            differs.add(part.digits + " is no time, and the numbers of the others are");
        }
        return part;
    }

    private String next(int width) {
        String next = String.valueOf(numbers.stream().reduce(0L, Math::max) + 1);
        return "0".repeat(Math.max(0, width - next.length())) + next;
    }

    // A date may be written longer or shorter; milliseconds are none.
    private static String stamp(String digits, int width) {
        return digits.length() < STAMP || !digits.matches("(19|20)\\d*") || width % 2 > 0 || width > 14 ? "…"
                : digits.length() > width ? digits.substring(0, width) : digits + "0".repeat(width - digits.length());
    }

    private static Part between(Part part, List<Part> others, List<String> differs) {
        Set<String> common = common(others, other -> other.letter + "…" + other.between);
        if (part.flyway() || others.size() < ENOUGH || common.size() != 1
                || common.contains(part.letter + "…" + part.between)) {
            return part;
        }
        Part other = others.get(0);
        differs.add("it begins " + part.letter + "…" + part.between + ", the others " + common.iterator().next());
        return part.with(other.letter, part.digits, other.between, part.words);
    }

    private static Part words(Part part, List<Part> others, List<String> differs) {
        boolean plain = others.stream().allMatch(Part::plain);
        boolean small = others.size() >= ENOUGH && others.stream().noneMatch(Part::capitals);
        if (plain && !part.plain()) {
            differs.add("it has blanks or letters that not every system writes alike");
        } else if (small && part.capitals()) {
            differs.add("it has capitals, and none of the others has");
        } else {
            return part;
        }
        String words = plain ? part.words.replaceAll("[^A-Za-z0-9._-]+", "_") : part.words;
        return part.with(part.letter, part.digits, part.between, small ? words.toLowerCase(Locale.ROOT) : words);
    }

    private static <T> Set<T> common(List<Part> parts, Function<Part, T> what) {
        return new HashSet<>(parts.stream().map(what).toList());
    }
}
