//SOURCES Finding.java Hazards.java

package lib.hazards;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names of numbered SQL files: 001_users.sql, 002_orders.sql. */
public final class Names {
    private static final Pattern NUMBERED = Pattern.compile("(\\d{1,7})([_-])(.+)\\.sql");
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
     * What is wrong with the numbers and names of one folder.
     *
     * @param folder its path with a slash at the end, or empty
     * @param names of all files in it
     * @param reviewed the files that are asked about; only they are reported
     */
    public static List<Finding> of(String folder, Collection<String> names, Collection<String> reviewed) {
        Map<Integer, List<String>> byNumber = new TreeMap<>();
        for (String name : names) {
            Matcher matcher = NUMBERED.matcher(name);
            if (matcher.matches()) {
                byNumber.computeIfAbsent(Integer.parseInt(matcher.group(1)), number -> new ArrayList<>()).add(name);
            }
        }
        List<Finding> findings = new ArrayList<>();
        Integer last = null;
        for (Map.Entry<Integer, List<String>> entry : byNumber.entrySet()) {
            List<String> same = entry.getValue().stream().sorted().toList();
            // An up and a down file share a number on purpose.
            boolean pairs = same.stream().allMatch(name -> name.matches(".*[._-](up|down|undo|rollback)\\.sql"));
            for (String name : same) {
                if (!reviewed.contains(folder + name)) {
                    continue;
                }
                if (same.size() > 1 && !pairs) {
                    findings.add(finding(folder + name, "number " + entry.getKey() + " is taken twice: "
                            + String.join(", ", same)));
                } else if (last != null && entry.getKey() > last + 1 && name.equals(same.get(0))) {
                    findings.add(finding(folder + name, "after " + last + " comes " + entry.getKey() + ": "
                            + (entry.getKey() - last == 2 ? "number " + (last + 1) + " is" : "numbers are")
                            + " missing"));
                }
                Matcher matcher = NUMBERED.matcher(name);
                if (matcher.matches() && !matcher.group(3).matches("[a-z0-9._-]+")) {
                    findings.add(finding(folder + name, "the name has capitals, blanks or letters that not every "
                            + "system writes alike"));
                } else if (matcher.matches() && width(byNumber) > 0 && matcher.group(1).length() < width(byNumber)) {
                    findings.add(finding(folder + name, "the number has " + matcher.group(1).length()
                            + " digits, its neighbours " + width(byNumber) + ": it is sorted elsewhere"));
                }
            }
            last = entry.getKey();
        }
        return findings;
    }

    /** How many digits numbers with leading zeros have in this folder; 0 when none has any. */
    private static int width(Map<Integer, List<String>> byNumber) {
        List<String> first = byNumber.values().iterator().next();
        Matcher matcher = NUMBERED.matcher(first.get(0));
        return matcher.matches() && matcher.group(1).startsWith("0") ? matcher.group(1).length() : 0;
    }

    private static Finding finding(String file, String message) {
        return new Finding(Hazards.NAMES.id(), Hazards.NAMES.severity(), file, 1, 1,
                Path.of(file).getFileName().toString(), message, "", "", false);
    }
}
