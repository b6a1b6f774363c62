//SOURCES ../migrations/Astray.java ../migrations/Convention.java Finding.java Hazards.java

package lib.hazards;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lib.migrations.Astray;
import lib.migrations.Convention;

/** The names of numbered SQL files: 001_users.sql, 002_orders.sql. */
public final class Names {
    private static final Pattern PART = Pattern.compile("\\d+|\\D+");

    private Names() {
    }

    /** Orders names with their numbers by value: 9_a before 10_b. */
    public static int compare(String one, String other) {
        Matcher left = PART.matcher(one);
        Matcher right = PART.matcher(other);
        while (left.find() && right.find()) {
            String a = left.group();
            String b = right.group();
            boolean numbers = Character.isDigit(a.charAt(0)) && Character.isDigit(b.charAt(0));
            String x = numbers ? a.replaceFirst("^0+(?=\\d)", "") : a;
            String y = numbers ? b.replaceFirst("^0+(?=\\d)", "") : b;
            int order = numbers && x.length() != y.length() ? x.length() - y.length() : x.compareTo(y);
            if (order != 0) {
                return order;
            }
        }
        return one.compareTo(other);
    }

    /**
     * What the reviewed files of one folder are unlike the others in.
     *
     * @param folder its path with a slash at the end, or empty
     * @param texts what stands in each of its .sql files, by name; null where that is not known
     * @param reviewed the files that are asked about; only they are reported
     */
    public static List<Finding> of(String folder, Map<String, String> texts, Collection<String> reviewed) {
        Map<String, String> stems = new TreeMap<>();
        texts.forEach((name, text) -> stems.put(name.replaceFirst("\\.sql$", ""), text));
        Set<String> fresh = new TreeSet<>(stems.keySet());
        fresh.removeIf(stem -> !reviewed.contains(folder + stem + ".sql"));
        return Convention.of(stems, fresh).stream().map(each -> finding(folder, each)).toList();
    }

    private static Finding finding(String folder, Convention.Deviation each) {
        String file = folder + each.name() + ".sql";
        String way = "-- " + (each.better() == null ? each.way()
                : "in a shell: " + Astray.move(file, folder + each.better() + ".sql"));
        return new Finding(Hazards.NAMES.id(), Hazards.NAMES.severity(), file, 1, 1,
                Path.of(file).getFileName().toString(), each.message(), "", way, false);
    }
}
